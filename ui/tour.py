"""`tour`: the whole job in the real window, from a folder of images to a confirmed report."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from dictation.audio import WavSource
from ui import app, virtual_screen
from ui.demonstration import SIGNER, Home, current_studies, phantoms, place_orders
from ui.driver import Driver
from ui.main_window import MainWindow
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.report import SectionCode
from workstation.domain.study import Study
from workstation.domain.viewing import Plane
from workstation.errors import Unavailable, WorkstationError
from workstation.jobs import Jobs
from workstation.ris.embedded import EmbeddedRis

if TYPE_CHECKING:
    from ui.seat import Seat

SIZE = (1920, 1200)
IMPRESSION = "Solid nodule in the right upper lobe, larger than before. Follow-up is advised."
OTHER_IMPRESSION = "No acute abnormality on the images shown."


def run(open_core: Callable[..., Seat], out: Path, data: Path | None) -> dict[str, Any]:
    """Make the tour; everything it makes lies in a folder of its own that is removed. Returns what tour.json holds."""
    out.mkdir(parents=True, exist_ok=True)
    if not virtual_screen.has_screen():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="lyskasse-tour-") as folder, EmbeddedRis() as ris:
        told = _guided(open_core, Home(Path(folder)), ris, out, data)
    (out / "tour.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    return told


def _guided(open_core: Callable[..., Seat], home: Home, ris: EmbeddedRis, out: Path, data: Path | None) -> dict[str, Any]:
    qt = app.application([])
    poster = app.MainPoster()
    core = open_core(lambda: Jobs(poster.post), ris.base_url, home.folders)
    core.session.signer = SIGNER
    window = MainWindow(core)
    window.resize(*SIZE)
    window.show()
    driver = Driver(window, out)
    try:
        paths = (data,) if data is not None else phantoms(home, ("ct-chest", "ct-chest-prior"), lambda *_: None)
        tour = Tour(driver, window, core, ris, own_phantom=data is None)
        problem = ""
        try:
            tour.make(paths)
        except WorkstationError as error:
            problem = str(error)
            driver.picture("problem.png")
        return tour.told(problem)
    finally:
        window.leaving.agree()
        window.close()
        core.close()
        qt.processEvents()


class Tour:
    """The steps, in order. Each ends when what it asked for is seen to have happened."""

    def __init__(self, driver: Driver, window: MainWindow, core: Seat, ris: EmbeddedRis, own_phantom: bool) -> None:
        self._driver = driver
        self._window = window
        self._core = core
        self._ris = ris
        self._own_phantom = own_phantom
        self._study: Study | None = None
        self._delivery: Delivery | None = None
        core.delivery_changed.connect(self._moved)

    def make(self, paths: tuple[Path, ...]) -> None:
        self._import(paths)
        self._worklist()
        self._open()
        self._scroll()
        self._stages()
        self._planes()
        self._windows()
        self._measure()
        self._dictate()
        self._type()
        self._sign()
        self._deliver()

    def told(self, problem: str) -> dict[str, Any]:
        delivery = self._delivery
        facts: dict[str, Any] = {
            "state": delivery.state.name if delivery else "NOT SIGNED",
            "ris_report_id": delivery.ris_report_id if delivery else "",
            "local_sha256": delivery.local_sha256 if delivery else "",
            "ris_sha256": delivery.ris_sha256 if delivery else "",
        }
        return facts | self._driver.told() | ({"problem": problem} if problem else {})

    # ---- the steps -------------------------------------------------------------------

    def _import(self, paths: tuple[Path, ...]) -> None:
        with self._driver.step("import"):
            self._window.import_paths(list(paths))
            self._driver.wait(lambda: not self._window.is_importing, 300, "the import")
        with_images = [s for s in current_studies(self._core.cache.studies()) if s.image_count or s.series]
        counts = self._core.cache.image_counts()
        readable = sorted((s for s in with_images if counts.get(s.study_instance_uid)), key=lambda s: s.study_date, reverse=True)
        if not readable:
            raise Unavailable("Nothing to read", "The import brought no images", "Name a folder with DICOM images")
        self._study = readable[0]

    def _worklist(self) -> None:
        assert self._study is not None
        with self._driver.step("worklist"):
            place_orders(self._ris, [self._study], are_ours=self._own_phantom)
            self._core.poll_orders()
            self._driver.wait(lambda: self._row() >= 0, 30, "the order on the worklist")

    def _open(self) -> None:
        with self._driver.step("open"):
            self._window.worklist.select_study(self._study.study_instance_uid if self._study else "")
            self._driver.press("Return")
            self._driver.wait(lambda: self._core.session.case is not None, 60, "the case")
            self._driver.wait(self._all_painted, 120, "the first images")
            self._driver.wait(lambda: self._core.session.desk.report is not None, 30, "the report")
        with self._driver.step("hang"):
            self._driver.wait(self._all_loaded, 300, "all images")
            arrangement = self._core.session.viewing.arrangement
            self._driver.note(arrangement.title if arrangement else "")

    def _scroll(self) -> None:
        with self._driver.step("scroll"):
            first = self._active()
            self._driver.wheel(first, 6)
            self._driver.press("Down", 4)
            self._driver.settle()

    def _stages(self) -> None:
        arrangement = self._core.session.viewing.arrangement
        if arrangement is None or arrangement.stage_count < 2:
            return
        with self._driver.step("stage"):
            self._driver.press(".")
            self._driver.wait(self._all_painted, 60, "the next stage")
        self._driver.press(",")

    def _planes(self) -> None:
        with self._driver.step("mpr"):
            self._driver.press("M")
            self._driver.settle(300)
            planes = {c.state.plane for c in self._core.session.viewing.cells if c.state}
            if Plane.CORONAL not in planes:
                self._driver.note("not a verified volume: no planes, as it should be")
            self._driver.wait(self._all_painted, 60, "the planes")

    def _windows(self) -> None:
        with self._driver.step("window"):
            self._driver.press("2")
            self._driver.settle(200)
        self._driver.press("1")
        self._driver.press("Ctrl+1")
        self._driver.press("Alt+1")
        self._driver.wait(self._all_painted, 60, "the single view")

    def _measure(self) -> None:
        with self._driver.step("measure"):
            self._driver.press("D")
            widget = self._active()
            middle = widget.rect().center()
            self._driver.drag(widget, middle - QPoint(60, 0), middle + QPoint(60, 40))
            taken = self._core.session.viewing.measurements
            self._driver.note(taken[-1].text if taken else "refused: see the banner")
        self._driver.press("W")

    def _dictate(self) -> None:
        panel = self._window.report_panel
        with self._driver.step("dictate"):
            self._driver.press("F3")
            recording = Path(str(_resources() / "demonstration" / "dictation.flac"))
            panel.dictation.desk.use_source(lambda _: WavSource(recording, paced=False, lead=0.3, tail=1.0))
            self._driver.press("F4")
            self._driver.wait(lambda: bool(panel.editor(SectionCode.FINDINGS).toPlainText()), 120, "dictated text")
            self._driver.wait(lambda: not panel.dictation.desk.is_busy, 120, "the end of the dictation")
            self._driver.settle(300)

    def _type(self) -> None:
        panel = self._window.report_panel
        with self._driver.step("type"):
            self._driver.press("F7")
            self._driver.wait(lambda: panel.editor(SectionCode.IMPRESSION).hasFocus(), 5, "the impression")
            self._driver.type(IMPRESSION if self._own_phantom else OTHER_IMPRESSION)
            self._driver.wait(lambda: panel.editor(SectionCode.IMPRESSION).is_saved, 10, "the typed text on disk")

    def _sign(self) -> None:
        with self._driver.step("sign"):
            self._driver.press("Ctrl+Return")
            self._driver.wait(lambda: self._signed() is not None, 30, "the signature")
            self._delivery = self._delivery or self._signed()

    def _deliver(self) -> None:
        with self._driver.step("deliver", picture=False):
            self._driver.wait(lambda: self._state() is not DeliveryState.QUEUED, 60, "the delivery to leave")
        with self._driver.step("confirm"):
            self._driver.wait(lambda: self._state() is DeliveryState.CONFIRMED, 60, "the confirmation")

    # ---- what is seen ----------------------------------------------------------------

    def _moved(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def _signed(self) -> Delivery | None:
        report = self._core.session.desk.report
        return self._core.reports.delivery_of(report.report_uuid) if report else None

    def _state(self) -> DeliveryState | None:
        return self._delivery.state if self._delivery else None

    def _row(self) -> int:
        uids = [i.study_instance_uid for i in self._core.session.items if i.order is not None]
        return uids.index(self._study.study_instance_uid) if self._study and self._study.study_instance_uid in uids else -1

    def _all_painted(self) -> bool:
        hung = [i for i, c in enumerate(self._core.session.viewing.cells) if c.state]
        widgets = [self._window.grid.widget(i) for i in hung]
        return bool(widgets) and all(w.painted is not None for w in widgets if w.isVisible())

    def _all_loaded(self) -> bool:
        progress = [self._core.library.progress(c.state.series_uid) for c in self._core.session.viewing.cells if c.state]
        return bool(progress) and all(done == total for done, total in progress)

    def _active(self) -> QWidget:
        return self._window.grid.widget(self._core.session.viewing.active)


def _resources() -> Any:
    from importlib.resources import files

    return files("resources")
