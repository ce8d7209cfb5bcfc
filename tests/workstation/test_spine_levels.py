"""Vertebral levels through geometry: an axial plane between two labels, a sagittal one beside them, and what is never guessed."""

from __future__ import annotations

import math

import pytest

from workstation.session.spine_levels import BESIDE_MM, Label, Level, levels_on

STEP = 37.0
"""From one lumbar vertebra's middle to the next, mm."""


def lumbar(*names: str, tilt: float = 0.0) -> list[tuple[str, tuple[float, float, float]]]:
    """Labels down a spine that leans by `tilt` degrees forwards (LPS mm)."""
    levels = ["L1", "L2", "L3", "L4", "L5"]
    lean = math.sin(math.radians(tilt)), math.cos(math.radians(tilt))
    return [(n, (0.0, STEP * levels.index(n) * lean[0], -STEP * levels.index(n) * lean[1])) for n in names]


def axial(z: float, labels) -> list[Level]:
    """View pixels are millimetres: x right, y back."""
    return levels_on([Label(f"uid {name}", name, p, (p[0] + 100.0, p[1] + 100.0, p[2] - z)) for name, p in labels])


def sagittal(x: float, labels) -> list[Level]:
    return levels_on([Label(f"uid {name}", name, p, (p[1] + 100.0, 100.0 - p[2], p[0] - x)) for name, p in labels])


@pytest.mark.parametrize(
    ("below_l3", "text", "is_point"),
    [
        (0.0, "L3", True),
        (7.0, "L3", True),
        (10.0, "≈ L3", False),
        (15.0, "≈ L3/L4", False),
        (18.5, "≈ L3/L4", False),
        (23.0, "≈ L3/L4", False),
        (27.0, "≈ L4", False),
        (31.0, "L4", True),
        (37.0, "L4", True),
    ],
)
def test_an_axial_plane_between_two_labels_names_the_nearer_vertebra_or_the_disc(below_l3, text, is_point):
    (level,) = axial(-2 * STEP - below_l3, lumbar("L1", "L2", "L3", "L4", "L5"))
    assert (level.text, level.is_point) == (text, is_point)
    assert level.at == pytest.approx((100.0, 100.0))


def test_the_words_stand_where_the_plane_cuts_the_spine():
    """A spine that leans by 30 degrees: half way between the labels its middle is half way between them in the view."""
    labels = lumbar("L4", "L5", tilt=30.0)
    middle = [(a + b) / 2 for a, b in zip(labels[0][1], labels[1][1], strict=True)]
    (level,) = axial(middle[2], labels)
    assert level.text == "≈ L4/L5"
    assert level.at == pytest.approx((100.0, 100.0 + middle[1]))


def test_levels_between_labels_that_are_not_neighbours_are_not_guessed():
    (level,) = axial(-STEP, lumbar("L1", "L5"))
    assert level.text == "≈ L1–L5"


def test_beyond_the_last_label_a_vertebra_ends_after_half_its_height():
    labels = lumbar("L3", "L4")
    assert [level.text for level in axial(-3 * STEP - 15.0, labels)] == ["≈ L4"]
    assert [level.text for level in axial(-2 * STEP + 15.0, labels)] == ["≈ L3"]
    assert axial(-3 * STEP - 20.0, labels) == []
    assert axial(-2 * STEP + 20.0, labels) == []


def test_the_height_of_a_vertebra_is_told_by_the_labels_also_where_some_are_missing():
    """L1 and L5 are four vertebrae apart: beyond L5 half of one counts, not half of four."""
    assert [level.text for level in axial(-4 * STEP - 15.0, lumbar("L1", "L5"))] == ["≈ L5"]
    assert axial(-4 * STEP - 25.0, lumbar("L1", "L5")) == []


def test_one_label_alone_tells_its_own_place_only():
    assert [level.text for level in axial(-2 * STEP - 7.0, lumbar("L3"))] == ["L3"]
    assert axial(-2 * STEP - 8.0, lumbar("L3")) == []
    assert sagittal(20.0, lumbar("L3")) == []


def test_a_sagittal_plane_beside_the_spine_shows_every_label_as_projected():
    labels = lumbar("L2", "L3", "L4")
    assert [(level.text, level.is_point) for level in sagittal(3.0, labels)] == [("L2", True), ("L3", True), ("L4", True)]
    beside = sagittal(20.0, labels)
    assert [(level.text, level.is_point) for level in beside] == [("≈ L2", False), ("≈ L3", False), ("≈ L4", False)]
    assert beside[1].at == pytest.approx((100.0, 100.0 + 2 * STEP))
    assert sagittal(BESIDE_MM + 1.0, labels) == []


def test_of_two_labels_for_one_level_the_later_counts():
    labels = [*lumbar("L3", "L4"), ("L3", (0.0, 0.0, -2 * STEP + 4.0))]
    (level,) = axial(-2 * STEP + 4.0, labels)
    assert (level.text, level.is_point) == ("L3", True)


def test_a_name_that_is_no_level_stays_at_its_place():
    labels = [*lumbar("L3", "L4"), ("L6", (0.0, 0.0, -5 * STEP))]
    assert [level.text for level in axial(-5 * STEP, labels)] == ["L6"]
    assert [level.text for level in axial(-2.5 * STEP, labels)] == ["≈ L3/L4"]


def test_neck_and_lumbar_are_told_across_the_thorax_only_as_between():
    (level,) = axial(-200.0, [("C7", (0.0, 0.0, 0.0)), ("T1", (0.0, 0.0, -18.0)), ("L1", (0.0, 0.0, -330.0))])
    assert level.text == "≈ T1–L1"


def test_labels_on_one_spot_divide_by_nothing():
    assert [level.text for level in axial(0.0, [("L1", (0.0, 0.0, 0.0)), ("L2", (0.0, 0.0, 0.0))])] == ["L1", "L2"]
