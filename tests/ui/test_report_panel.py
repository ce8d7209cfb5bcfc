"""The report beside the images: every section in view, nothing lost, nothing signed that should not be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton
from report_hands import report_window
from report_seat import ReportSeat

from ui.main_window import MainWindow
from ui.report.panel import SECTIONS, ReportPanel
from ui.report.section_editor import SectionEditor
from ui.report.state_line import state_words
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.dictation import DictatedSegment
from workstation.domain.doubt import Doubt
from workstation.domain.report import ReportAction, ReportStatus, SectionCode
from workstation.reporting.signing import NotSigned
from workstation.session.case import Notice

pytestmark = pytest.mark.qt
REASON = "Weight loss and cough for three months. Former smoker, 40 pack-years. " * 3


@pytest.fixture
def seat(tmp_path, qapp):
    return ReportSeat(tmp_path)


@pytest.fixture
def window(seat, qtbot):
    seat.add_case(1, prior=True, reason=REASON)
    seat.add_case(2)
    with report_window(seat, qtbot) as made:
        yield made


@pytest.fixture
def panel(window, seat, qtbot) -> ReportPanel:
    open_case(window, seat, qtbot, 0)
    return window.report_panel


def open_case(window, seat, qtbot, index: int) -> None:
    seat.session.open(seat.items[index])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)


def banner_of(window) -> str:
    return window.banner.text


def type_into(editor: SectionEditor, text: str) -> None:
    editor.setFocus()
    QTest.keyClicks(editor, text)


# ---- the room there is --------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1200)])
def test_every_section_is_in_view_whatever_is_written(panel, window, qtbot, size):
    window.resize(*size)
    panel.editor(SectionCode.FINDINGS).setPlainText("No pleural effusion. " * 200)
    panel.editor(SectionCode.HISTORY).setPlainText("Cough. " * 200)
    panel.editor(SectionCode.RECOMMENDATION).setPlainText("CT in three months.")
    panel.step_section(1)
    qtbot.wait(50)
    boxes = [panel.editor(code) for code in SECTIONS if code is not SectionCode.PROCEDURE]  # in view once it is written
    boxes[1] = panel._blocks[SectionCode.COMPARISON].context  # what is known stands in for the empty editor
    for editor in boxes:
        assert editor.isVisible()
        line = editor.fontMetrics().lineSpacing()
        assert editor.viewport().height() >= line
        bottom = editor.mapTo(panel, editor.rect().bottomLeft()).y()
        assert bottom <= panel.dictation.mapTo(panel, panel.dictation.rect().topLeft()).y()
    findings, impression = panel.editor(SectionCode.FINDINGS), panel.editor(SectionCode.IMPRESSION)
    assert findings.height() == max(editor.height() for editor in boxes)
    assert impression.height() > boxes[1].height()


def test_a_line_of_text_needs_no_scroll_bar(panel, qtbot):
    panel.editor(SectionCode.RECOMMENDATION).setPlainText("CT in three months.")
    qtbot.wait(50)
    assert not panel.editor(SectionCode.RECOMMENDATION).verticalScrollBar().isVisible()


def test_all_text_of_the_panel_is_at_least_eleven_points(panel):
    for widget in panel.findChildren(object):
        if hasattr(widget, "font"):
            assert widget.font().pointSizeF() >= 11


# ---- what is known already ----------------------------------------------------------------


def test_the_orders_reason_is_shown_until_it_is_taken_over(panel, window, seat, qtbot):
    history = panel._blocks[SectionCode.HISTORY]
    assert history.context.toPlainText() == REASON
    assert history.context.isVisible()
    assert panel.editor(SectionCode.HISTORY).toPlainText() == ""
    history.findChild(QToolButton, "takeOver").click()
    qtbot.waitUntil(lambda: seat.text(SectionCode.HISTORY) == REASON)
    assert panel.editor(SectionCode.HISTORY).toPlainText() == REASON
    assert not history.context.isVisible()


def test_one_key_takes_over_history_and_comparison_behind_what_is_typed(panel, seat, qtbot):
    type_into(panel.editor(SectionCode.COMPARISON), "None recent.")
    QTest.keyClick(panel.editor(SectionCode.COMPARISON), Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: seat.text(SectionCode.COMPARISON) == "None recent.\nCT chest 2026-02-18")
    assert seat.text(SectionCode.HISTORY) == REASON


def test_taking_over_twice_writes_it_once(panel, seat, qtbot):
    for _ in range(2):
        seat.session.take_over_all()
    assert seat.text(SectionCode.HISTORY) == REASON


def test_without_a_reason_there_is_nothing_to_take_over(window, seat, qtbot):
    open_case(window, seat, qtbot, 1)
    block = window.report_panel._blocks[SectionCode.HISTORY]
    assert not block.context.isVisible()
    assert not block.findChild(QToolButton, "takeOver").isVisible()
    assert block.editor.isVisible()


def sign(seat, item, report_uuid):
    from workstation.reporting.store import SigningEvidence

    evidence = SigningEvidence(item.study_instance_uid, item.patient.key, frozenset({(item.study_instance_uid, "1")}))
    seat.reports.sign(report_uuid, ReportAction.SIGN_FINAL, "Dr Earlier", evidence)


# ---- where it stands ----------------------------------------------------------------------


def delivery(uuid: str, state: DeliveryState, error: str = "", version: int = 1) -> Delivery:
    return Delivery(1, uuid, version, "A1", state, datetime.now(UTC), last_error=error)


@pytest.mark.parametrize("state", DeliveryState)
def test_every_state_has_words_of_its_own(panel, state):
    report = replace(panel._desk.report, status=ReportStatus.FINAL, version=1, signed_by="Dr A")
    kind, what, meaning = state_words(report, delivery(report.report_uuid, state, "HTTP 422"))
    assert what == "Final"
    assert (kind == "confirmed") == (state is DeliveryState.CONFIRMED)
    assert ("HTTP 422" in meaning) == (kind == "trouble")
    others = [state_words(report, delivery(report.report_uuid, other))[2] for other in DeliveryState if other is not state]
    assert meaning.split(".")[0] not in others


def test_the_state_line_follows_only_the_report_on_the_desk(panel, window, seat, qtbot):
    type_into(panel.editor(SectionCode.FINDINGS), "Normal.")
    window.runner.run("report.sign_final")
    qtbot.waitUntil(lambda: panel._state.text == "Final, signed, waiting for the RIS")
    uuid = seat.session.desk.report.report_uuid
    seat.delivery_changed.emit(delivery("another", DeliveryState.REJECTED))
    assert panel._state.text == "Final, signed, waiting for the RIS"
    seat.delivery_changed.emit(delivery(uuid, DeliveryState.CONFIRMED))
    assert panel._state.text == "Final, confirmed: the RIS holds the same"
    assert panel._state.property("kind") == "confirmed"


def test_a_report_that_was_sent_before_shows_its_state_when_it_is_opened_again(panel, window, seat, qtbot):
    type_into(panel.editor(SectionCode.FINDINGS), "Normal.")
    window.runner.run("report.sign_final")
    qtbot.waitUntil(lambda: seat.session.desk.delivery is not None)
    open_case(window, seat, qtbot, 1)
    assert panel._state.text == "Draft, not signed"
    open_case(window, seat, qtbot, 0)
    assert panel._state.text == "Final, signed, waiting for the RIS"
    assert panel.editor(SectionCode.FINDINGS).isReadOnly()


def test_text_from_outside_is_shown_as_it_is(panel, seat):
    report = replace(seat.session.desk.report, status=ReportStatus.FINAL, version=1)
    hostile = "<img src=x>\u202e<b>no</b>"
    seat.session.desk.report = report
    panel.show_delivery(delivery(report.report_uuid, DeliveryState.REJECTED, hostile))
    assert "<img src=x>‹202E›<b>no</b>" in panel._state.text
    assert panel._state._words.textFormat() is Qt.TextFormat.PlainText


# ---- signing ------------------------------------------------------------------------------


def test_a_signature_answers_the_banner_that_refused_it_and_nothing_else(panel, window, seat, qtbot):
    window.banner.show_notice(Notice("The RIS holds another report", error=True, of_case=True))
    seat.session.report_problem(NotSigned("One remark on the text", "Look at it"))
    assert "One remark" in window.banner.text
    type_into(panel.editor(SectionCode.FINDINGS), "Normal.")
    window.runner.run("report.sign_final")
    qtbot.waitUntil(lambda: seat.session.desk.delivery is not None)
    assert window.banner.text == "The RIS holds another report"


def test_signing_writes_first_what_was_typed_a_moment_ago(panel, seat, qtbot):
    type_into(panel.editor(SectionCode.FINDINGS), "Normal.")
    QTest.keyClick(panel.editor(SectionCode.FINDINGS), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: seat.session.desk.delivery is not None)
    (version,) = seat.reports.versions(seat.session.desk.report.report_uuid)
    assert version.text(SectionCode.FINDINGS) == "Normal."
    assert version.status is ReportStatus.FINAL


@pytest.mark.parametrize(
    ("button", "status"), [("Sign preliminary", ReportStatus.PRELIMINARY), ("Sign final", ReportStatus.FINAL)]
)
def test_the_buttons_sign(panel, seat, qtbot, button, status):
    type_into(panel.editor(SectionCode.IMPRESSION), "Normal.")
    next(b for b in panel.findChildren(QPushButton) if b.text() == button).click()
    qtbot.waitUntil(lambda: seat.session.desk.report.status is status)


def test_one_key_signs_what_was_just_typed_and_opens_the_next_unread_case(panel, window, seat, qtbot):
    uuid = seat.session.desk.report.report_uuid
    QTest.keyClicks(panel.editor(SectionCode.FINDINGS), "Normal.")
    QTest.keyClick(panel.editor(SectionCode.FINDINGS), Qt.Key.Key_F11, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: seat.session.case.study.study_instance_uid == "1.2", timeout=20_000)
    (version,) = seat.reports.versions(uuid)
    assert (version.text(SectionCode.FINDINGS), version.status) == ("Normal.", ReportStatus.FINAL)
    assert window.focusWidget() is window.grid


def test_a_key_held_down_signs_once(panel, seat, qtbot):
    type_into(panel.editor(SectionCode.FINDINGS), "Normal.")
    for repeat in (True, True, False, True, True):
        modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, modifiers, "\r", repeat, 1)
        QApplication.sendEvent(panel.editor(SectionCode.FINDINGS), event)
    qtbot.wait(20)
    assert len(seat.reports.versions(seat.session.desk.report.report_uuid)) == 1


def test_a_sign_button_held_down_by_the_space_bar_signs_once(panel, seat, qtbot):
    type_into(panel.editor(SectionCode.FINDINGS), "Normal.")
    button = next(b for b in panel.findChildren(QPushButton) if b.text() == "Sign preliminary")
    button.setFocus()
    for repeat in (False, True, True):
        QApplication.sendEvent(
            button, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", repeat, 1)
        )
    QTest.keyRelease(button, Qt.Key.Key_Space)
    qtbot.wait(20)
    assert len(seat.reports.versions(seat.session.desk.report.report_uuid)) == 1


def test_an_empty_report_is_refused_and_the_reader_is_taken_to_it(panel, window, seat):
    window.focus_images()
    window.runner.run("report.sign_final")
    assert "Findings and impression are both empty" in banner_of(window)
    assert panel.editor(SectionCode.FINDINGS).hasFocus()
    assert seat.session.desk.report.status is ReportStatus.DRAFT


def test_looking_at_a_prior_alone_does_not_allow_signing(panel, window, seat):
    type_into(panel.editor(SectionCode.FINDINGS), "Normal.")
    viewing = seat.session.viewing
    viewing.shown = {shown for shown in viewing.shown if shown.study_uid == "2.1"}
    assert viewing.shown
    window.runner.run("report.sign_final")
    assert "No image of this very study has been shown" in banner_of(window)
    assert seat.session.desk.report.status is ReportStatus.DRAFT
    assert window.focusWidget() is window.grid


def test_another_case_leaves_nothing_said_about_the_one_before(panel, window, seat, qtbot):
    window.runner.run("report.sign_final")
    assert banner_of(window)
    open_case(window, seat, qtbot, 1)
    assert banner_of(window) == ""


def test_a_report_is_not_signed_while_words_for_it_are_still_coming(panel, window, seat, qtbot):
    type_into(panel.editor(SectionCode.FINDINGS), "Normal.")
    desk = seat.session.desk
    target = desk.target()
    desk.announce("s1", target)
    window.runner.run("report.sign_final")
    assert "still being written" in banner_of(window)
    assert desk.report.status is ReportStatus.DRAFT
    desk.accept(target, DictatedSegment("s1", "No effusion."))
    window.runner.run("report.sign_final")
    qtbot.waitUntil(lambda: desk.report.status is ReportStatus.FINAL)
    assert seat.text() == "Normal. No effusion."


# ---- a disk that refuses ------------------------------------------------------------------


def test_what_the_disk_refuses_is_kept_said_not_signed_and_saved_later(panel, window, seat, qtbot):
    panel._retry.setInterval(20)
    seat.reports.is_full = True
    type_into(panel.editor(SectionCode.FINDINGS), "Normal.")
    QTest.keyClick(panel.editor(SectionCode.FINDINGS), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "Not saved" in panel._state.text)
    assert "The last typed words are not on disk" in banner_of(window)
    assert panel.editor(SectionCode.FINDINGS).toPlainText() == "Normal."
    assert seat.session.desk.report.status is ReportStatus.DRAFT
    assert not any(b.isEnabled() for b in panel.findChildren(QPushButton) if b.text().startswith("Sign"))
    seat.reports.is_full = False
    qtbot.waitUntil(lambda: seat.text() == "Normal.")
    qtbot.waitUntil(lambda: panel._state.text == "Draft, not signed")
    assert panel.editor(SectionCode.FINDINGS).is_saved
    QTest.keyClick(panel.editor(SectionCode.FINDINGS), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: seat.session.desk.report.status is ReportStatus.FINAL)


def test_text_that_the_disk_refused_is_not_lost_by_opening_another_case(panel, window, seat, qtbot):
    panel._retry.setInterval(20)
    seat.reports.is_full = True
    type_into(panel.editor(SectionCode.FINDINGS), "Normal.")
    open_case(window, seat, qtbot, 1)
    assert panel.editor(SectionCode.FINDINGS).toPlainText() == ""
    open_case(window, seat, qtbot, 0)
    assert panel.editor(SectionCode.FINDINGS).toPlainText() == "Normal."
    assert "Not saved" in panel._state.text
    seat.reports.is_full = False
    qtbot.waitUntil(lambda: seat.text() == "Normal.")


# ---- what was there before ----------------------------------------------------------------


def test_a_draft_of_an_earlier_run_is_there_and_is_said_to_be(tmp_path, qapp, qtbot):
    before = ReportSeat(tmp_path)
    item = before.add_case(1)
    report = before.reports.open_draft(item)
    before.reports.append_segment(report.report_uuid, SectionCode.FINDINGS, DictatedSegment("s1", "An 8 mm nodule."))
    before.reports.close()
    seat = ReportSeat(tmp_path)
    seat.add_case(1)
    notices: list[Notice] = []
    seat.session.notice.connect(notices.append)
    window = MainWindow(seat)
    qtbot.addWidget(window)
    window.show()
    assert "drafts on the worklist" in notices[0].text
    open_case(window, seat, qtbot, 0)
    assert window.report_panel.editor(SectionCode.FINDINGS).toPlainText() == "An 8 mm nodule."
    assert "A draft was recovered" in banner_of(window)
    window.leaving.agree()
    window.close()
    seat.reports.close()


def test_doubts_about_a_study_are_said_when_it_is_opened(window, seat, qtbot):
    seat.cache.doubts_of = lambda uid: (Doubt("set-aside", "A file of this study was set aside"),) if uid == "1.1" else ()
    open_case(window, seat, qtbot, 0)
    assert banner_of(window) == "A file of this study was set aside"
    open_case(window, seat, qtbot, 1)
    assert banner_of(window) == ""


def test_a_warning_of_the_worklist_is_said_when_the_case_is_opened(window, seat, qtbot):
    seat.items[1] = replace(seat.items[1], warning="The order for these images is of another patient: call the RIS desk")
    open_case(window, seat, qtbot, 1)
    assert banner_of(window) == "The order for these images is of another patient: call the RIS desk"
