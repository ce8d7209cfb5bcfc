"""The core brings to the RIS that critical results were told: at once, and again when the RIS answers."""

from __future__ import annotations

from typing import Protocol

from workstation.errors import WorkstationError
from workstation.jobs import NETWORK, Jobs
from workstation.reporting.store import ReportStore
from workstation.ris.communications import Courier, HasCommunications
from workstation.session.session import Session
from workstation.signals import Signal


class Around(Protocol):
    """What of the core is used here."""

    ris_changed: Signal[str]

    @property
    def jobs(self) -> Jobs: ...
    @property
    def session(self) -> Session: ...
    @property
    def reports(self) -> ReportStore: ...
    def tell(self, problem: WorkstationError) -> None: ...


def attend(around: Around, ris: object) -> None:
    """From now on. A RIS that keeps no communications has the words in the report's own section."""
    if not isinstance(ris, HasCommunications):
        return
    courier = Courier(around.reports.critical.communications, ris.communications, around.tell)

    def bring() -> None:
        around.jobs.run(NETWORK, lambda _: courier.run(), slot="communications")

    around.session.criticals.told.connect(lambda _: bring())
    around.ris_changed.connect(lambda problem: None if problem else bring())
    bring()
