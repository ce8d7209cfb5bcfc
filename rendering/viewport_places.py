"""Where in a series a `ViewportState` is: its dimension, its slice, the image it shows, and the states beside it."""

from __future__ import annotations

from dataclasses import replace

from rendering.frame_timing import timing_of
from rendering.geometry import CutPlane, middle_voxel
from rendering.images import NotYet, SeriesImages
from rendering.paging import Pager
from rendering.reslice import VolumeSource
from rendering.viewport_dimensions import at_dimension, dimension_index, dimension_of
from rendering.viewport_views import cut_of, cut_view, is_plane
from workstation.domain.dimension import Dimension
from workstation.domain.doubt import SpacingSource
from workstation.domain.frame_timing import FrameTiming
from workstation.domain.geometry import Vec3, add, dot, scale, sub
from workstation.domain.subtraction import Maskable
from workstation.domain.turning import turned
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused

# Breast Tomosynthesis Image Storage (PS3.6).
BREAST_TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"

# One step of the wheel turns a volume by this much: a full turn in 72.
WHEEL_DEGREES = 5.0


def first_shown(images: SeriesImages) -> int:
    """Where reading begins: a breast is looked at from its middle plane on (PS3.3 A.55), all else from the first image."""
    header = images.header(0) if images.frame_count else None
    if header is None or header.sop_class_uid != BREAST_TOMOSYNTHESIS:
        return 0
    return images.position_of(header.sop_instance_uid, header.frames // 2 + 1) or 0


class ViewportPlaces:
    """The half of a `Viewport` that needs no pixels. Raises `Refused` as that does."""

    images: SeriesImages
    pager: Pager

    # Volumes at the same places

    def dimensions(self) -> tuple[Dimension, ...]:
        return self.images.verdict.dimensions

    def dimension_count(self, state: ViewportState) -> int:
        """How many volumes lie at the same places: 1 of an ordinary series."""
        self._check(state)
        return len(self.images.verdict.dimensions)

    def dimension_label(self, state: ViewportState) -> str:
        """What the state shows of them, in words; "" of an ordinary series."""
        self._check(state)
        return dimension_of(self.images, state).label

    def dimension_index(self, state: ViewportState) -> int:
        """Which of them the state shows (0-based)."""
        self._check(state)
        return dimension_index(self.images, state)

    def at_dimension(self, state: ViewportState, dimension: int) -> ViewportState:
        """The same place in another of them, held within the ends."""
        self._check(state)
        return at_dimension(self.images, state, dimension)

    # Where in the series

    def can_show(self, plane: Plane) -> bool:
        """Whether the series may be seen this way: cuts and 3D need a verified volume."""
        return plane is Plane.STACK or self.images.verdict.geometry is not None

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        """The first frame in reading order (of a tomosynthesis the middle one), or the cut through the middle voxel."""
        first = first_shown(self.images) if plane is Plane.STACK else 0
        state = ViewportState(self.images.study.study_instance_uid, self.images.series.series_instance_uid, plane, first)
        geometry = self.images.verdict.geometry
        return state if plane is Plane.STACK or geometry is None else replace(state, focus=middle_voxel(geometry))

    def scrolled(self, state: ViewportState, steps: int) -> ViewportState:
        """The state `steps` slices further in reading order, stopping at the ends; a volume in 3D turns."""
        if state.plane is Plane.THREE_D:
            self._check(state)
            return replace(state, oblique=turned(state.oblique, steps * WHEEL_DEGREES, 0.0))
        return self.at_index(state, self.slice_index(state) + steps)

    def slice_count(self, state: ViewportState) -> int:
        if state.plane is Plane.THREE_D:
            return 1
        return self._cut(state).count if is_plane(state) else dimension_of(self.images, state).count

    def slice_index(self, state: ViewportState) -> int:
        """The 0-based slice of the state within its dimension, the nearest one for a cut between two."""
        if not is_plane(state):
            return self.pager.place(state, dimension_of(self.images, state), self._shown(state))
        if state.plane is Plane.THREE_D:
            return 0
        cut = self._cut(state)
        index = min(max(round(cut.index), 0), cut.count - 1)
        return cut.count - 1 - index if state.backwards else index

    def image_of(self, state: ViewportState) -> tuple[str, int] | None:
        """(SOP Instance UID, frame number) of the one acquired image that is shown; None between two, of a slab and in 3D."""
        if state.plane is Plane.THREE_D or not self.images.frame_count:
            return None
        is_cut = is_plane(state)
        identity = cut_view(self.images, state, 1, 1).identity if is_cut else self.images.identity(self._shown(state))
        return None if identity is None else (identity.sop_instance_uid, identity.frame_number)

    def at_index(self, state: ViewportState, index: int) -> ViewportState:
        """The state at slice `index` of `slice_count`, held within the ends."""
        index = min(max(index, 0), max(0, self.slice_count(state) - 1))
        if not is_plane(state):
            return replace(state, position=self.pager.position(state, dimension_of(self.images, state), index))
        if state.plane is Plane.THREE_D:
            return state
        cut = self._cut(state)
        focus = cut.origin if state.focus is None else state.focus
        steps = (cut.count - 1 - index if state.backwards else index) - cut.index
        return replace(state, focus=add(focus, scale(cut.forward, steps * cut.step)))

    def at_point(self, state: ViewportState, point: Vec3) -> ViewportState:
        """The state whose cut goes through an LPS point; for STACK the nearest parallel frame.

        Of several frames at one place the nearest in reading order is taken. Unchanged without
        geometry.
        """
        if is_plane(state):
            self._check(state)
            return replace(state, focus=point)
        current, among = self._shown(state), dimension_of(self.images, state)
        here = self.images.facts(current).plane
        if here is None:
            return state
        best = min(
            (
                (round(abs(dot(sub(point, plane.position), here.normal)), 3), abs(position - current), position)
                for position in range(among.start, among.end)
                if (plane := self.images.facts(position).plane) is not None and dot(plane.normal, here.normal) > 1.0 - 1e-6
            ),
            default=(0.0, 0, current),
        )
        return replace(state, position=best[2])

    def position_of(self, sop_instance_uid: str, frame_number: int) -> int | None:
        """The place of a frame (from 1 within its image) in the whole reading order; None where it is not in it."""
        return self.images.position_of(sop_instance_uid, frame_number)

    def is_ready(self, state: ViewportState) -> bool:
        """Whether `state` can be shown without waiting; what is refused needs no waiting."""
        try:
            if is_plane(state):
                return not self._source(state).partial
            self.images.container(self._shown(state))
        except NotYet:
            return False
        except Refused:
            pass
        return True

    def timing(self, state: ViewportState) -> FrameTiming:
        """How long the file asks each image to stand when they are played; a cut's images have no times."""
        return FrameTiming() if is_plane(state) else timing_of(self.images)

    def extent_mm(self, state: ViewportState) -> tuple[float, float] | None:
        """Width and height of the whole image or cut, unturned; None where millimetres are not known, and in 3D."""
        if state.plane is Plane.THREE_D or not self.images.frame_count:
            return None
        if is_plane(state):
            u0, u1, v0, v1 = self._cut(state).extent
            return u1 - u0, v1 - v0
        position = self._shown(state)
        header, spacing = self.images.header(position), self.images.facts(position).spacing
        return None if spacing is None else (header.columns * spacing[1], header.rows * spacing[0])

    def maskable(self, state: ViewportState) -> Maskable | None:
        """None: `rendering.subtracting` tells of runs that can be subtracted."""
        self._check(state)
        return None

    def spacing_source(self, state: ViewportState) -> SpacingSource:
        return self.images.facts(self._position(state)).spacing_source if self.images.frame_count else SpacingSource.NONE

    # Inside

    def _is_own(self, state: ViewportState) -> bool:
        own = (self.images.study.study_instance_uid, self.images.series.series_instance_uid)
        return (state.study_uid, state.series_uid) == own

    def _check(self, state: ViewportState) -> None:
        if not self._is_own(state):
            raise Refused("These images are not of the series that is to be shown")
        if not self.images.frame_count:
            raise Refused("This series cannot be shown", " ".join(self.images.verdict.reasons))

    def _shown(self, state: ViewportState) -> int:
        """The position (in the whole reading order) of the frame that a stack shows."""
        self._check(state)
        return min(max(state.position, 0), self.images.frame_count - 1)

    def _position(self, state: ViewportState) -> int:
        return dimension_of(self.images, state).start if is_plane(state) else self._shown(state)

    def _source(self, state: ViewportState) -> VolumeSource:
        return self.images.volume(dimension_index(self.images, state))

    def _cut(self, state: ViewportState) -> CutPlane:
        self._check(state)
        return cut_of(self.images, state)
