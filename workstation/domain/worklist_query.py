"""What a reader asks of the worklist: which rows, in which order, from where on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from workstation.domain.ai_result import AiFlag
from workstation.domain.order import Priority, ReadStatus, WorklistItem

FIRST_ROWS = 200
"""So many rows are asked for at a time."""
MOST_COUNTED = 1000
"""Counting ends here: a list says `999+`."""


class SortKey(StrEnum):
    """What rows can be sorted by. READING: open before done, priority, due time, age; what is done by date, newest first."""

    READING = "reading"
    PRIORITY = "priority"
    DUE = "due"
    PATIENT = "patient"
    ID = "id"
    PROCEDURE = "procedure"
    MODALITY = "modality"
    BODY = "body"
    SITE = "site"
    STATUS = "status"
    ASSIGNED = "assigned"
    AI = "ai"
    IMAGES = "images"
    DATE = "date"
    SINCE = "since"
    TURNAROUND = "turnaround"


class Assigned(StrEnum):
    """Whose the rows are: given to somebody, or being read by somebody."""

    ANYBODY = ""
    ME = "me"
    NOBODY = "nobody"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class RowOrder:
    key: SortKey = SortKey.READING
    descending: bool = False


READING_ORDER = RowOrder()


@dataclass(frozen=True, slots=True)
class RowFilter:
    """All that is set must hold; of several values in one set, one. `text`: every word begins a word of the row."""

    text: str = ""
    waiting: bool = False
    """To be read: it has images, no signature, and nobody else reads it."""
    unfinished: bool = False
    """Neither confirmed nor left to the RIS."""
    statuses: frozenset[ReadStatus] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    modalities: frozenset[str] = frozenset()
    body_parts: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    assigned: Assigned = Assigned.ANYBODY
    ai: frozenset[AiFlag] = frozenset()
    due_within: int | None = None
    """Minutes from now; what is overdue counts."""
    signed_today: bool = False

    def with_text(self, text: str) -> RowFilter:
        return replace(self, text=text)


EVERYTHING = RowFilter()
WAITING = RowFilter(waiting=True)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a row stands in an order: what comes after it is asked for by this, never by a number of rows."""

    value: int | str
    place: int


@dataclass(frozen=True, slots=True)
class ListedRow:
    """`row_id` stays the row's own for as long as it is listed, wherever it moves."""

    row_id: int
    item: WorklistItem
    mark: Mark


class RowSource(Protocol):
    """The worklist as far as lists of it ask. Methods block and may raise WorkstationError; call them in a job."""

    def page(
        self,
        wanted: RowFilter = EVERYTHING,
        order: RowOrder = READING_ORDER,
        after: Mark | None = None,
        count: int = FIRST_ROWS,
        backwards: bool = False,
        inclusive: bool = False,
    ) -> tuple[ListedRow, ...]:
        """The rows that follow `after` (or begin with it, when `inclusive`), the first ones without.

        `backwards`: those before it, or the last ones, in the order's own direction all the same.
        """
        ...

    def count(self, wanted: RowFilter, most: int = MOST_COUNTED) -> int:
        """How many rows there are; `most` for that many and more."""
        ...

    def values(self, key: SortKey, unfinished: bool = True, most: int = 60) -> Sequence[str]:
        """The different modalities, sites or body parts that occur."""
        ...
