"""Corrections of dictated words are noticed, and after two equal ones a rule is offered.

Compared when the reader leaves a section or speaks on, not while a word is half typed: what stands
there now against what was dictated, word by word. Which words came by voice is remembered while the
program runs; nothing of the text is kept but what `dictation.learning` says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher

from PySide6.QtCore import QObject, Signal

from dictation.dictionary import OwnDictionary
from dictation.learning import Rule
from ui.report.dictation_desk import DictationDesk
from ui.report.panel import SECTIONS, ReportPanel
from workstation.domain.dictation import DictatedSegment
from workstation.domain.report import Report, SectionCode
from workstation.errors import WorkstationError
from workstation.session.case import Notice
from workstation.session.session import Session

MOST_WORDS = 3_000
"""In a longer section nothing is learnt."""


@dataclass(slots=True)
class Spoken:
    """The words of one section when last looked at; `by_voice` tells which were dictated and not changed since."""

    words: list[str] = field(default_factory=list)
    by_voice: list[bool] = field(default_factory=list)

    def follow(self, text: str, by_voice: bool = False) -> list[tuple[str, str]]:
        """The section reads so now; `by_voice`: what is new in it was said.

        Gives the dictated passages that were corrected, with what stands in their place.
        """
        words = text.split()
        if words == self.words:
            return []
        corrected, flags = [], [by_voice] * len(words)
        for kind, first, last, low, high in SequenceMatcher(None, self.words, words, autojunk=False).get_opcodes():
            if kind == "equal":
                flags[low:high] = self.by_voice[first:last]
            elif kind == "replace" and not by_voice and all(self.by_voice[first:last]):
                corrected.append((" ".join(self.words[first:last]), " ".join(words[low:high])))
        self.words, self.by_voice = words, flags
        return corrected


class LearningHand(QObject):
    """Between the editors and the user's dictionary; gives the pipeline the user's rules."""

    offered = Signal(object)
    """A rule that may be taken, or None when there is none any more."""

    def __init__(self, session: Session, desk: DictationDesk, panel: ReportPanel, own: OwnDictionary) -> None:
        super().__init__(panel)
        self._session = session
        self._desk = desk
        self._panel = panel
        self.own = own
        self._spoken: dict[SectionCode, Spoken] = {}
        self._report_uuid = ""
        self._offers: list[tuple[str, Rule]] = []
        session.dictating.own_terms = self._terms
        session.dictating.learn_wanted.connect(self._answer)
        session.desk.segment_accepted.connect(self._accepted)
        session.desk.leaving.connect(lambda _: self.look())
        session.desk.report_changed.connect(self._report_changed)
        desk.kept.made.connect(self._prepare)

    @property
    def offer(self) -> Rule | None:
        return self._offers[0][1] if self._offers else None

    def look(self) -> None:
        """Compare what stands in every section with what was dictated there. Called before words come in, too."""
        report = self._session.desk.report
        if report is None:
            return
        for section in SECTIONS:
            spoken = self._spoken.setdefault(section, Spoken())
            text = self._panel.editor(section).toPlainText()
            if len(text.split()) <= MOST_WORDS:
                for dictated, written in spoken.follow(text):
                    self._note(report.language[:2].lower(), dictated, written)

    def own_changed(self) -> None:
        """Words or rules were added or removed."""
        self._session.dictating.own_terms_changed()

    # ---- inside ----------------------------------------------------------------------

    def _accepted(self, accepted: tuple[Report, SectionCode, DictatedSegment]) -> None:
        report, section, _ = accepted
        text = report.text(section)
        if report.report_uuid == self._report_uuid and section in self._spoken and len(text.split()) <= MOST_WORDS:
            self._spoken[section].follow(text, by_voice=True)

    def _report_changed(self, report: Report | None) -> None:
        uuid = report.report_uuid if report is not None else ""
        if uuid != self._report_uuid:
            self._report_uuid = uuid
            self._spoken.clear()

    def _note(self, language: str, dictated: str, written: str) -> None:
        try:
            rule = self.own.of(language).note(dictated, written)
        except WorkstationError as error:
            self._session.report_problem(error)
            return
        if rule is not None and (language, rule) not in self._offers:
            self._offers.append((language, rule))
            self._tell()

    def _tell(self) -> None:
        self.offered.emit(self.offer)
        if self.offer is not None:
            words = self.tr("Twice corrected: write “{0}” whenever “{1}” is heard?").format(self.offer.written, self.offer.heard)
            self._session.notice.emit(Notice(words, command="dictation.learn"))

    def _answer(self, taken: bool) -> None:
        """The reader takes the offered rule, or refuses it for good."""
        if not self._offers:
            self._session.notice.emit(Notice("No correction is offered: correct a dictated word the same way twice"))
            return
        language, rule = self._offers.pop(0)
        try:
            own = self.own.of(language)
            own.accept(rule) if taken else own.decline(rule)
        except WorkstationError as error:
            self._session.report_problem(error)
            return
        self.own_changed()
        words = self.tr("“{0}” is written as “{1}” from now on") if taken else self.tr("“{0}” stays as it is heard")
        self._session.notice.emit(Notice(words.format(rule.heard, rule.written)))
        self._tell()

    def _terms(self, language: str) -> tuple[str, ...]:
        try:
            return self.own.of(language).terms
        except WorkstationError as error:
            self._session.report_problem(error)
            return ()

    def _prepare(self) -> None:
        """A pipeline was made: it writes the rules of its language."""
        pipeline, language = self._desk.kept.pipeline, self._session.dictating.language
        if pipeline is None:
            return
        try:
            own = self.own.of(language)
        except WorkstationError as error:
            self._session.report_problem(error)
            return
        pipeline.corrected = lambda text: own.applied(text)[0]
