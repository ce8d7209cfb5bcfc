"""Drawings without a screen: kept on disk first, bound to their study, undone, moved, copied, judged."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from window_seat import HeldJobs, WindowSeat

from workstation.annotations_store import AnnotationStore
from workstation.at_rest.vault import Vault
from workstation.domain.annotation import Annotation, AnnotationKind, Measured, MeasuredValue, Source, Verdict
from workstation.domain.doubt import SpacingSource
from workstation.domain.vertebrae import LEVELS, next_level
from workstation.domain.viewing import Plane
from workstation.errors import Conflict, Refused, Unavailable
from workstation.jobs import DATABASE
from workstation.session.annotation_words import place_words, values_words
from workstation.session.copying import UNCHECKED
from workstation.session.handles import dragged, handles, is_whole
from workstation.session.measured_text import check
from workstation.session.tool import Tool

SUPPORT = Path(__file__).resolve().parent.parent / "support"


@pytest.fixture
def seat(tmp_path):
    made = WindowSeat(tmp_path)
    for number in (1, 2):
        made.add_case(number, series=2, prior=number == 1)
    made.session.open(made.items[0])
    return made


@pytest.fixture
def annotating(seat):
    return seat.session.annotating


def draw(seat, tool=Tool.LENGTH, *points, index=0):
    seat.session.viewing.set_tool(tool)
    for point in points or ((100.0, 100.0), (130.0, 140.0)):
        seat.session.annotating.drawing.place(index, point)
    return seat.session.annotating.find(seat.session.annotating.selected)


def a_drawing(**values) -> Annotation:
    measured = Measured((MeasuredValue("Length", 23.4, "mm"),), SpacingSource.ERMF, histogram=(0.5, 2.0, (1, 2)), notes=("Edge",))
    made = Annotation(
        "2.25.1", AnnotationKind.LENGTH, "1.1", "1.1.1", "1.1.1.0", 1, Plane.STACK, ((1.5, 2.0), (3.0, 4.0)),
        ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)), "note", measured, Source("program", "AI", "1"), Verdict.OPEN, 25.0,
        "2.25.77", "Lesion 1",
    )  # fmt: skip
    return replace(made, **values)


# ---- on disk ---------------------------------------------------------------------------


@pytest.mark.parametrize("vault", [Vault.plain(), Vault.with_key(bytes(32))], ids=["plain", "sealed"])
def test_a_drawing_comes_back_from_disk_identical(tmp_path, vault):
    store = AnnotationStore(tmp_path / "annotations.db", vault)
    store.apply([(None, a_drawing())])
    store.close()
    again = AnnotationStore(tmp_path / "annotations.db", vault)
    assert again.of_studies(["1.1"]) == (a_drawing(),)
    assert again.of_studies(["1.2"]) == ()
    again.close()
    assert (b"note" in (tmp_path / "annotations.db").read_bytes()) is not vault.is_sealing


def test_a_drawing_never_moves_to_another_study(tmp_path):
    """F62: a uid that comes again for another study is refused, and nothing of the act is kept."""
    store = AnnotationStore(tmp_path / "annotations.db")
    store.apply([(None, a_drawing())])
    with pytest.raises(Conflict, match="not kept"):
        store.apply([(None, a_drawing(uid="2.25.2")), (None, a_drawing(study_uid="9.9"))])
    assert store.of_studies(["1.1", "9.9"]) == (a_drawing(),)
    store.close()


def test_a_damaged_file_is_put_aside_and_said(tmp_path):
    path = tmp_path / "annotations.db"
    path.write_bytes(b"SQLite format 3\x00" + bytes(4096))
    store = AnnotationStore(path)
    assert "put aside" in store.notice
    assert list(tmp_path.glob("annotations.db.damaged-1"))
    store.close()


def test_nothing_is_given_out_as_kept_before_the_disk_has_it(tmp_path):
    jobs = HeldJobs()
    seat = WindowSeat(tmp_path, jobs)
    seat.add_case(1)
    seat.session.open(seat.items[0])
    jobs.held.add(DATABASE)
    draw(seat)
    annotating = seat.session.annotating
    assert annotating.annotations_on("1.1", "1.1.1") == ()
    assert len(annotating.unsaved_on("1.1", "1.1.1")) == 1
    jobs.release()
    assert len(annotating.annotations_on("1.1", "1.1.1")) == 1
    assert not annotating.is_unsaved


def test_what_the_disk_refuses_is_told_and_written_with_the_next_drawing(seat, annotating, monkeypatch):
    told = []
    seat.session.notice.connect(lambda notice: told.append(notice.text))
    apply = seat.annotations.apply

    def full(changes):
        raise Unavailable("The disk is full")

    monkeypatch.setattr(seat.annotations, "apply", full)
    first = draw(seat)
    assert any("disk is full" in text for text in told)
    assert (annotating.all(), annotating.is_unsaved) == ((), True)
    monkeypatch.setattr(seat.annotations, "apply", apply)
    second = draw(seat, Tool.PROBE, (50.0, 50.0))
    assert {a.uid for a in annotating.all()} == {first.uid, second.uid}
    assert not annotating.is_unsaved


def test_killed_while_drawing_no_drawing_that_was_shown_is_lost(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SUPPORT), str(SUPPORT.parent.parent)])}
    child = subprocess.Popen(
        [sys.executable, str(SUPPORT / "drawing_child.py"), str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert child.stdout is not None
    shown = [child.stdout.readline().strip() for _ in range(25)]
    child.send_signal(signal.SIGKILL)
    shown += [line.strip() for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    child.stdout.close()
    child.wait()
    store = AnnotationStore(tmp_path / "data" / "annotations.db")
    kept = {a.uid for a in store.of_studies(["1.1"])}
    store.close()
    assert len(shown) >= 25
    assert set(shown) <= kept


# ---- which case ------------------------------------------------------------------------


def test_a_drawing_belongs_to_its_image_and_not_to_the_viewport(seat, annotating):
    """F62, F63."""
    drawn = draw(seat)
    assert (drawn.study_uid, drawn.series_uid, drawn.sop_instance_uid) == ("1.1", "1.1.1", "1.1.1.0")
    seat.session.open(seat.items[1])
    assert (annotating.all(), annotating.find(drawn.uid), annotating.selected) == ((), None, "")
    annotating.undo()
    assert annotating.all() == ()
    seat.session.open(seat.items[0])
    assert annotating.all() == (drawn,)


def test_drawings_that_come_late_for_an_earlier_case_are_dropped(tmp_path):
    """F63."""
    jobs = HeldJobs()
    seat = WindowSeat(tmp_path, jobs)
    for number in (1, 2):
        seat.add_case(number)
    seat.session.open(seat.items[0])
    draw(seat)
    jobs.held.add(DATABASE)
    seat.session.open(seat.items[0])
    seat.session.open(seat.items[1])
    while jobs.waiting:
        jobs.release()
    assert seat.session.annotating.all() == ()


def test_findings_of_studies_that_are_not_open_are_not_taken_in(annotating):
    annotating.add_received([a_drawing(study_uid="9.9"), a_drawing(uid="2.25.3")])
    assert [a.uid for a in annotating.all()] == ["2.25.3"]


# ---- acts ------------------------------------------------------------------------------


def test_each_act_is_one_step_of_undo_and_redo(seat, annotating):
    drawn = draw(seat)
    annotating.change(drawn.uid, text="growing")
    annotating.remove(drawn.uid)
    assert annotating.all() == ()
    annotating.undo()
    assert annotating.all()[0].text == "growing"
    annotating.undo()
    assert annotating.all()[0].text == ""
    annotating.undo()
    assert annotating.all() == ()
    for _ in range(2):
        annotating.redo()
    assert annotating.all()[0].text == "growing"
    assert seat.annotations.of_studies(["1.1"])[0].text == "growing"


def test_steps_with_the_arrow_keys_in_a_row_are_undone_together(seat, annotating):
    drawn = draw(seat)
    for _ in range(5):
        annotating.nudge(2.0, -1.0)
    moved = annotating.find(drawn.uid)
    assert moved.points[0] == pytest.approx((drawn.points[0][0] + 10, drawn.points[0][1] - 5))
    annotating.undo()
    assert annotating.find(drawn.uid) == drawn


def test_a_finding_of_somebody_else_is_judged_but_not_changed(annotating):
    annotating.add_received([a_drawing()])
    with pytest.raises(Refused, match="not drawn here"):
        annotating.change("2.25.1", text="mine")
    annotating.judge("2.25.1", Verdict.REJECTED)
    annotating.add_received([a_drawing()])
    assert annotating.find("2.25.1").verdict is Verdict.REJECTED


def test_next_and_previous_go_to_the_image_of_each_drawing(seat, annotating):
    first = draw(seat)
    seat.session.viewing.change(0, position=7)
    second = draw(seat)
    seat.session.viewing.change(0, position=3)
    annotating.select("")
    for step, uid, position in ((1, first.uid, 0), (1, second.uid, 7), (1, first.uid, 0), (-1, second.uid, 7)):
        annotating.step(step)
        assert (annotating.selected, seat.session.viewing.state(0).position) == (uid, position)


def test_scrolling_away_lets_go_of_the_drawing(seat, annotating):
    draw(seat)
    seat.session.viewing.scroll(1)
    assert annotating.selected == ""


def test_vertebrae_are_named_click_by_click_from_any_start(seat, annotating):
    seat.session.viewing.set_tool(Tool.SPINE)
    for y in (10.0, 40.0, 70.0):
        annotating.drawing.place(0, (50.0, y))
    annotating.start_spine_elsewhere()
    annotating.drawing.place(0, (50.0, 100.0))
    annotating.change(annotating.selected, text="L5")
    annotating.drawing.place(0, (50.0, 130.0))
    assert [a.text for a in annotating.all()] == ["C1", "C2", "C3", "L5", "S1"]
    assert (len(LEVELS), next_level("C7"), next_level("T12"), next_level("S5"), next_level("X")) == (29, "T1", "L1", "S5", "")


# ---- the prior -------------------------------------------------------------------------


def test_a_copy_lies_at_the_same_place_of_the_prior_and_measures_nothing_until_checked(seat, annotating):
    seat.session.viewing.change(0, position=4)
    drawn = draw(seat)
    annotating.copy_to_prior()
    (copy,) = [a for a in annotating.all() if a.study_uid == "2.1"]
    assert copy.patient_points == drawn.patient_points
    assert copy.sop_instance_uid == "2.1.1.4"
    assert (copy.measured, copy.verdict) == (Measured(refused=UNCHECKED), Verdict.OPEN)
    with pytest.raises(Refused, match="until checked"):
        check(copy)
    annotating.judge(copy.uid, Verdict.ACCEPTED)
    assert annotating.find(copy.uid).measured == drawn.measured


def test_without_a_common_space_the_copy_lies_at_the_same_share_of_the_image(seat, annotating):
    prior = seat.session.case.priors[0]
    other = replace(prior, series=tuple(replace(s, frame_of_reference_uid="7.7") for s in prior.series))
    images = tuple(replace(i, rows=20, columns=20) for i in other.series[0].instances)
    other = replace(other, series=(replace(other.series[0], instances=images),))
    seat.studies["2.1"] = other
    seat.session.open(seat.items[0])
    drawn = draw(seat, Tool.PROBE, (4.0, 2.0))
    annotating.copy_to_prior()
    (copy,) = [a for a in annotating.all() if a.study_uid == "2.1"]
    assert copy.points[0] == pytest.approx(((drawn.points[0][0] + 0.5) * 2 - 0.5, (drawn.points[0][1] + 0.5) * 2 - 0.5))


def test_nothing_is_copied_where_no_prior_hangs(tmp_path):
    seat = WindowSeat(tmp_path)
    seat.add_case(1)
    seat.session.open(seat.items[0])
    draw(seat)
    with pytest.raises(Refused, match="Not copied"):
        seat.session.annotating.copy_to_prior()


# ---- words -----------------------------------------------------------------------------


def test_a_list_tells_values_series_and_image(seat, annotating):
    values = (MeasuredValue("Long axis", 23.4, "mm"), MeasuredValue("Short axis", 12.1, "mm"))
    drawn = a_drawing(measured=Measured(values), text="", sop_instance_uid="1.1.1.3")
    studies = seat.session.case.studies
    assert values_words(drawn) == "Long axis 23.4 mm, short axis 12.1 mm"
    assert place_words(drawn, studies) == "series 1, instance 4"
    prior = replace(drawn, study_uid="2.1", series_uid="2.1.1", sop_instance_uid="2.1.1.3")
    assert place_words(prior, studies) == "prior of 2026-02-18, series 1, instance 4"


def test_only_the_reports_own_study_gets_words_into_it(seat):
    """F62."""
    draw(seat)
    seat.session.from_image.insert_one()
    desk = seat.session.desk
    assert desk.report.text(desk.section) == "50 mm (series 1, image 1)"
    desk._set(replace(desk.report, study_instance_uid="9.9"))
    with pytest.raises(Refused, match="another study"):
        seat.session.from_image.insert_one()


# ---- handles ---------------------------------------------------------------------------


def test_the_short_axis_stays_at_right_angles():
    points = [(0.0, 0.0), (100.0, 0.0), (50.0, -20.0), (50.0, 20.0)]
    for handle, to in ((0, (0.0, 60.0)), (1, (80.0, -40.0)), (2, (70.0, -90.0)), (3, (10.0, 55.0))):
        a, b, c, d = dragged(AnnotationKind.BIDIRECTIONAL, points, handle, to)
        across = (b[0] - a[0]) * (d[0] - c[0]) + (b[1] - a[1]) * (d[1] - c[1])
        assert across == pytest.approx(0.0, abs=1e-9)
    moved = dragged(AnnotationKind.BIDIRECTIONAL, points, 0, (0.0, 60.0))
    assert math.dist(moved[2], moved[3]) == pytest.approx(40.0)


def test_a_box_has_four_handles_and_the_opposite_side_stays():
    box = [(10.0, 10.0), (50.0, 30.0)]
    assert handles(AnnotationKind.RECTANGLE, box) == [(10.0, 10.0), (50.0, 10.0), (50.0, 30.0), (10.0, 30.0)]
    assert dragged(AnnotationKind.RECTANGLE, box, 1, (60.0, 5.0)) == [(10.0, 5.0), (60.0, 30.0)]
    assert handles(AnnotationKind.ELLIPSE, box) == [(10.0, 20.0), (30.0, 10.0), (50.0, 20.0), (30.0, 30.0)]
    assert dragged(AnnotationKind.ELLIPSE, box, 3, (99.0, 45.0)) == [(10.0, 10.0), (50.0, 45.0)]
    assert dragged(AnnotationKind.CIRCLE, box, 0, (20.0, 10.0)) == [(20.0, 10.0), (60.0, 30.0)]


def test_a_slip_of_the_hand_is_no_drawing(seat, annotating):
    draw(seat, Tool.LENGTH, (100.0, 100.0), (101.0, 101.0))
    assert annotating.all() == ()
    assert not is_whole(AnnotationKind.ELLIPSE, [(0.0, 0.0), (50.0, 1.0)], 3.0)
