"""`key.json`: the master key, wrapped once for each way by which it may be opened.

AES-256-GCM with a key-encryption key that lies elsewhere: in the OS keyring, in a key file, or in
somebody's head (Argon2id, RFC 9106). Any one of the ways opens it. The file alone is worth nothing,
and neither is the other half alone: to destroy one of them is to lose what they protect.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workstation.durable import sync_folder
from workstation.errors import Refused

VERSION = 1
KEY_BYTES = 32
_NONCE = 12

# RFC 9106, section 4, second recommended option: 64 MiB and three passes, about 0.1 s.
PASSES = 3
MEMORY_KIB = 64 << 10
LANES = 4
# What a key.json that somebody else wrote may make us spend.
MOST_PASSES, MOST_MEMORY_KIB, MOST_LANES = 20, 1 << 20, 16

DAMAGED = (
    "The key of the stored data cannot be read",
    "key.json in the data folder is damaged",
    "Bring the file back from a backup; nothing was changed",
)


class Way(StrEnum):
    """Where the key that opens the master key is kept."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"
    KEY_FILE = "key file"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """The master key by one way; `salt` and the Argon2id parameters are for the passphrase only. Bytes in hex."""

    way: Way
    sealed: str
    salt: str = ""
    passes: int = 0
    memory_kib: int = 0
    lanes: int = 0


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """`key_id` (hex) names the entry in the keyring and the key file; it says nothing about the key."""

    key_id: str
    ways: tuple[Wrapped, ...] = ()

    def by(self, way: Way) -> Wrapped | None:
        return next((wrapped for wrapped in self.ways if wrapped.way is way), None)

    def with_way(self, new: Wrapped) -> WrappedKey:
        return WrappedKey(self.key_id, (*self.without(new.way).ways, new))

    def without(self, way: Way) -> WrappedKey:
        return WrappedKey(self.key_id, tuple(wrapped for wrapped in self.ways if wrapped.way is not way))


def wrap(key_id: str, way: Way, master: bytes, other: bytes) -> Wrapped:
    """`other` is the key-encryption key, 32 bytes."""
    return Wrapped(way, _sealed(master, other, key_id, way))


def wrap_by_passphrase(key_id: str, master: bytes, passphrase: str) -> Wrapped:
    salt = os.urandom(16)
    other = _stretched(passphrase, salt, PASSES, MEMORY_KIB, LANES)
    return Wrapped(Way.PASSPHRASE, _sealed(master, other, key_id, Way.PASSPHRASE), salt.hex(), PASSES, MEMORY_KIB, LANES)


def unwrap(key_id: str, wrapped: Wrapped, other: bytes) -> bytes | None:
    """The master key; None when `other` is not its key."""
    data = bytes.fromhex(wrapped.sealed)
    try:
        return AESGCM(other).decrypt(data[:_NONCE], data[_NONCE:], _bound(key_id, wrapped.way))
    except InvalidTag:
        return None


def unwrap_by_passphrase(key_id: str, wrapped: Wrapped, passphrase: str) -> bytes | None:
    """As `unwrap`; takes about 0.1 s and 64 MiB on purpose."""
    other = _stretched(passphrase, bytes.fromhex(wrapped.salt), wrapped.passes, wrapped.memory_kib, wrapped.lanes)
    return unwrap(key_id, wrapped, other)


def read_wrapped(path: Path) -> WrappedKey | None:
    """None when there is no such file. Raises Refused for one that is not ours."""
    try:
        return _parsed(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(*DAMAGED) from error


def write_wrapped(path: Path, key: WrappedKey) -> None:
    """Whole and on the disk when this returns. Raises OSError."""
    write_private(path, _json(key))


def first_write_wrapped(path: Path, key: WrappedKey) -> bool:
    """As `write_wrapped`, but only when there is no such file: of two processes one is told False."""
    return _written_beside(path, _json(key), _appear)


def write_private(path: Path, data: bytes) -> None:
    """`data` as the file at `path` (0600), whole or not at all. Raises OSError."""
    _written_beside(path, data, _supersede)


def _written_beside(path: Path, data: bytes, into_place: Callable[[Path, Path], bool]) -> bool:
    part = path.with_name(f"{path.name}.{os.urandom(8).hex()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        done = into_place(part, path)
        sync_folder(path.parent)
        return done
    finally:
        part.unlink(missing_ok=True)


def _supersede(part: Path, path: Path) -> bool:
    part.replace(path)
    return True


def _appear(part: Path, path: Path) -> bool:
    try:
        # A link refuses to replace, which a rename does on Windows only.
        if os.name == "nt":
            part.rename(path)
        else:
            os.link(part, path)
    except FileExistsError:
        return False
    return True


def _sealed(master: bytes, other: bytes, key_id: str, way: Way) -> str:
    nonce = os.urandom(_NONCE)
    return (nonce + AESGCM(other).encrypt(nonce, master, _bound(key_id, way))).hex()


def _bound(key_id: str, way: Way) -> bytes:
    return f"lyskasse key {VERSION} {key_id} {way}".encode()


def _stretched(passphrase: str, salt: bytes, passes: int, memory_kib: int, lanes: int) -> bytes:
    from argon2.low_level import Type, hash_secret_raw  # only where somebody has a passphrase

    # Systems disagree on how an å is written; the passphrase is the letters.
    secret = unicodedata.normalize("NFC", passphrase).encode()
    return hash_secret_raw(secret, salt, passes, memory_kib, lanes, KEY_BYTES, Type.ID)


def _json(key: WrappedKey) -> bytes:
    return json.dumps({"version": VERSION, **asdict(key)}, indent=1).encode()


def _parsed(values: dict[str, Any]) -> WrappedKey:
    if values["version"] != VERSION or not bytes.fromhex(values["key_id"]):
        raise ValueError
    ways = tuple(Wrapped(**{**wrapped, "way": Way(wrapped["way"])}) for wrapped in values["ways"])
    for wrapped in ways:
        if len(bytes.fromhex(wrapped.sealed)) != _NONCE + KEY_BYTES + 16:
            raise ValueError
        if wrapped.way is Way.PASSPHRASE:
            _check_cost(wrapped)
    return WrappedKey(str(values["key_id"]), ways)


def _check_cost(wrapped: Wrapped) -> None:
    fits = 1 <= wrapped.passes <= MOST_PASSES and 1 <= wrapped.lanes <= MOST_LANES
    if not fits or not 8 * wrapped.lanes <= wrapped.memory_kib <= MOST_MEMORY_KIB or len(bytes.fromhex(wrapped.salt)) < 8:
        raise ValueError
