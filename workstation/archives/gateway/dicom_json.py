"""The DICOM JSON Model (PS3.18 F) as far as answers to queries and STOW-RS need it: strict, and trusting nobody.

Tags are eight upper-case hex digits. A missing `vr` is tolerated (some archives leave it out);
a value of the wrong JSON type is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_UID = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_INTEGER = re.compile(r"[+-]?[0-9]{1,12}")
_PN_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


class NotDicomJson(ValueError):
    """The text is no DICOM JSON. Holds none of it."""


class Attributes:
    """One dataset. Values come as text whatever their VR, stripped of padding."""

    def __init__(self, elements: Mapping[str, Any]) -> None:
        self._elements = elements

    def texts(self, tag: str) -> tuple[str, ...]:
        """All values; "" for an empty one, so that positions stay."""
        return tuple(_text(value) for value in self._values(tag))

    def text(self, tag: str) -> str:
        return next(iter(self.texts(tag)), "")

    def uid(self, tag: str) -> str:
        """The first value if it is a UID (PS3.5 9.1), else ""."""
        text = self.text(tag)
        return text if is_uid(text) else ""

    def number(self, tag: str) -> int | None:
        """The first value if it is a whole number, as IS and US are."""
        text = self.text(tag)
        return int(text) if _INTEGER.fullmatch(text) else None

    def items(self, tag: str) -> tuple[Attributes, ...]:
        """The items of a sequence."""
        return tuple(Attributes(value) for value in self._values(tag) if isinstance(value, dict))

    def _values(self, tag: str) -> list[Any]:
        element = self._elements.get(tag)
        values = element.get("Value") if isinstance(element, dict) else None
        return values if isinstance(values, list) else []


def is_uid(text: str) -> bool:
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def parsed(body: bytes) -> tuple[Attributes, ...]:
    """The datasets of a JSON array, or of a single JSON object. Raises `NotDicomJson`."""
    try:
        value = json.loads(body) if body.strip() else []
    except (ValueError, RecursionError) as error:
        raise NotDicomJson("not JSON") from error
    rows = [value] if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise NotDicomJson("not a list of datasets")
    return tuple(Attributes({tag.upper(): element for tag, element in row.items()}) for row in rows)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip(" \0")
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, dict):
        return _person_name(value)
    return ""


def _person_name(value: Mapping[str, Any]) -> str:
    """The first component group there is: PS3.18 F.2.2 has them apart."""
    groups = (value.get(group) for group in _PN_GROUPS)
    return next((group.strip(" \0") for group in groups if isinstance(group, str) and group.strip()), "")
