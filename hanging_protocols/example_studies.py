"""For which studies a learned protocol is: a few proposals in words, the likeliest first, each checked against this study.

Codes before text. What is learned comes just before what would hang this study without it: a built-in protocol for
a narrower kind of study (the pulmonary arteries among chests) goes on before it, and of two learned ones the narrower.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hanging_protocols.kinds import StudyKind, kind_of
from hanging_protocols.matching import score
from hanging_protocols.model import Constraint, Rule
from hanging_protocols.role_words import role_title
from hanging_protocols.study_facts import StudyFacts
from hanging_protocols.words import tokens
from workstation.domain.hanging import HangingContext

# How narrow a proposal is: so many points more than what it has to come before.
EVERY, PART, KIND, EXAMINATION, SIDE, TEXT, CODE = range(2, 16, 2)
MOST_TEXT = 64


@dataclass(frozen=True, slots=True)
class Proposal:
    """`words` say which studies: `CT chest`, `every CT`; `rules` are theirs, and fit the study that was looked at."""

    words: str
    rules: tuple[Rule, ...]


def proposals(facts: StudyFacts, context: HangingContext, best: float = 0.0) -> tuple[Proposal, ...]:
    """Which studies could be meant, the likeliest first; every one fits this study and has more points than `best`."""
    unlike: dict[tuple[Rule, ...], Proposal] = {}
    for words, narrow, rules in _proposals(facts, kind_of(facts), context):
        weight = float(math.ceil((best + narrow) / len(rules)))
        weighed = tuple(replace(rule, weight=weight) for rule in rules)
        if score(weighed, lambda rule: facts.of_study(rule.attribute)).fits:
            unlike.setdefault(weighed, Proposal(words, weighed))
    return tuple(unlike.values())


def _proposals(facts: StudyFacts, kind: StudyKind, context: HangingContext) -> Iterator[tuple[str, int, tuple[Rule, ...]]]:
    """Words, how narrow it is, and the rules without their weights."""
    modality = tuple(_is("Modality", one) for one in kind.modalities)
    parts = tuple(_is("anatomy", part) for part in kind.parts)
    examinations = [fact.value for fact in facts.of_study("examination")]
    for name in examinations if modality else ():
        yield f"{kind.words}, {role_title(name)}", EXAMINATION, (*modality, *parts, _is("examination", name))
    if parts and modality:
        yield kind.words, KIND, (*modality, *parts)
    for coded in facts.of_study("ProcedureCodeSequence"):
        value, scheme, meaning = [*coded.value.split("|"), "", ""][:3]
        words = f"this procedure: {meaning} (code {value})" if meaning else f"this procedure (code {value})"
        yield words, CODE, (*modality, _is("ProcedureCodeSequence", f"{value}|{scheme}"))
    if 0 < len(context.procedure_code) <= MOST_TEXT:
        code = context.procedure_code
        yield f"this ordered procedure (code {code.split('|')[0]})", CODE, (*modality, _is("procedure_code", code))
    sides = {fact.value for fact in facts.of_study("laterality")}
    side = {"R": "right", "L": "left"}.get(next(iter(sides))) if len(sides) == 1 else None
    if side and parts:
        yield f"{kind.words}, {side} side", SIDE, (*modality, *parts, _is("laterality", next(iter(sides))))
    text = _called(facts)
    if text:
        rule = Rule("StudyDescription", Constraint.CONTAINS, (text,), required=True)
        yield f"studies called “{text}”", TEXT, (*modality, rule)
    for part in kind.parts if len(kind.parts) > 1 else ():
        yield f"every {kind.modality_words} of the {role_title(part)}", PART, (*modality, _is("anatomy", part))
    if modality:
        yield f"every {kind.modality_words}", EVERY, modality
    else:
        yield "every study", EVERY, (Rule("images", Constraint.NOT_NULL, required=True),)


def _called(facts: StudyFacts) -> str:
    """What the study is called, unless words of the patient's name or number stand in it."""
    text = facts.study.study_description.strip()
    patient = facts.study.patient
    private = {*tokens(patient.name.replace("^", " ")), *tokens(patient.key.patient_id)}
    words: Sequence[str] = tokens(text)
    return "" if not words or private & set(words) or len(text) > MOST_TEXT else text


def _is(attribute: str, value: str) -> Rule:
    return Rule(attribute, Constraint.EQUALS, (value,), required=True)
