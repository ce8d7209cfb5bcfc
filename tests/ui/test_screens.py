"""Several monitors, really: an X server whose monitors come and go, and the program's window in a process of its own.

Fault F11: a monitor is unplugged and plugged again while a case is read. The X server is Xvfb with RANDR 1.5 monitors
(`xrandr --setmonitor`), without a window manager: nothing but the program itself puts a window right.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import monitors
import pytest

pytestmark = pytest.mark.qt
CHILD = Path(__file__).resolve().parent.parent / "support" / "screens_child.py"
PATIENCE = 240


ROOM = ["LEFT", "SIDE", "RIGHT"]
SCENARIOS = {
    "reading_room": (ROOM, {}),
    "keys": (ROOM, {}),
    "moving": (ROOM, {}),
    "true_size": (["LEFT", "SIDE", "FINE"], {"QT_SCREEN_SCALE_FACTORS": "LEFT=1.5;FINE=2"}),
    "dictation": (["LEFT", "SIDE"], {}),
    "asleep": (["HOLD", "SIDE", "LEFT"], {}),
}
"""The monitors (the first one stays) and what else is in the environment."""


@pytest.fixture(scope="module")
def rooms(tmp_path_factory) -> dict[str, Callable[[], dict]]:
    """What each scenario tells; they run side by side, each on an X server of its own."""
    with contextlib.ExitStack() as stack:
        running = {}
        for name, (panels, extra) in SCENARIOS.items():
            display = stack.enter_context(monitors.display([getattr(monitors, panel) for panel in panels]))
            environment = os.environ | {"DISPLAY": display, "QT_SCALE_FACTOR_ROUNDING_POLICY": "PassThrough"} | extra
            command = [sys.executable, CHILD, name, tmp_path_factory.mktemp(name), *panels]
            running[name] = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        said = {name: (*child.communicate(timeout=PATIENCE), child.returncode) for name, child in running.items()}
    return {name: partial(told, *words) for name, words in said.items()}


def told(out: str, errors: str, status: int) -> dict:
    assert status == 0, f"the window ended with {status}: {errors[-2000:]}"
    return json.loads(out.splitlines()[-1])


def places(facts: dict) -> list[tuple[str, str]]:
    """Every series with the monitor it is seen on."""
    return [(place["series"], place["seen"]) for place in facts["viewports"]]


# ---- a side screen and two upright ones of five megapixels; the right one goes, the side too, and both come back


@pytest.fixture
def room(rooms):
    return rooms["reading_room"]()


def test_windows_land_where_they_belong(room):
    stand = {name: (where["on"], where["says"]) for name, where in room["begin"].items()}
    assert stand == {"main": ("SIDE", "SIDE"), "LEFT": ("LEFT", "LEFT"), "RIGHT": ("RIGHT", "RIGHT")}


def test_images_have_the_whole_of_their_monitors(room):
    for panel in (monitors.LEFT, monitors.RIGHT):
        assert room["begin"][panel.name]["rect"] == [panel.x, panel.y, panel.width, panel.height]


def test_one_click_on_the_worklist_places_everything(room):
    assert room["layouts"] == [[1, 2], [1, 1]]
    assert places(room["opened"]) == [("1.1.1", "LEFT"), ("1.1.2", "LEFT"), ("2.1.1", "RIGHT")]


def test_the_side_screen_has_worklist_series_and_report_at_once(room):
    assert room["side by side"] == [True, True, True]


def test_f11_what_hung_on_an_unplugged_monitor_is_seen_on_the_next_one(room):
    assert set(room["without right"]["windows"]) == {"main", "LEFT"}
    # The viewport that was worked in is the page that is up.
    assert ("2.1.1", "LEFT") in places(room["without right"])
    assert room["without right"]["badges"] == {"LEFT": "Images 2 of 2"}
    assert room["reached"] == [0, 1, 2]


def test_f11_nothing_of_a_viewport_is_lost(room):
    kept = [(p["series"], p["zoom"], p["position"]) for p in room["before"]["viewports"]]
    assert kept[2][1] == 2.5
    for when in ("without right", "left alone", "back"):
        assert [(p["series"], p["zoom"], p["position"]) for p in room[when]["viewports"]] == kept
        assert room[when]["active"] == 2


def test_f11_a_drawing_that_was_begun_goes_on(room):
    assert room["drawing"] is True


def test_f11_what_is_typed_meanwhile_goes_where_it_went(room):
    assert room["types"] == "SectionEditor"
    assert room["text"] == ["No change since"]


def test_f11_everything_comes_to_the_last_monitor(room):
    assert {where["on"] for where in room["left alone"]["windows"].values()} == {"LEFT"}
    assert ("2.1.1", "LEFT") in places(room["left alone"])


def test_f11_plugged_in_again_everything_is_as_before(room):
    assert room["back"]["windows"] == room["before"]["windows"]
    assert places(room["back"]) == places(room["before"])
    assert room["back"]["badges"] == {}


def test_f11_dictation_goes_on_in_the_middle_of_a_sentence(rooms):
    told = rooms["dictation"]()
    assert told["listening"]
    assert told["report on"] == "LEFT"
    assert told["text"] == "No pneumothorax heart normal"
    assert told["still listening"]


def test_f11_monitors_that_sleep_in_whatever_order_find_everything_where_it_was(rooms):
    told = rooms["asleep"]()
    assert told["rounds"] == [{}] * 4
    assert told["flutter"] == {}
    assert told["keys"] == "SectionEditor"


# ---- by keys alone ---------------------------------------------------------------------------


@pytest.fixture
def keys(rooms):
    return rooms["keys"]()


def test_the_case_that_opens_has_the_keys_where_its_images_are(keys):
    assert keys["opened"] == ["LEFT", "LEFT"]


def test_one_key_goes_to_the_images_of_the_next_screen(keys):
    assert keys["next"] == ["RIGHT", "RIGHT"]


def test_tab_goes_through_the_viewports_of_all_screens_and_takes_the_keys_along(keys):
    assert keys["tab"] == ["RIGHT", "RIGHT", "RIGHT", "LEFT", "LEFT", "RIGHT"]


def test_layout_and_maximising_are_for_the_screen_where_one_works(keys):
    assert keys["layouts"] == [[1, 2], [2, 2]]
    assert keys["maximised"] == [None, 2]
    assert keys["alone"] == [0, 1, 2]


def test_lists_and_questions_come_up_where_the_reader_works(keys):
    assert keys["palette"] == "RIGHT"
    assert keys["dialog"] == "RIGHT"


def test_the_menus_of_the_main_window_open_where_the_reader_works(keys):
    screen, entries = keys["menu"]
    assert screen == "RIGHT"
    assert entries >= 8


def test_f11_a_dialog_on_an_unplugged_monitor_comes_to_one_that_is_seen(keys):
    assert keys["dialog left"] in ("SIDE", "LEFT")


def test_f11_the_dialog_goes_back_when_its_monitor_does(keys):
    assert keys["dialog back"] == "RIGHT"


def test_what_the_program_says_goes_with_the_reader(keys):
    assert keys["banner"] == ["Something went wrong", "RIGHT"]
    assert keys["banner follows"] == ["Something went wrong", "SIDE"]


def test_the_report_and_the_worklist_have_the_keys_on_their_screen(keys):
    assert keys["report"] == "SectionEditor"
    assert keys["worklist"]


# ---- the report on another screen, frames, roles, the next day -------------------------------


@pytest.fixture
def moving(rooms):
    return rooms["moving"]()


def test_one_key_brings_the_report_to_the_images_and_the_same_key_takes_it_back(moving):
    assert moving["moved"]["windows"]["main"]["on"] == "LEFT"
    assert set(moving["moved"]["windows"]) == {"main", "RIGHT"}
    assert places(moving["moved"]) == places(moving["begin"])
    assert moving["moved"]["viewports"][0]["zoom"] == 3.0
    assert moving["back"]["windows"] == moving["begin"]["windows"]
    assert moving["back"]["viewports"] == moving["begin"]["viewports"]


def test_the_report_is_where_it_was_brought_to_the_next_day_too(moving):
    assert moving["report next day"] == "LEFT"
    assert moving["report taken back"] == "SIDE"


def test_a_window_of_images_may_have_a_frame_and_has_it_the_next_day(moving):
    assert moving["has frame"]
    assert moving["framed"] != [monitors.RIGHT.x, 0, monitors.RIGHT.width, monitors.RIGHT.height]
    assert moving["next day"] == moving["framed"]


def test_closing_a_window_of_images_gives_its_screen_up_and_no_image(moving):
    assert set(moving["closed"]["windows"]) == {"main", "LEFT"}
    # The reader gave it up, and the case hangs anew on what is left.
    assert places(moving["closed"]) == [("1.1.1", "LEFT"), ("1.1.2", "LEFT"), ("2.1.1", "LEFT")]
    assert moving["closed"]["badges"] == {}
    assert "not used any more" in moving["notice"]


def test_every_monitor_tells_its_number_while_roles_are_chosen(moving):
    assert moving["numbers"] == {"1": "SIDE", "2": "LEFT", "3": "RIGHT"}
    assert moving["roles"] == ["Side: worklist and report", "Diagnostic: images", "Not used"]


def test_f11_images_on_a_screen_that_is_not_diagnostic_say_so(moving):
    assert moving["no diagnostic"]["badges"] == {"SIDE": "Not a diagnostic screen"}


# ---- true size, on three monitors with other pixels and other scaling ------------------------


@pytest.fixture
def sized(rooms):
    return rooms["true_size"]()


def pixel_mm(panel: monitors.Panel) -> float:
    return math.sqrt(panel.mm[0] / panel.width * panel.mm[1] / panel.height)


def test_monitors_are_scaled_each_in_its_own_way(sized):
    assert sized["monitors"] == {"SIDE": [1920, 1200, 1.0], "LEFT": [2048, 2560, 1.5], "FINE": [2048, 2560, 2.0]}
    assert [(p["seen"], p["ratio"]) for p in sized["viewports"]] == [("SIDE", 1.0), ("LEFT", 1.5), ("FINE", 2.0)]


@pytest.mark.parametrize(("index", "panel"), list(enumerate([monitors.SIDE, monitors.LEFT, monitors.FINE])))
def test_100_mm_are_100_mm_to_the_pixel_on_each_of_them(sized, index, panel):
    assert sized["viewports"][index]["pixel_mm"] == pytest.approx(pixel_mm(panel), rel=1e-3)
    assert sized["drawn"][index] == pytest.approx(100.0 / pixel_mm(panel), abs=1.0)


def test_true_size_stays_true_where_the_viewport_goes(sized):
    assert sized["moved to"]["seen"] == "LEFT"
    assert sized["moved"] == pytest.approx(100.0 / pixel_mm(monitors.LEFT), abs=1.0)
    assert sized["back"] == pytest.approx(100.0 / pixel_mm(monitors.FINE), abs=1.0)


def test_one_scale_is_one_length_on_the_glass_of_each_of_them(sized):
    panels = (monitors.SIDE, monitors.LEFT, monitors.FINE)
    on_glass = [drawn * pixel_mm(panel) for drawn, panel in zip(sized["same scale"], panels, strict=True)]
    assert on_glass == pytest.approx([on_glass[0]] * 3, abs=0.5)
    assert len({round(drawn) for drawn in sized["same scale"]}) == 3
