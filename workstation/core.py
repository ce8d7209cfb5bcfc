"""The program without a screen, put together. Each part is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from workstation.cache.cache import StudyCache
from workstation.domain.delivery import Delivery
from workstation.domain.order import Order
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, PresetTable
from workstation.errors import WorkstationError
from workstation.jobs import IMAGES, NETWORK, Cancel, Jobs
from workstation.ports import Hanger, ImageShelf, InstanceReader
from workstation.presets import load_presets
from workstation.reporting.store import ReportStore
from workstation.ris.outbox import Outbox, OutboxRunner
from workstation.session.desk import ReportDesk
from workstation.session.session import Session
from workstation.settings import Folders, Remembered, Settings, load_settings
from workstation.signals import Signal
from workstation.worklist import Worklist
from workstation.worklist_store import OrderStore

if TYPE_CHECKING:
    from workstation.ris.fhir import FhirRis

Reader = TypeVar("Reader", bound=InstanceReader)
Shelf = TypeVar("Shelf", bound=ImageShelf)


def _nothing(_: object) -> None:
    pass


class _LaterHanger:
    """A hanger whose protocols are read when the first case hangs, not before the worklist is shown."""

    def __init__(self, make: Callable[[], Hanger]) -> None:
        self._make = make

    def hang(self, current: Study, priors: Sequence[Study], stage: int = 0) -> Arrangement:
        return self._make().hang(current, priors, stage)


class Core(Generic[Reader, Shelf]):
    """Everything a door or a window needs. `close()` ends processes and threads.

    `make_*` are the rooms above, plugged in by `main.py`.
    """

    def __init__(
        self,
        folders: Folders,
        make_jobs: Callable[[], Jobs],
        make_reader: Callable[[], Reader],
        make_hanger: Callable[[Folders, PresetTable, Callable[[WorkstationError], object]], Hanger],
        make_shelf: Callable[[Reader, Jobs, Settings], Shelf],
        ris_url: str = "",
    ) -> None:
        folders.make()
        self.folders = folders
        self.settings, self.settings_problem = load_settings(folders)
        self.ris_url = ris_url or self.settings.ris_url
        self._make_jobs = make_jobs
        self._make_reader = make_reader
        self._make_hanger = make_hanger
        self._make_shelf = make_shelf
        self._runner: OutboxRunner | None = None
        self.hanging_problems: list[WorkstationError] = []
        """Why files of the user's own hanging protocols are not used; known once `hanger` was made."""
        self.delivery_changed: Signal[Delivery] = Signal()
        self.ris_changed: Signal[str] = Signal()
        """Empty when the RIS answered last time, else why it did not."""

    @cached_property
    def jobs(self) -> Jobs:
        return self._make_jobs()

    @cached_property
    def reader(self) -> Reader:
        return self._make_reader()

    @cached_property
    def cache(self) -> StudyCache:
        return StudyCache(self.folders.studies, self.reader)

    @cached_property
    def reports(self) -> ReportStore:
        return ReportStore(self.folders.reports)

    @cached_property
    def orders(self) -> OrderStore:
        return OrderStore(self.folders.orders)

    @cached_property
    def worklist(self) -> Worklist:
        return Worklist(self.cache, self.reports, self.orders)

    @cached_property
    def presets(self) -> PresetTable:
        """The window presets; the user's own digits on top, the built-in ones alone when that file is bad."""
        try:
            return load_presets(self.folders.config / "window_presets.toml")
        except WorkstationError as error:
            self.settings_problem = self.settings_problem or error
            return load_presets()

    @cached_property
    def hanger(self) -> Hanger:
        return self._make_hanger(self.folders, self.presets, self._protocol_refused)

    @cached_property
    def library(self) -> Shelf:
        return self._make_shelf(self.reader, self.jobs, self.settings)

    @cached_property
    def remembered(self) -> Remembered:
        return Remembered(self.folders.config / "remembered.json")

    @cached_property
    def session(self) -> Session:
        desk = ReportDesk(self.reports, self.jobs)
        session = Session(self.jobs, self.cache, self.worklist, desk, _LaterHanger(lambda: self.hanger), self.library)
        session.signer = self.settings.signer
        session.desk.signed.connect(lambda _: self.wake_outbox())
        return session

    # ---- the RIS ---------------------------------------------------------------------

    @cached_property
    def ris(self) -> FhirRis | None:
        """None when no RIS is set: reports are then signed and wait."""
        if not self.ris_url:
            return None
        from workstation.ris.fhir import FhirRis  # an HTTP client is long to import

        return FhirRis(self.ris_url)

    def start_deliveries(self) -> None:
        """Send what is signed, in a thread of its own; `delivery_changed` tells of each step."""
        if self.ris is not None and self._runner is None:
            self._runner = OutboxRunner(Outbox(self.reports, self.ris), self._delivery_moved, self._outbox_failed)
            self._runner.start()

    def wake_outbox(self) -> None:
        if self._runner is not None:
            self._runner.wake()

    def poll_orders(self) -> None:
        """Ask the RIS for its orders; the worklist is refreshed, or `ris_changed` says why not."""
        ris = self.ris
        if ris is None:
            self.ris_changed.emit("No RIS is set")
            return

        def work(_: Cancel) -> tuple[Order, ...]:
            orders = ris.orders()
            self.orders.replace(orders)
            return orders

        def done(_: tuple[Order, ...]) -> None:
            self.ris_changed.emit("")
            self.session.refresh_worklist()

        self.jobs.run(NETWORK, work, done, lambda e: self.ris_changed.emit(str(e)), slot="orders")

    def warm_up(self) -> None:
        """Make ready in the background what the first case needs; the worklist does not wait for it."""

        def work(_: Cancel) -> Hanger:
            self.library.prepare()
            return self.hanger

        self.jobs.run(IMAGES, work, _nothing, _nothing)

    def close(self) -> None:
        """End what was started, in the order in which one part needs another."""
        made = self.__dict__
        if self._runner is not None:
            self._runner.stop()
        if "library" in made:
            self.library.close_case()
        if "jobs" in made:
            self.jobs.close()
        for name in ("reader", "cache", "orders", "reports", "ris"):
            part = made.get(name)
            if part is not None:
                part.close()

    def _delivery_moved(self, delivery: Delivery) -> None:
        self.jobs.on_main(lambda: self.delivery_changed.emit(delivery))

    def _protocol_refused(self, error: WorkstationError) -> None:
        self.hanging_problems.append(error)
        if "session" in self.__dict__:  # without one there is no banner: the door says it
            self.jobs.on_main(lambda: self.session.report_problem(error))

    def _outbox_failed(self, error: WorkstationError) -> None:
        self.jobs.on_main(lambda: self.session.report_problem(error))
