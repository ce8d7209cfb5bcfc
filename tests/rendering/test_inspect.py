"""The `inspect` command: what it says, in which keys, and that it never crashes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from received import CT, JPEG, PET, SC, dataset, encapsulated, item, items, save, smooth

from main import main

SERIES_KEYS = {
    "series_uid", "modality", "verdict", "reasons", "frames", "rows", "columns", "spacing_mm", "spacing_source",
    "photometric", "windows", "suv_factor", "warnings",
}  # fmt: skip

Inspect = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def inspect(capsys: pytest.CaptureFixture[str]) -> Inspect:
    def run(path: Path, *options: str) -> tuple[int, dict[str, Any]]:
        status = main(["inspect", str(path), "--json", *options])
        return status, json.loads(capsys.readouterr().out)

    return run


def ct_series(folder: Path, count: int = 4, root: str = "1.2.3", **elements: Any) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        made = dataset(
            smooth(16, 20, 4095, seed=number), sop_class=CT, Modality="CT", SOPInstanceUID=f"{root}.{number + 1}",
            FrameOfReferenceUID="1.2.9", InstanceNumber=number + 1, ImagePositionPatient=[0, 0, 2.5 * number],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[0.5, 0.25], RescaleSlope=1, RescaleIntercept=-1024,
            WindowCenter=40, WindowWidth=400, **elements,
        )  # fmt: skip
        save(made, folder / f"{number}.dcm")


def test_a_verified_volume_is_described_in_full(inspect: Inspect, tmp_path: Path) -> None:
    ct_series(tmp_path)
    status, found = inspect(tmp_path)
    (series,) = found["series"]
    assert status == 0
    assert series.keys() >= SERIES_KEYS
    assert (series["verdict"], series["frames"], series["rows"], series["columns"]) == ("VOLUME", 4, 16, 20)
    assert series["spacing_mm"] == [2.5, 0.5, 0.25]
    assert series["spacing_source"] == "PixelSpacing"
    assert series["unit"] == "HU"
    assert series["windows"] == [{"center": 40.0, "width": 400.0, "function": "LINEAR", "explanation": ""}]
    assert [(Path(f["path"]).name, f["status"]) for f in found["files"]] == [(f"{i}.dcm", "shown") for i in range(4)]


def test_volumes_at_the_same_places_are_named(inspect: Inspect, tmp_path: Path) -> None:
    """From the bytes of the files to the words: two tube voltages in one series."""
    for name, kilovolts in (("a", "140"), ("b", "80")):
        ct_series(tmp_path / name, root=f"1.2.{kilovolts}", KVP=kilovolts)
    (series,) = inspect(tmp_path)[1]["series"]
    assert (series["verdict"], series["frames"], series["dimensions"]) == ("VOLUME", 8, ["80 kV", "140 kV"])


def test_a_damaged_slice_ends_the_volume_and_is_named(inspect: Inspect, tmp_path: Path) -> None:
    ct_series(tmp_path)
    made = dataset(
        smooth(16, 20, 4095), JPEG + "80", CT, Modality="CT", SOPInstanceUID="1.2.3.5", FrameOfReferenceUID="1.2.9",
        InstanceNumber=5,
        ImagePositionPatient=[0, 0, 10], ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[0.5, 0.25], RescaleSlope=1,
        RescaleIntercept=-1024, PixelData=encapsulated([b"\xff\xd8\xff\xd9"]),
    )  # fmt: skip
    save(made, tmp_path / "4.dcm")
    status, found = inspect(tmp_path)
    assert status == 0
    assert found["series"][0]["verdict"] == "STACK"
    assert "1 of 5 images cannot be decoded." in found["series"][0]["reasons"]
    broken = [f for f in found["files"] if f["status"] == "refused"]
    assert [Path(f["path"]).name for f in broken] == ["4.dcm"]
    assert broken[0]["reason"]


def test_an_image_that_cannot_be_decoded_at_all_makes_its_series_refused(inspect: Inspect, tmp_path: Path) -> None:
    save(dataset(smooth(16, 20, 4095), JPEG + "90", PixelData=encapsulated([b"rubbish!"])), tmp_path / "a.dcm")
    _, found = inspect(tmp_path)
    assert found["series"][0]["verdict"] == "REFUSED"
    _, by_header = inspect(tmp_path, "--headers-only")
    assert by_header["series"][0]["verdict"] == "STACK"


def test_unknown_spacing_is_null_never_one(inspect: Inspect, tmp_path: Path) -> None:
    save(dataset(smooth(16, 20, 4095), sop_class=SC), tmp_path / "a.dcm")
    _, found = inspect(tmp_path)
    assert found["series"][0]["spacing_mm"] == [None, None, None]
    assert found["series"][0]["spacing_source"] == "none"


def test_an_suv_factor_comes_with_the_pet_or_with_reasons(inspect: Inspect, tmp_path: Path) -> None:
    drug = item(RadionuclideTotalDose=3.7e8, RadionuclideHalfLife=6588, RadiopharmaceuticalStartTime="100000")
    complete: dict[str, Any] = {
        "Units": "BQML", "CorrectedImage": ["ATTN", "DECY"], "DecayCorrection": "START", "PatientWeight": 74,
        "SeriesDate": "20260105", "SeriesTime": "110000", "AcquisitionDate": "20260105", "AcquisitionTime": "110000",
        "RadiopharmaceuticalInformationSequence": items(drug), "RescaleSlope": 2, "RescaleIntercept": 0,
    }  # fmt: skip
    path = save(dataset(smooth(16, 20, 4095), sop_class=PET, Modality="PT", **complete), tmp_path / "a.dcm")
    _, found = inspect(path)
    assert found["series"][0]["suv_factor"] == pytest.approx(74_000 / (3.7e8 * 0.5 ** (3600 / 6588)))
    save(dataset(smooth(16, 20, 4095), sop_class=PET, Modality="PT", **complete | {"PatientWeight": None}), path)
    _, found = inspect(path)
    assert found["series"][0]["suv_factor"] is None
    assert "PatientWeight" in " ".join(found["series"][0]["suv_reasons"])


def test_a_zip_is_looked_into(inspect: Inspect, tmp_path: Path) -> None:
    ct_series(tmp_path / "in")
    with zipfile.ZipFile(tmp_path / "case.zip", "w") as archive:
        for file in (tmp_path / "in").iterdir():
            archive.write(file, f"study/{file.name}")
    status, found = inspect(tmp_path / "case.zip")
    assert status == 0
    assert found["series"][0]["verdict"] == "VOLUME"
    assert all(f["path"].startswith(str(tmp_path / "case.zip")) for f in found["files"])


def test_nothing_readable_is_status_one_with_the_reason(
    inspect: Inspect, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("not an image")
    status, found = inspect(tmp_path)
    assert (status, found["series"], found["files"][0]["status"]) == (1, [], "refused")
    assert main(["inspect", str(tmp_path / "nowhere")]) == 1
    assert "no such file" in capsys.readouterr().err


def test_the_table_is_plain_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(dataset(smooth(16, 20, 255, "u1"), SeriesDescription="\x1b[31mred"), tmp_path / "a.dcm")
    assert main(["inspect", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "20 × 16" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    "folder", ["08_eMR_NEMA_brain_MF20", "11_US", "13_NM", "17_RT_dose", "18_SEG_liver_dcmqi", "22_DICOMDIR_media"]
)
def test_real_folders_are_described_without_a_crash(inspect: Inspect, shared_data: Path, folder: str) -> None:
    status, found = inspect(shared_data / folder)
    assert status == 0
    assert found["series"]
    for file in found["files"]:
        assert file["status"] == "shown" or file["reason"], file
    assert np.isfinite([mm for s in found["series"] for mm in s["spacing_mm"] if mm is not None]).all()
