"""Drawings on screens of other pixel ratios, in windows of their own processes: Qt's own scaling, not a number of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ui import halo
from ui.annotation_shapes import LABEL_POINTS

pytestmark = pytest.mark.qt
CHILD = Path(__file__).resolve().parent.parent / "support" / "scaled_child.py"
RATIOS = ("1.25", "1.5", "2")


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, dict]:
    """What each of them says; they run side by side."""
    running = {}
    for ratio in RATIOS:
        home = tmp_path_factory.mktemp(f"ratio{ratio}")
        environment = os.environ | {"QT_SCALE_FACTOR": ratio, "QT_SCALE_FACTOR_ROUNDING_POLICY": "PassThrough"}
        running[ratio] = subprocess.Popen([sys.executable, CHILD, home], stdout=subprocess.PIPE, env=environment)
    return {ratio: json.loads(child.communicate(timeout=60)[0]) for ratio, child in running.items()}


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_hand_draws_hits_and_moves_alike_whatever_the_screen(qapp, told, ratio):
    scaled = told[ratio]
    assert scaled["ratio"] == float(ratio)
    # One device pixel is 1 mm here: the same way of the hand is longer where pixels are finer.
    assert scaled["length"] == pytest.approx(50.0 * float(ratio), abs=0.5)
    assert scaled["points"] == pytest.approx([200, 200, 240, 230], abs=0.5)
    wide, high = scaled["label"]
    assert high == pytest.approx(halo.metrics(LABEL_POINTS).height())
    assert wide == pytest.approx(halo.width(f"{scaled['length']:.1f} mm", LABEL_POINTS))
    assert scaled["end"] == pytest.approx([300, 230], abs=1.0)


@pytest.mark.parametrize("ratio", RATIOS)
def test_words_stay_under_the_hand_that_moves_them(told, ratio):
    right, down, x, y = told[ratio]["grip"]
    assert told[ratio]["words"] == pytest.approx([x + right, y + down], abs=1.0)
