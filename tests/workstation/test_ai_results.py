"""Results of programs on their way to the worklist: each object of a series speaks, the newest alone, none is guessed."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from workstation.at_rest.vault import Vault
from workstation.cache.filling import Filling
from workstation.cache.index import StudyIndex
from workstation.cache.store import ObjectStore
from workstation.domain.ai_result import AI_RESULT, AiFlag, AiResult, Counted, result_from, results_in, together
from workstation.domain.order import ReadStatus
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, ParsedInstance, Series, Study
from workstation.worklist import join

CAD = "1.2.840.10008.5.1.4.1.1.88.50"
FOUND = AiResult("1.1", AiFlag.POSITIVE, 3, Counted.FINDINGS, "Invented CAD 2")
NONE = AiResult("1.2", AiFlag.NEGATIVE, source="Lung net")
ORGANS = AiResult("1.3", AiFlag.UNCLEAR, 12, Counted.SEGMENTS, "Organs")
UNREAD = AiResult("1.4", AiFlag.PRESENT, source="Other")


@pytest.mark.parametrize(
    ("results", "flag", "count"),
    [
        ((), AiFlag.NONE, 0),
        ((NONE,), AiFlag.NEGATIVE, 0),
        ((NONE, FOUND, ORGANS), AiFlag.POSITIVE, 3),
        ((FOUND, AiResult("1.5", AiFlag.POSITIVE, 2, Counted.FINDINGS)), AiFlag.POSITIVE, 5),
        ((NONE, ORGANS), AiFlag.UNCLEAR, 0),
        ((NONE, UNREAD), AiFlag.PRESENT, 0),
        ((UNREAD, ORGANS), AiFlag.UNCLEAR, 0),
    ],
)
def test_results_together_say_no_more_than_each_of_them(results, flag, count):
    assert together(results) == (flag, count)


def test_a_result_travels_as_one_line_and_what_is_none_is_left_out():
    for one in (FOUND, NONE, ORGANS, UNREAD, AiResult("2", AiFlag.NEGATIVE, replaces=("1.1", "1.2"))):
        assert result_from(one.as_text()) == one
    assert results_in(["", "nonsense", "1|positive|x|FINDINGS||a", "1|sure|1|FINDINGS||a", "1|positive|1|LIES||a"]) == ()
    assert results_in([AiResult("2", AiFlag.NEGATIVE, replaces=("1.1",)).as_text(), FOUND.as_text()])[0].uid == "2"


def parsed(*results: AiResult, uid: str = "1.2.3.9.1") -> tuple[ParsedInstance, Instance]:
    attributes = {"SOPClassUID": (CAD,)} | ({AI_RESULT: tuple(one.as_text() for one in results)} if results else {})
    instance = Instance(uid, CAD, "1.2", 1, 0, 0, 0, "", f"{uid:0<64}", 10)
    series = Series("1.2.3.9", "SR", attributes=attributes, instances=(instance,))
    return ParsedInstance(Study("1.2.3", Patient(PatientKey("P1"), "Test^One"), series=(series,))), instance


def test_each_object_of_a_series_speaks_whatever_came_first(tmp_path: Path):
    """The index takes a series' facts from one of its objects; results are taken from all, also when it is made again."""
    objects = [(*parsed(FOUND, uid="1.2.3.9.1"), "b"), (*parsed(NONE, uid="1.2.3.9.2"), "a"), (*parsed(uid="1.2.3.9.3"), "c")]
    wanted = {FOUND, NONE}
    store = ObjectStore(tmp_path / "objects", Vault.plain())
    for number, order in enumerate(permutations(objects)):
        index = StudyIndex(tmp_path / f"{number}.db", store)
        with index.changing():
            for one in order:
                index.insert(*one)
        (kept,) = index.studies()
        assert set(results_in(kept.series[0].attributes[AI_RESULT])) == wanted
        with index.changing():
            index.clear()
            filling = Filling(index)
            for one in order:
                filling.insert(*one)
            filling.finish()
        assert index.studies() == (kept,)
        index.close()
    store.close()


def row(*series: Series):
    study = Study("1", Patient(PatientKey("P1"), "Test^One"), "A1", series=series)
    (item,) = join([], [study], {"1": 4}, lambda *_: ReadStatus.UNREAD)
    return item


def test_a_row_says_what_the_results_of_its_series_say():
    item = row(
        Series("1.1", "MG"),
        Series("1.2", "SR", attributes={AI_RESULT: (FOUND.as_text(),)}),
        Series("1.3", "SEG", attributes={AI_RESULT: (ORGANS.as_text(),)}),
    )
    assert (item.ai, item.ai_count) == (AiFlag.POSITIVE, 3)
    assert results_in(item.ai_said) == (FOUND, ORGANS)


def test_a_result_in_another_series_replaces_the_older_one():
    later = AiResult("9", AiFlag.NEGATIVE, source="Invented CAD 3", replaces=(FOUND.uid,))
    one, other = ({AI_RESULT: (result.as_text(),)} for result in (FOUND, later))
    assert row(Series("1.2", "SR", attributes=one), Series("1.3", "SR", attributes=other)).ai is AiFlag.NEGATIVE


def test_a_cad_report_that_was_not_read_is_there_and_says_nothing():
    item = row(Series("1.2", "SR", attributes={"SOPClassUID": (CAD,), "Manufacturer": ("Invented",)}))
    assert (item.ai, item.ai_count) == (AiFlag.PRESENT, 0)
    assert results_in(item.ai_said)[0].source == "Invented"
    assert row(Series("1.2", "SR")).ai is AiFlag.NONE
