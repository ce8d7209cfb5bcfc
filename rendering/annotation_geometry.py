"""Where a drawing lies: between view pixels, a frame's pixels and the patient (LPS mm).

A drawing of a STACK is carried by its frame (column, row), one of a cut by its points in the
patient. Three points are kept in the patient of shapes that two points do not place in space:
of RECTANGLE and ELLIPSE the corner beside the two opposite ones (same row as the first, same
column as the second), of CIRCLE the point of the line a quarter turn on. Boxes lie along the
frame's rows and columns, or along the cut's own directions, however the view is turned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from uuid import uuid4

from rendering.annotation_balls import ball_on_source
from rendering.annotation_shapes import SPANNED, outline, spanned_from, with_span
from rendering.images import SeriesImages
from rendering.picture import FrameIdentity
from rendering.viewport_views import CutView, FrameView
from workstation.domain.annotation import POINTS_NEEDED, Annotation, AnnotationKind
from workstation.domain.geometry import Vec3, dot
from workstation.domain.viewing import Plane, ViewportState

Point = tuple[float, float]

# A point this much further away than half a slice still lies in it: positions are rounded decimals.
ROUNDING_MM = 5e-4

# A vertebra's label is shown on every plane and frame that goes through its vertebra, of which
# it marks the middle: lumbar ones are some 27 mm high, the small ones of the neck 13 mm.
SPINE_REACH_MM = 7.5


def new_annotation(view: FrameView | CutView, state: ViewportState, points: Sequence[Point], kind: AnnotationKind) -> Annotation:
    """The drawing of these view points, not measured yet. Too few or too many points: ValueError."""
    fewest, most = POINTS_NEEDED[kind]
    if not fewest <= len(points) <= most:
        raise ValueError(f"{kind} has {fewest} to {most} points, not {len(points)}")
    source = [view.screen.to_source(x, y) for x, y in points]
    place = _frame_place(view) if isinstance(view, FrameView) else view.cut.to_patient
    spanned = with_span(kind, source, _pitch(view))
    identity = view.identity or FrameIdentity(state.study_uid, state.series_uid, "", 0)
    slab = view.slab(state) if isinstance(view, CutView) else None
    return Annotation(
        uid=f"2.25.{uuid4().int}",
        kind=kind,
        study_uid=state.study_uid,
        series_uid=state.series_uid,
        sop_instance_uid=identity.sop_instance_uid,
        frame_number=identity.frame_number,
        plane=state.plane,
        points=tuple(source) if isinstance(view, FrameView) else (),
        patient_points=() if place is None else tuple(place(u, v) for u, v in spanned),
        slab=slab,
    )


def points_on_view(view: FrameView | CutView, annotation: Annotation, images: SeriesImages) -> tuple[Point, ...] | None:
    """The drawing's own points (its handles) in the view, None when it is not on this image."""
    source = _on_source(view, annotation, images)
    if source is None:
        return None
    own = source[:2] if annotation.kind in SPANNED else source
    return tuple(view.screen.to_view(u, v) for u, v in own)


def outline_on_view(view: FrameView | CutView, annotation: Annotation, images: SeriesImages) -> tuple[Point, ...] | None:
    """The closed line of an area in the view (its last point joins the first); other kinds: their points."""
    source = _on_source(view, annotation, images)
    if source is None:
        return None
    return tuple(view.screen.to_view(u, v) for u, v in outline(annotation.kind, source))


def _on_source(view: FrameView | CutView, annotation: Annotation, images: SeriesImages) -> list[Point] | None:
    """The points (with the third of a spanned shape) in the view's source coordinates."""
    if (annotation.study_uid, annotation.series_uid) != (images.study.study_instance_uid, images.series.series_instance_uid):
        return None
    if annotation.kind is AnnotationKind.SPHERE:
        return ball_on_source(view, annotation)
    if isinstance(view, FrameView):
        own = (view.identity.sop_instance_uid, view.identity.frame_number)
        if annotation.plane is Plane.STACK and (annotation.sop_instance_uid, annotation.frame_number) == own:
            return with_span(annotation.kind, annotation.points, _pitch(view))
        if annotation.plane is Plane.STACK and annotation.kind is not AnnotationKind.SPINE:
            return None
        return _projected(annotation, view, _frame_reach(view, images))
    return _projected(annotation, view, view.thickness / 2.0)


def _projected(annotation: Annotation, view: FrameView | CutView, reach: float) -> list[Point] | None:
    """Points in the patient, each within `reach` mm of the view's plane, onto it."""
    if annotation.kind is AnnotationKind.SPINE:
        reach = max(reach, SPINE_REACH_MM)
    found = []
    for point in annotation.patient_points:
        place = _to_source(view, point)
        if place is None or abs(place[2]) > reach + ROUNDING_MM:
            return None
        found.append((place[0], place[1]))
    if not found:
        return None
    return spanned_from(annotation.kind, found)


def _to_source(view: FrameView | CutView, point: Vec3) -> Vec3 | None:
    if isinstance(view, CutView):
        return view.cut.to_plane(point)
    return None if view.facts.plane is None else view.facts.plane.to_pixel(point)


def _frame_reach(view: FrameView, images: SeriesImages) -> float:
    """Half the distance of a volume's slices; 0 of other frames, which no cut goes through."""
    geometry, plane = images.verdict.geometry, view.facts.plane
    return 0.0 if geometry is None or plane is None else abs(dot(geometry.axis(2), plane.normal)) / 2.0


def _frame_place(view: FrameView) -> Callable[[float, float], Vec3] | None:
    return None if view.facts.plane is None else view.facts.plane.to_patient


def _pitch(view: FrameView | CutView) -> Point:
    """How long one step of (u, v) is against the other: a circle is round in the patient, not in pixels."""
    screen = view.screen
    return math.hypot(screen.a, screen.c), math.hypot(screen.b, screen.d)
