"""The mean inside one drawing in each of the volumes at the same places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rendering.series_frames import SeriesFrames
from rendering.viewport_dimensions import at_dimension, dimension_of_drawing
from workstation.domain.annotation import Annotation, Measured
from workstation.domain.curve import Curve, CurvePoint
from workstation.domain.dimension import Dimension
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused

# What a drawing must measure to have a curve: an area's mean, or the value of one pixel.
MEANS = ("Mean", "Value")


def curve_of(frames: SeriesFrames, drawn: Annotation, measure: Callable[[Annotation], Measured]) -> Curve:
    """Raises Refused for a series of one volume, and for a drawing that has no mean value."""
    dimensions = [one for one in frames.verdict.dimensions if not one.is_aside]
    if len(dimensions) < 2:
        raise Refused("No curve", "This series has one volume only", "A curve is of phases, b-values or times")
    if dimension_of_drawing(frames, drawn) is None:
        raise Refused("No curve", "The image of this drawing is not here")
    measured = [(one, measure(_twin(frames, drawn, index))) for index, one in enumerate(dimensions)]
    points = tuple(_point(one, found) for one, found in measured)
    units = [value.unit for _, found in measured for value in found.values if value.name in MEANS and not value.of]
    if not units:
        reason = next((found.refused for _, found in measured if found.refused), "It has no mean value")
        raise Refused("No curve of this drawing", reason, "Draw an area, or set a probe")
    return Curve(dimensions[0].kind, dimensions[0].unit, units[0], points)


def _twin(frames: SeriesFrames, drawn: Annotation, index: int) -> Annotation:
    """The same drawing at the same place of another volume."""
    if drawn.plane is not Plane.STACK:
        return replace(drawn, dimension=frames.verdict.dimensions[index].key)
    position = frames.position_of(drawn.sop_instance_uid, drawn.frame_number) or 0
    state = at_dimension(frames, ViewportState(drawn.study_uid, drawn.series_uid, position=position), index)
    identity = frames.identity(state.position)
    return replace(drawn, sop_instance_uid=identity.sop_instance_uid, frame_number=identity.frame_number)


def _point(one: Dimension, measured: Measured) -> CurvePoint:
    values = {value.name: value.value for value in measured.values if not value.of}
    mean = next((values[name] for name in MEANS if name in values), None)
    return CurvePoint(one.label, one.value, mean, values.get("SD"), "" if mean is not None else measured.refused)
