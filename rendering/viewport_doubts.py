"""What must be said on one frame: where its millimetres come from, and what was lost in it."""

from __future__ import annotations

from rendering.header import FrameFacts, ImageHeader
from workstation.domain.doubt import Doubt, SpacingSource

# Sources that are not a plain length in the patient, and what to call them.
SPACING_DOUBTS: dict[SpacingSource, Doubt] = {
    SpacingSource.CALIBRATED: Doubt("spacing-calibrated", "Lengths are calibrated"),
    SpacingSource.ERMF: Doubt("spacing-ermf", "Lengths corrected for magnification (ERMF)"),
    SpacingSource.DETECTOR: Doubt("spacing-detector", "Lengths at the detector, not in the patient"),
    SpacingSource.NOMINAL: Doubt("spacing-nominal", "Lengths on the scanned film"),
    SpacingSource.NONE: Doubt("spacing-none", "No pixel spacing: lengths in pixels"),
}


def frame_doubts(header: ImageHeader, facts: FrameFacts) -> tuple[Doubt, ...]:
    """The badges of one frame beside those of its series."""
    doubts = []
    if not _has_region_spacing(header) and facts.spacing_source in SPACING_DOUBTS:
        doubts.append(SPACING_DOUBTS[facts.spacing_source])
    if header.lossy:
        ratio = f" {max(header.lossy_ratio):.0f}:1" if header.lossy_ratio else ""
        doubts.append(Doubt("lossy", f"Lossy compressed{ratio}"))
    doubts.extend(Doubt("warning", text) for text in header.warnings)
    return tuple(doubts)


def _has_region_spacing(header: ImageHeader) -> bool:
    return any(region.row_spacing is not None for region in header.ultrasound_regions)
