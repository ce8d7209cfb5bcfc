"""A segment's written text for the place that it goes to: the middle of a sentence takes no capital and no full stop."""

from __future__ import annotations

from dictation.formatter import Formatter
from dictation.formatter.endings import ends_sentence
from dictation.formatter.written import STOPS
from workstation.domain.dictation import DictatedSegment
from workstation.errors import Unavailable


def fitted(segment: DictatedSegment, before: str, after: str, code: str) -> str:
    """The text between `before` and `after`. A first letter and a stop at the end may change, never a word.

    A stop that was dictated stays, but not two of them.
    """
    text = _with_first_letter(segment, before, code)
    following = after.lstrip(" ")
    goes_on = bool(following) and following[0] != "\n"
    if not goes_on or not text or text[-1] not in STOPS or len(text) < 2:
        return text
    if following[0] in STOPS:
        return text[:-1]
    in_sentence = following[0].islower() or following[0].isdigit() or following[0] in "([:–-"
    return text[:-1] if in_sentence and text[-1] == "." and not _dictates_stops(segment, code) else text


def _with_first_letter(segment: DictatedSegment, before: str, code: str) -> str:
    """As the grammar writes it behind `before`; it knows which words keep their capital."""
    text = segment.text
    if not text[:1].isalpha():
        return text
    if not segment.spoken:
        starts = before.rstrip(" ")[-1:] in ("", "\n") or ends_sentence(before)
        return text[0].upper() + text[1:] if starts else text
    try:
        form = Formatter(code).written(segment.spoken, before).text.lstrip("\n")
    except Unavailable:
        return text
    same = form[:1].lower() == text[0].lower() and form[1:2].lower() == text[1:2].lower()
    return form[0] + text[1:] if same else text


def _dictates_stops(segment: DictatedSegment, code: str) -> bool:
    try:
        return Formatter(code).written(segment.spoken).dictates_stops
    except Unavailable:
        return False
