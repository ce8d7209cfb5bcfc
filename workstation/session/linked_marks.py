"""What is to be seen of words that are tied to images."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.text_link import LinkKind, TextLink
from workstation.reporting.link_places import is_grown

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n")


class LinkState(StrEnum):
    IMAGE = "image"
    """A phrase that knows its image; nothing is measured."""
    SAME = "same"
    CHANGED = "changed"
    """The words were changed with the measurement, and nobody has looked at them."""
    DIFFERS = "differs"
    """The words are the reader's, or signed, and the image says something else."""
    GONE = "gone"
    """The measurement was removed or rejected."""


@dataclass(frozen=True, slots=True)
class LinkMark:
    """`start` to `end` of the section's text. `says` is what the image says now; empty where that is not known."""

    link: TextLink
    state: LinkState
    start: int
    end: int
    says: str = ""

    @property
    def is_to_be_seen(self) -> bool:
        return self.state in (LinkState.CHANGED, LinkState.DIFFERS, LinkState.GONE)


def mark_of(link: TextLink, text: str, says: str | None, is_gone: bool) -> LinkMark:
    """`says` None: the image does not tell now."""
    if link.kind is not LinkKind.MEASURED:
        start, end = (link.start, link.end) if link.kind is LinkKind.SPOKEN else sentence_at(text, link.start)
        return LinkMark(link, LinkState.IMAGE, start, max(end, link.end))
    if is_gone:
        state = LinkState.GONE
    elif says is None or is_said(link, text, says):
        state = LinkState.SAME if link.is_seen else LinkState.CHANGED
    else:
        state = LinkState.DIFFERS
    return LinkMark(link, state, link.start, link.end, says or "")


def is_untouched(link: TextLink, text: str) -> bool:
    """Whether the words stand as they were written."""
    return link.is_in_text and text[link.start : link.end] == link.words and not is_grown(text, (link.start, link.end))


def is_said(link: TextLink, text: str, says: str) -> bool:
    """Whether the words, perhaps put otherwise, have the same numbers."""
    said = text[link.start : link.end]
    if is_grown(text, (link.start, link.end)):
        return False
    return said == says or _numbers(said) == _numbers(says) != []


def _numbers(words: str) -> list[str]:
    return [number.replace(",", ".") for number in _NUMBER.findall(words)]


def sentence_at(text: str, place: int) -> tuple[int, int]:
    """The sentence that a place is in, without the spaces around it."""
    ends = [m.end() for m in _SENTENCE_END.finditer(text)]
    start = max((end for end in ends if end <= place), default=0)
    end = min((end for end in ends if end > place), default=len(text))
    said = text[start:end]
    start += len(said) - len(said.lstrip())
    return start, start + len(said.strip())


def begins_sentence(text: str, place: int) -> bool:
    """Whether what is written at `place` is the first of a sentence."""
    before = text[:place].rstrip(" \t")
    return not before or before[-1] in ".!?\n"
