"""What monitors are for: guessed, chosen, remembered; and which of them shows which screen of a case."""

from __future__ import annotations

from random import Random

import pytest
from PySide6.QtCore import QRect

from ui.screens.housing import Housing
from ui.screens.memory import MOST_SETS, Memory
from ui.screens.monitors import Monitor, apart, loose_set_name, set_name
from ui.screens.roles import Role, guess, planned
from workstation.settings import Remembered

pytestmark = pytest.mark.qt
D, S, U = Role.DIAGNOSTIC, Role.SIDE, Role.UNUSED


def monitor(name, x, width, height, *, depth=24, model="", serial="", plug="") -> Monitor:
    key = f"|{model}|{serial}|{plug or name}|{width}x{height}"
    rect = QRect(x, 0, width, height)
    kind = f"|{model}|{serial}|{width}x{height}" if serial else ""
    return Monitor(key, plug or name, rect, rect, width, height, depth=depth, kind=kind, model=model)


OFFICE = monitor("DP-1", 0, 1920, 1200, serial="A")
UPRIGHT = monitor("DP-2", 1920, 2048, 2560, serial="B")
UPRIGHT_2 = monitor("DP-3", 3968, 2048, 2560, serial="C")
LAPTOP = monitor("eDP-1", 0, 2880, 1800)
FULL_HD = monitor("HDMI-1", 2880, 1920, 1080)


@pytest.mark.parametrize(
    ("present", "wanted"),
    [
        ([OFFICE], [D]),
        ([OFFICE, UPRIGHT, UPRIGHT_2], [S, D, D]),
        ([UPRIGHT, UPRIGHT_2], [D, D]),
        # The laptop has more pixels, and is still not what one reads on.
        ([LAPTOP, FULL_HD], [S, D]),
        ([OFFICE, monitor("DP-2", 1920, 2560, 1600)], [S, D]),
        ([OFFICE, monitor("DP-2", 1920, 1920, 1200)], [D, D]),
        ([OFFICE, monitor("DP-2", 1920, 1600, 1200, depth=30)], [S, D]),
        ([OFFICE, monitor("DP-2", 1920, 1600, 1200, model="EIZO RadiForce RX250")], [S, D]),
        ([LAPTOP, monitor("DP-9", 2880, 1280, 1024), UPRIGHT], [S, U, D]),
        ([monitor(f"DP-{n}", 2560 * n, 2560, 1600) for n in range(3)], [S, D, D]),
        ([monitor(f"DP-{n}", 2560 * n, 2560, 1600) for n in range(5)], [S, D, D, D, U]),
    ],
)
def test_a_first_guess_at_what_monitors_are_for(present, wanted):
    found = guess(present)
    assert [found[m.key] for m in present] == wanted


def test_the_report_stands_on_the_side_and_images_from_left_to_right():
    plan = planned([OFFICE, UPRIGHT, UPRIGHT_2], guess([OFFICE, UPRIGHT, UPRIGHT_2]))
    assert (plan.main, plan.images, plan.windows) == (OFFICE, (UPRIGHT, UPRIGHT_2), (UPRIGHT, UPRIGHT_2))
    assert not plan.is_together


def test_without_a_side_screen_report_and_images_share_the_first():
    plan = planned([UPRIGHT, UPRIGHT_2], guess([UPRIGHT, UPRIGHT_2]))
    assert plan.main == UPRIGHT
    assert plan.is_together
    assert plan.windows == (UPRIGHT_2,)


def test_with_no_diagnostic_monitor_images_hang_beside_the_report():
    plan = planned([OFFICE, LAPTOP], {OFFICE.key: S, LAPTOP.key: U})
    assert (plan.main, plan.images) == (OFFICE, (OFFICE,))


def test_the_report_moves_for_now_to_a_screen_with_images():
    plan = planned([OFFICE, UPRIGHT, UPRIGHT_2], guess([OFFICE, UPRIGHT, UPRIGHT_2]), main_at=UPRIGHT_2.key)
    assert (plan.main, plan.windows) == (UPRIGHT_2, (UPRIGHT,))
    assert plan.is_together


def test_a_projector_that_shows_the_same_is_no_second_screen():
    projector = monitor("HDMI-1", 0, 1280, 800)
    beside = monitor("HDMI-2", 1920, 1280, 800)
    assert apart([projector, OFFICE]) == (OFFICE,)
    assert apart([beside, OFFICE]) == (OFFICE, beside)


@pytest.fixture
def memory(tmp_path):
    return Memory(Remembered(tmp_path / "remembered.json"))


def test_roles_are_remembered_for_the_set_of_monitors(memory, tmp_path):
    memory.choose([OFFICE, UPRIGHT], {OFFICE.key: U, UPRIGHT.key: D})
    again = Memory(Remembered(tmp_path / "remembered.json"))
    assert again.roles([OFFICE, UPRIGHT]) == {OFFICE.key: U, UPRIGHT.key: D}
    assert again.roles([OFFICE]) is None
    assert again.roles([OFFICE, UPRIGHT, UPRIGHT_2]) is None


def test_other_places_of_the_same_monitors_are_another_set_with_the_same_roles(memory):
    """The reader moves to a desk where the dock has other plugs."""
    memory.choose([OFFICE, UPRIGHT], {OFFICE.key: U, UPRIGHT.key: D})
    docked = [monitor("", 0, 2048, 2560, serial="B", plug="DP-7"), monitor("", 2048, 1920, 1200, serial="A", plug="DP-8")]
    assert set_name(docked) != set_name([OFFICE, UPRIGHT])
    assert loose_set_name(docked) == loose_set_name([OFFICE, UPRIGHT])
    assert memory.roles(docked) == {docked[0].key: D, docked[1].key: U}


def test_monitors_that_do_not_say_who_they_are_are_not_taken_for_others(memory):
    memory.choose([LAPTOP, FULL_HD], {LAPTOP.key: D, FULL_HD.key: S})
    elsewhere = [LAPTOP, monitor("HDMI-2", 2880, 1920, 1080)]
    assert memory.roles(elsewhere) is None


def test_a_monitor_left_alone_is_still_known_for_what_it_is(memory):
    """F11: the diagnostic one is gone, and the side screen does not become one by that."""
    memory.choose([OFFICE, UPRIGHT], {OFFICE.key: S, UPRIGHT.key: D})
    assert memory.role_of(OFFICE, [OFFICE]) is S
    assert memory.known([OFFICE]) == {OFFICE.key: S}
    assert memory.role_of(LAPTOP, [LAPTOP]) is None


@pytest.mark.parametrize("stored", [7, [], {"x": 3}, {"x": {"roles": 5}}, {"x": {"roles": {"k": "king"}, "frames": [1]}}])
def test_a_spoiled_memory_is_passed_over(tmp_path, stored):
    remembered = Remembered(tmp_path / "remembered.json")
    remembered.set("screens.sets", stored)
    memory = Memory(remembered)
    assert memory.roles([OFFICE]) is None
    assert memory.frames([OFFICE]) == {}
    memory.choose([OFFICE], {OFFICE.key: D})
    assert memory.roles([OFFICE]) == {OFFICE.key: D}


def test_sets_that_were_not_seen_for_long_are_forgotten(memory):
    sets = [[monitor(f"DP-{n}", 0, 1920, 1200)] for n in range(MOST_SETS + 3)]
    for present in sets:
        memory.choose(present, {present[0].key: D})
    assert memory.roles(sets[0]) is None
    assert memory.roles(sets[-1]) == {sets[-1][0].key: D}


def test_a_screen_without_a_monitor_is_a_page_of_the_nearest_one():
    housing = Housing()
    housing.move_in(["a", "b", "c"], False)
    assert housing.shared(3) == {"a": (0,), "b": (1,), "c": (2,)}
    housing.move_in(["a", "b"], True)
    assert housing.shared(3) == {"a": (0,), "b": (1, 2)}
    housing.move_in(["b"], True)
    assert housing.shared(3) == {"b": (1, 0, 2)}
    housing.move_in(["a", "b", "c"], True)
    assert housing.shared(3) == {"a": (0,), "b": (1,), "c": (2,)}


def test_another_monitor_takes_the_place_of_one_that_went():
    housing = Housing()
    housing.move_in(["a", "b"], False)
    housing.move_in(["b", "new"], True)
    assert housing.shared(2) == {"new": (0,), "b": (1,)}


def test_f11_monitors_that_sleep_and_wake_in_whatever_order_show_what_they_showed():
    """What is where depends on who is there, and never on how it came to be: any walk through any sets comes home."""
    housing, seen, random = Housing(), {}, Random(11)
    housing.move_in(["a", "b"], False)
    for _ in range(300):
        present = [key for key in "stab" if random.random() < 0.6] or ["s"]
        keys = [key for key in present if key in "ab"] or present  # images hang on others while theirs are gone
        housing.move_in(keys, True)
        shown = housing.shared(2)
        assert sorted(screen for screens in shown.values() for screen in screens) == [0, 1]
        assert seen.setdefault(tuple(keys), shown) == shown
    assert seen["a", "b"] == {"a": (0,), "b": (1,)}
    assert seen["s", "t"] == {"s": (0,), "t": (1,)}


def test_the_next_case_begins_with_the_monitors_that_there_are():
    housing = Housing()
    housing.move_in(["a", "b", "c"], False)
    housing.move_in(["b", "c"], True)
    housing.move_in(["b", "c"], False)
    assert housing.shared(2) == {"b": (0,), "c": (1,)}


def test_more_screens_than_monitors_are_pages_of_the_last():
    housing = Housing()
    housing.move_in(["a", "b"], False)
    assert housing.shared(4) == {"a": (0,), "b": (1, 2, 3)}
