"""The worklist as the seat sees it: its first rows, pages of any list of it, and which row is read next.

Questions go to the index in jobs; answers carry who reads what as it is known at the moment they come.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from workstation.domain.claim import Claim, ClaimState
from workstation.domain.order import WorklistItem
from workstation.domain.worklist_query import (
    EVERYTHING,
    FIRST_ROWS,
    READING_ORDER,
    ListedRow,
    Mark,
    RowFilter,
    RowOrder,
    RowSource,
)
from workstation.jobs import WORKLIST, Cancel, Job, Jobs
from workstation.session.case import Case, Notice
from workstation.signals import Signal

LOST_SECONDS = 5.0
"""A case that the next-key opened and that another reader proves to have is left for the one after it, for so long."""
CANDIDATES = 20


class Rows(RowSource, Protocol):
    """`workstation.worklist_rows.WorklistRows`."""

    def mark_of(self, study_instance_uid: str, order: RowOrder) -> Mark | None: ...
    def of_study(self, study_instance_uid: str) -> Sequence[ListedRow]: ...


class Kept(Protocol):
    """`workstation.worklist_index.WorklistIndex`. Methods block."""

    @property
    def rows(self) -> Rows: ...
    def refresh(self) -> bool: ...
    def claimed(self, claims: Mapping[str, Claim]) -> bool: ...


class Claims(Protocol):
    """`workstation.session.claiming.Claiming`, as far as rows ask."""

    def marked(self, items: Iterable[WorklistItem]) -> tuple[WorklistItem, ...]: ...
    def read_by(self, order_id: str) -> str: ...
    def known(self) -> dict[str, Claim] | None: ...


class Listing:
    """Methods are called, signals emitted, on the main thread."""

    def __init__(
        self,
        jobs: Jobs,
        worklist: Kept,
        claims: Claims,
        case: Callable[[], Case | None],
        open_item: Callable[[WorklistItem], None],
        say: Callable[[Notice], object],
        problem: Callable[[Exception], object],
    ) -> None:
        self._jobs = jobs
        self._worklist = worklist
        self._claims = claims
        self._case = case
        self._open = open_item
        self._say = say
        self._problem = problem
        self.items: tuple[WorklistItem, ...] = ()
        """The first rows in reading order, FIRST_ROWS at most."""
        self.changed: Signal[tuple[WorklistItem, ...]] = Signal()
        """Rows may be others now: ask again for those that are shown."""
        self.wanted: RowFilter = EVERYTHING
        self.order: RowOrder = READING_ORDER
        """The list that the reader looks at: the next case is the next one of it."""
        self.monotonic: Callable[[], float] = time.monotonic
        self._is_refreshing = self._is_stale = self._was_shown = False
        self._seeking = Job()
        self._by_key = ("", 0.0)
        """The order that the next-key opened last, and when."""
        self._lost: set[str] = set()

    # ---- rows --------------------------------------------------------------------------

    def refresh(self) -> None:
        """Take up what changed. Asked again meanwhile, it is done once more."""
        if self._is_refreshing:
            self._is_stale = True
            return
        self._is_refreshing = True
        if not self._was_shown:  # as the last run left it, at once: what changed since may take a while
            self._was_shown = True
            self._jobs.run(WORKLIST, lambda _: self._head(), self._show, _quietly)
        claims = self._claims.known()

        def work(_: Cancel) -> tuple[WorklistItem, ...]:
            if claims is not None:
                self._worklist.claimed(claims)
            self._worklist.refresh()
            return self._head()

        self._jobs.run(WORKLIST, work, self._refreshed, self._failed)

    def marks_changed(self, _: object) -> None:
        """Who reads what may be another now."""
        items = self._claims.marked(self.items)
        if items != self.items:
            self._show(items)
        claims = self._claims.known()

        def done(is_another: bool) -> None:
            if is_another:
                self.refresh()

        if claims is not None:
            self._jobs.run(WORKLIST, lambda _: self._worklist.claimed(claims), done, _quietly, slot="claims on the worklist")

    def ask(
        self,
        question: Callable[[RowSource], Sequence[ListedRow]],
        done: Callable[[tuple[ListedRow, ...]], object],
        slot: str = "",
    ) -> None:
        """Rows by a question to the index, with who reads them; a later question of the same slot wins."""
        rows = self._worklist

        def marked(found: Sequence[ListedRow]) -> None:
            items = self._claims.marked(row.item for row in found)
            done(tuple(replace(row, item=item) for row, item in zip(found, items, strict=True)))

        self._jobs.run(WORKLIST, lambda _: tuple(question(rows.rows)), marked, self._problem, slot=slot)

    def find_study(self, study_instance_uid: str, done: Callable[[WorklistItem | None], object]) -> None:
        """The row of a study, the one with an order first."""
        self.find_studies([study_instance_uid], lambda found: done(found.get(study_instance_uid)))

    def find_studies(self, study_instance_uids: Iterable[str], done: Callable[[dict[str, WorklistItem]], object]) -> None:
        """The rows of studies by Study Instance UID."""
        rows, uids = self._worklist, tuple(dict.fromkeys(study_instance_uids))

        def found(listed: Sequence[ListedRow]) -> None:
            items = self._claims.marked(row.item for row in listed)
            done({item.study_instance_uid: item for item in sorted(items, key=lambda item: item.order is not None)})

        def work(_: Cancel) -> tuple[ListedRow, ...]:
            return tuple(row for uid in uids for row in rows.rows.of_study(uid))

        self._jobs.run(WORKLIST, work, found, self._problem)

    def _head(self) -> tuple[WorklistItem, ...]:
        return tuple(row.item for row in self._worklist.rows.page(count=FIRST_ROWS))

    def _refreshed(self, items: tuple[WorklistItem, ...]) -> None:
        self._is_refreshing = False
        self._show(items)
        if self._is_stale:
            self._is_stale = False
            self.refresh()

    def _failed(self, error: Exception) -> None:
        self._is_refreshing = self._is_stale = False
        self._problem(error)

    def _show(self, items: Iterable[WorklistItem]) -> None:
        self.items = self._claims.marked(items)
        self.changed.emit(self.items)

    # ---- the next one --------------------------------------------------------------------

    def next_unread(self) -> None:
        """Open the next row that waits for a reader: below the open one in the list that is looked at, then from its top.

        Where the words that were typed leave nothing, the list goes on without them.
        """
        case = self._case()
        here = case.study.study_instance_uid if case is not None else ""
        wanted, order, lost = replace(self.wanted, waiting=True), self.order, frozenset(self._lost)
        rows = self._worklist

        def work(_: Cancel) -> WorklistItem | None:
            for one in dict.fromkeys((wanted, wanted.with_text(""))):
                if (found := self._next(rows.rows, one, order, here, lost)) is not None:
                    return found
            return None

        def done(item: WorklistItem | None) -> None:
            if item is None:
                self._say(Notice("Nothing unread is left on this list" if self.wanted != EVERYTHING else NOTHING_LEFT))
                return
            self._by_key = (item.order.order_id if item.order else "", self.monotonic())
            self._open(item)

        self._seeking = self._jobs.run(WORKLIST, work, done, self._problem, slot="next case")

    def give_up_next(self) -> None:
        """Another case was asked for since: the later wish counts, however late the answer to the earlier one comes."""
        self._seeking.cancel.set()

    def _next(self, rows: Rows, wanted: RowFilter, order: RowOrder, here: str, lost: frozenset[str]) -> WorklistItem | None:
        start = rows.mark_of(here, order) if here else None
        for first in dict.fromkeys((start, None)):
            after = first
            while page := rows.page(wanted, order, after, CANDIDATES):
                for row in page:
                    order_id = row.item.order.order_id if row.item.order else ""
                    is_free = order_id not in lost and not self._claims.read_by(order_id)
                    if is_free and row.item.study_instance_uid != here:
                        return row.item
                after = page[-1].mark
        return None

    def passes_on(self, claim: Claim) -> bool:
        """Two readers asked for the next case at once, and the other one got it: ours is the one after it.

        False for a case that was opened by hand, or some time ago.
        """
        order_id, opened = self._by_key
        if claim.order_id != order_id or not order_id or self.monotonic() - opened > LOST_SECONDS:
            return False
        if claim.state is not ClaimState.OTHERS:
            self._lost.clear()
            return False
        self._lost.add(order_id)
        self._say(Notice(f"{claim.owner or 'Another reader'} has just begun to read that one: here is the next"))
        self.next_unread()
        return True


NOTHING_LEFT = "Nothing unread is left on the worklist"


def _quietly(_: Exception) -> None:
    """What is asked next says what is wrong."""
