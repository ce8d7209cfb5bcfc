"""A report on paper (A4) or as a PDF: each page says whose it is, which version, and whether it is signed.

All text goes in as plain characters; nothing in it is markup. The PDF is PDF/A-1b: fonts inside, no transparency. The
proposed file name and the file's title name nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QPen,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextLength,
    QTextTableFormat,
)

from ui.plain import core_text, dicom_date, person_name, plain
from ui.report.joint_line import joint_words
from workstation.domain.patient import Patient
from workstation.domain.report import SECTION_TITLES, Report, ReportStatus, SectionCode
from workstation.domain.report_document import ReportDocument
from workstation.reporting.layout import filled_sections

MARGIN_MM: Final = 18.0
RESOLUTION: Final = 300
BODY_POINTS, SMALL_POINTS, TITLE_POINTS = 10.5, 8.5, 15.0
PREVIEW_DPI: Final = 96
DRAFT = "DRAFT - NOT SIGNED"
STATUS_WORDS = {
    ReportStatus.DRAFT: DRAFT,
    ReportStatus.PRELIMINARY: "Preliminary report",
    ReportStatus.FINAL: "Final report",
    ReportStatus.AMENDED: "Amended report",
    ReportStatus.CORRECTED: "Corrected report",
    ReportStatus.APPENDED: "Report with addendum",
}


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours of the page; `faint` is that of the mark across a draft."""

    paper: str = "#ffffff"
    text: str = "#000000"
    quiet: str = "#444444"
    faint: str = "#e6e6e6"


PAPER = Ink()


@dataclass(frozen=True, slots=True)
class PrintedReport:
    """One version, or the draft: text that is not signed never looks signed. `patient` is of the images."""

    report: Report
    patient: Patient
    is_draft: bool
    institution: str = ""

    @property
    def status_words(self) -> str:
        return core_text(DRAFT if self.is_draft else STATUS_WORDS[self.report.status])

    @property
    def file_name(self) -> str:
        """Names nobody: the report's own id and version."""
        return f"report-{self.report.report_uuid[:8]}-{'draft' if self.is_draft else f'v{self.report.version}'}.pdf"


def pdf_of_document(document: ReportDocument) -> bytes:
    """For an object of a signed version. Any thread, once there is a QGuiApplication."""
    study = document.study
    return pdf_bytes(PrintedReport(document.report, study.patient, False, study.institution))


def pdf_bytes(printed: PrintedReport) -> bytes:
    written = QByteArray()
    buffer = QBuffer(written)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPdfVersion(QPagedPaintDevice.PdfVersion.PdfVersion_A1b)
    writer.setResolution(RESOLUTION)
    writer.setCreator("Lyskasse")
    writer.setTitle(core_text("Radiology report"))
    writer.setPageLayout(page_layout())
    paint(printed, writer)
    buffer.close()
    return bytes(written.data())


def page_layout() -> QPageLayout:
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    size = QPageSize(QPageSize.PageSizeId.A4)
    return QPageLayout(size, QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter)


def paint(printed: PrintedReport, device: QPagedPaintDevice) -> int:
    """All pages on a printer or a PDF. How many."""
    painter = QPainter(device)
    try:
        area = QRectF(QPointF(0, 0), QSizeF(device.pageLayout().paintRectPixels(_dpi(device)).size()))
        pages = Pages(printed, area.size(), device)
        for number in range(pages.count):
            if number:
                device.newPage()
            pages.paint_page(painter, number, area)
        return pages.count
    finally:
        painter.end()


def _dpi(device: QPagedPaintDevice) -> int:
    return device.logicalDpiX()


class Pages:
    """The report laid out for pages of this size, in the units of `device`."""

    def __init__(
        self, printed: PrintedReport, size: QSizeF, device: QPagedPaintDevice | None, dpi: int = 0, ink: Ink = PAPER
    ) -> None:
        self._printed = printed
        self._ink = ink
        self._scale = (dpi or (_dpi(device) if device is not None else PREVIEW_DPI)) / 72.0
        self._head = 3.9 * self._points(SMALL_POINTS)
        self._foot = 3.2 * self._points(SMALL_POINTS)
        self._document = self._laid_out(QSizeF(size.width(), size.height() - self._head - self._foot))

    @property
    def count(self) -> int:
        return max(1, self._document.pageCount())

    def paint_page(self, painter: QPainter, number: int, area: QRectF) -> None:
        if self._printed.is_draft:
            self._paint_across(painter, area)
        self._paint_head(painter, area)
        body = QRectF(area.left(), area.top() + self._head, area.width(), area.height() - self._head - self._foot)
        painter.save()
        painter.translate(body.left(), body.top() - number * body.height())
        painter.setClipRect(QRectF(0, number * body.height(), body.width(), body.height()))
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, QColor(self._ink.text))
        context.clip = QRectF(0, number * body.height(), body.width(), body.height())
        self._document.documentLayout().draw(painter, context)
        painter.restore()
        self._paint_foot(painter, area, number)

    # ---- the frame of a page -------------------------------------------------------------

    def _paint_head(self, painter: QPainter, area: QRectF) -> None:
        """Whose page this is, should the pages come apart."""
        report, patient = self._printed.report, self._printed.patient
        who = "   ".join(p for p in (person_name(patient.name), dicom_date(patient.birth_date), plain(report.patient_id)) if p)
        line = QRectF(area.left(), area.top(), area.width(), 1.7 * self._points(SMALL_POINTS))
        self._write(painter, line, who, Qt.AlignmentFlag.AlignLeft, 0.68)
        accession = core_text("Accession {0}").format(plain(report.accession_number)) if report.accession_number else ""
        self._write(painter, line, accession, Qt.AlignmentFlag.AlignRight, 0.3)
        if self._printed.is_draft:
            mark = line.translated(0, 1.2 * self._points(SMALL_POINTS))
            self._write(painter, mark, self._printed.status_words, Qt.AlignmentFlag.AlignRight, 0.5, bold=True)
        self._rule(painter, area, line.bottom() + 1.2 * self._points(SMALL_POINTS))

    def _paint_foot(self, painter: QPainter, area: QRectF, number: int) -> None:
        report = self._printed.report
        high = 1.7 * self._points(SMALL_POINTS)
        line = QRectF(area.left(), area.bottom() - high, area.width(), high)
        version = core_text("version {0}").format(report.version) if not self._printed.is_draft else self._printed.status_words
        words = f"{core_text('Report')} {plain(report.report_uuid)}, {version}"
        self._write(painter, line, words, Qt.AlignmentFlag.AlignLeft, 0.75)
        page = core_text("Page {0} of {1}").format(number + 1, self.count)
        self._write(painter, line, page, Qt.AlignmentFlag.AlignRight, 0.24)
        self._rule(painter, area, line.top() - 0.3 * self._points(SMALL_POINTS))

    def _paint_across(self, painter: QPainter, area: QRectF) -> None:
        """Below the text, in a colour of its own: PDF/A-1 knows no transparency."""
        painter.save()
        font = self._font(54, bold=True)
        words = self._printed.status_words
        painter.setFont(font)
        painter.setPen(QColor(self._ink.faint))
        painter.translate(area.center())
        painter.rotate(-52)
        width = QFontMetricsF(font, painter.device()).horizontalAdvance(words)
        painter.drawText(QPointF(-width / 2, 0), words)
        painter.restore()

    def _write(
        self, painter: QPainter, line: QRectF, words: str, side: Qt.AlignmentFlag, share: float, bold: bool = False
    ) -> None:
        """On one line, in at most this share of its width."""
        font = self._font(SMALL_POINTS, bold)
        shown = QFontMetricsF(font, painter.device()).elidedText(words, Qt.TextElideMode.ElideRight, line.width() * share)
        painter.setFont(font)
        painter.setPen(QColor(self._ink.text if bold else self._ink.quiet))
        painter.drawText(line, int(side | Qt.AlignmentFlag.AlignVCenter), shown)

    def _rule(self, painter: QPainter, area: QRectF, y: float) -> None:
        painter.setPen(QPen(QColor(self._ink.quiet), 0.4 * self._scale))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    # ---- the text ------------------------------------------------------------------------

    def _laid_out(self, size: QSizeF) -> QTextDocument:
        document = QTextDocument()
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        document.setDefaultFont(self._font(BODY_POINTS))
        document.setPageSize(size)
        around = document.rootFrame().frameFormat()
        # On each page: accents of its first line reach above the line.
        around.setTopMargin(4 * self._scale)
        around.setBottomMargin(4 * self._scale)
        document.rootFrame().setFrameFormat(around)
        cursor = QTextCursor(document)
        self._insert_title(cursor)
        self._insert_facts(cursor)
        for title, text in _sections(self._printed.report):
            self._insert_section(cursor, title, text)
        self._insert_signature(cursor)
        return document

    def _insert_title(self, cursor: QTextCursor) -> None:
        cursor.setBlockFormat(self._block(0, 2))
        cursor.insertText(core_text("Radiology report"), self._characters(TITLE_POINTS, bold=True))
        if self._printed.institution:
            cursor.insertBlock(self._block(0, 2))
            cursor.insertText(plain(self._printed.institution), self._characters(BODY_POINTS))
        cursor.insertBlock(self._block(0, 6))
        words = self._printed.status_words
        if not self._printed.is_draft:
            words += ", " + core_text("version {0}").format(self._printed.report.version)
        cursor.insertText(words, self._characters(BODY_POINTS, bold=True))

    def _insert_facts(self, cursor: QTextCursor) -> None:
        facts = list(_facts(self._printed))
        style = QTextTableFormat()
        style.setBorder(0)
        style.setCellPadding(1.5 * self._scale)
        style.setCellSpacing(0)
        style.setColumnWidthConstraints([QTextLength(QTextLength.Type.PercentageLength, share) for share in (27, 73)])
        table = cursor.insertTable(len(facts), 2, style)
        for row, (label, value) in enumerate(facts):
            table.cellAt(row, 0).firstCursorPosition().insertText(label, self._characters(BODY_POINTS, quiet=True))
            table.cellAt(row, 1).firstCursorPosition().insertText(value, self._characters(BODY_POINTS))
        cursor.movePosition(QTextCursor.MoveOperation.End)

    def _insert_section(self, cursor: QTextCursor, title: str, text: str) -> None:
        cursor.insertBlock(self._block(11, 2))
        cursor.insertText(title, self._characters(BODY_POINTS + 1, bold=True))
        for line in text.strip("\n").split("\n"):
            cursor.insertBlock(self._block(0, 0))
            cursor.insertText(plain(line), self._characters(BODY_POINTS))

    def _insert_signature(self, cursor: QTextCursor) -> None:
        cursor.insertBlock(self._block(16, 0))
        cursor.insertText("\n".join(_signature(self._printed)), self._characters(BODY_POINTS, bold=True))

    def _block(self, above: float, below: float) -> QTextBlockFormat:
        style = QTextBlockFormat()
        style.setTopMargin(above * self._scale)
        style.setBottomMargin(below * self._scale)
        style.setLineHeight(2.0 * self._scale, int(QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value))
        return style

    def _characters(self, points: float, bold: bool = False, quiet: bool = False) -> QTextCharFormat:
        style = QTextCharFormat()
        style.setFont(self._font(points, bold))
        style.setForeground(QColor(self._ink.quiet if quiet else self._ink.text))
        return style

    def _font(self, points: float, bold: bool = False) -> QFont:
        """By pixels of the device: a document knows points only by the screen's."""
        font = QFont(QGuiApplication.font().family())
        font.setPixelSize(max(1, round(self._points(points))))
        font.setBold(bold)
        return font

    def _points(self, points: float) -> float:
        return points * self._scale


def _sections(report: Report) -> Iterator[tuple[str, str]]:
    """(title, text): those that hold words, then the addenda with who added them and when."""
    for section in filled_sections(report.sections):
        yield core_text(SECTION_TITLES[section.code]), section.text
    for added in report.addenda:
        title = core_text(SECTION_TITLES[SectionCode.ADDENDUM])
        yield f"{title}, {when_words(added.at)}, {plain(added.signed_by)}", added.text


def when_words(instant: datetime) -> str:
    """By the clock on the wall here, with its distance from UTC."""
    return instant.astimezone().isoformat(sep=" ", timespec="minutes")


def _facts(printed: PrintedReport) -> Iterator[tuple[str, str]]:
    report, patient = printed.report, printed.patient
    sex = {"M": "Male", "F": "Female", "O": "Other"}.get(patient.sex, "")
    for label, value in (
        ("Patient", person_name(patient.name)),
        ("Patient ID", " ".join(p for p in (plain(report.patient_id), plain(report.patient_issuer)) if p)),
        ("Born", dicom_date(patient.birth_date)),
        ("Sex", core_text(sex)),
        ("Examination", plain(report.procedure)),
        ("Date of examination", dicom_date(report.study_date)),
        ("Accession number", plain(report.accession_number)),
        ("Read together with", "; ".join(joint_words(one) for one in report.joint)),
        ("Order", plain(report.order_id)),
        ("Reason for the change", plain(report.reason)),
    ):
        if value:
            yield core_text(label), value


def _signature(printed: PrintedReport) -> Iterator[str]:
    report = printed.report
    if printed.is_draft or report.signed_at is None:
        yield core_text("This text is not signed.")
        return
    yield core_text("Signed by {0}, {1}").format(plain(report.signed_by), when_words(report.signed_at))
    if report.earlier_signers:
        yield core_text("Earlier versions signed by {0}").format(", ".join(map(plain, report.earlier_signers)))
