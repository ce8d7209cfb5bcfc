"""The editor of hanging protocols: list, stages, studies, kinds of series, the file; tried on the open study as it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from hanging_protocols.library import LEVEL_WORDS
from hanging_protocols.model import HangingProtocol, Level
from ui.hanging import hand, rule_words
from ui.hanging.about_page import AboutPage
from ui.hanging.draft import Draft
from ui.hanging.file_hand import FileHand
from ui.hanging.file_page import FilePage
from ui.hanging.protocol_list import Entry, ProtocolList, entries
from ui.hanging.rules_editor import RulesEditor
from ui.hanging.series_page import SeriesPage
from ui.hanging.stage_page import StagePage
from ui.hanging.trial import Trial
from ui.plain import core_text, plain
from ui.within_screen import scrolled
from workstation.errors import WorkstationError
from workstation.session.case import Notice

if TYPE_CHECKING:
    from ui.seat import Seat

WIDTH, HEIGHT = 1200, 780


class ProtocolEditor(QDialog):
    """Ctrl+Return saves, Ctrl+Z goes a change back, Esc closes; what was only tried out leaves the screen then."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("protocolEditor")
        self.setWindowTitle(self.tr("Hanging protocols"))
        self._core = core
        self.hanger = hand.library_of(core)
        self.draft = Draft(core, self)
        case = core.session.case
        studies = case.studies if case is not None else ()
        self.list = ProtocolList()
        self.title = QLineEdit()
        self.level = QComboBox()
        self.state, self.why, self.problem = QLabel(), QLabel(), QLabel()
        self.tabs = QTabWidget()
        self.stages = StagePage(self.draft, studies, self._windows())
        self.rules = RulesEditor(with_scope=True)
        self.series = SeriesPage(self.draft)
        self.file, self.about = FilePage(self.draft), AboutPage(self.draft)
        self.try_out = QCheckBox(self.tr("Show it on the &images"))
        self.trial = Trial(core, self.draft)
        self.files = FileHand(core, self)
        self._entry: Entry | None = None
        self._build()
        self._connect()
        here = core.session.viewing.arrangement
        self._fill(here.protocol if here is not None else "")
        self.resize(WIDTH, HEIGHT)

    # ---- building --------------------------------------------------------------------

    def _build(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 8, 0)
        column.addWidget(self.list, 1)
        column.addLayout(self._list_buttons())
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(8, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._head())
        column.addWidget(self.why)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.problem)
        column.addLayout(self._foot())
        for page, words in (
            (self.stages, self.tr("1 Stages")), (self.rules, self.tr("2 For which studies")),
            (self.series, self.tr("3 Kinds of series")), (self.file, self.tr("4 File")),
            (self.about, self.tr("5 About")),
        ):  # fmt: skip
            self.tabs.addTab(scrolled(page), words)
        for label in (self.why, self.problem):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.why.setProperty("role", "muted")
        self.why.setFixedHeight(self.why.fontMetrics().lineSpacing() * 2)
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.problem.setProperty("role", "red")
        # An error may not move what is being written.
        self.problem.setFixedHeight(self.problem.fontMetrics().lineSpacing() * 2)
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.setHandleWidth(4)
        parts.addWidget(left)
        parts.addWidget(right)
        parts.setSizes([230, WIDTH - 230])
        parts.setStretchFactor(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(14, 12, 14, 12)
        whole.addWidget(parts)

    def _head(self) -> QHBoxLayout:
        self.title.setMaxLength(100)
        self.title.setAccessibleName(self.tr("Title of the protocol"))
        self.level.setAccessibleName(self.tr("Whose"))
        for place in self.hanger.places():
            words = core_text(LEVEL_WORDS[place.level]).capitalize()
            self.level.addItem(
                words if not place.why_not else self.tr("{0}: {1}").format(words, plain(place.why_not)), place.level
            )
        row = QHBoxLayout()
        row.addWidget(self.title, 1)
        row.addWidget(self.level)
        row.addWidget(self.state)
        return row

    def _foot(self) -> QHBoxLayout:
        self.save_button = self._button(self.tr("&Save (Ctrl+Return)"), self.save)
        self.back_button = self._button(self.tr("Undo (Ctrl+Z)"), self.draft.undo)
        close = self._button(self.tr("Close (Esc)"), self.close)
        self.try_out.setEnabled(self.draft.scene is not None)
        row = QHBoxLayout()
        row.addWidget(self.try_out)
        row.addStretch(1)
        for button in (self.back_button, self.save_button, close):
            row.addWidget(button)
        return row

    def _list_buttons(self) -> QGridLayout:
        self.copy_button = self._button(self.tr("Cop&y as mine"), self.copy)
        self.remove_button = self._button(self.tr("Remove &file"), self.remove)
        self.reason_button = self._button(self.tr("Copy reason"), self.files.copy_reason)
        self.folder_button = self._button(self.tr("Open folder"), self.files.open_folder)
        buttons = (
            self.copy_button,
            self.remove_button,
            self._button(self.tr("Import…"), self.files.ask_import),
            self._button(self.tr("Export…"), self.files.ask_export),
            self._button(self.tr("DICOM…"), self.files.ask_dicom),
            self.folder_button,
            self.reason_button,
        )
        grid = QGridLayout()
        for place, button in enumerate(buttons):
            grid.addWidget(button, place // 2, place % 2)
        return grid

    def _button(self, words: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(words)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._try(act))
        return button

    def _connect(self) -> None:
        self.list.chosen.connect(self._open)
        self.draft.changed.connect(self._refresh)
        self.draft.judged.connect(self._judge)
        self.title.textEdited.connect(lambda text: self._change(title=text))
        self.level.activated.connect(lambda _: self._level_chosen())
        self.rules.changed.connect(self._read_rules)
        self.stages.stage_chosen.connect(lambda _: self._show_trial())
        self.try_out.toggled.connect(lambda _: self._show_trial())
        facts = self.draft.facts
        self.rules.choices = lambda attribute: rule_words.choices(facts, attribute, of_series=False)
        for keys, act in (("Ctrl+Return", self.save), ("Ctrl+Z", self.draft.undo), ("Ctrl+S", self.save)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(lambda act=act: self._try(act))
        for number in range(self.tabs.count()):
            shortcut = QShortcut(QKeySequence(f"Alt+{number + 1}"), self)
            shortcut.activated.connect(lambda number=number: self.tabs.setCurrentIndex(number))

    def _windows(self) -> tuple[str, ...]:
        facts = self.draft.facts
        modalities = dict.fromkeys(one.series.modality for one in facts.image_sets) if facts is not None else {"CT": None}
        return tuple(dict.fromkeys(p.name for m in modalities for p in self.hanger.presets.for_modality(m)))

    # ---- showing ---------------------------------------------------------------------

    def _fill(self, protocol_id: str) -> None:
        case = self._core.session.case
        ranked = self.hanger.ranked(case.study, case.priors, hand.context_of(self._core, case)) if case is not None else ()
        self.list.show_entries(entries(self.hanger.library, ranked), protocol_id)

    def _open(self, entry: Entry) -> None:
        if entry == self._entry:
            return
        if not self.may_leave():
            self.list.keep(self._entry)
            return
        self._entry = entry
        self._begin_pages()
        self.draft.open(entry.protocol)
        self._show_trial()

    def _refresh(self) -> None:
        protocol, entry = self.draft.protocol, self._entry
        if protocol is not None:
            if self.title.text() != protocol.title:
                self.title.setText(protocol.title)
            self.rules.show_rules(protocol.rules)
            self.level.setCurrentIndex(max(self.level.findData(self.draft.level), 0))
        self.title.setEnabled(protocol is not None)
        self.rules.setEnabled(protocol is not None)
        self.why.setText(plain(self._why(entry)) if entry is not None else "")
        self.why.setToolTip(self.why.text())
        self.state.setText(self._state_words())
        self._judge()
        self.copy_button.setEnabled(protocol is not None)
        own = protocol is not None and self.hanger.library.at(protocol.protocol_id, protocol.level) is not None
        self.remove_button.setEnabled(own or (entry is not None and entry.path is not None))
        self._show_trial()

    def _judge(self) -> None:
        """Say what is wrong; nothing that is wrong can be saved."""
        problem = self.whats_wrong()
        self.problem.setText(plain(core_text(problem)))
        self.save_button.setEnabled(self.draft.protocol is not None and not problem and self.draft.is_changed)
        self.reason_button.setEnabled(bool(problem))

    def whats_wrong(self) -> str:
        """The first mistake of the page or of the protocol, by its key."""
        pages = (self.stages.problem, self.rules.problem, self.series.problem, self.file.problem)
        refused = self._entry.problem if self._entry is not None and self._entry.protocol is None else ""
        return refused or next((problem for problem in pages if problem), "") or self.draft.problem

    def _why(self, entry: Entry) -> str:
        if entry.protocol is None:
            return self.tr("This file is not used; the others stay in use.")
        if entry.points is None:
            return self.tr("No case is open that it could fit.")
        head = self.tr("Fits the open study ({0:g} points): ").format(entry.points)
        return (head if entry.points else self.tr("Does not fit the open study: ")) + "; ".join(map(core_text, entry.reasons))

    def _state_words(self) -> str:
        protocol = self.draft.protocol
        if protocol is None:
            return ""
        if not self.draft.is_changed:
            return core_text(LEVEL_WORDS[protocol.level])
        beneath = self.hanger.library.beneath(protocol.protocol_id, self.draft.level)
        if beneath is not None:
            return self.tr("changed; will replace the one that is {0}").format(core_text(LEVEL_WORDS[beneath.level]))
        return self.tr("changed")

    def _show_trial(self) -> None:
        self.trial.show(self.stages.number if self.try_out.isChecked() and not self.draft.problem else None)

    # ---- editing ---------------------------------------------------------------------

    def _change(self, **values: str) -> None:
        if self.draft.protocol is not None:
            self.draft.set(replace(self.draft.protocol, title=values["title"]))

    def _read_rules(self) -> None:
        protocol = self.draft.protocol
        if protocol is None:
            return
        made = replace(protocol, rules=self.rules.rules)
        self.draft.set(made)
        self._judge()

    def _level_chosen(self) -> None:
        self.draft.level = Level(self.level.currentData())
        self._refresh()

    def save(self) -> None:
        protocol = self.draft.protocol
        if protocol is None or self.whats_wrong() or not self.draft.is_changed:
            return
        self.trial.show(None)
        hand.save(self._core, protocol, self.draft.level)
        self.draft.saved()
        arrangement = self._core.session.viewing.arrangement
        if arrangement is not None and arrangement.protocol == protocol.protocol_id:
            self._core.session.hangings.again()
        self._entry = None
        self._fill(protocol.protocol_id)

    def copy(self) -> None:
        """A new protocol of my own that begins as this one; nothing is written before it is saved."""
        protocol = self.draft.protocol
        if protocol is None or not self.may_leave():
            return
        title = self.tr("{0} (copy)").format(protocol.title)
        self.begin(replace(protocol, protocol_id=self.hanger.unused_id(title), title=title, level=Level.USER, source=""))

    def _begin_pages(self) -> None:
        self.file.problem = ""
        for page in (self.stages, self.rules, self.series):
            page.begin()

    def remove(self) -> None:
        """Take the file away; its earlier versions stay, and it can be taken back."""
        protocol, entry = self.draft.protocol, self._entry
        if protocol is None:
            return
        done = self.hanger.remove(protocol.protocol_id, protocol.level)
        session = self._core.session

        def undo() -> None:
            self.hanger.take_back(done)
            session.notice.emit(Notice("Taken back: the file is there again"))

        session.hangings.take_back = undo
        session.notice.emit(Notice(f"“{protocol.title}” is removed; its versions are kept beside it", command="hanging.undo"))
        self.draft.open(None)
        self._entry = None if entry is not None else entry
        self._fill(protocol.protocol_id)

    # ---- files -----------------------------------------------------------------------

    def begin(self, protocol: HangingProtocol) -> None:
        """A protocol that is not saved yet; nothing is in force before it is."""
        self._entry = Entry(protocol, None)
        self._begin_pages()
        self.draft.open(protocol, is_new=True)
        self.title.setFocus()
        self.title.selectAll()

    def fill_again(self) -> None:
        """Files were changed elsewhere."""
        self._fill(self.draft.protocol.protocol_id if self.draft.protocol is not None else "")

    @property
    def refused_path(self) -> Path | None:
        """The file that is looked at, where it is refused."""
        return self._entry.path if self._entry is not None else None

    # ---- leaving ---------------------------------------------------------------------

    def may_leave(self) -> bool:
        """Whether what was changed may be left unsaved; asked only where something was."""
        if self.draft.protocol is None or not self.draft.is_changed:
            return True
        asked = QMessageBox(self)
        asked.setWindowTitle(self.windowTitle())
        asked.setText(self.tr("“{0}” is changed and not saved.").format(plain(self.draft.protocol.title)))
        buttons = QMessageBox.StandardButton
        asked.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        asked.setDefaultButton(buttons.Save)
        answer = asked.exec()
        if answer == buttons.Save:
            self._try(self.save)
            return not self.draft.is_changed
        return bool(answer == buttons.Discard)

    def reject(self) -> None:
        """Esc: what was tried out goes from the screen."""
        if self.may_leave():
            self.trial.end()
            super().reject()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return belongs to the fields."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return
        super().keyPressEvent(event)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except WorkstationError as error:
            self.problem.setText(plain(core_text(str(error))))
