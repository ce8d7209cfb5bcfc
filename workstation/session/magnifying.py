"""The magnifier: on or off, how much it enlarges, and the window it has for itself."""

from __future__ import annotations

from workstation.domain.viewing import Window
from workstation.signals import Signal

TIMES = (2, 3, 4)


class Magnifier:
    """While it is on, presets and inverting act on it and not on the image below."""

    def __init__(self) -> None:
        self.changed: Signal[None] = Signal()
        self.is_on = False
        self.times = TIMES[0]
        self.window: Window | None = None
        """None: the window of the image below it."""
        self.is_inverted = False
        """Against the image below it."""

    def show(self, on: bool) -> None:
        """A magnifier that is put away forgets its window."""
        if on != self.is_on:
            self.is_on = on
            if not on:
                self.window, self.is_inverted = None, False
            self.changed.emit(None)

    def toggle(self) -> None:
        self.show(not self.is_on)

    def enlarge(self, steps: int) -> None:
        """2, 3 or 4 times; stops at the ends."""
        place = min(max(TIMES.index(self.times) + steps, 0), len(TIMES) - 1)
        if TIMES[place] != self.times:
            self.times = TIMES[place]
            self.changed.emit(None)

    def set_window(self, window: Window | None) -> None:
        self.window = window
        self.changed.emit(None)

    def invert(self) -> None:
        self.is_inverted = not self.is_inverted
        self.changed.emit(None)
