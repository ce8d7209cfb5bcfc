"""The same program against another FHIR server: Medplum's router (`make second-opinion`).

Its versions are UUIDs, its errors are worded otherwise, it rolls nothing back: what passes here and with
sekmet-fhir depends on neither. Not part of `make test`: it needs Node and packages from npm.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from seat import evidence_for, item_for, order_for, segment, signed

from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.fhir import DICOM_UID, accession_identifier
from workstation.domain.order import Order
from workstation.domain.report import ReportAction, SectionCode
from workstation.reporting.store import ReportStore
from workstation.ris.fhir import FhirRis
from workstation.ris.orders import patient_resource
from workstation.ris.outbox import Outbox

HERE = Path(__file__).parent
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    command = ["node", str(HERE / "medplum_server.mjs")]
    with subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


class Desk:
    """A reader's store and a RIS with one order."""

    def __init__(self, base_url: str, folder: Path, number: int) -> None:
        self.ris = FhirRis(base_url)
        self.store = ReportStore(folder / "reports.db")
        self.client = httpx2.Client(base_url=base_url, trust_env=False, timeout=30)
        self.order = self._placed(number)
        self.outbox = Outbox(self.store, self.ris)

    def _placed(self, number: int) -> Order:
        pattern = order_for(accession=f"ACC-{number}", study_uid=f"1.2.826.0.{number}", number=str(number))
        patient = self._post(patient_resource(pattern.patient))
        study = {"type": "ImagingStudy", "identifier": {"system": DICOM_UID, "value": f"urn:oid:{pattern.study_instance_uid}"}}
        self._post(
            {
                "resourceType": "ServiceRequest",
                "identifier": [accession_identifier(pattern.accession_number)],
                "status": "active",
                "intent": "order",
                "priority": "routine",
                "code": {"text": pattern.procedure},
                "subject": {"reference": f"Patient/{patient['id']}"},
                "supportingInfo": [study],
            }
        )
        return next(order for order in self.ris.orders() if order.accession_number == pattern.accession_number)

    def _post(self, resource: dict) -> dict:
        made = self.client.post(f"/{resource['resourceType']}", json=resource)
        assert made.status_code == 201, made.text
        return made.json()

    def drained(self) -> Delivery:
        for _ in range(10):
            if self.outbox.step() is None:
                break
        return self.store.deliveries()[-1]

    def correct(self, text: str) -> None:
        report = self.store.open_draft(item_for(self.order))
        self.store.append_segment(report.report_uuid, SectionCode.FINDINGS, segment(report.version, text))
        self.store.sign(report.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(self.order))

    def close(self) -> None:
        self.client.close()
        self.store.close()
        self.ris.close()


@pytest.fixture
def desk(base_url: str, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(base_url, tmp_path, next(NUMBERS))
    yield desk
    desk.close()


def test_order_to_report_to_confirmed_and_corrected(desk: Desk) -> None:
    signed(desk.store, desk.order, "Åre, ñ & <no> finding.")
    assert desk.drained().state is DeliveryState.CONFIRMED
    desk.correct("Looked at again.")
    assert desk.drained().state is DeliveryState.CONFIRMED
    found = desk.client.get("/DiagnosticReport", params={"identifier": f"|urn:uuid:{desk.store.deliveries()[0].report_uuid}"})
    assert len(found.json().get("entry", [])) <= 1
    holding = desk.ris.read_back(desk.store.deliveries()[0].report_uuid)
    assert holding.resource["status"] == "corrected"


def test_a_report_that_the_ris_amended_is_a_conflict_and_stays_as_it_is_there(desk: Desk) -> None:
    delivery = signed(desk.store, desk.order)
    desk.drained()
    held = desk.ris.read_back(delivery.report_uuid)
    amended = {**held.resource, "status": "amended", "conclusion": "By the RIS."}
    assert desk.client.put(f"/DiagnosticReport/{held.ris_report_id}", json=amended).status_code == 200
    desk.correct("Ours.")
    assert desk.drained().state is DeliveryState.CONFLICT
    assert desk.ris.read_back(delivery.report_uuid).resource["conclusion"] == "By the RIS."


def test_an_update_with_a_stale_version_is_turned_away(desk: Desk) -> None:
    """What the program relies on: 412, not an overwriting."""
    delivery = signed(desk.store, desk.order)
    desk.drained()
    held = desk.ris.read_back(delivery.report_uuid)
    path = f"/DiagnosticReport/{held.ris_report_id}"
    assert desk.client.put(path, json={**held.resource, "status": "amended"}).status_code == 200
    stale = desk.client.put(path, json={**held.resource}, headers={"If-Match": held.etag})
    assert stale.status_code == 412
