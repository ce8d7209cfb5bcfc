"""Text in an archive's answers, by its Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1).

Bytes that do not fit their character set, or have none and are not UTF-8, become U+FFFD: a name that
is seen to be damaged is better than one that is guessed wrong.
"""

from __future__ import annotations

import unicodedata
import warnings
from typing import Any

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.dataset import Dataset
from pydicom.tag import Tag

MOST_CHARACTERS = 1024
_PN_DELIMITERS = {0x5C, 0x5E, 0x3D}
_NAMES = frozenset({"PatientName", "ReferringPhysicianName", "RequestingPhysician"})
_DELIMITERS = {0x5C, 0x09, 0x0A, 0x0C, 0x0D}
_CHARACTER_SET = 0x00080005


def text(answer: Dataset, keyword: str, within: Dataset | None = None) -> str:
    """The value (of several: joined by backslashes), composed (NFC), without control characters; "" when absent.

    An item of a sequence that names no character set has that of the dataset it is `within`.
    """
    raw = _raw(answer, keyword)
    if isinstance(raw, bytes):
        raw = _decoded(raw, _character_sets(answer, within), _PN_DELIMITERS if keyword in _NAMES else _DELIMITERS)
    kept = "".join(character for character in raw[:MOST_CHARACTERS] if character.isprintable())
    return unicodedata.normalize("NFC", kept).strip(" ")


def values(answer: Dataset, keyword: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text(answer, keyword).split("\\") if part.strip())


def number(answer: Dataset, keyword: str) -> int | None:
    try:
        return int(text(answer, keyword))
    except ValueError:
        return None


def _raw(answer: Dataset, keyword: str) -> Any:
    tag = Tag(keyword)
    if tag not in answer:
        return ""
    value = answer.get_item(tag).value
    if isinstance(value, bytes):
        return value.rstrip(b"\0 ")
    if value is None:
        return ""
    return "\\".join(map(str, value)) if isinstance(value, list) else str(value)


def _character_sets(answer: Dataset, within: Dataset | None = None) -> list[str]:
    if _CHARACTER_SET not in answer and within is not None:
        return _character_sets(within)
    declared = _raw(answer, "SpecificCharacterSet") if _CHARACTER_SET in answer else b""
    if isinstance(declared, bytes):
        declared = declared.decode("ascii", "replace")
    return [part.strip() for part in declared.split("\\")]


def _decoded(raw: bytes, declared: list[str], delimiters: set[int]) -> str:
    if not any(declared):
        # PS3.5 6.1.2.1 means ASCII. We asked in UTF-8, which is hard to be by accident.
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("ascii", "replace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return decode_bytes(raw, convert_encodings(list(declared)), delimiters)
    except (LookupError, UnicodeError, ValueError):
        return raw.decode("ascii", "replace")
