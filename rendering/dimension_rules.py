"""What may tell images at one place apart, as a table: each attribute, in which words, in which unit.

The order is the order of preference: what was done to the patient's signal before the time at which it
was done, times before bare numbers. A rule that is `ranked` counts through the images of each place
by a value that differs from place to place: the trigger delay of a heart that does not beat evenly.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from rendering.header import FrameFacts, ImageHeader
from workstation.domain.geometry import FramePlane

SECONDS_IN_A_DAY = 86400.0

# Dimensions of an enhanced image that are looked at.
MOST_INDICES = 5

# ContrastBolusAgentPhase (0018,9344) in the order in which contrast comes (PS3.3 C.7.6.16.2, its defined terms).
CONTRAST = (
    "PRE_CONTRAST", "IMMEDIATE", "ARTERIAL", "DYNAMIC", "CAPILLARY", "PORTAL_VENOUS", "VENOUS", "POST_CONTRAST", "STEADY_STATE",
    "DELAYED",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """One frame (0-based) of `series.instances[instance]` with all that is known of it."""

    instance: int
    frame: int
    number: int | None
    header: ImageHeader
    facts: FrameFacts

    @property
    def plane(self) -> FramePlane | None:
        return self.facts.plane

    @property
    def image_type(self) -> tuple[str, ...]:
        return self.facts.image_type or self.header.image_type


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is the English plural. `of` gives the value (None: not said), values of one rule can be sorted.

    `words` are for the label, `{}` the number; "" are words of its own (see `rendering.volume_dimensions`).
    `by_time`: the label is the time since the first where all times are known, `words` then only where not.
    `shares_window`: the images differ in time alone, so that one window must hold for all of them.
    `is_beside` says something of a volume even when another rule tells it apart.
    `place_first`: as a stack, these are read one after the other at each place.
    """

    name: str
    of: Callable[[Placed], Hashable]
    words: str = ""
    unit: str = ""
    by_time: bool = False
    shares_window: bool = False
    is_beside: bool = False
    place_first: bool = False


def _directed(frame: Placed) -> Hashable:
    b_value = frame.facts.b_value
    return None if b_value is None else (b_value, frame.facts.b_direction or (0.0, 0.0, 0.0))


def _stack(frame: Placed) -> Hashable:
    return frame.facts.stack_id or None


def _image_type(frame: Placed) -> Hashable:
    return frame.image_type or None


def _contrast(frame: Placed) -> Hashable:
    phase = frame.facts.scan.contrast_phase
    return (CONTRAST.index(phase) if phase in CONTRAST else len(CONTRAST), phase) if phase else None


def _index(number: int) -> Rule:
    """What an enhanced image's own dimension says (DimensionIndexValues 0020,9157), where nothing else explains it."""

    def of(frame: Placed) -> Hashable:
        values = frame.facts.dimension_indices
        return values[number] if number < len(values) else None

    return Rule(f"values of dimension {number + 1}", of, "index {:g}")


B_VALUES = Rule("b-values", lambda f: f.facts.b_value, "b {:g}", "s/mm²", is_beside=True)
DIRECTIONS = Rule("diffusion directions", _directed, "", "s/mm²")
IMAGE_TYPES = Rule("kinds of image", _image_type, is_beside=True)
TIME_POINTS = Rule("time points", lambda f: f.facts.temporal_position, "time {:g}", by_time=True, shares_window=True)
ACQUISITIONS = Rule("acquisitions", lambda f: f.facts.acquisition_number, "acquisition {:g}", by_time=True, shares_window=True)

RULES: tuple[Rule, ...] = (
    Rule("segments", lambda f: f.facts.segment_number, "segment {:g}"),
    Rule("stacks", _stack),
    B_VALUES,
    DIRECTIONS,
    Rule("echo times", lambda f: f.facts.echo_time, "TE {:g} ms", "ms", is_beside=True),
    Rule("echoes", lambda f: f.facts.scan.echo_number, "echo {:g}"),
    Rule("inversion times", lambda f: f.facts.scan.inversion_time, "TI {:g} ms", "ms"),
    Rule("flip angles", lambda f: f.facts.scan.flip_angle, "flip {:g}°", "°"),
    Rule("energies", lambda f: f.facts.scan.energy_kev, "{:g} keV", "keV"),
    Rule("tube voltages", lambda f: f.facts.scan.kvp, "{:g} kV", "kV"),
    Rule("energy windows", lambda f: f.facts.scan.energy_window, "energy window {:g}"),
    Rule("detectors", lambda f: f.facts.scan.detector, "detector {:g}"),
    Rule("contrast phases", _contrast),
    Rule("cardiac phases", lambda f: f.facts.scan.cardiac_percent, "phase {:g} %", "%", shares_window=True, place_first=True),
    Rule("respiratory phases", lambda f: f.facts.scan.respiratory_percent, "breath {:g} %", "%", shares_window=True),
    Rule("time slots", lambda f: f.facts.scan.time_slot, "phase {:g}", shares_window=True),
    Rule("R-R intervals", lambda f: f.facts.scan.interval, "R-R interval {:g}", shares_window=True),
    Rule("phases", lambda f: f.facts.scan.phase, "phase {:g}", shares_window=True),
    Rule("times", lambda f: f.facts.scan.reference_time, "{:.1f} s", "s", shares_window=True),
    TIME_POINTS,
    Rule("trigger times", lambda f: f.facts.trigger_time, "{:g} ms", "ms", shares_window=True, place_first=True),
    IMAGE_TYPES,
    ACQUISITIONS,
    Rule("acquisition times", lambda f: seconds(f.facts.acquisition_time), by_time=True, shares_window=True),
    Rule("content times", lambda f: seconds(f.facts.scan.content_time), by_time=True, shares_window=True),
    *(_index(number) for number in range(MOST_INDICES)),
)

RANKED: tuple[Rule, ...] = (
    Rule("cardiac phases", lambda f: f.facts.trigger_time, "phase {:g}", shares_window=True, place_first=True),
    Rule("time points", lambda f: seconds(f.facts.acquisition_time), "time {:g}", by_time=True, shares_window=True),
    Rule("time points", lambda f: seconds(f.facts.scan.content_time), "time {:g}", by_time=True, shares_window=True),
)

# Words of ImageType and of the frame types of enhanced images (PS3.3 C.8.3.1.1.1, C.8.13.1.1.1, and vendors').
KINDS: dict[str, str] = {
    "M": "magnitude",
    "P": "phase",
    "R": "real",
    "I": "imaginary",
    "M_FFE": "magnitude",
    "P_FFE": "phase",
    "R_FFE": "real",
    "I_FFE": "imaginary",
    "M_IR": "magnitude",
    "R_IR": "real",
    "M_PCA": "flow magnitude",
    "PHASE MAP": "phase",
    "W": "water",
    "WATER": "water",
    "F": "fat",
    "FAT": "fat",
    "IP": "in phase",
    "IN_PHASE": "in phase",
    "OP": "opposed phase",
    "OPP_PHASE": "opposed phase",
    "OUT_PHASE": "opposed phase",
    "FF": "fat fraction",
    "TRACEW": "trace",
    "ADC": "ADC",
    "FA": "FA",
}


def seconds(text: str) -> float | None:
    """Seconds of a TM or DT value (PS3.5 6.2), of a DT with its days; None for anything else."""
    digits, _, fraction = text.replace(":", "").split("+")[0].split("-")[0].partition(".")
    if not digits.isdigit() or len(digits) not in (6, 14):
        return None
    hours, minutes, rest = int(digits[-6:-4]), int(digits[-4:-2]), int(digits[-2:])
    days = _days(digits[:8]) if len(digits) == 14 else 0
    share = float(f"0.{fraction}") if fraction.isdigit() else 0.0
    return days * SECONDS_IN_A_DAY + hours * 3600.0 + minutes * 60.0 + rest + share


def _days(date: str) -> int:
    try:
        return dt.date(int(date[:4]), int(date[4:6]), int(date[6:])).toordinal()
    except ValueError:
        return 0
