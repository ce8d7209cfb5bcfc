"""Which known terms a plain decoding may have misheard: "limb phadonopathy" -> lymphadenopathy.

Compared by sound, roughly: spelling folded to how it is spoken, then pairs of letters.
Nothing is replaced here: what is found is only expected in the second decoding.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

LIKE_ENOUGH = 0.65
MOST_WORDS = 3
SHORTEST_KEY = 4

_FOLDS = (
    ("ph", "f"), ("gh", "g"), ("ck", "k"), ("qu", "kw"), ("x", "ks"), ("tion", "shn"), ("sch", "sh"), ("th", "t"), ("rh", "r"),
    ("pn", "n"), ("ps", "s"), ("ch", "k"), ("ce", "se"), ("ci", "si"), ("cy", "si"), ("c", "k"), ("z", "s"), ("y", "i"),
    ("ae", "e"), ("oe", "e"), ("ea", "e"), ("ee", "i"), ("ou", "u"), ("oo", "u"), ("w", "u"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Terms with the ways they sound: as they are written, and as they have been misheard.

    `holders`: pair of letters -> the sounds that hold it; a sound is a term's number and how many pairs it has.
    """

    known: Mapping[str, tuple[str, ...]]
    terms: tuple[str, ...]
    sounds: tuple[tuple[int, int], ...]
    holders: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, terms: Mapping[str, tuple[str, ...]] | Iterable[str]) -> Lexicon:
        known = dict(terms) if isinstance(terms, Mapping) else dict.fromkeys(terms, ())
        sounds: list[tuple[int, int]] = []
        holders: dict[str, list[int]] = defaultdict(list)
        for number, (term, heard) in enumerate(known.items()):
            for key in dict.fromkeys(sound(spoken) for spoken in (term, *heard)):
                pairs = _pairs(key)
                for pair in pairs:
                    holders[pair].append(len(sounds))
                sounds.append((number, len(pairs)))
        return cls(known, tuple(known), tuple(sounds), dict(holders))

    def with_terms(self, terms: Iterable[str]) -> Lexicon:
        new = {term: () for term in terms if term not in self.known}
        return Lexicon.of({**self.known, **new}) if new else self


def sound(text: str) -> str:
    """Letters as they are spoken, roughly; no doubles, no silent h."""
    folded = re.sub(r"[^a-z0-9]", "", text.lower())
    for written, spoken in _FOLDS:
        folded = folded.replace(written, spoken)
    folded = re.sub(r"(?<=.)h", "", folded)
    return re.sub(r"(.)\1+", r"\1", folded)


def like(text: str, lexicon: Lexicon, most: int, doubtful: Collection[int] = ()) -> tuple[str, ...]:
    """The terms that some words of the text sound most like, best first; those like a doubtful word before all others."""
    words = text.split()
    near = _like(dict.fromkeys(_windows(words, doubtful)), lexicon) if doubtful else []
    near += [number for number in _like(dict.fromkeys(_windows(words)), lexicon) if number not in near]
    return tuple(lexicon.terms[number] for number in near[:most])


def _like(keys: Iterable[str], lexicon: Lexicon) -> list[int]:
    best: dict[int, float] = {}
    for key in keys:
        window = _pairs(key)
        shared = Counter(chain.from_iterable(lexicon.holders.get(pair, ()) for pair in window))
        for index, count in shared.items():
            number, size = lexicon.sounds[index]
            alike = 2 * count / (size + len(window))
            if alike >= LIKE_ENOUGH and alike > best.get(number, 0.0):
                best[number] = alike
    return sorted(best, key=lambda number: (-best[number], lexicon.terms[number]))


def alike(one: str, other: str) -> float:
    """How much two phrases sound alike, 0 to 1."""
    left, right = _pairs(sound(one)), _pairs(sound(other))
    return 2 * len(left & right) / (len(left) + len(right))


def _windows(words: Sequence[str], about: Collection[int] | None = None) -> list[str]:
    """The sounds of one to three words in a row; with `about` only where one of those words is among them."""
    keys = []
    for size in range(1, MOST_WORDS + 1):
        for start in range(len(words) - size + 1):
            if about is not None and not any(start <= index < start + size for index in about):
                continue
            key = sound("".join(words[start : start + size]))
            if len(key) >= SHORTEST_KEY:
                keys.append(key)
    return keys


def _pairs(key: str) -> frozenset[str]:
    edged = f"^{key}$"
    return frozenset(edged[index : index + 2] for index in range(len(edged) - 1))
