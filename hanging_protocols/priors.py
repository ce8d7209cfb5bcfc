"""Which earlier studies are worth comparing with, ranked, each with its reasons and their points.

Another patient's study is never a prior, nor a later one, whatever else speaks for it. A study of another body part
or side is listed but not hung: it explains itself and can still be opened by hand. The rules are data
(`hanging_protocols.prior_rules`); the care provider plays no part. Nothing depends on the order of what is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hanging_protocols import dates, prior_facts, prior_rules
from hanging_protocols.prior_facts import PriorFacts, regions
from hanging_protocols.prior_rules import PriorRules
from hanging_protocols.study_facts import StudyFacts
from hanging_protocols.words import vocabulary
from workstation.domain.hanging import NOTHING_KNOWN, HangingContext
from workstation.domain.prior import PriorRelevance
from workstation.domain.study import Study

LITTLE = "too little of what is asked for is on it"
OTHER_PART, OTHER_SIDE = "it shows another body part", "it shows the other side of the body"
OTHER_PERSON = "another patient's study is never a prior"
NO_ISSUER = "it may be another patient's: who gave its patient number is not known"
ITSELF = "it is the study being read"
LATER = "it was made after the study being read"
NO_IMAGES = "it has no images"
UNKNOWN_PART = "the body part is not known well enough for both"

# Body parts of which there are two; elsewhere a laterality says nothing (or is a mistake).
PAIRED = frozenset({"extremity", "breast", "kidney"})

# Modalities that cut slices: what lies beside the part that was asked for is on them too.
SLICES = frozenset({"CT", "MR", "PT"})

WHOLE = "whole_body"


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


@dataclass(frozen=True, slots=True)
class _Judged:
    facts: PriorFacts
    weighed: tuple[tuple[float, str], ...]
    refusal: str = ""
    is_same_kind: bool = False
    """The same body part by the same kind of machine: what growth is told from."""
    recent: float = 0.0

    @property
    def points(self) -> float:
        return sum(points for points, _ in self.weighed)

    @property
    def relevance(self) -> PriorRelevance:
        reasons = tuple(f"{words} (+{points:.3g})" if points else words for points, words in self.weighed if words)
        other = self.refusal in (OTHER_PERSON, NO_ISSUER)
        return PriorRelevance(
            self.facts.uid,
            self.points,
            reasons or (self.refusal,),
            self.refusal,
            self.refusal == LATER,
            other,
            tuple(sorted(self.facts.sides)),
        )


def relevant(current: Study, candidates: Iterable[Study], context: HangingContext = NOTHING_KNOWN) -> tuple[RankedPrior, ...]:
    """All candidates, usable ones first, then by points; equal ones the newer first, then by UID."""
    return rank_priors(StudyFacts(current), map(StudyFacts, candidates), context)


def rank_priors(
    current: StudyFacts,
    candidates: Iterable[StudyFacts],
    context: HangingContext = NOTHING_KNOWN,
    rules: PriorRules | None = None,
) -> tuple[RankedPrior, ...]:
    """`relevant` for facts that are at hand. The prior that the reader chose comes first, if it may be hung at all."""
    facts = list(candidates)
    known = [prior_facts.of_study(one) for one in facts]
    by_facts = {id(shown): one for shown, one in zip(known, facts, strict=True)}
    ranked = []
    for judged in _ranked(prior_facts.of_study(current), known, context, rules or prior_rules.built_in()):
        told = judged.relevance
        ranked.append(RankedPrior(by_facts[id(judged.facts)], told.points, told.reasons, told.refusal))
    chosen = next((one for one in ranked if _is_chosen(one, context)), None)
    if chosen is None:
        return tuple(ranked)
    first = replace(chosen, refusal="", reasons=("chosen by the reader", *chosen.reasons))
    return first, *(one for one in ranked if one is not chosen)


def rank(
    current: PriorFacts, candidates: Iterable[PriorFacts], context: HangingContext, rules: PriorRules
) -> tuple[PriorRelevance, ...]:
    """As `rank_priors`, of studies that need not be here."""
    return tuple(one.relevance for one in _ranked(current, list(candidates), context, rules))


def _is_chosen(one: RankedPrior, context: HangingContext) -> bool:
    return one.study.study_instance_uid == context.first_prior and one.refusal in ("", OTHER_PART, OTHER_SIDE, LITTLE)


def _ranked(current: PriorFacts, candidates: Sequence[PriorFacts], context: HangingContext, rules: PriorRules) -> list[_Judged]:
    asked = replace(current, parts=current.parts | prior_facts.parts_of_order(context))
    judged = [_judge(asked, prior, context, rules) for prior in candidates]
    judged = _with_landmarks(judged, context, rules)
    by_uid = sorted(judged, key=lambda one: one.facts.uid)
    by_date = sorted(by_uid, key=lambda one: (one.facts.day, one.facts.time), reverse=True)
    return sorted(by_date, key=lambda one: (bool(one.refusal), -one.points))


def _judge(current: PriorFacts, prior: PriorFacts, context: HangingContext, rules: PriorRules) -> _Judged:
    refusal = _refusal(current, prior)
    if refusal and refusal != LATER:
        return _Judged(prior, (), refusal)
    anatomy, side, modality = _anatomy(current, prior, rules), _side(current, prior, rules), _modality(current, prior, rules)
    age = _age(current, prior, rules)
    weighed = (anatomy, side, modality, _procedure(current, prior, rules), _mention(prior, context, rules), age)
    refusal = refusal or next((words for _, words in weighed if words in (OTHER_SIDE, OTHER_PART)), "")
    if not refusal and 0.0 < anatomy[0] < rules.cover.least * rules.points.same_part * (1.0 - rules.cover.too_much):
        refusal = LITTLE
    alike = anatomy[0] >= 0.8 * rules.points.same_part and modality[0] >= 0.8 * rules.points.same_modality
    return _Judged(prior, weighed, refusal, alike, age[0])


def _refusal(current: PriorFacts, prior: PriorFacts) -> str:
    if prior.patient != current.patient:
        may_be = prior.patient.patient_id == current.patient.patient_id and not (prior.patient.issuer and current.patient.issuer)
        return NO_ISSUER if may_be and prior.patient.patient_id else OTHER_PERSON
    if prior.uid == current.uid:
        return ITSELF
    days = dates.days_between(prior.day, current.day)
    if days is not None and (days < 0 or (days == 0 and prior.time > current.time)):
        return LATER
    return "" if prior.has_images else NO_IMAGES


# ---- the body ------------------------------------------------------------------------------


def _anatomy(current: PriorFacts, prior: PriorFacts, rules: PriorRules) -> tuple[float, str]:
    ours, theirs = current.parts, prior.parts
    if not ours or not theirs:
        return 0.0, UNKNOWN_PART
    cuts = bool(prior.modalities & SLICES)
    shares = {part: max(_share(part, other, cuts, rules) for other in theirs) for part in ours}
    covered = sum(shares.values()) / len(shares)
    if not covered:
        return 0.0, OTHER_PART
    asked_for = sum(1 for other in theirs if any(_share(part, other, cuts, rules) >= 0.5 for part in ours))
    precise = asked_for / len(theirs)
    points = rules.points.same_part * covered * (1.0 - rules.cover.too_much * (1.0 - precise))
    return points, _anatomy_words(ours, theirs, shares)


def _anatomy_words(ours: frozenset[str], theirs: frozenset[str], shares: dict[str, float]) -> str:
    same = ours & theirs
    missing = [part for part, share in shares.items() if not share]
    if same and missing:
        return f"same body part: {_words(same)}; it does not show {_words(missing)}"
    if same:
        return f"same body part: {_words(same)}"
    if WHOLE in ours | theirs:
        return "the whole body is shown by one of them"
    shared = regions(ours) & regions(theirs) - prior_facts.WIDE
    return f"same region: {_words(shared)}" if shared else f"neighbouring region: {_words(theirs)}"


def _share(asked: str, shown: str, cuts: bool, rules: PriorRules) -> float:
    """Which share of a body part images of another (or the same) part show."""
    cover = rules.cover
    if asked == shown:
        return 1.0
    if shown == WHOLE:
        return cover.whole_body
    if asked == WHOLE:
        return cover.part_of_whole_body
    known = vocabulary("anatomy")
    above, below = known.with_parents(asked), known.with_parents(shown)
    found = [kin.share for kin in rules.neighbours if {asked, shown} <= kin.names and (cuts or kin.everywhere)]
    if shown in above and shown not in prior_facts.WIDE:
        found.append(cover.larger_part)
    elif asked in below:
        found.append(rules.smaller.get(shown, cover.smaller_part))
    elif frozenset(above) & frozenset(below) - prior_facts.WIDE:
        found.append(cover.sister_part)
    return max(found, default=0.0)


def _side(current: PriorFacts, prior: PriorFacts, rules: PriorRules) -> tuple[float, str]:
    """Empty words when either side is unknown, or the body part has no sides."""
    if not regions(current.parts) & regions(prior.parts) & PAIRED or not current.sides or not prior.sides:
        return 0.0, ""
    ours, theirs = (frozenset("LR") if "B" in facts.sides else facts.sides for facts in (current, prior))
    if ours <= theirs:
        return rules.points.same_side, "same side"
    return (rules.points.one_of_both_sides, "one of the two sides") if ours & theirs else (0.0, OTHER_SIDE)


# ---- how it was made -------------------------------------------------------------------------


def _modality(current: PriorFacts, prior: PriorFacts, rules: PriorRules) -> tuple[float, str]:
    ours, theirs = current.modalities, prior.modalities
    if not ours or not theirs:
        return 0.0, "the modality is not known for both"
    most = rules.points.same_modality
    if both := ours & theirs:
        # A PET/CT is read against a PET/CT before a CT alone.
        return most * (0.6 + 0.4 * len(both) / len(ours | theirs)), f"same modality: {_listed(both)}"
    share = max((kin.share for kin in rules.kindred if ours & kin.names and theirs & kin.names), default=0.0)
    words = "kindred" if share else "other"
    return most * share, f"{words} modality: {_listed(theirs)}"


def _procedure(current: PriorFacts, prior: PriorFacts, rules: PriorRules) -> tuple[float, str]:
    """By code where both have one, else by the words of the description."""
    if current.codes and prior.codes:
        same = bool(current.codes & prior.codes)
        return (rules.points.same_procedure, "same procedure code") if same else (0.0, "")
    same = bool(prior.description) and prior.description == current.description
    return (rules.points.same_description, "same description") if same else (0.0, "")


def _mention(prior: PriorFacts, context: HangingContext, rules: PriorRules) -> tuple[float, str]:
    if words := context.mentioned.get(prior.uid):
        return rules.points.mentioned, f'named: "{words}"'
    if words := context.mentioned_before.get(prior.uid):
        return rules.points.mentioned_before, f'named in an earlier report: "{words}"'
    return 0.0, ""


# ---- when ------------------------------------------------------------------------------------


def _age(current: PriorFacts, prior: PriorFacts, rules: PriorRules) -> tuple[float, str]:
    days = dates.days_between(prior.day, current.day)
    if days is None:
        return 0.0, "the date is not known for both"
    half = rules.points.half_age_days
    return rules.points.recent * half / (half + max(days, 0)), dates.interval(days)


def is_follow_up(context: HangingContext, rules: PriorRules) -> bool:
    """Whether the order asks how a tumour goes on."""
    text = f"{context.procedure} {context.reason}".casefold()
    letters = "".join(letter if letter.isalnum() else " " for letter in text)
    return any(word.startswith(begin) for word in letters.split() for begin in rules.follow_up) or any(
        begin in letters for begin in rules.follow_up if len(begin) > 5
    )


def _with_landmarks(judged: list[_Judged], context: HangingContext, rules: PriorRules) -> list[_Judged]:
    """In a follow-up two old studies count nearly as the newest: the first, and the one in which the lesions were smallest."""
    kind = [one for one in judged if one.is_same_kind and not one.refusal and one.facts.day]
    if len(kind) < 3:
        return judged
    first = min(kind, key=lambda one: (one.facts.day, one.facts.time, one.facts.uid)) if is_follow_up(context, rules) else None
    smallest = next((one for one in kind if one.facts.uid == context.smallest_lesions), None)
    newest = max(one.recent for one in kind)
    raised = list(judged)
    for one, share, words in (
        (first, rules.baseline, "the first of this follow-up"),
        (smallest, rules.smallest, "the lesions that are followed were smallest"),
    ):
        if one is not None and share * newest > one.recent:
            age = (share * newest, f"{one.weighed[-1][1]}, {words}")
            raised[judged.index(one)] = replace(one, weighed=(*one.weighed[:-1], age))
    return raised


def _words(names: Iterable[str]) -> str:
    return ", ".join(sorted(name.replace("_", " ") for name in names))


def _listed(names: Iterable[str]) -> str:
    """Modalities; what an archive may say otherwise stays out."""
    return ", ".join(sorted(name for name in names if name.replace("_", "").isalnum() and len(name) <= 16))
