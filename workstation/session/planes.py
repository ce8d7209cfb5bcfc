"""The crosshair of each series: three planes at right angles through one point, which hands and keys turn; and slabs.

A plane that stands in a viewport says itself how deep it lies; the focus is where the three meet. What is
turned goes round the focus, which stays where it is on the screen, at the same size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.annotation import Verdict
from workstation.domain.crosshair import BORN, STRAIGHT, Crosshair, Directions, directions_of, shown_as
from workstation.domain.geometry import Vec3, add, cross, dot, length, scale, sub, unit
from workstation.domain.viewing import Cell, Layout, Plane, Sizing, ViewportState
from workstation.errors import Refused
from workstation.session.linking import LinkBy
from workstation.session.other_plane import turned_to
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.ports import SeriesViewer
    from workstation.session.viewing import Viewing

Key = tuple[str, str]
"""Study and series UID."""

SLAB_STEPS = (2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 75.0, 100.0, 150.0)
"""What one key makes of a slab, in mm."""
THICKEST = 500.0
SLAB_MODES = ("MIP", "MIN", "MEAN")
FIRST_MIP_MM = 10.0
"""How thick a slab begins that is asked for by its mode."""
# A slab of fewer slices than this is none.
LEAST_SLICES = 2.0
# A plane that moves by less than this (mm) has not moved.
STILL = 1e-7
SIZE = (512, 512)


class Planes:
    """Acts on the active viewport unless a place is named. Raises Refused, in words, where there is no plane to act on."""

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing
        self._kept: dict[Key, Crosshair] = {}
        self.size_of: Callable[[int], tuple[int, int]] = lambda _: SIZE
        """The size of a viewport in device pixels; the session plugs it in."""
        self.alignment: Callable[[str, str], Alignment | None] = lambda _fixed, _moving: None
        """How one series (UID) lies in another's space; the session plugs registration in."""
        self.number_wanted: Signal[int] = Signal()
        """The thickness of the slab in this place is to be typed."""
        self.export_wanted: Signal[int] = Signal()
        """The plane in this place is to be made a series."""
        self._placed: list[Cell] = []
        """The places as this hung them, as long as nothing else is hung."""
        self.preview: tuple[Key, tuple[Vec3, ...], Vec3] | None = None
        """Planes that an export would make: series, a point in each, and their normal."""

    # ---- what there is ---------------------------------------------------------------

    def crosshair(self, key: Key) -> Crosshair | None:
        """Of a series, with the planes as they stand in the viewports; None where none was and none is shown."""
        shown = list(self._shown(key))
        kept = self._kept.get(key)
        if kept is None:
            focus = next((state.focus for _, state in shown if state.focus is not None), None)
            if focus is None:
                return None
            kept = Crosshair(focus)
        active = self._viewing.active
        places = []
        # The active one last: of two viewports with one plane it is the one that counts.
        for _, state in sorted(shown, key=lambda found: found[0] == active):
            which = _place_in(kept, state)
            if which is not None and state.focus is not None:
                places.append((which, state.focus))
        return kept.through(places)

    def place_of(self, state: ViewportState) -> int | None:
        """Which plane of its series' crosshair a state shows (0 born axial, 1 coronal, 2 sagittal), None when none."""
        crosshair = self._kept.get((state.study_uid, state.series_uid)) or Crosshair((0.0, 0.0, 0.0))
        return _place_in(crosshair, state)

    def forget(self) -> None:
        """Another case."""
        self._kept.clear()
        self.preview = None

    # ---- showing ---------------------------------------------------------------------

    def show_oblique(self) -> None:
        """The three planes of the active series as they are turned, and the images as acquired; again: 3D in their place."""
        cell, state, viewer = self._active()
        if not viewer.can_show(Plane.AXIAL):
            raise Refused("No planes of this series", "It is no volume that can be cut through", "Its corner says why")
        key = _key(state)
        crosshair = self.crosshair(key) or Crosshair(self._place(viewer, state))
        if state.plane is Plane.STACK and key not in self._kept:
            crosshair = replace(crosshair, focus=self._place(viewer, state))
        self._kept[key] = crosshair
        fourth = self._fourth(viewer)
        base = state if state.plane is not Plane.THREE_D else viewer.default_state()
        states = [self._in_plane(viewer, base, crosshair, which) for which in range(3)]
        states.append(turned_to(viewer, base, fourth))
        cells = [replace(cell, row=i // 2, column=i % 2, link_group="", reason="", state=shown) for i, shown in enumerate(states)]
        self._viewing.place(Layout(2, 2), cells)
        self._placed = self._viewing.cells

    def show_here(self) -> None:
        """The plane of the crosshair that is nearest to what the active viewport shows, in that viewport."""
        _, state, viewer = self._active()
        if not viewer.can_show(Plane.AXIAL):
            raise Refused("No planes of this series", "It is no volume that can be cut through", "Its corner says why")
        key = _key(state)
        crosshair = self._kept[key] = self.crosshair(key) or Crosshair(self._place(viewer, state))
        which = crosshair.nearest(self._normal(viewer, state))
        base = state if state.plane is not Plane.THREE_D else viewer.default_state()
        self._viewing.put(self._viewing.active, self._in_plane(viewer, base, crosshair, which))

    def _fourth(self, viewer: SeriesViewer) -> Plane:
        """What stands beside the three planes: asked for again while they hang, the other of the two."""
        places = self._viewing.places(self._viewing.screen)
        fourth = self._viewing.state(places[3]) if self._viewing.cells is self._placed and len(places) > 3 else None
        was_stack = fourth is not None and fourth.plane is Plane.STACK
        return Plane.THREE_D if was_stack and viewer.can_show(Plane.THREE_D) else Plane.STACK

    def _in_plane(self, viewer: SeriesViewer, state: ViewportState, crosshair: Crosshair, which: int) -> ViewportState:
        shown = turned_to(viewer, state, BORN[which])
        return replace(shown_as(shown, crosshair.planes[which]), focus=crosshair.focus)

    # ---- turning ---------------------------------------------------------------------

    def turn(self, degrees: float, index: int | None = None) -> None:
        """The two other planes about the normal of the shown one, clockwise as seen. The only plane on screen swings itself."""
        index, state, crosshair = self._plane(index)
        right, down = _directions(state)
        others = [one for one, other in self._shown(_key(state)) if one != index and self.place_of(other) is not None]
        if others:
            self._turn(state, crosshair, cross(right, down), degrees)
        else:
            self._turn(state, crosshair, down, degrees, swings=True)

    def tilt(self, degrees: float, index: int | None = None) -> None:
        """The shown plane about its own horizontal line, the upper edge towards the eye."""
        _, state, crosshair = self._plane(index)
        self._turn(state, crosshair, _directions(state)[0], degrees, swings=True)

    def reset(self) -> None:
        """The planes straight again; when they are: the crosshair in the middle of the volume."""
        _, state, crosshair = self._plane(None)
        key = _key(state)
        if not crosshair.is_straight:
            self._show(key, crosshair, replace(crosshair, planes=STRAIGHT))
            return
        viewer = self._viewing.viewer(self._viewing.active)
        middle = viewer.default_state(Plane.AXIAL).focus if viewer is not None else None
        if middle is not None:
            self._show(key, crosshair, replace(crosshair, focus=middle))

    def _turn(self, state: ViewportState, crosshair: Crosshair, axis: Vec3, degrees: float, swings: bool = False) -> None:
        if swings and _place_in(crosshair, state) is None:
            # A straight plane beside a turned crosshair: the crosshair begins anew from it.
            crosshair = replace(crosshair, planes=STRAIGHT)
        self._show(_key(state), crosshair, crosshair.turned(axis, degrees))

    # ---- moving ----------------------------------------------------------------------

    def set_focus(self, point: Vec3, index: int | None = None) -> None:
        """Every plane of the series in this place, and of those that are aligned with it, through a point."""
        index = self._viewing.active if index is None else index
        state = self._viewing.state(index)
        if state is None:
            return
        key = _key(state)
        crosshair = self.crosshair(key) or Crosshair(point)
        self._show(key, crosshair, replace(crosshair, focus=point))

    def shift(self, key: Key, which: int, mm: float) -> None:
        """One plane of a crosshair along its normal."""
        crosshair = self.crosshair(key)
        if crosshair is not None:
            moved = replace(crosshair, focus=add(crosshair.focus, scale(crosshair.normal(which), mm)))
            self._show(key, crosshair, moved)

    def scroll_plane(self, key: Key, which: int, steps: int) -> None:
        """The plane `which` of a crosshair by slices, as a wheel over it does, wherever it is shown."""
        for index, state in self._shown(key):
            if self.place_of(state) == which:
                self._viewing.scroll(steps, index)
                return

    # ---- slabs -----------------------------------------------------------------------

    def thicken(self, steps: int, index: int | None = None) -> None:
        """The next sensible thickness up or down; below the first the cut is thin again."""
        index, state = self._of_a_slab(index)
        least = LEAST_SLICES * self._slice_mm(index, state)
        ladder = (0.0, *(mm for mm in SLAB_STEPS if mm > least))
        for _ in range(abs(steps)):
            above = next((mm for mm in ladder if mm > state.slab_mm), ladder[-1])
            below = next((mm for mm in reversed(ladder) if mm < state.slab_mm), 0.0)
            state = replace(state, slab_mm=above if steps > 0 else below)
        self._viewing.change(index, slab_mm=state.slab_mm)

    def set_slab(self, mm: float, index: int | None = None) -> None:
        """0 is a thin cut. Raises Refused for what is no slab of this series."""
        index, state = self._of_a_slab(index)
        step = self._slice_mm(index, state)
        if not 0.0 <= mm <= THICKEST:
            raise Refused("No slab of that thickness", f"{mm:g} mm was asked for", f"Choose 0 to {THICKEST:.0f} mm")
        if 0.0 < mm <= LEAST_SLICES * step:
            raise Refused(
                "No slab of that thickness",
                f"The slices of this plane are {step:.3g} mm apart: {mm:g} mm would hold one of them",
                f"Choose more than {LEAST_SLICES * step:.3g} mm, or 0 for a thin cut",
            )
        self._viewing.change(index, slab_mm=float(mm))

    def cycle_slab_mode(self, index: int | None = None) -> None:
        """MIP, MinIP, mean. On a thin cut it begins a MIP."""
        index, state = self._of_a_slab(index)
        if state.slab_mm:
            following = SLAB_MODES[(SLAB_MODES.index(state.slab_mode) + 1) % len(SLAB_MODES)]
            self._viewing.change(index, slab_mode=following)
            return
        least = LEAST_SLICES * self._slice_mm(index, state)
        first = next((mm for mm in SLAB_STEPS if mm > max(least, FIRST_MIP_MM - STILL)), SLAB_STEPS[-1])
        self._viewing.change(index, slab_mm=first, slab_mode=SLAB_MODES[0])

    def ask_number(self) -> None:
        self.number_wanted.emit(self._of_a_slab(None)[0])

    def ask_export(self) -> None:
        self.export_wanted.emit(self._plane(None)[0])

    def slice_mm(self, index: int) -> float:
        """How far one step of the wheel moves the plane, in mm; 0 where there is but one, or none."""
        state = self._viewing.state(index)
        return self._slice_mm(index, state) if state is not None else 0.0

    # ---- inside ----------------------------------------------------------------------

    def _show(self, key: Key, before: Crosshair, after: Crosshair) -> None:
        """Put the crosshair of a series into every viewport that shows one of its planes, and take aligned series along."""
        self._put(key, before, after)
        for other in dict.fromkeys(_key(state) for _, state in self._shown(None)):
            alignment = None if other == key else self._alignment(key, other)
            theirs = self.crosshair(other) if alignment is not None else None
            if alignment is not None and theirs is not None:
                self._put(other, theirs, self._aligned(alignment, before, after, theirs))

    def _alignment(self, key: Key, other: Key) -> Alignment | None:
        found = self.alignment(key[1], other[1])
        if found is not None:
            return None if found.verdict is Verdict.REJECTED else found
        where = self._viewing.linking.where
        space = where(*key).space
        same = bool(space) and space == where(*other).space
        return Alignment(key[1], other[1], AlignmentKind.SAME_FRAME) if same else None

    def _aligned(self, alignment: Alignment, before: Crosshair, after: Crosshair, theirs: Crosshair) -> Crosshair:
        """The other series' crosshair at the same place, and turned as far when scrolling is linked by position."""
        moved = replace(theirs, focus=alignment.apply(after.focus))
        if before.planes == after.planes or LinkBy.POSITION not in self._viewing.linking.by:
            return moved
        first, second, third = (_mapped(alignment, plane) for plane in after.planes)
        return replace(moved, planes=(first, second, third))

    def _put(self, key: Key, before: Crosshair, after: Crosshair) -> None:
        self._kept[key] = after
        for index, state in list(self._shown(key)):
            which = _place_in(before, state)
            if which is None or before.planes[which] == after.planes[which]:
                self._viewing.put(index, replace(state, focus=after.focus))
                continue
            turned = replace(shown_as(state, after.planes[which]), focus=after.focus)
            held = before if before.focus == after.focus else None
            self._viewing.put(index, self._kept_in_place(index, state, turned, after.focus) if held is not None else turned)

    def _kept_in_place(self, index: int, before: ViewportState, after: ViewportState, focus: Vec3) -> ViewportState:
        """`after` with the focus where it was on the screen, as large as it was."""
        viewer, (width, height) = self._viewing.viewer(index), self.size_of(index)
        if viewer is None:
            return after
        was, size_was = _seen(viewer, before, width, height, focus)
        _, size = _seen(viewer, after, width, height, focus)
        if was is None or not size or not size_was:
            return after
        if after.sizing is Sizing.FIT:
            after = replace(after, zoom=after.zoom * size_was / size)
        now, _ = _seen(viewer, after, width, height, focus)
        if now is None:
            return after
        x, y = after.pan
        return replace(after, pan=(x + (was[0] - now[0]) / width, y + (was[1] - now[1]) / height))

    def _shown(self, key: Key | None) -> Iterator[tuple[int, ViewportState]]:
        """Every viewport with a plane of that series, or of any."""
        for index, cell in enumerate(self._viewing.cells):
            state = cell.state
            if state is not None and directions_of(state) is not None and key in (None, _key(state)):
                yield index, state

    def _of_a_slab(self, index: int | None) -> tuple[int, ViewportState]:
        """A plane through a volume, or a tomosynthesis as it was acquired."""
        index = self._viewing.active if index is None else index
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        if viewer is not None and state is not None and state.plane is Plane.STACK and viewer.stack_step_mm(state):
            return index, state
        index, state, _ = self._plane(index)
        return index, state

    def _plane(self, index: int | None) -> tuple[int, ViewportState, Crosshair]:
        index = self._viewing.active if index is None else index
        state = self._viewing.state(index)
        crosshair = self.crosshair(_key(state)) if state is not None and directions_of(state) is not None else None
        if state is None or crosshair is None:
            raise Refused("There is no plane here", "This works on cuts through a volume", "Alt+6 or Alt+7 shows three planes")
        return index, state, crosshair

    def _active(self) -> tuple[Cell, ViewportState, SeriesViewer]:
        state, viewer = self._viewing.state(), self._viewing.viewer(self._viewing.active)
        if state is None or viewer is None:
            raise Refused("There are no images here", "", "Choose a viewport with images")
        return self._viewing.cells[self._viewing.active], state, viewer

    @staticmethod
    def _place(viewer: SeriesViewer, state: ViewportState) -> Vec3:
        """The point of the patient in the middle of what a state shows, or in the middle of the volume."""
        found = viewer.to_patient(state.whole, 2, 2, 1.0, 1.0) if state.plane is Plane.STACK else state.focus
        return found or viewer.default_state(Plane.AXIAL).focus or (0.0, 0.0, 0.0)

    @staticmethod
    def _normal(viewer: SeriesViewer, state: ViewportState) -> Vec3:
        directions = directions_of(state)
        if directions is None and state.plane is Plane.STACK:
            corner, right, down = (viewer.to_patient(state, 2, 2, x, y) for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
            if corner is not None and right is not None and down is not None:
                return cross(sub(right, corner), sub(down, corner))
        return cross(*(directions or STRAIGHT[0]))

    def _slice_mm(self, index: int, state: ViewportState) -> float:
        """How far one step of the wheel moves the plane, in mm; 0 where there is but one."""
        viewer = self._viewing.viewer(index)
        if viewer is not None and state.plane is Plane.STACK:
            return viewer.stack_step_mm(state)
        if viewer is None or state.focus is None:
            return 0.0
        at = viewer.slice_index(state)
        first, second = (viewer.at_index(state, at + step).focus for step in ((0, 1) if at == 0 else (0, -1)))
        return length(sub(first, second)) if first is not None and second is not None else 0.0


def _key(state: ViewportState) -> Key:
    return state.study_uid, state.series_uid


def _directions(state: ViewportState) -> Directions:
    right, down = directions_of(state) or STRAIGHT[0]
    right = unit(right)
    return right, unit(sub(down, scale(right, dot(down, right))))


def _place_in(crosshair: Crosshair, state: ViewportState) -> int | None:
    directions = directions_of(state)
    return None if directions is None else crosshair.place_of(directions)


def _seen(
    viewer: SeriesViewer, state: ViewportState, width: int, height: int, focus: Vec3
) -> tuple[tuple[float, float] | None, float]:
    """Where the focus lies in the view, and how many pixels there are to a millimetre."""
    at = viewer.to_view(state, width, height, focus)
    beside = viewer.to_view(state, width, height, add(focus, _directions(state)[0]))
    if at is None or beside is None:
        return None, 0.0
    return (at[0], at[1]), ((beside[0] - at[0]) ** 2 + (beside[1] - at[1]) ** 2) ** 0.5


def _mapped(alignment: Alignment, directions: Directions) -> Directions:
    """Directions of the fixed series as those of the moving one."""
    start = alignment.apply((0.0, 0.0, 0.0))
    right, down = (unit(sub(alignment.apply(way), start)) for way in directions)
    return right, down
