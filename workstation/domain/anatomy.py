"""Where the body lies in the images of a viewport, as something that a viewport can be fitted to."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.viewing import Framed


@dataclass(frozen=True, slots=True)
class Anatomy:
    """`framed` is what to fit in place of the whole image, None where that is the whole image; `words` say why, where the
    reader should know (an English source string). `waiting`: nobody has looked yet; `SeriesViewer.look_for_anatomy` does."""

    framed: Framed | None = None
    words: str = ""
    in_mm: bool = True
    """Whether lengths are millimetres; else `framed` counts pixels, and is compared with no other image's."""
    waiting: bool = False
