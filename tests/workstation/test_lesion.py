"""Sizes over time: change, doubling time and sums against values worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from workstation.domain.annotation import Annotation, AnnotationKind, Measured, MeasuredValue, Verdict
from workstation.domain.lesion import TimePoint, doubling_days, lesion_table
from workstation.domain.viewing import Plane
from workstation.session.measured_text import sum_words, told
from workstation.session.measured_words import measured_words

BEFORE, NOW, LATER = (
    TimePoint(uid, day) for uid, day in (("1", date(2025, 1, 1)), ("2", date(2026, 1, 1)), ("3", date(2026, 7, 2)))
)


def sized(lesion: str, study: str, *millimetres: float, unit: str = "mm", verdict: Verdict = Verdict.ACCEPTED) -> Annotation:
    names = ("Long axis", "Short axis") if len(millimetres) == 2 else ("Length",)
    kind = AnnotationKind.BIDIRECTIONAL if len(millimetres) == 2 else AnnotationKind.LENGTH
    values = tuple(MeasuredValue(name, value, unit) for name, value in zip(names, millimetres, strict=True))
    return Annotation(
        f"2.25.{lesion}{study}", kind, study, f"{study}.1", f"{study}.1.1", 1, Plane.STACK, measured=Measured(values),
        verdict=verdict, lesion=lesion, lesion_name=f"Lesion {lesion}",
    )  # fmt: skip


def test_a_diameter_that_doubles_in_a_year_doubles_its_volume_in_a_third_of_it() -> None:
    assert doubling_days(10.0, 20.0, 365, 3.0) == pytest.approx(365 / 3)
    assert doubling_days(100.0, 400.0, 365, 1.5) == pytest.approx(365 / 3)
    assert doubling_days(20.0, 10.0, 365, 3.0) == pytest.approx(-365 / 3)


@pytest.mark.parametrize(("before", "after", "days"), [(10.0, 10.0, 365), (10.0, 20.0, 0), (0.0, 20.0, 365), (10.0, 20.0, -5)])
def test_no_doubling_time_is_given_where_none_can_be_known(before: float, after: float, days: int) -> None:
    assert doubling_days(before, after, days, 3.0) is None


def test_change_is_since_the_study_before_and_sums_are_held_against_the_first_and_the_smallest() -> None:
    drawings = [
        sized("7", "1", 20.0, 12.0), sized("7", "2", 14.0, 10.0), sized("7", "3", 18.2, 11.0),
        sized("8", "1", 10.0), sized("8", "2", 6.0), sized("8", "3", 6.5),
    ]  # fmt: skip
    table = lesion_table([LATER, NOW, BEFORE], drawings)
    assert [t.study_uid for t in table.times] == ["1", "2", "3"]
    seven, eight = table.rows
    assert seven.cells[0].change is None
    assert seven.cells[1].change == pytest.approx(-0.3)
    assert seven.cells[2].change == pytest.approx(0.3)
    assert "two readings" in eight.cells[2].notes[0]
    assert [s.millimetres for s in table.sums] == [30.0, 20.0, pytest.approx(24.7)]
    assert table.sums[2].since_first == pytest.approx(24.7 / 30 - 1)
    assert table.sums[2].since_smallest == pytest.approx(0.235)
    assert table.sums[2].more_than_smallest_mm == pytest.approx(4.7)


def test_what_is_only_proposed_counts_neither_as_a_reference_nor_in_the_sum() -> None:
    drawings = [sized("7", "1", 20.0), sized("7", "2", 30.0, verdict=Verdict.OPEN), sized("7", "3", 22.0)]
    table = lesion_table([BEFORE, NOW, LATER], drawings)
    assert table.rows[0].cells[1].is_proposed
    assert table.rows[0].cells[2].change == pytest.approx(0.1)
    assert table.sums == ()
    said = told(drawings[-1], measured_words("en"), history=(table.rows[0], table.times))
    assert said.words == "22 mm, before 20 mm (2025-01-01), +10 %, volume doubling time 1326 days"
    assert said.name == "Lesion 7"


def test_lengths_in_other_units_or_of_another_kind_are_not_compared() -> None:
    table = lesion_table([BEFORE, NOW], [sized("7", "1", 20.0), sized("7", "2", 22.0, unit="mm at detector")])
    assert table.rows[0].cells[1].change is None
    assert "not compared" in table.rows[0].cells[1].notes[0]
    assert table.sums == ()


def test_a_rejected_drawing_and_one_of_no_lesion_are_not_in_the_table() -> None:
    assert lesion_table([BEFORE], [sized("7", "1", 20.0, verdict=Verdict.REJECTED), sized("", "1", 9.0)]).rows == ()


def test_an_unknown_date_gives_change_without_a_doubling_time() -> None:
    table = lesion_table([TimePoint("1", None), NOW], [sized("7", "1", 20.0), sized("7", "2", 30.0)])
    later = table.rows[0].cells[1]
    assert [t.study_uid for t in table.times] == ["2", "1"]
    assert later.change == pytest.approx(20 / 30 - 1)
    assert later.doubling_days is None


def test_the_report_says_the_sum_of_several_lesions() -> None:
    drawings = [sized("7", "1", 20.0), sized("7", "2", 10.0), sized("8", "1", 12.0), sized("8", "2", 14.0)]
    assert sum_words(lesion_table([BEFORE, NOW], drawings), measured_words("en")) == (
        "Sum of 2 long axes 24 mm, −25 % since the first examination, 0 % since the smallest sum."
    )
