"""ScanFacts and diffusion of a frame: what tells frames at one place apart, standard and private.

Private elements are read only inside a block that their creator has reserved (PS3.5 7.8.1), and only
where public sources agree on what they hold: the b-values and directions of Siemens, GE and Philips.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rendering.header import ScanFacts
from rendering.parse_elements import Elements
from workstation.domain.geometry import Vec3

# "MONO_70KEV", "VMI 40 keV", "MONOENERGETIC_55_KEV" in ImageType: no element of its own says it in a CT image.
_KEV = re.compile(r"(\d{2,3})\s*_?KEV", re.IGNORECASE)

# GE adds this to the b-value of series with several of them.
_GE_BIAS = 1_000_000_000

# No scanner weights more; anything above is another number in the same element.
_MOST_B = 100_000.0

# Vectors whose length differs from 1 by more are none.
_UNIT_TOLERANCE = 0.05

Read = Callable[[Elements | None], Any]
Macro = Callable[[str, Read], Any]


def scan_of(elements: Elements, image_type: tuple[str, ...]) -> ScanFacts:
    """Of an image without functional groups."""
    reference, duration = elements.real("FrameReferenceTime"), elements.real("ActualFrameDuration")
    contrast = elements.item("ContrastBolusUsageSequence") or elements
    return ScanFacts(
        elements.real("InversionTime"),
        elements.real("FlipAngle"),
        elements.real("KVP"),
        _energy(image_type),
        _percent(elements.real("NominalPercentageOfCardiacPhase")),
        _percent(elements.real("NominalPercentageOfRespiratoryPhase")),
        contrast.text("ContrastBolusAgentPhase"),
        "" if elements.text("AcquisitionTime") else elements.text("ContentTime"),
        None if reference is None else reference / 1000.0,
        None if duration is None else duration / 1000.0,
        echo_number=None if "EchoTime" in elements else elements.integer("EchoNumbers"),
    )


def scan_of_groups(macro: Macro, image_type: tuple[str, ...], time_offset: float | None) -> ScanFacts:
    """Of a frame with functional groups; `macro` reads one of the frame's own or the shared ones (PS3.3 C.7.6.16)."""
    return ScanFacts(
        macro("MRModifierSequence", _real("InversionTimes")),
        macro("MRTimingAndRelatedParametersSequence", _real("FlipAngle")),
        macro("CTXRayDetailsSequence", _real("KVP")),
        _energy(image_type),
        _percent(macro("CardiacSynchronizationSequence", _real("NominalPercentageOfCardiacPhase"))),
        _percent(macro("RespiratorySynchronizationSequence", _real("NominalPercentageOfRespiratoryPhase"))),
        macro("ContrastBolusUsageSequence", lambda item: item.text("ContrastBolusAgentPhase") if item else ""),
        reference_time=time_offset,
    )


def _real(name: str) -> Read:
    return _READERS.setdefault(name, lambda item: item.real(name) if item else None)


# The same function for the same macro: what is shared between frames is read once.
_READERS: dict[str, Read] = {}


def nuclear_scans(elements: Elements, first: ScanFacts, frames: int) -> tuple[ScanFacts, ...]:
    """Each frame's place in the vectors of a nuclear medicine image, those that are sound (PS3.3 C.8.4.8)."""
    names = {
        "energy_window": "EnergyWindowVector",
        "detector": "DetectorVector",
        "phase": "PhaseVector",
        "interval": "RRIntervalVector",
        "time_slot": "TimeSlotVector",
    }
    vectors = {field: elements.numbers(name) for field, name in names.items()}
    sound = {field: values for field, values in vectors.items() if len(values) == frames}
    if not sound:
        return (first,) * frames

    def at(frame: int) -> Any:
        return {field: int(values[frame]) for field, values in sound.items()}

    return tuple(replace(first, **at(frame)) for frame in range(frames))


def diffusion(elements: Elements) -> tuple[float | None, Vec3 | None]:
    """(b-value in s/mm², unit gradient direction) of an image without functional groups; None where not said."""
    b_value, direction = elements.real("DiffusionBValue"), _vector(elements.floats("DiffusionGradientOrientation"))
    if elements.text("Modality") != "MR":
        return b_value, direction
    if b_value is None:
        b_value = _siemens_b(elements)
        b_value = _ge_b(elements) if b_value is None else b_value
        b_value = _philips_b(elements) if b_value is None else b_value
    if direction is None and b_value:
        direction = _siemens_direction(elements) or _ge_direction(elements) or _philips_direction(elements)
    return b_value, direction


def _siemens_b(elements: Elements) -> float | None:
    tag = private_tag(elements, 0x0019, "SIEMENS MR HEADER", 0x0C)
    return _weight(elements.numbers(tag, "IS")) if tag else None


def _siemens_direction(elements: Elements) -> Vec3 | None:
    tag = private_tag(elements, 0x0019, "SIEMENS MR HEADER", 0x0E)
    return _direction(elements.numbers(tag, "FD")) if tag else None


def _ge_b(elements: Elements) -> float | None:
    """The first of four values; only of images that are diffusion weighted is it a b-value."""
    tag = private_tag(elements, 0x0043, "GEMS_PARM_01", 0x39)
    values = elements.numbers(tag, "IS") if tag else ()
    return _weight((values[0] % _GE_BIAS,)) if len(values) == 4 and values[0] >= 0 else None


def _ge_direction(elements: Elements) -> Vec3 | None:
    tags = [private_tag(elements, 0x0019, "GEMS_ACQU_01", offset) for offset in (0xBB, 0xBC, 0xBD)]
    parts = [elements.numbers(tag, "DS")[:1] if tag else () for tag in tags]
    return _direction(sum(parts, ()))


def _philips_b(elements: Elements) -> float | None:
    tag = private_tag(elements, 0x2001, "Philips Imaging DD 001", 0x03)
    return _weight(elements.numbers(tag, "FL")) if tag else None


def _philips_direction(elements: Elements) -> Vec3 | None:
    tags = [private_tag(elements, 0x2005, "Philips MR Imaging DD 001", offset) for offset in (0xB0, 0xB1, 0xB2)]
    parts = [elements.numbers(tag, "FL")[:1] if tag else () for tag in tags]
    return _direction(sum(parts, ()))


def private_tag(elements: Elements, group: int, creator: str, offset: int) -> int:
    """The element `offset` of the block that `creator` reserved in `group` (PS3.5 7.8.1); 0 when there is none."""
    for block in range(0x10, 0x20):
        reserved = group << 16 | block
        if reserved in elements and elements.text(reserved) == creator:
            tag = group << 16 | block << 8 | offset
            return tag if tag in elements else 0
    return 0


def _weight(values: tuple[float, ...]) -> float | None:
    return float(values[0]) if values and 0.0 <= values[0] <= _MOST_B else None


def _direction(values: tuple[float, ...]) -> Vec3 | None:
    found = _vector(tuple(float(v) for v in values))
    return found if found is not None and abs(math.hypot(*found) - 1.0) <= _UNIT_TOLERANCE else None


def _vector(values: tuple[float, ...]) -> Vec3 | None:
    return (values[0], values[1], values[2]) if len(values) == 3 else None


def _percent(value: float | None) -> float | None:
    """As a share of a cycle, 0 to 100; Siemens writes more for phases past the next beat."""
    return value if value is not None and 0.0 <= value < 1000.0 else None


def _energy(image_type: tuple[str, ...]) -> float | None:
    for word in image_type:
        found = _KEV.search(word)
        if found:
            return float(found[1])
    return None
