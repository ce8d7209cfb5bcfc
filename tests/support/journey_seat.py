"""One reader at the real window, with a real worker, recogniser and RIS; and the case that waits for a report."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from received import CT, dataset, save

import main
from workstation.domain.order import Priority
from workstation.domain.patient import Patient, PatientKey
from workstation.jobs import Jobs
from workstation.ris.embedded import EmbeddedRis
from workstation.settings import Folders

STUDY = "1.2.826.0.1.1.1"
PATIENT = Patient(PatientKey("P1", "HERE"), "Test^One", "19500102", "F")
REASON = "Former smoker. Nodule on a radiograph."
SECONDS = 60.0


class Seat:
    """One reader at one window. `start` and `close` as often as the journey asks."""

    def __init__(self, home: Path, ris: EmbeddedRis) -> None:
        self.ris = ris
        self.folders = Folders(home / "data", home / "config", home / "cache")
        self.folders.make()
        (self.folders.config / "settings.toml").write_text("undo_seconds = 1\n")
        self.pictures = home / "pictures"
        self.window: Any = None

    def start(self) -> None:
        from ui import app
        from ui.driver import Driver
        from ui.main_window import MainWindow

        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        app.application([])
        poster = app.MainPoster()
        self.core = main.open_core(lambda: Jobs(poster.post), self.ris.base_url, self.folders)
        self.core.session.signer = "Dr Signe Läkare"
        self.said: list[str] = []
        self.core.session.notice.connect(lambda notice: self.said.append(notice.text))
        self.window = MainWindow(self.core)
        self.window.resize(1366, 768)
        self.window.show()
        self.driver = Driver(self.window, self.pictures)

    def close(self) -> None:
        self.window.leaving.agree()
        self.window.close()
        self.core.close()
        self.window.deleteLater()
        self.window = None

    @property
    def panel(self) -> Any:
        return self.window.report_panel

    def item(self) -> Any:
        return next((item for item in self.core.session.items if item.study_instance_uid == STUDY), None)

    def look_at_spoken_words(self) -> None:
        """Numbers, sides and negations that came by voice stand out until somebody says that they were looked at."""
        spoken = self.core.session.spoken
        self.wait(lambda: bool(spoken.unseen), "marks on what was said")
        self.driver.press("Alt+Return")
        self.wait(lambda: not spoken.unseen, "the marks to go")

    def wait(self, until: Any, what: str) -> None:
        self.driver.wait(until, SECONDS, what)


def place_order(seat: Seat, inbox: Path) -> None:
    """A chest CT of five images in `inbox`, and the order for its report in the RIS."""
    inbox.mkdir()
    rows, columns = np.mgrid[:64, :64]
    for number in range(5):
        made = dataset(
            (rows * 20 + columns + 100 * number).astype(np.uint16), sop_class=CT, Modality="CT", InstanceNumber=number + 1,
            SOPInstanceUID=f"1.2.826.0.1.1.3.{number}", FrameOfReferenceUID="1.2.826.0.1.1.9", StudyDate="20261122",
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[5, 5], ImagePositionPatient=[-160, -160, 5 * number],
            SliceThickness=5, RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU", AccessionNumber="A-77",
            IssuerOfPatientID="HERE", BodyPartExamined="CHEST", PatientBirthDate="19500102", PatientSex="F",
        )  # fmt: skip
        made.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.1.3.{number}"
        save(made, inbox / f"{number}.dcm")
    seat.ris.place_order(PATIENT, "CT chest", STUDY, "A-77", Priority.URGENT, reason=REASON)


def reports_in(ris: EmbeddedRis) -> list[dict[str, Any]]:
    """Every DiagnosticReport that the server holds, asked past our own driver."""
    with urllib.request.urlopen(f"{ris.base_url}/DiagnosticReport") as reply:
        return [entry["resource"] for entry in json.load(reply).get("entry", [])]
