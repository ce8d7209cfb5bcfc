"""Several planes of a tomosynthesis as one image: by MIP, MinIP or mean, and only of planes that belong together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rendering.header import FrameFacts
from rendering.viewport import Viewport
from rendering.viewport_places import BREAST_TOMOSYNTHESIS
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import FramePlane
from workstation.domain.viewing import ViewportState, VoiFunction, Window

PLANES, ROWS, COLUMNS, STEP = 21, 60, 40, 1.0
WIDE = Window(127.5, 255.0, VoiFunction.LINEAR_EXACT)


def made(maker: Any, sop_class: str = BREAST_TOMOSYNTHESIS, **changes: Any) -> Viewport:
    """The plane at place k of the reading order has the value 10 + 5 k all over, and one bright pixel at (k, k)."""
    frames = [np.full((ROWS, COLUMNS), 10 + 5 * k, "i2") for k in range(PLANES)]
    for k, frame in enumerate(frames):
        frame[k, k] = 240
    frames.reverse()  # read from the head down
    facts = [
        FrameFacts(
            plane=FramePlane((0.0, 0.0, STEP * k), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 0.2, 0.2),
            spacing=(0.2, 0.2),
            spacing_source=SpacingSource.PIXEL_SPACING,
        )
        for k in range(PLANES)
    ]
    maker.add_frames(frames, facts, sop_class_uid=sop_class, modality="MG", **changes)
    viewport: Viewport = maker.viewport()
    return viewport


def greys(viewport: Viewport, **changes: Any) -> Any:
    state = replace(viewport.default_state(), window=WIDE, **changes)
    return viewport.picture(state, COLUMNS, ROWS)


def test_it_begins_in_its_middle_plane(maker: Any) -> None:
    viewport = made(maker)
    assert viewport.default_state().position == PLANES // 2


@pytest.mark.parametrize(("mode", "expected"), [("MIP", 70), ("MIN", 50), ("MEAN", 60)])
def test_a_slab_holds_the_planes_around_the_shown_one(maker: Any, mode: str, expected: int) -> None:
    found = greys(made(maker), position=10, slab_mm=5.0, slab_mode=mode)
    assert int(np.median(found.pixels)) == expected
    bright = {(int(row), int(column)) for row, column in np.argwhere(found.pixels == 240)}
    assert bright == ({(k, k) for k in range(8, 13)} if mode == "MIP" else set())


def test_it_says_that_it_is_a_slab_how_thick_and_is_no_single_image(maker: Any) -> None:
    viewport = made(maker)
    found = greys(viewport, position=10, slab_mm=5.0, slab_mode="MIP")
    assert found.slab is not None
    assert (found.slab.words, found.slab.samples) == ("MIP 5 mm", 5)
    assert found.thickness_mm == pytest.approx(5.0)
    assert found.identity is None
    assert viewport.probe(replace(viewport.default_state(), slab_mm=5.0), COLUMNS, ROWS, 5.0, 5.0) is None
    assert viewport.probe(viewport.default_state(), COLUMNS, ROWS, 5.0, 5.0) is not None
    thin = greys(viewport, position=10)
    assert (thin.slab, thin.identity is not None) == (None, True)


@pytest.mark.parametrize(("position", "expected"), [(0, 20), (PLANES - 1, 110)])
def test_at_an_end_what_is_left_of_it_is_projected(maker: Any, position: int, expected: int) -> None:
    assert int(np.median(greys(made(maker), position=position, slab_mm=5.0, slab_mode="MIP").pixels)) == expected


def test_scrolling_and_thickness_change_what_is_seen(maker: Any) -> None:
    viewport = made(maker)
    seen = [
        int(np.median(greys(viewport, position=p, slab_mm=mm, slab_mode="MEAN").pixels)) for p, mm in ((5, 3), (6, 3), (6, 7))
    ]
    assert seen == [35, 40, 40]
    assert (greys(viewport, position=6, slab_mm=7.0).pixels == 240).sum() == 0
    assert (greys(viewport, position=6, slab_mm=7.0, slab_mode="MIP").pixels == 240).sum() == 7


def test_other_images_are_never_projected(maker: Any, make_series: Any) -> None:
    viewport = made(maker, "1.2.840.10008.5.1.4.1.1.2.1")
    assert viewport.stack_step_mm(viewport.default_state()) == 0.0
    assert greys(viewport, position=10, slab_mm=5.0).slab is None
    bright_padding = made(make_series(), padding=(255, 255))
    assert bright_padding.stack_step_mm(bright_padding.default_state()) == 0.0


def test_a_slab_waits_for_all_of_its_planes(maker: Any) -> None:
    viewport = made(maker)
    waiting = Viewport(maker.images(load=False))
    state: ViewportState = replace(viewport.default_state(), slab_mm=5.0)
    assert waiting.picture(state, COLUMNS, ROWS).partial


def test_planes_that_are_not_evenly_apart_make_no_slab(maker: Any, make_series: Any) -> None:
    for moved, changes in ((4, {"position": (0.0, 0.0, 4.4)}), (7, {"column_direction": (0.0, 0.999, 0.0447)})):
        series = make_series()
        viewport = made(series)
        facts = list(series.headers[0].per_frame)
        facts[moved] = replace(facts[moved], plane=replace(facts[moved].plane, **changes))
        series.headers[0] = replace(series.headers[0], per_frame=tuple(facts))
        assert viewport.stack_step_mm(viewport.default_state()) == pytest.approx(STEP)
        other = series.viewport()
        assert other.stack_step_mm(other.default_state()) == 0.0
