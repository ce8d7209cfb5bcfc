"""SUV normalised by body weight, refused when any input is missing or doubtful.

QIBA FDG-PET/CT Profile, Appendix G (SUV from vendor-neutral DICOM), PS3.3 C.8.9.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rendering.header import ImageHeader, PetFacts

# Half-lives in use run from 75 s (Rb-82) to days (Zr-89); an uptake past this many half-lives
# means that a date or time is wrong.
MOST_HALF_LIVES = 12.0
WEIGHTS = (0.3, 500.0)


@dataclass(frozen=True, slots=True)
class SuvFactor:
    """SUVbw in g/ml = modality value * `factor`; `basis` says how it was found."""

    factor: float
    basis: str


def suv_factor(header: ImageHeader) -> SuvFactor | tuple[str, ...]:
    """The factor, or every reason why there is none."""
    pet = header.pet
    if pet is None:
        return ("Not a PET image",)
    if pet.units == "GML":
        if pet.suv_type in ("", "BW"):
            return SuvFactor(1.0, "Units GML: the values are SUVbw")
        return (f"Units GML with SUVType {pet.suv_type}: not normalised by body weight",)
    reasons = _correction_doubts(pet)
    if pet.units == "CNTS":
        return _philips(pet, reasons)
    if pet.units != "BQML":
        return (*reasons, f"Units is {pet.units or 'missing'}, not BQML")
    return _from_activity(pet, 1.0, reasons)


def _correction_doubts(pet: PetFacts) -> tuple[str, ...]:
    names = {"ATTN": "attenuation", "DECY": "decay"}
    return tuple(
        f"CorrectedImage has no {code}: not corrected for {word}"
        for code, word in names.items()
        if code not in pet.corrected_image
    )


def _philips(pet: PetFacts, reasons: tuple[str, ...]) -> SuvFactor | tuple[str, ...]:
    if pet.philips_suv_factor:
        return reasons or SuvFactor(pet.philips_suv_factor, "Philips SUV scale factor (7053,1000)")
    if pet.philips_activity_factor:
        return _from_activity(pet, pet.philips_activity_factor, reasons)
    return (*reasons, "Units is CNTS without a Philips scale factor")


def _from_activity(pet: PetFacts, to_bqml: float, doubts: tuple[str, ...]) -> SuvFactor | tuple[str, ...]:
    reasons = [*doubts]
    weight, dose, half_life = pet.weight, pet.total_dose, pet.half_life
    if weight is None or not WEIGHTS[0] <= weight <= WEIGHTS[1]:
        reasons.append("PatientWeight is missing or not possible")
    # RadionuclideTotalDose is in Bq; some senders write MBq, which this bound catches.
    if dose is None or not 1e5 <= dose <= 1e11:
        reasons.append("RadionuclideTotalDose is missing or not possible in Bq")
    if half_life is None or half_life <= 0.0:
        reasons.append("RadionuclideHalfLife is missing")
    uptake = _decay_seconds(pet, half_life or 0.0)
    if isinstance(uptake, str):
        reasons.append(uptake)
    if reasons or weight is None or dose is None or half_life is None or isinstance(uptake, str):
        return tuple(reasons)
    left = dose * 2.0 ** (-uptake / half_life)
    return SuvFactor(
        to_bqml * weight * 1000.0 / left, f"SUVbw, decay corrected to {pet.decay_correction}, {uptake:.0f} s after injection"
    )


def _decay_seconds(pet: PetFacts, half_life: float) -> float | str:
    """Seconds from the injection to the time the image is decay corrected to, or why unknown."""
    if pet.decay_correction == "ADMIN":
        return 0.0
    if pet.decay_correction != "START":
        return f"DecayCorrection is {pet.decay_correction or 'missing'}, not START or ADMIN"
    scan = _scan_start(pet)
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
    return uptake


def _scan_start(pet: PetFacts) -> datetime | None:
    """The series time, which START refers to, unless it was rewritten later than the acquisition."""
    series = _datetime(pet.series_date, pet.series_time)
    acquisition = _datetime(pet.acquisition_date or pet.series_date, pet.acquisition_time)
    if series is None or acquisition is None:
        return None
    return series if series <= acquisition else None


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
