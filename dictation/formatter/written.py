"""A segment's written form: spoken marks, the grammar's pieces, spaces, capitals, and where each came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dictation.formatter.editing import EDITING_RULES
from dictation.formatter.endings import Ending, closing_mark, ends_sentence, is_afterthought
from dictation.formatter.language import Language, Mark, language
from dictation.formatter.place import Piece, Place
from dictation.formatter.rules import RULES
from dictation.formatter.tokens import SENTENCE_END, Token, match, phrase, tokens_of

STOPS = SENTENCE_END | {",", ";"}


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` was written for the spoken words `first` to `last` (inclusive)."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Written:
    """`joins`: no space goes between the text before and this one. `dictates_stops`: the speaker
    said "period" or "comma", and will say them again."""

    text: str
    spans: tuple[Span, ...]
    joins: bool
    dictates_stops: bool = False


class Formatter:
    """One language's rules. Without `capitals` letters are left as spoken, for tables of cases."""

    def __init__(self, code: str = "en", capitals: bool = True) -> None:
        self._language = language(code)
        self._capitals = capitals

    def written(self, spoken: str, before: str = "", ending: Ending | None = None, dictates_stops: bool = False) -> Written:
        """`before` is the text in front of the caret: it decides whether a sentence begins here, and
        with `ending` whether one ends. Who dictates stops, here or before (`dictates_stops`), gets no others.
        """
        tokens = _without_scratched(tokens_of(spoken, self._language), self._language)
        marks = _spoken_marks(tokens, self._language)
        dictates_stops = dictates_stops or any(mark.write in STOPS for mark, _ in marks.values())
        if 0 in marks and marks[0][0].write in SENTENCE_END and ends_sentence(before):  # it is there already
            tokens = tokens[marks[0][1] :]
            marks = _spoken_marks(tokens, self._language)
        if dictates_stops or any(not mark.breaks_line for mark, _ in marks.values()):
            tokens, ending = _without_own_punctuation(tokens, self._language), None
        pieces = _pieces(tokens, marks, self._language)
        if pieces and before.strip(" ")[-1:] in ("", "\n"):  # a line begins here already
            pieces[0] = replace(pieces[0], text=pieces[0].text.lstrip("\n") or pieces[0].text)
        if ending is not None and pieces:
            tokens = _closed(pieces, tokens, before, ending, self._language)
        if self._capitals:
            starts = before.rstrip(" ")[-1:] in ("", "\n") or ends_sentence(before)
            pieces = _capitalised(pieces, tokens, starts, self._language)
        return _assemble(pieces, tokens, dictates_stops)


def _without_scratched(tokens: list[Token], known: Language) -> list[Token]:
    """The tokens without what was taken back: "scratch that" and the sentence before it.

    Said first, it is about an earlier segment, which is a command and none of the grammar's business.
    """
    at = 1
    while at < len(tokens):
        count = match(tokens, at, known.editing.scratch)
        if count:
            begins = _sentence_start(tokens, at, known)
            tokens, at = tokens[:begins] + tokens[at + count :], begins
        at += 1
    return tokens


def _sentence_start(tokens: Sequence[Token], end: int, known: Language) -> int:
    """Where the sentence begins that ends right before `end`."""
    marks = _spoken_marks(tokens[:end], known)
    stops = [at + count for at, (mark, count) in marks.items() if mark.write in SENTENCE_END or mark.breaks_line]
    stops += [at + 1 for at, token in enumerate(tokens[:end]) if token.mark[-1:] in SENTENCE_END and token.mark]
    return max((stop for stop in stops if stop < end), default=0)


def _spoken_marks(tokens: Sequence[Token], known: Language) -> dict[int, tuple[Mark, int]]:
    """Where a mark is dictated: token index -> the mark and how many tokens say it."""
    found: dict[int, tuple[Mark, int]] = {}
    at = 0
    while at < len(tokens):
        count = match(tokens, at, known.marks)
        if (
            count
            and not _is_decimal(tokens, at, count, known)
            and _is_mark(tokens, at, count, known.marks[phrase(tokens, at, count)])
        ):
            found[at] = (known.marks[phrase(tokens, at, count)], count)
        at += max(1, count)
    return found


def _is_decimal(tokens: Sequence[Token], at: int, count: int, known: Language) -> bool:
    """The "komma" between two numbers."""
    if count > 1 or tokens[at].low not in known.point or not 0 < at < len(tokens) - 1:
        return False
    fraction = tokens[at + 1].low
    follows = fraction.isdigit() or fraction in known.values or fraction in known.genitives
    return follows and (tokens[at - 1].low.isdigit() or tokens[at - 1].low in known.values)


def _is_mark(tokens: Sequence[Token], at: int, count: int, mark: Mark) -> bool:
    previous = tokens[at - 1].low if at else ""
    following = tokens[at + count].low if at + count < len(tokens) else ""
    return previous not in mark.not_after and following not in mark.not_before


def _without_own_punctuation(tokens: Sequence[Token], known: Language) -> list[Token]:
    """Who dictates punctuation has dictated all of it: the recogniser's own, and the capitals it
    put after it, are dropped."""
    bare, sentence_starts = [], True
    for token in tokens:
        text = token.text
        plain = text[:1].isupper() and text[1:].islower() and text.lower() not in known.casing
        bare.append(replace(token, text=text.lower() if plain and sentence_starts else text, opening="", mark=""))
        sentence_starts = bool(token.mark) and token.mark[-1] in SENTENCE_END | {":"}
    return bare


def _pieces(tokens: Sequence[Token], marks: dict[int, tuple[Mark, int]], known: Language) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    while at < len(tokens):
        if at in marks:
            mark, count = marks[at]
            pieces.append(Piece(mark.write, count, mark.glue))
        else:
            end = next((index for index in sorted(marks) if index > at), len(tokens))
            pieces.append(_written_at(Place(tokens[:end], at, pieces, known)))
        at += pieces[-1].count
    return pieces


def _closed(pieces: Sequence[Piece], tokens: Sequence[Token], before: str, ending: Ending, known: Language) -> list[Token]:
    """The tokens with the marks that the segment's end asks for."""
    last = closing_mark(pieces, tokens[-1].mark, before, ending, known)
    closed = [*tokens[:-1], replace(tokens[-1], mark=last)]
    score_at = len(tokens) - pieces[-1].count
    if is_afterthought(pieces, known) and not tokens[score_at - 1].mark:
        closed[score_at - 1] = replace(tokens[score_at - 1], mark=",")
    return closed


def _written_at(place: Place) -> Piece:
    for rule in (*EDITING_RULES, *RULES):
        piece = rule(place)
        if piece is not None:
            return piece
    text = place.tokens[place.at].text
    return Piece(text, 1, "both" if text == "-" else "")


def _capitalised(pieces: Sequence[Piece], tokens: Sequence[Token], starts: bool, known: Language) -> list[Piece]:
    """A capital where a sentence starts; none where the recogniser put one inside a sentence."""
    done: list[Piece] = []
    at = 0
    for index, piece in enumerate(pieces):
        text = piece.text
        if starts and not piece.named and text[:1].isalpha():
            text = text[0].upper() + text[1:]
        elif not starts and index == 0 and not piece.named and _ordinary_word(text, known):
            text = text[0].lower() + text[1:]
        at += piece.count
        ending = (text + tokens[at - 1].mark).rstrip(" ")[-1:]
        if text.strip("(["):
            starts = ending == "\n" or (ending in SENTENCE_END and not _abbreviates(text))
        done.append(replace(piece, text=text))
    return done


def _abbreviates(text: str) -> bool:
    """ "a.m", "e.g": the point after it ends no sentence."""
    letters = text.rstrip(".").split(".")
    return len(letters) > 1 and all(len(part) == 1 and part.isalpha() for part in letters)


def _ordinary_word(text: str, known: Language) -> bool:
    return len(text) > 1 and text[0].isupper() and text[1:].islower() and text.lower() not in known.casing


def _assemble(pieces: Sequence[Piece], tokens: Sequence[Token], dictates_stops: bool) -> Written:
    text, at, tight = "", 0, True
    spans: list[Span] = []
    for piece in pieces:
        last = at + piece.count - 1
        body = tokens[at].opening + piece.text + ("" if piece.glue else _kept_mark(piece.text, tokens[last].mark))
        if not tight and piece.glue not in ("left", "both"):
            text += " "
        elif piece.text.startswith("\n"):
            text = text.rstrip(" ")
            if text.endswith(":\n"):  # a heading breaks the line itself
                text = text[:-1]
                spans[-1] = replace(spans[-1], end=len(text))
        spans.append(Span(len(text), len(text) + len(body), tokens[at].word, tokens[last].word))
        text += body
        tight = piece.glue in ("right", "both")
        at += piece.count
    joins = bool(pieces) and pieces[0].glue in ("left", "both")
    return Written(text, tuple(spans), joins, dictates_stops)


def _kept_mark(text: str, mark: str) -> str:
    """The recogniser's own mark, unless the written form ends with it already ("1.", "a.m.")."""
    return mark[1:] if mark and text.endswith(mark[0]) else mark
