"""Protocols from folders: ours beneath, then the site's, the group's and the user's.

The same id in a higher level replaces the one below. A bad file is refused by name and reason and
touches nothing else. A share of the site or a group that is gone is answered for by its last good copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from errno import EINVAL
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeAlias

from hanging_protocols import library_files, schema
from hanging_protocols.library_files import Asking
from hanging_protocols.model import HangingProtocol, Level
from workstation.errors import Refused

# Not protocols, though they lie beside them.
NOT_PROTOCOLS = frozenset({"words.toml"})
MAX_FILES = 500
SHARED = frozenset({Level.SITE, Level.GROUP})
LEVEL_WORDS: Mapping[Level, str] = {
    Level.MANUFACTURER: "built in",
    Level.SITE: "the site's",
    Level.GROUP: "the group's",
    Level.USER: "mine",
}


@dataclass(frozen=True, slots=True)
class ProtocolFile:
    """A protocol and the file that it was read from."""

    protocol: HangingProtocol
    path: Path


@dataclass(frozen=True, slots=True)
class Library:
    """What can be used, by id, and every file that cannot, with the reason.

    `found` holds the good files of every level above the built-in one, replaced ones too, the highest level
    last; `refused_paths` say where the refused files lie; `notices` what the reader should know of a folder.
    """

    protocols: tuple[HangingProtocol, ...]
    refused: tuple[tuple[str, Refused], ...] = ()
    found: tuple[ProtocolFile, ...] = ()
    refused_paths: tuple[Path, ...] = ()
    notices: tuple[str, ...] = ()
    built_in: tuple[HangingProtocol, ...] = field(default=(), repr=False)

    def get(self, protocol_id: str) -> HangingProtocol | None:
        return next((one for one in self.protocols if one.protocol_id == protocol_id), None)

    def at(self, protocol_id: str, level: Level) -> ProtocolFile | None:
        """The file that gives this protocol at this level."""
        kept = (one for one in self.found if one.protocol.protocol_id == protocol_id and one.protocol.level is level)
        return next(kept, None)

    def beneath(self, protocol_id: str, level: Level) -> HangingProtocol | None:
        """What the protocol of this id at this level replaces."""
        every = (*self.built_in, *(one.protocol for one in self.found))
        lower = [one for one in every if one.protocol_id == protocol_id and one.level < level]
        return max(lower, key=lambda one: one.level, default=None)


LevelFolder: TypeAlias = "Path | tuple[Level, Path]"
"""A folder and its level; a folder alone is the user's."""


def read(folders: Iterable[LevelFolder] = (), copies: Path | None = None, ask: Asking | None = None) -> Library:
    """The built-in protocols with those of `folders` above them; a folder that is absent is empty.

    With `copies`, what the site's and the group's folders hold is copied there, and read from there when they
    do not answer, or are empty: so looks a place where nothing is mounted. `ask` is who asks them.
    """
    ask = ask or Asking()
    own, refused_own, built_in = _built_in()
    refused, paths = list(refused_own), [built_in / name for name, _ in refused_own]
    protocols = {one.protocol.protocol_id: one.protocol for one in own}
    found: list[ProtocolFile] = []
    notices: list[str] = []
    for level, folder in sorted(map(_layer, folders), key=lambda layer: layer[0]):
        contents, notice = _folder(level, folder, copies, ask)
        good, bad = _read_files(level, contents, folder)
        if copies is not None and level in SHARED and not notice:
            names = {one.path.name for one in good}
            spare = {name: content for name, content in contents.items() if name in names and isinstance(content, bytes)}
            library_files.mirror(spare, copies / level.name.lower())
        protocols.update({one.protocol.protocol_id: one.protocol for one in good})
        found += good
        refused += bad
        paths += [folder / name for name, _ in bad]
        notices += [notice] if notice else []
    chosen = tuple(protocols[name] for name in sorted(protocols))
    return Library(chosen, tuple(refused), tuple(found), tuple(paths), tuple(notices), tuple(one.protocol for one in own))


@cache
def _built_in() -> tuple[tuple[ProtocolFile, ...], tuple[tuple[str, Refused], ...], Path]:
    """Ours, and where they lie: they do not change while the program runs."""
    with as_file(files("resources") / "hanging_protocols") as folder:
        own, bad = _read_files(Level.MANUFACTURER, _contents(folder), folder)
    return tuple(own), tuple(bad), folder


def load(folders: Iterable[LevelFolder] = ()) -> tuple[HangingProtocol, ...]:
    """What `read` can use, without what it refuses."""
    return read(folders).protocols


def _layer(folder: LevelFolder) -> tuple[Level, Path]:
    return (Level.USER, folder) if isinstance(folder, Path) else folder


Contents: TypeAlias = "dict[str, bytes | OSError]"


def _folder(level: Level, folder: Path, copies: Path | None, ask: Asking) -> tuple[Contents, str]:
    """What lies in a folder; of a share that is gone its last good copy, and the words that say so."""
    if level not in SHARED or copies is None:
        return _contents(folder), ""
    contents = ask(lambda: _contents(folder) if folder.is_dir() else None, None)
    if contents:
        return contents, ""
    whose = "The site's" if level is Level.SITE else "The group's"
    spare = _contents(copies / level.name.lower())
    if spare:
        return spare, f"{whose} hanging protocols cannot be reached: the last good copy of them is used"
    if contents is not None:
        return {}, ""
    return {}, f"{whose} hanging protocols cannot be reached, and there is no copy of them yet"


def _contents(folder: Path) -> Contents:
    """The files by name, each with its bytes or why it cannot be read. A folder that is absent is empty."""
    if not folder.is_dir():
        return {}
    names = sorted(path for path in folder.glob("*.toml") if path.name not in NOT_PROTOCOLS)
    return {path.name: _bytes(path) for path in names[:MAX_FILES]}


def _bytes(path: Path) -> bytes | OSError:
    """A pipe or a device is not opened: it may answer never, or without end."""
    try:
        if not (path.is_file() or path.is_dir() or path.is_symlink()) or path.is_fifo():
            return OSError(EINVAL, "it is no ordinary file")
        with path.open("rb") as stream:
            return stream.read(schema.MAX_FILE_BYTES + 1)
    except OSError as error:
        return error


def _read_files(level: Level, contents: Contents, folder: Path) -> tuple[list[ProtocolFile], list[tuple[str, Refused]]]:
    found: dict[str, ProtocolFile] = {}
    refused: list[tuple[str, Refused]] = []
    for name, content in contents.items():
        try:
            protocol = _protocol(level, name, content)
            if protocol.protocol_id in found:
                other = found[protocol.protocol_id].path.name
                raise _refused(name, f"its id '{protocol.protocol_id}' is already that of {other} in the same folder")
            found[protocol.protocol_id] = ProtocolFile(protocol, folder / name)
        except Refused as error:
            refused.append((name, error))
    return list(found.values()), refused


def _protocol(level: Level, name: str, content: bytes | OSError) -> HangingProtocol:
    if isinstance(content, OSError):
        raise _refused(name, f"it cannot be read: {content.strerror}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused(name, "it is not UTF-8 text") from None
    return schema.parse(text, name, level)


def _refused(name: str, reason: str) -> Refused:
    return Refused(f"The hanging protocol {name} is not used", reason, "Correct the file; the others stay in use")
