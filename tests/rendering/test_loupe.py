"""The magnifier shows the same place, larger, from the image itself; and how fast a file asks to be played."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rendering.viewport import Viewport
from workstation.domain.geometry import FramePlane
from workstation.domain.viewing import Plane, Sizing, VoiFunction, Window

WIDE = Window(500.0, 1000.0, VoiFunction.LINEAR_EXACT)


@pytest.fixture
def viewport(maker: Any) -> Viewport:
    """Forty slices of 200 x 160, every pixel 0.7 x 0.9 mm."""
    noise = np.random.default_rng(6).integers(0, 1000, (40, 160, 200)).astype("i2")
    for number, pixels in enumerate(noise):
        maker.add(pixels, FramePlane((-70.0, -70.0, 2.0 * number), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 0.9, 0.7))
    made: Viewport = maker.viewport()
    return made


VIEWS = [
    {},
    {"zoom": 3.0, "pan": (0.2, -0.1)},
    {"rotation": 90, "flipped_horizontally": True},
    {"sizing": Sizing.PIXELS, "zoom": 1.0},
]


@pytest.mark.parametrize("plane", [Plane.STACK, Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
@pytest.mark.parametrize("changes", VIEWS)
@pytest.mark.parametrize("times", [2, 3, 4])
def test_the_place_under_the_pointer_stays_under_it_and_all_around_is_larger(
    viewport: Viewport, plane: Plane, changes: dict[str, Any], times: int
) -> None:
    state = replace(viewport.default_state(plane), **changes)
    at, keep, side = (310.0, 205.0), (40.0, 111.0), 222
    loupe = viewport.loupe_state(state, 600, 400, at, times, side, keep)
    for dx, dy in ((0.0, 0.0), (10.0, 0.0), (0.0, 10.0)):
        here = viewport.to_patient(state, 600, 400, at[0] + dx, at[1] + dy)
        there = viewport.to_patient(loupe, side, side, keep[0] + dx * times, keep[1] + dy * times)
        assert there == pytest.approx(here, abs=1e-6)


def test_it_is_drawn_from_the_images_own_pixels_and_not_from_the_screen(viewport: Viewport) -> None:
    state = replace(viewport.default_state(), window=WIDE)
    # On screen ten pixels are one; two times as large must be what a frame drawn at that size is.
    loupe = viewport.loupe_state(state, 20, 16, (10.0, 8.0), 2.0, 40, (20.0, 20.0))
    larger = viewport.picture(loupe, 40, 40).pixels
    direct = viewport.picture(state, 40, 32).pixels
    assert np.array_equal(larger[4:36], direct)


def test_its_identity_is_that_of_the_image_below(viewport: Viewport) -> None:
    state = replace(viewport.default_state(), position=7)
    loupe = viewport.loupe_state(state, 300, 300, (150.0, 150.0), 2.0, 80, (40.0, 40.0))
    assert viewport.picture(loupe, 80, 80).identity == viewport.picture(state, 300, 300).identity
