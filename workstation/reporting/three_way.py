"""Three versions of a report beside each other: what both sides had last, ours, the RIS's. Nothing is merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workstation.domain.report import SECTION_TITLES, Addendum, Report, SectionCode
from workstation.reporting.ris_text import RisText
from workstation.reporting.word_changes import Piece, word_changes

Texts = Mapping[SectionCode, str]


@dataclass(frozen=True, slots=True)
class ThreeTexts:
    """One section. `code` None: the RIS's report whole, which is in no sections. Pieces are against `base`."""

    code: SectionCode | None
    base: str
    ours: tuple[Piece, ...]
    theirs: tuple[Piece, ...]


def three_way(base: Report | None, ours: Report, theirs: RisText) -> tuple[ThreeTexts, ...]:
    """By section, in the order of a report; those that are empty in all three are left out."""
    old, own = _texts(base), _texts(ours)
    other = {s.code: s.text for s in theirs.sections}
    if written := _addenda(theirs.addenda):
        other[SectionCode.ADDENDUM] = written
    codes = [code for code in SectionCode if code in old or code in own or other.get(code, "").strip()]
    if theirs.sections:
        return tuple(_row(code, old, own, word_changes(old.get(code, ""), other.get(code, ""))) for code in codes)
    # What the RIS wrote is not in sections: there is nothing to set it beside.
    whole = ThreeTexts(None, "", (), word_changes("", theirs.whole))
    return (*(_row(code, old, own, ()) for code in codes), whole)


def _row(code: SectionCode, old: Texts, own: Texts, theirs: tuple[Piece, ...]) -> ThreeTexts:
    before = old.get(code, "")
    return ThreeTexts(code, before, word_changes(before, own.get(code, "")), theirs)


def proposed_addendum(base: Report | None, ours: Report, theirs: RisText) -> str:
    """What ours says that neither the RIS's version nor the last common one does, for the reader to look at and change.

    Whole sections of ours that differ, or only what was written below the common text.
    """
    old, own = _texts(base), _texts(ours)
    other = {s.code: s.text for s in theirs.as_sections()}
    parts: list[tuple[SectionCode, str]] = []
    for code in SectionCode:
        text, before = own.get(code, "").strip(), old.get(code, "").strip()
        if not text or text in (before, other.get(code, "").strip()):
            continue
        added = text.removeprefix(before).strip() if before and text.startswith(before) else text
        parts.append((code, added))
    if len(parts) == 1:
        return parts[0][1]
    return "\n\n".join(f"{SECTION_TITLES[code]}: {text}" for code, text in parts)


def _texts(report: Report | None) -> Texts:
    """A draft's own words for an addendum stand below the addenda that are signed."""
    if report is None:
        return {}
    texts: dict[SectionCode, str] = {}
    texts |= {s.code: s.text for s in report.sections if s.text.strip() and s.code is not SectionCode.ADDENDUM}
    addenda = "\n\n".join(filter(None, (_addenda(report.addenda), report.text(SectionCode.ADDENDUM).strip())))
    return {**texts, SectionCode.ADDENDUM: addenda} if addenda else texts


def _addenda(addenda: Sequence[Addendum]) -> str:
    return "\n\n".join(f"{a.at.isoformat(timespec='minutes')}, {a.signed_by}\n{a.text}" for a in addenda)
