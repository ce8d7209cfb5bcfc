"""The core's dealings with the RIS over time: reports leave, orders come, its clock is compared with ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from workstation.core_archives import CoreArchives
from workstation.core_ris import CoreRis
from workstation.core_scheduled import CoreScheduled
from workstation.domain.delivery import Delivery
from workstation.errors import WorkstationError
from workstation.jobs import NETWORK, Cancel, Jobs
from workstation.reporting.store import ReportStore
from workstation.ris.outbox import Outbox, OutboxRunner
from workstation.session.session import Session
from workstation.settings import Folders, Settings
from workstation.signals import Signal
from workstation.worklist_store import OrderStore

if TYPE_CHECKING:
    from workstation.ris.fhir import FhirRis
    from workstation.ris.hl7.driver import Hl7Ris

MOST_SKEW = 60.0
"""Seconds by which this computer's clock may differ from the RIS's before the reader hears of it (F43)."""


class Around(Protocol):
    """What of the core is used here; a part is asked for only when it is needed."""

    settings: Settings
    folders: Folders
    delivery_changed: Signal[Delivery]
    ris_changed: Signal[str]
    ris_side: CoreRis
    ris_url: str
    archiving: CoreArchives

    @property
    def jobs(self) -> Jobs: ...
    @property
    def session(self) -> Session: ...
    @property
    def reports(self) -> ReportStore: ...
    @property
    def orders(self) -> OrderStore: ...
    @property
    def ris(self) -> FhirRis | Hl7Ris | None: ...
    def wake_outbox(self) -> None: ...
    def tell(self, problem: WorkstationError) -> None: ...


class CoreDeliveries:
    def __init__(self, around: Around) -> None:
        self._around = around
        self._runner: OutboxRunner | None = None
        self._is_skewed = self._is_over = False
        self.scheduled = CoreScheduled(around)

    def start(self) -> None:
        """Send what is signed, in threads of its own; `delivery_changed` tells of each step. Orders may come in."""
        around = self._around
        around.ris_side.listen()
        if around.ris is None or self._runner is not None:
            return
        outbox = Outbox(around.reports, around.ris, undo_seconds=around.settings.undo_seconds)
        self._runner = OutboxRunner(outbox, self._moved, around.tell)
        self._runner.start()
        from workstation import core_criticals, core_others  # what speaks HTTP is long to import

        core_others.attend(around, around.ris, around.folders.data)
        core_criticals.attend(around, around.ris)

    def wake(self) -> None:
        if self._runner is not None:
            self._runner.wake()

    def poll_orders(self) -> None:
        """Ask the RIS, and archives for their worklists; the worklist is refreshed, or `ris_changed` says why not."""
        if self._is_over:  # a window that goes last
            return
        around, ris = self._around, self._around.ris
        self.scheduled.poll()
        if ris is None:
            around.ris_changed.emit("No RIS is set")
            return

        def work(_: Cancel) -> None:
            around.ris_side.fetch_orders(ris)

        def done(_: None) -> None:
            around.ris_changed.emit("")
            around.ris_side.orders_changed()
            self._compare_clocks(ris)

        around.jobs.run(NETWORK, work, done, lambda e: around.ris_changed.emit(str(e)), slot="orders")

    def stop(self) -> None:
        self._is_over = True
        if self._runner is not None:
            from workstation import core_others

            core_others.leave(self._around.session)
            self._runner.stop()

    def _moved(self, delivery: Delivery) -> None:
        self._around.jobs.on_main(lambda: self._around.delivery_changed.emit(delivery))

    def _compare_clocks(self, ris: FhirRis | Hl7Ris) -> None:
        """Said once for as long as it lasts: times of signing are of this computer's clock."""
        skew: float = getattr(ris, "clock_skew", 0.0)
        was, self._is_skewed = self._is_skewed, abs(skew) > MOST_SKEW
        if self._is_skewed and not was:
            minutes = max(1, round(abs(skew) / 60))
            way = "ahead of" if skew > 0 else "behind"
            detail = f"It is {minutes} min {way} the RIS's; reports carry its time"
            self._around.tell(WorkstationError("This computer's clock is wrong, or the RIS's is", detail, "Have the clock set"))
