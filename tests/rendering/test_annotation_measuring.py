"""Measurement truth on phantoms of known size and value, in every kind of spacing (reliability F50-F55, F57)."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from workstation.domain.annotation import POINTS_NEEDED, Annotation, AnnotationKind, Measured
from workstation.domain.doubt import Doubt, SpacingSource
from workstation.domain.geometry import FramePlane, cross
from workstation.domain.viewing import Plane, ViewportState, Window

K = AnnotationKind
SOURCE = SpacingSource
WIDTH, HEIGHT = 400, 300

# A ball of 100 HU in -50 HU: its centre and radius in LPS mm.
CENTRE, RADIUS = np.array([4.0, 30.0, 310.0]), 12.0


def ball(points: Any) -> Any:
    return np.where(np.linalg.norm(points - CENTRE, axis=-1) <= RADIUS, 100.0, -50.0)


def single(maker: Any, pixels: Any, **changes: Any) -> Viewport:
    maker.add(pixels, **changes)
    built: Viewport = maker.viewport()
    return built


def on_frame(
    viewport: Viewport, kind: AnnotationKind, *points: tuple[float, float], position: int = 0, **changes: Any
) -> Measured:
    """Measures a drawing given in frame pixels, drawn by way of the view as a reader's hand does."""
    state = replace(viewport.default_state(), position=position, **changes)
    return viewport.measure(drawn_at(viewport, state, kind, *points))


def drawn_at(viewport: Viewport, state: ViewportState, kind: AnnotationKind, *points: tuple[float, float]) -> Annotation:
    shown = [viewport.frame_to_view(state, WIDTH, HEIGHT, *point) for point in points]
    drawn = viewport.annotation_at(state, WIDTH, HEIGHT, [p for p in shown if p is not None], kind)
    assert drawn is not None
    return drawn


def on_cut(viewport: Viewport, state: ViewportState, kind: AnnotationKind, *points: Any) -> Measured:
    """Measures a drawing given in LPS mm."""
    shown = [viewport.to_view(state, WIDTH, HEIGHT, tuple(float(c) for c in point)) for point in points]
    assert all(s is not None and abs(s[2]) < 1e-6 for s in shown)
    drawn = viewport.annotation_at(state, WIDTH, HEIGHT, [s[:2] for s in shown if s is not None], kind)
    assert drawn is not None
    return viewport.measure(drawn)


def value(measured: Measured, name: str) -> float:
    assert not measured.refused, measured.refused
    return next(v.value for v in measured.values if v.name == name)


def unit(measured: Measured, name: str) -> str:
    return next(v.unit for v in measured.values if v.name == name)


def spaced(maker: Any, row: float = 0.5, column: float = 0.25, source: SpacingSource = SOURCE.PIXEL_SPACING) -> Viewport:
    return single(maker, np.arange(2400, dtype="i2").reshape(40, 60), spacing=(row, column), spacing_source=source)


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


# Ultrasound


def ultrasound(maker: Any) -> Viewport:
    regions = (
        UltrasoundRegion(0, 0, 49, 99, 1, 1, 0.2, 0.1, "mm", "mm", 0.1, 0.2),
        UltrasoundRegion(50, 0, 99, 49, 3, 3, None, None, "s", "cm/s", 0.01, -0.5),
        UltrasoundRegion(50, 50, 99, 99, 1, 1, 0.5, 0.5, "mm", "mm", 0.5, 0.5),
    )
    return single(maker, np.zeros((110, 110), "i2"), ultrasound_regions=regions)


def test_every_ultrasound_region_has_its_own_scale(maker: Any) -> None:
    """F53: different deltas along rows and columns, and from region to region."""
    viewport = ultrasound(maker)
    first = on_frame(viewport, K.LENGTH, (10.0, 10.0), (40.0, 30.0))
    assert (value(first, "Length"), first.spacing_source) == (pytest.approx(5.0), SOURCE.US_REGION)
    assert value(on_frame(viewport, K.LENGTH, (60.0, 60.0), (90.0, 60.0)), "Length") == pytest.approx(15.0)
    assert value(on_frame(viewport, K.RECTANGLE, (10.0, 10.0), (40.0, 30.0)), "Area") == pytest.approx(3.0 * 4.0)
    assert value(on_frame(viewport, K.ANGLE, (40.0, 10.0), (20.0, 10.0), (40.0, 20.0)), "Angle") == pytest.approx(45.0)
    assert unit(on_frame(viewport, K.LENGTH, (101.0, 101.0), (105.0, 101.0)), "Length") == "px"


def test_a_line_across_two_ultrasound_regions_is_refused(maker: Any) -> None:
    """F53."""
    viewport = ultrasound(maker)
    for points in (((10.0, 60.0), (60.0, 60.0)), ((10.0, 10.0), (105.0, 105.0))):
        assert "crosses the edge" in on_frame(viewport, K.LENGTH, *points).refused


def test_a_region_that_is_not_in_centimetres_is_measured_in_its_own_units(maker: Any) -> None:
    """F53: a Doppler spectrum has time along its columns and velocity along its rows."""
    viewport = ultrasound(maker)
    line = on_frame(viewport, K.LENGTH, (55.0, 10.0), (80.0, 30.0))
    assert [(v.name, pytest.approx(v.value), v.unit) for v in line.values] == [("Time", 0.25, "s"), ("Velocity", 10.0, "cm/s")]
    assert "not measured in millimetres" in on_frame(viewport, K.RECTANGLE, (55.0, 10.0), (80.0, 30.0)).refused
    assert "not measured in millimetres" in on_frame(viewport, K.ANGLE, (55.0, 10.0), (80.0, 30.0), (60.0, 40.0)).refused


# The reader's own calibration


def calibration(viewport: Viewport, known_mm: float | None, *points: tuple[float, float], position: int = 0) -> Annotation:
    state = replace(viewport.default_state(), position=position)
    return replace(drawn_at(viewport, state, K.CALIBRATION, *points), known_mm=known_mm)


def test_a_line_of_known_length_calibrates_later_ones_and_says_by_whom(maker: Any) -> None:
    """F53."""
    viewport = single(maker, np.zeros((40, 60), "i2"), spacing=(0.2, 0.1), spacing_source=SOURCE.DETECTOR)
    # 3 mm x 4 mm at the detector: 5 mm there are said to be 4 mm in the patient.
    line = calibration(viewport, 4.0, (5.0, 5.0), (35.0, 25.0))
    own = viewport.measure(line)
    assert (value(own, "Length"), unit(own, "Length"), own.spacing_source) == (4.0, "mm calibrated by reader", SOURCE.CALIBRATED)
    state = viewport.default_state()
    later = viewport.measure(drawn_at(viewport, state, K.LENGTH, (10.0, 10.0), (40.0, 10.0)), [line])
    assert (value(later, "Length"), unit(later, "Length")) == (pytest.approx(3.0 * 0.8), "mm calibrated by reader")
    area = viewport.measure(drawn_at(viewport, state, K.RECTANGLE, (10.0, 10.0), (40.0, 20.0)), [line])
    assert (value(area, "Area"), unit(area, "Area")) == (pytest.approx(3.0 * 2.0 * 0.64), "mm² calibrated by reader")
    before = viewport.measure(drawn_at(viewport, state, K.LENGTH, (10.0, 10.0), (40.0, 10.0)))
    assert (value(before, "Length"), unit(before, "Length")) == (pytest.approx(3.0), "mm at detector")


def test_the_line_on_the_image_itself_counts_before_the_latest_of_the_series(maker: Any) -> None:
    maker.add(np.zeros((40, 60), "i2"))
    maker.add(np.zeros((40, 60), "i2"))
    maker.add(np.zeros((40, 50), "i2"))
    viewport = maker.viewport()
    lines = [calibration(viewport, mm, (0.0, 0.0), (10.0, 0.0), position=p) for p, mm in ((0, 5.0), (1, 20.0))]
    lengths = []
    for position in range(3):
        state = replace(viewport.default_state(), position=position)
        measured = viewport.measure(drawn_at(viewport, state, K.LENGTH, (0.0, 0.0), (10.0, 0.0)), lines)
        lengths.append((value(measured, "Length"), unit(measured, "Length")))
    by_size = {viewport.images.header(p).columns: lengths[p] for p in range(3)}
    assert lengths[0] == (pytest.approx(5.0), "mm calibrated by reader")
    assert lengths[1] == (pytest.approx(20.0), "mm calibrated by reader")
    # Another matrix is another magnification.
    assert by_size[50] == (pytest.approx(10.0), "px")


@pytest.mark.parametrize("known_mm", [None, 0.0, -3.0, math.nan, math.inf])
def test_a_calibration_without_a_sound_length_is_refused(maker: Any, known_mm: float | None) -> None:
    viewport = single(maker, np.zeros((40, 60), "i2"))
    assert "how long" in viewport.measure(calibration(viewport, known_mm, (0.0, 0.0), (10.0, 0.0))).refused


def test_an_image_that_knows_its_lengths_is_not_calibrated(maker: Any) -> None:
    viewport = spaced(maker)
    line = calibration(viewport, 5.0, (0.0, 0.0), (10.0, 0.0))
    assert "knows its own lengths" in viewport.measure(line).refused
    later = viewport.measure(drawn_at(viewport, viewport.default_state(), K.LENGTH, (0.0, 0.0), (10.0, 0.0)), [line])
    assert (value(later, "Length"), unit(later, "Length")) == (pytest.approx(2.5), "mm")


# Cuts through a volume


@pytest.fixture(scope="module")
def scanned(make_series: Any, acquisition: Any) -> Viewport:
    """The ball in a scan askew to the patient: pixels of 0.8 x 0.6 mm, slices 1.0 mm apart."""
    a, b = math.radians(20.0), math.radians(-12.0)
    row = (math.cos(a), math.sin(a), 0.0)
    column = (-math.sin(a) * math.cos(b), math.cos(a) * math.cos(b), math.sin(b))
    normal = np.array(cross(row, column))
    origin = CENTRE - np.array(row) * 20.0 - np.array(column) * 20.0 - normal * 18.0
    scan = acquisition(
        row, column, origin=tuple(float(c) for c in origin), row_spacing=0.8, column_spacing=0.6, gap=1.0, shape=(37, 51, 67)
    )
    built: Viewport = scan.fill(make_series(), ball).viewport()
    return built


OBLIQUE = ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0))
DIRECTIONS = {
    Plane.AXIAL: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    Plane.CORONAL: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    Plane.SAGITTAL: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    Plane.OBLIQUE: OBLIQUE,
}


def cut_state(plane: Plane, **changes: Any) -> ViewportState:
    oblique = OBLIQUE if plane is Plane.OBLIQUE else None
    return ViewportState("1.2.3", "1.2.3.4", plane, focus=tuple(float(c) for c in CENTRE), oblique=oblique, **changes)


@pytest.mark.parametrize("plane", DIRECTIONS)
def test_a_ball_measures_the_same_on_every_cut(scanned: Viewport, plane: Plane) -> None:
    state = cut_state(plane)
    right, down = (np.array(way) for way in DIRECTIONS[plane])
    line = on_cut(scanned, state, K.LENGTH, CENTRE - 9.0 * right, CENTRE + 12.0 * down)
    assert (value(line, "Length"), unit(line, "Length")) == (pytest.approx(15.0), "mm")
    circle = on_cut(scanned, state, K.CIRCLE, CENTRE, CENTRE + RADIUS * right)
    assert value(circle, "Area") == pytest.approx(math.pi * RADIUS**2)
    box = on_cut(scanned, state, K.RECTANGLE, CENTRE - 6.0 * right - 5.0 * down, CENTRE + 6.0 * right + 5.0 * down)
    assert value(box, "Area") == pytest.approx(120.0)
    assert (value(box, "Mean"), value(box, "SD"), unit(box, "Mean")) == (pytest.approx(100.0), pytest.approx(0.0, abs=1e-6), "HU")
    # A box twice as large as the ball holds it once: mean values weigh by area, within a ring of one pixel.
    around = on_cut(scanned, state, K.RECTANGLE, CENTRE - 15.0 * right - 15.0 * down, CENTRE + 15.0 * right + 15.0 * down)
    share = math.pi * RADIUS**2 / 900.0
    assert value(around, "Mean") == pytest.approx(-50.0 + 150.0 * share, abs=150.0 * 0.01)
    angle = on_cut(scanned, state, K.ANGLE, CENTRE + 9.0 * right, CENTRE, CENTRE + 5.0 * right + 5.0 * down)
    assert value(angle, "Angle") == pytest.approx(45.0)
    assert value(on_cut(scanned, state, K.PROBE, CENTRE), "Value") == 100.0


AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
ORIENTATIONS = [
    (tuple(sr * c for c in AXES[r]), tuple(sc * c for c in AXES[c]), way)
    for (r, c) in permutations(range(3), 2)
    for sr, sc, way in product((1.0, -1.0), repeat=3)
]


@pytest.mark.parametrize(("row", "column", "way"), ORIENTATIONS)
def test_every_acquisition_measures_the_same_tissue_the_same(
    make_series: Any, acquisition: Any, row: Any, column: Any, way: float
) -> None:
    """F52: all 48 axis orientations, pixels that are not square."""
    normal = np.array(cross(row, column)) * way
    origin = CENTRE - 15.0 * np.array(row) - 16.0 * np.array(column) - 16.0 * normal
    scan = acquisition(
        row, column, tuple(2.0 * normal), tuple(origin), row_spacing=2.0, column_spacing=1.5, shape=(17, 17, 21)
    )  # fmt: skip
    slope = np.array([3.0, 5.0, 7.0])
    viewport = scan.fill(make_series(), lambda p: p @ slope).viewport()
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        right, down = (np.array(axis) for axis in DIRECTIONS[plane])
        line = on_cut(viewport, cut_state(plane), K.LENGTH, CENTRE - 6.0 * right, CENTRE + 8.0 * down)
        assert value(line, "Length") == pytest.approx(10.0)
        # Of a linear field the mean over a box is the value at its middle.
        box = on_cut(
            viewport, cut_state(plane), K.RECTANGLE, CENTRE - 8.9 * right - 8.9 * down, CENTRE + 8.9 * right + 8.9 * down
        )
        assert value(box, "Mean") == pytest.approx(float(CENTRE @ slope), abs=7.0)
        assert value(on_cut(viewport, cut_state(plane), K.PROBE, CENTRE), "Value") == pytest.approx(
            float(CENTRE @ slope), abs=12.0
        )
    frame = int(viewport.at_point(viewport.default_state(), tuple(float(c) for c in CENTRE)).position)
    in_frame = on_frame(viewport, K.LENGTH, (2.0, 2.0), (10.0, 8.0), position=frame)
    assert value(in_frame, "Length") == pytest.approx(math.hypot(12.0, 12.0))


def test_a_cut_along_the_slices_measures_as_the_slice_itself(make_series: Any, acquisition: Any) -> None:
    scan = acquisition(shape=(7, 40, 50), row_spacing=0.8, column_spacing=0.5, gap=2.0)
    viewport = scan.fill(make_series(), lambda p: p @ np.array([3.0, 7.0, 11.0]) % 500.0).viewport()
    stack = replace(viewport.default_state(), position=3)
    ends = [(10.2, 8.3), (31.7, 29.9)]
    for kind in (K.RECTANGLE, K.ELLIPSE, K.POLYGON):
        points = [*ends, (12.0, 30.0)][: POINTS_NEEDED[kind][0]]
        frame = drawn_at(viewport, stack, kind, *points)
        axial = viewport.at_point(viewport.default_state(Plane.AXIAL), frame.patient_points[0])
        shown = viewport.on_view(frame, axial, WIDTH, HEIGHT)
        assert shown is not None
        cut = viewport.annotation_at(axial, WIDTH, HEIGHT, shown, kind)
        assert cut is not None
        of_frame, of_cut = viewport.measure(frame), viewport.measure(cut)
        for name in ("Area", "Mean", "SD", "Min", "Max", "Median", "Pixels"):
            assert value(of_cut, name) == pytest.approx(value(of_frame, name), rel=1e-6), (kind, name)


def test_a_tilted_gantry_is_measured_in_the_patient(maker: Any, acquisition: Any) -> None:
    """F51."""
    tilt = math.radians(18.0)
    column = (0.0, math.cos(tilt), -math.sin(tilt))
    scan = acquisition((1.0, 0.0, 0.0), column, (0.0, 0.0, 0.6), shape=(81, 81, 51), row_spacing=0.5, column_spacing=0.5)
    middle = np.array(scan.plane(40).to_patient(25, 40))
    viewport = scan.fill(maker, lambda p: np.where(np.linalg.norm(p - middle, axis=-1) <= 10.0, 200.0, 0.0)).viewport()
    state = replace(viewport.default_state(Plane.SAGITTAL), focus=tuple(float(c) for c in middle))
    line = on_cut(viewport, state, K.LENGTH, middle - (0.0, 9.0, 0.0), np.add(middle, (0.0, 0.0, 12.0)))
    assert value(line, "Length") == pytest.approx(15.0)
    box = on_cut(viewport, state, K.RECTANGLE, middle - (0.0, 14.0, -14.0), np.add(middle, (0.0, 14.0, -14.0)))
    assert value(box, "Mean") == pytest.approx(200.0 * math.pi * 100.0 / 28.0**2, rel=0.01)


def test_padding_does_not_bleed_into_a_cuts_values(maker: Any, acquisition: Any) -> None:
    """F55."""
    scan = acquisition(shape=(9, 30, 30), row_spacing=1.0, column_spacing=1.0, gap=1.0, origin=(0.0, 0.0, 0.0))
    maker.header = replace(maker.header, padding=(-2000, -2000))
    viewport = scan.fill(maker, lambda p: np.where(p[..., 0] < 10.0, -2000.0, 60.0)).viewport()
    state = replace(viewport.default_state(Plane.OBLIQUE), focus=(15.0, 15.0, 4.0), oblique=OBLIQUE)
    centre, right, down = np.array([10.0, 15.0 - 5.0 * 0.75, 4.0]), np.array(OBLIQUE[0]), np.array(OBLIQUE[1])
    measured = on_cut(viewport, state, K.RECTANGLE, centre - 5 * right - 2 * down, centre + 5 * right + 2 * down)
    assert (value(measured, "Min"), value(measured, "Max")) == (pytest.approx(60.0), pytest.approx(60.0))
    assert "left out" in measured.notes[0]


# What a view must never change


lies = st.builds(
    dict,
    zoom=st.floats(0.3, 8.0),
    pan=st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)),
    rotation=st.integers(-360, 360),
    flipped_horizontally=st.booleans(),
    flipped_vertically=st.booleans(),
    inverted=st.booleans(),
    window=st.one_of(st.none(), st.builds(Window, st.floats(-500, 500), st.floats(2, 2000))),
)
places = st.tuples(st.floats(3.0, 60.0), st.floats(3.0, 45.0))


@given(
    view=lies,
    kind=st.sampled_from([K.LENGTH, K.ANGLE, K.COBB, K.BIDIRECTIONAL, K.RECTANGLE, K.ELLIPSE, K.CIRCLE]),
    data=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_moving_zooming_and_turning_a_view_never_changes_a_value(
    scanned: Viewport, view: dict[str, Any], kind: AnnotationKind, data: Any
) -> None:
    count = POINTS_NEEDED[kind][0]
    # Whole and a third: a centre exactly on a line would be in or out by the last digit.
    points = [(round(c) + 1 / 3, round(r) + 1 / 3) for c, r in data.draw(st.lists(places, min_size=count, max_size=count))]
    plain = on_frame(scanned, kind, *points, position=18)
    turned = on_frame(scanned, kind, *points, position=18, **view)
    assert bool(plain.refused) is bool(turned.refused)
    assert [v.name for v in turned.values] == [v.name for v in plain.values]
    for a, b in zip(plain.values, turned.values, strict=True):
        assert (b.value, b.unit) == (pytest.approx(a.value, rel=1e-6, abs=1e-5), a.unit)


@given(view=lies, mm=st.tuples(st.floats(2.0, 9.0), st.floats(2.0, 9.0)))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.OBLIQUE])
def test_a_cuts_values_are_those_of_the_patient_however_it_is_looked_at(
    scanned: Viewport, plane: Plane, view: dict[str, Any], mm: tuple[float, float]
) -> None:
    right, down = (np.array(way) for way in DIRECTIONS[plane])
    corners = CENTRE - mm[0] * right - mm[1] * down, CENTRE + mm[1] * right + mm[0] * down
    plain = on_cut(scanned, cut_state(plane), K.RECTANGLE, *corners)
    turned = on_cut(scanned, cut_state(plane, slab_mm=5.0, **view), K.RECTANGLE, *corners)
    assert value(turned, "Area") == pytest.approx(value(plain, "Area"))
    assert value(turned, "Mean") == pytest.approx(value(plain, "Mean"), abs=0.5)


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


def test_drawings_of_other_images_and_in_3d_are_refused_in_words(scanned: Viewport) -> None:
    """F62: what belongs to another study is never measured on this one."""
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


def test_arrows_and_words_measure_nothing(scanned: Viewport) -> None:
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
