"""A report on paper: whose, which version, signed or not on each page; letters right, nothing interpreted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Thread

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QColor
from PySide6.QtPdf import QPdfDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from report_seat import ReportSeat

from ui.main_window import MainWindow
from ui.report.printing import DRAFT, PrintedReport, pdf_bytes, pdf_of_document
from ui.report.printing_dialog import DARK, PrintDialog, choices, page_images
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import Addendum, Report, ReportSection, ReportStatus, SectionCode
from workstation.domain.report_document import DocumentKind, ReportDocument, document_name
from workstation.domain.study import Study

pytestmark = pytest.mark.qt
AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=timezone(timedelta(hours=1)))
HERE = AT.astimezone().isoformat(sep=" ", timespec="minutes")
WHO = Patient(PatientKey("19 121212-1212", "1.2.752.129"), "Åkerö^Plantednamekari^Mö", "19121212", "F")
LETTERS = "ÆØÅ æøå ÄÖ äö Čáhppes ŋáŧđ Šš Žž ő ß"
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def report(**changes: object) -> Report:
    sections = (
        ReportSection(SectionCode.HISTORY, "Hosta."),
        ReportSection(SectionCode.FINDINGS, f"Ingen <b>pleuravätska</b> &amp; <img src=x>. {LETTERS}"),
        ReportSection(SectionCode.IMPRESSION, "Normalt."),
    )
    made = Report(
        "6b1fe1a8-70b2-4a47-b7a1-1f9d31b4b7a7", "ACC-1", "1.2.3", "19 121212-1212", "1.2.752.129", "order-1", "Patient/1",
        "CT thorax – prøve", ReportStatus.CORRECTED, 2, sections, "sv", "Åse Läkare", AT, study_date="20260102",
        earlier_signers=("Ola Rezident",), reason="Fel sida",
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def read(pdf: bytes) -> tuple[QPdfDocument, list[str]]:
    """Opened by another program's eyes (PDFium), with the text of each page."""
    document, buffer = QPdfDocument(), QBuffer()
    buffer.setParent(document)
    buffer.setData(QByteArray(pdf))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    document.load(buffer)
    assert document.error() is QPdfDocument.Error.None_
    return document, [document.getAllText(page).text().replace("\r\n", "\n") for page in range(document.pageCount())]


def test_one_page_says_everything_that_a_reader_of_paper_must_know(qapp) -> None:
    _, (page,) = read(pdf_bytes(PrintedReport(report(), WHO, False, "Nordsykehuset")))
    for words in (
        "Radiology report", "Nordsykehuset", "Corrected report, version 2", "Åkerö, Plantednamekari Mö", "19 121212-1212",
        "1912-12-12", "Female", "CT thorax – prøve", "2026-01-02", "Accession ACC-1", "order-1", "Fel sida", "Clinical history",
        f"Signed by Åse Läkare, {HERE}", "Earlier versions signed by Ola Rezident", "Page 1 of 1",
        "Report 6b1fe1a8-70b2-4a47-b7a1-1f9d31b4b7a7, version 2",
    ):  # fmt: skip
        assert words in page, words
    assert DRAFT not in page


def test_letters_are_right_and_no_markup_is_followed(qapp) -> None:
    _, (page,) = read(pdf_bytes(PrintedReport(report(), WHO, False)))
    assert LETTERS in page.replace("\n", " ")
    assert "<b>pleuravätska</b> &amp; <img src=x>" in page


def test_it_is_pdf_a_and_neither_title_nor_name_of_the_file_says_whose_it_is(qapp) -> None:
    printed = PrintedReport(report(), WHO, False)
    pdf = pdf_bytes(printed)
    assert b'pdfaid:part="1"' in pdf
    assert b'pdfaid:conformance="B"' in pdf
    document, _ = read(pdf)
    told = [document.metaData(field) for field in QPdfDocument.MetaDataField]
    assert told[0] == "Radiology report"
    assert not any("Planted" in str(one) or "1212" in str(one) for one in told)
    assert printed.file_name == "report-6b1fe1a8-v2.pdf"
    assert PrintedReport(report(), WHO, True).file_name == "report-6b1fe1a8-draft.pdf"


def test_every_page_of_a_draft_says_so_and_none_of_them_that_it_was_signed(qapp) -> None:
    long = report(sections=(ReportSection(SectionCode.FINDINGS, f"{LETTERS} {LETTERS}\n" * 130),))
    _, pages = read(pdf_bytes(PrintedReport(long, WHO, True)))
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert " ".join(page.split()).count(DRAFT) >= 3  # above, below and across
        assert f"Page {number} of {len(pages)}" in page
        assert "Åkerö, Plantednamekari Mö" in page
        assert "Signed by" not in page
    assert "This text is not signed." in pages[-1]


def test_no_line_is_lost_or_printed_twice_where_a_page_ends(qapp) -> None:
    lines = [f"Line {number:03} " + "Žž og mer av det samme, " * 3 + "slutt" for number in range(400)]
    long = report(sections=(ReportSection(SectionCode.FINDINGS, "\n".join(lines)),))
    _, pages = read(pdf_bytes(PrintedReport(long, WHO, False)))
    found = [line for page in pages for line in page.split("\n") if line.startswith("Line ")]
    assert found == lines


def test_addenda_stand_below_with_who_and_when(qapp) -> None:
    added = report(status=ReportStatus.APPENDED, addenda=(Addendum("Sammenlignet: uendret.", "Ola Nilsen", AT),))
    _, (page,) = read(pdf_bytes(PrintedReport(added, WHO, False)))
    assert "Report with addendum, version 2" in page
    assert f"Addendum, {HERE}, Ola Nilsen\nSammenlignet: uendret." in page


def test_it_is_printed_for_the_archive_away_from_the_main_thread(qapp) -> None:
    study = Study("1.2.3", WHO, institution="Nordsykehuset")
    document = ReportDocument(document_name("u", 2, DocumentKind.PDF), report(), study)
    made: list[bytes] = []
    threads = [Thread(target=lambda: made.append(pdf_of_document(document))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert all("Nordsykehuset" in read(pdf)[1][0] for pdf in made)


def test_the_preview_is_dark_and_shows_the_pages_as_they_will_be(qapp) -> None:
    (page,) = page_images(PrintedReport(report(), WHO, False), DARK)
    assert page.pixelColor(5, 5) == QColor(DARK.paper)
    assert (page.width(), page.height()) == (793, 1122)
    brightest = max(page.pixelColor(x, y).lightness() for x in range(60, 400, 2) for y in range(100, 300))
    assert brightest > 150  # the letters


def test_the_version_that_counts_is_offered_first() -> None:
    first, second = report(version=1, status=ReportStatus.FINAL), report()
    same = choices(second, [first, second], WHO)
    assert [(one.is_draft, one.report.version) for one in same] == [(False, 2), (False, 1)]
    changed = replace(second, sections=(ReportSection(SectionCode.FINDINGS, "New words"),))
    assert [one.is_draft for one in choices(changed, [first, second], WHO)] == [True, False, False]
    assert [one.is_draft for one in choices(replace(changed, version=0), [], WHO)] == [True]


# ---- in the window ---------------------------------------------------------------------------


@pytest.fixture
def seat(tmp_path: Path, qapp) -> ReportSeat:
    return ReportSeat(tmp_path)


@pytest.fixture
def window(seat: ReportSeat, qtbot) -> Iterator[MainWindow]:
    seat.add_case(1, name="Plantedname^Kari")
    made = MainWindow(seat)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.leaving.agree()
    made.close()
    seat.reports.close()


def opened(window: MainWindow, seat: ReportSeat, qtbot) -> PrintDialog:
    """By Ctrl+Shift+I."""
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)
    editor = window.report_panel.editor(SectionCode.FINDINGS)
    window.report_panel.focus()
    QTest.keyClicks(editor, "Typed a moment ago")
    QTest.keyClick(editor, Qt.Key.Key_I, CTRL_SHIFT)
    dialog = window.findChild(PrintDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.printed is not None)
    return dialog


def test_by_one_key_the_draft_with_the_words_typed_last_is_there(window: MainWindow, seat: ReportSeat, qtbot) -> None:
    dialog = opened(window, seat, qtbot)
    assert dialog.printed is not None
    assert dialog.printed.is_draft
    assert dialog.printed.report.text(SectionCode.FINDINGS) == "Typed a moment ago"
    assert dialog.which.currentText() == "Draft, not signed"
    assert "Plantedname" not in dialog.windowTitle()


def test_a_pdf_is_saved_whole_for_this_user_alone_and_that_it_is_not_encrypted_is_said(
    window: MainWindow, seat: ReportSeat, qtbot, tmp_path: Path
) -> None:
    dialog = opened(window, seat, qtbot)
    path = tmp_path / "out" / "report.pdf"
    path.parent.mkdir()
    dialog.save_to(path)
    assert DRAFT in read(path.read_bytes())[1][0]
    assert path.stat().st_mode & 0o077 == 0
    assert "not encrypted" in window.banner.text
    assert [one.name for one in path.parent.iterdir()] == ["report.pdf"]


def test_a_pdf_that_the_disk_refuses_is_said_and_nothing_is_left(
    window: MainWindow, seat: ReportSeat, qtbot, tmp_path: Path
) -> None:
    dialog = opened(window, seat, qtbot)
    dialog.save_to(tmp_path / "gone" / "report.pdf")
    assert "was not saved" in window.banner.text
    assert list(tmp_path.glob("**/*.p*df*")) == []


def test_a_computer_without_a_printer_says_so(window: MainWindow, seat: ReportSeat, qtbot, monkeypatch) -> None:
    monkeypatch.setattr("PySide6.QtPrintSupport.QPrinterInfo.availablePrinterNames", staticmethod(list))
    dialog = opened(window, seat, qtbot)
    button = next(one for one in dialog.findChildren(QPushButton) if "Print" in one.text())
    button.click()
    qtbot.waitUntil(lambda: "no printer" in window.banner.text)


def test_without_a_report_there_is_nothing_to_print_and_that_is_said(window: MainWindow, seat: ReportSeat, qtbot) -> None:
    focused = QApplication.focusWidget() or window.worklist.table
    QTest.keyClick(focused, Qt.Key.Key_I, CTRL_SHIFT)
    assert window.findChild(PrintDialog) is None
    assert "Nothing to print" in window.banner.text
