"""Stages of the protocol: their order, their grids, and what hangs in each place, with the open study beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hanging_protocols import edit
from hanging_protocols.hanging import HungStage
from hanging_protocols.model import HangingProtocol, Partial, StageTemplate
from ui.hanging.cell_form import CellForm
from ui.hanging.draft import Draft
from ui.hanging.draft_page import DraftPage
from ui.hanging.grid_picture import GridPicture
from ui.hanging.pictured import pictured
from ui.plain import core_text, plain
from workstation.domain.study import Study

MOST_SCREENS, MOST_ROWS, MOST_CELLS = 4, 4, 64


class StagePage(DraftPage):
    """Emits `stage_chosen` when another stage is looked at."""

    stage_chosen = Signal(int)

    def __init__(self, draft: Draft, studies: tuple[Study, ...], windows: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(draft, parent)
        self._studies, self._windows = studies, windows
        self.problem = ""
        self.stages = QListWidget()
        self.title, self.grid, self.stage_id = QLineEdit(), QLineEdit(), QLineEdit()
        self.least, self.least_priors = QComboBox(), QComboBox()
        self.adapt = QCheckBox(self.tr("Draw together"))
        self.only_new = QCheckBox(self.tr("Only if new"))
        self.picture = GridPicture()
        self.why = QLabel()
        self.form = CellForm()
        self._build()

    # ---- building --------------------------------------------------------------------

    def _build(self) -> None:
        self.stages.setAccessibleName(self.tr("Stages"))
        self.stages.setFixedWidth(184)
        self.stages.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.why.setTextFormat(Qt.TextFormat.PlainText)
        self.why.setWordWrap(True)
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop)
        # What is said of a place may not move the form below it.
        self.why.setFixedHeight(self.why.fontMetrics().lineSpacing() * 3)
        left = QVBoxLayout()
        left.addWidget(self.stages, 1)
        left.addLayout(self._buttons())
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addLayout(self._stage_form())
        right.addWidget(self.picture, 1)
        right.addWidget(self.why)
        right.addWidget(self.form)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 0)
        row.setSpacing(14)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.stages.currentRowChanged.connect(self._chosen)
        self.picture.chosen.connect(lambda *_: self._show_place())
        self.title.textEdited.connect(lambda _: self._read_stage())
        self.grid.textEdited.connect(lambda _: self._read_stage())
        self.stage_id.textEdited.connect(lambda _: self._read_stage())
        for box in (self.least, self.least_priors):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(8)
            box.activated.connect(lambda _: self._read_stage())
        for check in (self.adapt, self.only_new):
            check.toggled.connect(lambda _: self._read_stage())
        self.form.changed.connect(self._read_cell)

    def _buttons(self) -> QGridLayout:
        acts: tuple[tuple[str, Callable[[], None]], ...] = (
            (self.tr("&Add"), lambda: self._edit(edit.add_stage, 1)),
            (self.tr("&Copy"), lambda: self._edit(edit.copy_stage, 1)),
            (self.tr("&Up"), lambda: self._move(-1)),
            (self.tr("&Down"), lambda: self._move(1)),
            (self.tr("&Remove"), lambda: self._edit(edit.remove_stage, 0)),
        )
        grid = QGridLayout()
        for place, (words, act) in enumerate(acts):
            button = QPushButton(words)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, act=act: act())
            grid.addWidget(button, place // 2, place % 2)
        return grid

    def _stage_form(self) -> QVBoxLayout:
        self.title.setMaxLength(100)
        self.grid.setMaximumWidth(140)
        self.stage_id.setMaxLength(60)
        self.stage_id.setMaximumWidth(140)
        self.stage_id.setToolTip(
            self.tr("What the program knows the stage by, whatever its title; small letters, digits, hyphens")
        )
        self.grid.setToolTip(self.tr("Rows x columns; further screens after a comma: 1x2, 2x2"))
        self.least.addItems([self.tr("{0} filled").format(number) for number in range(1, MOST_CELLS + 1)])
        self.least_priors.addItems([self.tr("{0} of priors").format(number) for number in range(MOST_CELLS + 1)])
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, parts in (
            (first, ((self.tr("&Title"), self.title, 1), (self.tr("&Grid"), self.grid, 0))),
            (second, ((self.tr("&Left out below"), self.least, 0), ("", self.least_priors, 0))),
        ):
            for words, widget, stretch in parts:
                label = QLabel(words)
                label.setBuddy(widget)
                if words:
                    row.addWidget(label)
                row.addWidget(widget, stretch)
        self.adapt.setToolTip(self.tr("Draw the grid together where places stay empty"))
        self.only_new.setToolTip(self.tr("Leave the stage out where those before it show all of it"))
        second.addSpacing(14)
        second.addWidget(self.adapt)
        second.addWidget(self.only_new)
        second.addStretch(1)
        label = QLabel(self.tr("Id"))
        label.setBuddy(self.stage_id)
        second.addWidget(label)
        second.addWidget(self.stage_id)
        for widget, words in (
            (self.title, self.tr("Title of the stage")), (self.grid, self.tr("Grid, rows x columns")),
            (self.stage_id, self.tr("Id of the stage")),
            (self.least, self.tr("Places that must be filled")), (self.least_priors, self.tr("Prior places that must be filled")),
        ):  # fmt: skip
            widget.setAccessibleName(words)
        both = QVBoxLayout()
        both.addLayout(first)
        both.addLayout(second)
        return both

    # ---- showing ---------------------------------------------------------------------

    @property
    def number(self) -> int:
        return max(self.stages.currentRow(), 0)

    @property
    def stage(self) -> StageTemplate | None:
        protocol = self._draft.protocol
        return protocol.stages[self.number] if protocol is not None and self.number < len(protocol.stages) else None

    def begin(self) -> None:
        """Another protocol: its first stage, and no mistake of the one before."""
        self.problem = ""
        self.stages.setCurrentRow(0)

    def _show_protocol(self, protocol: HangingProtocol) -> None:
        kept = min(self.number, len(protocol.stages) - 1)
        titles = [plain(stage.title) for stage in protocol.stages]
        if titles != [self.stages.item(row).text() for row in range(self.stages.count())]:
            self.stages.clear()
            self.stages.addItems(titles)
        self.stages.setCurrentRow(kept)
        self.form.offer(protocol.selectors, self._windows)
        self._show_stage()

    def _show_stage(self) -> None:
        stage, protocol = self.stage, self._draft.protocol
        if stage is None or protocol is None:
            return
        was, self._showing = self._showing, True
        if self.title.text() != stage.title:
            self.title.setText(stage.title)
        if self.stage_id.text() != stage.stage_id:
            self.stage_id.setText(stage.stage_id)
        # What is being written and means nothing yet is the writer's.
        if not self.problem and _grids(self.grid.text()) != stage.grids:
            self.grid.setText(", ".join(f"{rows}x{columns}" for rows, columns in stage.grids))
        self.least.setCurrentIndex(stage.min_cells - 1)
        self.least_priors.setCurrentIndex(stage.min_prior_cells)
        self.adapt.setChecked(stage.partial is Partial.ADAPT)
        self.only_new.setChecked(stage.only_new)
        hung = self._draft.hung(self.number)
        self.picture.show_stage(stage.grids, pictured(protocol, stage, hung.cells if hung is not None else (), self._studies))
        self._showing = was
        self._show_place(hung)

    def _show_place(self, hung: HungStage | None = None) -> None:
        stage = self.stage
        if stage is None:
            return
        self.form.show_cell(edit.cell_at(stage, self.picture.place))
        hung = hung or self._draft.hung(self.number)
        self.why.setText(plain(self._why(stage, hung)))
        self.why.setToolTip(self.why.text())

    def _why(self, stage: StageTemplate, hung: HungStage | None) -> str:
        screen, row, column = self.picture.place
        where = self.tr("Row {0}, column {1}").format(row + 1, column + 1)
        where += self.tr(", screen {0}").format(screen + 1) if len(stage.grids) > 1 else ""
        if edit.cell_at(stage, self.picture.place) is None:
            return self.tr("{0}: nothing is asked for here").format(where)
        if hung is None:
            return self.tr("{0}: no case is open that it could be tried on").format(where)
        here = next((cell for cell in hung.cells if (cell.screen, cell.row, cell.column) == self.picture.place), None)
        if here is not None and here.state is None:
            return self.tr("{0}: empty, {1}").format(where, core_text(here.reason))
        said = [core_text(reason) for reason in hung.reasons if here is not None and reason.startswith(f"{here.label}: ")]
        return f"{where}: {'; '.join(said)}"

    def _chosen(self, _: int) -> None:
        if not self._showing:
            self.problem = ""
            self._show_stage()
            self.stage_chosen.emit(self.number)

    # ---- editing ---------------------------------------------------------------------

    def _edit(self, change: Callable[..., object], step: int) -> None:
        protocol = self._draft.protocol
        if protocol is None:
            return
        number = self.number
        made = change(protocol, number)
        self._draft.set(made)  # type: ignore[arg-type]
        self.stages.setCurrentRow(min(number + step, self.stages.count() - 1))

    def _move(self, steps: int) -> None:
        protocol, number = self._draft.protocol, self.number
        if protocol is not None and 0 <= number + steps < len(protocol.stages):
            self._draft.set(edit.move_stage(protocol, number, steps))
            self.stages.setCurrentRow(number + steps)

    def _read_stage(self) -> None:
        stage, protocol = self.stage, self._draft.protocol
        if self._showing or stage is None or protocol is None:
            return
        grids = _grids(self.grid.text())
        self.problem = (
            "" if grids else self.tr("Grid: write rows x columns, each from 1 to 4, as 2x2; further screens after a comma")
        )
        count = len(stage.cells)
        made = replace(
            stage,
            title=self.title.text(),
            stage_id=self.stage_id.text(),
            min_cells=min(self.least.currentIndex() + 1, count),
            min_prior_cells=min(self.least_priors.currentIndex(), count),
            only_new=self.only_new.isChecked(),
            partial=Partial.ADAPT if self.adapt.isChecked() else Partial.KEEP,
        )
        made = edit.with_grids(made, grids) if grids else made
        self._put(made)

    def _read_cell(self) -> None:
        stage = self.stage
        self.problem = self.form.problem
        if stage is None or self.problem:
            self._draft.judged.emit()
            return
        self._put(edit.with_cell(stage, self.picture.place, self.form.cell()))

    def _put(self, stage: StageTemplate) -> None:
        protocol = self._draft.protocol
        if protocol is None:
            return
        made = edit.with_stage(protocol, self.number, stage)
        if made == protocol:
            self._draft.judged.emit()
        self._draft.set(made)


def _grids(text: str) -> tuple[tuple[int, int], ...]:
    """`1x2, 2x2` as rows and columns of each screen; empty when it means none."""
    found: list[tuple[int, int]] = []
    for part in text.lower().replace("×", "x").split(","):
        numbers = [number.strip() for number in part.split("x")]
        if len(numbers) != 2 or not all(number.isdecimal() and 1 <= int(number) <= MOST_ROWS for number in numbers):
            return ()
        found.append((int(numbers[0]), int(numbers[1])))
    return tuple(found) if len(found) <= MOST_SCREENS else ()
