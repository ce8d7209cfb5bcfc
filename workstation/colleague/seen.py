"""What every rule is given: the report as read, what is known besides, and how severe its remarks are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from workstation.colleague.facts import CaseFacts, Remark, ReportText, Severity, Side
from workstation.colleague.language import Language
from workstation.colleague.reading import READ, Mention, Sentence, Status, headed, mentions, sentences
from workstation.domain.report import SectionCode

Made = TypeVar("Made")


def asked_words(facts: CaseFacts) -> str:
    """What was ordered, and what the images say that they show."""
    return " ".join((facts.procedure, *facts.body_parts)).replace("_", " ")


@dataclass(frozen=True)
class Seen:
    report: ReportText
    facts: CaseFacts
    language: Language

    @cached_property
    def _made(self) -> dict[Callable[[Seen], list[Any]], list[Any]]:
        return {}

    def once(self, make: Callable[[Seen], list[Made]]) -> list[Made]:
        """What a rule makes of the report, kept for the others."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    @cached_property
    def mentions(self) -> list[Mention]:
        """What findings and impression say of findings, in the regions of the order."""
        asked = self.asked
        found = mentions(self.headed, self.report, self.language)
        return [m for m in found if not asked or not m.finding.only or asked & m.finding.only]

    @cached_property
    def asked(self) -> frozenset[str]:
        """The regions that the order and the images name."""
        return self.language.regions_in(asked_words(self.facts))

    @cached_property
    def read(self) -> list[Sentence]:
        """The sentences of findings and impression."""
        return [sentence for sentence in self.all if sentence.section in READ]

    @cached_property
    def headed(self) -> list[tuple[Sentence, frozenset[Side]]]:
        """The same, with the side of the heading that each stands under."""
        return list(headed(self.read, self.language))

    @cached_property
    def all(self) -> list[Sentence]:
        return list(sentences(self.report, self.language))

    @cached_property
    def now(self) -> list[Sentence]:
        """Sentences of findings and impression that do not speak of another examination."""
        return [s for s in self.read if not self.language.has("compared", s.text)]

    def present(self, section: SectionCode | None = None) -> Iterator[Mention]:
        return (m for m in self.mentions if m.status is Status.PRESENT and section in (None, m.sentence.section))

    @property
    def has_text(self) -> bool:
        return any(self.report.text(code).strip() for code in READ)

    def remark(self, rule: str, sentence: Sentence, found: str, words: str) -> Remark:
        """A remark on the first place of `found` in a sentence."""
        at = sentence.text.lower().find(found.lower())
        start = sentence.start + max(at, 0)
        return Remark(rule, Severity.WARN, sentence.section, start, start + len(found) if at >= 0 else start, words)

    def about(self, rule: str, section: SectionCode, words: str) -> Remark:
        """A remark on a whole section."""
        return Remark(rule, Severity.WARN, section, 0, 0, words)
