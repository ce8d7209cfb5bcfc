"""A drawing at the same place of another study: in the patient where both share or align spaces, else by shares of the image.

A copy measures nothing: it lies where the other drawing lay, and nobody looked yet at what is
there. It is measured once it is moved or accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workstation.domain.annotation import POINTS_NEEDED, Annotation, AnnotationKind, Measured, Verdict
from workstation.domain.geometry import Vec3
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Plane, ViewportState
from workstation.ports import SeriesViewer
from workstation.session.finding import instance_of, series_of

UNCHECKED = "Copied, not measured there until checked"
PROPOSED = "Proposed by the program, not checked"
Point = tuple[float, float]


Mapped = Callable[[str, str, Vec3], Vec3 | None]
"""A point (LPS mm) of one series (UID) as one of another; None where their spaces are not aligned."""


def copied(
    drawn: Annotation,
    studies: Sequence[Study],
    target: SeriesViewer,
    state: ViewportState,
    size: tuple[int, int],
    mapped: Mapped,
) -> tuple[Annotation, ViewportState] | None:
    """The copy, and the state of the target that shows it; None where there is no such place."""
    source = series_of(studies, drawn)
    other = series_of(studies, replace(drawn, study_uid=state.study_uid, series_uid=state.series_uid))
    if source is None or other is None or state.plane is Plane.THREE_D:
        return None
    one, two = source[1].frame_of_reference_uid, other[1].frame_of_reference_uid
    is_one_space = one and one == two and source[0].patient.key == other[0].patient.key
    own = drawn.patient_points[: _own_count(drawn)]
    there = own if is_one_space else [mapped(drawn.series_uid, state.series_uid, point) for point in own]
    known = [point for point in there if point is not None]
    points: list[Point] | None
    if known and len(known) == len(there):
        state, points = _in_space(known, target, state, size)
    else:
        points = _by_shares(drawn, source, other, target, state, size)
    made = target.annotation_at(state, *size, points, drawn.kind) if points else None
    if made is None:
        return None
    made = replace(made, text=drawn.text, known_mm=drawn.known_mm, measured=Measured(refused=UNCHECKED), verdict=Verdict.OPEN)
    return made, state


def _in_space(
    there: Sequence[Vec3], target: SeriesViewer, state: ViewportState, size: tuple[int, int]
) -> tuple[ViewportState, list[Point] | None]:
    middle = tuple(sum(p[axis] for p in there) / len(there) for axis in range(3))
    shown = target.at_point(state, (middle[0], middle[1], middle[2]))
    seen = [target.to_view(shown, *size, point) for point in there]
    return shown, [(p[0], p[1]) for p in seen if p is not None] if all(seen) else None


def _by_shares(
    drawn: Annotation,
    source: tuple[Study, Series],
    other: tuple[Study, Series],
    target: SeriesViewer,
    state: ViewportState,
    size: tuple[int, int],
) -> list[Point] | None:
    """On the frame that is shown, at the same shares of its columns and rows."""
    here = target.annotation_at(state, *size, [(size[0] / 2, size[1] / 2)], AnnotationKind.PROBE)
    if here is None or not drawn.points or state.plane is not Plane.STACK:
        return None
    found = _instances(source, drawn.sop_instance_uid), _instances(other, here.sop_instance_uid)
    if found[0] is None or found[1] is None:
        return None
    across, down = found[1][0] / found[0][0], found[1][1] / found[0][1]
    points = tuple(((c + 0.5) * across - 0.5, (r + 0.5) * down - 0.5) for c, r in drawn.points)
    line = replace(here, kind=AnnotationKind.FREEHAND, points=points, patient_points=())
    seen = target.on_view(line, state, *size)
    return list(seen) if seen is not None else None


def _instances(found: tuple[Study, Series], sop_instance_uid: str) -> tuple[int, int] | None:
    """(columns, rows) of an image."""
    instance = instance_of(found[1], sop_instance_uid)
    return (instance.columns, instance.rows) if instance is not None and instance.has_pixels else None


def _own_count(drawn: Annotation) -> int:
    """How many of the patient points are the drawing's own; the rest place its shape in space."""
    return min(len(drawn.patient_points), len(drawn.points) or POINTS_NEEDED[drawn.kind][1])
