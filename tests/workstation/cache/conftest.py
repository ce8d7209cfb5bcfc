"""Small DICOM files of known content, and a reader of them that needs no worker process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, ParsedInstance, Series, Study
from workstation.errors import LethalFile, Refused

LETHAL = b"kills its reader"


class PlainReader:
    """Stands in for the worker: pydicom in this process. `parsed` counts what it was asked for."""

    def __init__(self) -> None:
        self.parsed: list[Path] = []
        self.largest_look_ahead = 4

    def parse_many(self, paths: Iterable[Path]) -> Iterator[tuple[Path, ParsedInstance | Refused]]:
        """Looks ahead as the real one does, so that files must stay until they are answered for."""
        waiting: list[Path] = []
        for path in paths:
            waiting.append(path)
            if len(waiting) > self.largest_look_ahead:
                yield self._answer(waiting.pop(0))
        while waiting:
            yield self._answer(waiting.pop(0))

    def parse_kept(self, files: Iterable[tuple[Path, str]]) -> Iterator[tuple[Path, ParsedInstance | Refused]]:
        return self.parse_many(path for path, _ in files)

    def media_files(self, dicomdir: Path) -> Sequence[tuple[str, ...]]:
        try:
            dataset = pydicom.dcmread(dicomdir)
        except InvalidDicomError:
            raise Refused("Not a DICOM file") from None
        records = dataset.get("DirectoryRecordSequence", [])
        ids = [record.ReferencedFileID for record in records if "ReferencedFileID" in record]
        return [(i,) if isinstance(i, str) else tuple(i) for i in ids]

    def _answer(self, path: Path) -> tuple[Path, ParsedInstance | Refused]:
        self.parsed.append(path)
        data = path.read_bytes()
        if LETHAL in data:
            return path, LethalFile("The file killed its reader", "It needed too much memory")
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
        except InvalidDicomError:
            return path, Refused("Not a DICOM file")
        if "SOPInstanceUID" not in dataset:
            return path, Refused("The file is cut short")
        return path, _parsed(dataset, path, data)


def _parsed(dataset: FileDataset, path: Path, data: bytes) -> ParsedInstance:
    instance = Instance(
        sop_instance_uid=str(dataset.SOPInstanceUID),
        sop_class_uid=str(dataset.SOPClassUID),
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        instance_number=dataset.get("InstanceNumber"),
        number_of_frames=1 if "Rows" in dataset else 0,
        rows=dataset.get("Rows", 0),
        columns=dataset.get("Columns", 0),
        path=str(path),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        header={"rows": dataset.get("Rows", 0)},
    )
    series = Series(
        str(dataset.SeriesInstanceUID), dataset.Modality, dataset.get("SeriesNumber"), dataset.get("SeriesDescription", ""),
        attributes={"ImageType": tuple(dataset.get("ImageType", ()))}, instances=(instance,),
    )  # fmt: skip
    key = PatientKey(dataset.get("PatientID", ""), dataset.get("IssuerOfPatientID", ""))
    return ParsedInstance(
        Study(
            str(dataset.StudyInstanceUID), Patient(key, str(dataset.get("PatientName", "")), dataset.get("PatientBirthDate", "")),
            dataset.get("AccessionNumber", ""), dataset.get("StudyDate", ""), dataset.get("StudyTime", ""),
            dataset.get("StudyDescription", ""), series=(series,),
        )
    )  # fmt: skip


WriteDicom = Callable[..., Path]


def write_dicom(path: Path, preamble: bytes = bytes(128), **elements: object) -> Path:
    """A one-image CT file; `elements` by keyword, None leaves one out."""
    values: dict[str, object] = {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": "1.2.3.1.1", "SeriesInstanceUID": "1.2.3.1",
        "StudyInstanceUID": "1.2.3", "PatientID": "P1", "PatientName": "Doe^Jane", "Modality": "CT", "InstanceNumber": 1,
        "StudyDate": "20240101", "Rows": 2, "Columns": 2, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7,
        "SamplesPerPixel": 1, "PixelRepresentation": 0, "PhotometricInterpretation": "MONOCHROME2", "PixelData": b"\1\2\3\4",
    }  # fmt: skip
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=preamble)
    for keyword, value in (values | elements).items():
        if value is not None:
            setattr(dataset, keyword, value)
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def reader() -> PlainReader:
    return PlainReader()


@pytest.fixture
def write() -> WriteDicom:
    return write_dicom


@pytest.fixture
def series(write: WriteDicom) -> Callable[..., list[Path]]:
    """`count` images of one series in a folder."""

    def make(folder: Path, count: int = 3, study: str = "1.2.3", **elements: object) -> list[Path]:
        return [
            write(
                folder / f"{n:04}.dcm", StudyInstanceUID=study, SeriesInstanceUID=f"{study}.1",
                SOPInstanceUID=f"{study}.1.{n}", InstanceNumber=n, **elements,
            )
            for n in range(1, count + 1)
        ]  # fmt: skip

    return make


@pytest.fixture
def medium(series: Callable[..., list[Path]], tmp_path: Path) -> Path:
    """A folder as on a CD: a DICOMDIR and the two images that it names."""
    place = tmp_path / "medium"
    for number, path in enumerate(series(place / "loose", 2), start=1):
        (place / "IMAGES").mkdir(exist_ok=True)
        path.rename(place / "IMAGES" / f"IM{number}")
    (place / "loose").rmdir()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    meta.MediaStorageSOPInstanceUID = "1.2.9"
    directory = FileDataset("DICOMDIR", {}, file_meta=meta, preamble=bytes(128))
    directory.DirectoryRecordSequence = [Dataset() for _ in range(2)]
    for number, record in enumerate(directory.DirectoryRecordSequence, start=1):
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = ["IMAGES", f"IM{number}"]
    directory.save_as(place / "DICOMDIR", enforce_file_format=True)
    return place
