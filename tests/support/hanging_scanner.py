"""A scanner for the tests of hanging: series with the attributes that real ones carry, numbered in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from hanging_studies import AXIAL, CORONAL, SAGITTAL, series, study

from workstation.domain.study import Series, Study

PLANES = {"ax": AXIAL, "cor": CORONAL, "sag": SAGITTAL, "obl": ("0.7", "0.7", "0", "0", "0", "-1")}
SCOUT = {"ImageType": ("ORIGINAL", "PRIMARY", "LOCALIZER")}
MPR = {"ImageType": ("DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE")}
MIP = {"ImageType": ("DERIVED", "SECONDARY", "MIP")}
ADC = {"ImageType": ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")}
IODINE = {"ContrastBolusAgent": "IOMERON 350"}
GD = {"ContrastBolusAgent": "DOTAREM"}
SUV = {"weight": 80.0, "total_dose": 3e8, "half_life": 6586.0}
PET = {
    "pet": SUV,
    "Units": "BQML",
    "ImageOrientationPatient": AXIAL,
    "CorrectedImage": ("ATTN", "DECY"),
    "AttenuationCorrectionMethod": "CT",
}
NAC = {**PET, "CorrectedImage": ("DECY",), "AttenuationCorrectionMethod": ""}
FILM = {"PatientOrientation": ("R", "F")}

# Given the series' number and the study's BodyPartExamined.
Part: TypeAlias = Callable[[int, str], Series]
Scan: TypeAlias = tuple[str, str, list[Part]]


def made(scan: Scan, uid: str = "s", date: str = "20260110") -> Study:
    description, body, parts = scan
    return study(uid, *(part(number, body) for number, part in enumerate(parts, start=1)), description=description, date=date)


def other(uid: str, modality: str, name: str, count: int = 1, **more: Any) -> Part:
    return lambda number, body: series(uid, modality, count, number, name, **{"frame": "F", "body": body, **more})


def ct(uid: str, name: str, mm: float = 0.0, kernel: str = "", plane: str = "ax", count: int = 120, **more: Any) -> Part:
    known = {"SliceThickness": str(mm) if mm else (), "ConvolutionKernel": kernel or ()}
    return other(uid, "CT", name, count, **{"ImageOrientationPatient": PLANES[plane], **known, **more})


def mr(uid: str, name: str, plane: str = "ax", te: float = 0.0, tr: float = 0.0, count: int = 28, **more: Any) -> Part:
    timing = {"EchoTime": str(te), "RepetitionTime": str(tr), "ScanningSequence": "SE"} if te else {}
    return other(uid, "MR", name, count, **{"ImageOrientationPatient": PLANES[plane], "SliceThickness": "4", **timing, **more})


def t1(**more: Any) -> dict[str, Any]:
    return {"te": 10, "tr": 600, **more}


def t2(**more: Any) -> dict[str, Any]:
    return {"te": 100, "tr": 4500, **more}


def pd(**more: Any) -> dict[str, Any]:
    return {"te": 28, "tr": 3000, **more}


def vibe(**more: Any) -> dict[str, Any]:
    return {"ScanningSequence": "GR", "EchoTime": "1.4", "RepetitionTime": "4", "MRAcquisitionType": "3D", "count": 72, **more}
