"""What could not be measured when it was drawn is measured once its image has come, by itself and without a step of undo."""

from __future__ import annotations

from dataclasses import replace

import pytest
from window_seat import FakeViewport, WindowSeat

from workstation.domain.annotation import VALUES_FOLLOW, AnnotationKind, Measured, MeasuredValue

WAITS = Measured((MeasuredValue("Area", 5.0, "mm²"),), notes=(f"{VALUES_FOLLOW} the image is loaded",))
WHOLE = Measured((MeasuredValue("Area", 5.0, "mm²"), MeasuredValue("Mean", 40.0, "HU")))


@pytest.fixture
def seat(tmp_path, monkeypatch):
    seat = WindowSeat(tmp_path)
    seat.add_case(1)
    seat.session.open(seat.items[0])
    seat.answer = WAITS
    monkeypatch.setattr(FakeViewport, "measure", lambda self, *args: seat.answer)
    return seat


def draw(seat):
    state = seat.session.viewing.state()
    viewport = seat.library.viewport(state.study_uid, state.series_uid)
    drawn = viewport.annotation_at(state, 200, 200, [(10.0, 10.0), (30.0, 40.0)], AnnotationKind.ELLIPSE)
    annotating = seat.session.annotating
    annotating.add(replace(drawn, measured=annotating.measure(drawn)))
    return annotating.all()[-1]


def test_values_come_with_the_frames_of_the_series_and_of_no_other(seat):
    drawn, annotating = draw(seat), seat.session.annotating
    assert annotating.find(drawn.uid).measured.is_waiting
    seat.answer = WHOLE
    annotating.late_values.look("9.9.9")
    assert annotating.find(drawn.uid).measured == WAITS
    annotating.late_values.look(drawn.series_uid)
    assert annotating.find(drawn.uid).measured == WHOLE
    assert annotating.all()[-1].measured == WHOLE


def test_frames_that_are_not_enough_change_nothing_and_are_asked_again(seat):
    drawn, annotating = draw(seat), seat.session.annotating
    told = []
    annotating.changed.connect(told.append)
    annotating.late_values.look(drawn.series_uid)
    assert told == []
    seat.answer = WHOLE
    annotating.late_values.look(drawn.series_uid)
    assert annotating.find(drawn.uid).measured == WHOLE


def test_undo_takes_the_drawing_back_and_not_its_values_and_redo_brings_it_with_them(seat):
    drawn, annotating = draw(seat), seat.session.annotating
    seat.answer = WHOLE
    annotating.late_values.look(drawn.series_uid)
    annotating.undo()
    assert annotating.all() == ()
    annotating.redo()
    assert annotating.find(drawn.uid).measured == WHOLE


def test_a_refusal_that_will_pass_is_asked_again_and_one_that_stays_is_not():
    assert Measured(refused=f"{VALUES_FOLLOW} the whole series is loaded").is_waiting
    assert not Measured(refused="This line crosses itself").is_waiting
    assert not WHOLE.is_waiting
