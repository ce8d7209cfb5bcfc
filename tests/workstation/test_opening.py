"""What a row of the worklist opens: images, a study of reports alone, or words on why nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from window_seat import WindowSeat

from workstation.errors import Refused
from workstation.jobs import LANES, Jobs, MainQueue


@pytest.fixture
def seat(tmp_path):
    seat = WindowSeat(tmp_path)
    seat.notices = []
    seat.session.notice.connect(lambda notice: seat.notices.append(notice.text))
    return seat


def test_a_study_of_reports_alone_opens(seat):
    item = seat.add_case(1, image_count=0)
    study = seat.studies["1.1"]
    report = replace(study.series[0], modality="SR", instances=())
    seat.studies["1.1"] = replace(study, series=(report,))
    seat.session.open(item)
    assert seat.session.case is not None
    assert [s.modality for s in seat.session.case.study.series] == ["SR"]
    assert seat.notices == []


def test_an_order_without_a_study_says_so(seat):
    seat.session.open(seat.add_case(1, study_instance_uid="", image_count=0))
    assert seat.session.case is None
    assert "No images yet" in seat.notices[-1]


def test_a_study_that_is_not_here_says_so(seat):
    def missing(uid: str):
        raise Refused("The study is not on this machine", hint="Import it, or wait until it has come")

    item = seat.add_case(1, image_count=0)
    seat.cache.study = missing
    seat.session.open(item)
    assert seat.session.case is None
    assert "not on this machine" in seat.notices[-1]


# ---- what other work is under way ---------------------------------------------------------


@pytest.fixture
def box():
    return MainQueue()


@pytest.fixture
def busy(tmp_path, box):
    """A seat with real threads, and what holds them up until the test ends."""
    seat = WindowSeat(tmp_path, Jobs(box.post))
    seat.hold = threading.Event()
    yield seat
    seat.hold.set()
    seat.jobs.close()


def comes(box: MainQueue, done: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        box.pump(0.01)
    return done()


def is_open(seat, item) -> bool:
    case = seat.session.case
    return case is not None and case.study.study_instance_uid == item.study_instance_uid


def test_a_case_never_waits_for_what_is_still_being_read_of_the_cases_before(busy, box):
    """F63: objects, reports and rankings of cases that were left may take as long as they like."""
    begun = []

    def slowly(study, cancelled):
        begun.append(study.study_instance_uid)
        busy.hold.wait(60)
        return ()

    busy.library.objects_of = busy.library.reports_of = slowly
    *left, last = [busy.add_case(number) for number in range(1, 6)]
    for count, item in enumerate(left, 1):
        busy.session.open(item)
        assert comes(box, lambda item=item: is_open(busy, item)), f"case {count} did not open"
        comes(box, lambda count=count: len(begun) >= count, 0.2)
    assert len(begun) >= 2
    busy.session.open(last)
    assert comes(box, lambda: is_open(busy, last))


@pytest.mark.parametrize("lane", LANES.keys() - {"opening"})
def test_a_case_opens_whatever_else_is_done_at_the_same_time(busy, box, lane):
    """An import, an export and a turning 3D loop take minutes; no lane but the cases' own has a case wait."""
    item = busy.add_case(1)
    for _ in range(LANES[lane]):
        busy.jobs.run(lane, lambda _: busy.hold.wait(60))
    busy.session.open(item)
    assert comes(box, lambda: is_open(busy, item))
