"""Roles read from what a series is called, in five languages: the last resort after attributes."""

from __future__ import annotations

from collections.abc import Iterator

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.words import vocabulary

# Roles whose name is not simply its words.
_TITLES = {
    "t1": "T1", "t2": "T2", "t2_star": "T2*", "pd": "proton density", "flair": "FLAIR", "stir": "STIR", "dwi": "diffusion",
    "adc": "ADC", "swi": "susceptibility", "high_b": "high b-value", "tof": "time of flight", "bold": "functional", "3d": "3D",
    "mip": "projection", "pet_ac": "PET corrected for attenuation", "pet_nac": "PET not corrected for attenuation",
    "ct_of_petct": "CT of a PET/CT",
    "cc": "CC", "xcc": "exaggerated CC", "mlo": "MLO", "pa": "PA", "ap": "AP", "mammogram_2d": "2D mammogram",
    "synthetic_2d": "synthetic 2D", "post_contrast": "after contrast", "non_contrast": "without contrast",
    "portal_venous": "portal venous phase", "arterial": "arterial phase", "delayed": "delayed phase",
    "excretory": "excretory phase", "hepatobiliary": "hepatobiliary phase", "low_kev": "low keV", "kev_70": "about 70 keV",
    "high_kev": "high keV", "z_effective": "effective atomic number", "virtual_non_contrast": "virtual non-contrast",
    "fat_sat": "fat suppressed", "b1000": "b-value of about 1000", "very_high_b": "b-value of 1400 or above", "b0": "b-value 0",
    "dsa": "subtraction angiography", "mrcp": "MRCP", "cine_mr": "cine", "ct_of_nm": "CT of a nuclear medicine study",
    "for_reading": "made for reading",
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


def roles_in_text(image_set: ImageSet, *names: str) -> Iterator[Fact]:
    """All of `names` that SeriesDescription says in words; ProtocolName is asked only where there is none.

    A protocol's name tells of the whole scan ("three phases"), not of the one series.
    """
    keyword = next((one for one in SERIES_TEXTS if image_set.first(one).strip()), SERIES_TEXTS[0])
    for found, word in vocabulary("series").in_text(image_set.first(keyword)):
        if found in names:
            yield Fact(found, f'the word "{word}" in {keyword}')
