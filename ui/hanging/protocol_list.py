"""The list of protocols: level, title, whether each fits the open study; files that are refused stand first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from hanging_protocols.engine import Ranked
from hanging_protocols.library import LEVEL_WORDS, Library
from hanging_protocols.model import HangingProtocol
from ui import theme
from ui.plain import core_text, plain
from workstation.commands.finding import Findable, find

ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Entry:
    """A protocol with how it stands for the open study, or a file that is refused with the reason."""

    protocol: HangingProtocol | None = None
    points: float | None = None
    reasons: tuple[str, ...] = ()
    path: Path | None = None
    problem: str = ""

    @property
    def title(self) -> str:
        return self.protocol.title if self.protocol is not None else self.path.name if self.path is not None else ""


def entries(library: Library, ranked: Sequence[Ranked]) -> list[Entry]:
    """What is refused first, then those that fit the open study, then the others."""
    if ranked:
        good = [Entry(one.protocol, one.points, one.reasons) for one in ranked]
    else:
        good = [Entry(protocol) for protocol in sorted(library.protocols, key=lambda one: one.title.casefold())]
    bad = [Entry(path=path, problem=str(error)) for path, (_, error) in zip(library.refused_paths, library.refused, strict=True)]
    return [*bad, *good]


class ProtocolList(QWidget):
    """Emits `chosen` with the entry; typing narrows."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field, self.list = QLineEdit(), QListWidget()
        self.field.setPlaceholderText(self.tr("Filter"))
        self.field.setAccessibleName(self.tr("Filter the hanging protocols"))
        self.field.setClearButtonEnabled(True)
        self.list.setAccessibleName(self.tr("Hanging protocols"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        self.field.installEventFilter(self)
        self._entries: list[Entry] = []
        self._filling = False
        self.field.textChanged.connect(lambda _: self._fill(self.current()))
        self.list.currentItemChanged.connect(lambda item, _: self._tell(item))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down leads from the filter into the list."""
        is_key = watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent)
        if is_key and isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.list.setFocus()
            return True
        return super().eventFilter(watched, event)

    def show_entries(self, found: Sequence[Entry], protocol_id: str = "") -> None:
        self._entries = list(found)
        wanted = next((e for e in found if e.protocol is not None and e.protocol.protocol_id == protocol_id), None)
        self._fill(wanted)

    def current(self) -> Entry | None:
        item = self.list.currentItem()
        entry: Entry | None = item.data(ROLE) if item is not None else None
        return entry

    def keep(self, entry: Entry | None) -> None:
        """Go back to an entry without saying so."""
        self._filling = True
        for row in range(self.list.count()):
            if self.list.item(row).data(ROLE) == entry:
                self.list.setCurrentRow(row)
        self._filling = False

    def _fill(self, wanted: Entry | None) -> None:
        sought = self.field.text().strip()
        named = {str(number): entry for number, entry in enumerate(self._entries)}
        found = find(sought, [Findable(number, entry.title) for number, entry in named.items()]) if sought else None
        shown = [named[one.id] for one in found] if found is not None else self._entries
        self._filling = True
        self.list.clear()
        for entry in shown:
            self.list.addItem(_item(entry))
        self._filling = False
        first = next((row for row, entry in enumerate(shown) if entry.protocol is not None), 0)
        self.list.setCurrentRow(shown.index(wanted) if wanted in shown else first)

    def _tell(self, item: QListWidgetItem | None) -> None:
        if not self._filling and item is not None:
            self.chosen.emit(item.data(ROLE))


def _item(entry: Entry) -> QListWidgetItem:
    item = QListWidgetItem()
    if entry.protocol is None:
        item.setText(f"⚠ {plain(entry.title)}")
        item.setForeground(QColor(theme.RED))
        item.setToolTip(plain(core_text(entry.problem)))
    else:
        item.setText(f"{plain(entry.title)} ({core_text(LEVEL_WORDS[entry.protocol.level])})")
        if entry.points == 0.0:
            item.setForeground(QColor(theme.FAINT))
    item.setData(ROLE, entry)
    return item
