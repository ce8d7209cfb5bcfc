"""The wall of the chest: outline, muscles, ribs, spine, sternum, shoulder girdle.

Anatomy coordinates are LPS millimetres with the carina at z = 0 and the middle of the body
at x = 0. Functions take x, y, z arrays and answer signed distances (millimetres).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rendering.phantoms.shapes import (
    Array,
    Point,
    capsule,
    ellipsoid,
    profile,
    ramp,
    smooth_cut,
    smooth_overlap,
    smooth_union,
    superellipse,
)

# From mid-thigh to the neck, so that a scan of the trunk uses the same wall.
_Z = (-560.0, -480.0, -420.0, -350.0, -280.0, -210.0, -150.0, -100.0, -50.0, -10.0, 20.0, 50.0, 75.0, 95.0, 112.0, 140.0)
_WIDTH = (120.0, 124.0, 128.0, 126.0, 126.0, 131.0, 134.0, 135.0, 131.0, 124.0, 116.0, 103.0, 86.0, 66.0, 45.0, 34.0)
_FRONT = (-80.0, -84.0, -88.0, -90.0, -92.0, -94.0, -97.0, -96.0, -92.0, -84.0, -75.0, -60.0, -45.0, -30.0, -18.0, -10.0)
_BACK = (70.0, 76.0, 74.0, 66.0, 66.0, 72.0, 82.0, 87.0, 90.0, 89.0, 86.0, 80.0, 72.0, 62.0, 52.0, 44.0)
_BODY_WIDTH = (184.0, 184.0, 180.0, 170.0, 158.0, 161.0, 164.0, 166.0, 168.0, 171.0, 174.0, 178.0, 184.0, 190.0, 194.0, 200.0)
_BODY_FRONT = (
    -88.0,
    -98.0,
    -106.0,
    -112.0,
    -116.0,
    -119.0,
    -121.0,
    -121.0,
    -119.0,
    -113.0,
    -106.0,
    -95.0,
    -80.0,
    -66.0,
    -54.0,
    -46.0,
)
_BODY_BACK = (112.0, 124.0, 126.0, 114.0, 102.0, 102.0, 108.0, 113.0, 116.0, 117.0, 116.0, 113.0, 108.0, 102.0, 96.0, 88.0)
_SPINE_Z = (-420.0, -380.0, -345.0, -310.0, -265.0, -210.0, -150.0, -100.0, -35.0, 20.0, 75.0, 140.0, 200.0)
_SPINE_Y = (66.0, 54.0, 36.0, 20.0, 13.0, 24.0, 37.1, 43.8, 47.0, 44.7, 38.0, 24.0, 22.0)
_LUMBAR, _CERVICAL = 17.0, -6.6  # where the column ends, in vertebrae from the top of T1
_TOP_RIB = 96.0


def spine_y(z: Array) -> Array:
    """Where the centres of the vertebral bodies lie: cervical and lumbar lordosis, thoracic kyphosis."""
    return profile(z, _SPINE_Z, _SPINE_Y)


def _half(value: Array) -> Array:
    return np.asarray(value / 2, dtype=np.float32)


def cage(x: Array, y: Array, z: Array) -> Array:
    """The inner surface of the rib cage."""
    front, back = profile(z, _Z, _FRONT), profile(z, _Z, _BACK)
    return superellipse(x, y - _half(front + back), profile(z, _Z, _WIDTH), _half(back - front), 2.25)


def body(x: Array, y: Array, z: Array) -> Array:
    """The skin."""
    front, back = profile(z, _Z, _BODY_FRONT), profile(z, _Z, _BODY_BACK)
    outline = superellipse(x, y - _half(front + back), profile(z, _Z, _BODY_WIDTH), _half(back - front), 2.5)
    furrow = 5 * np.exp(-((x / 16) ** 2)) * ramp(y, 40, 90)
    breast = 7 * np.exp(-(((np.abs(x) - 82) / 42) ** 2) - ((z + 45) / 45) ** 2) * ramp(-y, 30, 80)
    neck = ellipsoid(x, y, z, (0, 18, 170), (66, 62, 75))
    return smooth_union(np.asarray(outline + furrow - breast, dtype=np.float32), neck, 25)


def angle(x: Array, y: Array, z: Array) -> Array:
    """Angle around the cage: 0 behind, pi in front, the same on both sides."""
    middle = (profile(z, _Z, _FRONT) + profile(z, _Z, _BACK)) / 2
    return np.asarray(np.arctan2(np.abs(x), y - middle), dtype=np.float32)


def _vertebra(z: Array) -> tuple[Array, Array]:
    """(number as a fraction: k + 0.5 is the centre of thoracic vertebra k + 1, height there in mm)."""
    depth = _TOP_RIB + 10 - z
    # Heights rise from 20 mm at T1 to 32 mm at L5, discs included: depth = 20 n + 0.35 n^2.
    number = (-20 + np.sqrt(np.maximum(400 + 1.4 * depth, 1.0))) / 0.7
    height = 20 + 0.7 * number
    return np.asarray(number, dtype=np.float32), np.asarray(height, dtype=np.float32)


def rib_height(theta: Array, z: Array) -> Array:
    """How far a rib has come down at `theta`, below where it leaves the spine; its cartilage rises again."""
    slope = 0.45 + 0.55 * ramp(-z, -90.0, 40.0)
    down = 116 * ramp(theta, 0.15, 2.55) - 40 * ramp(theta, 2.5, 3.05) * ramp(-z, -20, 60)
    return np.asarray(down * slope, dtype=np.float32)


def ribs(x: Array, y: Array, z: Array, wall: Array) -> tuple[Array, Array]:
    """(bone of the ribs, their cartilages). `wall` is `cage` at the same points."""
    theta = angle(x, y, z)
    number, height = _vertebra(z + rib_height(theta, z) - 6)
    place = (number - np.floor(number) - 0.5) * height
    which = np.floor(number) + 1
    flare = 1 + 0.18 * ramp(theta, 1.5, 2.6)
    band = (np.sqrt(((wall - 5.5) / 3.7) ** 2 + (place / (6.2 * flare)) ** 2) - 1) * 3.9
    last = np.where(which <= 7, np.pi, np.where(which <= 10, 3.05 - 0.22 * (which - 7), np.where(which <= 11, 1.8, 1.25)))
    ends = np.maximum(theta - last, 0.28 - theta) * 90
    exists = np.where((which >= 1) & (which <= 12), -50.0, 50.0)
    band = np.maximum(np.maximum(band, ends), exists)
    # Bone becomes cartilage in front, further from the sternum the lower the rib.
    joint = 2.62 - 0.035 * np.clip(which - 1, 0, 7)
    bone = np.maximum(band, (theta - joint) * 90)
    cartilage = np.maximum(np.maximum(band, (joint - theta) * 90), 11 - np.abs(x))
    return np.asarray(bone, dtype=np.float32), np.asarray(cartilage, dtype=np.float32)


def spine(x: Array, y: Array, z: Array) -> tuple[Array, Array, Array]:
    """(bone, discs, canal) of the vertebral column, with rib heads, transverse and spinous processes."""
    number, height = _vertebra(z)
    place = -(number - np.floor(number) - 0.5) * height  # up within the vertebra
    v = y - spine_y(z)
    size = 1 + 0.022 * np.clip(number, -2, 13)
    half = height / 2 - 2.2
    waist = 1 - 0.1 * np.clip(1 - (place / half) ** 2, 0, 1)
    round_body = (np.sqrt((x / (15.5 * size * waist)) ** 2 + (v / (12.5 * size * waist)) ** 2) - 1) * 13 * size
    # The back of a vertebral body is a little hollow.
    round_body = np.maximum(round_body, v - 10.5 * size + 0.004 * x * x)
    vertebral = smooth_overlap(round_body, np.abs(place) - half, 2.5)
    disc = smooth_overlap(round_body + 0.5, half - np.abs(place), 1.0)
    canal = np.asarray(np.sqrt((x / 1.12) ** 2 + (v - 19.5) ** 2) - 8.2, dtype=np.float32)
    arch = _arch(x, z, v, place, canal, number)
    ends = np.maximum(number - _LUMBAR, _CERVICAL - number) * 20
    bone = np.maximum(np.maximum(smooth_union(vertebral, arch, 2.0), -canal), ends)
    return (
        np.asarray(bone, np.float32),
        np.asarray(np.maximum(disc, ends), np.float32),
        np.asarray(np.maximum(canal, ends), np.float32),
    )


def _arch(x: Array, z: Array, v: Array, place: Array, canal: Array, number: Array) -> Array:
    ax = np.abs(x)
    pedicle = np.maximum(np.maximum(np.abs(ax - 12) - 3.6, np.abs(v - 14) - 7), np.abs(place - 4) - 5)
    lamina = np.maximum(np.maximum(canal - 6.0, 17 - v), np.abs(place + 0.5) - 8.5)
    zero = np.zeros_like(place)
    transverse = capsule(ax, v, place, (13, 24, 3), (33, 35, 5), 5.0, 4.2)
    rib_neck = capsule(ax, v, place, (36, 35, 2), (18, 5, 8), 4.2, 5.2)
    rib_neck = rib_neck + np.where((number >= 0) & (number < 12), np.float32(0), np.float32(50))
    lower, tall = _vertebra(np.asarray(z + 0.62 * np.maximum(v - 30, 0), np.float32))
    slant = -(lower - np.floor(lower) - 0.5) * tall
    spinous = np.maximum(
        np.maximum(np.abs(x + zero) - 2.6, np.abs(slant + 1) - 6.8 + 0.05 * np.abs(v - 40)), np.maximum(26 - v, v - 56)
    )
    parts = smooth_union(np.asarray(pedicle, np.float32), np.asarray(lamina, np.float32), 3)
    parts = smooth_union(parts, np.asarray(spinous, np.float32), 3)
    return smooth_union(parts, np.minimum(transverse, rib_neck), 2)


def sternum(x: Array, y: Array, z: Array) -> Array:
    """Manubrium, body and xiphoid in front of the cage."""
    front = profile(z, _Z, _FRONT) - 4 + 0.0035 * x * x
    half = profile(z, (-112, -98, -85, -60, -20, 4, 12, 38, 52, 60), (2, 7, 17, 19, 15, 15, 22, 32, 28, 18))
    plate = superellipse(x, y - front, half, np.full_like(half, 6.2), 3.0)
    waist = 2.0 * np.exp(-(((z - 6) / 2.5) ** 2))
    return np.asarray(np.maximum(np.maximum(plate + waist, z - 58), -106 - z), dtype=np.float32)


def girdle(x: Array, y: Array, z: Array) -> Array:
    """Clavicles, scapulae and humeral heads with the arms above the head."""
    ax = np.abs(x)
    clavicle = _rod(ax, y, z, ((21, -66, 55, 8.5), (45, -62, 66, 6.5), (80, -38, 84, 5.5), (112, -10, 104, 6), (135, 4, 122, 7)))
    blade_bend = _blade_depth(ax, z)
    edge = _triangle(ax, z)
    blade = smooth_overlap(np.asarray(np.abs(y - blade_bend) * 0.86 - 2.4, np.float32), edge, 2)
    border = np.asarray(np.sqrt((y - blade_bend) ** 2 + np.clip(np.abs(edge + 2.5) - 1, 0, None) ** 2) - 4.2, np.float32)
    border = np.maximum(border, edge - 4)
    scapular_spine = _rod(ax, y, z, ((88, 88, 52, 3.2), (112, 80, 72, 4), (138, 58, 95, 5), (156, 32, 116, 7)))
    neck = _rod(ax, y, z, ((118, 54, 62, 5), (134, 36, 84, 9), (140, 26, 94, 12)))
    head = ellipsoid(ax, y, z, (158, 12, 112), (23, 23, 24))
    shaft = capsule(ax, y, z, (160, 10, 118), (176, -8, 175), 20, 11)
    arm = smooth_cut(smooth_union(head, shaft, 8), neck - 3, 1)
    bone = smooth_union(smooth_union(np.minimum(blade, border), scapular_spine, 4), neck, 6)
    return np.minimum(np.minimum(clavicle, bone), arm)


def _blade_depth(ax: Array, z: Array) -> Array:
    return np.asarray(100 - 0.0062 * np.clip(ax - 50, 0, None) ** 2 - 0.0011 * (z - 5) ** 2 - 0.06 * (z - 5), dtype=np.float32)


def _triangle(ax: Array, z: Array) -> Array:
    """The outline of a scapula seen from behind, turned outward as the arm goes up."""
    medial = (88 - ax) * 0.95 - (z + 75) * 0.22 + 22
    lateral = (ax - 122) * 0.88 - (z - 20) * 0.16 - 6
    upper = (z - 84) * 0.9 + (ax - 110) * 0.1
    lower = -78 - z
    return smooth_overlap(
        smooth_overlap(np.asarray(medial, np.float32), np.asarray(lateral, np.float32), 10),
        smooth_overlap(np.asarray(upper, np.float32), np.asarray(lower, np.float32), 10),
        14,
    )


def _rod(x: Array, y: Array, z: Array, points: tuple[tuple[float, float, float, float], ...]) -> Array:
    result = np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), 1e3, dtype=np.float32)
    for (ax, ay, az, ar), (bx, by, bz, br) in pairwise(points):
        a: Point = (ax, ay, az)
        result = np.minimum(result, capsule(x, y, z, a, (bx, by, bz), ar, br))
    return result


def muscles(x: Array, y: Array, z: Array, wall: Array, skin: Array) -> Array:
    """All muscle of the wall and of the back; `wall` is `cage`, `skin` is `body` at the same points."""
    theta = angle(x, y, z)
    ax = np.abs(x)
    thick = 11.0 + np.zeros_like(wall)
    thick += 9 * _hump(theta, 1.55, 0.75)
    thick += 22 * _hump(theta, 1.05, 0.55) * ramp(z, -95, -40)
    thick += 20 * _hump(theta, 1.5, 0.4) * ramp(z, -60, 30)
    pectoral = ramp(z, -62, 0) * (1 - ramp(theta, 2.85, 3.05))
    thick += 17 * _hump(theta, 2.35, 0.55) * pectoral
    thick += 16 * ramp(z, 55, 95)
    thick += 5 * _hump(theta, 2.95, 0.3) * ramp(-z, 100, 120)
    shell = np.maximum(wall - thick, skin + 8 + 5 * _hump(theta, 2.2, 0.6) + 4 * ramp(-z, 40, 120))
    back = y - spine_y(z)
    erector = (np.sqrt(((ax - 27) / 25) ** 2 + ((back - 44) / 15) ** 2) - 1) * 15
    trapezius = np.maximum(np.maximum(np.abs(skin + 12) - 5, ax - 75 - 0.25 * (z + 60)), 30 - back)
    result = smooth_union(np.asarray(shell, np.float32), np.maximum(np.asarray(erector, np.float32), skin + 9), 4)
    result = smooth_union(result, np.maximum(np.asarray(trapezius, np.float32), -90 - z), 3)
    shoulder = np.maximum(ellipsoid(ax, y, z, (150, 20, 112), (58, 58, 52)), skin + 7)
    return smooth_union(result, shoulder, 8)


def _hump(value: Array, centre: float, width: float) -> Array:
    return np.asarray(np.exp(-(((value - centre) / width) ** 2)), dtype=np.float32)


def fascia(wall: Array, wobble: Array) -> Array:
    """Part (0..1) of fat between the layers of muscle: sheets that follow the wall at depths that wander and come and go."""
    inner = (wall - 13 + 3.0 * wobble) / 1.2
    outer = (wall - 29 - 7.0 * wobble) / 1.3
    sheets = np.exp(-(inner**2)) * ramp(wobble, -1.2, 0.6) + np.exp(-(outer**2)) * (1 - ramp(wobble, -0.2, 1.3))
    return np.asarray(np.clip(sheets, 0, 1) * ramp(wall, 7, 10), dtype=np.float32)


def unlike(x: Array, y: Array, z: Array) -> tuple[Array, Array, Array]:
    """Coordinates bent by a few millimetres, so that no left side mirrors the right."""
    bent = (
        x + 2.6 * np.sin(y / 47 + z / 83 + 0.4) + 1.2 * np.sin(z / 29 + y / 61),
        y + 2.4 * np.sin(x / 53 + z / 97 + 1.1) + 1.1 * np.sin(x / 27 - z / 43),
        z + 3.2 * np.sin(x / 61 + y / 77 + 2.0),
    )
    return np.asarray(bent[0], np.float32), np.asarray(bent[1], np.float32), np.asarray(bent[2], np.float32)
