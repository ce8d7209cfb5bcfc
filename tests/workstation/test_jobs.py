"""Work goes out in lanes and comes back on the main thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from workstation.jobs import DATABASE, IMAGES, LANES, Job, Jobs, MainQueue
from workstation.signals import Owners, Signal


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


# ---- what is under way -------------------------------------------------------------------


def test_a_lane_is_busy_from_the_asking_until_the_answer_was_told(jobs, box):
    """Who gives way to pictures (`rendering.library`) gives way until they are painted, not until they are made."""
    go, told = threading.Event(), []
    for lane in LANES:
        assert not jobs.is_busy(lane)
    running = jobs.run(DATABASE, lambda _: go.wait(60), lambda _: told.append(jobs.is_busy(DATABASE)))
    waiting = jobs.run(DATABASE, lambda _: None, told.append)
    assert jobs.is_busy(DATABASE)
    assert not jobs.is_busy(IMAGES)
    go.set()
    letters = [box._letters.get(timeout=60), box._letters.get(timeout=60)]  # both are done, neither is told
    assert not running.finished.is_set()
    assert not waiting.finished.is_set()
    assert jobs.is_busy(DATABASE)
    letters[0]()
    assert jobs.is_busy(DATABASE)
    letters[1]()
    assert not jobs.is_busy(DATABASE)
    assert told == [True, None]


def test_a_lane_is_free_again_after_an_error_and_after_work_that_nobody_wants_any_more(jobs, box):
    def fail(_):
        raise ValueError("no")

    go = threading.Event()
    jobs.run(DATABASE, lambda _: go.wait(60))
    jobs.run(DATABASE, fail, failed=lambda _: None)
    jobs.run(DATABASE, lambda _: None).cancel.set()
    assert jobs.is_busy(DATABASE)
    go.set()
    assert jobs.wait_idle(box.pump, 60)
    assert not jobs.is_busy(DATABASE)


def test_work_that_another_thread_brings_while_the_program_closes_is_left_undone_without_an_error(box):
    """What arrives is decoded by the thread that takes it in: it may ask at any moment."""
    jobs, asked, closed, answers = Jobs(box.post), threading.Event(), threading.Event(), []
    submit = jobs._pools[IMAGES].submit

    def late(*arguments):
        asked.set()
        closed.wait(0.3)  # longer than closing takes where it waits for nobody
        return submit(*arguments)

    jobs._pools[IMAGES].submit = late

    def bring() -> None:
        try:
            answers.append(jobs.run(IMAGES, lambda _: None))
        except RuntimeError as error:
            answers.append(error)

    thread = threading.Thread(target=bring)
    thread.start()
    assert asked.wait(60)
    jobs.close()
    closed.set()
    thread.join(60)
    (job,) = answers
    assert isinstance(job, Job)
    assert job.cancel()


def test_what_never_began_is_finished_when_the_program_has_closed(box):
    jobs, go = Jobs(box.post), threading.Event()
    begun = threading.Event()

    def hold(cancel):
        begun.set()
        while not cancel():
            go.wait(0.01)

    jobs.run(DATABASE, hold)
    never = jobs.run(DATABASE, lambda _: None)
    assert begun.wait(60)
    jobs.close()
    assert never.finished.is_set()
    assert not jobs.is_busy(DATABASE)


# ---- signals ------------------------------------------------------------------------------


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


def test_a_listener_that_raises_keeps_no_other_from_hearing():
    signal: Signal[int] = Signal()
    last = Listener()

    def fail(_):
        raise ValueError("invented")

    signal.connect(fail)
    signal.connect(last.hear)
    with pytest.raises(ValueError, match="invented"):
        signal.emit(7)
    assert last.heard == [7]


def test_a_listener_whose_window_is_deleted_hears_nothing_though_python_holds_it(monkeypatch):
    """A dialog that was closed may live on in a circle of references: it kept every further case from opening."""
    signal: Signal[int] = Signal()
    deleted, here = Listener(), Listener()
    monkeypatch.setattr(Owners, "are_there", staticmethod(lambda owner: owner is not deleted))
    for listener in (deleted.hear, here.hear, here.heard.append):
        signal.connect(listener)
    signal.emit(7)
    assert deleted.heard == []
    assert here.heard == [7, 7]


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
