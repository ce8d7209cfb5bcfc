"""`demo`: the window on our own phantoms with a FHIR RIS on loopback. What `make run` starts."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication, QProgressDialog

from ui import app, start, virtual_screen
from ui.demonstration import SIGNER, Home, current_studies, leave_elsewhere, phantoms, place_orders
from ui.doorbell import only_window
from ui.driver import Driver
from ui.listed import Listed
from ui.main_window import MainWindow
from workstation.archives.prefetch_state import Phase
from workstation.domain.viewing import Plane
from workstation.errors import Unavailable, WorkstationError
from workstation.jobs import Jobs
from workstation.ris.embedded import EmbeddedRis
from workstation.settings import Folders
from workstation.worklist import reading_order

if TYPE_CHECKING:
    from ui.seat import Seat

SIZE = (1920, 1200)
TICK_MS = 100
PRIOR_SECONDS = 60


def run(open_core: Callable[..., Seat], pictures: Path, as_json: bool) -> int:
    """Prepare what is missing, open the window, stay until it is closed (or take pictures when nobody can see it)."""
    with virtual_screen.screen() as unseen:
        qt = app.application([])
        base = Folders.default().data / "demonstration"
        with only_window(base):
            home = Home.below(base)
            with EmbeddedRis(home.ris) as ris:
                taken = _open(qt, home, open_core, ris, pictures if unseen else None)
    if as_json:
        print(json.dumps({"pictures": taken}, indent=1))
    elif unseen:
        print(f"There is no display, so the window ran on a virtual one. Pictures of it lie in {pictures}:")
        print("\n".join(f"  {pictures / name}" for name in taken))
    return 0


def _open(qt: QApplication, home: Home, open_core: Callable[..., Seat], ris: EmbeddedRis, pictures: Path | None) -> list[str]:
    """Prepare and open the window until it is closed; with `pictures`, take them there instead. Returns their names."""
    poster = app.MainPoster()
    core = open_core(lambda: Jobs(poster.post), ris.base_url, home.folders)
    try:
        start.open_stores(core, seen=pictures is None and start.is_seen())
        _wait_for(qt, Preparation(home, core, ris), pictures is not None)
        window = app.open_window(core)
        core.session.signer = core.session.signer or SIGNER
        if pictures is not None:
            return _pictures(core, window, pictures)
        core.warm_up()
        qt.exec()
        return []
    finally:
        core.close()


class Preparation(threading.Thread):
    """Write the phantoms, import them, place their orders: whatever is not there yet."""

    def __init__(self, home: Home, core: Seat, ris: EmbeddedRis) -> None:
        super().__init__(name="preparation")
        self._home, self._core, self._ris = home, core, ris
        self.words = ""
        self.share = 0.0
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            folders = phantoms(self._home, None, self._tell("Making the demonstration studies", 0.0, 0.7))
            self._core.cache.add(leave_elsewhere(self._core.archives, folders), self._tell("Importing them", 0.7, 0.28))
            self.words, self.share = "Placing orders in the demonstration RIS", 0.98
            place_orders(self._ris, current_studies(self._core.cache.studies()))
        except Exception as error:
            self.error = error

    def _tell(self, words: str, start: float, width: float) -> Callable[[int, int, str], None]:
        def progress(done: int, total: int, what: str) -> None:
            self.words = f"{words}: {what}" if what else words
            self.share = start + width * (done / total if total else 0.0)

        return progress


def _wait_for(qt: QApplication, work: Preparation, unseen: bool) -> None:
    """Show how far it is. Raises what went wrong."""
    dialog = QProgressDialog()
    dialog.setWindowTitle("Lyskasse")
    dialog.setMinimumWidth(520)
    dialog.setCancelButton(None)
    dialog.setRange(0, 100)
    dialog.setMinimumDuration(500)
    said = ""

    def tick() -> None:
        nonlocal said
        dialog.setLabelText(work.words)
        dialog.setValue(min(99, round(work.share * 100)))
        headline = work.words.split(":")[0]
        if unseen and headline != said:
            said = headline
            print(f"{said} …", file=sys.stderr, flush=True)
        if not work.is_alive():
            qt.exit(0)

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(TICK_MS)
    work.start()
    qt.exec()
    timer.stop()
    work.join()
    dialog.close()
    dialog.deleteLater()
    if work.error is not None:
        if isinstance(work.error, WorkstationError):
            raise work.error
        raise Unavailable("The demonstration could not be prepared", type(work.error).__name__) from work.error


def _pictures(core: Seat, window: MainWindow, folder: Path) -> list[str]:
    """The worklist, each case as it hangs, and the chest CT in three planes."""
    window.resize(*SIZE)
    driver = Driver(window, folder)
    listed, uids = Listed(core), [study.study_instance_uid for study in current_studies(core.cache.studies())]
    driver.wait(lambda: bool(listed.ready(uids)), 60, "the worklist")
    # Fetched ahead from the other hospital. Without it the first case hangs alone: worth no more than a wait.
    with contextlib.suppress(Unavailable):
        driver.wait(lambda: _has_come(core), PRIOR_SECONDS, "the prior of the other hospital")
        driver.wait(lambda: len(listed.ready(uids)) == len(uids), PRIOR_SECONDS, "every order")
    taken = [driver.picture("worklist.png")]
    for number, item in enumerate(reading_order(listed.ready(uids))):
        core.session.open(item)
        driver.wait(partial(_is_open, core, item.study_instance_uid), 60, "a case")
        driver.wait(partial(_is_whole, core), 300, "its images")
        _go_to_the_middle(core)
        taken.append(driver.picture(f"case-{number + 1}-{_file_word(item.modality)}.png"))
        if number == 0:
            window.focus_images()
            driver.press("Alt+6")
            driver.settle(500)
            taken.append(driver.picture("three-planes.png"))
    QCoreApplication.processEvents()
    return taken


def _has_come(core: Seat) -> bool:
    """Whether nothing is on its way any more, or no archive has anything."""
    return not core.archives.archives or core.prefetcher.state.phase is Phase.IDLE


def _go_to_the_middle(core: Seat) -> None:
    """Where there is most to see: stacks open on their first image, as readers begin there."""
    viewing = core.session.viewing
    for index, cell in enumerate(viewing.cells):
        viewport = core.library.viewport(cell.state.study_uid, cell.state.series_uid) if cell.state else None
        if viewport is not None and cell.state is not None and cell.state.plane is Plane.STACK:
            viewing.change(index, position=viewport.slice_count(cell.state) // 2)


def _is_open(core: Seat, study_uid: str) -> bool:
    return core.session.case is not None and core.session.case.study.study_instance_uid == study_uid


def _is_whole(core: Seat) -> bool:
    progress = [core.library.progress(c.state.series_uid) for c in core.session.viewing.cells if c.state]
    return bool(progress) and all(done == total for done, total in progress)


def _file_word(modality: str) -> str:
    """`CT/PT` as `ct-pt`: only letters and hyphens in a file's name."""
    return "-".join("".join(c for c in part if c.isalnum()) for part in modality.lower().split("/")) or "case"
