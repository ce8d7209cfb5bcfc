"""Whether PET presets, which are in SUV, make sense on a series (PS3.3 C.8.9.1, Units (0054,1001)).

The image room computes SUV and may still refuse; this only asks whether what it needs was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanging_protocols.facts import ImageSet

# By Units: what the image room's note of the file (`Instance.header["pet"]`) must hold for SUV.
_NEEDED = {
    "GML": frozenset[str](),
    "BQML": frozenset({"weight", "total_dose", "half_life"}),
    "CNTS": frozenset({"philips_suv_factor"}),
}


def has_suv(image_set: ImageSet) -> bool:
    needed = _NEEDED.get(image_set.first("Units"))
    first = next((instance for instance in image_set.series.instances if instance.has_pixels), None)
    if needed is None or first is None:
        return False
    facts: Mapping[str, Any] = first.header.get("pet") or {}
    return needed <= facts.keys()
