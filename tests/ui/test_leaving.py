"""Closing the window: reports on their way and unsaved words are told first, and never in the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from report_seat import ReportSeat
from window_seat import HeldJobs

from ui.main_window import MainWindow
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.report import SectionCode
from workstation.errors import Unavailable
from workstation.jobs import DATABASE

pytestmark = pytest.mark.qt


@pytest.fixture
def seat(tmp_path, qapp):
    made = ReportSeat(tmp_path, HeldJobs())
    made.add_case(1)
    yield made
    made.reports.close()


@pytest.fixture
def window(seat, qtbot):
    made = MainWindow(seat)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.leaving.agree()


def waiting(*ages_in_minutes: int) -> tuple[Delivery, ...]:
    now = datetime.now(UTC)
    return tuple(
        Delivery(n, f"r{n}", 1, f"A{n}", DeliveryState.QUEUED, now - timedelta(minutes=age))
        for n, age in enumerate(ages_in_minutes)
    )


def words(window) -> str:
    return " ".join(label.text() for label in window.leaving.question.findChildren(QLabel))


def open_case(window, seat, qtbot) -> None:
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)


def test_with_nothing_on_its_way_the_window_closes_without_a_question(window):
    assert window.close()
    assert window.leaving.question is None


def test_unconfirmed_reports_are_told_with_their_number_and_the_oldest_age(window, seat, monkeypatch):
    monkeypatch.setattr(seat.reports, "deliveries", lambda open_only: waiting(3, 135, 40))
    assert not window.close()
    assert window.isVisible()
    assert "3 signed reports are not yet confirmed by the RIS. The oldest was signed 2 h 15 min ago." in words(window)
    assert not window.leaving.question.isModal()


def test_escape_stays(window, seat, monkeypatch):
    monkeypatch.setattr(seat.reports, "deliveries", lambda open_only: waiting(5))
    window.close()
    QTest.keyClick(window.leaving.question, Qt.Key.Key_Escape)
    assert window.leaving.question is None
    assert window.isVisible()
    window.close()
    assert window.leaving.question is not None  # asked again, not agreed


def test_return_stays_and_only_the_other_button_leaves(window, seat, monkeypatch):
    monkeypatch.setattr(seat.reports, "deliveries", lambda open_only: waiting(5))
    window.close()
    QTest.keyClick(window.leaving.question, Qt.Key.Key_Return)
    assert window.isVisible()
    window.close()
    window.leaving.question.leave.click()
    assert not window.isVisible()


def test_asking_twice_shows_one_question(window, seat, monkeypatch):
    monkeypatch.setattr(seat.reports, "deliveries", lambda open_only: waiting(5))
    window.close()
    first = window.leaving.question
    window.close()
    assert window.leaving.question is first


def test_confirmed_reports_are_nothing_to_ask_about(window, seat, monkeypatch):
    done = Delivery(1, "r", 1, "A1", DeliveryState.CONFIRMED, datetime.now(UTC))
    monkeypatch.setattr(seat.reports, "deliveries", lambda open_only: (done,))
    assert window.close()


def test_a_store_that_cannot_be_read_is_said_and_not_swallowed(window, seat, monkeypatch):
    def broken(open_only):
        raise Unavailable("The reports cannot be read")

    monkeypatch.setattr(seat.reports, "deliveries", broken)
    assert not window.close()
    assert "The reports cannot be read" in words(window)


def test_what_was_typed_a_moment_ago_is_on_disk_before_the_window_closes(window, seat, qtbot):
    open_case(window, seat, qtbot)
    seat.jobs.held.add(DATABASE)
    editor = window.report_panel.editor(SectionCode.FINDINGS)
    editor.setFocus()
    QTest.keyClicks(editor, "Normal.")
    uuid = seat.session.desk.report.report_uuid
    assert not window.close()
    assert window.leaving.question is None
    while seat.jobs.waiting:
        seat.jobs.release()
    assert not window.isVisible()
    assert seat.reports.report(uuid).text(SectionCode.FINDINGS) == "Normal."


def test_words_that_the_disk_refuses_are_told_before_they_are_lost(window, seat, qtbot):
    open_case(window, seat, qtbot)
    seat.reports.is_full = True
    editor = window.report_panel.editor(SectionCode.FINDINGS)
    editor.setFocus()
    QTest.keyClicks(editor, "Normal.")
    assert not window.close()
    assert "The disk has not taken everything you wrote" in words(window)
    seat.reports.is_full = False
