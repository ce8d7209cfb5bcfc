"""Hostile files through the real doors: nothing leads out, nothing planted leaks (reliability F83, F85, F90)."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.uid import UID
from received import CT, JPEG, dataset, encapsulated, item, items, save, smooth

from rendering.images import SeriesImages
from rendering.inspect_series import inspect_path
from rendering.worker import ImageWorker
from workstation.cache.cache import StudyCache
from workstation.cache.reading import studies_in
from workstation.errors import Refused

# Files that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

PLANTED = "PLANTED^Name<b>19121212-1212"
GREY = smooth(32, 32, 4095)

# One way each to make the program say why not, with the planted text all over the file.
WAYS: dict[str, dict[str, Any]] = {
    "study": {"StudyInstanceUID": PLANTED},
    "series": {"SeriesInstanceUID": PLANTED},
    "instance": {"SOPInstanceUID": PLANTED},
    "class": {"SOPClassUID": PLANTED},
    "photometric": {"PhotometricInterpretation": PLANTED[:16]},
    "rows": {"Rows": 31},
    "samples": {"SamplesPerPixel": 2},
    "palette": {"PhotometricInterpretation": "PALETTE COLOR"},
    "bits": {"BitsStored": 17},
    "direction": {"ImageOrientationPatient": [1, 1, 1, 1, 1, 1], "PixelSpacing": [0, 0]},
}


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


def planted(**elements: Any) -> Dataset:
    """A CT slice with the planted text in every element that takes text."""
    texts = dict.fromkeys(
        ("PatientName", "PatientID", "AccessionNumber", "StudyDescription", "SeriesDescription", "InstitutionName",
         "ProtocolName", "BodyPartExamined", "StudyDate", "Manufacturer", "PatientComments", "StationName", "StudyID"),
        PLANTED,
    )  # fmt: skip
    codes = items(item(CodeValue="X", CodingSchemeDesignator="99", CodeMeaning=PLANTED))
    return dataset(GREY, sop_class=CT, **{"Modality": "CT", **texts, "ProcedureCodeSequence": codes, **elements})


def under_syntax(folder: Path, syntax: str) -> Path:
    made = planted()
    path = save(made, folder / "a.dcm")
    padded = syntax.encode().ljust(len(made.file_meta.TransferSyntaxUID) + 1, b"\0")
    data = path.read_bytes().replace(made.file_meta.TransferSyntaxUID.encode().ljust(len(padded), b"\0"), padded, 1)
    path.write_bytes(data)
    return path


def broken_files(folder: Path) -> dict[str, Path]:
    files = {name: save(planted(**elements), folder / f"{n}.dcm") for n, (name, elements) in enumerate(WAYS.items())}
    stream = bytes(imagecodecs.jpegls_encode(GREY))
    cut = planted(PixelData=encapsulated([stream[: len(stream) // 2]]))
    cut.file_meta.TransferSyntaxUID = UID(JPEG + "80")
    files["codestream"] = save(cut, folder / "codestream.dcm")
    whole = save(planted(), folder / "whole.dcm").read_bytes()
    for name, data in (("cut", whole[: len(whole) // 2]), ("bare", whole[132:]), ("meta", whole[:200])):
        files[name] = folder / f"{name}.dcm"
        files[name].write_bytes(data)
    files["syntax"] = under_syntax(folder, "19121212-1212 PLANT")
    return files


def test_planted_names_are_in_no_reason_log_or_file_name(
    tmp_path: Path, worker: ImageWorker, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    files = broken_files(inbox)
    caplog.clear()
    with StudyCache(tmp_path / "cache", worker) as cache:
        said = [reason for _, reason in cache.add([inbox]).refused]
        said += [str(alert) for alert in cache.alerts()]
    for path in files.values():
        found = inspect_path(path, worker)
        said += [row["reason"] for row in found.files]
        said += [text for row in found.series for text in (*row["reasons"], *row["warnings"])]
        said += errors_of(path, worker)
    streams = capfd.readouterr()
    names = [str(p.relative_to(tmp_path)) for p in (tmp_path / "cache").rglob("*")]
    security = tmp_path / "cache" / "security.jsonl"
    log = security.read_text() if security.exists() else ""
    for text in (*said, *names, caplog.text, streams.out, streams.err, log):
        assert "PLANT" not in text
        assert "19121212" not in text
    assert len([s for s in said if s]) > len(WAYS)


def errors_of(path: Path, worker: ImageWorker) -> list[str]:
    """What reading one file in place raises or refuses, every cause of it too."""
    said = []
    with studies_in([path], worker) as read:
        said += [reason for _, reason in read.refused]
        for study in read.studies:
            for series in study.series:
                images = SeriesImages(study, series, worker)
                images.load()
                for position in range(images.frame_count):
                    try:
                        images.values(position)
                    except Refused as refused:
                        said += [str(refused), repr(refused.__cause__)]
                images.close()
    return said


@pytest.mark.parametrize("uid", ["../../../../tmp/x", "/etc/passwd", "..\\..\\x", "1.2.3/../../x", "con", "1" * 65, "1.2.\x003"])
@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_a_uid_that_is_a_path_writes_nothing(tmp_path: Path, worker: ImageWorker, keyword: str, uid: str) -> None:
    """F83."""
    with disable_value_validation():
        path = save(planted(**{keyword: uid}), tmp_path / "a.dcm")
    before = set(tmp_path.rglob("*"))
    with StudyCache(tmp_path / "cache", worker) as cache:
        result = cache.add([path])
    assert result.imported == 0
    assert {p for p in set(tmp_path.rglob("*")) - before if not p.is_relative_to(tmp_path / "cache")} == set()
    assert not any(part in str(p) for p in (tmp_path / "cache").rglob("*") for part in ("passwd", "con.", "1.2."))


def test_a_dicomdir_that_points_outside_gives_nothing_from_there(tmp_path: Path, worker: ImageWorker) -> None:
    """F83."""
    secret = save(planted(), tmp_path / "SECRET")
    disc = tmp_path / "disc"
    disc.mkdir()
    directory = Dataset()
    directory.file_meta = planted().file_meta
    directory.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.1.3.10")
    with disable_value_validation():
        entries = [["..", "SECRET"], [str(secret)], ["LINK"], ["..\\SECRET"], ["SUB", "..", "..", "SECRET"], ["."]]
        directory.DirectoryRecordSequence = items(*(item(DirectoryRecordType="IMAGE", ReferencedFileID=e) for e in entries))
    (disc / "LINK").symlink_to(secret)
    (disc / "SUB").mkdir()
    save(directory, disc / "DICOMDIR")
    with studies_in([disc / "DICOMDIR"], worker) as read:
        assert read.studies == ()
        assert len(read.refused) >= 4
    with StudyCache(tmp_path / "cache", worker) as cache:
        assert cache.add([disc]).imported == 0
        assert {alert.event for alert in cache.alerts()} == {"a name that leads out of its folder"}


def test_an_archive_writes_nothing_outside_and_a_bomb_in_it_is_refused(tmp_path: Path, worker: ImageWorker) -> None:
    whole = save(planted(PatientName="A^B"), tmp_path / "a.dcm").read_bytes()
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name in ("../../out.dcm", "/abs.dcm", "a\u202egpj.dcm", "x" * 250 + ".dcm"):
            made.writestr(name, whole)
        made.writestr("bomb", bytes(300 << 20))
    outside = set(tmp_path.parent.iterdir())
    with StudyCache(tmp_path / "cache", worker) as cache:
        result = cache.add([archive])
    assert result.imported == 1
    assert set(tmp_path.parent.iterdir()) == outside
    assert any("times its size" in reason for _, reason in result.refused)
    assert not any("\u202e" in name for name, _ in result.refused)
    assert not Path("/abs.dcm").exists()


def test_markup_and_turned_text_stay_text(tmp_path: Path, worker: ImageWorker) -> None:
    names = (
        "<img src=file:///etc/passwd>",
        "A\u202eB",
        "%s%n{0}",
        "=cmd|' /C calc'!A0",
        "'; DROP TABLE study;--",
        "O\x1b[31m\x07",
    )
    for number, name in enumerate(names):
        made = planted(
            PatientName=name,
            StudyInstanceUID=f"1.2.{number}",
            SOPInstanceUID=f"1.2.3.{number}",
            SpecificCharacterSet="ISO_IR 192",
        )
        save(made, tmp_path / f"{number}.dcm")
    with StudyCache(tmp_path / "cache", worker) as cache:
        assert cache.add([tmp_path]).imported == len(names)
        kept = {study.study_instance_uid: study.patient.name for study in cache.studies()}
        assert cache.rebuild() == 0
        assert {study.study_instance_uid: study.patient.name for study in cache.studies()} == kept
    # What a name says is kept as it came, but for control characters.
    assert [kept[f"1.2.{n}"] for n in range(5)] == [n.split("=")[0].rstrip("^") for n in names[:5]]
    assert kept["1.2.5"].isprintable()
    json.dumps(kept)


def test_a_folder_that_links_to_itself_ends(tmp_path: Path, worker: ImageWorker) -> None:
    (tmp_path / "in").mkdir()
    save(planted(), tmp_path / "in" / "a.dcm")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    with studies_in([tmp_path / "in"], worker) as read:
        assert len(read.studies) == 1
        assert [reason for _, reason in read.refused] == ["A link; the file it points to is read at its own place"]


def test_pixels_that_are_not_numbers_do_no_harm(tmp_path: Path, worker: ImageWorker) -> None:
    values = np.array([[np.nan, np.inf], [-np.inf, 1e38]], np.float32)
    made = dataset(sop_class="1.2.840.10008.5.1.4.1.1.30", Rows=2, Columns=2, SamplesPerPixel=1, BitsAllocated=32)
    made.PhotometricInterpretation = "MONOCHROME2"
    made.FloatPixelData = values.tobytes()
    path = save(made, tmp_path / "a.dcm")
    with studies_in([path], worker) as read:
        images = SeriesImages(read.studies[0], read.studies[0].series[0], worker)
        images.load()
        from rendering.viewport import Viewport

        viewport = Viewport(images)
        picture = viewport.picture(viewport.default_state(), 16, 16)
        assert picture.error is None
        assert viewport.probe_pixel(0, 0, 0) is None
        images.close()
