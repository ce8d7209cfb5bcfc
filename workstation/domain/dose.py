"""The radiation of an examination, as its dose report says (PS3.16 TID 10001, 10003, 10011, 10013)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TOLERANCE = 0.05
"""A total and the sum of its events differ by less than this share: rounding."""


@dataclass(frozen=True, slots=True)
class DoseEvent:
    """One irradiation. CTDIvol in mGy (of the phantom named: `head` or `body`), DLP in mGy·cm, dose area product in Gy·cm².

    What is not said, or in a unit that it cannot be in, is None. `protocol` is text from outside.
    """

    uid: str = ""
    protocol: str = ""
    ctdi_vol_mgy: float | None = None
    dlp_mgy_cm: float | None = None
    phantom: str = ""
    is_localizer: bool = False
    dap_gy_cm2: float | None = None


@dataclass(frozen=True, slots=True)
class DoseReport:
    """One document. `study_uid` is the study that its totals are of; empty where it does not say (then that of its file).

    `reference_point_gy` is the air kerma at the interventional reference point, `fluoroscopy_s` the time of fluoroscopy,
    `glandular_mgy` the accumulated average glandular dose by breast (`left`, `right`, `both`). `doubts` say in words
    what in it does not agree.
    """

    study_uid: str = ""
    events: tuple[DoseEvent, ...] = ()
    dlp_mgy_cm: float | None = None
    dap_gy_cm2: float | None = None
    reference_point_gy: float | None = None
    fluoroscopy_s: float | None = None
    glandular_mgy: tuple[tuple[str, float], ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dose:
    """Of a whole study: the sums of its documents. `ctdi_vol_mgy` are those of the scans, in order."""

    ctdi_vol_mgy: tuple[float, ...] = ()
    dlp_mgy_cm: float | None = None
    dap_gy_cm2: float | None = None
    reference_point_gy: float | None = None
    fluoroscopy_s: float | None = None
    glandular_mgy: tuple[tuple[str, float], ...] = ()
    doubts: tuple[str, ...] = ()


def summed(reports: Sequence[DoseReport]) -> Dose | None:
    """The dose of a study; None where nothing is known. A document whose events another one has too is not counted twice."""
    counted = _each_once(reports)
    if not counted:
        return None
    doubts = tuple(dict.fromkeys(words for one in counted for words in one.doubts))
    if _overlap(counted):
        return Dose(doubts=(*doubts, "Its dose reports have some irradiations in common, and others not: no total"))
    glandular: dict[str, float] = {}
    for one in counted:
        for side, value in one.glandular_mgy:
            glandular[side] = glandular.get(side, 0.0) + value
    return Dose(
        tuple(e.ctdi_vol_mgy for one in counted for e in one.events if e.ctdi_vol_mgy is not None and not e.is_localizer),
        _total(one.dlp_mgy_cm for one in counted),
        _total(one.dap_gy_cm2 for one in counted),
        _total(one.reference_point_gy for one in counted),
        _total(one.fluoroscopy_s for one in counted),
        tuple(glandular.items()),
        doubts,
    )


def _each_once(reports: Sequence[DoseReport]) -> list[DoseReport]:
    """Without those that a larger document (or an equal one before it) holds wholly."""
    kept: list[DoseReport] = []
    for one in sorted(dict.fromkeys(reports), key=lambda r: -len(r.events)):
        own = _uids(one)
        if not own or not any(own <= _uids(other) for other in kept):
            kept.append(one)
    return [one for one in reports if one in kept]


def _overlap(reports: Sequence[DoseReport]) -> bool:
    seen: set[str] = set()
    for one in reports:
        if seen & _uids(one):
            return True
        seen |= _uids(one)
    return False


def _uids(report: DoseReport) -> set[str]:
    return {event.uid for event in report.events if event.uid}


def _total(values: Iterable[float | None]) -> float | None:
    known = list(values)
    said = [value for value in known if value is not None]
    return sum(said) if said and len(said) == len(known) else None
