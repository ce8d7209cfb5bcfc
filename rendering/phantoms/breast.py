"""The compressed breast as a mammogram shows it.

Coordinates of the left breast: `depth` millimetres from the chest-wall edge of the image
towards the nipple, `down` millimetres from the middle of the image downwards. A right breast
is its own draw of the texture, mirrored by the caller. Values are those of a 12-bit image
made for presentation: fat about 1200, gland up to 2900.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rendering.phantoms import noise
from rendering.phantoms.scan import Planes, TubePainter, blend, coverage, tube
from rendering.phantoms.shapes import Array, profile, ramp

_DOWN = (-116.0, -90.0, -60.0, -30.0, 0.0, 20.0, 40.0, 58.0, 72.0, 84.0, 93.0, 101.0, 116.0)
_OBLIQUE = (66.0, 77.0, 90.0, 103.0, 113.0, 116.0, 112.0, 99.0, 80.0, 57.0, 38.0, 31.0, 36.0)
_CC_DOWN = (-104.0, -97.0, -92.0, -82.0, -64.0, -40.0, -15.0, 8.0, 32.0, 54.0, 74.0, 86.0, 92.0, 96.0, 104.0)
_CC = (-60.0, -20.0, 12.0, 44.0, 77.0, 98.0, 106.0, 106.0, 99.0, 83.0, 56.0, 28.0, 4.0, -22.0, -60.0)
FAT, GLAND = 1180.0, 1700.0


@dataclass(frozen=True)
class View:
    """A projection: its outline, where the nipple is and whether the pectoral muscle is seen."""

    oblique: bool

    @property
    def nipple(self) -> tuple[float, float]:
        """(depth, down) of the base of the nipple."""
        return (115.5, 18.0) if self.oblique else (106.0, 3.0)

    def edge(self, down: Array) -> Array:
        """Depth of the skin at `down`."""
        return profile(down, _DOWN, _OBLIQUE) if self.oblique else profile(down, _CC_DOWN, _CC)

    def inside(self, depth: Array, down: Array) -> Array:
        """Signed distance to the skin, negative inside; the nipple is part of it."""
        step = np.float32(0.5)
        slope = (self.edge(down + step) - self.edge(down - step)) / (2 * step)
        body = (depth - self.edge(down)) / np.sqrt(1 + slope * slope)
        nd, nv = self.nipple
        nipple = np.sqrt(np.maximum(np.abs(depth - nd) - 1.2, 0) ** 2 + (down - nv) ** 2) - 4.6
        reach = np.float32(3.0)
        h = np.maximum(reach - np.abs(body - nipple), 0) / reach
        return np.asarray(np.minimum(body, nipple) - h * h * reach / 4, dtype=np.float32)

    def muscle(self, depth: Array, down: Array) -> Array:
        """Signed distance to the pectoral muscle; large where the view shows none."""
        if not self.oblique:
            return np.full(np.broadcast_shapes(depth.shape, down.shape), 1e3, dtype=np.float32)
        along = (down + 116) / 136
        return np.asarray((depth - 62 * (1 - along) - 9 * np.sin(np.pi * np.clip(along, 0, 1))) * 0.9, dtype=np.float32)


@dataclass(frozen=True)
class Calcification:
    """One grain: (depth, down) in millimetres, diameter, and how much it adds."""

    depth: float
    down: float
    diameter: float
    strength: float


def cluster(rng: np.random.Generator, centre: tuple[float, float, float], oblique: bool) -> tuple[Calcification, ...]:
    """Grains within a centimetre of `centre` (depth, lateral, up), as one of the two views sees them.

    The same generator state gives the same grains in space, so that both views agree.
    """
    grains = []
    for _ in range(16):
        depth, lateral, up = np.asarray(centre) + rng.normal(0, 2.6, 3)
        size, strength = rng.uniform(0.22, 0.62), rng.uniform(700, 1300)
        down = -(0.72 * up + 0.3 * lateral) if oblique else -lateral
        grains.append(Calcification(float(depth), float(down), float(size), float(strength)))
    return tuple(grains)


def _polar(view: View, depth: Array, down: Array) -> tuple[Array, Array]:
    """(distance from the nipple in mm, angle) of places in the breast."""
    nd, nv = view.nipple
    return np.asarray(np.hypot(depth - nd - 6, down - nv), np.float32), np.asarray(
        np.arctan2(down - nv, nd + 6 - depth), np.float32
    )


def _sampled(texture: Array, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Array:
    """Bilinear samples of a periodic texture at fractional places."""
    rows, columns = texture.shape
    i, j = np.floor(first).astype(np.int32), np.floor(second).astype(np.int32)
    a, b = (first - i).astype(np.float32), (second - j).astype(np.float32)
    i0, i1, j0, j1 = i % rows, (i + 1) % rows, j % columns, (j + 1) % columns
    upper = texture[i0, j0] * (1 - b) + texture[i0, j1] * b
    lower = texture[i1, j0] * (1 - b) + texture[i1, j1] * b
    return np.asarray(upper * (1 - a) + lower * a, dtype=np.float32)


def parenchyma(rng: np.random.Generator, pair: np.random.Generator, view: View, depth: Array, down: Array) -> Array:
    """Glandular part, 0 to about 1, of the breast: a disc behind the nipple, lobules, strands and ducts."""
    shape = np.broadcast_shapes(depth.shape, down.shape)
    distance, angle = _polar(view, depth, down)
    skin = view.inside(depth, down)
    disc = np.exp(-(((distance - 46) / 40) ** 2)) * (1 - 0.25 * np.cos(angle * 1.5 + 0.8))
    disc = disc * ramp(-skin, 6, 24) * ramp(depth, -8, 20)
    # A woman's two breasts are alike but not the same.
    clouds = 0.8 * noise.power_law(pair, shape, 1.55, low=2 / max(shape)) + 0.6 * noise.power_law(
        rng, shape, 1.55, low=2 / max(shape)
    )
    lobules = ramp(disc * 1.3 + 0.33 * clouds, 0.42, 1.35)
    fine = noise.power_law(rng, shape, 1.15, low=8 / max(shape))
    strands = _strands(rng, distance, angle)
    veil = 0.16 * ramp(-skin, 3, 14)
    glandular = lobules * (0.72 + 0.14 * fine + 0.16 * strands) + veil * strands * (0.9 + 0.25 * clouds)
    return np.asarray(np.clip(glandular, 0, 1.4), dtype=np.float32)


def _strands(rng: np.random.Generator, distance: Array, angle: Array) -> Array:
    """Thin curved lines (ducts and ligaments) that run towards the nipple, 0 to 1."""
    texture = noise.blobs(rng, (256, 256), 7.0)
    other = noise.blobs(rng, (256, 256), 7.0)
    radial = _sampled(texture, distance * 0.24, angle * 52 + distance * 0.10)
    slanted = _sampled(other, distance * 0.45 + angle * 16, angle * 40 - distance * 0.22)
    return np.asarray(np.exp(-((radial / 0.13) ** 2)) + 0.8 * np.exp(-((slanted / 0.11) ** 2)), dtype=np.float32)


def projection(
    rng: np.random.Generator, pair: np.random.Generator, view: View, planes: Planes, depth: Array, down: Array
) -> Array:
    """The image without calcifications and noise; `planes` has one slice with x = depth and y = down.

    `pair` draws what both breasts share in this view, `rng` what is this one's own.
    """
    skin, muscle = view.inside(depth, down), view.muscle(depth, down)
    gland = parenchyma(rng, pair, view, depth, down)
    inward = np.maximum(-skin, 0)
    # Processing for presentation flattens thickness, but the rim stays a little darker.
    rim = ramp(inward, 0.0, 16.0)
    coarse_fat = noise.power_law(rng, skin.shape, 1.3, low=4 / max(skin.shape))
    value = FAT * (0.74 + 0.26 * rim) + 55 * coarse_fat * rim + GLAND * gland * (0.7 + 0.3 * rim)
    value += 330 * np.exp(-(((inward - 0.8) / 0.9) ** 2)) + 420 * ramp(skin + 8, 0, 6) * _at_nipple(view, depth, down)
    value = np.asarray(value, dtype=np.float32)
    fibres = noise.blobs(rng, (128, 128), 5.0)
    streak = _sampled(fibres, (depth * 0.55 + down * 0.3) * 2.6, (down * 0.8 - depth * 0.45) * 0.35)
    flesh = np.asarray(2060 + 90 * streak - 4.0 * depth + 40 * coarse_fat, dtype=np.float32)
    blend(value, coverage(muscle, 3.0) * np.float32(0.86), flesh)
    _vessels(rng, value, view, planes)
    if view.oblique:
        _node(value, depth, down)
    return np.asarray(value * coverage(skin, max(planes.spacing) * 2), dtype=np.float32)


def _at_nipple(view: View, depth: Array, down: Array) -> Array:
    nd, nv = view.nipple
    return np.asarray(np.exp(-(((depth - nd) / 7) ** 2) - ((down - nv) / 6) ** 2), dtype=np.float32)


def _vessels(rng: np.random.Generator, value: Array, view: View, planes: Planes) -> None:
    """A few vessels that wind through the fat towards the nipple."""
    paths = []
    for start in (-70.0, -42.0, 38.0, 62.0):
        depth, down = rng.uniform(-6, 2), start + rng.uniform(-6, 6)
        heading = np.arctan2(view.nipple[1] - down, view.nipple[0] - depth) * 0.55
        points = []
        for step in range(7):
            points.append((depth, down, 0.0, 0.75 - 0.09 * step))
            heading += rng.normal(0, 0.22)
            depth, down = depth + 12 * np.cos(heading), down + 12 * np.sin(heading)
        paths.append(tube(points))
    distance = TubePainter(planes, np.vstack(paths), reach=1.0).distances(0)
    if distance is not None:
        value += 170 * coverage(distance, 0.9)


def _node(value: Array, depth: Array, down: Array) -> None:
    """A lymph node with a fatty hilum in the axilla."""
    a, b = (depth - 34) * 0.8 + (down + 92) * 0.6, (down + 92) * 0.8 - (depth - 34) * 0.6
    outside = (np.sqrt((a / 9) ** 2 + (b / 4.6) ** 2) - 1) * 5
    hilum = (np.sqrt(((a - 1) / 5.5) ** 2 + ((b - 1.6) / 2.2) ** 2) - 1) * 3
    value += 420 * coverage(np.asarray(outside, np.float32), 1.2) - 380 * coverage(np.asarray(hilum, np.float32), 1.6)


def add_grains(value: Array, planes: Planes, grains: tuple[Calcification, ...], blur: float = 0.12) -> None:
    """Add calcifications to a projection, in place."""
    column, row = planes.spacing[1], planes.spacing[0]
    for grain in grains:
        reach = grain.diameter + 4 * blur
        c0, c1 = (
            int((grain.depth - planes.origin[0] - reach) / column),
            int((grain.depth - planes.origin[0] + reach) / column) + 2,
        )
        r0, r1 = int((grain.down - planes.origin[1] - reach) / row), int((grain.down - planes.origin[1] + reach) / row) + 2
        if min(c0, r0) < 0 or r1 > planes.rows or c1 > planes.columns:
            continue
        x = planes.origin[0] + np.arange(c0, c1) * column - grain.depth
        y = planes.origin[1] + np.arange(r0, r1) * row - grain.down
        distance = np.hypot(x[None, :], y[:, None]) - grain.diameter / 2
        value[r0:r1, c0:c1] += np.float32(grain.strength) * coverage(distance.astype(np.float32), max(column, 2 * blur))
