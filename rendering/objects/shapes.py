"""Our kinds of drawings as the graphic types of DICOM, and back (PS3.3 C.10.5, C.18.6, C.18.9). Pure geometry.

Points count from the centre of the first pixel; the writers and readers shift them to the corner
that files count from. Files hold 32-bit floats: what comes back is the same to that precision.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rendering.annotation_shapes import CURVE_STEPS, ROUND, SPANNED, with_span
from rendering.objects.concepts import TRACKER
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.viewing import Plane

K = AnnotationKind
Vector = tuple[float, ...]

# Two numbers of 32-bit floats this close are meant to be the same, of their size.
SAME = 1e-5
# A mark behind the kind in a tracking identifier: the axis of the row is not the longer one.
TURNED = "~"

_LINES = {K.LENGTH: ((0, 1),), K.CALIBRATION: ((0, 1),), K.ARROW: ((0, 1),), K.ANGLE: ((0, 1, 2),)}
_TWO_LINES = {K.BIDIRECTIONAL: ((0, 1), (2, 3)), K.COBB: ((0, 1), (2, 3))}
POINTS = frozenset({K.PROBE, K.TEXT, K.SPINE})
CLOSED = frozenset({K.POLYGON, K.FREEHAND})


@dataclass(frozen=True, slots=True)
class Shape:
    """POINT, POLYLINE, POLYGON (3D only), CIRCLE (2D only) or ELLIPSE with its points, of two or three numbers each."""

    kind: str
    points: tuple[Vector, ...]


@dataclass(frozen=True, slots=True)
class Tracker:
    """What a tracking identifier of ours says."""

    kind: AnnotationKind
    plane: Plane = Plane.STACK
    turned: bool = False

    @property
    def text(self) -> str:
        plane = "" if self.plane is Plane.STACK else f"@{self.plane.value}"
        return f"{TRACKER}{self.kind.value}{TURNED if self.turned else ''}{plane}"


def tracker(text: str) -> Tracker | None:
    """None for an identifier that is not ours."""
    if not text.startswith(TRACKER):
        return None
    kind, _, plane = text.removeprefix(TRACKER).partition("@")
    try:
        return Tracker(AnnotationKind(kind.removesuffix(TURNED)), Plane(plane) if plane else Plane.STACK, kind.endswith(TURNED))
    except ValueError:
        return None


def on_image(annotation: Annotation, pitch: tuple[float, float]) -> tuple[tuple[Shape, ...], Tracker]:
    """The shapes of a drawing on a frame. `pitch` is the length of a step along (columns, rows)."""
    spanned = with_span(annotation.kind, annotation.points, pitch)
    return _shapes(annotation, spanned, round_pixels=math.isclose(*pitch, rel_tol=SAME))


def in_patient(annotation: Annotation) -> tuple[tuple[Shape, ...], Tracker]:
    """The shapes of a drawing in LPS mm. ValueError when its place in the patient is not known."""
    points = annotation.patient_points
    if not points or (annotation.kind in SPANNED and len(points) != 3):
        raise ValueError("the drawing has no place in the patient")
    shapes, said = _shapes(annotation, points, round_pixels=False)
    if annotation.kind in CLOSED or annotation.kind is K.RECTANGLE:
        shapes = tuple(Shape("POLYGON", shape.points) for shape in shapes)
    return shapes, said


def _shapes(annotation: Annotation, points: Sequence[Vector], round_pixels: bool) -> tuple[tuple[Shape, ...], Tracker]:
    kind = annotation.kind
    said = Tracker(kind, annotation.plane)
    if kind in POINTS:
        return (Shape("POINT", (points[0],)),), said
    for table in (_LINES, _TWO_LINES):
        if kind in table:
            return tuple(Shape("POLYLINE", tuple(points[i] for i in line)) for line in table[kind]), said
    if kind in CLOSED:
        return (Shape("POLYLINE", (*points, points[0])),), said
    a, b, c = points
    if kind is K.RECTANGLE:
        return (Shape("POLYLINE", (a, c, b, _sum(a, b, c, -1.0), a)),), said
    if kind in ROUND and round_pixels:
        return (Shape("CIRCLE", (a, b)),), said
    if kind in ROUND:
        pairs = (_mirrored(b, a), b), (_mirrored(c, a), c)
    else:
        # The middles of the box's sides.
        d = _sum(a, b, c, -1.0)
        pairs = (_middle(a, d), _middle(c, b)), (_middle(a, c), _middle(d, b))
    first, second = pairs
    turned = math.dist(*second) > math.dist(*first)
    ends = (*second, *first) if turned else (*first, *second)
    return (Shape("ELLIPSE", ends),), Tracker(kind, annotation.plane, turned)


def points_of(said: Tracker, shapes: Sequence[Shape]) -> tuple[Vector, ...] | None:
    """The points of our drawing (with the third one of a spanned kind), None when the shapes are not its."""
    kind = said.kind
    flat = [point for shape in shapes for point in shape.points]
    if kind in POINTS:
        return tuple(flat[:1]) or None
    if kind in _LINES or kind in _TWO_LINES:
        wanted = sum(len(line) for line in {**_LINES, **_TWO_LINES}[kind])
        return tuple(flat) if len(flat) == wanted else None
    if kind in CLOSED:
        return tuple(flat[:-1]) if len(flat) >= 4 else None
    if kind is K.RECTANGLE:
        return (flat[0], flat[2], flat[1]) if len(flat) == 5 else None
    if kind in ROUND and len(flat) == 2:
        return flat[0], flat[1]
    if len(flat) != 4:
        return None
    first, second = (flat[2:], flat[:2]) if said.turned else (flat[:2], flat[2:])
    centre = _middle(*first)
    if kind in ROUND:
        return centre, first[1], second[1]
    # Along a frame's rows and columns the corners' numbers are those of the ends, exactly.
    a = _sum(first[0], second[0], centre, -1.0)
    b = _sum(first[1], second[1], centre, -1.0)
    c = _sum(first[1], second[0], centre, -1.0)
    return a, b, c


def aligned_box(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Two opposite corners of an ellipse (four axis ends) or a closed line of four that lies along rows and columns."""
    if len(points) == 4:
        (a, b), (c, d) = points[:2], points[2:]
        if _same(a[1], b[1]) and _same(c[0], d[0]):
            return (a[0], c[1]), (b[0], d[1])
        if _same(a[0], b[0]) and _same(c[1], d[1]):
            return (c[0], a[1]), (d[0], b[1])
        return None
    if len(points) != 5:
        return None
    a, b, c, d, _ = points
    along = (_same(a[1], b[1]), _same(b[0], c[0]), _same(c[1], d[1]), _same(d[0], a[0]))
    down = (_same(a[0], b[0]), _same(b[1], c[1]), _same(c[0], d[0]), _same(d[1], a[1]))
    return (a, c) if all(along) or all(down) else None


def curve(ends: Sequence[Vector]) -> tuple[Vector, ...]:
    """An ellipse, by its four axis ends, as a polygon."""
    centre = _middle(ends[0], ends[1])
    first = [end - middle for end, middle in zip(ends[1], centre, strict=True)]
    second = [end - middle for end, middle in zip(ends[3], centre, strict=True)]
    found = []
    for step in range(CURVE_STEPS):
        turn = 2.0 * math.pi * step / CURVE_STEPS
        parts = zip(centre, first, second, strict=True)
        found.append(tuple(m + math.cos(turn) * p + math.sin(turn) * q for m, p, q in parts))
    return tuple(found)


def is_closed(points: Sequence[Vector]) -> bool:
    return len(points) >= 4 and all(_same(p, q) for p, q in zip(points[0], points[-1], strict=True))


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=SAME, abs_tol=SAME)


def _sum(a: Vector, b: Vector, c: Vector, sign: float) -> Vector:
    return tuple(p + q + sign * r for p, q, r in zip(a, b, c, strict=True))


def _middle(a: Vector, b: Vector) -> Vector:
    return tuple((p + q) / 2 for p, q in zip(a, b, strict=True))


def _mirrored(point: Vector, centre: Vector) -> Vector:
    return tuple(2 * m - p for p, m in zip(point, centre, strict=True))
