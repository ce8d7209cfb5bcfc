"""Roles of PET and nuclear medicine series: corrected for attenuation or not (PS3.3 C.8.9.1)."""

from __future__ import annotations

from collections.abc import Iterator

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.role_words import role_in_text


def of(image_set: ImageSet) -> Iterator[Fact]:
    """Both elements together decide; scanners write ATTN on uncorrected series too, then words do."""
    corrections = image_set.elements("CorrectedImage")
    method = image_set.first("AttenuationCorrectionMethod").strip().upper() not in ("", "NONE")
    if corrections and "ATTN" not in corrections:
        yield Fact("pet_nac", "CorrectedImage is without ATTN")
    elif method:
        yield Fact("pet_ac", "AttenuationCorrectionMethod is filled")
    else:
        named = role_in_text(image_set, "pet_nac", "pet_ac")
        if named:
            yield named
        elif corrections:
            yield Fact("pet_ac", "CorrectedImage includes ATTN")


def of_nuclear(image_set: ImageSet) -> Iterator[Fact]:
    """By ImageType value 3 (PS3.3 C.8.4.9.1); what was reconstructed is `tomo`, gated or not."""
    if any("RECON" in kind for kind in image_set.elements("ImageType")):
        yield Fact("tomo", "ImageType says RECON")
    for kind in ("RECON TOMO", "RECON GATED TOMO", "WHOLE BODY", "STATIC", "DYNAMIC"):
        if kind in image_set.elements("ImageType"):
            yield Fact(kind.lower().replace(" ", "_"), f"ImageType says {kind}")
