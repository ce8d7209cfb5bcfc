"""Which known terms a plain decoding may have misheard: "limb phadonopathy" -> lymphadenopathy.

Compared by sound, roughly: spelling folded to how it is spoken, then pairs of letters.
Nothing is replaced here: what is found is only expected in the second decoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LIKE_ENOUGH = 0.5
MOST_WORDS = 3
SHORTEST_KEY = 4

_FOLDS = (
    ("ph", "f"), ("gh", "g"), ("ck", "k"), ("qu", "kw"), ("x", "ks"), ("tion", "shn"), ("sch", "sh"), ("th", "t"), ("rh", "r"),
    ("pn", "n"), ("ps", "s"), ("ch", "k"), ("ce", "se"), ("ci", "si"), ("cy", "si"), ("c", "k"), ("z", "s"), ("y", "i"),
    ("ae", "e"), ("oe", "e"), ("ea", "e"), ("ee", "i"), ("ou", "u"), ("oo", "u"), ("w", "u"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Terms with their sounds."""

    terms: tuple[str, ...]
    sounds: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, terms: Iterable[str]) -> Lexicon:
        known = tuple(dict.fromkeys(terms))
        return cls(known, tuple(_pairs(sound(term)) for term in known))

    def with_terms(self, terms: Iterable[str]) -> Lexicon:
        new = [term for term in dict.fromkeys(terms) if term not in self.terms]
        return Lexicon(self.terms + tuple(new), self.sounds + tuple(_pairs(sound(term)) for term in new))


def sound(text: str) -> str:
    """Letters as they are spoken, roughly; no doubles, no silent h."""
    folded = re.sub(r"[^a-z0-9]", "", text.lower())
    for written, spoken in _FOLDS:
        folded = folded.replace(written, spoken)
    folded = re.sub(r"(?<=.)h", "", folded)
    return re.sub(r"(.)\1+", r"\1", folded)


def like(text: str, lexicon: Lexicon, most: int) -> tuple[str, ...]:
    """The terms that some words of the text sound most like, best first."""
    windows = [_pairs(key) for key in _windows(text.split())]
    scored = []
    for term, pairs in zip(lexicon.terms, lexicon.sounds, strict=True):
        best = max((2 * len(pairs & window) / (len(pairs) + len(window)) for window in windows), default=0.0)
        if best >= LIKE_ENOUGH:
            scored.append((-best, term))
    return tuple(term for _, term in sorted(scored)[:most])


def _windows(words: Sequence[str]) -> list[str]:
    keys = []
    for size in range(1, MOST_WORDS + 1):
        for start in range(len(words) - size + 1):
            key = sound("".join(words[start : start + size]))
            if len(key) >= SHORTEST_KEY:
                keys.append(key)
    return keys


def _pairs(key: str) -> frozenset[str]:
    edged = f"^{key}$"
    return frozenset(edged[index : index + 2] for index in range(len(edged) - 1))
