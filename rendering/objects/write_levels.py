"""What greys become in a new state: a Presentation LUT, or the palette of a pseudo-colour state (PS3.3 C.11.6, C.7.9).

Levels are 256 bytes of grey, or 768 of RGB, as `Followed.levels` has them. Tables are of 16 bits: 257 makes 65535 of 255.
"""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from rendering.header import LookupTable
from rendering.objects.srgb_profile import srgb_profile
from rendering.objects.writing import table_item

PSEUDO_COLOUR_STATE = "1.2.840.10008.5.1.4.1.1.11.3"
LEVELS = 256
_COLOURS = ("Red", "Green", "Blue")


def are_colours(levels: bytes) -> bool:
    return len(levels) == 3 * LEVELS


def write_levels(ds: Dataset, levels: bytes, inverted: bool) -> None:
    """`inverted`: the greys go the other way before they are looked up."""
    table = np.frombuffer(levels, np.uint8).reshape(LEVELS, -1)
    table = table[::-1] if inverted else table
    if are_colours(levels):
        write_palette(ds, table.tobytes())
    else:
        ds.PresentationLUTSequence = [table_item(LookupTable(0, 16, (table[:, 0].astype("<u2") * 257).tobytes()))]


def write_palette(ds: Dataset, colours: bytes) -> None:
    """256 colours, and the profile that they are of."""
    table = np.frombuffer(colours, np.uint8).reshape(LEVELS, 3)
    for number, colour in enumerate(_COLOURS):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [LEVELS, 0, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", (table[:, number].astype("<u2") * 257).tobytes())
    ds.ICCProfile, ds.ColorSpace = srgb_profile(), "SRGB"
