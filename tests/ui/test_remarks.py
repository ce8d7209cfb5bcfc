"""Remarks in the report panel: seen before signing, gone to by key, their words selected."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ui.report.remarks import RemarkList
from workstation.colleague.facts import Remark, Severity
from workstation.domain.report import SectionCode
from workstation.session.second_look import SecondLook

TEXT = "The lungs are clear. Größe 𝛼 12 mm. The uterus is normal."


@pytest.fixture
def seat(seat):
    seat.session.second_look = SecondLook()
    return seat


@pytest.fixture
def panel(case):
    case.report_panel._session.desk.write(SectionCode.FINDINGS, TEXT)
    return case.report_panel


def shown(seat, *remarks):
    seat.session.second_look.show(seat.session.desk.report.report_uuid, remarks)


def a_remark(word="uterus", severity=Severity.WARN, section=SectionCode.FINDINGS):
    start = max(TEXT.find(word), 0)
    return Remark("sex", severity, section, start, start + len(word), f'"{word}" does not fit')


def test_remarks_stand_above_the_signing_buttons_and_say_what_to_do(panel, seat):
    assert panel.remarks.isHidden()
    shown(seat, a_remark())
    assert panel.remarks.isVisible()
    assert panel.remarks.list.item(0).text() == 'Findings: "uterus" does not fit'
    assert "Sign again" in panel.remarks.title.text()
    assert panel.remarks.geometry().bottom() <= panel.sign_row.geometry().top()
    shown(seat, a_remark(severity=Severity.BLOCK))
    assert "must be mended" in panel.remarks.title.text()


def test_a_key_goes_to_the_next_remark_and_selects_its_words(panel, seat, case):
    shown(seat, a_remark("clear"), a_remark("uterus"))
    for word in ("clear", "uterus", "clear"):
        case.step_remark(1)
        assert panel.editor(SectionCode.FINDINGS).textCursor().selectedText() == word
    assert panel.editor(SectionCode.FINDINGS).hasFocus()


def test_return_on_a_remark_goes_to_its_section(panel, seat):
    shown(seat, a_remark(""), Remark("conclusion", Severity.WARN, SectionCode.IMPRESSION, 0, 0, "The impression is empty"))
    panel.remarks.list.setFocus()
    panel.remarks.list.setCurrentRow(1)
    QTest.keyClick(panel.remarks.list, Qt.Key.Key_Return)
    assert panel.editor(SectionCode.IMPRESSION).hasFocus()


def test_remarks_that_are_mended_leave_and_many_never_take_the_room_of_the_text(panel, seat, case):
    shown(seat, *[a_remark(word) for word in ("The", "lungs", "are", "clear", "mm", "uterus", "is", "normal", "12")])
    case.repaint()
    assert panel.remarks.list.height() < 9 * 30
    findings = panel.editor(SectionCode.FINDINGS)
    assert findings.height() >= findings.height_of(1)
    seat.session.second_look.clear()
    assert panel.remarks.isHidden()


def test_remarks_of_several_lines_are_in_sight_whole(qtbot, qapp):
    """The list is as high as its first lines are when they are broken."""
    remarks = RemarkList()
    qtbot.addWidget(remarks)
    remarks.resize(300, 300)
    words = "something that is said at such length that it needs more than one line of a narrow panel"
    remarks.show_remarks(tuple(Remark("doubled", Severity.WARN, SectionCode.FINDINGS, 0, 4, words) for _ in range(3)))
    remarks.show()
    last = remarks.list.item(2)
    qtbot.waitUntil(lambda: remarks.list.viewport().rect().contains(remarks.list.visualItemRect(last)))
    assert remarks.list.visualItemRect(last).height() > 2 * remarks.fontMetrics().lineSpacing()
