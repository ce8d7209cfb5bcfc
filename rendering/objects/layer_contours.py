"""Structures as what can be laid over a view: outlines through their points in a frame, masks for cuts.

Lengths are in mm, points in the patient's coordinates (LPS).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rendering.objects.facts import Contour, SegmentMask
from rendering.objects.layer_blend import Mask
from rendering.objects.polygons import filled, line_pixels
from rendering.viewport_views import FrameView
from workstation.domain.geometry import FramePlane, Vec3, dot, sub

# Positions are rounded decimals: planes this near to each other, in mm, are one.
SAME_PLANE_MM = 0.02
# Of a structure's contours on a cut that runs across them: cells along the longer side.
FINEST_CELLS = 512


def contour_lines(contours: Sequence[Contour], view: FrameView, width: int, height: int) -> Mask:
    """The contours that lie in this frame, drawn through their points."""
    lines = np.zeros((height, width), np.bool_)
    plane, uid = view.facts.plane, view.identity.sop_instance_uid
    if plane is None:
        return lines
    reach = (view.facts.spacing_between_slices or view.facts.slice_thickness or 2 * SAME_PLANE_MM) / 2.0
    for contour in contours:
        if contour.image_uid not in ("", uid):
            continue
        if any(abs(dot(sub(point, plane.position), plane.normal)) > reach for point in contour.points):
            continue
        points = [view.to_view(point) for point in contour.points]
        flat = [point[:2] for point in points if point is not None]
        line_pixels(lines, flat, closed=contour.kind.startswith("CLOSED"))
    return lines


def contour_masks(contours: Sequence[Contour]) -> Iterator[SegmentMask]:
    """The closed contours of each plane as one mask, inside by the even-odd rule (nested ones are holes)."""
    closed = [contour for contour in contours if contour.kind.startswith("CLOSED")]
    grid = _grid(closed)
    if grid is None:
        return
    plane, columns, rows = grid
    by_depth: dict[float, list[Contour]] = {}
    for contour in closed:
        depth = plane.to_pixel(contour.points[0])[2]
        if all(abs(plane.to_pixel(point)[2] - depth) <= SAME_PLANE_MM for point in contour.points):
            by_depth.setdefault(round(depth, 2), []).append(contour)
    for depth, own in sorted(by_depth.items()):
        inside = np.zeros((rows, columns), np.bool_)
        for contour in own:
            inside ^= filled([plane.to_pixel(point)[:2] for point in contour.points], rows, columns)
        position = tuple(p + depth * n for p, n in zip(plane.position, plane.normal, strict=True))
        placed = replace(plane, position=(position[0], position[1], position[2]))
        yield SegmentMask(0, 0, 0, rows, columns, zlib.compress(np.packbits(inside).tobytes(), 1), plane=placed)


def _grid(contours: Sequence[Contour]) -> tuple[FramePlane, int, int] | None:
    """A grid around all contours, in the plane of the first one: axial ones get the patient's axes."""
    normal = next((n for contour in contours if (n := _normal(contour.points)) is not None), None)
    if normal is None:
        return None
    axis = max(range(3), key=lambda i: abs(normal[i]))
    right: Vec3 = (0.0, 1.0, 0.0) if axis == 0 else (1.0, 0.0, 0.0)
    right = _unit(tuple(r - dot(right, normal) * n for r, n in zip(right, normal, strict=True)))
    down = _unit(np.cross(normal, right))
    points = np.array([point for contour in contours for point in contour.points])
    u, v = points @ np.array(right), points @ np.array(down)
    cell = max(float(np.ptp(u)), float(np.ptp(v)), 1.0) / FINEST_CELLS
    start = points[0] + (u.min() - u[0] - cell) * np.array(right) + (v.min() - v[0] - cell) * np.array(down)
    plane = FramePlane((float(start[0]), float(start[1]), float(start[2])), right, down, cell, cell)
    return plane, int(np.ptp(u) / cell) + 3, int(np.ptp(v) / cell) + 3


def _normal(points: Sequence[Vec3]) -> Vec3 | None:
    """Newell's normal of a contour, None for one without an area."""
    a = np.array(points)
    total = np.cross(a, np.roll(a, -1, axis=0)).sum(axis=0)
    return _unit(total) if float(np.linalg.norm(total)) > 1e-9 else None


def _unit(vector: Any) -> Vec3:
    made = np.asarray(vector, float) / np.linalg.norm(vector)
    return float(made[0]), float(made[1]), float(made[2])
