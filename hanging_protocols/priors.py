"""Which earlier studies are worth comparing with, ranked, each with its reasons.

Another patient's study is never a prior, whatever else speaks for it. A study of a different body
part is listed but not hung: it explains itself and can still be opened by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hanging_protocols import anatomy, dates
from hanging_protocols.study_facts import StudyFacts
from workstation.domain.study import Study

SAME_ANATOMY, SAME_REGION, SAME_MODALITY, KINDRED_MODALITY, SAME_SIDE = 10.0, 6.0, 5.0, 2.0, 3.0
# Up to this much for how recent a prior is: all of it on the same day, half at two years.
RECENT, HALF_AGE_DAYS = 4.0, 730.0

# Modalities whose images show the same disease in a comparable way.
KINDRED = (frozenset({"CR", "DX", "RG"}), frozenset({"CT", "PT"}), frozenset({"CT", "CR", "DX"}), frozenset({"MG", "MR", "US"}))

OTHER_PART, OTHER_SIDE = "it shows another body part", "it shows the other side of the body"

# Body parts too wide to say that two studies show the same thing.
WIDE = frozenset({"extremity"})

# Body parts of which there are two; elsewhere a laterality says nothing (or is a mistake).
PAIRED = frozenset({"extremity", "breast", "kidney"})


@dataclass(frozen=True, slots=True)
class RankedPrior:
    """`reasons` are never empty; `refusal`, when not empty, is why it is never hung by itself."""

    facts: StudyFacts
    points: float
    reasons: tuple[str, ...]
    refusal: str = ""

    @property
    def study(self) -> Study:
        return self.facts.study

    @property
    def usable(self) -> bool:
        return not self.refusal


def relevant(current: Study, candidates: Iterable[Study]) -> tuple[RankedPrior, ...]:
    """All candidates, usable ones first, then by points; equal ones the newer first, then by UID."""
    return rank_priors(StudyFacts(current), map(StudyFacts, candidates))


def rank_priors(current: StudyFacts, candidates: Iterable[StudyFacts]) -> tuple[RankedPrior, ...]:
    """`relevant` for facts that are at hand."""
    judged = [_judge(current, prior) for prior in candidates]
    by_uid = sorted(judged, key=lambda one: one.study.study_instance_uid)
    by_date = sorted(by_uid, key=lambda one: (one.study.study_date, one.study.study_time), reverse=True)
    return tuple(sorted(by_date, key=lambda one: (not one.usable, -one.points)))


def _judge(current: StudyFacts, prior: StudyFacts) -> RankedPrior:
    refusal = _refusal(current.study, prior)
    if refusal:
        return RankedPrior(prior, 0.0, (refusal,), refusal)
    weighed = (
        _anatomy(current, prior),
        _side(current, prior),
        _modality(current, prior),
        _age(current.study, prior.study),
    )
    reasons = tuple(f"{words} (+{points:.3g})" if points else words for points, words in weighed if words)
    refusal = next((words for points, words in weighed if words in (OTHER_SIDE, OTHER_PART)), "")
    return RankedPrior(prior, sum(points for points, _ in weighed), reasons, refusal)


def _refusal(current: Study, facts: StudyFacts) -> str:
    prior = facts.study
    if prior.patient.key != current.patient.key:
        return "another patient's study is never a prior"
    if prior.study_instance_uid == current.study_instance_uid:
        return "it is the study being read"
    days = dates.days_between(prior.study_date, current.study_date)
    if days is not None and (days < 0 or (days == 0 and prior.study_time > current.study_time)):
        return "it was made after the study being read"
    if not facts.image_sets:
        return "it has no images"
    return ""


def _anatomy(current: StudyFacts, prior: StudyFacts) -> tuple[float, str]:
    ours, theirs = anatomy.regions(current.findings), anatomy.regions(prior.findings)
    exact = {f.name for f in current.findings} & {f.name for f in prior.findings}
    if exact - WIDE:
        return SAME_ANATOMY, f"same body part: {_words(exact - WIDE)}"
    if ours & theirs - WIDE or "whole_body" in ours | theirs:
        return SAME_REGION, f"same region: {_words(ours & theirs - WIDE or frozenset({'whole_body'}))}"
    if not ours - WIDE or not theirs - WIDE:
        return 0.0, "the body part is not known well enough for both"
    return 0.0, OTHER_PART


def _modality(current: StudyFacts, prior: StudyFacts) -> tuple[float, str]:
    ours, theirs = _imaging(current), _imaging(prior)
    if ours & theirs:
        return SAME_MODALITY, f"same modality: {_words(ours & theirs)}"
    for kin in KINDRED:
        if ours & kin and theirs & kin:
            return KINDRED_MODALITY, f"kindred modality: {_words(theirs)}"
    return 0.0, f"other modality: {_words(theirs)}"


def _side(current: StudyFacts, prior: StudyFacts) -> tuple[float, str]:
    """Empty words when either side is unknown, or the body part has no sides."""
    if not anatomy.regions(current.findings) & anatomy.regions(prior.findings) & PAIRED:
        return 0.0, ""
    ours, theirs = ({fact.value for fact in facts.of_study("laterality")} for facts in (current, prior))
    if not ours or not theirs:
        return 0.0, ""
    if ours & theirs or "B" in ours | theirs:
        return SAME_SIDE, "same side"
    return 0.0, OTHER_SIDE


def _age(current: Study, prior: Study) -> tuple[float, str]:
    days = dates.days_between(prior.study_date, current.study_date)
    if days is None:
        return 0.0, "the date is not known for both"
    return RECENT * HALF_AGE_DAYS / (HALF_AGE_DAYS + days), dates.interval(days)


def _imaging(facts: StudyFacts) -> frozenset[str]:
    return frozenset(one.series.modality for one in facts.image_sets)


def _words(names: Iterable[str]) -> str:
    return ", ".join(sorted(name.replace("_", " ") for name in names))
