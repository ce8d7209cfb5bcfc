"""Trees of tapering tubes that grow into an organ until they reach its surface."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rendering.phantoms.scan import Matrix, Segments

Distance = Callable[[Matrix], Matrix]
"""Signed distance (n,) of points (n, 3) to the surface of the organ, negative inside."""


def grow(rng: np.random.Generator, roots: Matrix, organ: Distance, *, smallest: float, generations: int,
         reach: float = 3.5, margin: float = 3.0) -> Segments:
    """Grow from `roots` (n, 8: x y z r dx dy dz pull) by splitting in two, generation by generation.

    Each branch is about `reach` root-law lengths long; daughters carry the flow of the mother
    (Murray: r^3 = r1^3 + r2^3); a branch ends where its radius falls below `smallest` or where
    it comes within `margin` millimetres of the surface.
    """
    tips = roots.copy()
    grown: list[Segments] = []
    for _ in range(generations):
        if not len(tips):
            break
        pieces, tips = _lengthen(rng, tips, organ, reach, margin)
        grown.extend(pieces)
        tips = _split(rng, tips[tips[:, 3] > smallest])
    return np.vstack(grown) if grown else np.zeros((0, 8))


def _lengthen(rng: np.random.Generator, tips: Matrix, organ: Distance, reach: float, margin: float) -> tuple[list[Segments], Matrix]:
    """Three bent pieces for every tip; those that leave the organ stop where they are."""
    pieces: list[Segments] = []
    alive = tips
    length = (4.0 + reach * alive[:, 3]) * rng.uniform(0.75, 1.3, len(alive)) / 3
    for _ in range(3):
        if not len(alive):
            break
        bend = rng.normal(0, 0.13, (len(alive), 3))
        direction = alive[:, 4:7] + bend
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        end = alive.copy()
        end[:, 0:3] += direction * length[:, None]
        end[:, 3] *= 0.955
        end[:, 4:7] = direction
        inside = organ(end[:, 0:3]) < -margin
        # Near the surface a vessel turns along it rather than ending in a stump.
        pieces.append(np.hstack([alive[:, 0:4], end[:, 0:4]])[inside])
        alive, length = end[inside], length[inside]
    return pieces, alive


def _split(rng: np.random.Generator, tips: Matrix) -> Matrix:
    if not len(tips):
        return tips
    share = rng.uniform(0.25, 0.5, len(tips))
    turn = rng.normal(0, 1, (len(tips), 3))
    axis = np.cross(tips[:, 4:7], turn)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True) + 1e-9
    big, small = tips.copy(), tips.copy()
    for daughter, part, side in ((big, 1 - share, 1.0), (small, share, -1.0)):
        daughter[:, 3] *= part ** (1 / 3)
        # The thinner daughter leaves at the wider angle.
        angle = rng.normal(np.radians(22 + 75 * (1 - part) ** 2), 0.12)
        daughter[:, 4:7] = tips[:, 4:7] * np.cos(angle)[:, None] + side * axis * np.sin(angle)[:, None]
    return np.vstack([big, small])
