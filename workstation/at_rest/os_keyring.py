"""The keyring of the operating system, asked with a time limit.

It may be absent (a machine without a desktop), locked, or hang on a service that does not
answer. None of this may hold up the start, so it is asked in a thread that is left behind.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar

from workstation.errors import Unavailable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "Lyskasse"
# Long enough for somebody to unlock it when the system asks.
SECONDS = 10.0
# keyring's own mark between a backend that keeps a secret and one that only says so.
RECOMMENDED = 1.0

HINT = "Unlock the keyring of this computer and try again"

Answer = TypeVar("Answer")


def keyring_password(entry: str, seconds: float = SECONDS) -> str | None:
    """What is stored under `entry`; None when nothing is. Raises Unavailable."""
    return _asked(lambda: _backend().get_password(SERVICE, entry), seconds)


def store_in_keyring(entry: str, password: str, seconds: float = SECONDS) -> None:
    """Stores and reads back. Raises Unavailable."""

    def work() -> None:
        backend = _backend()
        backend.set_password(SERVICE, entry, password)
        if backend.get_password(SERVICE, entry) != password:
            raise Unavailable("The keyring of this computer does not keep what it is given", hint=HINT)

    _asked(work, seconds)


def delete_from_keyring(entry: str, seconds: float = SECONDS) -> None:
    """Nothing is there afterwards. Raises Unavailable."""

    def work() -> None:
        backend = _backend()
        if backend.get_password(SERVICE, entry) is not None:
            backend.delete_password(SERVICE, entry)

    _asked(work, seconds)


def _backend() -> KeyringBackend:
    import keyring  # a fifth of a second, and it may wake services

    backend = keyring.get_keyring()
    if backend.priority < RECOMMENDED:
        raise Unavailable("This computer has no keyring", "No service for keeping passwords runs for this user")
    return backend


def _asked(work: Callable[[], Answer], seconds: float) -> Answer:
    answers: queue.SimpleQueue[Callable[[], Answer]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer = work()
        except Unavailable as error:
            answers.put(_raising(error))
        except BaseException as error:  # a backend may raise anything
            words = Unavailable("The keyring of this computer cannot be used", type(error).__name__, HINT)
            words.__cause__ = error
            answers.put(_raising(words))
        else:
            answers.put(lambda: answer)

    threading.Thread(target=ask, name="keyring", daemon=True).start()
    try:
        answered = answers.get(timeout=seconds)
    except queue.Empty:
        raise Unavailable("The keyring of this computer does not answer", f"Waited {seconds:.0f} s", HINT) from None
    return answered()


def _raising(error: Unavailable) -> Callable[[], NoReturn]:
    def answer() -> NoReturn:
        raise error

    return answer
