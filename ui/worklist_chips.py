"""What narrows the list beside typed words: one chip for each column, with a menu of the values that there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from ui.plain import core_text, plain
from ui.worklist_columns import AI_WORDS, PRIORITY_WORDS, STATUS_WORDS
from workstation.domain.ai_result import AiFlag
from workstation.domain.order import Priority, ReadStatus
from workstation.domain.worklist_query import Assigned, RowFilter, SortKey
from workstation.session.lists import Lists

ASSIGNED_WORDS = {Assigned.ME: "Me", Assigned.NOBODY: "Nobody", Assigned.OTHERS: "Others"}
MOST_NAMED = 2


@dataclass(frozen=True, slots=True)
class Facet:
    """A field of `RowFilter`; `given` are its values in words, or `asked` says whose values are looked for."""

    field: str
    title: str
    given: tuple[tuple[StrEnum, str], ...] = ()
    asked: SortKey | None = None


FACETS = (
    Facet("priorities", "Priority", tuple((p, PRIORITY_WORDS[p]) for p in reversed(Priority))),
    Facet("modalities", "Modality", asked=SortKey.MODALITY),
    Facet("body_parts", "Body part", asked=SortKey.BODY),
    Facet("sites", "Site", asked=SortKey.SITE),
    Facet("statuses", "Status", tuple((s, STATUS_WORDS[s]) for s in ReadStatus)),
    Facet("assigned", "Assigned", tuple(ASSIGNED_WORDS.items())),
    Facet("ai", "AI", tuple((flag, words.capitalize()) for flag, words in AI_WORDS.items() if words)),
)


class ChipRow(QWidget):
    """A chip for each of `FACETS`; set ones stand out and say what they are set to."""

    def __init__(self, lists: Lists) -> None:
        super().__init__()
        self._lists = lists
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 8)
        row.setSpacing(6)
        self.chips = {facet.field: Chip(facet, lists) for facet in FACETS}
        for chip in self.chips.values():
            row.addWidget(chip)
        self.clear = QToolButton()
        self.clear.setText(self.tr("Clear"))
        self.clear.setObjectName("chip")
        self.clear.clicked.connect(self.clear_all)
        row.addWidget(self.clear)
        row.addStretch(1)
        lists.changed.connect(self._show)
        self._show(None)

    def clear_all(self) -> bool:
        """Back to what the chosen list says. False when nothing was set beside it."""
        if not self._lists.is_altered:
            return False
        self._lists.narrow(self._lists.chosen.wanted.with_text(self._lists.wanted.text))
        return True

    def _show(self, _: object) -> None:
        for chip in self.chips.values():
            chip.show_wanted(self._lists.wanted)
        self.clear.setVisible(self._lists.is_altered)


class Chip(QToolButton):
    """Down or a click opens its values; Delete takes them all away."""

    def __init__(self, facet: Facet, lists: Lists) -> None:
        super().__init__()
        self._facet = facet
        self._lists = lists
        self.setObjectName("chip")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self.open)

    def show_wanted(self, wanted: RowFilter) -> None:
        values = self._values(wanted)
        words = [self._words(value) for value in values]
        said = ", ".join(words) if len(words) <= MOST_NAMED else self.tr("{0} of them").format(len(words))
        title = core_text(self._facet.title)
        self.setText(f"{title}: {said}" if words else f"{title} ▾")
        self.setProperty("isSet", bool(words))
        self.style().unpolish(self)
        self.style().polish(self)

    def open(self) -> None:
        if self._facet.asked is None:
            self._open([(value.value, core_text(words)) for value, words in self._facet.given])
        else:
            self._lists.values(self._facet.asked, self._open_values)

    def _open_values(self, values: tuple[str, ...]) -> None:
        there = dict.fromkeys((*values, *self._values(self._lists.wanted)))
        if self._facet.asked is SortKey.MODALITY:  # a row of CT and PET is found by either
            there = dict.fromkeys(sorted({one for value in there for one in value.split("/") if one}))
        self._open([(value, self._words(value)) for value in there])

    def _open(self, values: Iterable[tuple[str, str]]) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen = set(self._values(self._lists.wanted))
        for value, words in values:
            action = QAction(words, menu)
            action.setCheckable(True)
            action.setChecked(value in chosen)
            action.toggled.connect(partial(self._toggle, value))
            menu.addAction(action)
        if chosen:
            menu.addSeparator()
            menu.addAction(self.tr("All"), self.take_away)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def take_away(self) -> None:
        empty: Any = Assigned.ANYBODY if self._facet.field == "assigned" else frozenset()
        self._set(empty)

    def _toggle(self, value: str, is_on: bool) -> None:
        if self._facet.field == "assigned":
            self._set(Assigned(value) if is_on else Assigned.ANYBODY)
            return
        kinds: dict[str, Callable[[str], object]] = {"priorities": Priority, "statuses": ReadStatus, "ai": AiFlag}
        values = {value, *self._values(self._lists.wanted)} if is_on else set(self._values(self._lists.wanted)) - {value}
        self._set(frozenset(map(kinds.get(self._facet.field, str), values)))

    def _set(self, value: Any) -> None:
        self._lists.narrow(replace(self._lists.wanted, **{self._facet.field: value}))

    def _values(self, wanted: RowFilter) -> list[str]:
        value = getattr(wanted, self._facet.field)
        if isinstance(value, frozenset):
            return sorted(value)
        return [value] if value else []

    def _words(self, value: str) -> str:
        return core_text(next((words for known, words in self._facet.given if known == value), "")) or plain(core_text(value))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.take_away()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open()
        else:
            super().keyPressEvent(event)
