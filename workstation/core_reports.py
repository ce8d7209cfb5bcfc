"""The core's dealings with reports beyond writing them: those of earlier days, and documents of signed ones to archives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.core_archives import CoreArchives
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.order import Order
from workstation.domain.patient import PatientKey
from workstation.errors import WorkstationError
from workstation.jobs import FILES, Cancel, Jobs
from workstation.lead_times import attend
from workstation.made_once import made_once
from workstation.ports import ImageShelf
from workstation.reporting.store import ReportStore
from workstation.session.session import Session
from workstation.settings import Folders, Settings
from workstation.signals import Signal
from workstation.worklist_store import OrderStore

if TYPE_CHECKING:
    from workstation.earlier_reports import ReportGatherer
    from workstation.earlier_reports_store import EarlierReportStore
    from workstation.report_documents import DocumentWriter, PrintPdf, ReportDocuments


class Around(Protocol):
    """What of the core is used here; a part is asked for only when it is needed."""

    folders: Folders
    settings: Settings
    archiving: CoreArchives
    delivery_changed: Signal[Delivery]

    @property
    def vault(self) -> Vault: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def cache(self) -> StudyCache: ...
    @property
    def library(self) -> ImageShelf: ...
    @property
    def orders(self) -> OrderStore: ...
    @property
    def reports(self) -> ReportStore: ...
    @property
    def ris(self) -> object: ...
    def note_problem(self, problem: WorkstationError) -> None: ...
    def tell(self, problem: WorkstationError) -> None: ...


def _nothing(_: object) -> None:
    pass


class CoreReports:
    """Each part is made when it is first asked for. `make_writer` is the image room's, plugged in by `main.py`."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self.make_writer: Callable[[], DocumentWriter] | None = None
        self._is_queued = False
        self.print_pdf: PrintPdf | None = None
        """A version as printed; the window plugs it in."""

    # ---- earlier reports ---------------------------------------------------------------

    @made_once
    def earlier_store(self) -> EarlierReportStore:
        from workstation.earlier_reports_store import EarlierReportStore

        around = self._around
        return EarlierReportStore(
            around.folders.earlier_reports, lambda: around.vault, lambda words: around.tell(WorkstationError(words))
        )

    @made_once
    def gatherer(self) -> ReportGatherer:
        from workstation.earlier_reports import ReportGatherer

        around = self._around
        return ReportGatherer(
            self.earlier_store,
            lambda: around.reports,
            lambda: around.library,
            lambda: around.ris,
            around.cache.study,
            self._merged_with,
        )

    def _merged_with(self, key: PatientKey) -> tuple[PatientKey, ...]:
        """Whom this patient was merged into, and who else was."""
        orders = self._around.orders
        survivor = orders.survivor(key)
        return tuple(one for one in (survivor, *orders.merged()) if one != key and orders.survivor(one) == survivor)

    def attend(self, session: Session) -> None:
        """Earlier reports for the session, and documents of what it signs."""
        session.earlier.plug(self.gatherer)
        session.priors.mentions.kept = self.gatherer.kept
        attend(session, self._around.reports, self._around.jobs)
        self._around.delivery_changed.connect(self._delivery_moved)

    # ---- documents of signed versions --------------------------------------------------

    @made_once
    def documents(self) -> ReportDocuments | None:
        """None where no room makes them."""
        from workstation.report_documents import WANTED, ReportDocuments

        around, make_writer = self._around, self.make_writer
        if make_writer is None:
            return None
        wanted = around.settings.report_documents
        if wanted not in WANTED:
            words = f"report_documents is {wanted!r}; it may be {', '.join(WANTED)}"
            around.note_problem(WorkstationError("settings.toml is not used", words, "Until it is corrected nothing is sent"))
            return None
        documents = ReportDocuments(
            around.reports,
            lambda: around.archiving.sender,
            make_writer,
            around.cache.study,
            self._archive_of,
            self._order_of,
            wanted,
        )
        documents.print_pdf = self.print_pdf
        documents.problem = around.tell
        return documents

    def start_documents(self) -> None:
        """Queue what is due, in the background: at the start, and whenever the RIS has taken a report."""
        documents = self.documents
        if documents is None or self._is_queued:
            return
        documents.print_pdf = self.print_pdf
        self._is_queued = True

        def work(cancel: Cancel) -> int:
            self._is_queued = False  # what is taken by the RIS from now on asks for another look
            is_wanted = self._around.settings.report_documents == "none" or bool(self._targets())
            return documents.work_off(cancel) if is_wanted else 0

        def done(queued: int) -> None:
            if queued:
                self._around.archiving.start_sending()

        self._around.jobs.run(FILES, work, done, _nothing)

    def _delivery_moved(self, delivery: Delivery) -> None:
        if delivery.state in (DeliveryState.ACKNOWLEDGED, DeliveryState.CONFIRMED):
            self.start_documents()

    def _archive_of(self, study_instance_uid: str) -> str:
        from workstation.report_documents import archive_for

        archiving, targets = self._around.archiving, self._targets()
        gave = archiving.archives_of(study_instance_uid) if len(targets) > 1 else ()
        return archive_for(targets, gave, self._around.settings.report_archive)

    def _targets(self) -> list[str]:
        """The archives that take objects from here."""
        return [archive.name for archive in self._around.archiving.directory.archives if archive.can_store]

    def _order_of(self, order_id: str, accession_number: str) -> Order | None:
        known = (one.order for one in self._around.orders.orders() if one.order.order_id == order_id)
        return next((order for order in known if order.accession_number == accession_number), None)

    # ---- the end -----------------------------------------------------------------------

    def close(self) -> None:
        if "earlier_store" in self.__dict__:
            self.earlier_store.close()
