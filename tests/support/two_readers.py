"""Two readers at two machines and one RIS: two real cores with homes of their own, each behind a network of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from fault_proxy import FaultProxy, Trouble
from received import CT, dataset, save

import main
from workstation.domain.claim import ClaimState
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.order import Order, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import ReportAction, SectionCode
from workstation.jobs import Jobs, MainQueue
from workstation.ris.embedded import EmbeddedRis
from workstation.session.tool import ShownImage
from workstation.settings import Folders

SECONDS = 60.0
PATIENT = Patient(PatientKey("P1", "HERE"), "Test^One", "19500102", "F")
FINDINGS = SectionCode.FINDINGS


@dataclass(frozen=True)
class Study:
    uid: str
    accession: str
    order: Order


def make_studies(ris: EmbeddedRis, inbox: Path, count: int) -> list[Study]:
    """One image and one order each."""
    made = []
    for number in range(1, count + 1):
        uid, accession = f"1.2.826.0.1.7.{number}", f"B-{number}"
        image = dataset(
            np.full((16, 16), 100, np.uint16), sop_class=CT, Modality="CT", InstanceNumber=1, StudyInstanceUID=uid,
            SeriesInstanceUID=f"{uid}.1", SOPInstanceUID=f"{uid}.1.1", FrameOfReferenceUID=f"{uid}.9", StudyDate="20261122",
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[5, 5], ImagePositionPatient=[0, 0, 0], SliceThickness=5,
            RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU", AccessionNumber=accession, IssuerOfPatientID="HERE",
            BodyPartExamined="CHEST", PatientBirthDate="19500102", PatientSex="F",
        )  # fmt: skip
        image.file_meta.MediaStorageSOPInstanceUID = f"{uid}.1.1"
        save(image, inbox / f"{number}.dcm")
        made.append(Study(uid, accession, ris.place_order(PATIENT, "CT chest", uid, accession)))
    return made


class Reader:
    """One reader at one machine. Signals come while `wait` pumps; `said` are the lines of the banner."""

    def __init__(self, home: Path, ris: EmbeddedRis, name: str) -> None:
        self.name = name
        self.proxy = FaultProxy(ris.base_url.removesuffix("/fhir"))
        self.folders = Folders(home / "data", home / "config", home / "cache")
        self.folders.make()
        (self.folders.config / "settings.toml").write_text(f'signer = "{name}"\nat_rest = false\nundo_seconds = 0\n')
        self.said: list[str] = []
        self.start()

    def start(self) -> None:
        self.queue = MainQueue()
        self.core = main.open_core(lambda: Jobs(self.queue.post), f"{self.proxy.base_url}/fhir", self.folders)
        self.session = self.core.session
        self.session.second_look = None
        self.session.notice.connect(lambda notice: self.said.append(notice.text))
        self.session.start()
        self.core.start_deliveries()

    def stop(self) -> None:
        self.core.close()

    def close(self) -> None:
        self.stop()
        self.proxy.close()

    # ---- the network -------------------------------------------------------------------

    def go_offline(self) -> None:
        self.proxy.trouble_for = lambda method, path: Trouble.DROP_BEFORE

    def go_online(self) -> None:
        self.proxy.trouble_for = lambda method, path: None

    def poll(self) -> None:
        """What the window's timer does each minute; ends when all that it started has ended."""
        self.core.poll_orders()
        self.settle()

    # ---- reading -----------------------------------------------------------------------

    def item(self, study: Study) -> WorklistItem | None:
        return next((i for i in self.session.items if i.study_instance_uid == study.uid and i.order is not None), None)

    def open(self, study: Study) -> None:
        self.session.open(self.wait(lambda: self.item(study), "the order on the worklist"))
        self.wait(lambda: self.report is not None and self.report.accession_number == study.accession, "the report")
        self.session.viewing.note_shown(ShownImage(study.uid, f"{study.uid}.1.1"))
        self.settle()

    def leave(self) -> None:
        self.session.close_case()
        self.settle()

    def write(self, text: str, section: SectionCode = FINDINGS) -> None:
        self.session.desk.write(section, text)
        self.settle()

    def sign(self) -> None:
        self.session.sign(ReportAction.SIGN_FINAL)
        self.settle()

    @property
    def report(self) -> Any:
        return self.session.desk.report

    @property
    def claim(self) -> ClaimState | None:
        return self.session.claiming.claim.state if self.session.claiming.claim else None

    @property
    def delivery(self) -> Delivery | None:
        return self.core.reports.delivery_of(self.report.report_uuid)

    def delivered(self, state: DeliveryState = DeliveryState.CONFIRMED) -> Delivery:
        """The newest delivery of the open report, once it is in this state."""

        def there() -> bool:
            self.core.wake_outbox()
            return self.delivery is not None and self.delivery.state is state

        self.wait(there, f"the delivery {state.value}")
        self.settle()
        assert self.delivery is not None
        return self.delivery

    # ---- waiting -----------------------------------------------------------------------

    def wait(self, until: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + SECONDS
        while not (found := until()):
            assert time.monotonic() < end, f"{self.name} waited for {what}; said: {self.said}"
            self.queue.pump(0.02)
        return found

    def settle(self) -> None:
        """Until no job is left, and none that its answer began."""
        assert self.core.jobs.wait_idle(self.queue.pump, SECONDS), f"{self.name} does not come to rest"


def ask(ris: EmbeddedRis, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """As another system at the RIS: no workstation is between."""
    answer = httpx2.request(method, f"{ris.base_url}/{path}", json=body, headers={"Prefer": "return=representation"}, timeout=30)
    assert answer.status_code < 400, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def found(ris: EmbeddedRis, path: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in ask(ris, "GET", path).get("entry", ())]


def task_of(ris: EmbeddedRis, study: Study) -> dict[str, Any]:
    (task,) = found(ris, f"Task?focus=ServiceRequest/{study.order.order_id}")
    return task


def reports_of(ris: EmbeddedRis, study: Study) -> list[dict[str, Any]]:
    return found(ris, f"DiagnosticReport?based-on=ServiceRequest/{study.order.order_id}")
