"""Who the images and the report belong to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PatientKey:
    """PatientID (0010,0020) is only unique within IssuerOfPatientID (0010,0021); the key is both."""

    patient_id: str
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """The Patient Module (PS3.3 C.7.1.1) as far as reading needs it.

    `name` is the alphabetic component group in DICOM form (family^given^...), `birth_date`
    is `YYYYMMDD` or empty, `sex` is `M`, `F`, `O` or empty. All text comes from outside and
    is shown as plain text, never as markup.
    """

    key: PatientKey
    name: str = ""
    birth_date: str = ""
    sex: str = ""
