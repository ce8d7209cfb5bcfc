"""Is what is compared with there: a comparison claimed without a prior, of another day, or forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from workstation.colleague.facts import PriorFact, Remark
from workstation.colleague.reading import Sentence
from workstation.colleague.rules_case import SHOWS
from workstation.colleague.seen import Seen
from workstation.domain.report import SectionCode

_DATE = re.compile(
    r"\b(\d{4})-(\d{2})-(\d{2})\b|\b(\d{1,2})[./](\d{1,2})(?:[./]|\s*-\s*|\s+)(\d{4})\b|\b(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]{3,9})\.?\s+(\d{4})\b",
    re.IGNORECASE,
)
_MONTH = re.compile(r"\b([A-Za-z]{3,9})\.?\s+((?:19|20)\d{2})\b")
# The first three letters, in the languages of `resources/colleague`.
_MONTHS = {
    name: i + 1
    for i, names in enumerate(("jan", "feb", "mar", "apr", "may maj", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec"))
    for name in names.split()
}


def comparison(seen: Seen) -> Iterator[Remark]:
    """A comparison that is claimed without a prior, with a wrong date, or forgotten."""
    yield from _days(seen)
    section = seen.report.text(SectionCode.COMPARISON)
    says_none = seen.language.has("no_prior", section) and not _DATE.search(section) and _is_general(seen, section)
    related = [prior for prior in seen.facts.priors if _is_related(seen, prior)]
    for sentence in seen.read if related and not says_none else ():
        denied = seen.language.lists["prior_denied"].search(sentence.text)
        if denied and _is_general(seen, sentence.text):
            yield seen.remark("comparison", sentence, denied.group(0), f'"{denied.group(0)}": there are earlier examinations')
            return
    claims = next((s for s in seen.read if _claims(seen, s)), None)
    if related and says_none:
        yield seen.about(
            "comparison", SectionCode.COMPARISON, "It says that there is nothing to compare with; there are earlier examinations"
        )
    elif not seen.facts.priors and claims is not None:
        word = seen.language.lists["change"].search(_without(seen, "not_change", claims.text))
        found = word.group(0) if word else ""
        yield seen.remark("comparison", claims, found, f'"{found}" compares, but no earlier examination is known')
    elif (
        any(_is_same_kind(seen, prior) for prior in related)
        and seen.has_text
        and not section.strip()
        and not any(seen.language.has("compared", s.text) or _names_a_prior(seen, s.text) for s in seen.all)
    ):
        yield seen.about("comparison", SectionCode.COMPARISON, "There are earlier examinations, and nothing is said of them")


def _days(seen: Seen) -> Iterator[Remark]:
    """Days and months that are compared with, and are of no known examination."""
    known = {prior.day for prior in seen.facts.priors if prior.day is not None}
    for sentence in seen.all:
        if sentence.section in (SectionCode.HISTORY, SectionCode.RECOMMENDATION):
            continue
        is_comparing = sentence.section is SectionCode.COMPARISON or seen.language.has("compared", sentence.text)
        for match in _DATE.finditer(sentence.text) if is_comparing else ():
            day = _day(match)
            if day is None and _american(match) in known:
                continue
            if day is None:
                yield seen.remark("comparison", sentence, match.group(0), f'"{match.group(0)}" is no date')
            elif seen.facts.study_day is not None and day > seen.facts.study_day:
                yield seen.remark("comparison", sentence, match.group(0), f'"{match.group(0)}" is later than this examination')
            elif (
                not {day, _american(match)} & known
                and day != seen.facts.study_day
                and not seen.language.has("elsewhere", sentence.text)
            ):
                yield seen.remark("comparison", sentence, match.group(0), f"No earlier examination of {match.group(0)} is known")
        if is_comparing and not _DATE.search(sentence.text):
            yield from _months(seen, sentence, known)


def _months(seen: Seen, sentence: Sentence, known: set[date]) -> Iterator[Remark]:
    """`Compared with March 2025`: a month, and no examination in it."""
    for match in _MONTH.finditer(sentence.text) if known else ():
        month = _MONTHS.get(match.group(1)[:3].lower())
        if month and not any((day.year, day.month) == (int(match.group(2)), month) for day in known):
            is_own = seen.facts.study_day is not None and (seen.facts.study_day.year, seen.facts.study_day.month) == (
                int(match.group(2)),
                month,
            )
            if not is_own and not seen.language.has("elsewhere", sentence.text):
                yield seen.remark("comparison", sentence, match.group(0), f"No earlier examination of {match.group(0)} is known")


def _claims(seen: Seen, sentence: Sentence) -> bool:
    # `Repeat if the dilatation is stable` claims nothing.
    text = seen.language.lists["conditional"].split(_without(seen, "not_change", sentence.text))[0]
    return seen.language.has("change", text) and not seen.language.has("elsewhere", text)


def _names_a_prior(seen: Seen, text: str) -> bool:
    """Whether a day or a month stands in a text in which there was an earlier examination."""
    known = {prior.day for prior in seen.facts.priors if prior.day is not None}
    days = {day for match in _DATE.finditer(text) for day in (_day(match), _american(match))}
    months = {(int(m.group(2)), _MONTHS.get(m.group(1)[:3].lower(), 0)) for m in _MONTH.finditer(text)}
    return bool(days & known) or any((day.year, day.month) in months for day in known)


def _is_related(seen: Seen, prior: PriorFact) -> bool:
    """Whether an earlier examination is of the same part of the body, as far as its words tell."""
    now, then = seen.asked, seen.language.regions_in(prior.words.replace("_", " "))
    return not now or not then or bool(now & then) or "PT" in seen.facts.modalities or "PT" in prior.modality


def _is_same_kind(seen: Seen, prior: PriorFact) -> bool:
    then = {SHOWS.get(m, m) for m in re.split(r"[^A-Z]+", prior.modality.upper()) if m}
    now = {SHOWS.get(m, m) for m in seen.facts.modalities}
    return not then or not now or bool(then & now)


def _is_general(seen: Seen, text: str) -> bool:
    """`No previous CT` is true where there is an earlier radiograph."""
    named = {name for name, words in seen.language.modalities.items() if words.search(text)}
    kinds = {SHOWS.get(m, m) for prior in seen.facts.priors for m in re.split(r"[^A-Z]+", prior.modality.upper()) if m}
    return not named or not kinds or bool(named & kinds)


def _without(seen: Seen, name: str, text: str) -> str:
    """The text with a list's words blanked."""
    return seen.language.lists[name].sub(lambda match: " " * len(match.group(0)), text)


def _american(match: re.Match[str]) -> date | None:
    """`06/05/2026` is the fifth of June to some."""
    try:
        return date(int(match.group(6)), int(match.group(4)), int(match.group(5))) if match.group(6) else None
    except ValueError:
        return None


def _day(match: re.Match[str]) -> date | None:
    if match.group(1):
        year, month, day = match.group(1), match.group(2), match.group(3)
    elif match.group(6):
        year, month, day = match.group(6), match.group(5), match.group(4)
    else:
        year, month, day = match.group(9), str(_MONTHS.get(match.group(8)[:3].lower(), 0)), match.group(7)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
