"""Where a ball of the patient is to be seen in a view: the circle that the view's plane cuts out of it."""

from __future__ import annotations

import math

from rendering.viewport_views import CutView, FrameView
from workstation.domain.annotation import Annotation
from workstation.domain.geometry import length, sub

Point = tuple[float, float]


def ball_on_source(view: FrameView | CutView, annotation: Annotation) -> list[Point] | None:
    """The circle's centre and two points a quarter turn apart, in the view's source coordinates. None where it is not cut."""
    if len(annotation.patient_points) < 2:
        return None
    centre, edge = annotation.patient_points[:2]
    radius = length(sub(edge, centre))
    if isinstance(view, CutView):
        u, v, away = view.cut.to_plane(centre)
        across = down = 1.0
    else:
        plane = view.facts.plane
        if plane is None:
            return None
        u, v, away = plane.to_pixel(centre)
        across, down = plane.column_spacing, plane.row_spacing
    if abs(away) >= radius:
        return None
    cut = math.sqrt(radius * radius - away * away)
    return [(u, v), (u + cut / across, v), (u, v + cut / down)]
