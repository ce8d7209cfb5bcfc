"""Where each frame of a series lies, in memory and on disk alike: equal frames side by side in one block."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FrameKind = tuple[tuple[int, ...], str]
"""The shape of one frame and its numpy dtype."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the frame at one position lives: slot `index` of block `block`."""

    block: int
    index: int


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """`blocks` are the shape (count, rows, columns[, samples]) and dtype of each; `slots` are by position.

    A volume has one kind of frame, thus one block with its slots in slice order.
    """

    blocks: tuple[FrameKind, ...]
    slots: tuple[Slot, ...]

    @classmethod
    def of(cls, kinds: Sequence[FrameKind]) -> FrameLayout:
        """For frames of these kinds, in reading order."""
        known: dict[FrameKind, int] = {}
        counts: list[int] = []
        slots: list[Slot] = []
        for kind in kinds:
            block = known.setdefault(kind, len(known))
            if block == len(counts):
                counts.append(0)
            slots.append(Slot(block, counts[block]))
            counts[block] += 1
        blocks = tuple(((count, *shape), dtype) for (shape, dtype), count in zip(known, counts, strict=True))
        return cls(blocks, tuple(slots))

    @property
    def bytes(self) -> int:
        """Of all frames."""
        return sum(shape[0] * frame_bytes((shape[1:], dtype)) for shape, dtype in self.blocks)

    def kind(self, position: int) -> FrameKind:
        shape, dtype = self.blocks[self.slots[position].block]
        return shape[1:], dtype


def frame_bytes(kind: FrameKind) -> int:
    """Of one frame."""
    return math.prod(kind[0]) * np.dtype(kind[1]).itemsize
