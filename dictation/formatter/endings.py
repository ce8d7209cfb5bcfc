"""How a segment ends, and whether a stop belongs there.

A recogniser puts a stop after whatever it is given, half sentences too, or none at all: here the
way the speech ended and the words themselves decide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto

from dictation.formatter.language import Language
from dictation.formatter.place import Piece
from dictation.formatter.tokens import SENTENCE_END

SENTENCES = re.compile(r"[.?!](?:\s|$)|\n")
MARKS_OF_OUR_OWN = str.maketrans("", "", ".,;?!")
FEWEST_WORDS = 2
FEWEST_WORDS_IN_FIELD = 3
FEWEST_WORDS_IN_PROSE = 1
"""A sentence has so many words that are no numbers: more after "Comparison:", where "None" and
"chest CT" are answers, and fewer after a sentence, where "Stable" is another one."""

FEWEST_WORDS_JUDGED = 4


class Ending(Enum):
    """Why a segment of speech was closed."""

    PAUSE = auto()
    """Nobody spoke for a while, by intention or at the end."""
    BREATH = auto()
    """A pause too short to mean anything, or the key went up right after a word."""
    MID_SPEECH = auto()
    """Cut while somebody was speaking."""


def closing_mark(pieces: Sequence[Piece], own: str, before: str, ending: Ending, language: Language) -> str:
    """The mark for the segment's end, `own` being the recogniser's; `before` is the text in front of the segment."""
    if not pieces or pieces[-1].glue or ":" in own:
        return own
    if ending is Ending.MID_SPEECH or not _reads_as_sentence(pieces, before, language):
        return own.translate(MARKS_OF_OUR_OWN)
    return own or ("." if ending is Ending.PAUSE else "")


def is_afterthought(pieces: Sequence[Piece], language: Language) -> bool:
    """Whether the last piece is a score put after what it judges: "..., BI-RADS 4"."""
    *said, last = pieces
    if last.text.rpartition(" ")[0] not in language.scores.values() or len(_plain_words(said)) < FEWEST_WORDS_JUDGED:
        return False
    return said[-1].text.split()[-1].lower() not in language.dangling


def ends_sentence(before: str) -> bool:
    return before.rstrip(" ")[-1:] in SENTENCE_END


def _reads_as_sentence(pieces: Sequence[Piece], before: str, language: Language) -> bool:
    """Whether the sentence that is going on in `before` can end with these pieces."""
    begun = SENTENCES.split(before)[-1]
    words = [word for word in [*begun.rpartition(":")[2].split(), *_plain_words(pieces)] if _is_word(word)]
    last = pieces[-1].text.split()[-1:] or [""]
    return len(words) >= _fewest(before, begun) and last[0].lower() not in language.dangling


def _fewest(before: str, begun: str) -> int:
    if ":" in begun:
        return FEWEST_WORDS_IN_FIELD
    return FEWEST_WORDS_IN_PROSE if ends_sentence(before) else FEWEST_WORDS


def _plain_words(pieces: Sequence[Piece]) -> list[str]:
    """Without numbers, and without the units and names that belong to them."""
    return [word for piece in pieces if not any(map(str.isdigit, piece.text)) for word in piece.text.split()]


def _is_word(text: str) -> bool:
    return any(map(str.isalpha, text))
