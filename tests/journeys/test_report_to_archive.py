"""Signed reports as DICOM documents: once each, into a real Orthanc, proven there, whatever is killed on the way."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydicom
import pytest
from document_seat import TARGET, VAULT, DocumentSeat
from real_archives import RealArchive, orthanc, study
from scripted_archive import ScriptedConnection

import main
from rendering.worker import ImageWorker
from workstation.archives.config import put_archive
from workstation.core_reports import CoreReports
from workstation.domain.delivery import DeliveryState
from workstation.domain.report import ReportAction, SectionCode
from workstation.domain.report_document import SOP_CLASS, DocumentKind, document_name
from workstation.domain.sending import SendingState
from workstation.jobs import Jobs, MainQueue
from workstation.reporting.signing import SigningEvidence
from workstation.ris.embedded import EmbeddedRis
from workstation.settings import Folders, Settings

SUPPORT = Path(__file__).resolve().parents[1] / "support"
REPOSITORY = SUPPORT.parents[1]
UID = "1.2.826.0.1.3680043.10.77"


@pytest.fixture(scope="module")
def reader() -> Iterator[ImageWorker]:
    with ImageWorker(key_of=VAULT.key_of) as worker:
        yield worker


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealArchive]:
    with orthanc(tmp_path_factory.mktemp("pacs")) as archive:
        yield archive


@pytest.fixture
def opened(tmp_path: Path, reader: ImageWorker) -> Iterator[Callable[..., DocumentSeat]]:
    """The program on the same folder, as often as it is started."""
    made: list[DocumentSeat] = []

    def start(archive: Any = TARGET, connection: Any = None, wanted: str = "sr") -> DocumentSeat:
        for seat in made:
            seat.close()
        made.clear()
        made.append(DocumentSeat(tmp_path / "home", reader, archive, connection, wanted))
        return made[0]

    yield start
    for seat in made:
        seat.close()


def files(tmp_path: Path, uid: str) -> list[Path]:
    return study(tmp_path / "files", images=3, uid=uid, AccessionNumber="A7")


def held(pacs: RealArchive, sop_instance_uid: str) -> pydicom.Dataset:
    """What the archive itself gives out of that object."""
    (found,) = pacs.rest("/tools/lookup", sop_instance_uid.encode())
    request = urllib.request.Request(f"http://127.0.0.1:{pacs.http_port}{found['Path']}/file")
    request.add_header("Authorization", "Basic " + base64.b64encode(b"lyskasse:open-sesame").decode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return pydicom.dcmread(io.BytesIO(answer.read()))


def names_in(seat: DocumentSeat) -> list[str]:
    return [row.sop_instance_uid for row in seat.sender.rows()]


def test_each_version_reaches_the_archive_once_and_names_the_one_before(
    opened: Callable[..., DocumentSeat], pacs: RealArchive, tmp_path: Path
) -> None:
    uid = f"{UID}.1"
    seat = opened(pacs.archive, wanted="both")
    seat.documents.print_pdf = lambda document: b"%PDF-1.4\n" + document.report.signed_by.encode()
    seat.add_study(files(tmp_path, uid))
    first = seat.sign("Ingen lungødem. Čáhppes.")
    seat.taken(first)
    assert seat.documents.work_off() == 2
    seat.store.life.begin(first.report_uuid, ReportAction.CORRECT, "Dr Åse Läkare", "Wrong side")
    seat.taken(seat.sign("Lungødem.", ReportAction.CORRECT))
    assert seat.documents.work_off() == 2
    sent = seat.sender.send_all([row.sending_id for row in seat.sender.rows()], 60)
    assert [row.state for row in sent] == [SendingState.PROVEN] * 4, [row.reason for row in sent]
    before, after = (document_name(first.report_uuid, version, DocumentKind.TEXT) for version in (1, 2))
    text = held(pacs, before.sop_instance_uid)
    assert (text.SOPClassUID, text.StudyInstanceUID, text.AccessionNumber) == (SOP_CLASS[DocumentKind.TEXT], uid, "A7")
    assert str(text.PatientName) == "Ødegård^Åse"
    assert text.ReferencedRequestSequence[0].PlacerOrderNumberImagingServiceRequest == "P-17"
    text = held(pacs, after.sop_instance_uid)
    (replaced,) = text.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert replaced.ReferencedSOPInstanceUID == before.sop_instance_uid
    paper = held(pacs, document_name(first.report_uuid, 1, DocumentKind.PDF).sop_instance_uid)
    assert paper.EncapsulatedDocument.startswith("%PDF-1.4\nDr Åse Läkare".encode())
    # Started anew, with another printer: what went is not made again.
    seat = opened(pacs.archive, wanted="both")
    seat.documents.print_pdf = lambda _: b"%PDF-1.4\nanother"
    assert seat.documents.work_off() == 0
    assert len(names_in(seat)) == 4
    mine = {one.sop_instance_uid for series in seat.cache.study(uid).series for one in series.instances}
    assert {before.sop_instance_uid, after.sop_instance_uid} <= mine
    assert seat.problems == []


def test_killed_between_the_queue_and_its_own_books_it_sends_no_second_one(
    opened: Callable[..., DocumentSeat], tmp_path: Path
) -> None:
    seat = opened(connection=ScriptedConnection([]))
    seat.add_study(files(tmp_path, f"{UID}.2"))
    delivery = seat.sign("Normalt.")
    seat.taken(delivery)
    seat.close()
    path = os.pathsep.join([str(SUPPORT), str(REPOSITORY)])
    command = [sys.executable, str(SUPPORT / "document_child.py"), str(tmp_path / "home")]
    child = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert child.returncode == -9, child.stderr
    seat = opened(connection=ScriptedConnection([]))
    queued = names_in(seat)
    assert queued == [document_name(delivery.report_uuid, 1, DocumentKind.TEXT).sop_instance_uid]
    assert seat.store.documents.of_report(delivery.report_uuid) == ()
    assert seat.documents.work_off() == 0
    assert names_in(seat) == queued
    (made,) = seat.store.documents.of_report(delivery.report_uuid)
    assert (made.sop_instance_uid, made.kind) == (queued[0], "sr")
    assert made.sha256 == seat.sender.rows()[0].sha256


def test_nothing_leaves_before_the_ris_has_the_report_nor_for_a_preliminary_or_withdrawn_one(
    opened: Callable[..., DocumentSeat], tmp_path: Path
) -> None:
    seat = opened(connection=ScriptedConnection([]))
    seat.add_study(files(tmp_path, f"{UID}.3"))
    seat.taken(seat.sign("Foreløpig.", ReportAction.SIGN_PRELIMINARY))
    assert seat.documents.work_off() == 0
    final = seat.sign("Endelig.")
    assert seat.documents.work_off() == 0
    seat.store.life.withdraw(final.report_uuid, "Dr Åse Läkare")
    assert seat.documents.work_off() == 0
    seat.taken(seat.sign("Endelig, igjen."))
    assert seat.documents.work_off() == 1
    assert names_in(seat) == [document_name(final.report_uuid, 3, DocumentKind.TEXT).sop_instance_uid]


def test_without_its_images_it_waits_is_told_once_and_goes_when_they_are_back(
    opened: Callable[..., DocumentSeat], tmp_path: Path
) -> None:
    seat = opened(connection=ScriptedConnection([]))
    images = files(tmp_path, f"{UID}.4")
    seat.add_study(images)
    seat.taken(seat.sign("Normalt."))
    seat.cache.remove(f"{UID}.4")
    assert (seat.documents.work_off(), seat.documents.work_off()) == (0, 0)
    assert len(seat.problems) == 1
    assert "Ødegård" not in str(seat.problems[0])
    seat.cache.add(images)
    assert seat.documents.work_off() == 1


def test_images_of_another_patient_make_no_document(opened: Callable[..., DocumentSeat], tmp_path: Path) -> None:
    """F49: the study's own file says whose it is, the report that it is not."""
    seat = opened(connection=ScriptedConnection([]))
    uid = f"{UID}.5"
    seat.add_study(files(tmp_path, uid))
    seat.taken(seat.sign("Normalt."))
    seat.cache.remove(uid)
    seat.cache.add(study(tmp_path / "others", images=1, uid=uid, AccessionNumber="A7", PatientID="19 999999"))
    assert seat.documents.work_off() == 0
    assert "another patient" in str(seat.problems[0])
    assert names_in(seat) == []


def test_a_site_that_wants_none_sends_none_and_not_later_either(opened: Callable[..., DocumentSeat], tmp_path: Path) -> None:
    seat = opened(connection=ScriptedConnection([]), wanted="none")
    seat.add_study(files(tmp_path, f"{UID}.6"))
    seat.taken(seat.sign("Normalt."))
    assert seat.documents.work_off() == 0
    seat = opened(connection=ScriptedConnection([]), wanted="sr")
    assert seat.documents.work_off() == 0
    assert names_in(seat) == []


def test_a_pdf_waits_for_a_window_that_can_print_it(opened: Callable[..., DocumentSeat], tmp_path: Path) -> None:
    seat = opened(connection=ScriptedConnection([]), wanted="both")
    seat.add_study(files(tmp_path, f"{UID}.7"))
    seat.taken(seat.sign("Normalt."))
    assert (seat.documents.work_off(), names_in(seat)) == (0, [])
    seat.documents.print_pdf = lambda _: b"%PDF-1.4"
    assert seat.documents.work_off() == 2


def test_a_word_in_the_settings_that_is_none_is_told_and_sends_nothing() -> None:
    problems: list[Exception] = []
    around: Any = SimpleNamespace(settings=Settings(report_documents="docx"), note_problem=problems.append)
    reporting = CoreReports(around)
    reporting.make_writer = lambda: pytest.fail("nothing is to be written")
    reporting.start_documents()
    assert "docx" in str(problems[0])
    assert "none, sr, pdf, both" in str(problems[0])


# ---- the whole way ----------------------------------------------------------------------------


class Desk:
    """The whole program without a window, on a RIS and an archive of its own."""

    def __init__(self, folder: Path, pacs: RealArchive, ris_url: str) -> None:
        folders = Folders(folder / "data", folder / "config", folder / "cache")
        folders.make()
        (folders.config / "settings.toml").write_text(
            'signer = "Dr Åse Läkare"\nundo_seconds = 0\nat_rest = false\n', encoding="utf-8"
        )
        put_archive(folders.config, pacs.archive)
        self.queue = MainQueue()
        self.core = main.open_core(lambda: Jobs(self.queue.post), ris_url, folders)
        self.said: list[str] = []
        self.core.session.notice.connect(lambda notice: self.said.append(notice.text))

    def until(self, is_so: Callable[[], bool], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, self.said
            self.queue.pump(0.02)


def test_signed_confirmed_by_the_ris_and_proven_in_the_archive(pacs: RealArchive, tmp_path: Path) -> None:
    """From the signature on nobody does anything: RIS first, then the document, then its proof."""
    uid = f"{UID}.8"
    with EmbeddedRis() as ris:
        desk = Desk(tmp_path, pacs, ris.base_url)
        core = desk.core
        try:
            core.cache.add(study(tmp_path / "files", images=2, uid=uid, AccessionNumber="A8"))
            order = ris.place_order(core.cache.study(uid).patient, "CT thorax", uid, "A8")
            core.orders.put(order)
            core.start_deliveries()
            core.start_archives()
            item = next(one for one in core.worklist.items() if one.study_instance_uid == uid)
            report = core.reports.open_draft(item)
            core.reports.write_section(report.report_uuid, SectionCode.FINDINGS, "Ingen lungødem.")
            evidence = SigningEvidence(uid, item.patient.key, frozenset({(uid, "1")}))
            core.reports.sign(report.report_uuid, ReportAction.SIGN_FINAL, "Dr Åse Läkare", evidence)
            core.wake_outbox()

            def state() -> DeliveryState | None:
                delivery = core.reports.delivery_of(report.report_uuid)
                return delivery.state if delivery else None

            desk.until(lambda: state() is DeliveryState.CONFIRMED)
            desk.until(lambda: core.may_be_sending and bool(rows := core.sender.rows()) and all(r.is_proven for r in rows))
        finally:
            core.close()
    name = document_name(report.report_uuid, 1, DocumentKind.TEXT)
    found = held(pacs, name.sop_instance_uid)
    assert found.VerifyingObserverSequence[0].VerifyingObserverName == "Läkare^Dr Åse"
    assert not [words for words in desk.said if "document" in words]
