"""The outbox's own thread: it works when there is work, sleeps when there is none, and ends when told."""

from __future__ import annotations

import threading

import pytest
from fake_fhir import Fault
from outbox_seat import Seat

from workstation.domain.delivery import DeliveryState
from workstation.errors import Unavailable
from workstation.ris.outbox import Outbox, OutboxRunner


class Watched:
    """Collects what the runner reports, and waits for the report that matters."""

    def __init__(self) -> None:
        self.seen: list[DeliveryState] = []
        self.errors: list[str] = []
        self._changed = threading.Condition()

    def change(self, delivery) -> None:
        with self._changed:
            self.seen.append(delivery.state)
            self._changed.notify_all()

    def error(self, error) -> None:
        with self._changed:
            self.errors.append(error.title)
            self._changed.notify_all()

    def wait_for(self, condition) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout=60)


@pytest.fixture
def watched():
    return Watched()


@pytest.fixture
def runner(seat: Seat, watched):
    runner = OutboxRunner(seat.outbox, watched.change, watched.error)
    yield runner
    runner.stop()


def test_what_is_signed_before_the_start_is_delivered(seat, runner, watched):
    seat.sign()
    runner.start()
    watched.wait_for(lambda: DeliveryState.CONFIRMED in watched.seen)
    assert watched.seen == [DeliveryState.ACKNOWLEDGED, DeliveryState.CONFIRMED]


def test_a_sleeping_runner_wakes_for_a_new_signature(seat, runner, watched):
    runner.start()
    seat.sign()
    runner.wake()
    watched.wait_for(lambda: DeliveryState.CONFIRMED in watched.seen)


def test_waking_ends_the_wait_after_silence(seat, runner, watched):
    seat.meet(Fault.LOST)
    seat.sign()
    runner.start()
    watched.wait_for(lambda: watched.seen == [DeliveryState.QUEUED])
    runner.wake()
    watched.wait_for(lambda: DeliveryState.CONFIRMED in watched.seen)


def test_stopping_ends_the_thread_and_starting_goes_on(seat, watched):
    runner = OutboxRunner(seat.outbox, watched.change, watched.error)
    runner.start()
    runner.start()
    runner.stop()
    runner.stop()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("outbox")]
    seat.sign()
    runner.start()
    watched.wait_for(lambda: DeliveryState.CONFIRMED in watched.seen)
    runner.stop()


def test_trouble_with_the_disk_is_reported_and_tried_again(seat, watched, monkeypatch):
    real = Outbox.step
    failures = [Unavailable("Not saved", "disk full")]

    def step(outbox, moved):
        if failures:
            raise failures.pop()
        return real(outbox, moved)

    monkeypatch.setattr(Outbox, "step", step)
    seat.sign()
    runner = OutboxRunner(seat.outbox, watched.change, watched.error, longest_sleep=0.01)
    runner.start()
    watched.wait_for(lambda: DeliveryState.CONFIRMED in watched.seen)
    runner.stop()
    assert watched.errors == ["Not saved"]
