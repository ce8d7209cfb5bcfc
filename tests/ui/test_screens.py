"""Several monitors, really: an X server whose monitors come and go, and the program's window in a process of its own.

Fault F11: a monitor is unplugged and plugged again while a case is read. The X server is Xvfb with RANDR 1.5 monitors
(`xrandr --setmonitor`), without a window manager: nothing but the program itself puts a window right.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import monitors
import pytest

pytestmark = pytest.mark.qt
CHILD = Path(__file__).resolve().parent.parent / "support" / "screens_child.py"
PATIENCE = 120


SCENARIOS = {"reading_room": (["LEFT", "SIDE", "RIGHT"], {})}
"""The monitors (the first one stays) and what else is in the environment."""


@pytest.fixture(scope="module")
def rooms(tmp_path_factory) -> dict[str, dict]:
    """What each scenario tells; they run side by side, each on an X server of its own."""
    with contextlib.ExitStack() as stack:
        running = {}
        for name, (panels, extra) in SCENARIOS.items():
            display = stack.enter_context(monitors.display([getattr(monitors, panel) for panel in panels]))
            running[name] = begin(name, tmp_path_factory.mktemp(name), panels, display, **extra)
        return {name: told_by(child) for name, child in running.items()}


def begin(scenario: str, home: Path, panels: list[str], display: str, **extra: str) -> subprocess.Popen[str]:
    environment = os.environ | {"DISPLAY": display, "QT_SCALE_FACTOR_ROUNDING_POLICY": "PassThrough"} | extra
    return subprocess.Popen([sys.executable, CHILD, scenario, home, *panels], stdout=subprocess.PIPE, text=True, env=environment)


def told_by(child: subprocess.Popen[str]) -> dict:
    said, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0, f"the window ended with {child.returncode}"
    return json.loads(said.splitlines()[-1])


def places(facts: dict) -> list[tuple[str, str]]:
    """Every series with the monitor it is seen on."""
    return [(place["series"], place["seen"]) for place in facts["viewports"]]


# ---- a side screen and two upright ones of five megapixels; the right one goes, the side too, and both come back


@pytest.fixture
def told(rooms):
    return rooms["reading_room"]


def test_windows_land_where_they_belong(told):
    stand = {name: (where["on"], where["says"]) for name, where in told["begin"].items()}
    assert stand == {"main": ("SIDE", "SIDE"), "LEFT": ("LEFT", "LEFT"), "RIGHT": ("RIGHT", "RIGHT")}


def test_images_have_the_whole_of_their_monitors(told):
    for panel in (monitors.LEFT, monitors.RIGHT):
        assert told["begin"][panel.name]["rect"] == [panel.x, panel.y, panel.width, panel.height]


def test_one_click_on_the_worklist_places_everything(told):
    assert told["layouts"] == [[1, 2], [1, 1]]
    assert places(told["opened"]) == [("1.1.1", "LEFT"), ("1.1.2", "LEFT"), ("2.1.1", "RIGHT")]


def test_f11_what_hung_on_an_unplugged_monitor_is_seen_on_the_next_one(told):
    assert set(told["without right"]["windows"]) == {"main", "LEFT"}
    # The viewport that was worked in is the page that is up.
    assert ("2.1.1", "LEFT") in places(told["without right"])
    assert told["without right"]["badges"] == {"LEFT": "Images 2 of 2"}
    assert told["reached"] == [0, 1, 2]


def test_f11_nothing_of_a_viewport_is_lost(told):
    kept = [(p["series"], p["zoom"], p["position"]) for p in told["before"]["viewports"]]
    assert kept[2][1] == 2.5
    for when in ("without right", "left alone", "back"):
        assert [(p["series"], p["zoom"], p["position"]) for p in told[when]["viewports"]] == kept
        assert told[when]["active"] == 2


def test_f11_a_drawing_that_was_begun_goes_on(told):
    assert told["drawing"] is True


def test_f11_what_is_typed_meanwhile_goes_where_it_went(told):
    assert told["types"] == "SectionEditor"
    assert told["text"] == ["No change since"]


def test_f11_everything_comes_to_the_last_monitor(told):
    assert {where["on"] for where in told["left alone"]["windows"].values()} == {"LEFT"}
    assert ("2.1.1", "LEFT") in places(told["left alone"])


def test_f11_plugged_in_again_everything_is_as_before(told):
    assert told["back"]["windows"] == told["before"]["windows"]
    assert places(told["back"]) == places(told["before"])
    assert told["back"]["badges"] == {}
