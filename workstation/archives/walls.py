"""Whom an archive may be asked about, and which answers are believed: pure rules.

A PatientID (0010,0020) means somebody only together with its issuer (0010,0021). An archive's
`issuer` is the assigning authority of the IDs that it gives without one. A care provider is a
tenant: patients of one are not looked for in another's archives, unless that archive says in
`shared_tenants` whom it answers.
"""

from __future__ import annotations

from workstation.domain.archive import Archive, FoundStudy, StudyQuery
from workstation.domain.patient import PatientKey

OTHER_TENANT = "It belongs to another care provider"
OTHER_ISSUER = "It numbers its patients in another way"
NO_ID = "The study has no patient ID to search by"


def reads_for(archive: Archive, tenant: str) -> bool:
    """Whether who reads for `tenant` may ask this archive. No tenant is a tenant of its own."""
    return archive.tenant == tenant or tenant in archive.shared_tenants


def why_not_ask(archive: Archive, key: PatientKey, tenant: str) -> str:
    """Why this patient must not be looked for there; "" when it may be."""
    if not reads_for(archive, tenant):
        return OTHER_TENANT
    if not key.patient_id:
        return NO_ID
    if key.issuer and archive.issuer and key.issuer != archive.issuer:
        return OTHER_ISSUER
    return ""


def key_at(archive: Archive, key: PatientKey) -> PatientKey:
    """Whose ID it is when this archive gives it: a missing issuer is the archive's own."""
    return PatientKey(key.patient_id, key.issuer or archive.issuer)


def is_asked_for(found: FoundStudy, query: StudyQuery, archive: Archive) -> bool:
    """Whether an answer is of the patient and the study that were asked for.

    Archives are free to ignore keys they do not know (PS3.4 C.2.2.1.3), IssuerOfPatientID above
    all: an answer with the same ID of another issuer, or of none, is somebody else.
    """
    if query.study_instance_uid and found.study_instance_uid != query.study_instance_uid:
        return False
    if not query.patient_id or _has_wildcard(query.patient_id):
        return True
    key = key_at(archive, found.patient.key)
    return key.patient_id == query.patient_id and (not query.issuer or key.issuer == query.issuer)


def names_a_patient(query: StudyQuery) -> bool:
    """Whether the question itself tells an archive of a patient."""
    return any((query.patient_id, query.patient_name, query.birth_date, query.accession_number))


def _has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text
