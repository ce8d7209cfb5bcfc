"""Twelve views of our own phantoms through the real viewport widget, and how far a picture may be from its reference.

`tests/support/renew_references.py` says what differs from the kept pictures, and writes it anew when told to. Only
phantoms may be kept: no pixel of a patient enters the repository.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

import main
from rendering.phantoms.generator import write_demonstration
from ui import app
from ui.main_window import MainWindow
from ui.runner import Runner
from ui.viewport_grid import ViewportGrid
from workstation.commands.command import Context
from workstation.commands.keymap import build
from workstation.commands.table import COMMANDS
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Arrangement, Cell, Interpolation, Layout, Plane, ViewportState, Window
from workstation.jobs import Jobs
from workstation.session.case import Case
from workstation.settings import Folders

FOLDER = Path(__file__).resolve().parents[1] / "reference"
SIDE = 256
FRAME = 4
"""Logical pixels at the edge that show which viewport is active, not the image."""

Grey = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Tolerance:
    """Grey levels of 255. `share` of the pixels may differ by more than `beyond`: edges, where floats round apart."""

    mean: float = 0.5
    worst: int = 32
    beyond: int = 3
    share: float = 0.005


@dataclass(frozen=True)
class Difference:
    mean: float
    worst: int
    share: float

    def words(self) -> str:
        return f"mean {self.mean:.3f}, worst {self.worst}, share beyond {self.share:.2%}"

    def holds(self, tolerance: Tolerance) -> bool:
        return self.mean <= tolerance.mean and self.worst <= tolerance.worst and self.share <= tolerance.share


@dataclass(frozen=True)
class ReferenceView:
    """`series` is part of a series' description in the study of this role. `at` is an LPS point the cut goes through.

    `masked` (left, top, right, bottom) in shares of the view: where badges stand, which are written in the system's font.
    """

    name: str
    role: str
    series: str
    plane: Plane = Plane.STACK
    position: int | None = None
    at: tuple[float, float, float] | None = None
    look: tuple[tuple[str, Any], ...] = ()
    masked: tuple[tuple[float, float, float, float], ...] = ()


def look(**values: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(values.items())


BADGES = ((0.0, 0.05, 1.0, 0.22),)
TURNED = ((0.8, 0.36, -0.48), (0.0, 0.8, 0.6))
CUTS = {
    "lung": look(window=Window(-600, 1500)),
    "oblique": look(oblique=TURNED, window=Window(40, 400)),
    "mip": look(slab_mm=20.0, slab_mode="MIP", window=Window(150, 700)),
    "turned": look(rotation=90, flipped_vertically=True),
}
MAGNIFIED = look(zoom=3.0, pan=(0.15, -0.1), interpolation=Interpolation.CUBIC)
COARSE = look(zoom=1.6, interpolation=Interpolation.NEAREST)
VIEWS = (
    ReferenceView("ct-soft-tissue", "ct-chest", "soft tissue", position=40),
    ReferenceView("ct-lung-coronal", "ct-chest", "soft tissue", Plane.CORONAL, at=(0.0, 0.0, 0.0), look=CUTS["lung"]),
    ReferenceView("ct-oblique", "ct-chest", "soft tissue", Plane.OBLIQUE, at=(0.0, 10.0, -20.0), look=CUTS["oblique"]),
    ReferenceView("ct-mip-slab", "ct-chest", "soft tissue", Plane.AXIAL, at=(0.0, 0.0, -29.0), look=CUTS["mip"]),
    ReferenceView("mr-flair", "mr-head", "FLAIR", position=14),
    ReferenceView("mr-t1-sagittal-turned", "mr-head", "T1", Plane.SAGITTAL, at=(4.0, 0.0, 0.0), look=CUTS["turned"]),
    ReferenceView("pet-coronal-inverted", "petct", "PET", Plane.CORONAL, at=(0.0, 0.0, -100.0), look=look(inverted=True)),
    ReferenceView("mammogram-magnified", "mg", "L MLO", position=0, look=MAGNIFIED, masked=BADGES),
    ReferenceView("mammogram-right", "mg", "R CC", position=0, masked=BADGES),
    ReferenceView("tomosynthesis", "dbt", "tomosynthesis", position=16, look=look(sharpening=2), masked=BADGES),
    ReferenceView("ultrasound", "us", "Apical", position=8, look=look(flipped_horizontally=True)),
    ReferenceView("hand-monochrome1", "hand", "hand", position=0, look=COARSE, masked=BADGES),
)


class Studio:
    """One real viewport widget on the small demonstration studies, without text and graphics."""

    def __init__(self, core: Any, grid: ViewportGrid, studies: dict[str, Study]) -> None:
        self._core, self._grid, self.studies = core, grid, studies
        core.session.viewing.toggle_overlays()

    def series(self, view: ReferenceView) -> tuple[Study, Series]:
        study = self.studies[view.role]
        return study, next(s for s in study.series if view.series.lower() in s.series_description.lower())

    def state(self, view: ReferenceView) -> ViewportState:
        study, series = self.series(view)
        self._open(study, series)
        viewport = self._core.library.viewport(study.study_instance_uid, series.series_instance_uid)
        state = viewport.default_state(view.plane)
        if view.position is not None:
            state = viewport.at_index(state, view.position)
        return replace(state, focus=view.at or state.focus, **dict(view.look))

    def next_slice(self, state: ViewportState) -> ViewportState:
        """The same where there is one image only."""
        viewport = self._core.library.viewport(state.study_uid, state.series_uid)
        return viewport.scrolled(state, 1)

    def rewindowed(self, state: ViewportState) -> ViewportState:
        """A window a twentieth wider, its middle a fiftieth of its width higher."""
        window = self._core.library.viewport(state.study_uid, state.series_uid).window_of(state)
        assert window is not None
        moved = replace(window, center=window.center + 0.02 * window.width, width=1.05 * window.width)
        return replace(state, window=moved)

    def picture(self, state: ViewportState) -> Grey:
        """What the widget paints of it."""
        cells = (Cell(0, 0, state),)
        viewing = self._core.session.viewing
        viewing.looking.interpolation = state.interpolation
        viewing.show(Arrangement("test", "test", 0, 1, "", Layout(1, 1), cells, ()))
        viewing.put(0, state)  # a protocol names less than a reader can set
        widget = self._grid.widget(0)
        wait(lambda: self._is_painted(widget, state))
        image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return raw[:, : image.width()].copy()

    def _is_painted(self, widget: Any, state: ViewportState) -> bool:
        widget.repaint()
        shown = widget.painted
        return shown is not None and shown.request.state == state and not shown.picture.partial and not shown.request.fast

    def _open(self, study: Study, series: Series) -> None:
        case = self._core.session.case
        if case is None or case.study.study_instance_uid != study.study_instance_uid:
            self._core.library.open_case((study,), [(study.study_instance_uid, series.series_instance_uid)])
            self._core.session.case = Case((case.generation if case else 0) + 1, None, study, ())
            self._core.session.case_changed.emit(self._core.session.case)
        wait(lambda: self._core.library.progress(series.series_instance_uid)[0] >= series.image_count)


def wait(until: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "the picture did not come"
        QApplication.processEvents()
        time.sleep(0.002)


@contextmanager
def studio(home: Path) -> Iterator[Studio]:
    """The demonstration studies (small), in a cache of their own below `home`, and a viewport of SIDE x SIDE."""
    app.application([])
    written = write_demonstration(home / "files", only={v.role for v in VIEWS}, size="small")
    poster = app.MainPoster()
    core = main.open_core(lambda: Jobs(poster.post), "", Folders(home / "data", home / "config", home / "cache"))
    try:
        core.cache.add([home / "files"])
        window = MainWindow(core)
        grid = ViewportGrid(core, Runner(Context(core.session, window, core.presets), build(COMMANDS)))
        grid.resize(SIDE, SIDE)
        grid.show()
        yield Studio(core, grid, {w.role: core.cache.study(w.study_uid) for w in written})
        grid.close()
        window.close()
    finally:
        core.close()
        QApplication.processEvents()


def compared(view: ReferenceView, picture: Grey, reference: Grey, beyond: int = Tolerance.beyond) -> Difference:
    """Of what is image: not the frame, not where badges stand."""
    assert picture.shape == reference.shape, f"{picture.shape} instead of {reference.shape}"
    apart = np.abs(picture.astype(np.int16) - reference.astype(np.int16))[image_part(view, picture.shape)]
    return Difference(float(apart.mean()), int(apart.max()), float((apart > beyond).mean()))


def image_part(view: ReferenceView, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where a view of this shape shows the image and nothing that is written or drawn over it."""
    counts = np.zeros(shape, bool)
    counts[FRAME:-FRAME, FRAME:-FRAME] = True
    height, width = shape
    for left, top, right, bottom in view.masked:
        counts[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = False
    return counts


def kept(view: ReferenceView) -> Grey | None:
    image = QImage(str(FOLDER / f"{view.name}.png")).convertToFormat(QImage.Format.Format_Grayscale8)
    if image.isNull():
        return None
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width()].copy()


def keep(view: ReferenceView, picture: Grey) -> None:
    """With the edge and the badges' places black: they are no part of the reference."""
    FOLDER.mkdir(exist_ok=True)
    height, width = picture.shape
    bare = np.where(image_part(view, picture.shape), picture, 0).astype(np.uint8)
    image = QImage(bare.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
    image.save(str(FOLDER / f"{view.name}.png"))
