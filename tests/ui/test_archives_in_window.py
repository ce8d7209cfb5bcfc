"""The archives in the real window, by keyboard alone: a real Orthanc (DICOMweb), a real dcmqrscp (DIMSE), real processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from real_archives import PASSWORD, USER, RealArchive, dcmqrscp, orthanc, study

import main
from ui import app
from ui.archives.results_model import COLUMNS
from ui.archives.send_dialog import SendDialog
from ui.driver import Driver
from ui.tour_eyes import Eyes
from workstation.domain.archive import Archive, ArchiveKind
from workstation.domain.order import Order, ReadStatus
from workstation.domain.patient import Patient, PatientKey
from workstation.jobs import Jobs
from workstation.settings import Folders

pytestmark = pytest.mark.qt

CURRENT, PRIOR, ORDERED = "1.2.826.0.1.3680043.10.1", "1.2.826.0.1.3680043.10.2", "1.2.826.0.1.3680043.10.3"
WHO = {"name": "Åsbø^Siri Gøril", "PatientID": "ÅØ 120345"}
OTHER = {"name": "Åsbø^Lærke", "PatientID": "19 999", "AccessionNumber": "A3", "StudyDate": "20251212"}
IMAGES = 40


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealArchive]:
    with orthanc(tmp_path_factory.mktemp("home"), web=True) as archive:
        folder = tmp_path_factory.mktemp("files")
        archive.store(study(folder / "current", images=IMAGES, uid=CURRENT, size=64, **WHO))
        yield archive


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealArchive]:
    with dcmqrscp(tmp_path_factory.mktemp("other")) as archive:
        folder = tmp_path_factory.mktemp("files")
        archive.store(study(folder / "prior", images=3, uid=PRIOR, StudyDate="20240101", size=64, **WHO))
        archive.store(study(folder / "ordered", images=4, uid=ORDERED, size=64, **OTHER))
        yield archive


@pytest.fixture(scope="module")
def poster() -> app.MainPoster:
    """Outlives every core: garbage is collected in any thread, and Qt's objects must die on their own."""
    app.application([])
    return app.MainPoster()


@pytest.fixture
def seat(tmp_path: Path, home: RealArchive, other: RealArchive, poster: app.MainPoster) -> Iterator[SimpleNamespace]:
    from ui.main_window import MainWindow

    qt = app.application([])
    core = main.open_core(lambda: Jobs(poster.post), "", Folders(tmp_path / "data", tmp_path / "config", tmp_path / "cache"))
    assert home.web is not None
    own = Archive(
        "own", ArchiveKind.DICOMWEB, "Own archive", url=home.web.url, user=USER, is_local=True, can_store=True, timeout_seconds=10
    )
    core.archives.add(own, PASSWORD)
    core.archives.add(replace(other.archive, title="The other hospital", can_store=False))
    core.session.signer = "Dr Test"
    window = MainWindow(core)
    window.resize(1600, 1000)
    window.show()
    driver = Driver(window, tmp_path / "pictures")
    yield SimpleNamespace(core=core, window=window, driver=driver, eyes=Eyes(window, core), files=tmp_path / "late")
    window.leaving.agree()
    window.close()
    core.close()
    window.deleteLater()
    qt.processEvents()


def cell(window, row: int, title: str) -> str:
    return window.archives.model.index(row, [c.title for c in COLUMNS].index(title)).data()


def search_by_name(seat, name: str, rows: int) -> None:
    """Ctrl+F, Tab to the name, type, Return."""
    seat.driver.press("Ctrl+F")
    seat.driver.press("Tab")
    assert seat.window.archives.form.name.hasFocus()
    seat.driver.type(name)
    seat.driver.press("Return")
    seat.driver.wait(lambda: len(seat.window.archives.model.rows) == rows, 60, "what the archives answer")


def fetch_chosen(seat, uid: str) -> list[str]:
    """Return on the chosen row; what the count said until it was complete."""
    seen: list[str] = []
    row = next(n for n, r in enumerate(seat.window.archives.model.rows) if r.study.study_instance_uid == uid)
    seat.core.retrievals.progressed.connect(lambda _: seen.append(cell(seat.window, row, "Here")))
    seat.driver.press("Return")
    seat.driver.wait(lambda: cell(seat.window, row, "Here").endswith("complete"), 120, "the fetch")
    return list(dict.fromkeys(seen))


def images_here(seat, uid: str) -> int:
    return int(seat.core.cache.image_counts().get(uid, 0))


def test_a_reader_finds_fetches_reads_and_hears_of_a_late_image_by_keys_alone(seat, home, tmp_path):
    """F59: images that come after the case was opened are told, taken in by a key, and asked for before signing."""
    driver, window, core = seat.driver, seat.window, seat.core
    search_by_name(seat, "Åsbø*", 3)
    found = {(cell(window, n, "Patient"), cell(window, n, "Archive")) for n in range(3)}
    assert found == {
        ("Åsbø, Siri Gøril", "Own archive"),
        ("Åsbø, Siri Gøril", "The other hospital"),
        ("Åsbø, Lærke", "The other hospital"),
    }
    assert window.archives.table.hasFocus()

    said = fetch_chosen(seat, CURRENT)
    assert said[-1] == f"{IMAGES}, complete"
    assert any(words.endswith(f" of {IMAGES}") for words in said[:-1])
    driver.wait(lambda: any(i.study_instance_uid == CURRENT for i in core.session.items), 10, "the row on the worklist")

    driver.press("Return")
    driver.wait(lambda: core.session.case is not None, 60, "the case")
    driver.wait(seat.eyes.all_painted, 60, "the images")
    first = window.grid.widget(0)
    driver.wait(lambda: first.painted is not None and not first.painted.picture.partial, 60, "the whole picture")
    assert first.painted.picture.pixels.std() > 5

    late = study(seat.files, images=IMAGES + 1, uid=CURRENT, size=64, **WHO)[-1:]
    home.store(late)
    window._late.timeout.emit()
    driver.wait(lambda: "1 new image has come" in window.banner.text, 60, "the late image")
    assert images_here(seat, CURRENT) == IMAGES + 1

    driver.press("F3")
    driver.type("Ingen endring på høyre side.")
    driver.press("Ctrl+Return")
    driver.wait(lambda: "sign again to sign without them" in window.banner.text, 10, "the question before signing")
    assert core.session.desk.delivery is None

    driver.press("Ctrl+I")
    assert core.session.growth is None
    assert sum(s.image_count for s in core.session.case.study.series) == IMAGES + 1
    driver.wait(seat.eyes.all_painted, 60, "the images with the late one")


def test_the_prior_of_the_other_hospital_comes_to_the_open_case(seat):
    driver, window, core = seat.driver, seat.window, seat.core
    search_by_name(seat, "Åsbø*", 3)
    fetch_chosen(seat, CURRENT)
    driver.press("Return")
    driver.wait(lambda: core.session.case is not None, 60, "the case")
    driver.press("Ctrl+F")
    driver.press("Tab")
    driver.press("Ctrl+A")
    driver.type("Åsbø, S")
    driver.press("Return")
    driver.wait(lambda: len(window.archives.model.rows) == 2, 60, "one patient's studies")
    driver.press("Down")
    assert fetch_chosen(seat, PRIOR)[-1] == "3, complete"
    driver.wait(lambda: "1 new prior has come" in window.banner.text, 30, "the prior")
    driver.press("Ctrl+I")
    assert [p.study_instance_uid for p in core.session.case.priors] == [PRIOR]


def test_return_on_an_order_without_images_looks_for_them_and_a_fetch_leaves_the_chosen_row(seat, tmp_path):
    driver, window, core = seat.driver, seat.window, seat.core
    core.cache.add(study(tmp_path / "own", images=2, uid="1.2.826.0.1.3680043.10.7", PatientID="7", name="Zz^Own"))
    patient = Patient(PatientKey("19 999"), "Åsbø^Lærke", "19500101", "F")
    core.orders.replace((Order("o3", "A3", patient, "CT thorax", study_instance_uid=ORDERED),))
    core.session.refresh_worklist()
    driver.wait(lambda: window.worklist.arrivals.can_fetch, 30, "the archives")
    driver.wait(lambda: window.worklist.model.rowCount() == 2, 30, "the order on the worklist")
    rows = [window.worklist.model.index(r, 6).data() for r in range(2)]
    assert sorted(rows) == ["2", "Fetch…"]
    driver.press("F2")
    driver.press("Down" if rows[0] == "2" else "Up")
    driver.press("Return")
    driver.wait(lambda: window.archives is not None and len(window.archives.model.rows) == 1, 60, "the order's study")
    assert cell(window, 0, "Accession") == "A3"
    fetch_chosen(seat, ORDERED)
    driver.press("F2")
    driver.wait(lambda: {i.image_count for i in core.session.items} == {2, 4}, 10, "its images on the worklist")
    assert window.worklist.selected().study_instance_uid == ORDERED
    assert all(i.status is ReadStatus.UNREAD for i in core.session.items)


def test_a_study_is_sent_to_the_archive_that_proves_it(seat, home, tmp_path):
    driver, window, core = seat.driver, seat.window, seat.core
    own = "1.2.826.0.1.3680043.10.8"
    core.cache.add(study(tmp_path / "own", images=3, uid=own, PatientID="8", name="Øst^Sent"))
    core.session.refresh_worklist()
    driver.wait(lambda: window.worklist.selected() is not None, 30, "the row")
    driver.press("Ctrl+K")
    driver.type("send to")
    driver.press("Return")
    driver.wait(lambda: window.findChild(SendDialog) is not None and window.findChild(SendDialog).list.hasFocus(), 5, "where to")
    driver.press("Return")
    driver.wait(lambda: core.may_be_sending and len(core.sender.rows()) == 3, 30, "the queue")
    driver.wait(lambda: not core.sender.open_rows(), 60, "the proof")
    driver.wait(lambda: not window.status_line.sending.isVisible(), 30, "the badge to go")
    held = home.rest("/tools/lookup", own.encode())
    assert [entry["Type"] for entry in held] == ["Study"]
