"""Stored values to what a screen shows: pure numpy, PS3.3 and PS3.4 N.2 in their order.

stored container -> stored value -> modality value -> VOI -> presentation (uint8).
"""

from __future__ import annotations

from rendering.pixels.colour import colour, stored_colour
from rendering.pixels.modality import (
    FrameValues,
    clear_foreign_bits,
    modality_values,
    padding_mask,
    padding_values,
    stored_values,
)
from rendering.pixels.overlay import overlay_planes, shutter_mask
from rendering.pixels.suv import SuvFactor, suv_factor, suv_factors
from rendering.pixels.voi import Voi, auto_window, equivalent_window, first_voi, first_window, grey, is_inverse, voi_choices

__all__ = [
    "FrameValues",
    "SuvFactor",
    "Voi",
    "auto_window",
    "clear_foreign_bits",
    "colour",
    "equivalent_window",
    "first_voi",
    "first_window",
    "grey",
    "is_inverse",
    "modality_values",
    "overlay_planes",
    "padding_mask",
    "padding_values",
    "shutter_mask",
    "stored_colour",
    "stored_values",
    "suv_factor",
    "suv_factors",
    "voi_choices",
]
