"""Where the millimetres of a drawing come from: ultrasound regions, and the line that a reader calibrates (F53)."""

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
    on_frame,
    single,
    spaced,
    unit,
    value,
)

from rendering.header import (
    UltrasoundRegion,
)
from rendering.viewport import Viewport
from workstation.domain.annotation import Annotation

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
