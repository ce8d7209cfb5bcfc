"""Whether one more instance may join what is there: pure rules, used for the cache and for reading in place.

The key of an instance is (study, series, SOP Instance UID, hash). The first file to come with
a SOP Instance UID stays; the first to come of a study says whose study it is.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from workstation.cache.quarantine import QuarantineKind
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import ParsedInstance


class Answer(Enum):
    ADMITTED = "admitted"
    DUPLICATE = "duplicate"


class Known(Protocol):
    """What is there already."""

    def patient_of(self, study_uid: str) -> PatientKey | None: ...

    def hash_of(self, study_uid: str, series_uid: str, sop_instance_uid: str) -> str | None: ...


def admission(parsed: ParsedInstance, sha256: str, known: Known) -> Answer | QuarantineKind:
    """Admitted, there already, or why to be set aside.

    The same SOP Instance UID in two studies or series is two instances; both stay (F48).
    """
    study_uid = parsed.study.study_instance_uid
    held = known.hash_of(study_uid, parsed.series.series_instance_uid, parsed.instance.sop_instance_uid)
    if held == sha256:
        return Answer.DUPLICATE
    patient = known.patient_of(study_uid)
    if patient is not None and not same_patient(patient, parsed.study.patient.key):
        return QuarantineKind.OTHER_PATIENT
    return Answer.ADMITTED if held is None else QuarantineKind.OTHER_BYTES


def same_patient(a: PatientKey, b: PatientKey) -> bool:
    """Within one study: the same ID, and no two different issuers.

    Objects derived elsewhere (reports, segmentations) often leave IssuerOfPatientID out; the
    study's own UID is then what ties them to it. Between studies only equal keys count.
    """
    return a.patient_id == b.patient_id and (a.issuer == b.issuer or not a.issuer or not b.issuer)


def same_person(a: Patient, b: Patient) -> bool:
    """Between studies: the same PatientID of the same issuer, names never counting.

    An ID without issuer is common to many people ("123456"): two birth dates then tell them apart.
    """
    if not a.key.patient_id or a.key != b.key:
        return False
    return bool(a.key.issuer) or a.birth_date == b.birth_date or not (a.birth_date and b.birth_date)


def leading(parsed: ParsedInstance, sha256: str) -> str:
    """Sorts instances by who speaks for series and study, whatever order they came in.

    Images before other objects, then the lowest instance number, then UID and hash.
    """
    instance = parsed.instance
    number = instance.instance_number
    # Moved up so that negative numbers (allowed in IS) sort as text too.
    place = f"{number + (1 << 32):012d}" if number is not None else "~"
    return f"{'0' if instance.has_pixels else '1'}|{place}|{instance.sop_instance_uid}|{sha256}"
