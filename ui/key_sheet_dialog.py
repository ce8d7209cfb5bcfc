"""The printed sheet of keys, as it will be, in colours for a dark room: on paper or as a PDF."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
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
from ui.key_desk import KeyDesk
from ui.key_sheet import page_images, page_layout, pdf_bytes, print_sheet
from ui.keyboard_picture import Inks
from ui.runner import Runner
from workstation.errors import Refused, Unavailable, WorkstationError
from workstation.session.case import Notice

DARK = Inks(theme.EDGE, theme.TEXT, theme.MUTED, theme.PANEL, theme.ACCENT_GROUND)
FILE_NAME = "lyskasse-keys.pdf"


class KeySheetDialog(QDialog):
    """Follows the keys while it is open."""

    def __init__(self, desk: KeyDesk, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("keySheet")
        self.setWindowTitle(self.tr("Print the keys"))
        self._desk, self._runner = desk, runner
        self.pages = QScrollArea()
        self.pages.setWidgetResizable(True)
        self.pages.setAccessibleName(self.tr("Pages"))
        self.print_button = QPushButton(self.tr("&Print…"))
        self.save_button = QPushButton(self.tr("&Save as PDF…"))
        self.upright = QCheckBox(self.tr("&Upright pages"))
        self.upright.toggled.connect(self._show)
        self.print_button.clicked.connect(self._print)
        self.save_button.clicked.connect(self._save)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        for button in (self.print_button, self.save_button):
            row.addWidget(button)
        row.addWidget(self.upright)
        row.addStretch(1)
        row.addWidget(buttons)
        column = QVBoxLayout(self)
        column.addWidget(self.pages, 1)
        column.addLayout(row)
        self.resize(1360, 900)
        runner.keys_changed.connect(self._show)
        self._show(None)
        self.save_button.setFocus()

    def save_to(self, path: Path) -> None:
        """Whole or not at all. Raises Unavailable."""
        half = path.with_name(f".{path.name}.part")
        try:
            half.write_bytes(pdf_bytes(self._runner, self._desk.profile.title, self.upright.isChecked()))
            half.replace(path)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise Unavailable("The keys were not saved", error.strerror or "", "Choose another folder") from None

    def _show(self, _: object) -> None:
        sheet = QWidget()
        column = QVBoxLayout(sheet)
        column.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        images = page_images(self._runner, self._desk.profile.title, DARK, theme.GROUND, is_upright=self.upright.isChecked())
        for number, image in enumerate(images, start=1):
            page = QLabel()
            page.setPixmap(QPixmap.fromImage(image))
            page.setAccessibleName(self.tr("Page {0} of {1}").format(number, len(images)))
            column.addWidget(page)
        self.pages.setWidget(sheet)

    def _save(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        proposed = str(Path(folder) / FILE_NAME)
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Save as PDF"), proposed, self.tr("PDF (*.pdf)"))
        if not chosen:
            return
        session = self._runner.context().session
        try:
            self.save_to(Path(chosen))
        except WorkstationError as error:
            session.report_problem(error)
        else:
            session.notice.emit(Notice("The keys were saved as a PDF"))

    def _print(self) -> None:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter, QPrinterInfo

        session = self._runner.context().session
        if not QPrinterInfo.availablePrinterNames():
            hint = "Set one up in the system, or save the sheet as a PDF"
            session.report_problem(Refused("Nothing was printed", "This computer has no printer", hint))
            return
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setPageLayout(page_layout(self.upright.isChecked()))
        printer.setDocName(FILE_NAME)
        if QPrintDialog(printer, self).exec() == QDialog.DialogCode.Accepted:
            print_sheet(self._runner, self._desk.profile.title, printer)
            session.notice.emit(Notice("The keys are on the way to the printer"))
