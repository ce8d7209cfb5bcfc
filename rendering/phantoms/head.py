"""The head: cortex with its folds, ventricles, deep nuclei, skull, face and neck.

Anatomy coordinates are LPS millimetres with the origin midway between the anterior and the
posterior commissure and both in the plane z = 0. Functions answer signed distances (mm).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rendering.phantoms.scan import Segments, tube
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
    turned_ellipsoid,
)

_FOLD = 23.0  # millimetres from one furrow to the next but one


def cerebrum(x: Array, y: Array, z: Array) -> Array:
    """The hull of both hemispheres: no furrows."""
    ax = np.abs(x)
    hull = ellipsoid(x, y, z, (0, 14, 13), (66, 86, 61))
    frontal = ellipsoid(ax, y, z, (22, -30, 8), (38, 44, 36))
    hull = smooth_union(hull, frontal, 10)
    floor = profile(y, (-80, -50, -25, 0, 30, 60, 100), (-10, -17, -18, -12, -11, -15, -13)) - 0.0005 * x * x
    hull = smooth_overlap(hull, np.asarray(floor - z, np.float32), 8)
    temporal = turned_ellipsoid(ax, y, z, (40, 12, -17), (43, 24, 19), (0.08, 0.95, 0.28))
    return smooth_union(hull, temporal, 6)


def cerebellum(x: Array, y: Array, z: Array) -> Array:
    """Both hemispheres and the vermis."""
    ax = np.abs(x)
    half = ellipsoid(ax, y, z, (25, 55, -36), (31, 31, 25))
    vermis = ellipsoid(x, y, z, (0, 56, -31), (13, 24, 26))
    notch = capsule(ax, y, z, (0, 90, -30), (0, 82, -60), 6)
    return smooth_cut(smooth_union(half, vermis, 6), notch, 6)


def brainstem(x: Array, y: Array, z: Array) -> Array:
    """Midbrain, pons, medulla and the upper cord."""
    ax = np.abs(x)
    midbrain = smooth_union(capsule(x, y, z, (0, 20, -4), (0, 20, -20), 13), capsule(ax, y, z, (16, 4, -4), (8, 10, -20), 7), 5)
    pons = ellipsoid(x, y, z, (0, 14, -33), (18, 15, 14))
    medulla = capsule(x, y, z, (0, 23, -45), (0, 30, -74), 9.5, 6.5)
    cord = capsule(x, y, z, (0, 30, -74), (0, 38, -200), 6.2, 5.8)
    peduncle = capsule(ax, y, z, (10, 24, -34), (22, 42, -38), 8)
    return smooth_union(smooth_union(smooth_union(midbrain, pons, 5), smooth_union(medulla, cord, 3), 5), peduncle, 5)


def cavity(brain: Array, small_brain: Array, stem: Array) -> Array:
    """The inside of the skull and of the spinal canal, from the three parts of the brain."""
    both = smooth_union(brain, small_brain, 24)
    return np.asarray(smooth_union(both - 1.5, stem - 4.5, 14), dtype=np.float32)


def fold_waves(rng: np.random.Generator) -> Array:
    """Waves (n, 5) for `folds`: direction and frequency in three components, and two phases."""
    rows = []
    for _ in range(18):
        k = rng.normal(size=3)
        k *= 2 * np.pi / (_FOLD * rng.uniform(0.8, 1.25)) / np.linalg.norm(k)
        rows.append([*k, rng.uniform(0, 6.3), rng.uniform(0, 6.3)])
    return np.asarray(rows, dtype=np.float32)


def folds(x: Array, y: Array, z: Array, wave_table: Array) -> tuple[Array, Array]:
    """(a smooth function whose zeros are the furrows, in millimetres from them; how deep they go, mm).

    The function is a sum of waves over directions seen from the middle of each hemisphere, so
    that furrows stand at right angles to the surface.
    """
    side = np.sign(x) + (x == 0)
    dx, dy, dz = (np.abs(x) - 26) / 40, (y - 14) / 86, (z - 12) / 60
    radius = np.sqrt(dx * dx + dy * dy + dz * dz) + np.float32(0.05)
    # Mostly radial, a little not, and bent: real furrows lean and curl.
    lean = np.float32(0.62) / radius + np.float32(0.38)
    u = 40 * dx * lean + side * 7 + 4 * np.sin(y / 13 + z / 17)
    v = 84 * dy * lean + 4 * np.sin(z / 12 - x / 19 + 1.0)
    w = 60 * dz * lean + 4 * np.sin(x / 14 + y / 16 + 2.0)
    waves, slope_u, slope_v, slope_w, deep = (np.zeros(x.shape, dtype=np.float32) for _ in range(5))
    for ku, kv, kw, first, second in wave_table:
        phase = ku * u + kv * v + kw * w + first
        waves += np.cos(phase)
        sine = np.sin(phase)
        slope_u += ku * sine
        slope_v += kv * sine
        slope_w += kw * sine
        deep += np.cos(np.float32(0.35) * phase + second)
    slope = np.sqrt(slope_u**2 + slope_v**2 + slope_w**2)
    distance = waves / (slope + np.float32(0.2))
    return np.asarray(distance, np.float32), np.asarray(17.0 + 1.5 * deep, np.float32)


def sylvian(x: Array, y: Array, z: Array) -> Array:
    """Distance to the sheet of the lateral fissure, which opens over the insula."""
    ax = np.abs(x)
    sheet = z + 3 - 0.32 * y - 0.0022 * (y - 10) ** 2 + 2.2 * np.sin(y / 7 + ax / 9) + 0.22 * (ax - 45)
    inner = np.maximum(33 - ax, 0)
    ends = np.maximum(np.abs(y - 9) - 30, 0)
    lateral = np.sqrt(0.8 * sheet * sheet + inner * inner + ends * ends) - 0.6
    insula = (
        np.sqrt(
            (ax - 35.5 + 0.006 * (y - 2) ** 2 + 0.9 * np.sin(y / 4)) ** 2
            + np.maximum(np.abs(z - 4 - 0.1 * y) - 9, 0) ** 2
            + np.maximum(np.abs(y - 2) - 20, 0) ** 2
        )
        - 0.8
    )
    return np.asarray(np.minimum(lateral, insula), dtype=np.float32)


def core(x: Array, y: Array, z: Array) -> Array:
    """The middle of the brain where the hemispheres are joined: callosum, nuclei, brainstem."""
    arc = _rods(np.abs(x), y, z, _CALLOSUM, 1.5)
    centre = ellipsoid(x, y, z, (0, 4, 6), (32, 33, 19))
    return smooth_union(arc, centre, 4)


_CALLOSUM: tuple[tuple[float, float, float, float], ...] = (
    (0, -22, -2, 2.0), (0, -33, 3, 4.2), (0, -35, 12, 5.0), (0, -24, 23, 3.8),
    (0, -4, 29, 3.2), (0, 16, 29, 3.2), (0, 32, 23, 3.8), (0, 39, 13, 5.6),
)  # fmt: skip


def callosum(x: Array, y: Array, z: Array) -> Array:
    """The corpus callosum, bending up into the hemispheres."""
    ax = np.abs(x)
    lowered = np.asarray(z - 0.012 * ax * ax, dtype=np.float32)
    return _rods(np.maximum(ax - 16, 0), y, lowered, _CALLOSUM, 0.0)


def _rods(x: Array, y: Array, z: Array, points: tuple[tuple[float, float, float, float], ...], more: float) -> Array:
    result = np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), 1e3, dtype=np.float32)
    for (ax, ay, az, ar), (bx, by, bz, br) in pairwise(points):
        a: Point = (ax, ay, az)
        result = smooth_union(result, capsule(x, y, z, a, (bx, by, bz), ar + more, br + more), 2)
    return result


def ventricles(x: Array, y: Array, z: Array) -> Array:
    """Lateral, third and fourth ventricles with their ways between."""
    ax = np.abs(x)
    lateral = _rods(ax, y, z, ((9, -30, 6, 3.5), (9.5, -24, 11, 5.2), (10.5, -8, 19, 5.0), (14, 14, 22, 5.2), (21, 34, 17, 6.8),
                               (25, 46, 10, 5.6), (24, 62, 7, 3.2), (22, 70, 6, 1.5)), 0.0)  # fmt: skip
    temporal = _rods(ax, y, z, ((23, 38, 12, 5.0), (31, 32, 0, 3.4), (33, 18, -12, 2.4), (31, 4, -18, 2.4)), 0.0)
    lateral = smooth_union(lateral, temporal, 5)
    lateral = np.maximum(lateral, 0.9 - ax)
    third = ellipsoid(x, y, z, (0, 5, -2), (2.6, 15, 10))
    massa = np.sqrt((y - 6) ** 2 + (z - 2) ** 2) - 3
    third = np.maximum(third, -massa)
    fourth = smooth_overlap(ellipsoid(x, y, z, (0, 35, -34), (9, 8, 13)), np.asarray(29 - y, np.float32), 2)
    aqueduct = capsule(x, y, z, (0, 18, -6), (0, 31, -26), 1.2)
    return np.minimum(np.minimum(lateral, np.asarray(third, np.float32)), np.minimum(fourth, aqueduct))


def nuclei(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
    """(caudate, putamen and thalamus; globus pallidus)."""
    ax = np.abs(x)
    caudate = smooth_union(ellipsoid(ax, y, z, (14.5, -21, 8), (5.5, 11, 9)),
                           _rods(ax, y, z, ((17, -10, 17, 4), (19, 8, 22, 3), (25, 26, 20, 2)), 0.0), 3)  # fmt: skip
    putamen = turned_ellipsoid(ax, y, z, (26.5, -3, 3), (18, 5, 11), (0.22, 0.97, 0))
    thalamus = turned_ellipsoid(ax, y, z, (11.5, 12, 6), (16, 9, 9.5), (0.35, 0.93, 0))
    pallidum = turned_ellipsoid(ax, y, z, (19.5, -1, 1), (10, 4, 7), (0.25, 0.96, 0))
    grey = np.minimum(np.minimum(caudate, putamen), thalamus)
    return np.asarray(grey, np.float32), pallidum


def skin(x: Array, y: Array, z: Array, inside: Array) -> Array:
    """The surface of head and neck; `inside` is `cavity` at the same points."""
    ax = np.abs(x)
    scalp = inside - 13.5 - 3 * ramp(ax, 45, 70) * ramp(-z, -30, 20)
    face = smooth_union(ellipsoid(x, y, z, (0, -36, -52), (60, 55, 60)), ellipsoid(x, y, z, (0, -56, -92), (44, 40, 34)), 24)
    brow = ellipsoid(x, y, z, (0, -52, -14), (60, 37, 34))
    nose = smooth_union(capsule(x, y, z, (0, -88, -24), (0, -110, -54), 7, 11), ellipsoid(ax, y, z, (9, -98, -56), (7, 8, 7)), 6)
    lips = ellipsoid(x, y, z, (0, -90, -80), (25, 13, 14))
    chin = ellipsoid(x, y, z, (0, -82, -112), (24, 18, 18))
    neck = capsule(x, y, z, (0, 22, -70), (0, 26, -220), 60, 58)
    ear = np.maximum(turned_ellipsoid(ax, y, z, (80, 18, -26), (28, 5, 17), (0.25, 0.35, 0.9)), 74 - ax)
    sockets = ellipsoid(ax, y, z, (33, -94, -24), (17, 12, 12))
    result = smooth_union(smooth_union(scalp, face, 22), brow, 18)
    result = smooth_union(smooth_union(result, chin, 14), neck, 28)
    result = smooth_cut(result, sockets, 12)
    return smooth_union(smooth_union(smooth_union(result, nose, 7), lips, 8), np.asarray(ear, np.float32), 4)


def air(x: Array, y: Array, z: Array) -> Array:
    """Sinuses, nasal passages, mouth, throat and mastoid cells."""
    ax = np.abs(x)
    frontal = ellipsoid(ax, y, z, (11, -79, 2), (13, 6, 10))
    ethmoid = np.maximum(np.maximum(np.abs(ax - 9) - 7.0, np.abs(y + 56) - 19), np.abs(z + 27) - 9)
    cells = np.maximum(
        ethmoid, 1.0 - np.abs(((y + 56) % 9.0) - 4.5) * 0 - np.minimum(np.abs((y + 56) % 9.0), 9.0 - np.abs((y + 56) % 9.0))
    )
    sphenoid = np.maximum(ellipsoid(ax, y, z, (8, -24, -34), (10, 12, 10)), 0.8 - ax)
    maxillary = smooth_overlap(ellipsoid(ax, y, z, (30, -58, -54), (15, 18, 19)), np.asarray(14 - ax, np.float32), 4)
    nasal = smooth_overlap(ellipsoid(x, y, z, (0, -60, -49), (13, 38, 19)), np.asarray(1.2 - ax, np.float32), 1)
    conchae = capsule(ax, y, z, (11, -88, -58), (11, -40, -58), 5)
    conchae = np.minimum(conchae, capsule(ax, y, z, (10, -80, -44), (10, -40, -44), 4))
    nasal = smooth_cut(np.asarray(nasal, np.float32), conchae, 1.5)
    throat = _rods(x, y, z, ((0, -22, -50, 9), (0, -10, -66, 8), (0, -6, -90, 6), (0, -4, -115, 7), (0, -2, -200, 8)), 0.0)
    mastoid = ellipsoid(ax, y, z, (56, 28, -38), (9, 12, 14))
    septa = 2.2 * np.sin(x * 1.1) * np.sin(y * 0.9) * np.sin(z * 1.0) + 1.0
    mastoid = np.asarray(mastoid + np.maximum(septa, 0) * 2, np.float32)
    canal = capsule(ax, y, z, (52, 10, -30), (80, 12, -28), 3)
    parts = (frontal, np.asarray(cells, np.float32), sphenoid, maxillary, nasal, throat, mastoid, canal)
    return np.asarray(np.minimum.reduce(parts), dtype=np.float32)


def face_bone(x: Array, y: Array, z: Array, breath: Array) -> Array:
    """Cortical bone of face, jaw, palate and the walls of the sinuses."""
    ax = np.abs(x)
    palate = np.maximum(
        np.maximum(ellipsoid(x, y, z, (0, -62, -68), (26, 30, 40)), np.abs(z + 68) - 2.0), np.asarray(-95 - y, np.float32)
    )
    jaw = _rods(ax, y, z, ((2, -86, -108, 7), (20, -76, -106, 6.5), (40, -42, -96, 6), (48, -22, -80, 6), (50, -14, -45, 5)), 0.0)
    teeth = np.asarray(
        np.sqrt((np.sqrt(x * x * 1.6 + (y + 50) ** 2) - 35) ** 2 + np.maximum(np.abs(z + 80) - 8, 0) ** 2) - 3.4, np.float32
    )
    teeth = np.maximum(teeth, y + 48)
    walls = np.asarray(np.abs(breath - 0.9) - 0.9, np.float32)
    walls = np.maximum(walls, np.maximum(-72 - z, y - 45))
    zygoma = _rods(ax, y, z, ((44, -66, -38, 5), (58, -44, -40, 4), (66, -14, -36, 3.5)), 0.0)
    orbit = np.asarray(np.abs(orbits(x, y, z) - 1.2) - 1.2, np.float32)
    orbit = np.maximum(orbit, -y - 84)
    return np.asarray(np.minimum.reduce([palate, jaw, teeth, walls, zygoma, orbit]), dtype=np.float32)


def orbits(x: Array, y: Array, z: Array) -> Array:
    """The cones of fat behind the eyes."""
    return turned_ellipsoid(np.abs(x), y, z, (28, -62, -25), (28, 18, 17), (0.35, -0.93, 0))


def eye_parts(x: Array, y: Array, z: Array) -> dict[str, Array]:
    """`globe`, `vitreous`, `lens`, `nerves` (optic nerves and muscles of the eye)."""
    ax = np.abs(x)
    globe = ellipsoid(ax, y, z, (33, -75, -25), (12.2, 12.4, 12))
    lens = ellipsoid(ax, y, z, (33.5, -83, -25), (4.6, 2.4, 4.6))
    nerve = _rods(ax, y, z, ((32, -63, -25, 2.2), (24, -44, -23, 2.2), (12, -22, -19, 2.2), (3, -12, -17, 2.2)), 0.0)
    muscles = np.minimum(_rods(ax, y, z, ((45, -70, -25, 1.6), (38, -52, -25, 2.6), (20, -34, -23, 1.4)), 0.0),
                         _rods(ax, y, z, ((22, -70, -25, 1.6), (18, -54, -25, 2.6), (17, -34, -23, 1.4)), 0.0))  # fmt: skip
    muscles = np.minimum(muscles, _rods(ax, y, z, ((33, -70, -13, 1.6), (27, -50, -15, 2.4), (19, -34, -21, 1.4)), 0.0))
    muscles = np.minimum(muscles, _rods(ax, y, z, ((33, -70, -37, 1.6), (27, -50, -35, 2.4), (19, -34, -25, 1.4)), 0.0))
    return {"globe": globe, "vitreous": globe + 1.3, "lens": lens, "nerves": np.minimum(nerve, muscles)}


def muscle(x: Array, y: Array, z: Array, surface: Array) -> Array:
    """Temporal and chewing muscles, tongue, neck."""
    ax = np.abs(x)
    temporalis = turned_ellipsoid(ax, y, z, (66, -18, -8), (46, 8, 34), (-0.12, 0.2, 1))
    depth = 6.5 + 5 * ramp(-y, 20, 60)
    below = np.maximum(surface + depth, z + 36 - 0.25 * (y + 20))
    return np.maximum(np.minimum(temporalis, below), surface + 4)


def bend(x: Array, y: Array, z: Array) -> tuple[Array, Array, Array]:
    """Coordinates bent by a millimetre or two, so that no left side mirrors the right."""
    bent = (
        x + 1.1 * np.sin(y / 33 + z / 41 + 0.7) + 0.6 * np.sin(z / 15 + 1.0),
        y + 1.4 * np.sin(x / 37 + z / 53 + 2.1),
        z + 1.3 * np.sin(x / 43 + y / 47 + 4.0),
    )
    return np.asarray(bent[0], np.float32), np.asarray(bent[1], np.float32), np.asarray(bent[2], np.float32)


def marrow_bones(x: Array, y: Array, z: Array) -> Array:
    """Clivus and cervical vertebrae."""
    clivus = capsule(x, y, z, (0, -8, -34), (0, 6, -58), 6, 5)
    dens = _rods(x, y, z, ((0, 6, -68, 4.5), (0, 9, -84, 6), (0, 10, -94, 8)), 0.0)
    place = (z + 106 + 400) % 19.0 - 9.5
    bodies = np.maximum(np.maximum(np.sqrt((x / 1.2) ** 2 + (y - 13 - 0.08 * (z + 100)) ** 2) - 9, np.abs(place) - 7.2), z + 94)
    spinous = np.maximum(
        np.maximum(np.abs(x) - 3.5, np.abs(y - 60) - 13), np.maximum(np.abs(place + 0.3 * (y - 60)) - 4.5, z + 80)
    )
    return np.minimum(np.minimum(clivus, dens), np.asarray(np.minimum(bodies, spinous), np.float32))


def vessels() -> Segments:
    """Arteries at the base and venous sinuses (dark by flow, or bright, as the sequence has it)."""
    return np.vstack([
        tube(((0, -3, -42, 1.9), (0, -4, -28, 1.9), (0, -2, -16, 1.7))),
        tube(((-22, -8, -80, 2.6), (-22, -14, -52, 2.5), (-12, -14, -38, 2.4), (-10, -22, -24, 2.3), (-12, -16, -14, 2.0))),
        tube(((22, -8, -80, 2.6), (22, -14, -52, 2.5), (12, -14, -38, 2.4), (10, -22, -24, 2.3), (12, -16, -14, 2.0))),
        tube(((-12, -16, -14, 1.6), (-28, -14, -12, 1.5), (-38, -6, -6, 1.3), (-40, 10, 2, 0.9))),
        tube(((12, -16, -14, 1.6), (28, -14, -12, 1.5), (38, -6, -6, 1.3), (40, 10, 2, 0.9))),
        tube(((0, -70, 22, 1.6), (0, -40, 66, 2.6), (0, 10, 78, 3.2), (0, 70, 60, 4.0), (0, 102, 12, 4.4), (0, 100, -4, 4.4))),
        *(tube(((0, 100, -4, 3.2), (side * 30, 92, -8, 3.7), (side * 54, 62, -14, 3.9), (side * 56, 40, -30, 4.1),
                (side * 46, 24, -52, 4.4), (side * 34, 0, -80, 5.2))) for side in (1, -1)),
        tube(((0, 43, 8, 2.0), (0, 70, 4, 2.2), (0, 98, -2, 2.6))),
    ])  # fmt: skip
