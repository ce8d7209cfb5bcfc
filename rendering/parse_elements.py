"""Reading elements of a dataset from outside without trusting one of them.

pydicom splits the file into raw elements; values are read here by the element's own VR, or by
the one the standard gives, so that a bad value is an absent value and never an exception.
"""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydicom.charset import decode_bytes, python_encoding
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

# PS3.5 9.1: decimal components, at most 64 characters. Leading zeros, which it forbids, are let
# pass: published test patterns have them, and no UID ever becomes a file name here.
_UID = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_STRUCT_CODES = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "AT": "I", "UV": "Q", "SV": "q"}
_WIDE_CODES = {"OW": "H", "OB": "B", "OF": "f", "OD": "d", "OL": "I", "OV": "Q"}
_TEXT_NUMBERS = ("DS", "IS", "LO", "SH", "CS", "ST", "LT", "UT", "UC")
# Characters that may not reach a label or a file: C0 controls but tab and line ends.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Number = int | float


def is_uid(text: str) -> bool:
    """Whether `text` is a UID by PS3.5 9.1, leading zeros forgiven."""
    return 0 < len(text) <= 64 and _UID.fullmatch(text) is not None


@cache
def _number(name: str | int) -> int:
    """The tag of a keyword, as a plain int."""
    if isinstance(name, int):
        return name
    tag = tag_for_keyword(name)
    if tag is None:
        raise ValueError(f"{name} is not a DICOM keyword")
    return tag


@cache
def _standard_vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"


class Elements:
    """A dataset or sequence item. `name` parameters are DICOM keywords or tags."""

    __slots__ = ("_big_endian", "_dataset", "_encodings", "_found")

    def __init__(self, dataset: Dataset, encodings: tuple[str, ...] = (), big_endian: bool = False) -> None:
        self._dataset = dataset
        # Plain ints: the comparisons of pydicom's tag class are slow, and thousands are asked.
        self._found: dict[int, Any] = {tag.real: element for tag, element in dataset.items()}
        self._big_endian = big_endian
        own = tuple(t.strip() for t in (self._bytes(0x00080005) or b"").decode("ascii", "replace").split("\\"))
        self._encodings = own if any(own) else encodings

    @property
    def is_big_endian(self) -> bool:
        return self._big_endian

    def __contains__(self, name: str | int) -> bool:
        return _number(name) in self._found

    def tags(self) -> tuple[int, ...]:
        """Of every element that is there."""
        return tuple(self._found)

    def vr(self, name: str | int) -> str:
        """The value representation that the file gives, "" where it gives none."""
        element = self._found.get(_number(name))
        return str(element.VR or "") if element is not None else ""

    def _bytes(self, name: str | int) -> bytes | None:
        element = self._found.get(_number(name))
        if element is None:
            return None
        value = element.value
        if isinstance(value, bytes):
            return value
        if value is None or isinstance(value, DicomSequence):
            return b""
        return "\\".join(str(v) for v in (value if isinstance(value, list | tuple) else (value,))).encode()

    def raw(self, name: str | int) -> bytes:
        """The bytes of the value, empty when absent."""
        return self._bytes(name) or b""

    def is_empty(self, name: str | int) -> bool:
        return not self.raw(name).strip(b"\x00 ")

    def text(self, name: str | int) -> str:
        """The first value as text."""
        return next(iter(self.texts(name)), "")

    def texts(self, name: str | int) -> tuple[str, ...]:
        """All values as text, by SpecificCharacterSet; empty when absent."""
        value = self._decoded(name)
        return tuple(part.strip(" \0") for part in value.split("\\")) if value.strip(" \0") else ()

    def long_text(self, name: str | int) -> str:
        """One value in which a backslash is a character (LT, ST, UT)."""
        return self._decoded(name).strip(" \0")

    def _decoded(self, name: str | int) -> str:
        raw = self.raw(name).rstrip(b"\0 ")
        text = raw.decode("ascii") if raw.isascii() and b"\x1b" not in raw else _decode_text(raw, self._encodings)
        # One letter is one letter, however it was written: Å is also A with a ring behind it.
        composed = text if text.isascii() else unicodedata.normalize("NFC", text)
        return _CONTROLS.sub("", composed) if not composed.isprintable() else composed

    def uid(self, name: str | int) -> str:
        """The UID, valid or not: check with `is_uid`."""
        return self.raw(name).rstrip(b"\0 ").decode("ascii", "replace").strip()

    def numbers(self, name: str | int, vr: str = "") -> tuple[Number, ...]:
        """All values as finite numbers; empty when absent or when any is not a number.

        `vr` overrides the standard's VR where the file has none (US or SS by context).
        """
        tag = _number(name)
        raw = self._bytes(tag)
        if not raw:
            return ()
        found = self._found[tag].VR
        kind = found if found and found != "UN" else vr or _standard_vr(tag)
        kind = vr or "US" if kind.startswith("US or") else kind
        values = _text_numbers(raw) if kind in _TEXT_NUMBERS else _packed_numbers(raw, kind, self._order())
        return values if all(math.isfinite(v) for v in values) else ()

    def _order(self) -> str:
        return ">" if self._big_endian else "<"

    def floats(self, name: str | int) -> tuple[float, ...]:
        return tuple(float(v) for v in self.numbers(name))

    def real(self, name: str | int) -> float | None:
        """The first value as a float, None when absent or unreadable."""
        values = self.numbers(name)
        return float(values[0]) if values else None

    def integer(self, name: str | int, vr: str = "") -> int | None:
        """The first value as a whole number, None when absent, unreadable or not whole."""
        values = self.numbers(name, vr)
        return int(values[0]) if values and float(values[0]).is_integer() else None

    def items(self, name: str | int) -> Iterator[Elements]:
        """The items of a sequence."""
        tag = _number(name)
        element = self._found.get(tag)
        if element is None:
            return
        if not isinstance(element.value, DicomSequence):
            element = self._found[tag] = self._dataset[tag]
        if isinstance(element.value, DicomSequence):
            for item in element.value:
                yield Elements(item, self._encodings, self._big_endian)

    def item(self, name: str | int) -> Elements | None:
        """The first item of a sequence."""
        return next(self.items(name), None)

    def codes(self, name: str | int) -> tuple[str, ...]:
        """A code sequence as `CodeValue|CodingSchemeDesignator|CodeMeaning` (PS3.3 8.8)."""
        return tuple(item.code() for item in self.items(name))

    def code(self) -> str:
        value = self.text("CodeValue") or self.text("LongCodeValue") or self.long_text("URNCodeValue")
        return "|".join((value, self.text("CodingSchemeDesignator"), self.text("CodeMeaning")))


def _text_numbers(raw: bytes) -> tuple[Number, ...]:
    parts = raw.rstrip(b"\0 ").split(b"\\")
    try:
        return tuple(float(part.strip(b"\0 ")) for part in parts)
    except ValueError:
        return ()


def _packed_numbers(raw: bytes, kind: str, order: str) -> tuple[Number, ...]:
    code = _STRUCT_CODES.get(kind) or _WIDE_CODES.get(kind)
    if code is None:
        return ()
    size = struct.calcsize(code)
    return struct.unpack(f"{order}{len(raw) // size}{code}", raw[: len(raw) // size * size])


def _decode_text(raw: bytes, charsets: tuple[str, ...]) -> str:
    """Text by SpecificCharacterSet; untagged or wrongly tagged text is UTF-8 if it can be, else Latin-1."""
    known = [python_encoding[c] for c in charsets if c in python_encoding]
    if known and (charsets[0] or len(charsets) > 1):
        try:
            text = decode_bytes(raw, known, {0x5C, 0x5E, 0x3D, 0x0A, 0x0D})
            if "\ufffd" not in text:
                return text
        except (UnicodeError, LookupError, ValueError):
            pass
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
