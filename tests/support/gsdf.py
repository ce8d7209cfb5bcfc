"""The Grayscale Standard Display Function (PS3.14, 7.1): luminance in cd/m² of a JND index, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# PS3.14 7.1, a to m of equation 1 and A to I of its inverse.
_NUMERATOR = (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3)
_DENOMINATOR = (1.0, -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4)
_INVERSE = (71.498068, 94.593053, 41.912053, 9.8247004, 0.28175407, -1.1878455, -0.18014349, 0.14710899, -0.017046845)


def luminance(jnd: Any) -> Array:
    """Of JND indices 1 to 1023."""
    logarithm = np.log(np.asarray(jnd, float))
    over = sum(c * logarithm**power for power, c in enumerate(_NUMERATOR))
    under = sum(c * logarithm**power for power, c in enumerate(_DENOMINATOR))
    return 10.0 ** np.asarray(over / under)


def jnd_index(cd: Any) -> Array:
    logarithm = np.log10(np.asarray(cd, float))
    return np.asarray(sum(c * logarithm**power for power, c in enumerate(_INVERSE)))


def calibrated(p_value: Any, black: float, white: float) -> Array:
    """What a display shows a P-value (0 to 1) in: equal steps are equally well seen."""
    low, high = jnd_index(black), jnd_index(white)
    return luminance(low + np.asarray(p_value, float) * (high - low))
