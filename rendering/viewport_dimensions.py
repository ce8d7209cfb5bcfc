"""Which of the volumes at the same places a state shows, and the same place in another of them.

In STACK the shown frame says it (`position` counts through the whole reading order); for planes
and 3D `ViewportState.dimension` does.
"""

from __future__ import annotations

from dataclasses import replace

from rendering.series_frames import SeriesFrames
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.dimension import Dimension
from workstation.domain.geometry import dot, sub
from workstation.domain.viewing import Plane, ViewportState


def dimension_index(frames: SeriesFrames, state: ViewportState) -> int:
    """The 0-based dimension that the state shows."""
    dimensions = frames.verdict.dimensions
    if state.plane is Plane.STACK:
        position = min(max(state.position, 0), max(0, frames.frame_count - 1))
        return frames.dimension_index(position)
    return min(max(state.dimension, 0), max(0, len(dimensions) - 1))


def dimension_of(frames: SeriesFrames, state: ViewportState) -> Dimension:
    """What the state shows; an empty one of a series without images."""
    dimensions = frames.verdict.dimensions
    return dimensions[dimension_index(frames, state)] if dimensions else Dimension()


def at_dimension(frames: SeriesFrames, state: ViewportState, dimension: int) -> ViewportState:
    """The same place in another dimension (held within the ends); in STACK its frame nearest to that place."""
    dimensions = frames.verdict.dimensions
    dimension = min(max(dimension, 0), max(0, len(dimensions) - 1))
    if state.plane is not Plane.STACK or not dimensions:
        return replace(state, dimension=dimension)
    here = dimensions[dimension_index(frames, state)]
    position = min(max(state.position, here.start), here.end - 1)
    return replace(state, dimension=dimension, position=_twin(frames, position, here, dimensions[dimension]))


def _twin(frames: SeriesFrames, position: int, here: Dimension, there: Dimension) -> int:
    if here is there:
        return position
    step = min(position - here.start, there.count - 1)
    plane = frames.facts(position).plane
    if plane is None or (here.geometry is not None and there.geometry is not None):
        return there.start + step

    def away(other: int) -> tuple[float, int]:
        found = frames.facts(other).plane
        distance = float("inf") if found is None else abs(dot(sub(found.position, plane.position), plane.normal))
        return round(distance, 3), abs(other - there.start - step)

    return min(range(there.start, there.end), key=away)


def dimension_of_drawing(frames: SeriesFrames, drawn: Annotation) -> int | None:
    """The dimension that a drawing of this series lies in; None when that is not here.

    A drawing of a frame lies where its frame does. One of a cut that names none was made before there
    were several: it lies in the first.
    """
    if drawn.plane is Plane.STACK:
        position = frames.position_of(drawn.sop_instance_uid, drawn.frame_number)
        return None if position is None else frames.dimension_index(position)
    if not drawn.dimension:
        return 0
    return next((i for i, one in enumerate(frames.verdict.dimensions) if one.key == drawn.dimension), None)


def is_of_another(frames: SeriesFrames, drawn: Annotation, state: ViewportState) -> bool:
    """Whether a drawing lies in another dimension than the one shown. A vertebra's label lies in all of them."""
    if len(frames.verdict.dimensions) < 2 or drawn.kind is AnnotationKind.SPINE:
        return False
    return dimension_of_drawing(frames, drawn) != dimension_index(frames, state)


def dimension_words(frames: SeriesFrames, state: ViewportState) -> str:
    """`b 1000 (3/4)`; empty of an ordinary series."""
    count = len(frames.verdict.dimensions)
    return f"{dimension_of(frames, state).label} ({dimension_index(frames, state) + 1}/{count})" if count > 1 else ""


def middle_of(dimension: Dimension) -> int:
    """The position of its middle frame."""
    return dimension.start + dimension.count // 2


def window_position(frames: SeriesFrames, position: int) -> int:
    """The position whose window the frame at `position` has: one for a volume, and for volumes that differ in time alone."""
    one = frames.dimension_at(position)
    if one.is_aside or frames.verdict.geometry is None:
        return position
    alike = [other for other in frames.verdict.dimensions if not other.is_aside] if one.shares_window else [one]
    return middle_of(alike[len(alike) // 2])
