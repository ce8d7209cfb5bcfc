"""The core's dealings with others who read from the same RIS: claims, and reports that are not ours."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Protocol

from workstation.domain.delivery import Delivery
from workstation.reporting.store import ReportStore
from workstation.ris.claims import FhirClaims, HasClaims, seat_of
from workstation.ris.others import ReportLookup
from workstation.session.session import Session
from workstation.signals import Signal

GOODBYE_SECONDS = 1.5


class Around(Protocol):
    """What of the core is used here."""

    delivery_changed: Signal[Delivery]
    ris_changed: Signal[str]

    @property
    def session(self) -> Session: ...
    @property
    def reports(self) -> ReportStore: ...
    def wake_outbox(self) -> None: ...


def attend(around: Around, ris: object, data: Path) -> None:
    """From now on the open case is claimed in this RIS, and what it holds is looked at."""
    session = around.session
    claiming, settling = session.claiming, session.settling
    claiming.store = settling.store = around.reports
    if isinstance(ris, HasClaims):
        claiming.source = ris.claims
        if isinstance(ris.claims, FhirClaims):
            ris.claims.seat = seat_of(data)
    if isinstance(ris, ReportLookup):
        settling.source = ris
    settling.wake = around.wake_outbox
    settling.moved.connect(around.delivery_changed.emit)
    around.delivery_changed.connect(claiming.delivered)
    around.delivery_changed.connect(settling.delivered)

    def polled(problem: str) -> None:
        if not problem:
            claiming.poll()
            settling.poll()

    around.ris_changed.connect(polled)


def leave(session: Session) -> None:
    """The program ends: what was claimed and has no words of ours is free again. Waits a moment at most."""
    release = session.claiming.goodbye()
    if release is not None:
        thread = threading.Thread(target=release, name="goodbye to claims", daemon=True)
        thread.start()
        thread.join(GOODBYE_SECONDS)
