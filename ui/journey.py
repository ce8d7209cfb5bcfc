"""`tour --keys-only`: ten cases one after the other without a mouse, and what each costs in keys and seconds."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dictation.audio import WavSource
from rendering.phantoms import ROLES, PhantomStudy, write_demonstration
from ui import app, virtual_screen
from ui.demonstration import ELSEWHERE, SIGNER, Home, place_orders
from ui.driver import Driver
from ui.listed import Listed
from ui.main_window import MainWindow
from ui.tour_eyes import Eyes
from workstation.domain.delivery import DeliveryState
from workstation.domain.report import SectionCode
from workstation.errors import WorkstationError
from workstation.jobs import Jobs
from workstation.ris.embedded import EmbeddedRis

if TYPE_CHECKING:
    from ui.seat import Seat

SIZE = (1920, 1200)
CASES = 10
# The same patients a year before: priors for some, and three more examinations that nobody has read.
READ = tuple(role for role in ROLES if role != "angio")
"""The cases of the journey, which its figures of every day are told of."""
YEAR_BEFORE, EARLIER, EARLIER_SEED = date(2025, 11, 22), ("hand", "mr-head", "us"), 8
MOST_STAGES = 3
FINDINGS = "Written by the tour to show the way of a report. Not a reading of these images."
IMPRESSION = "No change since the earlier examination."

OpenCore = Callable[..., "Seat"]


@dataclass(frozen=True, slots=True)
class CaseCost:
    """What one case took. `opened` is the part until every viewport was painted; `typed` of the keys were text.

    `priors` are the earlier studies that can be compared, `compared` whether one of them hung beside.
    """

    modality: str
    seconds: float
    opened: float
    keys: int
    typed: int
    stages: int
    priors: int
    compared: bool
    measured: str
    dictated: bool
    screenshot: str


def run(open_core: OpenCore, out: Path, size: Literal["full", "small"] = "full", cases: int = CASES) -> dict[str, Any]:
    """Read `cases` of our own studies by keys alone. Returns what journey.json in `out` holds."""
    out.mkdir(parents=True, exist_ok=True)
    if not virtual_screen.has_screen():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="lyskasse-journey-") as folder, EmbeddedRis() as ris:
        home = Home(Path(folder))
        made = [
            *write_demonstration(home.phantoms / "now", size=size, only=READ),
            *write_demonstration(home.phantoms / "before", EARLIER_SEED, EARLIER, size, today=YEAR_BEFORE),
        ]
        told = _read(open_core, home, ris, out, made, cases)
    (out / "journey.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    return told


def _read(
    open_core: OpenCore, home: Home, ris: EmbeddedRis, out: Path, studies: Sequence[PhantomStudy], cases: int
) -> dict[str, Any]:
    qt = app.application([])
    poster = app.MainPoster()
    core = open_core(lambda: Jobs(poster.post), ris.base_url, home.folders)
    core.session.signer = SIGNER
    window = MainWindow(core)
    window.resize(*SIZE)
    window.show()
    window.activateWindow()  # no window manager does so on a bare virtual display, and shortcuts need it
    journey = Journey(Driver(window, out), window, core)
    problem = ""
    try:
        journey.prepare(ris, studies)
        for number in range(1, cases + 1):
            journey.read(number)
        journey.wait_confirmed()
    except WorkstationError as error:
        problem = str(error)
        journey.driver.picture("problem.png")
    finally:
        window.leaving.agree()
        window.close()
        core.close()
        window.deleteLater()
        qt.processEvents()
    return journey.told(problem)


class Journey:
    """Reads case after case by keys; waits for what each key asked for to be seen."""

    def __init__(self, driver: Driver, window: MainWindow, core: Seat) -> None:
        self.driver = driver
        self._window = window
        self._core = core
        self._session = core.session
        self._eyes = Eyes(window, core)
        self.costs: list[CaseCost] = []
        self._typed = 0
        self._states: dict[str, DeliveryState] = {}
        core.delivery_changed.connect(lambda delivery: self._states.update({delivery.report_uuid: delivery.state}))

    def prepare(self, ris: EmbeddedRis, studies: Sequence[PhantomStudy]) -> None:
        """Bring the images in, order all but the other hospital's, and wait for the worklist and the decoded images."""
        self._window.import_paths([study.folder for study in studies])
        self.driver.wait(lambda: not self._window.is_importing, 600, "the import")
        here = {study.study_instance_uid: study for study in self._core.cache.studies()}
        to_read = [here[made.study_uid] for made in studies if made.role != ELSEWHERE]
        place_orders(ris, to_read)
        self._core.poll_orders()
        listed, uids = Listed(self._core), [study.study_instance_uid for study in to_read]
        self.driver.wait(lambda: len(listed.ready(uids)) == len(uids), 60, "the orders on the worklist")
        queue = self._core.library.queue
        self.driver.wait(lambda: queue is None or not queue.waiting, 600, "the decoded images")

    def read(self, number: int) -> None:
        """One case, from the key that opens it to its signature."""
        start, keys, self._typed = time.perf_counter(), self.driver.keys, 0
        opened = self._open()
        case = self._session.case
        assert case is not None
        priors = len(self._session.priors.steps.sequence())
        stages, compared = self._stages()
        if priors and not compared:
            self.driver.press("Shift+N")
            self.driver.wait(self._eyes.all_painted, 60, "the prior beside")
            compared = self._has_prior()
        measured = self._measure()
        dictated = self._dictate()
        self._type(SectionCode.IMPRESSION, "F7", IMPRESSION)
        shot = self.driver.picture(f"{number:02d}.png")
        self._sign()
        self.costs.append(
            CaseCost(
                "/".join(case.study.modalities),
                round(time.perf_counter() - start, 2),
                round(opened, 3),
                self.driver.keys - keys,
                self._typed,
                stages,
                priors,
                compared,
                measured,
                dictated,
                shot,
            )
        )

    def wait_confirmed(self) -> None:
        """Until each signed report was read back from the RIS."""

        def done() -> bool:
            return len(self._states) == len(self.costs) and set(self._states.values()) == {DeliveryState.CONFIRMED}

        self.driver.wait(done, 120, "the confirmations")

    def told(self, problem: str) -> dict[str, Any]:
        confirmed = sum(state is DeliveryState.CONFIRMED for state in self._states.values())
        facts: dict[str, Any] = {
            "cases": [asdict(cost) for cost in self.costs],
            "keys": self.driver.keys,
            "clicks": self.driver.clicks,
            "confirmed": confirmed,
        }
        if self.costs:
            facts["keys_per_case"] = round(sum(cost.keys - cost.typed for cost in self.costs) / len(self.costs), 1)
            facts["seconds_per_case"] = round(sum(cost.seconds for cost in self.costs) / len(self.costs), 2)
        return facts | ({"problem": problem} if problem else {})

    # ---- one case --------------------------------------------------------------------

    def _open(self) -> float:
        before, start = self._session.case, time.perf_counter()
        self.driver.press("Ctrl+N")
        self.driver.wait(lambda: self._session.case not in (None, before), 60, "the next case")
        self.driver.wait(self._eyes.all_painted, 120, "its images")
        opened = time.perf_counter() - start
        self.driver.wait(lambda: self._session.desk.report is not None, 30, "its report")
        return opened

    def _stages(self) -> tuple[int, bool]:
        """Through the first stages and back to the first one; how many there are, and whether one showed a prior."""
        arrangement = self._session.viewing.arrangement
        count = arrangement.stage_count if arrangement else 1
        steps = min(count, MOST_STAGES) - 1
        compared = self._has_prior()
        for key in ["."] * steps + [","] * steps:
            self.driver.press(key)
            self.driver.wait(self._eyes.all_painted, 60, "the stage")
            compared = compared or self._has_prior()
        return count, compared

    def _has_prior(self) -> bool:
        return any(cell.is_prior and cell.state is not None for cell in self._session.viewing.cells)

    def _measure(self) -> str:
        """A distance by keys; its value, or why it has none."""
        annotating = self._session.annotating
        before = len(annotating.all())
        self.driver.press("D")
        self.driver.press("Return")
        self.driver.press("Shift+Left", 2)
        self.driver.press("Return")
        self.driver.press("Shift+Right", 4)
        self.driver.press("Return")
        self.driver.wait(lambda: not annotating.is_unsaved, 10, "the drawing on disk")
        self.driver.press("Esc", 2)
        drawn = annotating.all()
        if len(drawn) == before:
            return f"refused: {self._window.banner.text}"
        return drawn[-1].measured.values[0].text if drawn[-1].measured.values else f"refused: {drawn[-1].measured.refused}"

    def _dictate(self) -> bool:
        """Findings from a recording; typed where there is no speech model."""
        panel = self._window.report_panel
        desk, findings = panel.dictation.desk, panel.editor(SectionCode.FINDINGS)
        if desk.check() is not None:
            self._type(SectionCode.FINDINGS, "F3", FINDINGS)
            return False
        with as_file(files("resources") / "demonstration" / "dictation.flac") as recording:
            desk.use_source(lambda _: WavSource(Path(recording), paced=False, lead=0.3, tail=1.0))
            before = findings.toPlainText()
            self.driver.press("F3")
            self.driver.press("F4")
            self.driver.wait(lambda: findings.toPlainText() != before, 180, "dictated text")
            self.driver.wait(lambda: not desk.is_busy and findings.is_saved, 120, "the end of the dictation")
        return True

    def _type(self, section: SectionCode, key: str, text: str) -> None:
        editor = self._window.report_panel.editor(section)
        self.driver.press(key)
        self.driver.wait(editor.hasFocus, 5, "the section")
        before = self.driver.keys
        self.driver.type(text)
        self._typed += self.driver.keys - before
        self.driver.wait(lambda: editor.is_saved, 10, "the typed text on disk")

    def _sign(self) -> None:
        """Remarks are looked at and the report signed as it is: what the tour writes fits no study in particular."""
        desk = self._session.desk
        self.driver.press("Ctrl+Return")
        self.driver.wait(lambda: desk.delivery is not None or self._has_remarks(), 30, "the signature")
        if desk.delivery is None:
            self.driver.press("Ctrl+Return")
            self.driver.wait(lambda: desk.delivery is not None, 30, "the signature")

    def _has_remarks(self) -> bool:
        look = self._session.second_look
        return look is not None and bool(look.remarks)
