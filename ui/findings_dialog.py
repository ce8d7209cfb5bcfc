"""Findings and layers: what objects of others say of the open case, each with its source, and what of it is not shown.

Up and Down choose; Space turns a layer on or off, Left and Right fade it, A and R accept and reject a finding or a
layer, Return goes to the image.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui.annotation_words import label_lines, source_words
from ui.layer_words import layer_source, what
from ui.list_table import ListTable
from ui.plain import core_text, plain
from workstation.domain.annotation import Annotation, Verdict
from workstation.errors import WorkstationError
from workstation.ports import ImageLayer
from workstation.session.annotation_words import TITLES, place_words
from workstation.session.session import Session

Row = ImageLayer | Annotation
_VERDICTS = {Qt.Key.Key_A: Verdict.ACCEPTED, Qt.Key.Key_R: Verdict.REJECTED}
_FADES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class FindingsDialog(QDialog):
    """Stays up to date while it is open."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findingsDialog")
        self.setWindowTitle(self.tr("Findings and layers"))
        self._session = session
        self._findings = session.findings
        self._rows: list[Row] = []
        headers = [self.tr("What"), self.tr("Shown"), self.tr("Strength"), self.tr("Source")]
        self.table = _Table(self, headers, self.tr("Findings and layers of this case"))
        self.table.itemClicked.connect(self._clicked)
        self.words = _label("")
        self.words.setAccessibleName(self.tr("What is not shown"))
        keys = _label(
            self.tr("Space: show or hide a layer.  ← →: its strength.  A, R: accept or reject.  Return: go to the image.")
        )
        keys.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(8)
        for widget in (self.table, self.words, keys):
            column.addWidget(widget)
        self.resize(880, 420)
        session.annotating.changed.connect(self._fill)
        session.case_changed.connect(self._fill)
        self._findings.changed.connect(self._fill)
        self.finished.connect(self._let_go)
        self._fill(None)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def act(self, key: Qt.Key) -> bool:
        """What a key does to the chosen row. False for one that does nothing here."""
        row = self.table.currentRow()
        chosen = self._rows[row] if 0 <= row < len(self._rows) else None
        if chosen is None:
            return False
        try:
            if isinstance(chosen, Annotation):
                return self._act_on_finding(chosen, key)
            return self._act_on_layer(chosen, key)
        except WorkstationError as error:
            self._session.report_problem(error)
            return True

    # ---- inside ------------------------------------------------------------------------

    def _let_go(self, _: int) -> None:
        """Closed: it hears nothing more."""
        for signal in (self._session.annotating.changed, self._session.case_changed, self._findings.changed):
            signal.disconnect(self._fill)

    def _act_on_finding(self, finding: Annotation, key: Qt.Key) -> bool:
        if key in _VERDICTS:
            self._session.annotating.judge(finding.uid, _VERDICTS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._session.annotating.show(finding.uid)
        else:
            return False
        return True

    def _act_on_layer(self, layer: ImageLayer, key: Qt.Key) -> bool:
        if key == Qt.Key.Key_Space:
            self._findings.toggle(layer.uid)
        elif key in _VERDICTS:
            self._findings.judge(layer.uid, _VERDICTS[key])
        elif key in _FADES:
            self._findings.fade(layer.uid, _FADES[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._findings.show(layer.uid)
        else:
            return False
        return True

    def _clicked(self, item: QTableWidgetItem) -> None:
        chosen = self._rows[item.row()]
        is_on = item.checkState() is Qt.CheckState.Checked
        if item.column() == 1 and not isinstance(chosen, Annotation) and is_on is (chosen.uid in self._findings.hidden):
            self._findings.toggle(chosen.uid)

    def _fill(self, _: object) -> None:
        self._rows = [*self._findings.layers, *self._findings.findings()]
        here = max(self.table.currentRow(), 0)
        self.table.setRowCount(len(self._rows))
        for number, row in enumerate(self._rows):
            cells = self._finding_cells(row) if isinstance(row, Annotation) else self._layer_cells(row)
            for column, text in enumerate(cells):
                self.table.setItem(number, column, QTableWidgetItem(text))
            item = self.table.item(number, 1)
            if item is not None and not isinstance(row, Annotation):
                item.setCheckState(Qt.CheckState.Unchecked if row.uid in self._findings.hidden else Qt.CheckState.Checked)
        if self._rows:
            self.table.setCurrentCell(min(here, len(self._rows) - 1), 0)
        lines = [plain(words) for words in self._findings.words]
        if not self._rows and not lines:
            lines = [self.tr("No object about the images of this case is here")]
        self.words.setText("\n".join(lines))
        self.words.setVisible(bool(lines))

    def _layer_cells(self, layer: ImageLayer) -> tuple[str, ...]:
        shown = self.tr("yes") if self._findings.is_shown(layer) else self.tr("no")
        if self._findings.verdict(layer) is Verdict.REJECTED:
            shown = self.tr("rejected")
        return f"{what(layer)}: {plain(layer.name)}", shown, f"{layer.opacity:.0%}", layer_source(layer.source)

    def _finding_cells(self, finding: Annotation) -> tuple[str, ...]:
        words = label_lines(finding)[:-1] or (core_text(TITLES[finding.kind]),)
        where = plain(place_words(finding, self._session.annotating.studies, self._session.annotating.image_place))
        shown = self.tr("no") if finding.verdict is Verdict.REJECTED else self.tr("yes")
        return f"{', '.join(words)} ({where})", shown, "", source_words(finding)


class _Table(ListTable):
    """Keys act on the row, the others move in the table."""

    def __init__(self, dialog: FindingsDialog, headers: Sequence[str], name: str) -> None:
        super().__init__(headers, name, 0, 3)
        self._dialog = dialog

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self._dialog.act(Qt.Key(event.key())):
            super().keyPressEvent(event)


def _label(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
