"""The key of everything stored: made at the first start, opened at every other, changed, destroyed.

`key.json` in the data folder holds the master key wrapped (`wrapping.py`). What opens it is in
the OS keyring, or is a passphrase, or both; on a machine with neither it is a key file in the
config folder, and a lasting notice says how little that protects.

A key that cannot be opened is never replaced: a new one would make all that is stored unreadable.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workstation.at_rest.os_keyring import delete_from_keyring, keyring_password, store_in_keyring
from workstation.at_rest.sealed import MAGIC
from workstation.at_rest.vault import Vault
from workstation.at_rest.wrapping import (
    KEY_BYTES,
    Way,
    WrappedKey,
    first_write_wrapped,
    read_wrapped,
    unwrap,
    unwrap_by_passphrase,
    wrap,
    wrap_by_passphrase,
    write_private,
    write_wrapped,
)
from workstation.durable import sync_folder
from workstation.errors import Refused, Unavailable, WorkstationError

PASSPHRASE_VARIABLE = "LYSKASSE_PASSPHRASE"
SHORTEST_PASSPHRASE = 10
MOST_QUESTIONS = 3
KEY_NAME = "key.json"
REPORTS_NAME = "reports.db"
_PLAIN_DATABASE = b"SQLite format 3\0"

Ask = Callable[[str], str]
"""Asks the user for the passphrase, with the reason in words; empty when there is none to be had."""

KEY_FILE_WORDS = (
    "What is stored here is encrypted, but its key lies in a file on this computer, for there is no keyring: that protects little"
)
KEY_FILE_NOTICE = (
    f"{KEY_FILE_WORDS}. Set a passphrase (python main.py key set-passphrase), or turn encryption off where the whole disk is "
    "encrypted"
)
ASKED = "The stored data are encrypted"
ASKED_AGAIN = "That is not the passphrase"
WRONG = "The passphrase is not the right one"
NO_PASSPHRASE = "No passphrase was given"
NOT_IN_KEYRING = "The keyring of this computer does not hold the key"
NO_KEY_FILE = "The key file is not in the config folder, or is not the right one"
CLOSED = "The stored data cannot be opened"
LOST = (
    "The key of the stored data is not there",
    "key.json is missing from the data folder, and what is stored is encrypted with it",
    "Bring key.json back from a backup; to begin anew without these data, move the data and cache folders away",
)


class Places(Protocol):
    """The folders of one installation (`workstation.settings.Folders`)."""

    @property
    def data(self) -> Path: ...
    @property
    def config(self) -> Path: ...
    @property
    def cache(self) -> Path: ...


class Choice(Protocol):
    """Whether this site seals (`workstation.settings.Settings`)."""

    @property
    def at_rest(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """`is_sealing`: new data are encrypted. `ways` by which the key is opened; none when there is no key. `words` to show."""

    is_sealing: bool
    ways: tuple[str, ...]
    words: tuple[str, ...]


def unlock(places: Places, choice: Choice, ask: Ask | None = None) -> tuple[Vault, str]:
    """The vault, and a lasting notice for the user (empty mostly). Makes the key at the first start.

    Raises Refused when the key cannot be opened with what is there, Unavailable when the keyring
    does not answer; nothing is changed then.
    """
    try:
        wrapped = read_wrapped(places.data / KEY_NAME)
        if wrapped is None:
            return _without_key(places, choice)
        master = _opened(places, wrapped, ask)
    except WorkstationError as error:
        if choice.at_rest:
            raise
        return Vault.plain(), str(error)
    return Vault.with_key(master, choice.at_rest), _notice(wrapped) if choice.at_rest else ""


def set_passphrase(places: Places, passphrase: str, ask: Ask | None = None) -> KeyStatus:
    """Set or change the passphrase; it replaces a key file. The keyring keeps its way.

    Raises Refused when it is too short, or when the key cannot be opened with what is there.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise Refused("The passphrase is too short", f"It has fewer than {SHORTEST_PASSPHRASE} characters", "Take several words")
    wrapped, master = _existing(places, ask)
    _replace(places, wrapped.with_way(wrap_by_passphrase(wrapped.key_id, master, passphrase)).without(Way.KEY_FILE))
    _destroy(_key_file(places, wrapped.key_id))
    return status(places, is_sealing=True)


def use_keyring(places: Places, ask: Ask | None = None) -> KeyStatus:
    """Have the keyring of this computer open the key; it replaces a key file. Raises as `set_passphrase`."""
    wrapped, master = _existing(places, ask)
    other = os.urandom(KEY_BYTES)
    store_in_keyring(wrapped.key_id, other.hex())
    _replace(places, wrapped.with_way(wrap(wrapped.key_id, Way.KEYRING, master, other)).without(Way.KEY_FILE))
    _destroy(_key_file(places, wrapped.key_id))
    return status(places, is_sealing=True)


def erase(places: Places) -> tuple[str, ...]:
    """Crypto-erase: destroys every copy of the key that is here, so that all that is sealed is noise. What was done, in words.

    Needs no passphrase. Raises Refused when there is no key, Unavailable when a file cannot be destroyed.
    """
    wrapped = read_wrapped(places.data / KEY_NAME)
    if wrapped is None:
        raise Refused("There is no key to destroy", "Nothing here was encrypted, or it was destroyed before")
    done: list[str] = []
    try:
        # First the half without which the rest is nothing already.
        _destroy(places.data / KEY_NAME)
        done.append("The wrapped key was overwritten and removed")
        if wrapped.by(Way.KEY_FILE) is not None:
            _destroy(_key_file(places, wrapped.key_id))
            done.append("The key file was overwritten and removed")
    except OSError as error:
        raise Unavailable("The key cannot be destroyed", error.strerror or "", "Check the disk and try again") from error
    if wrapped.by(Way.KEYRING) is not None:
        try:
            delete_from_keyring(wrapped.key_id)
            done.append("The entry in the keyring was removed")
        except Unavailable as error:
            done.append(f"The entry in the keyring is still there, and worth nothing without the wrapped key: {error}")
    return (*done, "What was encrypted with this key cannot be read by anybody any more; copies of key.json elsewhere still can")


def status(places: Places, is_sealing: bool) -> KeyStatus:
    """How the key is kept now. Opens nothing."""
    wrapped = read_wrapped(places.data / KEY_NAME)
    ways = tuple(way.value for way in Way if wrapped is not None and wrapped.by(way) is not None)
    return KeyStatus(is_sealing, ways, tuple(_status_words(wrapped, is_sealing)))


def _status_words(wrapped: WrappedKey | None, is_sealing: bool) -> Iterator[str]:
    yield "New data are encrypted" if is_sealing else "New data are not encrypted (at_rest = false in settings.toml)"
    if wrapped is None:
        yield "There is no key yet; it is made when first needed" if is_sealing else "There is no key"
        return
    if wrapped.by(Way.KEYRING) is not None:
        yield "The key is opened by the keyring of this computer"
    if wrapped.by(Way.PASSPHRASE) is not None:
        yield "The key is opened by a passphrase"
    elif wrapped.by(Way.KEYRING) is not None:
        yield "Without that keyring nobody can read what is stored: set a passphrase as a second way"
    if wrapped.by(Way.KEY_FILE) is not None:
        yield KEY_FILE_NOTICE


def _without_key(places: Places, choice: Choice) -> tuple[Vault, str]:
    if not choice.at_rest:
        return Vault.plain(), ""
    if _holds_sealed_data(places):
        raise Refused(*LOST)
    try:
        wrapped, master = _made(places)
    except OSError as error:
        raise Unavailable("The key of the stored data cannot be kept", error.strerror or "", "Check the disk") from error
    return Vault.with_key(master), _notice(wrapped)


def _made(places: Places) -> tuple[WrappedKey, bytes]:
    """A new key; that of another process when it was quicker."""
    wrapped, master, other = WrappedKey(os.urandom(8).hex()), os.urandom(KEY_BYTES), os.urandom(KEY_BYTES)
    if passphrase := os.environ.get(PASSPHRASE_VARIABLE):
        wrapped = wrapped.with_way(wrap_by_passphrase(wrapped.key_id, master, passphrase))
    with contextlib.suppress(Unavailable):
        store_in_keyring(wrapped.key_id, other.hex())
        wrapped = wrapped.with_way(wrap(wrapped.key_id, Way.KEYRING, master, other))
    if not wrapped.ways:
        write_private(_key_file(places, wrapped.key_id), other)
        wrapped = wrapped.with_way(wrap(wrapped.key_id, Way.KEY_FILE, master, other))
    if first_write_wrapped(places.data / KEY_NAME, wrapped):
        return wrapped, master
    _destroy(_key_file(places, wrapped.key_id))
    if wrapped.by(Way.KEYRING) is not None:
        with contextlib.suppress(Unavailable):
            delete_from_keyring(wrapped.key_id)
    return _existing(places, None)


def _existing(places: Places, ask: Ask | None) -> tuple[WrappedKey, bytes]:
    wrapped = read_wrapped(places.data / KEY_NAME)
    if wrapped is None:
        raise Refused("There is no key yet", "It is made when something is first stored", "Start the program once")
    return wrapped, _opened(places, wrapped, ask)


def _opened(places: Places, wrapped: WrappedKey, ask: Ask | None) -> bytes:
    """The master key, by the first way that opens it."""
    reasons: list[str] = []
    for opened in (_by_key_file(places, wrapped), _by_variable(wrapped), _by_keyring(wrapped), _by_asking(wrapped, ask)):
        for found in opened:
            if isinstance(found, bytes):
                return found
            reasons.append(found)
    kind = Unavailable if wrapped.by(Way.KEYRING) is not None and NOT_IN_KEYRING not in reasons else Refused
    hint = f"Give the passphrase (the variable {PASSPHRASE_VARIABLE}, or in the window)" if wrapped.by(Way.PASSPHRASE) else ""
    raise kind(CLOSED, "; ".join(reasons), hint or "Bring it back as it was; nothing was changed")


Opened = Iterator[bytes | str]
"""The master key, or why it is not had in this way; nothing where this way was not set up."""


def _by_key_file(places: Places, wrapped: WrappedKey) -> Opened:
    way = wrapped.by(Way.KEY_FILE)
    if way is None:
        return
    try:
        other = _key_file(places, wrapped.key_id).read_bytes()
    except OSError:
        other = b""
    found = unwrap(wrapped.key_id, way, other) if len(other) == KEY_BYTES else None
    yield found or NO_KEY_FILE


def _by_variable(wrapped: WrappedKey) -> Opened:
    way, passphrase = wrapped.by(Way.PASSPHRASE), os.environ.get(PASSPHRASE_VARIABLE)
    if way is not None and passphrase:
        yield unwrap_by_passphrase(wrapped.key_id, way, passphrase) or WRONG


def _by_keyring(wrapped: WrappedKey) -> Opened:
    way = wrapped.by(Way.KEYRING)
    if way is None:
        return
    try:
        password = keyring_password(wrapped.key_id)
        found = unwrap(wrapped.key_id, way, bytes.fromhex(password)) if password else None
    except Unavailable as error:
        yield str(error)
    except ValueError:  # somebody else's words under our name
        yield NOT_IN_KEYRING
    else:
        yield found or NOT_IN_KEYRING


def _by_asking(wrapped: WrappedKey, ask: Ask | None) -> Opened:
    way = wrapped.by(Way.PASSPHRASE)
    if way is None:
        return
    question = ASKED
    for _ in range(MOST_QUESTIONS if ask is not None else 0):
        passphrase = ask(question) if ask is not None else ""
        if not passphrase:
            break
        if found := unwrap_by_passphrase(wrapped.key_id, way, passphrase):
            yield found
        question = ASKED_AGAIN
    if question is ASKED_AGAIN:
        yield WRONG
    elif not os.environ.get(PASSPHRASE_VARIABLE):
        yield NO_PASSPHRASE


def _notice(wrapped: WrappedKey) -> str:
    return KEY_FILE_NOTICE if wrapped.by(Way.KEY_FILE) is not None else ""


def _replace(places: Places, wrapped: WrappedKey) -> None:
    try:
        write_wrapped(places.data / KEY_NAME, wrapped)
    except OSError as error:
        raise Unavailable("The key cannot be changed", error.strerror or "", "Check the disk; nothing was changed") from error


def _key_file(places: Places, key_id: str) -> Path:
    return places.config / f"at_rest-{key_id}.key"


def _destroy(path: Path) -> None:
    """Overwritten, then removed. A disk that writes elsewhere than told (SSD) keeps the old bytes for a while."""
    try:
        with path.open("r+b") as file:
            file.write(os.urandom(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return
    sync_folder(path.parent)


def _holds_sealed_data(places: Places) -> bool:
    return any(
        start.startswith(MAGIC) or (name == REPORTS_NAME and start and start != _PLAIN_DATABASE)
        for folder in (places.data, places.cache)
        for name, start in _beginnings(folder)
    )


def _beginnings(folder: Path) -> Iterator[tuple[str, bytes]]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent) / name
            if path.is_file() and not path.is_symlink():
                with contextlib.suppress(OSError), path.open("rb") as file:
                    yield name, file.read(len(_PLAIN_DATABASE))
