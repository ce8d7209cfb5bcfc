"""The vessels, airways and gullet of the chest as tubes (anatomy millimetres)."""

from __future__ import annotations

import numpy as np

from rendering.phantoms.scan import Matrix, Segments, tube
from rendering.phantoms.thorax_organs import lung_at
from rendering.phantoms.vessels import fill, strewn

CARINA = (-1.0, 12.0, 0.0)


def aorta() -> Segments:
    """Root, arch and descending aorta, left of the spine."""
    return tube(
        (
            (8, -26, -62, 15),
            (-4, -31, -48, 17),
            (-16, -32, -22, 16.5),
            (-17, -30, 4, 16),
            (-9, -22, 24, 15.5),
            (8, -5, 31, 15),
            (22, 16, 22, 14),
            (27, 33, 4, 13),
            (27, 37, -30, 12.5),
            (26, 37, -75, 12),
            (19, 30, -115, 11.5),
            (10, 17, -160, 11),
            (5, -3, -215, 10.5),
        )
    )


def arch_branches() -> Segments:
    """Brachiocephalic trunk, carotid and subclavian arteries."""
    return _tubes(
        ((-11, -23, 34, 7.5), (-18, -20, 58, 6.8), (-22, -14, 78, 6.3)),
        ((-22, -14, 78, 4.6), (-23, -14, 100, 4.0), (-24, -13, 135, 3.8)),
        ((-22, -14, 78, 5.2), (-38, -8, 96, 4.8), (-66, -12, 104, 4.4), (-96, -8, 112, 3.8), (-128, 4, 132, 3.2)),
        ((0, -14, 42, 4.8), (10, -12, 70, 4.2), (20, -12, 100, 4.0), (24, -12, 135, 3.8)),
        ((14, 2, 42, 5.6), (24, 6, 70, 5.4), (38, 0, 96, 4.9), (66, -10, 105, 4.4), (96, -7, 113, 3.8), (128, 5, 133, 3.2)),
    )


def systemic_veins() -> Segments:
    """Superior and inferior vena cava, brachiocephalic, subclavian and jugular veins, azygos arch."""
    return _tubes(
        ((-29, -26, 44, 9.5), (-30, -22, 20, 9.5), (-29, -19, -15, 10), (-29, -18, -45, 10.5)),
        ((-29, -26, 44, 8.5), (-36, -24, 68, 7.5), (-44, -22, 86, 7)),
        ((-29, -26, 44, 7.5), (-8, -42, 50, 7.2), (16, -42, 62, 7), (38, -28, 84, 7)),
        ((-44, -22, 86, 6), (-40, -20, 104, 5.5), (-38, -16, 135, 6)),
        ((38, -28, 84, 5.5), (38, -22, 104, 5.5), (37, -17, 135, 6)),
        ((-44, -22, 86, 6), (-70, -30, 92, 5.2), (-98, -22, 103, 4.4), (-130, -6, 124, 3.6)),
        ((38, -28, 84, 6), (68, -31, 93, 5.2), (98, -21, 104, 4.4), (130, -5, 125, 3.6)),
        ((-29, -12, 14, 4), (-30, 6, 15, 3.8), (-18, 26, 8, 3.6), (-6, 31, -10, 3.4), (-7, 33, -80, 3), (-7, 26, -140, 2.6)),
        ((-26, -6, -96, 12.5), (-23, 6, -125, 12.5), (-21, 8, -160, 12), (-20, -2, -215, 11.5)),
    )


def _tubes(*paths: tuple[tuple[float, float, float, float], ...]) -> Segments:
    return np.vstack([tube(path) for path in paths])


def hepatic_vessels() -> Segments:
    """Hepatic veins to the vena cava and the portal vein."""
    return np.vstack(
        [
            tube(((-24, 2, -128, 4.5), (-48, 2, -138, 4), (-78, 10, -152, 3), (-100, 18, -168, 1.6))),
            tube(((-26, -2, -128, 4.5), (-46, -24, -140, 3.8), (-64, -48, -156, 2.6), (-74, -62, -168, 1.4))),
            tube(((-20, -6, -128, 4), (-4, -34, -138, 3.2), (14, -58, -150, 2))),
            tube(((-10, -16, -215, 7), (-24, -22, -196, 7), (-40, -18, -184, 6), (-66, -4, -178, 4), (-92, 4, -182, 2.4))),
            tube(((-40, -18, -184, 5), (-24, -44, -172, 4), (4, -60, -164, 2.6))),
        ]
    )


def pulmonary_arteries() -> Segments:
    """Trunk, right and left main branches as far as the hila."""
    right = (
        (22, -24, -16, 12),
        (2, -8, -18, 11),
        (-22, -4, -20, 10.5),
        (-42, -1, -25, 9.2),
        (-53, 8, -42, 7.4),
        (-55, 18, -60, 6.0),
    )
    left = ((24, -22, -14, 12), (36, -2, -8, 11), (48, 18, -12, 9.8), (57, 31, -32, 7.8), (58, 37, -56, 6.2))
    return _tubes(((14, -54, -58, 14), (20, -48, -38, 14.5), (24, -36, -20, 14), (24, -22, -14, 13)), right, left)


def pulmonary_veins() -> Segments:
    """The four veins from the hila to the left atrium."""
    return np.vstack(
        [
            tube(((-16, 2, -52, 7), (-34, -8, -46, 6.5), (-50, -16, -38, 5.5))),
            tube(((-16, 8, -62, 7), (-34, 16, -70, 6.5), (-48, 24, -82, 5))),
            tube(((26, -4, -46, 7), (42, -10, -40, 6.5), (54, -18, -32, 5.5))),
            tube(((26, 10, -60, 7), (42, 20, -70, 6.5), (54, 28, -82, 5))),
        ]
    )


def airways() -> Segments:
    """Trachea, main, lobar and first segmental bronchi: the lumen."""
    x, y, z = CARINA
    return _tubes(
        ((1, -6, 140, 8.6), (1, -2, 90, 8.8), (0, 5, 45, 8.8), (x, y, z + 6, 9.2)),
        ((x - 3, y, z, 7.4), (-15, 15, -12, 7.0), (-29, 18, -26, 6.2), (-36, 20, -44, 5.2), (-41, 27, -64, 4.0)),
        ((x + 3, y, z, 6.8), (19, 18, -16, 6.2), (36, 22, -32, 5.4), (43, 25, -50, 4.4), (46, 30, -68, 3.6)),
        ((-22, 16, -19, 4.8), (-42, 16, -10, 4.0), (-56, 14, -2, 3.2)),
        ((-36, 18, -46, 3.6), (-52, 7, -55, 2.8), (-69, -13, -62, 2.0)),
        ((38, 21, -33, 4.2), (48, 8, -30, 3.4), (63, -3, -22, 2.6)),
    )


def oesophagus() -> Segments:
    """From the neck to the stomach."""
    return tube(
        (
            (3, 10, 140, 6),
            (5, 14, 90, 6.2),
            (8, 21, 45, 6.2),
            (10, 25, 0, 6.2),
            (9, 22, -50, 6.4),
            (10, 15, -95, 7),
            (20, 6, -126, 7.5),
            (36, 0, -142, 8),
        )
    )


def _roots(rows: list[tuple[float, float, float, float, float, float, float]]) -> Matrix:
    table = np.asarray(rows, dtype=float)
    table[:, 4:7] /= np.linalg.norm(table[:, 4:7], axis=1, keepdims=True)
    return table


ARTERY_ROOTS = (
    (-44, 0, -22, 5.4, -0.7, 0.0, 0.8), (-47, 0, -26, 4.4, -0.8, -0.6, 0.3), (-53, 8, -40, 4.0, -0.7, -0.7, -0.3),
    (-53, 12, -44, 4.2, -0.8, 0.6, 0.2), (-55, 18, -60, 4.6, -0.5, 0.6, -0.7), (-55, 18, -60, 4.6, -0.7, -0.1, -0.7),
    (-55, 18, -58, 4.2, -0.2, 0.3, -0.9), (46, 12, -8, 4.8, 0.5, 0.1, 0.9), (49, 18, -12, 4.6, 0.8, -0.5, 0.4),
    (52, 24, -20, 4.4, 0.7, 0.6, 0.5), (57, 30, -31, 3.8, 0.8, -0.6, -0.1), (58, 37, -56, 4.6, 0.5, 0.6, -0.7),
    (58, 37, -56, 4.4, 0.7, -0.2, -0.7), (58, 36, -54, 4.0, 0.2, 0.4, -0.9),
)  # fmt: skip
VEIN_ROOTS = (
    (-50, -16, -38, 4.6, -0.6, -0.3, 0.7), (-50, -16, -38, 4.0, -0.8, -0.5, 0.1), (-48, -14, -42, 3.6, -0.6, -0.6, -0.5),
    (-48, 24, -82, 4.2, -0.6, 0.3, -0.6), (-48, 24, -80, 4.0, -0.7, 0.6, 0.1),
    (54, -18, -32, 4.6, 0.5, -0.3, 0.8), (54, -18, -32, 3.8, 0.8, -0.5, 0.0), (54, -18, -34, 3.6, 0.6, -0.5, -0.6),
    (54, 28, -82, 4.2, 0.6, 0.3, -0.6), (54, 28, -80, 4.0, 0.7, 0.6, 0.1),
)  # fmt: skip


def lung_vessels(
    rng: np.random.Generator, clear: tuple[float, float, float], clearance: float, leaves: int
) -> tuple[Segments, Segments]:
    """(arteries and veins, airways beside the larger arteries) within the lungs.

    `leaves` is how many twigs the arteries end in; none comes within `clearance` of `clear`.
    """
    low, high = np.array([-140.0, -100.0, -200.0]), np.array([140.0, 95.0, 110.0])
    arteries = fill(rng, _roots(list(ARTERY_ROOTS)), strewn(rng, lung_at, low, high, leaves, 2.0))
    veins = fill(rng, _roots(list(VEIN_ROOTS)), strewn(rng, lung_at, low, high, leaves * 3 // 4, 3.0))
    beside = _beside(arteries)
    both = np.vstack([arteries, veins])
    return _within(both, clear, clearance), _within(beside, clear, clearance)


def _beside(arteries: Segments) -> Segments:
    """Airways that run with the arteries, a little thinner and always on the same side."""
    chosen = arteries[(arteries[:, 3] > 1.25) & (arteries[:, 3] < 3.6)].copy()
    side = np.array([0.1, -0.75, 0.65])
    chosen[:, 0:3] += side * (chosen[:, 3:4] * 1.9 + 0.4)
    chosen[:, 4:7] += side * (chosen[:, 7:8] * 1.9 + 0.4)
    chosen[:, [3, 7]] *= 0.72
    # Where the stems crowd in the hilum an airway would run through an artery.
    central = np.vstack([pulmonary_arteries(), arteries[arteries[:, 3] > 2.2]])
    gap = np.linalg.norm(chosen[:, None, 0:3] - central[None, :, 0:3], axis=2) - central[None, :, 3] - chosen[:, None, 3]
    return np.asarray(chosen[gap.min(axis=1) > 0], dtype=np.float64)


def _within(segments: Segments, clear: tuple[float, float, float], clearance: float) -> Segments:
    middle = (segments[:, 0:3] + segments[:, 4:7]) / 2
    hila = np.asarray([row[:3] for row in ARTERY_ROOTS + VEIN_ROOTS])
    stem = np.min(np.linalg.norm(middle[:, None] - hila[None], axis=2), axis=1) < 12
    inside = np.maximum(lung_at(segments[:, 4:7]), lung_at(middle)) < -0.5
    away = np.linalg.norm(middle - np.asarray(clear), axis=1) > clearance
    return np.asarray(segments[(inside | stem) & away], dtype=np.float64)
