"""Roles of spectral CT (dual energy, photon counting): energies, materials, maps.

ImageType value 4 of multi-energy images (PS3.3 C.8.15.3.9 and Supplement 188) comes first, then words; the energy of
a virtual monoenergetic image stands in ImageType or in its name, there is no element for it in a CT image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.role_words import roles_in_text

_TYPES = {
    "VMI": "virtual_monoenergetic", "MAT_REMOVED": "virtual_non_contrast", "MAT_SPECIFIC": "iodine_map",
    "EFF_ATOMIC_NUM": "z_effective", "ELECTRON_DENSITY": "electron_density", "MAT_FRACTIONAL": "material_map",
    "MAT_MODIFIED": "material_map", "MAT_VALUE_BASED": "material_map",
}  # fmt: skip
_WORDS = ("virtual_monoenergetic", "virtual_non_contrast", "iodine_map", "z_effective", "electron_density", "material_map")

# "70 keV", "MONO_70KEV", "VMI40", "Mono+ 55", "MonoE 70".
_KEV = (
    re.compile(r"(?<!\d)(\d{2,3})[ _]?kev", re.IGNORECASE),
    re.compile(r"(?:mono(?:e|energetic|plus)?|vmi)[ _+]{0,2}(\d{2,3})(?!\d)", re.IGNORECASE),
)
# In keV: iodine is bright up to LOW, NORMAL looks like 120 kVp, from HIGH on metal throws less shadow.
LOW, NORMAL, HIGH = 55.0, (60.0, 80.0), 100.0
LEAST, MOST = 30.0, 250.0


def of(image_set: ImageSet) -> Iterator[Fact]:
    found = [*_kinds(image_set)]
    energy = energy_of(image_set)
    if energy is not None and not any(one.value == "virtual_monoenergetic" for one in found):
        found.append(Fact("virtual_monoenergetic", f"it is called {energy:g} keV"))
    if not found:
        return
    yield from found
    yield Fact("spectral", found[0].because)
    if energy is None:
        return
    if energy <= LOW:
        yield Fact("low_kev", f"its energy is {energy:g} keV")
    elif NORMAL[0] <= energy <= NORMAL[1]:
        yield Fact("kev_70", f"its energy is {energy:g} keV")
    elif energy >= HIGH:
        yield Fact("high_kev", f"its energy is {energy:g} keV")


def energy_of(image_set: ImageSet) -> float | None:
    """Of a virtual monoenergetic series, in keV; None where it is not one, or does not say."""
    for text in (*image_set.elements("ImageType"), image_set.first("SeriesDescription")):
        for pattern in _KEV:
            found = pattern.search(text)
            if found and LEAST <= float(found[1]) <= MOST:
                return float(found[1])
    return None


def _kinds(image_set: ImageSet) -> Iterator[Fact]:
    types = image_set.elements("ImageType")
    coded = [Fact(role, f"ImageType says {kind}") for kind, role in _TYPES.items() if kind in types]
    yield from coded or roles_in_text(image_set, *_WORDS)
