"""Roles read from what a series is called, in five languages: the last resort after attributes."""

from __future__ import annotations

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.words import vocabulary

# Roles whose name is not simply its words.
_TITLES = {
    "t1": "T1", "t2": "T2", "t2_star": "T2*", "pd": "proton density", "flair": "FLAIR", "stir": "STIR", "dwi": "diffusion",
    "adc": "ADC", "swi": "susceptibility", "high_b": "high b-value", "tof": "time of flight", "bold": "functional", "3d": "3D",
    "mip": "projection", "pet_ac": "PET corrected for attenuation", "pet_nac": "PET not corrected for attenuation",
    "ct_of_petct": "CT of a PET/CT",
    "cc": "CC", "xcc": "exaggerated CC", "mlo": "MLO", "pa": "PA", "ap": "AP", "mammogram_2d": "2D mammogram",
    "synthetic_2d": "synthetic 2D", "post_contrast": "after contrast",
}  # fmt: skip

SERIES_TEXTS = ("SeriesDescription", "ProtocolName")


def role_title(name: str) -> str:
    """A role as a reader would say it; other words with their underscores as blanks."""
    return _TITLES.get(name, name.replace("_", " "))


def role_in_text(image_set: ImageSet, *names: str) -> Fact | None:
    """The first of `names` that SeriesDescription, else ProtocolName, says in words."""
    terms = vocabulary("series")
    for keyword in SERIES_TEXTS:
        for found, word in terms.in_text(image_set.first(keyword)):
            if found in names:
                return Fact(found, f'the word "{word}" in {keyword}')
    return None
