"""What looking for files gives: a file to read, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from workstation.errors import WorkstationError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Bytes to read at `path`; `shown` is the name the user knows it by.

    A `temporary` file was unpacked for us and goes away once it is read. What is not `to_copy_first`
    is read where it lies before it is copied: most likely it is nothing to keep, or it is very large.
    """

    path: Path
    shown: str
    temporary: bool = False
    to_copy_first: bool = True


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that will not be read. `is_attack` when the name tried to lead out of its place."""

    shown: str
    reason: str
    is_attack: bool = False


Found: TypeAlias = SourceFile | RefusedFile


def reason_of(error: WorkstationError) -> str:
    """What happened and why, in one line; the remedy is left to the place that shows it."""
    return ": ".join(part.rstrip(".") for part in (error.title, error.detail) if part)
