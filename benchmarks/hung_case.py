"""G17 in the whole window: from opening a worklist row to every viewport of its protocol painted, all decoded when it arrived."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from benchmarks.figures import Figure, median, percentile
from benchmarks.series import ROOT, write_ct, write_mammogram
from main import open_core
from ui import app
from ui.main_window import MainWindow
from ui.viewport_widget import ViewportWidget
from workstation.domain.order import WorklistItem
from workstation.jobs import Jobs
from workstation.settings import Folders

if TYPE_CHECKING:
    from ui.seat import Seat

SLICES, SIDE = 60, 512
ROWS, COLUMNS = 3062, 2394
VIEWS = (("R", "CC", ("P", "L")), ("L", "CC", ("A", "R")), ("R", "MLO", ("P", "FL")), ("L", "MLO", ("A", "FR")))
DATES = ("20261120", "20260220", "20250801")
SWITCHES = 21
PATIENCE = 120.0
SIZE = (1920, 1200)


def measure() -> Iterator[Figure]:
    """Two patients of each kind in turn; the first round is not counted."""
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as name:
        folder = Path(name)
        files = folder / "files"
        for patient in (1, 2):
            for nth, date in enumerate(DATES):
                _write_ct(files, patient, nth, date)
            for nth, date in enumerate(DATES[:2]):
                _write_mammograms(files, patient, nth, date)
        app.application([])
        poster = app.MainPoster()
        core = open_core(lambda: Jobs(poster.post), "", Folders(folder / "data", folder / "config", folder / "cache"))
        try:
            core.cache.add([files])
            yield from _measured(core)
        finally:
            core.close()
            QApplication.processEvents()


def _measured(core: Seat) -> Iterator[Figure]:
    window = MainWindow(core)
    window.resize(*SIZE)
    window.show()
    _decode(core)
    rows = {item.study_instance_uid: item for item in core.worklist.items()}
    for kind, number, bare in (("CT and two priors", 0, _bare_ct), ("four mammograms, prior", 100, _bare_mammograms)):
        pair = [rows[f"{ROOT}.{patient}.{number}"] for patient in (1, 2)]
        times = [_open(core, window, pair[turn % 2]) for turn in range(SWITCHES + 1)][2:]
        floor = median(bare([widget.rect() for widget in _hung(core, window)]))
        p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
        yield Figure(f"row to painted, {kind}, p95", "G17", p95 * 1e3, floor * 1e3, "ms", "<= 300 ms", p95 <= 0.3)
        yield Figure(
            f"row to painted, {kind}, p50", "G17", p50 * 1e3, floor * 1e3, "ms", "<= 1.5 x bare paint", p50 <= 1.5 * floor
        )
    window.leaving.agree()
    window.close()


def _write_ct(files: Path, patient: int, nth: int, date: str) -> None:
    paths = write_ct(files / f"ct-{patient}-{nth}", SLICES, SIDE, number=patient * 1000 + nth)
    for path in paths:
        dataset = dcmread(path)
        _name(dataset, patient, f"{ROOT}.{patient}.{nth}", date)
        dataset.BodyPartExamined, dataset.StudyDescription = "CHEST", "CT chest"
        dataset.save_as(path)


def _write_mammograms(files: Path, patient: int, nth: int, date: str) -> None:
    for number, (side, view, sides) in enumerate(VIEWS):
        folder = files / f"mg-{patient}-{nth}"
        folder.mkdir(parents=True, exist_ok=True)
        path = write_mammogram(folder / f"{number}.dcm", ROWS, COLUMNS)
        dataset = dcmread(path)
        study = UID(f"{ROOT}.{patient}.{100 + nth}")
        _name(dataset, patient, study, date)
        dataset.SeriesInstanceUID, dataset.SeriesNumber = f"{study}.{number}", number + 1
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{study}.{number}.1")
        dataset.ImageLaterality, dataset.ViewPosition, dataset.PatientOrientation = side, view, list(sides)
        dataset.BodyPartExamined, dataset.StudyDescription = "BREAST", "Mammography"
        if side == "R":
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").reshape(ROWS, COLUMNS)[:, ::-1].tobytes()
        dataset.save_as(path)


def _name(dataset: Dataset, patient: int, study: str, date: str) -> None:
    values = {"PatientID": f"BENCH-{patient}", "PatientName": f"Bench^{patient}", "StudyInstanceUID": study, "StudyDate": date}
    for keyword, value in values.items():
        setattr(dataset, keyword, value)


def _decode(core: Seat) -> None:
    core.library.decode_later([core.cache.study(listed.study_instance_uid) for listed in core.cache.studies()])
    end = time.monotonic() + PATIENCE
    while core.library.queue is not None and core.library.queue.waiting and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def _hung(core: Seat, window: MainWindow) -> list[ViewportWidget]:
    return [window.grid.widget(index) for index, cell in enumerate(core.session.viewing.cells) if cell.state]


def _open(core: Seat, window: MainWindow, item: WorklistItem) -> float:
    """Seconds from asking for the row to the last viewport painted. Then what loads behind it may finish."""
    before, viewing = core.session.case, core.session.viewing
    start = time.perf_counter()
    core.session.open(item)

    def is_painted() -> bool:
        for index, cell in enumerate(viewing.cells):
            if cell.state is not None:
                painted = window.grid.widget(index).painted
                if painted is None or painted.picture.partial or painted.request.state != cell.state:
                    return False
        return True

    while core.session.case is before or not is_painted():
        QApplication.processEvents()
        time.sleep(0.0005)  # a window's own loop sleeps, too: spinning would keep Python's lock from the jobs
    taken = time.perf_counter() - start
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)
    return taken


def _bare_ct(places: Sequence[QRect]) -> Callable[[], None]:
    return _bare(places, SIDE, SIDE)


def _bare_mammograms(places: Sequence[QRect]) -> Callable[[], None]:
    return _bare(places, ROWS, COLUMNS)


def _bare(places: Sequence[QRect], rows: int, columns: int) -> Callable[[], None]:
    """The least that can be done for each viewport: one table look-up of its image and one smooth painting at its size."""
    pixels = np.random.default_rng(1).integers(0, 4096, (rows, columns), dtype=np.uint16)
    lut = np.clip((np.arange(65536) - 864) * (255 / 400), 0, 255).astype(np.uint8)
    targets = [QImage(place.size(), QImage.Format.Format_RGB32) for place in places]

    def paint() -> None:
        for target in targets:
            grey = lut[pixels]
            painter = QPainter(target)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target.rect(), QImage(grey.data, columns, rows, columns, QImage.Format.Format_Grayscale8))
            painter.end()

    return paint
