"""Work goes out in lanes and comes back on the main thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from workstation.jobs import DATABASE, IMAGES, Jobs, MainQueue
from workstation.signals import Signal


@pytest.fixture
def box() -> MainQueue:
    return MainQueue()


@pytest.fixture
def jobs(box: MainQueue) -> Iterator[Jobs]:
    jobs = Jobs(box.post)
    yield jobs
    jobs.close()


def test_the_answer_arrives_on_the_main_thread(jobs, box):
    seen = []
    jobs.run(IMAGES, lambda _: threading.current_thread(), lambda worker: seen.append((worker, threading.current_thread())))
    assert jobs.wait_idle(box.pump, 5)
    [(worker, receiver)] = seen
    assert worker is not threading.main_thread()
    assert receiver is threading.main_thread()


def test_an_error_goes_to_failed_and_not_to_done(jobs, box):
    done, failed = [], []

    def work(_):
        raise ValueError("no")

    jobs.run(IMAGES, work, done.append, failed.append)
    assert jobs.wait_idle(box.pump, 5)
    assert done == []
    assert [str(e) for e in failed] == ["no"]


def test_a_slot_keeps_only_the_latest_request(jobs, box):
    gate, answers = threading.Event(), []
    jobs.run(DATABASE, lambda _: gate.wait(5))
    for number in range(20):
        jobs.run(DATABASE, lambda _, n=number: n, answers.append, slot="scroll")
    gate.set()
    assert jobs.wait_idle(box.pump, 5)
    assert answers == [19]


def test_work_under_way_sees_that_a_newer_request_came(jobs, box):
    started, answers = threading.Event(), []

    def slow(cancel):
        started.set()
        while not cancel():
            pass
        return "old"

    jobs.run(IMAGES, slow, answers.append, slot="picture")
    assert started.wait(5)
    jobs.run(IMAGES, lambda _: "new", answers.append, slot="picture")
    assert jobs.wait_idle(box.pump, 5)
    assert answers == ["new"]


def test_one_lane_with_one_worker_keeps_the_order(jobs, box):
    order = []
    for number in range(50):
        jobs.run(DATABASE, lambda _, n=number: order.append(n))
    assert jobs.wait_idle(box.pump, 5)
    assert order == list(range(50))


def test_after_closing_nothing_is_started_any_more(box):
    jobs = Jobs(box.post)
    jobs.close()
    started = []
    job = jobs.run(IMAGES, started.append)
    assert job.finished.is_set()
    assert not box.pump()
    assert started == []


class Listener:
    def __init__(self):
        self.heard = []

    def hear(self, value):
        self.heard.append(value)


def test_a_listener_that_is_gone_hears_nothing_and_keeps_nobody_alive():
    signal: Signal[int] = Signal()
    gone, here = Listener(), Listener()
    signal.connect(gone.hear)
    signal.connect(here.hear)
    del gone
    signal.emit(7)
    assert here.heard == [7]


def test_a_disconnected_listener_hears_nothing_more():
    signal: Signal[int] = Signal()
    listener = Listener()
    signal.connect(listener.hear)
    signal.emit(1)
    signal.disconnect(listener.hear)
    signal.emit(2)
    assert listener.heard == [1]


def test_signals_refuse_to_be_emitted_off_the_main_thread():
    signal: Signal[int] = Signal()
    caught = []

    def elsewhere():
        try:
            signal.emit(1)
        except AssertionError as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert caught
