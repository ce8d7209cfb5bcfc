"""The benchmarks can be asked for by name and speak JSON. How fast anything is, no test says."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.figures import Figure, interleaved, percentile

REPOSITORY = Path(__file__).resolve().parents[2]
KEYS = {"name", "goal_id", "value", "floor", "ratio", "goal", "holds"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_a_benchmark_prints_its_figures_as_json():
    done = run("calibration", "--json")
    figures = json.loads(done.stdout)
    assert done.returncode == 0
    assert len(figures) == 4
    assert all(set(figure) >= KEYS for figure in figures)
    assert all(figure["value"] > 0 for figure in figures)


def test_an_unknown_benchmark_is_wrong_usage_and_the_known_ones_are_named():
    done = run("colour")
    assert done.returncode == 2
    assert all(name in done.stderr for name in NAMES)


def test_every_named_benchmark_has_a_module():
    assert all((REPOSITORY / "benchmarks" / f"{name}.py").is_file() for name in NAMES)
    assert callable(import_module("benchmarks.calibration").measure)


@pytest.mark.parametrize(("value", "floor", "ratio"), [(3.0, 2.0, 1.5), (1.0, 0.0, float("inf"))])
def test_a_figure_is_a_ratio_to_its_floor(value: float, floor: float, ratio: float):
    figure = Figure("name", "G0", value, floor, "ms", "<= 2 x", False)
    assert figure.ratio == ratio
    assert "MISSED" in figure.line()


def test_works_are_timed_in_turn():
    done: list[str] = []
    times = interleaved((lambda: done.append("a"), lambda: done.append("b")), 2)
    assert done == ["a", "b"] * 3, "the first round is not counted"
    assert [len(taken) for taken in times] == [2, 2]
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 3.0
