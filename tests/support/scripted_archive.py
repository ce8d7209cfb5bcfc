"""An archive that does as a test says: it loses images, sends others' ones, breaks off, changes its list."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pydicom

from workstation.domain.archive import (
    FoundInstance,
    FoundSeries,
    FoundStudy,
    ReceivedFile,
    SendResult,
    SendState,
    StudyQuery,
    TestStep,
)
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import Unavailable, WorkstationError

Wanted = Sequence[FoundInstance]


def row_of(path: Path) -> FoundInstance:
    header = pydicom.dcmread(path, stop_before_pixels=True)
    return FoundInstance(
        str(header.SeriesInstanceUID), str(header.SOPInstanceUID), str(header.SOPClassUID), int(header.InstanceNumber)
    )


def found_study(path: Path, archive: str = "scripted") -> FoundStudy:
    header = pydicom.dcmread(path, stop_before_pixels=True)
    key = PatientKey(str(header.PatientID), str(header.get("IssuerOfPatientID", "")))
    return FoundStudy(
        archive, str(header.StudyInstanceUID), Patient(key, str(header.PatientName), str(header.get("PatientBirthDate", "")))
    )


class ScriptedConnection:
    """Holds `files`. Each retrieve takes the next of `scripts`; the last, or giving all, is for those that follow.

    A script gets what is wanted and `give`, which hands over the file of a row or any file.
    """

    def __init__(self, files: Iterable[Path], scripts: Iterable[Callable[..., None]] = ()) -> None:
        self.files = {(row.series_instance_uid, row.sop_instance_uid): path for path in files for row in [row_of(path)]}
        self.rows = [row_of(path) for path in self.files.values()]
        self.scripts = list(scripts)
        self.studies: list[FoundStudy] = [found_study(path) for path in list(self.files.values())[:1]]
        self.asked: list[list[str]] = []
        self.queries: list[StudyQuery] = []
        self.failing: WorkstationError | None = None
        self.is_closed = False
        self.sent: list[str] = []
        self.held: set[str] = set()
        self.on_send: Callable[[str], SendResult] | None = None

    def test(self) -> tuple[TestStep, ...]:
        return (TestStep("Scripted", True),)

    def find_studies(self, query: StudyQuery, cancelled: Callable[[], bool] = lambda: False) -> tuple[FoundStudy, ...]:
        self.queries.append(query)
        if self.failing:
            raise self.failing
        return tuple(self.studies)

    def find_series(self, study_instance_uid: str) -> tuple[FoundSeries, ...]:
        return ()

    def find_instances(self, study_instance_uid: str, series_instance_uid: str = "") -> tuple[FoundInstance, ...]:
        if self.failing:
            raise self.failing
        return tuple(self.rows)

    def retrieve(
        self,
        study_instance_uid: str,
        wanted: Wanted,
        into: Path,
        on_file: Callable[[ReceivedFile], None],
        on_bytes: Callable[[int], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
        kilobits: int = 0,
    ) -> None:
        self.asked.append([row.sop_instance_uid for row in wanted])

        def give(what: FoundInstance | Path) -> None:
            source = what if isinstance(what, Path) else self.files[what.series_instance_uid, what.sop_instance_uid]
            place = into / f"{len(list(into.iterdir()))}-{len(self.asked)}-{source.stem}.dcm"
            try:
                shutil.copyfile(source, place)
            except OSError as error:
                place.unlink(missing_ok=True)
                raise Unavailable("The disk is full") from error
            on_bytes(place.stat().st_size)
            on_file(ReceivedFile(place, place.stat().st_size))

        script = self.scripts.pop(0) if self.scripts else give_all
        script(wanted, give)

    def send(self, files: Sequence[Path], cancelled: Callable[[], bool] = lambda: False) -> tuple[SendResult, ...]:
        results = []
        for path in files:
            uid = row_of(path).sop_instance_uid
            self.sent.append(uid)
            if self.on_send is not None:
                results.append(self.on_send(uid))
                continue
            self.held.add(uid)
            results.append(SendResult(uid, SendState.STORED))
        return tuple(results)

    def prove(self, objects: Sequence[FoundInstance], study_instance_uid: str) -> tuple[SendResult, ...]:
        if self.failing:
            raise self.failing
        uids = [row.sop_instance_uid for row in objects]
        return tuple(SendResult(uid, SendState.PROVEN if uid in self.held else SendState.UNKNOWN) for uid in uids)

    def close(self) -> None:
        self.is_closed = True


def give_all(wanted: Wanted, give: Callable[[FoundInstance | Path], None]) -> None:
    for row in wanted:
        give(row)
