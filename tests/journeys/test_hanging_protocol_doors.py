"""`hanging-protocol`: out to a DICOM object and back in, shown before it is saved; an object among images is only listed."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

import main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LYSKASSE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def exported(protocol_id: str, folder: Path) -> Path:
    path = folder / f"{protocol_id}.dcm"
    assert main.main(["hanging-protocol", "export", protocol_id, str(path)]) == 0
    return path


def foreign(path: Path) -> Path:
    """As if another program had written it."""
    ds = pydicom.dcmread(path)
    for tag in (0x00730010, 0x00731001, 0x00731002):
        del ds[tag]
    ds.HangingProtocolName, ds.HangingProtocolCreator = "Thorax", "Jensen^Ida"
    ds.HangingProtocolDescription = "As the other house hangs it"
    ds.DisplaySetsSequence[0].VOIType = "POST_FOSSA"
    ds.save_as(path)
    return path


def own(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "config" / "hanging_protocols").glob("*.toml"))


def test_one_of_ours_goes_out_and_comes_back_whole(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported("ct-chest", tmp_path)
    assert main.main(["hanging-protocol", "import", str(path)]) == 0
    said = capsys.readouterr().out
    assert "stage 1: " in said
    assert "it is taken over whole" in said
    assert "it stands before CT chest from then on" in said
    assert own(home) == ["ct_chest.toml"]


def test_one_of_another_program_is_shown_with_what_is_lost_and_stands_beside_ours(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = foreign(exported("ct-chest", tmp_path))
    assert main.main(["hanging-protocol", "import", str(path), "--dry-run"]) == 0
    assert own(home) == []
    assert main.main(["hanging-protocol", "import", str(path)]) == 0
    said = capsys.readouterr().out
    assert "Thorax (thorax)" in said
    assert "made by Jensen^Ida" in said
    assert "not taken over: " in said
    assert "the window POST_FOSSA is taken as Brain" in said
    assert own(home) == ["thorax.toml"]
    assert main.main(["hanging-protocol", "list"]) == 0
    assert "thorax " in capsys.readouterr().out
    assert main.main(["hanging-protocol", "import", str(path)]) == 0
    assert own(home) == ["thorax.toml", "thorax_2.toml"], "a second one of that name does not replace the first"


def test_what_cannot_be_done_is_said(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported("ct", tmp_path)
    before = path.read_bytes()
    assert main.main(["hanging-protocol", "export", "ct", str(path)]) == 1
    assert path.read_bytes() == before, "a file that is there is not written over"
    assert main.main(["hanging-protocol", "export", "no-such", str(tmp_path / "x.dcm")]) == 1
    assert "None in force has the id no-such" in capsys.readouterr().err
    broken = pydicom.dcmread(path)
    del broken.DisplaySetsSequence
    broken.save_as(path)
    assert main.main(["hanging-protocol", "import", str(path)]) == 1
    assert "DisplaySetsSequence (0072,0200) is missing" in capsys.readouterr().err
    assert own(home) == []


def test_an_object_that_comes_among_images_is_listed_and_not_applied(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = exported("ct", tmp_path)
    main.main(["import", str(path)])
    said = capsys.readouterr()
    assert "A hanging protocol: it is of no patient, and was not applied" in said.out + said.err
    assert own(home) == []
