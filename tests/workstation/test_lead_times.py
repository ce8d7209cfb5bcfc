"""Lead times counted: medians by modality, what waits longest, clocks that disagree, an export that names nobody."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from seat import PATIENT

from workstation.domain.lead_time import WAITS, ExamTimes, LeadEvent, LeadStamp, Measure, StampSource, lead_time_table
from workstation.domain.study import Series, Study
from workstation.lead_times import csv_of, problem_of_skew, span_words, steps_of_study

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY, NOON = NINE - timedelta(hours=9), NINE + timedelta(hours=3)
E = LeadEvent


def exam(name: str, modality: str = "CT", skew: float | None = None, **minutes: int) -> ExamTimes:
    """Steps in minutes after nine: `exam_end=-30`."""
    stamps = {}
    for step, minute in minutes.items():
        event = LeadEvent(step.replace("_", " "))
        source = StampSource.RIS if event in (E.ORDERED, E.EXAM_END) else StampSource.US
        stamps[event] = LeadStamp(event, NINE + timedelta(minutes=minute), source, 60, "Dr Plantedname", skew)
    return ExamTimes(name, f"1.2.{name}", modality, stamps)


def measure(table, modality: str, title: str) -> Measure:
    times = next(one for one in table.modalities if one.modality == modality)
    return times.measures[[wait.title for wait in WAITS].index(title)]


def test_the_median_and_the_longest_of_each_wait_by_modality() -> None:
    exams = [
        exam("1", exam_end=0, opened=10, signed=20),
        exam("2", exam_end=0, opened=30, signed=90),
        exam("3", exam_end=0, opened=40, signed=45),
        exam("4", "MR", exam_end=0, opened=5),
    ]
    table = lead_time_table(exams, TODAY, NOON)
    assert [one.modality for one in table.modalities] == ["CT", "MR"]
    assert measure(table, "CT", "Exam end to opened") == Measure(3, timedelta(minutes=30), timedelta(minutes=40))
    assert measure(table, "CT", "Exam end to signed") == Measure(3, timedelta(minutes=45), timedelta(minutes=90))
    assert measure(table, "MR", "Exam end to signed") == Measure()
    assert table.everything.measures[1].count == 4


def test_a_wait_counts_on_the_day_it_ended() -> None:
    night = exam("1", exam_end=-24 * 60, opened=-20 * 60, signed=10)
    table = lead_time_table([night], TODAY, NOON)
    assert measure(table, "CT", "Exam end to opened") == Measure()
    assert measure(table, "CT", "Exam end to signed").count == 1


def test_an_unknown_step_counts_nowhere_and_is_not_made_up() -> None:
    table = lead_time_table([exam("1", opened=0, signed=30)], TODAY, NOON)
    assert [one.count for one in table.everything.measures] == [0, 0, 0, 1, 0, 0]
    assert table.longest[0].since is E.OPENED


def test_what_waits_for_a_signature_stands_among_what_waited_longest() -> None:
    exams = [exam("1", exam_end=0, signed=100), exam("2", exam_end=0, opened=5), exam("3", ordered=-600)]
    table = lead_time_table(exams, TODAY, NOON)
    assert [(one.exam.exam, one.is_open, one.wait) for one in table.longest] == [
        ("2", True, timedelta(hours=3)),
        ("1", False, timedelta(minutes=100)),
    ]


def test_f43_two_clocks_that_disagree_are_told_and_nothing_is_mended() -> None:
    table = lead_time_table([exam("1", exam_end=20, opened=10, signed=15), exam("2", exam_end=0, opened=10)], TODAY, NOON)
    assert measure(table, "CT", "Exam end to opened") == Measure(1, timedelta(minutes=10), timedelta(minutes=10), backwards=1)
    assert table.backwards == 2
    problem = problem_of_skew(table)
    assert problem is not None
    assert "2 waits end before they begin" in problem.title


@pytest.mark.parametrize(("skew", "words"), [(95.0, "2 min ahead of"), (-600.0, "10 min behind"), (30.0, ""), (None, "")])
def test_f43_a_clock_that_was_off_when_it_was_told_is_said(skew: float | None, words: str) -> None:
    problem = problem_of_skew(lead_time_table([exam("1", skew=skew, exam_end=0, opened=10)], TODAY, NOON))
    assert (problem is not None) is bool(words)
    assert words in str(problem)


def test_the_export_names_no_patient_no_number_and_no_reader() -> None:
    exams = [exam("ACC-4711", exam_end=0, opened=10, signed=30), exam("ACC-4712", "=cmd|' /C calc'!A0", ordered=0)]
    text = csv_of(exams)
    assert "471" not in text
    assert "Plantedname" not in text
    assert "1.2." not in text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["exam"] for row in rows] == ["1", "2"]
    assert rows[0]["exam end"] == "2026-11-23T10:00:00+01:00", "the instant, in the zone that it was stamped in"
    assert (rows[0]["exam end by"], rows[0]["opened by"], rows[0]["ordered"]) == ("RIS", "us", "")
    assert rows[0]["Exam end to signed (min)"] == "30.0"
    assert rows[1]["modality"].startswith("'="), "a spreadsheet takes it for text"


def study(**attributes: str) -> Study:
    named = {
        "date": "PerformedProcedureStepEndDate",
        "time": "PerformedProcedureStepEndTime",
        "zone": "TimezoneOffsetFromUTC",
    }
    held = {named[name]: (value,) for name, value in attributes.items()}
    return Study("1.2.3", PATIENT, "ACC-1", series=(Series("1.2.3.4", "CT", attributes=held),))


def test_images_tell_when_the_examination_ended_if_they_tell_the_zone_too() -> None:
    (told,) = steps_of_study(study(date="20261123", time="101530.25", zone="+0100"))
    assert told.at == datetime(2026, 11, 23, 10, 15, 30, tzinfo=timezone(timedelta(hours=1)))
    assert (told.exam, told.event, told.source) == ("ACC-1", E.EXAM_END, StampSource.ARCHIVE)
    for unknown in (
        study(date="20261123", time="101530"),
        study(date="20261123", zone="+0100"),
        study(date="20261123", time="101530", zone="CET"),
        study(date="2026", time="101530", zone="+0100"),
        study(),
    ):
        assert list(steps_of_study(unknown)) == []


def test_days_and_weeks_begin_at_midnight_of_this_computers_zone() -> None:
    """Also in the week in which the clocks are changed: its Monday lies in the other time."""
    script = (
        "from datetime import UTC, datetime\n"
        "from workstation.lead_times import Period, begin_of\n"
        "sunday = datetime(2026, 3, 29, 21, 30, tzinfo=UTC)\n"
        "print([begin_of(period, sunday).isoformat() for period in Period])\n"
    )
    env = {**os.environ, "TZ": "Europe/Oslo"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == str(["2026-03-29T00:00:00+01:00", "2026-03-23T00:00:00+01:00", "2026-02-27T00:00:00+01:00"])


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.5, "30 s"), (12, "12 min"), (65, "1 h 05 min"), (47 * 60, "47 h 00 min"), (75 * 60, "3 d 3 h")]
)
def test_a_span_in_words(minutes: float, words: str) -> None:
    assert span_words(timedelta(minutes=minutes)) == words
    assert span_words(None) == "–"
