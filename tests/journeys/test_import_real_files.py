"""Importing through the real worker: generated files of known content, and real media where they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from rendering.header import ImageHeader
from rendering.worker import ImageWorker
from workstation.cache.cache import StudyCache
from workstation.cache.reading import studies_in


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as started:
        yield started


@pytest.fixture
def cache(tmp_path: Path, worker: ImageWorker) -> Iterator[StudyCache]:
    with StudyCache(tmp_path / "cache", worker) as opened:
        yield opened


def ct_slice(path: Path, number: int, preamble: bytes = bytes(128)) -> Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = f"1.2.3.1.{number}"
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=preamble)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": f"1.2.3.1.{number}", "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.1", "FrameOfReferenceUID": "1.2.3.9", "Modality": "CT", "InstanceNumber": number,
        "PatientID": "P1", "IssuerOfPatientID": "HERE", "PatientName": "Östergård^Åse", "PatientBirthDate": "19500102",
        "StudyDate": "20260102", "StudyDescription": "CT thorax", "AccessionNumber": "A1", "SeriesNumber": 2,
        "ImagePositionPatient": [0, 0, 2.0 * number], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [0.5, 0.7], "SliceThickness": 2, "RescaleIntercept": -1024, "RescaleSlope": 1,
        "Rows": 4, "Columns": 6, "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "SamplesPerPixel": 1,
        "PixelRepresentation": 0, "PhotometricInterpretation": "MONOCHROME2", "PixelData": bytes(range(48)),
    }.items():  # fmt: skip
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_generated_slices_come_out_of_the_cache_as_they_went_in(tmp_path: Path, cache: StudyCache) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for number in (3, 1, 2):
        ct_slice(inbox / f"{number}.dcm", number, preamble=b"MZ".ljust(128, b"!"))
    (inbox / "cut.dcm").write_bytes((inbox / "1.dcm").read_bytes()[:400])
    (inbox / "note.txt").write_text("hello")
    result = cache.add([inbox])
    assert (result.studies, result.imported) == (("1.2.3",), 3)
    assert sorted(Path(file).name for file, _ in result.refused) == ["cut.dcm", "note.txt"]
    study = cache.study("1.2.3")
    assert (study.patient.name, study.patient.key.issuer, study.accession_number) == ("Östergård^Åse", "HERE", "A1")
    (series,) = study.series
    assert (series.modality, series.series_number, series.frame_of_reference_uid) == ("CT", 2, "1.2.3.9")
    assert [instance.instance_number for instance in series.instances] == [1, 2, 3]
    for instance in series.instances:
        kept = Path(instance.path).read_bytes()
        assert kept[:128] == bytes(128)
        assert hashlib.sha256(kept).hexdigest() == instance.sha256
        header = ImageHeader.from_json(instance.header)
        assert (header.rows, header.columns) == (4, 6)
        assert kept[header.pixel_offset : header.pixel_offset + header.pixel_length] == bytes(range(48))
    before = cache.studies()
    assert cache.rebuild() == 0
    assert cache.studies() == before
    assert cache.study("1.2.3") == study


def test_a_real_chest_ct_is_one_study_with_every_slice_and_its_report(shared_data: Path, cache: StudyCache) -> None:
    folder = shared_data / "01_CT_chest_NLST101287"
    result = cache.add([folder])
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert result.imported + result.duplicates + len(result.refused) == len(files)
    assert result.refused == ()
    studies = [cache.study(uid) for uid in result.studies]
    (chest,) = [study for study in studies if any(len(s.instances) == 143 for s in study.series)]
    assert "SR" in chest.modalities
    assert cache.add([folder]).imported == 0


def test_a_real_medium_gives_every_file_that_its_dicomdir_names(shared_data: Path, cache: StudyCache) -> None:
    medium = shared_data / "22_DICOMDIR_media"
    named = _file_ids(medium / "DICOMDIR")
    result = cache.add([medium / "DICOMDIR"])
    assert (result.imported, result.directories, result.refused) == (len(named), 1, ())
    kept = {instance.sop_instance_uid for uid in result.studies for s in cache.study(uid).series for instance in s.instances}
    assert kept == {str(pydicom.dcmread(medium.joinpath(*i), stop_before_pixels=True).SOPInstanceUID) for i in named}
    whole = cache.add([medium])
    assert whole.imported == 0
    assert {reason for _, reason in whole.refused} == {"Named in the DICOMDIR, but not on the medium"}


def _file_ids(dicomdir: Path) -> list[tuple[str, ...]]:
    records = pydicom.dcmread(dicomdir).DirectoryRecordSequence
    return [tuple(record.ReferencedFileID) for record in records if "ReferencedFileID" in record]


def test_reading_in_place_imports_nothing_and_leaves_the_files_alone(shared_data: Path, worker: ImageWorker) -> None:
    folder = shared_data / "07_MR_T1sag_position_HFS"
    with studies_in([folder], worker) as read:
        (study,) = read.studies
        assert read.refused == ()
        assert {Path(i.path).parent for s in study.series for i in s.instances} <= {p.parent for p in folder.rglob("*")}
        assert sum(len(s.instances) for s in study.series) == sum(1 for p in folder.rglob("*") if p.is_file())
