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
    return np.vstack(
        [
            tube(((-11, -23, 34, 7.5), (-18, -20, 58, 6.8), (-22, -14, 78, 6.3))),
            tube(((-22, -14, 78, 4.6), (-23, -14, 100, 4.0), (-24, -13, 135, 3.8))),
            tube(((-22, -14, 78, 5.2), (-38, -8, 96, 5.0), (-66, -14, 102, 4.8), (-110, -24, 98, 4.5), (-150, -30, 118, 4.0))),
            tube(((0, -14, 42, 4.8), (10, -12, 70, 4.2), (20, -12, 100, 4.0), (24, -12, 135, 3.8))),
            tube(
                (
                    (14, 2, 42, 5.6),
                    (24, 6, 70, 5.4),
                    (38, 0, 96, 5.2),
                    (68, -12, 102, 4.8),
                    (110, -24, 98, 4.5),
                    (150, -30, 118, 4.0),
                )
            ),
        ]
    )


def systemic_veins() -> Segments:
    """Superior and inferior vena cava, brachiocephalic, subclavian and jugular veins, azygos arch."""
    return np.vstack(
        [
            tube(((-29, -26, 44, 9.5), (-30, -22, 20, 9.5), (-29, -19, -15, 10), (-29, -18, -45, 10.5))),
            tube(((-29, -26, 44, 8.5), (-36, -24, 68, 7.5), (-44, -22, 86, 7))),
            tube(((-29, -26, 44, 7.5), (-8, -42, 50, 7.2), (16, -42, 62, 7), (38, -28, 84, 7))),
            tube(((-44, -22, 86, 6), (-40, -20, 104, 5.5), (-38, -16, 135, 6))),
            tube(((38, -28, 84, 5.5), (38, -22, 104, 5.5), (37, -17, 135, 6))),
            tube(((-44, -22, 86, 6), (-74, -30, 94, 5.5), (-112, -36, 92, 5), (-150, -42, 112, 4.5))),
            tube(((38, -28, 84, 6), (72, -32, 94, 5.5), (112, -36, 92, 5), (150, -42, 112, 4.5))),
            tube(
                (
                    (-29, -12, 14, 4),
                    (-30, 6, 15, 3.8),
                    (-18, 26, 8, 3.6),
                    (-6, 31, -10, 3.4),
                    (-7, 33, -80, 3),
                    (-7, 26, -140, 2.6),
                )
            ),
            tube(((-26, -6, -96, 12.5), (-23, 6, -125, 12.5), (-21, 8, -160, 12), (-20, -2, -215, 11.5))),
        ]
    )


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
    return np.vstack(
        [
            tube(((14, -54, -58, 14), (20, -48, -38, 14.5), (24, -36, -20, 14), (24, -22, -14, 13))),
            tube(
                (
                    (22, -24, -16, 12),
                    (2, -8, -18, 11),
                    (-22, -2, -20, 10.5),
                    (-42, 2, -24, 9.5),
                    (-47, 10, -42, 8),
                    (-50, 18, -60, 6.5),
                )
            ),
            tube(((24, -22, -14, 12), (36, -2, -8, 11), (46, 16, -14, 10), (50, 26, -32, 8.5), (53, 30, -56, 6.5))),
        ]
    )


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
    return np.vstack(
        [
            tube(((1, -6, 140, 8.6), (1, -2, 90, 8.8), (0, 5, 45, 8.8), (x, y, z + 6, 9.2))),
            tube(((x - 3, y, z, 7.4), (-16, 14, -12, 7.0), (-32, 16, -26, 6.4), (-40, 18, -44, 5.4), (-46, 24, -64, 4.2))),
            tube(((x + 3, y, z, 6.8), (20, 17, -16, 6.2), (40, 22, -32, 5.6), (47, 28, -50, 4.6), (52, 34, -68, 3.8))),
            tube(((-26, 15, -20, 4.8), (-44, 13, -14, 4.2), (-56, 10, -6, 3.4))),
            tube(((-40, 16, -46, 3.8), (-54, -2, -58, 3.0), (-66, -22, -66, 2.2))),
            tube(((42, 20, -34, 4.4), (54, 8, -28, 3.8), (62, -6, -22, 3.0))),
        ]
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
    (-44, 4, -20, 5.2, -0.7, 0.0, 0.8),
    (-46, 4, -24, 4.2, -0.8, -0.6, 0.3),
    (-47, 8, -38, 3.8, -0.7, -0.7, -0.3),
    (-47, 14, -42, 4.2, -0.8, 0.6, 0.2),
    (-50, 18, -60, 4.4, -0.5, 0.6, -0.7),
    (-50, 18, -60, 4.4, -0.7, -0.1, -0.7),
    (-50, 18, -58, 4.0, -0.2, 0.3, -0.9),
    (44, 10, -8, 4.6, 0.5, 0.1, 0.9),
    (46, 14, -12, 4.4, 0.8, -0.5, 0.4),
    (48, 22, -22, 4.2, 0.7, 0.6, 0.5),
    (50, 24, -30, 3.6, 0.8, -0.6, -0.1),
    (53, 30, -56, 4.4, 0.5, 0.6, -0.7),
    (53, 30, -56, 4.2, 0.7, -0.2, -0.7),
    (53, 30, -54, 3.8, 0.2, 0.4, -0.9),
)
VEIN_ROOTS = (
    (-50, -16, -38, 4.4, -0.6, -0.3, 0.7),
    (-50, -16, -38, 3.8, -0.8, -0.5, 0.1),
    (-48, -14, -42, 3.4, -0.6, -0.6, -0.5),
    (-48, 24, -82, 4.0, -0.6, 0.3, -0.6),
    (-48, 24, -80, 3.8, -0.7, 0.6, 0.1),
    (54, -18, -32, 4.4, 0.5, -0.3, 0.8),
    (54, -18, -32, 3.6, 0.8, -0.5, 0.0),
    (54, -18, -34, 3.4, 0.6, -0.5, -0.6),
    (54, 28, -82, 4.0, 0.6, 0.3, -0.6),
    (54, 28, -80, 3.8, 0.7, 0.6, 0.1),
)


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
    return chosen


def _within(segments: Segments, clear: tuple[float, float, float], clearance: float) -> Segments:
    middle = (segments[:, 0:3] + segments[:, 4:7]) / 2
    hila = np.asarray([row[:3] for row in ARTERY_ROOTS + VEIN_ROOTS])
    stem = np.min(np.linalg.norm(middle[:, None] - hila[None], axis=2), axis=1) < 12
    inside = np.maximum(lung_at(segments[:, 4:7]), lung_at(middle)) < -0.5
    away = np.linalg.norm(middle - np.asarray(clear), axis=1) > clearance
    return np.asarray(segments[(inside | stem) & away], dtype=np.float64)
