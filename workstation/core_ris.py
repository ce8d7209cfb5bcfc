"""The core's dealings with the RIS by the site's settings: in which form reports go, by which way, and what holds them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from workstation.at_rest.vault import Vault
from workstation.domain.hl7 import CHARSETS
from workstation.domain.order import Order
from workstation.errors import Refused, WorkstationError
from workstation.reporting.forms import FhirForm, Form, OruForm
from workstation.reporting.oru import Hl7Site
from workstation.reporting.store import ReportStore
from workstation.ris.addresses import is_hl7
from workstation.settings import Folders, Settings
from workstation.worklist_store import OrderStore

if TYPE_CHECKING:
    from workstation.ris.fhir import FhirRis
    from workstation.ris.hl7.driver import Hl7Ris


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
    def note_problem(self, problem: WorkstationError) -> None: ...


class CoreRis:
    def __init__(self, around: Around) -> None:
        self._around = around

    def form(self) -> Form:
        """In which form reports are signed. An order is looked up when one is."""
        settings = self._around.settings
        if not is_hl7(self._around.ris_url):
            return FhirForm()
        if settings.hl7_charset not in CHARSETS:
            self._around.note_problem(Refused("hl7_charset is not known", "", f"Known are {', '.join(CHARSETS)}"))
            return FhirForm()
        site = Hl7Site(
            settings.hl7_sending_application,
            settings.hl7_sending_facility,
            settings.hl7_receiving_application,
            settings.hl7_receiving_facility,
            settings.hl7_charset,
        )
        return OruForm(site, self._order, bool(settings.ris_read_url))

    def make(self) -> FhirRis | Hl7Ris | None:
        """None when no RIS is set, or its settings cannot be used: reports are then signed and wait."""
        if not self._around.ris_url:
            return None
        from workstation.ris.choosing import ris_for  # an HTTP client is long to import
        from workstation.ris.standing import Standing

        standing = Standing(self._around.orders)
        try:
            return ris_for(self._around.ris_url, self._around.settings, self._accession_of, standing.doubt, self._secret)
        except WorkstationError as problem:
            self._around.note_problem(problem)
            return None

    def _secret(self) -> str:
        from workstation.archives.secrets import Secrets, system_ring

        return Secrets(self._around.folders.config, self._around.vault, system_ring()).get("ris")

    def _order(self, order_id: str) -> Order | None:
        return self._around.orders.order(order_id)

    def _accession_of(self, report_uuid: str) -> str:
        return self._around.reports.report(report_uuid).accession_number
