"""Protocols from folders: ours beneath, then the site's, the group's and the user's.

The same id in a higher level replaces the one below. A bad file is refused by name and reason and
touches nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeAlias

from hanging_protocols import schema
from hanging_protocols.model import HangingProtocol, Level
from workstation.errors import Refused

# Not protocols, though they lie beside them.
NOT_PROTOCOLS = frozenset({"words.toml"})
MAX_FILES = 500


@dataclass(frozen=True, slots=True)
class Library:
    """What can be used, by id, and every file that cannot, with the reason."""

    protocols: tuple[HangingProtocol, ...]
    refused: tuple[tuple[str, Refused], ...] = ()


LevelFolder: TypeAlias = "Path | tuple[Level, Path]"
"""A folder and its level; a folder alone is the user's."""


def read(folders: Iterable[LevelFolder] = ()) -> Library:
    """The built-in protocols with those of `folders` above them; a folder that is absent is empty."""
    with as_file(files("resources") / "hanging_protocols") as built_in:
        layers = [(Level.MANUFACTURER, built_in), *sorted(map(_layer, folders), key=lambda layer: layer[0])]
        protocols: dict[str, HangingProtocol] = {}
        refused: list[tuple[str, Refused]] = []
        for level, folder in layers:
            found, bad = _read_folder(level, folder)
            protocols.update(found)
            refused += bad
    return Library(tuple(protocols[name] for name in sorted(protocols)), tuple(refused))


def load(folders: Iterable[LevelFolder] = ()) -> tuple[HangingProtocol, ...]:
    """What `read` can use, without what it refuses."""
    return read(folders).protocols


def _layer(folder: LevelFolder) -> tuple[Level, Path]:
    return (Level.USER, folder) if isinstance(folder, Path) else folder


def _read_folder(level: Level, folder: Path) -> tuple[dict[str, HangingProtocol], list[tuple[str, Refused]]]:
    found: dict[str, HangingProtocol] = {}
    refused: list[tuple[str, Refused]] = []
    for path in _files(folder):
        try:
            protocol = _read_file(level, path)
            if protocol.protocol_id in found:
                other = found[protocol.protocol_id].source
                raise _refused(path, f"its id '{protocol.protocol_id}' is already that of {other} in the same folder")
            found[protocol.protocol_id] = protocol
        except Refused as error:
            refused.append((path.name, error))
    return found, refused


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    names = sorted(path for path in folder.glob("*.toml") if path.name not in NOT_PROTOCOLS)
    return names[:MAX_FILES]


def _read_file(level: Level, path: Path) -> HangingProtocol:
    try:
        with path.open("rb") as stream:
            content = stream.read(schema.MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _refused(path, f"it cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused(path, "it is not UTF-8 text") from None
    return schema.parse(text, path.name, level)


def _refused(path: Path, reason: str) -> Refused:
    return Refused(f"The hanging protocol {path.name} is not used", reason, "Correct the file; the others stay in use")
