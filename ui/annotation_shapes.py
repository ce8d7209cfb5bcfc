"""A drawing as it is to be painted in one viewport: lines, handles, label. Logical pixels.

Made once for a drawing and a view; scrolling back and windowing paint what was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

from ui import theme
from ui.annotation_labels import Box
from ui.reference_lines import View
from workstation.domain.annotation import Annotation, AnnotationKind, Verdict
from workstation.session.annotating import READER
from workstation.session.copying import UNCHECKED
from workstation.session.handles import AREAS, handles, lines

Point = tuple[float, float]
LABEL_POINTS = 11.5
MOST_LABEL = 250.0
ARROW_HEAD = 11.0
TICK = 5.0
STEP = 10.0


class Mark(Enum):
    """How a drawing stands out."""

    PLAIN = "plain"
    HOVERED = "hovered"
    SELECTED = "selected"
    CHOSEN = "chosen"
    """Arrow keys move it."""
    DRAFT = "draft"
    UNSAVED = "unsaved"


@dataclass(frozen=True, slots=True)
class Shape:
    """`corners` are all points of its lines, for hitting it and for keeping words off it."""

    drawn: Annotation
    path: QPainterPath
    corners: tuple[tuple[Point, ...], ...]
    points: tuple[Point, ...]
    handles: tuple[Point, ...]
    label: tuple[str, ...] = ()
    box: Box | None = None
    leader: tuple[Point, Point] | None = None
    label_middle: Point | None = None
    """Where its words were put by hand."""
    is_crowded: bool = False
    """There is no room for its words: they show while it is chosen."""
    colour: str = theme.DRAWN
    is_dashed: bool = False
    mark: Mark = Mark.PLAIN


def shape_of(drawn: Annotation, view: View, ratio: float) -> Shape | None:
    """The drawing without its label; None when it is not on this image."""
    seen = view.viewport.on_view(drawn, view.state, view.width, view.height)
    if seen is None:
        return None
    corners = [[(x, y) for x, y in line] for line in lines(drawn.kind, seen)]
    if drawn.kind in AREAS:
        # Two corners do not tell a box on an oblique cut; the images' side knows its outline.
        outline = view.viewport.outline_on_view(drawn, view.state, view.width, view.height)
        corners = [[*outline, outline[0]]] if outline else corners
    return unlabelled(drawn, _scaled(seen, ratio), [_scaled(line, ratio) for line in corners])


def unlabelled(drawn: Annotation, points: Sequence[Point], corners: Sequence[Sequence[Point]]) -> Shape:
    """The painted parts of a drawing whose points and lines are known in logical pixels."""
    path = QPainterPath()
    for line in corners:
        path.moveTo(*line[0])
        for point in line[1:]:
            path.lineTo(*point)
    _ends(path, drawn.kind, points)
    colour, is_dashed = style_of(drawn)
    taken = tuple(tuple(line) for line in corners)
    return Shape(drawn, path, taken, tuple(points), tuple(handles(drawn.kind, points)), colour=colour, is_dashed=is_dashed)


def style_of(drawn: Annotation) -> tuple[str, bool]:
    """(colour, dashed): the reader's own, a copy nobody checked, a finding of somebody else."""
    if drawn.measured.refused == UNCHECKED:
        return theme.AMBER, True
    if drawn.source.kind == READER:
        return theme.DRAWN, False
    return (theme.MUTED if drawn.verdict is Verdict.REJECTED else theme.FOREIGN), True


def _ends(path: QPainterPath, kind: AnnotationKind, points: Sequence[Point]) -> None:
    """Marks of one point, ticks of a length, the head of an arrow."""
    if kind in (AnnotationKind.PROBE, AnnotationKind.SPINE):
        x, y = points[0]
        for dx, dy in ((TICK, 0.0), (0.0, TICK)):
            path.moveTo(x - dx, y - dy)
            path.lineTo(x + dx, y + dy)
    elif kind is AnnotationKind.ARROW and len(points) == 2:
        _arrow_head(path, QPointF(*points[0]), QPointF(*points[1]))
    elif kind in (AnnotationKind.LENGTH, AnnotationKind.BIDIRECTIONAL, AnnotationKind.CALIBRATION):
        for a, b in zip(points[::2], points[1::2], strict=False):
            _tick(path, QPointF(*a), QPointF(*b))


def _tick(path: QPainterPath, a: QPointF, b: QPointF) -> None:
    way = b - a
    size = (way.x() ** 2 + way.y() ** 2) ** 0.5
    if size:
        across = QPointF(-way.y(), way.x()) * (TICK / size)
        for end in (a, b):
            path.moveTo(end - across)
            path.lineTo(end + across)


def _arrow_head(path: QPainterPath, tip: QPointF, tail: QPointF) -> None:
    way = tail - tip
    size = (way.x() ** 2 + way.y() ** 2) ** 0.5
    if size:
        along = way * (ARROW_HEAD / size)
        across = QPointF(-along.y(), along.x()) * 0.4
        path.moveTo(tip + along + across)
        path.lineTo(tip)
        path.lineTo(tip + along - across)


def _scaled(points: Sequence[Point], ratio: float) -> list[Point]:
    return [(x / ratio, y / ratio) for x, y in points]
