"""Words that two decodings of the same sound disagree on, where a mistake would harm the patient.

"14 mm" heard as "40 mm", left as right, "no" dropped, hypodense as hyperdense: fluent, plausible
and wrong. Nothing is changed; the word's confidence falls, so that the editor marks it. Only
what nobody said goes: a word that the expected terms alone brought in, and without any certainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dictation.engines.alignment import Alignment, Stretch, align
from dictation.formatter.language import Language

UNSURE = 0.3

INVENTED = 0.01
"""An extra word below this was not said: those seen had 0.0000 to 0.0001, and a rare term that
was said and heard by both decodings had 0.0005 and more."""

INVENTED_AT_END = 0.5
"""After the last word that both heard, a decoder that expects terms goes on by itself: "Again."."""


def unsure(words: Sequence[list[Any]], other: str, tables: Language | None) -> list[list[Any]]:
    """The [word, confidence, start, end] with confidence at most `UNSURE` where `other` differs critically."""
    found = align([str(word[0]) for word in words], other.split(), tables)
    marked = [list(word) for word in words]
    for stretch in found.stretches:
        if stretch.kind != "equal" and _is_critical(found, stretch, tables):
            for index in _words_of(found, stretch):
                marked[index][1] = min(marked[index][1], UNSURE)
    return marked


def without_invented(words: Sequence[list[Any]], other: str, tables: Language | None) -> list[list[Any]]:
    """The words without those that only this decoding has and hardly believes in."""
    found = align([str(word[0]) for word in words], other.split(), tables)
    extra = {atom.word for stretch in found.stretches if stretch.kind == "delete" for atom in _ours(found, stretch)}
    matched = {atom.word for stretch in found.stretches if stretch.kind != "delete" for atom in _ours(found, stretch)}
    end = max(matched, default=-1)
    least = [INVENTED_AT_END if index > end else INVENTED for index in range(len(words))]
    return [list(word) for index, word in enumerate(words) if index not in extra - matched or word[1] >= least[index]]


def _ours(found: Alignment, stretch: Stretch) -> Sequence[Any]:
    return found.ours[stretch.first : stretch.last]


def _words_of(found: Alignment, stretch: Stretch) -> set[int]:
    """Our words of the stretch; where only they heard something, our word that follows."""
    return {atom.word for atom in found.ours[stretch.first : max(stretch.last, stretch.first + 1)]}


def _is_critical(found: Alignment, stretch: Stretch, tables: Language | None) -> bool:
    heard = [*_ours(found, stretch), *found.theirs[stretch.low : stretch.high]]
    return any(_holds(atom.text, tables) for atom in heard)


def _holds(word: str, tables: Language | None) -> bool:
    if any(character.isdigit() for character in word):
        return True
    return tables is not None and (word in tables.critical_words or word.startswith(tables.critical_prefixes))
