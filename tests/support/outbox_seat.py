"""A seat whose RIS lies in memory behind a network that can go wrong."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from fake_fhir import BASE, FakeFhir, Fault, FaultyNetwork
from seat import order_for, signed

from workstation.domain.delivery import Delivery
from workstation.reporting.store import ReportStore
from workstation.ris.fhir import FhirRis
from workstation.ris.outbox import Backoff, Outbox


class Seat:
    """`server` is the RIS, `network` the way to it; `now` is the seat's monotonic clock in seconds.

    `quick` leaves out the waiting for the disk, where no test pulls the plug.
    """

    def __init__(self, path, quick: bool = False) -> None:
        self.path = path
        self.quick = quick
        self.server = FakeFhir()
        self.network = FaultyNetwork(self.server)
        self.now = 0.0
        self.waits = itertools.repeat(1.0)
        self.order = self.server.place(order_for())
        self.start()

    def start(self) -> None:
        self.store = ReportStore(self.path)
        if self.quick:
            self.store._database._connection.execute("PRAGMA synchronous=OFF")
        self.ris = FhirRis(BASE, transport=self.network)
        self.outbox = Outbox(self.store, self.ris, Backoff(), lambda: self.now, lambda: next(self.waits))

    def restart(self) -> None:
        """The process is gone and comes again: all that is left is the file."""
        self.stop()
        self.start()

    def stop(self) -> None:
        self.store.close()
        self.ris.close()

    def sign(self, text: str = "No change.", **changes) -> Delivery:
        return signed(self.store, self.order, text, **changes)

    def meet(self, *faults: Fault) -> None:
        """The next requests meet these."""
        self.network.faults = iter(faults)

    def steps(self, faults: Iterable[Fault] = ()) -> list[Delivery]:
        """Everything that is due now, one after the other."""
        self.network.faults = iter(faults)
        return list(iter(self.outbox.step, None))

    def drain(self) -> Delivery | None:
        """Time passes and all goes well, until nothing is left to do. The delivery signed last."""
        for _ in range(50):
            self.now += 10_000.0
            if not self.steps():
                break
        return next(reversed(self.store.deliveries()), None)
