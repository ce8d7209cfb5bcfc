"""Structured reports in a viewport: plain text, whose it is checked, gone with the case (F63)."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from window_seat import hold_pictures

from rendering.objects.facts import ObjectFacts, ObjectKind, Report, ReportLine
from rendering.objects.references import Code
from ui.empty_words import empty_words
from ui.text_page import is_report, report_text
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study
from workstation.errors import Refused
from workstation.jobs import BESIDE
from workstation.session.case import Case

pytestmark = pytest.mark.qt
SR = "1.2.840.10008.5.1.4.1.1.88.33"
PATIENT = Patient(PatientKey("ID-1"), "TEST^CASE1")
LINES = (ReportLine(0, "Findings"), ReportLine(1, "Nodule", "<b>8 mm</b>\u202e"), ReportLine(0, "Impression", "Growing"))
FACTS = ObjectFacts(
    ObjectKind.REPORT, SR, "9.1", "1.1", "1.1.9", "ID-1", manufacturer="Maker", name="Prog", version="2",
    made="2026-01-02T03:04:05",
    report=Report(Code(meaning="Imaging Measurement Report"), LINES, observer="AI^READER", complete=True),
)  # fmt: skip


def test_the_page_says_what_it_is_who_stands_behind_it_and_its_lines():
    lines = report_text(FACTS, "1.1", PATIENT).split("\n")
    assert lines[:2] == ["Imaging Measurement Report", "Complete, not verified"]
    assert lines[2:5] == ["AI, READER", "Maker Prog 2", "2026-01-02 03:04:05"]
    assert lines[6:] == ["Findings", "    Nodule: <b>8 mm</b>‹202E›", "Impression: Growing"]


def test_a_verified_report_names_the_verifier_and_what_was_not_understood_is_said():
    verified = replace(FACTS, report=replace(FACTS.report, verified=True, verifier="HAUG^EVA"), unread=("A 3D region",))
    text = report_text(verified, "1.1", PATIENT)
    assert "Complete, verified by HAUG, EVA" in text
    assert "Not understood: A 3D region" in text


@pytest.mark.parametrize("changes", [{"study_uid": "6.6"}, {"patient_id": "ID-2"}, {"report": None}])
def test_a_report_of_another_patient_or_study_is_not_shown(changes):
    with pytest.raises(Refused) as refused:
        report_text(replace(FACTS, **changes), "1.1", PATIENT)
    assert "ID-2" not in str(refused.value)


@pytest.fixture
def with_report(seat, window):
    """The first case has a report series beside its images."""
    study = seat.studies["1.1"]
    instance = Instance("9.1", SR, "1.2.840.10008.1.2.1", 1, 0, 0, 0, "report.dcm", "", 0)
    series = Series("1.1.9", "SR", 9, "AI findings", instances=(instance,))
    seat.studies["1.1"] = replace(study, series=(*study.series, series))
    seat.read = []
    seat.reader = SimpleNamespace(read_object=lambda path: seat.read.append(path.name) or FACTS)
    seat.session.open(seat.items[0])
    return series


def hang(seat, series):
    case = seat.session.case
    seat.session.viewing.hang_series(0, case.study, series, False)


def test_a_report_that_is_hung_is_read_and_shown_as_text(seat, window, with_report):
    assert is_report(with_report)
    hang(seat, with_report)
    page = window.grid.widget(0).page
    assert page.isVisible()
    assert page.isReadOnly()
    assert "Nodule: <b>8 mm</b>" in page.toPlainText()
    assert page.toPlainText().startswith("TEST, CASE1   ID-1\n2026-11-20")
    assert set(seat.read) == {"report.dcm"}
    assert seat.session.viewing.shown == {i for i in seat.session.viewing.shown if "9.1" not in i.sop_instance_uid}


def test_images_hung_there_again_take_the_page_away(seat, window, with_report):
    hang(seat, with_report)
    hang(seat, seat.session.case.study.series[0])
    page = window.grid.widget(0).page
    assert not page.isVisible()
    assert page.toPlainText() == ""


def test_it_goes_with_the_case_also_when_it_was_still_being_read(seat, window, with_report):
    held = hold_pictures()
    held.held = {BESIDE}
    window.grid.widget(0).page._jobs = held
    hang(seat, with_report)
    assert "Reading" in window.grid.widget(0).page.toPlainText()
    seat.session.close_case()
    held.release()
    assert window.grid.widget(0).page.toPlainText() == ""
    assert not window.grid.widget(0).page.isVisible()


def test_a_file_that_is_refused_says_why(seat, window, with_report):
    def refuse(path):
        raise Refused("The object holds more items than is allowed")

    seat.reader = SimpleNamespace(read_object=refuse)
    hang(seat, with_report)
    assert "more items than is allowed" in window.grid.widget(0).page.toPlainText()


def test_the_list_of_series_opens_it(seat, window, with_report):
    strip = window.reading.strip
    row = next(i for i, found in strip._model.series_rows() if found.series is with_report)
    index = strip._model.index(row)
    assert strip._model.flags(index) & Qt.ItemFlag.ItemIsEnabled
    strip._open(index)
    assert window.grid.widget(0).page.isVisible()


def test_letters_typed_while_the_text_has_focus_do_nothing_to_images(seat, window, with_report):
    hang(seat, with_report)
    page = window.grid.widget(0).page
    page.setFocus()
    QTest.keyClick(page, Qt.Key.Key_I)
    assert not seat.session.viewing.state().inverted
    assert "Nodule" in page.toPlainText()


def test_a_study_with_a_report_and_no_images_says_where_it_is(qapp):
    report = Series("1.1.9", "SR", 9, "AI findings", instances=(Instance("9.1", SR, "1.2", 1, 0, 0, 0, "report.dcm", "", 0),))
    study = Study("1.1", Patient(PatientKey("ID-1"), "TEST", "", ""), series=(report,))
    reason = "the study has no images"
    assert (
        empty_words(Case(1, None, study, ()), reason, str) == "The study has no images. Its report is in the list of series (F9)"
    )
    assert empty_words(Case(1, None, replace(study, series=()), ()), reason, str) == "The study has no images"
    assert empty_words(None, "", str) == "No case is open"
