"""Draws a `ViewportState` of one `SeriesImages`: stack frames and cuts through a verified volume.

View coordinates are continuous with pixel edges on whole numbers (see rendering.picture). Values
and windows are in the unit the series is shown in: `SUVbw` for a PET with a valid factor, else
the modality unit (see rendering.viewport_values).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rendering.annotation_geometry import new_annotation, outline_on_view, points_on_view
from rendering.annotation_measuring import Measuring
from rendering.dimension_curve import curve_of
from rendering.filters import words as filter_words
from rendering.fusion import FusionPainter, Others
from rendering.fusion_values import measured_fused, with_laid_over
from rendering.images import NotYet, SeriesImages
from rendering.paging import Pager
from rendering.picture import Picture, Probe
from rendering.pixels import Voi
from rendering.viewport_anatomy import Bodies, ViewportAnatomy
from rendering.viewport_dimensions import dimension_index, dimension_of, dimension_words, is_of_another, middle_of
from rendering.viewport_doubts import frame_doubts
from rendering.viewport_fusion import ViewportFusion
from rendering.viewport_looking import loupe_state, own_window_names
from rendering.viewport_paint import Painter, filling
from rendering.viewport_places import ViewportPlaces
from rendering.viewport_probe import probe_cut, probe_frame, probe_on_cut, probe_stack
from rendering.viewport_sheet import Sheets
from rendering.viewport_solid import SolidView
from rendering.viewport_solid_paint import GivenUp, SolidPainter
from rendering.viewport_values import COLOUR_WINDOW, ValueScale
from rendering.viewport_views import CutView, FrameView, cut_view, frame_view, is_plane
from rendering.window_of_values import window_of_values
from workstation.domain.annotation import POINTS_NEEDED, Annotation, AnnotationKind, Measured
from workstation.domain.breast import Sheet
from workstation.domain.curve import Curve
from workstation.domain.doubt import Doubt
from workstation.domain.geometry import Vec3, length
from workstation.domain.viewing import Interpolation, Plane, ViewportState, Window
from workstation.errors import Refused

Point = tuple[float, float]


class Viewport(ViewportPlaces, ViewportAnatomy, ViewportFusion):
    """Holds no state but caches: every call may come from any thread.

    All methods but `picture` raise `Refused` when the state is of another study or series than
    the images (reliability I9), or asks for a cut where there is no volume.
    """

    def __init__(
        self, images: SeriesImages, others: Others = lambda _study, _series: None, scale: ValueScale | None = None
    ) -> None:
        """`others` gives the open series that may be laid over these."""
        self.images = images
        self.fusion = FusionPainter(images, others)
        self._scale = scale or ValueScale(images)
        self._painter = Painter(images, self._scale)
        self.solid = SolidPainter(images, self._scale)
        self._doubts_of = lru_cache(maxsize=None)(self._frame_doubts)
        self._sheets = Sheets(images)
        self.pager, self.bodies = Pager(images), Bodies(images)
        self._measuring = Measuring(images, self._scale, self._doubts)

    # Drawing

    def picture(
        self, state: ViewportState, width: int, height: int, fast: bool = False, cancelled: Callable[[], bool] = lambda: False
    ) -> Picture:
        """The view's pixels and all that is to be said about them. Never raises.

        `fast` is for while the mouse moves: oblique cuts and slabs are drawn coarser. A 3D picture is given up
        once `cancelled`: it is then black and `partial`.
        """
        width, height = max(1, width), max(1, height)
        try:
            self._check(state)
            if state.plane is Plane.THREE_D:
                return self._solid_picture(state, width, height, fast, cancelled)
            cut = is_plane(state)
            made = self._cut_picture(state, width, height, fast) if cut else self._frame_picture(state, width, height)
            return self._fused(made, state, width, height, fast) if state.fusion is not None else made
        except Refused as refused:
            return self._without_pixels(state, width, height, refused)
        except (NotYet, GivenUp):
            return replace(self._without_pixels(state, width, height, None), partial=True)

    def _seen(self, view: FrameView | CutView, state: ViewportState, width: int, height: int) -> NDArray[np.float32]:
        """The unfiltered values under the view's pixels, in the series' own unit."""
        if isinstance(view, CutView):
            return self._painter.seen_in_cut(self._source(state), view, state, width, height)
        return self._painter.seen_in_frame(view, state, self._shown(state), width, height)

    def _frame_picture(self, state: ViewportState, width: int, height: int) -> Picture:
        position = self._shown(state)
        view = frame_view(self.images, state, position, width, height)
        pixels = self._painter.frame(view, state, position, width, height)
        window = None if self.images.header(position).is_colour else self._scale.window(position, state.voi, state.own_window)
        picture, slab = self._described(pixels, view, state, position, window), self._painter.slabs.slab(state, position)
        if slab is None:
            return picture
        # Of several planes: it is no single acquired image, and as thick as all of them.
        return replace(picture, identity=None, slab=slab, thickness_mm=slab.samples * length(slab.step))

    def _cut_picture(self, state: ViewportState, width: int, height: int, fast: bool) -> Picture:
        view = cut_view(self.images, state, width, height)
        source = self._source(state)
        pixels = self._painter.cut(source, view, state, width, height, fast)
        return self._described(pixels, view, state, self._position(state), self._window(state), source.partial)

    def _solid_picture(self, state: ViewportState, width: int, height: int, fast: bool, cancelled: Callable[[], bool]) -> Picture:
        view = self.solid.view(state, width, height)
        drawn = self.solid.draw(view, state, (width, height), fast, cancelled)
        described = self._described(drawn.pixels, view, state, self._position(state), self.solid.window(state))
        return replace(described, count=0, notes=drawn.words, refining=drawn.refining)

    def _described(
        self,
        pixels: NDArray[np.uint8],
        view: FrameView | CutView | SolidView,
        state: ViewportState,
        position: int,
        window: Window | None,
        partial: bool = False,
    ) -> Picture:
        told = self._scale.told_in(state.value_unit)
        return Picture(
            pixels=pixels,
            letters=view.letters(),
            doubts=self._doubts(position),
            identity=None if partial else view.identity,
            partial=partial,
            window=None if window is None else told.of_own(window),
            unit=told.unit(position),
            mm_per_pixel=view.mm_per_pixel,
            spacing_source=view.spacing_source,
            index=self.slice_index(state),
            count=self.slice_count(state),
            dimension=dimension_words(self.images, state),
            paged=self.pager.words(state, dimension_of(self.images, state)),
            slice_location_mm=view.slice_location,
            thickness_mm=view.thickness,
            per_pixel=None if isinstance(view, SolidView) else view.screen.per_pixel,
            processed=self._processed(state, position),
            slab=view.slab(state) if isinstance(view, CutView) else None,
            is_nearest=not isinstance(view, SolidView) and filling(view.screen, state) is Interpolation.NEAREST,
        )

    def _processed(self, state: ViewportState, position: int) -> str:
        """What a filter did: none acts in 3D and on palette colours."""
        header = self.images.header(position)
        untouched = state.plane is Plane.THREE_D or (header.samples == 1 and header.palette is not None)
        return "" if untouched else filter_words(state.sharpening)

    def _without_pixels(self, state: ViewportState, width: int, height: int, error: Refused | None) -> Picture:
        """Black, for an error tile or a wait; a stack says which image it would be."""
        black = np.zeros((height, width), np.uint8)
        if not self._is_own(state) or not self.images.frame_count:
            return Picture(black, error=error)
        doubts, words = self.images.doubts, dimension_words(self.images, state)
        if is_plane(state):
            return Picture(black, doubts=doubts, error=error, dimension=words)
        identity = self.images.identity(self._shown(state))
        index, count = self.slice_index(state), self.slice_count(state)
        return Picture(black, doubts=doubts, identity=identity, index=index, count=count, error=error, dimension=words)

    def curve(self, annotation: Annotation) -> Curve:
        """The mean inside the drawing in each of them. Raises Refused."""
        return curve_of(self.images, annotation, self.measure)

    def loupe_state(
        self, state: ViewportState, width: int, height: int, at: Point, times: float, side: int, keep: Point
    ) -> ViewportState:
        """See `rendering.viewport_looking.loupe_state`."""
        return loupe_state(lambda s, w, h: self._view(s, w, h).screen, state, width, height, at, times, side, keep)

    # Values and places

    def sheet(self, state: ViewportState) -> Sheet | None:
        """The image of a stack view as something that is placed; None of cuts and 3D."""
        return None if is_plane(state) else self._sheets.sheet(self._shown(state))

    def look_later(self, run: Callable[[Callable[[], bool]], object]) -> None:
        """From now on mammograms are looked at elsewhere: `run` is given the work, which says whether it found something out."""
        self._sheets.later = run

    def stack_step_mm(self, state: ViewportState) -> float:
        """How far apart the planes of a stack are that can be shown as a slab; 0 where they cannot."""
        return 0.0 if is_plane(state) else self._painter.slabs.step_mm(self._shown(state))

    def own_windows(self, state: ViewportState) -> tuple[str, ...]:
        """The file's windows, then its VOI LUTs, by their explanations; none of a colour image."""
        position = self._position(state)
        if not self.images.frame_count or self.images.header(position).is_colour:
            return ()
        return own_window_names(self.images.header(position), self.images.frame(position))

    def auto_window(self, state: ViewportState) -> Window:
        """From the values of the frame, or of the middle one of a cut's volume. Raises NotYet, or Refused for colours."""
        self._check(state)
        position = middle_of(dimension_of(self.images, state)) if is_plane(state) else self._shown(state)
        self._refuse_colour(position)
        return self._scale.automatic(position)

    def window_in(self, state: ViewportState, width: int, height: int, a: Point, b: Point) -> Window:
        """A window from the unfiltered values seen in a box of the view. Raises NotYet or Refused."""
        view = self._view(state, width, height)
        self._refuse_colour(self._position(state))
        if isinstance(view, SolidView):
            raise Refused("No window from a box in 3D", "", "Drag it in an image or a plane")
        values = self._seen(view, state, width, height)
        (left, right), (top, bottom) = (sorted((max(0, round(p)), max(0, round(q)))) for p, q in zip(a, b, strict=True))
        return window_of_values(values[top:bottom, left:right], self._scale.padding(self._position(state)))

    def _refuse_colour(self, position: int) -> None:
        if self.images.header(position).is_colour:
            raise Refused("A colour image has no window", "Its colours are shown as they are", "")

    def window_of(self, state: ViewportState) -> Window:
        """The window really used, in the series' own unit. Raises NotYet while an automatic one has no image to look at."""
        position = self._position(state)
        if not self.images.frame_count or self.images.header(position).is_colour:
            return COLOUR_WINDOW
        if state.plane is Plane.THREE_D:
            return self.solid.window(state)
        return self._scale.window(position, state.voi, state.own_window)

    def voi_of(self, state: ViewportState) -> Voi:
        """The window or VOI LUT really used for an image, in the series' own unit. Raises NotYet as `window_of` does."""
        return self._scale.voi(self._position(state), state.voi, state.own_window)

    @property
    def factor(self) -> float:
        """A value in the series' own unit is the modality value times this."""
        return self._scale.factor

    def probe(self, state: ViewportState, width: int, height: int, x: float, y: float) -> Probe | None:
        """The exact value of the voxel under view point (x, y), None outside, in 3D, or where none is known."""
        view = self._view(state, width, height)
        if isinstance(view, SolidView):
            return None
        told = self._scale.told_in(state.value_unit)
        try:
            if isinstance(view, CutView):
                found = probe_on_cut(
                    self.images, told, view.to_patient(x, y), view.slab(state), dimension_index(self.images, state)
                )
            else:
                is_slab = self._painter.slabs.slab(state, self._shown(state)) is not None
                pixel = None if is_slab else view.to_pixel(x, y)  # a value of a slab is of no one pixel
                found = None if pixel is None else probe_frame(self.images, told, self._shown(state), *pixel)
        except NotYet:
            return None
        return found if state.fusion is None else with_laid_over(found, self.fusion, state, view.to_patient(x, y))

    def probe_patient(self, point: Vec3) -> Probe | None:
        """The exact value at an LPS point: of the volume's voxel, or of the stack's frame it lies in.

        None where there is no image; several frames at one place: the first in reading order.
        """
        probe = probe_stack if self.images.verdict.geometry is None else probe_cut
        try:
            return probe(self.images, self._scale, point)
        except NotYet:
            return None

    def probe_pixel(self, position: int, column: int, row: int) -> Probe | None:
        """The exact value of a pixel (0-based) of the frame at `position`, None outside."""
        header = self.images.header(position)
        if not (0 <= column < header.columns and 0 <= row < header.rows):
            return None
        try:
            return probe_frame(self.images, self._scale, position, column, row)
        except NotYet:
            return None

    def pick(self, state: ViewportState, width: int, height: int, x: float, y: float) -> Vec3 | None:
        """The place in the patient that a pixel of a 3D view means, LPS mm; see `SolidPainter.pick`."""
        self._check(state)
        return self.solid.pick(state, width, height, x, y) if state.plane is Plane.THREE_D else None

    def to_patient(self, state: ViewportState, width: int, height: int, x: float, y: float) -> Vec3 | None:
        return self._view(state, width, height).to_patient(x, y)

    def to_view(self, state: ViewportState, width: int, height: int, point: Vec3) -> tuple[float, float, float] | None:
        """(x, y, distance in mm from the shown plane), or None without geometry."""
        return self._view(state, width, height).to_view(point)

    def frame_to_view(self, state: ViewportState, width: int, height: int, column: float, row: float) -> Point | None:
        """Where a place in the shown frame (0-based pixel indices) lies in the view; None for a cut."""
        view = self._view(state, width, height)
        return view.screen.to_view(column, row) if isinstance(view, FrameView) else None

    # Drawings

    def to_frame(self, state: ViewportState, width: int, height: int, x: float, y: float) -> Point | None:
        """The (column, row) of the shown frame under a view point, fractions kept; None for cuts, 3D and outside it."""
        view = self._view(state, width, height)
        if not isinstance(view, FrameView) or view.to_pixel(x, y) is None:
            return None
        return view.screen.to_source(x, y)

    def annotation_at(
        self, state: ViewportState, width: int, height: int, points: Sequence[Point], kind: AnnotationKind
    ) -> Annotation | None:
        """A drawing of these view points with its place in the frame and in the patient, not measured yet.

        None in 3D, and when there are too few or too many points for its kind.
        """
        view = self._view(state, width, height)
        fewest, most = POINTS_NEEDED[kind]
        if isinstance(view, SolidView) or not fewest <= len(points) <= most:
            return None
        one = dimension_of(self.images, state)
        return replace(new_annotation(view, state, points, kind), fusion=state.fusion, dimension=one.key)

    def on_view(self, annotation: Annotation, state: ViewportState, width: int, height: int) -> tuple[Point, ...] | None:
        """The drawing's points (handles) in the view; None when it is not on this image.

        A drawing of a frame is on that frame, and on cuts within half a slice (or slab) of it. One
        of a cut is on such cuts, and on frames within half a slice. The line of an area is
        `outline_on_view`: under a turned view or on an oblique cut two corners do not tell it.
        """
        view = self._view(state, width, height)
        if isinstance(view, SolidView) or is_of_another(self.images, annotation, state):
            return None
        return points_on_view(view, annotation, self.images)

    def outline_on_view(self, annotation: Annotation, state: ViewportState, width: int, height: int) -> tuple[Point, ...] | None:
        """The corners of an area's closed line in the view (curves as polygons); of other kinds their points."""
        view = self._view(state, width, height)
        if isinstance(view, SolidView) or is_of_another(self.images, annotation, state):
            return None
        return outline_on_view(view, annotation, self.images)

    def measure(self, annotation: Annotation, calibrations: Sequence[Annotation] = (), unit: str = "") -> Measured:
        """What the drawing measures. Never raises: `refused` says in words why there is nothing.

        `calibrations` are the reader's CALIBRATION lines on this series: they count for images that
        know no length in the patient.
        """
        return measured_fused(self._measuring.measured(annotation, calibrations, unit), annotation, self.fusion, unit)

    # Inside

    def _window(self, state: ViewportState) -> Window:
        return self._scale.window(self._position(state), state.window, state.own_window)

    def _view(self, state: ViewportState, width: int, height: int) -> FrameView | CutView | SolidView:
        self._check(state)
        width, height = max(1, width), max(1, height)
        if state.plane is Plane.THREE_D:
            return self.solid.view(state, width, height)
        if is_plane(state):
            return cut_view(self.images, state, width, height)
        return frame_view(self.images, state, self._shown(state), width, height)

    def _doubts(self, position: int) -> tuple[Doubt, ...]:
        return (*self.images.doubts, *self._scale.doubts, *self._doubts_of(position))

    def _frame_doubts(self, position: int) -> tuple[Doubt, ...]:
        return frame_doubts(self.images.header(position), self.images.facts(position))
