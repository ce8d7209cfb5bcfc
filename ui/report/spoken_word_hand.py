"""One dictated word: hear it again (its key, or Alt and a click on it), and what else it may have been."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QMouseEvent

from dictation.alternatives import Alternative, Source, alternatives
from dictation.biasing import lexicon
from ui.report.alternatives_list import AlternativesList
from ui.report.dictation_desk import DictationDesk
from ui.report.editor_marks import chars, cursor_over
from ui.report.hearing import Loudspeaker, Player, clip
from ui.report.section_editor import SectionEditor
from ui.report.spoken_hand import SpokenHand
from ui.report.spoken_text import SpokenWord
from ui.within_screen import place_at
from workstation.commands.spoken import ALTERNATIVES, HEAR
from workstation.domain.report import SectionCode
from workstation.errors import Refused, WorkstationError
from workstation.session.case import Notice
from workstation.session.session import Session


class SpokenWordHand(QObject):
    """For the editors of one panel; `hand` knows what was spoken. `player` can be another in tests."""

    def __init__(
        self,
        session: Session,
        editors: Mapping[SectionCode, SectionEditor],
        dictation: DictationDesk,
        hand: SpokenHand,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._editors = editors
        self._dictation = dictation
        self._hand = hand
        self.player: Player = Loudspeaker()
        session.spoken.wanted.connect(self._asked)
        for editor in editors.values():
            editor.viewport().installEventFilter(self)

    def hear(self, code: SectionCode, start: int, end: int) -> None:
        """The sound of the words there, with a little before and after. Raises WorkstationError in words."""
        word = self._word(code, start, end)
        pcm = self._dictation.kept_sound.pcm(word.segment.segment_id)
        if self._dictation.is_listening:
            self._dictation.stop()
            self._session.notice.emit(Notice("The microphone is off, or it would hear the loudspeaker"))
        self.player.play(clip(pcm, word.part))

    def offer(self, code: SectionCode, start: int, end: int) -> None:
        """The list of what the words there may have been. Raises WorkstationError in words."""
        editor, word = self._editors[code], self._word(code, start, end)
        if editor.isReadOnly():
            raise Refused("This report cannot be changed", "It is signed", "Add an addendum or correct it")
        text = editor.toPlainText()[word.start : word.end]
        language = self._hand.spoken.code
        found = alternatives(word.segment, word.part, text, language, lexicon(language), word.segment.hearings)
        if not found:
            raise Refused("Nothing else is known for this word", "", "Type over it")
        offered = AlternativesList(found, lambda choice: self._take(code, word, choice), editor)
        cursor = cursor_over(editor, editor.toPlainText(), word.start, word.end)
        line = editor.cursorRect(cursor)
        place_at(offered, QRect(editor.viewport().mapToGlobal(line.topLeft()), line.size()), editor.screen())
        offered.show()
        offered.setFocus()

    def _take(self, code: SectionCode, word: SpokenWord, choice: Alternative) -> None:
        editor = self._editors[code]
        before = editor.toPlainText()[word.start : word.end]
        is_rewrite = choice.source in (Source.SAID, Source.WRITTEN)
        cursor = cursor_over(editor, editor.toPlainText(), word.start, word.end)
        cursor.beginEditBlock()
        cursor.insertText(choice.words)
        cursor.endEditBlock()
        editor.setTextCursor(cursor)
        editor.flush()
        self._hand.spoken.chose(code, choice.words, word.segment.segment_id, word.part)
        if not is_rewrite:
            self._session.spoken.corrected.emit((before, choice.words))

    def _word(self, code: SectionCode, start: int, end: int) -> SpokenWord:
        word = self._hand.spoken.word_at(code, start, end)
        if word is None:
            raise Refused("These words did not come by voice", "", "Bring the caret to a dictated word")
        return word

    def _asked(self, what: str) -> None:
        code = self._session.desk.section
        if what not in (HEAR, ALTERNATIVES) or code not in self._editors:
            return
        editor = self._editors[code]
        text, cursor = editor.toPlainText(), editor.textCursor()
        places = chars(text, cursor.selectionStart()), chars(text, cursor.selectionEnd())
        self._try(what, code, *places)

    def _try(self, what: str, code: SectionCode, start: int, end: int) -> None:
        try:
            self.hear(code, start, end) if what == HEAR else self.offer(code, start, end)
        except WorkstationError as error:
            self._session.report_problem(error)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.MouseButtonPress or not isinstance(event, QMouseEvent):
            return False
        editor = watched.parent()
        if event.modifiers() != Qt.KeyboardModifier.AltModifier or not isinstance(editor, SectionEditor):
            return False
        place = chars(editor.toPlainText(), editor.cursorForPosition(event.position().toPoint()).position())
        self._try(HEAR, editor.code, place, place)
        return True
