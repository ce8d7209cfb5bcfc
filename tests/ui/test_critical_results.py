"""Critical results in the window: noted and told by keys, timed wherever the reader is, offered when words ask for it (F76)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QDateTime, Qt
from PySide6.QtTest import QTest
from report_hands import CONTROL, SHIFT, open_case, press, report_window, sign, write
from report_seat import ReportSeat

from ui.critical_badge import CriticalBadge
from ui.report.critical_dialog import CriticalDialog
from workstation.domain.critical import CriticalLevel
from workstation.domain.report import SectionCode
from workstation.session.second_look import SecondLook

pytestmark = pytest.mark.qt
COMMUNICATION = SectionCode.COMMUNICATION


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


def ask(window) -> CriticalDialog:
    press(window, Qt.Key.Key_N, CONTROL, SHIFT)
    return window.findChild(CriticalDialog)


def click(qtbot, button):
    with qtbot.waitSignal(button.clicked):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_by_keys_alone_it_is_noted_told_and_stands_in_the_report(panel, window, seat):
    dialog = ask(window)
    QTest.keyClicks(dialog.finding, "Tension pneumothorax")
    QTest.keyClicks(dialog.recipient, "Dr Vakt")
    dialog.read_back.setFocus()
    QTest.keyClick(dialog.read_back, Qt.Key.Key_Space)
    QTest.keyClick(dialog.recipient, Qt.Key.Key_Return)
    (told,) = seat.reports.critical.of_report(seat.session.desk.report.report_uuid)
    assert (told.finding, told.told.recipient, told.told.read_back) == ("Tension pneumothorax", "Dr Vakt", True)
    assert seat.text(COMMUNICATION).startswith("Critical result: Tension pneumothorax. Told to Dr Vakt by telephone")
    assert panel.editor(COMMUNICATION).isVisible()
    assert not window.status_line.critical.isVisible()


def test_one_that_nobody_was_told_of_is_timed_in_the_window_also_after_a_restart(panel, window, seat, qtbot, tmp_path):
    dialog = ask(window)
    QTest.keyClicks(dialog.finding, "Bleeding")
    click(qtbot, dialog.later)
    badge = window.status_line.critical
    assert badge.text() == "Critical result not told: 59 min left"
    seat.session.close_case()
    assert badge.isVisible()
    restarted = ReportSeat(tmp_path)
    again = CriticalBadge(restarted.session, print, "", lambda: datetime.now(UTC) + timedelta(minutes=72))
    qtbot.addWidget(again)
    assert again.text() == "Critical result not told: overdue 12 min"
    restarted.reports.close()


def test_an_open_one_is_told_later_from_any_page(panel, window, seat, qtbot):
    seat.session.criticals.begin(CriticalLevel.HOURS, "Bleeding")
    seat.session.close_case()
    click(qtbot, window.status_line.critical)
    dialog = window.findChild(CriticalDialog)
    assert (dialog.finding.text(), dialog.finding.isEnabled()) == ("Bleeding", False)
    QTest.keyClicks(dialog.recipient, "Dr Vakt")
    QTest.keyClick(dialog.recipient, Qt.Key.Key_Return)
    assert seat.reports.critical.open() == ()
    assert not window.status_line.critical.isVisible()


def test_nobody_and_a_time_to_come_are_not_taken(panel, window, seat):
    dialog = ask(window)
    QTest.keyClicks(dialog.finding, "Bleeding")
    QTest.keyClick(dialog.finding, Qt.Key.Key_Return)
    assert "who was told" in dialog.problem.text()
    QTest.keyClicks(dialog.recipient, "Dr Vakt")
    dialog.at.setDateTime(QDateTime.currentDateTime().addSecs(3600))
    QTest.keyClick(dialog.recipient, Qt.Key.Key_Return)
    assert "still to come" in dialog.problem.text()
    assert seat.reports.critical.of_report(seat.session.desk.report.report_uuid) == ()


def test_one_that_is_not_critical_after_all_asks_why(panel, window, seat, qtbot):
    seat.session.criticals.begin(CriticalLevel.HOURS, "Bleeding")
    dialog = ask(window)
    click(qtbot, dialog.drop)
    assert dialog.isVisible()
    QTest.keyClicks(dialog.reason, "Known since May")
    click(qtbot, dialog.drop)
    assert seat.reports.critical.open() == ()


def test_after_the_signature_the_reader_is_told_to_write_an_addendum(panel, window, seat):
    sign(panel, window)
    dialog = ask(window)
    QTest.keyClicks(dialog.finding, "Bleeding")
    QTest.keyClicks(dialog.recipient, "Dr Vakt")
    QTest.keyClick(dialog.recipient, Qt.Key.Key_Return)
    assert "write an addendum" in window.banner.text
    assert seat.text(COMMUNICATION) == ""
    assert seat.reports.critical.of_report(seat.session.desk.report.report_uuid)[0].told is not None


def test_a_critical_word_that_nobody_was_told_of_offers_to_note_it(panel, window, seat, qtbot):
    seat.session.second_look = SecondLook()
    write(panel, "Tension pneumothorax on the left.")
    write(panel, "Tension pneumothorax.", SectionCode.IMPRESSION)
    press(window, Qt.Key.Key_Return, CONTROL)
    assert window.banner.offer.isVisible()
    assert window.banner.offer.text().startswith("Critical result")
    click(qtbot, window.banner.offer)
    dialog = window.findChild(CriticalDialog)
    assert "pneumothorax" in dialog.finding.text()
    QTest.keyClicks(dialog.recipient, "Dr Vakt")
    QTest.keyClick(dialog.recipient, Qt.Key.Key_Return)
    rules = {r.rule for r in seat.session.second_look.remarks}
    press(window, Qt.Key.Key_Return, CONTROL)
    assert "critical" in rules
    assert "critical" not in {r.rule for r in seat.session.second_look.remarks} or seat.session.desk.report.version


def test_without_a_report_the_command_says_why_it_cannot(window, seat):
    press(window, Qt.Key.Key_N, CONTROL, SHIFT)
    assert "belongs to a report" in window.banner.text


def test_another_case_closes_the_question_of_the_first(panel, window, seat, qtbot):
    with qtbot.waitSignal(ask(window).rejected):
        open_case(window, seat, qtbot, 1)
