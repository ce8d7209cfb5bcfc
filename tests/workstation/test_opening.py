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


# ---- mistakes of ours ---------------------------------------------------------------------


def hung(seat) -> list[str]:
    return [cell.state.series_uid for cell in seat.session.viewing.cells if cell.state is not None]


def test_a_mistake_while_a_case_opens_is_told_in_words_and_what_was_open_stays_whole(seat):
    first, second, told = seat.add_case(1), seat.add_case(2), []
    seat.session.notice.connect(told.append)
    seat.session.open(first)
    del seat.studies["1.2"]  # the seat's cache then raises KeyError, which no reader can do anything about
    seat.session.open(second)
    assert seat.session.case.item == first
    assert hung(seat) == ["1.1.1"]
    (said,) = seat.notices
    assert said.startswith("The case could not be opened. Something unexpected went wrong (KeyError). What is on screen is what")
    assert said.endswith("Open it again; restart if that fails")
    assert told[-1].of_case, "it goes when the next case is open"


def test_a_case_that_no_protocol_can_hang_shows_every_series_in_order_and_says_why(seat, monkeypatch):
    item = seat.add_case(1, series=14, prior=True)

    def fail(*_, **__):
        raise RuntimeError("text that may be from outside")

    monkeypatch.setattr(seat.hanger, "hang", fail)
    seat.session.open(item)
    assert hung(seat) == [f"1.1.{n}" for n in range(1, 13)]
    assert [seat.session.viewing.cells[n].label for n in (0, 11)] == ["CT", "CT"]
    assert seat.notices == ["The hanging protocols failed (RuntimeError), so every series is laid out in order"]
    seat.session.hang_stage(1)
    assert hung(seat) == ["1.1.13", "1.1.14"]
    assert seat.session.desk.report.study_instance_uid == "1.1"


def test_what_was_said_of_priors_may_fail_without_the_images(seat, monkeypatch):
    monkeypatch.setattr(seat.session.hangings, "screens", lambda: 1 // 0)
    seat.session.open(seat.add_case(1, series=2))
    assert hung(seat) == ["1.1.1", "1.1.2"]
    assert "ZeroDivisionError" in seat.notices[-1]


def test_a_prior_that_made_room_meanwhile_keeps_nobody_from_the_case(seat):
    """F14: the cache lets go of what was used longest ago, in another thread."""
    item, study = seat.add_case(1, prior=True), seat.cache.study
    gone = replace(seat.studies["2.1"], study_instance_uid="2.9")
    seat.priors["1.1"] = (gone, *seat.priors["1.1"])

    def ask(uid: str):
        if uid == "2.9":
            raise Refused("The study is not on this machine", hint="Import it, or wait until it has come")
        return study(uid)

    seat.cache.study = ask
    seat.session.open(item)
    assert [prior.study_instance_uid for prior in seat.session.case.priors] == ["2.1"]
    assert seat.notices == []


def test_a_case_is_never_half_open(seat, monkeypatch):
    """Images of one case beside the report of another would be worse than none."""
    seat.session.open(seat.add_case(1))

    def fail(*_):
        raise ImportError("numpy")

    monkeypatch.setattr(seat.library, "open_case", fail)
    with pytest.raises(ImportError):  # for the crash file
        seat.session.open(seat.add_case(2))
    assert seat.session.case is None
    assert seat.session.desk.report is None
    assert hung(seat) == []
    assert seat.notices[-1].startswith("The case could not be opened")


def test_a_mistake_of_who_listens_keeps_nobody_from_images_and_report(seat):
    def fail(_):
        raise RuntimeError("a panel")

    seat.session.case_changed.connect(fail)
    with pytest.raises(RuntimeError):  # for the crash file
        seat.session.open(seat.add_case(1, series=2))
    assert hung(seat) == ["1.1.1", "1.1.2"]
    assert seat.session.desk.report.study_instance_uid == "1.1"


def test_nobody_hears_that_a_case_failed_that_nobody_waits_for_any_more(seat):
    item = seat.add_case(1)
    seat.jobs.held.add("opening")
    seat.session.open(item)
    seat.session.close_case()
    del seat.studies["1.1"]
    seat.jobs.release()
    assert seat.notices == []


def test_a_case_that_was_opened_by_hand_is_not_left_for_a_late_answer_to_next(seat):
    """The worklist may take a while to find the next one; the later wish counts."""
    seat.add_case(1)
    by_hand = seat.add_case(2)
    seat.jobs.held.add("worklist")
    seat.session.next_unread()
    seat.session.open(by_hand)
    while seat.jobs.waiting:
        seat.jobs.release()
    assert seat.session.case.item == by_hand
    seat.jobs.held.clear()
    seat.session.next_unread()
    assert seat.session.case.item.study_instance_uid == "1.1"


def test_a_case_begins_without_the_prior_that_the_reader_stepped_to_in_the_case_before(seat):
    item = seat.add_case(1, prior=True)
    earlier = replace(seat.studies["2.1"], study_instance_uid="3.1")
    seat.studies["3.1"] = earlier
    seat.priors["1.1"] = (*seat.priors["1.1"], earlier)
    seat.session.open(item)
    as_hung = [cell.state.study_uid for cell in seat.session.viewing.cells]
    seat.session.hangings.first_prior = "3.1"
    seat.session.hangings.again()
    assert [cell.state.study_uid for cell in seat.session.viewing.cells] != as_hung
    seat.session.open(item)
    assert [cell.state.study_uid for cell in seat.session.viewing.cells] == as_hung
