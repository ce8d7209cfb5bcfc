"""Roles of MR series: weighting, diffusion, contrast, fat and water, dynamics, 3D.

AcquisitionContrast (0008,9209) and ImageType answer for enhanced objects (PS3.3 C.8.13.3.1);
classic objects are known by their timing (echo, repetition and inversion time in ms); what a
series is called counts only when neither does.
"""

from __future__ import annotations

from collections.abc import Iterator

from hanging_protocols import roles_diffusion
from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.role_words import role_in_text, roles_in_text
from hanging_protocols.roles_contrast import contrast
from hanging_protocols.words import tokens

# SliceThickness in mm up to which a series counts as thin enough to reformat from.
THIN_MM = 1.5

# Defined terms of AcquisitionContrast, PS3.3 C.8.13.3.1.1.
_CONTRASTS = {
    "T1": "t1", "T2": "t2", "T2_STAR": "t2_star", "PROTON_DENSITY": "pd", "FLUID_ATTENUATED": "flair",
    "STIR": "stir", "DIFFUSION": "dwi", "PERFUSION": "perfusion", "TOF": "tof",
}  # fmt: skip

_TYPES = {
    "ADC": "adc", "DIFFUSION": "dwi", "TRACEW": "dwi", "FMRI": "bold", "ASL": "perfusion", "PERFUSION": "perfusion",
    "SWI": "swi", "TOF": "tof", "FLUID_ATTENUATED": "flair",
}  # fmt: skip

# Kinds whose timing would be mistaken for a plain weighting, so that a name decides before it does.
_SPECIAL = (
    "field_map", "parametric_map", "perfusion_map", "tensor_map", "adc", "dwi", "flair", "stir", "swi", "bold", "perfusion",
    "tof", "mrcp",
)  # fmt: skip
_FIRST = ("flair", "adc")
_PLAIN = ("t1", "t2", "pd")

# With so many times a series is looked at over time.
DYNAMIC_FROM = 3
# Inversion times in ms: fat is nulled at 100-250 (STIR), fluid from 1500 on (FLAIR).
STIR_TI = (100.0, 250.0)
FLAIR_TI = 1500.0
LONG_TE, SHORT_TE = 70.0, 30.0
LONG_TR, SHORT_TR = 1800.0, 1000.0
GRADIENT_T2_STAR_TE = 15.0
GRADIENT_T1_TE = 8.0


def of(image_set: ImageSet) -> Iterator[Fact]:
    yield from _weighting(image_set)
    yield from roles_diffusion.of(image_set)
    yield from contrast(image_set)
    yield from _kinds(image_set)
    yield from _three_dimensional(image_set)


def _weighting(image_set: ImageSet) -> Iterator[Fact]:
    """The first of code, image type, name of a special kind, timing, name that has an answer.

    "tirm dark fluid" is FLAIR: fluid is asked before the inversion that nulls fat, and a map of a diffusion before it.
    """
    special = (*(role_in_text(image_set, name) for name in _FIRST), role_in_text(image_set, *_SPECIAL))
    for found in (_coded(image_set), _typed(image_set), *special, _timed(image_set)):
        if found:
            yield found
            return
    named = role_in_text(image_set, *_PLAIN)
    if named:
        yield named


def _coded(image_set: ImageSet) -> Fact | None:
    for value in image_set.elements("AcquisitionContrast"):
        if value in _CONTRASTS and not _is_map(image_set):
            return Fact(_CONTRASTS[value], f"AcquisitionContrast is {value}")
    return None


def _is_map(image_set: ImageSet) -> bool:
    """An ADC map keeps the AcquisitionContrast DIFFUSION of what it was computed from."""
    return "ADC" in image_set.elements("ImageType")


def _typed(image_set: ImageSet) -> Fact | None:
    """ImageType, in the order of our table: an ADC map says DIFFUSION too."""
    types = image_set.elements("ImageType")
    return next((Fact(role, f"ImageType says {kind}") for kind, role in _TYPES.items() if kind in types), None)


def _timed(image_set: ImageSet) -> Fact | None:
    echo, repetition = image_set.number("EchoTime"), image_set.number("RepetitionTime")
    if echo is None or repetition is None:
        return None
    sequence = image_set.elements("ScanningSequence")
    role = _inversion(image_set, sequence, echo) or _gradient(sequence, echo) or _spin_echo(sequence, echo, repetition)
    return Fact(role, f"EchoTime is {echo:g} and RepetitionTime {repetition:g} ms") if role else None


def _inversion(image_set: ImageSet, sequence: tuple[str, ...], echo: float) -> str:
    inversion = image_set.number("InversionTime")
    if "IR" not in sequence or inversion is None:
        return ""
    if STIR_TI[0] <= inversion <= STIR_TI[1]:
        return "stir"
    return "flair" if inversion >= FLAIR_TI and echo >= LONG_TE else ""


def _gradient(sequence: tuple[str, ...], echo: float) -> str:
    if "GR" not in sequence or "EP" in sequence:
        return ""
    if echo <= GRADIENT_T1_TE:
        return "t1"
    return "t2_star" if echo >= GRADIENT_T2_STAR_TE else ""


def _spin_echo(sequence: tuple[str, ...], echo: float, repetition: float) -> str:
    """RM is a research mode, in use for spin echo by one maker. Enhanced objects name no sequence."""
    if "GR" in sequence or "EP" in sequence or not {"SE", "RM"}.intersection(sequence):
        return ""
    if echo <= SHORT_TE and repetition <= SHORT_TR:
        return "t1"
    if repetition >= LONG_TR:
        return "t2" if echo >= LONG_TE else "pd" if echo <= SHORT_TE else ""
    return ""


_FAT_OPTIONS = frozenset({"FS", "FAT_SAT", "FATSAT", "SPIR", "SPAIR", "WE"})
_OF_TEXT = (
    "fat_sat", "subtraction", "dynamic", "angiography", "mrcp", "perfusion_map", "tensor_map", "late_enhancement", "cine_mr",
    "stitched",
)  # fmt: skip
_DIXON_ENDS = {"in": "in_phase", "opp": "opposed_phase", "w": "water", "f": "fat"}
_DIXON_TYPES = {
    "IN_PHASE": "in_phase", "OPP_PHASE": "opposed_phase", "OUT_PHASE": "opposed_phase", "WATER": "water", "FAT": "fat",
}  # fmt: skip


def _kinds(image_set: ImageSet) -> Iterator[Fact]:
    """What a series is besides its weighting."""
    if "SUBTRACTION" in image_set.elements("ImageType"):
        yield Fact("subtraction", "ImageType says SUBTRACTION")
    yield from roles_in_text(image_set, *_OF_TEXT)
    if _FAT_OPTIONS.intersection(option.upper() for option in image_set.elements("ScanOptions")):
        yield Fact("fat_sat", "ScanOptions says so")
    yield from _dixon(image_set)
    positions = image_set.number("NumberOfTemporalPositions")
    if positions is not None and positions >= DYNAMIC_FROM:
        yield Fact("dynamic", f"NumberOfTemporalPositions is {positions:g}")
    if image_set.first("CardiacSynchronizationTechnique").upper() not in ("", "NONE"):
        yield Fact("gated", "CardiacSynchronizationTechnique is filled")


def _dixon(image_set: ImageSet) -> Iterator[Fact]:
    """The one of the four images of a Dixon sequence; only the end of a name tells some makers' apart."""
    for kind in image_set.elements("ImageType"):
        if kind in _DIXON_TYPES:
            yield Fact(_DIXON_TYPES[kind], f"ImageType says {kind}")
    yield from roles_in_text(image_set, "in_phase", "opposed_phase", "water", "fat")
    named = tokens(image_set.first("SeriesDescription"))
    ends = [_DIXON_ENDS[word] for word in named[-1:] if word in _DIXON_ENDS]
    if ends and any(word.startswith(("dixon", "mdixon")) for word in named):
        yield Fact(ends[0], f'"{named[-1]}" ends the name of a Dixon series')


def _three_dimensional(image_set: ImageSet) -> Iterator[Fact]:
    thickness = image_set.number("SliceThickness")
    if image_set.first("MRAcquisitionType") == "3D":
        yield Fact("3d", "MRAcquisitionType is 3D")
    if thickness is not None and 0.0 < thickness <= THIN_MM:
        yield Fact("thin", f"SliceThickness is {thickness:g} mm")
