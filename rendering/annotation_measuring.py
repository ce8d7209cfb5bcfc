"""What a drawing measures: lengths, angles, areas and the values inside them, each with its unit and source.

A drawing of a frame is measured in its pixels and their spacing there (rendering.annotation_spacing);
one of a cut in the patient, in the thin cut that it lies in, whatever slab is shown. How the view
is zoomed, turned or windowed never enters. Areas are those of the drawn line, values those of the
pixels whose centres are inside (rendering.annotation_values). What is no verified volume (gaps,
shared or uncertain places: reliability F50) is never measured across its slices, only in each; a
doubt that forbids measuring refuses all but a probe, with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rendering.annotation_shapes import AREAS, angle_at, area, axes, cobb_angle, crosses_itself, line_angle, with_span
from rendering.annotation_spacing import BY_READER, Calibration, Scale, calibrated, frame_scale, region_of
from rendering.annotation_values import CutBasis, Sampled, cut_sampled, frame_sampled, histogram, statistics
from rendering.header import UltrasoundRegion
from rendering.images import NotYet, SeriesImages
from rendering.picture import Probe
from rendering.viewport_dimensions import dimension_of_drawing
from rendering.viewport_probe import SPOKEN_UNITS, UNITS, probe_cut, probe_frame, probe_slab
from rendering.viewport_values import ValueScale
from rendering.viewport_views import pixel_pitch
from rendering.voi_measuring import measured_ball, with_peak
from workstation.domain.annotation import VALUES_FOLLOW, Annotation, AnnotationKind, Measured, MeasuredValue
from workstation.domain.crosshair import PLANE_DIRECTIONS
from workstation.domain.doubt import Doubt, SpacingSource
from workstation.domain.geometry import Vec3, cross, dot, length, sub, unit
from workstation.domain.viewing import Plane
from workstation.errors import Refused

Point = tuple[float, float]

UNMEASURED = frozenset({AnnotationKind.ARROW, AnnotationKind.TEXT, AnnotationKind.SPINE})

# What a line measures along one axis of an ultrasound region that has no two lengths.
AXIS_NAMES = {"mm": "Distance", "s": "Time", "cm/s": "Velocity", "Hz": "Frequency", "dB": "Level"}

# Diameters that differ by less are those of a circle.
ROUND = 1e-3

# Points of a drawing on a cut lie in its plane to this many mm.
FLAT_MM = 0.05


@dataclass(frozen=True, slots=True)
class _Place:
    """A drawing in its plane: `points` (with the third of a spanned shape), their scale, and the pixels there."""

    points: Sequence[Point]
    scale: Scale
    is_colour: bool
    value_unit: str
    sampled: Callable[[], Sampled]

    def metric(self) -> list[Point]:
        return self.scale.metric(self.points)


class Measuring:
    """Measures the drawings of one `SeriesImages`. Holds no state."""

    def __init__(self, images: SeriesImages, values: ValueScale, doubts: Callable[[int], Sequence[Doubt]]) -> None:
        self._images = images
        self._values = values
        self._doubts = doubts

    def measured(self, annotation: Annotation, calibrations: Sequence[Annotation] = (), unit: str = "") -> Measured:
        """Never raises: `refused` says why there are no values. `unit` is what values are told in; "" the series' own."""
        if annotation.kind in UNMEASURED:
            return Measured()
        told = self._values.told_in(unit)
        if told is not self._values:
            return Measuring(self._images, told, self._doubts).measured(annotation, calibrations)
        try:
            return self._measured(annotation, calibrations)
        except Refused as refused:
            return Measured(refused=f"{refused.title}: {refused.detail}" if refused.detail else refused.title)
        except NotYet as waiting:
            return Measured(refused=waiting.title)

    def _measured(self, annotation: Annotation, calibrations: Sequence[Annotation]) -> Measured:
        position = self._position(annotation)
        if annotation.kind is AnnotationKind.PROBE:
            return self._probed(annotation, position)
        for doubt in self._doubts(position):
            if doubt.forbids_measuring:
                raise Refused("This image cannot be measured", doubt.text)
        if annotation.kind is AnnotationKind.CALIBRATION:
            return self._calibration(annotation, position)
        if annotation.kind is AnnotationKind.SPHERE:
            return measured_ball(self._images, self._values, annotation, self._unit(position))
        if annotation.plane is Plane.STACK and annotation.kind is AnnotationKind.LENGTH:
            region = region_of(self._images.header(position), annotation.points)
            if region is not None and (region.row_spacing is None or region.column_spacing is None):
                return _along_axes(region, annotation.points)
        if annotation.plane is Plane.STACK:
            place = self._frame_place(annotation, position, calibrations)
        else:
            place = self._cut_place(annotation, position)
        if annotation.kind not in AREAS:
            return _of_slab(_lines(annotation.kind, place), annotation)
        measured = _area(annotation.kind, place)
        if annotation.slab is not None or not self._values.is_suv:
            return _of_slab(measured, annotation)
        cut = None if annotation.plane is Plane.STACK else cut_basis(annotation)
        return with_peak(self._images, self._values, annotation, measured, cut)

    def _position(self, annotation: Annotation) -> int:
        images = self._images
        if (annotation.study_uid, annotation.series_uid) != (images.study.study_instance_uid, images.series.series_instance_uid):
            raise Refused("This drawing is not of this series")
        if annotation.plane is Plane.THREE_D:
            raise Refused("This view cannot be measured", "Lengths in a projection are not lengths in the patient")
        if annotation.plane is not Plane.STACK:
            if images.verdict.geometry is None:
                raise Refused("This series cannot be cut through", " ".join(images.verdict.reasons))
            return images.verdict.dimensions[self._dimension(annotation)].start
        found = images.position_of(annotation.sop_instance_uid, annotation.frame_number)
        if found is None:
            raise Refused("The image of this drawing is not here")
        return found

    def _dimension(self, annotation: Annotation) -> int:
        found = dimension_of_drawing(self._images, annotation)
        if found is None:
            raise Refused("The volume of this drawing is not here")
        return found

    def _frame_place(self, annotation: Annotation, position: int, calibrations: Sequence[Annotation]) -> _Place:
        images = self._images
        header, facts = images.header(position), images.facts(position)
        lines = [
            Calibration(line, images.header(at), images.facts(at))
            for line in calibrations
            if line.kind is AnnotationKind.CALIBRATION and (at := self._calibrated_at(line)) is not None
        ]
        lengths = frame_scale(header, facts, annotation.points, lines)
        spanned = with_span(annotation.kind, annotation.points, pixel_pitch(header, facts))
        return _Place(
            spanned,
            lengths,
            header.is_colour,
            self._unit(position),
            lambda: frame_sampled(images, self._values, position, annotation.kind, spanned),
        )

    def _calibrated_at(self, line: Annotation) -> int | None:
        try:
            return self._position(line) if line.plane is Plane.STACK else None
        except Refused:
            return None

    def _cut_place(self, annotation: Annotation, position: int) -> _Place:
        basis = cut_basis(annotation)
        points = [basis.to_plane(point) for point in annotation.patient_points]
        images, values, kind = self._images, self._values, annotation.kind
        source = images.facts(position).spacing_source
        lengths = Scale(1.0, 1.0, UNITS[source], source)
        is_colour, dimension = images.header(position).is_colour, self._dimension(annotation)
        return _Place(
            points,
            lengths,
            is_colour,
            self._unit(position),
            lambda: cut_sampled(images, values, basis, kind, points, dimension, annotation.slab),
        )

    def _unit(self, position: int) -> str:
        found = self._values.unit(position)
        return SPOKEN_UNITS.get(found, found)

    def _probed(self, annotation: Annotation, position: int) -> Measured:
        if annotation.plane is not Plane.STACK:
            point, dimension = annotation.patient_points[0], self._dimension(annotation)
            if annotation.slab is not None:
                found = probe_slab(self._images, self._values, point, annotation.slab, dimension)
                return _of_slab(_probe_values(found), annotation)
            return _probe_values(probe_cut(self._images, self._values, point, dimension))
        column, row = (math.floor(part + 0.5) for part in annotation.points[0])
        header = self._images.header(position)
        is_inside = 0 <= column < header.columns and 0 <= row < header.rows
        return _probe_values(probe_frame(self._images, self._values, position, column, row) if is_inside else None)

    def _calibration(self, annotation: Annotation, position: int) -> Measured:
        if annotation.plane is not Plane.STACK:
            raise Refused("This image knows its own lengths", "A calibration line is for images that do not")
        images = self._images
        calibrated(Calibration(annotation, images.header(position), images.facts(position)))
        known = MeasuredValue("Length", annotation.known_mm or 0.0, BY_READER)
        return Measured((known,), SpacingSource.CALIBRATED)


def cut_basis(annotation: Annotation) -> CutBasis:
    """The plane of a cut's drawing: its own directions, of an oblique one those of its points.

    Raises Refused when the points do not lie in one plane.
    """
    points = annotation.patient_points
    if annotation.plane in PLANE_DIRECTIONS:
        right, down = PLANE_DIRECTIONS[annotation.plane]
    else:
        right, down = _directions(annotation.kind, points)
    normal = cross(right, down)
    if any(abs(dot(sub(point, points[0]), normal)) > FLAT_MM for point in points):
        raise Refused("This drawing does not lie in one plane")
    return CutBasis(points[0], right, down)


def _directions(kind: AnnotationKind, points: Sequence[Vec3]) -> tuple[Vec3, Vec3]:
    """Unit right and down of the plane through points: a box's own sides, else the plane's widest direction first."""
    offsets = np.array([sub(point, points[0]) for point in points])
    first = sub(points[2], points[0]) if kind in (AnnotationKind.RECTANGLE, AnnotationKind.ELLIPSE) else None
    found = np.linalg.svd(offsets - offsets.mean(axis=0))[2]
    normal = _vector(found[2])
    right = unit(first) if first is not None and length(first) > 0.0 else _vector(found[0])
    down = unit(cross(normal, right))
    return right, down


def _vector(row: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Vec3:
    return float(row[0]), float(row[1]), float(row[2])


def _lines(kind: AnnotationKind, place: _Place) -> Measured:
    points, lengths = place.metric(), place.scale
    if not lengths.is_known and not lengths.is_square and kind not in (AnnotationKind.ANGLE, AnnotationKind.COBB):
        raise Refused("The pixels of this image are not square and have no known size", "A length in pixels would mean nothing")
    source = lengths.source
    if kind is AnnotationKind.LENGTH:
        return Measured((MeasuredValue("Length", math.dist(*points[:2]), lengths.unit),), source)
    if kind is AnnotationKind.BIDIRECTIONAL:
        drawn = sorted((math.dist(*points[:2]), math.dist(*points[2:4])), reverse=True)
        values = [MeasuredValue(n, v, lengths.unit) for n, v in zip(("Long axis", "Short axis"), drawn, strict=True)]
        between = line_angle(points[0], points[1], points[2], points[3])
        if between is not None:
            values.append(MeasuredValue("Angle between axes", between, "°"))
        return Measured(tuple(values), source)
    if kind is AnnotationKind.ANGLE:
        found = angle_at(points[1], points[0], points[2])
    else:
        found = cobb_angle(points[0], points[1], points[2], points[3])
    if found is None:
        raise Refused("This angle has an arm without length")
    return Measured((MeasuredValue("Cobb angle" if kind is AnnotationKind.COBB else "Angle", found, "°"),), source)


def _area(kind: AnnotationKind, place: _Place) -> Measured:
    if kind in (AnnotationKind.POLYGON, AnnotationKind.FREEHAND) and crosses_itself(place.points):
        raise Refused("This line crosses itself", "It encloses no one area")
    points, lengths = place.metric(), place.scale
    # Pixels that are not square are counted in pixels, not in squares of one of their sides.
    size = area(kind, points if lengths.is_known else place.points)
    values = [MeasuredValue("Area", size, lengths.area_unit)]
    if kind is AnnotationKind.CIRCLE and (lengths.is_known or lengths.is_square):
        across, down = (2.0 * math.hypot(*half) for half in axes(kind, points)[1:])
        # In an ultrasound region with two scales what is round on the screen is not in the patient.
        if math.isclose(across, down, rel_tol=ROUND):
            values.append(MeasuredValue("Diameter", across, lengths.unit))
    if place.is_colour:
        return Measured(tuple(values), lengths.source, notes=("A colour image: no values to measure",))
    try:
        sampled = place.sampled()
    except NotYet:
        return Measured(tuple(values), lengths.source, notes=(f"{VALUES_FOLLOW} the image is loaded",))
    values.extend(statistics(sampled.values, place.value_unit))
    return Measured(tuple(values), lengths.source, histogram=histogram(sampled.values), notes=_notes(sampled))


def _of_slab(measured: Measured, annotation: Annotation) -> Measured:
    """Says that depth was projected, and that values are those of the projection."""
    slab = annotation.slab
    if slab is None or measured.refused:
        return measured
    is_valued = annotation.kind in AREAS or annotation.kind is AnnotationKind.PROBE
    said = f"Values of the {slab.words}" if is_valued else f"In a {slab.words}: depth is projected"
    return replace(measured, notes=(*measured.notes, said))


def _notes(sampled: Sampled) -> tuple[str, ...]:
    notes = []
    if sampled.left_out:
        noun = "pixel" if sampled.left_out == 1 else "pixels"
        notes.append(f"{sampled.left_out} {noun} of padding or without a value left out")
    if sampled.beyond:
        notes.append("Reaches beyond the image: values are of the part inside")
    return tuple(notes)


def _along_axes(region: UltrasoundRegion, points: Sequence[Point]) -> Measured:
    """A line in a region without two lengths (M-mode, Doppler): how far it goes along each axis, in that axis' unit."""
    (u0, v0), (u1, v1) = points[:2]
    values = []
    for delta, name, steps in ((region.x_delta, region.x_unit, u1 - u0), (region.y_delta, region.y_unit, v1 - v0)):
        if delta is not None:
            values.append(MeasuredValue(AXIS_NAMES.get(name, "Difference"), abs(steps * delta), name))
    if not values:
        raise Refused("This ultrasound region does not say what its axes are")
    return Measured(tuple(values), SpacingSource.US_REGION)


def _probe_values(probe: Probe | None) -> Measured:
    if probe is None:
        raise Refused("There is no value here")
    if probe.colour is not None:
        names = zip(("Red", "Green", "Blue"), probe.colour, strict=True)
        return Measured(tuple(MeasuredValue(name, float(value), "") for name, value in names))
    if probe.value is None:
        raise Refused("There is no value here")
    return Measured((MeasuredValue("Value", probe.value, SPOKEN_UNITS.get(probe.unit, probe.unit)),))
