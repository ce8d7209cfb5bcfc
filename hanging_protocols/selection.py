"""From a selector to an image set: the best by score, and what decided between equals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.matching import Score, passing, score, wanted
from hanging_protocols.model import Order, Rule, Selector
from hanging_protocols.study_facts import StudyFacts

THICKEST_UNKNOWN = float("-inf")
THINNEST_UNKNOWN = float("inf")


@dataclass(frozen=True, slots=True)
class Candidate:
    image_set: ImageSet
    score: Score


def candidates(selector: Selector, facts: StudyFacts) -> tuple[Candidate, ...]:
    """Every image set that fails no required rule, the best first. Series order plays no part.

    Found once for each study and selector: stages share selectors, and a reader steps through stages.
    """
    kept = facts.kept.get(id(selector))
    if kept is not None and kept[0] is selector:
        return cast("tuple[Candidate, ...]", kept[1])
    fitting = [one for one in _judged(selector, facts) if one.score.fits]
    found = tuple(sorted(fitting, key=lambda one: (-one.score.points, *_rank(selector.order, one.image_set))))
    facts.keep(id(selector), selector, found)
    return found


def most_like(model: Candidate, facts: StudyFacts, found: Sequence[Candidate], of: StudyFacts) -> tuple[Candidate, ...]:
    """`found` (of the prior `of`) with those first that share most roles with `model` (of `facts`).

    A lung kernel is compared with a lung kernel and FLAIR with FLAIR, whatever else there is;
    between equally alike ones the order of `found` stays.
    """
    roles = _role_names(facts, model.image_set)
    return tuple(sorted(found, key=lambda one: -_likeness(roles, _role_names(of, one.image_set))))


def _role_names(facts: StudyFacts, image_set: ImageSet) -> frozenset[str]:
    return frozenset(role.value for role in facts.roles(image_set))


def _likeness(ours: frozenset[str], theirs: frozenset[str]) -> float:
    """Shared roles as a share of all roles of the two (Jaccard index), 1.0 when neither has any."""
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 1.0


def why_none(selector: Selector, facts: StudyFacts) -> str:
    """Why no image set of the study fits, in words: what none of them is, or what none is at once."""
    if not facts.image_sets:
        return "the study has no images"
    required = [rule for rule in selector.rules if rule.required]
    for rule in required:
        if all(passing(rule, _answers(facts, one, rule)) is None for one in facts.image_sets):
            return f"there is no series of this kind: {wanted(rule)}"
    return f"there is no series that is all of this at once: {'; '.join(map(wanted, required))}"


def _judged(selector: Selector, facts: StudyFacts) -> list[Candidate]:
    return [Candidate(one, score(selector.rules, partial(_answers, facts, one), True)) for one in facts.image_sets]


def _answers(facts: StudyFacts, image_set: ImageSet, rule: Rule) -> tuple[Fact, ...]:
    return facts.of_image_set(image_set, rule.attribute)


def _rank(order: Order, image_set: ImageSet) -> tuple[float | str, ...]:
    """What decides between equal scores: the selector's own order, then images, number, UID."""
    series = image_set.series
    number = float("inf") if series.series_number is None else float(series.series_number)
    return (_FIRST[order](image_set), float(-image_set.images), number, series.series_instance_uid, float(image_set.position))


def _thickness(image_set: ImageSet, unknown: float) -> float:
    value = image_set.number("SliceThickness")
    return unknown if value is None else value


_FIRST: dict[Order, Callable[[ImageSet], float]] = {
    Order.MOST_IMAGES: lambda one: float(-one.images),
    Order.THINNEST: lambda one: _thickness(one, THINNEST_UNKNOWN),
    Order.THICKEST: lambda one: -_thickness(one, THICKEST_UNKNOWN),
    Order.SERIES_NUMBER: lambda one: float("inf") if one.series.series_number is None else float(one.series.series_number),
}
