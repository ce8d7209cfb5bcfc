"""What is told of a series that is laid over another one. Plain data without Qt; text of series is from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workstation.domain.viewing import FusionMode, Window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Fused:
    """What was laid over. `colours` (256, 3) go from the lower to the upper end of `window`, which is in `unit`.

    `words` say how the two were brought together: an English source string, or an alignment's own words.
    """

    study_uid: str
    series_uid: str
    modality: str
    series_number: int | None
    series_description: str
    study_date: str
    mode: FusionMode
    words: str
    opacity: float
    map_title: str
    colours: NDArray[np.uint8]
    window: Window
    unit: str
    partial: bool = False
