"""Lists, chips and columns of the worklist in the window: by mouse and by keys, counted, remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog, QMenu

from ui import theme
from ui.worklist_columns import KEYS
from ui.worklist_columns_dialog import ColumnsDialog
from ui.worklist_rail import COUNT, count_words
from ui.worklist_view import WorklistView
from workstation.domain.ai_result import AiFlag
from workstation.domain.order import Priority, ReadStatus
from workstation.domain.worklist_query import Assigned, RowOrder, SortKey

pytestmark = pytest.mark.qt
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def rows(window, seat):
    """Eight rows of every kind beside those of the window's own."""
    first = seat.items[0]
    kinds = (
        {"priority": Priority.STAT},
        {"modality": "MR", "site": "Norrvik", "body_part": "Knee"},
        {"modality": "CT/PT", "site": "Söderhamna"},
        {"status": ReadStatus.CONFIRMED},
        {"status": ReadStatus.PROBLEM, "warning": "Call the RIS desk"},
        {"is_mine": True, "owner": "Dr Test"},
        {"ai": AiFlag.POSITIVE},
        {"read_by": "Dr Bo"},
    )
    seat.items = [
        replace(
            first, accession_number=f"K{n}", study_instance_uid=f"8.{n}", order=replace(first.order, order_id=f"k{n}"), **kind
        )
        for n, kind in enumerate(kinds)
    ]
    seat.session.refresh_worklist()
    return {n: item.accession_number for n, item in enumerate(seat.items)}


def listed(view) -> set[int]:
    return {int(item.accession_number[1:]) for item in view.model.items}


def test_each_built_in_list_holds_its_rows_and_says_how_many(window, seat, rows):
    view = window.worklist
    expected = {
        "to_read": {0, 1, 2, 5, 6}, "urgent": {0}, "mine": {5}, "ai": {6}, "problems": {4}, "signed_today": set(),
        "all": set(range(8)),
    }  # fmt: skip
    for key, numbers in expected.items():
        seat.session.lists.choose(key)
        assert listed(view) == numbers, key
    counts = {view.rail.item(n).data(Qt.ItemDataRole.UserRole): view.rail.item(n).data(COUNT) for n in range(view.rail.count())}
    assert {key: counts[key] for key in expected} == {key: str(len(numbers)) for key, numbers in expected.items()}
    assert (count_words(1000), count_words(999), count_words(None)) == ("999+", "999", "")


def test_ctrl_b_goes_to_the_lists_arrows_choose_and_return_goes_to_the_rows(window, seat, rows):
    view = window.worklist
    QTest.keyClick(view.table, Qt.Key.Key_B, CTRL)
    assert view.rail.hasFocus()
    QTest.keyClick(view.rail, Qt.Key.Key_Home)
    assert seat.session.lists.chosen.key == "to_read"
    assert listed(view) == {0, 1, 2, 5, 6}
    QTest.keyClick(view.rail, Qt.Key.Key_Down)
    assert listed(view) == {0}
    QTest.keyClick(view.rail, Qt.Key.Key_Return)
    assert view.table.hasFocus()
    assert view.selected().accession_number == "K0"


def test_the_chosen_list_and_its_order_are_remembered(window, seat, rows, qtbot):
    seat.session.lists.choose("to_read")
    window.worklist.table.sortByColumn(KEYS.index("modality"), Qt.SortOrder.DescendingOrder)
    again = type(seat.session.lists)(seat.jobs, seat.session.listing, seat.worklist, seat.remembered, seat.folders.config, print)
    assert (again.chosen.key, again.order) == ("to_read", RowOrder(SortKey.MODALITY, True))
    again.choose("all")
    assert again.order == RowOrder()


def test_what_is_looked_at_is_saved_under_a_name_found_again_and_removed(window, seat, rows, monkeypatch):
    view, lists = window.worklist, seat.session.lists
    lists.choose("to_read")
    lists.narrow(replace(lists.wanted, modalities=frozenset({"PT"})))
    view.filter.setText("test")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("  PET  to read ", True))
    window.runner.run("worklist.save_list")
    assert (lists.chosen.name, lists.chosen.is_own) == ("PET to read", True)
    lists.choose("all")
    assert view.filter.text() == ""
    QTest.keyClick(view.table, Qt.Key.Key_B, CTRL)
    QTest.keyClick(view.rail, Qt.Key.Key_Up)
    assert lists.chosen.name == "PET to read"
    assert (listed(view), view.filter.text()) == ({2}, "test")
    QTest.keyClick(view.rail, Qt.Key.Key_Delete)
    assert lists.chosen.key == "all"
    assert "was removed" in window.banner.text
    window.runner.run("worklist.remove_list")
    assert "Only lists of your own" in window.banner.text


def test_a_removed_list_is_brought_back_as_it_was(window, seat, rows, monkeypatch):
    lists, view = seat.session.lists, window.worklist
    window.runner.run("worklist.bring_back")
    assert "Nothing to bring back" in window.banner.text
    window.banner.dismiss()
    lists.narrow(replace(lists.wanted, modalities=frozenset({"PT"})))
    lists.save("PET")
    lists.save("Other")
    lists.choose("own:pet")
    window.runner.run("worklist.remove_list")
    assert [one.name for one in lists.lists if one.is_own] == ["Other"]
    window.banner.offer.click()
    assert (lists.chosen.name, lists.chosen.wanted.modalities, listed(view)) == ("PET", {"PT"}, {2})
    assert "is back" in window.banner.text
    # Written over by mistake: as before, and over again.
    lists.narrow(replace(lists.wanted, modalities=frozenset({"MR"})))
    lists.save("pet")
    window.runner.run("worklist.bring_back")
    assert lists.chosen.wanted.modalities == {"PT"}
    window.runner.run("worklist.bring_back")
    assert lists.chosen.wanted.modalities == {"MR"}
    again = type(lists)(seat.jobs, seat.session.listing, seat.worklist, seat.remembered, seat.folders.config, print)
    assert {one.name for one in again.lists if one.is_own} == {"pet", "Other"}


@pytest.mark.parametrize("name", ["", "To read", "x" * 41])
def test_a_name_that_does_not_do_is_refused_in_words(window, seat, monkeypatch, name):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (name, True))
    window.runner.run("worklist.save_list")
    assert "Not saved" in window.banner.text


def test_chips_narrow_the_list_and_clear(window, seat, rows):
    view = window.worklist
    chip = view.chips.chips["modalities"]
    chip.open()
    menu = chip.findChild(QMenu)
    assert [action.text() for action in menu.actions()] == ["CT", "MR", "PT"]
    menu.actions()[2].trigger()
    assert (listed(view), chip.text()) == ({2}, "Modality: PT")
    assert not view.chips.clear.isHidden()
    window.focus_images()
    assert listed(view) == set(range(8))
    assert chip.text() == "Modality ▾"


def test_a_chip_is_opened_and_emptied_by_keys(window, seat, rows):
    view = window.worklist
    chip = view.chips.chips["assigned"]
    QTest.keyClick(chip, Qt.Key.Key_Down)
    next(action for action in chip.findChild(QMenu).actions() if action.text() == "Me").trigger()
    assert seat.session.lists.wanted.assigned is Assigned.ME
    assert listed(view) == {5}
    QTest.keyClick(chip, Qt.Key.Key_Delete)
    assert listed(view) == set(range(8))


def test_words_match_any_column_and_esc_clears_words_first_then_chips(window, seat, rows):
    view = window.worklist
    seat.session.lists.narrow(replace(seat.session.lists.wanted, modalities=frozenset({"MR", "PT"})))
    view.filter.setText("soder")
    assert listed(view) == {2}
    view.filter.setText("mr knee norr")
    assert listed(view) == {1}
    window.focus_images()
    assert listed(view) == {1, 2}
    window.focus_images()
    assert listed(view) == set(range(8))


def test_columns_are_hidden_moved_and_widened_by_keys_and_come_back(window, seat, qtbot):
    view = window.worklist
    window.runner.run("worklist.columns")
    dialog = view.findChild(ColumnsDialog)
    place = view.columns.in_order().index(KEYS.index("procedure"))
    dialog.list.setCurrentRow(place)
    QTest.keyClick(dialog.list, Qt.Key.Key_Up, ALT)
    assert view.columns.in_order().index(KEYS.index("procedure")) == place - 1
    dialog.list.setCurrentRow(view.columns.in_order().index(KEYS.index("site")))
    dialog.list.currentItem().setCheckState(Qt.CheckState.Unchecked)
    assert not view.columns.is_shown(KEYS.index("site"))
    dialog.list.setCurrentRow(view.columns.in_order().index(KEYS.index("patient")))
    width = view.table.columnWidth(KEYS.index("patient"))
    QTest.keyClick(dialog.list, Qt.Key.Key_Right, ALT)
    assert view.table.columnWidth(KEYS.index("patient")) > width
    again = WorklistView(seat, window.runner)
    qtbot.addWidget(again)
    again.resize(view.size())
    assert again.columns.in_order() == view.columns.in_order()
    assert not again.columns.is_shown(KEYS.index("site"))
    assert again.table.columnWidth(KEYS.index("patient")) == view.table.columnWidth(KEYS.index("patient"))
    view.columns.reset()
    assert view.columns.in_order().index(KEYS.index("procedure")) == place


def test_the_last_column_cannot_be_hidden(window):
    hand = window.worklist.columns
    for column in range(len(KEYS)):
        hand.show_column(column, False)
    assert sum(hand.is_shown(n) for n in range(len(KEYS))) == 1


def test_what_must_be_read_whole_is_never_narrowed(window):
    view = window.worklist
    wide = {key: view.table.columnWidth(KEYS.index(key)) for key in ("due", "id", "priority")}
    window.resize(1000, 700)
    assert {key: view.table.columnWidth(KEYS.index(key)) for key in wide} == wide


def test_names_and_procedures_are_narrowed_last(window):
    """The empty columns beside them give way first; an examination without an order says so whole."""
    table = window.worklist.table
    for width in (1366, 1920):
        window.resize(width, 1000)
        assert table.columnWidth(KEYS.index("procedure")) >= 195
        assert table.columnWidth(KEYS.index("patient")) >= 165
        assert table.columnWidth(KEYS.index("site")) <= 160 or not window.worklist.columns.is_shown(KEYS.index("site"))
    words = QFontMetrics(theme.text_font())
    assert table.columnWidth(KEYS.index("procedure")) >= words.horizontalAdvance("CT chest with contrast") + 8
    assert table.columnWidth(KEYS.index("priority")) >= words.horizontalAdvance("No order") + 16


def test_a_narrow_list_leaves_columns_out_and_is_not_scrolled_sideways(window):
    table = window.worklist.table
    for width in (1366, 1260, 1180):
        window.resize(width, 700)
        assert table.horizontalScrollBar().maximum() == 0, width
    assert all(window.worklist.columns.is_shown(KEYS.index(key)) for key in ("priority", "due", "patient", "procedure", "status"))


def test_a_site_file_with_a_mistake_is_told_and_the_built_in_lists_hold(tmp_path, qtbot, qapp):
    from window_seat import WindowSeat

    from ui.main_window import MainWindow

    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "worklists.toml").write_text("[a]\nstatuses = ['unraed']\n")
    window = MainWindow(WindowSeat(tmp_path))
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: "worklists.toml is not used" in window.banner.text, timeout=60_000)
    assert window.worklist.rail.count() == 8


def test_ctrl_shift_q_says_why_nothing_can_be_assigned(window, rows):
    window.worklist.table.choose(0)
    QTest.keyClick(window.worklist.table, Qt.Key.Key_Q, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert "No RIS that keeps claims is set" in window.banner.text


def test_next_and_previous_list_and_the_top_by_their_commands(window, seat, rows):
    lists = seat.session.lists
    before = lists.chosen.key
    window.runner.run("worklist.next_list")
    assert lists.chosen.key == "to_read"
    window.runner.run("worklist.previous_list")
    assert lists.chosen.key == before
    window.worklist.table.choose(4)
    window.runner.run("worklist.top")
    assert window.worklist.table.currentIndex().row() == 0


def test_a_column_that_is_shown_is_as_wide_as_what_must_be_read_whole(window, seat, rows):
    """Shown by the dialog or the menu, it is fitted like the others; only what the reader widens stays so."""
    columns, header = window.worklist.columns, window.worklist.table.horizontalHeader()
    left = KEYS.index("left")
    columns.show_column(left, True)
    words = theme.text_font()
    assert header.sectionSize(left) >= QFontMetrics(words).horizontalAdvance("overdue 23 h 59 min") + 16
    assert "left" not in seat.remembered.get("worklist.columns")["widths"]
    for key, title in (("modality", "Modality"), ("age", "Since exam"), ("turnaround", "Turnaround")):
        columns.show_column(KEYS.index(key), True)
        assert header.sectionSize(KEYS.index(key)) >= QFontMetrics(words).horizontalAdvance(title) + 16
    columns.reset()
    assert seat.remembered.get("worklist.columns")["widths"] == {}
