"""`tour`: the whole job in the real window, from a folder of images to a confirmed report."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QPoint

from dictation.audio import WavSource
from rendering.phantoms import write_demonstration
from ui import app, virtual_screen
from ui.demonstration import SIGNER, Home, current_studies, place_orders
from ui.driver import Driver
from ui.listed import Listed
from ui.main_window import MainWindow
from ui.tour_eyes import Eyes
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.geometry import Vec3
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
OTHER_IMPRESSION = "Written by the tour to show the way of a report. Not a reading of these images."
# Keys of tools, and how far above the nodule, or the middle, each is drawn, and how high it is, in pixels.
MEASUREMENTS = (("D", 0, 0), ("E", 90, 40), ("D", -90, 0))
WIDE_MM = 15.0
# What is typed to find the template, the phrase.
TEMPLATE, PHRASE = "ct chest", ".corr"
FIELDS_BEFORE_NODULES = 2

OpenCore = Callable[..., "Seat"]


@dataclass(frozen=True, slots=True)
class Material:
    """What is read: folders to import and, for our own phantom, where its nodule is (LPS mm) and how large."""

    paths: tuple[Path, ...]
    nodule: Vec3 | None = None
    diameter_mm: float = 0.0


def run(open_core: OpenCore, out: Path, data: Path | None, size: Literal["full", "small"] = "full") -> dict[str, Any]:
    """Make the tour; everything it makes but OUT lies in a folder of its own that is removed.

    Without `data` it reads our own chest CT (of `size`) with its prior. Returns what tour.json holds.
    """
    out.mkdir(parents=True, exist_ok=True)
    if data is not None and not data.exists():
        raise Unavailable("Nothing to read", "There is no such file or folder", "Name a folder with DICOM images")
    if not virtual_screen.has_screen():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="lyskasse-tour-") as folder, EmbeddedRis() as ris:
        home = Home(Path(folder))
        material = Material((data,)) if data is not None else _phantom(home, size)
        told = _guided(open_core, home, ris, out, material)
    (out / "tour.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    return told


def _phantom(home: Home, size: Literal["full", "small"]) -> Material:
    _say("making the demonstration's chest CT and its prior")
    studies = write_demonstration(home.phantoms, only=("ct-chest", "ct-chest-prior"), size=size)
    truth = next(study.truth for study in studies if study.role == "ct-chest")
    return Material(tuple(s.folder for s in studies), truth["nodule_centre"], truth["nodule_diameter_mm"])


def _guided(open_core: OpenCore, home: Home, ris: EmbeddedRis, out: Path, material: Material) -> dict[str, Any]:
    qt = app.application([])
    poster = app.MainPoster()
    core = open_core(lambda: Jobs(poster.post), ris.base_url, home.folders)
    core.session.signer = SIGNER
    window = MainWindow(core)
    window.resize(*SIZE)
    window.show()
    window.activateWindow()  # no window manager does so on a bare virtual display, and shortcuts need it
    driver = Driver(window, out, _say)
    tour = Tour(driver, window, core, ris, material)
    problem = ""
    try:
        tour.make()
    except WorkstationError as error:
        problem = str(error)
        driver.picture("problem.png")
    finally:
        window.leaving.agree()
        window.close()
        core.close()
        window.deleteLater()
        qt.processEvents()
    return tour.told(problem)


def _say(words: str) -> None:
    print(f"tour: {words}", file=sys.stderr, flush=True)


class Tour:
    """The steps, in order. Each ends when what it asked for is seen to have happened."""

    def __init__(self, driver: Driver, window: MainWindow, core: Seat, ris: EmbeddedRis, material: Material) -> None:
        self._driver = driver
        self._window = window
        self._core = core
        self._ris = ris
        self._material = material
        self._eyes = Eyes(window, core)
        self._listed = Listed(core)
        self._study: Study | None = None
        self._delivery: Delivery | None = None
        self._letters: dict[str, str] = {}
        core.delivery_changed.connect(self._moved)

    def make(self) -> None:
        self._import()
        self._worklist()
        self._open()
        self._stages()
        self._scroll()
        self._measure()
        self._planes()
        self._windows()
        if self._material.nodule is not None:
            self._template()
        self._dictate()
        self._insert()
        self._type()
        if self._material.nodule is not None:
            self._phrase()
        self._sign()
        self._deliver()

    def told(self, problem: str) -> dict[str, Any]:
        delivery = self._delivery
        facts: dict[str, Any] = {
            "state": delivery.state.name if delivery else "NOT SIGNED",
            "ris_report_id": delivery.ris_report_id if delivery else "",
            "local_sha256": delivery.local_sha256 if delivery else "",
            "ris_sha256": delivery.ris_sha256 if delivery else "",
            "letters": self._letters,
            "report": self._report(),
        }
        return facts | self._driver.told() | ({"problem": problem} if problem else {})

    def _report(self) -> dict[str, str]:
        report = self._core.session.desk.report
        return {s.code.name.lower(): s.text for s in report.sections if s.text} if report else {}

    # ---- to the images ---------------------------------------------------------------

    def _import(self) -> None:
        with self._driver.step("import"):
            self._window.import_paths(list(self._material.paths))
            self._driver.wait(lambda: not self._window.is_importing, 600, "the import")
        counts = self._core.cache.image_counts()
        readable = [s for s in current_studies(self._core.cache.studies()) if counts.get(s.study_instance_uid)]
        if not readable:
            raise Unavailable("Nothing to read", "The import brought no images", "Name a folder with DICOM images")
        self._study = max(readable, key=lambda s: (s.study_date, counts[s.study_instance_uid]))

    def _worklist(self) -> None:
        assert self._study is not None
        with self._driver.step("worklist"):
            place_orders(self._ris, [self._study], are_ours=self._material.nodule is not None)
            self._core.poll_orders()
            self._driver.wait(self._has_order, 30, "the order on the worklist")

    def _open(self) -> None:
        with self._driver.step("open"):
            self._driver.wait(self._has_row, 30, "the row")
            self._driver.press("Return")
            self._driver.wait(lambda: self._core.session.case is not None, 60, "the case")
            self._driver.wait(self._eyes.all_painted, 120, "the first images")
            self._driver.wait(lambda: self._core.session.desk.report is not None, 30, "the report")
            case = self._core.session.case
            self._driver.note(f"{len(case.priors)} prior studies" if case else "")
        with self._driver.step("hang"):
            self._driver.wait(self._eyes.all_loaded, 600, "all images")
            self._driver.wait(self._eyes.all_painted, 60, "all viewports")
            arrangement = self._core.session.viewing.arrangement
            self._driver.note(arrangement.title if arrangement else "")
            self._letters = self._eyes.letters

    # ---- reading ---------------------------------------------------------------------

    def _stages(self) -> None:
        arrangement = self._core.session.viewing.arrangement
        if arrangement is None or arrangement.stage_count < 2:
            return
        with self._driver.step("stage"):
            self._driver.press(".")
            self._driver.wait(self._eyes.all_painted, 60, "the next stage")
        self._driver.press(",")
        self._driver.wait(self._eyes.all_painted, 60, "the first stage")

    def _scroll(self) -> None:
        with self._driver.step("scroll"):
            self._driver.wheel(self._eyes.active, 6)
            self._go_to(self._eyes.place_of(self._material.nodule))
            self._driver.wait(self._eyes.all_painted, 60, "the images there")

    def _measure(self) -> None:
        with self._driver.step("measure"):
            self._driver.note(self._measured(*MEASUREMENTS[0]))
        with self._driver.step("measure-more"):
            self._driver.note(", ".join(self._measured(*drawing) for drawing in MEASUREMENTS[1:]))
        self._driver.press("W")
        self._window.banner.dismiss()

    def _measured(self, key: str, above: int, height: int) -> str:
        """One drawing by mouse, over the nodule where there is one; its value, or why it has none."""
        annotating = self._core.session.annotating
        self._driver.press(key)
        start, end = self._eyes.across(self._material.nodule, self._material.diameter_mm / 2 if not above else WIDE_MM)
        start, end = start - QPoint(0, above), end - QPoint(0, above - height)
        before = len(annotating.all())
        self._driver.drag(self._eyes.active, start, end)
        self._driver.wait(lambda: not annotating.is_unsaved, 10, "the drawing on disk")
        taken = [drawn.measured for drawn in annotating.all()]
        if len(taken) == before or not taken[-1].values:
            return f"refused: {taken[-1].refused if len(taken) > before else self._window.banner.text}"
        return taken[-1].values[0].text

    def _planes(self) -> None:
        with self._driver.step("mpr"):
            self._driver.press("Alt+6")
            self._driver.settle(200)
            if Plane.CORONAL not in {c.state.plane for c in self._core.session.viewing.cells if c.state}:
                self._driver.note("not a verified volume: no planes, as it should be")
                return
            self._driver.wait(self._eyes.all_painted, 60, "the planes")
            if self._material.nodule is not None:
                self._go_to(self._eyes.place_of(self._material.nodule))
                self._driver.press("X")
                self._driver.click(self._eyes.active, self._eyes.spot(self._material.nodule))
                self._driver.press("W")
            self._driver.wait(self._eyes.all_painted, 60, "the planes")

    def _windows(self) -> None:
        with self._driver.step("window"):
            self._driver.press("1")
            self._driver.settle(100)
            self._driver.wait(self._eyes.all_painted, 60, "the window preset")
        self._driver.press("2")
        self._driver.wait(self._eyes.all_painted, 60, "the other window preset")

    # ---- the report ------------------------------------------------------------------

    def _template(self) -> None:
        """The template's field for nodules is where the dictation goes then."""
        findings = self._window.report_panel.editor(SectionCode.FINDINGS)
        with self._driver.step("template"):
            self._driver.press("F3")
            self._driver.press("Alt+I")
            self._driver.type(TEMPLATE)
            self._driver.press("Return")
            self._driver.wait(lambda: bool(findings.toPlainText()) and findings.is_saved, 20, "the template in the report")
            # Its first field is chosen now: the contrast, from its list.
            self._driver.press("Alt+Down")
            self._driver.press("Down")
            self._driver.press("Return")
            self._driver.press("Tab", FIELDS_BEFORE_NODULES)

    def _insert(self) -> None:
        """Every measurement, where the caret is."""
        findings = self._window.report_panel.editor(SectionCode.FINDINGS)
        before = findings.toPlainText()
        with self._driver.step("measurements"):
            self._driver.press("Alt+V")
            self._driver.settle(300)
            self._driver.wait(lambda: findings.is_saved, 20, "the measurements on disk")
            self._driver.note("" if findings.toPlainText() != before else self._window.banner.text)
        self._window.banner.dismiss()

    def _phrase(self) -> None:
        recommendation = self._window.report_panel.editor(SectionCode.RECOMMENDATION)
        with self._driver.step("phrase"):
            self._driver.press("F7")
            self._driver.wait(recommendation.hasFocus, 5, "the recommendation")
            self._driver.press("Alt+A")
            self._driver.type(PHRASE)
            self._driver.press("Return")
            self._driver.wait(lambda: bool(recommendation.toPlainText()) and recommendation.is_saved, 20, "the phrase")
            self._driver.press("Alt+Y")
            self._driver.settle(200)

    def _dictate(self) -> None:
        panel = self._window.report_panel
        findings = panel.editor(SectionCode.FINDINGS)
        if panel.dictation.desk.check() is not None:
            self._type_findings()
            return
        with self._driver.step("dictate"), as_file(files("resources") / "demonstration" / "dictation.flac") as recording:
            panel.dictation.desk.use_source(lambda _: WavSource(Path(recording), paced=False, lead=0.3, tail=1.0))
            before = findings.toPlainText()
            if not findings.hasFocus():
                self._driver.press("F3")
            self._driver.press("F4")
            self._driver.wait(lambda: findings.toPlainText() != before, 180, "dictated text")
            self._driver.wait(lambda: not panel.dictation.desk.is_busy and findings.is_saved, 120, "the end of the dictation")

    def _type_findings(self) -> None:
        """Without a speech model typing must do."""
        with self._driver.step("dictate"):
            self._driver.note("no speech model: typed instead")
            self._driver.press("F3")
            self._driver.type(OTHER_IMPRESSION)
            self._driver.wait(lambda: self._window.report_panel.editor(SectionCode.FINDINGS).is_saved, 10, "the text on disk")

    def _type(self) -> None:
        impression = self._window.report_panel.editor(SectionCode.IMPRESSION)
        with self._driver.step("type"):
            self._driver.press("F7")
            self._driver.wait(impression.hasFocus, 5, "the impression")
            if impression.toPlainText():
                self._driver.press("Shift+Tab")  # the template's own field is written over
            self._driver.type(IMPRESSION if self._material.nodule is not None else OTHER_IMPRESSION)
            self._driver.press("Ctrl+H")
            self._driver.wait(lambda: impression.is_saved, 10, "the typed text on disk")

    def _sign(self) -> None:
        desk = self._core.session.desk
        with self._driver.step("sign"):
            self._driver.press("Ctrl+Return")
            self._driver.wait(lambda: desk.delivery is not None or self._has_remarks(), 30, "the signature")
            if desk.delivery is None:
                # Seen, and signed as it is: what the tour writes fits no study in particular.
                self._driver.press("Ctrl+Return")
                self._driver.wait(lambda: desk.delivery is not None, 30, "the signature")
            self._delivery = self._delivery or desk.delivery

    def _has_remarks(self) -> bool:
        look = self._core.session.second_look
        return look is not None and bool(look.remarks)

    def _deliver(self) -> None:
        with self._driver.step("deliver"):
            self._driver.wait(lambda: self._state() is not DeliveryState.QUEUED, 60, "the delivery to leave")
        with self._driver.step("confirm"):
            self._driver.wait(lambda: self._state() is DeliveryState.CONFIRMED, 60, "the confirmation")

    # ---- what happens ----------------------------------------------------------------

    def _go_to(self, place: int) -> None:
        """By keys, as one would: tens first."""
        steps = place - self._eyes.place
        self._driver.press("Shift+Down" if steps > 0 else "Shift+Up", abs(steps) // 10)
        self._driver.press("Down" if steps > 0 else "Up", abs(steps) % 10)

    def _moved(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def _state(self) -> DeliveryState | None:
        return self._delivery.state if self._delivery else None

    def _has_order(self) -> bool:
        uid = self._study.study_instance_uid if self._study else ""
        return bool(self._listed.ready([uid]))

    def _has_row(self) -> bool:
        """The row is chosen; in a list that is longer than what is at hand it is looked for by its accession number."""
        assert self._study is not None
        if self._window.worklist.select_study(self._study.study_instance_uid):
            return True
        lists, listed = self._core.session.lists, self._listed.ready([self._study.study_instance_uid])
        if lists is not None and listed:
            lists.narrow(lists.wanted.with_text(listed[0].accession_number))
        return False
