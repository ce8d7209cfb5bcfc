"""A study in a cache, a report store, a queue for an archive: what documents of signed versions are made from.

The reader that is given must open what `VAULT` seals.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from seat import evidence_for, item_for, order_for

from rendering.objects.report_documents import ReportDocumentWriter
from rendering.worker import ImageWorker
from workstation.archives.directory import ArchiveDirectory
from workstation.archives.secrets import Secrets
from workstation.archives.sending import Sender
from workstation.archives.sending_ledger import SendingLedger
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.domain.archive import Archive, ArchiveKind
from workstation.domain.delivery import Delivery, DeliveryEvent
from workstation.domain.order import Order
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import WorkstationError
from workstation.report_documents import ReportDocuments
from workstation.reporting.store import ReportStore
from workstation.ris.outbox import Backoff

VAULT = Vault.with_key(bytes(32))
TARGET = Archive("scripted", ArchiveKind.DIMSE, host="127.0.0.1", port=104, called_ae="X", can_store=True)


class DocumentSeat:
    """`archive` takes objects. Opened again on the same `folder` it is the program started anew."""

    def __init__(self, folder: Path, reader: ImageWorker, archive: Archive, connection: Any = None, wanted: str = "sr") -> None:
        vault = VAULT
        self.cache = StudyCache(folder / "cache", reader, vault)
        self.store = ReportStore(folder / "reports.db", vault=vault)
        if connection is None:
            from workstation.archives.remote import RemoteConnection

            connect = lambda archive, secret: RemoteConnection(archive, secret, b"")  # noqa: E731
        else:
            connect = lambda *_: connection  # noqa: E731
        self.directory = ArchiveDirectory(folder, Secrets(folder, vault, None, {}), connect)
        if not self.directory.archives:
            self.directory.add(archive)
        self.sender = Sender(self.directory, SendingLedger(folder / "sending.db"), vault, folder, Backoff(base=0.2, cap=0.5))
        self.archive = archive.name
        self.problems: list[WorkstationError] = []
        self.order: Order | None = None
        writer = ReportDocumentWriter(reader, self.cache, vault)
        self.documents = ReportDocuments(
            self.store,
            lambda: self.sender,
            lambda: writer,
            self.cache.study,
            lambda _: self.archive,
            lambda *_: self.order,
            wanted,
        )
        self.documents.problem = self.problems.append

    def close(self) -> None:
        self.sender.close()
        self.directory.close()
        self.store.close()
        self.cache.close()

    def add_study(self, files: list[Path]) -> None:
        """The study that the report is of, and its order."""
        (uid,) = self.cache.add(files).studies
        study = self.cache.study(uid)
        order = order_for(study.accession_number, uid, study.patient)
        self.order = replace(order, placer_number="P-17", filler_number="F-4", requested_procedure_id="RP1")

    def sign(self, text: str, action: ReportAction = ReportAction.SIGN_FINAL, impression: str = "") -> Delivery:
        assert self.order is not None
        report = self.store.open_draft(replace(item_for(self.order), patient=self.order.patient))
        self.store.write_section(report.report_uuid, SectionCode.FINDINGS, text)
        if impression:
            self.store.write_section(report.report_uuid, SectionCode.IMPRESSION, impression)
        return self.store.sign(report.report_uuid, action, "Dr Åse Läkare", evidence_for(self.order))

    def taken(self, delivery: Delivery) -> None:
        """The RIS says that it has it."""
        self.store.ledger.move(delivery.delivery_id, DeliveryEvent.SEND)
        self.store.ledger.move(delivery.delivery_id, DeliveryEvent.ACKNOWLEDGE)
