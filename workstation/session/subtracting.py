"""Subtraction of X-ray runs (DSA) in the active viewport: on and off, which images are the mask, how it is moved.

The image itself stays as it is: all of this is a viewport's state, and each change can be taken back. What is
in use stands in the image's corner. Whoever wants to keep it saves the looks (a presentation state).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workstation.domain.subtraction import UNSHIFTED, Mask, Maskable, MaskOperation, Subtraction
from workstation.errors import Refused
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.domain.viewing import ViewportState, Window
    from workstation.session.viewing import Viewing

FARTHEST = 64.0
"""No mask is moved further than so many pixels: that would be another place."""
FINE, STEP, FAST = 0.1, 0.5, 2.0
"""How far an arrow key moves the mask, in pixels of the image: with Ctrl, alone, with Shift."""
LANDMARKS = (0.0, 10.0, 20.0, 30.0, 50.0)
"""Shares of the mask, in percent, that one key steps through."""
MOST_STEPS = 100
# Below this an arrow key is a fine one, above that a fast one (see commands.drawing).
_FINE_BELOW, _FAST_ABOVE = 2.0, 20.0

# A drag moves it by so many pixels at a time.
_DRAGGED_DIGITS = 1

Change = Callable[[Mask], Mask]
_Look = tuple[Subtraction | None, "Window | None", int]


@dataclass(slots=True)
class MaskGrip:
    """What a drag of the mask began with. `right` and `down` are the (column, row) of the image that one view pixel is."""

    masks: tuple[Mask, ...]
    right: tuple[float, float]
    down: tuple[float, float]
    has_moved: bool = False


class Subtracting:
    """Of the main thread."""

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing
        self._undo: list[tuple[str, _Look]] = []
        self._windows: dict[tuple[str, bool], tuple[Window | None, int]] = {}
        self.is_by_keys = False
        """Arrow keys move the mask."""
        self.hand_changed: Signal[bool] = Signal()
        viewing.active_changed.connect(lambda _: self.let_go())
        viewing.arrangement_changed.connect(lambda _: self._forget())

    # ---- on and off --------------------------------------------------------------------

    def toggle(self) -> None:
        """Subtracted, or the images as they are. Raises Refused where that cannot be."""
        state, here = self._here()
        asked = state.subtraction
        if here.done(asked).mask_frames:
            self._put(state, replace(asked or Subtraction(), is_on=False), False)
            self.let_go()
            return
        wanted = replace(asked or Subtraction(), is_on=True)
        if not here.done(wanted).mask_frames and asked is not None and asked.is_on:
            # It is on, and this image alone has no mask.
            self._put(state, replace(asked, is_on=False), False)
            return
        self._put(state, wanted, True)

    def as_filed(self) -> None:
        """As the file recommends, with its own masks."""
        state, here = self._here()
        self._put(state, None, bool(here.done(None).mask_frames))

    def is_difference(self, index: int | None = None) -> bool:
        """Whether a viewport (the active one by default) shows an image less its mask."""
        index = self._viewing.active if index is None else index
        state, viewer = self._viewing.state(index), self._viewing.viewer(index)
        here = viewer.maskable(state) if viewer is not None and state is not None else None
        return here is not None and state is not None and bool(here.done(state.subtraction).mask_frames)

    # ---- the mask ----------------------------------------------------------------------

    def here_as_mask(self) -> None:
        """The image that is shown is the mask of its run, unmoved."""
        self._change(lambda mask, here: (replace(Mask(), frames=(here.frame,), landmark=mask.landmark),))

    def here_in_mask(self) -> None:
        """The image that is shown is one of those whose mean is the mask, or no longer. Raises Refused for the last one."""

        def change(mask: Mask, here: Maskable) -> tuple[Mask, ...]:
            own = mask.frames if mask.operation is MaskOperation.AVERAGE else ()
            frames = tuple(sorted(set(own) ^ {here.frame}))
            if not frames:
                raise Refused("A mask is made of at least one image", "This is the only one", "Go to another image first")
            return (replace(mask, operation=MaskOperation.AVERAGE, frames=frames, ranges=(), contrast_frames=1),)

        self._change(change)

    def step_mask(self, steps: int) -> None:
        """The mask so many images later (or earlier). Raises Refused at the ends of the run."""

        def change(mask: Mask, here: Maskable) -> tuple[Mask, ...]:
            if mask.operation is not MaskOperation.AVERAGE:
                moved = replace(mask, offset=mask.offset - steps)
            else:
                moved = replace(mask, frames=tuple(frame + steps for frame in mask.frames), ranges=())
            if min(moved.frames) < 1 or max(moved.frames) > here.count or (moved.offset == 0 and moved.frames == mask.frames):
                raise Refused("No other image for the mask", "It is at the end of the run")
            return (moved,)

        self._change(change)

    def interval(self) -> None:
        """Each image less the one before it (time interval differencing)."""
        self._change(lambda mask, _: (Mask(MaskOperation.INTERVAL, landmark=mask.landmark),))

    # ---- where it lies -----------------------------------------------------------------

    def shift(self, right: float, down: float) -> None:
        """Move the mask by pixels of the image. Raises Refused where it would be far off."""

        self._change_each(lambda mask: _moved(mask, right, down))

    def grip(self, index: int, width: int, height: int, at: tuple[float, float]) -> MaskGrip | None:
        """For a drag of the mask that begins at a place of a viewport of this size; None where no mask is subtracted there."""
        state, viewer = self._viewing.state(index), self._viewing.viewer(index)
        if state is None or viewer is None or index != self._viewing.active or not self.is_difference(index):
            return None
        x, y = at
        sides = ((1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0))
        here = viewer.to_frame(state, width, height, x, y)
        for a, b in sides:
            beside, below = (viewer.to_frame(state, width, height, *to) for to in ((x + a, y), (x, y + b)))
            if here is not None and beside is not None and below is not None:
                right = (beside[0] - here[0]) * a, (beside[1] - here[1]) * a
                down = (below[0] - here[0]) * b, (below[1] - here[1]) * b
                _, maskable, _ = self._in_use()
                return MaskGrip(maskable.filed(state.subtraction), right, down)
        return None

    def drag(self, grip: MaskGrip, dx: float, dy: float) -> None:
        """The mask as far from where the drag began as the pointer, in view pixels: one step to take back for all of it."""
        if not self.is_difference():
            return  # in cine the run went on to an image without a mask
        right, down = (round(a * dx + b * dy, _DRAGGED_DIGITS) for a, b in zip(grip.right, grip.down, strict=True))
        reach = FARTHEST - max(max(map(abs, shift)) for mask in grip.masks for shift in _shifts(mask))
        right, down = (min(max(way, -reach), reach) for way in (right, down))
        state, here, _ = self._in_use()
        masks = tuple(_moved(mask, right, down) for mask in grip.masks)
        wanted = replace(state.subtraction or Subtraction(), is_on=True).with_masks(here.image, masks)
        if wanted == state.subtraction:
            return
        self._put(state, wanted, True)
        if grip.has_moved:
            self._undo.pop()
        grip.has_moved = True

    def unshift(self) -> None:
        """The mask where it was taken."""
        self._change_each(lambda mask: replace(mask, shift=UNSHIFTED, frame_shifts=()))

    def step_landmarks(self) -> None:
        """How much of the mask stays visible: the next of LANDMARKS, round and round."""

        def change(mask: Mask) -> Mask:
            following = next((share for share in LANDMARKS if share > mask.landmark), 0.0)
            return replace(mask, landmark=following)

        self._change_each(change)

    # ---- by keys -----------------------------------------------------------------------

    def take(self) -> None:
        """Arrow keys move the mask, or no longer. Raises Refused where nothing is subtracted."""
        if self.is_by_keys:
            self.let_go()
            return
        self._in_use()
        self.is_by_keys = True
        self.hand_changed.emit(True)

    def let_go(self) -> bool:
        """Whether arrow keys moved the mask until now."""
        had, self.is_by_keys = self.is_by_keys, False
        if had:
            self.hand_changed.emit(False)
        return had

    def arrow(self, right: float, down: float) -> None:
        """An arrow key, in screen pixels as `commands.drawing` has them."""
        size = max(abs(right), abs(down))
        step = FINE if size < _FINE_BELOW else FAST if size > _FAST_ABOVE else STEP
        self.shift(step * _sign(right), step * _sign(down))

    def undo(self) -> None:
        """Take the last change of this series' subtraction back. Raises Refused where there is none."""
        state, _ = self._here()
        if not self._undo or self._undo[-1][0] != state.series_uid:
            raise Refused("Nothing to take back", "The subtraction was not changed here")
        subtraction, window, own = self._undo.pop()[1]
        self._viewing.change(subtraction=subtraction, window=window, own_window=own)

    # ---- inside ------------------------------------------------------------------------

    def _here(self) -> tuple[ViewportState, Maskable]:
        state, viewer = self._viewing.state(), self._viewing.viewer(self._viewing.active)
        found = viewer.maskable(state) if viewer is not None and state is not None else None
        if state is None or found is None:
            raise Refused("Nothing to subtract here", "Only runs of X-ray images have a mask", "Choose a viewport with one")
        if found.facts.refused:
            raise Refused("This run cannot be subtracted", found.facts.refused[:1].upper() + found.facts.refused[1:])
        return state, found

    def _in_use(self) -> tuple[ViewportState, Maskable, Mask]:
        state, here = self._here()
        done = here.done(state.subtraction)
        if not done.mask_frames:
            raise Refused("This image is not subtracted", "There is no mask to change", "Switch the subtraction on first")
        return state, here, done.mask

    def _change(self, change: Callable[[Mask, Maskable], tuple[Mask, ...]]) -> None:
        """Another mask for the whole run; switches the subtraction on."""
        state, here = self._here()
        before = here.done(state.subtraction)
        mask = before.mask if before.mask_frames else here.masks(state.subtraction)[0]
        wanted = replace(state.subtraction or Subtraction(), is_on=True).with_masks(here.image, change(mask, here))
        self._put(state, wanted, True)

    def _change_each(self, change: Change) -> None:
        """The same change of each mask of the run. Raises Refused where nothing is subtracted."""
        state, here, _ = self._in_use()
        masks = tuple(change(mask) for mask in here.filed(state.subtraction))
        self._put(state, replace(state.subtraction or Subtraction(), is_on=True).with_masks(here.image, masks), True)

    def _put(self, state: ViewportState, wanted: Subtraction | None, subtracts: bool) -> None:
        """Windows of subtracted images and of images as they are are two things: each comes back with its own."""
        if wanted == state.subtraction:
            return
        self._undo = [*self._undo[-MOST_STEPS:], (state.series_uid, (state.subtraction, state.window, state.own_window))]
        did = self.is_difference()
        window, own = state.window, state.own_window
        if did is not subtracts:
            self._windows[state.series_uid, did] = window, own
            window, own = self._windows.get((state.series_uid, subtracts), (None, 0))
        self._viewing.change(subtraction=wanted, window=window, own_window=own)

    def _forget(self) -> None:
        self.let_go()
        if self._viewing.arrangement is None:
            self._undo.clear()
            self._windows.clear()


def _shifts(mask: Mask) -> tuple[tuple[float, float], ...]:
    return (mask.shift, *(shift for _, shift in mask.frame_shifts))


def _moved(mask: Mask, right: float, down: float) -> Mask:
    """Raises Refused where it would be far off."""

    def moved(shift: tuple[float, float]) -> tuple[float, float]:
        made = round(shift[0] + down, 3), round(shift[1] + right, 3)
        if max(map(abs, made)) > FARTHEST:
            raise Refused("The mask is not moved further", f"It is {FARTHEST:g} pixels off")
        return made

    frames = tuple((frame, moved(shift)) for frame, shift in mask.frame_shifts)
    return replace(mask, shift=moved(mask.shift), frame_shifts=frames)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
