"""Do findings and impression bear each other: a conclusion that nothing bears, a suspicious lesion that nothing concludes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workstation.colleague.facts import Remark
from workstation.colleague.language import Finding
from workstation.colleague.reading import DENIED_BEFORE, LESIONS, Mention, Sentence, Status
from workstation.colleague.rules_numbers import Size, sizes
from workstation.colleague.seen import Seen
from workstation.colleague.words import Words
from workstation.domain.report import SectionCode

LEAST_SERIOUS = 10.0
"""In mm: from here on a lesion is no chance finding."""
LEAST_SHARED = 2
STEM = 5
_TNM = re.compile(r"\b[a-z]{0,3}T[0-4is]\w?\b.{0,4}\bN[0-3]")
_WORD = re.compile(r"[^\W\d]{4,}")


def unsupported(seen: Seen) -> Iterator[Remark]:
    """`Pulmonary embolism` over findings that know no thrombus and deny every filling defect: a denial was lost."""
    for told in seen.present(SectionCode.IMPRESSION):
        finding = told.finding
        if finding.name not in seen.language.shown:
            continue
        if seen.language.has("asks_for", told.sentence.text) or seen.language.has("residual", told.sentence.text):
            continue
        denied = _denied(seen, finding)
        if denied is not None and not _is_found(seen, finding):
            why = f'"{told.words}" stands here; the findings say "{denied}"'
            yield seen.remark("contradiction", told.sentence, told.words, why)
            return


def _is_found(seen: Seen, finding: Finding) -> bool:
    names = LESIONS if finding.name in LESIONS else {finding.name}
    return any(
        m.sentence.section is SectionCode.FINDINGS and m.finding.name in names and m.status is not Status.ABSENT
        for m in seen.mentions
    ) or any(not is_denied for is_denied, _ in _signs(seen, seen.language.shown[finding.name]))


def _denied(seen: Seen, finding: Finding) -> str | None:
    """The clause that denies a sign of a finding, or calls normal what would show it."""
    must = seen.language.must.get(finding.name)
    denied = next((clause for is_denied, clause in _signs(seen, must) if is_denied), None) if must is not None else None
    if denied is not None:
        return denied
    against = [normal.words for normal in seen.language.clear if finding.name in normal.against]
    found = (words.search(s.text) for s in seen.now if s.section is SectionCode.FINDINGS for words in against)
    return next((match.group(0) for match in found if match is not None), None)


def _signs(seen: Seen, words: Words) -> Iterator[tuple[bool, str]]:
    """(whether it is denied, its clause) of each of the words in the findings."""
    for sentence in seen.now:
        for _, clause in sentence.clauses if sentence.section is SectionCode.FINDINGS else ():
            for match in words.finditer(clause):
                yield _is_denied(seen, clause, match), " ".join(clause.split()).strip(" .,;")


def _is_denied(seen: Seen, clause: str, match: re.Match[str]) -> bool:
    before = " ".join(clause[: match.start()].split()[-DENIED_BEFORE:])
    if any(words.search(clause[match.end() :]) for words in seen.language.modalities.values()):
        # `Not visible on CT`
        return False
    is_affixed = seen.language.lists["suffix_not"].fullmatch(match.group(0)) is not None
    return is_affixed or any(
        seen.language.has(name, text) for name, text in (("negation_before", before), ("negation_after", clause[match.end() :]))
    )


def left_out(seen: Seen) -> Iterator[Remark]:
    """A suspicious lesion of which the impression has neither the size nor the organ."""
    impression = seen.report.text(SectionCode.IMPRESSION)
    if not impression.strip() or _TNM.search(impression) or _is_at_large(seen):
        return
    measured = sizes(seen)
    concluded = {mm for size in measured if size.sentence.section is SectionCode.IMPRESSION for mm in size.millimetres}
    organs = frozenset[str]()
    for sentence in (s for s in seen.now if s.section is SectionCode.FINDINGS):
        own = seen.language.organs_in(sentence.text)
        # What has no place of its own is where the sentence before was.
        organs = own or organs
        words = _lesion(seen, sentence, [size for size in measured if size.sentence == sentence])
        if words is None:
            continue
        mine = {mm for size in measured if size.sentence == sentence for mm in size.millimetres}
        if not mine & concluded and not _is_taken_up(seen, sentence, organs):
            why = f'"{words}" is in the findings and not in the impression'
            yield seen.remark("conclusion", sentence, words, why)
            return


def _is_at_large(seen: Seen) -> bool:
    impression = (s for s in seen.read if s.section is SectionCode.IMPRESSION)
    for sentence in impression:
        for _, clause in sentence.clauses:
            match = seen.language.lists["at_large"].search(clause)
            if match is not None and not seen.language.has("negation_before", clause[: match.start()]):
                return True
    return False


def _lesion(seen: Seen, sentence: Sentence, measured: list[Size]) -> str | None:
    """The word of a lesion that is there, looks suspicious, and is large or serious."""
    language = seen.language
    if any(language.has(name, sentence.text) for name in ("harmless", "residual")):
        return None
    is_large = any(max(size.millimetres) >= LEAST_SERIOUS for size in measured)
    for place, clause in sentence.clauses:
        if not language.has("suspect", clause):
            continue
        for match in language.lists["lesion"].finditer(clause):
            before = clause[: match.start()]
            if language.has("negation_before", before) or language.has("past", before) or not is_large:
                continue
            named = [m for m in seen.mentions if m.sentence == sentence and m.clause_start == place]
            if not any(_is_harmless(m) for m in named):
                return match.group(0)
    return None


def _is_harmless(mention: Mention) -> bool:
    return not mention.finding.abnormal or mention.status in (Status.PAST, Status.ABSENT)


def _is_taken_up(seen: Seen, sentence: Sentence, organs: frozenset[str]) -> bool:
    language = seen.language
    impression = [s for s in seen.read if s.section is SectionCode.IMPRESSION]
    said = {word[:STEM].lower() for word in _WORD.findall(sentence.text) if not _is_empty(seen, word)}
    for told in impression:
        there = language.organs_in(told.text)
        if organs & there:
            return True
        is_of_lesion = language.has("lesion", told.text) or language.has("suspicious", told.text)
        if is_of_lesion and not organs:
            return True
        if not there and not any(language.has(name, told.text) for name in ("told", "asks_for", "negation_before")):
            # It names no organ, and may be about this one.
            return True
        if len(said & {word[:STEM].lower() for word in _WORD.findall(told.text)}) >= LEAST_SHARED:
            return True
    return False


def _is_empty(seen: Seen, word: str) -> bool:
    language = seen.language
    is_side = any(side.fullmatch(word) for side in language.sides.values())
    return is_side or word.lower() in language.function_words or any(language.has(n, word) for n in ("filling", "measures"))
