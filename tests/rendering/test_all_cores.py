"""Large pictures made by several threads are those that one thread makes."""

from __future__ import annotations

import threading
from collections import Counter

import numpy as np
import pytest

from rendering import all_cores
from rendering.pixels import grey
from rendering.viewport_paint import shifted
from rendering.viewport_values import Seen, screen_grey
from workstation.domain.viewing import VoiFunction, Window

ROWS, COLUMNS = 1031, 613


@pytest.fixture(autouse=True)
def _two_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there is one core only."""
    monkeypatch.setattr(all_cores, "_others", lambda: 2)


def test_every_row_is_worked_on_once_and_small_pictures_stay_in_one_thread() -> None:
    assert ROWS * COLUMNS > all_cores.WORTH
    rows: Counter[int] = Counter()
    threads = set()

    def work(part: slice) -> None:
        threads.add(threading.current_thread())
        rows.update(range(ROWS)[part])

    all_cores.shared(20, 20, work)
    assert threads == {threading.current_thread()}
    assert rows == Counter(range(20))
    rows.clear()
    all_cores.shared(ROWS, COLUMNS, work)
    assert rows == Counter(range(ROWS))


def test_nobody_waits_for_threads_that_are_busy_elsewhere() -> None:
    free, rows = threading.Event(), set[int]()
    busy = [all_cores._pool().submit(free.wait, 60) for _ in range(8)]
    try:
        all_cores.shared(ROWS, COLUMNS, lambda part: rows.update(range(ROWS)[part]))
        assert rows == set(range(ROWS))
        assert not any(one.done() for one in busy)
    finally:
        free.set()


def test_an_error_in_any_part_is_an_error_of_the_whole() -> None:
    def work(part: slice) -> None:
        if part.stop == ROWS:
            raise ValueError("the last part")

    with pytest.raises(ValueError, match="the last part"):
        all_cores.shared(ROWS, COLUMNS, work)


@pytest.mark.parametrize("background", ["none", "everywhere", "above", "below"])
def test_a_window_over_a_large_picture_is_that_over_its_rows(background: str) -> None:
    values = np.random.default_rng(1).normal(100.0, 900.0, (ROWS, COLUMNS)).astype(np.float32)
    values[3, 5], values[4, 6] = 3e38, -3e38  # both overflow on the way, and are as white and black as they are
    if background in ("above", "below"):  # as beside an image that fills the other sides
        values[0 if background == "above" else -1, -9:] = np.inf
    if background == "everywhere":
        values[::7, ::5] = np.nan
        values[0, :2] = np.inf, -np.inf
    window = Window(40.0, 400.0, VoiFunction.LINEAR_EXACT)
    expected = np.stack([screen_grey(row, window, False, None) for row in values])
    seen = Seen(values)
    for _ in range(3):
        assert np.array_equal(seen.grey(window, False), expected)
    assert np.array_equal(seen.grey(window, False, (0.0, 50.0)), np.where((values >= 0) & (values <= 50), 0, expected))
    away = np.abs(expected.astype(int) - grey(values, window, False))
    assert away.max() <= 1


def test_a_large_image_at_its_own_size_goes_through_its_table_pixel_by_pixel() -> None:
    stored = np.random.default_rng(2).integers(0, 1 << 16, (ROWS, COLUMNS), np.uint16)
    table = np.random.default_rng(3).integers(0, 256, 1 << 16).astype(np.uint8)
    assert np.array_equal(shifted(table, stored, (0, 0), COLUMNS, ROWS), table[stored])
    moved = shifted(table, stored, (-3, 2), COLUMNS, ROWS)
    assert np.array_equal(moved[: ROWS - 2, 3:], table[stored][2:, :-3])
    assert not moved[:, :3].any()
    assert not shifted(table, stored, (COLUMNS, ROWS), COLUMNS, ROWS).any()
