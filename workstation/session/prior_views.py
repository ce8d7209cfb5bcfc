"""A prior opens as the current images beside it are seen: plane, slab, window, millimetres on a pixel and place.

The place is that of an alignment, or of a shared frame of reference; before there is one it is the same share of the
way through the images. What cannot be made alike is said (`told`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from workstation.domain.alignment import Alignment
from workstation.domain.geometry import Vec3, dot, sub
from workstation.domain.viewing import Cell, Framed, Plane, Sizing, ViewportState
from workstation.errors import WorkstationError
from workstation.session.as_hung import completed, hung_in
from workstation.session.linking import FOLLOWS, plane_of
from workstation.session.other_plane import turned_to

if TYPE_CHECKING:
    from workstation.ports import SeriesViewer
    from workstation.session.viewing import Viewing

CUT_PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
CUTS = (*CUT_PLANES, Plane.OBLIQUE)

# Values of these mean the same whatever machine made them: a window of one is a window of the other.
SAME_VALUES = frozenset({"CT"})

# What a reader does to a viewport besides plane, window, size and place.
BY_HAND = ("inverted", "rotation", "flipped_horizontally", "flipped_vertically", "sharpening")

NO_VOLUME = "Not the same plane: these images cannot be cut"
NOT_SOLID = "Not in 3D: these images are no volume"


class PriorViews:
    """Acts on the viewports that show priors. `session.hangings.hung` tells it when."""

    def __init__(
        self,
        viewing: Viewing,
        viewer_of: Callable[[str, str], SeriesViewer | None],
        alignment: Callable[[str, str], Alignment | None],
        mapped: Callable[[str, str, Vec3], Vec3 | None],
    ) -> None:
        """`alignment` and `mapped` as in `workstation.session.registering`: of series UIDs, current to prior."""
        self._viewing, self._viewer_of = viewing, viewer_of
        self._alignment, self._mapped = alignment, mapped
        self._told: dict[int, tuple[str, str]] = {}

    def open(self, _: object = None) -> None:
        """A stage was hung: each prior in it becomes like the current images it hangs beside."""
        self._told.clear()
        for index, cell in enumerate(self._viewing.cells):
            model = self.model_of(index) if cell.is_prior else None
            if model is not None and cell.state is not None:
                self._show(index, *self._like(cell.state, model))

    def follow(self, series_uid: str) -> None:
        """The alignment of a prior is another now: what lies in the middle is the same anatomy again."""
        for index, cell in enumerate(self._viewing.cells):
            state = cell.state
            if state is None or not cell.is_prior or state.series_uid != series_uid or state.framed is None:
                continue
            model = self.model_of(index)
            if model is not None:
                self._viewing.put(index, replace(state, framed=replace(state.framed, middle=self._there(model, state))))

    def told(self, index: int) -> str:
        """What of a viewport is not as the current images are, and why; an English source string."""
        state = self._viewing.state(index)
        series, words = self._told.get(index, ("", ""))
        return words if state is not None and state.series_uid == series else ""

    def model_of(self, index: int) -> ViewportState | None:
        """The current images that a prior's viewport is compared with; None where there are none.

        Those that the protocol chose by the same rule before others of the link group, then those in the same plane,
        then the nearest.
        """
        cell = self._viewing.cells[index]

        def differs(other: Cell) -> tuple[bool, bool]:
            alike = bool(cell.selector) and other.selector == cell.selector
            linked = bool(cell.link_group) and other.link_group == cell.link_group
            return not alike, not linked

        def other_plane(other: Cell) -> bool:
            return other.state is None or cell.state is None or other.state.plane is not cell.state.plane

        found = [
            ((*differs(other), other_plane(other), abs(place - index)), other.state)
            for place, other in enumerate(self._viewing.cells)
            if other.state is not None and not other.is_prior and not all(differs(other))
        ]
        return min(found, key=lambda one: one[0])[1] if found else None

    def step(self, index: int, cell: Cell) -> None:
        """Hang `cell` in a place, seen as the reader had what hung there; where nothing did, as the current images."""
        before, model = self._viewing.cells[index], self.model_of(index)
        state = completed(cell, self._viewer_of).state
        self._viewing.cells[index] = replace(cell, state=before.state)
        if state is None:
            self._viewing.cells[index] = cell
            self._viewing.viewport_changed.emit(index)
        elif before.state is not None:
            hung = hung_in(self._viewing.arrangement, before)
            chosen = hung is not None and hung.window != before.state.window
            self._show(index, *self._like(state, before.state, model, is_step=True, window_was_chosen=chosen))
        elif model is not None:
            self._show(index, *self._like(state, model))
        else:
            self._show(index, state, "")

    # ---- inside ----------------------------------------------------------------------

    def _show(self, index: int, state: ViewportState, words: str) -> None:
        self._told[index] = (state.series_uid, words)
        self._viewing.put(index, state)
        self._remember(index, state)

    def _like(
        self,
        state: ViewportState,
        model: ViewportState,
        current: ViewportState | None = None,
        is_step: bool = False,
        window_was_chosen: bool = False,
    ) -> tuple[ViewportState, str]:
        """`state` seen as `model` is, and what of it could not be made so, in words.

        `current` are the current images, where the model is another prior: they may know a way that the model does not.
        """
        viewer, theirs = self._viewer(state), self._viewer(model)
        if viewer is None or theirs is None:
            return state, ""
        if Plane.THREE_D in (model.plane, state.plane):
            return _solid(viewer, state, model)
        made, words = self._in_the_plane(viewer, state, theirs, model)
        if is_step:
            made = replace(made, **{name: getattr(model, name) for name in BY_HAND})
        made = self._windowed(made, theirs, model, window_was_chosen)
        there = self._there(model, made)
        if there is None and current is not None:
            there = self._there(current, made)
        made = self._placed(viewer, made, theirs, model, there)
        return self._framed(made, model, current, there), words

    def _in_the_plane(
        self, viewer: SeriesViewer, state: ViewportState, theirs: SeriesViewer, model: ViewportState
    ) -> tuple[ViewportState, str]:
        """In the plane of the model, where the images let themselves be cut; planes that are tilted a little count as one."""
        normal, own = plane_of(theirs, model)[0], plane_of(viewer, state)[0]
        if normal is None or own is None:
            return state, ""
        alignment = self._alignment(model.series_uid, state.series_uid)
        wished = alignment.turn(normal) if alignment is not None else normal
        slab = {"slab_mm": model.slab_mm, "slab_mode": model.slab_mode} if model.plane in CUTS else {}
        is_alike = abs(dot(wished, own)) >= FOLLOWS
        if is_alike and model.plane is not Plane.OBLIQUE and not (slab and model.slab_mm and state.plane is Plane.STACK):
            return (replace(state, **slab) if state.plane in CUTS else state), ""  # type: ignore[arg-type]
        if not viewer.can_show(Plane.AXIAL):
            return state, "" if is_alike else NO_VOLUME
        if model.plane is Plane.OBLIQUE and model.oblique is not None:
            ways = (alignment.turn(model.oblique[0]), alignment.turn(model.oblique[1])) if alignment else model.oblique
            turned = replace(turned_to(viewer, state, Plane.AXIAL), plane=Plane.OBLIQUE, oblique=ways)
            return replace(turned, **slab), ""  # type: ignore[arg-type]
        normals = {plane: plane_of(viewer, viewer.default_state(plane))[0] or (0.0, 0.0, 0.0) for plane in CUT_PLANES}
        plane = max(CUT_PLANES, key=lambda one: abs(dot(normals[one], wished)))
        return replace(turned_to(viewer, state, plane), **slab), ""  # type: ignore[arg-type]

    def _windowed(self, state: ViewportState, theirs: SeriesViewer, model: ViewportState, was_chosen: bool) -> ViewportState:
        """The model's window, where values mean the same in both or the reader chose it for this kind of images."""
        where = self._viewing.linking.where
        modalities = {where(one.study_uid, one.series_uid).modality for one in (state, model)}
        if len(modalities) != 1 or not (modalities <= SAME_VALUES or was_chosen):
            return state
        try:
            return replace(state, window=theirs.window_of(model))
        except WorkstationError:  # no image has come to take it from
            return replace(state, window=model.window or state.window)

    def _placed(
        self, viewer: SeriesViewer, state: ViewportState, theirs: SeriesViewer, model: ViewportState, there: Vec3 | None
    ) -> ViewportState:
        """At the anatomy that the model shows; where nobody knows the way, at the same share of it."""
        if there is None:
            return _at_share(viewer, state, theirs, model)
        if state.plane is Plane.STACK:
            return viewer.at_point(state, there)
        focus = self._mapped(model.series_uid, state.series_uid, model.focus) if model.focus is not None else None
        return replace(state, focus=focus if model.plane in CUTS and focus is not None else there)

    def _framed(
        self, state: ViewportState, model: ViewportState, current: ViewportState | None, there: Vec3 | None
    ) -> ViewportState:
        """As many millimetres on a pixel as the model, with the same anatomy in the middle."""
        if state.sizing is Sizing.SAME_SCALE or state.anchor or model.anchor:
            return replace(state, zoom=model.zoom, pan=model.pan) if state.sizing is model.sizing else state
        seen = replace(state, zoom=model.zoom, pan=model.pan, sizing=model.sizing, pixel_mm=model.pixel_mm)
        extent = model.framed.mm if model.framed is not None else self._extent(current or model)
        return seen if extent is None or self._extent(state) is None else replace(seen, framed=Framed(extent, there))

    def _there(self, model: ViewportState, state: ViewportState) -> Vec3 | None:
        """What lies in the middle of the model at zoom 1, in the other's space; None while nobody knows the way."""
        theirs = self._viewer(model)
        middle = theirs.to_patient(replace(model, zoom=1.0, pan=(0.0, 0.0)), 2, 2, 1.0, 1.0) if theirs is not None else None
        return self._mapped(model.series_uid, state.series_uid, middle) if middle is not None else None

    def _extent(self, state: ViewportState) -> tuple[float, float] | None:
        viewer = self._viewer(state)
        return viewer.extent_mm(state) if viewer is not None else None

    def _viewer(self, state: ViewportState) -> SeriesViewer | None:
        return self._viewer_of(state.study_uid, state.series_uid)

    def _remember(self, index: int, state: ViewportState) -> None:
        """A reset comes back to this, not to what the protocol said before."""
        arrangement, cell = self._viewing.arrangement, self._viewing.cells[index]
        if arrangement is None:
            return
        at = (cell.screen, cell.row, cell.column)
        kept = tuple(replace(one, state=state) if (one.screen, one.row, one.column) == at else one for one in arrangement.cells)
        self._viewing.arrangement = replace(arrangement, cells=kept)


def _solid(viewer: SeriesViewer, state: ViewportState, model: ViewportState) -> tuple[ViewportState, str]:
    if model.plane is not Plane.THREE_D:
        return state, ""
    if not viewer.can_show(Plane.THREE_D):
        return state, NOT_SOLID
    fresh = state if state.plane is Plane.THREE_D else viewer.default_state(Plane.THREE_D)
    return replace(fresh, oblique=model.oblique, solid=model.solid, zoom=model.zoom, pan=model.pan), ""


def _at_share(viewer: SeriesViewer, state: ViewportState, theirs: SeriesViewer, model: ViewportState) -> ViewportState:
    count, other = viewer.slice_count(state), theirs.slice_count(model)
    if count < 2 or other < 2:
        return state
    share = theirs.slice_index(model) / (other - 1)
    ways = _way(viewer, state, count), _way(theirs, model, other)
    if ways[0] is not None and ways[1] is not None and dot(ways[0], ways[1]) < 0.0:
        share = 1.0 - share
    return viewer.at_index(state, round(share * (count - 1)))


def _way(viewer: SeriesViewer, state: ViewportState, count: int) -> Vec3 | None:
    """From the first to the last image, in the patient."""
    first, last = (plane_of(viewer, viewer.at_index(state, index))[1] for index in (0, count - 1))
    return sub(last, first) if first is not None and last is not None else None
