"""What a row of the worklist opens: images, a study of reports alone, or words on why nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from window_seat import WindowSeat

from workstation.errors import Refused


@pytest.fixture
def seat(tmp_path):
    seat = WindowSeat(tmp_path)
    seat.notices = []
    seat.session.notice.connect(lambda notice: seat.notices.append(notice.text))
    return seat


def test_a_study_of_reports_alone_opens(seat):
    item = seat.add_case(1, image_count=0)
    study = seat.studies["1.1"]
    report = replace(study.series[0], modality="SR", instances=())
    seat.studies["1.1"] = replace(study, series=(report,))
    seat.session.open(item)
    assert seat.session.case is not None
    assert [s.modality for s in seat.session.case.study.series] == ["SR"]
    assert seat.notices == []


def test_an_order_without_a_study_says_so(seat):
    seat.session.open(seat.add_case(1, study_instance_uid="", image_count=0))
    assert seat.session.case is None
    assert "No images yet" in seat.notices[-1]


def test_a_study_that_is_not_here_says_so(seat):
    def missing(uid: str):
        raise Refused("The study is not on this machine", hint="Import it, or wait until it has come")

    item = seat.add_case(1, image_count=0)
    seat.cache.study = missing
    seat.session.open(item)
    assert seat.session.case is None
    assert "not on this machine" in seat.notices[-1]
