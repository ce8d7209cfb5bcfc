"""Clinical doubt: what a reader must know about an image before trusting it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SpacingSource(StrEnum):
    """Where millimetres come from. Anything but the first three is not a length in the patient."""

    PIXEL_SPACING = "PixelSpacing"
    CALIBRATED = "PixelSpacing (calibrated)"
    US_REGION = "UltrasoundRegion"
    ERMF = "ImagerPixelSpacing / EstimatedRadiographicMagnificationFactor"
    DETECTOR = "ImagerPixelSpacing (at detector)"
    NOMINAL = "NominalScannedPixelSpacing"
    NONE = "none"


class Verdict(StrEnum):
    """What a series may be shown as (reliability rule: only verified slices make a volume)."""

    VOLUME = "VOLUME"
    STACK = "STACK"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A lasting badge on the image. `text` is a short English source string for translation."""

    code: str
    text: str
    forbids_measuring: bool = False
