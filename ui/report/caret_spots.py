"""Where the words of each stretch of speech go: to the caret, or over the selection, as it was when the phrase began.

A place follows what is typed while one speaks. It outlives the report's leaving the desk, as a place in the text that
stood there then; the store looks whether that text is still the same.

Only a `SectionEditor` takes dictation: a report's sections, with the fields of a template in them. No search field,
dialog or read-only text ever gets a dictated word, whatever has focus.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtGui import QTextCursor

from ui.report.editor_marks import chars
from ui.report.section_editor import SectionEditor
from workstation.domain.report import SectionCode


@dataclass(frozen=True, slots=True)
class CaretSpot:
    """`text[start:end]` of a section, as it is shown or was when the report was left."""

    section: SectionCode
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Held:
    section: SectionCode
    cursor: QTextCursor
    selected: str


class CaretSpots:
    """For the editors of one panel, by segment."""

    def __init__(self, editors: Mapping[SectionCode, SectionEditor]) -> None:
        self._editors = editors
        self._live: dict[str, _Held] = {}
        self._left: dict[str, CaretSpot] = {}

    def begin(self, segment_id: str, section: SectionCode) -> None:
        """Somebody speaks, for a section of the report that is shown."""
        if section in self._editors and segment_id not in self._live:
            cursor = QTextCursor(self._editors[section].textCursor())
            self._live[segment_id] = _Held(section, cursor, cursor.selectedText())

    def of(self, segment_id: str) -> CaretSpot | None:
        held = self._live.get(segment_id)
        return self._spot(held) if held is not None else self._left.get(segment_id)

    @property
    def newest(self) -> str:
        """The segment that is spoken now, or was last; empty where nothing is awaited."""
        return next(reversed(self._live), "")

    def drop(self, segment_id: str) -> None:
        self._live.pop(segment_id, None)
        self._left.pop(segment_id, None)

    def keep(self) -> None:
        """The report may leave the desk now: note where its places are."""
        self._left |= {segment_id: self._spot(held) for segment_id, held in self._live.items()}

    def leave(self) -> None:
        """Other texts are shown."""
        self._live.clear()

    def _spot(self, held: _Held) -> CaretSpot:
        text = self._editors[held.section].toPlainText()
        start, end = chars(text, held.cursor.selectionStart()), chars(text, held.cursor.selectionEnd())
        if held.cursor.selectedText() != held.selected:
            start = end  # somebody typed into the selection: nothing of it goes
        if start == end and 0 < start < len(text) and text[start - 1].isalnum() and text[start].isalnum():
            start = end = start + next((i for i, c in enumerate(text[start:]) if not c.isalnum()), len(text) - start)
        return CaretSpot(held.section, text, start, end)
