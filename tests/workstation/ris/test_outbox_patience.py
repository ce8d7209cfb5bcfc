"""How often a RIS that does not answer is asked, and that nothing is given up, doubled or overtaken meanwhile (F27, F29, F43)."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from outbox_seat import Seat
from seat import order_for, signed

from workstation.domain.delivery import DeliveryState as State
from workstation.domain.report import ReportAction
from workstation.ris import outbox as outbox_module
from workstation.ris.outbox import OUTAGE, WORKERS, Outbox, OutboxRunner

REPORTS = 4
HOUR = 3600.0
MOST_STEPS = 2000


@pytest.fixture
def many(tmp_path):
    """Several reports, each with a correction behind it."""
    seat = Seat(tmp_path / "reports.sqlite3", quick=True)
    for number in range(1, REPORTS + 1):
        order = seat.server.place(order_for(f"ACC-{number}", f"1.2.{number}", number=str(number)))
        signed(seat.store, order, "First.")
        signed(seat.store, order, "Second.", ReportAction.CORRECT)
    yield seat
    seat.stop()


def pass_time(seat: Seat, seconds: float) -> None:
    end, steps = seat.now + seconds, itertools.count()
    while seat.now < end:
        assert next(steps) < MOST_STEPS, "it runs at the RIS"
        if seat.outbox.step() is None:
            due = seat.outbox.seconds_until_due()
            if due is None:
                return
            seat.now = min(seat.now + max(due, 0.001), end)


def silent(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadTimeout("nothing came")


def writes_are_silent(request: httpx2.Request) -> httpx2.Response | None:
    return silent(request) if request.method != "GET" else None


def arrive(seat: Seat) -> None:
    """The network is back: all of it is there once, each report's versions in their order."""
    seat.network.instead = lambda _: None
    pass_time(seat, 48 * HOUR)
    rows = seat.store.deliveries()
    assert {row.state for row in rows} == {State.CONFIRMED}
    assert len(rows) == 2 * REPORTS
    stored: dict[str, list[str]] = {}
    for content in seat.server.history:
        stored.setdefault(content["identifier"][0]["value"], []).append(content["status"])
    assert len(stored) == REPORTS
    assert set(map(tuple, stored.values())) == {("final", "corrected")}


@pytest.mark.parametrize(("draw", "most"), [(1.0, 20), (0.1, 70)])
def test_a_ris_that_is_down_is_asked_by_one_row_and_less_and_less_often(many, draw, most):
    many.waits = itertools.repeat(draw)
    many.network.instead = silent
    pass_time(many, HOUR)
    assert OUTAGE < len(many.network.requests) <= OUTAGE + most
    many.network.requests.clear()
    pass_time(many, HOUR)
    assert 0 < len(many.network.requests) <= HOUR / (900.0 * draw) + 2
    assert {row.state for row in many.store.deliveries()} == {State.QUEUED}
    arrive(many)


def test_a_ris_that_answers_questions_and_takes_no_report_is_not_run_at(many):
    """Each row's own silences: a few at once, then rarer up to the longest wait, and none is given up."""
    many.network.instead = writes_are_silent
    pass_time(many, HOUR)
    asked = Counter(request.content for request in many.network.writes())
    assert len(asked) == REPORTS  # of each report the first version alone
    assert max(asked.values()) <= 18
    assert {row.state for row in many.store.deliveries()} <= {State.QUEUED, State.SENDING}
    many.network.requests.clear()
    pass_time(many, HOUR)
    assert 0 < len(many.network.writes()) <= REPORTS * (HOUR / 900.0 + 1)
    arrive(many)


def test_while_the_ris_is_silent_no_second_row_asks_beside_the_first(many):
    many.network.instead = silent
    pass_time(many, 60.0)
    many.now += HOUR
    beside: list[object] = []

    def look_beside(request: httpx2.Request) -> httpx2.Response:
        """Another thread comes for work while this one waits for its answer."""
        beside.append(many.outbox.step())
        assert many.outbox.seconds_until_due() >= 0.5
        return silent(request)

    many.network.instead = look_beside
    assert many.outbox.step() is not None
    assert beside == [None]


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_jumps_neither_keeps_reports_nor_sends_them_twice(many, monkeypatch, days):
    """F43: waits are counted by a clock that does not jump; the time to take a signature back ends with the jump."""

    class Jumped(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) + timedelta(days=days)

    many.outbox = Outbox(many.store, many.ris, undo_seconds=HOUR, monotonic=lambda: many.now, draw=lambda: 1.0)
    assert many.outbox.step() is None
    monkeypatch.setattr(outbox_module, "datetime", Jumped)
    arrive(many)


def test_eight_threads_do_not_spin_while_the_ris_is_silent(many, monkeypatch):
    """Counted by steps, on the real clock's waits: they sleep until something is due."""
    many.network.instead = silent
    many.outbox = Outbox(many.store, many.ris, draw=lambda: 1.0)
    steps, take = itertools.count(), many.outbox._take

    def counted():
        next(steps)
        return take()

    monkeypatch.setattr(many.outbox, "_take", counted)
    runner = OutboxRunner(many.outbox)
    runner.start()
    try:
        deadline = datetime.now(UTC) + timedelta(seconds=60)
        while len(many.network.requests) < OUTAGE and datetime.now(UTC) < deadline:
            runner._steppers[0]._thread.join(0.02)
    finally:
        runner.stop()
    assert OUTAGE <= len(many.network.requests) <= OUTAGE + WORKERS
    assert next(steps) <= 200
