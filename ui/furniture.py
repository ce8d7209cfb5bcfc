"""The room that ruler and colour bar take in a viewport: no words of drawings are put there. Logical pixels."""

from __future__ import annotations

from ui import halo
from ui.annotation_labels import Box
from ui.colour_bar import ColourBar
from ui.scale_bar import ScaleBar

RULER_WIDTH, RULER_EDGE = 22.0, 9.0


def furniture(scale: ScaleBar | None, colours: ColourBar | None, width: float, height: float) -> tuple[Box, ...]:
    """Where `ui.overlay` paints them."""
    found = []
    if scale is not None:
        top, wide = (height - scale.length) / 2, halo.width(scale.text)
        ruler, words = (0.0, RULER_EDGE) if scale.on_left else (width - RULER_WIDTH, width - RULER_EDGE - wide)
        found.append(Box(ruler, top - 4, RULER_WIDTH, scale.length + 8))
        found.append(Box(words, top + scale.length + 4, wide, halo.metrics().height()))
    if colours is not None and colours.room(height):
        found.append(Box(0.0, height * 0.3, colours.room(height), height * 0.4))
    return tuple(found)
