"""A signed report on its way to the RIS, with everything that can happen to it there."""

from __future__ import annotations

import logging

import pytest
from fake_fhir import Crash, Fault, fhir, outcome, raw
from seat import evidence_for, order_for, segment, signed

from workstation.domain.delivery import DeliveryState as State
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import Refused
from workstation.reporting.content import content_of_resource
from workstation.ris.outbox import OUTAGE, Backoff

FINDINGS = SectionCode.FINDINGS
OK = Fault.NONE
# The first sending of a report asks for the order and then writes: two requests.
THE_WRITE = (OK,)


def test_a_report_is_sent_acknowledged_read_back_and_confirmed(seat):
    delivery = seat.sign()
    assert [d.state for d in seat.steps()] == [State.ACKNOWLEDGED, State.CONFIRMED]
    confirmed = seat.store.delivery_of(delivery.report_uuid)
    (held,) = seat.server.with_identifier(delivery.report_uuid)
    assert confirmed.ris_report_id == held["id"]
    assert confirmed.ris_sha256 == confirmed.local_sha256 == content_of_resource(held).sha256()
    assert seat.outbox.seconds_until_due() is None


def test_nothing_is_sent_before_it_is_on_disk_as_sending(seat):
    delivery = seat.sign()
    states = []
    seat.network.instead = lambda request: (
        states.append(seat.store.ledger.delivery(delivery.delivery_id).state) if request.method == "POST" else None
    )
    seat.steps()
    assert states == [State.SENDING]


def test_a_correction_updates_the_same_report_under_its_etag(seat):
    delivery = seat.sign()
    seat.steps()
    seat.store.write_section(delivery.report_uuid, FINDINGS, "Changed.")
    seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
    assert seat.drain().state is State.CONFIRMED
    (held,) = seat.server.reports.values()
    assert held["status"] == "corrected"
    assert [request.headers.get("if-match") for request in seat.network.writes()] == [None, 'W/"1"']


def test_two_versions_signed_offline_arrive_in_their_order(seat):
    delivery = seat.sign("First.")
    seat.store.write_section(delivery.report_uuid, FINDINGS, "Second.")
    seat.store.sign(delivery.report_uuid, ReportAction.AMEND, "Dr A", evidence_for(seat.order))
    seat.drain()
    assert [d.state for d in seat.store.deliveries()] == [State.CONFIRMED, State.CONFIRMED]
    assert [r["status"] for r in seat.server.history] == ["final", "amended"]


def test_a_ris_that_is_down_leaves_the_report_queued_and_counts(seat):
    seat.sign()
    (waiting,) = seat.steps([Fault.LOST])
    assert (waiting.state, waiting.tries) == (State.QUEUED, 1)
    assert "did not answer" in waiting.last_error
    assert seat.network.writes() == []
    assert seat.drain().state is State.CONFIRMED


@pytest.mark.parametrize(
    "fault", [Fault.LOST, Fault.ANSWER_LOST, Fault.ERROR, Fault.ERROR_AFTER, Fault.BUSY, Fault.PORTAL, Fault.EMPTY]
)
def test_an_unclear_answer_is_unknown_and_asked_for_before_anything_is_sent_again(seat, fault):
    delivery = seat.sign()
    (unknown,) = seat.steps([*THE_WRITE, fault])
    assert unknown.state is State.SENDING
    assert unknown.last_error
    seen = len(seat.network.requests)
    assert seat.drain().state is State.CONFIRMED
    assert seat.network.requests[seen].method == "GET"
    assert len(seat.server.with_identifier(delivery.report_uuid)) == 1
    assert len(seat.server.history) == 1


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.ERROR, Fault.PORTAL, Fault.EMPTY, Fault.BUSY])
@pytest.mark.parametrize("position", [0, 2, 3])
def test_no_question_that_fails_ever_confirms_or_rejects(seat, fault, position):
    seat.sign()
    last = seat.steps([OK] * position + [fault])[-1]
    assert last.state in (State.QUEUED, State.ACKNOWLEDGED)
    assert seat.drain().state is State.CONFIRMED
    assert len(seat.server.history) == 1


def test_a_request_that_arrives_late_makes_no_second_report(seat):
    delivery = seat.sign()
    seat.steps([*THE_WRITE, Fault.LATE])
    seat.now += 100
    assert seat.steps([OK])[0].state is State.QUEUED
    seat.network.deliver_late()
    assert seat.drain().state is State.CONFIRMED
    assert len(seat.server.with_identifier(delivery.report_uuid)) == 1
    assert len(seat.server.history) == 1


def test_an_update_that_arrives_late_does_not_undo_a_later_one(seat):
    delivery = seat.sign()
    seat.drain()
    for number in (1, 2):
        seat.store.append_segment(delivery.report_uuid, FINDINGS, segment(number))
        seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
    seat.steps([*THE_WRITE, Fault.LATE])
    seat.drain()
    seat.network.deliver_late()
    (held,) = seat.server.reports.values()
    assert content_of_resource(held).sha256() == seat.store.deliveries()[-1].local_sha256
    assert len(seat.server.history) == 3


def test_a_doubled_request_makes_one_report(seat):
    delivery = seat.sign()
    seat.steps([*THE_WRITE, Fault.DOUBLED])
    assert seat.store.delivery_of(delivery.report_uuid).state is State.CONFIRMED
    assert len(seat.server.history) == 1


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
@pytest.mark.parametrize("position", range(4))
def test_a_crash_at_any_request_loses_nothing_and_sends_nothing_twice(seat, fault, position):
    delivery = seat.sign()
    with pytest.raises(Crash):
        seat.steps([OK] * position + [fault])
    seat.restart()
    if position == len(THE_WRITE):
        assert seat.store.delivery_of(delivery.report_uuid).state is State.SENDING
    assert seat.drain().state is State.CONFIRMED
    assert len(seat.server.history) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_goes_back_to_the_reader_and_is_not_repeated(seat, status):
    seat.sign()
    seat.network.instead = lambda r: outcome(status, "code is required\n(DiagnosticReport.code)") if r.method == "POST" else None
    (rejected,) = seat.steps()
    assert rejected.state is State.REJECTED
    assert rejected.last_error == f"HTTP status {status}: code is required (DiagnosticReport.code)"
    seat.now += 1e6
    assert seat.steps() == []
    assert len(seat.network.writes()) == 1


def test_a_refused_report_can_be_sent_again_when_the_reader_asks(seat):
    delivery = seat.sign()
    seat.network.instead = lambda r: outcome(422) if r.method == "POST" else None
    seat.steps()
    seat.network.instead = lambda _: None
    seat.store.ledger.retry(delivery.delivery_id)
    assert seat.drain().state is State.CONFIRMED


def test_a_refused_report_makes_way_for_its_correction(seat):
    delivery = seat.sign()
    seat.network.instead = lambda r: outcome(422) if r.method == "POST" else None
    seat.steps()
    seat.network.instead = lambda _: None
    seat.store.append_segment(delivery.report_uuid, FINDINGS, segment(1))
    seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
    seat.drain()
    assert [d.state for d in seat.store.deliveries()] == [State.SUPERSEDED, State.CONFIRMED]


def test_a_refusal_makes_way_for_a_version_that_was_already_signed(seat):
    delivery = seat.sign()
    seat.store.append_segment(delivery.report_uuid, FINDINGS, segment(1))
    seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
    answers = iter([outcome(422)])
    seat.network.instead = lambda r: next(answers, None) if r.method == "POST" else None
    seat.drain()
    assert [d.state for d in seat.store.deliveries()] == [State.SUPERSEDED, State.CONFIRMED]


def test_an_error_page_of_a_proxy_is_no_refusal(seat):
    seat.sign()
    page = {"Content-Type": "text/html"}
    seat.network.instead = lambda r: raw(404, b"<html>no such page", page) if r.method == "POST" else None
    assert seat.steps()[0].state is State.SENDING


def test_an_acknowledgement_of_another_report_is_none(seat):
    seat.sign()
    other = {"resourceType": "DiagnosticReport", "id": "9", "identifier": [{"value": "urn:uuid:other"}]}
    seat.network.instead = lambda r: fhir(201, other) if r.method == "POST" else None
    assert seat.steps()[0].state is State.SENDING


def test_acknowledged_but_not_stored_stays_visible_and_is_never_confirmed(seat):
    delivery = seat.sign()
    seat.server.stores = False
    for _ in range(5):
        seat.now += 10_000.0
        seat.steps()
    stuck = seat.store.delivery_of(delivery.report_uuid)
    assert stuck.state is State.ACKNOWLEDGED
    assert "does not hold" in stuck.last_error
    assert stuck in seat.store.deliveries(open_only=True)
    assert len(seat.network.writes()) == 1
    seat.server.stores = True
    seat.store.ledger.retry(delivery.delivery_id)
    assert seat.drain().state is State.CONFIRMED


def test_an_update_acknowledged_but_not_stored_is_not_confirmed_by_the_old_text(seat):
    delivery = seat.sign()
    seat.drain()
    seat.server.stores = False
    seat.store.append_segment(delivery.report_uuid, FINDINGS, segment(1))
    seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
    seat.drain()
    assert seat.store.delivery_of(delivery.report_uuid).state is State.ACKNOWLEDGED


def test_a_report_stored_with_other_words_is_a_conflict(seat):
    delivery = seat.sign()
    assert seat.steps([*THE_WRITE, OK, Fault.LOST])[-1].state is State.ACKNOWLEDGED
    seat.server.amend(delivery.report_uuid, conclusion="Changed on the way.")
    assert seat.drain().state is State.CONFLICT


def test_a_report_changed_in_the_ris_is_never_overwritten(seat):
    delivery = seat.sign()
    seat.drain()
    amended = seat.server.amend(delivery.report_uuid, status="amended", conclusion="RIS says otherwise.")
    seat.store.append_segment(delivery.report_uuid, FINDINGS, segment(1))
    seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
    conflict = seat.drain()
    assert conflict.state is State.CONFLICT
    assert conflict.last_error == "The report was changed in the RIS"
    assert seat.server.with_identifier(delivery.report_uuid) == [amended]
    seat.store.append_segment(delivery.report_uuid, FINDINGS, segment(2))
    with pytest.raises(Refused, match="conflict"):
        seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))


def test_a_change_that_leaves_our_words_alone_is_still_not_overwritten(seat):
    delivery = seat.sign()
    seat.drain()
    seat.server.amend(delivery.report_uuid, media=[{"link": {"display": "key image"}}])
    seat.store.append_segment(delivery.report_uuid, FINDINGS, segment(1))
    seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
    assert seat.drain().state is State.CONFLICT
    assert len(seat.server.history) == 2


def test_what_the_ris_added_before_our_look_stays_beside_our_correction(seat):
    delivery = seat.sign()
    assert seat.steps([*THE_WRITE, Fault.ANSWER_LOST])[-1].state is State.SENDING
    numbered = [*seat.server.with_identifier(delivery.report_uuid)[0]["identifier"], {"system": "urn:ris", "value": "77"}]
    seat.server.amend(delivery.report_uuid, media=[{"link": {"display": "key image"}}], identifier=numbered)
    seat.drain()
    seat.store.append_segment(delivery.report_uuid, FINDINGS, segment(1))
    seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
    assert seat.drain().state is State.CONFIRMED
    (held,) = seat.server.reports.values()
    assert (held["status"], held["media"], held["identifier"]) == ("corrected", [{"link": {"display": "key image"}}], numbered)


def test_an_impression_taken_back_leaves_no_conclusion_behind(seat):
    delivery = seat.sign("Findings.")
    seat.store.write_section(delivery.report_uuid, SectionCode.IMPRESSION, "Fracture.")
    for text in ("Findings one.", "Findings two."):
        seat.store.write_section(delivery.report_uuid, FINDINGS, text)
        seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
        seat.drain()
        seat.store.write_section(delivery.report_uuid, SectionCode.IMPRESSION, "")
    assert seat.store.delivery_of(delivery.report_uuid).state is State.CONFIRMED
    (held,) = seat.server.reports.values()
    assert "conclusion" not in held


def test_a_change_between_our_look_and_our_write_wins(seat):
    delivery = seat.sign()
    seat.drain()

    def race(request):
        if request.method == "PUT":
            seat.server.amend(delivery.report_uuid, conclusion="A moment earlier.")

    seat.network.instead = race
    seat.store.append_segment(delivery.report_uuid, FINDINGS, segment(1))
    seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
    assert seat.drain().state is State.CONFLICT
    (held,) = seat.server.reports.values()
    assert held["conclusion"] == "A moment earlier."


def test_a_confirmed_report_that_vanished_is_not_made_anew(seat):
    delivery = seat.sign()
    seat.drain()
    seat.server.reports.clear()
    seat.store.append_segment(delivery.report_uuid, FINDINGS, segment(1))
    seat.store.sign(delivery.report_uuid, ReportAction.CORRECT, "Dr A", evidence_for(seat.order))
    assert seat.drain().state is State.CONFLICT
    assert seat.server.reports == {}


def test_two_reports_under_one_identifier_are_a_conflict(seat):
    delivery = seat.sign()
    seat.steps([*THE_WRITE, Fault.ANSWER_LOST])
    (held,) = seat.server.reports.values()
    seat.server.reports["twin"] = {**held, "id": "twin"}
    assert seat.drain().state is State.CONFLICT
    assert "more than one" in seat.store.delivery_of(delivery.report_uuid).last_error


def test_a_plain_conflict_without_another_version_is_a_refusal(seat):
    seat.sign()
    seat.network.instead = lambda r: outcome(409, "duplicate order") if r.method == "POST" else None
    assert seat.steps()[0].state is State.REJECTED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda server: server.orders.clear(), "no longer knows"),
        (lambda server: server.orders["order-1"].update(status="revoked"), "cancelled"),
        (lambda server: server.orders["order-1"]["identifier"][0].update(value="ACC-2"), "accession number"),
        (lambda server: server.orders["order-1"].update(subject={"reference": "Patient/2"}), "another patient"),
        (lambda server: server.patients["1"]["identifier"][0].update(value="other"), "identifier has changed"),
        (lambda server: server.patients["1"].update(link=[{"type": "replaced-by"}]), "merged"),
    ],
)
def test_an_order_that_no_longer_fits_holds_the_report_back(seat, change, reason):
    delivery = seat.sign()
    change(seat.server)
    (held,) = seat.steps()
    assert held.state is State.HELD
    assert reason in held.last_error
    assert seat.network.writes() == []
    seat.server.place(seat.order)
    seat.store.ledger.retry(delivery.delivery_id)
    assert seat.drain().state is State.CONFIRMED


def test_one_accession_in_trouble_does_not_hold_up_the_others(seat):
    seat.sign()
    other = seat.server.place(order_for("ACC-2", "1.2.2", number="2"))
    signed(seat.store, other)
    seat.server.orders["order-1"]["status"] = "revoked"
    seat.drain()
    assert [d.state for d in seat.store.deliveries()] == [State.HELD, State.CONFIRMED]


def test_bytes_damaged_on_disk_are_not_sent(seat):
    seat.sign()
    with seat.store._database.writing():
        seat.store._database.execute("DROP TRIGGER outbox_frozen")
        seat.store._database.execute("UPDATE outbox SET payload = x'7B7D'")
    assert seat.steps()[0].state is State.HELD
    assert seat.network.writes() == []


def test_the_wait_after_silence_is_drawn_and_grows_up_to_the_cap(seat):
    seat.sign()
    due = []
    for _ in range(12):
        seat.now += 10_000.0
        seat.steps([Fault.LOST])
        due.append(seat.outbox.seconds_until_due())
    assert due == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 900.0, 900.0, 900.0]
    assert Backoff().wait(5, lambda: 0.25) == 8.0


def test_single_silences_of_a_ris_that_answers_others_are_waited_out_quickly_until_they_are_the_rows_own(seat):
    """F27, F29: one row whose request is never answered, while a report that is signed each time is delivered."""
    unlucky = seat.sign()
    seat.network.instead = lambda request: outcome(503) if request.url.params.get("_id") == seat.order.order_id else None
    due = []
    for number in range(2, 14):
        seat.now += 10_000.0
        other = signed(seat.store, seat.server.place(order_for(f"ACC-{number}", f"1.2.{number}", number=str(number))))
        seat.steps()
        assert seat.store.ledger.delivery(other.delivery_id).state is State.CONFIRMED
        due.append(seat.outbox.seconds_until_due())
    assert seat.store.ledger.delivery(unlucky.delivery_id).state is State.QUEUED
    assert due == [2.0, 0.5, 0.5, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]
    assert Backoff().wait_by_chance(100, lambda: 1.0) == 900.0


def test_a_ris_that_asks_for_time_gets_it(seat):
    seat.sign()
    seat.steps([Fault.BUSY])
    assert seat.outbox.seconds_until_due() == 7.0


def test_a_wish_to_hurry_ends_the_wait(seat):
    seat.sign()
    seat.steps([Fault.LOST])
    assert seat.steps() == []
    seat.outbox.hurry()
    assert seat.steps()[-1].state is State.CONFIRMED


def test_during_an_outage_one_report_asks_for_all(seat):
    for number in range(2, 12):
        order = seat.server.place(order_for(f"ACC-{number}", f"1.2.{number}", number=str(number)))
        signed(seat.store, order)
    seat.steps([Fault.LOST] * 100)
    assert len(seat.network.requests) == OUTAGE  # so many silences in a row are no accident
    for hours in range(1, 4):
        seat.now += 3600.0
        seat.steps([Fault.LOST] * 100)
        assert len(seat.network.requests) == OUTAGE + hours
    seat.drain()
    assert {d.state for d in seat.store.deliveries()} == {State.CONFIRMED}


def test_one_lost_answer_keeps_no_other_report_waiting(seat):
    seat.sign()
    other = signed(seat.store, seat.server.place(order_for("ACC-2", "1.2.2", number="2")))
    seat.steps([Fault.LOST])
    assert seat.store.ledger.delivery(other.delivery_id).state is State.CONFIRMED
    assert seat.store.deliveries()[0].state is State.QUEUED


def test_no_name_number_or_word_of_the_report_is_logged(seat, caplog):
    caplog.set_level(logging.DEBUG)
    seat.sign("Plantedword in the lung.")
    seat.steps([*THE_WRITE, Fault.ERROR])
    seat.drain()
    seat.network.instead = lambda r: outcome(422, "Plantednamekari is unknown") if r.method != "GET" else None
    signed(seat.store, seat.server.place(order_for("ACC-9", "1.2.9", number="9")), "Plantedword")
    seat.drain()
    said = caplog.text.lower()
    assert "delivery" in said
    for planted in ("plantedname", "plantedword", "121212", "acc-1", "acc-9"):
        assert planted not in said
