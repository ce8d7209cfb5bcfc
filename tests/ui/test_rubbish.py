"""Garbage is collected on the main thread only: Qt's objects in a cycle never die on a job's."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from ui.rubbish import Rubbish, give_back

pytestmark = pytest.mark.qt
ENOUGH = 20_000


class Ring:
    """Refers to itself; says on which thread it died."""

    died: list[threading.Thread]

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        Ring.died.append(threading.current_thread())


@pytest.fixture
def rubbish(qapp) -> Iterator[Rubbish]:
    Ring.died = []
    gc.collect()
    made = Rubbish()
    yield made
    made.close()
    gc.unfreeze()
    gc.collect()


@pytest.fixture
def watched(rubbish: Rubbish, qtbot) -> QWidget:
    """A window whose keys and mouse count as hands at work."""
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    rubbish.watch(window)
    return window


@pytest.fixture
def now(monkeypatch) -> list[float]:
    """The clock, in seconds, set by hand."""
    clock = [1000.0]
    monkeypatch.setattr("ui.rubbish.time.monotonic", lambda: clock[0])
    return clock


def litter() -> None:
    """So much that Python's own collector would run many times."""
    for _ in range(ENOUGH):
        Ring()


def test_a_job_that_litters_collects_nothing_and_the_main_thread_does(rubbish: Rubbish, qtbot) -> None:
    worker = threading.Thread(target=litter)
    worker.start()
    worker.join()
    assert Ring.died == []
    qtbot.waitUntil(lambda: len(Ring.died) == ENOUGH)
    assert set(Ring.died) == {threading.main_thread()}


def test_what_was_there_when_it_settled_is_not_looked_at_again(rubbish: Rubbish) -> None:
    rubbish.settle()
    assert gc.get_freeze_count() > 0


def test_rubbish_of_the_start_that_was_set_aside_goes_when_it_settles(rubbish: Rubbish) -> None:
    Ring()
    gc.freeze()
    gc.collect()
    assert Ring.died == []
    rubbish.settle()
    assert len(Ring.died) == 1


def test_full_collections_wait_for_resting_hands_but_not_for_ever(rubbish: Rubbish, watched, now, monkeypatch) -> None:
    asked: list[int] = []
    counts = (0, 0, 20)
    monkeypatch.setattr("ui.rubbish.gc.get_count", lambda: counts)
    monkeypatch.setattr("ui.rubbish.gc.collect", lambda generation=2: asked.append(generation))
    QTest.keyClick(watched.windowHandle(), Qt.Key.Key_A)
    rubbish.collect()
    assert asked == []
    counts = (0, 0, 61)
    rubbish.collect()
    assert asked == [2]
    counts = (0, 0, 20)
    now[0] += 2
    rubbish.collect()
    assert asked == [2, 2]


def test_memory_goes_back_to_the_system_once_in_each_long_rest(rubbish: Rubbish, watched, now, monkeypatch) -> None:
    given: list[int] = []
    monkeypatch.setattr("ui.rubbish.give_back", lambda: given.append(1))
    for wanted in (1, 2):
        QTest.keyClick(watched.windowHandle(), Qt.Key.Key_A)
        for seconds in (1, 8, 2, 600):
            rubbish.collect()
            assert len(given) == wanted - 1 + (seconds == 600)
            now[0] += seconds
        rubbish.collect()
        assert len(given) == wanted


def test_freed_memory_in_the_middle_of_the_heap_leaves_the_process() -> None:
    page, count = 4096, 20_000
    kept = [bytes(page) for _ in range(count)]
    before = resident()
    kept = kept[::8]
    give_back()
    assert len(kept) == count // 8
    assert resident() < before - page * count // 4


def resident() -> int:
    """Bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_other_events_of_the_window_are_no_hands(rubbish: Rubbish, qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    before = rubbish._last
    assert rubbish.eventFilter(window, QEvent(QEvent.Type.UpdateRequest)) is False
    assert rubbish._last == before


def test_afterwards_python_collects_by_itself_again(qapp) -> None:
    was = gc.isenabled()
    made = Rubbish()
    assert not gc.isenabled()
    made.close()
    assert gc.isenabled() is was
