"""What the hand does in a 3D view besides turning it, and what is painted over it: box, handles, words.

Positions are logical pixels of the viewport.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QLineF, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from ui import halo, theme
from ui.overlay import DrawnLine
from ui.reference_lines import PLANE_COLOURS, View
from ui.solid_rest import SolidRest
from workstation.domain.geometry import Vec3, cross, dot
from workstation.domain.turning import FROM_THE_FRONT
from workstation.domain.viewing import WHOLE_BOX, Plane, ViewportState
from workstation.errors import WorkstationError
from workstation.session.solid import SolidMode
from workstation.session.viewing import Viewing

if TYPE_CHECKING:
    from ui.picture_source import Shown

Point = tuple[float, float]
REACH = 12.0
RADIUS = 5.5
# A face that is looked at from the front moves by the hand's way up and down.
LEAST_AXIS = 24.0
REFINE_MS = 150
# Above what stands in the corners.
WORDS_LINES = 6.2
_EDGES = tuple((a, a | 1 << axis) for a in range(8) for axis in range(3) if not a >> axis & 1)


class SolidLayer(QObject):
    """One viewport's: sees the mouse before the viewport does."""

    def __init__(
        self,
        host: QWidget,
        viewing: Viewing,
        index: int,
        view: Callable[[], View | None],
        refine: Callable[[], bool],
        told: Callable[[str], str],
    ) -> None:
        """`refine` asks for a finer picture; False while there is none. `told` says the keys of a sentence as they are now."""
        super().__init__(host)
        self._host, self._viewing, self._index = host, viewing, index
        self._view, self._refine, self._told = view, refine, told
        self._drag: Callable[[Point], object] | None = None
        host.installEventFilter(self)
        self._finer = QTimer(host)
        self._finer.setSingleShot(True)
        self._finer.setInterval(REFINE_MS)
        self._finer.timeout.connect(self._look_for_finer)
        self._rest = SolidRest(host, viewing)

    @property
    def _mode(self) -> SolidMode:
        return self._viewing.solid.mode_of(self._index)

    def _seen(self) -> View | None:
        view = self._view()
        return view if view is not None and view.state.plane is Plane.THREE_D else None

    # ---- the hand --------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QMouseEvent):
            return False
        at = (event.position().x(), event.position().y())
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress:
            return self._press(event.button(), at, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        if kind == QEvent.Type.MouseMove and self._drag is not None:
            self._drag(at)
            return True
        if kind == QEvent.Type.MouseButtonRelease and self._drag is not None:
            self._drag = None
            return True
        return False

    def _press(self, button: Qt.MouseButton, at: Point, shifted: bool) -> bool:
        """True when the press takes hold of something and does not turn the volume."""
        view, self._drag = self._seen(), None
        if view is None:
            return False
        self._viewing.activate(self._index)
        if self._viewing.solid.turn.index == self._index:
            self._viewing.solid.turn.stop()
        left, right = button == Qt.MouseButton.LeftButton, button == Qt.MouseButton.RightButton
        if left and self._mode is SolidMode.CROP:
            self._drag = self._taken_face(view, at)
        elif (left and self._mode is SolidMode.OPACITY) or (right and shifted):
            opacity = view.state.solid.opacity
            self._drag = lambda now: self._viewing.solid.drag_opacity(now[1] - at[1], opacity, self._index)
        return self._drag is not None

    def _taken_face(self, view: View, at: Point) -> Callable[[Point], object] | None:
        """What a drag from here does; None off all handles."""
        near = [(depth, face) for face, (place, depth) in enumerate(self._handles(view)) if math.dist(place, at) <= REACH]
        if not near:
            return None
        chosen = self._viewing.solid.face
        face = chosen if any(one == chosen for _, one in near) else min(near)[1]
        self._viewing.solid.choose_face(face)
        start = view.state.solid.crop[face // 2][face % 2]
        axis = self._axis(view, face // 2)
        size = math.hypot(*axis)

        def dragged(now: Point) -> None:
            dx, dy = now[0] - at[0], now[1] - at[1]
            if size >= LEAST_AXIS:
                share = (dx * axis[0] + dy * axis[1]) / size**2
            else:
                share = -dy / max(self._host.height(), 1) * (1 if face % 2 else -1)
            self._viewing.solid.put_face(face, start + share, self._index)

        return dragged

    # ---- places ----------------------------------------------------------------------

    def _project(self, view: View, points: Sequence[Vec3]) -> list[Point]:
        ratio = self._host.devicePixelRatioF()
        found = [view.viewport.solid.project(view.state, view.width, view.height, point) for point in points]
        return [(x / ratio, y / ratio) for x, y in found]

    def _handles(self, view: View) -> list[tuple[Point, float]]:
        """Middles of the six faces with their distance from the eye, nearest smallest."""
        corners = view.viewport.solid.corners(view.state.solid.crop)
        forward = cross(*(view.state.oblique or FROM_THE_FRONT))
        found = []
        for face in range(6):
            of_face = [corners[i] for i in range(8) if (i >> face // 2 & 1) == face % 2]
            middle = (sum(p[0] for p in of_face) / 4, sum(p[1] for p in of_face) / 4, sum(p[2] for p in of_face) / 4)
            found.append((self._project(view, [middle])[0], dot(middle, forward)))
        return found

    def _axis(self, view: View, axis: int) -> Point:
        """The way on screen from one end of the volume to the other along an axis."""
        corners = view.viewport.solid.corners(WHOLE_BOX)
        start, end = self._project(view, [corners[0], corners[1 << axis]])
        return end[0] - start[0], end[1] - start[1]

    # ---- painting --------------------------------------------------------------------

    def paint(self, painter: QPainter, shown: Shown | None) -> None:
        view = self._seen()
        if view is None or shown is None or shown.picture.error is not None:
            return
        self._rest.saw(view)
        if shown.picture.refining and not self._finer.isActive():
            self._finer.start()
        with suppress(WorkstationError):
            if self._mode is SolidMode.CROP:
                self._paint_box(painter, view)
        words = self._words(view.state, shown)
        if words:
            self._paint_words(painter, self._told(words))

    def _paint_box(self, painter: QPainter, view: View) -> None:
        corners = view.viewport.solid.corners(view.state.solid.crop)
        places = self._project(view, corners)
        forward = cross(*(view.state.oblique or FROM_THE_FRONT))
        farthest = max(range(8), key=lambda i: dot(corners[i], forward))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for a, b in _EDGES:
            line = QLineF(QPointF(*places[a]), QPointF(*places[b]))
            style = Qt.PenStyle.DotLine if farthest in (a, b) else Qt.PenStyle.SolidLine
            for colour, thick in ((QColor(0, 0, 0, 190), 3.4), (QColor(theme.ACCENT), 1.3)):
                painter.setPen(QPen(colour, thick, style))
                painter.drawLine(line)
        for face, (place, _) in enumerate(self._handles(view)):
            chosen = face == self._viewing.solid.face
            painter.setPen(QPen(QColor(0, 0, 0, 200), 1.4))
            painter.setBrush(QColor(theme.DRAWN if chosen else theme.ACCENT))
            radius = RADIUS + 2.0 if chosen else RADIUS
            painter.drawEllipse(QPointF(*place), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _words(self, state: ViewportState, shown: Shown) -> str:
        """One line for what is going on, the most passing first."""
        solid = self._viewing.solid
        if solid.turn.index == self._index and solid.turn.progress is not None:
            return _tr("Drawing once round: {0} %, Esc ends it").format(round(100 * solid.turn.progress))
        if solid.progress is not None and self._viewing.active == self._index:
            return _tr("Looking for what is hidden: {0} %, Esc ends it").format(round(100 * solid.progress))
        if solid.turn.index == self._index:
            size = round(solid.turn.bytes / 1e6)
            return _tr("Turning, {0} pictures/s (+ and −), {1} MB").format(f"{solid.turn.rate:g}", size)
        if self._mode is SolidMode.CROP:
            return _tr("Box: drag a handle, or Tab for the face and arrows; Alt+X ends")
        if self._mode is SolidMode.OPACITY:
            return _tr("Opacity {0} %: drag up and down, or arrows; Alt+O ends").format(round(100 * state.solid.opacity))
        return _tr("A finer picture follows") if shown.picture.refining else ""

    def _paint_words(self, painter: QPainter, text: str) -> None:
        wide = halo.width(text)
        left = max((self._host.width() - wide) / 2, 4.0)
        halo.draw(painter, left, self._host.height() - WORDS_LINES * halo.metrics().height(), text, theme.TEXT)

    def _look_for_finer(self) -> None:
        if not self._refine() and self._seen() is not None:
            self._finer.start()


def box_lines(target: View, others: Sequence[View | None]) -> list[DrawnLine]:
    """Where the boxes of 3D views cut through what a plane or an image shows."""
    found: list[DrawnLine] = []
    for source in others:
        if source is None or source.state.plane is not Plane.THREE_D or source.state.solid.crop == WHOLE_BOX:
            continue
        if target.state.plane is Plane.THREE_D:
            continue
        with suppress(WorkstationError):
            found += _cut_box(target, source.viewport.solid.corners(source.state.solid.crop))
    return found


def _cut_box(target: View, corners: Sequence[Vec3]) -> list[DrawnLine]:
    seen = [target.viewport.to_view(target.state, target.width, target.height, corner) for corner in corners]
    places: list[Point] = []
    for a, b in _EDGES:
        first, second = seen[a], seen[b]
        if first is None or second is None:
            return []
        if (first[2] < 0) != (second[2] < 0):
            share = first[2] / (first[2] - second[2])
            places.append((first[0] + share * (second[0] - first[0]), first[1] + share * (second[1] - first[1])))
    if len(places) < 3:
        return []
    middle = (sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places))
    places.sort(key=lambda p: math.atan2(p[1] - middle[1], p[0] - middle[0]))
    ends = zip(places, [*places[1:], places[0]], strict=True)
    return [DrawnLine(a, b, PLANE_COLOURS[Plane.THREE_D]) for a, b in ends]


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewport", text)
