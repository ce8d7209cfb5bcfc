"""The worklist's columns at the reader's hand: shown or hidden, moved, wider or narrower, and so again next time.

What the reader has not made wider or narrower by hand is fitted to the window: long words give way, dates and numbers never.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import QHeaderView, QMenu, QTableView

from ui import plain, theme
from ui.worklist_columns import COLUMNS, HIDDEN_AT_FIRST, KEYS, SHOWN_ORDER, Column
from workstation.settings import Remembered

REMEMBERED = "worklist.columns"
STRETCHED = KEYS.index("procedure")
LEAST_STRETCHED, LEAST_SHARE, NARROWEST = 160, 0.75, 48
KEPT = frozenset(
    KEYS.index(key) for key in ("priority", "due", "id", "modality", "images", "date", "ai", "since", "age", "left", "turnaround")
)
READ_MOST = frozenset(KEYS.index(key) for key in ("patient", "procedure"))
"""Of what may be narrower than wished these give way last."""
GIVING_WAY = tuple(KEYS.index(key) for key in ("body", "assigned", "site", "ai", "date", "images", "modality"))
"""Hidden where the window is narrow, the first one first, until the reader has chosen columns."""
STEP = 16
# The longest that a reader must be able to read whole, in the bold of what is urgent.
WHOLE = {"priority": "Urgent", "due": "overdue 23 h 59 min", "id": "19500102-1234", "modality": "CT/PT", "date": "2026-11-22"}
# In the usual face.
WHOLE_PLAIN = {
    "ai": "findings: 99", "since": "~23 h 59 min", "age": "~23 h 59 min", "left": "overdue 23 h 59 min",
    "turnaround": "~23 h 59 min", "priority": "No order",
}  # fmt: skip
ROOM = 26


class ColumnHand(QObject):
    """`changed` follows each change of the reader's."""

    changed = Signal()

    def __init__(self, table: QTableView, memory: Remembered) -> None:
        super().__init__(table)
        self._table = table
        self._memory = memory
        self._widths: dict[int, int] = {}
        """By the reader's hand."""
        self._is_fitting = False
        self._is_chosen = False
        """Whether the reader has said which columns are shown."""
        self._wished = [_wished(one) for one in COLUMNS]
        header = self._header = table.horizontalHeader()
        header.setSectionsMovable(True)
        header.setFirstSectionMovable(True)
        header.setMinimumSectionSize(NARROWEST)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._ask)
        self._restore()
        header.sectionMoved.connect(lambda *_: self._keep())
        header.sectionResized.connect(self._resized)
        table.viewport().installEventFilter(self)
        self.fit()

    # ---- what there is -----------------------------------------------------------------

    def in_order(self) -> tuple[int, ...]:
        """Every column from left to right."""
        return tuple(self._header.logicalIndex(place) for place in range(len(COLUMNS)))

    def is_shown(self, column: int) -> bool:
        return not self._header.isSectionHidden(column)

    def show_column(self, column: int, is_shown: bool) -> None:
        """The last one that is shown stays."""
        if not is_shown and sum(self.is_shown(n) for n in range(len(COLUMNS))) == 1:
            return
        self._is_chosen = True
        self._hide(column, not is_shown)
        self.fit()
        self._keep()

    def move(self, column: int, steps: int) -> None:
        """To the right, or with a negative number to the left."""
        place = self._header.visualIndex(column)
        self._header.moveSection(place, min(max(place + steps, 0), len(COLUMNS) - 1))

    def widen(self, column: int, steps: int) -> None:
        self._widths[column] = max(self._header.sectionSize(column) + steps * STEP, NARROWEST)
        self.fit()
        self._keep()

    def reset(self) -> None:
        """As they were at first."""
        self._widths.clear()
        self._is_chosen = False
        self._lay(SHOWN_ORDER, HIDDEN_AT_FIRST)
        self.fit()
        self._keep()

    # ---- widths ------------------------------------------------------------------------

    def fit(self) -> None:
        room = self._table.viewport().width()
        if not self._is_chosen:
            self._show_what_fits(room)
        shown = [n for n in range(len(COLUMNS)) if self.is_shown(n)]
        widths = {n: self._widths.get(n, self._wished[n]) for n in shown}
        yielding = [n for n in shown if n not in KEPT and n not in self._widths]
        for giving in ([n for n in yielding if n not in READ_MOST], [n for n in yielding if n in READ_MOST]):
            wished, missing = sum(widths[n] for n in giving), sum(widths.values()) - room
            share = max(LEAST_SHARE, min(1.0, 1.0 - missing / wished)) if wished else 1.0
            widths |= {n: int(widths[n] * share) for n in giving}
        if STRETCHED in shown and STRETCHED not in self._widths:
            others = sum(width for n, width in widths.items() if n != STRETCHED)
            widths[STRETCHED] = max(room - others, LEAST_STRETCHED)
        self._is_fitting = True
        for n, width in widths.items():
            self._header.resizeSection(n, width)
        self._is_fitting = False

    def _show_what_fits(self, room: int) -> None:
        shown = [n for n, key in enumerate(KEYS) if key not in HIDDEN_AT_FIRST]
        for n in GIVING_WAY:
            if sum(self._least(one) for one in shown) > room:
                shown.remove(n)
        for n in range(len(COLUMNS)):
            if self.is_shown(n) != (n in shown):
                self._hide(n, n not in shown)

    def _least(self, column: int) -> int:
        if column == STRETCHED:
            return LEAST_STRETCHED
        width = self._widths.get(column, self._wished[column])
        return width if column in KEPT or column in self._widths else int(width * LEAST_SHARE)

    def _resized(self, column: int, _old: int, width: int) -> None:
        if not self._is_fitting and width:
            self._widths[column] = width
            self._keep()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.fit()
        return False

    # ---- remembered --------------------------------------------------------------------

    def _restore(self) -> None:
        kept: Any = self._memory.get(REMEMBERED)
        kept = kept if isinstance(kept, dict) else {}
        order = [key for key in _texts(kept.get("order")) if key in KEYS]
        self._is_chosen = "hidden" in kept
        hidden = {key for key in _texts(kept.get("hidden")) if key in KEYS} if self._is_chosen else HIDDEN_AT_FIRST
        widths = kept.get("widths")
        for key, width in widths.items() if isinstance(widths, dict) else ():
            if key in KEYS and isinstance(width, int) and NARROWEST <= width <= 2000:
                self._widths[KEYS.index(key)] = width
        self._lay([*order, *(key for key in SHOWN_ORDER if key not in order)], hidden if len(hidden) < len(KEYS) else set())

    def _lay(self, order: Any, hidden: Any) -> None:
        for place, key in enumerate(order):
            self._header.moveSection(self._header.visualIndex(KEYS.index(key)), place)
        for n, key in enumerate(KEYS):
            self._hide(n, key in hidden)

    def _hide(self, column: int, is_hidden: bool) -> None:
        """The width that it has then is nobody's wish."""
        self._is_fitting = True
        self._header.setSectionHidden(column, is_hidden)
        self._is_fitting = False

    def _keep(self) -> None:
        order = [KEYS[n] for n in self.in_order()]
        kept: dict[str, Any] = {"order": order, "widths": {KEYS[n]: width for n, width in self._widths.items()}}
        if self._is_chosen:
            kept["hidden"] = [key for n, key in enumerate(KEYS) if not self.is_shown(n)]
        self._memory.set(REMEMBERED, kept)
        self.changed.emit()

    # ---- the menu ----------------------------------------------------------------------

    def _ask(self, place: QPoint) -> None:
        menu = QMenu(self._header)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(list(self._actions(menu)))
        menu.addSeparator()
        menu.addAction(self.tr("As at first"), self.reset)
        menu.popup(self._header.mapToGlobal(place))

    def _actions(self, menu: QMenu) -> Iterator[QAction]:
        for n in self.in_order():
            action = QAction(plain.core_text(COLUMNS[n].title), menu)
            action.setCheckable(True)
            action.setChecked(self.is_shown(n))
            action.toggled.connect(lambda checked, n=n: self.show_column(n, checked))
            yield action


def _wished(column: Column) -> int:
    """Wide enough for its head, and for what must be read whole."""
    bold, usual = QFontMetrics(theme.text_font(bold=True)), QFontMetrics(theme.text_font())
    head = usual.horizontalAdvance(plain.core_text(column.title)) + ROOM
    whole = bold.horizontalAdvance(plain.core_text(WHOLE.get(column.key, "")))
    whole = max(whole, usual.horizontalAdvance(plain.core_text(WHOLE_PLAIN.get(column.key, "")))) + ROOM
    is_measured = column.key in WHOLE or column.key in WHOLE_PLAIN
    return max(head, whole, 0 if is_measured else column.width)


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
