"""Where a rule of the grammar looks, and what it writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dictation.formatter.language import Language
from dictation.formatter.numbers import Number, number_at, small_number_at
from dictation.formatter.tokens import Token, match, phrase


@dataclass(frozen=True, slots=True)
class Piece:
    """`text` written for `count` tokens. `glue`: the sides that take no space (left, right, both)."""

    text: str
    count: int
    glue: str = ""
    named: bool = False
    """A name or code whose letters keep their case, whatever stands before it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule looks: `tokens[at:]`, with the pieces already written before it."""

    tokens: Sequence[Token]
    at: int
    before: Sequence[Piece]
    language: Language

    def low(self, offset: int = 0) -> str:
        index = self.at + offset
        return self.tokens[index].low if 0 <= index < len(self.tokens) else ""

    def joined(self, count: int) -> bool:
        """No punctuation of the recogniser's own between the first `count` tokens."""
        inner = self.tokens[self.at : self.at + count - 1]
        return len(inner) == count - 1 and not any(token.mark for token in inner)

    def number(self, offset: int = 0) -> Number | None:
        if self.at + offset >= len(self.tokens) or (offset and not self.joined(offset + 1)):
            return None
        return number_at(self.tokens, self.at + offset, self.language)

    def small(self, offset: int, most: int) -> Number | None:
        if not self.joined(offset + 1):
            return None
        return small_number_at(self.tokens, self.at + offset, self.language, most)

    def unit(self, offset: int) -> tuple[str, int]:
        """The written unit at `offset` and its number of tokens, or ("", 0)."""
        if not self.joined(offset + 1):
            return "", 0
        count = match(self.tokens, self.at + offset, self.language.units)
        if not count:
            return "", 0
        written = self.language.units[phrase(self.tokens, self.at + offset, count)]
        return self._per(offset, written, count) or (written, count)

    def _per(self, offset: int, written: str, count: int) -> tuple[str, int] | None:
        """ "gram per liter" -> "g/l", "milligram jod per milliliter" -> "mg jod/ml"; "per vecka" stays words."""
        of = self.low(offset + count)
        if of in self.language.substances:
            written, count = f"{written} {of}", count + 1
        at = offset + count + 1
        if self.low(at - 1) not in self.language.per or not self.joined(at + 1):
            return None
        below = match(self.tokens, self.at + at, self.language.units)
        symbol = self.language.units[phrase(self.tokens, self.at + at, below)] if below else ""
        return (f"{written}/{symbol}", count + 1 + below) if symbol and symbol != self.low(at) else None


Rule = Callable[[Place], Piece | None]
