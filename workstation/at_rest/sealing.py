"""Sealing a file that lies in plain: a copy is sealed, proved equal, and takes its place."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from workstation.at_rest.vault import Purpose, Vault, is_sealed
from workstation.durable import sync_folder
from workstation.errors import Refused

CHUNK = 1 << 20
UNDER_WAY = ".sealing"


def seal_file(path: Path, vault: Vault, purpose: Purpose) -> bool:
    """Seal the file at `path` in place; False when it is sealed already, or the vault does not seal.

    A kill leaves the plain file, or the sealed one; a copy that was under way is written anew. What
    the disk itself keeps of the plain bytes is not in our hands. Raises OSError, or Refused when the
    copy is not what was read.
    """
    if not vault.is_sealing or is_sealed(path):
        return False
    half = path.with_name(path.name + UNDER_WAY)
    half.unlink(missing_ok=True)
    try:
        with path.open("rb") as plain, vault.create(half, purpose) as copy:
            read = _hashed(plain, copy)
        with vault.open(half) as copy:
            if _hashed(copy) != read:
                raise Refused("The sealed copy of a file is not what was read", "It was left as it was", "Check the disk")
        with half.open("rb") as file:
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def _hashed(source: BinaryIO, copy: BinaryIO | None = None) -> bytes:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        if copy is not None:
            copy.write(chunk)
    return digest.digest()
