"""What moves together: place, image number, window, zoom; and what shows where something lies.

By position: viewports of one space (patient and Frame of Reference UID) whose planes are parallel
show the same place, and so do those of another space that is aligned with it: they follow the anatomy
in the middle of what is looked at. Those of one link group in a space that is not aligned (a prior)
move by the same millimetres, those without geometry by the same number of images. By index: the same
number of images, whatever lies between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.geometry import Vec3, add, cross, dot, scale, sub, unit
from workstation.domain.viewing import Plane, ViewportState

if TYPE_CHECKING:
    from workstation.ports import SeriesViewer
    from workstation.session.viewing import Viewing

# Planes that differ by less than this (cosine of some 5 degrees) are looked at as the same.
PARALLEL = 0.996
# Images of an aligned series follow although they are tilted: by up to some 37 degrees.
FOLLOWS = 0.8
# A smaller rotation than this is not worth turning planes for: their letters would look wrong by more than it mends.
TURN_DEGREES = 3.0
CUTS = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.OBLIQUE)


class LinkBy(StrEnum):
    POSITION = "position"
    INDEX = "index"
    WINDOW = "window"
    ZOOM = "zoom"


@dataclass(frozen=True, slots=True)
class Where:
    """`space` is the patient and the frame of reference, empty where positions cannot be compared."""

    space: str = ""
    modality: str = ""


def _nowhere(_study: str, _series: str) -> Where:
    return Where()


class Linking:
    """Which links are on, and what they do. Viewports are places of `Viewing`."""

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing
        self.where: Callable[[str, str], Where] = _nowhere
        """Study and series UID to the space and modality; the session plugs it in."""
        self.by: frozenset[LinkBy] = frozenset({LinkBy.POSITION})
        self.references = True
        """Whether viewports show where the others cut them."""
        self.cursor = False
        """Whether the place under the pointer is shown in all viewports of its space."""
        self.alignment: Callable[[str, str], Alignment | None] = lambda _fixed, _moving: None
        """How one series (UID) lies in another's space; the session plugs registration in."""
        self.mapped: Callable[[str, str, Vec3], Vec3 | None] = lambda _fixed, _moving, _point: None
        """A point (LPS mm) of one series in another's space."""
        self.turns = True
        """Whether planes of an aligned series are turned as the active one lies in the patient."""
        self.turned: dict[int, ViewportState] = {}
        """Viewports whose plane was turned so, and how they were before."""
        self._meant: dict[int, tuple[ViewportState, Vec3]] = {}

    @property
    def scrolls(self) -> bool:
        return bool(self.by & {LinkBy.POSITION, LinkBy.INDEX})

    def toggle(self, by: LinkBy) -> None:
        """Position and index exclude each other. Linking by position shows the active place everywhere at once."""
        others = {LinkBy.POSITION, LinkBy.INDEX} if by in (LinkBy.POSITION, LinkBy.INDEX) else {by}
        self.by = self.by - others if by in self.by else (self.by - others) | {by}
        self._meant.clear()
        if by in self.by and by is LinkBy.POSITION:
            self._bring_here(self._viewing.active)
        self._viewing.overlays_changed.emit(self._viewing.overlays)

    def toggle_references(self) -> None:
        self.references = not self.references
        self._viewing.overlays_changed.emit(self._viewing.overlays)

    def toggle_cursor(self) -> None:
        self.cursor = not self.cursor
        self._viewing.overlays_changed.emit(self._viewing.overlays)

    def forget(self) -> None:
        """Another arrangement: nothing that was meant for a place holds any more."""
        self._meant.clear()
        self.turned.clear()

    def align(self) -> None:
        """An alignment is another now: what it had turned is turned back, and all go to the active place."""
        self._meant.clear()
        for index, before in tuple(self.turned.items()):
            self._turn_back(index, before)
        if LinkBy.POSITION in self.by:
            self._bring_here(self._viewing.active)
        self._viewing.overlays_changed.emit(self._viewing.overlays)

    def toggle_turning(self) -> None:
        self.turns = not self.turns
        self.align()

    def shown_place(self, index: int) -> tuple[Vec3, Vec3] | None:
        """The normal of what a viewport shows, and the point in the middle of what is looked at (LPS mm)."""
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        normal = plane_of(viewer, state)[0] if viewer is not None and state is not None else None
        middle = viewer.to_patient(state, 2, 2, 1.0, 1.0) if viewer is not None and state is not None else None
        return (normal, middle) if normal is not None and middle is not None else None

    # ---- following -------------------------------------------------------------------

    def follow_scroll(self, index: int, before: ViewportState, steps: int) -> None:
        """Viewport `index` was scrolled by `steps` from `before`: the linked ones go along."""
        after = self._viewing.state(index)
        viewer = self._viewing.viewer(index)
        if after is None or viewer is None:
            return
        if LinkBy.INDEX in self.by:
            for other in self._group(index):
                self._step(other, steps)
        elif LinkBy.POSITION in self.by:
            self._follow_position(index, viewer, before, after, steps)

    def _follow_position(self, index: int, viewer: SeriesViewer, before: ViewportState, after: ViewportState, steps: int) -> None:
        normal, here = plane_of(viewer, after)
        start = plane_of(viewer, before)[1]
        sisters = self._sisters(index, normal) if normal is not None else []
        for other in sisters:
            if here is not None:
                self._bring(other, here)
        aligned = self._bring_aligned(index)
        for other in self._group(index):
            if other in sisters or other in aligned:
                continue
            if normal is None or here is None or start is None:
                self._step(other, steps)
            elif not self._share_space(index, other):
                self._push(other, sub(here, start), steps)

    def _push(self, other: int, by: Vec3, steps: int) -> None:
        """Move by millimetres; what a coarser series rounds away is kept for the next step."""
        viewer, state = self._viewing.viewer(other), self._viewing.state(other)
        if viewer is None or state is None:
            return
        normal, here = plane_of(viewer, state)
        if normal is None or here is None:
            self._step(other, steps)
            return
        told = self._meant.get(other)
        meant = add(told[1] if told is not None and told[0] == state else here, by)
        self._bring(other, meant)
        moved = self._viewing.state(other)
        if moved is not None:
            self._meant[other] = (moved, meant)

    def follow_zoom(self, index: int, before: ViewportState) -> None:
        """The others are zoomed by the same factor and moved by the same share of their viewport."""
        after = self._viewing.state(index)
        if after is None or LinkBy.ZOOM not in self.by:
            return
        factor = after.zoom / before.zoom
        dx, dy = after.pan[0] - before.pan[0], after.pan[1] - before.pan[1]
        for other, state in self._others(index):
            # Breasts that hang back to back are moved apart or together: both show more of the same side.
            across = -dx if {after.anchor, state.anchor} == {"left", "right"} else dx
            self._viewing.put(other, replace(state, zoom=state.zoom * factor, pan=(state.pan[0] + across, state.pan[1] + dy)))

    def sharing_window(self, index: int) -> list[int]:
        """Viewports that take the window of `index`: those of its modality."""
        state = self._viewing.state(index)
        if state is None or LinkBy.WINDOW not in self.by:
            return []
        modality = self._where(state).modality
        return [other for other, shown in self._others(index) if modality and self._where(shown).modality == modality]

    def sharing_zoom(self, index: int) -> list[int]:
        """Viewports that take the size of `index`: all where zoom is linked, else those that are anchored as it is."""
        state = self._viewing.state(index)
        anchored = state is not None and bool(state.anchor)
        return [other for other, shown in self._others(index) if LinkBy.ZOOM in self.by or (anchored and shown.anchor)]

    # ---- inside ----------------------------------------------------------------------

    def _bring_here(self, index: int) -> None:
        state, viewer = self._viewing.state(index), self._viewing.viewer(index)
        if state is None or viewer is None:
            return
        normal, here = plane_of(viewer, state)
        for other in self._sisters(index, normal) if normal is not None and here is not None else []:
            self._bring(other, here or (0.0, 0.0, 0.0))
        self._bring_aligned(index)

    def is_beside(self, index: int, other: int) -> bool:
        """Whether the two are of aligned spaces and show the same side of the anatomy, though perhaps tilted."""
        alignment, normals = self._aligned(index, other), (self._normal(index), self._normal(other))
        if alignment is None or normals[0] is None or normals[1] is None:
            return False
        return abs(dot(alignment.turn(normals[0]), normals[1])) >= FOLLOWS

    def _aligned(self, index: int, other: int) -> Alignment | None:
        """Of another space; None in one space, and where nothing is known."""
        one, two = self._viewing.state(index), self._viewing.state(other)
        if one is None or two is None or self._share_space(index, other):
            return None
        found = self.alignment(one.series_uid, two.series_uid)
        return None if found is None or found.kind is AlignmentKind.SAME_FRAME else found

    def _bring_aligned(self, index: int) -> list[int]:
        """Take those whose space is aligned with that of `index` to the same anatomy. Gives the viewports it could compare."""
        state, place = self._viewing.state(index), self.shown_place(index)
        if state is None or place is None:
            return []
        found = []
        for other, theirs in self._others(index):
            alignment = self._aligned(index, other)
            there = self.mapped(state.series_uid, theirs.series_uid, place[1])
            if alignment is None or there is None or not self.is_beside(index, other):
                continue
            self._turn_to(index, other, alignment, there)
            self._bring(other, there)
            found.append(other)
        return found

    def _turn_to(self, index: int, other: int, alignment: Alignment, there: Vec3) -> None:
        """Cut the other series as the active one is cut, in the patient; not its images as acquired."""
        viewer, state, theirs = self._viewing.viewer(index), self._viewing.state(index), self._viewing.state(other)
        if viewer is None or state is None or theirs is None or not self.turns or alignment.rotation_degrees < TURN_DEGREES:
            return
        if state.plane not in CUTS or theirs.plane not in CUTS:
            return
        upright = replace(state, rotation=0, flipped_horizontally=False, flipped_vertically=False)
        ways = _ways(viewer, upright)
        if ways is None:
            return
        turned = alignment.turn(ways[0]), alignment.turn(ways[1])
        self.turned.setdefault(other, theirs)
        if theirs.plane is not Plane.OBLIQUE or theirs.oblique != turned:
            focus = theirs.focus if theirs.plane is Plane.OBLIQUE and theirs.focus is not None else there
            self._viewing.put(other, replace(theirs, plane=Plane.OBLIQUE, oblique=turned, focus=focus))

    def _turn_back(self, index: int, before: ViewportState) -> None:
        state = self._viewing.state(index)
        del self.turned[index]
        if state is not None and (state.series_uid, state.plane) == (before.series_uid, Plane.OBLIQUE):
            self._viewing.put(index, replace(state, plane=before.plane, oblique=before.oblique))

    def _normal(self, index: int) -> Vec3 | None:
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        return plane_of(viewer, state)[0] if viewer is not None and state is not None else None

    def _bring(self, other: int, point: Vec3) -> None:
        """Show the plane through `point`; what a cut shows of its plane stays where it is."""
        viewer, state = self._viewing.viewer(other), self._viewing.state(other)
        if viewer is None or state is None:
            return
        normal, here = plane_of(viewer, state)
        if state.plane is not Plane.STACK and normal is not None and here is not None and state.focus is not None:
            away = dot(normal, sub(point, here))
            self._viewing.put(other, replace(state, focus=add(state.focus, scale(normal, away))))
            return
        self._viewing.put(other, viewer.at_point(state, point))

    def _step(self, other: int, steps: int) -> None:
        viewer, state = self._viewing.viewer(other), self._viewing.state(other)
        if viewer is not None and state is not None:
            self._viewing.put(other, viewer.scrolled(state, steps))

    def _group(self, index: int) -> list[int]:
        group = self._viewing.cells[index].link_group
        return [other for other, _ in self._others(index) if group and self._viewing.cells[other].link_group == group]

    def _sisters(self, index: int, normal: Vec3) -> list[int]:
        """Viewports of the same space that show a parallel plane."""
        found = []
        for other, state in self._others(index):
            viewer = self._viewing.viewer(other)
            if viewer is not None and self._share_space(index, other):
                theirs = plane_of(viewer, state)[0]
                if theirs is not None and abs(dot(theirs, normal)) > PARALLEL:
                    found.append(other)
        return found

    def _others(self, index: int) -> list[tuple[int, ViewportState]]:
        """Every other viewport with an image or a plane in it."""
        cells = enumerate(self._viewing.cells)
        return [(i, c.state) for i, c in cells if i != index and c.state is not None and c.state.plane is not Plane.THREE_D]

    def _share_space(self, one: int, other: int) -> bool:
        states = self._viewing.state(one), self._viewing.state(other)
        spaces = [self._where(state).space if state is not None else "" for state in states]
        return bool(spaces[0]) and spaces[0] == spaces[1]

    def _where(self, state: ViewportState) -> Where:
        return self.where(state.study_uid, state.series_uid)


def _ways(viewer: SeriesViewer, state: ViewportState) -> tuple[Vec3, Vec3] | None:
    """To the right and down, as unit directions in the patient."""
    at = state.whole
    middle, right, down = (viewer.to_patient(at, 2, 2, x, y) for x, y in ((1.0, 1.0), (2.0, 1.0), (1.0, 2.0)))
    if middle is None or right is None or down is None:
        return None
    return unit(sub(right, middle)), unit(sub(down, middle))


def plane_of(viewer: SeriesViewer, state: ViewportState) -> tuple[Vec3 | None, Vec3 | None]:
    """The unit normal of what is shown and a point in it (LPS mm); None without geometry."""
    at = state.whole
    middle, right, down = (viewer.to_patient(at, 2, 2, x, y) for x, y in ((1.0, 1.0), (2.0, 1.0), (1.0, 2.0)))
    if middle is None or right is None or down is None:
        return None, None
    normal = cross(sub(right, middle), sub(down, middle))
    length = dot(normal, normal) ** 0.5
    return (scale(normal, 1.0 / length), middle) if length > 0.0 else (None, middle)
