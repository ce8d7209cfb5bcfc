"""The look at a report before it is signed: shown once, passed over by signing again, never when policy stops it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from window_seat import WindowSeat

from workstation.colleague.facts import CaseFacts, Severity
from workstation.domain.annotation import Annotation, AnnotationKind, Measured, MeasuredValue, Verdict
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import ReportAction, ReportSection, SectionCode
from workstation.domain.study import Instance, Series, Study
from workstation.domain.viewing import Plane
from workstation.session.second_look import Remarked, SecondLook, facts_of
from workstation.session.tool import ShownImage

FACTS = CaseFacts(sex="M")


@pytest.fixture
def seat(tmp_path):
    made = WindowSeat(tmp_path)
    made.add_case(1)
    made.session.open(made.items[0])
    made.session.second_look = SecondLook()
    made.problems = []
    made.session.notice.connect(lambda notice: made.problems.append(notice.text))
    made.signed = []

    def sign(uuid, action, signer, evidence, check):
        check(made.reports.report(uuid))
        made.signed.append(uuid)
        raise RuntimeError("far enough")

    made.reports.sign = sign
    return made


def write(seat, findings="The uterus is normal and the lungs are clear.", impression="Normal study."):
    seat.session.desk.write(SectionCode.FINDINGS, findings)
    seat.session.desk.write(SectionCode.IMPRESSION, impression)
    study = seat.session.case.study
    seat.session.case = replace(seat.session.case, study=replace(study, patient=replace(study.patient, sex="M")))


def sign(seat):
    seat.session.sign(ReportAction.SIGN_FINAL)


def look_at_all(seat):
    for series in seat.session.case.study.series:
        seat.session.viewing.note_shown(
            ShownImage(seat.session.case.study.study_instance_uid, series.instances[0].sop_instance_uid)
        )


def test_remarks_hold_the_first_signature_and_a_second_one_signs_the_same_text(seat):
    write(seat)
    look_at_all(seat)
    sign(seat)
    assert not seat.signed
    assert [r.rule for r in seat.session.second_look.remarks] == ["sex"]
    assert any("One remark" in text for text in seat.problems)
    sign(seat)
    assert len(seat.signed) == 1


def test_another_mistake_in_a_changed_text_is_shown_before_it_is_signed(seat):
    write(seat)
    look_at_all(seat)
    sign(seat)
    write(seat, "The uterus is normal and the the lungs are clear.")
    sign(seat)
    assert not seat.signed
    assert {r.rule for r in seat.session.second_look.remarks} == {"sex", "doubled"}
    sign(seat)
    assert seat.signed


def test_a_field_that_was_not_filled_in_stops_the_signature_for_good(seat):
    write(seat, "The lungs are clear. The heart measures [size].")
    look_at_all(seat)
    for _ in range(3):
        sign(seat)
    assert not seat.signed
    assert seat.session.second_look.remarks[0].severity is Severity.BLOCK


def test_a_clean_report_is_signed_at_once(seat):
    write(seat, "The lungs are clear and the heart is normal.")
    look_at_all(seat)
    sign(seat)
    assert seat.signed
    assert seat.session.second_look.remarks == ()


def test_series_that_nobody_looked_at_are_counted(seat):
    """F74: unviewed images at sign."""
    write(seat, "The lungs are clear and the heart is normal.")
    sign(seat)
    assert [r.rule for r in seat.session.second_look.remarks] == ["images"]


def test_remarks_go_with_their_report(seat):
    write(seat)
    sign(seat)
    assert seat.session.second_look.remarks
    seat.session.open(seat.items[0])
    assert seat.session.second_look.remarks == ()


def test_a_broken_file_of_the_site_is_said_and_stops_no_report(tmp_path):
    (tmp_path / "policy.toml").write_text("[severity]\nlateralty = 'block'\n")
    look = SecondLook(tmp_path)
    report = WindowSeat(tmp_path / "home")
    report.add_case(1)
    report.session.open(report.items[0])
    bare = replace(report.session.desk.report, sections=(ReportSection(SectionCode.FINDINGS, "The uterus is there and normal."),))
    with pytest.raises(Remarked):
        look.checker(FACTS)(bare)
    report.session.second_look = look
    said = []
    report.session.notice.connect(lambda notice: said.append(notice.text))
    report.session.desk.opened.emit(bare)
    report.session.desk.opened.emit(bare)
    assert len([text for text in said if "lateralty" in text]) == 1


def test_what_is_known_of_a_case_is_its_own_and_nothing_is_guessed():
    patient = Patient(PatientKey("1"), "TEST^ONE", "19560101", "F")
    image = Instance("1.1.1", "1.2", "1.2", 1, 1, 10, 10, "", "", 0)
    enhanced = Series(
        "1.1", "CT", 2, "Venous", "CHEST", "1.9", {"ContrastBolusAgent": ("Iohexol",), "Laterality": ("L",)}, (image,)
    )
    scout = Series("1.2", "CT", 1, "Scout", "CHEST", "1.9", {"ImageType": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, (image,))
    study = Study("1", patient, study_date="20260101", study_description="CT chest", series=(enhanced, scout))
    line = Annotation(
        "2.25.1", AnnotationKind.LENGTH, "1", "1.1", "1.1.1", 1, Plane.STACK,
        measured=Measured((MeasuredValue("Length", 14.2, "mm"),)), verdict=Verdict.ACCEPTED,
    )  # fmt: skip
    facts = facts_of(study, (), (line, replace(line, verdict=Verdict.OPEN), replace(line, study_uid="2")), frozenset(), "", "")
    assert (facts.sex, round(facts.age or 0), facts.contrast, facts.procedure) == ("F", 70, True, "CT chest")
    assert [m.value for m in facts.measured] == [14.2]
    assert facts.unseen_series == 1
    unknown = facts_of(replace(study, study_date="", series=(scout,)), (), (), frozenset(), "", "")
    assert (unknown.age, unknown.contrast, unknown.unseen_series) == (None, None, 0)
