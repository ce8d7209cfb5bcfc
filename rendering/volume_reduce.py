"""Makes a volume small enough to be turned in the hand, says by how much, or says that it cannot be.

Three levels of one volume are drawn: a first one of single voxels, there at once; one of means, for moving; and
for stillness the volume itself, where it and what VTK adds to it fit. Nothing is copied before that is decided.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.frame_memory import half_of_memory
from rendering.reslice import shrink
from rendering.volume_gl import Graphics
from workstation.domain.geometry import VolumeGeometry, scale
from workstation.errors import Refused

Factors = tuple[int, int, int]
"""How many (slices, rows, columns) become one."""

# Voxels that are copied and lit within a tenth of a second, for the first picture.
FIRST_VOXELS = 2 << 20
# Voxels that two processor cores turn smoothly, and that they draw in full when nothing moves.
SOFTWARE_VOXELS = 16 << 20
STILL_VOXELS = 160 << 20
# Voxels on a card whose memory is not known; 16 bit values of so many are 512 MiB.
CARD_VOXELS = 256 << 20
# Of free memory no more than this share is taken, here or on the card.
SHARE = 0.6
# What VTK keeps of each voxel for its light: a direction and a steepness.
LIGHT_BYTES = 3
# A volume that would have to be made coarser than this would hide what one looks for.
COARSEST = 8
NAMES = {1: "full", 2: "half", 4: "a quarter of its", 8: "an eighth of its"}


@dataclass(frozen=True, slots=True)
class Level:
    """Voxels of every `by`th place; voxel (0, 0, 0) lies at index `offset` of the whole volume. Both (slices, rows, columns)."""

    voxels: NDArray[Any]
    geometry: VolumeGeometry
    by: Factors = (1, 1, 1)
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    is_copy: bool = False

    @property
    def copied_bytes(self) -> int:
        """What it takes besides the series' own voxels."""
        return int(self.voxels.nbytes) if self.is_copy else 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Which levels there are: factors of the first and of the moving one, whether the whole is drawn, and what is said."""

    first: Factors
    moving: Factors
    draws_whole: bool
    words: str = ""


def plan(geometry: VolumeGeometry, item_bytes: int, graphics: Graphics, free_bytes: int | None = None) -> Plan:
    """What can be drawn of a volume here. Raises Refused, in words, when it is too large."""
    free = available_bytes() if free_bytes is None else free_bytes
    count = math.prod(geometry.shape)
    if graphics.is_software:
        wanted, why = SOFTWARE_VOXELS, "more than this processor turns smoothly"
        by = factors(geometry, min(wanted, int(SHARE * free / (item_bytes + LIGHT_BYTES))), max(geometry.shape))
        whole = count <= STILL_VOXELS and count * LIGHT_BYTES <= SHARE * free
    else:
        wanted = CARD_VOXELS if graphics.card_bytes is None else int(SHARE * graphics.card_bytes / item_bytes)
        why = "more than the graphics card takes"
        by = factors(geometry, wanted, graphics.longest_side)
        copied = count // math.prod(by) * item_bytes if by != (1, 1, 1) else 0
        if copied > SHARE * free:
            by, why = factors(geometry, int(SHARE * free / item_bytes), graphics.longest_side), "more than the free memory takes"
        whole = by == (1, 1, 1)
    if max(by) > COARSEST or any(size // factor == 0 for size, factor in zip(geometry.shape, by, strict=True)):
        raise Refused(
            "This series is too large for 3D",
            f"{_size(geometry)} voxels are more than this computer can turn",
            "Read it as a stack or in planes",
        )
    said = "" if whole else f"3D shown at {NAMES[max(by)]} resolution: {_size(geometry)} voxels are {why}"
    return Plan(factors(geometry, FIRST_VOXELS, max(geometry.shape)), by, whole, said)


def factors(geometry: VolumeGeometry, most_voxels: int, longest_side: int) -> Factors:
    """Powers of two, the finest direction first, until no more than so many voxels and none longer are left."""
    shape, by = geometry.shape, [1, 1, 1]
    pitch = geometry.spacing[::-1]
    while True:
        sizes = [size / factor for size, factor in zip(shape, by, strict=True)]
        if max(sizes) > longest_side:
            axis = sizes.index(max(sizes))
        elif math.prod(sizes) > max(most_voxels, 1):
            # Never across a direction that is used up: a thin slab has few slices to give.
            axis = min((i for i in range(3) if sizes[i] >= 2), key=lambda i: pitch[i] * by[i])
        else:
            return by[0], by[1], by[2]
        by[axis] *= 2


def picked(voxels: NDArray[Any], geometry: VolumeGeometry, by: Factors) -> Level:
    """Single voxels, one of each block: coarse, and there at once however large the volume is."""
    if by == (1, 1, 1):
        return Level(voxels, geometry)
    starts = [factor // 2 for factor in by]
    small = np.ascontiguousarray(voxels[tuple(slice(start, None, step) for start, step in zip(starts, by, strict=True))])
    offset = (float(starts[0]), float(starts[1]), float(starts[2]))
    return Level(small, _grid(geometry, by, offset, small.shape), by, offset, True)


def means(voxels: NDArray[Any], geometry: VolumeGeometry, by: Factors, cancelled: Callable[[], bool] = lambda: False) -> Level:
    """Means of blocks of voxels, read slice by slice. Raises InterruptedError when `cancelled`."""
    if by == (1, 1, 1):
        return Level(voxels, geometry)
    slices = voxels.shape[0] // by[0]
    small = np.empty((slices, voxels.shape[1] // by[1], voxels.shape[2] // by[2]), voxels.dtype)
    for index in range(slices):
        if cancelled():
            raise InterruptedError
        block = [shrink(frame, by[1], by[2]) for frame in voxels[index * by[0] : (index + 1) * by[0]]]
        mean = block[0] if len(block) == 1 else np.mean(block, axis=0)
        small[index] = mean if voxels.dtype.kind == "f" else np.rint(mean)
    # Blocks lie at the middle of the voxels they are made of.
    offset = ((by[0] - 1) / 2, (by[1] - 1) / 2, (by[2] - 1) / 2)
    return Level(small, _grid(geometry, by, offset, small.shape), by, offset, True)


def available_bytes() -> int:
    """Memory that can be taken without pushing others out; half of the machine's where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return half_of_memory()


def _size(geometry: VolumeGeometry) -> str:
    slices, rows, columns = geometry.shape
    return f"{columns} x {rows} x {slices}"


def _grid(geometry: VolumeGeometry, by: Factors, offset: tuple[float, float, float], shape: tuple[int, ...]) -> VolumeGeometry:
    columns = [scale(geometry.axis(i), factor) for i, factor in enumerate(reversed(by))]
    first, second, third = zip(*columns, geometry.to_patient(*reversed(offset)), strict=True)
    return VolumeGeometry((shape[0], shape[1], shape[2]), (first, second, third))
