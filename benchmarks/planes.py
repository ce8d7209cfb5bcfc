"""G9: one crosshair event until three linked planes are painted, and a 20 mm MIP slab: both against bare vtkImageReslice.

The floors: for an event, three bare vtkImageReslices of the same cuts at half resolution and one QPainter call for each;
for a slab, one bare vtkImageReslice with the same number of samples on the same grid at full resolution (16-bit in and
out, linear, all threads). The goals are in milliseconds: 50 for the event's p95, 60 for the slab; an oblique slab that
settles is all samples of all voxels, and is held against the bare one instead.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from benchmarks.bench_case import BenchCase, imported_ct
from benchmarks.figures import Figure, compared, interleaved, percentile
from benchmarks.oblique import SIDE, SLICES, bare_reslice, frames
from benchmarks.seat import seated
from rendering.images import SeriesImages
from rendering.viewport import Viewport
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState, Window

EVENTS = 80
EVENT_GOAL, SLAB_GOAL = 0.050, 0.060
PATIENCE, GLANCE = 5.0, 0.0005
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
TURNED = ((math.cos(0.5), math.sin(0.5), 0.0), (-(math.sin(0.5) ** 2), math.cos(0.5) * math.sin(0.5), -math.cos(0.5)))


def measure() -> Iterator[Figure]:
    """512 x 512 x 400, every plane in a viewport of 512 x 512."""
    with imported_ct(SLICES) as case:
        images = SeriesImages(case.study, case.series, case.worker)
        images.load()
        yield from _linked(case, images)
        yield from _slabs(images)
        images.close()


def _linked(case: BenchCase, images: SeriesImages) -> Iterator[Figure]:
    viewport = Viewport(images)
    floor = bare_planes(images, [replace(viewport.default_state(p), window=Window(40, 400)) for p in PLANES])
    for turned in (False, True):
        times, floors = event_times(case, floor, turned)
        p50, p95, bare = percentile(times, 0.5), percentile(times, 0.95), percentile(floors, 0.5)
        name = f"linked three planes{', turned' if turned else ''}, one event painted"
        yield Figure(f"{name}, p50", "G9", p50 * 1e3, bare * 1e3, "ms", "(a ratio to watch)", True)
        yield Figure(f"{name}, p95", "G9", p95 * 1e3, bare * 1e3, "ms", "<= 50 ms", p95 <= EVENT_GOAL)


def event_times(case: BenchCase, floor: Callable[[], object], turned: bool) -> tuple[list[float], list[float]]:
    """Seconds from the crosshair's move until no plane shows an older one, and of `floor` in between."""
    with seated(case, 2 * SIDE, 2 * SIDE) as (core, grid):
        viewing, series = core.session.viewing, case.series.series_instance_uid
        state = ViewportState(case.study.study_instance_uid, series, Plane.AXIAL)
        viewing.show(Arrangement("bench", "bench", 0, 1, "", Layout(1, 1), (Cell(0, 0, state),), ()))
        viewing.show_three_planes()
        if turned:
            viewing.planes.show_oblique()
            viewing.planes.turn(20.0)
        step = 0

        def is_painted() -> bool:
            # Planes only: the fourth place holds the stack, which is scrolled elsewhere.
            cuts = [w for w in grid.widgets if w.cell and w.cell.state and w.cell.state.plane is not Plane.STACK]
            return all(w.painted is not None and w.cell and w.painted.request.state == w.cell.state for w in cuts)

        def event() -> None:
            nonlocal step
            step += 1
            at = step % 60 - 30
            viewing.planes.set_focus((1.5 * at, 40.0 - at, 200.0 + at))
            end = time.monotonic() + PATIENCE
            while not is_painted() and time.monotonic() < end:
                QApplication.processEvents()
                time.sleep(GLANCE)  # leaves the processor to the threads that cut

        taken, bare = interleaved((event, floor), EVENTS)
        return taken, bare


def bare_planes(images: SeriesImages, states: list[ViewportState]) -> Callable[[], None]:
    cuts = [bare_reslice(images, state, SIDE // 2) for state in states]
    grey = np.zeros((SIDE, SIDE), np.uint8)
    target = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)

    def event() -> None:
        for cut in cuts:
            cut()
            painter = QPainter(target)
            painter.drawImage(target.rect(), QImage(grey.data, SIDE, SIDE, SIDE, QImage.Format.Format_Grayscale8))
            painter.end()

    return event


def _slabs(images: SeriesImages) -> Iterator[Figure]:
    viewport = Viewport(images)

    def slab(plane: Plane) -> ViewportState:
        oblique = TURNED if plane is Plane.OBLIQUE else None
        return replace(viewport.default_state(plane), slab_mm=20.0, slab_mode="MIP", window=Window(40, 400), oblique=oblique)

    axial, coronal, oblique = (slab(plane) for plane in (Plane.AXIAL, Plane.CORONAL, Plane.OBLIQUE))
    for name, state in (("axial", axial), ("coronal", coronal)):
        value, floor = compared(frames(viewport, state, fast=False), bare_reslice(images, state, SIDE), 20)
        yield Figure(f"MIP slab of 20 mm, {name}", "G9", value * 1e3, floor * 1e3, "ms", "<= 60 ms", value <= SLAB_GOAL)
    value, floor = compared(frames(viewport, oblique, fast=False), bare_reslice(images, oblique, SIDE), 10)
    held = value <= 1.15 * floor
    yield Figure("MIP slab of 20 mm, oblique, settled", "G9", value * 1e3, floor * 1e3, "ms", "<= 1.15 x", held)
    value, floor = compared(frames(viewport, oblique, fast=True), bare_reslice(images, oblique, SIDE // 2), 20)
    yield Figure("MIP slab of 20 mm, oblique, dragged", "G9", value * 1e3, floor * 1e3, "ms", "<= 60 ms", value <= SLAB_GOAL)
