"""Sound as numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatSamples = npt.NDArray[np.float32]
"""Samples in -1..1."""
