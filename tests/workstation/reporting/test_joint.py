"""One report for several orders: joined and taken out again, one text and one signature for all of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from seat import PATIENT, STUDY, evidence_for, item_for, order_for, segment

from workstation.domain.lead_time import LeadEvent
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import Refused
from workstation.reporting.content import content_of_report, content_of_resource
from workstation.reporting.signing import NotSigned
from workstation.reporting.store import ReportStore

HEAD = order_for("A-1", number="1")
NECK, THORAX = (replace(order_for(f"A-{n}", number=str(n)), ris_patient_reference="Patient/1") for n in (2, 3))
THORAX = replace(THORAX, procedure="CT abdomen", procedure_code="CT9", study_instance_uid="1.2.3.3")
OTHER = replace(NECK, patient=Patient(PatientKey("19 101010-1010"), "Other^Plantednameother"))
READER = "Dr Signe Läkare"


def begun(store: ReportStore, text: str = "No change."):
    report = store.open_draft(item_for(HEAD))
    return store.write_section(report.report_uuid, SectionCode.FINDINGS, text)


def join(store: ReportStore, *orders):
    report = store.report_of("A-1", STUDY)
    for order in orders:
        store.joint.join(report, item_for(order), READER)
    return store.report(report.report_uuid)


def leave(store: ReportStore, order):
    report = store.report_of("A-1", STUDY)
    store.joint.leave(report, order.order_id, READER, store.versions(report.report_uuid))
    return store.report(report.report_uuid)


def sign(store: ReportStore, *orders, action=ReportAction.SIGN_FINAL):
    seen = frozenset((order.study_instance_uid, "1.2.3.4") for order in (HEAD, *orders))
    return store.sign(store.report_of("A-1", STUDY).report_uuid, action, READER, evidence_for(HEAD, shown=seen))


def test_every_order_that_is_read_together_opens_the_same_report(store):
    uuid = begun(store).report_uuid
    report = join(store, NECK, THORAX)
    assert report.accession_numbers == ("A-1", "A-2", "A-3")
    assert {store.open_draft(item_for(order)).report_uuid for order in (HEAD, NECK, THORAX)} == {uuid}
    assert store.of_order(NECK.order_id) == report
    assert join(store, NECK) == report
    assert leave(store, NECK).accession_numbers == ("A-1", "A-3")
    assert store.open_draft(item_for(NECK)).report_uuid != uuid
    assert join(store, NECK).accession_numbers == ("A-1", "A-3", "A-2")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (OTHER, "another patient"),
        (replace(NECK, ris_patient_reference="Patient/9"), "two records"),
        (HEAD, "the order of this report itself"),
        (replace(NECK, order_id="", ris_patient_reference=""), "no order"),
    ],
)
def test_what_is_not_this_patients_open_order_is_refused_in_words(store, other, why):
    """F66: patients are never mixed."""
    begun(store)
    with pytest.raises(Refused, match=why):
        join(store, other)
    assert store.report_of("A-1", STUDY).joint == ()


def test_words_and_signatures_of_an_order_are_never_hidden_by_joining_it(store):
    begun(store)
    own = store.open_draft(item_for(NECK))
    store.write_section(own.report_uuid, SectionCode.FINDINGS, "Seen.")
    with pytest.raises(Refused, match="begun"):
        join(store, NECK)
    store.sign(own.report_uuid, ReportAction.SIGN_FINAL, READER, evidence_for(NECK))
    with pytest.raises(Refused, match="signed report of its own"):
        join(store, NECK)


def test_an_order_is_read_in_one_report_alone(store):
    begun(store)
    join(store, NECK)
    third = store.open_draft(item_for(THORAX))
    for order, why in ((NECK, "another report"), (HEAD, "begun")):
        with pytest.raises(Refused, match=why):
            store.joint.join(third, item_for(order), READER)


def test_nothing_is_signed_before_images_of_each_study_were_shown(store):
    begun(store)
    join(store, NECK, THORAX)
    with pytest.raises(NotSigned, match="A-3"):
        sign(store)
    assert sign(store, THORAX).version == 1


def test_one_signature_answers_all_of_them_by_their_references_and_numbers(store):
    begun(store)
    report = join(store, NECK, THORAX)
    delivery = sign(store, THORAX)
    (version,) = store.versions(report.report_uuid)
    assert version.joint == report.joint
    sent = json.loads(store.ledger.submission(delivery.delivery_id).payload)
    assert [one["reference"] for one in sent["basedOn"]] == [f"ServiceRequest/order-{n}" for n in (1, 2, 3)]
    assert [one["value"] for one in sent["identifier"][1:]] == ["A-1", "A-2", "A-3"]
    assert [one["identifier"]["value"] for one in sent["imagingStudy"]] == [f"urn:oid:{STUDY}", "urn:oid:1.2.3.3"]
    assert [one["code"] for one in sent["code"]["coding"]] == ["18748-4", "24627-2", "24627-2", "CT9"]
    assert sent["code"]["text"] == "CT thorax; CT thorax; CT abdomen"
    assert content_of_resource(sent) == content_of_report(version)
    assert "\nRead together with: A-2 CT thorax; A-3 CT abdomen\n" in content_of_report(version).text
    assert store.ledger.waiting_orders() == {"order-1", "order-2", "order-3"}
    fewer = {**sent, "basedOn": sent["basedOn"][:2]}
    assert content_of_resource(fewer) != content_of_report(version)


def test_a_signed_report_answers_what_it_answered(store):
    begun(store)
    join(store, NECK)
    sign(store, action=ReportAction.SIGN_PRELIMINARY)
    with pytest.raises(Refused, match="signed version"):
        leave(store, NECK)
    assert join(store, THORAX).accession_numbers == ("A-1", "A-2", "A-3")
    assert leave(store, THORAX).accession_numbers == ("A-1", "A-2")
    sign(store)
    with pytest.raises(Refused, match="signed"):
        join(store, THORAX)
    uuid = store.report_of("A-1", STUDY).report_uuid
    store.life.begin(uuid, ReportAction.APPEND, READER)
    with pytest.raises(Refused, match="signed"):
        join(store, THORAX)
    store.life.put_away(uuid, READER)
    store.life.begin(uuid, ReportAction.CORRECT, READER, "The abdomen was read too")
    assert join(store, THORAX).accession_numbers == ("A-1", "A-2", "A-3")


def test_each_examination_has_its_own_lead_times(store, tmp_path):
    begun(store)
    report = join(store, NECK, THORAX)
    leave(store, THORAX)
    store.append_segment(report.report_uuid, SectionCode.FINDINGS, segment(1))
    sign(store)

    def events(accession):
        return [event.value for event in store.lead_times.of(accession, "").stamps]

    assert events("A-1") == events("A-2") == ["opened", "dictated", "signed"]
    assert events("A-3") == ["opened"]
    own, other = (store.lead_times.of(number, "").stamps[LeadEvent.SIGNED] for number in ("A-1", "A-2"))
    assert (own.at, own.who) == (other.at, other.who)
    store.life.withdraw(report.report_uuid, READER)
    assert events("A-1") == events("A-2") == ["opened", "dictated"]
    store.close()
    again = ReportStore(tmp_path / "reports.sqlite3")
    assert again.report(report.report_uuid).accession_numbers == ("A-1", "A-2")
    again.close()


def test_the_list_hears_that_rows_belong_together(store):
    uuid = begun(store).report_uuid
    mark, _ = store.changes.since("")
    join(store, NECK)
    mark, changed = store.changes.since(mark)
    assert changed == {uuid}
    leave(store, NECK)
    assert store.changes.since(mark)[1] == {uuid}


def test_a_merged_patient_is_one_patient(store):
    begun(store)

    class Merged:
        def survivor(self, key):
            return PATIENT.key if key == OTHER.patient.key else key

        def doubt_of(self, report):
            return ""

    store.rely_on(Merged())
    assert join(store, OTHER).accession_numbers == ("A-1", "A-2")
