"""How well a thing fits a phrase as people type it: by its words, by words that mean the same, by what is rare among all.

`workstation.commands.finding` asks here when no title and no other word fits letter by letter.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

Thing = tuple[tuple[str, ...], str]
"""What can be found: its folded phrases, the title first, and its folded menu."""
LEAST, MOST = 150, 590
"""Above letters that only stand somewhere in order, below everything that was typed as it is called."""
_SILENT = (
    frozenset(
        ("a", "an", "and", "are", "at", "be", "by", "can", "did", "do", "does", "else", "for", "from", "get", "go", "got", "has")
    )
    | frozenset(
        ("have", "how", "i", "in", "into", "is", "it", "its", "just", "let", "like", "me", "my", "now", "of", "on", "onto", "or")
    )
    | frozenset(
        ("please", "so", "some", "that", "the", "there", "these", "this", "to", "too", "want", "was", "what", "where", "with")
    )
)
_ENDINGS = ("ations", "ation", "ments", "ment", "ness", "ings", "ing", "ions", "ion", "ies", "ers", "ed", "es", "er", "s", "e")
_SAME, _SLIP, _BEGINS = 0.75, 0.7, 0.85
# What a word counts among the other words of a thing, and in the name of its menu, beside one of the title.
_OTHER, _MENU = 0.95, 0.5
# A share of what was typed, by weight, that has to fit; and of one phrase of the thing that counts as much as all of it.
_ENOUGH, _WHOLE = 0.35, 0.3
# The most that a word counts for being rare here: it may only be rare here. What no thing knows counts for less.
_RAREST, _UNKNOWN = 3.4, 1.2


def content(parts: Sequence[str]) -> list[str]:
    """Without the words that say nothing; all of them where there are no others."""
    return [part for part in parts if part not in _SILENT] or list(parts)


def ranked(parts: Sequence[str], things: tuple[Thing, ...], is_slip: Callable[[str, str], bool]) -> list[int]:
    """Points from LEAST to MOST, 0 for what does not fit."""
    sought = list(dict.fromkeys(content(parts)))
    index = _index(things)
    fits = [_fitting(part, index, is_slip) for part in sought]
    heard = [_heard(fit, index) for fit in fits]
    counts = [sum(share > 0.5 for share in row.values()) for row in heard]
    weights = [min(math.log((1 + len(things)) / (1 + count)), _RAREST) if count else _UNKNOWN for count in counts]
    covered: dict[int, float] = {}
    for row, weight in zip(heard, weights, strict=True):
        for thing, share in row.items():
            covered[thing] = covered.get(thing, 0.0) + share * weight / sum(weights)
    least = min(_ENOUGH, max(covered.values(), default=0.0))  # where nothing fits, what fits best
    meant: dict[str, float] = {}
    for fit in fits:
        for word, share in fit.items():
            meant[word] = max(share, meant.get(word, 0.0))
    points = [0] * len(things)
    for thing, share in covered.items():
        if share >= least:
            whole = max((_share(phrase, meant) for phrase in index.phrases[thing]), default=0.0)
            points[thing] = round(LEAST + (MOST - LEAST) * ((1 - _WHOLE) * share + _WHOLE * whole))
    return points


@dataclass(frozen=True, slots=True)
class _Index:
    """`where` tells of a word the things that it is of, with how much it counts there; `stems` and `firsts` find words."""

    where: Mapping[str, Mapping[int, float]]
    stems: Mapping[str, Sequence[str]]
    firsts: Mapping[str, Sequence[str]]
    phrases: Sequence[Sequence[Sequence[str]]]


@lru_cache(maxsize=4)
def _index(things: tuple[Thing, ...]) -> _Index:
    where: dict[str, dict[int, float]] = {}
    for number, (phrases, menu) in enumerate(things):
        for words, counts in ((menu, _MENU), *((phrase, _OTHER) for phrase in phrases[1:]), (phrases[0], 1.0)):
            for word in words.split():
                of = where.setdefault(word, {})
                of[number] = max(of.get(number, 0.0), counts)
    stems: dict[str, list[str]] = {}
    firsts: dict[str, list[str]] = {}
    for word in where:
        stems.setdefault(_stem(word), []).append(word)
        firsts.setdefault(word[0], []).append(word)
    split = [[content(phrase.split()) for phrase in phrases if phrase] for phrases, _ in things]
    return _Index(where, stems, firsts, split)


def _fitting(part: str, index: _Index, is_slip: Callable[[str, str], bool]) -> Mapping[str, float]:
    """The known words that a typed one may mean, with how surely."""
    found = {word: _SLIP for word in index.firsts.get(part[0], ()) if is_slip(part, word)}
    for stem in _meanings().get(_stem(part), ()):
        found |= dict.fromkeys(index.stems.get(stem, ()), _SAME)
    if len(part) > 2:
        found |= {word: _BEGINS for word in index.firsts.get(part[0], ()) if word.startswith(part)}
    return found | dict.fromkeys(index.stems.get(_stem(part), ()), 1.0)


def _heard(fit: Mapping[str, float], index: _Index) -> Mapping[int, float]:
    """How surely a typed word is one of each thing's."""
    heard: dict[int, float] = {}
    for word, share in fit.items():
        for thing, counts in index.where[word].items():
            heard[thing] = max(heard.get(thing, 0.0), share * counts)
    return heard


def _share(words: Sequence[str], meant: Mapping[str, float]) -> float:
    """How much of a phrase was typed."""
    return sum(meant.get(word, 0.0) for word in words) / len(words) if words else 0.0


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    """Without its ending, where enough of it is left: `measuring` and `measurements` are not told apart from `measure`."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=1)
def _meanings() -> Mapping[str, frozenset[str]]:
    """The stems that mean the same as a stem, of all languages that have a file."""
    found: dict[str, set[str]] = {}
    for file in files("resources").joinpath("command_words").iterdir():
        if file.name.startswith("same_"):
            for line in tomllib.loads(file.read_text(encoding="utf-8"))["same"]:
                stems = {_stem(word) for phrase in line for word in [phrase.casefold()] if " " not in word}
                for stem in stems:
                    found.setdefault(stem, set()).update(stems)
    return {stem: frozenset(others) for stem, others in found.items()}
