"""What can be done to a 3D view: its look by name, its box, its opacity, what is hidden. Works without a screen.

Two modes take the arrow keys and the left button for a while: the box (a face of it is moved) and the opacity. The
loop that turns is `workstation.session.solid_turn`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from workstation.domain.viewing import WHOLE_BOX, CropBox, Plane, ViewportState
from workstation.errors import Refused, WorkstationError
from workstation.jobs import BESIDE, Cancel, Job, Jobs
from workstation.ports import SolidViewer
from workstation.session.solid_turn import Turn
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.session.viewing import Viewing

# What a plain arrow key moves a cursor by is one step here.
PIXELS_PER_STEP = 8.0
# One step: this share of the volume, and of the opacity's doubling.
CROP_STEP = 0.02
OPACITY_STEPS = 8.0
OPACITY_RANGE = (1 / 64, 64.0)
# Dragging over this many pixels doubles or halves the opacity.
OPACITY_DRAG = 80.0
MOST_DOUBLINGS = 12.0
# The box never gets thinner than this share of the volume.
THINNEST = 0.02
REMOVALS: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset({"table"}),
    frozenset({"bone"}),
    frozenset({"bone", "table"}),
)
"""What Alt+B goes through."""


class SolidMode(Enum):
    """What arrow keys and the left button do in a 3D view besides turning it."""

    TURN = "turn"
    CROP = "crop"
    OPACITY = "opacity"


class Solid:
    """Acts on the active viewport. Used on the main thread; what takes seconds runs in jobs."""

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing
        self._jobs: Jobs | None = None
        self._problem: Callable[[Exception], object] = lambda _: None
        self._job: Job | None = None
        self._wanted: tuple[int, str, frozenset[str]] | None = None
        self.turn = Turn(viewing)
        self.mode = SolidMode.TURN
        self.face = 0
        """The face of the box that arrow keys move: 2 * axis, plus 1 for its far end (columns, rows, slices)."""
        self.index = 0
        """The viewport that the mode is for."""
        self.progress: float | None = None
        """The share that is done of what is being looked for; None when nothing is."""
        self.changed: Signal[int] = Signal()
        """A mode, the chosen face or the progress of a viewport changed; its state tells by `viewport_changed`."""
        viewing.arrangement_changed.connect(lambda _: self._reset())
        viewing.viewport_changed.connect(self._follow)

    def begin(self, jobs: Jobs, problem: Callable[[Exception], object]) -> None:
        """From now on there are jobs for what takes seconds."""
        self._jobs, self._problem = jobs, problem
        self.turn.begin(jobs, problem)

    # ---- which view ------------------------------------------------------------------

    def viewer(self, index: int | None = None) -> tuple[SolidViewer, ViewportState]:
        """The active 3D view. Raises Refused where there is none."""
        index = self._viewing.active if index is None else index
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        if viewer is None or state is None or state.plane is not Plane.THREE_D:
            raise Refused("This is for a 3D view", "The active viewport shows something else", "Press Alt+5 for 3D")
        return viewer.solid, state

    def state(self, index: int | None = None) -> ViewportState | None:
        """The state of a viewport that is 3D, else None."""
        found = self._viewing.state(index)
        return found if found is not None and found.plane is Plane.THREE_D else None

    def mode_of(self, index: int) -> SolidMode:
        return self.mode if index == self.index and self.state(index) is not None else SolidMode.TURN

    @property
    def takes_arrows(self) -> bool:
        return self.mode_of(self._viewing.active) is not SolidMode.TURN

    def toggle_mode(self, mode: SolidMode) -> None:
        """Begin with the box or the opacity in the active 3D view, or end. Raises Refused where it cannot be."""
        viewer, state = self.viewer()
        if mode is SolidMode.OPACITY and viewer.is_projection(state):
            raise Refused("A MIP has no opacity", "It shows one value of each line of sight", "Drag with Shift to window it")
        same = self.takes_arrows and self.mode is mode
        self.mode, self.index = (SolidMode.TURN if same else mode), self._viewing.active
        self.changed.emit(self.index)

    def leave(self) -> bool:
        """Esc. False when there was nothing to leave."""
        if self.turn.is_running or self.turn.is_preparing:
            self.turn.stop()
            return True
        if self._job is not None:
            self.stop_looking()
            return True
        if not self.takes_arrows:
            return False
        self.mode = SolidMode.TURN
        self.changed.emit(self.index)
        return True

    # ---- looks -----------------------------------------------------------------------

    def looks(self) -> tuple[str, ...]:
        """Names for the active view, in order. Raises Refused where it is not 3D."""
        return self.viewer()[0].looks()

    def look(self) -> str:
        viewer, state = self.viewer()
        return viewer.look_name(state)

    def set_look(self, name: str) -> None:
        """Show the active view by this look, and take away what it needs out of the way."""
        viewer, state = self.viewer()
        shown = viewer.with_look(state, name)
        self._viewing.put(self._viewing.active, shown)
        needed = viewer.needs_hidden(shown)
        if needed - shown.solid.removed:
            self.hide(needed | shown.solid.removed)

    def next_look(self) -> None:
        """The next of the looks that fit, round and round."""
        looks = self.looks()
        self.set_look(looks[(looks.index(self.look()) + 1) % len(looks)])

    # ---- the box ---------------------------------------------------------------------

    def next_face(self, steps: int = 1) -> None:
        self.choose_face((self.face + steps) % 6)

    def choose_face(self, face: int) -> None:
        self.face = face
        self.changed.emit(self.index)

    def nudge(self, steps: float) -> None:
        """Move the chosen face outwards by so many steps of a key; below 0 inwards."""
        outwards = 1 if self.face % 2 else -1
        self.move_face(self.face, outwards * steps * CROP_STEP)

    def move_face(self, face: int, share: float, index: int | None = None) -> None:
        """Move a face of the box along its axis by a share of the volume."""
        state = self.state(index)
        if state is not None:
            edge = state.solid.crop[face // 2][face % 2]
            self.put_face(face, edge + share, index)

    def put_face(self, face: int, share: float, index: int | None = None) -> None:
        state = self.state(index)
        if state is None:
            return
        low, high = state.solid.crop[face // 2]
        if face % 2:
            high = min(max(share, low + THINNEST), 1.0)
        else:
            low = max(min(share, high - THINNEST), 0.0)
        edges = list(state.solid.crop)
        edges[face // 2] = (low, high)
        self.set_crop((edges[0], edges[1], edges[2]), index)

    def set_crop(self, crop: CropBox, index: int | None = None) -> None:
        state = self.state(index)
        if state is not None:
            self._viewing.change(index, solid=replace(state.solid, crop=crop))

    def reset_crop(self) -> None:
        """The whole volume again. Raises Refused where there is no 3D view."""
        self.viewer()
        self.set_crop(WHOLE_BOX)

    # ---- opacity ---------------------------------------------------------------------

    def drag_opacity(self, pixels: float, start: float, index: int | None = None) -> None:
        """Up is denser: `start` is the opacity the drag began with, `pixels` the way down."""
        doublings = min(max(-pixels / OPACITY_DRAG, -MOST_DOUBLINGS), MOST_DOUBLINGS)
        self.set_opacity(start * 2.0**doublings, index)

    def step_opacity(self, steps: float) -> None:
        state = self.state()
        if state is not None:
            self.set_opacity(state.solid.opacity * 2.0 ** (steps / OPACITY_STEPS))

    def set_opacity(self, opacity: float, index: int | None = None) -> None:
        state = self.state(index)
        if state is not None:
            held = min(max(opacity, OPACITY_RANGE[0]), OPACITY_RANGE[1])
            self._viewing.change(index, solid=replace(state.solid, opacity=held))

    def arrow(self, right: float, down: float) -> None:
        """An arrow key in a mode, by the screen pixels that it moves a cursor; right and up are more."""
        steps = (right - down) / PIXELS_PER_STEP
        if self.mode is SolidMode.CROP:
            self.nudge(steps)
        elif self.mode is SolidMode.OPACITY:
            self.step_opacity(steps)

    # ---- hiding ----------------------------------------------------------------------

    def next_removal(self) -> None:
        """Nothing, table, bone, both, and round again. Raises Refused where it cannot be."""
        viewer, state = self.viewer()
        viewer.may_hide()
        now = self._wanted[2] if self._wanted is not None else state.solid.removed
        place = REMOVALS.index(now) if now in REMOVALS else 0
        self.hide(REMOVALS[(place + 1) % len(REMOVALS)])

    def hide(self, names: frozenset[str]) -> None:
        """Hide exactly these in the active 3D view; what was not looked for yet is looked for first, in a job."""
        viewer, state = self.viewer()
        self.stop_looking()
        if names:
            viewer.may_hide()
        missing = [name for name in sorted(names) if not viewer.is_found(state, name)]
        if not missing or self._jobs is None:
            self._viewing.change(solid=replace(state.solid, removed=names))
            return
        self._wanted = (self._viewing.active, state.series_uid, names)
        jobs, index = self._jobs, self._viewing.active

        def work(cancel: Cancel) -> None:
            for place, name in enumerate(missing):

                def told(share: float, place: int = place) -> None:
                    jobs.on_main(lambda: self._told(index, (place + share) / len(missing)))

                viewer.find(state, name, told, cancel)

        self.progress = 0.0
        self._job = jobs.run(BESIDE, work, lambda _: self._found(), self._not_found)
        self.changed.emit(index)

    def stop_looking(self) -> None:
        """Give up what is being looked for."""
        if self._job is None:
            return
        self._job.cancel.set()
        self._end_job()

    def _told(self, index: int, share: float) -> None:
        if self._job is not None:
            self.progress = share
            self.changed.emit(index)

    def _found(self) -> None:
        wanted = self._wanted
        self._end_job()
        state = self.state(wanted[0]) if wanted is not None else None
        if wanted is not None and state is not None and state.series_uid == wanted[1]:
            self._viewing.change(wanted[0], solid=replace(state.solid, removed=wanted[2]))

    def _not_found(self, error: Exception) -> None:
        self._end_job()
        if isinstance(error, WorkstationError):
            self._problem(error)

    def _end_job(self) -> None:
        index = self._wanted[0] if self._wanted is not None else self._viewing.active
        self._job, self._wanted, self.progress = None, None, None
        self.changed.emit(index)

    # ---- what others do --------------------------------------------------------------

    def _follow(self, index: int) -> None:
        """Another image hangs in the place of the mode: it ends."""
        if index == self.index and self.mode is not SolidMode.TURN and self.state(index) is None:
            self.mode = SolidMode.TURN
            self.changed.emit(index)
        if self._wanted is not None and index == self._wanted[0]:
            state = self.state(index)
            if state is None or state.series_uid != self._wanted[1]:
                self.stop_looking()

    def _reset(self) -> None:
        self.stop_looking()
        self.turn.stop()
        self.mode = SolidMode.TURN
