"""Which earlier studies of a listed patient are worth fetching: points by the policy, each with its reason.

What a study shows is read from the little that an archive says of it before a single image is
here: modality, body part, description, date. Texts come from outside; the reasons hold none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from workstation.archives.prefetch_policy import PrefetchPolicy, PriorRules, Words
from workstation.domain.archive import FoundStudy
from workstation.domain.order import WorklistItem
from workstation.domain.study import Study

DAYS_OF_YEAR = 365.25
SHORT = 3
"""Words of up to so many letters must stand alone: `hip` is no beginning of `hippocampus`."""
COMPANIONS = frozenset({"SR", "KO", "PR", "SEG", "REG", "RWV", "DOC", "OT", "AU"})
WHOLE_BODY = "whole_body"

_NOT_LETTERS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a study shows, as far as it is known: regions and sides by the policy's names."""

    modalities: frozenset[str]
    regions: frozenset[str]
    sides: frozenset[str]
    made_on: date | None

    @classmethod
    def of_item(cls, item: WorklistItem, here: Study | None, found: FoundStudy | None, words: Words) -> Shown:
        """A worklist row: what its order says, and what its study does, here or in an archive."""
        texts = [item.procedure, *_texts_of(here), *_texts_of_found(found)]
        modalities = {*item.modality.split("/"), *(here.modalities if here else ()), *(found.modalities if found else ())}
        sides = _laterality(here)
        day = item.study_date or (found.study_date if found else "")
        return cls(_imaging(modalities), regions_in(texts, words), sides | sides_in(texts, words), _date(day))

    @classmethod
    def of_found(cls, found: FoundStudy, words: Words) -> Shown:
        texts = _texts_of_found(found)
        return cls(_imaging(found.modalities), regions_in(texts, words), sides_in(texts, words), _date(found.study_date))


@dataclass(frozen=True, slots=True)
class Relevance:
    """`reasons` are English source strings. `refusal`, when not empty, is why it is never fetched by itself."""

    points: float
    reasons: tuple[str, ...]
    refusal: str = ""


def judge(current: Shown, prior: Shown, policy: PrefetchPolicy, rules: PriorRules, today: date) -> Relevance:
    """How much `prior` is worth to a reader of `current`."""
    weighed = (_region(current, prior, policy), _side(current, prior, policy), _modality(current, prior, policy))
    years, age = _age(current.made_on or today, prior.made_on)
    points, words = policy.points, [text for _, text in weighed]
    refusal = next((text for weight, text in weighed if weight < 0), "")
    if years is not None and years < 0:
        refusal = refusal or "it was made after the study to be read"
    elif years is not None and years > rules.oldest_years:
        refusal = refusal or f"it is {age} old"
    total = sum(weight for weight, _ in weighed)
    if years is not None:
        total += points.recent * points.half_age_years / (points.half_age_years + max(years, 0.0))
    if not refusal and not prior.modalities:
        refusal = "it has no images"
    if not refusal and total < rules.least_points:
        refusal = f"too little speaks for it ({total:.3g} of {rules.least_points:g} points)"
    return Relevance(total, tuple(text for text in (*words, f"{age} old" if age else "its date is not known") if text), refusal)


def _region(current: Shown, prior: Shown, policy: PrefetchPolicy) -> tuple[float, str]:
    ours, theirs = current.regions, prior.regions
    if both := ours & theirs:
        return policy.points.same_region, f"same region: {_listed(both)}"
    if not ours or not theirs:
        return policy.points.unknown_region, "the body part is not known for both"
    if WHOLE_BODY in ours | theirs:
        return policy.points.same_region, "one of them shows the whole body"
    if any(ours & pair and theirs & pair for pair in policy.words.overlapping):
        return policy.points.same_region, f"overlapping region: {_listed(theirs)}"
    return policy.points.other_region, f"it shows another region: {_listed(theirs)}"


def _side(current: Shown, prior: Shown, policy: PrefetchPolicy) -> tuple[float, str]:
    """No words where a side is not known or the region has none."""
    if not current.regions & prior.regions & policy.words.paired or not current.sides or not prior.sides:
        return 0.0, ""
    if current.sides & prior.sides:
        return policy.points.same_side, "same side"
    return policy.points.other_side, "it shows the other side of the body"


def _modality(current: Shown, prior: Shown, policy: PrefetchPolicy) -> tuple[float, str]:
    ours, theirs = current.modalities, prior.modalities
    if both := ours & theirs:
        return policy.points.same_modality, f"same modality: {_listed(both)}"
    if any(ours & kin and theirs & kin for kin in policy.words.kindred):
        return policy.points.kindred_modality, f"kindred modality: {_listed(theirs)}"
    return 0.0, f"other modality: {_listed(theirs)}" if theirs and ours else ""


def _age(current: date, prior: date | None) -> tuple[float | None, str]:
    if prior is None:
        return None, ""
    years = (current - prior).days / DAYS_OF_YEAR
    months = round(years * 12)
    return years, f"{months} months" if months < 24 else f"{years:.0f} years"


def regions_in(texts: Iterable[str], words: Words) -> frozenset[str]:
    return _named(texts, words.regions)


def sides_in(texts: Iterable[str], words: Words) -> frozenset[str]:
    return _named(texts, {"left": words.left, "right": words.right})


def _named(texts: Iterable[str], names: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    # Digits part words, so that "CT1HODE" is found; the bar keeps one text's end from the next one's beginning.
    text = f" {' | '.join(_NOT_LETTERS.sub(' ', one.casefold()) for one in texts)} "
    return frozenset(name for name, words in names.items() if any(_begins(word, text) for word in words))


def _begins(word: str, text: str) -> bool:
    return (f" {word} " if len(word) <= SHORT else f" {word}") in text


def _texts_of(study: Study | None) -> list[str]:
    if study is None:
        return []
    codes = [code.split("|")[-1] for code in study.procedure_codes]
    return [study.study_description, *codes, *(one.body_part_examined for one in study.series)]


def _texts_of_found(found: FoundStudy | None) -> list[str]:
    return [found.description, *found.body_parts] if found else []


def _laterality(study: Study | None) -> frozenset[str]:
    """Laterality (0020,0060) and ImageLaterality (0020,0062) of the series that are here."""
    if study is None:
        return frozenset()
    keys = ("Laterality", "ImageLaterality", "FrameLaterality")
    values = {value for one in study.series for key in keys for value in one.attributes.get(key, ())}
    return frozenset(name for name, letters in (("left", "LB"), ("right", "RB")) if values & set(letters))


def _imaging(modalities: Iterable[str]) -> frozenset[str]:
    return frozenset(one for one in modalities if one) - COMPANIONS


def _listed(names: Iterable[str]) -> str:
    """Region names of the policy and modalities; anything else an archive calls a modality stays out."""
    return ", ".join(sorted(name.replace("_", " ") for name in names if name.replace("_", "").isalnum() and len(name) <= 16))


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text.replace(".", "")[:8], "%Y%m%d").date()  # noqa: DTZ007 - a DICOM date has no zone
    except ValueError:
        return None
