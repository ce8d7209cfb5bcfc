"""What is taken out of a 3D picture: voxels set aside on a reduced grid, in a copy. Values and planes never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.volume_reduce import NAMES, Factors, Level

WORDS = {
    "bone": "Bone hidden: computed, check the planes",
    "table": "All outside the body hidden: computed, check the planes",
}


@dataclass(frozen=True, eq=False, slots=True)
class Hidden:
    """`mask` is true where a voxel of the level reduced by `by` is hidden; `names` says what that is.

    `tight` hides a little more: looks of air must not show the air that lies on the skin.
    """

    names: frozenset[str]
    mask: NDArray[np.bool_]
    by: Factors
    tight: NDArray[np.bool_]

    @property
    def words(self) -> tuple[str, ...]:
        """English source strings, for the picture."""
        resolution = (f"3D shown at {NAMES[max(self.by)]} resolution",) if max(self.by) > 1 else ()
        return (*(words for name, words in WORDS.items() if name in self.names), *resolution)


def without(level: Level, hidden: Hidden, high: bool) -> Level:
    """A copy of the level whose hidden voxels have its lowest value, or with `high` its highest."""
    voxels: NDArray[Any] = level.voxels.copy()
    if high:
        voxels[hidden.tight] = voxels.max()
    else:
        voxels[hidden.mask] = voxels.min()
    return replace(level, voxels=voxels, is_copy=True)


def together(parts: Mapping[str, Hidden], names: frozenset[str]) -> Hidden | None:
    """What is hidden when all of `names` are; None while one of them was not computed."""
    found = [parts[name] for name in sorted(names) if name in parts]
    if not found or len(found) < len(names):
        return None
    if len(found) == 1:
        return found[0]
    mask, tight = found[0].mask.copy(), found[0].tight.copy()
    for other in found[1:]:
        mask |= other.mask
        tight |= other.tight
    return Hidden(names, mask, found[0].by, tight)
