"""Answers for windows that may be closed before they come: a dialog is deleted when it is closed, its questions go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject
from shiboken6 import isValid

T = TypeVar("T")


def while_there(who: QObject, call: Callable[[T], object]) -> Callable[[T], None]:
    """`call`, for as long as `who` is not deleted: what comes later is dropped."""

    def told(answer: T) -> None:
        if isValid(who):
            call(answer)

    return told
