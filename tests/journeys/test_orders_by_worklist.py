"""Orders that only a Modality Worklist tells of, at the real core: listed, kept, read; and what signing says of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from modality_worklist import worklist_item, worklist_server
from real_archives import RealArchive, study

import main
from workstation.archives.config import put_archive
from workstation.domain.hl7 import read_message
from workstation.domain.order import WorklistItem
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import Refused
from workstation.jobs import Jobs, MainQueue
from workstation.reporting.signing import SigningEvidence
from workstation.ris.embedded import EmbeddedRis
from workstation.settings import Folders

UID = "1.2.826.0.1.3680043.10.77"
NOWHERE = "mllp://127.0.0.1:9"


@pytest.fixture(scope="module")
def ris() -> Iterator[EmbeddedRis]:
    with EmbeddedRis() as ris:
        yield ris


class Room:
    def __init__(self, home: Path, archive: RealArchive, ris_url: str) -> None:
        folders = Folders(home / "data", home / "config", home / "cache")
        folders.make()
        signer = 'signer = "Dr Åse Läkare"\nsigner_id = "77"\nsigner_id_system = "urn:oid:1.2.3"\n'
        (folders.config / "settings.toml").write_text(f"{signer}undo_seconds = 0\nat_rest = false\n", encoding="utf-8")
        put_archive(folders.config, archive.archive)
        self.queue = MainQueue()
        self.core = main.open_core(lambda: Jobs(self.queue.post), ris_url, folders)
        self.said: list[str] = []
        self.core.session.notice.connect(lambda notice: self.said.append(notice.text))
        self.polled: list[str] = []
        self.core.ris_changed.connect(self.polled.append)
        self.core.start_archives()

    def until(self, is_so: Callable[[], object], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, (self.said, self.rows())
            self.queue.pump(0.02)

    def rows(self) -> list[tuple[str, str, str]]:
        return [(i.accession_number, i.procedure, i.order.order_id[:4] if i.order else "") for i in self.core.session.items]

    def sign(self, item: WorklistItem) -> None:
        report = self.core.reports.open_draft(item)
        self.core.reports.write_section(report.report_uuid, SectionCode.FINDINGS, "Ingen pleuravätska.")
        evidence = SigningEvidence(item.study_instance_uid, item.patient.key, frozenset({(UID, "1")}))
        self.core.reports.sign(report.report_uuid, ReportAction.SIGN_FINAL, "Dr Åse Läkare", evidence)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[RealArchive, Path]]:
    listed = tmp_path / "listed"
    listed.mkdir()
    with worklist_server(tmp_path, listed) as running:
        yield running, listed


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Callable[..., Room]]:
    made: list[Room] = []

    def make(archive: RealArchive, ris_url: str) -> Room:
        made.append(Room(tmp_path / f"room{len(made)}", archive, ris_url))
        return made[-1]

    yield make
    for room in made:
        room.core.close()


def test_a_worklist_fills_in_for_the_ris_and_keeps_its_rows_when_the_archive_is_silent(server, rooms, ris, tmp_path) -> None:
    archive, listed = server
    worklist_item(listed / "a.wl", "M-1", StudyInstanceUID=UID)
    worklist_item(listed / "b.wl", "M-2", StudyInstanceUID="")
    worklist_item(listed / "c.wl", "M-3", StudyInstanceUID="")
    room = rooms(archive, ris.base_url)
    core = room.core
    room.until(lambda: len(room.rows()) == 3)
    assert room.rows()[0] == ("M-1", "DT torax, öppen", "mwl.")

    core.cache.add(study(tmp_path / "files", images=1, uid=UID, AccessionNumber="M-1", IssuerOfPatientID="HERE"))
    item = next(one for one in core.worklist.items() if one.study_instance_uid == UID)
    with pytest.raises(Refused, match="Not signed") as refusal:
        room.sign(item)
    assert refusal.value.detail.startswith("No order from the RIS stands behind this study")

    # The RIS tells of it: one row, the RIS's own; and the one that has no draft goes when it is listed no more.
    ris.place_order(item.patient, "CT chest by the RIS", UID, "M-1")
    (listed / "b.wl").unlink()
    core.poll_orders()
    room.until(lambda: "M-2" not in [row[0] for row in room.rows()] and "CT chest by the RIS" in [row[1] for row in room.rows()])
    assert sorted(row[0] for row in room.rows()) == ["M-1", "M-3"]

    draft = core.reports.open_draft(next(one for one in core.worklist.items() if one.accession_number == "M-3"))
    core.reports.write_section(draft.report_uuid, SectionCode.FINDINGS, "Påbörjat.")
    (listed / "c.wl").unlink()
    worklist_item(listed / "d.wl", "M-4", StudyInstanceUID="")
    core.poll_orders()
    room.until(lambda: "M-4" in [row[0] for row in room.rows()])
    assert "M-3" in [row[0] for row in room.rows()]

    archive.kill()
    core.poll_orders()
    room.until(lambda: any("worklist cannot be read" in said for said in room.said))
    assert sorted(row[0] for row in room.rows()) == ["M-1", "M-3", "M-4"]
    assert not any("ÖDEGÅRD" in said.upper() or "19 120345" in said for said in room.said)


def test_by_hl7_an_accession_number_is_enough_to_sign(server, rooms, tmp_path) -> None:
    """The engine finds the order by the accession number (OBR-18)."""
    archive, listed = server
    worklist_item(listed / "a.wl", "M-1", StudyInstanceUID=UID)
    room = rooms(archive, NOWHERE)
    core = room.core
    core.cache.add(study(tmp_path / "files", images=1, uid=UID, AccessionNumber="M-1", IssuerOfPatientID="HERE"))
    room.until(lambda: any(row[2] == "mwl." for row in room.rows()))
    room.sign(next(one for one in core.worklist.items() if one.study_instance_uid == UID))
    (delivery,) = core.reports.deliveries(open_only=True)
    sent = read_message(core.reports.ledger.submission(delivery.delivery_id).payload).first("OBR")
    assert sent is not None
    assert (sent.value(18), sent.value(19), sent.value(20)) == ("M-1", "RP-1", "SPS-1")
