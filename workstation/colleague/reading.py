"""A report as the colleague reads it: sentences, clauses, what is said to be there and on which side.

Negation after NegEx (Chapman 2001): a word before or after denies what stands in its clause.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from workstation.colleague.facts import ReportText, Side
from workstation.colleague.language import Finding, Language
from workstation.domain.report import SectionCode

READ = (SectionCode.FINDINGS, SectionCode.IMPRESSION)
"""Where findings are said. History and comparison tell of other times."""

_END = re.compile(r"[.!?](?=\s|$)|\n+")
_WORD = re.compile(r"\w+")
_LAST = re.compile(r"[\w.]+$")
LONGEST_SHORT = 20
"""Letters within which an abbreviation ends before a full stop."""
_LABEL = re.compile(r"([^:.,;]{1,40}):\s")
# How many words from a finding its side may stand: `left lower lobe posterior basal nodule`.
SIDE_BEFORE, SIDE_AFTER = 7, 7
# How many words before a finding one stands that puts it into the past: `old healed fracture`.
PAST_BEFORE = 4
# How far a denial reaches: `no fracture, dislocation, joint effusion or foreign body`.
DENIED_BEFORE = 10
DICTATED = 14
"""Words without a comma from which on a sentence is several that were dictated."""
MOST_DICTATED = 2500
"""Letters beyond which no sentence is one that was dictated."""
UNCERTAIN_AFTER = 5
GONE_AFTER = 4
_NOT_SO = re.compile(r"(\w+)\s+(\w+(?:ad|ade|ande|ende|ed|ing))\s+$", re.IGNORECASE)
ADJECTIVE_REACH = 60
"""Letters before a finding within which `not` and an adjective stand."""
_AFFIX = re.compile(r"(\w+)(?:-|\s)$")


# What is found and called by many names.
LESIONS = frozenset({"nodule", "mass", "metastasis", "liver lesion"})


class Status(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Sentence:
    section: SectionCode
    start: int
    end: int
    text: str
    clauses: tuple[tuple[int, str], ...] = field(default=(), compare=False)
    """(place in the section, text) of the parts that deny or affirm for themselves."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A finding in a clause. `start` and `end` are places in the section's text."""

    finding: Finding
    status: Status
    sides: frozenset[Side]
    sentence: Sentence
    start: int
    end: int
    clause: str
    clause_start: int

    @property
    def words(self) -> str:
        return self.sentence.text[self.start - self.sentence.start : self.end - self.sentence.start]


def sentences(report: ReportText, language: Language, *codes: SectionCode) -> Iterator[Sentence]:
    for code in codes or tuple(SectionCode):
        text = report.text(code)
        start = 0
        for end in (*_ends(text, language), len(text)):
            piece = text[start:end]
            if piece.strip():
                lead = len(piece) - len(piece.lstrip())
                first, said = start + lead, piece.strip()
                yield Sentence(code, first, first + len(said), said, tuple(_clauses(said, first, language)))
            start = end


def _ends(text: str, language: Language) -> Iterator[int]:
    for match in _END.finditer(text):
        before = _LAST.search(text[max(0, match.start() - LONGEST_SHORT) : match.start()])
        word = before.group(0).lower() if before else ""
        is_short = match.group(0) == "." and word in language.abbreviations
        follows = text[match.end() :].lstrip()[:1]
        if word.endswith("..") and follows.islower():
            # `Measures ... cm`
            continue
        if not is_short or (follows.isupper() and not language.has("titles", word)):
            yield match.end()


def _clauses(text: str, first: int, language: Language) -> Iterator[tuple[int, str]]:
    start = 0
    cuts = {match.start() for match in language.lists["clause_end"].finditer(text)}
    for end in sorted(cuts | _dictated_cuts(text, language) | {len(text)}):
        if text[start:end].strip():
            yield first + start, text[start:end]
        start = end


def _dictated_cuts(text: str, language: Language) -> set[int]:
    """Where clauses begin in many words without a comma, as they are dictated."""
    if len(text) > MOST_DICTATED or len(_WORD.findall(text)) < DICTATED or re.search(r"[,;:]", text):
        return set()
    held = ((m.start(), _WORD.findall(text[: m.start()])[-1:]) for m in language.lists["starts"].finditer(text))
    return {start for start, last in held if not last or not language.lists["holds"].fullmatch(last[0])}


def headed(read: Iterable[Sentence], language: Language) -> Iterator[tuple[Sentence, frozenset[Side]]]:
    """Each sentence with the side of the heading that it stands under: `Left: …`."""
    section, heading = None, frozenset[Side]()
    for sentence in read:
        label = _LABEL.match(sentence.text)
        if sentence.section is not section or label is not None:
            heading = sides_in(label.group(1), language) if label is not None else frozenset()
            heading = heading if len(heading) == 1 else frozenset()
        section = sentence.section
        yield sentence, heading


def sides_in(text: str, language: Language) -> frozenset[Side]:
    return frozenset(side for side in Side if language.sides[side].search(text))


def mentions(read: Iterable[tuple[Sentence, frozenset[Side]]], report: ReportText, language: Language) -> list[Mention]:
    """Every finding in every clause. A section is searched at once, which is quicker than its clauses one by one."""
    found = list[tuple[int, Mention]]()
    pieces = [(s.section, place, clause, s, heading) for s, heading in read for place, clause in s.clauses]
    for section in {piece[0] for piece in pieces}:
        mine = [piece for piece in pieces if piece[0] is section]
        places = [piece[1] for piece in mine]
        for number, finding in enumerate(language.findings):
            for match in finding.words.finditer(report.text(section)):
                _, place, clause, sentence, heading = mine[bisect_right(places, match.start()) - 1]
                if match.end() <= place + len(clause):
                    first, last = match.start() - place, match.end() - place
                    status = _status(clause, first, last, language)
                    sides = _sides(clause, first, last, language) or heading
                    mention = Mention(finding, status, sides, sentence, match.start(), match.end(), clause, place)
                    found.append((number, mention))
    order = list(SectionCode)
    found.sort(key=lambda entry: (order.index(entry[1].sentence.section), entry[1].clause_start, entry[0], entry[1].start))
    return [mention for _, mention in found]


def _status(clause: str, start: int, end: int, language: Language) -> Status:
    before, after = clause[:start], clause[end:]
    near = _last_words(before, PAST_BEFORE)
    if language.has("past", near) and not language.has("now", near):
        return Status.PAST
    if _is_affixed(before, clause[start:end], language):
        return Status.ABSENT
    if language.has("gone", _first_words(after, GONE_AFTER)) or language.has("gone", near):
        return Status.PAST
    # `cannot be excluded`, `no change`: a denial that denies nothing of the finding itself.
    blanked = language.lists["negation_not"].sub(lambda m: " " * len(m.group(0)), clause)
    blanked = _without_adjectives(blanked, start, language)
    # `Cancer, veins negative`: what is denied behind a comma is something else, but in `effusion, infiltrate or gas`.
    behind = blanked[end:] if language.has("or", blanked[end:]) else blanked[end:].split(",")[0]
    if language.has("negation_before", _last_words(blanked[:start], DENIED_BEFORE)) or language.has("negation_after", behind):
        return Status.ABSENT
    if language.has("negation_before", _last_words(_without_adjectives(before, start, language), DENIED_BEFORE)):
        # `No new mass`: denies no mass that was there, nor says that one is.
        return Status.UNCERTAIN
    rest = _first_words(after, UNCERTAIN_AFTER) if "," in after else after
    if language.has("uncertain", before) or language.has("uncertain_after", rest):
        return Status.UNCERTAIN
    return Status.PRESENT


def _without_adjectives(text: str, start: int, language: Language) -> str:
    """The text with the denial blanked that belongs to the word before a finding: `not displaced fracture`."""
    first = max(0, start - ADJECTIVE_REACH)
    match = _NOT_SO.search(text[first:start])
    if (
        match is None
        or not language.lists["not_seen"].fullmatch(match.group(1))
        or language.lists["perceived"].fullmatch(match.group(2))
    ):
        return text
    return f"{text[: first + match.start()]}{' ' * len(match.group(0))}{text[first + match.end() :]}"


def _is_affixed(before: str, words: str, language: Language) -> bool:
    """`Non-obstructed bowel`, `konkrementfri`: a denial in the word itself."""
    first = _AFFIX.search(before)
    return (first is not None and language.lists["prefix_not"].fullmatch(first.group(1)) is not None) or (
        language.lists["suffix_not"].fullmatch(words.rsplit(maxsplit=1)[-1]) is not None
    )


def _sides(clause: str, start: int, end: int, language: Language) -> frozenset[Side]:
    """The side words nearest to a finding; both for a bilateral one."""
    inside = sides_in(clause[start:end], language)
    if inside:
        return inside
    before = _last_words(clause[:start], SIDE_BEFORE)
    # `Ascites and progress of the right node`: what follows an `and` speaks of something else.
    after = re.split(r"[,;]", _first_words(clause[end:], SIDE_AFTER))[0]
    after = language.lists["joins"].split(after)[0]
    for near in (before, after):
        if language.has("bilateral", near):
            return frozenset(Side)
        sides = frozenset(side for side in Side if language.sides[side].search(near))
        if sides:
            return sides
    # `In the right lobe there is an isoechoic, predominantly solid nodule`: far, but the last that was said before it.
    last = [(m.end(), side) for side in Side for m in language.sides[side].finditer(clause[:start])]
    return frozenset({max(last)[1]}) if last else frozenset()


def _last_words(text: str, count: int) -> str:
    words = list(_WORD.finditer(text))
    return text[words[-count].start() :] if len(words) > count else text


def _first_words(text: str, count: int) -> str:
    words = list(_WORD.finditer(text))
    return text[: words[count - 1].end()] if len(words) > count else text
