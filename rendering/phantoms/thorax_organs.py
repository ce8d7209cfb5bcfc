"""What lies within the chest and just below it: lungs, mediastinum, heart, upper abdomen.

Coordinates as in `thorax_wall`.
"""

from __future__ import annotations

import numpy as np

from rendering.phantoms.shapes import (
    Array,
    Point,
    capsule,
    ellipsoid,
    ramp,
    smooth_cut,
    smooth_overlap,
    smooth_union,
    turned_ellipsoid,
)
from rendering.phantoms.thorax_wall import cage, spine_y


def diaphragm(x: Array, y: Array) -> Array:
    """The height z of the upper surface of the diaphragm; the right dome stands higher."""
    right = -104 - 34 * ((x + 68) / 78) ** 2 - 44 * np.clip((y + 8) / 82, -2, 2) ** 2
    left = -118 - 34 * ((x - 74) / 76) ** 2 - 46 * np.clip((y - 0) / 82, -2, 2) ** 2
    k = 14.0
    h = np.maximum(k - np.abs(right - left), 0) / k
    return np.asarray(np.maximum(right, left) + h * h * k / 4, dtype=np.float32)


def heart(x: Array, y: Array, z: Array) -> dict[str, Array]:
    """Chambers by name, `heart muscle`, and `heart` (its outside with fat)."""
    axis: Point = (0.72, -0.56, -0.42)
    lv_wall = turned_ellipsoid(x, y, z, (42, -33, -90), (50, 33, 33), axis)
    lv = turned_ellipsoid(x, y, z, (39, -31, -88), (39, 22, 22), axis)
    rv_wall = smooth_union(
        turned_ellipsoid(x, y, z, (8, -56, -92), (44, 24, 27), (0.85, -0.2, -0.48)),
        ellipsoid(x, y, z, (12, -58, -62), (20, 19, 26)),
        12,
    )
    rv = smooth_cut(rv_wall + 3.5, lv_wall, 3)
    ra = ellipsoid(x, y, z, (-33, -22, -74), (24, 28, 35))
    la = smooth_union(ellipsoid(x, y, z, (6, 4, -56), (34, 17, 21)), ellipsoid(x, y, z, (34, -14, -48), (14, 16, 12)), 8)
    ra_inside = smooth_cut(ra + 1.5, lv_wall, 4)
    la_inside = smooth_cut(la + 1.5, lv_wall, 4)
    rv = smooth_cut(rv, ra, 3)
    muscle = smooth_union(lv_wall, rv_wall, 3)
    muscle = np.minimum(muscle, np.minimum(ra, la))
    outside = smooth_union(smooth_union(lv_wall, rv_wall, 18), smooth_union(ra, la, 18), 18) - 3.0
    return {
        "left ventricle": lv,
        "right ventricle": rv,
        "right atrium": ra_inside,
        "left atrium": la_inside,
        "heart muscle": muscle,
        "heart": outside,
    }


def mediastinum(x: Array, y: Array, z: Array, heart_outside: Array) -> Array:
    """Everything between the lungs."""
    v = y - spine_y(z)
    column = np.sqrt((x / 1.25) ** 2 + (v - 4) ** 2) - 20
    back = np.maximum(np.abs(x) - 13 - 0.42 * np.clip(v, 0, None), 5 - v)
    upper = (np.sqrt(((x - 2) / (32 - 0.06 * np.clip(z - 40, 0, None))) ** 2 + ((y + 18 - 0.1 * z) / 38) ** 2) - 1) * 30
    upper = np.maximum(upper, -20 - z)
    hila = smooth_union(ellipsoid(x, y, z, (-40, 8, -30), (19, 17, 28)), ellipsoid(x, y, z, (45, 16, -26), (17, 18, 28)), 10)
    aorta = _rods(
        x,
        y,
        z,
        (
            ((-16, -30, -40), (-14, -28, 10), 20),
            ((-10, -24, 18), (24, 16, 20), 19),
            ((26, 34, 20), (25, 36, -70), 15.5),
            ((25, 36, -70), (12, 20, -150), 15.5),
            ((12, 20, -150), (4, 0, -205), 15),
        ),
    )
    trunk = _rods(
        x,
        y,
        z,
        (
            ((14, -48, -50), (24, -30, -16), 19),
            ((24, -30, -16), (42, 6, -12), 15),
            ((-30, -20, 40), (-29, -18, -40), 13),
            ((-24, 8, -80), (-22, 6, -125), 14),
            ((8, 22, 0), (10, 14, -120), 12),
            ((0, 10, 4), (6, 6, -60), 19),
            ((-4, -16, -14), (12, -14, -52), 17),
        ),
    )
    front = np.maximum(np.abs(x + 1) - 1.2 - 9 * ramp(z, 10, 45), y + 30)
    result = smooth_union(np.asarray(column, np.float32), np.asarray(back, np.float32), 10)
    result = smooth_union(result, np.asarray(upper, np.float32), 14)
    result = smooth_union(result, hila, 12)
    result = smooth_union(result, aorta, 8)
    result = smooth_union(result, trunk, 8)
    result = smooth_union(result, np.asarray(front, np.float32), 6)
    return smooth_union(result, heart_outside, 9)


def _rods(x: Array, y: Array, z: Array, rods: tuple[tuple[Point, Point, float], ...]) -> Array:
    result = capsule(x, y, z, *rods[0])
    for rod in rods[1:]:
        result = smooth_union(result, capsule(x, y, z, *rod), 8)
    return result


def lungs(x: Array, y: Array, z: Array) -> Array:
    """Both lungs; the wall, the mediastinum and the diaphragm leave this shape."""
    return lungs_from(x, y, z, cage(x, y, z), mediastinum(x, y, z, heart(x, y, z)["heart"]))


def lungs_from(x: Array, y: Array, z: Array, wall: Array, middle: Array) -> Array:
    """Both lungs from a wall and a mediastinum that are already known."""
    top = 106 - 0.018 * (np.abs(x) - 44) ** 2 - 0.011 * (y - 18) ** 2
    dome = smooth_overlap(wall + 1.0, np.asarray((z - top) * 0.8, np.float32), 8)
    base = np.asarray((diaphragm(x, y) - z) * 0.72, dtype=np.float32)
    return smooth_overlap(smooth_cut(dome, middle, 5), base, 3)


def lung_at(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Signed distance of points (n, 3) to the lungs, for the vessels that grow in them."""
    p = np.asarray(points, dtype=np.float32)
    return lungs(p[:, 0], p[:, 1], p[:, 2]).astype(np.float64)


def fissures(x: Array, y: Array, z: Array) -> Array:
    """Distance to the oblique fissures of both sides and to the horizontal one on the right."""
    bulge = 0.0009 * (np.abs(x) - 70) ** 2
    oblique = np.abs((y + 8) * 0.72 - (z + 45) * 0.70 * -1 - np.where(x > 0, 6, 0) - bulge * 3)
    horizontal = np.where(
        (x < 0) & ((y + 8) * 0.72 + (z + 45) * 0.70 < 0), np.abs(z + 28 - 0.0016 * (y + 60) ** 2 - 0.06 * (x + 70)), 50
    )
    return np.asarray(np.minimum(oblique, horizontal), dtype=np.float32)


def abdomen(x: Array, y: Array, z: Array, wall: Array) -> dict[str, Array]:
    """`cavity`, `liver`, `stomach`, `stomach air`, `stomach inside`, `spleen`, `gall bladder`, `adrenals`."""
    floor = diaphragm(x, y)
    cavity = smooth_overlap(np.asarray((z - floor) * 0.72 + 2.5, np.float32), wall + 3.0, 4)
    spine_side = np.asarray(26 - np.sqrt((x / 1.2) ** 2 + (y - spine_y(z)) ** 2), np.float32)
    cavity = smooth_overlap(cavity, spine_side, 6)
    liver = smooth_union(ellipsoid(x, y, z, (-66, -8, -165), (66, 84, 66)), ellipsoid(x, y, z, (14, -56, -156), (64, 36, 36)), 24)
    liver = smooth_overlap(liver, cavity - 1.6, 3)
    liver = smooth_cut(liver, ellipsoid(x, y, z, (2, 34, -170), (36, 42, 80)), 12)
    stomach = smooth_union(
        turned_ellipsoid(x, y, z, (66, 4, -152), (46, 33, 33), (0.35, -0.4, -0.85)),
        ellipsoid(x, y, z, (48, -34, -186), (34, 28, 26)),
        16,
    )
    stomach = smooth_cut(smooth_overlap(stomach, cavity + 3.0, 5), liver - 3, 4)
    inside = stomach + 4.5
    air = np.maximum(inside, y + 10)
    spleen = smooth_cut(turned_ellipsoid(x, y, z, (104, 46, -168), (52, 24, 40), (0.5, -0.75, -0.4)), stomach - 5, 6)
    spleen = smooth_overlap(spleen, cavity - 0.5, 4)
    return {"cavity": cavity, "liver": liver, "stomach": stomach, "stomach inside": inside, "stomach air": air, "spleen": spleen}
