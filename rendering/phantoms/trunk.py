"""The body from the top of the head to mid-thigh, built around the chest.

Anatomy coordinates are those of `thorax_wall`: LPS millimetres, the carina at z = 0.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rendering.phantoms import head, thorax_wall
from rendering.phantoms.chest_voxels import AIR, FAT, MUSCLE, Layers, chest_fields, nowhere
from rendering.phantoms.scan import Fields
from rendering.phantoms.shapes import (
    Array,
    capsule,
    ellipsoid,
    single,
    smooth_cut,
    smooth_overlap,
    smooth_union,
    turned_ellipsoid,
)

_HEAD = (0.0, -6.0, 265.0)
_FLOOR = -468.0  # the pelvic floor
EXTRA: Layers = (
    ("psoas", MUSCLE + 2),
    ("kidney", 36.0),
    ("renal pelvis", 4.0),
    ("bowel", 38.0),
    ("bowel content", 18.0),
    ("bowel gas", -820.0),
    ("gluteal", MUSCLE),
    ("rectum", 35.0),
    ("bladder wall", 34.0),
    ("bladder", 6.0),
)
LAST: Layers = (
    ("head skin", 15.0),
    ("head fat", FAT),
    ("head muscle", MUSCLE),
    ("orbit", FAT),
    ("head mucosa", 35.0),
    ("head air", AIR + 5),
    ("head bone", 820.0),
    ("globe", 14.0),
    ("skull", 950.0),
    ("head cavity", 33.0),
)


_ADDED = (*(name for name, _ in (*EXTRA, *LAST)), "brain")


def body(x: Array, y: Array, z: Array) -> Array:
    """The skin of trunk, arms above the head and thighs; not the head."""
    ax = np.abs(x)
    trunk = smooth_overlap(thorax_wall.body(x, y, z), single(z - 152), 30)
    trunk = smooth_overlap(trunk, single(_FLOOR - 16 - z), 20)
    arm = _rods(ax, y, z, ((168, 0, 120, 50), (178, -8, 210, 40), (168, -10, 420, 34)))
    thigh = capsule(ax, y, z, (92, 16, -440), (82, 14, -760), 86, 66)
    neck = capsule(x, y, z, (0, 16, 130), (0, 14, 230), 62, 60)
    return smooth_union(smooth_union(smooth_union(trunk, arm, 30), thigh, 16), neck, 20)


def fields(x: Array, y: Array, z: Array) -> Fields:
    """All fields of the chest, those of `EXTRA` and `LAST`, and `brain`."""
    field = chest_fields(x, y, z, body)
    ax = np.abs(x)
    limbs = capsule(ax, y, z, (176, -6, 150), (170, -10, 420), 31, 26)
    limbs = np.minimum(limbs, capsule(ax, y, z, (92, 16, -450), (84, 14, -760), 72, 56))
    field["muscle"] = np.minimum(np.maximum(field["muscle"], np.maximum(z - 190, -500 - z)), limbs)
    for name in ("cavity", "inner wall", "diaphragm"):
        field[name] = smooth_overlap(field[name], single(_FLOOR - z), 20)
    field["inner wall"] = np.maximum(field["inner wall"], z - 150)
    if float(z.min()) < -110:
        organs = np.minimum(field["liver"], np.minimum(field["stomach"], field["spleen"]))
        field |= _belly(x, y, z, field["cavity"], organs)
        field["bone"] = np.minimum(field["bone"], _pelvis(x, y, z))
    if float(z.max()) > 50:
        field["bone"] = np.minimum(field["bone"], _humerus(x, y, z))
        field |= _head(x, y, z)
    return nowhere(field, x, y, z, _ADDED)


def _belly(x: Array, y: Array, z: Array, cavity: Array, upper: Array) -> Fields:
    ax, v = np.abs(x), y - thorax_wall.spine_y(z)
    psoas = capsule(ax, v, z, (24, 6, -225), (46, -16, -360), 12, 22)
    psoas = smooth_union(psoas, capsule(ax, y, z, (58, 6, -360), (94, -10, -450), 20, 15), 10)
    kidney = turned_ellipsoid(ax, y, z + 8 * (x < 0), (62, 46, -222), (54, 27, 24), (0.22, 0.12, -0.97))
    hilum = ellipsoid(ax, y, z, (46, 38, -224), (14, 14, 18))
    kidney = smooth_cut(kidney, hilum, 5)
    bladder = ellipsoid(x, y, z, (0, -26, -432), (42, 36, 32))
    bowel = np.maximum(_loops(x, y, z), np.maximum(cavity + 8, z + 190))
    others = np.minimum.reduce([upper, kidney, bladder - 5, psoas])
    bowel = single(np.maximum(np.maximum(bowel, 3 - others), -398 - z))
    gas = np.maximum(np.maximum(bowel + 6, y + 26), (0.1 - np.sin(x / 31 + z / 27)) * 30)
    gluteal = turned_ellipsoid(ax, y, z, (84, 78, -408), (72, 34, 62), (0.5, 0.2, -0.6))
    return {
        "psoas": psoas,
        "kidney": kidney,
        "renal pelvis": np.maximum(hilum + 5, kidney - 8),
        "bowel": bowel,
        "bowel content": bowel + 3.5,
        "bowel gas": single(gas),
        "gluteal": np.maximum(gluteal, thorax_wall.body(x, y, z) + 14),
        "rectum": capsule(x, y, z, (0, 46, -385), (0, 40, -470), 15, 11),
        "bladder wall": bladder - 3,
        "bladder": bladder,
    }


def _loops(x: Array, y: Array, z: Array) -> Array:
    """Something that winds as bowel does."""
    first = np.sin(x / 12 + 1.4 * np.sin(z / 19)) * np.sin(y / 13 + 1.2 * np.sin(x / 21 + 1))
    second = np.sin(z / 13 + np.sin(y / 17 + x / 40))
    return single((0.28 - first - 0.6 * second) * 9)


def _pelvis(x: Array, y: Array, z: Array) -> Array:
    ax = np.abs(x)
    shell = ellipsoid(ax, y, z, (18, -8, -335), (106, 92, 118))
    outline = np.maximum(np.maximum(-425 - z, z + 312 + 0.004 * (y - 10) ** 2), np.maximum(44 - ax, -62 - y))
    wing = np.maximum(np.abs(shell) - 4.5, outline)
    sacrum = turned_ellipsoid(x, y, z, (0, 62, -384), (58, 46, 19), (0, 0.42, -0.9))
    sacrum = np.maximum(sacrum, ax - 50 + (-345 - z) * 0.35)
    socket = smooth_cut(ellipsoid(ax, y, z, (86, -2, -422), (34, 33, 33)), ellipsoid(ax, y, z, (94, -4, -424), (27, 27, 27)), 2)
    socket = np.maximum(socket, ax - 104)
    front = ((78, -14, -418, 9), (40, -44, -424, 7), (7, -48, -436, 9), (7, -44, -452, 8), (28, -18, -470, 7), (52, 16, -486, 13))
    rods = np.minimum(_rods(ax, y, z, front), _rods(ax, y, z, ((52, 16, -486, 13), (70, 22, -450, 11), (76, 14, -425, 12))))
    shaft = ((94, -4, -424, 14), (122, 6, -452, 15), (128, 10, -470, 16), (120, 8, -520, 14), (108, 4, -700, 13))
    femur = smooth_union(ellipsoid(ax, y, z, (94, -4, -424), (24, 24, 24)), _rods(ax, y, z, shaft), 6)
    return single(np.minimum.reduce([single(wing), single(sacrum), single(socket), rods, femur]))


def _humerus(x: Array, y: Array, z: Array) -> Array:
    shaft = capsule(np.abs(x), y, z, (160, 10, 118), (172, -8, 250), 12, 11)
    return np.minimum(shaft, capsule(np.abs(x), y, z, (172, -8, 250), (168, -10, 420), 11, 10))


def _rods(x: Array, y: Array, z: Array, points: tuple[tuple[float, float, float, float], ...]) -> Array:
    result = np.full(x.shape, 1e3, dtype=np.float32)
    for (ax, ay, az, ar), (bx, by, bz, br) in pairwise(points):
        result = smooth_union(result, capsule(x, y, z, (ax, ay, az), (bx, by, bz), ar, br), 3)
    return result


def _head(x: Array, y: Array, z: Array) -> Fields:
    """The head of `head`, on the neck; far below it nothing."""
    hx, hy, hz = x - _HEAD[0], y - _HEAD[1], z - _HEAD[2]
    # The cut to the neck runs below the chin.
    below = single((-88 - 0.8 * np.clip(-hy - 5, 0, 60) - hz) * 0.8)
    brain, small, stem = head.cerebrum(hx, hy, hz), head.cerebellum(hx, hy, hz), head.brainstem(hx, hy, hz)
    cavity = head.cavity(brain, small, stem)
    skin = head.skin(hx, hy, hz, cavity)
    air = head.air(hx, hy, hz)
    bone = np.minimum(head.face_bone(hx, hy, hz, air), head.marrow_bones(hx, hy, hz))
    found = {
        "head skin": skin, "head fat": skin + 2.5, "head muscle": head.muscle(hx, hy, hz, skin), "orbit": head.orbits(hx, hy, hz),
        "head mucosa": air - 1.6, "head air": air, "head bone": bone, "globe": head.eye_parts(hx, hy, hz)["globe"],
        "skull": cavity - 6.5, "head cavity": cavity,
        "brain": np.minimum(brain, small),
    }  # fmt: skip
    return {name: single(np.maximum(value, below)) for name, value in found.items()}
