"""What an earlier version of the program read otherwise is read again: in portions, from where it was, nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.workstation.cache.conftest import PlainReader, write_dicom
from workstation.cache import index, rereading
from workstation.cache.cache import StudyCache
from workstation.domain.ai_result import AI_RESULT
from workstation.jobs import Cancel, Job
from workstation.session.rereading import Rereading
from workstation.signals import Signal

SAID = "1.2.3.5.1|present|2"


class Later(PlainReader):
    """A later version: it says what results state."""

    def _answer(self, path):
        path, outcome = super()._answer(path)
        if hasattr(outcome, "series") and outcome.series.modality == "SR":
            series = replace(outcome.series, attributes={**outcome.series.attributes, AI_RESULT: (SAID,)})
            outcome = replace(outcome, study=replace(outcome.study, series=(series,)))
        return path, outcome


@pytest.fixture
def kept(tmp_path, monkeypatch) -> Path:
    """A cache as an earlier version left it: an image series, and five results."""
    monkeypatch.setattr(rereading, "PORTION", 2)
    for number in range(1, 6):
        write_dicom(tmp_path / "in" / f"{number}.dcm", Modality="SR", SeriesInstanceUID=f"1.2.3.5.{number}",
                    SOPInstanceUID=f"1.2.3.5.{number}.1", Rows=None, Columns=None, PixelData=None)  # fmt: skip
    write_dicom(tmp_path / "in" / "ct.dcm")
    with monkeypatch.context() as earlier:
        earlier.setattr(index, "READER", 0)
        with StudyCache(tmp_path / "cache", PlainReader()) as cache:
            cache.add([tmp_path / "in"])
    return tmp_path / "cache"


def stated(cache: StudyCache) -> list[bool]:
    return [AI_RESULT in one.attributes for one in cache.study("1.2.3").series]


def test_results_are_read_again_in_portions_and_once(kept):
    reader = Later()
    with StudyCache(kept, reader) as cache:
        assert cache.read_again() == (0, 5)
        assert cache.read_on()
        assert cache.read_again() == (2, 5)
        assert sum(stated(cache)) == 2
    with StudyCache(kept, reader) as cache:  # another day: it goes on where it was
        while cache.read_on():
            pass
        assert cache.read_again() == (0, 0)
        assert sum(stated(cache)) == 5
        assert len(stated(cache)) == 6
        assert len(reader.parsed) == 5  # no image, and nothing twice
        found = cache.study("1.2.3")
    with StudyCache(kept, reader) as cache:
        assert not cache.read_on()
        assert len(reader.parsed) == 5
        assert cache.study("1.2.3") == found


def test_what_was_cancelled_counts_as_not_done_and_what_cannot_be_read_stops_nothing(kept):
    class Broken(Later):
        def _answer(self, path):
            path, outcome = super()._answer(path)
            return path, rereading_refused if outcome.instance.sop_instance_uid == "1.2.3.5.2.1" else outcome

    rereading_refused = index_refused()
    with StudyCache(kept, Broken()) as cache:
        assert cache.read_on(lambda: True)
        assert cache.read_again() == (0, 5)
        while cache.read_on():
            pass
        assert sum(stated(cache)) == 4
        assert len(cache.held_instances("1.2.3")) == 6  # and nothing is lost by it


def index_refused():
    from workstation.errors import Refused

    return Refused("The file is cut short")


def test_a_new_cache_and_one_made_again_have_nothing_to_read_again(kept, tmp_path):
    with StudyCache(tmp_path / "new", Later()) as cache:
        cache.add([tmp_path / "in"])
        assert cache.read_again() == (0, 0)
    with StudyCache(kept, Later()) as cache:
        cache.rebuild()
        assert cache.read_again() == (0, 0)
        assert sum(stated(cache)) == 5


# While nobody reads


class Lane:
    """Jobs that wait until the test lets them run."""

    def __init__(self) -> None:
        self.waiting = []

    def run(self, lane, work, done, failed):
        job = Job(lane)
        self.waiting.append((job, work, done, failed))
        return job

    def work(self):
        job, work, done, failed = self.waiting.pop(0)
        try:
            value = work(Cancel())
        except Exception as error:
            failed(error)
            return
        if not job.cancel():
            done(value)


class Desk:
    """What is asked of a session."""

    def __init__(self) -> None:
        self.case = None
        self.case_changed, self.worklist_changed = Signal(), Signal()
        self.refreshed, self.problems = 0, []

    def refresh_worklist(self):
        self.refreshed += 1

    def report_problem(self, error):
        self.problems.append(error)


class Portions:
    def __init__(self, count: int) -> None:
        self.done, self.count = 0, count

    def read_on(self, _cancelled):
        self.done += 1
        return self.done <= self.count

    def read_again(self):
        return (self.done, self.count) if self.done <= self.count else (0, 0)


def test_it_waits_while_a_case_is_open_and_can_be_stopped():
    desk, lane, cache = Desk(), Lane(), Portions(3)
    hand = Rereading(lane, cache, desk)
    told = []
    hand.changed.connect(told.append)
    assert not lane.waiting  # not before the worklist is there
    desk.worklist_changed.emit(())
    lane.work()
    assert told == [(1, 3)]
    desk.case = object()
    lane.work()
    assert not lane.waiting  # somebody reads
    desk.case = None
    desk.case_changed.emit(None)
    hand.toggle()
    lane.work()  # what ran is not counted
    assert (told[-1], hand.is_stopped, lane.waiting) == ((2, 3), True, [])
    cache.done = 2
    hand.toggle()
    while lane.waiting:
        lane.work()
    assert told[-1] == (0, 0)
    with pytest.raises(Exception, match="Nothing is read again"):
        hand.toggle()
    desk.worklist_changed.emit(())
    assert not lane.waiting


def test_what_stands_in_the_way_is_told_once():
    desk, lane, cache = Desk(), Lane(), Portions(3)
    Rereading(lane, cache, desk)
    cache.read_on = lambda _cancelled: 1 / 0
    desk.worklist_changed.emit(())
    lane.work()
    desk.worklist_changed.emit(())
    assert len(desk.problems) == 1
    assert not lane.waiting
