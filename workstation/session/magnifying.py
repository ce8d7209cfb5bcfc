"""The magnifier: on or off, how much it enlarges, and the window it has for itself."""

from __future__ import annotations

from workstation.domain.viewing import Window
from workstation.signals import Signal

TIMES = (2, 3, 4)
"""How many times as large as the image below it, or, by pixels, how many device pixels an image pixel is."""
BY_PIXEL = (1, 2, 4)


class Magnifier:
    """While it is on, presets and inverting act on it and not on the image below."""

    def __init__(self) -> None:
        self.changed: Signal[None] = Signal()
        self.choice_changed: Signal[bool] = Signal()
        self.is_on = False
        self.times = TIMES[0]
        self.by_pixel = False
        """Whether `times` counts device pixels of an image pixel: 1 is full resolution."""
        self.opens_inverted = False
        """The reader's choice, which is remembered: it opens with inverted greys and at full resolution."""
        self.window: Window | None = None
        """None: the window of the image below it."""
        self.is_inverted = False
        """Against the image below it."""

    def show(self, on: bool) -> None:
        """A magnifier that is put away forgets its window."""
        if on != self.is_on:
            self.is_on = on
            self.window, self.is_inverted = None, on and self.opens_inverted
            if on and self.by_pixel is not self.opens_inverted:
                self._count(by_pixel=self.opens_inverted)
            self.changed.emit(None)

    def toggle(self) -> None:
        self.show(not self.is_on)

    def toggle_inverted(self) -> None:
        """Inverted greys at full resolution, or back to those of the image below; either way it is on, and so it opens next."""
        self.opens_inverted = not (self.is_on and self.is_inverted)
        self.is_on, self.is_inverted = True, self.opens_inverted
        self._count(by_pixel=self.opens_inverted)
        self.choice_changed.emit(self.opens_inverted)
        self.changed.emit(None)

    def enlarge(self, steps: int) -> None:
        """2, 3 or 4 times, or 1, 2 or 4 device pixels to an image pixel; stops at the ends."""
        ladder = BY_PIXEL if self.by_pixel else TIMES
        place = min(max(ladder.index(self.times) + steps, 0), len(ladder) - 1)
        if ladder[place] != self.times:
            self.times = ladder[place]
            self.changed.emit(None)

    def set_window(self, window: Window | None) -> None:
        self.window = window
        self.changed.emit(None)

    def invert(self) -> None:
        self.is_inverted = not self.is_inverted
        self.changed.emit(None)

    def _count(self, by_pixel: bool) -> None:
        self.by_pixel, self.times = by_pixel, (BY_PIXEL if by_pixel else TIMES)[0]
