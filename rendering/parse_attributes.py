"""What hanging protocols ask of a file (workstation.domain.study.SERIES_ATTRIBUTES), as text.

Enhanced objects keep much of it in functional groups (PS3.3 C.7.6.16): the shared ones, else those
of the first frame, are read for an element that the top level lacks.
"""

from __future__ import annotations

from collections.abc import Iterable

from rendering.parse_elements import Elements
from workstation.domain.study import INSTANCE_ATTRIBUTES, SERIES_ATTRIBUTES

# Binary numbers; every other element asked for is text or a code sequence.
_NUMBERS = frozenset({"DiffusionBValue", "EffectiveEchoTime"})

# (functional group, its element, the keyword it answers for)
_GROUPS = (
    ("PlaneOrientationSequence", "ImageOrientationPatient", "ImageOrientationPatient"),
    ("PixelMeasuresSequence", "SliceThickness", "SliceThickness"),
    ("CTReconstructionSequence", "ConvolutionKernel", "ConvolutionKernel"),
    ("MRTimingAndRelatedParametersSequence", "RepetitionTime", "RepetitionTime"),
    ("MREchoSequence", "EffectiveEchoTime", "EchoTime"),
    ("MRDiffusionSequence", "DiffusionBValue", "DiffusionBValue"),
    ("FrameAnatomySequence", "FrameLaterality", "FrameLaterality"),
    ("FrameAnatomySequence", "AnatomicRegionSequence", "AnatomicRegionSequence"),
)

# Modalities whose images are views of their own; a CT's thousand headers stay small.
_VIEW_MODALITIES = frozenset({"CR", "DX", "IO", "MG", "PX", "RG"})

# What of a ContributingEquipmentSequence (0018,A001) item tells how an image was made.
_EQUIPMENT = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "ContributionDescription")

Pairs = tuple[tuple[str, tuple[str, ...]], ...]


def series_attributes(elements: Elements) -> dict[str, tuple[str, ...]]:
    """Keyword to values, those present and not empty."""
    found = dict(_present(elements, SERIES_ATTRIBUTES))
    for owner in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups = elements.item(owner)
        if groups is not None:
            for name, values in _of_groups(groups):
                found.setdefault(name, values)
    return found


def instance_attributes(elements: Elements) -> Pairs:
    """The same for one image, where a series may hold several views; else empty."""
    return tuple(_present(elements, INSTANCE_ATTRIBUTES)) if elements.text("Modality") in _VIEW_MODALITIES else ()


def _present(elements: Elements, names: Iterable[str]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for name in names:
        if name in elements and any(values := _values(elements, name)):
            yield name, values


def _values(elements: Elements, name: str) -> tuple[str, ...]:
    if name == "ContributingEquipmentSequence":
        return tuple("|".join(_one_line(item, part) for part in _EQUIPMENT) for item in elements.items(name))
    if name == "DerivationDescription":
        return (_one_line(elements, name),)
    # ScanningSequence (0018,0020) is a code string by that name, no sequence.
    if name.endswith("Sequence") and name != "ScanningSequence":
        return elements.codes(name)
    if name in _NUMBERS:
        return _as_text(elements, name)
    return elements.texts(name)


def _one_line(elements: Elements, name: str) -> str:
    """A text that may have lines and backslashes of its own; the sign between parts is ours."""
    return " ".join(elements.long_text(name).replace("|", " ").split())


def _of_groups(groups: Elements) -> Iterable[tuple[str, tuple[str, ...]]]:
    for sequence, element, keyword in _GROUPS:
        item = groups.item(sequence)
        if item is not None and any(values := _values(item, element)):
            yield keyword, values


def _as_text(elements: Elements, name: str) -> tuple[str, ...]:
    return tuple(f"{value:g}" for value in elements.numbers(name))
