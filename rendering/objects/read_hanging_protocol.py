"""A received hanging protocol object (PS3.3 A.44) as DICOM JSON (PS3.18 Annex F). Runs in the worker process only.

Every element is read by the value representation that the standard gives it; one that says another is refused by the
attribute's name. What no hanging protocol has is passed over, and so are private elements of others.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag

from rendering.file_bytes import FileBytes, read_file
from rendering.objects.reading import Budget
from rendering.parse_elements import Elements
from rendering.parse_file import read_received
from workstation.errors import Refused

HANGING_PROTOCOL_STORAGE = "1.2.840.10008.5.1.4.38.1"
MOST_BYTES = 1 << 20
"""A protocol is a page of words; our longest has 40 KB. A bomb of items is no larger than its file."""
MOST_ITEMS = 5_000
DEEPEST = 8
"""The modules nest four deep; codes within codes a little more."""
MOST_VALUES = 2_000
"""Of one element."""
MOST_PRIVATE_TEXT = 512 << 10
NOT_READ = "The hanging protocol cannot be read"

# Group 0072, and what its macros borrow: codes, modality, region, functional group pointers, cine rates, references.
_BORROWED = frozenset({
    0x00080016, 0x00080018, 0x00080060, 0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119, 0x00080120,
    0x00081032, 0x00081150, 0x00081155, 0x00082144, 0x00082218, 0x00181244, 0x00200060, 0x00209167, 0x00209238, 0x0040100A,
})  # fmt: skip
_HANGING, _OURS = 0x0072, 0x0073
_NUMBERS = frozenset({"US", "SS", "UL", "SL", "FL", "FD", "IS", "DS"})
_LONG_TEXT = frozenset({"ST", "LT", "UT", "UR"})
_OPAQUE = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN", "SV", "UV"})


def read_hanging_protocol_file(path: Path, most: int, key: bytes = b"") -> dict[str, Any]:
    """`key` opens a sealed file. Raises Refused."""
    return read_hanging_protocol(read_file(path, min(most, MOST_BYTES), key))


def read_hanging_protocol(data: FileBytes) -> dict[str, Any]:
    """Raises Refused for another kind of object, and for one that holds more than is allowed."""
    try:
        elements = read_received(data).elements
        if elements.uid("SOPClassUID") != HANGING_PROTOCOL_STORAGE:
            raise Refused("Not a hanging protocol", elements.uid("SOPClassUID") or "It does not say what it is")
        return _Reader().dataset(elements, 0)
    except RecursionError as error:
        raise Refused(NOT_READ, "It nests its sequences too deeply") from error


class _Reader:
    def __init__(self) -> None:
        self._budget = Budget()
        self._left = MOST_ITEMS

    def dataset(self, elements: Elements, depth: int) -> dict[str, Any]:
        if depth > DEEPEST:
            raise Refused(NOT_READ, "It nests its sequences too deeply")
        found = {f"{tag:08X}": self._element(elements, tag, depth) for tag in self._tags(elements)}
        return {**found, **self._private(elements)} if depth == 0 else found

    @staticmethod
    def _tags(elements: Elements) -> Iterator[int]:
        return (tag for tag in elements.tags() if tag in _BORROWED or (tag >> 16 == _HANGING and keyword_for_tag(tag)))

    def _element(self, elements: Elements, tag: int, depth: int) -> dict[str, Any]:
        vr = dictionary_VR(tag)
        said = elements.vr(tag)
        if said not in (vr, "UN", ""):
            raise Refused(NOT_READ, f"{_name(tag)} has the value representation {said}, not {vr}")
        values = self._values(elements, tag, vr, depth)
        if len(values) > MOST_VALUES:
            raise Refused(NOT_READ, f"{_name(tag)} holds more values than is allowed")
        return {"vr": vr, "Value": values} if values else {"vr": vr}

    def _values(self, elements: Elements, tag: int, vr: str, depth: int) -> list[Any]:
        if vr == "SQ":
            items = list(self._items(elements, tag))
            if not items and not elements.is_empty(tag):
                raise Refused(NOT_READ, f"{_name(tag)} is not a sequence")
            return [self.dataset(item, depth + 1) for item in items]
        if elements.is_empty(tag) and vr not in _NUMBERS:
            return []
        if vr == "AT":
            return [f"{value:08X}" for value in self._attribute_tags(elements, tag)]
        if vr in _NUMBERS:
            return self._numbers(elements, tag, vr)
        if vr in _OPAQUE:
            return []
        if vr in _LONG_TEXT:
            return [self._budget.text(elements.long_text(tag))]
        return [self._budget.text(text) for text in elements.texts(tag)]

    def _items(self, elements: Elements, tag: int) -> Iterator[Elements]:
        try:
            items = list(islice(elements.items(tag), self._left + 1))
        except (RecursionError, MemoryError):
            raise
        except Exception as error:  # pydicom raises almost anything on damaged input
            raise Refused(NOT_READ, f"{_name(tag)} is damaged") from error
        self._left -= len(items)
        if self._left < 0:
            raise Refused(NOT_READ, f"{_name(tag)} holds more items than is allowed")
        yield from items

    @staticmethod
    def _numbers(elements: Elements, tag: int, vr: str) -> list[float]:
        numbers = elements.numbers(tag, vr)
        if not numbers and elements.raw(tag).strip(b" "):
            raise Refused(NOT_READ, f"{_name(tag)} holds a value that is no {vr}")
        return [int(number) if float(number).is_integer() and vr not in ("FL", "FD") else float(number) for number in numbers]

    @staticmethod
    def _attribute_tags(elements: Elements, tag: int) -> Iterator[int]:
        """AT values are pairs of 16 bits, group first (PS3.5 6.2)."""
        raw = elements.raw(tag)
        order = "big" if elements.is_big_endian else "little"
        for start in range(0, len(raw) - len(raw) % 4, 4):
            group, element = (int.from_bytes(raw[at : at + 2], order) for at in (start, start + 2))  # type: ignore[arg-type]
            yield group << 16 | element

    def _private(self, elements: Elements) -> dict[str, Any]:
        """Group 0073 at the top: creators and texts. Whose they are is for others to judge."""
        found: dict[str, Any] = {}
        for tag in elements.tags():
            if tag >> 16 == _OURS and elements.vr(tag) in ("LO", "UT", "UN", ""):
                text = elements.long_text(tag)
                if len(text) > MOST_PRIVATE_TEXT:
                    raise Refused(NOT_READ, "It holds a private text longer than is allowed")
                vr = "LO" if tag & 0xFFFF < 0x100 else elements.vr(tag) or "UN"
                found[f"{tag:08X}"] = {"vr": vr, "Value": [self._budget.text(text, MOST_PRIVATE_TEXT)]}
        return found


def _name(tag: int) -> str:
    return f"{keyword_for_tag(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"
