"""`archives.toml` in the configuration folder: the archives that the site or the user set up.

    [[archive]]
    name = "home"
    kind = "dimse"
    host = "pacs.example"

The keys are the names of `workstation.domain.archive.Archive`; `[archive.tls]` holds those of
`Tls`. Passwords never stand here. The file is the user's: what the program writes replaces one
entry and leaves every other line, comments and faulty entries included, as it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from workstation.archives.archive_rules import breaches
from workstation.domain.archive import Archive, ArchiveKind, RetrieveMethod, Tls
from workstation.durable import sync_folder
from workstation.errors import Refused, Unavailable, WorkstationError

FILE_NAME = "archives.toml"
LARGEST_FILE = 1 << 20

_ENUMS: dict[str, type[StrEnum]] = {"kind": ArchiveKind, "retrieve": RetrieveMethod}
_HEADER = re.compile(r"\s*\[\[\s*archive\s*\]\]\s*(#.*)?")
CORRECT = "Correct the file; the other archives work until then"


@dataclass(frozen=True, slots=True)
class ArchiveConfig:
    """`problems` is why entries, or the whole file, are not used. `archives` come in the order of the file."""

    archives: tuple[Archive, ...] = ()
    problems: tuple[WorkstationError, ...] = ()


def load_archives(folder: Path) -> ArchiveConfig:
    """Never raises for what stands in the file: a typo must not keep the other archives from working."""
    path = folder / FILE_NAME
    try:
        return parse_archives(_text_of(path))
    except WorkstationError as error:
        return ArchiveConfig(problems=(error,))


def parse_archives(text: str) -> ArchiveConfig:
    """Raises Refused when the text is not TOML or holds something else than archives."""
    try:
        values = tomllib.loads(text)
    except ValueError as error:
        raise Refused(f"{FILE_NAME} is not used", str(error), "Correct the file; until then there are no archives") from error
    entries = values.pop("archive", [])
    if values or not isinstance(entries, list):
        what = f"unknown key {next(iter(values))!r}" if values else "each archive begins with [[archive]]"
        raise Refused(f"{FILE_NAME} is not used", what, "Correct the file; until then there are no archives")
    archives: list[Archive] = []
    problems: list[WorkstationError] = []
    for number, entry in enumerate(entries, start=1):
        try:
            archive = _archive_from(entry)
            if any(archive.name.casefold() == other.name.casefold() for other in archives):
                raise ValueError("name: an earlier archive has the same name")
            archives.append(archive)
        except (ValueError, TypeError) as error:
            problems.append(Refused(f"{FILE_NAME}: archive {_label(entry, number)} is not used", str(error), CORRECT))
    return ArchiveConfig(tuple(archives), tuple(problems))


def checked(archive: Archive) -> Archive:
    """The same archive. Raises Refused with every breach of the rules in words."""
    if found := breaches(archive):
        raise Refused("The archive cannot be used as it is described", _in_words(found), "Correct these fields")
    return archive


def put_archive(folder: Path, archive: Archive, replacing: str = "") -> None:
    """Write one archive: at the end of the file, or in the place of the one named `replacing`."""
    checked(archive)
    blocks = _blocks(_readable_text(folder))
    names = [_name_of(block) for block in blocks]
    others = [name.casefold() for name in names if name and name.casefold() != replacing.casefold()]
    if archive.name.casefold() in others:
        raise Refused("There is already an archive of this name", archive.name, "Choose another name or change that one")
    if replacing:
        place = _place_of(replacing, names)
        blocks[place] = archive_toml(archive) + _trailing_remarks(blocks[place])
    else:
        blocks.append(("\n" if "".join(blocks).strip() else "") + archive_toml(archive))
    text = "".join(_ended(block) for block in blocks)
    if archive not in parse_archives(text).archives:
        raise Refused("The archive cannot be written", "A field holds what a TOML file cannot", "Correct the fields")
    _write(folder, text)


def drop_archive(folder: Path, name: str) -> None:
    """Take one archive out of the file."""
    blocks = _blocks(_readable_text(folder))
    place = _place_of(name, [_name_of(block) for block in blocks])
    blocks[place] = _trailing_remarks(blocks[place])
    _write(folder, "".join(_ended(block) for block in blocks))


def archive_toml(archive: Archive) -> str:
    """One `[[archive]]` entry; what equals its default is left out."""
    lines = ["[[archive]]", *_lines(archive, skipping="tls")]
    if archive.tls is not None:
        lines += ["[archive.tls]", *_lines(archive.tls)]
    return "\n".join(lines) + "\n"


# ---- TOML to archives --------------------------------------------------------------------


def _archive_from(entry: object) -> Archive:
    if not isinstance(entry, dict):
        raise TypeError("each archive begins with [[archive]]")
    values = dict(entry)
    for key in ("name", "kind"):
        if key not in values:
            raise ValueError(f"{key}: is missing")
    tls = values.pop("tls", None)
    made = _checked_values(values, Archive)
    if tls is not None:
        if not isinstance(tls, dict):
            raise TypeError("tls: must be a table, [archive.tls]")
        made["tls"] = Tls(**_checked_values(tls, Tls, "tls."))
    archive = Archive(**made)
    if found := breaches(archive):
        raise ValueError(_in_words(found))
    return archive


def _checked_values(values: Mapping[str, Any], kind: type, prefix: str = "") -> dict[str, Any]:
    known = {field.name: field for field in fields(kind)}
    return {key: _checked_value(prefix + key, value, known.get(key)) for key, value in values.items()}


def _checked_value(key: str, value: object, field: Field[Any] | None) -> object:
    if field is None:
        raise ValueError(f"{key}: no such key")
    if key in _ENUMS:
        allowed = [member.value for member in _ENUMS[key]]
        if value not in allowed:
            raise ValueError(f"{key}: must be one of {', '.join(allowed)}")
        return _ENUMS[key](value)
    if key == "shared_tenants":
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise TypeError(f"{key}: must be a list of texts")
        return tuple(value)
    wanted = str if field.default is MISSING else type(field.default)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise TypeError(f"{key}: must be {_TYPE_WORDS[wanted]}")
    return value


_TYPE_WORDS = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}


def _label(entry: object, number: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return f"{name!r}" if isinstance(name, str) and name and len(name) <= 32 else f"number {number}"


def _in_words(found: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{key}: {flaw}" for key, flaw in found)


# ---- archives to TOML --------------------------------------------------------------------


def _lines(thing: Archive | Tls, skipping: str = "") -> list[str]:
    pairs = ((f, getattr(thing, f.name)) for f in fields(thing) if f.name != skipping)
    return [f"{f.name} = {_toml(value)}" for f, value in pairs if f.default is MISSING or value != f.default]


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # No control character passes `breaches`; a path may hold a backslash.
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


# ---- the file ----------------------------------------------------------------------------


def _text_of(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        if path.stat().st_size > LARGEST_FILE:
            raise Refused(f"{FILE_NAME} is not used", "It is larger than a list of archives can be", "Correct the file")
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
        raise Refused(f"{FILE_NAME} is not used", why, "Correct the file; until then there are no archives") from error


def _readable_text(folder: Path) -> str:
    """What is there, only if it can be understood: nothing is written over what nobody could read."""
    text = _text_of(folder / FILE_NAME)
    parse_archives(text)
    return text


def _blocks(text: str) -> list[str]:
    """The text before the first entry, then each entry from its header to the next one's."""
    blocks = [""]
    for line in text.splitlines(keepends=True):
        if _HEADER.fullmatch(line.rstrip("\r\n")):
            blocks.append("")
        blocks[-1] += line
    return blocks


def _name_of(block: str) -> str:
    try:
        entries = tomllib.loads(block).get("archive", [])
    except ValueError:
        return ""
    name = entries[0].get("name", "") if isinstance(entries, list) and entries and isinstance(entries[0], dict) else ""
    return name if isinstance(name, str) else ""


def _place_of(name: str, names: Sequence[str]) -> int:
    for place, other in enumerate(names):
        if name and other.casefold() == name.casefold():
            return place
    raise Refused("There is no archive of this name", name, "`archive list` names them")


def _trailing_remarks(block: str) -> str:
    """Comments and empty lines at the end of an entry speak of the next one."""
    lines = block.splitlines(keepends=True)
    kept: list[str] = []
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        kept.insert(0, lines.pop())
    return "".join(kept)


def _ended(block: str) -> str:
    return block if not block or block.endswith("\n") else block + "\n"


def _write(folder: Path, text: str) -> None:
    """Whole or not at all, readable by this user only."""
    path = folder / FILE_NAME
    half = path.with_name(f"{FILE_NAME}.part")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            half.unlink()
        with open(half, "x", encoding="utf-8", opener=_private) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        sync_folder(folder)
    except OSError as error:
        raise Unavailable(f"{FILE_NAME} cannot be written", error.strerror or "", "Check the configuration folder") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
