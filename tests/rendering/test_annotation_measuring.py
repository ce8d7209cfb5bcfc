"""Measurement truth in frames of known size and value (reliability F50, F53-F55, F57)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from measured import (
    SOURCE,
    K,
    drawn_at,
    on_cut,
    on_frame,
    single,
    spaced,
    unit,
    value,
)

from rendering.header import (
    FrameFacts,
    ImageHeader,
    LookupTable,
    ModalityTransform,
    Palette,
    PetFacts,
    UltrasoundRegion,
)
from rendering.viewport import Viewport
from workstation.domain.annotation import POINTS_NEEDED, Annotation, Measured
from workstation.domain.doubt import Doubt, SpacingSource
from workstation.domain.geometry import FramePlane
from workstation.domain.viewing import Plane

# Lengths, angles and areas in one frame


@pytest.mark.parametrize(
    ("source", "length_unit", "area_unit"),
    [
        (SOURCE.PIXEL_SPACING, "mm", "mm²"),
        (SOURCE.CALIBRATED, "mm calibrated", "mm² calibrated"),
        (SOURCE.ERMF, "mm (ERMF)", "mm² (ERMF)"),
        (SOURCE.DETECTOR, "mm at detector", "mm² at detector"),
        (SOURCE.NOMINAL, "mm on film", "mm² on film"),
    ],
)
def test_every_measure_says_where_its_millimetres_come_from(
    maker: Any, source: SpacingSource, length_unit: str, area_unit: str
) -> None:
    """F53."""
    viewport = spaced(maker, source=source)
    line = on_frame(viewport, K.LENGTH, (3.0, 4.0), (15.0, 12.0))
    assert value(line, "Length") == pytest.approx(5.0)
    assert (unit(line, "Length"), line.spacing_source) == (length_unit, source)
    box = on_frame(viewport, K.RECTANGLE, (3.0, 4.0), (15.0, 12.0))
    assert value(box, "Area") == pytest.approx(3.0 * 4.0)
    assert unit(box, "Area") == area_unit


def test_without_spacing_lengths_and_areas_are_in_pixels(maker: Any) -> None:
    """F53."""
    viewport = single(maker, np.zeros((40, 60), "i2"))
    line = on_frame(viewport, K.LENGTH, (0.0, 0.0), (30.0, 20.0))
    assert (value(line, "Length"), unit(line, "Length")) == (pytest.approx(math.hypot(30, 20)), "px")
    assert line.spacing_source is SOURCE.NONE
    box = on_frame(viewport, K.RECTANGLE, (0.0, 0.0), (30.0, 20.0))
    assert (value(box, "Area"), unit(box, "Area")) == (pytest.approx(600.0), "px")
    assert value(on_frame(viewport, K.ANGLE, (10.0, 0.0), (0.0, 0.0), (10.0, 10.0)), "Angle") == pytest.approx(45.0)


def test_pixels_that_are_not_square_and_of_unknown_size_give_no_length_but_an_angle(maker: Any) -> None:
    """F53: PixelAspectRatio tells the shape of a pixel, not its size."""
    viewport = single(maker, np.zeros((40, 60), "i2"), pixel_aspect_ratio=(2.0, 1.0))
    assert "not square" in on_frame(viewport, K.LENGTH, (0.0, 0.0), (30.0, 20.0)).refused
    angle = on_frame(viewport, K.ANGLE, (20.0, 0.0), (0.0, 0.0), (20.0, 10.0))
    assert value(angle, "Angle") == pytest.approx(45.0)
    assert value(on_frame(viewport, K.RECTANGLE, (0.0, 0.0), (30.0, 20.0)), "Area") == pytest.approx(600.0)


def test_an_angle_is_taken_in_millimetres_where_rows_and_columns_differ(maker: Any) -> None:
    viewport = spaced(maker)
    assert value(on_frame(viewport, K.ANGLE, (20.0, 0.0), (0.0, 0.0), (20.0, 10.0)), "Angle") == pytest.approx(45.0)
    obtuse = on_frame(viewport, K.ANGLE, (30.0, 10.0), (20.0, 10.0), (0.0, 20.0))
    assert value(obtuse, "Angle") == pytest.approx(180.0 - 45.0)
    assert "without length" in on_frame(viewport, K.ANGLE, (20.0, 0.0), (20.0, 0.0), (20.0, 10.0)).refused


@pytest.mark.parametrize("turn", [0.0, 25.0, 90.0, 200.0])
@pytest.mark.parametrize("swapped", [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("cobb", [8.0, 47.0, 110.0])
def test_a_cobb_angle_is_the_curves_whichever_way_its_lines_are_drawn(
    maker: Any, turn: float, swapped: tuple[bool, bool], cobb: float
) -> None:
    viewport = single(maker, np.zeros((200, 200), "i2"), spacing=(1.0, 1.0), spacing_source=SOURCE.PIXEL_SPACING)
    points = []
    # Two end plates 60 mm apart along the spine, each tilted by half the angle.
    for along, tilt, is_swapped in ((-30.0, cobb / 2, swapped[0]), (30.0, -cobb / 2, swapped[1])):
        way = np.array([math.cos(math.radians(tilt)), math.sin(math.radians(tilt))]) * 15.0
        ends = [np.array([0.0, along]) - way, np.array([0.0, along]) + way]
        points.extend(reversed(ends) if is_swapped else ends)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    turned = [(100.0 + c * x - s * y, 100.0 + s * x + c * y) for x, y in points]
    assert value(on_frame(viewport, K.COBB, *turned), "Cobb angle") == pytest.approx(cobb, abs=1e-6)


def test_the_long_axis_is_the_longer_one_and_the_angle_between_is_told(maker: Any) -> None:
    viewport = spaced(maker, 0.5, 0.5)
    measured = on_frame(viewport, K.BIDIRECTIONAL, (10.0, 10.0), (10.0, 16.0), (5.0, 13.0), (25.0, 13.0))
    assert (value(measured, "Long axis"), value(measured, "Short axis")) == (pytest.approx(10.0), pytest.approx(3.0))
    assert value(measured, "Angle between axes") == pytest.approx(90.0)


def test_areas_are_those_of_the_drawn_line(maker: Any) -> None:
    viewport = spaced(maker)
    ellipse = on_frame(viewport, K.ELLIPSE, (10.0, 10.0), (30.0, 30.0))
    assert value(ellipse, "Area") == pytest.approx(math.pi * 2.5 * 5.0)
    triangle = on_frame(viewport, K.POLYGON, (10.0, 10.0), (30.0, 10.0), (10.0, 30.0))
    assert value(triangle, "Area") == pytest.approx(5.0 * 10.0 / 2)
    circle = on_frame(viewport, K.CIRCLE, (30.0, 20.0), (42.0, 22.0))
    radius = math.hypot(3.0, 1.0)
    assert value(circle, "Area") == pytest.approx(math.pi * radius**2)
    assert value(circle, "Diameter") == pytest.approx(2 * radius)
    turns = np.linspace(0.0, 2 * np.pi, 200, endpoint=False)
    hand = [(30.0 + 12.0 * math.cos(t), 20.0 + 6.0 * math.sin(t)) for t in turns]
    assert value(on_frame(viewport, K.FREEHAND, *hand), "Area") == pytest.approx(math.pi * 9.0, rel=0.01)


def test_a_line_that_crosses_itself_has_no_area(maker: Any) -> None:
    viewport = spaced(maker)
    assert "crosses itself" in on_frame(viewport, K.POLYGON, (10.0, 10.0), (30.0, 30.0), (30.0, 10.0), (10.0, 30.0)).refused


# Values inside


def test_pixels_whose_centres_are_inside_are_counted_and_no_others(maker: Any) -> None:
    pixels = np.arange(2400, dtype="i2").reshape(40, 60)
    viewport = single(maker, pixels, spacing=(0.5, 0.25), spacing_source=SOURCE.PIXEL_SPACING)
    box = on_frame(viewport, K.RECTANGLE, (2.6, 3.4), (7.0, 9.4))
    expected = pixels[4:10, 3:8]
    found = {v.name: v.value for v in box.values}
    assert found["Pixels"] == expected.size
    truth = (("Mean", np.mean), ("SD", np.std), ("Min", np.min), ("Max", np.max), ("Median", np.median))
    for name, known in ((name, function(expected)) for name, function in truth):
        assert found[name] == pytest.approx(known), name
    assert unit(box, "Mean") == "HU"
    assert box.histogram is not None
    low, width, counts = box.histogram
    assert sum(counts) == expected.size
    inside = (expected >= low + 2 * width) & (expected < low + 3 * width)
    assert counts[2] == inside.sum()
    columns, rows = np.meshgrid(np.arange(60), np.arange(40))
    ellipse = on_frame(viewport, K.ELLIPSE, (10.0, 10.0), (30.0, 25.0))
    inside = ((columns - 20.0) / 10.0) ** 2 + ((rows - 17.5) / 7.5) ** 2 <= 1.0
    assert value(ellipse, "Mean") == pytest.approx(pixels[inside].mean())
    assert value(ellipse, "Pixels") == inside.sum()
    triangle = on_frame(viewport, K.POLYGON, (10.2, 10.1), (30.2, 10.1), (10.2, 30.1))
    inside = (columns > 10.2) & (rows > 10.1) & ((columns - 10.2) + (rows - 10.1) < 20.0)
    assert value(triangle, "Mean") == pytest.approx(pixels[inside].mean())


def test_a_tiny_area_holds_no_pixel_and_says_so(maker: Any) -> None:
    viewport = spaced(maker)
    measured = on_frame(viewport, K.RECTANGLE, (2.1, 2.1), (2.4, 2.4))
    assert value(measured, "Pixels") == 0
    assert not [v for v in measured.values if v.name == "Mean"]
    assert measured.histogram is None


def test_padding_is_left_out_and_said(maker: Any) -> None:
    """F55."""
    pixels = np.full((20, 20), 40, "i2")
    pixels[:, :5] = -2000
    viewport = single(maker, pixels, padding=(-2000, -2000))
    measured = on_frame(viewport, K.RECTANGLE, (3.0, 3.0), (8.0, 8.0))
    assert (value(measured, "Mean"), value(measured, "SD"), value(measured, "Pixels")) == (40.0, 0.0, 24)
    assert "12 pixels" in measured.notes[0]


def test_what_lies_beyond_the_image_is_said(maker: Any) -> None:
    viewport = single(maker, np.full((20, 20), 7, "i2"))
    measured = on_frame(viewport, K.RECTANGLE, (15.0, 15.0), (25.0, 25.0))
    assert value(measured, "Pixels") == 25
    assert any("beyond" in note for note in measured.notes)


def test_a_colour_image_has_an_area_and_no_values(maker: Any) -> None:
    """F57."""
    viewport = single(
        maker, np.zeros((20, 20, 3), "u1"), photometric="RGB", bits_allocated=8, bits_stored=8, high_bit=7, is_signed=False
    )
    measured = on_frame(viewport, K.RECTANGLE, (3.0, 3.0), (8.0, 9.0))
    assert [v.name for v in measured.values] == ["Area"]
    assert "colour" in measured.notes[0].lower()


def test_coloured_pixels_of_a_supplemental_palette_are_no_values(maker: Any) -> None:
    """F57."""
    pixels = np.full((20, 20), 50, "u2")
    pixels[:, 10:] = 4000
    entries = LookupTable(4000, 8, b"\x10\x00" * 16)
    viewport = single(maker, pixels, is_signed=False, palette=Palette(entries, entries, entries, True))
    measured = on_frame(viewport, K.RECTANGLE, (5.0, 5.0), (14.0, 9.0))
    assert (value(measured, "Mean"), value(measured, "Pixels")) == (50.0, 25)
    assert "25 pixels" in measured.notes[0]


def test_numbers_that_are_none_are_left_out(maker: Any) -> None:
    """F57: 32-bit float."""
    pixels = np.full((10, 10), 0.25, "f4")
    pixels[2, 2] = np.nan
    viewport = single(maker, pixels, float_bits=32, bits_allocated=32, bits_stored=32, high_bit=31)
    measured = on_frame(viewport, K.RECTANGLE, (1.0, 1.0), (3.0, 3.0))
    assert (value(measured, "Mean"), value(measured, "Pixels")) == (0.25, 8)


def test_each_frame_of_an_enhanced_object_has_its_own_spacing_and_slope(maker: Any) -> None:
    """F57: shared and per-frame groups."""
    frames = [np.full((20, 20), 10, "i2"), np.full((20, 20), 10, "i2")]
    facts = [
        FrameFacts(spacing=(s, s), spacing_source=SOURCE.PIXEL_SPACING, transform=ModalityTransform(slope, 1.0, "HU"))
        for s, slope in ((0.5, 1.0), (1.0, 2.5))
    ]
    maker.add_frames(frames, facts)
    viewport = maker.viewport()
    for position, (area, mean) in enumerate(((25.0 * 0.25, 11.0), (25.0, 26.0))):
        measured = on_frame(viewport, K.RECTANGLE, (5.0, 5.0), (10.0, 10.0), position=position)
        assert (value(measured, "Area"), value(measured, "Mean")) == (pytest.approx(area), pytest.approx(mean))
    probe = on_frame(viewport, K.PROBE, (5.2, 5.2), position=1)
    assert (value(probe, "Value"), unit(probe, "Value")) == (26.0, "HU")


PET = PetFacts(
    "BQML", "", ("ATTN", "DECY"), "START", 6588.0, 400e6, "100000", "", "20260101", "110000", "20260101", "110000", 80.0
)


def pet_viewport(maker: Any, facts: PetFacts) -> Viewport:
    """Three slices of the same stored 1000, each with a slope of its own."""
    maker.header = replace(maker.header, modality="PT", pet=facts, sop_class_uid="1.2.840.10008.5.1.4.1.1.128")
    for index, slope in enumerate((1.0, 2.0, 4.0)):
        plane = FramePlane((0.0, 0.0, 4.0 * index), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 4.0, 4.0)
        maker.add(np.full((16, 16), 1000, "i2"), plane, transform=ModalityTransform(slope, 0.0, "BQML"))
    built: Viewport = maker.viewport()
    return built


def test_suv_is_told_with_each_slices_own_slope(maker: Any) -> None:
    """F55."""
    viewport = pet_viewport(maker, PET)
    factor = 80_000.0 / (400e6 * 2.0 ** (-3600.0 / 6588.0))
    for position in range(3):
        slope = viewport.images.facts(position).transform.slope
        measured = on_frame(viewport, K.CIRCLE, (8.0, 8.0), (11.0, 8.0), position=position)
        assert value(measured, "Mean") == pytest.approx(1000.0 * slope * factor, rel=1e-6)
        assert unit(measured, "Max") == "SUVbw"
    # Between the slices of slope 1 and 2 a cut takes values, not stored numbers, from both.
    coronal = replace(viewport.default_state(Plane.CORONAL), focus=(30.0, 32.0, 4.0))
    across = on_cut(viewport, coronal, K.RECTANGLE, (20.0, 32.0, 1.9), (40.0, 32.0, 2.1))
    assert value(across, "Pixels") == 0
    probe = viewport.measure(drawn_at(viewport, replace(viewport.default_state(), position=1), K.PROBE, (3.0, 3.0)))
    assert value(probe, "Value") == pytest.approx(2000.0 * factor)


def test_no_suv_without_the_weight(maker: Any) -> None:
    """F55."""
    viewport = pet_viewport(maker, replace(PET, weight=None))
    measured = on_frame(viewport, K.CIRCLE, (8.0, 8.0), (11.0, 8.0), position=1)
    assert (value(measured, "Mean"), unit(measured, "Mean")) == (2000.0, "Bq/ml")


def test_a_probe_outside_says_that_there_is_nothing(maker: Any) -> None:
    viewport = single(maker, np.full((20, 20), 7, "i2"))
    assert value(on_frame(viewport, K.PROBE, (19.4, 19.4)), "Value") == 7.0
    assert "no value" in on_frame(viewport, K.PROBE, (19.6, 19.4)).refused


# What must not be measured


def gapped(maker: Any, acquisition: Any, **changes: Any) -> Viewport:
    scan = acquisition(shape=(9, 9, 11))
    for index in (0, 1, 2, 4, 5, 6, 8):
        maker.add(np.zeros((9, 11), "i2"), scan.plane(index), **changes)
    built: Viewport = maker.viewport()
    return built


LOST = Annotation("2.25.1", K.LENGTH, "1.2.3", "1.2.3.4", "", 0, Plane.CORONAL, (), ((0.0, 0.0, 0.0), (5.0, 0.0, 9.0)))


def test_across_missing_slices_nothing_is_measured_and_in_a_slice_it_is(maker: Any, acquisition: Any) -> None:
    """F50."""
    viewport = gapped(maker, acquisition)
    assert "missing between" in viewport.measure(LOST).refused
    assert viewport.measure(LOST).values == ()
    assert value(on_frame(viewport, K.LENGTH, (2.0, 2.0), (6.0, 2.0)), "Length") == pytest.approx(6.0)


def test_across_uneven_slices_and_shared_places_nothing_is_measured(make_series: Any, acquisition: Any) -> None:
    """F50, F53."""
    scan = acquisition(shape=(9, 9, 11))
    for places_mm, words in (((0.0, 1.0, 2.3, 3.0, 4.1, 6.0), "unevenly spaced"), ((0.0, 1.0, 1.0, 2.0), "same position")):
        maker = make_series()
        for place in places_mm:
            maker.add(np.zeros((9, 11), "i2"), scan.plane(place))
        assert words in maker.viewport().measure(LOST).refused


def test_a_doubt_that_forbids_measuring_leaves_the_probe_alone(maker: Any) -> None:
    """F53: uncertain geometry."""
    viewport = spaced(maker)
    doubt = Doubt("uncertain-place", "Two headers contradict each other", forbids_measuring=True)
    viewport.images.verdict = replace(viewport.images.verdict, doubts=(doubt,))
    for kind in (
        K.LENGTH,
        K.BIDIRECTIONAL,
        K.ANGLE,
        K.COBB,
        K.RECTANGLE,
        K.ELLIPSE,
        K.CIRCLE,
        K.POLYGON,
        K.FREEHAND,
        K.CALIBRATION,
    ):
        points = ((2.0, 2.0), (6.0, 6.0), (3.0, 6.0), (4.0, 9.0))[: POINTS_NEEDED[kind][0]]
        measured = on_frame(viewport, kind, *points)
        assert "contradict" in measured.refused, kind
        assert measured.values == (), kind
    assert value(on_frame(viewport, K.PROBE, (2.0, 2.0)), "Value") == 122.0


def test_drawings_of_other_images_and_in_3d_are_refused_in_words(maker: Any) -> None:
    """F62: what belongs to another study is never measured on this one."""
    scanned = spaced(maker)
    drawn = drawn_at(scanned, scanned.default_state(), K.LENGTH, (2.0, 2.0), (6.0, 6.0))
    assert scanned.measure(drawn).values
    assert "not of this series" in scanned.measure(replace(drawn, study_uid="1.9")).refused
    assert "not here" in scanned.measure(replace(drawn, sop_instance_uid="1.9")).refused
    assert "projection" in scanned.measure(replace(drawn, plane=Plane.THREE_D)).refused


def test_a_frame_that_cannot_be_decoded_gives_its_reason(maker: Any) -> None:
    """F54."""
    from workstation.errors import Refused

    maker.add(Refused("The file is cut off"))
    viewport = maker.viewport()
    assert "cut off" in on_frame(viewport, K.RECTANGLE, (2.0, 2.0), (6.0, 6.0)).refused


def test_arrows_and_words_measure_nothing(maker: Any) -> None:
    scanned = spaced(maker)
    for kind in (K.ARROW, K.TEXT, K.SPINE):
        points = [(2.0, 2.0), (6.0, 6.0)][: POINTS_NEEDED[kind][0]]
        assert scanned.measure(drawn_at(scanned, scanned.default_state(), kind, *points)) == Measured()


def test_a_frame_that_is_not_loaded_yet_gives_its_area_and_says_that_values_follow(maker: Any) -> None:
    maker.add(np.zeros((20, 20), "i2"), spacing=(1.0, 1.0), spacing_source=SOURCE.PIXEL_SPACING)
    viewport = Viewport(maker.images(load=False))
    measured = on_frame(viewport, K.RECTANGLE, (2.0, 2.0), (6.0, 6.0))
    assert [v.name for v in measured.values] == ["Area"]
    assert "follow" in measured.notes[0]


def test_the_header_keeps_what_an_ultrasound_axis_means() -> None:
    region = UltrasoundRegion(1, 2, 3, 4, 3, 3, None, None, "s", "cm/s", 0.01, -0.5)
    header = ImageHeader("1", "2", "3", "4", "5", "US", ultrasound_regions=(region,))
    assert ImageHeader.from_json(header.to_json()) == header
