"""For which studies a learned protocol is: a few proposals in words, the likeliest first, each checked against this study.

Codes before text. What is learned outweighs what is built in, and of two learned ones the narrower wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hanging_protocols.facts import Fact
from hanging_protocols.kinds import StudyKind, kind_of
from hanging_protocols.matching import score
from hanging_protocols.model import Constraint, Rule
from hanging_protocols.role_words import role_title
from hanging_protocols.study_facts import StudyFacts
from hanging_protocols.words import tokens
from workstation.domain.hanging import HangingContext

# More than any built-in protocol can reach; a further rule makes it narrower, and weigh more.
LEARNED_WEIGHT = 100.0
CODE_WEIGHT = 200.0
TEXT_WEIGHT = 150.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """`words` say which studies: `CT chest`, `every CT`; `rules` are theirs, and fit the study that was looked at."""

    words: str
    rules: tuple[Rule, ...]


def proposals(facts: StudyFacts, context: HangingContext) -> tuple[Proposal, ...]:
    """Which studies could be meant, the likeliest first; every one fits this study."""
    kind = kind_of(facts)
    found = [one for one in _proposals(facts, kind, context) if score(one.rules, lambda rule: _answers(facts, rule)).fits]
    unlike: dict[tuple[Rule, ...], Proposal] = {}
    for one in found:
        unlike.setdefault(one.rules, one)
    return tuple(unlike.values())


def _proposals(facts: StudyFacts, kind: StudyKind, context: HangingContext) -> Iterator[Proposal]:
    modality = tuple(_is("Modality", one) for one in kind.modalities)
    parts = tuple(_is("anatomy", part) for part in kind.parts)
    sides = {fact.value for fact in facts.of_study("laterality")}
    if parts and modality:
        yield Proposal(kind.words, (*modality, *parts))
    for coded in facts.of_study("ProcedureCodeSequence"):
        value, scheme, meaning = [*coded.value.split("|"), "", ""][:3]
        words = f"this procedure: {meaning} (code {value})" if meaning else f"this procedure (code {value})"
        yield Proposal(words, (*modality, _is("ProcedureCodeSequence", f"{value}|{scheme}", CODE_WEIGHT)))
    if len(sides) == 1 and parts:
        side = {"R": "right", "L": "left"}.get(next(iter(sides)))
        if side:
            yield Proposal(f"{kind.words}, {side} side", (*modality, *parts, _is("laterality", next(iter(sides)))))
    text = _called(facts)
    if text:
        rule = Rule("StudyDescription", Constraint.CONTAINS, (text,), weight=TEXT_WEIGHT, required=True)
        yield Proposal(f"studies called “{text}”", (*modality, rule))
    if len(kind.parts) > 1:
        for part in kind.parts:
            yield Proposal(f"every {kind.modality_words} of the {role_title(part)}", (*modality, _is("anatomy", part)))
    if modality:
        yield Proposal(f"every {kind.modality_words}", modality)
    else:
        yield Proposal("every study", (Rule("images", Constraint.NOT_NULL, weight=LEARNED_WEIGHT, required=True),))


def _called(facts: StudyFacts) -> str:
    """What the study is called, unless words of the patient's name or number stand in it."""
    text = facts.study.study_description.strip()
    patient = facts.study.patient
    private = {*tokens(patient.name.replace("^", " ")), *tokens(patient.key.patient_id)}
    words: Sequence[str] = tokens(text)
    return "" if not words or private & set(words) or len(text) > 64 else text


def _is(attribute: str, value: str, weight: float = LEARNED_WEIGHT) -> Rule:
    return Rule(attribute, Constraint.EQUALS, (value,), weight=weight, required=True)


def _answers(facts: StudyFacts, rule: Rule) -> tuple[Fact, ...]:
    return facts.of_study(rule.attribute)
