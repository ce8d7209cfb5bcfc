"""The life of a report after its first signature: addenda, corrections, names that stay, signatures taken back."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from seat import evidence_for, item_for, order_for

from workstation.domain.delivery import DeliveryEvent, DeliveryState
from workstation.domain.life import ForeignText
from workstation.domain.report import ReportAction, ReportStatus, SectionCode
from workstation.errors import Refused
from workstation.reporting.content import content_of_report, content_of_resource
from workstation.reporting.layout import plain_text, sections_of
from workstation.reporting.store import ReportStore

ORDER = order_for()
FINDINGS, ADDENDUM = SectionCode.FINDINGS, SectionCode.ADDENDUM
APPEND, CORRECT, AMEND = ReportAction.APPEND, ReportAction.CORRECT, ReportAction.AMEND
READER, RESIDENT, OTHER = "Dr Signe Läkare", "Dr Ung Lege", "Dr B"


@pytest.fixture
def draft(store):
    return store.write_section(store.open_draft(item_for(ORDER)).report_uuid, FINDINGS, "Lungs clear.").report_uuid


def sign(store, uuid, action=ReportAction.SIGN_FINAL, signer=READER):
    return store.sign(uuid, action, signer, evidence_for(ORDER))


@pytest.fixture
def final(store, draft):
    sign(store, draft)
    return draft


def resource_of(store, delivery):
    return json.loads(store.ledger.submission(delivery.delivery_id).payload)


# ---- addendum, correction, amendment -------------------------------------------------------------


def test_an_addendum_stands_below_with_its_author_and_time_and_nothing_else_has_changed(store, final):
    before = store.versions(final)[0]
    store.life.begin(final, APPEND, OTHER)
    store.write_section(final, ADDENDUM, "Seen again:\nADDENDUM\nno nodule.")
    delivery = sign(store, final, APPEND, OTHER)
    signed = store.versions(final)[-1]
    assert signed.status is ReportStatus.APPENDED
    assert [(a.text, a.signed_by, a.at) for a in signed.addenda] == [
        ("Seen again:\nADDENDUM\nno nodule.", OTHER, signed.signed_at)
    ]
    assert [s for s in signed.sections if s.text] == [s for s in before.sections if s.text]
    found = sections_of(plain_text(signed))
    assert [s.code for s in found] == [FINDINGS, ADDENDUM]
    head, words = found[1].text.split("\n", 1)
    assert head.endswith(f", {OTHER}")
    assert words == "Seen again:\nADDENDUM\nno nodule."
    assert content_of_resource(resource_of(store, delivery)) == content_of_report(signed)
    assert store.report(final).text(ADDENDUM) == ""
    assert store.report(final).revision is None


def test_a_second_addendum_leaves_the_first_as_it_is(store, final):
    for words in ("First.", "Second."):
        store.life.begin(final, APPEND, OTHER)
        store.write_section(final, ADDENDUM, words)
        sign(store, final, APPEND, OTHER)
    first, second = store.versions(final)[-1].addenda
    assert (first.text, second.text) == ("First.", "Second.")
    assert store.versions(final)[1].addenda == (first,)


def test_an_addendum_without_words_is_not_signed(store, final):
    store.life.begin(final, APPEND, OTHER)
    with pytest.raises(Refused, match="Nothing has changed"):
        sign(store, final, APPEND)


def test_a_correction_asks_for_a_reason_and_carries_it_home(store, final):
    with pytest.raises(Refused, match="reason"):
        store.life.begin(final, CORRECT, OTHER, "  ")
    store.life.begin(final, CORRECT, OTHER, "Wrong side\nin the findings")
    assert store.report(final).revision.reason == "Wrong side in the findings"
    store.write_section(final, FINDINGS, "Left lung clear.")
    delivery = sign(store, final, CORRECT, OTHER)
    signed = store.versions(final)[-1]
    assert (signed.status, signed.reason) == (ReportStatus.CORRECTED, "Wrong side in the findings")
    assert "Reason for the change: Wrong side in the findings" in plain_text(signed)
    assert content_of_resource(resource_of(store, delivery)).sha256() == delivery.local_sha256


def test_only_one_revision_is_open_and_only_on_a_report_signed_as_final(store, draft):
    with pytest.raises(Refused, match="as it is"):
        store.life.begin(draft, APPEND, READER)
    sign(store, draft, ReportAction.SIGN_PRELIMINARY)
    with pytest.raises(Refused, match="as it is"):
        store.life.begin(draft, AMEND, READER)
    sign(store, draft)
    store.life.begin(draft, AMEND, READER)
    store.life.begin(draft, AMEND, READER)
    with pytest.raises(Refused, match="open already"):
        store.life.begin(draft, APPEND, READER)


def test_what_is_put_away_is_kept_and_can_be_taken_up_also_after_a_restart(tmp_path):
    path = tmp_path / "reports.db"
    store = ReportStore(path)
    uuid = store.write_section(store.open_draft(item_for(ORDER)).report_uuid, FINDINGS, "Lungs clear.").report_uuid
    sign(store, uuid)
    store.life.begin(uuid, CORRECT, OTHER, "Typing error")
    store.write_section(uuid, FINDINGS, "Lungs are clear.")
    store.close()
    store = ReportStore(path)
    assert store.report(uuid).revision.action is CORRECT
    assert [r.report_uuid for r in store.drafts()] == [uuid]
    store.life.put_away(uuid, OTHER)
    assert (store.report(uuid).revision, store.report(uuid).text(FINDINGS)) == (None, "Lungs clear.")
    assert store.drafts() == ()
    store.close()
    store = ReportStore(path)
    store.life.take_up(uuid, OTHER)
    assert (store.report(uuid).revision.reason, store.report(uuid).text(FINDINGS)) == ("Typing error", "Lungs are clear.")
    with pytest.raises(Refused, match="Nothing to take up"):
        store.life.take_up(uuid, OTHER)
    store.close()


def test_the_life_of_a_report_is_append_only(store, final, tmp_path):
    store.life.begin(final, APPEND, OTHER)
    with closing(sqlite3.connect(next(tmp_path.rglob("*.sqlite3"), None) or next(tmp_path.rglob("reports.db")))) as other:
        for statement in ("DELETE FROM report_life", "UPDATE report_life SET reason = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="append only"):
                other.execute(statement)


# ---- the resident and the attending ---------------------------------------------------------------


def test_both_names_stay_when_the_attending_signs_the_residents_report(store, draft):
    first = sign(store, draft, ReportAction.SIGN_PRELIMINARY, RESIDENT)
    store.write_section(draft, FINDINGS, "Left lung clear.")
    last = sign(store, draft, ReportAction.SIGN_FINAL, READER)
    signed = store.versions(draft)[-1]
    assert (signed.signed_by, signed.earlier_signers) == (READER, (RESIDENT,))
    resource = resource_of(store, last)
    assert [who["display"] for who in resource["resultsInterpreter"]] == [READER, RESIDENT]
    assert [who["display"] for who in resource["performer"]] == [READER]
    assert f"Earlier signed by: {RESIDENT}" in plain_text(signed)
    assert [who["display"] for who in resource_of(store, first)["resultsInterpreter"]] == [RESIDENT]


def test_a_resident_who_is_left_out_in_the_ris_is_a_difference(store, draft):
    sign(store, draft, ReportAction.SIGN_PRELIMINARY, RESIDENT)
    last = sign(store, draft, ReportAction.SIGN_FINAL, READER)
    resource = resource_of(store, last)
    resource["resultsInterpreter"] = resource["resultsInterpreter"][:1]
    assert content_of_resource(resource).sha256() != last.local_sha256


def test_versions_signed_before_this_have_the_hash_they_had():
    """Worked out with the program as it was at commit db74316, also for a text that says ADDENDUM."""
    from seat import signed_report

    plain = signed_report({FINDINGS: "Lungs clear.", SectionCode.IMPRESSION: "Normal."})
    named = signed_report({FINDINGS: "Lungs clear.\nADDENDUM\nNo nodule.", SectionCode.IMPRESSION: " FINDINGS"})
    assert content_of_report(plain).sha256() == "ce52b930172626c2295d305e2818709460f95540aac64e2147a9b3dcaf39af59"
    assert content_of_report(named).sha256() == "78d69f3e6d286b4942a597df0e7ddf3fdbb03025054da6b9b90108db2a20ec09"


# ---- taken back before it was sent ---------------------------------------------------------------


def test_a_signature_is_taken_back_before_it_is_sent_and_stays_as_withdrawn(store, final):
    store.life.withdraw(final, READER)
    report = store.report(final)
    assert (report.status, report.version, report.text(FINDINGS)) == (ReportStatus.DRAFT, 0, "Lungs clear.")
    (version,) = store.history(final)
    assert (version.withdrawn.by, version.delivery.state) == (READER, DeliveryState.WITHDRAWN)
    assert (store.versions(final), store.delivery_of(final), store.deliveries(open_only=True)) == ((), None, ())
    assert [r.report_uuid for r in store.drafts()] == [final]
    assert store.ledger.heads() == ()
    with pytest.raises(Refused, match="not signed"):
        store.life.withdraw(final, READER)
    assert sign(store, final).version == 2


@pytest.mark.parametrize("after", [(), (DeliveryEvent.READ_BACK_MISSING,), (DeliveryEvent.ACKNOWLEDGE,)])
def test_once_sending_has_begun_it_cannot_be_taken_back(store, final, after):
    delivery = store.delivery_of(final)
    for event in (DeliveryEvent.SEND, *after):
        store.ledger.move(delivery.delivery_id, event)
    with pytest.raises(Refused, match="on its way"):
        store.life.withdraw(final, READER)
    assert store.report(final).version == 1


def test_a_signature_that_the_outbox_could_not_send_yet_can_still_be_taken_back(store, final):
    store.ledger.note(store.delivery_of(final).delivery_id, "The RIS does not answer")
    assert store.life.withdraw(final, READER).state is DeliveryState.WITHDRAWN


def test_a_withdrawn_final_lets_the_preliminary_before_it_go_after_all(store, draft):
    sign(store, draft, ReportAction.SIGN_PRELIMINARY, RESIDENT)
    sign(store, draft)
    store.life.withdraw(draft, READER)
    assert [d.state for d in store.deliveries()] == [DeliveryState.QUEUED, DeliveryState.WITHDRAWN]
    assert (store.report(draft).status, store.delivery_of(draft).version) == (ReportStatus.PRELIMINARY, 1)
    assert sign(store, draft).version == 3
    assert store.versions(draft)[-1].earlier_signers == (RESIDENT,)


def test_a_withdrawn_addendum_is_the_draft_of_an_addendum_again(store, final):
    store.life.begin(final, APPEND, OTHER)
    store.write_section(final, ADDENDUM, "Seen again.")
    sign(store, final, APPEND, OTHER)
    store.life.withdraw(final, OTHER)
    report = store.report(final)
    assert (report.status, report.addenda, report.text(ADDENDUM)) == (ReportStatus.FINAL, (), "Seen again.")
    assert report.revision.action is APPEND
    sign(store, final, APPEND, OTHER)
    assert [a.text for a in store.versions(final)[-1].addenda] == ["Seen again."]


def test_a_withdrawn_correction_keeps_its_words_and_its_reason(store, final):
    store.life.begin(final, CORRECT, OTHER, "Wrong side")
    store.write_section(final, FINDINGS, "Left lung clear.")
    sign(store, final, CORRECT, OTHER)
    store.life.withdraw(final, OTHER)
    report = store.report(final)
    assert (report.revision.reason, report.text(FINDINGS), report.status) == (
        "Wrong side",
        "Left lung clear.",
        ReportStatus.FINAL,
    )
    store.life.put_away(final, OTHER)
    assert store.report(final).text(FINDINGS) == "Lungs clear."


def test_words_of_another_patients_report_are_remembered(store, draft):
    """F73."""
    store.life.note_foreign(draft, ForeignText(FINDINGS, "Nodule.", "other-report"), READER)
    assert store.life.of(draft).foreign == (ForeignText(FINDINGS, "Nodule.", "other-report"),)


KILLED = """
import os, signal, sys
from pathlib import Path
from seat import evidence_for, item_for, order_for
from workstation.domain.report import ReportAction, SectionCode
from workstation.reporting.store import ReportStore
store = ReportStore(Path(sys.argv[1]))
uuid = store.write_section(store.open_draft(item_for(order_for())).report_uuid, SectionCode.FINDINGS, "Lungs clear.").report_uuid
enqueue = store.ledger.enqueue
def killed(*args):
    if sys.argv[2] == "after":
        enqueue(*args)
    os.kill(os.getpid(), signal.SIGKILL)
store.ledger.enqueue = killed
store.sign(uuid, ReportAction.SIGN_FINAL, "Dr A", evidence_for(order_for()))
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_between_the_signature_and_its_place_in_the_outbox_it_is_a_draft(tmp_path, when):
    """F02: one transaction. Never signed and not queued, whatever was written when the process died."""
    path = tmp_path / "reports.sqlite3"
    places = [str(Path(__file__).resolve().parents[3]), str(Path(__file__).resolve().parents[2] / "support")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path), when], env=environment, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL
    with closing(ReportStore(path)) as store:
        (report,) = store.drafts()
        assert (report.status, report.text(FINDINGS)) == (ReportStatus.DRAFT, "Lungs clear.")
        assert (store.history(report.report_uuid), store.deliveries()) == ((), ())
        assert sign(store, report.report_uuid).version == 1
