"""What may have been said where the recogniser doubts, by sound; and which of it the sound itself bears out.

A recogniser that never met "retroperitoneal" writes "recropier tunnel". Here the terms that sound
like doubtful words are found, and each sentence with one of them put in is weighed: how likely does
the model, which heard the sound, think it? Nothing else about the sentence is changed; numbers,
sides, negations and opposites never are, nor is a term that was heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dictation.engines.alignment import MARKS
from dictation.engines.merging import Vocabulary, dressed, keeps, parts
from dictation.nearness import Forms, sounds

UNSURE = 0.8
"""Words below this confidence may be something else."""

STAYS = 0.5
MOST_WORDS = 4
LEAST_SOUNDS = 4
LEAST_NEAR = 0.55
JOINED = 0.6
"""Nearer than that where several words become fewer."""
MOST_A_WINDOW = 4
MOST_WEIGHED = 10
OF_EXAM_NEARER = 0.04

# How many times likelier (natural logarithm) than the recogniser believes a term is where nobody's words were heard,
# where the exam expects it, and how much the sound must speak for it against everybody's words.
NO_WORD = 2.0
EXPECTED = 1.0
EVERYDAY = -0.1
NEARNESS = 8.0
ENOUGH = 0.75
"""So much more or less is believed as it sounds nearer than this or not."""

WEIGHED = 0.5
"""The confidence of a term that was weighed in, at most: the editor marks it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """`term` may stand for the words `first` to `last` (excluded); `prior` is what speaks for it besides the sound."""

    first: int
    last: int
    term: str
    near: float
    prior: float


class Weigher:
    """The terms that may have been said: whole ones, and each of their rarer words."""

    def __init__(self, terms: Mapping[str, Sequence[str]], known: Vocabulary, expected: Iterable[str]) -> None:
        self._known = known
        self._expected = {form.lower() for term in expected for form in (term, *term.split())}
        self._forms = Forms(_forms(terms))

    def candidates(self, words: Sequence[Sequence[Any]]) -> list[Candidate]:
        """What the doubtful words may have been, the nearest first."""
        windows = self._windows(words)
        found: dict[tuple[int, int, str], Candidate] = {}
        for (first, last), near in zip(windows, self._forms.near([self._sounds(words[a:b]) for a, b in windows]), strict=True):
            heard = [part for word in words[first:last] for part in parts(str(word[0]))]
            stay = [part for word in words[first:last] if word[1] >= STAYS for part in parts(str(word[0]))]
            taken = 0
            for term, alike in near:
                if alike < LEAST_NEAR or taken == MOST_A_WINDOW:
                    break
                if (alike >= JOINED or len(term.split()) >= len(heard)) and self._may_stand_for(term, heard, stay):
                    prior = self._prior(term, heard) + NEARNESS * (alike - ENOUGH)
                    found[first, last, term] = Candidate(first, last, _as_many(term, heard), alike, prior)
                    taken += 1
        return sorted(found.values(), key=lambda found: -self._rank(found))[:MOST_WEIGHED]

    def _rank(self, found: Candidate) -> float:
        return found.near + (OF_EXAM_NEARER if found.term.lower() in self._expected else 0.0)

    def _prior(self, term: str, heard: Sequence[str]) -> float:
        expected = EXPECTED if term.lower() in self._expected else 0.0
        return expected + (NO_WORD if self._has_no_word(heard) else EVERYDAY)

    def _has_no_word(self, heard: Sequence[str]) -> bool:
        return any(not self._known.knows(part) for part in heard)

    def _windows(self, words: Sequence[Sequence[Any]]) -> list[tuple[int, int]]:
        doubtful = [word[1] < UNSURE or not self._known.knows(str(word[0])) for word in words]
        return [
            (first, first + size)
            for size in range(1, MOST_WORDS + 1)
            for first in range(len(words) - size + 1)
            if any(doubtful[first : first + size]) and self._is_open(words[first : first + size])
        ]

    def _is_rare_term(self, part: str) -> bool:
        return part in self._known.terms and not self._known.is_common(part)

    def _is_open(self, words: Sequence[Sequence[Any]]) -> bool:
        """Not all of it terms, long enough to be told apart, and with no stop inside."""
        heard = [part for word in words for part in parts(str(word[0]))]
        inside = any(str(word[0])[-1:] in MARKS for word in words[:-1] if str(word[0])[-1:] != ",")
        return not inside and not all(part in self._known.terms for part in heard) and len(self._sounds(words)) >= LEAST_SOUNDS

    def _sounds(self, words: Sequence[Sequence[Any]]) -> str:
        return sounds(" ".join(part for word in words for part in parts(str(word[0]))))

    def _may_stand_for(self, term: str, heard: Sequence[str], stay: Sequence[str]) -> bool:
        """`stay` are those of `heard` that are not much doubted: a term among them is not swallowed."""
        said = parts(term.replace(" ", "-"))
        joined = "".join(said)
        swallows = len(heard) > 1 and any(self._is_rare_term(part) and part not in joined for part in stay)
        if swallows or set(said) <= set(heard):
            return False
        return keeps(heard, said, self._known)


def _as_many(term: str, heard: Sequence[str]) -> str:
    """In the plural where that was heard: "pars defects"."""
    return f"{term}s" if heard[-1] == f"{term.rsplit(maxsplit=1)[-1].lower()}s" else term


def weighed(
    words: Sequence[Sequence[Any]],
    found: Sequence[Candidate],
    weigh: Callable[[Sequence[str], str], Sequence[float]],
) -> list[list[Any]]:
    """The words with the candidates that the sound bears out. `weigh(sentences, expected)`: how likely each is (logarithm)."""
    texts = [" ".join(str(word[0]) for word in put) for put in (words, *(_put(words, one) for one in found))]
    plain, *others = weigh(texts, ", ".join(dict.fromkeys(one.term for one in found)))
    gains = [(other - plain + one.prior, one) for other, one in zip(others, found, strict=True)]
    chosen: list[Candidate] = []
    for gain, one in sorted(gains, key=lambda pair: -pair[0]):
        if gain > 0 and all(one.last <= other.first or other.last <= one.first for other in chosen):
            chosen.append(one)
    written = [list(word) for word in words]
    for one in sorted(chosen, key=lambda one: -one.first):
        written = _put(written, one)
    return written


def _put(words: Sequence[Sequence[Any]], one: Candidate) -> list[list[Any]]:
    instead = words[one.first : one.last]
    said = one.term.split()
    start, end, sure = instead[0][2], instead[-1][3], min(WEIGHED, *(float(word[1]) for word in instead), WEIGHED)
    step = (end - start) / len(said)
    put = [[word, sure, start + index * step, start + (index + 1) * step] for index, word in enumerate(said)]
    return [*map(list, words[: one.first]), *dressed(put, instead), *map(list, words[one.last :])]


def _forms(terms: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Each term as it may be spoken, and each word of one that is long enough to be known alone; none with a digit."""
    whole = {term: heard for term, heard in terms.items() if not any(map(str.isdigit, term))}
    single = dict.fromkeys(word for term in whole for word in term.split() if len(word) > LEAST_SOUNDS)
    return {**whole, **{word: () for word in single if word not in whole}}
