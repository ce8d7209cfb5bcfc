"""Trees of tapering tubes that fill an organ evenly, as arteries, veins and airways do.

The organ is strewn with points that all want blood. From its root a branch goes part of the
way to the middle of its points, the points are divided in two by a plane through the branch,
and each half gets a branch of its own, until one point is left.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rendering.phantoms.scan import Matrix, Segments

Distance = Callable[[Matrix], Matrix]
"""Signed distance (n,) of points (n, 3) to the surface of the organ, negative inside."""

_LEAF = 0.44
_FLOW = 1 / 2.65  # a mother's radius to the power 2.65 is the sum of her daughters' (near Murray's law)


def strewn(rng: np.random.Generator, organ: Distance, low: Matrix, high: Matrix, count: int, margin: float) -> Matrix:
    """About `count` points (n, 3) spread evenly in the organ, at least `margin` mm below its surface."""
    trial = rng.uniform(low, high, (count * 12, 3))
    return np.asarray(trial[organ(trial) < -margin][:count], dtype=np.float64)


def fill(rng: np.random.Generator, roots: Matrix, points: Matrix) -> Segments:
    """Branches from `roots` (n, 7: x y z radius and a direction) to all `points` (m, 3) of the organ.

    A point goes to the root from whose direction it is nearest. Answers tapering segments.
    """
    aims = roots[:, 0:3] + 38 * roots[:, 4:7]
    owner = np.argmin(np.linalg.norm(points[:, None] - aims[None], axis=2), axis=1)
    grown: list[Matrix] = []
    for number, root in enumerate(roots):
        mine = points[owner == number]
        if len(mine):
            grown.extend(_branches(rng, root, mine))
    return np.asarray(grown, dtype=np.float64).reshape(-1, 8)


def _branches(rng: np.random.Generator, root: Matrix, points: Matrix) -> list[Matrix]:
    # A root thinner than its points would have it makes all its branches a little thinner.
    scale = min(1.0, root[3] / _radius(len(points)))
    waiting = [(root[0:3], root[4:7], points)]
    result: list[Matrix] = []
    while waiting:
        start, heading, mine = waiting.pop()
        towards = mine.mean(axis=0) - start
        part = 0.42 if len(mine) > 1 else 0.9
        # A vessel leaves in the direction of its mother before it turns to its own points.
        end = start + part * towards + 0.1 * np.linalg.norm(towards) * heading * (len(mine) > 1)
        step = end - start
        length = float(np.linalg.norm(step)) + 1e-6
        middle = (start + end) / 2 + 0.06 * length * rng.normal(size=3) + 0.07 * length * (heading - step / length)
        wide, narrow = scale * _radius(len(mine)), scale * _radius(max(len(mine) * 0.8, 0.25))
        mean = (wide + narrow) / 2
        result.append(np.concatenate([start, [wide], middle, [mean]]))
        result.append(np.concatenate([middle, [mean], end, [narrow]]))
        if len(mine) > 1:
            waiting.extend((end, step / length, half) for half in _halves(rng, mine, step / length))
    return result


def _radius(leaves: float) -> float:
    return float(_LEAF * leaves**_FLOW)


def _halves(rng: np.random.Generator, points: Matrix, direction: Matrix) -> tuple[Matrix, Matrix]:
    """Divide points by a plane that holds `direction` where the points spread most across it; unevenly, as in life."""
    offset = points - points.mean(axis=0)
    across = offset - np.outer(offset @ direction, direction)
    values, vectors = np.linalg.eigh(across.T @ across)
    spread = across @ vectors[:, int(np.argmax(values))]
    order = np.argsort(spread, kind="stable")
    cut = int(np.clip(round(len(points) * rng.uniform(0.3, 0.7)), 1, len(points) - 1))
    return points[order[:cut]], points[order[cut:]]
