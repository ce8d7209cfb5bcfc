"""Who may sign what, and that a signature and its way to the RIS are one act."""

from __future__ import annotations

import json
import sqlite3

import pytest
from seat import evidence_for, item_for, order_for, segment, signed

from workstation.domain.delivery import Delivery, DeliveryEvent, DeliveryState
from workstation.domain.patient import PatientKey
from workstation.domain.report import REPORT_TRANSITIONS, ReportAction, ReportStatus, SectionCode
from workstation.errors import Refused, Unavailable
from workstation.reporting.content import content_of_resource
from workstation.reporting.store import ReportStore

ORDER = order_for()
FINDINGS, IMPRESSION = SectionCode.FINDINGS, SectionCode.IMPRESSION
SIGN_FINAL = ReportAction.SIGN_FINAL


@pytest.fixture
def draft(store):
    """The uuid of a draft with findings."""
    return store.write_section(store.open_draft(item_for(ORDER)).report_uuid, FINDINGS, "Lungs clear.").report_uuid


def refusal(store: ReportStore, uuid: str, signer: str = "Dr A", **evidence: object) -> Refused:
    with pytest.raises(Refused) as caught:
        store.sign(uuid, SIGN_FINAL, signer, evidence_for(ORDER, **evidence))
    assert caught.value.hint
    assert store.report(uuid).version == 0
    assert store.deliveries() == ()
    return caught.value


def test_signing_makes_a_version_and_its_delivery(store, draft):
    delivery = store.sign(draft, SIGN_FINAL, "Dr  A\n", evidence_for(ORDER))
    (version,) = store.versions(draft)
    assert (version.status, version.version, version.signed_by) == (ReportStatus.FINAL, 1, "Dr A")
    assert version.signed_at.tzinfo is not None
    assert (delivery.state, delivery.version, delivery.accession_number) == (DeliveryState.QUEUED, 1, "ACC-1")
    assert store.deliveries() == (delivery,) == store.deliveries(open_only=True)
    assert store.delivery_of(draft) == delivery
    assert store.report(draft) == version


def test_what_is_queued_carries_the_hash_of_what_was_signed(store, draft):
    delivery = store.sign(draft, SIGN_FINAL, "Dr A", evidence_for(ORDER))
    submission = store.ledger.submission(delivery.delivery_id)
    assert submission.intact
    assert content_of_resource(json.loads(submission.payload)).sha256() == delivery.local_sha256


def test_a_report_without_an_order_is_not_signed(store):
    uuid = store.open_draft(item_for(None)).report_uuid
    store.write_section(uuid, FINDINGS, "Lungs clear.")
    assert "no way home" in refusal(store, uuid).detail


def test_images_of_another_study_do_not_count_as_seen(store, draft):
    assert "image" in refusal(store, draft, shown=frozenset()).detail
    assert "image" in refusal(store, draft, shown=frozenset({("1.2.999", "1.2.3.4")})).detail


def test_another_patient_study_or_accession_on_screen_is_refused(store, draft):
    key = ORDER.patient.key
    assert "patient" in refusal(store, draft, patient=PatientKey(key.patient_id, "")).detail
    assert "study" in refusal(store, draft, study_uid="1.2.999").detail
    assert "accession" in refusal(store, draft, accession_number="ACC-2").detail


def test_nobody_cannot_sign(store, draft):
    assert "signer" in refusal(store, draft, signer="  \n").detail


def test_a_report_without_findings_and_impression_is_not_signed(store):
    uuid = store.open_draft(item_for(ORDER)).report_uuid
    store.write_section(uuid, SectionCode.HISTORY, "Cough.")
    store.write_section(uuid, FINDINGS, " \n ")
    assert "empty" in refusal(store, uuid).detail
    store.write_section(uuid, IMPRESSION, "Normal.")
    assert store.sign(uuid, SIGN_FINAL, "Dr A", evidence_for(ORDER)).version == 1


ROUTES = {
    ReportStatus.DRAFT: [],
    ReportStatus.PRELIMINARY: [ReportAction.SIGN_PRELIMINARY],
    ReportStatus.FINAL: [SIGN_FINAL],
    ReportStatus.AMENDED: [SIGN_FINAL, ReportAction.AMEND],
    ReportStatus.CORRECTED: [SIGN_FINAL, ReportAction.CORRECT],
    ReportStatus.APPENDED: [SIGN_FINAL, ReportAction.APPEND],
}


@pytest.mark.parametrize("status", ReportStatus)
@pytest.mark.parametrize("action", ReportAction)
def test_the_store_allows_what_the_table_allows_and_nothing_else(store, draft, status, action):
    for number, step in enumerate(ROUTES[status]):
        store.append_segment(draft, FINDINGS, segment(number))
        store.sign(draft, step, "Dr A", evidence_for(ORDER))
    assert store.report(draft).status is status
    store.append_segment(draft, FINDINGS, segment(99))
    expected = REPORT_TRANSITIONS.get((status, action))
    if expected is None:
        with pytest.raises(Refused, match=action.value):
            store.sign(draft, action, "Dr A", evidence_for(ORDER))
    else:
        store.sign(draft, action, "Dr A", evidence_for(ORDER))
        assert store.report(draft).status is expected


def test_signing_an_unchanged_final_report_again_is_refused(store, draft):
    store.sign(draft, SIGN_FINAL, "Dr A", evidence_for(ORDER))
    for action in (ReportAction.AMEND, ReportAction.CORRECT, ReportAction.APPEND):
        with pytest.raises(Refused, match="Nothing has changed"):
            store.sign(draft, action, "Dr A", evidence_for(ORDER))


def test_an_unchanged_preliminary_report_may_become_final(store, draft):
    store.sign(draft, ReportAction.SIGN_PRELIMINARY, "Dr A", evidence_for(ORDER))
    store.sign(draft, SIGN_FINAL, "Dr B", evidence_for(ORDER))
    assert [v.status for v in store.versions(draft)] == [ReportStatus.PRELIMINARY, ReportStatus.FINAL]


def test_an_addendum_only_adds(store, draft):
    store.sign(draft, SIGN_FINAL, "Dr A", evidence_for(ORDER))
    store.write_section(draft, FINDINGS, "Lungs not clear.")
    with pytest.raises(Refused, match="only add"):
        store.sign(draft, ReportAction.APPEND, "Dr A", evidence_for(ORDER))
    store.write_section(draft, FINDINGS, "Lungs clear. Addendum: seen again.")
    assert store.sign(draft, ReportAction.APPEND, "Dr A", evidence_for(ORDER)).version == 2


def test_a_conflict_blocks_the_next_signature(store, draft):
    delivery = store.sign(draft, SIGN_FINAL, "Dr A", evidence_for(ORDER))
    store.ledger.move(delivery.delivery_id, DeliveryEvent.RIS_HAS_NEWER)
    store.append_segment(draft, FINDINGS, segment(1))
    with pytest.raises(Refused, match="conflict"):
        store.sign(draft, ReportAction.CORRECT, "Dr A", evidence_for(ORDER))


def test_a_preliminary_not_yet_sent_makes_way_for_the_final(store, draft):
    store.sign(draft, ReportAction.SIGN_PRELIMINARY, "Dr A", evidence_for(ORDER))
    store.sign(draft, SIGN_FINAL, "Dr A", evidence_for(ORDER))
    assert [d.state for d in store.deliveries()] == [DeliveryState.SUPERSEDED, DeliveryState.QUEUED]


def test_a_final_not_yet_sent_is_never_skipped(store, draft):
    store.sign(draft, SIGN_FINAL, "Dr A", evidence_for(ORDER))
    store.append_segment(draft, FINDINGS, segment(1))
    store.sign(draft, ReportAction.CORRECT, "Dr A", evidence_for(ORDER))
    assert [d.state for d in store.deliveries()] == [DeliveryState.QUEUED, DeliveryState.QUEUED]
    assert [d.version for d in store.ledger.heads()] == [1]


def test_later_words_do_not_reach_a_signed_version(store, draft):
    store.sign(draft, SIGN_FINAL, "Dr A", evidence_for(ORDER))
    before = store.versions(draft)
    store.append_segment(draft, FINDINGS, segment(1))
    assert store.versions(draft) == before
    assert store.report(draft).text(FINDINGS) == "Lungs clear. word1"


def test_a_signature_whose_outbox_row_fails_leaves_a_draft(tmp_path, monkeypatch):
    store = ReportStore(tmp_path / "reports.sqlite3")
    uuid = store.write_section(store.open_draft(item_for(ORDER)).report_uuid, FINDINGS, "Lungs clear.").report_uuid

    def disk_full(*_: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(store.ledger, "enqueue", disk_full)
    with pytest.raises(Unavailable, match="Not saved"):
        store.sign(uuid, SIGN_FINAL, "Dr A", evidence_for(ORDER))
    monkeypatch.undo()
    assert store.report(uuid).status is ReportStatus.DRAFT
    assert store.versions(uuid) == ()
    assert store.sign(uuid, SIGN_FINAL, "Dr A", evidence_for(ORDER)).version == 1
    store.close()


def test_each_accession_has_its_own_queue(store):
    first, second = (signed(store, order_for(f"A{n}", f"1.2.{n}", number=str(n))) for n in range(2))
    store.ledger.move(first.delivery_id, DeliveryEvent.IDENTITY_DOUBT)
    assert [d.delivery_id for d in store.ledger.heads()] == [first.delivery_id, second.delivery_id]


def test_the_heads_are_what_the_rows_are_now_however_often_they_were_read(store):
    """What was read before is used again for rows that did not change, and for no other."""
    first, second = (signed(store, order_for(f"A{n}", f"1.2.{n}", number=str(n))) for n in range(2))

    def heads() -> list[Delivery]:
        found = store.ledger.heads()
        assert found == tuple(row for row in store.deliveries() if row.delivery_id in {d.delivery_id for d in found})
        return list(found)

    before = heads()
    assert heads()[1] is before[1]
    store.ledger.note(first.delivery_id, "No answer")
    after = heads()
    assert (after[0].tries, after[0].last_error) == (before[0].tries + 1, "No answer")
    assert after[1] is before[1]
    store.ledger.move(first.delivery_id, DeliveryEvent.SEND)
    assert heads()[0].state is DeliveryState.SENDING
    store.ledger.can_be_proved = False
    assert [row.can_be_proved for row in heads()] == [False, False]
    store.ledger.move(first.delivery_id, DeliveryEvent.ACKNOWLEDGE)
    assert [row.delivery_id for row in heads()] == [second.delivery_id]
    store.ledger.can_be_proved = True
    assert [row.delivery_id for row in heads()] == [first.delivery_id, second.delivery_id]
