"""What hangs where: the arrangement, one state per viewport, and what moves together.

State first, pixels second: everything a key, a mouse, a voice or a pedal can do to the
images is a method here, works without a screen, and ends in a signal that views redraw on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from workstation.domain.geometry import Vec3
from workstation.domain.hanging import ScreenFacts
from workstation.domain.study import Series, Study
from workstation.domain.turning import turned
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, Sizing, ViewportState, Window
from workstation.ports import SeriesViewer
from workstation.session import places
from workstation.session.anatomy import ToAnatomy
from workstation.session.anchoring import Anchoring
from workstation.session.as_hung import HUNG_FIELDS, completed, hung_in
from workstation.session.cine import Cine
from workstation.session.dimensions import Dimensions
from workstation.session.fusing import Fusing
from workstation.session.linking import LinkBy, Linking
from workstation.session.looking import Looking
from workstation.session.magnifying import Magnifier
from workstation.session.mouse import Mouse
from workstation.session.other_plane import turned_to, window_shown
from workstation.session.places import Layouts
from workstation.session.planes import Planes
from workstation.session.quadrants import Quadrants
from workstation.session.solid import Solid
from workstation.session.subtracting import Subtracting
from workstation.session.tool import ShownImage, Tool
from workstation.signals import Signal

ZOOM_STEP = 1.15
ZOOM_RANGE = (0.1, 40.0)
CUT_PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
CUTS = (*CUT_PLANES, Plane.OBLIQUE)


class Viewing:
    """The viewports of the open case. Indices go through the places of one screen row by row, then through the next screen's."""

    def __init__(self, viewer_of: Callable[[str, str], SeriesViewer | None]) -> None:
        self._viewer_of = viewer_of
        self.arrangement_changed: Signal[Arrangement | None] = Signal()
        self.viewport_changed: Signal[int] = Signal()
        self.active_changed: Signal[int] = Signal()
        self.tool_changed: Signal[Tool] = Signal()
        self.overlays_changed: Signal[bool] = Signal()
        self.arrangement: Arrangement | None = None
        self.layouts: Layouts = (Layout(1, 1),)
        self.cells: list[Cell] = []
        self.active = 0
        self.screens: tuple[ScreenFacts, ...] = ()
        """Those that images hang on, as the window says; none is one that nothing is known of."""
        self.pixel_mm: Callable[[int], float | None] = lambda _: None
        """How long a device pixel is where a viewport stands; the window plugs it in."""
        self._last: dict[int, int] = {}  # the viewport of each screen that was active last
        self._enlarged: set[int] = set()
        self.overlays = True
        self.tool = Tool.WINDOW
        self.shown: set[ShownImage] = set()
        self.linking = Linking(self)
        self.planes = Planes(self)
        self.looking = Looking(self)
        self.fusing = Fusing(self, viewer_of)
        self.cine = Cine(self)
        self.dimensions = Dimensions(self, viewer_of)
        self.magnifier = Magnifier()
        self.solid = Solid(self)
        self.mouse = Mouse()
        self.anchoring, self.anatomy = Anchoring(self), ToAnatomy(self)
        self.quadrants = Quadrants(self)
        self.subtracting = Subtracting(self)

    # ---- the arrangement -------------------------------------------------------------

    def show(self, arrangement: Arrangement) -> None:
        """Hang a stage on all screens: every cell gets its state, the first current one becomes active."""
        self.arrangement = arrangement = places.spread(arrangement, self.screens)
        self.place_all((arrangement.layout, *arrangement.more_screens), arrangement.cells)

    def as_it_stands(self, arrangement: Arrangement) -> Arrangement:
        """The arrangement with what hangs now, as the reader has it."""
        return replace(arrangement, layout=self.layout, more_screens=self.layouts[1:], cells=tuple(self.cells))

    def clear(self) -> None:
        self.arrangement = None
        self.shown = set()
        self.planes.forget()
        self.fusing.forget()
        self.magnifier.show(False)
        self.looking.pick_region(False)
        self.place_all((Layout(1, 1),), ())

    def set_layout(self, layout: Layout, studies: Iterable[Study] = ()) -> None:
        """Change the grid of the active viewport's screen, keep what hangs, and fill new places with what is on no screen."""
        here = self.screen
        seen = {(c.state.study_uid, c.state.series_uid) for c in self.cells if c.state and c.screen != here}
        hanging = [c for c in self.cells if c.state is not None and c.screen == here][: layout.count]
        seen |= {(c.state.study_uid, c.state.series_uid) for c in hanging if c.state}
        waiting = [
            (study, s)
            for study in studies
            for s in study.series
            if s.image_count and (study.study_instance_uid, s.series_instance_uid) not in seen
        ]
        for study, series in waiting[: layout.count - len(hanging)]:
            hanging.append(Cell(0, 0, self._state_for(study.study_instance_uid, series), label=series.series_description))
        self.place(layout, places.in_rows(layout, hanging, here))

    def hang_series(self, index: int, study: Study, series: Series, is_prior: bool) -> None:
        """Put a series into one place, as dragging it there does."""
        cell = self.cells[index]
        state = self._state_for(study.study_instance_uid, series)
        self.cells[index] = replace(cell, state=state, label=series.series_description, is_prior=is_prior, reason="")
        self.viewport_changed.emit(index)
        self.activate(index)

    def show_three_planes(self) -> None:
        """Axial, coronal and sagittal of the active series beside what hung there, as 2x2."""
        cell = self._active_cell()
        viewer = self._viewer(self.active)
        if cell is None or cell.state is None or viewer is None or not viewer.can_show(Plane.AXIAL):
            return
        planes = enumerate((*CUT_PLANES, Plane.STACK))
        cells = [
            replace(cell, row=i // 2, column=i % 2, link_group="", state=turned_to(viewer, cell.state, p)) for i, p in planes
        ]
        self.place(Layout(2, 2), cells)

    # ---- which one -------------------------------------------------------------------

    def activate(self, index: int) -> None:
        if 0 <= index < len(self.cells) and index != self.active:
            self.active = index
            self._last[self.screen] = index
            self.active_changed.emit(index)

    def step_active(self, steps: int) -> None:
        if self.cells:
            self.activate((self.active + steps) % len(self.cells))

    def step_screen(self, steps: int) -> None:
        """To the images of the next screen, where they were left."""
        if len(self.layouts) > 1:
            there = (self.screen + steps) % len(self.layouts)
            self.activate(self._last.get(there, self.places(there)[0]))

    @property
    def maximised(self) -> bool:
        """Whether one viewport fills the screen of the active one."""
        return self.screen in self._enlarged

    def toggle_maximised(self) -> None:
        self._last[self.screen] = self.active
        self._enlarged ^= {self.screen}
        self.arrangement_changed.emit(self.arrangement)

    def filling(self, screen: int) -> int | None:
        """The viewport that fills that screen; None where all of its viewports are seen."""
        return self._last.get(screen) if screen in self._enlarged else None

    # ---- screens ---------------------------------------------------------------------

    @property
    def layout(self) -> Layout:
        """The grid of the first screen."""
        return self.layouts[0]

    @property
    def layout_here(self) -> Layout:
        """The grid of the active viewport's screen."""
        return self.layouts[self.screen]

    @property
    def screen(self) -> int:
        """The screen of the active viewport, counted from 0."""
        return self.screen_of(self.active)

    def screen_of(self, index: int) -> int:
        return places.screen_of(self.layouts, index)

    def places(self, screen: int) -> range:
        """The indices of the viewports on one screen."""
        return places.places(self.layouts, screen)

    def state(self, index: int | None = None) -> ViewportState | None:
        index = self.active if index is None else index
        return self.cells[index].state if 0 <= index < len(self.cells) else None

    def set_tool(self, tool: Tool) -> None:
        self.tool = tool
        self.tool_changed.emit(tool)

    def toggle_overlays(self) -> None:
        self.overlays = not self.overlays
        self.overlays_changed.emit(self.overlays)

    @property
    def linked(self) -> bool:
        """Whether viewports scroll together."""
        return self.linking.scrolls

    def toggle_linked(self) -> None:
        self.linking.toggle(LinkBy.POSITION)

    # ---- what it shows ---------------------------------------------------------------

    def change(self, index: int | None = None, **values: Any) -> None:
        """Set fields of one viewport's state (the active one by default) and say so."""
        index = self.active if index is None else index
        state = self.state(index)
        if state is not None:
            self._set(index, replace(state, **values))
            if values.keys() & {"zoom", "pan"} and "sizing" not in values:
                self.linking.follow_zoom(index, state)

    def put(self, index: int, state: ViewportState) -> None:
        """Show `state` in one place; nothing that is linked follows."""
        self._set(index, state)

    def scroll(self, steps: int, index: int | None = None) -> None:
        """Move through the series; linked viewports follow."""
        index = self.active if index is None else index
        before = self.state(index)
        if self._scrolled(index, steps) and before is not None and not self._is_solid(index):
            self.linking.follow_scroll(index, before, steps)

    def scroll_to_end(self, last: bool) -> None:
        viewer, state = self._viewer(self.active), self.state()
        if viewer is not None and state is not None:
            target = viewer.slice_count(state) - 1 if last else 0
            self.scroll(target - viewer.slice_index(state))

    def set_plane(self, plane: Plane) -> None:
        """Show the active series in another plane. In 3D, 3D again is the next look."""
        viewer, state = self._viewer(self.active), self.state()
        if viewer is None or state is None or not viewer.can_show(plane):
            return
        if plane is Plane.OBLIQUE:
            self.planes.show_here()
            return
        if plane is state.plane is Plane.THREE_D:
            self.solid.next_look()
            return
        shown = replace(turned_to(viewer, state, plane), solid=state.solid)
        hung = self._hung(self.active)
        if state.plane is Plane.THREE_D and plane is not Plane.THREE_D and hung is not None:
            shown = replace(shown, window=hung.window)
        self._set(self.active, shown)

    def set_window(self, window: Window | None, own: int = 0) -> None:
        """Window the active viewport and those that share its series and window until now.

        Planes of one series stay alike; lung beside soft tissue stay different, unless windows are
        linked. In 3D the window is the opacity, and nobody else's. None is the file's own window
        of the number `own`.
        """
        state = self.state()
        if state is None:
            return
        if self._is_solid(self.active):
            self.change(window=window)
            return
        shared = (state.series_uid, state.window, state.own_window, state.subtraction)
        linked = self.linking.sharing_window(self.active)
        for index, cell in enumerate(self.cells):
            shown = cell.state
            alike = shown is not None and (shown.series_uid, shown.window, shown.own_window, shown.subtraction) == shared
            if shown is not None and (alike or index in linked) and not self._is_solid(index):
                self._set(index, replace(shown, window=window, own_window=own))

    def window(self) -> Window | None:
        viewer, state = self._viewer(self.active), self.state()
        return window_shown(viewer, state) if viewer and state else None

    def set_focus(self, point: Vec3) -> None:
        """Move every cut plane of the active series through `point` (LPS mm)."""
        self.planes.set_focus(point)

    def zoom_by(self, factor: float, index: int | None = None) -> None:
        state = self.state(index)
        if state is not None:
            self.change(index, zoom=min(max(state.zoom * factor, ZOOM_RANGE[0]), ZOOM_RANGE[1]))

    def pan_by(self, dx: float, dy: float, index: int | None = None) -> None:
        """Move the image by shares of the viewport's width and height."""
        state = self.state(index)
        if state is not None:
            self.change(index, pan=(state.pan[0] + dx, state.pan[1] + dy))

    def rotate(self, degrees: int) -> None:
        state = self.state()
        if state is not None:
            self.change(rotation=(state.rotation + degrees) % 360)

    def turn(self, right_degrees: float, down_degrees: float, index: int | None = None) -> None:
        """Push the side of a 3D view that faces the eye, as seen on screen."""
        state = self.state(index)
        if state is None or state.plane is not Plane.THREE_D:
            return
        across = -right_degrees if state.flipped_horizontally else right_degrees
        along = -down_degrees if state.flipped_vertically else down_degrees
        angle = math.radians(state.rotation)
        push = (across * math.cos(angle) + along * math.sin(angle), along * math.cos(angle) - across * math.sin(angle))
        self.change(index, oblique=turned(state.oblique, *push))

    def fit(self) -> None:
        self.resize(Sizing.FIT)

    def resize(self, sizing: Sizing, pixel_mm: float = 0.0) -> None:
        """The active viewport, and those whose zoom is linked to it, at that size and in the middle."""
        for index in (self.active, *self.linking.sharing_zoom(self.active)):
            own_mm = self.pixel_mm(index) if sizing is Sizing.TRUE_SIZE else None
            self.change(index, sizing=sizing, pixel_mm=own_mm or pixel_mm, zoom=1.0, pan=(0.0, 0.0))

    def reset(self) -> None:
        """The active viewport as it was hung (window, mirroring, rotation, slab), at the place it has now."""
        viewer, state = self._viewer(self.active), self.state()
        if viewer is None or state is None:
            return
        hung = self._hung(self.active) or viewer.default_state(state.plane)
        fresh = viewer.default_state(state.plane)
        kept = {} if state.plane is Plane.THREE_D else {name: getattr(hung, name) for name in HUNG_FIELDS}
        if state.plane is Plane.OBLIQUE:
            kept["oblique"] = state.oblique
        kept["fusion"] = state.fusion
        fresh = replace(fresh, position=state.position, focus=state.focus, dimension=state.dimension)
        self._set(self.active, replace(fresh, **kept))

    # ---- evidence --------------------------------------------------------------------

    def note_shown(self, image: ShownImage) -> None:
        """Called by the view after painting, never before: only a painted frame was shown."""
        self.shown.add(image)

    # ---- inside ----------------------------------------------------------------------

    def place(self, layout: Layout, cells: Iterable[Cell]) -> None:
        """Hang these cells instead of what hung on the active viewport's screen; the other screens stay."""
        here = self.screen
        layouts = (*self.layouts[:here], layout, *self.layouts[here + 1 :])
        self._put_up(layouts, [replace(c, screen=here) for c in cells], [c for c in self.cells if c.screen != here], here)

    def place_all(self, layouts: Layouts, cells: Iterable[Cell]) -> None:
        """Hang these cells, each on the screen that it names, instead of all that hung."""
        self._put_up(layouts, list(cells), [], 0)

    def _put_up(self, layouts: Layouts, cells: list[Cell], kept: list[Cell], here: int) -> None:
        self.layouts = layouts
        self.cine.stop()
        self.dimensions.stop()
        self.linking.forget()
        self.cells = places.filled(layouts, [*map(self._completed, cells), *kept])
        self._enlarged = self._enlarged - {here} if kept else set()
        first = self.places(here)[0]
        current = [i for i, c in enumerate(self.cells) if c.state and not c.is_prior and (not kept or c.screen == here)]
        self.active = current[0] if current else first
        self._last = {self.screen: self.active}
        self.arrangement_changed.emit(self.arrangement)
        self.active_changed.emit(self.active)

    def _completed(self, cell: Cell) -> Cell:
        cell = completed(cell, self._viewer_of)
        return replace(cell, state=self._filled_in(cell.state)) if cell.state is not None else cell

    def _state_for(self, study_uid: str, series: Series) -> ViewportState:
        viewer = self._viewer_of(study_uid, series.series_instance_uid)
        return self._filled_in(viewer.default_state() if viewer else ViewportState(study_uid, series.series_instance_uid))

    def _hung(self, index: int) -> ViewportState | None:
        return hung_in(self.arrangement, self.cells[index])

    def _active_cell(self) -> Cell | None:
        return self.cells[self.active] if 0 <= self.active < len(self.cells) else None

    def _viewer(self, index: int) -> SeriesViewer | None:
        state = self.state(index)
        return self._viewer_of(state.study_uid, state.series_uid) if state else None

    def _is_solid(self, index: int) -> bool:
        state = self.state(index)
        return state is not None and state.plane is Plane.THREE_D

    def viewer(self, index: int) -> SeriesViewer | None:
        return self._viewer(index)

    def _filled_in(self, state: ViewportState) -> ViewportState:
        """How pixels are filled in and in which SUV is the reader's choice for every image."""
        state = self.dimensions.filled_in(self.fusing.filled_in(state))
        kind = self.looking.interpolation
        return state if state.interpolation is kind else replace(state, interpolation=kind)

    def _scrolled(self, index: int, steps: int) -> bool:
        viewer, state = self._viewer(index), self.state(index)
        if viewer is None or state is None:
            return False
        moved = viewer.scrolled(state, steps)
        if moved == state:
            return False
        self._set(index, moved)
        return True

    def _set(self, index: int, state: ViewportState) -> None:
        state = self._filled_in(state)
        if self.cells[index].state != state:
            self.cells[index] = replace(self.cells[index], state=state)
            self.viewport_changed.emit(index)
