"""Where a point of one viewport lies in the others: reference lines, the crosshair's mark, the 3D cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from PySide6.QtCore import QObject

from ui.crosshair import colour_of, cross_in, drawn, preview
from ui.overlay import DrawnLine
from ui.reference_lines import View, cut
from ui.solid_layer import box_lines
from ui.viewport_widget import ViewportWidget
from workstation.domain.geometry import Vec3
from workstation.domain.viewing import Plane
from workstation.errors import WorkstationError
from workstation.session.session import Session
from workstation.session.viewing import CUTS


class ViewportSpaces(QObject):
    """The half of `Viewports` that compares positions. Each screen's viewports are compared with those of all."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._viewing = session.viewing
        self.widgets: list[ViewportWidget] = []
        self.point: tuple[str, Vec3] | None = None
        """The series and the place (LPS mm) of the mark."""
        self._follows = False

    def visible(self) -> list[ViewportWidget]:
        return [w for w in self.widgets if w.index < len(self._viewing.cells) and not w.isHidden()]

    def repaint(self, _: object = None) -> None:
        raise NotImplementedError

    def references(self, index: int, view: View) -> tuple[DrawnLine, ...]:
        """Cuts of the active viewport, and of the sister planes, through what `index` shows."""
        lines: list[DrawnLine] = list(preview(self._viewing, view))
        crossed = cross_in(self._viewing, index, view) if self._viewing.linking.references else None
        lines += drawn(crossed, view) if crossed is not None else ()
        for other in self.visible() if self._viewing.linking.references else ():
            in_cross = crossed is not None and other.index in {line.index for line in crossed.lines}
            if other.index == index or in_cross or not self._may_cut(other.index, view):
                continue
            if self._viewing.linking.is_beside(other.index, index):
                continue  # it shows the same: where two such planes cross means nothing
            source = other.view()
            way = self._way(source.state.series_uid, index) if source is not None else None
            try:
                ends = cut(view, source, way) if source is not None and way is not None else None
            except WorkstationError:
                ends = None  # its own tile says why
            if source is not None and ends is not None:
                lines.append(DrawnLine(*ends, colour=colour_of(self._viewing, source.state)))
        boxes = [w.view() for w in self.visible() if self._series_in(w.index) == self._series_in(index)]
        return (*lines, *box_lines(view, boxes))

    def cross(self, index: int, view: View) -> tuple[float, float] | None:
        """Where the crosshair's point lies in this viewport, if its plane goes through it."""
        way = self._way(self.point[0], index) if self.point is not None else None
        point = way(self.point[1]) if self.point is not None and way is not None else None
        if point is None:
            return None
        try:
            if view.state.plane is Plane.THREE_D:
                return view.viewport.solid.project(view.state, view.width, view.height, point)
            seen = view.viewport.to_view(view.state, view.width, view.height, point)
        except WorkstationError:
            return None
        painted = self.widgets[index].painted
        thick = (painted.picture.thickness_mm if painted else None) or 1.0
        return seen[:2] if seen is not None and abs(seen[2]) <= max(thick, 1.0) else None

    def focus_point(self, index: int, point: Vec3) -> None:
        """Move every cut of the same series, and every image in its or an aligned space, through a point."""
        series = self._series_in(index)
        self.point = (series, point) if series else None
        self._viewing.set_focus(point)
        for other, view, there in self._others_at(index, point):
            if view.state.plane is Plane.STACK:
                moved = view.viewport.at_point(view.state, there)
                self._viewing.change(other.index, position=moved.position)
            elif view.state.plane in CUTS and view.state.series_uid != series:
                self._viewing.change(other.index, focus=there)
        self.repaint()

    def show_cursor_at(self, index: int, point: Vec3) -> None:
        """The 3D cursor: the others of its and of aligned spaces go to the point and mark it; the viewport itself stays."""
        series = self._series_in(index)
        if not series or self.point == (series, point):
            return
        self.point, self._follows = (series, point), True
        for other, view, there in self._others_at(index, point):
            if view.state.plane is Plane.STACK:
                self._viewing.put(other.index, view.viewport.at_point(view.state, there))
            elif view.state.plane in CUTS:
                self._viewing.put(other.index, replace(view.state, focus=there))
        self.repaint()

    def _switched(self, _: object) -> None:
        """A 3D cursor that was switched off leaves no mark."""
        if self._follows and not self._viewing.linking.cursor:
            self.point, self._follows = None, False
        self.repaint()

    def _may_cut(self, source: int, view: View) -> bool:
        """The active viewport cuts all others; the planes of one volume cut each other."""
        state = self._viewing.state(source)
        if state is None:
            return False
        sisters = state.series_uid == view.state.series_uid and Plane.STACK not in (state.plane, view.state.plane)
        return source == self._viewing.active or sisters

    # ---- spaces ----------------------------------------------------------------------

    def _others_at(self, index: int, point: Vec3) -> Iterator[tuple[ViewportWidget, View, Vec3]]:
        """The other viewports that positions can be compared with, and where a point of `index` lies in each."""
        for other in self.visible():
            view = other.view()
            way = self._way(self._series_in(index), other.index) if other.index != index and view is not None else None
            there = way(point) if way is not None else None
            if view is not None and there is not None:
                yield other, view, there

    def _series_in(self, index: int) -> str:
        state = self._viewing.state(index)
        return state.series_uid if state is not None else ""

    def _way(self, series_uid: str, index: int) -> Callable[[Vec3], Vec3 | None] | None:
        """From points (LPS mm) of a series to those of what hangs in a viewport: one space, or aligned; None without."""
        here, registering = self._series_in(index), self._session.registering
        if not here or registering.alignment(series_uid, here) is None:
            return None
        return lambda point: registering.mapped(series_uid, here, point)
