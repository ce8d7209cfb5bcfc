"""Drafts: what was acknowledged is on disk, in order, bound to its patient and study."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from calm import calm
from hypothesis import given, settings
from hypothesis import strategies as st
from seat import PATIENT, STUDY, item_for, order_for, segment, signed

from workstation.domain.dictation import DictatedSegment, Word
from workstation.domain.patient import PatientKey
from workstation.domain.report import ReportStatus, SectionCode
from workstation.errors import Conflict, Refused
from workstation.reporting.drafting import replayed
from workstation.reporting.store import ReportStore

FINDINGS = SectionCode.FINDINGS


def test_a_new_draft_is_empty_and_bound_to_the_order(store):
    report = store.open_draft(item_for(order_for()))
    assert (report.status, report.version) == (ReportStatus.DRAFT, 0)
    assert (report.accession_number, report.study_instance_uid) == ("ACC-1", STUDY)
    assert (report.patient_id, report.patient_issuer) == (PATIENT.key.patient_id, PATIENT.key.issuer)
    assert (report.order_id, report.ris_patient_reference, report.study_date) == ("order-1", "Patient/1", "20261122")
    assert [s.code for s in report.sections] == list(SectionCode)


def test_opening_again_gives_the_same_report_with_its_words(store):
    first = store.open_draft(item_for(order_for()))
    store.append_segment(first.report_uuid, FINDINGS, segment(1))
    assert store.open_draft(item_for(order_for())).text(FINDINGS) == "word1"


def test_dictated_segments_join_like_written_words(store):
    uuid = store.open_draft(item_for(order_for())).report_uuid
    for number, text in enumerate(["A nodule", "of 6 mm", ", solid", ".", "\nNo effusion", "."]):
        report = store.append_segment(uuid, FINDINGS, segment(number, text))
    assert report.text(FINDINGS) == "A nodule of 6 mm, solid.\nNo effusion."


def test_the_same_segment_twice_is_there_once(store):
    uuid = store.open_draft(item_for(order_for())).report_uuid
    store.append_segment(uuid, FINDINGS, segment(1))
    assert store.append_segment(uuid, FINDINGS, segment(1)).text(FINDINGS) == "word1"


def test_a_segment_keeps_what_the_recogniser_said(store):
    uuid = store.open_draft(item_for(order_for())).report_uuid
    heard = DictatedSegment("s", "3.5 cm", "three point five", (Word("three", 0.9, 0.0, 0.3),), "vosk", "a.wav")
    silent = DictatedSegment("t", "", problem="engine died")
    store.append_segment(uuid, FINDINGS, heard)
    store.append_segment(uuid, FINDINGS, silent)
    assert store.segments(uuid) == ((FINDINGS, heard), (FINDINGS, silent))
    assert store.report(uuid).text(FINDINGS) == "3.5 cm"


def test_what_was_typed_replaces_the_section(store):
    uuid = store.open_draft(item_for(order_for())).report_uuid
    store.write_section(uuid, FINDINGS, "Lungs are clear.")
    store.write_section(uuid, FINDINGS, "Lungs clear.\r\nHeart normal.")
    assert store.report(uuid).text(FINDINGS) == "Lungs clear.\nHeart normal."


def test_typing_the_same_again_leaves_no_trace(store):
    uuid = store.open_draft(item_for(order_for())).report_uuid
    store.write_section(uuid, FINDINGS, "Clear.")
    entries = len(store.journal(uuid))
    store.write_section(uuid, FINDINGS, "Clear.")
    assert len(store.journal(uuid)) == entries


def test_words_dictated_while_somebody_typed_are_kept(store):
    uuid = store.open_draft(item_for(order_for())).report_uuid
    store.append_segment(uuid, FINDINGS, segment(1, "A nodule"))
    store.append_segment(uuid, FINDINGS, segment(2, "in the left lung."))
    report = store.write_section(uuid, FINDINGS, "One nodule", base="A nodule")
    assert report.text(FINDINGS) == "One nodule in the left lung."


def test_typing_onto_a_text_that_is_gone_is_refused_and_changes_nothing(store):
    uuid = store.open_draft(item_for(order_for())).report_uuid
    store.write_section(uuid, FINDINGS, "B")
    with pytest.raises(Conflict):
        store.write_section(uuid, FINDINGS, "Ax", base="A")
    assert store.report(uuid).text(FINDINGS) == "B"


edits = st.lists(
    st.tuples(st.sampled_from(["type", "dictate"]), st.sampled_from([FINDINGS, SectionCode.IMPRESSION]), st.text(max_size=12)),
    max_size=12,
)


@settings(calm, max_examples=30)
@given(edits)
def test_the_text_is_the_replay_of_the_journal_and_survives_reopening(tmp_path_factory, edits):
    path = tmp_path_factory.mktemp("replay") / "reports.sqlite3"
    store = ReportStore(path)
    order = order_for()
    uuid = store.open_draft(item_for(order)).report_uuid
    for number, (kind, section, text) in enumerate(edits):
        if kind == "type":
            store.write_section(uuid, section, text)
        else:
            store.append_segment(uuid, section, segment(number, text))
        if number == len(edits) // 2:
            signed(store, order, "Signed in between.")
    shown = store.report(uuid)
    store.close()
    again = ReportStore(path)
    assert again.report(uuid) == shown
    assert replayed(again.journal(uuid)) == {s.code: s.text for s in shown.sections}
    again.close()


def test_the_journal_tells_times_with_offset_and_order_by_number(tmp_path):
    from workstation.reporting.store import utc_now

    drift = iter(range(100))
    store = ReportStore(tmp_path / "reports.sqlite3", clock=lambda: utc_now() - timedelta(hours=next(drift)))
    uuid = store.open_draft(item_for(order_for())).report_uuid
    for number in range(3):
        store.append_segment(uuid, FINDINGS, segment(number))
    entries = store.journal(uuid)
    store.close()
    assert [e.kind for e in entries] == ["opened", "dictated", "dictated", "dictated"]
    assert [e.entry_id for e in entries] == sorted(e.entry_id for e in entries)
    assert all(e.at.tzinfo is not None for e in entries)


def test_drafts_are_the_reports_with_words_nobody_signed(store):
    empty, spoken, done = (order_for(f"A{n}", f"1.2.{n}", number=str(n)) for n in range(3))
    store.open_draft(item_for(empty))
    draft = store.open_draft(item_for(spoken))
    draft = store.append_segment(draft.report_uuid, FINDINGS, segment(1))
    final = signed(store, done)
    assert store.drafts() == (draft,)
    late = store.append_segment(final.report_uuid, FINDINGS, segment(2))
    assert store.drafts() == (draft, late)


def test_an_accession_of_another_patient_is_refused(store):
    store.open_draft(item_for(order_for()))
    other = replace(PATIENT, key=PatientKey(PATIENT.key.patient_id, "another issuer"))
    with pytest.raises(Refused, match="another patient"):
        store.open_draft(item_for(order_for(patient=other)))


def test_an_accession_of_another_study_is_refused(store):
    store.open_draft(item_for(order_for()))
    with pytest.raises(Refused, match="another study"):
        store.open_draft(item_for(order_for(study_uid="1.2.9")))


def test_studies_without_accession_number_have_reports_of_their_own(store):
    one = store.open_draft(item_for(None, accession="", study_uid="1.2.1"))
    two = store.open_draft(item_for(None, accession="", study_uid="1.2.2"))
    assert one.report_uuid != two.report_uuid
    assert store.report_of("", "1.2.2") == two
    assert store.report_of("", "1.2.3") is None


def test_an_order_that_comes_later_is_bound_to_the_draft(store):
    draft = store.open_draft(item_for(None))
    assert draft.order_id == ""
    bound = store.open_draft(item_for(order_for()))
    assert (bound.report_uuid, bound.order_id, bound.procedure_code) == (draft.report_uuid, "order-1", "24627-2")


def test_a_signed_report_keeps_the_order_it_was_signed_for(store):
    signed(store, order_for())
    later = replace(order_for(), order_id="order-2")
    assert store.open_draft(item_for(later)).order_id == "order-1"


def test_an_unknown_report_is_refused(store):
    with pytest.raises(Refused, match="No such report"):
        store.append_segment("none", FINDINGS, segment(1))


def test_many_threads_lose_no_segment(store):
    uuid = store.open_draft(item_for(order_for())).report_uuid
    threads = [
        threading.Thread(target=lambda t=t: [store.append_segment(uuid, FINDINGS, segment(t * 100 + n)) for n in range(10)])
        for t in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(store.report(uuid).text(FINDINGS).split()) == sorted(f"word{t * 100 + n}" for t in range(4) for n in range(10))
