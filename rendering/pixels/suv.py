"""SUV of five kinds, each refused when any input is missing or doubtful.

QIBA FDG-PET/CT Profile, Appendix G (SUV from vendor-neutral DICOM), PS3.3 C.8.9.1, PS3.16 CID 85. SUV is activity
concentration times a size of the patient over the activity that is left of the dose: body weight,
lean body mass by Janmahasatian or by James (SUVType LBMJANMA, LBMJAMES128), body surface by
DuBois, ideal body weight by Sugawara (DCM 126413: Devine's formula is another one and gives some 5 % less).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from rendering.header import ImageHeader, PetFacts

# Half-lives in use run from 75 s (Rb-82) to days (Zr-89); an uptake past this many half-lives
# means that a date or time is wrong.
MOST_HALF_LIVES = 12.0
WEIGHTS = (0.3, 500.0)
SIZES = (0.3, 2.6)
BODY_MASS_INDICES = (8.0, 90.0)
# The ideal weight is a formula for adults; it falls to nothing in children.
LEAST_IDEAL_SIZE = 1.40


class SuvKind(StrEnum):
    """Named as they are shown. Surface is cm²/ml, all others g/ml."""

    BODY_WEIGHT = "SUVbw"
    LEAN_JANMAHASATIAN = "SUVlbm (Janma)"
    LEAN_JAMES = "SUVlbm (James)"
    SURFACE = "SUVbsa"
    IDEAL_WEIGHT = "SUVibw"


# SUVType (0054,1006) of values that are SUV already. LBM alone names no formula: it is called as it is.
SUV_TYPES = {
    "": SuvKind.BODY_WEIGHT,
    "BW": SuvKind.BODY_WEIGHT,
    "LBMJANMA": SuvKind.LEAN_JANMAHASATIAN,
    "LBMJAMES128": SuvKind.LEAN_JAMES,
    "BSA": SuvKind.SURFACE,
    "IBW": SuvKind.IDEAL_WEIGHT,
}


# Units (0054,1001) of activity, or of what is SUV already: all others are counts that mean nothing beside another scan.
QUANTITATIVE = frozenset({"BQML", "GML", "CM2ML", "CNTS"})


@dataclass(frozen=True, slots=True)
class SuvFactor:
    """SUV = modality value * `factor`; `basis` says how it was found.

    `is_estimated` when the start of the scan was reckoned from the frame's times: whole seconds only.
    """

    factor: float
    basis: str
    is_estimated: bool = False


Reasons = tuple[str, ...]


def suv_factor(header: ImageHeader) -> SuvFactor | Reasons:
    """The factor of SUVbw, or every reason why there is none."""
    return suv_factors(header)[SuvKind.BODY_WEIGHT]


def suv_factors(header: ImageHeader) -> Mapping[SuvKind, SuvFactor | Reasons]:
    """Of each kind its factor, or every reason why there is none."""
    pet = header.pet
    if pet is None:
        return dict.fromkeys(SuvKind, ("Not a PET image",))
    found = _given(pet)
    if not isinstance(found, _Given):
        return dict.fromkeys(SuvKind, found)
    kind, factor = found.kind, found.factor
    own = body_size(pet, kind)
    return {wanted: factor if wanted is kind else _turned(pet, factor, kind, own, wanted) for wanted in SuvKind}


def _turned(pet: PetFacts, factor: SuvFactor, kind: SuvKind, own: float | Reasons, wanted: SuvKind) -> SuvFactor | Reasons:
    """A factor of one kind as that of another one: what they differ in is the size of the patient."""
    size = body_size(pet, wanted)
    if isinstance(size, tuple) or isinstance(own, tuple):
        missing = [*(own if isinstance(own, tuple) else ()), *(size if isinstance(size, tuple) else ())]
        return tuple(dict.fromkeys([*([] if kind is SuvKind.BODY_WEIGHT else [f"The values are {kind}"]), *missing]))
    basis = f"{_said(wanted, size)} instead of {_said(kind, own)}; {factor.basis}"
    return SuvFactor(factor.factor * size / own, basis, factor.is_estimated)


def _said(kind: SuvKind, size: float) -> str:
    """`lean mass 68.9 kg`."""
    if kind is SuvKind.SURFACE:
        return f"surface {size / 1e4:.2f} m²"
    name = {SuvKind.BODY_WEIGHT: "weight", SuvKind.IDEAL_WEIGHT: "ideal weight"}.get(kind, "lean mass")
    return f"{name} {size / 1000.0:.1f} kg"


def body_size(pet: PetFacts, kind: SuvKind) -> float | Reasons:
    """What SUV of this kind divides the dose by: g, or cm² of SURFACE. Or every reason why it is not known."""
    weight, size, sex = pet.weight, pet.size, pet.sex.strip().upper()
    reasons = [] if weight is not None and WEIGHTS[0] <= weight <= WEIGHTS[1] else ["PatientWeight is missing or not possible"]
    if kind is SuvKind.BODY_WEIGHT:
        return tuple(reasons) if reasons or weight is None else weight * 1000.0
    if size is None or not SIZES[0] <= size <= SIZES[1]:
        reasons.append("PatientSize is missing or not possible in m")
    if kind is not SuvKind.SURFACE and sex not in ("M", "F"):
        reasons.append("PatientSex is not M or F")
    if reasons or weight is None or size is None:
        return tuple(reasons)
    if not BODY_MASS_INDICES[0] <= weight / size**2 <= BODY_MASS_INDICES[1]:
        return ("PatientWeight and PatientSize do not fit each other",)
    if kind is SuvKind.SURFACE:
        return 71.84 * math.pow(weight, 0.425) * math.pow(size * 100.0, 0.725)
    if kind is SuvKind.IDEAL_WEIGHT:
        return _ideal(size, sex == "M")
    return _james(weight, size, sex == "M") if kind is SuvKind.LEAN_JAMES else _janmahasatian(weight, size, sex == "M")


def _janmahasatian(weight: float, size: float, is_male: bool) -> float:
    """Clin Pharmacokinet 2005;44:1051; grams."""
    first, second = (6680.0, 216.0) if is_male else (8780.0, 244.0)
    return 9.27e6 * weight / (first + second * weight / size**2)


def _james(weight: float, size: float, is_male: bool) -> float | Reasons:
    """James 1976 with 128 for men (LBMJAMES128); grams. Past its highest point it makes the heavy lean."""
    gain, loss = (1.10, 128.0) if is_male else (1.07, 148.0)
    if weight / size**2 > 1e4 * gain / (2.0 * loss):
        return ("James' formula does not hold for so high a body mass index",)
    return 1000.0 * (gain * weight - loss * (weight / (size * 100.0)) ** 2)


def _ideal(size: float, is_male: bool) -> float | Reasons:
    """Sugawara, Radiology 1999;213:521; grams."""
    if size < LEAST_IDEAL_SIZE:
        return (f"The formula of the ideal weight does not hold below {LEAST_IDEAL_SIZE:.2f} m",)
    start, gain = (48.0, 1.06) if is_male else (45.5, 0.91)
    return 1000.0 * (start + gain * (size * 100.0 - 152.0))


@dataclass(frozen=True, slots=True)
class _Given:
    kind: SuvKind
    factor: SuvFactor


def _given(pet: PetFacts) -> _Given | Reasons:
    """The kind that the values are, or are brought to first, and its factor. Or every reason why not."""
    if pet.units == "GML" or (pet.units == "CM2ML" and pet.suv_type == "BSA"):
        kind = SUV_TYPES.get(pet.suv_type)
        if kind is None:
            return (f"Units {pet.units} with SUVType {pet.suv_type}: not normalised by body weight",)
        if kind is SuvKind.BODY_WEIGHT:
            return _Given(kind, SuvFactor(1.0, "Units GML: the values are SUVbw"))
        return _Given(kind, SuvFactor(1.0, f"Units {pet.units}, SUVType {pet.suv_type}: the values are {kind}"))
    reasons = _correction_doubts(pet)
    if pet.units == "CNTS":
        found = _philips(pet, reasons)
    elif pet.units != "BQML":
        found = (*reasons, f"Units is {pet.units or 'missing'}, not BQML")
    else:
        found = _from_activity(pet, 1.0, reasons)
    return found if isinstance(found, tuple) else _Given(SuvKind.BODY_WEIGHT, found)


def _correction_doubts(pet: PetFacts) -> Reasons:
    names = {"ATTN": "attenuation", "DECY": "decay"}
    return tuple(
        f"CorrectedImage has no {code}: not corrected for {word}"
        for code, word in names.items()
        if code not in pet.corrected_image
    )


def _philips(pet: PetFacts, reasons: Reasons) -> SuvFactor | Reasons:
    if pet.philips_suv_factor:
        return reasons or SuvFactor(pet.philips_suv_factor, "Philips SUV scale factor (7053,1000)")
    if pet.philips_activity_factor:
        return _from_activity(pet, pet.philips_activity_factor, reasons)
    return (*reasons, "Units is CNTS without a Philips scale factor")


def _from_activity(pet: PetFacts, to_bqml: float, doubts: Reasons) -> SuvFactor | Reasons:
    reasons = [*doubts]
    dose, half_life = pet.total_dose, pet.half_life
    weight = body_size(pet, SuvKind.BODY_WEIGHT)
    if isinstance(weight, tuple):
        reasons.extend(weight)
    # RadionuclideTotalDose is in Bq; some senders write MBq, which this bound catches.
    if dose is None or not 1e5 <= dose <= 1e11:
        reasons.append("RadionuclideTotalDose is missing or not possible in Bq")
    if half_life is None or half_life <= 0.0:
        reasons.append("RadionuclideHalfLife is missing")
    uptake = _decay_seconds(pet, half_life or 0.0)
    if isinstance(uptake, str):
        reasons.append(uptake)
    if reasons or isinstance(weight, tuple) or dose is None or half_life is None or isinstance(uptake, str):
        return tuple(reasons)
    seconds, is_estimated = uptake
    left = dose * 2.0 ** (-seconds / half_life)
    how = ", start reckoned from the frame's times" if is_estimated else ""
    basis = f"decay corrected to {pet.decay_correction}, {seconds:.0f} s after injection{how}"
    return SuvFactor(to_bqml * weight / left, basis, is_estimated)


def _decay_seconds(pet: PetFacts, half_life: float) -> tuple[float, bool] | str:
    """Seconds from the injection to the time the image is decay corrected to (and whether reckoned), or why unknown."""
    if pet.decay_correction == "ADMIN":
        return 0.0, False
    if pet.decay_correction != "START":
        return f"DecayCorrection is {pet.decay_correction or 'missing'}, not START or ADMIN"
    scan, is_estimated = _scan_start(pet, half_life)
    if scan is None:
        return "SeriesTime or AcquisitionTime is missing or they contradict each other"
    injected = _datetime(pet.start_datetime[:8], pet.start_datetime[8:]) or _datetime(pet.series_date, pet.start_time)
    if injected is None:
        return "The injection time is missing"
    # RadiopharmaceuticalStartTime has no date: an injection before midnight is a day earlier.
    if not pet.start_datetime and injected > scan:
        injected -= timedelta(days=1)
    uptake = (scan - injected).total_seconds()
    if uptake < 0.0 or uptake > MOST_HALF_LIVES * half_life:
        return "The injection time does not fit the scan time"
    return uptake, is_estimated


def _scan_start(pet: PetFacts, half_life: float) -> tuple[datetime | None, bool]:
    """The series time, which START refers to. Where it was rewritten later than the acquisition of the image:
    GE's own note of it, or what the bed's times tell (and True)."""
    series = _datetime(pet.series_date, pet.series_time)
    acquisition = _datetime(pet.acquisition_date or pet.series_date, pet.acquisition_time)
    if series is None or acquisition is None:
        return None, False
    if series <= acquisition:
        return series, False
    noted = _datetime(pet.ge_scan_start[:8], pet.ge_scan_start[8:])
    if noted is not None and noted <= acquisition:
        return noted, False
    into = _seconds_into_scan(pet, half_life)
    return (None, False) if into is None else (acquisition - timedelta(seconds=into), True)


def _seconds_into_scan(pet: PetFacts, half_life: float) -> float | None:
    """When after the start of the scan this frame began: FrameReferenceTime is when its mean count rate fell (C.8.9.4)."""
    if pet.frame_reference_time is None or not pet.frame_duration or half_life <= 0.0:
        return None
    rate, length = math.log(2.0) / half_life, pet.frame_duration / 1000.0
    mean_at = math.log(rate * length / -math.expm1(-rate * length)) / rate
    into = pet.frame_reference_time / 1000.0 - mean_at
    return into if into >= -1.0 else None


def _datetime(date: str, time: str) -> datetime | None:
    """A DICOM DA and TM; the UTC offset behind a DT is cut off, both ends of a span have the same."""
    clock, _, fraction = re.split(r"[+-]", time.strip())[0].partition(".")
    # HH and HHMM are allowed (PS3.5 6.2); an empty time is not midnight.
    if len(clock) not in (2, 4, 6) or not (clock + fraction).isdigit():
        return None
    try:
        whole = datetime.strptime(date.strip() + clock.ljust(6, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return whole + timedelta(seconds=float(f"0.{fraction or '0'}"))
