"""From a listed order to an image that is mended, with a real Orthanc: prefetch, quota, doctor (F16, F17)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from real_archives import RealArchive, orthanc, study

from main import main, open_core
from workstation.archives.config import put_archive
from workstation.cache.pins import LISTED, WANTED
from workstation.domain.order import Order
from workstation.domain.patient import Patient, PatientKey
from workstation.settings import HOME_VARIABLE, Folders

CURRENT, PRIOR, OTHER = "1.2.826.0.1.3680043.10.1", "1.2.826.0.1.3680043.10.2", "1.2.826.0.1.3680043.10.3"
ANN = {"name": "Test^Ann", "PatientID": "P1", "PatientBirthDate": "19600101", "BodyPartExamined": "CHEST"}


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[RealArchive]:
    with orthanc(tmp_path) as archive:
        archive.store(study(tmp_path / "a", uid=CURRENT, images=4, **ANN))
        archive.store(
            study(
                tmp_path / "b",
                uid=PRIOR,
                images=3,
                StudyDate="20250101",
                AccessionNumber="A0",
                StudyDescription="CT lunge",
                **ANN,
            )
        )
        archive.store(
            study(
                tmp_path / "c",
                uid=OTHER,
                images=2,
                StudyDate="20250101",
                AccessionNumber="A9",
                StudyDescription="CT kne",
                **{**ANN, "BodyPartExamined": "KNEE"},
            )
        )
        yield archive


@pytest.fixture
def home(tmp_path: Path, pacs: RealArchive, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    folders = Folders.default()
    folders.make()
    (folders.config / "prefetch.toml").write_text('[bandwidth]\nmetered = "fetch"\n')
    put_archive(folders.config, replace(pacs.archive, is_local=True), "")
    core = open_core()
    core.orders.replace(
        [Order("o1", "A1", Patient(PatientKey("P1"), "Test^Ann", "19600101"), "CT thorax", due=datetime.now(UTC))]
    )
    core.close()
    return tmp_path / "home"


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_what_is_listed_is_fetched_with_its_prior_and_a_damaged_image_is_fetched_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prefetch", "--plan", "--json"]) == 0
    plan = said(capsys)
    assert [(one["study_uid"], one["role"]) for one in plan["studies"]] == [(CURRENT, "study to be read"), (PRIOR, "prior")]
    assert [one["why"] for one in plan["passed_over"]] == ["it shows another region: leg"]

    assert main(["prefetch", "--once", "--json"]) == 0
    assert (said(capsys)["done"], main(["prefetch", "--plan", "--json"]), said(capsys)["studies"]) == (2, 0, [])

    core = open_core()
    core.prefetcher.run_once()
    assert {uid: count for uid, (count, _) in core.cache.sizes().items()} == {CURRENT: 4, PRIOR: 3}
    assert core.archiving.held_elsewhere() == {CURRENT, PRIOR}
    assert core.quota.pinned() == {CURRENT: LISTED, PRIOR: WANTED}
    damaged, lost = (Path(i.path) for i in core.cache.study(PRIOR).series[0].instances[:2])
    core.close()

    damaged.write_bytes(damaged.read_bytes()[:300])
    lost.unlink()
    assert main(["doctor", "--json"]) == 1
    assert sorted(one["code"] for one in said(capsys) if one["weight"] == "wrong") == ["object-damaged", "object-missing"]
    assert main(["doctor", "--repair", "--json"]) == 0
    assert {one["done"] for one in said(capsys) if one["weight"] == "wrong"} == {"set aside and fetched again"}
    assert main(["doctor", "--deep", "--json"]) == 0
    assert "testpacs answers" in {one["words"] for one in said(capsys)}
    core = open_core()
    assert core.cache.sizes()[PRIOR][0] == 3
    assert core.cache.doubts_of(PRIOR) == ()
    core.close()


def test_without_the_archive_the_study_is_marked_and_the_silent_archive_is_said(
    home: Path, pacs: RealArchive, capsys: pytest.CaptureFixture[str]
) -> None:
    """F16, offline: the image is set aside and its study says so; nothing is painted of it."""
    assert main(["prefetch", "--once"]) == 0
    pacs.kill()
    core = open_core()
    first = Path(core.cache.study(CURRENT).series[0].instances[0].path)
    core.close()
    first.write_bytes(b"")
    capsys.readouterr()
    main(["doctor", "--repair"])
    assert "set aside, marked, and the index made again" in capsys.readouterr().out
    core = open_core()
    assert [doubt.code for doubt in core.cache.doubts_of(CURRENT)] == ["damaged-file"]
    core.close()
    assert main(["prefetch", "--plan"]) == 1
    assert "testpacs: " in capsys.readouterr().err
