"""The archives page and the set-up dialog, on the real directory with archives that say what a test wants."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from ui.archives.results_model import COLUMNS
from ui.archives.search_form import SearchForm, name_key
from ui.archives.setup_dialog import ArchivesDialog
from ui.archives.transfers_pane import count_words
from workstation.archives.directory import ArchiveDirectory
from workstation.archives.prefetch_state import Phase, PrefetchState
from workstation.domain.archive import Archive, ArchiveKind, FoundStudy, RetrieveProgress, StudyQuery, TestStep, Tls
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import Unavailable
from workstation.jobs import Job
from workstation.signals import Signal

pytestmark = pytest.mark.qt

HERE = PatientKey("ID-1")
LOCAL = Archive("local", ArchiveKind.DICOMWEB, "Own archive", url="http://127.0.0.1:1/dicom-web", is_local=True)
OTHER = Archive("other", ArchiveKind.DIMSE, "The other hospital", host="127.0.0.1", port=104, called_ae="PRIORS")


class NoSecrets:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, archive: str) -> str:
        return self.kept.get(archive, "")

    def set(self, archive: str, secret: str) -> None:
        self.kept[archive] = secret

    def forget(self, archive: str) -> None:
        self.kept.pop(archive, None)


class Scripted:
    """An archive that answers from a list, or does not answer."""

    def __init__(self, archive: Archive, answers: dict) -> None:
        self.archive, self.answers, self.asked = archive, answers, []

    def find_studies(self, query: StudyQuery, cancelled=None) -> tuple[FoundStudy, ...]:
        self.asked.append(query)
        answer = self.answers.get(self.archive.name, ())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def test(self) -> tuple[TestStep, ...]:
        return (TestStep("Name", True), TestStep("Certificate", False, "The certificate expired on 2026-01-01"))

    def close(self) -> None: ...


class FakeRetrievals:
    """Keeps what was asked for; a test says how far it is."""

    def __init__(self) -> None:
        self.progressed: Signal[RetrieveProgress] = Signal()
        self.asked: list[tuple[str, str]] = []

    def fetch_soon(self, study: FoundStudy, archive: str = "") -> Job:
        self.asked.append((study.study_instance_uid, archive))
        return Job()

    def progress_of(self, study_instance_uid: str) -> tuple[RetrieveProgress, ...]:
        return ()


def found(uid: str, archive: str, day: str = "20250101", name: str = "ÅS^PER", count: int | None = 12) -> FoundStudy:
    return FoundStudy(archive, uid, Patient(HERE, name, "19500102", "M"), "A1", day, "", "CT thorax", ("CT",), (), 2, count)


@pytest.fixture
def answers() -> dict:
    return {}


@pytest.fixture
def seat(seat, tmp_path, answers):
    connections: dict[str, Scripted] = {}

    def connect(archive: Archive, _: str) -> Scripted:
        return connections.setdefault(archive.name, Scripted(archive, answers))

    seat.connections = connections
    seat.secrets = NoSecrets()
    seat.archives = ArchiveDirectory(tmp_path / "config", seat.secrets, connect)
    seat.archives.add(OTHER)
    seat.archives.add(LOCAL)
    seat.retrievals = FakeRetrievals()
    seat.cache.image_counts = dict
    return seat


@pytest.fixture
def page(window):
    window.runner.run("archives.find")
    assert window.archives.isVisible()
    return window.archives


def cell(page, row: int, title: str) -> str:
    column = [c.title for c in COLUMNS].index(title)
    return page.model.index(row, column).data()


def search(page, patient_id: str = "ID-1") -> None:
    page.form.patient_id.setText(patient_id)
    QTest.keyClick(page.form.patient_id, Qt.Key.Key_Return)


def problems(page) -> str:
    return page._problems.text() if page._problems.isVisible() else ""


def test_return_asks_every_archive_and_one_study_is_one_row_with_its_places(page, answers):
    answers["local"] = (found("1.5", "local"), found("1.6", "local", "20260101"))
    answers["other"] = (found("1.5", "other"),)
    search(page)
    assert [row.study.study_instance_uid for row in page.model.rows] == ["1.6", "1.5"]
    assert cell(page, 1, "Archive") == "Own archive, The other hospital"
    assert cell(page, 1, "Patient") == "ÅS, PER"
    assert cell(page, 0, "Study date") == "2026-01-01"
    assert page.table.hasFocus()


def test_an_archive_that_does_not_answer_is_named_beside_what_the_others_say(page, answers):
    answers["local"] = (found("1.5", "local"),)
    answers["other"] = Unavailable("The archive cannot be reached", "Nobody answers at its port", "Ask whether it runs")
    search(page)
    assert len(page.model.rows) == 1
    assert "The other hospital: The archive cannot be reached. Nobody answers at its port" in problems(page)


def test_nothing_found_is_not_said_of_an_archive_that_did_not_answer(page, answers):
    answers["other"] = Unavailable("The archive cannot be reached")
    search(page)
    assert page._empty.text() == "Nothing was found in the archives that answered."
    answers["other"] = ()
    search(page)
    assert page._empty.text() == "No study matches."


def test_an_unchecked_archive_is_not_asked_and_stays_unchecked(page, seat, answers):
    answers["local"] = (found("1.5", "local"),)
    page._boxes["other"].setChecked(False)
    search(page)
    assert not seat.connections["other"].asked
    page.archives_changed()
    assert [name for name, box in page._boxes.items() if box.isChecked()] == ["local"]


def test_an_empty_question_and_a_bad_date_are_told_and_not_sent(page, seat):
    search(page, "")
    assert "at least one field" in problems(page)
    page.form.born.setText("31/12/1950")
    search(page)
    assert "not a date" in problems(page)
    assert not any(connection.asked for connection in seat.connections.values())


def test_return_on_a_row_fetches_it_and_its_count_is_only_complete_with_proof(page, seat, answers):
    answers["other"] = (found("1.5", "other", count=402),)
    search(page)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert seat.retrievals.asked == [("1.5", "other")]
    seat.retrievals.progressed.emit(RetrieveProgress("other", "1.5", 137, 402, 61_000_000))
    assert cell(page, 0, "Here") == "137 of 402"
    assert page.transfers.isVisible()
    seat.retrievals.progressed.emit(RetrieveProgress("other", "1.5", 402, 402, 180_000_000))
    assert cell(page, 0, "Here") == "402 of 402"
    seat.retrievals.progressed.emit(RetrieveProgress("other", "1.5", 402, 402, 180_000_000, is_proven=True))
    assert cell(page, 0, "Here") == "402, complete"


def test_a_fetch_can_be_stopped_and_gone_on_with(page, seat, answers):
    answers["other"] = (found("1.5", "other"),)
    search(page)
    page.fetch_chosen()
    job = page.transfers.transfers["1.5"].job
    row = page.transfers._rows["1.5"]
    row._stop.click()
    assert job.cancel()
    assert row._again.isVisible()
    row._again.click()
    assert seat.retrievals.asked == [("1.5", "other")] * 2


def test_what_went_wrong_stands_beside_the_fetch(page, seat, answers):
    answers["other"] = (found("1.5", "other"),)
    search(page)
    page.fetch_chosen()
    seat.retrievals.progressed.emit(RetrieveProgress("other", "1.5", 137, 402, problem="The link broke: 265 images are missing"))
    assert page.transfers._rows["1.5"]._problem.text() == "The link broke: 265 images are missing"
    assert page.transfers._rows["1.5"]._again.isVisible()


def test_a_study_that_is_here_is_read_from_the_page(page, window, seat, answers):
    answers["local"] = (found("1.1", "local"),)
    search(page)
    page.read("1.1")
    assert seat.session.case.study.study_instance_uid == "1.1"
    assert window.reading.isVisible()


def test_text_from_an_archive_is_shown_literally(page, answers):
    answers["local"] = (found("1.5", "local", name="<b>FET</b>^A\u202eB"),)
    search(page)
    assert cell(page, 0, "Patient") == "<b>FET</b>, A‹202E›B"


def test_the_row_of_an_order_without_images_gives_its_patient_to_the_search(window, seat):
    seat.add_case(4, study_instance_uid="", image_count=0)
    row = next(r for r in range(window.worklist.model.rowCount()) if window.worklist.model.index(r, 3).data() == "ID-4")
    window.worklist.table.selectRow(row)
    window.runner.run("archives.find")
    assert window.archives.form.patient_id.text() == "ID-4"


def test_esc_goes_back_to_the_worklist(page, window):
    window.focus_images()
    assert window.worklist.isVisible()


# ---- what is asked ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "key"),
    [("ås", "ås*"), ("ås, per", "ås*^per*"), ("ås per", "ås*^per*"), ("ås*", "ås*"), ("Ås^Per", "Ås*^Per*"), ("  ", "")],
)
def test_a_name_is_asked_for_by_its_beginnings(typed, key):
    assert name_key(typed) == key


def test_the_fields_become_matching_keys(qapp):
    form = SearchForm()
    form.born.setText("1950-01-31")
    form.modality.setCurrentText("CT")
    form.span.setCurrentText("Last 7 days")
    form.description.setText("thorax")
    query = form.query(date(2026, 11, 22))
    assert query == StudyQuery(birth_date="19500131", modalities=("CT",), date_from="20261115", description="*thorax*")
    assert form.clear()
    assert not form.clear()


def test_a_count_without_a_list_is_no_count():
    assert count_words(None) == "asking for the list of images"
    assert count_words(RetrieveProgress("a", "1", 3, None)) == "asking for the list of images"


# ---- setting up ------------------------------------------------------------------------


@pytest.fixture
def dialog(seat, qtbot):
    made = ArchivesDialog(seat)
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_fields_of_each_kind_give_back_the_archive_they_were_given(dialog):
    full = (
        Archive("a", ArchiveKind.DIMSE, "A", "pacs.example", 11112, "PACS", "ME", worklist=True, tls=Tls("/ca.pem")),
        Archive("b", ArchiveKind.DICOMWEB, "B", url="https://pacs.example/dicom-web", user="reader", kilobits=20_000, issuer="X"),
        Archive("c", ArchiveKind.FOLDER, "C", folder="/media/disc", tenant="North", is_prior_source=False),
        Archive("d", ArchiveKind.DICOMWEB, url="https://pacs.example/w", tls=Tls("/ca.pem"), can_store=True, is_local=True),
    )
    for archive in full:
        dialog.form.show_archive(archive)
        assert dialog.form.archive() == archive


def test_a_new_archive_is_saved_with_its_password_in_the_keyring(dialog, seat):
    dialog.list.setCurrentRow(-1)
    dialog.form.name.setText("third")
    dialog.form.url.setText("https://third.example/dicom-web")
    dialog.form.user.setText("reader")
    dialog.form.secret.setText("s3cret")
    dialog.save.click()
    assert [archive.name for archive in seat.archives.archives] == ["local", "other", "third"]
    assert seat.secrets.kept == {"third": "s3cret"}
    assert dialog.form.secret.text() == ""


def test_what_is_wrong_with_a_field_is_said_and_nothing_is_kept(dialog, seat):
    dialog.list.setCurrentRow(-1)
    dialog.form.name.setText("third")
    dialog.form.url.setText("http://pacs.example/dicom-web")
    dialog.save.click()
    assert "https:// is needed" in dialog.problem.text()
    assert len(seat.archives.archives) == 2


def test_a_connection_test_says_each_step_in_words(dialog):
    dialog.test.click()
    words = [dialog.steps.itemAt(i).widget().text() for i in range(dialog.steps.count())]
    assert words == ["✓  Name", "✗  Certificate: The certificate expired on 2026-01-01"]
    assert all(isinstance(dialog.steps.itemAt(i).widget(), QLabel) for i in range(dialog.steps.count()))


def test_only_what_is_saved_can_be_tested(dialog):
    assert dialog.test.isEnabled()
    QTest.keyClicks(dialog.form.title, "x")
    assert not dialog.test.isEnabled()
    assert dialog.save.isEnabled()


# ---- fetching ahead --------------------------------------------------------------------


def test_the_status_line_says_what_is_fetched_ahead_and_why_not(window, seat):
    badge = window.status_line.prefetch
    assert not badge.isVisible()
    for state, words in (
        (PrefetchState(Phase.FETCHING, received=137, expected=402, left=3), "Fetching ahead · 137 of 402 · 3 studies left"),
        (PrefetchState(Phase.WAITING, "The reader comes first"), "Fetching ahead waits while you read"),
        (PrefetchState(Phase.PAUSED), "Fetching ahead is paused"),
        (PrefetchState(Phase.STOPPED, "The disk is full"), "Fetching ahead stopped: The disk is full"),
        (PrefetchState(Phase.IDLE, problems=("The other hospital: not reached",)), "Fetching ahead: 1 not reached"),
        (PrefetchState(Phase.IDLE), "Fetched ahead"),
    ):
        seat.prefetch_changed.emit(state)
        assert badge.text() == words
        assert badge.isVisible()
    assert "Click to pause" in badge.toolTip()


def test_a_click_pauses_fetching_ahead_and_another_lets_it_go_on(window, seat):
    done = []
    seat.prefetcher = SimpleNamespace(is_paused=False, pause=lambda: done.append("pause"), resume=lambda: done.append("resume"))
    seat.prefetch_changed.emit(PrefetchState(Phase.IDLE))
    window.status_line.prefetch.click()
    seat.prefetcher.is_paused = True
    window.status_line.prefetch.click()
    assert done == ["pause", "resume"]
