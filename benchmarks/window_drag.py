"""G7: dragging the window of a 13.6-megapixel mammogram, against its LUT at full resolution.

The floor is one table look-up for each of the 13.6 million pixels, the table made anew. The drag works at the screen's
resolution: the frame is shrunk once, each step costs its window only. The last frame is the same picture as one drawn
afresh, level for level. "Drawn on" is from the command to the painted frame buffer of the real widget, with its corner
text, three drawings with their values and a segment.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtGui import QImage

from benchmarks.bench_case import imported_mammogram
from benchmarks.figures import Figure, compared
from benchmarks.overlays import lay_over
from benchmarks.seat import seated, wait_until_painted
from benchmarks.series import write_mammogram
from rendering.images import SeriesImages
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.domain.viewing import Arrangement, Cell, Layout, ViewportState, Window

if TYPE_CHECKING:
    from ui.seat import Seat
    from ui.viewport_grid import ViewportGrid

ROWS, COLUMNS = 4096, 3328
# A 5-megapixel diagnostic screen standing upright, and a quarter of it; both showing the whole breast.
SCREENS = ((2048, 2560), (1024, 1280))
GOAL = 0.35


def measure() -> Iterator[Figure]:
    """16 bits stored, a new window at each step, the picture complete."""
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as folder, ImageWorker() as worker:
        path = write_mammogram(Path(folder) / "mg.dcm", ROWS, COLUMNS)
        parsed = worker.parse(path)
        images = SeriesImages(parsed.study, parsed.series, worker)
        images.load()
        full = full_resolution(images.container(0))
        for width, height in SCREENS:
            viewport = Viewport(images)
            drag, floor = compared(dragging(viewport, width, height), full, 25)
            exact = last_is_exact(images, viewport, width, height)
            name = f"window drag, 13.6 MP at {width} x {height}{'' if exact else ' (last frame WRONG)'}"
            yield Figure(
                name, "G7", drag * 1e3, floor * 1e3, "ms", f"<= {GOAL} x, last frame exact", drag <= GOAL * floor and exact
            )
        images.close()
    yield from drawn_on(full)


def drawn_on(full: Callable[[], None]) -> Iterator[Figure]:
    """The same drag with everything that may stand over the image."""
    with imported_mammogram(ROWS, COLUMNS) as case:
        for width, height in SCREENS:
            with seated(case, width, height) as (core, grid):
                state = ViewportState(case.study.study_instance_uid, case.series.series_instance_uid)
                core.session.viewing.show(Arrangement("bench", "bench", 0, 1, "", Layout(1, 1), (Cell(0, 0, state),), ()))
                lay_over(core, case)
                wait_until_painted(grid)
                target, steps = QImage(grid.size(), QImage.Format.Format_RGB32), count()

                def frame(core: Seat = core, grid: ViewportGrid = grid, target: QImage = target, steps: Any = steps) -> None:
                    core.session.viewing.set_window(window_at(next(steps)))
                    grid.render(target)

                drag, floor = compared(frame, full, 25)
            name = f"window drag, drawn on, 13.6 MP at {width} x {height}"
            yield Figure(name, "G7", drag * 1e3, floor * 1e3, "ms", f"<= {GOAL} x", drag <= GOAL * floor)


def window_at(step: int) -> Window:
    """Centre and width both move, as a drag across the image does."""
    return Window(1800.0 + 7.0 * (step % 60), 2400.0 - 11.0 * (step % 60))


def dragging(viewport: Viewport, width: int, height: int) -> Callable[[], None]:
    state, steps = viewport.default_state(), count()

    def frame() -> None:
        viewport.picture(replace(state, window=window_at(next(steps))), width, height, fast=True)

    return frame


def last_is_exact(images: SeriesImages, dragged: Viewport, width: int, height: int) -> bool:
    """The picture after the drag, against one from a viewport that has drawn nothing before."""
    state: ViewportState = replace(dragged.default_state(), window=window_at(59))
    fresh = Viewport(images).picture(state, width, height).pixels
    return bool(np.array_equal(dragged.picture(state, width, height).pixels, fresh))


def full_resolution(stored: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]) -> Callable[[], None]:
    """One table look-up for each of the 13.6 million pixels: the table is made anew, as the window moves."""
    steps = count()
    entries = np.arange(1 << 16, dtype=np.float32)

    def frame() -> None:
        window = window_at(next(steps))
        low = window.center - 0.5 - (window.width - 1.0) / 2.0
        table = np.clip((entries - low) * (255.0 / (window.width - 1.0)) + 0.5, 0.0, 255.0).astype(np.uint8)
        np.take(table, stored)

    return frame
