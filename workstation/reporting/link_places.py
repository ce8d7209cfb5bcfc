"""Where words lie after a change of the text around them. Places count characters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TypeAlias

from workstation.reporting.journal import Change, apply, change_between

_WORD = re.compile(r"\w+|\W")
LONGEST = 4000
"""Changes of more characters are taken as one: nobody edits so much word by word."""

Span: TypeAlias = tuple[int, int]
"""(start, end); equal where the words are not in the text."""


def steps(before: str, change: Change) -> Iterator[tuple[Change, str]]:
    """One change as the smaller ones that it may be made of, each with the text after it.

    What is saved in one go may have been changed in several places; words between them stay what they are.
    """
    gone = before[change.start : change.start + change.removed]
    if not gone or not change.inserted or len(gone) + len(change.inserted) > LONGEST:
        yield change, apply(before, change)
        return
    old, new = _WORD.findall(gone), _WORD.findall(change.inserted)
    text, at = before, change.start
    for what, first, last, new_first, new_last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        removed, inserted = "".join(old[first:last]), "".join(new[new_first:new_last])
        if what != "equal":
            step = Change(at, len(removed), inserted)
            text = apply(text, step)
            yield step, text
        at += len(inserted)


def followed(span: Span, words: str, before: str, text: str) -> Span:
    """Where `words` that lay at `span` of one text lie in another one that was made of it."""
    change = change_between(before, text)
    for step, after in steps(before, change) if change is not None else ():
        span = moved(span, words, step, after)
    return span


def moved(span: Span, words: str, change: Change, text: str) -> Span:
    """Where `words` that lay at `span` lie in `text`, which is what `change` made.

    Words that went away leave their place behind: written there again (an undo), they are found again.
    """
    start, end = span
    if start == end:
        return _back(start, words, change, text)
    last = change.start + change.removed
    by = len(change.inserted) - change.removed
    if last <= start:
        return start + by, end + by
    if change.start >= end and not _goes_on(end, change, text):
        return _regrown(span, words, text) if change.start <= end + len(words) else span
    return _reached(span, words, change, text)


def _regrown(span: Span, words: str, text: str) -> Span:
    """Typed over, a number first loses its unit; once the unit is written again it is a part of the words."""
    start, end = span
    said = text[start:end]
    for length in range(len(words) - 1, 1, -1):
        tail = words[-length:]
        if text.startswith(tail, end) and not said.endswith(tail):
            return start, end + length
    return span


def _goes_on(end: int, change: Change, text: str) -> bool:
    """Whether something was written onto the last letter, as a digit onto a number."""
    return change.start == end and change.removed == 0 and text[end - 1].isalnum() and text[end : end + 1].isalnum()


def _reached(span: Span, words: str, change: Change, text: str) -> Span:
    """A number over which other words were written is not in the text any more."""
    start, end = _left(span, words, change, text)
    has_number = any(c.isdigit() for c in words)
    return (start, start) if has_number and not any(c.isdigit() for c in text[start:end]) else (start, end)


def _left(span: Span, words: str, change: Change, text: str) -> Span:
    start, end = span
    last, by = change.start + change.removed, len(change.inserted) - change.removed
    first_new, last_new = min(start, change.start), max(end, last) + by
    found = _nearest(words, text, first_new, last_new, start)
    if found is not None:
        return found
    if change.start >= start and last <= max(end, change.start):
        return start, max(end + by, change.start + len(change.inserted))
    if change.start < start and last < end:  # its beginning went
        return change.start + len(change.inserted), end + by
    if change.start > start:  # its end went
        return start, change.start
    return change.start, change.start


def _back(start: int, words: str, change: Change, text: str) -> Span:
    last, by = change.start + change.removed, len(change.inserted) - change.removed
    if change.start <= start <= last:
        reach = len(words)
        found = _nearest(words, text, change.start - reach, change.start + len(change.inserted) + reach, start)
        if found is not None and found[0] < change.start + len(change.inserted) and found[1] > change.start:
            return found
        return change.start, change.start
    return (start + by, start + by) if last < start else (start, start)


def _nearest(words: str, text: str, first: int, last: int, to: int) -> Span | None:
    """The words between two places of the text, where they stand nearest to a third."""
    places, at = [], text.find(words, max(first, 0), last) if words else -1
    while at >= 0:
        places.append(at)
        at = text.find(words, at + 1, last)
    if not places:
        return None
    start = min(places, key=lambda place: abs(place - to))
    return start, start + len(words)


def is_grown(text: str, span: Span) -> bool:
    """Whether letters or digits stand so close that the words read otherwise: `14` in `140` or `14.5`."""
    start, end = span
    before, after = text[:start], text[end:]
    glued_before = before[-1:].isalnum() or (before[-1:] in (".", ",") and before[-2:-1].isdigit() and text[start].isdigit())
    glued_after = after[:1].isalnum() or (after[:1] in (".", ",") and after[1:2].isdigit() and text[end - 1].isdigit())
    return glued_before or glued_after
