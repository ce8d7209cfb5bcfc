"""Presentation states of the open case, and which of them viewports are shown by.

A state is for the images that it names (F49): scrolled to another one, a viewport looks as it did before; back on
a named one it is shown by the state again. What the reader changes meanwhile stays changed. One key leaves it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused, WorkstationError
from workstation.ports import PresentationState
from workstation.session.annotating import Annotating
from workstation.session.findings import Findings
from workstation.session.viewing import Viewing
from workstation.signals import Signal

LOOK_FIELDS = (
    "window",
    "own_window",
    "inverted",
    "zoom",
    "pan",
    "sizing",
    "pixel_mm",
    "anchor",
    "held",
    "rotation",
    "flipped_horizontally",
    "flipped_vertically",
    "sharpening",
    "fusion",
    "followed",
    "subtraction",
)
"""What a presentation state decides, and what is restored when it is left."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One viewport that is shown by a state. `before` is its look until then, `made` what the state made of it."""

    by: PresentationState
    before: ViewportState
    made: ViewportState | None = None
    words: tuple[str, ...] = ()
    changed: bool = False


class Presenting:
    """Of the main thread. `pixel_mm` tells the length of a device pixel on the screen, where that is known."""

    def __init__(
        self, viewing: Viewing, annotating: Annotating, findings: Findings, problem: Callable[[Exception], object]
    ) -> None:
        self._viewing = viewing
        self._annotating = annotating
        self._findings = findings
        self._problem = problem
        self._shown: dict[int, Shown] = {}
        self._acting = False
        self.pixel_mm: Callable[[], float | None] = lambda: None
        self.changed: Signal[None] = Signal()
        viewing.viewport_changed.connect(self._view_changed)
        viewing.arrangement_changed.connect(lambda _: self._arranged())
        findings.changed.connect(self.changed.emit)

    # ---- what there is -----------------------------------------------------------------

    def states(self) -> tuple[PresentationState, ...]:
        """All of the case: those for the image of the active viewport first, the newest of them foremost."""
        here = self._image(self._viewing.active)

        def order(state: PresentationState) -> tuple[bool, float]:
            made = state.source.made
            return not (here is not None and self._is_for(state, here)), -(made.timestamp() if made is not None else 0.0)

        return tuple(sorted(self._findings.presentations, key=order))

    def is_own(self, state: PresentationState) -> bool:
        """Whether it was written here."""
        return state.uid in self._findings.own

    def is_for_active(self, state: PresentationState) -> bool:
        here = self._image(self._viewing.active)
        return here is not None and self._is_for(state, here)

    def shown(self, index: int | None = None) -> Shown | None:
        """What a viewport (the active one by default) is shown by."""
        return self._shown.get(self._viewing.active if index is None else index)

    # ---- acts --------------------------------------------------------------------------

    def show(self, uid: str) -> None:
        """Show the active viewport by a state, going to its first image where it is not for this one. Raises Refused."""
        chosen = next((state for state in self._findings.presentations if state.uid == uid), None)
        if chosen is None:
            raise Refused("The presentation state is not here any more", "", "Open the list again (Alt+K)")
        if chosen.refused:
            raise Refused("The presentation state cannot be followed", chosen.refused, "Its images are shown as they are")
        here = self._image(self._viewing.active)
        if here is None or not self._is_for(chosen, here):
            self._go_to(chosen)
        index = self._viewing.active
        state = self._viewing.state(index)
        if state is None:
            return
        earlier = self._shown.get(index)
        before = _with_look(state, earlier.before) if earlier is not None else state
        self._shown[index] = Shown(chosen, before)
        try:
            self._follow(index, state)
        except WorkstationError:
            del self._shown[index]
            raise
        if not self._annotating.layer_visible:
            self._annotating.toggle_layer()
        self.changed.emit(None)

    def leave(self) -> None:
        """The active viewport as it was before it was shown by a state, at the image it shows now. Raises Refused."""
        index = self._viewing.active
        left, state = self._shown.pop(index, None), self._viewing.state(index)
        if left is None or state is None:
            raise Refused("No presentation state to leave", "This viewport is not shown by one", "Alt+K lists those of the case")
        self._put(index, left.before if left.by.is_plane else _with_look(state, left.before))
        self.changed.emit(None)

    # ---- inside ------------------------------------------------------------------------

    def _follow(self, index: int, state: ViewportState) -> None:
        """Raises Refused when the state cannot be followed on this image."""
        shown, viewer = self._shown[index], self._viewing.viewer(index)
        if viewer is None:
            return
        width, height = self._annotating.drawing.size(index)
        base = state if shown.by.is_plane else _with_look(state, shown.before)
        if shown.by.over is not None:
            self._viewing.fusing.need(*shown.by.over)
        made, words = shown.by.shown(viewer, base, width, height, self.pixel_mm())
        self._put(index, made)
        self._shown[index] = replace(shown, made=self._viewing.state(index), words=words, changed=False)

    def _view_changed(self, index: int) -> None:
        """Somebody scrolled or changed what is shown by a state."""
        shown, state = self._shown.get(index), self._viewing.state(index)
        if shown is None or self._acting:
            return
        if shown.by.is_plane:
            self._plane_changed(index, shown, state)
            return
        last = shown.made or shown.before
        same = state is not None and (state.study_uid, state.series_uid) == (last.study_uid, last.series_uid)
        if state is None or not same or state.plane is not Plane.STACK:
            self._forget(index)
        elif state.followed is None and shown.made is not None:
            self._forget(index)  # it was reset
        elif state.position == last.position:
            self._shown[index] = self._noted(shown, state)
        else:
            self._scrolled(index, shown, state)

    def _plane_changed(self, index: int, shown: Shown, state: ViewportState | None) -> None:
        """What the reader changes of the plane stays; another plane or series is none of the state's."""
        last = shown.made or shown.before
        if state is None or state.followed is None or (state.series_uid, state.plane) != (last.series_uid, last.plane):
            self._forget(index)
        else:
            self._shown[index] = self._noted(shown, state)

    def _noted(self, shown: Shown, state: ViewportState) -> Shown:
        """What the reader changed: of the look that is shown, or of the one to come back to."""
        if shown.made is None:
            return replace(shown, before=state)
        return replace(shown, made=state, changed=shown.changed or state != shown.made)

    def _scrolled(self, index: int, shown: Shown, state: ViewportState) -> None:
        here = self._image(index)
        named = here is not None and self._is_for(shown.by, here)
        if named and shown.made is not None and shown.changed:
            self._shown[index] = replace(shown, made=state)
        elif named:
            try:
                self._follow(index, state)
            except WorkstationError as error:
                self._forget(index)
                self._problem(error)
        elif shown.made is not None:
            self._shown[index] = replace(shown, made=None, words=(), changed=False, before=_with_look(state, shown.before))
            self._put(index, _with_look(state, shown.before))
        else:
            self._shown[index] = replace(shown, before=state)
        self.changed.emit(None)

    def _go_to(self, chosen: PresentationState) -> None:
        series_of = {
            instance.sop_instance_uid: series.series_instance_uid
            for study in self._annotating.studies
            if study.study_instance_uid == chosen.study_uid
            for series in study.series
            for instance in series.instances
        }
        place = next(((sop, frame) for sop, frame in chosen.places if sop in series_of), None)
        if place is None:
            raise Refused("The presentation state cannot be followed", "None of its images is here")
        sop, frame = place
        kind, point = AnnotationKind.PROBE, ((0.0, 0.0),)
        where = Annotation("", kind, chosen.study_uid, series_of[sop], sop, frame, Plane.STACK, point)
        if not self._annotating.show_image_of(where):
            raise Refused("The presentation state cannot be followed", "Its images are not open")

    def _put(self, index: int, state: ViewportState) -> None:
        self._acting = True
        try:
            self._viewing.put(index, state)
        finally:
            self._acting = False

    def _image(self, index: int) -> tuple[str, str, int] | None:
        """(study, image, frame) of a stack view."""
        state, viewer = self._viewing.state(index), self._viewing.viewer(index)
        is_stack = state is not None and state.plane is Plane.STACK
        found = viewer.image_of(state) if viewer is not None and state is not None and is_stack else None
        return (state.study_uid, *found) if state is not None and found is not None else None

    @staticmethod
    def _is_for(state: PresentationState, image: tuple[str, str, int]) -> bool:
        return state.study_uid == image[0] and state.is_for(image[1], image[2])

    def _forget(self, index: int) -> None:
        del self._shown[index]
        self.changed.emit(None)

    def _arranged(self) -> None:
        """What hangs elsewhere now, or hangs anew, is shown by no state any more."""
        for index, shown in list(self._shown.items()):
            if self._viewing.state(index) != (shown.made or shown.before):
                self._forget(index)


def _with_look(state: ViewportState, look: ViewportState) -> ViewportState:
    """The place of one, the look of the other."""
    return replace(state, **{name: getattr(look, name) for name in LOOK_FIELDS})
