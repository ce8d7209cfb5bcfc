"""A user's own hanging protocols: a file with a mistake is named, and the rest still hangs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from received import CT, dataset, save

import main


def test_a_bad_protocol_is_named_and_the_study_hangs_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LYSKASSE_HOME", str(tmp_path / "home"))
    own = tmp_path / "home" / "config" / "hanging_protocols"
    own.mkdir(parents=True)
    (own / "mine.toml").write_text('id = "mine"\nnonsense = 1\n', encoding="utf-8")
    save(dataset(np.zeros((4, 4), np.uint16), sop_class=CT, Modality="CT"), tmp_path / "one.dcm")

    status = main.main(["hang", str(tmp_path / "one.dcm")])

    said = capsys.readouterr()
    assert status == 0
    assert "mine.toml is not used" in said.err
    assert "stage 1 of" in said.out
