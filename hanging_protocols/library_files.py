"""Protocol files: written whole or not at all, none without its earlier version kept, and the copies of a share that is gone.

What a folder held before lies in `earlier/` beside the files: the last ten versions of each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import TypeVar
from uuid import uuid4

from workstation.durable import sync_folder
from workstation.errors import Unavailable

EARLIER = "earlier"
KEPT = 10
# A share that is gone may hold whoever asks it for minutes.
PATIENCE_SECONDS = 3.0

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Written:
    """What `write` and `remove` did, so that `take_back` can undo it; `before` None: there was no file."""

    path: Path
    before: bytes | None
    after: bytes | None


def write(path: Path, content: bytes) -> Written:
    """Put `content` at `path`; what was there is kept as an earlier version. Raises Unavailable in words.

    The folder is there: a share that is gone is not made anew in the place where it was mounted.
    """
    before = _read(path)
    if before == content:
        return Written(path, before, content)
    try:
        if before is not None:
            _keep(path, before)
        _replace(path, content)
    except OSError as error:
        raise _unwritten(path, error) from None
    return Written(path, before, content)


def put(path: Path, content: bytes) -> None:
    """Write a file somewhere else, whole or not at all, without a history. Raises Unavailable in words."""
    try:
        _replace(path, content)
    except OSError as error:
        raise _unwritten(path, error) from None


def remove(path: Path) -> Written:
    """Take a file away; it is kept as an earlier version. Raises Unavailable in words."""
    before = _read(path)
    try:
        if before is not None:
            _keep(path, before)
            path.unlink()
            sync_folder(path.parent)
    except OSError as error:
        raise _unwritten(path, error) from None
    return Written(path, before, None)


def take_back(done: Written) -> Written:
    """Undo what was done. What is there now is kept as an earlier version too."""
    return remove(done.path) if done.before is None else write(done.path, done.before)


def earlier(path: Path) -> tuple[Path, ...]:
    """The versions that `path` had before, the newest first."""
    found = [one for one in (path.parent / EARLIER).glob(f"{path.stem}.*.toml") if _number(one, path) is not None]
    return tuple(sorted(found, key=lambda one: _number(one, path) or 0, reverse=True))


def why_not_writable(folder: Path) -> str:
    """Empty when a file can be written there now, else the reason in words; proved by writing one."""
    probe = folder / f".{uuid4().hex}"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def mirror(contents: Mapping[str, bytes], copy: Path) -> None:
    """Make `copy` hold these files and no others. What cannot be written is left as it is: it is only a spare."""
    try:
        copy.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in copy.glob("*.toml"):
            if path.name not in contents:
                path.unlink()
        for name, content in contents.items():
            if _read(copy / name) != content:
                _replace(copy / name, content)
    except OSError:
        return


class Asking:
    """Asks folders that may not answer. While one question hangs, no other is asked: a dead share gathers no threads.

    From any thread: whoever comes while another's question is under way is given `otherwise` too.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = PATIENCE_SECONDS if seconds is None else seconds
        self._thread: Thread | None = None
        self._beginning = Lock()

    def __call__(self, ask: Callable[[], Found], otherwise: Found) -> Found:
        """What `ask` gives, or `otherwise` when there is no answer in time or at all."""
        answers: list[Found] = []

        def work() -> None:
            try:
                answers.append(ask())
            except OSError:
                return

        thread = Thread(target=work, name="protocol folder", daemon=True)
        with self._beginning:
            if self._thread is not None and self._thread.is_alive():
                return otherwise
            thread.start()
            self._thread = thread
        thread.join(self.seconds)
        return answers[0] if answers else otherwise


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a file of the folder does. Raises OSError when the folder cannot be read."""
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".toml")]
    return tuple(sorted((name, facts.st_mtime_ns, facts.st_size) for name, facts in found))


def _keep(path: Path, content: bytes) -> None:
    folder = path.parent / EARLIER
    folder.mkdir(exist_ok=True)
    versions = earlier(path)
    newest = (_number(versions[0], path) or 0) if versions else 0
    _replace(folder / f"{path.stem}.{newest + 1}.toml", content)
    for old in versions[KEPT - 1 :]:
        old.unlink()


def _number(version: Path, path: Path) -> int | None:
    digits = version.name.removeprefix(f"{path.stem}.").removesuffix(".toml")
    return int(digits) if digits.isdecimal() else None


def _replace(path: Path, content: bytes) -> None:
    half = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with half.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    sync_folder(path.parent)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unwritten(path, error) from None


def _unwritten(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"The hanging protocol {path.name} is not saved",
        f"its folder gave: {error.strerror or type(error).__name__}",
        "Nothing was changed. Make room or choose another folder, then save again",
    )
