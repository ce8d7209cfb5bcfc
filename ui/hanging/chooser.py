"""Another protocol for the open case: ranked, with why each fits or not; what was typed narrows the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from hanging_protocols.engine import Ranked
from hanging_protocols.library import LEVEL_WORDS
from ui import theme
from ui.hanging import hand
from ui.plain import core_text, plain
from workstation.commands.finding import Findable, find
from workstation.errors import Refused, WorkstationError
from workstation.session.case import Notice

if TYPE_CHECKING:
    from ui.seat import Seat

ROLE = Qt.ItemDataRole.UserRole
PAGE = 8


class ProtocolChooser(QDialog):
    """Return hangs it for this case, Ctrl+Return from now on for studies of its kind. Esc or a click outside closes."""

    def __init__(self, core: Seat, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self._core = core
        self._hanger = hand.library_of(core)
        case = core.session.case
        if case is None:
            raise Refused("There is nothing to hang", "No case is open", "Open a case from the worklist")
        self._case = case
        self._context = hand.context_of(core, case)
        self._kind = self._hanger.kind(case.study, self._context).words
        self._ranked = self._hanger.ranked(case.study, case.priors, self._context)
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Hang by which protocol?"))
        self.field.setAccessibleName(self.tr("Find a hanging protocol"))
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Hanging protocols"))
        self.why, self.hint = QLabel(), QLabel()
        for label in (self.why, self.hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setProperty("role", "muted")
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop)
        # The list may not move while one goes through it.
        self.why.setFixedHeight(self.why.fontMetrics().lineSpacing() * 5)
        self.hint.setText(
            self.tr("Return: this case. Ctrl+Return: every {0} from now on.").format(plain(self._kind)) + self._chosen_words()
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        for widget, stretch in ((self.field, 0), (self.list, 1), (self.why, 0), (self.hint, 0)):
            column.addWidget(widget, stretch)
        self.field.textChanged.connect(self._seek)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda item: self._hang(item, False))
        self.list.currentItemChanged.connect(lambda item, _: self._tell(item))
        self._seek("")

    def names(self) -> list[str]:
        """Ids of what is listed now; "" is the one that fits best."""
        return [self._id(self.list.item(row)) for row in range(self.list.count())]

    def _chosen_words(self) -> str:
        return "" if not self._hanger.chosen_for(self._case.study, self._context) else " " + self.tr("One was chosen so.")

    # ---- keys ------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        window = self.parentWidget() or self
        width = min(640, window.width() - 40)
        self.resize(width, min(600, window.height() - 100))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - width) // 2, corner.y() + 72)
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: PAGE, Qt.Key.Key_PageUp: -PAGE}
            key = Qt.Key(event.key())
            if key in steps and self.list.count():
                self.list.setCurrentRow(min(max(self.list.currentRow() + steps[key], 0), self.list.count() - 1))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._hang(self.list.currentItem(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
                return True
        return super().eventFilter(watched, event)

    # ---- what is listed --------------------------------------------------------------

    def _seek(self, text: str) -> None:
        sought = text.strip()
        known = {one.protocol.protocol_id: one for one in self._ranked}
        entries = [Findable(name, one.protocol.title) for name, one in known.items()]
        kept = [known[entry.id] for entry in find(sought, entries)] if sought else list(self._ranked)
        self.list.clear()
        arrangement = self._core.session.viewing.arrangement
        here = arrangement.protocol if arrangement is not None else ""
        if not sought and (self._core.session.hangings.protocol_id or self._hanger.chosen_for(self._case.study, self._context)):
            self.list.addItem(QListWidgetItem(self.tr("The one that fits best")))
        for one in kept:
            whose = core_text(LEVEL_WORDS[one.protocol.level])
            marks = self.tr(" – hangs now") if one.protocol.protocol_id == here else ""
            item = QListWidgetItem(f"{plain(one.protocol.title)} ({whose}){marks}")
            item.setData(ROLE, one)
            if not one.points:
                item.setForeground(QColor(theme.FAINT))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._tell(self.list.currentItem())

    def _tell(self, item: QListWidgetItem | None) -> None:
        one: Ranked | None = item.data(ROLE) if item is not None else None
        if item is None:
            self.why.setText(self.tr("No protocol has such a name"))
        elif one is None:
            self.why.setText(self.tr("Nothing is chosen any more: rules decide"))
        else:
            fits = self.tr("Fits ({0:g} points): ").format(one.points) if one.points else self.tr("Does not fit: ")
            self.why.setText(plain(fits + "; ".join(core_text(reason) for reason in one.reasons)))

    @staticmethod
    def _id(item: QListWidgetItem) -> str:
        one: Ranked | None = item.data(ROLE)
        return one.protocol.protocol_id if one is not None else ""

    # ---- hanging ---------------------------------------------------------------------

    def _hang(self, item: QListWidgetItem | None, from_now_on: bool) -> None:
        if item is None:
            return
        self.close()
        chosen, session = self._id(item), self._core.session
        try:
            if from_now_on or (not chosen and self._hanger.chosen_for(self._case.study, self._context)):
                self._remember(chosen)
            session.hangings.use(chosen)
        except WorkstationError as error:
            session.report_problem(error)

    def _remember(self, chosen: str) -> None:
        hanger, session, study, context = self._hanger, self._core.session, self._case.study, self._context
        before = hanger.chosen_for(study, context)
        kind = hanger.choose_for(study, chosen, context)

        def undo() -> None:
            hanger.choose_for(study, before, context)
            session.notice.emit(Notice("Taken back: nothing is remembered for studies of this kind"))

        session.hangings.take_back = undo
        title = next((one.protocol.title for one in self._ranked if one.protocol.protocol_id == chosen), "")
        words = f"Every {kind} hangs by “{title}” from now on" if chosen else f"Every {kind} hangs by what fits best again"
        session.notice.emit(Notice(words, command="hanging.undo"))
