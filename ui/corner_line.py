"""Lines of the four corners of a viewport: what they say, how important they are, how they are coloured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Tone(Enum):
    """How a line is coloured; the filled ones are badges."""

    TEXT = "text"
    MUTED = "muted"
    KEY = "key"
    DOUBT = "doubt"
    PRIOR = "prior"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Line:
    """`priority` 0 is kept longest. `short` are other wordings, longest first, for when `text` does not fit.

    A `whole` line is left out rather than cut: half a number or a date is a wrong one.
    """

    text: str
    priority: int
    tone: Tone = Tone.TEXT
    short: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Corners:
    """Lines from the top edge down (top corners) and from the bottom edge up (bottom corners)."""

    top_left: tuple[Line, ...] = ()
    top_right: tuple[Line, ...] = ()
    bottom_left: tuple[Line, ...] = ()
    bottom_right: tuple[Line, ...] = ()
