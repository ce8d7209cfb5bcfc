"""Which Real World Value Mappings may be believed: each is held against what the images say of themselves.

A mapping takes stored values to real ones (PS3.3 C.7.6.16.2.11), the images' own rescaling left out. Writers
have meant the rescaled values nevertheless; that reading is taken only where the images' own data prove it. What
does not agree with them within AGREES is said and not used. What they cannot be compared with is offered, with its
source and that it could not be checked, as long as the images are of a kind that has such values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rendering.header import FrameFacts, ImageHeader
from rendering.objects.facts import ObjectFacts, ValueMapping
from rendering.objects.matching import match
from rendering.pixels.suv import QUANTITATIVE, SuvFactor, SuvKind, suv_factors
from workstation.domain.study import Study
from workstation.domain.value_unit import ValueUnit

AGREES = 0.01
# Factors that a mapping gives the images of one series are one where they differ by less.
SAME = 1e-4

_KINDS = {
    "SUVbw": (SuvKind.BODY_WEIGHT,),
    "SUVlbm(James128)": (SuvKind.LEAN_JAMES,),
    "SUVlbm(Janma)": (SuvKind.LEAN_JANMAHASATIAN,),
    "SUVlbm": (SuvKind.LEAN_JAMES, SuvKind.LEAN_JANMAHASATIAN),
    "SUVbsa": (SuvKind.SURFACE,),
    "SUVibw": (SuvKind.IDEAL_WEIGHT,),
}


@dataclass(frozen=True, slots=True)
class Mapped:
    """`units` are (series UID, unit) that may be offered, `warnings` what is wrong, `words` what agrees."""

    units: tuple[tuple[str, ValueUnit], ...] = ()
    warnings: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def mapped_units(facts: ObjectFacts, study: Study) -> Mapped:
    """Raises Refused for an object of another patient or study, or about images that are not here."""
    held = match(facts, study)
    units: list[tuple[str, ValueUnit]] = []
    warnings: list[str] = []
    words: list[str] = list(held.words)
    for mapping in facts.value_mappings:
        by_series: dict[str, list[ImageHeader]] = {}
        for reference in mapping.images:
            one = held.held(reference)
            if one is not None:
                by_series.setdefault(one.series_uid, []).append(one.header)
        for series_uid, headers in by_series.items():
            named = _series_named(study, series_uid)
            found = _judged(mapping, headers, facts.description or facts.label or "value mapping")
            if isinstance(found.told, ValueUnit):
                units.append((series_uid, found.told))
                words.append(f"{named}: {found.words}")
            elif found.told:
                words.append(f"{named}: {found.words}")
            else:
                warnings.append(f"{named}: {found.words}")
    return Mapped(tuple(units), tuple(dict.fromkeys(warnings)), tuple(dict.fromkeys(words)))


@dataclass(frozen=True, slots=True)
class _Judged:
    """`told`: a unit to offer, True where the images' own does already, False where it is not used."""

    told: ValueUnit | bool
    words: str


def _judged(mapping: ValueMapping, headers: Sequence[ImageHeader], source: str) -> _Judged:
    name = unit_name(mapping)
    if mapping.slope is None or not math.isfinite(mapping.slope) or mapping.slope == 0.0:
        return _Judged(False, f"the value mapping for {name} is not used: it has no slope")
    if mapping.intercept != 0.0:
        return _Judged(False, f"the value mapping for {name} is not used: it has an intercept")
    kinds = _KINDS.get(name, ())
    rescaled = [frame.transform.slope for header in headers for frame in _frames(header)]
    if any(header.shared.transform.table is not None for header in headers) or 0.0 in rescaled:
        return _Judged(False, f"the value mapping for {name} is not used: the images go through a table")
    if kinds:
        own = [suv_factors(header) for header in headers]
        for kind in kinds:
            factors = [factor[kind] for factor in own]
            sound = [factor.factor for factor in factors if isinstance(factor, SuvFactor)]
            if len(sound) == len(factors):
                return _compared(name, mapping.slope, sound, rescaled, own, kinds)
        if any(header.pet is None or header.pet.units not in QUANTITATIVE for header in headers):
            reasons = next(f[kinds[0]] for f in own)
            why = "; ".join(reasons) if isinstance(reasons, tuple) else ""
            return _Judged(False, f"the value mapping says {name} = {mapping.slope:g}; not used: {why}")
    return _offered(name, mapping.slope, rescaled, source)


def _compared(
    name: str,
    slope: float,
    sound: Sequence[float],
    rescaled: Sequence[float],
    own: Sequence[object],
    kinds: Sequence[SuvKind],
) -> _Judged:
    """Against the images' own factors; of several formulas the nearest counts."""
    best = sound
    for kind in kinds:
        factors = [one[kind] for one in own]  # type: ignore[index]
        known = [factor.factor for factor in factors if isinstance(factor, SuvFactor)]
        if len(known) == len(factors) and abs(known[0] - slope) < abs(best[0] - slope):
            best = known
    # One factor of each image, one rescaling of each of its frames.
    per_stored = [best[min(at, len(best) - 1)] * one for at, one in enumerate(rescaled)]
    if all(math.isclose(slope, one, rel_tol=AGREES) for one in per_stored):
        return _Judged(True, f"the value mapping for {name} agrees with the images' own data")
    if all(math.isclose(slope, one, rel_tol=AGREES) for one in best):
        words = f"the value mapping for {name} ({slope:g}) agrees with the images' own data, taken of the rescaled values"
        return _Judged(True, words)
    return _Judged(False, f"the value mapping says {name} = {slope:g}, the images' own data give {best[0]:g}; not used")


def _offered(name: str, slope: float, rescaled: Sequence[float], source: str) -> _Judged:
    """As the standard reads it: real = stored value x slope, so that the factor of modality values is slope / rescaling."""
    factors = [slope / one for one in rescaled]
    if any(not math.isclose(factor, factors[0], rel_tol=SAME) for factor in factors):
        words = f"the value mapping for {name} is not used: it has one slope for images that are scaled differently"
        return _Judged(False, words)
    basis = f"by the value mapping “{source}”, which could not be checked against the images' own data"
    unit = ValueUnit(f"{name} (mapped)", factors[0], basis)
    return _Judged(unit, f"{name} is offered {basis}")


def unit_name(mapping: ValueMapping) -> str:
    """`SUVbw` out of `{SUVbw}g/ml` and `g/ml{SUVbw}`; other units by their code, else by their words."""
    code = mapping.unit
    if code is None:
        return mapping.label or "a value without a unit"
    for name in _KINDS:
        if f"{{{name}}}" in code.value:
            return name
    return (code.value if "{" not in code.value else code.meaning) or code.meaning or mapping.label


def _frames(header: ImageHeader) -> Iterator[FrameFacts]:
    yield from header.per_frame or (header.shared,)


def _series_named(study: Study, series_uid: str) -> str:
    series = next(one for one in study.series if one.series_instance_uid == series_uid)
    number = f" {series.series_number}" if series.series_number is not None else ""
    return f"{series.modality} series{number}"
