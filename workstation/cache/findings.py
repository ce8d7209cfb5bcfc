"""What an examination of this machine's data found: a code to look for, words, and what was done about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """FINE and NOTE leave nothing to do; WRONG is something that a repair is there for, or a person."""

    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is stable, the words are English source strings without patient data.

    `remedy` is what a repair would do; empty when there is nothing that this program can do.
    `done` is what was done; a finding that was mended is not wrong any more.
    """

    code: str
    weight: Weight
    words: str
    remedy: str = ""
    done: str = ""
    study_instance_uid: str = ""
    sha256: str = ""

    @property
    def is_left(self) -> bool:
        return self.weight is Weight.WRONG and not self.done


Tell = Callable[[Finding], None]
"""Takes each finding as it is made."""
