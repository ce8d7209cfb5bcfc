"""Where the pixels of a view look in the indices (column, row, slice) of a volume or a frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

# Index steps below this are rounding: over 10,000 pixels they add up to a millionth of a voxel.
ALONG_AXIS = 1e-10

Column = Sequence[float]


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where view pixel (i, j) looks, in index coordinates (column, row, slice).

    The centre of pixel (0, 0) is at `first`; one pixel to the right adds `right`, one down
    `down`. `through` is the step between the `samples` of a slab, which is centred on the cut.
    """

    first: Column
    right: Column
    down: Column
    width: int
    height: int
    through: Column = (0.0, 0.0, 1.0)
    samples: int = 1
    mode: str = "MEAN"

    @property
    def runs_along_axes(self) -> bool:
        """Whether the view's axes run along the volume's: the case VTK permutes instead of resampling."""
        steps = (self.right, self.down, self.through)
        return all(sum(abs(part) > ALONG_AXIS for part in step) <= 1 for step in steps)

    def regridded(self, times: float) -> Sampling:
        """The same view with pixels `times` as large (below 1: finer)."""
        if times == 1.0:
            return self
        shift = (times - 1.0) / 2.0
        first = [f + shift * (r + d) for f, r, d in zip(self.first, self.right, self.down, strict=True)]
        right, down = tuple(r * times for r in self.right), tuple(d * times for d in self.down)
        width, height = math.ceil(self.width / times), math.ceil(self.height / times)
        return replace(self, first=tuple(first), right=right, down=down, width=width, height=height)

    def thinned(self, times: int) -> Sampling:
        """Every `times`-th pixel of the view from the first on, and enough of them to reach past the last."""
        right, down = tuple(r * times for r in self.right), tuple(d * times for d in self.down)
        width, height = 1 + math.ceil((self.width - 1) / times), 1 + math.ceil((self.height - 1) / times)
        return replace(self, right=right, down=down, width=width, height=height)

    def with_fewer_samples(self, most: int) -> Sampling:
        """The same slab from about `most` samples, further apart: an odd number, the middle one on the cut."""
        times = math.ceil(self.samples / most)
        if times <= 1:
            return self
        samples = 2 * max(1, round((self.samples / times - 1.0) / 2.0)) + 1
        apart = (self.samples - 1) / (samples - 1)
        return replace(self, samples=samples, through=tuple(t * apart for t in self.through))
