"""Print or save a report: the pages as they will be, in colours for a dark room, and the choice of the version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, QStandardPaths, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.plain import core_text, plain
from ui.report.printing import (
    MARGIN_MM,
    PREVIEW_DPI,
    STATUS_WORDS,
    Ink,
    Pages,
    PrintedReport,
    page_layout,
    paint,
    pdf_bytes,
    when_words,
)
from ui.while_there import while_there
from workstation.domain.patient import Patient
from workstation.domain.report import Report
from workstation.errors import Refused, Unavailable
from workstation.jobs import DATABASE, Cancel
from workstation.reporting.layout import filled_sections
from workstation.session.case import Notice

if TYPE_CHECKING:
    from ui.seat import Seat

DARK = Ink(theme.RAISED, theme.TEXT, theme.MUTED, theme.LINE)
FOLDER = "report.folder"


class PrintDialog(QDialog):
    """Opens on the version that counts: the newest signed one, or the draft where words are not signed yet."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("printDialog")
        self.setWindowTitle(self.tr("Print or save the report"))
        self._core = core
        self._choices: list[PrintedReport] = []
        self.which = QComboBox()
        self.which.setAccessibleName(self.tr("Version"))
        self.which.currentIndexChanged.connect(lambda _: self._show())
        self.pages = QScrollArea()
        self.pages.setWidgetResizable(True)
        self.pages.setAccessibleName(self.tr("Pages"))
        self.print_button = QPushButton(self.tr("&Print…"))
        self.save_button = QPushButton(self.tr("&Save as PDF…"))
        self.print_button.clicked.connect(self._print)
        self.save_button.clicked.connect(self._save)
        self._lay_out()
        for button in (self.print_button, self.save_button):
            button.setEnabled(False)
        self.resize(900, 900)
        self._ask()

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        label = QLabel(self.tr("&Version"))
        label.setBuddy(self.which)
        row.addWidget(label)
        row.addWidget(self.which, 1)
        row.addWidget(self.print_button)
        row.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(self.pages, 1)
        column.addWidget(buttons)

    @property
    def printed(self) -> PrintedReport | None:
        """What is chosen."""
        index = self.which.currentIndex()
        return self._choices[index] if 0 <= index < len(self._choices) else None

    # ---- what there is -------------------------------------------------------------------

    def _ask(self) -> None:
        """Read what the disk holds, after what was typed a moment ago."""
        session = self._core.session
        case, report = session.case, session.desk.report
        if case is None or report is None:
            return
        session.desk.leaving.emit(None)
        uuid, patient, place = report.report_uuid, case.study.patient, case.study.institution

        def work(_: Cancel) -> list[PrintedReport]:
            store = self._core.reports
            return choices(store.report(uuid), store.versions(uuid), patient, place)

        self._core.jobs.run(DATABASE, work, while_there(self, self._fill), session.report_problem, slot="report to print")

    def _fill(self, found: list[PrintedReport]) -> None:
        self._choices = found
        self.which.clear()
        self.which.addItems([_named(one) for one in found])

    def _show(self) -> None:
        printed = self.printed
        for button in (self.print_button, self.save_button):
            button.setEnabled(printed is not None)
        if printed is None:
            return
        sheet = QWidget()
        column = QVBoxLayout(sheet)
        column.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        shown = page_images(printed, DARK)
        for number, image in enumerate(shown, start=1):
            page = QLabel()
            page.setPixmap(QPixmap.fromImage(image))
            page.setAccessibleName(self.tr("Page {0} of {1}").format(number, len(shown)))
            column.addWidget(page)
        self.pages.setWidget(sheet)

    # ---- what is done --------------------------------------------------------------------

    def _save(self) -> None:
        printed = self.printed
        if printed is None:
            return
        remembered = self._core.remembered.get(FOLDER, "")
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        folder = remembered if isinstance(remembered, str) and remembered else documents
        proposed = str(Path(folder) / printed.file_name)
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Save as PDF"), proposed, self.tr("PDF (*.pdf)"))
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, path: Path) -> None:
        """Whole or not at all; readable by this user alone."""
        printed, session = self.printed, self._core.session
        if printed is None:
            return
        half = path.with_name(f".{path.name}.part")
        try:
            half.touch(mode=0o600)
            half.write_bytes(pdf_bytes(printed))
            half.replace(path)
        except OSError as error:
            half.unlink(missing_ok=True)
            session.report_problem(Unavailable("The PDF was not saved", error.strerror or "", "Choose another folder"))
            return
        self._core.remembered.set(FOLDER, str(path.parent))
        session.notice.emit(Notice("The report was saved as a PDF: it holds patient data and is not encrypted"))

    def _print(self) -> None:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter, QPrinterInfo

        printed = self.printed
        if printed is None:
            return
        if not QPrinterInfo.availablePrinterNames():
            hint = "Set one up in the system, or save the report as a PDF"
            self._core.session.report_problem(Refused("Nothing was printed", "This computer has no printer", hint))
            return
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setPageLayout(page_layout())
        printer.setDocName(printed.file_name)
        if QPrintDialog(printer, self).exec() == QDialog.DialogCode.Accepted:
            count = paint(printed, printer)
            words = "One page is" if count == 1 else f"{count} pages are"
            self._core.session.notice.emit(Notice(f"{words} on the way to the printer"))


class VersionPrintDialog(PrintDialog):
    """One signed version, of a report that need not be open: what is handed over when the RIS does not take it."""

    def __init__(self, core: Seat, printed: PrintedReport, parent: QWidget | None = None) -> None:
        self._only = printed
        super().__init__(core, parent)

    def _ask(self) -> None:
        self._fill([self._only])


def choices(report: Report, versions: Sequence[Report], patient: Patient, institution: str = "") -> list[PrintedReport]:
    """Unsigned words first, then the versions that stand, newest first."""
    signed = [PrintedReport(version, patient, False, institution) for version in reversed(versions)]
    is_changed = not versions or filled_sections(report.sections) != filled_sections(versions[-1].sections)
    return [*([PrintedReport(report, patient, True, institution)] if is_changed else []), *signed]


def _named(printed: PrintedReport) -> str:
    if printed.is_draft or printed.report.signed_at is None:
        return core_text("Draft, not signed")
    report = printed.report
    version = core_text("Version {0}").format(report.version)
    when = when_words(printed.report.signed_at)
    return ", ".join((version, core_text(STATUS_WORDS[report.status]), plain(report.signed_by), when))


def page_images(printed: PrintedReport, ink: Ink, dpi: int = PREVIEW_DPI) -> list[QImage]:
    """The pages as pictures."""
    whole = page_layout().fullRectPixels(dpi).size()
    margin = MARGIN_MM / 25.4 * dpi
    area = QRectF(margin, margin, whole.width() - 2 * margin, whole.height() - 2 * margin)
    pages = Pages(printed, area.size(), None, dpi, ink)
    return [_page_image(pages, number, QSize(whole), area, ink) for number in range(pages.count)]


def _page_image(pages: Pages, number: int, size: QSize, area: QRectF, ink: Ink) -> QImage:
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(ink.paper)
    painter = QPainter(image)
    pages.paint_page(painter, number, area)
    painter.end()
    return image
