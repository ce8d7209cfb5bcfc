"""What the registration process is given of a volume: block means in its unit, a few mm apart, and where they lie.

No identifier goes with them; no DICOM file is ever read there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.reslice import VolumeSource, shrink
from workstation.domain.geometry import VolumeGeometry

# Voxels become blocks of about this length, of small volumes less: as many blocks as this fill them.
BLOCK_MM, BLOCKS = 2.0, 2.5e6


@dataclass(frozen=True)
class Reduced:
    """Block means (slices, rows, columns) and the 3 x 4 matrix from (column, row, slice) to LPS mm."""

    values: NDArray[np.float32]
    affine: NDArray[np.float64]
    modality: str

    @property
    def shortest_mm(self) -> float:
        """The shortest side of the box."""
        return float((np.linalg.norm(self.affine[:, :3], axis=0) * self.values.shape[::-1]).min())

    @property
    def cubic_mm(self) -> float:
        """The volume of the box in mm³."""
        return abs(float(np.linalg.det(self.affine[:, :3]))) * self.values.size


def _at_once() -> None:
    pass


def reduced(source: VolumeSource, modality: str, between: Callable[[], object] = _at_once) -> Reduced:
    """Block means of a whole volume, in the unit of its series. `between` is called before each slice: it may wait, or raise."""
    by = _factors(source.geometry)
    values = _means(source.voxels, by, between)
    if source.slope != 1.0:
        values *= np.float32(source.slope)
    if source.intercept != 0.0:
        values += np.float32(source.intercept)
    affine = np.array(source.geometry.affine)
    steps = np.array(by[::-1])
    affine[:, 3] += affine[:, :3] @ ((steps - 1) / 2)
    affine[:, :3] *= steps
    return Reduced(values, affine, modality)


def _factors(geometry: VolumeGeometry) -> tuple[int, int, int]:
    """How many (slices, rows, columns) become one."""
    spacing = geometry.spacing
    cubic = float(np.prod(geometry.shape)) * float(np.prod(spacing))
    length = min(BLOCK_MM, (cubic / BLOCKS) ** (1 / 3))
    columns, rows, slices = (
        min(max(1, round(length / step)), size) for step, size in zip(spacing, geometry.shape[::-1], strict=True)
    )
    return slices, rows, columns


def _means(voxels: NDArray[Any], by: tuple[int, int, int], between: Callable[[], object]) -> NDArray[np.float32]:
    """Slice by slice: other threads get their turn, and no copy of the volume is made."""
    slices = voxels.shape[0] // by[0]
    means = np.empty((slices, voxels.shape[1] // by[1], voxels.shape[2] // by[2]), np.float32)
    for index in range(slices):
        between()
        block = [shrink(frame, by[1], by[2]) for frame in voxels[index * by[0] : (index + 1) * by[0]]]
        means[index] = block[0] if len(block) == 1 else np.mean(block, axis=0)
    return means
