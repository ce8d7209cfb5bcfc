"""Gets the pictures of one viewport: frames at once, cuts through a volume and a large image's first picture in a job.

No picture of another case or series ever leaves here (reliability I9, F63): each request carries
the case's generation, and an answer is kept only if generation, study, series, plane and size
are those now wanted and the frame says so itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rendering.picture import Picture
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused, WorkstationError
from workstation.jobs import PICTURES, Cancel, Jobs

if TYPE_CHECKING:
    from rendering.images import SeriesImages
    from rendering.objects.layer_paint import LayerPainter, Veil
    from rendering.objects.layers import Layer
    from rendering.viewport import Viewport

# Above this a full picture cannot keep up with a wheel at 60 per second beside its neighbours.
QUICK_SECONDS = 0.012

# The first picture of an image with more pixels is made in a job: four mammograms would hold up the window for a while.
LARGE_PIXELS = 2 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that decides how a picture looks; `revision` grows when frames arrive."""

    generation: int
    state: ViewportState
    width: int
    height: int
    revision: int = 0
    fast: bool = False
    layers: tuple[Layer, ...] = ()

    def may_stand_for(self, wanted: Request) -> bool:
        """Whether this picture may be shown until the wanted one is made."""
        return (
            self.generation == wanted.generation
            and self.state.study_uid == wanted.state.study_uid
            and self.state.series_uid == wanted.state.series_uid
            and (self.state.plane == wanted.state.plane or self._turns_into(wanted))
            and (self.width, self.height) == (wanted.width, wanted.height)
        )

    def _turns_into(self, wanted: Request) -> bool:
        """A straight plane that is being turned stays on screen until the oblique one is there, and the other way round."""
        planes = {self.state.plane, wanted.state.plane}
        return Plane.OBLIQUE in planes and not planes & {Plane.STACK, Plane.THREE_D}


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture and the request it answers. `veil` is what is laid over it."""

    request: Request
    picture: Picture
    veil: Veil | None = None

    @property
    def drawn(self) -> tuple[str, ...]:
        """The uids of the layers that are to be seen in it."""
        return () if self.veil is None else self.veil.drawn


class PictureSource:
    """Used on the main thread. `arrived` is called when a picture was made in a job."""

    def __init__(self, jobs: Jobs, arrived: Callable[[], object]) -> None:
        self._jobs = jobs
        self._arrived = arrived
        self._wanted: Request | None = None
        self._shown: Shown | None = None
        self._running: Request | None = None
        self._given_up = Cancel()
        self._pending: tuple[Viewport, Request] | None = None
        self._full_seconds = 0.0
        self._revision = 0
        self._painter: tuple[SeriesImages, LayerPainter] | None = None

    @property
    def is_rough(self) -> bool:
        """Whether what was last given is a fast picture that a full one should follow."""
        return self._shown is not None and self._shown.request.fast

    def clear(self) -> None:
        """Forget everything: what is under way is dropped when it comes."""
        self._wanted = self._shown = self._pending = self._painter = None

    def frames_arrived(self) -> bool:
        """More frames are in memory. True when the picture shown could look different now."""
        shown = self._shown
        if shown is None or shown.picture.partial or shown.picture.error is not None or shown.picture.doubts:
            self._revision += 1
            return True
        return False

    def refine(self, viewport: Viewport) -> bool:
        """Whether a finer picture than the one shown can be asked for now; the next `current` asks for it."""
        if self._shown is None or not self._shown.picture.refining:
            return True
        if viewport.solid.has_settled:
            self._revision += 1
        return viewport.solid.has_settled

    def current(
        self,
        viewport: Viewport,
        generation: int,
        state: ViewportState,
        width: int,
        height: int,
        moving: bool = False,
        layers: tuple[Layer, ...] = (),
    ) -> Shown | None:
        """The picture to paint now with the layers that are on, or None when there is none yet that may be shown."""
        wanted = Request(generation, state, width, height, self._revision, layers=layers)
        self._wanted = wanted
        if self._answers(wanted, moving):
            return self._shown
        fast = moving and (self._full_seconds > QUICK_SECONDS or state.plane is Plane.THREE_D)
        request = replace(wanted, fast=fast)
        if state.plane is Plane.STACK and not self._is_first_of_large(viewport, request):
            self._keep(self._timed(viewport, request))
        else:
            self._ask(viewport, request)
        if self._shown is not None and not self._shown.request.may_stand_for(wanted):
            self._shown = None
        return self._shown

    def _is_first_of_large(self, viewport: Viewport, request: Request) -> bool:
        """Whether nothing of this series is shown yet and its images are so large that the window would stand still."""
        shown = None if self._shown is None else self._shown.request
        if shown is not None and (shown.generation, shown.state.series_uid) == (request.generation, request.state.series_uid):
            return False
        return any(image.rows * image.columns > LARGE_PIXELS for image in viewport.images.series.instances)

    def _answers(self, wanted: Request, moving: bool) -> bool:
        shown = self._shown
        return shown is not None and (shown.request == wanted or (moving and shown.request == replace(wanted, fast=True)))

    def _ask(self, viewport: Viewport, request: Request) -> None:
        """One picture is in the making at a time and only the newest wish waits: a fast wheel
        neither starves the screen nor fills the queue."""
        if self._running is not None:
            is_coming = request == self._running and not self._given_up()
            self._pending = None if is_coming else (viewport, request)
            if self._pending is not None and not self._running.fast:
                self._given_up.set()  # what can be given up (3D) makes room; a moving picture is always finished
            return
        self._running = request
        given_up = self._given_up = Cancel()

        def work(_: Cancel) -> Shown | None:
            shown = self._timed(viewport, request, given_up)
            return shown if not (given_up() and shown.picture.partial) else None

        self._jobs.run(PICTURES, work, self._answered, lambda _: self._failed())

    def _answered(self, shown: Shown | None) -> None:
        self._running = None
        is_there = self._shown is not None and self._shown.request == self._wanted
        if shown is not None and self._wanted is not None and not is_there and shown.request.may_stand_for(self._wanted):
            self._keep(shown)
            self._arrived()
        self._ask_pending()

    def _failed(self) -> None:
        self._running = None
        self._ask_pending()

    def _ask_pending(self) -> None:
        if self._pending is not None:
            viewport, request = self._pending
            self._pending = None
            self._ask(viewport, request)

    def _keep(self, shown: Shown) -> None:
        identity, state = shown.picture.identity, shown.request.state
        if identity is not None and (identity.study_uid, identity.series_uid) != (state.study_uid, state.series_uid):
            self._shown = None
            return
        self._shown = shown

    def _timed(self, viewport: Viewport, request: Request, cancelled: Callable[[], bool] = lambda: False) -> Shown:
        started = time.perf_counter()
        picture = picture_of(viewport, request, cancelled)
        shown = self._with_layers(viewport, request, picture) if request.layers else Shown(request, picture)
        if not request.fast:
            self._full_seconds = time.perf_counter() - started
        return shown

    def _with_layers(self, viewport: Viewport, request: Request, picture: Picture) -> Shown:
        """Layers that cannot be painted are left out, and then are not named either."""
        from rendering.objects.layer_paint import LayerPainter

        painter = self._painter
        if painter is None or painter[0] is not viewport.images:
            painter = self._painter = (viewport.images, LayerPainter(viewport.images))
        try:
            return Shown(request, picture, painter[1].veil(picture, request.state, request.layers))
        except WorkstationError:
            return Shown(request, picture)


def picture_of(viewport: Viewport, request: Request, cancelled: Callable[[], bool] = lambda: False) -> Picture:
    """The viewport's picture; a refusal as a picture that says so."""
    try:
        if request.state.plane is Plane.THREE_D:
            return viewport.picture(request.state, request.width, request.height, request.fast, cancelled)
        return viewport.picture(request.state, request.width, request.height, request.fast)
    except Refused as refusal:
        return _black(request, refusal)
    except WorkstationError as error:
        return _black(request, Refused(error.title, error.detail, error.hint))


def _black(request: Request, error: Refused) -> Picture:
    import numpy as np  # it takes as long as Qt, and the worklist is shown without it

    return Picture(np.zeros((request.height, request.width), np.uint8), error=error)
