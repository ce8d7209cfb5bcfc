"""Images that come after a case was opened (fault F59): the reader is told, takes them in, and is asked before signing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from window_seat import SLICES, a_study

from workstation.domain.report import ReportAction
from workstation.domain.study import Instance
from workstation.session.tool import ShownImage

pytestmark = pytest.mark.qt
UID = "1.1"


def add_late(seat, count: int) -> None:
    study = seat.studies[UID]
    series = study.series[0]
    late = tuple(
        Instance(f"{series.series_instance_uid}.late{i}", "1.2", "1.2.840.10008.1.2.1", 50 + i, 1, 10, 10, "", "", 0)
        for i in range(count)
    )
    grown = replace(series, instances=(*series.instances, *late))
    seat.studies[UID] = replace(study, series=(grown, *study.series[1:]))
    seat.session.images_came([UID])


def test_late_images_are_told_with_their_number_and_what_to_do(case, seat):
    add_late(seat, 12)
    assert case.banner.text == "12 new images have come since this case was opened"
    assert case.banner.offer.isVisible()
    assert case.banner.offer.text() == "Take in what came for this case"


def test_taking_them_in_keeps_what_hangs_and_what_was_shown(case, seat):
    viewing = seat.session.viewing
    viewing.note_shown(ShownImage(UID, "shown before"))
    hanging = [cell.state.series_uid for cell in viewing.cells]
    add_late(seat, 12)
    QTest.mouseClick(case.banner.offer, Qt.MouseButton.LeftButton)
    assert case.banner.text == ""
    assert seat.session.case.study.series[0].image_count == SLICES + 12
    assert [cell.state.series_uid for cell in viewing.cells] == hanging
    assert ShownImage(UID, "shown before") in viewing.shown
    assert case.reading.isVisible()


def test_a_late_prior_is_told_and_taken_in_by_its_command(case, seat):
    patient = seat.studies[UID].patient
    seat.studies["3.1"] = a_study("3.1", patient, "20240101", 1)
    seat.priors[UID] = (*seat.priors.get(UID, ()), seat.studies["3.1"])
    seat.session.images_came(["3.1"])
    assert case.banner.text == "1 new prior has come since this case was opened"
    case.runner.run("case.take_in")
    assert "3.1" in [prior.study_instance_uid for prior in seat.session.case.priors]


def test_images_of_others_do_not_disturb(case, seat):
    seat.session.images_came(["9.9"])
    assert case.banner.text == ""
    case.runner.run("case.take_in")
    assert case.banner.text == "Nothing new has come for this case"


def test_signing_asks_once_when_images_came_that_nobody_looked_at(case, seat):
    signatures = []
    seat.session.desk.sign = lambda *arguments: signatures.append(arguments)
    add_late(seat, 1)
    seat.session.sign(ReportAction.SIGN_FINAL)
    assert signatures == []
    assert "1 new image has come since this case was opened" in case.banner.text
    assert "sign again to sign without them" in case.banner.text
    seat.session.sign(ReportAction.SIGN_FINAL)
    assert len(signatures) == 1


def test_what_was_said_of_one_case_is_gone_with_the_next(case, seat):
    add_late(seat, 2)
    other = seat.add_case(2)
    seat.session.open(other)
    assert case.banner.text == ""
    assert seat.session.growth is None


def test_images_that_an_archive_withdrew_stay_on_screen_with_the_reason_and_hold_the_report(case, seat):
    """F60."""
    signatures = []
    seat.session.desk.sign = lambda *arguments: signatures.append(arguments)
    hanging = [cell.state for cell in seat.session.viewing.cells]
    seat.session.images_withdrawn(UID, "3 images that are here are no longer in the archive's list")
    assert case.banner.text == "3 images that are here are no longer in the archive's list"
    assert [cell.state for cell in seat.session.viewing.cells] == hanging
    for _ in range(2):
        seat.session.sign(ReportAction.SIGN_FINAL)
    assert signatures == []
    assert "open the case again" in case.banner.text
    seat.session.open(seat.items[0])
    seat.session.viewing.note_shown(ShownImage(UID, "1"))
    seat.session.sign(ReportAction.SIGN_FINAL)
    assert len(signatures) == 1


def test_images_withdrawn_from_another_study_do_not_hold_this_report(case, seat):
    seat.session.images_withdrawn("9.9", "1 image is no longer in the archive's list")
    assert case.banner.text == ""
    assert seat.session.withdrawn == ""
