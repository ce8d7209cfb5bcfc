"""Lesions carried between studies: the place by the alignment, the size as a proposal, nothing twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from window_seat import WindowSeat

from workstation.domain.annotation import AnnotationKind, Verdict
from workstation.domain.lesion import LesionProposal
from workstation.domain.viewing import Layout
from workstation.errors import Refused
from workstation.session.copying import PROPOSED, UNCHECKED
from workstation.session.tool import Tool

# A line of 50 mm drawn on the current study, at the slice 20 mm up; what the images of the prior answer.
DRAWN = ((100.0, 100.0), (130.0, 140.0))
ENDS = ((101.0, 99.0, 40.0), (113.0, 115.0, 40.0))


@pytest.fixture
def seat(tmp_path):
    made = WindowSeat(tmp_path)
    made.add_case(1, series=2, prior=True)
    made.session.open(made.items[0])
    prior = made.priors["1.1"][0]
    made.session.viewing.set_layout(Layout(1, 2), made.session.case.studies)
    made.session.viewing.hang_series(1, prior, prior.series[0], is_prior=True)
    made.session.viewing.activate(0)
    made.said = []
    made.session.notice.connect(lambda notice: made.said.append(notice.text))
    made.library.lesion = LesionProposal(
        (107.0, 107.0, 40.0), (*ENDS, (105.0, 110.0, 40.0), (110.0, 104.0, 40.0)), "Check its ends"
    )
    return made


def measured(seat, tool=Tool.LENGTH, points=DRAWN):
    seat.session.viewing.change(0, position=2)
    seat.session.viewing.set_tool(tool)
    for point in points:
        seat.session.annotating.drawing.place(0, point)
    return seat.session.annotating.find(seat.session.annotating.selected)


def test_the_lesion_is_looked_for_at_the_same_place_and_its_new_size_proposed_there(seat):
    drawn = measured(seat)
    seat.session.lesions.carry()
    asked = seat.library.lesions_asked[0]
    assert asked[0].uid == drawn.uid
    assert asked[3] == (115.0, 120.0, 20.0)
    proposal = seat.session.annotating.find(seat.session.annotating.selected)
    assert (proposal.study_uid, proposal.verdict) == ("2.1", Verdict.OPEN)
    assert proposal.patient_points == ENDS
    assert proposal.measured.values[0].text == "20.0 mm"
    assert PROPOSED in proposal.measured.notes
    assert "Check its ends" in seat.said
    assert seat.session.viewing.state(1).position == 4
    first = seat.session.annotating.find(drawn.uid)
    assert first.lesion == proposal.lesion != ""
    assert first.lesion_name == "Lesion 1"
    assert (first.verdict, first.measured) == (drawn.verdict, drawn.measured)


def test_a_proposal_counts_once_it_is_accepted_and_is_then_measured_anew(seat):
    measured(seat)
    seat.session.lesions.carry()
    uid = seat.session.annotating.selected
    assert seat.session.lesions.table().rows[0].cells[1].change is None
    seat.session.annotating.judge(uid, Verdict.ACCEPTED)
    assert PROPOSED not in seat.session.annotating.find(uid).measured.notes
    table = seat.session.lesions.table()
    assert [t.study_uid for t in table.times] == ["2.1", "1.1"]
    assert table.rows[0].cells[1].change == pytest.approx(50 / 20 - 1)


def test_where_no_size_was_found_the_place_is_proposed_and_nothing_measured(seat):
    seat.library.lesion = LesionProposal((120.0, 130.0, 60.0), (), "Look whether it is gone")
    measured(seat)
    seat.session.lesions.carry()
    proposal = seat.session.annotating.find(seat.session.annotating.selected)
    assert proposal.measured.refused == UNCHECKED
    assert proposal.patient_points == ((105.0, 110.0, 60.0), (135.0, 150.0, 60.0))
    assert seat.session.lesions.table().rows[0].cells[0].values == ()


def test_carrying_again_shows_what_lies_there_and_draws_nothing_more(seat):
    drawn = measured(seat)
    seat.session.lesions.carry()
    count = len(seat.session.annotating.all())
    seat.session.viewing.change(1, position=9)
    seat.session.annotating.select(drawn.uid)
    seat.session.lesions.carry()
    assert len(seat.session.annotating.all()) == count
    assert len(seat.library.lesions_asked) == 1
    assert seat.session.viewing.state(1).position == 4


def test_undo_takes_the_proposal_back_and_it_survives_closing_the_case_otherwise(seat):
    measured(seat)
    seat.session.lesions.carry()
    lesion = seat.session.annotating.find(seat.session.annotating.selected).lesion
    seat.session.close_case()
    seat.session.open(seat.items[0])
    assert len(seat.session.lesions.of(lesion)) == 2


def test_without_alignment_nothing_is_carried_and_the_way_out_is_said(seat):
    prior = seat.studies["2.1"]
    other_space = replace(prior, series=tuple(replace(s, frame_of_reference_uid="1.77") for s in prior.series))
    seat.studies["2.1"] = other_space
    seat.priors["1.1"] = (other_space,)
    seat.session.open(seat.items[0])
    seat.session.viewing.set_layout(Layout(1, 2), seat.session.case.studies)
    seat.session.viewing.hang_series(1, other_space, other_space.series[0], is_prior=True)
    measured(seat)
    with pytest.raises(Refused, match="not aligned"):
        seat.session.lesions.carry()
    assert len(seat.session.annotating.all()) == 1


def test_what_has_no_size_is_not_carried(seat):
    measured(seat, Tool.ANGLE, (*DRAWN, (150.0, 100.0)))
    with pytest.raises(Refused, match="no size"):
        seat.session.lesions.carry()
    seat.session.annotating.select("")
    with pytest.raises(Refused, match="No drawing"):
        seat.session.lesions.carry()


def test_a_drawing_joins_a_lesion_that_was_measured_elsewhere_and_is_taken_out_again(seat):
    measured(seat)
    seat.session.lesions.carry()
    proposal = seat.session.annotating.find(seat.session.annotating.selected)
    seat.session.lesions.release(proposal.uid)
    assert seat.session.annotating.find(proposal.uid).lesion == ""
    lesion = seat.session.lesions.table().rows[0].lesion
    seat.session.lesions.follow(seat.session.annotating.find(proposal.uid), lesion)
    assert seat.session.annotating.find(proposal.uid).lesion_name == "Lesion 1"
    assert seat.session.annotating.find(proposal.uid).verdict is Verdict.OPEN


def test_two_accepted_sizes_of_one_lesion_in_one_study_are_refused(seat):
    first = measured(seat)
    second = measured(seat, points=((10.0, 10.0), (20.0, 10.0)))
    named = seat.session.lesions.follow(first)
    with pytest.raises(Refused, match="already"):
        seat.session.lesions.follow(seat.session.annotating.find(second.uid), named.lesion)
    assert seat.session.lesions.follow(second).lesion_name == "Lesion 2"


def test_a_lesion_is_renamed_in_all_studies_and_never_to_the_name_of_another(seat):
    first = measured(seat)
    seat.session.lesions.carry()
    lesion = seat.session.annotating.find(first.uid).lesion
    seat.session.lesions.rename(lesion, "  Segment 6, right ")
    assert {a.lesion_name for a in seat.session.lesions.of(lesion)} == {"Segment 6, right"}
    seat.session.lesions.follow(measured(seat, points=((10.0, 10.0), (20.0, 10.0))))
    with pytest.raises(Refused, match="Another lesion"):
        seat.session.lesions.rename(lesion, "Lesion 1")


def test_the_next_lesion_shows_in_every_study_at_once(seat):
    drawn = measured(seat)
    seat.session.lesions.carry()
    for index in (0, 1):
        seat.session.viewing.change(index, position=9)
    seat.session.annotating.select("")
    seat.session.lesions.step()
    assert [seat.session.viewing.state(i).position for i in (0, 1)] == [2, 4]
    assert seat.session.annotating.find(seat.session.annotating.selected).lesion == seat.session.annotating.find(drawn.uid).lesion


def test_a_circle_is_carried_with_the_diameter_that_was_found(seat):
    measured(seat, Tool.CIRCLE, ((100.0, 100.0), (125.0, 100.0)))
    seat.session.lesions.carry()
    proposal = seat.session.annotating.find(seat.session.annotating.selected)
    assert proposal.kind is AnnotationKind.CIRCLE
    assert proposal.patient_points[:2] == ((107.0, 107.0, 40.0), (117.0, 107.0, 40.0))


def test_the_lesions_go_into_the_report_as_lines_of_text(seat):
    measured(seat)
    seat.session.lesions.carry()
    seat.session.annotating.judge(seat.session.annotating.selected, Verdict.ACCEPTED)
    seat.session.from_image.insert_lesions()
    written = "\n".join(section.text for section in seat.session.desk.report.sections)
    assert "Lesion 1: 50 mm (series 1, image 3), before 20 mm (2026-02-18), +150 %" in written
