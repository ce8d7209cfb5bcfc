"""Which words the recogniser should expect for this exam.

The list is the accuracy lever (word error 17 -> 6 % when it holds the words said), not the
model's size. A prompt holds some 220 tokens, about 45 terms: the order decides what goes in.
Of free text (template, order, prior report) only terms of the lexicon are taken: never a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from dictation.lexicon import Group, RadiologyLexicon, Term, radiology_lexicon
from dictation.retrieval import Lexicon
from workstation.domain.dictation import DictationContext

MOST_TERMS = 45
MOST_TOKENS = 220
LETTERS_PER_TOKEN = 3.6
"""An estimate for medical words in Whisper's vocabulary; the engine counts and cuts exactly."""

MOST_FROM_TEXTS = 20
"""So many terms come from the template, the order and the prior report: the exam's own keep room."""

# What a term is worth by where it belongs, and what each place further down its group costs.
ASKED_FOR = 30.0
OF_REGION = 20.0
OF_REGION_AND_MODALITY = 18.0
OF_MODALITY = 12.0
OF_MANY_REGIONS = 12.0
OF_OTHER_ORGAN = 8.0
ANYWHERE = 4.0
PLAIN = 0.0
STEP = 0.5
STEEP = 1.0

FEW_REGIONS = 3
"""A group of more regions than that belongs to none of them in particular."""


def terms_for(context: DictationContext, limit: int = MOST_TERMS) -> tuple[str, ...]:
    """At most `limit` terms, the most useful first: the caller's own, those that the template, the
    order and the prior report use, then the exam's by region, procedure and modality.

    For a language without a lexicon only the caller's own terms.
    """
    known = radiology_lexicon(context.language)
    return _fitting([*context.terms, *_from_texts(context, known), *_of_exam(context, known)], limit)


def regions_of(context: DictationContext, known: RadiologyLexicon) -> tuple[str, ...]:
    """The regions that the exam is about, by its body part and procedure, or else its template's or order's text."""
    for text in (f"{context.body_part} {context.procedure}", context.template, context.order):
        words = _plain(text)
        found = [region for name, region in known.names.items() if f" {name} " in words]
        if found:
            return tuple(dict.fromkeys(found))
    return ()


@lru_cache
def lexicon(language: str) -> Lexicon:
    """The language's terms with their sounds; empty for a language without a lexicon."""
    return Lexicon.of({term.text: term.heard for term in radiology_lexicon(language).terms if not term.group.plain})


def _of_exam(context: DictationContext, known: RadiologyLexicon) -> list[str]:
    regions = frozenset(regions_of(context, known))
    asked = _plain(f"{context.body_part} {context.procedure} {context.template}")
    modality = context.modality.upper()
    worths = {group: _worth(group, regions, modality, asked) for group in dict.fromkeys(term.group for term in known.terms)}
    worth = {group: found for group, found in worths.items() if found is not None}
    scored = [(worth[term.group][0] - worth[term.group][1] * term.rank, term) for term in known.terms if term.group in worth]
    return [term.text for _, term in sorted(scored, key=lambda pair: -pair[0])]


def _worth(group: Group, regions: frozenset[str], modality: str, asked: str) -> tuple[float, float] | None:
    """What the group's first term is worth and what each further place costs; None when it is of another exam."""
    if modality and group.modalities and modality not in group.modalities:
        return None
    if group.plain:
        return PLAIN, STEP
    if not group.regions:
        return (OF_MODALITY, STEEP) if modality else None
    if group.general:
        return ANYWHERE, STEP / 2
    if not regions:
        return (ANYWHERE, STEEP) if not group.tags else None
    if not regions & group.regions:
        return None
    if any(f" {tag} " in asked for tag in group.tags):
        return ASKED_FOR, STEP
    if group.tags:
        return (OF_MANY_REGIONS if len(regions & group.regions) > 1 else OF_OTHER_ORGAN), STEEP
    if len(group.regions) > FEW_REGIONS:
        return OF_MANY_REGIONS, STEP
    return (OF_REGION_AND_MODALITY if group.modalities else OF_REGION), STEP


def _from_texts(context: DictationContext, known: RadiologyLexicon) -> list[str]:
    """Terms that stand in the template, the order or the prior report; those of the most texts first."""
    texts = [_plain(text) for text in (context.template, context.order, context.prior) if text]
    counted = [(sum(_plain(term.text) in text for text in texts), term) for term in known.terms if not term.group.plain]
    found = sorted(((count, term) for count, term in counted if count), key=lambda pair: (-pair[0], pair[1].rank))
    return [term.text for term in _longest(term for _, term in found)][:MOST_FROM_TEXTS]


def _longest(terms: Iterable[Term]) -> Iterator[Term]:
    """Without "thyroid nodule" where it is only a part of another one: no word twice in the prompt."""
    found = list(terms)
    plain = [_plain(term.text) for term in found]
    for term, words in zip(found, plain, strict=True):
        if not any(words in other and words != other for other in plain):
            yield term


def _plain(text: str) -> str:
    """Words in small letters with one space around each, so that whole words can be looked for."""
    return " " + " ".join(re.findall(r"[^\W_]+", text.lower())) + " "


def _fitting(terms: Iterable[str], limit: int) -> tuple[str, ...]:
    chosen: dict[str, str] = {}
    tokens = 0.0
    for term in terms:
        tokens += 1 + len(term) / LETTERS_PER_TOKEN if term.lower() not in chosen else 0
        if len(chosen) >= limit or tokens > MOST_TOKENS:
            break
        chosen.setdefault(term.lower(), term)
    return tuple(chosen.values())
