"""Whether a series can plausibly be cut in other planes, known before a voxel is read.

Only the image room's verified volume decides what is shown (reliability: only verified slices
make a volume); this keeps a protocol from asking for planes of a scout or of five slices.
"""

from __future__ import annotations

from hanging_protocols.facts import ImageSet

VOLUME_MODALITIES = frozenset({"CT", "MR", "PT"})
# Of nuclear medicine only what was reconstructed is a volume.
RECONSTRUCTED = "NM"

# Fewer slices than this give a reformat that no one reads from.
MIN_SLICES = 20
MIN_SLICES_RECONSTRUCTED = 8


def why_not_volume(image_set: ImageSet, roles: frozenset[str]) -> str:
    """Empty when a volume is plausible, else the reason in words."""
    reconstructed = image_set.series.modality == RECONSTRUCTED and "tomo" in roles
    if image_set.series.modality not in VOLUME_MODALITIES and not reconstructed:
        return f"{image_set.series.modality or 'this modality'} is not cut in planes"
    if "localizer" in roles:
        return "a scout is not cut in planes"
    if roles & {"mip", "secondary_capture", "volume_rendering", "colour"}:
        return "derived pictures are not cut in planes"
    if image_set.images < (MIN_SLICES_RECONSTRUCTED if reconstructed else MIN_SLICES):
        return f"{image_set.images} slices are too few for other planes"
    return ""
