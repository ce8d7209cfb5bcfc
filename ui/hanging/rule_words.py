"""Attributes and constraints as people read them, and values to choose from: what the open study itself answers."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from hanging_protocols.facts import KNOWN_ATTRIBUTES
from hanging_protocols.model import Constraint, Rule
from hanging_protocols.study_facts import StudyFacts

_ATTRIBUTES: Mapping[str, str] = {
    "Modality": "Modality",
    "role": "What the series is for",
    "anatomy": "Body part",
    "laterality": "Side",
    "images": "Number of images",
    "series": "Number of series",
    "examination": "Kind of examination",
}
_CONSTRAINTS: Mapping[Constraint, str] = {
    Constraint.EQUALS: "is",
    Constraint.ONE_OF: "is one of",
    Constraint.NONE_OF: "is none of",
    Constraint.CONTAINS: "contains",
    Constraint.STARTS_WITH: "begins with",
    Constraint.RANGE: "lies between",
    Constraint.NOT_NULL: "is known",
}
SEVERAL = frozenset({Constraint.ONE_OF, Constraint.NONE_OF, Constraint.CONTAINS, Constraint.STARTS_WITH})
MOST_CHOICES = 60
NO_NUMBER = "the weight is a number from 0 to 1000"


def attributes() -> list[tuple[str, str]]:
    """(name in the file, words), ours first, then the elements of DICOM in alphabetical order."""
    named = [name for name in _ATTRIBUTES if name in KNOWN_ATTRIBUTES]
    return [(name, _tr(_ATTRIBUTES[name])) for name in named] + [(name, name) for name in sorted(KNOWN_ATTRIBUTES - set(named))]


def constraints() -> list[tuple[Constraint, str]]:
    return [(constraint, _tr(words)) for constraint, words in _CONSTRAINTS.items()]


def choices(facts: StudyFacts | None, attribute: str, of_series: bool) -> list[str]:
    """What the open study or its series answer to this attribute; text from outside."""
    if facts is None:
        return []
    found = [fact.value for fact in facts.of_study(attribute)]
    if of_series:
        found += [fact.value for one in facts.image_sets for fact in facts.of_image_set(one, attribute)]
    return list(dict.fromkeys(found))[:MOST_CHOICES]


def value_text(rule: Rule) -> str:
    """A rule's values as one line: several are parted by semicolons."""
    if rule.constraint is Constraint.NOT_NULL:
        return ""
    if rule.constraint is Constraint.RANGE:
        return f"{_bound(rule.low)} … {_bound(rule.high)}"
    return "; ".join(rule.values)


def values_of(constraint: Constraint, text: str) -> tuple[tuple[str, ...], float, float] | str:
    """Values and bounds that a line means, or what is wrong with it in words."""
    if constraint is Constraint.NOT_NULL:
        return (), 0.0, 0.0
    if constraint is Constraint.RANGE:
        parts = [part.strip().replace(",", ".") for part in text.replace("...", "…").split("…")]
        try:
            low, high = (_number(part, wide) for part, wide in zip(parts, (float("-inf"), float("inf")), strict=True))
        except ValueError:
            return _tr("write two numbers with … between them; one may be left out")
        return (), low, high
    values = tuple(part.strip() for part in text.split(";")) if constraint in SEVERAL else (text.strip(),)
    kept = tuple(value for value in values if value)
    return (kept, 0.0, 0.0) if kept else _tr("write what it has to be")


def _number(text: str, wide: float) -> float:
    return float(text) if text else wide


def _bound(value: float) -> str:
    return "" if value in (float("inf"), float("-inf")) else f"{value:.12g}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("core", text)
