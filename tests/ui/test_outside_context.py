"""Another program changes the patient while a report is written: the window freezes and asks, and no word goes astray (F64)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from report_hands import open_case, report_window, write
from report_seat import ReportSeat

from workstation.domain.dictation import DictatedSegment
from workstation.domain.report import SectionCode

pytestmark = pytest.mark.qt
FINDINGS = SectionCode.FINDINGS


@pytest.fixture
def seat(tmp_path, qapp):
    made = ReportSeat(tmp_path)
    made.add_case(1)
    made.add_case(2, name="OTHER^PATIENT")
    return made


@pytest.fixture
def window(seat, qtbot):
    with report_window(seat, qtbot) as made:
        yield made


@pytest.fixture
def panel(window, seat, qtbot):
    open_case(window, seat, qtbot, 0)
    write(window.report_panel, "Lungs clear.")
    return window.report_panel


@pytest.fixture
def answers():
    return []


@pytest.fixture
def asked(panel, seat, answers):
    seat.session.outside.ask(seat.items[1], "Record system", answers.append)
    return panel.outside


def text_of(seat, index):
    return seat.reports.report_of(seat.items[index].accession_number, seat.items[index].study_instance_uid).text(FINDINGS)


def test_the_case_stays_and_nothing_can_be_written_until_the_reader_answers(asked, panel, seat, answers):
    """F64."""
    assert asked.dialog.isVisible()
    assert seat.session.case.study.study_instance_uid == seat.items[0].study_instance_uid
    assert panel.editor(FINDINGS).isReadOnly()
    assert seat.session.desk.target() is None
    assert answers == []
    assert "OTHER" not in asked.dialog.windowTitle()


def test_staying_tells_the_other_program_and_the_report_goes_on(asked, panel, seat, answers):
    QTest.keyClick(asked.dialog, Qt.Key.Key_Escape)
    assert answers == [False]
    assert not panel.editor(FINDINGS).isReadOnly()
    write(panel, "Lungs are clear.")
    assert text_of(seat, 0) == "Lungs are clear."


def test_following_opens_the_other_case_and_words_under_way_land_where_they_were_spoken_for(asked, panel, seat, answers, qtbot):
    """F62, F64."""
    first = seat.session.desk.report.report_uuid
    spoken_for = type("Target", (), {"report_uuid": first, "section": FINDINGS})()
    with qtbot.waitSignal(asked.dialog.follow.clicked):
        QTest.mouseClick(asked.dialog.follow, Qt.MouseButton.LeftButton)
    assert answers == [True]
    assert seat.session.desk.report.accession_number == "A2"
    seat.session.desk.accept(spoken_for, DictatedSegment("s1", "No effusion."))
    assert text_of(seat, 0) == "Lungs clear. No effusion."
    assert text_of(seat, 1) == ""
    assert not panel.editor(FINDINGS).isReadOnly()


def test_a_second_wish_takes_the_place_of_the_first(asked, seat, answers):
    newer = []
    seat.session.outside.ask(seat.items[1], "Record system", newer.append)
    assert (answers, newer) == ([False], [])
    assert asked.dialog.isVisible()
    seat.session.outside.stay()
    assert newer == [False]
    assert asked.dialog is None


def test_with_nothing_open_or_that_very_case_open_nobody_is_asked(window, seat, answers, qtbot):
    seat.session.outside.ask(seat.items[0], "Record system", answers.append)
    qtbot.waitUntil(lambda: seat.session.case is not None)
    seat.session.outside.ask(seat.items[0], "Record system", answers.append)
    assert answers == [True, True]
    assert seat.session.outside.pending is None
