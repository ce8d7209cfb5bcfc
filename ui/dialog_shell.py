"""The half of the main window that opens dialogs and menus; each module is imported when it is asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QWidget

from ui.pages import Pages
from ui.runner import Runner
from ui.viewport_grid import ViewportGrid
from ui.within_screen import fit
from ui.worklist_view import WorklistView
from workstation.session.case import Notice
from workstation.session.session import Session

if TYPE_CHECKING:
    from ui.screens.reader_place import ReaderPlace
    from ui.seat import Seat


class DialogShell(QMainWindow):
    """What the names are is made in `MainWindow`. Dialogs come up on the screen where the reader works."""

    runner: Runner
    worklist: WorklistView
    place: ReaderPlace
    _core: Seat
    _session: Session
    _pages: Pages

    @property
    def grid(self) -> ViewportGrid:
        raise NotImplementedError

    def show_palette(self) -> None:
        from ui.palette import Palette

        palette = Palette(self.runner, self, self._core.remembered)
        palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        palette.open_over(self.place.here)

    def show_keys(self) -> None:
        from ui.keys_dialog import KeysDialog

        self._open(KeysDialog(self.runner, self))

    def show_about(self) -> None:
        from ui.about import AboutDialog

        self._open(AboutDialog(self))

    def show_deliveries(self) -> None:
        from ui.deliveries_dialog import DeliveriesDialog

        self._open(DeliveriesDialog(self._core, self))

    def show_windows(self) -> None:
        self.grid.viewports.show_windows()

    def show_true_size(self) -> None:
        """Raises Refused where the screen's or the image's millimetres are not known."""
        from ui import true_size

        size = true_size.needed(self.grid.screen(), self._core.remembered)
        self._session.viewing.looking.true_size(size.mm)

    def calibrate_screen(self) -> None:
        from ui.calibration_dialog import CalibrationDialog

        dialog = CalibrationDialog(self.place.here, self._core.remembered)
        dialog.accepted.connect(self.grid.viewports.resize_true)
        self._open(dialog)

    def show_drawings(self) -> None:
        self.show_dialog("drawings")

    def show_findings(self) -> None:
        self.show_dialog("findings")

    def show_dialog(self, name: str) -> None:
        from ui.dialogs import dialog

        self._open(dialog(name, self._core, self))

    def show_lesions(self) -> None:
        from ui.key_mentions import as_now
        from ui.lesions_dialog import LesionsDialog

        self._open(LesionsDialog(self._session, partial(as_now, runner=self.runner), self))

    def save_drawings(self) -> None:
        """Ask where to; the reader's drawings on the open study are then written as objects and queued."""
        from ui.saving_drawings import save_drawings

        dialog = save_drawings(self._core, self)
        if dialog is not None:
            self._open(dialog)

    def show_histogram(self) -> None:
        from ui.histogram import HistogramPopup

        drawn = self._session.annotating.find(self._session.annotating.selected)
        if drawn is None or drawn.measured.histogram is None:
            self._session.notice.emit(Notice("No area is selected: click one, or press J to go to one"))
        else:
            HistogramPopup(drawn, self.grid).open_over(self.grid)

    def show_solid_looks(self) -> None:
        from ui.solid_looks import SolidLooks

        SolidLooks(self._session.viewing, self._core, self.grid).open_over(self.grid)

    def show_sendings(self) -> None:
        from ui.archives.sendings_dialog import SendingsDialog

        if self._core.may_be_sending:
            self._open(SendingsDialog(self._core, self))
        else:
            self._session.notice.emit(Notice("Nothing was sent to an archive yet"))

    def send_to_archive(self) -> None:
        """Ask where to; every object of the open case, or of the chosen row, is then queued."""
        from ui.archives.sending import send

        on_worklist = self._pages.currentWidget() is self.worklist
        item = self.worklist.selected() if on_worklist else self._session.case.item if self._session.case else None
        dialog = send(self._core, item, self)
        if dialog is not None:
            self._open(dialog)

    def set_passphrase(self) -> None:
        from ui.passphrase_dialog import PassphraseDialog

        if not self._core.vault.is_sealing:
            self._session.notice.emit(Notice("Encryption is turned off (at_rest in settings.toml): no passphrase is needed"))
            return
        self._open(PassphraseDialog(self._core, self))

    def _open(self, dialog: QWidget) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fit(dialog, self.place.here.screen())
        self.place.bring(dialog)
        dialog.show()
