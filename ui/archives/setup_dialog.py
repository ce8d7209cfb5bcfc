"""Setting archives up: a list, the fields of one, and a connection test that says in words what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.archives.setup_form import SetupForm
from ui.plain import core_text, plain
from ui.while_there import while_there
from workstation.domain.archive import Archive, ArchiveKind, TestStep
from workstation.errors import WorkstationError
from workstation.jobs import ARCHIVES, Cancel

if TYPE_CHECKING:
    from ui.seat import Seat


class ArchivesDialog(QDialog):
    """Nothing is kept before "Save"; a test tries what is saved."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("archivesDialog")
        self.setWindowTitle(self.tr("Archives"))
        self._core = core
        self._directory = core.archives
        self.list = QListWidget()
        self.form = SetupForm()
        self.steps = QVBoxLayout()
        self.problem = QLabel()
        self.save = QPushButton(self.tr("Save"))
        self.test = QPushButton(self.tr("Test the connection"))
        self.remove = QPushButton(self.tr("Remove…"))
        self._build()
        self.list.currentRowChanged.connect(self._show_chosen)
        self.form.changed.connect(self._mark)
        self.save.clicked.connect(self._save)
        self.test.clicked.connect(self._test)
        self.remove.clicked.connect(self._remove)
        self._fill("")

    def _build(self) -> None:
        new = QPushButton(self.tr("New archive"))
        new.setAutoDefault(False)
        new.clicked.connect(lambda: self.list.setCurrentRow(-1))
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(new)
        self.list.setAccessibleName(self.tr("Archives"))
        self.list.setFixedWidth(250)
        self.list.setSpacing(3)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.setProperty("role", "red")
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self.form)
        acts = QHBoxLayout()
        acts.addWidget(self.save)
        acts.addWidget(self.test)
        acts.addStretch(1)
        acts.addWidget(self.remove)
        right = QVBoxLayout()
        right.addWidget(area, 1)
        right.addWidget(self.problem)
        right.addLayout(self.steps)
        right.addLayout(acts)
        row = QHBoxLayout()
        row.addLayout(left)
        row.addSpacing(theme.GAP)
        row.addLayout(right, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addLayout(row, 1)
        column.addWidget(buttons)
        self.resize(1060, 760)

    # ---- which -------------------------------------------------------------------------

    def _fill(self, chosen: str) -> None:
        names = [archive.name for archive in self._directory.archives]
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems([plain(archive.title or archive.name) for archive in self._directory.archives])
        self.list.setCurrentRow(names.index(chosen) if chosen in names else 0 if names else -1)
        self.list.blockSignals(False)
        self._show_chosen()

    def chosen(self) -> Archive | None:
        """The archive whose fields are shown; None for a new one."""
        row = self.list.currentRow()
        archives = self._directory.archives
        return archives[row] if 0 <= row < len(archives) else None

    def _show_chosen(self, _row: int = 0) -> None:
        archive = self.chosen()
        self.form.show_archive(archive or Archive("", ArchiveKind.DICOMWEB))
        self._show_steps(())
        self._say("\n".join(str(problem) for problem in self._directory.problems))
        self._mark()

    def _mark(self) -> None:
        archive = self.chosen()
        is_saved = archive is not None and archive == self.form.archive() and not self.form.secret.text()
        self.test.setEnabled(is_saved)
        self.remove.setEnabled(archive is not None)
        self.save.setEnabled(not is_saved)

    # ---- what is done ------------------------------------------------------------------

    def _save(self) -> None:
        archive, before, secret = self.form.archive(), self.chosen(), self.form.secret.text()
        try:
            if before is None:
                self._directory.add(archive, secret)
            else:
                self._directory.change(before.name, archive, secret or None)
        except WorkstationError as error:
            self._say(str(error))
            return
        self._fill(archive.name)

    def _remove(self) -> None:
        archive = self.chosen()
        if archive is None:
            return
        question = QMessageBox(self)
        question.setTextFormat(Qt.TextFormat.PlainText)
        question.setText(
            self.tr("Remove {0}? Images that were fetched from it stay.").format(plain(archive.title or archive.name))
        )
        question.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel)
        question.setDefaultButton(QMessageBox.StandardButton.Cancel)
        if question.exec() == QMessageBox.StandardButton.Yes:
            self._directory.remove(archive.name)
            self._fill("")

    def _test(self) -> None:
        archive = self.chosen()
        if archive is None:
            return
        self.test.setEnabled(False)
        self._say("")
        self._show_steps((TestStep(self.tr("Trying…"), True),))

        def work(_: Cancel) -> tuple[TestStep, ...]:
            return self._directory.test(archive.name)

        def done(steps: tuple[TestStep, ...]) -> None:
            if self.chosen() == archive:
                self._show_steps(steps)
                self._mark()

        failed = while_there(self, lambda error: self._say(str(error)))
        self._core.jobs.run(ARCHIVES, work, while_there(self, done), failed, slot="archive test")

    def _show_steps(self, steps: Sequence[TestStep]) -> None:
        while (item := self.steps.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for step in steps:
            mark = "✓" if step.succeeded else "✗"
            words = f": {plain(core_text(step.words))}" if step.words else ""
            label = QLabel(f"{mark}  {plain(core_text(step.name))}{words}")
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setProperty("role", "green" if step.succeeded else "red")
            self.steps.addWidget(label)

    def _say(self, words: str) -> None:
        self.problem.setText(plain(core_text(words)))
        self.problem.setVisible(bool(words))
