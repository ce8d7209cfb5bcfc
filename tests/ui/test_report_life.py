"""The life of a report in the window, by keys and mouse: addendum, correction, history, a signature taken back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from report_hands import CONTROL, SHIFT, open_case, press, report_window, sign, write
from report_seat import ReportSeat

from ui.report.history_dialog import HistoryDialog
from ui.report.reason_dialog import ReasonDialog
from workstation.domain.delivery import DeliveryEvent, DeliveryState
from workstation.domain.report import ReportAction, ReportStatus, SectionCode

pytestmark = pytest.mark.qt
FINDINGS, ADDENDUM = SectionCode.FINDINGS, SectionCode.ADDENDUM
RESIDENT, READER = "Dr Resident", "Dr Test"


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


def sent(seat):
    """The outbox has begun to send what is signed."""
    for delivery in seat.reports.deliveries(open_only=True):
        if delivery.state is DeliveryState.QUEUED:
            seat.reports.ledger.move(delivery.delivery_id, DeliveryEvent.SEND)


def visible(*buttons: QWidget) -> list[bool]:
    return [button.isVisible() for button in buttons]


# ---- after the signature -------------------------------------------------------------------------


def test_a_signed_report_cannot_be_typed_into_and_offers_what_can_be_done(panel, window):
    sign(panel, window)
    editor = panel.editor(FINDINGS)
    assert editor.isReadOnly()
    QTest.keyClicks(editor, "More.")
    assert editor.toPlainText() == "Lungs clear."
    row = panel.sign_row
    assert visible(row.addendum, row.correct, row.final, row.preliminary, row.put_away) == [True, True, False, False, False]


def test_an_addendum_is_written_below_and_the_signed_text_stays_as_it_is(panel, window, seat):
    sign(panel, window)
    press(window, Qt.Key.Key_A, CONTROL, SHIFT)
    editor = panel.editor(ADDENDUM)
    assert editor.hasFocus()
    assert editor.isVisible()
    assert [panel.editor(code).isReadOnly() for code in (FINDINGS, ADDENDUM)] == [True, False]
    assert panel._state.text.startswith("Addendum, not signed")
    assert panel.sign_row.final.text() == "Sign addendum"
    QTest.keyClicks(editor, "Seen again.")
    press(window, Qt.Key.Key_Return, CONTROL)
    report = seat.session.desk.report
    assert report.status is ReportStatus.APPENDED
    assert [(a.text, a.signed_by) for a in report.addenda] == [("Seen again.", READER)]
    block = panel._blocks[ADDENDUM]
    assert block.context.isVisible()
    assert block.context.toPlainText().endswith(f", {READER}\nSeen again.")
    assert not editor.isVisible()


def test_words_dictated_while_an_addendum_is_written_go_there(panel, window, seat):
    sign(panel, window)
    press(window, Qt.Key.Key_A, CONTROL, SHIFT)
    seat.session.desk.section = FINDINGS
    assert seat.session.desk.target().section is ADDENDUM


def test_a_correction_asks_for_words_first_and_keeps_them(panel, window, seat, qtbot):
    sign(panel, window)
    press(window, Qt.Key.Key_O, CONTROL, SHIFT)
    dialog = window.findChild(ReasonDialog)
    assert panel.editor(FINDINGS).isReadOnly()
    assert not dialog.begin.isEnabled()
    QTest.keyClicks(dialog.reason, "Wrong side")
    QTest.keyClick(dialog.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.editor(FINDINGS).isReadOnly())
    assert panel._state.text.startswith("Correction (Wrong side), not signed")
    write(panel, "Left lung clear.")
    press(window, Qt.Key.Key_Return, CONTROL)
    version = seat.reports.versions(seat.session.desk.report.report_uuid)[-1]
    assert (version.status, version.reason, version.text(FINDINGS)) == (ReportStatus.CORRECTED, "Wrong side", "Left lung clear.")


def test_a_draft_says_in_words_why_it_cannot_be_corrected_or_added_to(panel, window):
    write(panel, "Lungs clear.")
    for key in (Qt.Key.Key_A, Qt.Key.Key_O):
        press(window, key, CONTROL, SHIFT)
        assert "can be changed as it is" in window.banner.text
        window.banner.dismiss()
    window.runner.run("report.amend")
    assert "can be changed as it is" in window.banner.text


def test_an_amendment_needs_no_reason(panel, window, seat):
    sign(panel, window)
    window.runner.run("report.amend")
    write(panel, "Lungs clear. Heart normal.")
    press(window, Qt.Key.Key_Return, CONTROL)
    assert seat.session.desk.report.status is ReportStatus.AMENDED


def test_an_unsigned_correction_waits_is_put_away_and_taken_up(panel, window, seat, qtbot):
    sign(panel, window)
    seat.session.life.begin(ReportAction.CORRECT, "Wrong side")
    write(panel, "Left lung clear.")
    open_case(window, seat, qtbot, 1)
    open_case(window, seat, qtbot, 0)
    assert panel.editor(FINDINGS).toPlainText() == "Left lung clear."
    assert not panel.editor(FINDINGS).isReadOnly()
    with qtbot.waitSignal(panel.sign_row.put_away.clicked):
        QTest.mouseClick(panel.sign_row.put_away, Qt.MouseButton.LeftButton)
    assert panel.editor(FINDINGS).toPlainText() == "Lungs clear."
    assert panel.editor(FINDINGS).isReadOnly()
    assert window.banner.offer.isVisible()
    with qtbot.waitSignal(window.banner.offer.clicked):
        QTest.mouseClick(window.banner.offer, Qt.MouseButton.LeftButton)
    assert panel.editor(FINDINGS).toPlainText() == "Left lung clear."
    assert seat.session.desk.report.revision.reason == "Wrong side"


def test_what_is_added_to_a_signed_report_is_not_signed_as_preliminary(panel, window, seat):
    sign(panel, window)
    press(window, Qt.Key.Key_A, CONTROL, SHIFT)
    QTest.keyClicks(panel.editor(ADDENDUM), "Seen again.")
    press(window, Qt.Key.Key_Return, CONTROL, SHIFT)
    assert "signed as final" in window.banner.text
    assert seat.session.desk.report.status is ReportStatus.FINAL


# ---- the resident and the attending ---------------------------------------------------------------


def preliminary_by_resident(panel, window, seat, text="No fracture."):
    seat.session.signer = RESIDENT
    write(panel, text)
    press(window, Qt.Key.Key_Return, CONTROL, SHIFT)
    assert panel._desk.report.status is ReportStatus.PRELIMINARY
    seat.session.signer = READER


def test_the_attendings_changes_of_a_preliminary_are_tracked(panel, window, seat, qtbot):
    preliminary_by_resident(panel, window, seat)
    write(panel, "Acute fracture.")
    qtbot.waitUntil(panel.tracked.button.isVisible)
    (mark,) = panel.editor(FINDINGS).marks.of("tracked")
    assert "Acute fracture."[mark.start : mark.end] == "Acute"
    press(window, Qt.Key.Key_F2, SHIFT)
    assert panel.tracked.view.isVisible()
    assert panel.tracked.view.toPlainText() == "Findings\nNoAcute fracture."
    formats = {text: (f.fontStrikeOut(), f.fontUnderline()) for text, f in words_of(panel.tracked.view)}
    assert (formats["No"], formats["Acute"]) == ((True, False), (False, True))
    press(window, Qt.Key.Key_F2, SHIFT)
    assert not panel.tracked.view.isVisible()


def words_of(view):
    block = view.document().begin()
    while block.isValid():
        part = block.begin()
        while not part.atEnd():
            yield part.fragment().text(), part.fragment().charFormat()
            part += 1
        block = block.next()


def test_the_resident_sees_what_the_attending_changed_and_both_names_stay(panel, window, seat, qtbot):
    preliminary_by_resident(panel, window, seat)
    write(panel, "Acute fracture.")
    press(window, Qt.Key.Key_Return, CONTROL)
    assert seat.session.desk.report.earlier_signers == (RESIDENT,)
    open_case(window, seat, qtbot, 1)
    seat.session.signer = RESIDENT
    open_case(window, seat, qtbot, 0)
    assert "signed as final by another reader" in window.banner.text
    qtbot.waitUntil(lambda: panel.tracked.view.isVisible() and "NoAcute fracture." in panel.tracked.view.toPlainText())


def test_a_report_without_an_earlier_version_says_so(panel, window):
    write(panel, "Lungs clear.")
    press(window, Qt.Key.Key_F2, SHIFT)
    assert "no earlier version" in window.banner.text


# ---- taking a signature back ---------------------------------------------------------------------


def test_a_signature_can_be_taken_back_while_it_waits_and_the_seconds_are_shown(panel, window, seat, qtbot):
    seat.session.life.undo_seconds = 3600
    sign(panel, window)
    assert panel.sign_row.withdraw.isVisible()
    assert panel.sign_row.withdraw.text().startswith("Take the signature back (")
    press(window, Qt.Key.Key_F8, SHIFT)
    report = seat.session.desk.report
    assert (report.status, report.text(FINDINGS)) == (ReportStatus.DRAFT, "Lungs clear.")
    assert not panel.editor(FINDINGS).isReadOnly()
    assert "nothing was sent" in window.banner.text
    assert seat.reports.deliveries()[0].state is DeliveryState.WITHDRAWN
    assert visible(panel.sign_row.withdraw, panel.sign_row.final) == [False, True]


def test_a_signature_can_be_taken_back_from_the_next_case(panel, window, seat, qtbot):
    seat.session.life.undo_seconds = 3600
    sign(panel, window)
    badge = window.status_line.undo
    assert not badge.isVisible()  # the report offers it itself
    open_case(window, seat, qtbot, 1)
    assert badge.isVisible()
    assert badge.text().startswith("A1 goes to the RIS in ")
    press(window, Qt.Key.Key_F8, SHIFT)
    assert not badge.isVisible()
    assert seat.reports.deliveries()[0].state is DeliveryState.WITHDRAWN
    assert [r.accession_number for r in seat.reports.drafts()] == ["A1"]
    assert seat.session.desk.report.accession_number == "A2"


def test_once_it_is_on_its_way_it_cannot_be_taken_back_and_the_reader_hears_why(panel, window, seat):
    sign(panel, window)
    sent(seat)
    press(window, Qt.Key.Key_F8, SHIFT)
    assert "on its way" in window.banner.text
    assert seat.session.desk.report.status is ReportStatus.FINAL


def test_nothing_signed_is_nothing_to_take_back(panel, window):
    press(window, Qt.Key.Key_F8, SHIFT)
    assert "Nothing was signed" in window.banner.text


# ---- history -------------------------------------------------------------------------------------


@pytest.fixture
def history(panel, window, seat):
    sign(panel, window)
    seat.session.life.begin(ReportAction.CORRECT, "Wrong side")
    write(panel, "Left lung clear.")
    press(window, Qt.Key.Key_Return, CONTROL)
    press(window, Qt.Key.Key_H, CONTROL, SHIFT)
    return window.findChild(HistoryDialog)


def test_the_history_tells_every_version_and_what_differs_from_the_one_before(history):
    rows = [[history.table.item(row, column).text() for column in range(6)] for row in range(history.table.rowCount())]
    assert [(r[0], r[1], r[2], r[5]) for r in rows] == [("2", "Corrected", READER, "Wrong side"), ("1", "Final", READER, "")]
    assert rows[0][4] == "Waiting to be sent"
    assert "LungsLeft lung clear." in history.view.toPlainText()
    assert history.view.isReadOnly()


def test_any_two_versions_are_compared_by_keys(history):
    history.table.setFocus()
    QTest.keyClick(history.table, Qt.Key.Key_Down)
    assert history.table.currentRow() == 1
    assert history.against.currentText().startswith("Nothing")
    assert history.view.toPlainText() == "Findings\nLungs clear."
    history.against.setFocus()
    QTest.keyClick(history.against, Qt.Key.Key_Home)
    assert history.against.currentText().startswith("Version 2")
    assert "LungsLeft lung clear." in history.view.toPlainText()


def test_a_version_that_was_taken_back_stays_in_the_history(panel, window, seat):
    sign(panel, window)
    press(window, Qt.Key.Key_F8, SHIFT)
    press(window, Qt.Key.Key_H, CONTROL, SHIFT)
    table = window.findChild(HistoryDialog).table
    assert table.rowCount() == 1
    assert table.item(0, 4).text().startswith(f"Taken back by {READER}")


def test_a_report_that_was_never_signed_has_no_history(panel, window):
    press(window, Qt.Key.Key_H, CONTROL, SHIFT)
    dialog = window.findChild(HistoryDialog)
    assert dialog.hint.isVisible()
    assert dialog.table.rowCount() == 0
