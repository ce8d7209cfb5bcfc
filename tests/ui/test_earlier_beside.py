"""Earlier reports beside the report, and the search in them, by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from report_seat import ReportSeat
from window_seat import HeldJobs

from ui.main_window import MainWindow
from ui.report.earlier_search import MARKED, SNIPPET_COLUMN, SearchDialog
from ui.report.earlier_text import origin_of
from ui.report.panel import SECTIONS
from ui.report.pasting import FORMAT
from workstation.domain.earlier_report import EarlierReport, ReportOrigin
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import ReportAction, SectionCode
from workstation.earlier_reports import ReportGatherer
from workstation.earlier_reports_store import EarlierReportStore
from workstation.jobs import NETWORK
from workstation.reporting.store import SigningEvidence

pytestmark = pytest.mark.qt
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ME = Patient(PatientKey("ID-1"), "", "19500102")
THEM = Patient(PatientKey("ID-2"), "", "19500102")


def a_report(uid: str, text: str, day: str, patient: Patient = ME, **changes: Any) -> EarlierReport:
    made = EarlierReport(uid, ReportOrigin.RIS, patient, text, "MR <b>hode</b>", day=day, signer="Dr Nils Ánde", status="final")
    return replace(made, **changes)


@pytest.fixture
def seat(tmp_path: Path, qapp) -> Iterator[ReportSeat]:
    made = ReportSeat(tmp_path, HeldJobs(NETWORK))
    store = EarlierReportStore(tmp_path / "earlier.db")
    store.put(
        [
            a_report("a", "Ingen <i>blødning</i>.\nČáppa lungødem.", "20240301"),
            a_report("b", "", "20230501", form="PDF"),
            a_report("theirs", "Lungödem.", "20250101", THEM),
        ]
    )
    gatherer = ReportGatherer(store, lambda: made.reports, lambda: made.library, lambda: None, lambda uid: made.studies[uid])
    made.session.earlier.plug(gatherer)
    yield made
    store.close()


@pytest.fixture
def window(seat: ReportSeat, qtbot) -> Iterator[MainWindow]:
    seat.add_case(1, prior=True)
    seat.add_case(2)
    made = MainWindow(seat)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.leaving.agree()
    made.close()
    seat.reports.close()


def open_case(window: MainWindow, seat: ReportSeat, qtbot, index: int = 0) -> None:
    seat.session.open(seat.items[index])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)


def press(window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget() or window.worklist.table, key, modifier)


def test_by_one_key_they_are_there_newest_first_with_the_text_of_the_chosen_one(window, seat, qtbot) -> None:
    prior = replace(seat.items[0], accession_number="A2.1", study_instance_uid="2.1", study_date="20260218")
    report = seat.reports.open_draft(replace(prior, order=replace(prior.order, order_id="o", accession_number="A2.1")))
    seat.reports.write_section(report.report_uuid, SectionCode.FINDINGS, "A 5 mm nodule.")
    evidence = SigningEvidence("2.1", prior.patient.key, frozenset({("2.1", "1")}))
    seat.reports.sign(report.report_uuid, ReportAction.SIGN_FINAL, "Dr Earlier", evidence)
    open_case(window, seat, qtbot)
    box = window.report_panel.earlier
    assert box.button.text() == "Earlier reports (3)"
    assert not box.list.isVisible()
    press(window, Qt.Key.Key_F5, SHIFT)
    assert box.list.isVisible()
    assert QApplication.focusWidget() is box.list.table
    days = [box.list.table.item(row, 0).text() for row in range(3)]
    assert days == ["2026-02-18", "2024-03-01", "2023-05-01"]
    assert box.list.text.toPlainText() == "Dr Earlier, signed here\nFINDINGS\nA 5 mm nodule."
    press(window, Qt.Key.Key_Down)
    assert box.list.text.toPlainText() == "Dr Nils Ánde, in the RIS\nIngen <i>blødning</i>.\nČáppa lungødem."
    assert box.list.table.item(1, 1).text() == "MR <b>hode</b>"
    press(window, Qt.Key.Key_Down)
    assert "only as PDF" in box.list.text.toPlainText()
    assert "no text that can be read here" in box.list.text.toPlainText()
    press(window, Qt.Key.Key_F5, SHIFT)
    assert not box.list.isVisible()


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1200)])
def test_every_section_stays_in_view_beside_them(window, seat, qtbot, size) -> None:
    window.resize(*size)
    open_case(window, seat, qtbot)
    press(window, Qt.Key.Key_F5, SHIFT)
    panel = window.report_panel
    panel.editor(SectionCode.FINDINGS).setPlainText("No pleural effusion. " * 100)

    def in_view() -> bool:
        bottom_of_list = panel.earlier.mapTo(panel, panel.earlier.rect().bottomLeft()).y()
        top_of_voice = panel.dictation.mapTo(panel, panel.dictation.rect().topLeft()).y()
        shown = [panel.editor(code) for code in SECTIONS if panel.editor(code).isVisible()]
        tops = [editor.mapTo(panel, editor.rect().topLeft()).y() for editor in shown]
        bottoms = [editor.mapTo(panel, editor.rect().bottomLeft()).y() for editor in shown]
        lines = [editor.viewport().height() - editor.fontMetrics().lineSpacing() for editor in shown]
        return min(tops) > bottom_of_list and max(bottoms) <= top_of_voice and min(lines) >= -2

    qtbot.waitUntil(in_view)
    table = panel.earlier.list.table
    assert table.viewport().width() >= table.columnWidth(0) + 40


def test_of_the_next_patient_nothing_of_the_last_one_stands_there(window, seat, qtbot) -> None:
    """F49."""
    open_case(window, seat, qtbot)
    press(window, Qt.Key.Key_F5, SHIFT)
    assert window.report_panel.earlier.list.table.rowCount() == 2
    open_case(window, seat, qtbot, 1)
    box = window.report_panel.earlier
    assert not box.list.isVisible()
    assert "Ingen" not in box.list.text.toPlainText()
    press(window, Qt.Key.Key_F5, SHIFT)
    assert [box.list.table.item(row, 0).text() for row in range(box.list.table.rowCount())] == ["2025-01-01"]


def test_what_arrives_while_one_is_read_leaves_it_where_it_is(window, seat, qtbot) -> None:
    open_case(window, seat, qtbot)
    press(window, Qt.Key.Key_F5, SHIFT)
    table = window.report_panel.earlier.list.table
    chosen = window.report_panel.earlier.list.chosen
    source = seat.session.earlier._source
    source._store.put([a_report("new", "Newer", "20260101")])
    seat.jobs.release()
    assert table.item(0, 0).text() == "2026-01-01"
    assert window.report_panel.earlier.list.chosen == chosen
    assert table.currentRow() == 1


def test_what_is_copied_says_of_which_patient_it_is(window, seat, qtbot) -> None:
    """F73: into this patient's report it goes at once; into another's it is asked for."""
    open_case(window, seat, qtbot)
    on_desk = seat.session.desk.report.report_uuid
    ris, own = a_report("a", "x", "20240301"), a_report("own/1f9d31b4", "x", "20240301", THEM)
    assert origin_of(seat.session, ris) == on_desk
    assert origin_of(seat.session, own) == "1f9d31b4"
    assert origin_of(seat.session, a_report("theirs", "x", "20250101", THEM)) == "theirs"
    press(window, Qt.Key.Key_F5, SHIFT)
    text = window.report_panel.earlier.list.text
    text.selectAll()
    copied = text.createMimeDataFromSelection()
    assert bytes(copied.data(FORMAT).data()).decode() == on_desk
    assert "Čáppa lungødem." in copied.text()
    assert not copied.hasHtml()


def test_without_a_case_it_says_what_to_do(window, seat, qtbot) -> None:
    press(window, Qt.Key.Key_F5, SHIFT)
    assert "No case is open" in window.banner.text
    assert not window.report_panel.earlier.isVisible()


# ---- the search ------------------------------------------------------------------------------


def searching(window: MainWindow, qtbot) -> SearchDialog:
    press(window, Qt.Key.Key_Y, CTRL_SHIFT)
    dialog = window.findChild(SearchDialog)
    assert dialog is not None
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    return dialog


def test_by_one_key_words_are_looked_for_and_what_was_found_is_marked(window, seat, qtbot) -> None:
    open_case(window, seat, qtbot)
    dialog = searching(window, qtbot)
    QTest.keyClicks(dialog.words, "lungodem")
    QTest.keyClick(dialog.words, Qt.Key.Key_Return)
    assert dialog.table.rowCount() == 1
    words, begin, end = dialog.table.item(0, SNIPPET_COLUMN).data(MARKED)
    assert words[begin:end] == "lungødem"
    marks = [mark.cursor.selectedText() for mark in dialog.text.extraSelections()]
    assert marks == ["lungødem"]
    assert "Ingen <i>blødning</i>." in dialog.text.toPlainText()
    assert dialog.focusWidget() is dialog.table


def test_this_patients_first_and_all_of_this_computer_on_a_switch(window, seat, qtbot) -> None:
    open_case(window, seat, qtbot)
    dialog = searching(window, qtbot)
    QTest.keyClicks(dialog.words, "lungodem")
    dialog.search_now()
    assert dialog.table.rowCount() == 1
    assert dialog.table.isColumnHidden(2)
    QTest.keyClick(dialog.words, Qt.Key.Key_Tab)
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Space)
    assert dialog.everywhere.isChecked()
    assert [dialog.table.item(row, 2).text() for row in range(2)] == ["ID-2 1950-01-02", "ID-1 1950-01-02"]


@pytest.mark.parametrize("query", ["***", "-- ;"])
def test_what_asks_for_nothing_is_said_in_words_where_it_was_typed(window, seat, qtbot, query: str) -> None:
    """F86."""
    open_case(window, seat, qtbot)
    dialog = searching(window, qtbot)
    QTest.keyClicks(dialog.words, query)
    dialog.search_now()
    assert "no letter or digit" in dialog.state.text()
    assert not window.banner.isVisible()
    assert dialog.table.rowCount() == 0


def test_another_case_clears_what_was_found_for_the_last(window, seat, qtbot) -> None:
    """F49: the dialog may stay open."""
    open_case(window, seat, qtbot)
    dialog = searching(window, qtbot)
    QTest.keyClicks(dialog.words, "blødning")
    dialog.search_now()
    assert dialog.table.rowCount() == 1
    open_case(window, seat, qtbot, 1)
    assert dialog.table.rowCount() == 0
    assert dialog.text.toPlainText() == ""


def test_without_a_case_all_reports_are_searched(window, seat, qtbot) -> None:
    dialog = searching(window, qtbot)
    assert dialog.everywhere.isChecked()
    QTest.keyClicks(dialog.words, "lung*")
    dialog.search_now()
    assert dialog.table.rowCount() == 2


def test_the_search_lies_beside_the_list_as_well(window, seat, qtbot) -> None:
    open_case(window, seat, qtbot)
    button = next(one for one in window.report_panel.earlier.findChildren(QToolButton) if "Search" in one.text())
    button.click()
    qtbot.waitUntil(lambda: window.findChild(SearchDialog) is not None)
