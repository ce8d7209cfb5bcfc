"""The bytes of an object on their way out: proved to be those that were queued, and readable by the archive process.

That process is given no key to the cache: it gets a plain copy. Where files are sealed, the copy
lies in memory (`/dev/shm`) if the system has such a place, and only while it is being sent.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from workstation.at_rest.vault import Vault
from workstation.cache.claims import HeldFolder, abandoned
from workstation.errors import Refused, Unavailable

CHUNK = 1 << 20
MEMORY = Path("/dev/shm")
DAMAGED = "The bytes on disk are not those that were to be sent"
ABSENT = "The file is not on this machine any more"


class OutgoingFiles:
    """Plain copies below a folder that only this program holds; those that a kill left are taken away."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        in_memory = vault.is_sealing and MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
        self._parent = MEMORY / f"lyskasse-outgoing-{os.getuid()}" if in_memory else folder / "outgoing"
        self._vault = vault
        try:
            self._parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if in_memory and (self._parent.is_symlink() or self._parent.stat().st_uid != os.getuid()):
                # Another user's folder of our name.
                self._parent = folder / "outgoing"
                self._parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in abandoned(self._parent):
                shutil.rmtree(left, ignore_errors=True)
            self._held = HeldFolder(self._parent)
        except OSError as error:
            raise Unavailable("Objects cannot be made ready for sending", error.strerror or "", "Check the disk") from error

    def close(self) -> None:
        shutil.rmtree(self._held.path, ignore_errors=True)
        self._held.close()

    @contextlib.contextmanager
    def emptied(self) -> Iterator[None]:
        """The copies made inside are gone afterwards."""
        try:
            yield
        finally:
            for copy in self._held.path.glob("*.dcm"):
                copy.unlink(missing_ok=True)

    def copy(self, number: int, path: str, content: bytes, sha256: str) -> Path:
        """A plain copy. Raises Refused when the bytes are gone or are not those with this hash."""
        place = self._held.path / f"{number}.dcm"
        digest = hashlib.sha256(content)
        try:
            with open(place, "wb", opener=_private) as out:
                out.write(content)
                if path:
                    with self._vault.open(Path(path)) as source:
                        while chunk := source.read(CHUNK):
                            digest.update(chunk)
                            out.write(chunk)
        except FileNotFoundError as error:
            raise Refused(ABSENT) from error
        except OSError as error:
            raise Unavailable("Objects cannot be made ready for sending", error.strerror or "", "Check the disk") from error
        if digest.hexdigest() != sha256:
            place.unlink(missing_ok=True)
            raise Refused(DAMAGED)
        return place


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
