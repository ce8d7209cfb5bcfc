"""Denials that turned: one that fell out, one that should have, and news that are denied and told."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.colleague.facts import Remark
from workstation.colleague.reading import LESIONS, Sentence, Status
from workstation.colleague.seen import Seen
from workstation.domain.report import SectionCode

EVIDENCE_REACH = 12
"""Letters between `evidence of` and what there is evidence of."""


def lost(seen: Seen) -> Iterator[Remark]:
    """`There is evidence of thrombosis` in the findings, which the impression knows nothing of."""
    concluded = {
        m.finding.name for m in seen.mentions if m.sentence.section is SectionCode.IMPRESSION and m.status is not Status.ABSENT
    }
    if not seen.report.text(SectionCode.IMPRESSION).strip():
        return
    for mention in seen.present(SectionCode.FINDINGS):
        if not mention.finding.abnormal or mention.finding.name in concluded:
            continue
        before = mention.clause[: mention.start - mention.clause_start]
        if seen.language.has("evidence", before[-EVIDENCE_REACH - 14 :]) and _is_denied_or_normal(seen, mention.finding.name):
            found = f"{before.split()[-1] if before.split() else ''} {mention.words}".strip()
            why = f'"{mention.words}" is affirmed here, and the impression knows nothing of it: was a denial lost?'
            yield seen.remark("negation", mention.sentence, mention.words or found, why)
            return


def _is_denied_or_normal(seen: Seen, name: str) -> bool:
    impression = seen.report.text(SectionCode.IMPRESSION)
    normal = seen.language.has("normal", impression) or seen.language.has("intact", impression)
    return normal or any(m.finding.name == name and m.status is Status.ABSENT for m in seen.mentions)


def excluded(seen: Seen) -> Iterator[Remark]:
    """`A fracture there can be excluded` in the findings, `suspected fracture` in the impression."""
    for denied in (m for m in seen.mentions if m.sentence.section is SectionCode.FINDINGS and m.status is Status.ABSENT):
        behind = denied.clause[denied.end - denied.clause_start :]
        if not seen.language.has("firmly", behind):
            continue
        for told in (m for m in seen.mentions if m.sentence.section is SectionCode.IMPRESSION):
            is_same = told.finding.name == denied.finding.name and not (
                told.sides and denied.sides and not told.sides & denied.sides
            )
            if is_same and told.status is Status.UNCERTAIN:
                why = f'"{told.words}" is suspected here, and excluded in the findings'
                yield seen.remark("contradiction", told.sentence, told.words, why)
                return


def news(seen: Seen) -> Iterator[Remark]:
    """`No new lesion in the liver. New metastasis in segment 5.`"""
    told = [(s, clause) for s in seen.read for _, clause in s.clauses if seen.language.has("newly", clause)]
    denied = [(s, clause) for s, clause in told if _denies_new(seen, clause)]
    for sentence, clause in told:
        if _denies_new(seen, clause) or not _affirms_new(seen, sentence, clause):
            continue
        here = seen.language.organs_in(clause)
        for other, words in denied:
            there = seen.language.organs_in(words)
            is_same_section = other.section is sentence.section or not there
            if is_same_section and (not there or there & here):
                found = " ".join(words.split()).strip(" .,;")
                why = f'"{found}" stands here, and "{" ".join(clause.split()).strip(" .,;")}" elsewhere'
                yield seen.remark("contradiction", other, found, why)
                return


def _denies_new(seen: Seen, clause: str) -> bool:
    match = seen.language.lists["newly"].search(clause)
    is_denied = match is not None and seen.language.has("negation_before", clause[: match.start()])
    is_of_lesions = seen.language.has("lesion", clause) or any(
        f.words.search(clause) for f in seen.language.findings if f.name in LESIONS
    )
    return is_denied and is_of_lesions and not seen.language.has("other", _without_new(seen, clause))


def _without_new(seen: Seen, clause: str) -> str:
    return seen.language.lists["newly"].sub(" ", clause)


def _affirms_new(seen: Seen, sentence: Sentence, clause: str) -> bool:
    """Whether a lesion of this clause is new, and there."""
    mine = (m for m in seen.mentions if m.sentence == sentence and m.clause == clause)
    return any(m.finding.name in LESIONS and m.status is Status.PRESENT for m in mine)
