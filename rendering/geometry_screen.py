"""From an image's own coordinates to view pixels and back: fit, zoom, pan, rotation, flips.

Source coordinates are (u, v): for a frame its pixel indices (0 is the centre of the first
pixel), for a cut millimetres in the plane. View coordinates have pixel edges on whole numbers
(see rendering.picture).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from workstation.domain.viewing import Sizing, ViewportState

# Exact values for the quarter turns, so that a frame at rotation 90 is not resampled askew.
QUARTERS: dict[int, tuple[float, float]] = {0: (1.0, 0.0), 90: (0.0, 1.0), 180: (-1.0, 0.0), 270: (0.0, -1.0)}

# Sizes that only images with known millimetres have.
IN_MM = (Sizing.TRUE_SIZE, Sizing.SAME_SCALE)
# A column stands upright when it leans by less than this.
UPRIGHT = 1e-6

# Zoom and size never reach zero: a viewport dragged to nothing still has an inverse.
SMALLEST_ZOOM = 1e-3


@dataclass(frozen=True, slots=True)
class ScreenMap:
    """x = a u + b v + tx, y = c u + d v + ty. `scale` is view pixels per unit of length.

    `per_pixel` is view pixels per image pixel, in the direction in which those are finest.
    """

    a: float
    b: float
    c: float
    d: float
    tx: float
    ty: float
    scale: float
    per_pixel: float = 1.0

    def to_view(self, u: float, v: float) -> tuple[float, float]:
        return self.a * u + self.b * v + self.tx, self.c * u + self.d * v + self.ty

    def to_source(self, x: float, y: float) -> tuple[float, float]:
        determinant = self.a * self.d - self.b * self.c
        p, q = x - self.tx, y - self.ty
        return (self.d * p - self.b * q) / determinant, (self.a * q - self.c * p) / determinant

    def source_steps(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The (u, v) step of one view pixel to the right, and of one downwards."""
        determinant = self.a * self.d - self.b * self.c
        return (self.d / determinant, -self.c / determinant), (-self.b / determinant, self.a / determinant)


def screen_map(
    extent: tuple[float, float, float, float],
    pitch: tuple[float, float],
    state: ViewportState,
    width: int,
    height: int,
    pixel: float = 0.0,
    in_mm: bool = False,
    held: tuple[float, float] | None = None,
    middle: tuple[float, float] | None = None,
) -> ScreenMap:
    """The map that fits `extent` (u0, u1, v0, v1: outer edges) into the view at zoom 1, or sizes it as the state asks.

    `pixel` is the length of the finest image pixel (0: the smaller pitch); `in_mm` says that lengths
    are millimetres, without which there is no true size and no common scale. `held` is the (u, v) that an anchored
    state holds at its side and height; without it the edge of the extent and its middle are. `middle` is the (u, v)
    that lies in the middle of a framed view; without it that of the extent does.

    `pitch` is the length of one unit of u and of v (mm, or the pixel aspect when lengths are
    unknown), so that pixels that are not square are drawn right. Rotation is clockwise and
    comes before the flips, which are flips on the screen (PS3.3 C.10.6).
    """
    u0, u1, v0, v1 = extent
    cos, sin = _turn(state.rotation)
    is_anatomy = state.framed is not None and state.framed.is_anatomy
    is_framed = not state.anchor and (state.sizing is Sizing.ANATOMY if is_anatomy else in_mm)
    wide, high = state.framed.mm if state.framed and is_framed else ((u1 - u0) * pitch[0], (v1 - v0) * pitch[1])
    box = abs(cos) * wide + abs(sin) * high, abs(sin) * wide + abs(cos) * high
    finest = pixel or min(pitch)
    sizing = state.sizing if state.sizing not in IN_MM or (in_mm and state.pixel_mm > 0.0) else Sizing.FIT
    fitting = {Sizing.PIXELS: 1.0 / finest, **dict.fromkeys(IN_MM, 1.0 / (state.pixel_mm or 1.0))}
    scale = fitting.get(sizing, min(width / box[0], height / box[1])) * max(state.zoom, SMALLEST_ZOOM)
    flip_x = -1.0 if state.flipped_horizontally else 1.0
    flip_y = -1.0 if state.flipped_vertically else 1.0
    a, b = flip_x * scale * cos * pitch[0], flip_x * scale * -sin * pitch[1]
    c, d = flip_y * scale * sin * pitch[0], flip_y * scale * cos * pitch[1]
    u, v = middle if middle is not None and is_framed else ((u0 + u1) / 2, (v0 + v1) / 2)
    x, y = width * (state.middle[0] + state.pan[0]), height * (state.middle[1] + state.pan[1])
    if state.anchor:
        dx, dy = _from_anchor((a, b, c, d), extent, state.anchor, held)
        x, y = x + dx, y + dy
    tx, ty = x - a * u - b * v, y - c * u - d * v
    if sizing is Sizing.PIXELS:
        # The edge of the first pixel on the edge of a device pixel: no image pixel falls between two.
        left, top = a * u0 + b * v0 + tx, c * u0 + d * v0 + ty
        tx, ty = tx + round(left) - left, ty + round(top) - top
    return ScreenMap(a, b, c, d, tx, ty, scale, scale * finest)


def _from_anchor(
    linear: tuple[float, float, float, float],
    extent: tuple[float, float, float, float],
    anchor: str,
    held: tuple[float, float] | None,
) -> tuple[float, float]:
    """From the anchored place to the middle of the extent, in view pixels.

    A held place counts only while its column stands upright on the screen and the middle lies on the inner side of it:
    an image that was turned or mirrored since lies flush with its own edge instead, and never outside the view.
    """
    a, b, c, d = linear
    u0, u1, v0, v1 = extent
    inwards = 1.0 if anchor == "left" else -1.0
    if held is not None and abs(b) < UPRIGHT * abs(a):
        du, dv = (u0 + u1) / 2 - held[0], (v0 + v1) / 2 - held[1]
        if (a * du + b * dv) * inwards > 0.0:
            return a * du + b * dv, c * du + d * dv
    return inwards * (abs(a) * (u1 - u0) + abs(b) * (v1 - v0)) / 2, 0.0


def _turn(degrees: int) -> tuple[float, float]:
    exact = QUARTERS.get(degrees % 360)
    return exact or (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
