"""Measures a ball, and the peak of an area, in the volume of one series. See `rendering.voi_values` for what they are."""

from __future__ import annotations

from dataclasses import replace

from rendering.annotation_shapes import with_span
from rendering.annotation_values import CutBasis, histogram
from rendering.images import NotYet, SeriesImages
from rendering.reslice import VolumeSource
from rendering.viewport_dimensions import dimension_of_drawing
from rendering.viewport_values import ValueScale
from rendering.viewport_views import pixel_pitch
from rendering.voi_values import area_voxels, ball, ball_values, peak
from workstation.domain.annotation import Annotation, Measured, MeasuredValue
from workstation.domain.geometry import Vec3, length, sub
from workstation.errors import Refused

# A ball is shown on every plane that cuts it; one of less than this is a slip of the hand.
LEAST_RADIUS = 0.5


def measured_ball(images: SeriesImages, values: ValueScale, annotation: Annotation, unit: str) -> Measured:
    """Raises Refused, and NotYet until the whole volume is there."""
    source = _whole(images, annotation)
    if len(annotation.patient_points) < 2:
        raise Refused("A ball needs a place in the patient", "This image does not say where it lies")
    centre = annotation.patient_points[0]
    radius = length(sub(annotation.patient_points[1], centre))
    if radius < LEAST_RADIUS:
        raise Refused("This ball is too small to be measured")
    try:
        found = ball(source, values.factor, centre, radius)
    except ValueError as error:
        raise Refused("This ball is too large to be measured", "", "Draw it around one lesion") from error
    notes = ("Reaches beyond the image: values are of the part inside",) if found.beyond else ()
    told = ball_values(found, source, values.factor, unit, values.is_suv)
    return Measured(told, images.facts(0).spacing_source, histogram=histogram(found.values), notes=notes)


def with_peak(
    images: SeriesImages, values: ValueScale, annotation: Annotation, measured: Measured, cut: CutBasis | None
) -> Measured:
    """An area's values as SUV is read: maximum, peak and mean first. Without a peak where there is no volume.

    `cut` is the plane of a drawing on a cut.
    """
    by_name = {value.name: value for value in measured.values}
    if "Max" not in by_name:
        return measured
    found = _peak_of(images, values, annotation, cut)
    order = [by_name.pop("Max"), *([MeasuredValue("Peak", found, by_name["Mean"].unit)] if found is not None else [])]
    order += [by_name.pop(name) for name in ("Mean", "SD") if name in by_name]
    lengths = [by_name.pop(name) for name in ("Area", "Diameter") if name in by_name]
    return replace(measured, values=(*lengths, *order, *by_name.values()))


def _peak_of(images: SeriesImages, values: ValueScale, annotation: Annotation, cut: CutBasis | None) -> float | None:
    try:
        source = _whole(images, annotation)
    except (Refused, NotYet):
        return None
    basis = _basis(images, annotation, cut)
    if basis is None:
        return None
    spanned, origin, right, down = basis
    voxels = area_voxels(source.geometry, annotation.kind, spanned, origin, right, down)
    found = peak(source, values.factor, voxels) if len(voxels) else None
    return None if found is None else found[0]


def _basis(
    images: SeriesImages, annotation: Annotation, cut: CutBasis | None
) -> tuple[list[tuple[float, float]], Vec3, Vec3, Vec3] | None:
    """The area in its plane: its points (u, v), where (0, 0) lies, and the steps of u and v in LPS mm."""
    if cut is not None:
        return [cut.to_plane(point) for point in annotation.patient_points], cut.origin, cut.right, cut.down
    for position in range(images.frame_count):
        identity = images.identity(position)
        if (identity.sop_instance_uid, identity.frame_number) == (annotation.sop_instance_uid, annotation.frame_number):
            facts, header = images.facts(position), images.header(position)
            if facts.plane is None:
                return None
            origin = facts.plane.position
            right = sub(facts.plane.to_patient(1.0, 0.0), origin)
            down = sub(facts.plane.to_patient(0.0, 1.0), origin)
            return with_span(annotation.kind, annotation.points, pixel_pitch(header, facts)), origin, right, down
    return None


def _whole(images: SeriesImages, annotation: Annotation) -> VolumeSource:
    source = images.volume(dimension_of_drawing(images, annotation) or 0)
    if source.partial:
        raise NotYet("The values follow when the whole series is loaded")
    return source
