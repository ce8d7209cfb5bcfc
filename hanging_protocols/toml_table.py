"""Reads one TOML table key by key, with the path of every mistake and no key left unasked."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Any, TypeVar

from hanging_protocols.toml_lines import Path

MAX_ITEMS = 64
MAX_TEXT = 200
MAX_WHOLE = 10**15

Chosen = TypeVar("Chosen", bound=StrEnum)


class Wrong(Exception):
    """A mistake at `path`; becomes `Refused` with file and line."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


class Table:
    """One TOML table whose every key must be asked for; see `done`."""

    def __init__(self, data: Any, path: Path) -> None:
        if not isinstance(data, dict):
            raise Wrong(path, "must be a table")
        self.data: dict[str, Any] = data
        self.path = path
        self.asked: set[str] = set()

    def wrong(self, key: str, reason: str) -> Wrong:
        return Wrong((*self.path, key) if key else self.path, reason)

    def has(self, key: str) -> bool:
        return key in self.data

    def text(self, key: str, default: str | None = None, most: int = MAX_TEXT) -> str:
        value = self._value(key, default)
        if not isinstance(value, str) or len(value) > most:
            raise self.wrong(key, f"must be a text of at most {most} characters")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self._value(key, default)
        if not _is_number(value):
            raise self.wrong(key, "must be a number")
        return float(value)

    def between(self, key: str, low: float, high: float, default: float) -> float:
        value = self.number(key, default)
        if not low <= value <= high:
            raise self.wrong(key, f"must be from {low:g} to {high:g}")
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, f"must be a whole number from {low} to {high}")
        return value

    def flag(self, key: str) -> bool:
        value = self._value(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def one_of(self, key: str, choices: type[Chosen], default: Chosen) -> Chosen:
        value = self._value(key, default.value)
        if value not in [choice.value for choice in choices]:
            raise self.wrong(key, not_one_of(str(value), [choice.value for choice in choices]))
        return choices(value)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._list(key)
        if not values or not all(isinstance(value, str) and len(value) <= MAX_TEXT for value in values):
            raise self.wrong(key, "must be a list of texts, at least one")
        return tuple(values)

    def numbers(self, key: str, count: int) -> tuple[float, ...]:
        values = self._list(key)
        if len(values) != count or not all(map(_is_number, values)):
            raise self.wrong(key, f"must be a list of {count} numbers")
        return tuple(float(value) for value in values)

    def pairs(self, key: str, most: int) -> tuple[tuple[float, float], ...]:
        """Pairs of numbers; none where the key is absent."""
        values = self._list(key) if self.has(key) else []
        if len(values) > most or not all(isinstance(v, list) and len(v) == 2 and all(map(_is_number, v)) for v in values):
            raise self.wrong(key, f"must be a list of at most {most} pairs of numbers")
        self.asked.add(key)
        return tuple((float(first), float(second)) for first, second in values)

    def tables(self, key: str, at_least: int = 0) -> Iterator[Table]:
        values = self._list(key) if self.has(key) or at_least else []
        if len(values) < at_least:
            raise self.wrong(key, f"needs at least {at_least}")
        for index, value in enumerate(values):
            yield Table(value, (*self.path, key, index))

    def table(self, key: str) -> Table:
        return Table(self._value(key, {}), (*self.path, key))

    def done(self) -> None:
        for key in self.data:
            if key not in self.asked:
                raise self.wrong(key, f"is not a known key here{meant(key, self.asked)}")

    def _list(self, key: str) -> list[Any]:
        value = self._value(key, None)
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            raise self.wrong(key, f"must be a list of at most {MAX_ITEMS}")
        return value

    def _value(self, key: str, default: Any) -> Any:
        self.asked.add(key)
        value = self.data.get(key, default)
        if value is None:
            raise self.wrong(key, "is missing")
        return value


def identifier(table: Table, key: str) -> str:
    value = table.text(key)
    if not value or not all(letter.islower() or letter.isdigit() or letter == "-" for letter in value) or not value.isascii():
        raise table.wrong(key, "must be of small letters, digits and hyphens")
    return value


def not_one_of(value: str, choices: Collection[str]) -> str:
    return f"'{value}' is not one of {', '.join(choices)}"


def meant(value: str, choices: Collection[str]) -> str:
    close = difflib.get_close_matches(value, sorted(choices), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _is_number(value: Any) -> bool:
    """Whole numbers of TOML have no end; those that no float holds are no numbers here."""
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_WHOLE
