"""A viewport that shows X-ray runs less their masks where a state, or the file itself, asks for it.

What is drawn, probed, windowed and measured is then of the subtracted images, and says so. Everything else, and each
frame that cannot be subtracted, is as without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from rendering.fusion import Others
from rendering.fusion_values import LENGTHS, MEASURED
from rendering.images import SeriesImages
from rendering.latest import Latest
from rendering.picture import Picture, Probe
from rendering.pixels import Voi
from rendering.subtracted_images import Shared, SubtractedImages
from rendering.viewport import Point, Viewport
from rendering.viewport_values import ValueScale
from workstation.domain.annotation import Annotation, AnnotationKind, Measured
from workstation.domain.subtraction import SUBTRACTED, Maskable, Subtracted, Subtraction, subtracted
from workstation.domain.viewing import Plane, ViewportState, Window

KEPT = 2
"""Ways of subtracting whose frames are kept: the one shown, and the one before."""


class _SubtractedScale(ValueScale):
    """A whole run has one window, around what did not change."""

    def __init__(self, images: SubtractedImages) -> None:
        super().__init__(images)
        self._differences = images

    def _automatic_window(self, at: int, position: int) -> Window:
        if self._differences.plan(position).mask_frames:
            return self._differences.window(position)
        return super()._automatic_window(at, position)


class SubtractingViewport(Viewport):
    """Holds no state but caches, as `Viewport`."""

    def __init__(self, images: SeriesImages, others: Others = lambda _study, _series: None) -> None:
        super().__init__(images, others)
        self._is_xray = any(images.header(p).subtraction is not None for p in _one_of_each(images))
        self._kept: Latest[Viewport] = Latest(KEPT)
        self._shared = Shared()

    # What there is to subtract

    def maskable(self, state: ViewportState) -> Maskable | None:
        """The frame that a stack shows as one of a run that has masks; None of planes and of what is no X-ray run."""
        if not self._is_xray or state.plane is not Plane.STACK or not self.images.frame_count:
            return None
        position = self._shown(state)
        header = self.images.header(position)
        if header.subtraction is None:
            return None
        return Maskable(header.sop_instance_uid, self.images.frame(position) + 1, header.frames, header.subtraction)

    def _plan(self, state: ViewportState) -> Subtracted:
        if state.plane is not Plane.STACK or not self.images.frame_count or not self._is_own(state):
            return Subtracted()
        if not self._is_xray:
            return Subtracted()
        position = self._shown(state)
        header = self.images.header(position)
        number = self.images.frame(position) + 1
        return subtracted(header.subtraction, header.sop_instance_uid, number, header.frames, state.subtraction)

    def _seen_by(self, state: ViewportState) -> Viewport | None:
        """What shows a state's subtracted frame; None where nothing is subtracted."""
        return self._of(state.subtraction) if self._plan(state).mask_frames else None

    def _of(self, asked: Subtraction | None) -> Viewport:
        def make() -> Viewport:
            images = SubtractedImages(self.images, asked, self._shared)
            return Viewport(images, scale=_SubtractedScale(images))

        return self._kept.get(asked, make)

    # What is seen

    def picture(
        self, state: ViewportState, width: int, height: int, fast: bool = False, cancelled: Callable[[], bool] = lambda: False
    ) -> Picture:
        plan = self._plan(state)
        if not plan.mask_frames:
            picture = super().picture(state, width, height, fast, cancelled)
            return replace(picture, notes=(*picture.notes, sentence(plan.why))) if plan.why and picture.error is None else picture
        picture = self._of(state.subtraction).picture(_bare(state), width, height, fast, cancelled)
        return replace(picture, notes=(sentence(plan.words), *picture.notes))

    def own_windows(self, state: ViewportState) -> tuple[str, ...]:
        seen = self._seen_by(state)
        return super().own_windows(state) if seen is None else seen.own_windows(_bare(state))

    def auto_window(self, state: ViewportState) -> Window:
        seen = self._seen_by(state)
        return super().auto_window(state) if seen is None else seen.auto_window(_bare(state))

    def window_in(self, state: ViewportState, width: int, height: int, a: Point, b: Point) -> Window:
        seen = self._seen_by(state)
        if seen is None:
            return super().window_in(state, width, height, a, b)
        return seen.window_in(_bare(state), width, height, a, b)

    def window_of(self, state: ViewportState) -> Window:
        seen = self._seen_by(state)
        return super().window_of(state) if seen is None else seen.window_of(_bare(state))

    def voi_of(self, state: ViewportState) -> Voi:
        seen = self._seen_by(state)
        return super().voi_of(state) if seen is None else seen.voi_of(_bare(state))

    def is_ready(self, state: ViewportState) -> bool:
        seen = self._seen_by(state)
        return super().is_ready(state) if seen is None else seen.is_ready(_bare(state))

    def probe(self, state: ViewportState, width: int, height: int, x: float, y: float) -> Probe | None:
        seen = self._seen_by(state)
        return super().probe(state, width, height, x, y) if seen is None else seen.probe(_bare(state), width, height, x, y)

    # What is measured

    def annotation_at(
        self, state: ViewportState, width: int, height: int, points: Sequence[Point], kind: AnnotationKind
    ) -> Annotation | None:
        """As of a viewport; drawn on a subtracted image it says so, and with which mask."""
        drawn = super().annotation_at(state, width, height, points, kind)
        plan = self._plan(state)
        if drawn is None or not plan.mask_frames or kind not in MEASURED:
            return drawn
        return replace(drawn, subtracted=replace(plan.mask, ranges=()))

    def measure(self, annotation: Annotation, calibrations: Sequence[Annotation] = (), unit: str = "") -> Measured:
        """Values of what was drawn on a subtracted image are of that, with the mask that it had then."""
        mask = annotation.subtracted
        if mask is None or annotation.plane is not Plane.STACK or annotation.kind not in MEASURED:
            return super().measure(annotation, calibrations, unit)
        asked = Subtraction(True, ((annotation.sop_instance_uid, (mask,)),))
        plan = self._plan_of(annotation, asked)
        if not plan.mask_frames:
            return Measured(refused=sentence(plan.why))
        measured = self._of(asked).measure(replace(annotation, subtracted=None), calibrations)
        values = tuple(one if one.name in LENGTHS else replace(one, unit="", of=SUBTRACTED) for one in measured.values)
        return replace(measured, values=values, notes=(*measured.notes, f"Values of the image {plan.words}"))

    def _plan_of(self, annotation: Annotation, asked: Subtraction) -> Subtracted:
        found = self.images.position_of(annotation.sop_instance_uid, annotation.frame_number)
        if found is None:
            return Subtracted(why="the image of this drawing is not here")
        header = self.images.header(found)
        return subtracted(header.subtraction, header.sop_instance_uid, annotation.frame_number, header.frames, asked)


def sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _bare(state: ViewportState) -> ViewportState:
    """For what shows nothing but subtracted images."""
    return replace(state, subtraction=None, value_unit="", fusion=None, slab_mm=0.0)


def _one_of_each(images: SeriesImages) -> Iterable[int]:
    """A position of each instance."""
    seen: dict[int, int] = {}
    for position in range(images.frame_count):
        seen.setdefault(id(images.header(position)), position)
    return seen.values()
