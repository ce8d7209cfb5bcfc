"""A dataset in the DICOM JSON Model (PS3.18 Annex F) as plain dicts: made by keyword, asked by keyword.

What is asked for comes from outside. A value that is missing or of another kind than its VR is refused by
the attribute's name, so that whoever wrote the object can be told what is wrong with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hanging_protocols.iod.attributes import ATTRIBUTES, name_of
from workstation.errors import Refused

Model = dict[str, dict[str, Any]]

NOT_READ = "The hanging protocol cannot be read"
HINT = "Nothing was taken over; ask for the object from where it was made"
_NUMBERS = frozenset({"US", "UL", "SS", "SL", "FD", "FL", "IS", "DS"})
_BROKEN = frozenset({"FD", "FL", "DS"})


def refused(keyword: str, reason: str) -> Refused:
    """`keyword` is a DICOM keyword or a tag of 8 hex digits."""
    return Refused(NOT_READ, f"{name_of(keyword)} {reason}", HINT)


def element(keyword: str, *values: object) -> tuple[str, dict[str, Any]]:
    """Tag and JSON element; without values it is there and empty."""
    tag, vr = ATTRIBUTES[keyword]
    return tag, {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def dataset(**elements: object) -> Model:
    """By keyword: a value, or a list of values. None leaves an element out, an empty list makes it empty."""
    made: Model = {}
    for keyword, value in elements.items():
        if value is None:
            continue
        tag, found = element(keyword, *(value if isinstance(value, list | tuple) else (value,)))
        made[tag] = found
    return dict(sorted(made.items()))


class Item:
    """A dataset or an item of a sequence, asked by keyword. Every method raises Refused with the attribute's name."""

    def __init__(self, model: Any, within: str = "") -> None:
        if not isinstance(model, dict):
            raise refused(within, "holds something that is no item")
        self.model: Mapping[str, Any] = model

    def __contains__(self, keyword: str) -> bool:
        return ATTRIBUTES[keyword][0] in self.model

    def values(self, keyword: str) -> tuple[Any, ...]:
        """Empty when the element is absent or has no value."""
        tag, vr = ATTRIBUTES[keyword]
        found = self.model.get(tag)
        if found is None:
            return ()
        if not isinstance(found, dict) or found.get("vr") != vr:
            said = found.get("vr") if isinstance(found, dict) else None
            raise refused(keyword, f"has the value representation {said}, not {vr}")
        values = found.get("Value", [])
        if not isinstance(values, list):
            raise refused(keyword, "holds no list of values")
        for value in values:
            if not _is_of(vr, value):
                raise refused(keyword, f"holds a value that is no {vr}")
        return tuple(values)

    def text(self, keyword: str) -> str:
        """The first value, "" when there is none."""
        return str(next(iter(self.values(keyword)), "")).strip()

    def required(self, keyword: str) -> str:
        found = self.text(keyword)
        if not found:
            raise refused(keyword, "is missing")
        return found

    def number(self, keyword: str) -> float | None:
        values = self.values(keyword)
        return float(values[0]) if values else None

    def whole(self, keyword: str) -> int:
        """Raises Refused when it is absent or not whole."""
        found = self.number(keyword)
        if found is None:
            raise refused(keyword, "is missing")
        if not found.is_integer():
            raise refused(keyword, "is not a whole number")
        return int(found)

    def items(self, keyword: str) -> Iterator[Item]:
        for value in self.values(keyword):
            yield Item(value, keyword)

    def some(self, keyword: str) -> tuple[Item, ...]:
        """One item at least."""
        found = tuple(self.items(keyword))
        if not found:
            raise refused(keyword, "is missing" if keyword not in self else "has no items")
        return found

    def codes(self, keyword: str) -> tuple[tuple[str, str], ...]:
        """(`CodeValue|CodingSchemeDesignator`, CodeMeaning) of each item of a code sequence."""
        return tuple(item.code(keyword) for item in self.items(keyword))

    def code(self, within: str) -> tuple[str, str]:
        value = self.text("CodeValue") or self.text("LongCodeValue") or self.text("URNCodeValue")
        if not value:
            raise refused(within, "holds an item without a code")
        return f"{value}|{self.text('CodingSchemeDesignator')}", self.text("CodeMeaning")


def _is_of(vr: str, value: object) -> bool:
    """Numbers are finite, and whole where the representation has no other."""
    if vr in _NUMBERS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return is_number and (vr in _BROKEN or float(value).is_integer())  # type: ignore[arg-type]
    return isinstance(value, dict if vr == "SQ" else str)


def code_item(code: str, meaning: str) -> Model:
    """`code` is `CodeValue|CodingSchemeDesignator`, or with a meaning of its own behind."""
    value, scheme, own = (*code.split("|"), "", "")[:3]
    keyword = "CodeValue" if len(value) <= 16 else "LongCodeValue"
    return dataset(**{keyword: value}, CodingSchemeDesignator=scheme, CodeMeaning=cut(own or meaning or value, 64))


def cut(text: str, most: int) -> str:
    """One line of at most `most` characters that a short DICOM text may hold."""
    line = " ".join(text.replace("\\", "/").split())
    return line if len(line) <= most else line[:most].rstrip()


def canonical(model: Mapping[str, Any]) -> list[Any]:
    """What a dataset says, without what differs from writer to writer: order, padding, empty elements, 1 or 1.0."""
    found: list[Any] = []
    for tag, held in sorted(model.items()):
        values = [_plain(value) for value in held.get("Value", [])]
        if any(value not in ("", []) for value in values):
            found.append([tag.upper(), values])
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return canonical(value)
    return repr(float(value)) if isinstance(value, int | float) else str(value).strip()


def public_part(model: Mapping[str, Any]) -> Model:
    """The module's own elements: group 0072. What an archive adds or coerces elsewhere says nothing of hanging."""
    return {tag: held for tag, held in model.items() if tag.startswith("0072")}


def alike(one: Iterable[Any], other: Iterable[Any]) -> bool:
    return list(one) == list(other)
