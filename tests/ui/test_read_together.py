"""Orders that are read together, in the window: the list by keys, the report's head, the worklist's rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from report_hands import open_case, report_window, sign
from report_seat import ReportSeat

from ui.report.joint_dialog import JOINED, JointDialog
from ui.worklist_columns import procedure_words, together_tip
from workstation.domain.delivery import DeliveryState
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import Refused

pytestmark = pytest.mark.qt


@pytest.fixture
def seat(tmp_path, qapp):
    """A trauma CT ordered as two, and an examination of another patient."""
    made = ReportSeat(tmp_path)
    first = made.add_case(1)
    made.add_case(3)
    order = replace(first.order, order_id="order-2", accession_number="A2", procedure="CT neck")
    made.items.append(
        replace(first, accession_number="A2", procedure="CT neck", order=order, image_count=0, study_instance_uid="")
    )
    made.session.refresh_worklist()
    return made


@pytest.fixture
def window(seat, qtbot):
    with report_window(seat, qtbot) as made:
        yield made


@pytest.fixture
def dialog(window, seat, qtbot):
    open_case(window, seat, qtbot, 0)
    window.runner.run("report.together")
    return window.findChild(JointDialog)


def marks(dialog) -> list[str]:
    return [dialog.table.item(row, JOINED).text() for row in range(dialog.table.rowCount())]


def test_space_reads_the_chosen_order_in_the_open_report_and_again_takes_it_out(dialog, window, seat):
    line = window.report_panel.joint
    assert [row.item.accession_number for row in dialog.rows] == ["A2"]  # the other patient's is not offered
    assert not line.isVisible()
    QTest.keyClick(dialog.table, Qt.Key.Key_Space)
    assert seat.session.desk.report.accession_numbers == ("A1", "A2")
    assert marks(dialog) == ["✓"]
    assert line.isVisible()
    assert line.text() == "Together with A2"
    assert "CT neck" in line.toolTip()
    QTest.keyClick(dialog.table, Qt.Key.Key_Space)
    assert seat.session.desk.report.accession_numbers == ("A1",)
    assert marks(dialog) == [""]
    assert not line.isVisible()


def test_all_of_a_study_at_once_by_the_palettes_commands_and_out_again(window, seat, qtbot):
    open_case(window, seat, qtbot, 0)
    window.runner.run("report.together_study")
    assert seat.session.desk.report.accession_numbers == ("A1", "A2")
    window.runner.run("report.together_none")
    assert seat.session.desk.report.accession_numbers == ("A1",)
    with pytest.raises(Refused, match="No other order"):
        seat.session.together.leave_all()


def test_what_is_refused_stands_in_the_list_in_words_and_nothing_is_joined(window, seat, qtbot):
    open_case(window, seat, qtbot, 0)
    sign(window.report_panel, window)
    window.runner.run("report.together")
    dialog = window.findChild(JointDialog)
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert "The report is signed" in dialog.said.text()
    assert seat.session.desk.report.joint == ()


def test_one_signature_goes_into_the_outbox_for_both(dialog, window, seat):
    QTest.keyClick(dialog.table, Qt.Key.Key_Space)
    QTest.keyClick(dialog.table, Qt.Key.Key_Escape)
    sign(window.report_panel, window)
    (delivery,) = seat.reports.deliveries()
    assert delivery.state is DeliveryState.QUEUED
    assert [one.accession_number for one in seat.reports.ledger.submission(delivery.delivery_id).joint] == ["A2"]


def test_another_case_closes_the_list(dialog, window, seat, qtbot):
    gone = []
    dialog.finished.connect(gone.append)
    open_case(window, seat, qtbot, 1)
    assert gone


def test_a_row_of_the_worklist_says_what_it_is_read_with(seat):
    item = replace(seat.items[0], together=("A2", "A3"))
    assert procedure_words(item) == "CT chest · with A2, A3"
    assert together_tip(item) == ("Read together with A2, A3: one report",)
    assert (procedure_words(seat.items[0]), together_tip(seat.items[0])) == ("CT chest", ())


def test_a_row_without_images_of_its_own_opens_the_examination_it_is_read_with(window, seat, qtbot):
    seat.items[-1] = replace(seat.items[-1], together=("A1",))
    seat.session.refresh_worklist()
    open_case(window, seat, qtbot, 1)
    seat.session.open(seat.items[-1])
    qtbot.waitUntil(lambda: seat.session.case.study.study_instance_uid == "1.1")
    other = Patient(PatientKey("ID-9"), "TEST^OTHER")
    seat.session.open(replace(seat.items[-1], patient=other))
    assert seat.session.case.study.study_instance_uid == "1.1"
