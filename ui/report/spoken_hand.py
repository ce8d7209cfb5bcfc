"""Dictated words in the editors: put in where they were spoken for, marked until they are looked at, heard again, changed.

What can hurt stands out in amber: numbers with their units, sides, negations; what was heard unsurely is underlined.
Looked at is what the caret was brought to or stepped over by key or mouse, what a step went to, and all of a section by
Alt+Return. A mark goes too when its words are typed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QTextCharFormat

from dictation.spoken_marks import Why
from ui import theme
from ui.report.caret_spots import CaretSpots
from ui.report.dictation_desk import DictationDesk
from ui.report.editor_marks import TextMark, chars, cursor_over
from ui.report.section_editor import SectionEditor
from ui.report.spoken_text import SpokenText, Standing
from workstation.commands.spoken import NEXT, PREVIOUS, SEEN
from workstation.domain.dictation import DictatedSegment
from workstation.domain.report import Report, SectionCode
from workstation.reporting.journal import Change, Spot, apply, spaced
from workstation.reporting.spoken import SpokenReport
from workstation.session.case import Notice
from workstation.session.desk import DictationTarget
from workstation.session.session import Session

MARKS, CHANGED = "spoken", "changed"
"""This hand among the providers of marks."""
OVER = 2
CHANGED_MS = 2000
_STEPS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right})
_JUMPS = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})
_WORD = 1
_LINE = 2


class SpokenHand(QObject):
    """For the editors of one panel. `go` brings the caret into a section."""

    unseen_changed = Signal()

    def __init__(
        self,
        session: Session,
        editors: Mapping[SectionCode, SectionEditor],
        dictation: DictationDesk,
        go: Callable[[SectionCode], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._desk = session.desk
        self._editors = editors
        self._dictation = dictation
        self._go = go
        self._uuid, self._was_writable = "", False
        self.spots = CaretSpots(editors)
        self.spoken = self._nothing()
        self._drafts: dict[str, str] = {}
        self._waiting = ""
        self._changed: list[tuple[str, int, int]] = []
        self._putting = False
        self._moved_from: tuple[SectionCode, int, int] | None = None
        self._fading = QTimer(self)
        self._fading.setSingleShot(True)
        self._fading.setInterval(CHANGED_MS)
        self._fading.timeout.connect(self._faded)
        self._connect()

    def _connect(self) -> None:
        self._desk.spoken_for.connect(self._began)
        self._desk.segment_placed.connect(self._placed)
        self._desk.leaving.connect(lambda _: self.spots.keep())
        self._desk.report_changed.connect(self._report_changed)
        self._session.spoken.wanted.connect(self._asked)
        self._dictation.words.write = self.write
        self._dictation.words.changed.connect(self._show_waiting)
        self._dictation.words.commanded.connect(lambda segment: self._over(segment.segment_id))
        self._dictation.words.refused.connect(self._over)
        self._dictation.kept.draft.connect(self._draft)
        self._dictation.kept.silent.connect(lambda segment_id, _: self._over(segment_id))
        self._dictation.before = self.text_before
        for code, editor in self._editors.items():
            editor.textChanged.connect(lambda code=code: self._typed(code))
            editor.cursorPositionChanged.connect(lambda code=code: self._moved(code))
            editor.installEventFilter(self)
            editor.viewport().installEventFilter(self)

    # ---- where words go --------------------------------------------------------------

    def write(
        self,
        target: DictationTarget,
        segment: DictatedSegment,
        saved: Callable[[], object] = lambda: None,
        failed: Callable[[Exception], object] | None = None,
    ) -> None:
        """To the store first, with the place; shown when it is on disk."""
        at = self.spots.of(segment.segment_id)
        spot = None
        if at is not None and at.section is target.section:
            from dictation.fitting import fitted  # with the first word that is spoken, not before the worklist is shown

            words = fitted(segment, at.text[: at.start], at.text[at.end :], self.spoken.code)
            spot = Spot(at.text, at.start, at.end, words)
        self._desk.accept(target, segment, saved, failed, spot)

    def text_before(self, target: DictationTarget) -> str:
        """In front of the caret: it decides on capitals and stops."""
        report, editor = self._desk.report, self._editors.get(target.section)
        if report is None or report.report_uuid != target.report_uuid or editor is None:
            return ""
        text = editor.toPlainText()
        return text[: chars(text, editor.textCursor().selectionStart())]

    def take_back(self, segment_id: str) -> bool:
        """Exactly this segment goes from the report that is shown, with its space, as one undo step.

        False where it does not stand there whole: what the reader made of it since is the reader's.
        """
        found = self.spoken.whole(segment_id)
        if found is None or self._editors[found[0]].isReadOnly():
            return False
        section, start, end = found
        editor = self._editors[section]
        cursor = cursor_over(editor, editor.toPlainText(), start, end)
        cursor.beginEditBlock()
        cursor.removeSelectedText()
        cursor.endEditBlock()
        editor.flush()
        return True

    def _began(self, spoken: tuple[str, DictationTarget]) -> None:
        segment_id, target = spoken
        if target.report_uuid == self._uuid:
            self.spots.begin(segment_id, target.section)

    def _placed(self, placed: tuple[Report, SectionCode, DictatedSegment, Change]) -> None:
        report, section, segment, stored = placed
        spot = self.spots.of(segment.segment_id)
        draft = self._drafts.get(segment.segment_id, "")
        self._over(segment.segment_id)
        editor = self._editors.get(section)
        if report.report_uuid != self._uuid or editor is None or not stored.inserted:
            return
        change, text = stored, editor.toPlainText()
        if apply(text, stored) != report.text(section):  # typed meanwhile: the words go where their place has gone
            start, end = (spot.start, spot.end) if spot is not None else (len(text), len(text))
            words = stored.inserted.strip(" ")
            change = Change(start, end - start, spaced(text[:start], words, text[end:], segment.joins))
        self._putting = True
        editor.put(change)
        self._putting = False
        self.spoken.dictate(section, change, segment)
        self._tell_changed(segment, draft)
        self._draw(section)
        self._show_draft()

    def _over(self, segment_id: str) -> None:
        """Nothing more comes of it."""
        self.spots.drop(segment_id)
        self._drafts.pop(segment_id, None)
        self._show_draft()

    # ---- drafts ----------------------------------------------------------------------

    def _draft(self, words: str) -> None:
        if self.spots.newest:
            self._drafts[self.spots.newest] = words
        self._show_draft()

    def _show_waiting(self, words: str) -> None:
        """Known, and not on disk yet."""
        self._waiting = words
        self._show_draft()

    def _show_draft(self) -> None:
        newest = self.spots.newest
        at = self.spots.of(newest) if newest else None
        shown = " ".join(words for words in (self._waiting, self._drafts.get(newest, "")) if words)
        for code, editor in self._editors.items():
            if at is not None and at.section is code and not editor.isReadOnly():
                editor.draft.show_words(shown, at.end)
            else:
                editor.draft.hide_words()

    def _tell_changed(self, segment: DictatedSegment, draft: str) -> None:
        """What the better hearing made of it otherwise than the reader saw in grey is shown for a moment."""
        seen = [word.lower().strip(".,;:?!") for word in draft.split()]
        if not seen:
            return
        places, at = [], 0
        for word in segment.text.split():
            start = segment.text.index(word, at)
            at = start + len(word)
            places.append((start, at))
        now = [segment.text[a:b].lower().strip(".,;:?!") for a, b in places]
        for kind, _, _, low, high in SequenceMatcher(None, seen, now, autojunk=False).get_opcodes():
            if kind in ("replace", "insert"):
                self._changed += [(segment.segment_id, *place) for place in places[low:high]]
        if self._changed:
            self._fading.start()

    def _faded(self) -> None:
        self._changed = []
        for code in self._editors:
            self._draw(code)

    # ---- the report that is shown ----------------------------------------------------

    def _nothing(self) -> SpokenText:
        texts = {code: editor.toPlainText() for code, editor in self._editors.items()}
        return SpokenText(self._session.dictating.language, self._session.spoken.unsure_below, texts)

    def _report_changed(self, report: Report | None) -> None:
        uuid = report.report_uuid if report is not None else ""
        writable = self._desk.is_open_for_writing
        if uuid == self._uuid:
            if writable is not self._was_writable:
                self._was_writable = writable
                self._draw_all()
            return
        self._uuid, self._was_writable = uuid, writable
        self.spots.leave()
        self._drafts.clear()
        self._changed = []
        self.spoken = self._nothing()
        self._draw_all()
        if uuid:
            self._session.spoken.load(uuid, lambda found: self._loaded(uuid, found))

    def _loaded(self, uuid: str, found: SpokenReport) -> None:
        if uuid == self._uuid:
            self.spoken.load(found)
            self._draw_all()

    def _typed(self, code: SectionCode) -> None:
        if self._putting:
            return
        text = self._editors[code].toPlainText()
        if text != self.spoken.text(code):
            self.spoken.become(code, text)
            self._draw(code)
            self._dictation.caret_moved()

    # ---- what stands out -------------------------------------------------------------

    def unseen(self, code: SectionCode) -> int:
        """How many dictated words of a section nobody has looked at."""
        return len(self._unseen(code))

    def _unseen(self, code: SectionCode) -> tuple[Standing, ...]:
        """What is signed was looked at, or signed all the same."""
        return () if self._editors[code].isReadOnly() else self.spoken.unseen(code)

    def _draw_all(self) -> None:
        for code in self._editors:
            self._draw(code)

    def _draw(self, code: SectionCode) -> None:
        marks = [TextMark(s.start, s.end, _look_of(s), OVER) for s in self._unseen(code)]
        self._editors[code].marks.give(MARKS, marks)
        changed = [place for place in (self.spoken.place_of(*word) for word in self._changed) if place is not None]
        flashing = [TextMark(start, end, _CHANGED, OVER - 1) for section, start, end in changed if section is code]
        self._editors[code].marks.give(CHANGED, flashing)
        self._tell()

    def _tell(self) -> None:
        unseen = tuple((code, s.start, s.end) for code in self._editors for s in self._unseen(code))
        self._session.spoken.show(self._uuid, self.spoken.texts, unseen)
        self.unseen_changed.emit()

    def _look(self, code: SectionCode, standing: Iterable[Standing]) -> None:
        seen = self.spoken.look(standing)
        if seen:
            self._session.spoken.look_at(self._uuid, seen)
            self._draw(code)

    # ---- looking ---------------------------------------------------------------------

    def _asked(self, what: str) -> None:
        if what in (NEXT, PREVIOUS):
            self.step(1 if what == NEXT else -1)
        elif what == SEEN:
            code = self._desk.section
            if code in self._editors:
                self._look(code, self._unseen(code))

    def step(self, steps: int) -> None:
        """To the next or previous word to look at, through all sections and round; it is looked at then."""
        order = list(self._editors)
        here = order.index(self._desk.section) if self._desk.section in order else 0
        caret = self._caret(order[here])
        found = [(order.index(code), s) for code in order for s in self._unseen(code)]
        if not found:
            self._session.notice.emit(Notice("Every dictated number, side and negation was looked at"))
            return
        if steps > 0:
            later = [f for f in found if (f[0], f[1].start) >= (here, caret)]
            at, standing = later[0] if later else found[0]
        else:
            earlier = [f for f in found if (f[0], f[1].end) <= (here, caret)]
            at, standing = earlier[-1] if earlier else found[-1]
        code = order[at]
        self._go(code)
        place = standing.end if steps > 0 else standing.start
        self._editors[code].select(place, place)  # not selected: the next words would be written over it
        self._look(code, [standing])
        self._editors[code].marks.give(CHANGED, [TextMark(standing.start, standing.end, _HERE, OVER)])

    def _caret(self, code: SectionCode) -> int:
        editor = self._editors[code]
        return chars(editor.toPlainText(), editor.textCursor().position())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Whether the reader moves the caret: by a step over a word, or by a jump to a place."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and isinstance(watched, SectionEditor):
            key = Qt.Key(event.key())
            kind = _WORD if key in _STEPS else _LINE if key in _JUMPS else 0
            self._moved_from = (watched.code, self._caret(watched.code), kind) if kind else None
        elif isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            editor = watched.parent()
            self._moved_from = (editor.code, 0, _LINE) if isinstance(editor, SectionEditor) else None
        elif event.type() in (QEvent.Type.KeyRelease, QEvent.Type.MouseButtonRelease):
            self._moved_from = None
        return False

    def _moved(self, code: SectionCode) -> None:
        moved, self._moved_from = self._moved_from, None
        if moved is None or moved[0] is not code:
            return
        now = self._caret(code)
        first, last = (min(moved[1], now), max(moved[1], now)) if moved[2] == _WORD else (now, now)
        self._look(code, [s for s in self._unseen(code) if s.start <= last and s.end >= first])
        self._dictation.caret_moved()


def _look_of(standing: Standing) -> QTextCharFormat:
    mark = standing.mark
    return _UNSURE if mark.why is Why.UNSURE else _BOTH if mark.is_unsure else _HURTS


def _format(colour: str = "", ground: str = "", underlined: bool = False) -> QTextCharFormat:
    made = QTextCharFormat()
    if colour:
        made.setForeground(QColor(colour))
    if ground:
        made.setBackground(QColor(ground))
    if underlined:
        made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        made.setUnderlineColor(QColor(theme.AMBER))
    return made


_HURTS = _format(theme.AMBER)
_UNSURE = _format(underlined=True)
_BOTH = _format(theme.AMBER, underlined=True)
_CHANGED = _format(ground=theme.ACCENT_GROUND)
_HERE = _format(ground=theme.ACCENT_GROUND)
