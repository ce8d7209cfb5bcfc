"""The threads that draw 3D: one for each, and the garbage collector may bring them work in the middle of any call."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from rendering.letter_thread import LetterThread
from rendering.volume_gl import Graphics
from rendering.volume_stage import Lane

SECONDS = 60.0
NO_WINDOW = Graphics("", "", 0, 0)


class Stage:
    def __init__(self) -> None:
        self.removed = threading.Event()

    def remove(self, body: Any) -> None:
        self.removed.set()


def test_a_body_goes_though_the_collector_finds_it_in_the_middle_of_a_submit(monkeypatch: pytest.MonkeyPatch) -> None:
    """An executor's `submit` makes objects under a lock of all executors: the window stood still for good."""
    lane, stage = Lane("tried"), Stage()
    lane._stages[NO_WINDOW] = stage  # type: ignore[assignment]
    lane.run(lambda: None)

    class FoundRubbish(Future[Any]):
        def __init__(self) -> None:
            super().__init__()
            lane.remove(NO_WINDOW, None)  # type: ignore[arg-type]

    monkeypatch.setattr("concurrent.futures._base.Future", FoundRubbish)
    beside = threading.Thread(target=lambda: ThreadPoolExecutor(1).submit(int), daemon=True)
    beside.start()
    beside.join(SECONDS)
    assert not beside.is_alive()
    assert stage.removed.wait(SECONDS)


def test_what_is_brought_from_several_threads_is_done_by_one_in_order() -> None:
    thread, both = LetterThread("tried"), threading.Barrier(2)
    doers = list[int]()

    def bring() -> None:
        both.wait(SECONDS)
        doers.append(thread.submit(threading.get_ident).result(SECONDS))

    bringers = [threading.Thread(target=bring) for _ in range(2)]
    for bringer in bringers:
        bringer.start()
    for bringer in bringers:
        bringer.join(SECONDS)
    done = list[int]()
    for number in range(100):
        thread.leave(lambda number=number: done.append(number))  # type: ignore[misc]  # mypy infers no lambda with a default
    assert thread.submit(lambda: len(done)).result(SECONDS) == 100
    assert done == sorted(done)
    assert len(doers) == 2
    assert len(set(doers)) == 1


def test_an_error_reaches_who_waits_and_the_thread_goes_on() -> None:
    thread = LetterThread("tried")
    failed = thread.submit(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        failed.result(SECONDS)
    thread.leave(lambda: 1 // 0)
    assert thread.submit(lambda: "on").result(SECONDS) == "on"


def test_work_that_was_taken_back_before_its_turn_is_not_done() -> None:
    thread, go, done = LetterThread("tried"), threading.Event(), list[str]()
    thread.submit(lambda: go.wait(SECONDS))
    unwanted = thread.submit(lambda: done.append("unwanted"))
    assert unwanted.cancel()
    go.set()
    assert thread.submit(lambda: done).result(SECONDS) == []
