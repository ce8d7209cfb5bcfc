"""Values under the pointer: exact voxels, and how units are called."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from rendering.images import SeriesImages
from rendering.picture import Probe
from rendering.pixels import stored_colour, stored_values
from rendering.pixels.modality import modality_value
from rendering.viewport_values import ValueScale
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import Vec3, add
from workstation.domain.geometry import scale as times
from workstation.domain.slab import Slab
from workstation.errors import Refused

UNITS: dict[SpacingSource, str] = {
    SpacingSource.PIXEL_SPACING: "mm",
    SpacingSource.CALIBRATED: "mm calibrated",
    SpacingSource.US_REGION: "mm",
    SpacingSource.ERMF: "mm (ERMF)",
    SpacingSource.DETECTOR: "mm at detector",
    SpacingSource.NOMINAL: "mm on film",
    SpacingSource.NONE: "px",
}

# A frame that does not say how thick it is counts as this thick for a point given in space.
THIN_SLICE_MM = 1.0

# How units of the modality transform read on screen; others as they are.
SPOKEN_UNITS = {"BQML": "Bq/ml", "GML": "g/ml", "CNTS": "counts", "stored": "", "unspecified": ""}


def probe_frame(images: SeriesImages, scale: ValueScale, position: int, column: int, row: int) -> Probe | None:
    """Pixel (column, row), inside the frame. None where the value is not a number. Raises Refused or NotYet."""
    header, facts = images.header(position), images.facts(position)
    container = images.container(position)
    point = None if facts.plane is None else facts.plane.to_patient(column, row)
    identity = images.identity(position)
    if header.is_colour:
        red, green, blue = (int(c) for c in stored_colour(container[row : row + 1, column : column + 1], header)[0, 0])
        text = f"R {red} G {green} B {blue}"
        return Probe(None, "", column, row, point, text, colour=(red, green, blue), identity=identity)
    stored = _number(stored_values(container[row : row + 1, column : column + 1], header)[0, 0])
    modality = modality_value(stored, header, images.frame(position))
    if not math.isfinite(modality):
        return None
    value, unit = modality * scale.factor, scale.unit(position)
    text = f"{_spoken(value)} {SPOKEN_UNITS.get(unit, unit)}".rstrip()
    return Probe(value, unit, column, row, point, text, modality, facts.transform.unit, stored, identity=identity)


def probe_cut(images: SeriesImages, scale: ValueScale, point: Vec3, dimension: int = 0) -> Probe | None:
    """The voxel of `dimension` that holds an LPS point, None outside. Raises Refused or NotYet."""
    geometry = images.verdict.geometry
    if geometry is None:
        raise Refused("This series cannot be cut through", " ".join(images.verdict.reasons))
    one = images.verdict.dimensions[dimension]
    if one.geometry is None:
        raise Refused("These images cannot be cut through", one.reason)
    column, row, slice_ = (math.floor(i + 0.5) for i in geometry.to_index(point))
    slices, rows, columns = geometry.shape
    if not (0 <= column < columns and 0 <= row < rows and 0 <= slice_ < slices):
        return None
    return probe_frame(images, scale, one.start + slice_, column, row)


def probe_on_cut(images: SeriesImages, scale: ValueScale, point: Vec3, slab: Slab | None, dimension: int = 0) -> Probe | None:
    """What a cut shows at an LPS point. Raises Refused or NotYet."""
    if slab is None:
        return probe_cut(images, scale, point, dimension)
    return probe_slab(images, scale, point, slab, dimension)


def probe_slab(images: SeriesImages, scale: ValueScale, point: Vec3, slab: Slab, dimension: int = 0) -> Probe | None:
    """What a slab shows at an LPS point of its middle cut: of a MIP or MinIP the very voxel, of a mean no voxel but its value.

    None where no voxel is. Raises Refused or NotYet.
    """
    middle = (slab.samples - 1) / 2.0
    places = [add(point, times(slab.step, sample - middle)) for sample in range(slab.samples)]
    probes = [probe for place in places if (probe := probe_cut(images, scale, place, dimension)) is not None]
    valued = [(probe.value, probe) for probe in probes if probe.value is not None]
    if not valued:
        return None
    if slab.mode == "MEAN":
        first = valued[0][1]
        mean = sum(value for value, _ in valued) / len(valued)
        text = f"{_spoken(mean)} {SPOKEN_UNITS.get(first.unit, first.unit)}".rstrip()
        return Probe(mean, first.unit, first.column, first.row, point, f"{text} ({slab.words})")
    chosen = (max if slab.mode == "MIP" else min)(valued, key=lambda found: found[0])[1]
    return replace(chosen, text=f"{chosen.text} ({slab.words})")


def probe_stack(images: SeriesImages, scale: ValueScale, point: Vec3) -> Probe | None:
    """The pixel of the frame nearest to an LPS point that lies within its slice, None outside all."""
    best: tuple[float, int, int, int] | None = None
    for position in range(images.frame_count):
        facts, header = images.facts(position), images.header(position)
        if facts.plane is None:
            continue
        u, v, distance = facts.plane.to_pixel(point)
        column, row = math.floor(u + 0.5), math.floor(v + 0.5)
        inside = 0 <= column < header.columns and 0 <= row < header.rows
        # Half a micrometre more: thickness and position are rounded decimals.
        reach = (facts.slice_thickness or THIN_SLICE_MM) / 2.0 + 5e-4
        if inside and abs(distance) <= reach and (best is None or round(abs(distance), 3) < best[0]):
            best = (round(abs(distance), 3), position, column, row)
    return None if best is None else probe_frame(images, scale, *best[1:])


def _number(value: Any) -> int | float:
    number: int | float = value.item()
    return number


def _spoken(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}" if abs(value) < 1000.0 else f"{value:.0f}"
