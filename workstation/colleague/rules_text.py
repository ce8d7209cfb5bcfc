"""Does the text fit itself: unfilled, empty, doubled, contradicting, concluded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from workstation.colleague.facts import Remark
from workstation.colleague.language import Language
from workstation.colleague.reading import Mention, Status
from workstation.colleague.seen import Seen
from workstation.domain.report import SectionCode

# Template fields in square, curly or angle brackets, runs of underscores, dots or stars.
_FIELD = re.compile(
    r"\[[^\]\n]{0,60}\]|\{[^}\n]{0,60}\}|<[A-Za-zÅÄÖåäö][^>\n]{0,60}>|_{2,}|\*{3,}|\.{4,}|#{2,}|\|[^|\n]{1,60}\|[^|\n]{0,60}\|"
)
_DOUBLED = re.compile(r"\b(\w+)(\s+)(\1)\b", re.IGNORECASE)
_UNIT = re.compile(r"\d\s*$")
LONG_SENTENCE = 25
"""Letters from which on a sentence that stands twice is no accident of wording."""


def unfilled(seen: Seen) -> Iterator[Remark]:
    for sentence in seen.all:
        match = _FIELD.search(sentence.text) or seen.language.lists["unfilled"].search(sentence.text)
        if match:
            yield seen.remark("unfilled", sentence, match.group(0), f'"{match.group(0)}" is a field that was not filled in')


def untouched(seen: Seen) -> Iterator[Remark]:
    """F72: what a template says of an organ, and nobody looked at: one remark a section, at the first of them."""
    by_section: dict[SectionCode, list[tuple[int, int]]] = {}
    for section, start, end in seen.facts.untouched:
        if seen.report.text(section)[start:end].strip():
            by_section.setdefault(section, []).append((start, end))
    for section, places in by_section.items():
        start, end = min(places)
        words = seen.report.text(section)[start:end]
        more = f", and {len(places) - 1} more" if len(places) > 1 else ""
        why = f'"{words}" is an untouched default of the template{more}'
        yield replace(seen.about("default", section, why), start=start, end=end)


def empty_conclusion(seen: Seen) -> Iterator[Remark]:
    findings, impression = (seen.report.text(c).strip() for c in (SectionCode.FINDINGS, SectionCode.IMPRESSION))
    if findings and not impression:
        yield seen.about("conclusion", SectionCode.IMPRESSION, "The impression is empty")
    elif impression and seen.language.lists["no_conclusion"].fullmatch(impression.rstrip(".")):
        yield seen.about("conclusion", SectionCode.IMPRESSION, "The impression concludes nothing")


def doubled(seen: Seen) -> Iterator[Remark]:
    """A word or a sentence twice, as dictation and pasting leave it."""
    said: dict[str, SectionCode] = {}
    for sentence in seen.all:
        for match in _DOUBLED.finditer(sentence.text):
            word = match.group(1).lower()
            is_number = word.isdigit()
            if not is_number and word not in seen.language.doubled_allowed and "\n" not in match.group(2):
                yield seen.remark("doubled", sentence, match.group(0), f'"{match.group(0)}" stands twice')
        key = " ".join(re.findall(r"\w+", sentence.text.lower()))
        is_same_section = said.get(key) is sentence.section
        if len(key) >= LONG_SENTENCE and is_same_section:
            yield seen.remark("doubled", sentence, sentence.text, "This sentence stands twice")
        said[key] = sentence.section


def doubled_negation(seen: Seen) -> Iterator[Remark]:
    """`No evidence of no fracture`: two denials before one finding."""
    for sentence in seen.read:
        blanked = seen.language.lists["negation_not"].sub(lambda m: " " * len(m.group(0)), sentence.text)
        places = list(seen.language.lists["negation_before"].finditer(blanked))
        for one, two in pairwise(places):
            between = blanked[one.end() : two.start()]
            if re.fullmatch(r"\s*(?:\w+\s+){0,3}", between) and not _names_something(seen, between):
                found = sentence.text[one.start() : two.end()]
                yield seen.remark("negation", sentence, found, f'"{found}" denies twice')
                break


def contradictions(seen: Seen) -> Iterator[Remark]:
    """A finding that is there and not there on the same side: a negation was dropped, or a template's line left."""
    for finding in {m.finding.name: m.finding for m in seen.mentions}.values():
        mine = [m for m in seen.mentions if m.finding is finding and m.status in (Status.PRESENT, Status.ABSENT)]
        present = [m for m in mine if m.status is Status.PRESENT]
        for denied in (m for m in mine if m.status is Status.ABSENT):
            against = next((m for m in present if _same_place(m, denied, seen.language)), None)
            if against is not None:
                first = "findings" if against.sentence.section is SectionCode.FINDINGS else "impression"
                yield seen.remark(
                    "contradiction",
                    denied.sentence,
                    denied.words,
                    f'"{denied.words}" is denied here and present in the {first}: "{_short(against)}"',
                )
                break


def conclusion(seen: Seen) -> Iterator[Remark]:
    """An impression of nothing over findings of something, or a serious finding that it leaves out."""
    impression = seen.report.text(SectionCode.IMPRESSION)
    if not impression.strip():
        return
    concluded = {m.finding.name for m in seen.mentions if m.sentence.section is SectionCode.IMPRESSION}
    found = [m for m in seen.present(SectionCode.FINDINGS) if m.finding.abnormal]
    says_normal = seen.language.lists["normal"].search(impression)
    left_out = [m for m in found if m.finding.name not in concluded]
    if says_normal and left_out and not any(True for m in seen.present(SectionCode.IMPRESSION) if m.finding.abnormal):
        yield seen.remark(
            "conclusion",
            left_out[0].sentence,
            left_out[0].words,
            f'The findings say "{_short(left_out[0])}", the impression "{says_normal.group(0)}"',
        )
        return
    for mention in (m for m in left_out if m.finding.critical):
        yield seen.remark(
            "conclusion", mention.sentence, mention.words, f'"{mention.words}" is in the findings and not in the impression'
        )
        return


def _names_something(seen: Seen, text: str) -> bool:
    return any(finding.words.search(text) for finding in seen.language.findings)


def _same_place(one: Mention, other: Mention, language: Language) -> bool:
    """Whether two mentions may speak of one thing: no different sides, and no narrower place denied."""
    if one.sides and other.sides:
        return bool(one.sides & other.sides)
    if bool(one.sides) != bool(other.sides):
        # `Fracture of the left tibia. No other fracture.` is no contradiction.
        return False
    extra = _place_words(other, language) ^ _place_words(one, language)
    return len(extra) <= MOST_OTHER_WORDS


MOST_OTHER_WORDS = 4
"""Words in which two clauses on one finding differ, and still speak of one place."""


def _place_words(mention: Mention, language: Language) -> frozenset[str]:
    own = mention.words.lower().split()
    words = re.findall(r"\w{4,}", mention.clause.lower())
    return frozenset(w for w in words if w not in own and not language.has("filling", w))


def _short(mention: Mention) -> str:
    text = " ".join(mention.clause.split()).strip(" ,;.")
    return text if len(text) <= 70 else f"{text[:67]}…"
