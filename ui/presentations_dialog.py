"""The presentation states of the open case: name, whose, when, for how many images. Return shows by one of them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui.layer_words import layer_source
from ui.list_table import ListTable
from ui.plain import core_text, plain
from ui.presentation_words import name_words
from workstation.errors import WorkstationError
from workstation.ports import PresentationState
from workstation.session.session import Session


class PresentationsDialog(QDialog):
    """Return shows the active viewport by the chosen state and closes; those for its image stand first."""

    def __init__(self, session: Session, told: Callable[[str], str] = str, parent: QWidget | None = None) -> None:
        """`told` says the keys of a sentence as they are now."""
        super().__init__(parent)
        self.setObjectName("presentationsDialog")
        self.setWindowTitle(self.tr("Presentation states"))
        self._session = session
        self._states: tuple[PresentationState, ...] = ()
        headers = [self.tr("Name"), self.tr("For"), self.tr("Images"), self.tr("By")]
        self.table = ListTable(headers, self.tr("Presentation states of this case"), 0)
        self.table.itemActivated.connect(self._choose)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        keys = QLabel(told(self.tr("Return: show the active viewport by it.  Ctrl+Shift+U in the images: leave it again.")))
        keys.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(8)
        for widget in (self.table, self.words, keys):
            column.addWidget(widget)
        self.resize(860, 360)
        self.table.itemSelectionChanged.connect(self._tell)
        session.presenting.changed.connect(self._fill)
        session.case_changed.connect(self._fill)
        self.finished.connect(self._let_go)
        self._fill(None)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fill(self, _: object) -> None:
        presenting = self._session.presenting
        self._states = presenting.states()
        here = max(self.table.currentRow(), 0)
        self.table.setRowCount(len(self._states))
        for row, state in enumerate(self._states):
            for column, text in enumerate(self._cells(state)):
                self.table.setItem(row, column, QTableWidgetItem(text))
        if self._states:
            self.table.setCurrentCell(min(here, len(self._states) - 1), 0)
        self._tell()

    def _cells(self, state: PresentationState) -> tuple[str, ...]:
        presenting = self._session.presenting
        where = self.tr("this image") if presenting.is_for_active(state) else self.tr("other images")
        shown = presenting.shown()
        mark = f"\u25b8 {name_words(state)}" if shown is not None and shown.by.uid == state.uid else name_words(state)
        own = self.tr("Own: {0}") if presenting.is_own(state) else self.tr("Received: {0}")
        return mark, where, str(len(state.places)), own.format(layer_source(state.source))

    def _tell(self) -> None:
        """Why the chosen one cannot be followed."""
        row = self.table.currentRow()
        words = ""
        if not self._states:
            words = self.tr("No presentation state for the images of this case is here")
        elif 0 <= row < len(self._states) and self._states[row].refused:
            words = self.tr("It cannot be followed. {0}").format(plain(core_text(self._states[row].refused)))
        self.words.setText(words)
        self.words.setVisible(bool(words))

    def _let_go(self, _: int) -> None:
        """Closed: it hears nothing more."""
        self._session.presenting.changed.disconnect(self._fill)
        self._session.case_changed.disconnect(self._fill)

    def _choose(self, item: QTableWidgetItem) -> None:
        row = item.row()
        if not 0 <= row < len(self._states):
            return
        try:
            self._session.presenting.show(self._states[row].uid)
        except WorkstationError as error:
            self._session.report_problem(error)
            return
        self.accept()
