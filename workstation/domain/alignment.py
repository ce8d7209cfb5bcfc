"""How one series lies in another's space: same frame of reference, registered, or set by hand.

Points are in LPS mm (PS3.3 C.7.6.2.1.1). A rigid transform is what a Spatial Registration object
(PS3.3 C.20.2) would hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.annotation import Verdict
from workstation.domain.geometry import Vec3

IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class AlignmentKind(StrEnum):
    SAME_FRAME = "same frame of reference"
    RIGID = "rigid"
    DEFORMABLE = "deformable"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Alignment:
    """`matrix` (row-major 3 x 4, a rotation and a shift in mm) takes points of `fixed` to points of `moving`.

    Both are series UIDs. `residual_mm` is what is left between them, None where nothing was measured; `words`
    says how it was found. `warp` names a displacement field added after the matrix. A rejected alignment is
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

    def apply(self, point: Vec3) -> Vec3:
        """A point of `fixed` as a point of `moving`, without the displacement field."""
        m = self.matrix
        x, y, z = point
        return (
            m[0] * x + m[1] * y + m[2] * z + m[3],
            m[4] * x + m[5] * y + m[6] * z + m[7],
            m[8] * x + m[9] * y + m[10] * z + m[11],
        )
