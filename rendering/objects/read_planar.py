"""Planar MPR Volumetric Presentation States (PS3.3 A.80.1): one grey plane through one volume. Worker process only.

Followed is a plane of one volume as it is: without cropping, without colours, thin or as a slab. All else is refused in words.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from rendering.objects.presentation_facts import PlanarView, Presentation
from rendering.objects.read_looks import read_modality, read_window
from rendering.objects.reading import Budget, referenced_images, series_references
from rendering.objects.references import ImageReference
from rendering.parse_elements import Elements
from workstation.domain.geometry import Vec3, dot, length, scale

PLANAR = ".11.6"
INPUT = "VolumetricPresentationStateInputSequence"
MALFORMED = "What it says of its plane is malformed"
VOLUMES = "It shows more than one volume, or a part of one"
CURVED = "Its plane is curved"
CROPPED = "It cuts parts of the volume away"
COLOURS = "It shows the plane in colours"
MODES = {"AVERAGE_IP": "MEAN", "MAXIMUM_IP": "MIP", "MINIMUM_IP": "MIN"}
# Directions are unit vectors, and at right angles to each other, to about a tenth of a degree.
SLANT = 0.002


def is_planar(sop_class_uid: str) -> bool:
    return sop_class_uid.endswith(PLANAR)


def planar_images(elements: Elements, budget: Budget, study_uid: str) -> Iterator[ImageReference]:
    for item in budget.items(elements, INPUT):
        yield from (*referenced_images(item, budget), *series_references(item, budget, study_uid))


def with_plane(presentation: Presentation, elements: Elements, budget: Budget) -> Presentation:
    """The presentation of a planar state, or with the reason why it cannot be followed."""
    inputs = list(budget.items(elements, INPUT))
    refused = _refused(elements, inputs)
    plane = _plane(elements)
    if refused or plane is None:
        return replace(presentation, refused=refused or MALFORMED)
    windows = tuple(read_window(one, budget) for one in budget.items(inputs[0], "SoftcopyVOILUTSequence"))
    return replace(presentation, plane=plane, windows=windows or presentation.windows, modality=read_modality(inputs[0]))


def _refused(elements: Elements, inputs: list[Elements]) -> str:
    if len(inputs) != 1 or inputs[0].text("PresentationInputType") not in ("", "VOLUME"):
        return VOLUMES
    if elements.text("MultiPlanarReconstructionStyle") not in ("", "PLANAR"):
        return CURVED
    cropped = any(tuple(one.items("VolumeCroppingSequence")) for one in (elements, *inputs))
    if cropped or inputs[0].text("Crop") == "YES":
        return CROPPED
    return COLOURS if elements.text("PixelPresentation") not in ("", "MONOCHROME") else ""


def _plane(elements: Elements) -> PlanarView | None:
    names = ("TopLeftHandCorner", "ViewWidthDirection", "ViewHeightDirection")
    corner, right, down = (_vector(elements, f"MPR{name}") for name in names)
    width, height = elements.real("MPRViewWidth"), elements.real("MPRViewHeight")
    if corner is None or right is None or down is None or not width or not height or min(width, height) <= 0.0:
        return None
    if any(abs(length(way) - 1.0) > SLANT for way in (right, down)) or abs(dot(right, down)) > SLANT:
        return None
    right, down = scale(right, 1.0 / length(right)), scale(down, 1.0 / length(down))
    made = PlanarView(corner, right, down, width, height)
    if elements.text("MPRThicknessType") != "SLAB":
        return made
    thick, mode = elements.real("MPRSlabThickness"), MODES.get(elements.text("RenderProjection") or "AVERAGE_IP")
    return replace(made, slab_mm=thick, mode=mode) if thick and thick > 0.0 and mode else None


def _vector(elements: Elements, name: str) -> Vec3 | None:
    found = elements.floats(name)
    return (found[0], found[1], found[2]) if len(found) == 3 and all(map(math.isfinite, found)) else None
