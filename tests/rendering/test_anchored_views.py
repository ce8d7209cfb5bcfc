"""A mammogram's chest wall lies flush at its side of the viewport, and every place on it follows."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rendering.viewport import Viewport
from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import Held, Sizing, ViewportState, VoiFunction, Window

BRIGHT = Window(0.5, 1.0, VoiFunction.LINEAR_EXACT)
SIZE = 300, 400
MM = 0.1


@pytest.fixture
def viewport(maker: Any) -> Viewport:
    """600 x 500 pixels of 0.1 mm, bright all over: what is black in a view is no image."""
    maker.add(np.full((600, 500), 900, "i2"), spacing=(MM, MM), spacing_source=SpacingSource.DETECTOR)
    made: Viewport = maker.viewport()
    return made


def hung(viewport: Viewport, **changes: Any) -> ViewportState:
    return replace(viewport.default_state(), window=BRIGHT, **changes)


def painted(viewport: Viewport, state: ViewportState, size: tuple[int, int] = SIZE) -> Any:
    """Columns and rows of the view that show the image."""
    pixels = viewport.picture(state, *size).pixels
    return np.flatnonzero(pixels.any(axis=0)), np.flatnonzero(pixels.any(axis=1))


@pytest.mark.parametrize("size", [(300, 400), (301, 403), (900, 300), (77, 1000)])
@pytest.mark.parametrize("turn", [*itertools.product((0, 90, 180, 270), (False, True), (False, True))])
def test_the_images_edge_touches_the_anchored_side_at_every_size_and_turn(
    viewport: Viewport, size: tuple[int, int], turn: tuple[int, bool, bool]
) -> None:
    for anchor, zoom in itertools.product(("left", "right"), (0.5, 1.0)):
        rotation, across, down = turn
        state = hung(viewport, anchor=anchor, zoom=zoom, rotation=rotation, flipped_horizontally=across, flipped_vertically=down)
        columns, rows = painted(viewport, state, size)
        assert (columns[0] == 0) if anchor == "left" else (columns[-1] == size[0] - 1)
        assert abs((size[1] - 1 - rows[-1]) - rows[0]) <= 1  # its middle stays in the middle


def test_a_place_that_is_held_lies_exactly_at_its_side_and_height(viewport: Viewport) -> None:
    uid = viewport.images.identity(0).sop_instance_uid
    held = Held(uid, (39.5, 210.0), 0.4)
    state = hung(viewport, anchor="left", held=held, sizing=Sizing.SAME_SCALE, pixel_mm=0.2)
    assert viewport.frame_to_view(state, *SIZE, 39.5, 210.0) == pytest.approx((0.0, 0.4 * SIZE[1]))
    assert viewport.frame_to_view(state, *SIZE, 49.5, 210.0) == pytest.approx((5.0, 0.4 * SIZE[1]))
    right = replace(state, anchor="right", held=replace(held, place=(470.5, 210.0)))
    assert viewport.frame_to_view(right, *SIZE, 470.5, 210.0) == pytest.approx((SIZE[0], 0.4 * SIZE[1]))
    mirrored = replace(right, held=held, flipped_horizontally=True)
    assert viewport.frame_to_view(mirrored, *SIZE, 39.5, 210.0) == pytest.approx((SIZE[0], 0.4 * SIZE[1]))


@pytest.mark.parametrize("changes", [{"flipped_horizontally": True}, {"rotation": 180}, {"rotation": 90}, {"rotation": 17}])
def test_an_image_that_was_turned_away_is_never_held_outside_its_viewport(viewport: Viewport, changes: dict[str, Any]) -> None:
    """The wall's column would lie at the side with the breast behind it: its own edge is flush instead."""
    held = Held(viewport.images.identity(0).sop_instance_uid, (39.5, 210.0), 0.5)
    state = hung(viewport, anchor="left", held=held, **changes)
    columns, rows = painted(viewport, state)
    assert columns[0] == 0
    assert min(len(columns), len(rows)) > 200


def test_what_is_held_of_one_image_is_not_held_of_another(viewport: Viewport) -> None:
    state = hung(viewport, anchor="left", held=Held("1.2.3.4.99", (39.5, 210.0)))
    assert painted(viewport, state)[0][0] == 0
    assert viewport.frame_to_view(state, *SIZE, -0.5, 299.5) == pytest.approx((0.0, SIZE[1] / 2))


def test_one_scale_is_millimetres_for_a_device_pixel_whatever_the_size(viewport: Viewport) -> None:
    state = hung(viewport, sizing=Sizing.SAME_SCALE, pixel_mm=0.25, anchor="right")
    for size in ((300, 400), (900, 200)):
        assert viewport.picture(state, *size).mm_per_pixel == pytest.approx(0.25)
    assert viewport.picture(replace(state, zoom=2.0), *SIZE).mm_per_pixel == pytest.approx(0.125)


def test_without_millimetres_there_is_no_common_scale_and_the_image_fits(maker: Any) -> None:
    maker.add(np.full((600, 500), 900, "i2"))
    viewport = maker.viewport()
    state = hung(viewport, sizing=Sizing.SAME_SCALE, pixel_mm=0.25, anchor="left")
    columns, rows = painted(viewport, state)
    assert (len(columns), rows[0]) == (300, 20)


def test_a_probe_tells_the_pixel_that_is_painted(maker: Any) -> None:
    pixels = np.arange(600 * 500, dtype="i4").reshape(600, 500) % 30000
    maker.add(pixels.astype("i2"), spacing=(MM, MM), spacing_source=SpacingSource.DETECTOR)
    viewport = maker.viewport()
    held = Held(viewport.images.identity(0).sop_instance_uid, (460.5, 210.0), 0.5)
    state = hung(viewport, anchor="right", held=held, sizing=Sizing.PIXELS)
    found = viewport.probe(state, *SIZE, SIZE[0] - 0.5, SIZE[1] / 2 + 0.5)
    assert found is not None
    assert (found.column, found.row) == (460, 210)


def test_the_loupe_looks_at_the_same_place_of_an_anchored_image(viewport: Viewport) -> None:
    held = Held(viewport.images.identity(0).sop_instance_uid, (39.5, 210.0), 0.3)
    state = hung(viewport, anchor="left", held=held, sizing=Sizing.SAME_SCALE, pixel_mm=0.2)
    loupe = viewport.loupe_state(state, *SIZE, (120.0, 90.0), 2.0, 160, (80.0, 80.0))
    for dx, dy in ((0.0, 0.0), (10.0, 5.0)):
        here = viewport.to_frame(state, *SIZE, 120.0 + dx, 90.0 + dy)
        assert viewport.to_frame(loupe, 160, 160, 80.0 + 2 * dx, 80.0 + 2 * dy) == pytest.approx(here)
