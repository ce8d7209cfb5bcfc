"""Signed versions to the archive as DICOM documents: once each, when the RIS has taken them, whatever happens in between.

The steps, in the order in which they are on disk: the object is in the queue of the archive, and its name in the report
store. What a kill leaves between the two is found again by the name, which a version has once and for all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from workstation.archives.sending import Sender
from workstation.archives.sending_ledger import Outgoing
from workstation.domain.archive import FoundInstance
from workstation.domain.order import Order
from workstation.domain.report import Report
from workstation.domain.report_document import (
    AlsoAnswered,
    DocumentFile,
    DocumentKind,
    DocumentName,
    ReportDocument,
    document_name,
)
from workstation.domain.study import Study
from workstation.errors import Refused, WorkstationError
from workstation.reporting.documents import NONE, MadeDocument
from workstation.reporting.store import ReportStore

WANTED: dict[str, tuple[DocumentKind, ...]] = {
    "none": (),
    "sr": (DocumentKind.TEXT,),
    "pdf": (DocumentKind.PDF,),
    "both": (DocumentKind.TEXT, DocumentKind.PDF),
}
"""What `report_documents` in the settings may say."""


class DocumentWriter(Protocol):
    """Makes the objects (`rendering.objects.report_documents.ReportDocumentWriter`). Raises Refused."""

    def write(self, document: ReportDocument) -> DocumentFile: ...
    def keep(self, file: DocumentFile, study_instance_uid: str) -> None:
        """Into the own cache."""
        ...


PrintPdf = Callable[[ReportDocument], bytes]
"""A version as printed. Only a window can."""


class ReportDocuments:
    """`work_off` may be called from any thread, again and again; it is one at a time.

    `archive_of` names the archive for a study, "" while there is none. `order_of` knows an order by its id and accession number.
    """

    def __init__(
        self,
        store: ReportStore,
        sender: Callable[[], Sender],
        writer: Callable[[], DocumentWriter],
        study: Callable[[str], Study],
        archive_of: Callable[[str], str],
        order_of: Callable[[str, str], Order | None],
        wanted: str = "sr",
    ) -> None:
        self._store = store
        self._sender = sender
        self._writer = writer
        self._study = study
        self._archive_of = archive_of
        self._order_of = order_of
        self._kinds = WANTED[wanted]
        self._working = threading.Lock()
        self._told: set[tuple[str, int]] = set()
        self.print_pdf: PrintPdf | None = None
        self.problem: Callable[[WorkstationError], object] = lambda _: None
        """Told, from the working thread, why a document cannot be made; of each version once."""

    def work_off(self, cancelled: Callable[[], bool] = lambda: False) -> int:
        """Queue what is due. How many objects were queued. What cannot be made now waits for the next time."""
        queued = 0
        with self._working:
            for version in tuple(self._store.documents.waiting()):
                if cancelled():
                    break
                try:
                    queued += self._take(version)
                except WorkstationError as error:
                    self._tell(version, error)
        return queued

    def _take(self, version: Report) -> int:
        if not self._kinds:
            self._store.documents.record([MadeDocument(version.report_uuid, version.version, NONE)])
            return 0
        archive = self._archive_of(version.study_instance_uid)
        if not archive or (DocumentKind.PDF in self._kinds and self.print_pdf is None):
            return 0
        made = [self._queue(version, kind, archive) for kind in self._kinds]
        self._store.documents.record(document for document, _ in made)
        return sum(is_new for _, is_new in made)

    def _queue(self, version: Report, kind: DocumentKind, archive: str) -> tuple[MadeDocument, bool]:
        """The document, and whether it was not in the queue before."""
        name = document_name(version.report_uuid, version.version, kind)
        there = next((row for row in self._sender().rows() if row.sop_instance_uid == name.sop_instance_uid), None)
        if there is not None:
            return _made(version, name, there.sha256, there.archive), False
        file = self._written(version, name)
        uid = version.study_instance_uid
        row = FoundInstance(name.series_instance_uid, name.sop_instance_uid, name.sop_class_uid)
        self._sender().enqueue(archive, [Outgoing(uid, row, file.sha256, content=file.data)])
        try:
            self._writer().keep(file, uid)
        except WorkstationError as error:
            self._tell(version, error)  # it is on its way, and comes back with the study
        return _made(version, name, file.sha256, archive), True

    def _written(self, version: Report, name: DocumentName) -> DocumentFile:
        study = self._study(version.study_instance_uid)
        order, before = self._order_of(version.order_id, version.accession_number), self._before(version, name.kind)
        document = ReportDocument(name, version, study, order, before, others=tuple(self._others(version)))
        if name.kind is DocumentKind.PDF:
            if self.print_pdf is None:
                raise Refused("The report's document was not made", "Only a window can print it")
            document = replace(document, pdf=self.print_pdf(document))
        return self._writer().write(document)

    def _others(self, version: Report) -> Iterator[AlsoAnswered]:
        for one in version.joint:
            uid = one.study_instance_uid
            study = self._study(uid) if uid and uid != version.study_instance_uid else None
            yield AlsoAnswered(one, self._order_of(one.order_id, one.accession_number), study)

    def _before(self, version: Report, kind: DocumentKind) -> tuple[DocumentName, ...]:
        """The newest document of this kind before this version: that one names those before it."""
        made = [one for one in self._store.documents.of_report(version.report_uuid) if one.kind == kind]
        earlier = [one for one in made if one.version < version.version]
        return tuple(document_name(version.report_uuid, one.version, kind) for one in earlier[-1:])

    def _tell(self, version: Report, error: WorkstationError) -> None:
        key = (version.report_uuid, version.version)
        if key not in self._told:
            self._told.add(key)
            self.problem(error)


def _made(version: Report, name: DocumentName, sha256: str, archive: str) -> MadeDocument:
    return MadeDocument(
        version.report_uuid,
        version.version,
        name.kind.value,
        name.sop_instance_uid,
        name.series_instance_uid,
        name.sop_class_uid,
        sha256,
        archive,
    )


def archive_for(targets: Sequence[str], gave: Sequence[str], named: str) -> str:
    """Where a study's documents go: the archive that the settings name, else the one that gave the study, else the first."""
    if named:
        return named if named in targets else ""
    return next((archive for archive in gave if archive in targets), next(iter(targets), ""))
