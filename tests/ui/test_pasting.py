"""Copying between reports: of another patient it is asked for and tagged, of the same patient it is plain (F73)."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from report_hands import CONTROL, open_case, report_window, write
from report_seat import ReportSeat

from ui.report.pasting import FORMAT
from workstation.domain.report import SectionCode

pytestmark = pytest.mark.qt
FINDINGS, IMPRESSION = SectionCode.FINDINGS, SectionCode.IMPRESSION
WORDS = "A nodule of 6 mm."


@pytest.fixture
def seat(tmp_path, qapp):
    made = ReportSeat(tmp_path)
    made.add_case(1)
    made.add_case(2)
    return made


@pytest.fixture
def window(seat, qtbot):
    with report_window(seat, qtbot) as made:
        yield made


@pytest.fixture
def panel(window, seat, qtbot):
    open_case(window, seat, qtbot, 0)
    return window.report_panel


def copy_all(panel, code=FINDINGS):
    panel.editor(code).setFocus()
    QTest.keyClick(panel.editor(code), Qt.Key.Key_A, CONTROL)
    QTest.keyClick(panel.editor(code), Qt.Key.Key_C, CONTROL)


def paste(panel, code=FINDINGS):
    panel.editor(code).setFocus()
    QTest.keyClick(panel.editor(code), Qt.Key.Key_V, CONTROL)
    panel.flush()


@pytest.fixture
def copied(panel, window, seat, qtbot):
    """Words of the first patient's report are on the clipboard, and the second patient's report is open."""
    write(panel, WORDS)
    copy_all(panel)
    open_case(window, seat, qtbot, 1)
    return panel


def test_what_is_copied_is_plain_text_that_tells_its_report(panel, seat):
    write(panel, WORDS)
    copy_all(panel)
    data = QGuiApplication.clipboard().mimeData()
    assert data.text() == WORDS
    assert bytes(data.data(FORMAT).data()).decode() == seat.session.desk.report.report_uuid


def test_inside_one_report_it_is_pasted_at_once(panel, seat):
    write(panel, WORDS)
    copy_all(panel)
    paste(panel, IMPRESSION)
    assert seat.text(IMPRESSION) == WORDS


def test_another_patients_words_are_asked_for_and_left_out_by_return(copied, seat):
    """F73."""
    paste(copied)
    question = copied.pasting.question
    assert question.isVisible()
    assert seat.text() == ""
    QTest.keyClick(question, Qt.Key.Key_Return)
    assert copied.pasting.question is None
    assert seat.text() == ""


def test_pasted_all_the_same_they_are_tagged_until_they_are_gone_also_after_a_while(copied, window, seat, qtbot):
    """F73."""
    write(copied, "Before. ")
    copied.editor(FINDINGS).moveCursor(copied.editor(FINDINGS).textCursor().MoveOperation.End)
    paste(copied)
    QTest.keyClick(copied.pasting.question.leave, Qt.Key.Key_Tab)
    with qtbot.waitSignal(copied.pasting.question.paste.clicked):
        QTest.keyClick(copied.pasting.question.paste, Qt.Key.Key_Space)
    copied.flush()
    assert seat.text() == f"Before. {WORDS}"
    (mark,) = copied.editor(FINDINGS).marks.of("foreign")
    assert seat.text()[mark.start : mark.end] == WORDS
    open_case(window, seat, qtbot, 0)
    open_case(window, seat, qtbot, 1)
    assert len(copied.editor(FINDINGS).marks.of("foreign")) == 1
    write(copied, "Before.")
    assert copied.editor(FINDINGS).marks.of("foreign") == ()


def test_words_of_the_same_patients_other_report_are_pasted_at_once(panel, window, seat, qtbot):
    write(panel, WORDS)
    copy_all(panel)
    other, same = seat.items[1], seat.items[0].patient
    seat.studies[other.study_instance_uid] = replace(seat.studies[other.study_instance_uid], patient=same)
    seat.items[1] = replace(other, patient=same)
    open_case(window, seat, qtbot, 1)
    paste(panel)
    assert seat.text() == WORDS
    assert panel.pasting.question is None


def test_text_of_other_programs_is_pasted_at_once(panel, seat):
    QGuiApplication.clipboard().setText("From a letter.")
    paste(panel)
    assert seat.text() == "From a letter."


def test_words_whose_report_nobody_knows_are_asked_for(copied, seat):
    data = copied.editor(FINDINGS).createMimeDataFromSelection()
    data.setText("From elsewhere.")
    data.setData(FORMAT, b"no-such-report")
    QGuiApplication.clipboard().setMimeData(data)
    paste(copied)
    assert copied.pasting.question.isVisible()
    assert seat.text() == ""


def test_the_program_ends_well_with_copied_words_on_the_clipboard():
    """Qt frees the clipboard after Python has gone."""
    lines = (
        "from PySide6.QtCore import QMimeData",
        "from ui import app",
        "made, data = app.application(['x', '-platform', 'offscreen']), QMimeData()",
        "data.setText('copied')",
        "made.clipboard().setMimeData(data)",
    )
    ended = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, timeout=120, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
