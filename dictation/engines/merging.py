"""Two hearings of one sound made into one: the first, with terms where another heard them better.

A decoder that is told what to expect hears rare terms better and may do worse elsewhere: it skips,
invents and reshapes. So from a second hearing only single stretches are taken: where it hears a
known term, which sounds like what stands there, and no number, side, negation or opposite changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from dictation.engines.alignment import MARKS, atoms
from dictation.formatter.language import Language
from dictation.nearness import nearness, sounds
from dictation.retrieval import alike, sound

SOUNDS_ALIKE = 0.6
MOST_WORDS = 6
JOINED = 0.55
"""So near words sound that may be taken for one: "rec repair tunnel" for "retroperitoneal"."""

INVENTED_AT_END = 0.5
INVENTED_AFTER_STOP = 0.15
MOST_AFTER_STOP = 3
STOPS = (".", "?", "!")
CERTAIN = 0.9
"""What the plain hearing is so sure of, word by word, stays, if each of its words is known."""

LEAST_LETTERS = 4
"""A shorter word is no term that could be misheard as a rare one."""

SHORTEST_REPAIRED = 7
ENDING = 3
NEARLY = 0.85
CLEARLY = 0.06
MOST_LONGER = 1.25
"""Whole parts of a word turn a finding into another one: "peritoneum" is no "pneumoperitoneum"."""

REPAIRED = 0.3
"""Its confidence then: the editor marks it."""

ROMAN = re.compile(r"[ivx]{2,4}")

Words = Sequence[Sequence[Any]]
"""[word, confidence, start, end]"""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`terms`: the single words of all known terms, in small letters. `is_common`: a word that everybody says."""

    terms: Collection[str]
    is_common: Callable[[str], bool]
    tables: Language | None
    hurts: Callable[[str], bool] = bool
    """A number, a unit, a side or a negation: none is ever put where it was not heard."""

    def knows(self, word: str) -> bool:
        return all(part in self.terms or self.is_common(part) for part in parts(word))

    def is_of_medicine(self, word: str) -> bool:
        """A term's word that is not everybody's; or none that is known, which may be one misheard."""
        return any(not self.is_common(part) for part in parts(word) if not any(map(str.isdigit, part)))


def without_afterthought(words: Words, known: Vocabulary) -> list[list[Any]]:
    """Without a few everyday words behind the last stop that nobody said: "again.", "Thank you."."""
    for at in range(max(1, len(words) - MOST_AFTER_STOP), len(words)):
        after = [part for word in words[at:] for part in parts(str(word[0]))]
        said = float(words[at][1]) >= INVENTED_AFTER_STOP or critical(after, known.tables)
        if str(words[at - 1][0])[-1:] in STOPS and not said and all(map(known.is_common, after)):
            return [list(word) for word in words[:at]]
    return [list(word) for word in words]


def without_tail(words: Words, others: Sequence[str]) -> list[list[Any]]:
    """Without what only this hearing has behind the last word that another one heard, if it doubts that: "Thank you."."""
    heard = {part for other in others for word in other.split() for part in parts(word)}
    end = len(words)
    while end and not heard & set(parts(str(words[end - 1][0]))):
        end -= 1
    doubted = others and 0 < end < len(words) and float(words[end][1]) < INVENTED_AT_END
    return [list(word) for word in (words[:end] if doubted else words)]


def spliced(plain: Words, other: Words, known: Vocabulary) -> list[list[Any]]:
    """The other's words, which expected terms made better, and the plain ones wherever something would be lost or invented.

    Expected terms make a decoder skip ("No acute intracranial hemorrhage" became "hemorrhage") and find what was not
    said ("Laugh less" became "L5-S2"): what only the plain hearing has stays, and so does every number, unit, side,
    negation and opposite. Several words become fewer only where they sound alike.
    """
    ours, theirs = [_key(word) for word in plain], [_key(word) for word in other]
    written: list[list[Any]] = []
    for kind, first, last, low, high in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        takes = kind == "equal" or _may_stand(plain[first:last], other[low:high], known)
        written += [list(word) for word in (other[low:high] if takes else plain[first:last])]
    return written


def _may_stand(plain: Words, other: Words, known: Vocabulary) -> bool:
    ours = [part for word in plain for part in parts(str(word[0]))]
    theirs = [part for word in other for part in parts(str(word[0]))]
    invents = not ours and any(part in known.terms for part in theirs)
    if not theirs or invents or not keeps(ours, theirs, known):
        return False
    same = len(theirs) >= len(ours) and critical(ours, known.tables) == critical(theirs, known.tables)
    return same or float(nearness([sounds(" ".join(ours))], [sounds(" ".join(theirs))])[0]) >= JOINED


def merged(plain: Words, other: Words, known: Vocabulary) -> list[list[Any]]:
    """The plain words, with the other's where those are better."""
    ours, theirs = [_key(word) for word in plain], [_key(word) for word in other]
    written: list[list[Any]] = []
    for kind, first, last, low, high in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "replace":
            written += _better(plain[first:last], other[low:high], known)
        elif kind != "insert":
            written += [list(word) for word in plain[first:last]]
    return written


def _better(plain: Words, other: Words, known: Vocabulary) -> list[list[Any]]:
    """Where parts of both sound most alike and may be exchanged, they are; the plain words for the rest."""
    pairs = [
        (_alike(plain[start:end], other[low:high]), end - start, (start, end, low, high))
        for start, end in _spans(len(plain))
        for low, high in _spans(len(other))
        if _neighbours_fit(start, low) and _neighbours_fit(len(plain) - end, len(other) - high)
    ]
    for _, _, (start, end, low, high) in sorted(pairs, reverse=True):
        ours, theirs = plain[start:end], other[low:high]
        if is_better(ours, theirs, known):
            return [
                *_better(plain[:start], other[:low], known),
                *dressed(theirs, ours),
                *_better(plain[end:], other[high:], known),
            ]
    return [list(word) for word in plain]


def _spans(count: int) -> Iterator[tuple[int, int]]:
    for size in range(min(count, MOST_WORDS), 0, -1):
        for low in range(count - size + 1):
            yield low, low + size


def _neighbours_fit(ours: int, theirs: int) -> bool:
    """What is left on one side stands against something, or nothing against nothing."""
    return bool(ours) == bool(theirs)


def _alike(plain: Words, other: Words) -> float:
    return alike("".join(_key(word) for word in plain), "".join(_key(word) for word in other))


def is_better(plain: Words, other: Words, known: Vocabulary) -> bool:
    """Whether the other's words may stand for the plain ones."""
    ours = [part for word in plain for part in parts(str(word[0]))]
    theirs = [part for word in other for part in parts(str(word[0]))]
    new = {part for part in theirs if part in known.terms and len(part) >= LEAST_LETTERS} - set(ours)
    if not new or not all(known.knows(part) for part in theirs):
        return False
    if min(float(word[1]) for word in plain) >= CERTAIN and all(known.knows(part) for part in ours):
        return False
    if not keeps(ours, theirs, known):
        return False
    return _alike(plain, other) >= SOUNDS_ALIKE


def keeps(ours: Sequence[str], theirs: Sequence[str], known: Vocabulary) -> bool:
    """Whether nothing that must not change does. What was no word may become "mild" or "distal", but no number, side or "no"."""
    before, after = critical(ours, known.tables), critical(theirs, known.tables)
    if before or all(map(known.knows, ours)):
        return before == after
    prefixes = known.tables.critical_prefixes if known.tables else ()
    return not any(word in prefixes or ROMAN.fullmatch(word) or known.hurts(word) for word in after)


def critical(words: Sequence[str], tables: Language | None) -> list[str]:
    """What among them must not change: numbers, units, sides, negations, opposites; of "hypodense" the prefix."""
    if tables is None:
        return [atom.text for atom in atoms(words, None) if any(map(str.isdigit, atom.text))]
    found = []
    for atom in atoms(words, tables):
        prefix = next((prefix for prefix in tables.critical_prefixes if atom.text.startswith(prefix)), "")
        number = any(map(str.isdigit, atom.text)) or ROMAN.fullmatch(atom.text)
        if prefix or number or atom.text in tables.critical_words or (atom.text,) in tables.units:
            found.append(prefix or atom.text)
    return sorted(found)


def parts(word: str) -> list[str]:
    """A word in small letters without marks, hyphens taken apart."""
    return [part for part in word.lower().strip(MARKS).split("-") if part]


def _key(word: Sequence[Any]) -> str:
    return " ".join(parts(str(word[0])))


def dressed(theirs: Words, ours: Words) -> list[list[Any]]:
    """With the capital and the mark that the plain hearing has there."""
    dressed = [[str(word[0]).strip(MARKS), *word[1:]] for word in theirs]
    last = str(ours[-1][0])
    dressed[-1][0] += last[len(last.rstrip(MARKS)) :]
    first = str(dressed[0][0])
    if str(ours[0][0])[:1].isupper() and first[:1].islower():
        dressed[0][0] = first[:1].upper() + first[1:]
    return dressed


def repaired(words: Words, known: Vocabulary, single: Mapping[str, str]) -> list[list[Any]]:
    """With a word that is none written as the one term that it nearly is, and doubted: "infarinal" -> "infrarenal".

    `single` are the terms of one word, in small letters, as they are written. Another ending is
    another word ("metastases"), and so is any word that is known.
    """
    return [_repaired(word, known, single) for word in words]


def _repaired(word: Sequence[Any], known: Vocabulary, single: Mapping[str, str]) -> list[Any]:
    text = str(word[0])
    bare = text.strip(MARKS).lower().replace("-", "")
    if len(bare) < SHORTEST_REPAIRED or not bare.isalpha() or bare in known.terms or known.knows(text):
        return list(word)
    near = sorted(((alike(bare, term), term) for term in single if _is_near(bare, term)), reverse=True)[:2]
    if not near or near[0][0] < NEARLY or (len(near) > 1 and near[0][0] - near[1][0] < CLEARLY):
        return list(word)
    term = near[0][1]
    if not keeps([bare], [term], known):
        return list(word)
    return dressed([[single[term], min(float(word[1]), REPAIRED), *word[2:]]], [word])[0]


def _is_near(word: str, term: str) -> bool:
    """With the same beginning and end, and about as long."""
    ours, theirs = sound(word), sound(term)
    same_ends = ours[:1] == theirs[:1] and word[-ENDING:] == term[-ENDING:]
    return same_ends and max(len(ours), len(theirs)) <= MOST_LONGER * min(len(ours), len(theirs))
