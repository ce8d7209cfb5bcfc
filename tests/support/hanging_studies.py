"""Small synthetic studies for the tests of hanging protocols: headers only, no pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study

AXIAL = ("1", "0", "0", "0", "1", "0")
CORONAL = ("1", "0", "0", "0", "0", "-1")
SAGITTAL = ("0", "1", "0", "0", "0", "-1")
PATIENT = Patient(PatientKey("P1", "TEST"))

MG_CLASS = "1.2.840.10008.5.1.4.1.1.1.2"
DBT_CLASS = "1.2.840.10008.5.1.4.1.1.13.1.3"


def image(uid: str, number: int | None = 1, frames: int = 1, sop_class: str = "1.2.3", **attributes: Sequence[str]) -> Instance:
    """One instance; `attributes` are its own elements, as a reader of files notes them."""
    header: dict[str, Any] = {"attributes": [[name, list(values)] for name, values in attributes.items()]}
    return Instance(uid, sop_class, "1.2.840.10008.1.2.1", number, frames, 64, 64, "", "", 0, header)


def series(
    uid: str,
    modality: str,
    count: int = 1,
    number: int | None = 1,
    description: str = "",
    body: str = "",
    frame: str = "",
    images: Sequence[Instance] = (),
    pet: Mapping[str, float] | None = None,
    frames: int = 1,
    sop_class: str = "1.2.3",
    **attributes: Sequence[str] | str,
) -> Series:
    """One series of `count` instances; `attributes` by DICOM keyword, a text is one value."""
    made = tuple(images) or tuple(image(f"{uid}.{i}", i + 1, frames, sop_class) for i in range(count))
    if pet is not None:
        made = tuple(
            Instance(i.sop_instance_uid, i.sop_class_uid, "", i.instance_number, 1, 64, 64, "", "", 0, {"pet": dict(pet)})
            for i in made
        )
    values = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in attributes.items()}
    return Series(uid, modality, number, description, body, frame, values, made)


def study(
    uid: str, *parts: Series, description: str = "", date: str = "20260110", patient: Patient = PATIENT, **fields: Any
) -> Study:
    return Study(uid, patient, study_date=date, study_description=description, series=parts, **fields)


def ct(uid: str, count: int = 120, **attributes: Any) -> Series:
    return series(uid, "CT", count, **{"ImageOrientationPatient": AXIAL, **attributes})


def mr(uid: str, contrast: str, orientation: Sequence[str] = AXIAL, count: int = 24, **attributes: Any) -> Series:
    return series(uid, "MR", count, AcquisitionContrast=contrast, ImageOrientationPatient=orientation, **attributes)


def mammogram(uid: str, side: str, view: str, number: int = 1, **attributes: Any) -> Series:
    orientation = {"R": ("P", "L"), "L": ("A", "R")}[side]
    fields = {"ImageLaterality": side, "ViewPosition": view, "PatientOrientation": orientation, **attributes}
    return series(uid, "MG", 1, number, body="BREAST", sop_class=fields.pop("sop_class", MG_CLASS), **fields)


def four_views(uid: str, date: str = "20260110") -> Study:
    views = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]
    return study(uid, *(mammogram(f"{uid}.{side}{view}", side, view, n) for n, (side, view) in enumerate(views, 1)), date=date)
