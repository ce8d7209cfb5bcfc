"""Saved lists of the worklist: built in, of the site (`worklists.toml`), the reader's own. Every key of a file is checked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

from workstation.domain.ai_result import AiFlag
from workstation.domain.order import Priority, ReadStatus
from workstation.domain.worklist_query import EVERYTHING, READING_ORDER, Assigned, RowFilter, RowOrder, SortKey
from workstation.errors import Refused
from workstation.site_file import read_site_text

BUILT_IN = "worklists.toml"
ALL = "all"
LONGEST_NAME = 40
MOST_VALUES = 60
_SETS: dict[str, type[StrEnum] | None] = {
    "statuses": ReadStatus,
    "priorities": Priority,
    "modalities": None,
    "body_parts": None,
    "sites": None,
    "ai": AiFlag,
}
_FLAGS = frozenset({"waiting", "unfinished", "signed_today"})
_KNOWN = {field.name for field in fields(RowFilter)} | {"name", "sort", "descending", "hidden"}


@dataclass(frozen=True, slots=True)
class SavedList:
    """`name` of a built-in one is an English source string. `is_own`: the reader made it and may remove it."""

    key: str
    name: str
    wanted: RowFilter = EVERYTHING
    order: RowOrder = READING_ORDER
    is_own: bool = False


def load_lists(*overlays: Path) -> tuple[SavedList, ...]:
    """The built-in lists, single ones replaced, added or hidden by each of `overlays` that exists, in order.

    Raises Refused with the file's name, the list, the key and the reason of the first mistake.
    """
    built_in = files("resources").joinpath(BUILT_IN)
    tables = _parsed(built_in.read_text(encoding="utf-8"), BUILT_IN)
    for path in overlays:
        if path.is_file():
            for key, table in _parsed(read_site_text(path, _refused), path.name).items():
                tables[key] = {**tables.get(key, {}), **table}
    return tuple(_list(key, table, BUILT_IN) for key, table in tables.items() if not table.get("hidden", False))


def own_lists(kept: object) -> tuple[SavedList, ...]:
    """As `as_kept` wrote them; what cannot be read is left out."""
    found = []
    for entry in kept if isinstance(kept, list) else ():
        try:
            if isinstance(entry, dict) and isinstance(entry.get("key"), str):
                table = {name: value for name, value in entry.items() if name != "key"}
                made = _list(entry["key"], table, "remembered.json")
                found.append(SavedList(made.key, made.name, made.wanted, made.order, is_own=True))
        except Refused:
            continue
    return tuple(found)


def as_kept(lists: Iterable[SavedList]) -> list[dict[str, Any]]:
    """For JSON."""
    return [{"key": one.key, **_table(one)} for one in lists]


def _table(one: SavedList) -> dict[str, Any]:
    table: dict[str, Any] = {"name": one.name}
    for field in fields(RowFilter):
        value = getattr(one.wanted, field.name)
        if value != getattr(EVERYTHING, field.name):
            table[field.name] = sorted(value) if isinstance(value, frozenset) else value
    if one.order != READING_ORDER:
        table |= {"sort": one.order.key.value, "descending": one.order.descending}
    return table


def _parsed(text: str, name: str) -> dict[str, dict[str, Any]]:
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refused(name, f"it is not TOML: {error}") from None
    for key, table in tables.items():
        if not isinstance(table, dict):
            raise _refused(name, f"{key} must be a table, such as [to_read]")
        _list(key, table, name)
    return tables


def _list(key: str, table: Mapping[str, Any], file: str) -> SavedList:
    for name in table:
        if name not in _KNOWN:
            raise _refused(file, f"[{key}] {name}: no such key; there are {', '.join(sorted(_KNOWN))}")
    given: dict[str, Any] = {}
    for name, value in table.items():
        where = f"[{key}] {name}"
        if name in _FLAGS or name in ("descending", "hidden"):
            _must(isinstance(value, bool), file, f"{where} must be true or false")
        elif name in _SETS:
            given[name] = _values(value, _SETS[name], file, where)
        elif name == "assigned":
            _must(value in set(Assigned), file, f"{where} must be one of {', '.join(filter(None, Assigned))}")
            given[name] = Assigned(value)
        elif name == "due_within":
            _must(isinstance(value, int) and not isinstance(value, bool), file, f"{where} must be a number of minutes")
        elif name == "sort":
            _must(value in set(SortKey), file, f"{where} must be one of {', '.join(SortKey)}")
        else:
            is_short = isinstance(value, str) and len(value) <= LONGEST_NAME
            _must(is_short, file, f"{where} must be a text of {LONGEST_NAME} letters at most")
        given.setdefault(name, value)
    order = RowOrder(SortKey(given.get("sort", SortKey.READING)), given.get("descending", False))
    wanted = RowFilter(**{field.name: given[field.name] for field in fields(RowFilter) if field.name in given})
    return SavedList(key, given.get("name", "") or key, wanted, order)


def _values(value: object, kind: type[StrEnum] | None, file: str, where: str) -> frozenset[Any]:
    if not isinstance(value, list) or len(value) > MOST_VALUES or not all(isinstance(one, str) for one in value):
        raise _refused(file, f"{where} must be a list of texts")
    if kind is None:
        return frozenset(value)
    for one in value:
        _must(one in set(kind), file, f"{where}: {one!r} is none of {', '.join(filter(None, kind))}")
    return frozenset(kind(one) for one in value)


def _must(holds: bool, file: str, reason: str) -> None:
    if not holds:
        raise _refused(file, reason)


def _refused(name: str, reason: str) -> Refused:
    return Refused(f"{name} is not used", reason, "Correct the file and start again; until then the built-in lists hold")


def in_order(lists: Sequence[SavedList], own: Sequence[SavedList]) -> tuple[SavedList, ...]:
    """The reader's own ones above `All`, which comes last."""
    last = [one for one in lists if one.key == ALL]
    return (*(one for one in lists if one.key != ALL), *own, *last)
