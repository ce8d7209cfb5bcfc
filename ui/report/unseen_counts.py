"""How many dictated words nobody has looked at: beside each section, and beside the buttons that sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QBoxLayout, QToolButton, QWidget

from ui.plain import tooltip
from ui.report.section_block import SectionBlock
from ui.report.spoken_hand import SpokenHand
from workstation.domain.report import SectionCode

NEXT_MARK = "dictation.next_mark"


class UnseenCount(QToolButton):
    """A number in amber with the word that says what of; pressed, it goes to the next of them.

    `is_short`: the number alone, where a word would push the images aside.
    """

    def __init__(self, run: Callable[[str], None], keys: Callable[[str], str], is_short: bool = False) -> None:
        super().__init__()
        self._is_short = is_short
        self.setObjectName("unseenWords")
        self.setProperty("flat", True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its key does the same
        self.setToolTip(tooltip(self.tr("Dictated numbers, sides, negations and unsure words to look at"), keys(NEXT_MARK)))
        self.clicked.connect(lambda: run(NEXT_MARK))
        self._count, self._keeps_room = 0, False
        self.show_count(0)

    def show_count(self, count: int) -> None:
        self._count = count
        words = self.tr("{0} to look at").format(count) if count else ""
        self.setText(str(count) if self._is_short and count else words)
        self.setAccessibleName(words)
        self.setVisible(count > 0)

    def keep_room(self) -> None:
        """What lies beside it stays where it is when the first word comes and when the last was looked at."""
        self._keeps_room = True
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self._measure()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange and self._keeps_room:
            self._measure()

    def _measure(self) -> None:
        count = self._count
        self.show_count(99)
        self.setFixedWidth(self.sizeHint().width())
        self.show_count(count)


class UnseenCounts(QObject):
    """For one panel: `sign_row` gets the sum."""

    def __init__(
        self,
        hand: SpokenHand,
        blocks: Mapping[SectionCode, SectionBlock],
        sign_row: QWidget,
        run: Callable[[str], None],
        keys: Callable[[str], str],
    ) -> None:
        super().__init__(hand)
        self._hand = hand
        self._counts = {code: UnseenCount(run, keys) for code in blocks}
        for code, block in blocks.items():
            block.head.insertWidget(block.head.count() - 1, self._counts[code])
        self.all = UnseenCount(run, keys, is_short=True)
        self.all.keep_room()
        row = sign_row.layout()
        if isinstance(row, QBoxLayout):
            row.insertWidget(0, self.all)
        hand.unseen_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        counts = {code: self._hand.unseen(code) for code in self._counts}
        for code, count in counts.items():
            self._counts[code].show_count(count)
        self.all.show_count(sum(counts.values()))
