"""From the outbox to the RIS, one proven step at a time.

The rules, in the order in which they bind:
1. What is about to happen is on disk before it happens: SENDING is committed before the request leaves.
2. A row in SENDING is unknown, whatever was on the wire. It is read back before anything is sent again.
3. An acknowledgement moves a row to ACKNOWLEDGED, never further. Only a read-back with the very
   hash of what was signed makes it CONFIRMED.
4. Nothing in the RIS is overwritten but our own latest confirmed version, under its ETag.
5. The order must still stand, and be of that patient and accession number, when the report leaves.
6. Silence and overload are waited out, longer each time; a refusal is for the reader, not for repeating.
   Single silences of a RIS that answers in between are the network's chance: the first of a row are waited out quickly.
7. Several rows go at once, never two of one accession number. While the RIS is silent one row alone asks.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from workstation.domain.delivery import (
    FHIR_REPORT,
    Comparison,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Elsewhere,
    Held,
    Submission,
)
from workstation.domain.undo_window import seconds_left
from workstation.errors import WorkstationError
from workstation.ris.others import held_for, why_not_beside, why_not_over
from workstation.ris.ris import Answer, AnswerKind, Holding, HoldingKind, OrderCheckKind, Ris
from workstation.stepping import LONGEST_SLEEP, Stepper

logger = logging.getLogger(__name__)

_WORKABLE = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.ACKNOWLEDGED)

OUTAGE = 6
"""Silences one after the other, of whichever rows, that are the RIS's own and not of single rows."""
WORKERS = 8
"""Rows under way at once. Most of them wait: for an answer that comes late, or not at all."""
CHANCES = 4
"""Silences of one row, the RIS answering in between, that may be chance. Further ones are the row's own: its waits grow."""
CHANCE_SECONDS = 0.5
_PROBING_SECONDS = 0.5
_NOWHERE_ELSE = Elsewhere()


class Ledger(Protocol):
    """The rows, as workstation.reporting.ledger keeps them. Every method is on disk when it returns."""

    def heads(self) -> tuple[Delivery, ...]: ...
    def submission(self, delivery_id: int) -> Submission: ...
    def compare(self, delivery_id: int, resource: Mapping[str, Any]) -> Comparison: ...
    def elsewhere(self, delivery_id: int, ris_report_id: str, others: Mapping[str, Sequence[Mapping[str, Any]]]) -> Elsewhere: ...
    def note(self, delivery_id: int, detail: str) -> Delivery: ...
    def move(
        self,
        delivery_id: int,
        event: DeliveryEvent,
        detail: str = "",
        *,
        ris_report_id: str = "",
        ris_etag: str = "",
        ris_sha256: str = "",
    ) -> Delivery: ...


class HasLedger(Protocol):
    @property
    def ledger(self) -> Ledger: ...


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full jitter: a wait drawn from 0 to base·2^(n-1) seconds, at most `cap`, so that no storm follows an outage."""

    base: float = 2.0
    cap: float = 900.0

    def wait(self, failures: int, draw: Callable[[], float]) -> float:
        return draw() * min(self.cap, self.base * 2.0 ** min(failures - 1, 30))

    def wait_by_chance(self, failures: int, draw: Callable[[], float]) -> float:
        """The wait after a silence while the RIS answers: CHANCE_SECONDS, and doubling only when there were CHANCES."""
        grown = 2.0 ** min(max(failures - CHANCES, 0), 30)
        return draw() * min(self.cap, min(CHANCE_SECONDS, self.base) * grown)


Wait = Callable[[int, Callable[[], float]], float]
"""Seconds to wait after so many failures, by a draw."""


def _nobody(_: object) -> None:
    """Nobody listens."""


class Outbox:
    """Works on one row in each call of `step`; every method may be called from any thread.

    `monotonic` gives seconds that never go back; `draw` gives numbers in [0, 1).
    """

    def __init__(
        self,
        store: HasLedger,
        ris: Ris,
        backoff: Backoff = Backoff(),
        monotonic: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
        undo_seconds: float = 0.0,
    ) -> None:
        """What was signed less than `undo_seconds` ago waits: the signature can still be taken back."""
        self._ledger = store.ledger
        self._undo_seconds = undo_seconds
        self.ris = ris
        self._backoff = backoff
        self._monotonic = monotonic
        self._draw = draw
        self._failures: dict[int, int] = {}
        self._due: dict[int, float] = {}
        self._silences = 0
        self._answers = 0
        self._heard: dict[int, int] = {}
        self._ris_due = 0.0
        self._in_hand: set[int] = set()
        self._lock = threading.RLock()

    def step(self, moved: Callable[[Delivery], object] = _nobody) -> Delivery | None:
        """The oldest row that is due moves as far as one question or one sending takes it. None: nothing is due.

        `moved` is told before anybody else can take the row: what it hears of one row is in order.
        """
        row = self._take()
        if row is None:
            return None
        try:
            submission = self._ledger.submission(row.delivery_id)
            after = self._send(row, submission) if row.state is DeliveryState.QUEUED else self._settle(row, submission)
            moved(after)
            return after
        except WorkstationError:
            if row.state is DeliveryState.QUEUED and all(head.delivery_id != row.delivery_id for head in self._ledger.heads()):
                return row  # its signature was taken back while the RIS was asked: nothing was sent
            # The store's trouble with one row must not keep the others from leaving.
            self._wait(row)
            raise
        finally:
            with self._lock:
                self._in_hand.discard(row.delivery_id)

    def seconds_until_due(self) -> float | None:
        """How long until `step` has something to do; None when no row is waiting."""
        with self._lock:
            due = [self._due_at(row) for row in self._workable()]
            if not due:
                return None
            wait = max(0.0, min(due) - self._monotonic())
            return max(wait, _PROBING_SECONDS) if self._is_probed else wait

    def hurry(self) -> None:
        """Forget the waits: the network is back, or a reader asks."""
        with self._lock:
            self._due = {}
            self._ris_due = 0.0

    def _take(self) -> Delivery | None:
        with self._lock:
            if self._is_probed:
                return None
            row = next((row for row in self._workable() if self._due_at(row) <= self._monotonic()), None)
            if row is not None:
                self._in_hand.add(row.delivery_id)
            return row

    @property
    def _is_probed(self) -> bool:
        """Whether the RIS is silent and a row is asking it already."""
        return self._silences >= OUTAGE and bool(self._in_hand)

    def _workable(self) -> list[Delivery]:
        """Rows that may be taken. A row in hand is the head of its accession number: the ones behind it wait."""
        return [row for row in self._ledger.heads() if row.state in _WORKABLE and row.delivery_id not in self._in_hand]

    def _due_at(self, row: Delivery) -> float:
        held = seconds_left(row.created, self._undo_seconds, datetime.now(UTC)) if row.state is DeliveryState.QUEUED else 0.0
        return max(self._ris_due, self._due.get(row.delivery_id, 0.0), self._monotonic() + held if held else 0.0)

    def _send(self, row: Delivery, submission: Submission) -> Delivery:
        if not submission.intact:
            return self._held(row, "The signed bytes on disk are damaged: call support, nothing was sent")
        check = self.ris.check_order(submission)
        if check.kind is OrderCheckKind.UNKNOWN:
            return self._silent(row, check.detail, check.retry_after)
        if check.kind is OrderCheckKind.DOUBT:
            return self._held(row, check.detail)
        # Nobody else has a report's own identifier before it is sent the first time; should the RIS know it
        # all the same, a conditional create leaves what is there, and the read-back tells.
        is_new = row.tries == 0 and submission.version == 1 and submission.kind == FHIR_REPORT and submission.settled is None
        is_new = is_new and not submission.joint
        holding = Holding(HoldingKind.NONE) if is_new else held_for(self.ris, submission)
        if holding.kind is HoldingKind.UNKNOWN:
            return self._silent(row, holding.detail, holding.retry_after)
        if self._is_outage_over() and any(other.delivery_id < row.delivery_id for other in self._workable()):
            return row  # those that were signed before it go first
        held, elsewhere = self._compare(row, holding), self._elsewhere(row, submission, holding)
        if held is not None and held.held is Held.THIS_VERSION and elsewhere == _NOWHERE_ELSE:
            self._move(row, DeliveryEvent.SEND)
            return self._confirmed(row, holding, held)
        if conflict := why_not_beside(elsewhere) or why_not_over(holding, held, submission):
            return self._move(row, DeliveryEvent.RIS_HAS_NEWER, conflict, ris_sha256=held.ris_sha256 if held else "")
        self._move(row, DeliveryEvent.SEND)
        answer = self.ris.deliver(submission, holding if holding.kind is HoldingKind.ONE else None)
        return self._answered(row, submission, answer)

    def _answered(self, row: Delivery, submission: Submission, answer: Answer) -> Delivery:
        if answer.kind is AnswerKind.UNKNOWN:
            return self._silent(row, answer.detail, answer.retry_after)
        if answer.kind is AnswerKind.ACKNOWLEDGED:
            return self._move(row, DeliveryEvent.ACKNOWLEDGE, answer.detail, ris_report_id=answer.ris_report_id)
        if answer.kind is AnswerKind.TAKEN:
            return self._move(row, DeliveryEvent.RIS_HAS_NEWER, answer.detail)
        if answer.kind is AnswerKind.REFUSED:
            return self._move(row, DeliveryEvent.RIS_REFUSES, answer.detail)
        return self._settle(row, submission, refusal=answer.detail)

    def _settle(self, row: Delivery, submission: Submission, refusal: str = "") -> Delivery:
        """Read back a row that is SENDING or ACKNOWLEDGED. `refusal` is what the RIS just said against it."""
        holding = held_for(self.ris, submission)
        if holding.kind is HoldingKind.UNKNOWN:
            return self._silent(row, holding.detail, holding.retry_after)
        self._is_outage_over()
        if holding.kind is HoldingKind.UNPROVABLE:
            return self._unprovable(row, refusal)
        held, elsewhere = self._compare(row, holding), self._elsewhere(row, submission, holding)
        if held is not None and held.held is Held.THIS_VERSION and elsewhere == _NOWHERE_ELSE:
            return self._confirmed(row, holding, held)
        conflict = why_not_beside(elsewhere) or why_not_over(holding, held, submission)
        acknowledged = row.state is DeliveryState.ACKNOWLEDGED
        if conflict:
            event = DeliveryEvent.READ_BACK_DIFFERS if acknowledged else DeliveryEvent.RIS_HAS_NEWER
            return self._move(row, event, conflict, ris_sha256=held.ris_sha256 if held else "")
        if refusal:
            return self._move(row, DeliveryEvent.RIS_REFUSES, refusal)
        if acknowledged:
            self._move(row, DeliveryEvent.READ_BACK_MISSING)
            self._wait(row)
            return self._ledger.note(row.delivery_id, _not_held(held, elsewhere))
        return self._move(row, DeliveryEvent.READ_BACK_MISSING, "The RIS does not hold it: it will be sent again")

    def _unprovable(self, row: Delivery, refusal: str) -> Delivery:
        """Nothing can be read back: the very same message goes again, which its receiver knows by its number."""
        if refusal:
            return self._move(row, DeliveryEvent.RIS_HAS_NEWER, refusal)
        self._wait(row)
        if row.state is DeliveryState.ACKNOWLEDGED:
            return self._ledger.note(row.delivery_id, row.last_error)
        return self._ledger.move(row.delivery_id, DeliveryEvent.READ_BACK_MISSING, "No answer came: the same message goes again")

    def _compare(self, row: Delivery, holding: Holding) -> Comparison | None:
        return self._ledger.compare(row.delivery_id, holding.resource) if holding.kind is HoldingKind.ONE else None

    def _elsewhere(self, row: Delivery, submission: Submission, holding: Holding) -> Elsewhere:
        if not submission.joint:
            return _NOWHERE_ELSE
        return self._ledger.elsewhere(row.delivery_id, holding.ris_report_id, holding.others)

    def _confirmed(self, row: Delivery, holding: Holding, held: Comparison) -> Delivery:
        return self._move(
            row,
            DeliveryEvent.READ_BACK_MATCHES,
            ris_report_id=holding.ris_report_id,
            ris_etag=holding.etag,
            ris_sha256=held.ris_sha256,
        )

    def _held(self, row: Delivery, doubt: str) -> Delivery:
        return self._move(row, DeliveryEvent.IDENTITY_DOUBT, doubt)

    def _move(self, row: Delivery, event: DeliveryEvent, detail: str = "", **facts: str) -> Delivery:
        moved = self._ledger.move(row.delivery_id, event, detail, **facts)
        logger.info("delivery %d: %s -> %s", row.delivery_id, event.value, moved.state.value)
        with self._lock:
            self._due.pop(row.delivery_id, None)
        return moved

    def _silent(self, row: Delivery, detail: str, retry_after: float | None) -> Delivery:
        """No answer: this row waits; when it is not the only one, the RIS is left in peace for every other row too."""
        with self._lock:
            self._silences += 1
            outage = self._silences - OUTAGE + 1
            wait = max(self._backoff.wait(outage, self._draw) if outage > 0 else 0.0, retry_after or 0.0)
            self._ris_due = max(self._ris_due, self._monotonic() + wait)
            # Answers to whichever row since this one's last silence: the RIS is there.
            by_chance = self._answers > self._heard.get(row.delivery_id, 0)
            self._heard[row.delivery_id] = self._answers
        self._wait(row, self._backoff.wait_by_chance if by_chance else self._backoff.wait)
        return self._ledger.note(row.delivery_id, detail)

    def _is_outage_over(self) -> bool:
        """The RIS answered. After a long silence the rows' own waits, drawn at random, say nothing: the oldest goes first."""
        with self._lock:
            was_out, self._silences = self._silences >= OUTAGE, 0
            self._answers += 1
            if was_out:
                self._due = {}
            return was_out

    def _wait(self, row: Delivery, wait: Wait | None = None) -> None:
        with self._lock:
            failures = self._failures[row.delivery_id] = self._failures.get(row.delivery_id, 0) + 1
            self._due[row.delivery_id] = self._monotonic() + (wait or self._backoff.wait)(failures, self._draw)


def _not_held(held: Comparison | None, elsewhere: Elsewhere) -> str:
    if held is not None and held.held is Held.THIS_VERSION:
        return f"The RIS said yes but does not hold it under accession number {', '.join(elsewhere.missing)}"
    return "The RIS said yes but does not hold this version"


class OutboxRunner:
    """Steps the outbox in threads of its own. `on_change` and `on_error` are called from them, of one row in order."""

    def __init__(
        self,
        outbox: Outbox,
        on_change: Callable[[Delivery], object] = _nobody,
        on_error: Callable[[WorkstationError], object] = _nobody,
        longest_sleep: float = LONGEST_SLEEP,
        workers: int = WORKERS,
    ) -> None:
        def step() -> tuple[Delivery, ...]:
            delivery = outbox.step(on_change)
            return () if delivery is None else (delivery,)

        self._outbox = outbox
        self._steppers = tuple(
            Stepper[Delivery](f"outbox {n}", step, outbox.seconds_until_due, on_error=on_error, longest_sleep=longest_sleep)
            for n in range(workers)
        )

    def start(self) -> None:
        for stepper in self._steppers:
            stepper.start()

    def wake(self) -> None:
        """Something was signed, the network came back, or a reader asks: try now."""
        self._outbox.hurry()
        for stepper in self._steppers:
            stepper.wake()

    def stop(self, timeout: float = 10.0, hasten: Callable[[], object] | None = None) -> None:
        """End the threads. Requests under way are cut: their rows stay SENDING and are read back next time."""
        until = time.monotonic() + timeout
        for stepper in self._steppers:
            stepper.end()
        for stepper in self._steppers:
            stepper.stop(max(0.0, until - time.monotonic()), hasten or self._outbox.ris.abort)
