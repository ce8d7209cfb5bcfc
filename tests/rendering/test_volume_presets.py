"""Looks of 3D: every one is possible, names its window in the right unit, and is found by name, window and key."""

from __future__ import annotations

from typing import Any

import pytest

from rendering.volume_presets import Blend, built_in, choose, named, presets_for
from workstation.domain.viewing import SolidLook, VoiFunction, Window

CT = [p for p in built_in() if p.modality == "CT"]


def test_there_are_looks_enough_and_no_name_twice() -> None:
    assert len(built_in()) >= 20
    assert len({p.name for p in built_in()}) == len(built_in())
    assert len(CT) >= 12
    assert len([p for p in built_in() if p.modality == "MR"]) >= 5


def test_the_first_look_of_ct_is_bone_and_every_modality_has_one() -> None:
    assert choose("CT", None)[0].name == "CT bone"
    assert choose("MR", None)[0].name == "MR"
    assert choose("PT", None)[0].name == "PET MIP"
    assert [p.name for p in presets_for("NM")] == ["MIP"]
    assert "MIP" not in [p.name for p in presets_for("CT")]


def test_a_window_preset_chooses_the_look_it_is_made_for_and_a_drag_keeps_it() -> None:
    lung, window = choose("CT", Window(-600.0, 1500.0, explanation="Lung"))
    assert (lung.name, window) == ("CT lung", lung.window)
    dragged = Window(3000.0, 40.0, VoiFunction.LINEAR_EXACT, "CT lung")
    assert choose("CT", dragged) == (lung, dragged)
    assert choose("CT", Window(260.0, 280.0))[0].name == "CT angiography"


def test_a_window_preset_goes_before_the_look_by_name_and_that_before_a_likeness() -> None:
    solid = SolidLook(preset="CT skin")
    assert choose("CT", None, solid)[0].name == "CT skin"
    assert choose("CT", Window(-600.0, 1500.0, explanation="Lung"), solid)[0].name == "CT lung"
    skin, window = choose("CT", Window(-600.0, 1500.0), solid)
    assert (skin.name, window) == ("CT skin", skin.window)
    assert choose("MR", None, solid)[0].name == "MR"


def test_a_look_of_another_modality_is_none_of_its_looks() -> None:
    assert named("CT", "MR") is None
    assert named("CT", "CT skin").name == "CT skin"


@pytest.mark.parametrize("preset", built_in(), ids=lambda p: p.name)
def test_every_look_is_made_of_rising_shares_and_possible_colours(preset: Any) -> None:
    for points in (preset.opacity, preset.colour):
        shares = [point[0] for point in points]
        assert shares == sorted(set(shares))
        assert all(0.0 <= part <= 1.0 for point in points for part in point[1:])


@pytest.mark.parametrize("preset", built_in(), ids=lambda p: p.name)
def test_opacity_only_rises_unless_the_look_says_that_it_fades(preset: Any) -> None:
    alphas = [alpha for _, alpha in preset.opacity]
    assert (alphas == sorted(alphas)) is not preset.fades
    if preset.blend is Blend.COMPOSITE:
        # What lies around the patient must not stand before it: one end is clear, and a clear low end unless air is hidden.
        assert 0.0 in (alphas[0], alphas[-1])
        assert alphas[0] == 0.0 or "table" in preset.hides
        assert max(alphas) > 0.0
    else:
        assert alphas == [1.0, 1.0]  # the grey alone tells the value
        assert not preset.shade


@pytest.mark.parametrize("preset", built_in(), ids=lambda p: p.name)
def test_windows_are_in_hounsfield_units_of_a_ct_and_left_to_the_series_elsewhere(preset: Any) -> None:
    if preset.modality != "CT":
        assert preset.window is None
        return
    low, high = (preset.window.center + side * preset.window.width / 2 for side in (-1, 1))
    assert -1024.0 <= low < high <= 3071.0
    assert preset.window.explanation == preset.name


@pytest.mark.parametrize(
    ("name", "clear", "seen"),
    [
        ("CT bone", 100.0, 600.0),
        ("CT fracture", 50.0, 700.0),
        ("CT angiography", 60.0, 350.0),
        ("CT angiography, bone faint", 60.0, 380.0),
        ("CT skin", -1000.0, 0.0),
        ("CT muscle", -100.0, 60.0),
        ("CT soft tissue", -150.0, 60.0),
        ("CT lung", -1000.0, -600.0),
        ("CT airways", -840.0, -990.0),
        ("CT colon, gas", 40.0, -900.0),
        ("CT metal and implants", 150.0, 2900.0),
        ("CT liver vessels", 60.0, 200.0),
    ],
)
def test_a_look_shows_what_it_is_named_for_and_not_what_lies_before_it(name: str, clear: float, seen: float) -> None:
    """HU of ordinary tissue: air -1000, airway -980, lung -600, fat -100, muscle 60, vessel with contrast 350, cortex 700."""
    preset = named("CT", name)
    low = preset.window.center - preset.window.width / 2
    assert preset.alpha_at((clear - low) / preset.window.width) <= 0.02
    assert preset.alpha_at((seen - low) / preset.window.width) >= 0.05


def test_bone_is_faint_where_the_angiography_says_so() -> None:
    plain, faint = named("CT", "CT angiography"), named("CT", "CT angiography, bone faint")
    alphas = [p.alpha_at((900.0 - p.window.center + p.window.width / 2) / p.window.width) for p in (plain, faint)]
    assert alphas[0] > 0.6
    assert alphas[1] < 0.05


def test_looks_of_air_take_what_is_hidden_for_the_highest_value() -> None:
    airy = {"CT lung vessels", "CT airways", "CT airways, see-through", "CT colon, gas", "CT MinIP"}
    assert {p.name for p in CT if p.hidden_is_high} == airy
