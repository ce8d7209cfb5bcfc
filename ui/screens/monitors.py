"""The monitors as Qt tells of them, kept by value: a `QScreen` is gone the moment its monitor is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication, QScreen

from ui.true_size import device_pixels, name_of

LEAST = 320, 240
"""In Qt's own coordinates: on less than this no window of ours has room."""
BUILT_IN = ("edp", "lvds", "dsi", "built-in", "internal")


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor. `rect` and `free` (without docks and bars) are in Qt's own coordinates, `width` and `height` in device pixels.

    `inches` is its diagonal, 0 where it does not say how large it is.
    `key` is the monitor itself (maker, model, serial number, plug, resolution); `kind` is it at whatever plug.
    """

    key: str
    name: str
    rect: QRect
    free: QRect
    width: int
    height: int
    ratio: float = 1.0
    depth: int = 24
    kind: str = ""
    model: str = ""
    serial: str = ""
    inches: float = 0.0

    @property
    def is_portrait(self) -> bool:
        return self.height > self.width

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def is_built_in(self) -> bool:
        return self.name.casefold().startswith(BUILT_IN)

    def screen(self) -> QScreen | None:
        """Qt's screen of this monitor; None when it is not there any more."""
        return next((screen for screen in QGuiApplication.screens() if name_of(screen) == self.key), None)


def monitor_of(screen: QScreen) -> Monitor:
    width, height = device_pixels(screen)
    maker, model, serial = screen.manufacturer(), screen.model(), screen.serialNumber()
    return Monitor(
        name_of(screen),
        screen.name(),
        screen.geometry(),
        screen.availableGeometry(),
        width,
        height,
        screen.devicePixelRatio(),
        screen.depth(),
        f"{maker}|{model}|{serial}|{width}x{height}" if serial else "",
        f"{maker} {model}".strip(),
        serial,
        math.hypot(screen.physicalSize().width(), screen.physicalSize().height()) / 25.4,
    )


def monitors() -> tuple[Monitor, ...]:
    """Those that can show a window, from left to right. Qt's stand-in for none at all counts while it is alone."""
    return apart(monitor_of(screen) for screen in QGuiApplication.screens() if _has_room(screen.geometry()))


def _has_room(rect: QRect) -> bool:
    return rect.width() >= LEAST[0] and rect.height() >= LEAST[1]


def apart(found: Iterable[Monitor]) -> tuple[Monitor, ...]:
    """From left to right, and of those that show the same (a projector beside the screen) only the largest."""
    kept: list[Monitor] = []
    for monitor in sorted(found, key=lambda m: -m.rect.width() * m.rect.height()):
        if not any(other.rect.contains(monitor.rect) for other in kept):
            kept.append(monitor)
    return tuple(sorted(kept, key=lambda m: (m.rect.x(), m.rect.y(), m.key)))


def set_name(present: Iterable[Monitor]) -> str:
    """What a set of monitors is remembered under: each of them, where it stands and how it is scaled."""
    return "; ".join(f"{m.key}@{m.rect.x()},{m.rect.y()}*{m.ratio:g}" for m in present)


def loose_set_name(present: Iterable[Monitor]) -> str:
    """The same monitors at whatever plugs and places; empty where one of them does not say who it is."""
    kinds = sorted(m.kind for m in present)
    return "; ".join(kinds) if kinds and all(kinds) else ""
