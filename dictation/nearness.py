"""How near two phrases sound, by what it takes to turn one into the other.

Finer than `retrieval`, and dearer: English spelling is folded to rough sounds, and a vowel for a
vowel, "t" for "d" or "f" for "p" costs little. Many pairs are compared at once, in numpy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

LONGEST = 30
"""Sounds; what is longer is cut."""

_FOLDS = tuple(
    (re.compile(pattern), spoken)
    for pattern, spoken in (
        (r"[^a-z]", ""),
        (r"^(?:pn|kn|gn)", "n"), (r"^ps", "s"), (r"^wr", "r"), (r"^x", "s"), (r"(?<=[aeiou])gh(?=t)", ""), (r"mb$", "m"),
        (r"(?:ti|si|ci)on", "Sn"), (r"(?:ti|ci|xi)ous", "Ss"), (r"(?<=[ct])ia(?=[nl])", "Sa"), (r"ture", "Cr"),
        (r"igh", "i"), (r"tch", "C"),
        (r"sch", "sk"), (r"ch", "k"), (r"sh", "S"), (r"ph", "f"), (r"th", "t"), (r"rrh", "r"), (r"rh", "r"),
        (r"wh", "w"), (r"gh", "g"), (r"ck", "k"), (r"qu", "kw"), (r"x", "ks"), (r"dg(?=[eiy])", "j"), (r"g(?=[eiy])", "j"),
        (r"cc(?=[eiy])", "ks"), (r"sc(?=[eiy])", "s"), (r"c(?=[eiy])", "s"), (r"c", "k"), (r"z", "s"), (r"q", "k"),
        (r"(?<=[a-z])e$", ""), (r"y", "i"), (r"ae|oe", "e"), (r"ee|ea|ie", "i"), (r"oo|ou|ew|ue", "u"), (r"ai|ei", "e"),
        (r"oa|ow", "o"), (r"au|aw", "o"), (r"h", ""), (r"([a-zSC])\1+", r"\1"),
    )
)  # fmt: skip

_VOWELS = "aeiou"
_ALIKE = ("pb", "td", "kg", "fv", "sSCj", "mn", "lrw", "fp", "vb", "tk", "dg", "tC", "dj", "ksS", "ui")
_ALPHABET = "abdefgijklmnoprstuvwSC"
_VOWEL_FOR_VOWEL = 0.35
_LIKE_CONSONANT = 0.45
_OTHER = 1.0
_DROPPED = {**dict.fromkeys(_VOWELS, 0.5), **dict.fromkeys("rw", 0.6), **dict.fromkeys("lnt", 0.8)}

ROUGHLY = 24
"""So many are compared finely, of those that share most pairs of sounds."""

_VOWEL_KIND = 1
_KINDS = {
    letter: number
    for number, kind in enumerate((_VOWELS, "pbfv", "td", "kg", "sSCj", "mn", "l", "rw"), _VOWEL_KIND)
    for letter in kind
}

Costs = npt.NDArray[np.float32]


@lru_cache(maxsize=65536)
def sounds(text: str) -> str:
    """A word's sounds, roughly; of several words, of each by itself."""
    folded = text.lower()
    if " " in folded:
        return re.sub(r"(.)\1+", r"\1", "".join(sounds(word) for word in folded.split()))
    for pattern, spoken in _FOLDS:
        folded = pattern.sub(spoken, folded)
    return "".join(letter for letter in folded if letter in _ALPHABET)


def nearness(ours: Sequence[str], theirs: Sequence[str]) -> Costs:
    """Of each pair of sounds (`ours[n]`, `theirs[n]`): 1 the same, 0 nothing in common."""
    if not ours:
        return np.zeros(0, np.float32)
    left, right = _coded(ours), _coded(theirs)
    drop_left, drop_right = _DROP[left], _DROP[right]
    row = np.concatenate([np.zeros((len(ours), 1), np.float32), np.cumsum(drop_right, axis=1)], axis=1)
    ends = np.array([min(len(text), LONGEST) for text in theirs])
    for index in range(left.shape[1]):
        before, row = row, np.empty_like(row)
        row[:, 0] = before[:, 0] + drop_left[:, index]
        change = before[:, :-1] + _CHANGE[left[:, index, None], right]
        gone = before[:, 1:] + drop_left[:, index, None]
        best = np.minimum(change, gone)
        for at in range(right.shape[1]):
            row[:, at + 1] = np.minimum(best[:, at], row[:, at] + drop_right[:, at])
    cost = row[np.arange(len(ours)), ends]
    most = (drop_left.sum(axis=1) + drop_right.sum(axis=1)) / 2
    return np.asarray(np.clip(1.0 - cost / np.maximum(most, 0.1), 0.0, 1.0), np.float32)


class Forms:
    """Texts that are looked for by sound, many times; each with the ways in which it may be spoken."""

    def __init__(self, texts: dict[str, Sequence[str]]) -> None:
        told_apart = {sounds(text): text for text in reversed(texts)}
        for text, also in texts.items():
            for spoken in also:
                told_apart.setdefault(sounds(spoken), text)
        told_apart.pop("", None)
        self._texts, self._sounds = tuple(told_apart.values()), tuple(told_apart)
        self._pairs = _pairs(self._sounds)

    def near(self, heard: Sequence[str], most: int = 10) -> list[list[tuple[str, float]]]:
        """For each of the sounds `heard` the nearest texts, and how near; the nearest first."""
        if not heard or not self._texts:
            return [[] for _ in heard]
        shared = _pairs(heard) @ self._pairs.T
        roughly = np.argpartition(-shared, min(ROUGHLY, shared.shape[1] - 1), axis=1)[:, :ROUGHLY]
        pairs = [(number, index) for number, row in enumerate(roughly) for index in row]
        values = nearness([heard[number] for number, _ in pairs], [self._sounds[index] for _, index in pairs])
        found: list[list[tuple[str, float]]] = [[] for _ in heard]
        for (number, index), value in zip(pairs, values, strict=True):
            found[number].append((self._texts[index], float(value)))
        return [_best(row)[:most] for row in found]


def _best(found: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The nearest first, each text once."""
    once: dict[str, float] = {}
    for text, value in sorted(found, key=lambda pair: (-pair[1], pair[0])):
        once.setdefault(text, value)
    return list(once.items())


def _pairs(texts: Sequence[str]) -> Costs:
    """For each text how much it has of each pair of kinds of sound, next to each other or but for vowels; of length 1."""
    size = max(_KINDS.values()) + 1
    table = np.zeros((len(texts), 2, size, size), np.float32)
    for number, text in enumerate(texts):
        kinds = [0, *(_KINDS[letter] for letter in text), 0]
        hard = [kind for kind in kinds if kind != _VOWEL_KIND]
        for kind, row in enumerate((kinds, hard)):
            for pair in pairwise(row):
                table[(number, kind, *pair)] = 1.0
    flat: Costs = table.reshape(len(texts), 2 * size * size)
    return np.asarray(flat / np.maximum(np.sqrt(flat.sum(axis=1, keepdims=True)), 1.0), np.float32)


def _coded(texts: Sequence[str]) -> npt.NDArray[np.intp]:
    width = max(1, *(min(len(text), LONGEST) for text in texts))
    coded = np.zeros((len(texts), width), np.intp)
    for number, text in enumerate(texts):
        coded[number, : min(len(text), LONGEST)] = [_ALPHABET.index(letter) + 1 for letter in text[:LONGEST]]
    return coded


def _tables() -> tuple[Costs, Costs]:
    """What a sound for another costs, and what one costs that only one of both has; 0 is none."""
    size = len(_ALPHABET) + 1
    change = np.full((size, size), _OTHER, np.float32)
    for group, cost in ((_VOWELS, _VOWEL_FOR_VOWEL), *((alike, _LIKE_CONSONANT) for alike in _ALIKE)):
        codes = [_ALPHABET.index(letter) + 1 for letter in group if letter in _ALPHABET]
        change[np.ix_(codes, codes)] = np.minimum(change[np.ix_(codes, codes)], cost)
    np.fill_diagonal(change, 0.0)
    drop = np.array([0.0, *(_DROPPED.get(letter, _OTHER) for letter in _ALPHABET)], np.float32)
    change[0, :], change[:, 0] = drop, drop
    return change, drop


_CHANGE, _DROP = _tables()
