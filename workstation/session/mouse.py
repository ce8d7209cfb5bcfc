"""What the right mouse button does when it is dragged; clicked it opens the menu. Left, middle and wheel are as everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.session.tool import Tool

CHOICES: Mapping[str, str] = {
    "zoom": "Zoom",
    "window": "Window and level",
    "pan": "Pan",
    "scroll": "Scroll",
    "": "The menu only",
}
"""The names of tools a reader may lay on the right button, with titles (English source strings); "" is none."""


class Mouse:
    """The reader's choice; the window keeps it from one day to the next."""

    def __init__(self) -> None:
        self.changed: Signal[str] = Signal()
        self.right = next(iter(CHOICES))

    def set_right(self, name: str) -> None:
        """Unknown names are passed over."""
        if name in CHOICES and name != self.right:
            self.right = name
            self.changed.emit(name)

    def next_right(self) -> str:
        """The next choice; returns its title."""
        names = list(CHOICES)
        self.set_right(names[(names.index(self.right) + 1) % len(names)])
        return CHOICES[self.right]

    def tool(self) -> Tool | None:
        """The tool that a drag with the right button is; None: only the menu."""
        from workstation.session.tool import Tool  # it holds this object

        return Tool(self.right) if self.right else None
