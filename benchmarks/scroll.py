"""G6: a scroll step in the real viewport widgets (1, 4, 12), against a bare LUT and QPainter, and against OpenGL.

The floor: one table look-up of the slice and one QPainter call for each viewport; for OpenGL, VTK's slice view without
annotation. Ours has its corner text; "drawn on" has three drawings with their values and a segment on every image too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from benchmarks.bench_case import BenchCase, imported_ct
from benchmarks.figures import Figure, interleaved, percentile
from benchmarks.overlays import lay_over
from benchmarks.seat import seated
from workstation.domain.viewing import Arrangement, Cell, Layout, ViewportState

STEPS = 120
SIZE = 1024


def measure() -> Iterator[Figure]:
    """A 1024 x 1024 CT of 160 slices; every viewport shows a new slice at each step and is painted."""
    with imported_ct(160, SIZE) as case:
        for rows, columns, side in ((1, 1, 1024), (2, 2, 512), (3, 4, 400)):
            yield from _layout(case, rows, columns, side)
        yield from _drawn_on(case)
        yield _against_opengl(case)


def _drawn_on(case: BenchCase) -> Iterator[Figure]:
    """The same with measurements and a layer, which only the single large viewport must keep up with."""
    times, floors = scroll_times(case, Layout(1, 1), SIZE, bare_frames(1, SIZE), drawn_on=True)
    bare, name = percentile(floors, 0.5), f"scroll, drawn on, 1 viewport of {SIZE} x {SIZE}"
    p50, p95, p99 = (percentile(times, share) for share in (0.5, 0.95, 0.99))
    yield Figure(f"{name}, p50", "G6", p50 * 1e3, bare * 1e3, "ms", "(a ratio to watch)", True)
    yield Figure(f"{name}, p95", "G6", p95 * 1e3, bare * 1e3, "ms", "<= 16.7 ms", p95 <= 0.0167)
    yield Figure(f"{name}, p99", "G6", p99 * 1e3, bare * 1e3, "ms", "<= 33 ms", p99 <= 0.033)


def _layout(case: BenchCase, rows: int, columns: int, side: int) -> Iterator[Figure]:
    count = rows * columns
    times, floors = scroll_times(case, Layout(rows, columns), side, bare_frames(count, side))
    bare = percentile(floors, 0.5)
    p50, p95, p99 = (percentile(times, share) for share in (0.5, 0.95, 0.99))
    name = f"scroll, {count} viewport{'s' if count > 1 else ''} of {side} x {side}"
    yield Figure(f"{name}, p50", "G6", p50 * 1e3, bare * 1e3, "ms", "(a ratio to watch)", True)
    if count == 1:
        yield Figure(f"{name}, p95", "G6", p95 * 1e3, bare * 1e3, "ms", "<= 16.7 ms", p95 <= 0.0167)
        yield Figure(f"{name}, p99", "G6", p99 * 1e3, bare * 1e3, "ms", "<= 33 ms", p99 <= 0.033)


def scroll_times(
    case: BenchCase, layout: Layout, side: int, floor: Callable[[], object], steps: int = STEPS, drawn_on: bool = False
) -> tuple[list[float], list[float]]:
    """Seconds from the command to the painted frame buffer for each step, and of `floor` in between."""
    with seated(case, layout.columns * side, layout.rows * side) as (core, grid):
        state = ViewportState(case.study.study_instance_uid, case.series.series_instance_uid)
        cells = tuple(Cell(i // layout.columns, i % layout.columns, state, link_group="all") for i in range(layout.count))
        core.session.viewing.show(Arrangement("bench", "bench", 0, 1, "", layout, cells, ()))
        if drawn_on:
            lay_over(core, case)
        QApplication.processEvents()
        target = QImage(grid.size(), QImage.Format.Format_RGB32)
        direction = 1

        def step() -> None:
            nonlocal direction
            position = (core.session.viewing.state() or state).position
            direction = -1 if position >= 150 else 1 if position <= 5 else direction
            core.session.viewing.scroll(direction)
            grid.render(target)

        taken, bare = interleaved((step, floor), steps)
        return taken, bare


def bare_frames(count: int, side: int) -> Callable[[], None]:
    """The least that can be done: one table look-up and one QPainter call for each viewport."""
    rng = np.random.default_rng(1)
    slices = rng.integers(0, 4096, (8, SIZE, SIZE), dtype=np.uint16)
    lut = np.clip((np.arange(65536) - 1064 + 200) * (255 / 400), 0, 255).astype(np.uint8)
    target = QImage(side, side, QImage.Format.Format_RGB32)
    turn = 0

    def frame() -> None:
        nonlocal turn
        turn += 1
        for viewport in range(count):
            grey = lut[slices[(turn + viewport) % 8]]
            painter = QPainter(target)
            painter.drawImage(target.rect(), QImage(grey.data, SIZE, SIZE, SIZE, QImage.Format.Format_Grayscale8))
            painter.end()

    return frame


def _against_opengl(case: BenchCase) -> Figure:
    """Slices of the same size through VTK's OpenGL image view, without annotation."""
    times, gl = scroll_times(case, Layout(1, 1), SIZE, opengl_frames(), 60)
    ours, theirs = percentile(times, 0.5), percentile(gl, 0.5)
    held = ours * 5 <= theirs
    return Figure(
        "scroll, 1 viewport, against VTK's OpenGL view", "G6", ours * 1e3, theirs * 1e3, "ms", "<= 0.2 x (5 times faster)", held
    )


def opengl_frames() -> Callable[[], None]:
    """Rendered off screen; one pixel is read back, which waits for all of them."""
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - registers the OpenGL factory
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkRenderingCore import vtkImageSlice, vtkImageSliceMapper, vtkRenderer, vtkRenderWindow

    rng = np.random.default_rng(1)
    voxels = rng.integers(0, 4096, (16, SIZE, SIZE), dtype=np.uint16)
    data = vtkImageData()
    data.SetDimensions(SIZE, SIZE, 16)
    data.GetPointData().SetScalars(numpy_to_vtk(voxels.reshape(-1), deep=True))  # type: ignore[no-untyped-call]
    mapper, image, renderer, window = vtkImageSliceMapper(), vtkImageSlice(), vtkRenderer(), vtkRenderWindow()
    mapper.SetInputData(data)
    mapper.SetOrientationToZ()
    image.SetMapper(mapper)
    image.GetProperty().SetColorWindow(400)
    renderer.AddViewProp(image)
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(SIZE, SIZE)
    window.AddRenderer(renderer)
    renderer.ResetCamera()
    read = vtkUnsignedCharArray()
    turn = 0

    def frame() -> None:
        nonlocal turn
        turn += 1
        mapper.SetSliceNumber(turn % 16)
        window.Render()
        window.GetRGBACharPixelData(0, 0, 0, 0, 1, read, 0)

    return frame
