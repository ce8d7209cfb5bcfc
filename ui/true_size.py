"""How large a device pixel is on a screen: as the reader measured it, else as the screen says.

A measured size is remembered for each monitor (maker, model, serial number, resolution): another
monitor at the same plug is not taken for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QScreen

from workstation.errors import Refused
from workstation.settings import Remembered

KEY = "screen.pixel_mm"
# Pixels of no known screen: a projector or a virtual one that only claims a size.
LEAST_MM, MOST_MM = 0.03, 1.2
# A screen whose pixels are not square to this share cannot show a true size with one factor.
SQUARE = 0.03


@dataclass(frozen=True, slots=True)
class PixelSize:
    """The distance of two device pixels in mm, and whether the reader measured it."""

    mm: float
    measured: bool

    @property
    def source(self) -> str:
        return _tr("measured by ruler") if self.measured else _tr("as the screen says")


def name_of(screen: QScreen) -> str:
    """What a measured size is remembered under."""
    width, height = device_pixels(screen)
    return f"{screen.manufacturer()}|{screen.model()}|{screen.serialNumber()}|{screen.name()}|{width}x{height}"


def kind_of(screen: QScreen) -> str:
    """Equal for two monitors of one make and resolution; the monitor itself where it does not say its make."""
    width, height = device_pixels(screen)
    return f"{screen.manufacturer()}|{screen.model()}|{width}x{height}" if screen.model() else name_of(screen)


def device_pixels(screen: QScreen) -> tuple[int, int]:
    ratio = screen.devicePixelRatio()
    return round(screen.geometry().width() * ratio), round(screen.geometry().height() * ratio)


def pixel_size(screen: QScreen, remembered: Remembered) -> PixelSize | None:
    """None where nobody measured and the screen does not say, or says what cannot be."""
    stored = remembered.get(KEY)
    own = stored.get(name_of(screen)) if isinstance(stored, dict) else None
    if isinstance(own, (int, float)) and LEAST_MM <= own <= MOST_MM:
        return PixelSize(float(own), True)
    size, (width, height) = screen.physicalSize(), device_pixels(screen)
    if not (size.width() > 0 and size.height() > 0 and width and height):
        return None
    across, down = size.width() / width, size.height() / height
    if not LEAST_MM <= across <= MOST_MM or abs(across - down) > SQUARE * across:
        return None
    return PixelSize(math.sqrt(across * down), False)


def remember(screen: QScreen, remembered: Remembered, drawn_pixels: float, measured_mm: float) -> PixelSize:
    """A line of `drawn_pixels` device pixels is `measured_mm` long on this screen. Raises Refused for what cannot be."""
    mm = measured_mm / drawn_pixels
    if not (math.isfinite(mm) and LEAST_MM <= mm <= MOST_MM):
        raise Refused(_tr("This length cannot be right"), _tr("No screen has pixels of that size"), _tr("Measure the line again"))
    stored = remembered.get(KEY)
    known = dict(stored) if isinstance(stored, dict) else {}
    remembered.set(KEY, {**known, name_of(screen): mm})
    return PixelSize(mm, True)


def needed(screen: QScreen, remembered: Remembered) -> PixelSize:
    """Raises Refused where the size of a pixel is not known."""
    size = pixel_size(screen, remembered)
    if size is None:
        raise Refused(
            _tr("True size is not known on this screen"),
            _tr("The screen does not say how large it is, or says what cannot be"),
            _tr("Measure this screen: see the menu Image"),
        )
    return size


def _tr(text: str) -> str:
    return QCoreApplication.translate("true_size", text)
