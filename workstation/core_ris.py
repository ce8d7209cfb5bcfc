"""The core's dealings with the RIS by the site's settings: in which form reports go, by which way, and what holds them back."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from workstation.at_rest.vault import Vault
from workstation.domain.order import Order
from workstation.domain.patient import PatientKey
from workstation.domain.report import Report
from workstation.errors import WorkstationError
from workstation.jobs import Jobs
from workstation.made_once import made_once
from workstation.reporting.forms import FhirForm, Form, OruForm
from workstation.reporting.lead_times import steps_of_orders
from workstation.reporting.oru import Hl7Site
from workstation.reporting.signer import SignerIdentity
from workstation.reporting.store import ReportStore
from workstation.ris.addresses import host_and_port, is_hl7, is_secured
from workstation.ris.standing import Standing
from workstation.session.session import Session
from workstation.settings import Folders, Settings
from workstation.worklist_store import OrderStore

if TYPE_CHECKING:
    from workstation.ris.fhir import FhirRis
    from workstation.ris.hl7.driver import Hl7Ris
    from workstation.ris.hl7.listening import Listener


LISTED_AFTER_READING = timedelta(days=1)
"""So long stays an order on the list that an engine sent, once its report is with the RIS."""


class Around(Protocol):
    """What of the core is used here; a part is asked for only when it is needed."""

    settings: Settings
    folders: Folders
    ris_url: str

    @property
    def vault(self) -> Vault: ...
    @property
    def reports(self) -> ReportStore: ...
    @property
    def orders(self) -> OrderStore: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def session(self) -> Session: ...
    def note_problem(self, problem: WorkstationError) -> None: ...


class CoreRis:
    """`close` ends the listening. Also what the report store asks of orders and patients (`Standing`)."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._listener: Listener | None = None
        self._said: dict[str, str] = {}

    @made_once
    def _standing(self) -> Standing:
        return Standing(self._around.orders)

    def survivor(self, key: PatientKey) -> PatientKey:
        return self._standing.survivor(key)

    def doubt_of(self, report: Report) -> str:
        return self._standing.doubt_of(report)

    def form(self) -> Form:
        """In which form reports are signed. An order is looked up when one is."""
        settings = self._around.settings
        signer = SignerIdentity(settings.signer, settings.signer_id, settings.signer_id_system)
        if not is_hl7(self._around.ris_url):
            return FhirForm(signer)
        site = Hl7Site(
            settings.hl7_sending_application,
            settings.hl7_sending_facility,
            settings.hl7_receiving_application,
            settings.hl7_receiving_facility,
            settings.hl7_charset,
            signer,
            settings.hl7_joint_text,
        )
        return OruForm(site, self._order, bool(settings.ris_read_url), self)

    def make(self) -> FhirRis | Hl7Ris | None:
        """None when no RIS is set, or its settings cannot be used: reports are then signed and wait."""
        if not self._around.ris_url:
            return None
        from workstation.ris.choosing import ris_for  # an HTTP client is long to import

        try:
            return ris_for(self._around.ris_url, self._around.settings, self._accession_of, self._standing.doubt, self._secret)
        except WorkstationError as problem:
            self._around.note_problem(problem)
            return None

    # ---- orders that come, change and go -----------------------------------------------

    def listen(self) -> None:
        """Take orders that an engine sends, where the site asks for it."""
        url = self._around.settings.hl7_listen
        if not url or self._listener is not None:
            return
        from workstation.ris.choosing import tls_of
        from workstation.ris.hl7.incoming import Incoming, too_long
        from workstation.ris.hl7.listening import Listener
        from workstation.ris.hl7.results import Results
        from workstation.ris.hl7.stamped import StampedOrders
        from workstation.ris.tls import server_context

        try:
            host, port = host_and_port(url)
            tls = server_context(tls_of(self._around.settings)) if is_secured(url) else None
            stamped = StampedOrders(self._around.orders, self._stamp)
            results = Results(self._around.reports, self._around.orders)
            incoming = Incoming(stamped, lambda: self._around.jobs.on_main(self.orders_changed), results.take)
            self._listener = Listener(host, port, incoming.answer, too_long, tls)
        except WorkstationError as problem:
            self._around.note_problem(problem)

    def fetch_orders(self, ris: FhirRis | Hl7Ris) -> None:
        """The RIS's list, and how orders stand that it lists no more while a report waits for them. Raises `Unavailable`."""
        from workstation.ris.following import Searchable, look_again

        listed = ris.orders()
        orders = self._around.orders
        orders.replace(listed)
        self._stamp(listed, getattr(ris, "clock_skew", None))
        orders.let_go(self._around.reports.ledger.read_orders(datetime.now(UTC) - LISTED_AFTER_READING))
        if not isinstance(ris, Searchable):
            return
        drafted = {order_id for report in self._around.reports.drafts() for order_id in report.order_ids}
        waiting = drafted | self._around.reports.ledger.waiting_orders()
        polled = {known.order.order_id for known in orders.orders() if not known.was_sent}
        look_again(ris, orders, waiting & polled, {order.order_id for order in listed}, orders.merged())

    def _stamp(self, orders: Sequence[Order], skew_seconds: float | None) -> None:
        """When they were ordered and done, as the RIS says. A disk that does not take it hinders no order: it comes again."""
        with contextlib.suppress(WorkstationError):
            self._around.reports.lead_times.told(steps_of_orders(orders), skew_seconds)

    def orders_changed(self) -> None:
        """On the main thread: the worklist is read anew, and the reader told what has become of the open report's order."""
        session = self._around.session
        session.refresh_worklist()
        session.settling.heard()
        report = session.desk.report
        if report is None:
            return
        doubt = self.doubt_of(report)
        if doubt and self._said.get(report.report_uuid) != doubt:
            session.report_problem(WorkstationError(doubt, "It cannot be signed as it is; the text is kept", "Ask the RIS desk"))
        self._said = {report.report_uuid: doubt}

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _secret(self) -> str:
        from workstation.archives.secrets import Secrets, system_ring

        return Secrets(self._around.folders.config, self._around.vault, system_ring()).get("ris")

    def _order(self, order_id: str) -> Order | None:
        return self._around.orders.order(order_id)

    def _accession_of(self, report_uuid: str) -> str:
        return self._around.reports.report(report_uuid).accession_number
