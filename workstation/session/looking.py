"""How an image is looked at: its size on screen, filters, filling in, and the choice of its window."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import Interpolation, Plane, Sizing
from workstation.errors import Refused
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.domain.viewing import ViewportState, Window
    from workstation.session.viewing import Viewing

STRONGEST = 3
"""Steps of sharpening and of smoothing."""
IN_THE_PATIENT = (SpacingSource.PIXEL_SPACING, SpacingSource.CALIBRATED, SpacingSource.US_REGION, SpacingSource.ERMF)
"""Millimetres of the patient. ERMF is an estimate of them, and its badge stands on the image."""


class TextLevel(StrEnum):
    """How much stands in the corners; what each holds is in resources/corner_text.toml."""

    BASIC = "basic"
    FULL = "full"


class Looking:
    """Acts on the active viewport; the way of filling in holds for all of them."""

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing
        self.region_changed: Signal[bool] = Signal()
        self.interpolation_changed: Signal[Interpolation] = Signal()
        self.picks_region = False
        """The next box that is dragged in an image makes its window."""
        self.interpolation = Interpolation.LINEAR
        self.text_level = TextLevel.FULL

    # ---- size ------------------------------------------------------------------------

    def pixel_for_pixel(self) -> None:
        """One image pixel on one device pixel, the middle of the image in the middle; again: fit."""
        state = self._drawn()
        self._size(Sizing.FIT if state.sizing is Sizing.PIXELS and state.zoom == 1.0 else Sizing.PIXELS, 0.0)

    def true_size(self, pixel_mm: float) -> None:
        """1 mm in the patient as 1 mm on a screen whose device pixels are `pixel_mm` apart; again: fit.

        Raises Refused where the file does not know millimetres in the patient.
        """
        state = self._drawn()
        viewer = self._viewing.viewer(self._viewing.active)
        if viewer is None or viewer.spacing_source(state) not in IN_THE_PATIENT:
            raise Refused(
                "No true size of this image",
                "Its file does not say how large a pixel is in the patient",
                "Calibrate the image first",
            )
        again = state.sizing is Sizing.TRUE_SIZE and state.zoom == 1.0 and state.pixel_mm == pixel_mm
        self._size(Sizing.FIT if again else Sizing.TRUE_SIZE, 0.0 if again else pixel_mm)

    # ---- filters ---------------------------------------------------------------------

    def sharpen(self, steps: int) -> None:
        """More (or with negative steps less) sharp; below 0 is smoothed."""
        state = self._drawn()
        self._viewing.change(sharpening=min(max(state.sharpening + steps, -STRONGEST), STRONGEST))

    def filter_off(self) -> None:
        self._viewing.change(sharpening=0)

    def next_interpolation(self) -> None:
        """Linear, cubic, nearest, in every viewport."""
        kinds = (Interpolation.LINEAR, Interpolation.CUBIC, Interpolation.NEAREST)
        self.set_interpolation(kinds[(kinds.index(self.interpolation) + 1) % len(kinds)])

    def set_interpolation(self, kind: Interpolation) -> None:
        self.interpolation = kind
        for index in range(len(self._viewing.cells)):
            self._viewing.change(index, interpolation=kind)
        self.interpolation_changed.emit(kind)

    def step_text(self) -> None:
        """Between the full and the basic text in the corners, in every viewport."""
        self.text_level = TextLevel.BASIC if self.text_level is TextLevel.FULL else TextLevel.FULL
        self._viewing.overlays_changed.emit(self._viewing.overlays)

    # ---- windows ---------------------------------------------------------------------

    def step_own_window(self, steps: int) -> None:
        """The next window or VOI LUT that the file brings, round and round. Raises Refused where there is only one."""
        state = self._drawn()
        viewer = self._viewing.viewer(self._viewing.active)
        names = viewer.own_windows(state) if viewer is not None else ()
        if len(names) < 2 and state.window is None:
            raise Refused("No other window in this file", "It brings one window or none", "")
        here = state.own_window if state.window is None else -1 if steps > 0 else 0
        self.choose_own_window((here + steps) % max(len(names), 1))

    def choose_own_window(self, number: int) -> None:
        """The window or VOI LUT of that number (0-based), as `own_windows` of the viewer counts them."""
        self._viewing.set_window(None, number)

    def own_windows(self) -> tuple[str, ...]:
        """What the file of the active image calls its windows and VOI LUTs."""
        viewer, state = self._viewing.viewer(self._viewing.active), self._viewing.state()
        return viewer.own_windows(state) if viewer is not None and state is not None else ()

    def auto_window(self) -> None:
        """A window from the values of the image shown, padding left out."""
        viewer = self._viewing.viewer(self._viewing.active)
        if viewer is not None:
            self._viewing.set_window(viewer.auto_window(self._drawn()))

    def pick_region(self, on: bool) -> None:
        if on != self.picks_region:
            self.picks_region = on
            self.region_changed.emit(on)

    def window_from_region(self, window: Window) -> None:
        """A box was dragged: its window, and the box is done with."""
        self._viewing.set_window(window)
        self.pick_region(False)

    # ---- inside ----------------------------------------------------------------------

    def _drawn(self) -> ViewportState:
        """The active image, as long as it is one of pixels. Raises Refused in 3D and in an empty place."""
        state = self._viewing.state()
        if state is None or state.plane is Plane.THREE_D:
            raise Refused("Not here", "This works on images and planes", "Choose a viewport with an image")
        return state

    def _size(self, sizing: Sizing, pixel_mm: float) -> None:
        self._viewing.resize(sizing, pixel_mm)
