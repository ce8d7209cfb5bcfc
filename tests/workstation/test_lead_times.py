"""Lead times counted: medians by modality, what waits longest, clocks that disagree, an export that names nobody."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from seat import PATIENT, order_for

from workstation.domain.lead_time import (
    WAITS,
    ExamTimes,
    Grouping,
    LeadEvent,
    LeadStamp,
    Measure,
    StampSource,
    lead_time_table,
)
from workstation.domain.order import Priority
from workstation.domain.study import Series, Study
from workstation.lead_times import csv_of, exams_between, problem_of_skew, span_words, steps_of_study
from workstation.reporting.lead_times import Told
from workstation.reporting.store import ReportStore
from workstation.worklist_store import OrderStore

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
    assert measure(table, "CT", "Exam end to opened") == Measure(
        3, timedelta(minutes=30), timedelta(minutes=40), ninth=timedelta(minutes=40)
    )
    assert measure(table, "CT", "Exam end to signed") == Measure(
        3, timedelta(minutes=45), timedelta(minutes=90), ninth=timedelta(minutes=90)
    )
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
    assert measure(table, "CT", "Exam end to opened") == Measure(1, *[timedelta(minutes=10)] * 2, 1, timedelta(minutes=10))
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
    assert [row["priority"] for row in rows] == ["", ""]
    assert [row["priority"] for row in csv.DictReader(io.StringIO(csv_of([replace(exams[0], priority="stat")])))] == ["stat"]


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
    """Also in the week in which the clocks are changed: its Monday lies in the other time, its Sunday has 23 hours."""
    script = (
        "from datetime import UTC, date, datetime\n"
        "from workstation.lead_times import Period, begin_of, chosen_days\n"
        "sunday = datetime(2026, 3, 29, 21, 30, tzinfo=UTC)\n"
        "print([begin_of(period, sunday).isoformat() for period in list(Period)[:3]])\n"
        "later = datetime(2026, 4, 5, tzinfo=UTC)\n"
        "for first, last in ((28, 29), (29, 28)):\n"
        "    print([at.isoformat() for at in chosen_days(date(2026, 3, first), date(2026, 3, last), later)])\n"
        "print(chosen_days(date(2026, 3, 29), date(2026, 4, 2), sunday)[1] == sunday)\n"
    )
    env = {**os.environ, "TZ": "Europe/Oslo"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True)
    days = str(["2026-03-28T00:00:00+01:00", "2026-03-30T00:00:00+02:00"])
    begins = str(["2026-03-29T00:00:00+01:00", "2026-03-23T00:00:00+01:00", "2026-02-27T00:00:00+01:00"])
    assert done.stdout.splitlines() == [begins, days, days, "True"]


def test_nine_of_ten_did_not_wait_longer_and_that_wait_was_one_of_them() -> None:
    table = lead_time_table([exam(str(n), exam_end=0, signed=n * n) for n in range(1, 12)], TODAY, NOON)
    found = measure(table, "CT", "Exam end to signed")
    assert (found.ninth, found.median) == (timedelta(minutes=100), timedelta(minutes=36))
    ten = lead_time_table([exam(str(n), exam_end=0, signed=n) for n in range(1, 11)], TODAY, NOON)
    assert measure(ten, "CT", "Exam end to signed").ninth == timedelta(minutes=9)


def test_it_is_counted_by_priority_the_most_urgent_first_and_the_unknown_last() -> None:
    told = (("1", "CT", "routine"), ("2", "MR", "stat"), ("3", "CT", ""), ("4", "CT", "stat"), ("5", "", "asap"))
    exams = [replace(exam(name, modality, exam_end=0, signed=9), priority=priority) for name, modality, priority in told]

    def groups(by: Grouping) -> list[tuple[str, str, int]]:
        return [(one.modality, one.priority, one.exams) for one in lead_time_table(exams, TODAY, NOON, by=by).modalities]

    assert groups(Grouping.PRIORITY) == [("", "stat", 2), ("", "asap", 1), ("", "routine", 1), ("", "", 1)]
    assert groups(Grouping.MODALITY) == [("CT", "", 3), ("MR", "", 1), ("", "", 1)]
    both = [("CT", "stat", 1), ("CT", "routine", 1), ("CT", "", 1), ("MR", "stat", 1), ("", "asap", 1)]
    assert groups(Grouping.BOTH) == both


def test_an_examination_has_the_priority_that_its_order_was_last_given(tmp_path: Path) -> None:
    orders, reports = OrderStore(tmp_path / "orders.db"), ReportStore(tmp_path / "reports.db", clock=lambda: NINE)
    told = [Told(name, E.EXAM_END, NINE, StampSource.RIS, uid) for name, uid in (("ACC-1", "1.1"), ("1.2", "1.2"), ("ACC-3", ""))]
    reports.lead_times.told(told)
    orders.replace([order_for("ACC-1", "1.1", number="1")])
    orders.replace([replace(order_for("ACC-1", "1.1", number="1"), priority=Priority.STAT)])
    orders.put(replace(order_for("", "1.2", number="2"), priority=Priority.ASAP), was_sent=True)
    found = exams_between(reports, TODAY, NOON, orders)
    assert {one.exam: one.priority for one in found} == {"ACC-1": "stat", "1.2": "asap", "ACC-3": ""}
    assert exams_between(reports, NOON, NOON + timedelta(hours=1), orders)[0].at(E.SIGNED) is None
    assert exams_between(reports, TODAY - timedelta(days=9), TODAY, orders) == []
    for store in (orders, reports):
        store.close()


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.5, "30 s"), (12, "12 min"), (65, "1 h 05 min"), (47 * 60, "47 h 00 min"), (75 * 60, "3 d 3 h")]
)
def test_a_span_in_words(minutes: float, words: str) -> None:
    assert span_words(timedelta(minutes=minutes)) == words
    assert span_words(None) == "–"
