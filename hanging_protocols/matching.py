"""Scoring: the sum of the weights of the rules that pass, nothing when a required one fails.

Every answer is put in words, the failures of required rules too. Free text from a file is never
repeated in a reason: it may name a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from hanging_protocols.facts import Fact
from hanging_protocols.model import Constraint, Rule
from hanging_protocols.role_words import role_title
from hanging_protocols.words import fold

_FREE_TEXT = ("Description", "Name", "Comments", "Agent", "procedure", "reason", "body_site")
_NAMES = {
    "role": "role",
    "anatomy": "body part",
    "laterality": "side",
    "images": "number of images",
    "series": "number of series",
    "examination": "examination",
    "ordered_regions": "number of regions that the order names",
    "procedure": "ordered procedure",
    "procedure_code": "code of the ordered procedure",
    "body_site": "body site of the order",
    "order_laterality": "side of the order",
    "reason": "reason for the examination",
}


class Score:
    """`points` is 0 when a required rule fails; words are made when they are asked for: most scores lose.

    `reasons` are the weighted rules that passed, `failed` the required ones that did not.
    """

    __slots__ = ("_failed", "_passed", "fits", "points")

    def __init__(
        self, points: float, passed: Sequence[tuple[Rule, Fact]], failed: Sequence[tuple[Rule, tuple[Fact, ...]]]
    ) -> None:
        self.points = 0.0 if failed else points
        self.fits = not failed
        self._passed, self._failed = passed, failed

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(f"{_passed_words(rule, fact)} (+{rule.weight:g})" for rule, fact in self._passed if rule.weight)

    @property
    def failed(self) -> tuple[str, ...]:
        return tuple(_failed_words(rule, facts) for rule, facts in self._failed)


def score(rules: Iterable[Rule], answers: Callable[[Rule], tuple[Fact, ...]], first_failure: bool = False) -> Score:
    """`first_failure`: no further rule is asked once a required one failed."""
    points = 0.0
    passed: list[tuple[Rule, Fact]] = []
    failed: list[tuple[Rule, tuple[Fact, ...]]] = []
    for rule in rules:
        facts = answers(rule)
        found = passing(rule, facts)
        if found is not None:
            points += rule.weight
            passed.append((rule, found))
        elif rule.required:
            failed.append((rule, facts))
            if first_failure:
                break
    return Score(points, passed, failed)


def wanted(rule: Rule) -> str:
    """What a rule asks for, in words: `body part is chest`; of a role only its name: `lung kernel`."""
    if rule.attribute == "role" and rule.constraint in (Constraint.EQUALS, Constraint.ONE_OF, Constraint.NONE_OF):
        return f"not {_alternatives(rule)}" if rule.constraint is Constraint.NONE_OF else _alternatives(rule)
    if rule.constraint is Constraint.NOT_NULL:
        return f"{_name(rule)} is known"
    if rule.constraint is Constraint.RANGE:
        return f"{_name(rule)} lies {_bounds(rule)}"
    verbs = {Constraint.CONTAINS: "contains", Constraint.STARTS_WITH: "begins with", Constraint.NONE_OF: "is not"}
    return f"{_name(rule)} {verbs.get(rule.constraint, 'is')} {_alternatives(rule)}"


def passing(rule: Rule, facts: tuple[Fact, ...]) -> Fact | None:
    """The fact by which a rule passes, or None. NONE_OF passes by there being no such fact."""
    if rule.constraint in _BY_EQUALITY:
        asked = _comparable(rule.values)
        found = next((fact for fact in facts if not asked.isdisjoint(_forms(fact.value))), None)
        if rule.constraint is Constraint.NONE_OF:
            return _NOTHING if found is None else None
        return found
    return next((fact for fact in facts if _passes(rule, fact.value)), None)


_BY_EQUALITY = frozenset({Constraint.EQUALS, Constraint.ONE_OF, Constraint.NONE_OF})
_NOTHING = Fact("")


@lru_cache(4096)
def _comparable(values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(value.casefold() for value in values)


@lru_cache(4096)
def _forms(value: str) -> tuple[str, ...]:
    """Text alike but for case; a code (`value|scheme|meaning`) also by its value and scheme."""
    coded = value.split("|")
    return (value.casefold(), "|".join(coded[:2]).casefold()) if len(coded) > 1 else (value.casefold(),)


def _passes(rule: Rule, value: str) -> bool:
    if rule.constraint is Constraint.CONTAINS:
        return any(fold(wanted) in fold(value) for wanted in rule.values)
    if rule.constraint is Constraint.STARTS_WITH:
        return any(fold(value).startswith(fold(wanted)) for wanted in rule.values)
    if rule.constraint is Constraint.RANGE:
        number = _number(value)
        return number is not None and rule.low <= number <= rule.high
    return bool(value.strip())


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _passed_words(rule: Rule, fact: Fact) -> str:
    name = _name(rule)
    because = f": {fact.because}" if fact.because else ""
    if rule.constraint is Constraint.NONE_OF:
        return f"{name} is not {_alternatives(rule)}"
    if rule.constraint is Constraint.NOT_NULL:
        return f"{name} is known{because}"
    if rule.constraint is Constraint.RANGE:
        return f"{name} {fact.value} lies {_bounds(rule)}{because}"
    if rule.constraint in (Constraint.EQUALS, Constraint.ONE_OF):
        wanted = next(w for w in rule.values if w.casefold() in _forms(fact.value))
        return f"{name} is {_plain(wanted)}{because}"
    verb = "contains" if rule.constraint is Constraint.CONTAINS else "begins with"
    return f'{name} {verb} "{_alternatives(rule)}"{because}'


def _failed_words(rule: Rule, facts: tuple[Fact, ...]) -> str:
    name = _name(rule)
    found = "" if _is_free_text(rule) else ", ".join(dict.fromkeys(_plain(fact.value) for fact in facts if fact.value))
    but = f", but {found}" if found else ", which is unknown" if not facts else ""
    if rule.constraint is Constraint.NONE_OF:
        return f"required: {name} is not {_alternatives(rule)}, but it is"
    if rule.constraint is Constraint.NOT_NULL:
        return f"required: {name} is not known"
    if rule.constraint is Constraint.RANGE:
        return f"required: {name} does not lie {_bounds(rule)}{but}"
    verb = {Constraint.CONTAINS: "does not contain", Constraint.STARTS_WITH: "does not begin with"}
    return f"required: {name} {verb.get(rule.constraint, 'is not')} {_alternatives(rule)}{but}"


def _name(rule: Rule) -> str:
    name = _NAMES.get(rule.attribute, rule.attribute)
    return f"the prior's {name}" if rule.scope.value == "prior" else name


def _bounds(rule: Rule) -> str:
    if rule.high == float("inf"):
        return f"at {rule.low:g} or above"
    if rule.low == float("-inf"):
        return f"at {rule.high:g} or below"
    return f"between {rule.low:g} and {rule.high:g}"


def _alternatives(rule: Rule) -> str:
    return " or ".join(_plain(value) for value in rule.values)


def _plain(value: str) -> str:
    """A code is shown by its meaning where it has one; our own names with blanks."""
    parts = value.split("|")
    return role_title(parts[2] if len(parts) > 2 and parts[2] else parts[0])


def _is_free_text(rule: Rule) -> bool:
    return rule.attribute.endswith(_FREE_TEXT)
