"""How drawings are painted, where it matters what they hide."""

from __future__ import annotations

import pytest

from ui.annotation_paint import HANDLE, LEAST_HANDLE, handle_side

pytestmark = pytest.mark.qt


@pytest.mark.parametrize(
    ("handles", "side"),
    [
        ([(0, 0)], HANDLE),
        ([(0, 0), (200, 0)], HANDLE),
        ([(0, 0), (24, 0)], 6.0),
        ([(0, 0), (8, 0)], LEAST_HANDLE),
        ([(0, 0), (200, 0), (200, 20), (0, 300)], 5.0),
    ],
)
def test_handles_that_stand_close_are_small_so_that_the_lesion_stays_seen(handles, side):
    assert handle_side(handles) == pytest.approx(side)
