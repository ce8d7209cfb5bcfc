"""The table of lesions in the window: what it says, and every act by keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ui.lesions_dialog import LesionsDialog
from workstation.domain.lesion import LesionProposal
from workstation.domain.viewing import Layout
from workstation.session.tool import Tool


@pytest.fixture
def followed(qapp, seat):
    """A line of 50 mm on the current study, found as 20 mm on the prior."""
    seat.add_case(7, series=1, prior=True)
    seat.session.open(seat.items[-1])
    prior = seat.priors["1.7"][0]
    seat.session.viewing.set_layout(Layout(1, 2), seat.session.case.studies)
    seat.session.viewing.hang_series(1, prior, prior.series[0], is_prior=True)
    seat.session.viewing.activate(0)
    seat.session.viewing.set_tool(Tool.LENGTH)
    for point in ((100.0, 100.0), (130.0, 140.0)):
        seat.session.annotating.drawing.place(0, point)
    ends = ((101.0, 99.0, 40.0), (113.0, 115.0, 40.0))
    seat.library.lesion = LesionProposal((107.0, 107.0, 40.0), (*ends, *ends), "Check its ends")
    seat.session.lesions.carry()
    return seat


@pytest.fixture
def dialog(followed, qtbot):
    made = LesionsDialog(followed.session)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    yield made
    made.close()


def texts(dialog):
    table = dialog.table
    return [[table.item(r, c).text() for c in range(table.columnCount())] for r in range(table.rowCount())]


def press(qtbot, dialog, key):
    """A button by its letter: it is pressed and let go, and clicked only then."""
    clicked = []
    for button in (*dialog.buttons, dialog.join_button):
        button.clicked.connect(lambda: clicked.append(key))
    QTest.keyClick(dialog, key, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: bool(clicked))


def test_a_proposed_size_is_marked_and_changes_nothing_until_it_is_accepted(dialog, followed, qtbot):
    assert texts(dialog)[0][0] == "Lesion 1"
    assert "proposed" in texts(dialog)[0][1]
    assert texts(dialog)[0][2] == "50.0 mm"
    dialog.table.setCurrentCell(0, 1)
    press(qtbot, dialog, Qt.Key.Key_C)
    rows = texts(dialog)
    assert rows[0][1] == "20.0 mm"
    assert "+150 %" in rows[0][2]
    assert "doubling time" in rows[0][2]
    assert rows[1][0] == "Sum of long axes (1)"
    assert "+30.0 mm" in rows[1][2]


def test_the_table_copies_as_lines_that_a_spreadsheet_reads_and_never_as_formulas(dialog, followed):
    lesion = followed.session.lesions.table().rows[0].lesion
    followed.session.lesions.rename(lesion, "=1+1;2")
    lines = dialog.csv().splitlines()
    assert lines[0].startswith("lesion;date;value;unit")
    assert lines[1] == "'=1+1,2;2026-02-18;20.00;mm;;;;;yes"
    assert lines[2] == "'=1+1,2;2026-11-20;50.00;mm;;;;;no"


def test_return_in_the_table_shows_the_lesion_in_both_studies(dialog, followed):
    for index in (0, 1):
        followed.session.viewing.change(index, position=9)
    dialog.table.setFocus()
    dialog.table.setCurrentCell(0, 0)
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert [followed.session.viewing.state(i).position for i in (0, 1)] == [0, 4]
    assert dialog.isVisible()


def test_a_size_is_taken_out_and_the_drawing_added_to_the_lesion_again(dialog, followed, qtbot):
    uid = followed.session.annotating.selected
    dialog.table.setCurrentCell(0, 1)
    press(qtbot, dialog, Qt.Key.Key_T)
    assert followed.session.annotating.find(uid).lesion == ""
    followed.session.annotating.select(uid)
    dialog.join.setCurrentIndex(1)
    press(qtbot, dialog, Qt.Key.Key_A)
    assert followed.session.annotating.find(uid).lesion_name == "Lesion 1"


def test_without_lesions_the_way_to_them_is_said(qapp, seat):
    dialog = LesionsDialog(seat.session)
    assert not dialog.hint.isHidden()
    assert "Ctrl+Shift+P" in dialog.hint.text()
    assert dialog.table.rowCount() == 0
