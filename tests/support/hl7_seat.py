"""A workstation whose RIS takes reports by HL7, and what an interface engine says to it."""

from __future__ import annotations

import itertools
import uuid
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hl7_bridge import say
from seat import PATIENT, STUDY, evidence_for, item_for

from workstation.domain import hl7
from workstation.domain.delivery import Delivery
from workstation.domain.delivery import DeliveryState as State
from workstation.domain.order import Order
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import ReportAction, SectionCode
from workstation.reporting.forms import OruForm
from workstation.reporting.oru import Hl7Site
from workstation.reporting.signer import SignerIdentity
from workstation.reporting.store import ReportStore
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.hl7.driver import Hl7Ris, ReadableHl7Ris
from workstation.ris.hl7.mllp import MllpLimits, MllpLink
from workstation.ris.hl7.reading import AccessionReader
from workstation.ris.outbox import Backoff, Outbox
from workstation.ris.standing import Standing
from workstation.ris.tls import RisTls, client_context
from workstation.worklist_store import OrderStore

OLD, NEW = PatientKey("T-1", "TEMP"), PatientKey("19 121212-1212", "1.2.752.129")
NUMBERS = itertools.count(1)
SIGNER = SignerIdentity("Dr Signe Läkare", "9144900", "urn:oid:2.16.578.1.12.4.1.4.4")


def order_message(accession: str, patient: Patient = PATIENT) -> list[str]:
    placer, filler = (f"P-{accession}", "HIS"), (f"F-{accession}", "RIS")
    number = (patient.key.patient_id, "", "", ("", patient.key.issuer, "ISO"), "MR")
    family, given, *_ = (*patient.name.split("^"), "")
    return [
        hl7.header(
            {3: "RIS", 4: "S", 7: "20261122101010+0100", 9: ("OMI", "O23", "OMI_O23"), 10: f"M{next(NUMBERS)}", 11: "P"}
            | {12: "2.5.1", 18: "UNICODE UTF-8"}
        ),
        hl7.segment("PID", {1: "1", 3: number, 5: (family, given), 7: patient.birth_date, 8: patient.sex}),
        hl7.segment("ORC", {1: "NW", 2: placer, 3: filler}),
        hl7.segment("TQ1", {1: "1", 9: "S"}),
        hl7.segment("OBR", {1: "1", 2: placer, 3: filler, 4: ("24627-2", "CT thorax", "LN"), 31: ("", "Dyspné sedan i går")}),
        hl7.segment("IPC", {1: accession, 2: f"RP-{accession}", 3: STUDY, 4: f"SPS-{accession}", 5: "CT"}),
    ]


class HospitalSeat:
    """A workstation whose RIS is the engine. `can_read`: the FHIR server behind it may be asked."""

    def __init__(self, path: Path, port: int, fhir: str, can_read: bool = True, tls: RisTls | None = None) -> None:
        self.path = path
        self.orders = OrderStore(path / "orders.db")
        self.reader = AccessionReader(fhir) if can_read else None
        link = MllpLink("localhost", port, client_context(tls) if tls else None, MllpLimits(total=60.0))
        self.store = ReportStore(path / "reports.db")
        self.store.send_as(OruForm(Hl7Site(sending_facility="HOME", signer=SIGNER), self.orders.order, can_read))
        doubt = Standing(self.orders).doubt
        self.ris = ReadableHl7Ris(link, doubt, self.reader, self._accession_of) if self.reader else Hl7Ris(link, doubt)
        self.outbox = Outbox(self.store, self.ris, Backoff(base=0.0))

    def _accession_of(self, report_uuid: str) -> str:
        return self.store.report(report_uuid).accession_number

    def sign(self, order: Order, text: str = "No change.", action: ReportAction = ReportAction.SIGN_FINAL) -> Delivery:
        self.orders.put(order)
        report = self.store.open_draft(item_for(order))
        self.store.write_section(report.report_uuid, SectionCode.FINDINGS, text)
        self.store.write_section(report.report_uuid, SectionCode.IMPRESSION, f"Impression: {text}")
        return self.store.sign(report.report_uuid, action, "Dr Signe Läkare", evidence_for(order))

    def drain(self) -> tuple[State, ...]:
        for _ in range(20):
            if self.outbox.step() is None:
                return tuple(delivery.state for delivery in self.store.deliveries())
        raise AssertionError("the outbox does not come to rest")

    def close(self) -> None:
        self.ris.close()
        self.store.close()
        self.orders.close()


def placed(server: EmbeddedRis, engine: int, patient: Patient = PATIENT) -> Order:
    accession = f"ACC-{uuid.uuid4().hex[:8]}"
    answer = say(engine, order_message(accession, patient))
    assert next(answer.all("MSA")).value(1) == "AA"
    with closing(FhirRis(server.base_url)) as ris:
        found = next(order for order in ris.orders() if order.accession_number == accession)
    return replace(found, study_instance_uid=STUDY)


def head(kind: tuple[str, str], **changes: hl7.Value) -> str:
    fields: dict[int, hl7.Value] = {3: "RIS", 7: "20261122101010+0100", 9: kind, 10: f"M{next(NUMBERS)}", 11: "P", 12: "2.5.1"}
    return hl7.header({**fields, 18: "UNICODE UTF-8", **{int(name[1:]): value for name, value in changes.items()}})


def pid(key: PatientKey = NEW, name: hl7.Value = ("Åkerö", "Plantednamekari", "Mö", "", "Dr")) -> str:
    authority = ("", key.issuer, "ISO") if key.issuer.startswith("1.") else key.issuer
    number = (key.patient_id, "", "", authority, "MR")
    others = [("777", "", "", "OTHER", "PI"), number]
    return hl7.segment("PID", {3: others, 5: name, 7: "19121212", 8: "F"})


def omi(control: str = "NW", accession: str = "A-1", key: PatientKey = NEW, status: str = "", **header: hl7.Value) -> list[str]:
    return [
        head(("OMI", "O23"), **header),
        pid(key),
        hl7.segment("PV1", {2: "O", 19: "V-1"}),
        hl7.segment("ORC", {1: control, 2: ("P-1", "HIS"), 3: ("F-1", "", "1.2.3", "ISO"), 5: status}),
        hl7.segment("TQ1", {1: "1", 8: "20261123120000+0100", 9: "S"}),
        hl7.segment(
            "OBR",
            {4: ("24627-2", "CT thorax", "LN"), 8: "20261122150000+0100", 15: ("", "", "", "Lung", "", "R")}
            | {16: ("D1", "Doe", "Jo"), 31: ("", "Dyspné | ^ sedan i går")},
        ),
        hl7.segment("IPC", {1: accession, 2: "RP-1", 3: STUDY, 4: "SPS-1", 5: "CT"}),
    ]


def a40(old: PatientKey = OLD, new: PatientKey = NEW) -> list[str]:
    return [head(("ADT", "A40")), pid(new), hl7.segment("MRG", {1: (old.patient_id, "", "", old.issuer, "MR")})]
