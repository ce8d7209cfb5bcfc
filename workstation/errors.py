"""Errors that a reader can act on.

Foreign exceptions are converted in the module that imports the foreign library, so that
every error that reaches a banner, a tile or a command line says what happened and what to do.
"""

from __future__ import annotations


class WorkstationError(Exception):
    """An expected failure. `title` says what, `detail` why, `hint` what to do about it.

    None of the three may hold patient data: they reach logs and crash files. `retry_after` is how
    many seconds the other side asks to be left in peace; None when it does not say.
    """

    retry_after: float | None = None

    def __init__(self, title: str, detail: str = "", hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return ". ".join(part.rstrip(".") for part in (self.title, self.detail, self.hint) if part)


class Refused(WorkstationError):
    """Something received (a file, a frame, a message) that will not be shown or stored, and why."""


class Unavailable(WorkstationError):
    """An optional part (microphone, model, RIS, archive, GPU) that is not there now."""


class DiskFull(Unavailable):
    """A disk that can take no more: room may be made, and the same thing tried again."""


class Conflict(WorkstationError):
    """The other side holds something newer than what we based our change on."""


class LethalFile(Refused):
    """A file that killed or hung the process that read it. It is set aside, never only dropped."""
