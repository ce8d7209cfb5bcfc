"""What the RIS held is kept, read as plain text, compared, and settled on; nothing is merged and nothing is lost."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from seat import evidence_for, item_for, order_for, signed

from workstation.domain.delivery import Delivery, DeliveryEvent, DeliveryState, Settled, Submission
from workstation.domain.patient import PatientKey
from workstation.domain.report import Addendum, Report, ReportSection, ReportStatus, SectionCode
from workstation.errors import Conflict, Refused
from workstation.reporting.conflicts import Choice, Decision
from workstation.reporting.render import diagnostic_report
from workstation.reporting.ris_text import LONGEST, ris_text
from workstation.reporting.signing import NotSigned
from workstation.reporting.store import ReportStore
from workstation.reporting.three_way import proposed_addendum, three_way
from workstation.reporting.word_changes import text_after
from workstation.ris.others import why_not_over
from workstation.ris.ris import Holding, HoldingKind

FINDINGS, IMPRESSION = SectionCode.FINDINGS, SectionCode.IMPRESSION
ORDER = order_for()
WHO = "Dr Signe Läkare"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def form(text: str, kind: str = "text/plain") -> dict[str, Any]:
    return {"contentType": kind, "data": base64.b64encode(text.encode()).decode()}


def confirm(store: ReportStore, delivery: Delivery, etag: str = 'W/"1"') -> Report:
    """The RIS has it: the version that both sides hold."""
    store.ledger.move(delivery.delivery_id, DeliveryEvent.SEND)
    store.ledger.move(delivery.delivery_id, DeliveryEvent.ACKNOWLEDGE, ris_report_id="dr-1")
    event = DeliveryEvent.READ_BACK_MATCHES
    store.ledger.move(delivery.delivery_id, event, ris_report_id="dr-1", ris_etag=etag, ris_sha256=delivery.local_sha256)
    return store.versions(delivery.report_uuid)[-1]


def amended(version: Report, findings: str, **more: Any) -> dict[str, Any]:
    """As somebody at the RIS would change our resource."""
    sections = tuple(replace(s, text=findings) if s.code is FINDINGS else s for s in version.sections)
    return diagnostic_report(replace(version, status=ReportStatus.AMENDED, sections=sections, **more))


@pytest.fixture
def common(store: ReportStore) -> Report:
    """A report that was confirmed."""
    return confirm(store, signed(store, ORDER, "No nodule."))


# ---- text from outside -----------------------------------------------------------------------


def test_a_report_laid_out_as_ours_gives_its_sections_and_addenda_back(common: Report) -> None:
    addendum = Addendum("Told by phone.\nTwice.", "Dr B", NOON)
    read = ris_text(diagnostic_report(replace(common, addenda=(addendum,))))
    assert [(s.code, s.text) for s in read.sections] == [(FINDINGS, "No nodule.")]
    assert read.addenda == (addendum,)
    assert (read.status, read.signer, read.whole) == ("final", WHO, "")


@pytest.mark.parametrize(
    ("resource", "whole"),
    [
        ({"presentedForm": [form("EXAM: CT\nIMPRESSION: Normal.")]}, "EXAM: CT\nIMPRESSION: Normal."),
        ({"presentedForm": [form("Text")], "conclusion": "Normal."}, "Text\n\nNormal."),
        ({"presentedForm": [form("<p>One</p><script>x()</script><p>Two &amp; three</p>", "text/html")]}, "One\nTwo & three"),
        ({"text": {"div": "<div><h2>Findings</h2><p>Clear<br/>lungs</p></div>"}}, "Findings\nClear\nlungs"),
        ({"conclusion": "Normal.\x00\x1b[2J"}, "Normal.[2J"),
        ({"presentedForm": [{"contentType": "application/pdf", "data": "JVBERg=="}]}, ""),
        ({"presentedForm": [{"contentType": "text/plain", "data": "%%%"}], "conclusion": 7}, ""),
        ({"presentedForm": "no list"}, ""),
    ],
)
def test_what_is_in_no_sections_is_shown_whole_as_plain_text(resource: dict[str, Any], whole: str) -> None:
    """F85: nothing of it acts."""
    read = ris_text({"resourceType": "DiagnosticReport", "status": "final", **resource})
    assert (read.sections, read.whole) == ((), whole)


def test_a_section_that_stands_twice_is_not_taken_apart(common: Report) -> None:
    """Building on it by sections would lose one of them."""
    text = base64.b64decode(diagnostic_report(common)["presentedForm"][0]["data"]).decode()
    read = ris_text({"status": "final", "presentedForm": [form(f"{text}\nFINDINGS\nAnother.\n")]})
    assert not read.sections
    assert "No nodule." in read.whole
    assert "Another." in read.whole


def test_a_text_without_end_is_cut_and_nothing_may_be_added_to_it(store: ReportStore, common: Report) -> None:
    resource = {**diagnostic_report(common), "status": "amended", "presentedForm": [form("word " * LONGEST)]}
    version = store.conflicts.keep(common.report_uuid, "dr-1", 'W/"2"', resource)
    assert version is not None
    assert version.text.is_cut
    assert len(version.text.whole) == LONGEST
    with pytest.raises(NotSigned, match="cannot be read here whole"):
        store.decide(common.report_uuid, Decision(Choice.ADDENDUM, version, WHO, text="More."), evidence_for(ORDER))


# ---- three versions --------------------------------------------------------------------------


def test_three_versions_stand_beside_each_other_and_empty_sections_are_left_out(common: Report) -> None:
    ours = replace(common, sections=(ReportSection(FINDINGS, "No nodule. Rib fracture."), ReportSection(IMPRESSION, "Fracture.")))
    rows = three_way(common, ours, ris_text(amended(common, "One nodule.")))
    assert [(row.code, row.base, text_after(row.ours), text_after(row.theirs)) for row in rows] == [
        (FINDINGS, "No nodule.", "No nodule. Rib fracture.", "One nodule."),
        (IMPRESSION, "", "Fracture.", ""),
    ]


@pytest.mark.parametrize(
    ("ours", "proposal"),
    [
        ("No nodule.", ""),
        ("No nodule. Rib fracture.", "Rib fracture."),
        ("Two nodules.", "Two nodules."),
        ("One nodule.", ""),
    ],
)
def test_the_proposed_addendum_is_what_only_ours_says(common: Report, ours: str, proposal: str) -> None:
    report = replace(common, sections=(ReportSection(FINDINGS, ours),))
    assert proposed_addendum(common, report, ris_text(amended(common, "One nodule."))) == proposal


def test_several_sections_are_proposed_under_their_names(common: Report) -> None:
    report = replace(common, sections=(ReportSection(FINDINGS, "A."), ReportSection(IMPRESSION, "B.")))
    assert proposed_addendum(None, report, ris_text({"status": "final", "conclusion": "C."})) == "Findings: A.\n\nImpression: B."


# ---- what stands against ours ----------------------------------------------------------------


def test_our_own_version_is_no_news_and_is_not_kept(store: ReportStore, common: Report) -> None:
    assert store.conflicts.keep(common.report_uuid, "dr-1", 'W/"1"', diagnostic_report(common)) is None
    assert store.conflicts.versions(common.report_uuid) == ()


def test_a_change_that_the_ris_takes_back_stands_against_nothing_any_more(store: ReportStore, common: Report) -> None:
    assert store.conflicts.keep(common.report_uuid, "dr-1", 'W/"2"', amended(common, "One nodule."))
    with pytest.raises(NotSigned, match="is not the one you build on"):
        store.conflicts.check(common.report_uuid)
    assert store.conflicts.keep(common.report_uuid, "dr-1", 'W/"3"', diagnostic_report(common)) is None
    store.conflicts.check(common.report_uuid)
    assert len(store.conflicts.versions(common.report_uuid)) == 2


def test_another_system_s_report_counts_when_it_is_final_and_not_before(store: ReportStore) -> None:
    draft = store.open_draft(item_for(ORDER))
    theirs = {"resourceType": "DiagnosticReport", "conclusion": "Normal."}
    assert store.conflicts.keep(draft.report_uuid, "dr-9", 'W/"1"', {**theirs, "status": "preliminary"}) is None
    assert store.conflicts.keep(draft.report_uuid, "dr-9", 'W/"2"', {**theirs, "status": "final"}) is not None
    assert store.conflicts.keep(draft.report_uuid, "dr-9", 'W/"3"', {**theirs, "status": "entered-in-error"}) is None
    assert store.conflicts.keep(draft.report_uuid, "", "", {}) is None


def test_a_report_that_the_ris_withdrew_can_only_be_left_to_it(store: ReportStore, common: Report) -> None:
    resource = {**diagnostic_report(common), "status": "entered-in-error"}
    version = store.conflicts.keep(common.report_uuid, "dr-1", 'W/"2"', resource)
    assert version is not None
    for choice in (Choice.ADDENDUM, Choice.CORRECTION):
        decision = Decision(choice, version, WHO, "a reason", "a text", common.sections)
        with pytest.raises(NotSigned):
            store.decide(common.report_uuid, decision, evidence_for(ORDER))
    assert store.decide(common.report_uuid, Decision(Choice.DISCARD, version, WHO), None) is None
    assert store.is_left_to_ris(common.report_uuid)


# ---- choices ---------------------------------------------------------------------------------


def test_nothing_is_signed_on_top_without_images_that_were_shown(store: ReportStore, common: Report) -> None:
    version = store.conflicts.keep(common.report_uuid, "dr-1", 'W/"2"', amended(common, "One nodule."))
    assert version is not None
    with pytest.raises(NotSigned):
        store.decide(common.report_uuid, Decision(Choice.ADDENDUM, version, WHO, text="More."), None)
    evidence = evidence_for(ORDER, shown=frozenset())
    with pytest.raises(NotSigned, match="No image"):
        store.decide(common.report_uuid, Decision(Choice.ADDENDUM, version, WHO, text="More."), evidence)


def test_a_refused_choice_changes_nothing(store: ReportStore, common: Report) -> None:
    def refuse(_: Report) -> None:
        raise Refused("No")

    version = store.conflicts.keep(common.report_uuid, "dr-1", 'W/"2"', amended(common, "One nodule."))
    assert version is not None
    before = (store.report(common.report_uuid), store.journal(common.report_uuid), store.deliveries())
    with pytest.raises(Refused, match="No"):
        store.decide(common.report_uuid, Decision(Choice.ADDENDUM, version, WHO, text="More."), evidence_for(ORDER), refuse)
    assert (store.report(common.report_uuid), store.journal(common.report_uuid), store.deliveries()) == before
    assert store.conflicts.settlements(common.report_uuid) == ()


def test_a_version_under_way_is_waited_for(store: ReportStore, common: Report) -> None:
    """What the RIS does with it is unknown: nothing is decided over it."""
    version = store.conflicts.keep(common.report_uuid, "dr-1", 'W/"2"', amended(common, "One nodule."))
    assert version is not None
    first = store.decide(common.report_uuid, Decision(Choice.ADDENDUM, version, WHO, text="More."), evidence_for(ORDER))
    assert first is not None
    store.ledger.move(first.delivery_id, DeliveryEvent.SEND)
    with pytest.raises(Refused, match="Not done"):
        store.decide(common.report_uuid, Decision(Choice.DISCARD, version, WHO), None)


def test_the_conflict_ends_with_the_choice_and_both_versions_stay(store: ReportStore, common: Report) -> None:
    version = store.conflicts.keep(common.report_uuid, "dr-1", 'W/"2"', amended(common, "One nodule."))
    assert version is not None
    made = store.decide(
        common.report_uuid, Decision(Choice.CORRECTION, version, WHO, "wrong side", sections=common.sections), evidence_for(ORDER)
    )
    assert made is not None
    store.ledger.move(made.delivery_id, DeliveryEvent.RIS_HAS_NEWER, "The report was changed in the RIS again")
    newer = store.conflicts.keep(common.report_uuid, "dr-1", 'W/"3"', amended(common, "Two nodules."))
    assert newer is not None
    again = store.decide(common.report_uuid, Decision(Choice.ADDENDUM, newer, WHO, text="More."), evidence_for(ORDER))
    assert again is not None
    assert [(d.version, d.state) for d in store.ledger.of_report(common.report_uuid)] == [
        (1, DeliveryState.CONFIRMED),
        (2, DeliveryState.SUPERSEDED),
        (3, DeliveryState.QUEUED),
    ]
    assert [e[0] for e in store.ledger.history(made.delivery_id)][-1] == "conflict settled by a new version"
    report = store.report(common.report_uuid)
    assert (report.text(FINDINGS), [a.text for a in report.addenda]) == ("Two nodules.", ["More."])
    assert [v.text.sections[0].text for v in store.conflicts.versions(common.report_uuid)] == ["One nodule.", "Two nodules."]
    assert not store.drafts()


def test_a_choice_over_an_older_version_of_the_ris_is_a_conflict(store: ReportStore, common: Report) -> None:
    old = store.conflicts.keep(common.report_uuid, "dr-1", 'W/"2"', amended(common, "One nodule."))
    store.conflicts.keep(common.report_uuid, "dr-1", 'W/"3"', amended(common, "Two nodules."))
    assert old is not None
    with pytest.raises(Conflict, match="changed again"):
        store.decide(common.report_uuid, Decision(Choice.DISCARD, old, WHO), None)


def test_after_a_restart_what_was_held_and_chosen_is_still_there(store: ReportStore, common: Report, tmp_path: Any) -> None:
    version = store.conflicts.keep(common.report_uuid, "dr-1", 'W/"2"', amended(common, "One nodule."))
    store.close()
    opened = ReportStore(tmp_path / "reports.sqlite3")
    try:
        assert opened.conflicts.standing(common.report_uuid) == version
    finally:
        opened.close()


# ---- the outbox ------------------------------------------------------------------------------

SEEN = Settled("dr-1", 'W/"2"', "hash")
SUBMISSION = Submission(1, "r", 2, "A", "o", PatientKey("P"), "Patient/1", b"{}", base_version=1, base_etag='W/"1"', settled=SEEN)


def compared(store: ReportStore, common: Report, etag: str, findings: str) -> tuple[Submission, str]:
    version = store.conflicts.keep(common.report_uuid, "dr-1", 'W/"2"', amended(common, "One nodule."))
    assert version is not None
    made = store.decide(common.report_uuid, Decision(Choice.ADDENDUM, version, WHO, text="More."), evidence_for(ORDER))
    assert made is not None
    resource = amended(common, findings)
    holding = Holding(HoldingKind.ONE, "", "dr-1", etag, resource)
    submission = store.ledger.submission(made.delivery_id)
    return submission, why_not_over(holding, store.ledger.compare(made.delivery_id, resource), submission)


@pytest.mark.parametrize(
    ("etag", "findings", "may"),
    [
        ('W/"2"', "One nodule.", True),
        ('W/"3"', "One nodule.", False),
        ('W/"2"', "Two nodules.", False),
        ('W/"1"', "No nodule.", False),
    ],
)
def test_only_the_very_version_that_was_seen_is_followed(
    store: ReportStore, common: Report, etag: str, findings: str, may: bool
) -> None:
    """F68: its ETag and its hash."""
    submission, why = compared(store, common, etag, findings)
    assert submission.settled is not None
    assert (why == "") is may


def test_a_settled_version_is_not_put_where_nothing_is_any_more() -> None:
    assert why_not_over(Holding(HoldingKind.NONE), None, SUBMISSION)
