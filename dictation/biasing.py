"""Which words the recogniser should expect for this exam.

The list is the accuracy lever (word error 17 -> 6 % when it holds the words said), not the
model's size. A prompt holds some 220 tokens, about 45 terms: the order decides what goes in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from dictation.retrieval import Lexicon
from workstation.domain.dictation import DictationContext

MOST_TERMS = 45
MOST_TOKENS = 220
LETTERS_PER_TOKEN = 3.6
"""An estimate for medical words in Whisper's vocabulary; the engine counts and cuts exactly."""


@dataclass(frozen=True, slots=True)
class TermList:
    """One language's terms: by body part with the part's other names, by modality, and in general."""

    parts: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    modalities: Mapping[str, tuple[str, ...]]
    general: tuple[str, ...]


def terms_for(context: DictationContext, limit: int = MOST_TERMS) -> tuple[str, ...]:
    """At most `limit` terms, the most useful first: the caller's own, the body part's, the modality's.

    Two body parts share the room between them. Empty for a language without a list, except for
    the caller's own terms.
    """
    known = term_list(context.language)
    if known is None:
        return _fitting(context.terms, limit)
    parts = parts_of(context, known)
    exam = list(_alternately([known.parts[part] for part in parts]))
    modality = known.modalities.get(context.modality.upper(), ())
    if not exam:
        return _fitting([*context.terms, *modality, *known.general], limit)
    room = max(0, limit - len(context.terms) - len(modality))
    return _fitting([*context.terms, *exam[:room], *modality, *exam[room:]], limit)


def parts_of(context: DictationContext, known: TermList) -> tuple[str, ...]:
    """The body parts that the exam is about, by its body part or else its procedure's text."""
    for text in (context.body_part, context.procedure):
        words = " ".join(re.findall(r"[a-z]+", text.lower()))
        found = [part for name, part in known.names.items() if re.search(rf"\b{re.escape(name)}\b", words)]
        if found:
            return tuple(dict.fromkeys(found))
    return ()


@lru_cache
def lexicon(language: str) -> Lexicon:
    """Every term of the language with its sound; empty for a language without a list."""
    known = term_list(language)
    if known is None:
        return Lexicon.of(())
    lists = [*known.parts.values(), *known.modalities.values(), known.general]
    return Lexicon.of(term for terms in lists for term in terms)


@lru_cache
def term_list(language: str) -> TermList | None:
    source = files("resources") / "vocabulary" / f"terms_{language}.toml"
    if not source.is_file():
        return None
    data = tomllib.loads(source.read_text("utf-8"))
    parts = data["parts"]
    names = {part: part for part in parts} | {name: part for part in parts for name in parts[part]["also"] if name not in parts}
    return TermList(
        {part: tuple(table["terms"]) for part, table in parts.items()},
        names,
        {modality: tuple(table["terms"]) for modality, table in data["modalities"].items()},
        tuple(data["general"]["terms"]),
    )


def _fitting(terms: Iterable[str], limit: int) -> tuple[str, ...]:
    chosen: dict[str, str] = {}
    tokens = 0.0
    for term in terms:
        tokens += 1 + len(term) / LETTERS_PER_TOKEN if term.lower() not in chosen else 0
        if len(chosen) >= limit or tokens > MOST_TOKENS:
            break
        chosen.setdefault(term.lower(), term)
    return tuple(chosen.values())


def _alternately(lists: list[tuple[str, ...]]) -> Iterable[str]:
    for index in range(max((len(terms) for terms in lists), default=0)):
        yield from (terms[index] for terms in lists if index < len(terms))
