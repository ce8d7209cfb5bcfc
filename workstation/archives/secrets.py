"""Passwords of archives: in the keyring of the operating system, never in a file that can be read.

Where there is no keyring (a machine without a screen), a password is sealed by the vault; the
environment may give one too (`LYSKASSE_SECRET_<NAME>`), and then comes first.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from workstation.at_rest.vault import Purpose, Vault
from workstation.durable import sync_folder
from workstation.errors import Refused, Unavailable, WorkstationError

SERVICE = "lyskasse"
VARIABLE = "LYSKASSE_SECRET_"
FILE_NAME = "secrets.sealed"
LARGEST_FILE = 1 << 20


class Ring(Protocol):
    """What is asked of the `keyring` package. Any method may raise anything."""

    def get_password(self, service: str, name: str) -> str | None: ...
    def set_password(self, service: str, name: str, secret: str) -> None: ...
    def delete_password(self, service: str, name: str) -> None: ...


def system_ring() -> Ring | None:
    """The operating system's keyring; None where there is none that keeps secrets."""
    try:
        import keyring
        from keyring.backends import fail, null

        ring = keyring.get_keyring()
    except Exception:  # a backend may fail in any way while it is looked for
        return None
    # keyrings.alt and the like write plain files: priority below 1 says so.
    usable = not isinstance(ring, fail.Keyring | null.Keyring) and float(ring.priority) >= 1
    return ring if usable else None


class Secrets:
    """Thread-safe. `ring` is the keyring, None where there is none."""

    def __init__(self, folder: Path, vault: Vault, ring: Ring | None, environment: Mapping[str, str] = os.environ) -> None:
        self._path = folder / FILE_NAME
        self._vault = vault
        self._ring = ring
        self._environment = environment
        self._lock = threading.Lock()

    def get(self, archive: str) -> str:
        """The password of an archive, "" when none is known. Raises `WorkstationError` when it cannot be read."""
        given = self._environment.get(variable_of(archive))
        if given is not None:
            return given
        if self._ring is not None:
            try:
                return self._ring.get_password(SERVICE, archive) or ""
            except Exception as error:
                raise _locked(error) from error
        with self._lock:
            return self._sealed().get(archive, "")

    def set(self, archive: str, secret: str) -> None:
        if self._ring is not None:
            try:
                self._ring.set_password(SERVICE, archive, secret)
            except Exception as error:
                raise _locked(error) from error
            return
        if not self._vault.is_sealing:
            raise Refused(
                "There is no place to keep the password",
                "This machine has no keyring, and encryption at rest is switched off",
                f"Give it in the environment as {variable_of(archive)}",
            )
        with self._lock:
            self._write({**self._sealed(), archive: secret})

    def forget(self, archive: str) -> None:
        """Does nothing where there is no password."""
        if self._ring is not None:
            with contextlib.suppress(Exception):  # keyring raises PasswordDeleteError for one that is not there
                self._ring.delete_password(SERVICE, archive)
        with self._lock:
            if self._path.is_file():
                kept = self._sealed()
                if kept.pop(archive, None) is not None:
                    self._write(kept)

    def _sealed(self) -> dict[str, str]:
        if not self._path.is_file():
            return {}
        try:
            with self._vault.open(self._path) as file:
                values = json.loads(file.read(LARGEST_FILE).decode("utf-8"))
        except (OSError, ValueError) as error:
            raise Refused(
                "The kept passwords cannot be read", type(error).__name__, "Give the archives' passwords again"
            ) from error
        return {str(name): str(secret) for name, secret in values.items()} if isinstance(values, dict) else {}

    def _write(self, values: Mapping[str, str]) -> None:
        half = self._path.with_name(f"{FILE_NAME}.part")
        try:
            half.unlink(missing_ok=True)
            with self._vault.create(half, Purpose.LOG) as file:
                file.write(json.dumps(dict(values)).encode("utf-8"))
            half.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise Unavailable("The password cannot be kept", error.strerror or "", "Check the configuration folder") from error


def variable_of(archive: str) -> str:
    """The environment variable that may give an archive's password."""
    return VARIABLE + archive.upper().replace("-", "_")


def _locked(error: Exception) -> WorkstationError:
    return Unavailable("The keyring cannot be used", type(error).__name__, "Unlock the keyring and try again")
