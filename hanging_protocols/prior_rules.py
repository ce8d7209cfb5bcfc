"""What makes an earlier study relevant, and how much: `resources/priors.toml`, and a site's own keys on top, checked."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from workstation.errors import Refused, WorkstationError
from workstation.site_file import read_site_text

FILE_NAME = "priors.toml"
# Tables whose keys a site may add to; elsewhere a key that is not in the built-in file is a mistake.
OPEN = frozenset({"smaller", "neighbours", "kindred"})
SHARES = frozenset({"cover", "smaller"})
LEAST = {"half_age_days": 1.0}
MOST = 1000.0


@dataclass(frozen=True, slots=True)
class Points:
    """`half_age_days` is the age at which `recent` counts half."""

    same_part: float
    same_modality: float
    same_side: float
    one_of_both_sides: float
    same_procedure: float
    same_description: float
    recent: float
    half_age_days: float
    mentioned: float
    mentioned_before: float


@dataclass(frozen=True, slots=True)
class Cover:
    """Shares of a question that another part of the body answers."""

    larger_part: float
    smaller_part: float
    sister_part: float
    whole_body: float
    part_of_whole_body: float
    too_much: float
    least: float


@dataclass(frozen=True, slots=True)
class Kin:
    """Things that are alike to some share; `everywhere` for parts of the body that radiographs show together."""

    names: frozenset[str]
    share: float
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class PriorRules:
    points: Points
    cover: Cover
    smaller: Mapping[str, float]
    neighbours: tuple[Kin, ...]
    kindred: tuple[Kin, ...]
    follow_up: tuple[str, ...]
    baseline: float
    smallest: float


@cache
def built_in() -> PriorRules:
    return _rules(_built_in_tables())


def load(overlays: Iterable[Path]) -> tuple[PriorRules, tuple[WorkstationError, ...]]:
    """The rules that hold, single keys replaced by each file that exists, in order; and why files are not used."""
    tables, problems = _built_in_tables(), []
    for path in overlays:
        if not path.is_file():
            continue
        try:
            merged = _merged(tables, _parsed(read_site_text(path, _refused), path.name), path.name)
            _rules(merged, path.name)
        except Refused as problem:
            problems.append(problem)
        else:
            tables = merged
    return _rules(tables), tuple(problems)


def of_site(site_file: str, config: Path, tell: Callable[[WorkstationError], object]) -> PriorRules:
    """The site's file, and the reader's own in the `config` folder on top. `tell` hears why one is not used."""
    own = config / FILE_NAME
    rules, problems = load([Path(site_file), own] if site_file else [own])
    for problem in problems:
        tell(problem)
    return rules


def _built_in_tables() -> dict[str, Any]:
    return tomllib.loads(files("resources").joinpath(FILE_NAME).read_text(encoding="utf-8"))


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refused(name, f"it is not TOML: {error}") from None


def _merged(tables: Mapping[str, Any], own: Mapping[str, Any], name: str) -> dict[str, Any]:
    merged = {table: dict(values) for table, values in tables.items()}
    for table, values in own.items():
        if table not in merged or not isinstance(values, dict):
            raise _refused(name, f"[{table}]: there is no such table; there are {', '.join(tables)}")
        for key, value in values.items():
            if key not in merged[table] and table not in OPEN:
                raise _refused(name, f"[{table}] {key}: there is no such key; there are {', '.join(tables[table])}")
            merged[table][key] = value
    return merged


def _rules(tables: Mapping[str, Any], name: str = FILE_NAME) -> PriorRules:
    def number(table: str, key: str) -> float:
        most = 1.0 if table in SHARES or key in ("baseline", "smallest") else MOST if key != "half_age_days" else 100_000.0
        return _number(tables[table][key], f"[{table}] {key}", name, LEAST.get(key, 0.0), most)

    words = tables["follow_up"]["words"]
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        raise _refused(name, "[follow_up] words: must be a list of words")
    return PriorRules(
        Points(**{key: number("points", key) for key in Points.__slots__}),
        Cover(**{key: number("cover", key) for key in Cover.__slots__}),
        {key: number("smaller", key) for key in tables["smaller"]},
        tuple(_kin(value, "parts", f"[neighbours] {key}", name) for key, value in tables["neighbours"].items()),
        tuple(_kin(value, "modalities", f"[kindred] {key}", name) for key, value in tables["kindred"].items()),
        tuple(word.strip().casefold() for word in words),
        number("follow_up", "baseline"),
        number("follow_up", "smallest"),
    )


def _kin(value: Any, what: str, where: str, name: str) -> Kin:
    if not isinstance(value, dict) or not {what, "share"} <= value.keys() <= {what, "share", "everywhere"}:
        raise _refused(name, f"{where}: needs {what} and share, and may have everywhere")
    names, everywhere = value[what], value.get("everywhere", False)
    if not isinstance(names, list) or len(names) < 2 or not all(isinstance(one, str) and one for one in names):
        raise _refused(name, f"{where}: {what} must be a list of two names or more")
    if not isinstance(everywhere, bool):
        raise _refused(name, f"{where}: everywhere must be true or false")
    return Kin(frozenset(names), _number(value["share"], f"{where} share", name, 0.0, 1.0), everywhere)


def _number(value: Any, where: str, name: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not least <= value <= most:
        raise _refused(name, f"{where}: must be a number from {least:g} to {most:g}")
    return float(value)


def _refused(name: str, reason: str) -> Refused:
    return Refused(f"The rules of priors in {name} are not used", reason, "Correct the file and start again")
