"""The core's third source of orders: the Modality Worklists of archives, for what neither FHIR nor HL7 tells of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from workstation.core_archives import CoreArchives
from workstation.core_ris import LISTED_AFTER_READING, CoreRis
from workstation.domain.archive import Archive
from workstation.domain.order import Order
from workstation.domain.scheduled_step import WorklistConnection
from workstation.errors import Refused, WorkstationError
from workstation.jobs import ARCHIVES, Cancel, Jobs
from workstation.reporting.store import ReportStore
from workstation.ris.addresses import is_hl7
from workstation.ris.scheduled import orders_of_steps
from workstation.worklist_store import OrderStore

if TYPE_CHECKING:
    from workstation.archives.directory import ArchiveDirectory


class Around(Protocol):
    """What of the core is used here; a part is asked for only when it is needed."""

    ris_url: str
    ris_side: CoreRis
    archiving: CoreArchives

    @property
    def jobs(self) -> Jobs: ...
    @property
    def reports(self) -> ReportStore: ...
    @property
    def orders(self) -> OrderStore: ...
    def tell(self, problem: WorkstationError) -> None: ...


class CoreScheduled:
    def __init__(self, around: Around) -> None:
        self._around = around
        self._said: dict[str, str] = {}

    def poll(self) -> None:
        """Ask the archives for their worklists, in the background. Nothing before archives are talked to at all."""
        around = self._around
        if not around.archiving.is_open:
            return
        directory = around.archiving.directory
        asked = [archive for archive in directory.archives if archive.worklist]
        if asked or self._said or around.orders.scheduling_archives():
            around.jobs.run(ARCHIVES, lambda cancel: self._fetch(directory, asked, cancel), self._done, slot="scheduled steps")

    def _fetch(self, directory: ArchiveDirectory, asked: list[Archive], cancel: Cancel) -> bool:
        """Whether the worklist is another now."""
        around, problems, changed = self._around, dict[str, WorkstationError](), False
        ledger = around.reports.ledger
        drafted = {order_id for report in around.reports.drafts() for order_id in report.order_ids} | ledger.waiting_orders()
        done = set(ledger.read_orders(datetime.now(UTC) - LISTED_AFTER_READING))
        for name in around.orders.scheduling_archives() - {archive.name for archive in asked}:
            changed |= around.orders.replace_scheduled(name, (), drafted, done)  # asked no more
        for archive in asked:
            try:
                orders = self._orders(directory, archive, cancel)
            except WorkstationError as problem:
                problems[archive.name] = problem  # what it listed before stays listed
                continue
            changed |= around.orders.replace_scheduled(archive.name, orders, drafted, done)
        if not cancel():
            self._tell(problems)
        return changed

    def _orders(self, directory: ArchiveDirectory, archive: Archive, cancel: Cancel) -> tuple[Order, ...]:
        from workstation.ris.hl7.incoming import NO_REFERENCE  # the reading of messages takes a while to import

        connection = directory.connection(archive.name)
        if not isinstance(connection, WorklistConnection):
            raise Refused("It has no worklist", "", "Take `worklist` out of its description")
        reference = NO_REFERENCE if is_hl7(self._around.ris_url) else ""  # by HL7 an accession number is enough
        return orders_of_steps(connection.scheduled_steps(cancel), reference)

    def _tell(self, problems: dict[str, WorkstationError]) -> None:
        """Once for as long as it lasts."""
        for name, problem in problems.items():
            if self._said.get(name) != problem.title:
                detail = f"{name}: {problem.title}. {problem.detail}".rstrip(". ")
                self._around.tell(type(problem)("An archive's worklist cannot be read", detail, problem.hint))
        self._said = {name: problem.title for name, problem in problems.items()}

    def _done(self, changed: bool) -> None:
        if changed:
            self._around.ris_side.orders_changed()
