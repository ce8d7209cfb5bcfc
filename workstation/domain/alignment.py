"""How one series lies in another's space: same frame of reference, registered, or set by hand.

Points are in LPS mm (PS3.3 C.7.6.2.1.1). A rigid transform is what a Spatial Registration object
(PS3.3 C.20.2) would hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from workstation.domain.annotation import Verdict
from workstation.domain.geometry import Vec3

IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)

INVERSE_WARP = "inverse of "
"""A displacement field's name with this before it names the field of the way back."""


class AlignmentKind(StrEnum):
    SAME_FRAME = "same frame of reference"
    RIGID = "rigid"
    DEFORMABLE = "deformable"
    BY_HAND = "by hand"


# The least certain of what an alignment is put together from names the whole.
_CERTAIN = (AlignmentKind.SAME_FRAME, AlignmentKind.RIGID, AlignmentKind.DEFORMABLE, AlignmentKind.BY_HAND)


@dataclass(frozen=True, slots=True)
class Alignment:
    """`matrix` (row-major 3 x 4, a rotation and a shift in mm) takes points of `fixed` to points of `moving`.

    Both are series UIDs. `residual_mm` is the median, `residual_p95_mm` the 95th percentile of what is left
    between them locally, None where nothing was measured; `words` says how it was found. `warp` names a
    displacement field: a function of the point in `fixed`, added after the matrix. A rejected alignment is
    kept, so that it is not proposed again, and moves nothing.
    """

    fixed: str
    moving: str
    kind: AlignmentKind
    matrix: tuple[float, ...] = IDENTITY
    residual_mm: float | None = None
    words: str = ""
    warp: str = ""
    verdict: Verdict = Verdict.OPEN
    residual_p95_mm: float | None = None

    @property
    def is_used(self) -> bool:
        return self.verdict is not Verdict.REJECTED

    @property
    def is_identity(self) -> bool:
        return self.matrix == IDENTITY and not self.warp

    @property
    def rotation_degrees(self) -> float:
        """The angle of the rotation, 0 to 180."""
        m = self.matrix
        return math.degrees(math.acos(min(max((m[0] + m[5] + m[10] - 1.0) / 2.0, -1.0), 1.0)))

    def apply(self, point: Vec3) -> Vec3:
        """A point of `fixed` as a point of `moving`, without the displacement field."""
        m = self.matrix
        x, y, z = self.turn(point)
        return (x + m[3], y + m[7], z + m[11])

    def turn(self, direction: Vec3) -> Vec3:
        """A direction of `fixed` as one of `moving`."""
        m = self.matrix
        x, y, z = direction
        return (m[0] * x + m[1] * y + m[2] * z, m[4] * x + m[5] * y + m[6] * z, m[8] * x + m[9] * y + m[10] * z)

    def inverse(self) -> Alignment:
        """Of `moving` to `fixed`."""
        m = self.matrix
        x, y, z = m[3], m[7], m[11]
        back = (m[0], m[4], m[8], m[1], m[5], m[9], m[2], m[6], m[10])
        shift = [-(back[3 * row] * x + back[3 * row + 1] * y + back[3 * row + 2] * z) for row in range(3)]
        matrix = tuple(v for row in range(3) for v in (*back[3 * row : 3 * row + 3], shift[row]))
        return replace(self, fixed=self.moving, moving=self.fixed, matrix=matrix, warp=_inverse_warp(self.warp))

    def then(self, other: Alignment) -> Alignment:
        """First this one, then `other`, which begins where this one ends.

        One displacement field only may be among the two, and nothing but a shared frame after it: others are left
        out, and the residuals add up as independent errors do.
        """
        a, b = other.matrix, self.matrix
        matrix = tuple(
            sum(a[4 * row + k] * b[4 * k + column] for k in range(3)) + (a[4 * row + 3] if column == 3 else 0.0)
            for row in range(3)
            for column in range(4)
        )
        kind = max(self.kind, other.kind, key=_CERTAIN.index)
        words = "; ".join(dict.fromkeys(part.words for part in (self, other) if part.words))
        verdicts = {self.verdict, other.verdict}
        verdict = next(v for v in (Verdict.REJECTED, Verdict.OPEN, Verdict.ACCEPTED) if v in verdicts)
        warp = self.warp if other.matrix == IDENTITY else other.warp if self.matrix == IDENTITY and not self.warp else ""
        return Alignment(
            self.fixed,
            other.moving,
            kind,
            matrix,
            _together(self.residual_mm, other.residual_mm),
            words,
            warp,
            verdict,
            _together(self.residual_p95_mm, other.residual_p95_mm),
        )


def same_frame(fixed: str, moving: str) -> Alignment:
    """Of two series of one patient and one Frame of Reference UID."""
    return Alignment(
        fixed, moving, AlignmentKind.SAME_FRAME, residual_mm=None, words="Same frame of reference", verdict=Verdict.ACCEPTED
    )


def _inverse_warp(name: str) -> str:
    if not name:
        return ""
    return name.removeprefix(INVERSE_WARP) if name.startswith(INVERSE_WARP) else INVERSE_WARP + name


def _together(one: float | None, other: float | None) -> float | None:
    known = [v for v in (one, other) if v is not None]
    return math.hypot(*known) if known else None
