"""What each mouse button and the wheel do over an image, alone and with Ctrl, Alt or Shift held.

A press is text like a key's: `Middle`, `Shift+Back`, `Ctrl+Wheel`. What it does is one of

- a tool that works by dragging and leaves nothing behind (`DRAGS`): `pan`;
- for the wheel, turned or tilted, what a notch steps through (`WHEELS`): `series`;
- a command of the table, by its id (they have a dot): `report.dictate`;
- nothing: "". The right button alone then opens the menu only; with a tool it does so when it is clicked, not dragged.

The left button alone is always the chosen tool: everything that draws needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.session.tool import Tool

LEFT, MIDDLE, RIGHT, BACK, FORWARD = "Left", "Middle", "Right", "Back", "Forward"
WHEEL, TILT = "Wheel", "Tilt"
"""Turned, and pushed to a side: each steps through something, to the right as towards the reader."""
BUTTONS = (LEFT, MIDDLE, RIGHT, BACK, FORWARD, WHEEL, TILT)
HELD = ("", "Ctrl", "Shift", "Alt", "Ctrl+Shift")
"""What may be held; Ctrl and Alt together are AltGr on many keyboards."""

DRAGS: Mapping[str, str] = {
    "zoom": "Zoom",
    "window": "Window and level",
    "pan": "Pan",
    "scroll": "Scroll",
    "crosshair": "Crosshair",
}
CHOICES: Mapping[str, str] = {name: DRAGS[name] for name in ("zoom", "window", "pan", "scroll")} | {"": "The menu only"}
"""What the right button alone may be, with titles (English source strings)."""

# (title, the command of a notch towards the reader, the command of a notch away)
WHEELS: Mapping[str, tuple[str, str, str]] = {
    "images": ("Images", "image.next", "image.previous"),
    "images10": ("Ten images", "image.next10", "image.previous10"),
    "zoom": ("Zoom", "image.zoom_out", "image.zoom_in"),
    "series": ("Series", "series.next", "series.previous"),
    "phases": ("Phases, b-values, times", "dimension.next", "dimension.previous"),
    "stages": ("Hanging stages", "hanging.next", "hanging.previous"),
    "viewports": ("Viewports", "viewport.next", "viewport.previous"),
    "slab": ("Slab thickness", "slab.thinner", "slab.thicker"),
}

DEFAULTS: Mapping[str, str] = {
    "Middle": "pan",
    "Right": "zoom",
    "Back": "series.previous",
    "Forward": "series.next",
    "Wheel": "images",
    "Tilt": "images",
    "Ctrl+Wheel": "zoom",
    "Shift+Wheel": "images10",
    "Alt+Wheel": "slab",
}

FUSED_OR_SOLID = "Shift+Left"
"""Unless it is given something else: the scale of what is laid over, and the window of a 3D view."""


def is_command(action: str) -> bool:
    return "." in action


def presses() -> Iterable[str]:
    """Every press that can be given something to do."""
    named = (f"{held}+{button}" if held else button for button in BUTTONS for held in HELD)
    return (press for press in named if press not in (LEFT, f"Alt+{TILT}"))


def why_not(press: str, action: str) -> str:
    """Why a press cannot do this, in words (English source text); empty when it can."""
    held, _, button = press.rpartition("+")
    if press == LEFT:
        return "The left button alone is always the chosen tool"
    if button not in BUTTONS or held not in HELD:
        return "There is no such mouse button"
    if button == TILT and held == "Alt":
        return "With Alt a wheel that is turned and one that is tilted are the same"
    if not action:
        return ""
    if button in (WHEEL, TILT):
        return "" if action in WHEELS else "The wheel steps through something: it cannot be dragged, and runs no single command"
    if press == RIGHT and is_command(action):
        return "The right button opens the menu: it can be a tool when it is dragged, or nothing"
    if action not in DRAGS and not is_command(action):
        return "A mouse button is a tool that is dragged, or a command"
    return ""


class Mouse:
    """What is in force. `use` lays the reader's over the profile's over the built-in."""

    def __init__(self) -> None:
        self.changed: Signal[str] = Signal()
        """The reader chose something else for the right button; says its name."""
        self.wanted: Signal[str] = Signal()
        """A button that is a command was pressed; says its id."""
        self.does: Mapping[str, str] = DEFAULTS

    def use(self, *layers: Mapping[str, str]) -> None:
        """Lowest first, above the built-in. What cannot be is passed over."""
        does = dict(DEFAULTS)
        for layer in layers:
            does |= {press: action for press, action in layer.items() if not why_not(press, action)}
        self.does = does

    def action(self, button: str, held: str = "") -> str:
        """What a press does: its own, or that of the button alone."""
        own = self.does.get(f"{held}+{button}" if held else button)
        return own if own is not None else self.does.get(button, "")

    def is_given(self, button: str, held: str) -> bool:
        """Whether a press has something of its own to do."""
        return (f"{held}+{button}" if held else button) in self.does

    @property
    def right(self) -> str:
        return self.does.get(RIGHT, "")

    def set_right(self, name: str) -> None:
        """Unknown names are passed over."""
        if name in CHOICES and name != self.right:
            self.does = {**self.does, RIGHT: name}
            self.changed.emit(name)

    def next_right(self) -> str:
        """The next choice; returns its title."""
        names = list(CHOICES)
        here = names.index(self.right) if self.right in names else -1
        self.set_right(names[(here + 1) % len(names)])
        return CHOICES[self.right]

    def tool(self, button: str = RIGHT, held: str = "") -> Tool | None:
        """The tool that a drag with a button is; None for the menu only, a command, nothing."""
        from workstation.session.tool import Tool  # it holds this object

        action = self.action(button, held)
        return Tool(action) if action in DRAGS else None
