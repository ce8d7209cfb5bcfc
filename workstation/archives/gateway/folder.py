"""A folder or medium as an archive: found by reading every file's header, fetched by copying.

Plain and slow on purpose: each search reads the folder again, so that what was added is found.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pydicom
from pydicom.dataset import Dataset

from workstation.archives.gateway.dimse_text import number, text
from workstation.archives.gateway.disk_words import is_full, not_written
from workstation.at_rest.sealed import Purpose, create_sealed
from workstation.domain.archive import (
    Archive,
    FoundInstance,
    FoundSeries,
    FoundStudy,
    ReceivedFile,
    SendResult,
    StudyQuery,
    TestStep,
)
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import Refused, Unavailable

MOST_FILES = 50_000
_KEYS = [
    "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "Modality",
    "InstitutionName", "StudyDescription", "SeriesDescription", "PatientName", "PatientID", "IssuerOfPatientID",
    "PatientBirthDate", "PatientSex", "BodyPartExamined", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber",
    "InstanceNumber",
]  # fmt: skip


def _never() -> bool:
    return False


class FolderConnection:
    """Implements `ArchiveConnection` for `Archive.folder`. Nothing is ever written to it."""

    def __init__(self, archive: Archive, secret: str = "", incoming_key: bytes = b"") -> None:
        self._archive = archive
        self._root = Path(archive.folder)
        self._incoming_key = incoming_key

    def test(self) -> tuple[TestStep, ...]:
        if not self._archive.folder or not self._root.is_dir():
            return (TestStep("Folder", False, "There is no such folder; is the medium in?"),)
        count = sum(1 for _ in self._headers(_never))
        return (TestStep("Folder", True, "It is there"), TestStep("Files", count > 0, f"{count} DICOM files"))

    def find_studies(self, query: StudyQuery, cancelled: Callable[[], bool] = _never) -> tuple[FoundStudy, ...]:
        studies: dict[str, list[Dataset]] = {}
        for _, header in self._headers(cancelled):
            studies.setdefault(text(header, "StudyInstanceUID"), []).append(header)
        found = (self._study(uid, headers) for uid, headers in studies.items())
        return tuple(study for study in found if _matches(study, query))[: query.limit]

    def find_series(self, study_instance_uid: str) -> tuple[FoundSeries, ...]:
        series: dict[str, list[Dataset]] = {}
        for _, header in self._of_study(study_instance_uid, _never):
            series.setdefault(text(header, "SeriesInstanceUID"), []).append(header)
        return tuple(
            FoundSeries(
                uid,
                text(headers[0], "Modality"),
                number(headers[0], "SeriesNumber"),
                text(headers[0], "SeriesDescription"),
                text(headers[0], "BodyPartExamined"),
                len(headers),
            )
            for uid, headers in series.items()
        )

    def find_instances(self, study_instance_uid: str, series_instance_uid: str = "") -> tuple[FoundInstance, ...]:
        every = (_instance(header) for _, header in self._of_study(study_instance_uid, _never))
        return tuple(item for item in every if series_instance_uid in ("", item.series_instance_uid))

    def retrieve(
        self,
        study_instance_uid: str,
        wanted: Sequence[FoundInstance],
        into: Path,
        on_file: Callable[[ReceivedFile], None],
        on_bytes: Callable[[int], None] = lambda _: None,
        cancelled: Callable[[], bool] = _never,
        kilobits: int = 0,
    ) -> None:
        places = {
            text(header, "SOPInstanceUID"): path for path, header in self._of_study(study_instance_uid, cancelled, on_bytes)
        }
        order = [item.sop_instance_uid for item in wanted] or list(places)
        for uid in order:
            if cancelled():
                return
            if uid in places:
                file = self._copied(places[uid], into, uid)
                on_bytes(file.size)
                on_file(file)

    def send(self, files: Sequence[Path], cancelled: Callable[[], bool] = _never) -> tuple[SendResult, ...]:
        raise Refused("A folder takes no objects", "It is only read from", "Choose another archive to send to")

    def prove(self, objects: Sequence[FoundInstance], study_instance_uid: str) -> tuple[SendResult, ...]:
        raise Refused("A folder takes no objects", "It is only read from", "Choose another archive to send to")

    def close(self) -> None:
        """Nothing is kept open between calls."""

    def _headers(
        self, cancelled: Callable[[], bool], on_bytes: Callable[[int], None] = lambda _: None
    ) -> Iterator[tuple[Path, Dataset]]:
        if not self._archive.folder or not self._root.is_dir():
            raise Unavailable("The folder is not there", self._archive.title, "Is the medium in, the drive connected?")
        count = 0
        for folder, _, names in os.walk(self._root):
            for name in sorted(names):
                path = Path(folder) / name
                count += 1
                if cancelled() or count > MOST_FILES:
                    return
                on_bytes(0)
                if (header := _header(path)) is not None:
                    yield path, header

    def _of_study(
        self, study: str, cancelled: Callable[[], bool], on_bytes: Callable[[int], None] = lambda _: None
    ) -> Iterator[tuple[Path, Dataset]]:
        for path, header in self._headers(cancelled, on_bytes):
            if text(header, "StudyInstanceUID") == study:
                yield path, header

    def _copied(self, source: Path, into: Path, uid: str) -> ReceivedFile:
        target = into / f"{uuid4().hex}.dcm"
        try:
            with source.open("rb") as read:
                key = self._incoming_key
                with create_sealed(target, Purpose.INCOMING, key) if key else target.open("xb") as write:
                    shutil.copyfileobj(read, write, 1 << 20)
            return ReceivedFile(target, source.stat().st_size, uid)
        except OSError as error:
            target.unlink(missing_ok=True)
            if is_full(error):
                raise not_written(error) from error
            detail = error.strerror or type(error).__name__
            raise Unavailable("A file cannot be copied", detail, "Check the medium and the free space") from error

    def _study(self, uid: str, headers: list[Dataset]) -> FoundStudy:
        first = headers[0]
        key = PatientKey(text(first, "PatientID"), text(first, "IssuerOfPatientID") or self._archive.issuer)
        patient = Patient(key, text(first, "PatientName"), text(first, "PatientBirthDate"), text(first, "PatientSex"))
        return FoundStudy(
            self._archive.name,
            uid,
            patient,
            text(first, "AccessionNumber"),
            text(first, "StudyDate"),
            text(first, "StudyTime"),
            text(first, "StudyDescription"),
            _distinct(headers, "Modality"),
            _distinct(headers, "BodyPartExamined"),
            len(_distinct(headers, "SeriesInstanceUID")),
            len(headers),
            text(first, "InstitutionName"),
        )


def _header(path: Path) -> Dataset | None:
    """None for what is no DICOM file with a study in it."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_KEYS)
    except Exception:  # the parser has many, and all mean that it is not for us
        return None
    return header if text(header, "StudyInstanceUID") and text(header, "SOPInstanceUID") else None


def _instance(header: Dataset) -> FoundInstance:
    return FoundInstance(
        text(header, "SeriesInstanceUID"),
        text(header, "SOPInstanceUID"),
        text(header, "SOPClassUID"),
        number(header, "InstanceNumber"),
        str(getattr(header, "file_meta", Dataset()).get("TransferSyntaxUID", "")),
    )


def _distinct(headers: list[Dataset], keyword: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for header in headers if (value := text(header, keyword))))


def _matches(study: FoundStudy, query: StudyQuery) -> bool:
    key = study.patient.key
    return (
        _like(key.patient_id, query.patient_id)
        and (not query.issuer or key.issuer in ("", query.issuer))
        and _like(study.patient.name, query.patient_name)
        and _like(study.patient.birth_date, query.birth_date)
        and _like(study.accession_number, query.accession_number)
        and _like(study.study_instance_uid, query.study_instance_uid)
        and _like(study.description, query.description)
        and (not query.modalities or bool(set(query.modalities) & set(study.modalities)))
        and (query.date_from or "0") <= (study.study_date or "0") <= (query.date_to or "9")
    )


def _like(value: str, pattern: str) -> bool:
    return not pattern or fnmatch.fnmatchcase(value.casefold(), pattern.casefold().replace("[", "[[]"))
