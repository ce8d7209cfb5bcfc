"""What the mouse does in a viewport: left the chosen tool, the others and the wheel what the reader chose (session.mouse).

In 3D nothing can be pointed at: left turns the volume (with Shift it windows, which is the
opacity), unless the tool is to zoom or pan; the wheel turns by small steps. On a fused image left with
Shift is of what is laid over: up and down its scale, right and left how strong it is. On an image less its mask left
with Shift, and any left while keys move the mask, drags the mask.

Works on numbers only (positions in logical pixels of the viewport); what it does to the images are
calls of `Viewing`. Nothing here paints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from workstation.domain.viewing import Plane, ViewportState, Window
from workstation.session.fusing import Grip
from workstation.session.mouse import BACK, FORWARD, LEFT, MIDDLE, RIGHT, WHEEL, WHEELS
from workstation.session.subtracting import MaskGrip
from workstation.session.tool import Tool
from workstation.session.viewing import ZOOM_RANGE, Viewing

# Pixels of movement that turn a click into a drag: below it a hand's tremor.
TREMOR = 4.0
# Dragging over this many pixels doubles the width of the window, moves the centre by one width.
WINDOW_DRAG = 300.0
ZOOM_PER_PIXEL = 1.008
# Dragging across the viewport turns a volume half round.
TURN_DEGREES = 180.0
WHEEL_STEP = 120
# A touchpad that tells pixels: so many are one step, about the width of a finger's small movement.
PIXELS_PER_STEP = 24
# Of series or stages by one event of a wheel that spins freely.
MOST_STEPS = 3
LEAST_PIXELS_PER_IMAGE, MOST_PIXELS_PER_IMAGE = 2.0, 16.0


class Button(Enum):
    """Named as in `workstation.session.mouse`."""

    LEFT = LEFT
    MIDDLE = MIDDLE
    RIGHT = RIGHT
    BACK = BACK
    FORWARD = FORWARD


@dataclass(frozen=True, slots=True)
class Place:
    """The viewport that the mouse is in: its index, size, images, and the window really used."""

    index: int
    width: float
    height: float
    count: int
    window: Window | None

    @property
    def size(self) -> tuple[int, int]:
        return max(1, round(self.width)), max(1, round(self.height))


class Gestures:
    """One drag at a time. `Tool.CROSSHAIR` drags are handed to `pointed`; what draws is the pen's (ui.pen).

    `pointed(kind, start, now)` is called with kind "press", "move" or "release".
    """

    def __init__(
        self, viewing: Viewing, pointed: Callable[[Tool, str, tuple[float, float], tuple[float, float]], object]
    ) -> None:
        self._viewing = viewing
        self._pointed = pointed
        self._place: Place | None = None
        self._tool: Tool | None = Tool.WINDOW
        self._button = Button.LEFT
        self._turns = False
        self._over = False
        self._over_start: Grip | None = None
        self._mask: MaskGrip | None = None
        self._start = (0.0, 0.0)
        self._last = (0.0, 0.0)
        self._rest = 0.0
        self._wheel_rest = 0.0
        self._wheel_does = ""
        self.dragged = False

    @property
    def is_dragging(self) -> bool:
        return self._place is not None and self.dragged

    def press(self, button: Button, at: tuple[float, float], place: Place, held: str = "") -> None:
        """`held` are the keys held with it, as `Ctrl+Shift`."""
        self._place, self._button, self._start, self._last = place, button, at, at
        mouse = self._viewing.mouse
        is_chosen = button is Button.LEFT and not mouse.is_given(LEFT, held)
        self._tool = self._viewing.tool if is_chosen else mouse.tool(button.value, held)
        shifted = held == "Shift" and not (button is Button.LEFT and mouse.is_given(LEFT, held))
        state = self._viewing.state(place.index)
        self._turns = state is not None and state.plane is Plane.THREE_D and self._tool not in (Tool.PAN, Tool.ZOOM, None)
        if self._turns and shifted:
            self._turns, self._tool = False, Tool.WINDOW
        self._over = button is Button.LEFT and shifted and state is not None and state.fusion is not None
        self._over_start = self._viewing.fusing.grip() if self._over else None
        drags_mask = button is Button.LEFT and (shifted or self._viewing.subtracting.is_by_keys) and not self._over
        self._mask = self._viewing.subtracting.grip(place.index, *place.size, at) if drags_mask else None
        self._rest, self.dragged = 0.0, False
        if self._points:
            self._pointed(Tool.CROSSHAIR, "press", at, at)

    def move(self, at: tuple[float, float]) -> None:
        place = self._place
        if place is None:
            return
        if not self.dragged and max(abs(at[0] - self._start[0]), abs(at[1] - self._start[1])) < TREMOR:
            return
        self.dragged = True
        dx, dy = at[0] - self._last[0], at[1] - self._last[1]
        self._last = at
        if self._mask is not None:
            self._viewing.subtracting.drag(self._mask, at[0] - self._start[0], at[1] - self._start[1])
        elif self._over and self._over_start is not None:
            self._viewing.fusing.drag(self._over_start, at[0] - self._start[0], at[1] - self._start[1])
        elif self._turns:
            side = min(place.width, place.height)
            self._viewing.turn(dx / side * TURN_DEGREES, dy / side * TURN_DEGREES, place.index)
        elif self._points:
            self._pointed(Tool.CROSSHAIR, "move", self._start, at)
        elif self._tool is Tool.WINDOW:
            self._window(place, at[0] - self._start[0], at[1] - self._start[1])
        elif self._tool is Tool.PAN:
            self._viewing.pan_by(dx / place.width, dy / place.height, place.index)
        elif self._tool is Tool.ZOOM:
            self.zoom(place, ZOOM_PER_PIXEL**-dy, self._start)
        elif self._tool is Tool.SCROLL:
            self._scroll(place, dy)

    def release(self, at: tuple[float, float]) -> bool:
        """Ends the drag. True when the button was only clicked."""
        clicked = self._place is not None and not self.dragged
        if self._place is not None and self._points:
            self._pointed(Tool.CROSSHAIR, "release", self._start, at)
        self._place = None
        return clicked

    def cancel(self) -> None:
        self._place = None

    def wheel(self, notches: float, place: Place, at: tuple[float, float], held: str = "", wheel: str = WHEEL) -> None:
        """`notches` away from the reader are positive; those of smooth wheels and touchpads add up to whole steps."""
        does = self._viewing.mouse.action(wheel, held)
        if does == "zoom":
            self.zoom(place, 1.15**notches, at)
            return
        if does != self._wheel_does or notches * self._wheel_rest > 0:
            self._wheel_does, self._wheel_rest = does, 0.0  # turned back: no leftover of the other way
        self._wheel_rest -= notches
        steps = int(self._wheel_rest)
        self._wheel_rest -= steps
        if steps and does in WHEELS:
            self._step(does, steps, place.index)

    def _step(self, does: str, steps: int, index: int) -> None:
        """Images under the pointer scroll where they are; all else is a command, of the viewport under the pointer."""
        if does == "images":
            self._viewing.scroll(steps, index)
        elif does == "images10":
            self._viewing.scroll(10 * steps, index)
        else:
            _, onward, back = WHEELS[does]
            self._viewing.activate(index)
            for _ in range(min(abs(steps), MOST_STEPS)):
                self._viewing.mouse.wanted.emit(onward if steps > 0 else back)

    def zoom(self, place: Place, factor: float, about: tuple[float, float]) -> None:
        """Zoom so that what lies under `about` stays there."""
        state = self._viewing.state(place.index)
        if state is not None:
            zoom, pan = zoomed_about(state, factor, about[0] / place.width, about[1] / place.height)
            self._viewing.change(place.index, zoom=zoom, pan=pan)

    @property
    def _points(self) -> bool:
        return not self._turns and not self._over and self._mask is None and self._tool is Tool.CROSSHAIR

    def _window(self, place: Place, dx: float, dy: float) -> None:
        if place.window is not None:
            window = dragged_window(place.window, dx, dy)
            state = self._viewing.state(place.index)
            if state is not None and state.plane is Plane.THREE_D:
                window = replace(window, explanation=place.window.explanation)  # the name of the look, which stays
            self._viewing.set_window(window)

    def _scroll(self, place: Place, dy: float) -> None:
        per_image = min(max(place.height / max(place.count, 1), LEAST_PIXELS_PER_IMAGE), MOST_PIXELS_PER_IMAGE)
        self._rest += dy / per_image
        steps = int(self._rest)
        self._rest -= steps
        if steps:
            self._viewing.scroll(steps, place.index)


def dragged_window(start: Window, dx: float, dy: float) -> Window:
    """Right widens, down raises the centre (darker), in shares of the width the drag began with."""
    share = max(start.width, 1e-6) / WINDOW_DRAG
    least = 1.0 if start.width >= 10 else start.width / 100
    width = max(start.width * (1 + dx / WINDOW_DRAG) if dx > 0 else start.width / (1 - dx / WINDOW_DRAG), least)
    center = start.center + dy * share
    if start.width >= 10:
        width, center = float(round(width)), float(round(center))
    return Window(center, width, start.function)


def zoomed_about(state: ViewportState, factor: float, x: float, y: float) -> tuple[float, tuple[float, float]]:
    """Zoom and pan after zooming by `factor` about a point, given in shares of the viewport."""
    zoom = min(max(state.zoom * factor, ZOOM_RANGE[0]), ZOOM_RANGE[1])
    real = zoom / state.zoom
    px, py = x - state.middle[0], y - state.middle[1]
    return zoom, (px - real * (px - state.pan[0]), py - real * (py - state.pan[1]))
