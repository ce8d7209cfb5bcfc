"""The worklist stays where the reader looks: rows come, go and move, and the row on top and the chosen row stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from window_seat import NOW, a_study

from ui import tour
from ui.driver import Driver
from ui.listed import Listed
from ui.worklist_columns import KEYS
from ui.worklist_model import MOST_ROWS
from workstation.domain.order import Priority, ReadStatus
from workstation.domain.worklist_query import FIRST_ROWS, RowOrder, SortKey

pytestmark = pytest.mark.qt
ROWS = 2000


@pytest.fixture
def many(window, seat):
    """Rows of one patient after the other, due one after the other."""
    base = seat.items[0]

    def row(number: int, **changes):
        order = replace(base.order, order_id=f"x{number}", accession_number=f"N{number:05d}")
        patient = replace(base.patient, name=f"Person{number:05d}^Test")
        due = NOW + timedelta(hours=5, minutes=number)
        made = replace(
            base, accession_number=f"N{number:05d}", study_instance_uid=f"9.{number}", order=order, patient=patient, due=due
        )
        return replace(made, **changes)

    seat.items = [row(number) for number in range(ROWS)]
    seat.session.refresh_worklist()
    window.worklist.table.scrollToTop()
    return row


def top_of(view) -> str:
    return view.model.items[view.table.verticalScrollBar().value()].accession_number


def go_to(view, place: int) -> None:
    """The bar's ends are laid anew once rows have come: events run first."""
    QApplication.processEvents()
    view.table.verticalScrollBar().setValue(place)
    QApplication.processEvents()


def go_down(view, pages: int = 1) -> None:
    for _ in range(pages):
        go_to(view, view.table.verticalScrollBar().maximum())


def test_the_first_rows_are_there_and_more_come_as_one_scrolls(window, many):
    view = window.worklist
    assert view.model.rowCount() == FIRST_ROWS
    seen = [item.accession_number for item in view.model.items]
    for _ in range(30):
        go_down(view)
        seen += [item.accession_number for item in view.model.items if item.accession_number not in seen]
    assert seen == [f"N{number:05d}" for number in range(ROWS)]
    assert view.model.reaches_end
    assert view.model.rowCount() <= MOST_ROWS


def test_scrolling_back_up_brings_what_was_let_go_of(window, many):
    view = window.worklist
    go_down(view, 30)
    assert not view.model.starts_at_top
    for _ in range(60):
        go_to(view, 0)
    assert view.model.starts_at_top
    assert top_of(view) == "N00000"


def test_scrolled_rows_are_never_skipped_or_doubled(window, many):
    view = window.worklist
    for _ in range(9):
        before = top_of(view)
        place = view.table.verticalScrollBar().value()
        go_to(view, place + 37)
        after = top_of(view)
        assert int(after[1:]) - int(before[1:]) == 37


def test_rows_that_come_above_leave_the_row_on_top_where_it_is_and_are_counted(window, seat, many):
    """G12: live inserts do not disturb scrolling."""
    view = window.worklist
    view.table.verticalScrollBar().setValue(90)
    view.table.choose(95)
    chosen, top = view.selected().accession_number, top_of(view)
    for burst in range(4):
        seat.items += [many(ROWS + burst * 3 + n, priority=Priority.STAT) for n in range(3)]
        seat.session.refresh_worklist()
        assert (view.selected().accession_number, top_of(view)) == (chosen, top)
    assert view.table.new_above == 12
    assert view.table.new_rows.text() == "12 new above"
    assert view.table.new_rows.isVisible()
    QTest.mouseClick(view.table.new_rows, Qt.MouseButton.LeftButton)
    assert not view.table.new_rows.isVisible()
    assert view.table.verticalScrollBar().value() == 0
    assert view.model.items[0].priority is Priority.STAT


@pytest.mark.parametrize("first", [0, 350], ids=["from the top", "in the middle"])
def test_a_burst_of_500_and_600_an_hour_leave_what_is_read_where_it_is(window, seat, many, first):
    """G12: new rows come between all that are listed, above and below; the rows in sight, the chosen one and its place stay."""
    view, table = window.worklist, window.worklist.table
    for _ in range(first // 100):
        go_to(view, table.verticalScrollBar().value() + 100)
    go_to(view, table.verticalScrollBar().value() + 40)
    table.choose(table.verticalScrollBar().value() + 6)
    moved: list[int] = []
    table.verticalScrollBar().valueChanged.connect(moved.append)

    def seen() -> list[str]:
        return [view.model.items[table.rowAt(y)].accession_number for y in range(18, table.viewport().height() - 36, 36)]

    chosen, top, offset = view.selected().accession_number, top_of(view), table.currentIndex().row() - table.rowAt(18)
    last = int(seen()[-1][1:])
    due = [int(item.accession_number[1:]) for item in view.model.items if not top <= item.accession_number <= f"N{last + 2:05d}"]
    coming = iter(due * 4)

    def arrive(count: int) -> None:
        for _ in range(count):  # half a minute before one that is listed: not between those in sight
            place = next(coming)
            when = NOW + timedelta(hours=5, minutes=place, seconds=-30)
            number = len(seat.items)
            seat.items.append(many(number, due=when - timedelta(minutes=1)))
        seat.session.refresh_worklist()
        QApplication.processEvents()

    in_sight = seen()
    arrive(500)
    assert (view.selected().accession_number, top_of(view)) == (chosen, top)
    assert seen() == in_sight
    for _ in range(6):
        arrive(10)
        assert seen() == in_sight
    assert table.currentIndex().row() - table.rowAt(18) == offset
    assert table.new_above > 0
    assert top_of(view) == top


def test_at_the_top_new_rows_are_seen_at_once(window, seat, many):
    view = window.worklist
    QTest.keyClick(view.table, Qt.Key.Key_Shift)
    seat.items.append(many(ROWS, priority=Priority.STAT))
    seat.session.refresh_worklist()
    assert top_of(view) == f"N{ROWS:05d}"
    assert view.selected().accession_number == "N00000"
    assert view.table.new_above == 0


def test_a_row_that_moves_is_still_the_chosen_one(window, seat, many):
    view = window.worklist
    view.table.choose(40)
    seat.items[40] = replace(seat.items[40], priority=Priority.STAT)
    seat.session.refresh_worklist()
    assert view.selected().accession_number == "N00040"
    assert view.table.currentIndex().row() == 0


def test_rows_that_go_above_leave_the_row_on_top_where_it_is(window, seat, many):
    view = window.worklist
    view.table.verticalScrollBar().setValue(60)
    view.table.choose(61)
    top = top_of(view)
    del seat.items[5:15]
    seat.session.refresh_worklist()
    assert top_of(view) == top
    assert view.table.new_above == 0


def test_a_changed_row_is_repainted_and_no_other(window, seat, many):
    view = window.worklist
    told: list[tuple[int, int]] = []
    view.model.dataChanged.connect(lambda first, last, _: told.append((first.row(), last.row())))
    seat.items[7] = replace(seat.items[7], procedure="CT head")
    seat.session.refresh_worklist()
    assert told == [(7, 7)]


def test_the_minute_repaints_due_times_only(window, many):
    told: list[tuple[int, int]] = []
    model = window.worklist.model
    model.dataChanged.connect(lambda first, last, _: told.append((first.column(), last.column())))
    model.time_passed()
    assert told == [(KEYS.index(key), KEYS.index(key)) for key in ("due", "since", "age", "left")]


def test_the_end_of_a_long_list_is_one_key_away(window, many):
    view = window.worklist
    QTest.keyClick(view.table, Qt.Key.Key_End)
    assert view.selected().accession_number == f"N{ROWS - 1:05d}"
    QTest.keyClick(view.table, Qt.Key.Key_Home)
    assert view.selected().accession_number == "N00000"


def test_a_head_sorts_all_rows_and_not_only_those_at_hand(window, many):
    view = window.worklist
    view.table.sortByColumn(KEYS.index("patient"), Qt.SortOrder.DescendingOrder)
    assert view.model.order == RowOrder(SortKey.PATIENT, True)
    assert view.model.items[0].accession_number == f"N{ROWS - 1:05d}"


def test_what_is_read_leaves_the_list_to_read_and_the_choice_goes_on(window, seat, many):
    view = window.worklist
    seat.session.lists.choose("to_read")
    view.table.verticalScrollBar().setValue(50)
    view.table.choose(55)
    seat.items[55] = replace(seat.items[55], status=ReadStatus.CONFIRMED)
    seat.session.refresh_worklist()
    assert "N00055" not in {item.accession_number for item in view.model.items}
    assert view.selected().accession_number in ("N00054", "N00056")
    assert top_of(view) == "N00050"


def test_the_tour_finds_its_row_in_a_list_that_is_longer_than_what_is_at_hand(window, seat, many, tmp_path):
    made = tour.Tour(Driver(window, tmp_path), window, seat, None, tour.Material(()))
    made._study = a_study("9.1500", seat.items[1500].patient, "20261120", 1)
    assert not window.worklist.select_study("9.1500")
    assert made._has_order()
    assert not made._has_row()
    assert made._has_row()
    assert window.worklist.selected().accession_number == "N01500"


def test_rows_of_named_studies_are_told_as_they_become_ready(seat, many):
    listed = Listed(seat)
    seat.items[1999] = replace(seat.items[1999], image_count=0)
    seat.session.refresh_worklist()
    assert [item.study_instance_uid for item in listed.ready(["9.1999", "9.3", "9.none", "9.1800"])] == ["9.3", "9.1800"]
    seat.items[1999] = replace(seat.items[1999], image_count=4)
    seat.session.refresh_worklist()
    assert len(listed.ready(["9.1999", "9.3"])) == 2
