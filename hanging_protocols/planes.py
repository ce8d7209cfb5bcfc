"""Whether a series can plausibly be cut in other planes, known before a voxel is read.

Only the image room's verified volume decides what is shown (reliability: only verified slices
make a volume); this keeps a protocol from asking for planes of a scout or of five slices.
"""

from __future__ import annotations

from hanging_protocols.facts import ImageSet

VOLUME_MODALITIES = frozenset({"CT", "MR", "PT"})

# Fewer slices than this give a reformat that no one reads from.
MIN_SLICES = 20


def why_not_volume(image_set: ImageSet, roles: frozenset[str]) -> str:
    """Empty when a volume is plausible, else the reason in words."""
    if image_set.series.modality not in VOLUME_MODALITIES:
        return f"{image_set.series.modality or 'this modality'} is not cut in planes"
    if "localizer" in roles:
        return "a scout is not cut in planes"
    if "mip" in roles or "secondary_capture" in roles:
        return "derived pictures are not cut in planes"
    if image_set.images < MIN_SLICES:
        return f"{image_set.images} slices are too few for other planes"
    return ""
