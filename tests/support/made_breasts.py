"""Mammograms with a known chest wall and nipple: half an ellipse, a nipple on it, and what makes finding them hard."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 1200, 900


def made_breast(
    nipple_row: int = 640,
    depth: int = 420,
    half_height: int = 400,
    bump: int = 22,
    gap: int = 0,
    oblique: bool = False,
    noise: float = 12.0,
    air: float = 60.0,
    seed: int = 3,
) -> NDArray[Any]:
    """A left breast, chest wall at the left, tissue brighter than air; 12 bits in uint16.

    `gap` columns of air lie between the image's border and the chest wall, straight. The nipple stands out by `bump`
    columns at `nipple_row`: at column `gap + depth + bump` of the image it ends.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    x = x - gap
    up, down = (nipple_row if oblique else half_height), half_height
    share = np.where(y < nipple_row, (nipple_row - y) / up, (y - nipple_row) / down)
    edge = depth * np.sqrt(np.clip(1.0 - np.clip(share, 0.0, 1.0) ** 2, 0.0, 1.0))
    if oblique:
        # The axilla: the skin goes on upwards, not back to the chest wall.
        edge = np.maximum(edge, np.where(y < nipple_row, depth * 0.55, 0.0))
    tip = np.hypot((x - depth) / (bump + 4), (y - nipple_row) / 24.0) < 1.0 if bump else np.zeros(x.shape, bool)
    inside = ((x < edge) | tip) & (x >= 0)
    thick = np.clip((edge - x) / 80.0, 0.15, 1.0)
    tissue = 900 + 900 * thick + 300 * np.sin(x / 37.0) * np.cos(y / 51.0)
    image = np.where(inside, tissue, air)
    if oblique:
        image = np.where(inside & (x < 260 * (1 - y / 700)), 2900.0, image)
    image = image + rng.normal(0.0, noise, image.shape)
    made: NDArray[Any] = np.clip(image, 0, 4095).astype("u2")
    return made


def with_marker(image: NDArray[Any], row: int = 60, column: int = 700) -> NDArray[Any]:
    """A lead letter at the outer upper corner."""
    made = image.copy()
    made[row : row + 90, column : column + 18] = 4000
    made[row + 72 : row + 90, column : column + 70] = 4000
    return made


def with_film_border(image: NDArray[Any], width: int = 14) -> NDArray[Any]:
    """The white edge of a digitised film, all round but at the chest wall."""
    made = image.copy()
    made[:width], made[-width:], made[:, -width:] = 4090, 4090, 4090
    return made


def with_implant(image: NDArray[Any], nipple_row: int = 640) -> NDArray[Any]:
    made = image.copy()
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    made[(np.hypot((x - 120) / 200.0, (y - nipple_row) / 260.0) < 1.0)] = 3900
    return made
