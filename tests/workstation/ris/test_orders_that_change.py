"""Orders cancelled or moved and patients merged while somebody reads: noticed at once, nothing sent on top (F61, F69)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hl7_bridge import free_port, say
from hl7_seat import NEW, OLD, HospitalSeat, a40, head, omi, order_message, pid, placed
from seat import PATIENT, STUDY, evidence_for, item_for

from workstation import core_ris
from workstation.core_ris import CoreRis
from workstation.domain import hl7
from workstation.domain.delivery import DeliveryEvent
from workstation.domain.delivery import DeliveryState as State
from workstation.domain.order import Order, OrderStatus
from workstation.domain.report import Report, ReportAction, SectionCode
from workstation.domain.study import Study
from workstation.errors import Refused
from workstation.reporting.store import ReportStore
from workstation.ris.fhir import FhirRis
from workstation.ris.following import look_again
from workstation.ris.outbox import Backoff, Outbox
from workstation.ris.standing import ACCESSION_CHANGED, MERGED
from workstation.settings import Folders, Settings
from workstation.worklist import join
from workstation.worklist_store import OrderStore


class Desk:
    """The core's RIS side over real stores, listening on a real port; `said` is what the banner showed."""

    def __init__(self, path: Path) -> None:
        self.said: list[str] = []
        self.refreshed = 0
        self.reports, self.orders = ReportStore(path / "reports.db"), OrderStore(path / "orders.db")
        self.settings = Settings(signer="Dr A", signer_id="77", signer_id_system="urn:oid:1.2.3", hl7_listen="mllp://127.0.0.1:1")
        self.folders = Folders(path, path, path)
        self.ris_url = "mllp://127.0.0.1:1"
        self.jobs = SimpleNamespace(on_main=lambda work: work())
        self.session = SimpleNamespace(
            desk=SimpleNamespace(report=None),
            settling=SimpleNamespace(heard=lambda: None),
            refresh_worklist=self._refresh,
            report_problem=lambda error: self.said.append(error.title),
        )
        self.side = CoreRis(self)
        self.reports.send_as(self.side.form())
        self.reports.rely_on(self.side)

    def _refresh(self) -> None:
        self.refreshed += 1

    def listen(self) -> int:
        port = free_port()
        self.settings = replace(self.settings, hl7_listen=f"mllp://127.0.0.1:{port}")
        self.side.listen()
        return port

    def begin(self, text: str = "No change.") -> Report:
        """Open the only order's report and write."""
        (known,) = self.orders.orders()
        report = self.reports.open_draft(item_for(known.order))
        self.session.desk.report = self.reports.write_section(report.report_uuid, SectionCode.FINDINGS, text)
        return self.session.desk.report

    def sign(self, order: Order) -> None:
        report = self.session.desk.report
        self.reports.sign(report.report_uuid, ReportAction.SIGN_FINAL, "Dr A", evidence_for(order))

    def note_problem(self, problem: Exception) -> None:
        raise problem

    def close(self) -> None:
        self.side.close()
        self.reports.close()
        self.orders.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(Desk(tmp_path)) as desk:
        yield desk


def order_of(desk: Desk) -> Order:
    (known,) = desk.orders.orders()
    return known.order


@pytest.mark.parametrize(("control", "words"), [("CA", "cancelled"), ("HD", "on hold"), ("DC", "cancelled")])
def test_an_order_cancelled_while_somebody_dictates_is_said_at_once_and_not_signed(desk: Desk, control: str, words: str) -> None:
    """F69."""
    port = desk.listen()
    say(port, omi())
    draft, before = desk.begin(), order_of(desk)
    say(port, omi(control))
    assert [words in said for said in desk.said] == [True]
    with pytest.raises(Refused, match=words):
        desk.sign(before)
    assert desk.reports.report(draft.report_uuid).text(SectionCode.FINDINGS) == "No change."
    assert desk.reports.deliveries() == ()
    say(port, omi(control))
    assert len(desk.said) == 1  # once is enough


def test_an_order_whose_accession_number_changes_takes_the_draft_along(desk: Desk) -> None:
    """F69."""
    port = desk.listen()
    say(port, omi())
    draft, before = desk.begin("Words of before."), order_of(desk)
    say(port, omi("XO", "A-2"))
    assert desk.said == [ACCESSION_CHANGED]
    with pytest.raises(Refused, match="accession number has changed"):
        desk.sign(before)
    after = desk.reports.open_draft(item_for(order_of(desk)))
    assert (after.report_uuid, after.accession_number) == (draft.report_uuid, "A-2")
    assert after.text(SectionCode.FINDINGS) == "Words of before."
    desk.sign(order_of(desk))
    payload = desk.reports.ledger.submission(1).payload
    assert hl7.read_message(payload).first("OBR").value(18) == "A-2"


def test_a_draft_follows_the_patient_who_got_a_national_id(desk: Desk) -> None:
    """F61: the images still carry the temporary id, the message the national one."""
    port = desk.listen()
    say(port, omi(key=OLD))
    before = order_of(desk)
    draft = desk.begin()
    say(port, a40())
    again = desk.reports.open_draft(item_for(replace(order_of(desk), patient=before.patient)))
    assert again.report_uuid == draft.report_uuid
    desk.sign(before)
    identification = hl7.read_message(desk.reports.ledger.submission(1).payload).first("PID")
    assert (identification.value(3), identification.value(3, 4, 2)) == (NEW.patient_id, NEW.issuer)


def test_images_of_a_merged_patient_stay_with_their_order(desk: Desk) -> None:
    """F61: one row, of one patient, and not two that accuse each other."""
    port = desk.listen()
    say(port, omi(key=OLD))
    study = Study(STUDY, replace(order_of(desk).patient, key=OLD), "A-1")
    say(port, a40())
    items = join(desk.orders.orders(), [study], {}, lambda *_: item_for(None).status, survivor=desk.orders.survivor)
    assert [(item.study_instance_uid, item.order is not None, item.warning) for item in items] == [(STUDY, True, "")]


def test_a_report_signed_before_the_merge_is_held_until_somebody_has_looked(desk: Desk, tmp_path: Path) -> None:
    """F61: HELD, and a reader's "send again" is the verification. An unmerge ends the doubt too."""
    port = desk.listen()
    say(port, omi(key=OLD))
    before = order_of(desk)
    desk.begin()
    desk.sign(before)
    say(port, a40())
    outbox = Outbox(desk.reports, _ris(desk), Backoff(base=0.0))
    assert outbox.step().state is State.HELD
    assert desk.reports.deliveries()[0].last_error == MERGED
    desk.reports.ledger.retry(1)
    assert desk.side._standing.doubt(desk.reports.ledger.submission(1)) == ""
    say(port, a40(NEW, OLD))
    say(port, a40(OLD, NEW))  # merged anew after that: looked at anew
    assert desk.side._standing.doubt(desk.reports.ledger.submission(1)) == MERGED
    say(port, [head(("ADT", "A37")), pid(NEW), pid(OLD)])
    assert desk.side._standing.doubt(desk.reports.ledger.submission(1)) == ""


def test_an_order_by_hl7_leaves_the_list_a_day_after_its_report_was_taken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    port = desk.listen()
    say(port, omi())
    desk.begin()
    desk.sign(order_of(desk))
    ledger = desk.reports.ledger
    for event in (DeliveryEvent.SEND, DeliveryEvent.ACKNOWLEDGE):
        ledger.move(1, event)
    ris = _ris(desk)
    desk.side.fetch_orders(ris)
    assert [known.is_listed for known in desk.orders.orders()] == [True]
    monkeypatch.setattr(core_ris, "LISTED_AFTER_READING", -timedelta(days=1))
    desk.side.fetch_orders(ris)
    assert [known.is_listed for known in desk.orders.orders()] == [False]


def _ris(desk: Desk):
    ris = desk.side.make()
    assert ris is not None
    return ris


def test_an_order_cancelled_after_signing_is_held_with_the_reason(desk: Desk) -> None:
    """F69."""
    port = desk.listen()
    say(port, omi())
    desk.begin()
    desk.sign(order_of(desk))
    say(port, omi("CA"))
    assert Outbox(desk.reports, _ris(desk)).step().state is State.HELD
    assert "cancelled" in desk.reports.deliveries()[0].last_error


# ---- by FHIR --------------------------------------------------------------------------------


def test_an_order_revoked_in_fhir_is_known_for_that_and_not_signed(server, engine, desk: Desk) -> None:
    """F69: the search of open orders only leaves it out; asked for by its id it says why."""
    order = placed(server, engine)
    desk.ris_url = server.base_url
    desk.reports.send_as(desk.side.form())
    with closing(FhirRis(server.base_url)) as ris:
        desk.side.fetch_orders(ris)
        report = desk.reports.open_draft(item_for(order))
        desk.session.desk.report = desk.reports.write_section(report.report_uuid, SectionCode.FINDINGS, "Words.")
        lines = order_message(order.accession_number)
        lines[2] = lines[2].replace("|NW|", "|CA|")
        assert say(engine, lines).first("MSA").value(1) == "AA"
        desk.side.fetch_orders(ris)
        desk.side.orders_changed()
        assert desk.orders.order(order.order_id).status is OrderStatus.REVOKED
    assert ["cancelled" in said for said in desk.said] == [True]
    with pytest.raises(Refused, match="cancelled"):
        desk.sign(order)


def test_a_patient_merged_in_fhir_is_one_here_and_stands_alone_again_when_that_is_undone(server, engine, desk: Desk) -> None:
    """F61: Patient.link replaced-by, made by a real A40 through the engine."""
    temporary = replace(PATIENT, key=replace(PATIENT.key, patient_id=f"T-{uuid.uuid4().hex[:8]}"))
    order = placed(server, engine, temporary)
    national = replace(NEW, patient_id=f"19 {uuid.uuid4().hex[:8]}")
    merge = a40(temporary.key, national)
    merge[2] = hl7.segment("MRG", {1: (temporary.key.patient_id, "", "", ("", temporary.key.issuer, "ISO"), "MR")})
    assert say(engine, [merge[0], pid_of(national), merge[2]]).first("MSA").value(1) == "AA"
    with closing(FhirRis(server.base_url)) as ris:
        look_again(ris, desk.orders, [order.order_id])
        assert desk.orders.survivor(temporary.key) == national
        (old,) = (r for r in ris.search("Patient", (("identifier", temporary.key.patient_id),)))
        undone = {name: value for name, value in old.items() if name != "link"}
        server._ask("PUT", f"Patient/{old['id']}", undone)
        look_again(ris, desk.orders, [order.order_id], merged_here=desk.orders.merged())
        assert desk.orders.survivor(temporary.key) == temporary.key


def test_a_report_signed_for_a_patient_merged_in_fhir_is_held_and_goes_when_somebody_has_looked(server, engine, tmp_path) -> None:
    """F61: the engine takes the old number as that of the patient it was merged into."""
    temporary = replace(PATIENT, key=replace(PATIENT.key, patient_id=f"T-{uuid.uuid4().hex[:8]}"))
    order = placed(server, engine, temporary)
    with closing(HospitalSeat(tmp_path, engine, server.base_url)) as seat:
        seat.sign(order)
        national = replace(NEW, patient_id=f"19 {uuid.uuid4().hex[:8]}")
        gone = hl7.segment("MRG", {1: (temporary.key.patient_id, "", "", ("", temporary.key.issuer, "ISO"), "MR")})
        assert say(engine, [head(("ADT", "A40")), pid_of(national), gone]).first("MSA").value(1) == "AA"
        assert seat.drain() == (State.HELD,)
        assert "merged" in seat.store.deliveries()[0].last_error
        seat.store.ledger.retry(1)
        assert seat.drain() == (State.CONFIRMED,)


def pid_of(key) -> str:
    return hl7.segment(
        "PID", {1: "1", 3: (key.patient_id, "", "", ("", key.issuer, "ISO"), "MR"), 5: ("Åkerö", "Plantednamekari")}
    )
