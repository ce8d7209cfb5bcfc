"""A window from values that are seen: an image, a cut, a box that was dragged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.domain.viewing import VoiFunction, Window
from workstation.errors import Refused

# Outliers (metal, a burned-in letter) may not decide what the rest looks like.
PERCENTILES = (1.0, 99.0)
LEAST_VALUES = 16


def window_of_values(values: NDArray[np.float32], padding: tuple[float, float] | None) -> Window:
    """From the 1st to the 99th percentile. Raises Refused where there is too little to see."""
    kept = values[np.isfinite(values)]
    if padding is not None:
        kept = kept[(kept < padding[0]) | (kept > padding[1])]
    if kept.size < LEAST_VALUES:
        raise Refused("Too little image here", "A window needs some pixels to look at", "Drag a larger box over the image")
    low, high = (float(v) for v in np.percentile(kept, PERCENTILES))
    if high <= low:
        low, high = float(kept.min()), float(kept.max())
    if high <= low:
        raise Refused("This part of the image is all alike", "A window needs different values", "Drag a larger box")
    return Window((low + high) / 2, high - low, VoiFunction.LINEAR_EXACT)
