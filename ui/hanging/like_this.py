"""Hang it like this next time: what is on screen becomes a protocol; only what cannot be known is asked."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from hanging_protocols.example_join import as_new_stage, instead_of, of_its_own
from hanging_protocols.example_studies import Proposal, proposals
from hanging_protocols.library import LEVEL_WORDS
from hanging_protocols.model import HangingProtocol, Level
from ui import theme
from ui.hanging import hand
from ui.hanging.grid_picture import GridPicture
from ui.hanging.hand import Lesson
from ui.hanging.pictured import pictured
from ui.plain import core_text, plain
from workstation.errors import Refused, WorkstationError

if TYPE_CHECKING:
    from ui.seat import Seat

# What a combo box asks whether a row may be chosen.
ENABLED = Qt.ItemDataRole.UserRole - 1
RADIO = (
    f"QRadioButton::indicator {{ width: 12px; height: 12px; border: 1px solid {theme.EDGE}; border-radius: 7px; }}"
    f"QRadioButton::indicator:checked {{ background: {theme.ACCENT}; border-color: {theme.ACCENT}; }}"
    f"QRadioButton:focus {{ color: {theme.ACCENT}; }} QRadioButton:disabled {{ color: {theme.FAINT}; }}"
)


class Where(Enum):
    """What the learned stage becomes."""

    FURTHER = "further"
    INSTEAD = "instead"
    OWN = "own"


class LikeThisDialog(QDialog):
    """Return saves, Esc leaves everything as it is. Alt+1, 2, 3 choose what it becomes."""

    def __init__(self, core: Seat, lesson: Lesson, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("likeThisDialog")
        self.setWindowTitle(self.tr("Hang it like this next time"))
        self._core = core
        self._hanger = hand.library_of(core)
        self.lesson, self._case = lesson, lesson.case
        self._context = hand.context_of(core, lesson.case)
        scene = self._hanger.scene(lesson.case.study, lesson.case.priors, self._context)
        best = self._hanger.best_below(Level.USER, lesson.case.study, lesson.case.priors, self._context)
        self.proposals = proposals(scene.current, self._context, best)
        self.where = {where: QRadioButton() for where in Where}
        self.studies = QListWidget()
        self.level = QComboBox()
        self.name = QLineEdit()
        self.picture = GridPicture()
        self.effect, self.notes, self.problem = QLabel(), QLabel(), QLabel()
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = self._buttons.addButton(self.tr("Save"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._named = ""
        self._build()
        self._choose_where()
        self.resize(860, 560)

    # ---- building --------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(18)
        top.addWidget(self.picture, 2)
        top.addLayout(self._build_where(), 3)
        column.addLayout(top)
        column.addWidget(_heading(self.tr("For which studies")))
        self.studies.setAccessibleName(self.tr("For which studies"))
        self.studies.setFixedHeight(132)
        self.studies.setStyleSheet(
            f"QListWidget:disabled {{ color: {theme.FAINT}; }} QListWidget::item:selected:disabled {{ background: transparent; }}"
        )
        column.addWidget(self.studies)
        for label in (self.effect, self.notes, self.problem):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            column.addWidget(label)
        self.effect.setProperty("role", "muted")
        self.notes.setProperty("role", "amber")
        self.notes.setText("\n".join(plain(core_text(note)) for note in self.lesson.learned.notes))
        self.notes.setVisible(bool(self.lesson.learned.notes))
        self.problem.setProperty("role", "red")
        self.problem.hide()
        column.addStretch(1)
        form = QFormLayout()
        self.level.setAccessibleName(self.tr("Whose"))
        self.name.setAccessibleName(self.tr("Name"))
        self.name.setMaxLength(100)
        form.addRow(self.tr("W&hose"), self.level)
        form.addRow(self.tr("&Name"), self.name)
        column.addLayout(form)
        column.addWidget(self._buttons)
        self._fill()
        self.go.setDefault(True)
        self._buttons.accepted.connect(self._save)
        self._buttons.rejected.connect(self.reject)
        self.studies.currentRowChanged.connect(lambda _: self._changed())
        self.level.currentIndexChanged.connect(lambda _: self._changed())

    def _build_where(self) -> QVBoxLayout:
        side = QVBoxLayout()
        side.addWidget(_heading(self.tr("What it becomes")))
        group = QButtonGroup(self)
        for number, (where, words) in enumerate(self._where_words().items(), start=1):
            button = self.where[where]
            button.setObjectName(where.value)
            button.setText(words)
            button.setStyleSheet(RADIO)
            button.toggled.connect(lambda on: self._changed() if on else None)
            group.addButton(button)
            side.addWidget(button)
            QShortcut(QKeySequence(f"Alt+{number}"), self).activated.connect(button.click)
        side.addStretch(1)
        return side

    def _where_words(self) -> dict[Where, str]:
        origin, number = self.lesson.origin, self.lesson.number
        stage = plain(origin.stages[number].title) if origin is not None and number is not None else ""
        title = plain(origin.title) if origin is not None else ""
        before = self.tr("A further stage of “{0}”, before “{1}”").format(title, stage)
        last = self.tr("A further stage of “{0}”, the last one").format(title)
        nothing = self.tr("A further stage: no protocol is in force")
        return {
            Where.FURTHER: (before if stage else last if title else nothing) + self.tr(" (Alt+1)"),
            Where.INSTEAD: (self.tr("Instead of the stage “{0}”").format(stage) if stage else self.tr("Instead of this stage"))
            + self.tr(" (Alt+2)"),
            Where.OWN: self.tr("A protocol of its own (Alt+3)"),
        }

    def _fill(self) -> None:
        for proposal in self.proposals:
            words = core_text(proposal.words)
            self.studies.addItem(plain(words[:1].upper() + words[1:]))
        self.studies.setCurrentRow(0)
        for place in self._hanger.places():
            words = core_text(LEVEL_WORDS[place.level]).capitalize()
            self.level.addItem(
                words if not place.why_not else self.tr("{0}: {1}").format(words, plain(place.why_not)), place.level
            )
            if place.why_not:
                row = self.level.count() - 1
                self.level.setItemData(row, QColor(theme.FAINT), Qt.ItemDataRole.ForegroundRole)
                self.level.setItemData(row, 0, ENABLED)
        self.level.setCurrentIndex(max(self.level.findData(Level.USER), 0))

    def _choose_where(self) -> None:
        """What keeps the other stages, where there are any."""
        has_origin = self.lesson.origin is not None
        self.where[Where.FURTHER].setEnabled(has_origin)
        self.where[Where.INSTEAD].setEnabled(has_origin and self.lesson.number is not None)
        self.where[Where.FURTHER if has_origin else Where.OWN].setChecked(True)
        self._changed()
        (self.studies if not has_origin else self.where[Where.FURTHER]).setFocus()

    # ---- what is chosen --------------------------------------------------------------

    @property
    def becomes(self) -> Where:
        return next((where for where, button in self.where.items() if button.isChecked()), Where.OWN)

    @property
    def chosen_level(self) -> Level:
        return Level(self.level.currentData())

    @property
    def proposal(self) -> Proposal:
        return self.proposals[max(self.studies.currentRow(), 0)]

    def protocol(self) -> tuple[HangingProtocol, str]:
        """What would be saved, and the id of its learned stage."""
        learned, origin, number = self.lesson.learned, self.lesson.origin, self.lesson.number
        title = self.name.text().strip()
        if self.becomes is Where.OWN or origin is None:
            made = of_its_own(learned, self.proposal, self._hanger.unused_id(title), title)
            return made, learned.stage.stage_id
        if self.becomes is Where.INSTEAD and number is not None:
            made = instead_of(origin, learned, title, number)
            return made, made.stages[number].stage_id
        made = as_new_stage(origin, learned, title, number)
        return made, made.stages[len(origin.stages) if number is None else number].stage_id

    def _changed(self) -> None:
        is_own = self.becomes is Where.OWN
        self.studies.setEnabled(is_own)
        stage = self.lesson.learned.stage.title
        proposed = core_text(self.proposal.words)
        proposed = f"{proposed[:1].upper()}{proposed[1:]}: {stage}" if is_own else stage
        if self.name.text() in ("", self._named):
            self._named = plain(proposed)[: self.name.maxLength()]
            self.name.setText(self._named)
        made, stage_id = self.protocol()
        shown = next(one for one in made.stages if one.stage_id == stage_id)
        cells = [replace(cell, selector="") for cell in self._core.session.viewing.cells]
        self.picture.show_stage(shown.grids, pictured(made, shown, cells, self._case.studies))
        self.effect.setText(plain(self._effect(made)))
        self.problem.hide()

    def _effect(self, made: HangingProtocol) -> str:
        """What this study would be hung by if it were saved: proved by asking the engine."""
        made = replace(made, level=self.chosen_level)
        best = self._hanger.chosen_first(made, self._case.study, self._case.priors, self._context)
        words = self.tr("This study will hang so from now on.")
        if best.protocol.protocol_id != made.protocol_id:
            whose = core_text(LEVEL_WORDS[best.protocol.level])
            return self.tr("This study would still hang by “{0}” ({1}), which fits better.").format(best.protocol.title, whose)
        origin = self.lesson.origin
        if self.becomes is not Where.OWN and origin is not None and origin.level is not made.level:
            words += " " + self.tr("“{0}” as it is now ({1}) stays beneath it.").format(
                origin.title, core_text(LEVEL_WORDS[origin.level])
            )
        return words

    def _save(self) -> None:
        made, stage_id = self.protocol()
        try:
            if not self.name.text().strip():
                raise Refused("It has no name", "", "Write one")
            hand.save(self._core, made, self.chosen_level, stage_id)
        except WorkstationError as error:
            self.problem.setText(plain(core_text(str(error))))
            self.problem.show()
            return
        self.accept()


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label
