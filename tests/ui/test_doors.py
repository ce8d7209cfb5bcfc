"""The window's commands for scripts, called as `python main.py COMMAND` calls them."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage
from received import CT, JPEG, dataset, encapsulated, save

import main
from rendering.phantoms import PhantomStudy, write_demonstration
from ui import doors
from workstation.instance_lock import sole_instance

pytestmark = pytest.mark.qt
ROWS, COLUMNS = 40, 60


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: object) -> Path:
    monkeypatch.setenv("LYSKASSE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def chest(tmp_path_factory: pytest.TempPathFactory) -> PhantomStudy:
    (study,) = write_demonstration(tmp_path_factory.mktemp("phantoms"), only=("ct-chest",), size="small")
    return study


@pytest.fixture
def slices(tmp_path: Path) -> Path:
    """Five axial CT slices 2 mm apart at z = -4 ... 4; pixel (column, row) of slice n is 1000 n + 10 row + column % 10."""
    folder = tmp_path / "slices"
    folder.mkdir()
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    for number in range(5):
        pixels = (1000 * number + 10 * rows + columns % 10).astype(np.uint16)
        made = dataset(
            pixels, sop_class=CT, Modality="CT", SOPInstanceUID=f"1.2.826.0.1.1.3.{number}", InstanceNumber=number + 1,
            FrameOfReferenceUID="1.2.826.0.1.1.9", ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[1, 1],
            ImagePositionPatient=[-30, -20, 2 * number - 4], SliceThickness=2, RescaleSlope=1, RescaleIntercept=-1024,
            WindowCenter=1000, WindowWidth=4000, RescaleType="HU",
        )  # fmt: skip
        made.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.1.3.{number}"
        save(made, folder / f"{number}.dcm")
    return folder


def snapshot(capsys: pytest.CaptureFixture[str], source: Path, out: Path, *options: str) -> dict[str, Any]:
    assert main.main(["snapshot", str(source), str(out), "--json", *options]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def picture(path: Path) -> np.ndarray[Any, Any]:
    """Grey values (height, width)."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_Grayscale8)
    assert not image.isNull()
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : image.width()].copy()


# ---- snapshot -----------------------------------------------------------------------------


def test_snapshot_writes_both_pictures_and_says_what_the_issue_asks(slices, tmp_path, capsys):
    told = snapshot(capsys, slices, tmp_path / "out", "--size", "600x400", "--frame", "1")
    assert {"probes", "pixels", "badges", "spacing_mm", "letters"} <= told.keys()
    assert told["letters"] == {"top": "A", "bottom": "P", "left": "R", "right": "L"}
    assert told["spacing_mm"] == [2.0, 1.0, 1.0]
    view, bare = picture(tmp_path / "out" / "view.png"), picture(tmp_path / "out" / "bare.png")
    assert view.shape == bare.shape == (400, 600)
    assert (view != bare).any()


def test_snapshot_gives_pixel_values_of_the_frame_asked_for(slices, tmp_path, capsys):
    asked = ["--pixel", "0,0", "--pixel", "59,39", "--pixel", "7,3"]
    for frame in (1, 5):
        told = snapshot(capsys, slices, tmp_path / "out", "--frame", str(frame), *asked)
        number = int(told["sop_instance_uid"].rsplit(".", 1)[1])
        truth = [1000 * number + 10 * row + column % 10 - 1024 for column, row in ((0, 0), (59, 39), (7, 3))]
        assert [p["value"] for p in told["pixels"]] == truth
        assert [p["at"] for p in told["pixels"]] == [[0, 0], [59, 39], [7, 3]]
        assert {p["unit"] for p in told["pixels"]} == {"HU"}


def test_snapshot_takes_negative_coordinates_for_values_and_not_for_options(slices, tmp_path, capsys):
    told = snapshot(capsys, slices, tmp_path / "out", "--at", "-10.5,3,-4", "--probe", "-10.4,3.2,-4")
    assert told["index"] in (1, 5)
    (probe,) = told["probes"]
    assert probe == probe | {"at": [-10.4, 3.2, -4.0], "value": 10 * 23 + 20 % 10 - 1024, "unit": "HU", "stored": 230}


def test_snapshot_paints_the_window_asked_for(slices, tmp_path, capsys):
    snapshot(capsys, slices, tmp_path / "dark", "--frame", "3", "--window", "9000,100")
    snapshot(capsys, slices, tmp_path / "light", "--frame", "3", "--window", "-9000,100")
    assert picture(tmp_path / "dark" / "bare.png").max() == 0
    light = picture(tmp_path / "light" / "bare.png")
    assert light[light.shape[0] // 2, light.shape[1] // 2] == 255


def test_snapshot_of_a_plane_through_a_point(chest, tmp_path, capsys):
    centre = chest.truth["nodule_centre"]
    at = ",".join(str(value) for value in centre)
    for view, letters in (("axial", "APRL"), ("coronal", "HFRL"), ("sagittal", "HFAP")):
        told = snapshot(capsys, chest.folder, tmp_path / view, "--view", view, "--at", at, "--probe", at)
        assert "".join(told["letters"][side] for side in ("top", "bottom", "left", "right")) == letters
        assert told["probes"][0]["value"] == pytest.approx(chest.truth["nodule_hu"], abs=60)


def test_snapshot_shows_the_patients_left_on_the_right(chest, tmp_path, capsys):
    """The liver lies at the patient's right: its half of the picture, at the left, is the lighter one."""
    liver = chest.truth["known_hu"]["liver"][0]
    snapshot(capsys, chest.folder, tmp_path / "out", "--at", ",".join(map(str, liver)), "--window", "60,160")
    bare = picture(tmp_path / "out" / "bare.png").astype(float)
    assert bare[:, :512].mean() > bare[:, 512:].mean() + 5


def test_snapshot_of_a_single_frame_has_no_planes(slices, tmp_path, capsys):
    assert main.main(["snapshot", str(slices / "0.dcm"), str(tmp_path / "out"), "--view", "coronal", "--json"]) == 1
    said = capsys.readouterr()
    assert "No coronal plane of this series" in said.err
    assert said.out == ""


def test_snapshot_refuses_a_frame_that_is_not_there(slices, tmp_path, capsys):
    assert main.main(["snapshot", str(slices), str(tmp_path / "out"), "--frame", "6"]) == 1
    assert "This view has images 1 to 5" in capsys.readouterr().err


def test_snapshot_refuses_a_series_that_is_not_there(slices, tmp_path, capsys):
    assert main.main(["snapshot", str(slices), str(tmp_path / "out"), "--series", "1.9"]) == 1
    assert "No such series" in capsys.readouterr().err


def test_an_error_tile_stands_in_the_picture_and_the_reason_on_standard_error(tmp_path, capsys):
    pixels = np.zeros((ROWS, COLUMNS), np.uint8)
    broken = dataset(pixels, syntax=JPEG + "50", Modality="OT", PixelData=encapsulated([b"\xff\xd8 this is no JPEG " * 8]))
    source = save(broken, tmp_path / "broken.dcm")
    assert main.main(["snapshot", str(source), str(tmp_path / "out"), "--json"]) == 1
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["error"]
    assert told["error"] in said.err
    assert picture(tmp_path / "out" / "view.png").max() > 0


@pytest.mark.parametrize("wrong", [["--size", "5x5"], ["--at", "1,2"], ["--view", "oblique"], ["--frame", "first"], []])
def test_wrong_usage_ends_with_status_two(slices, tmp_path, capsys, wrong):
    arguments = ["snapshot", str(slices), str(tmp_path / "out"), *wrong] if wrong else ["snapshot"]
    with pytest.raises(SystemExit) as end:
        main.main(arguments)
    assert end.value.code == 2
    capsys.readouterr()


# ---- open: quickly ---------------------------------------------------------------------------


def test_what_is_imported_for_the_window_is_not_collected_before_it_is_there(qapp):
    """And afterwards it is."""
    was_on = gc.isenabled()
    try:
        with doors.quickly_imported() as app:
            assert app.run
            assert not gc.isenabled()
            assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
    assert gc.isenabled() is was_on


# ---- open and demo: one at a time ------------------------------------------------------------


def test_a_second_workstation_says_that_one_is_open(home, capsys):
    with sole_instance(home / "data"):
        assert main.main(["open"]) == 1
    assert "Lyskasse is already open" in capsys.readouterr().err


def test_a_second_demonstration_says_that_one_is_open(home, tmp_path, capsys):
    with sole_instance(home / "data" / "demonstration"):
        assert main.main(["demo", "--pictures", str(tmp_path / "pictures")]) == 1
    assert "Lyskasse is already open" in capsys.readouterr().err
    assert not (tmp_path / "pictures").exists()
