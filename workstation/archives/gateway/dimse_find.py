"""C-FIND in the Study Root information model (PS3.4 C.4.1, C.6.2): studies, series, instances."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from pydicom.dataset import Dataset

from workstation.archives.gateway.dimse_association import failure
from workstation.archives.gateway.dimse_text import number, text, values
from workstation.domain.archive import Archive, FoundInstance, FoundSeries, FoundStudy, StudyQuery
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import Refused, Unavailable

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOST_ANSWERS = 100_000
"""Of one request: more than any study has instances."""
_PENDING = (0xFF00, 0xFF01)
_CANCELLED = 0xFE00
_MESSAGE_ID = 1

_STUDY_KEYS = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate",
    "StudyTime", "AccessionNumber", "StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances", "InstitutionName",
)  # fmt: skip
_SERIES_KEYS = (
    "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined", "NumberOfSeriesRelatedInstances",
)  # fmt: skip
_IMAGE_KEYS = ("SOPInstanceUID", "SOPClassUID", "InstanceNumber", "AvailableTransferSyntaxUID")


def studies(association: Any, archive: Archive, query: StudyQuery, cancelled: Callable[[], bool]) -> tuple[FoundStudy, ...]:
    """At most `query.limit`; what does not match although it was asked for (some archives ignore keys) is left out."""
    found = []
    for answer in answers(association, _study_identifier(query), cancelled):
        study = _study(archive, answer)
        if study.study_instance_uid and _matches(study, query):
            found.append(study)
        if len(found) >= query.limit:
            break
    return tuple(found)


def series(association: Any, study_instance_uid: str) -> tuple[FoundSeries, ...]:
    asked = _identifier("SERIES", _SERIES_KEYS, StudyInstanceUID=study_instance_uid)
    found = (
        FoundSeries(
            text(answer, "SeriesInstanceUID"),
            text(answer, "Modality"),
            number(answer, "SeriesNumber"),
            text(answer, "SeriesDescription"),
            text(answer, "BodyPartExamined"),
            number(answer, "NumberOfSeriesRelatedInstances"),
        )
        for answer in answers(association, asked)
    )
    return tuple(item for item in found if item.series_instance_uid)


def instances(association: Any, study_instance_uid: str, series_instance_uid: str) -> tuple[FoundInstance, ...]:
    """The IMAGE-level list of one series: hierarchical queries (PS3.4 C.4.1.2) need its UID."""
    asked = _identifier("IMAGE", _IMAGE_KEYS, StudyInstanceUID=study_instance_uid, SeriesInstanceUID=series_instance_uid)
    found = []
    for answer in answers(association, asked):
        syntaxes = values(answer, "AvailableTransferSyntaxUID")
        uid = text(answer, "SOPInstanceUID")
        if not uid:
            raise Unavailable("The archive's list of images cannot be used", "An image in it has no UID", "Ask who runs it")
        found.append(
            FoundInstance(
                series_instance_uid,
                uid,
                text(answer, "SOPClassUID"),
                number(answer, "InstanceNumber"),
                syntaxes[0] if syntaxes else "",
            )
        )
    return tuple(found)


def answers(
    association: Any,
    asked: Dataset,
    cancelled: Callable[[], bool] = lambda: False,
    model: str = STUDY_ROOT_FIND,
    most: int = MOST_ANSWERS,
) -> Iterator[Dataset]:
    """Each pending answer. When the reader stops reading, the archive is told to (C-CANCEL)."""
    responses = association.send_c_find(asked, model, msg_id=_MESSAGE_ID)
    is_over, count = False, 0
    try:
        for status, answer in responses:
            code = getattr(status, "Status", None)
            if code not in _PENDING:
                is_over = True
                if code not in (0, _CANCELLED):
                    raise failure("the search", status)
                return
            if answer is None:
                raise Unavailable("An answer of the archive cannot be read", "It is damaged", "Ask who runs the archive")
            count += 1
            if count > most:
                raise Refused("The archive gives too many answers", f"More than {most}", "Search for less")
            yield answer
            if cancelled():
                return
    finally:
        if not is_over and association.is_established:
            association.send_c_cancel(_MESSAGE_ID, query_model=model)
            _drain(responses)


def _drain(responses: Iterator[tuple[Dataset, Dataset | None]]) -> None:
    """What was under way when we said stop; an archive that does not stop is left by an abort of the association."""
    for _, _ in zip(range(MOST_ANSWERS), responses, strict=False):
        pass


def _identifier(level: str, keys: tuple[str, ...], **matching: str) -> Dataset:
    asked = Dataset()
    asked.SpecificCharacterSet = "ISO_IR 192"
    asked.QueryRetrieveLevel = level
    for keyword in keys:
        setattr(asked, keyword, "" if keyword not in _NUMBERS else None)
    for keyword, value in matching.items():
        setattr(asked, keyword, value)
    return asked


_NUMBERS = (
    "SeriesNumber", "InstanceNumber", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
    "NumberOfSeriesRelatedInstances",
)  # fmt: skip


def _study_identifier(query: StudyQuery) -> Dataset:
    matching = {
        "PatientID": query.patient_id,
        "PatientName": query.patient_name,
        "PatientBirthDate": query.birth_date,
        "AccessionNumber": query.accession_number,
        "StudyInstanceUID": query.study_instance_uid,
        "StudyDescription": query.description,
        # Several would need a list, which few archives match; those are sorted out here.
        "ModalitiesInStudy": query.modalities[0] if len(query.modalities) == 1 else "",
        "StudyDate": _dates(query),
    }
    return _identifier(
        "STUDY", _STUDY_KEYS, **{key: unicodedata.normalize("NFC", value) for key, value in matching.items() if value}
    )


def _dates(query: StudyQuery) -> str:
    if query.date_from == query.date_to:
        return query.date_from
    return f"{query.date_from}-{query.date_to}"


def _study(archive: Archive, answer: Dataset) -> FoundStudy:
    key = PatientKey(text(answer, "PatientID"), text(answer, "IssuerOfPatientID") or archive.issuer)
    return FoundStudy(
        archive=archive.name,
        study_instance_uid=text(answer, "StudyInstanceUID"),
        patient=Patient(key, text(answer, "PatientName"), text(answer, "PatientBirthDate"), text(answer, "PatientSex")),
        accession_number=text(answer, "AccessionNumber"),
        study_date=text(answer, "StudyDate"),
        study_time=text(answer, "StudyTime"),
        description=text(answer, "StudyDescription"),
        modalities=values(answer, "ModalitiesInStudy"),
        series_count=number(answer, "NumberOfStudyRelatedSeries"),
        instance_count=number(answer, "NumberOfStudyRelatedInstances"),
        institution=text(answer, "InstitutionName"),
    )


def _matches(study: FoundStudy, query: StudyQuery) -> bool:
    """Another patient's study must not come because an archive knows a key no better (F49)."""
    asked, key = query.patient_id, study.patient.key
    if asked and not set("*?") & set(asked) and key.patient_id != asked.strip():
        return False
    if query.issuer and key.issuer and key.issuer != query.issuer:
        return False
    if query.study_instance_uid and study.study_instance_uid != query.study_instance_uid:
        return False
    return not (query.modalities and study.modalities) or bool(set(query.modalities) & set(study.modalities))
