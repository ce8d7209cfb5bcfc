"""Makes a volume small enough to be turned in the hand, or says that it cannot be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.reslice import shrink
from workstation.domain.geometry import VolumeGeometry, add, scale
from workstation.errors import Refused

# Voxels that two processor cores turn smoothly, and that any graphics card of today takes (as
# 16 bit values 512 MiB). Larger volumes are halved, finest direction first.
SOFTWARE_VOXELS = 16 << 20
CARD_VOXELS = 256 << 20
# No direction may have more voxels than every graphics driver's 3D textures.
LONGEST_SIDE = 2048
# A volume that would have to be made coarser than this would hide what one looks for.
COARSEST = 4


def reduced(voxels: NDArray[Any], geometry: VolumeGeometry, is_software: bool) -> tuple[NDArray[Any], VolumeGeometry]:
    """The volume itself, or means of blocks of its voxels, with the grid those lie on.

    Raises Refused when it is too large, before anything is copied.
    """
    by = _factors(geometry, SOFTWARE_VOXELS if is_software else CARD_VOXELS)
    if by == (1, 1, 1):
        return voxels, geometry
    shape = tuple(size // factor for size, factor in zip(geometry.shape, by, strict=True))
    if max(by) > COARSEST or 0 in shape:
        slices, rows, columns = geometry.shape
        raise Refused(
            "This series is too large for 3D",
            f"{columns} x {rows} x {slices} voxels are more than this computer can turn",
            "Read it as a stack or in planes",
        )
    return _means(voxels, by), _grid(geometry, by)


def _factors(geometry: VolumeGeometry, limit: int) -> tuple[int, int, int]:
    """How many (slices, rows, columns) become one."""
    shape, by = geometry.shape, [1, 1, 1]
    pitch = geometry.spacing[::-1]
    while True:
        sizes = [size / factor for size, factor in zip(shape, by, strict=True)]
        if max(sizes) > LONGEST_SIDE:
            axis = sizes.index(max(sizes))
        elif math.prod(sizes) > limit:
            # Never across a direction that is used up: a thin slab has few slices to give.
            axis = min((i for i in range(3) if sizes[i] >= 2), key=lambda i: pitch[i] * by[i])
        else:
            return by[0], by[1], by[2]
        by[axis] *= 2


def _means(voxels: NDArray[Any], by: tuple[int, int, int]) -> NDArray[Any]:
    slices = voxels.shape[0] // by[0]
    small = np.empty((slices, voxels.shape[1] // by[1], voxels.shape[2] // by[2]), voxels.dtype)
    for index in range(slices):
        block = [shrink(frame, by[1], by[2]) for frame in voxels[index * by[0] : (index + 1) * by[0]]]
        mean = np.mean(block, axis=0)
        small[index] = mean if voxels.dtype.kind == "f" else np.rint(mean)
    return small


def _grid(geometry: VolumeGeometry, by: tuple[int, int, int]) -> VolumeGeometry:
    """Blocks lie at the middle of the voxels they are made of."""
    slices, rows, columns = (size // factor for size, factor in zip(geometry.shape, by, strict=True))
    axes = [scale(geometry.axis(i), factor) for i, factor in enumerate(reversed(by))]
    origin = geometry.to_patient(*((factor - 1) / 2 for factor in reversed(by)))
    first, second, third = zip(*axes, add(origin, (0.0, 0.0, 0.0)), strict=True)
    return VolumeGeometry((slices, rows, columns), (first, second, third))
