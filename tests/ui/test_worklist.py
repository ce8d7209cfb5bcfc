"""The worklist: urgency in words and colour, plain text, filter, opening, importing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from window_seat import NOW, HeldJobs, WindowSeat

from ui import theme
from ui.import_pane import result_words
from ui.worklist_columns import COLUMNS, KEYS
from ui.worklist_model import WorklistModel
from ui.worklist_times import due_words, span
from ui.worklist_view import local_paths
from workstation.cache.intake import ImportResult
from workstation.domain.ai_result import AiFlag, AiResult, Counted
from workstation.domain.order import Priority, ReadStatus
from workstation.domain.worklist_query import FIRST_ROWS, ListedRow, Mark, RowOrder, SortKey
from workstation.errors import Refused
from workstation.jobs import FILES

pytestmark = pytest.mark.qt
DISPLAY, COLOUR, TIP = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.ToolTipRole


@pytest.fixture
def model(seat, qapp):
    made = WorklistModel(lambda: NOW)

    def show(**item):
        made.put_rows([ListedRow(1, seat.add_case(1, **item), Mark(0, 0))])

        def cell(key: str, role=DISPLAY):
            value = made.data(made.index(0, KEYS.index(key)), role)
            return value.name() if role == COLOUR and value is not None else value

        return cell

    return show


def test_a_row_says_what_a_reader_needs(model):
    cell = model()
    assert [cell(c.key) for c in COLUMNS] == [
        "Routine", "in 30 min", "TEST, CASE1", "ID-1", "CT chest", "CT", "10", "2026-11-20", "Unread",
        "", "", "", "", "", "", "in 30 min", "",
    ]  # fmt: skip


def test_overdue_is_said_and_coloured_and_bold(model):
    cell = model(due=NOW - timedelta(minutes=130))
    assert cell("due") == "overdue 2 h 10 min"
    assert cell("due", COLOUR) == theme.RED
    assert cell("due", Qt.ItemDataRole.FontRole).bold()


def test_what_is_signed_is_not_overdue(model):
    assert model(due=NOW - timedelta(minutes=130), status=ReadStatus.SIGNED)("due", COLOUR) == theme.MUTED


@pytest.mark.parametrize(
    ("priority", "words", "colour"),
    [(Priority.STAT, "Stat", theme.RED), (Priority.ASAP, "ASAP", theme.AMBER), (Priority.URGENT, "Urgent", theme.AMBER)],
)
def test_priorities_are_words_and_colours(model, priority, words, colour):
    cell = model(priority=priority)
    assert (cell("priority"), cell("priority", COLOUR)) == (words, colour)


@pytest.mark.parametrize("status", list(ReadStatus))
def test_every_status_has_words(model, status):
    assert len(model(status=status)("status")) > 3


def test_a_warning_is_said_in_the_row(model):
    cell = model(warning="The images of this order are of another patient: call the RIS desk")
    assert "another patient" in cell("status")
    assert cell("status", COLOUR) == theme.AMBER


def test_a_study_without_order_says_so(model):
    assert model(order=None)("priority") == "No order"


def test_markup_in_a_name_is_shown_as_it_is_written(model):
    cell = model(name="<img src>^<b>A</b>\u202e")
    assert cell("patient") == "<img src>, <b>A</b>‹202E›"
    assert "<img" not in cell("patient", TIP)


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (59, "59 min"), (60, "1 h 0 min"), (1439, "23 h 59 min"), (1500, "1 d 1 h")]
)
def test_lengths_of_time_are_short(minutes, words):
    assert span(timedelta(minutes=minutes)) == words


def test_far_due_times_are_dates():
    assert due_words(NOW + timedelta(days=3), NOW).startswith("2026-11-25")
    assert due_words(None, NOW) == ""


# ---- the page ------------------------------------------------------------------------


def test_sorting_by_priority_puts_the_most_urgent_first(window, seat):
    seat.add_case(7, priority=Priority.STAT)
    seat.add_case(8, priority=Priority.URGENT)
    order = window.worklist.model
    assert [order.index(r, 0).data() for r in range(3)] == ["Stat", "Urgent", "Routine"]


def test_the_filter_keeps_rows_that_hold_all_words(window, seat):
    seat.add_case(4, name="OLSEN^PER", procedure="MR knee")
    window.worklist.filter.setText("olsen mr")
    assert window.worklist.model.rowCount() == 1
    window.worklist.filter.setText("olsen xa")
    assert window.worklist.model.rowCount() == 0
    assert window.worklist._body.currentIndex() == 1
    assert "olsen xa" in window.worklist._empty.text()
    window.focus_images()
    assert window.worklist.model.rowCount() == 4


def test_an_empty_worklist_says_what_to_do(qtbot, tmp_path, qapp):
    from ui.main_window import MainWindow

    window = MainWindow(WindowSeat(tmp_path))
    qtbot.addWidget(window)
    labels = [label.text() for label in window.worklist.findChildren(QLabel)]
    assert any("Drop DICOM files" in text and "Ctrl+O" in text for text in labels)


@pytest.mark.parametrize("how", ["return", "double click"])
def test_a_row_opens_its_case(window, seat, how):
    table = window.worklist.table
    assert window.worklist.select_study("1.2")
    if how == "return":
        QTest.keyClick(table, Qt.Key.Key_Return)
    else:
        place = table.visualRect(table.currentIndex()).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert seat.session.case.study.study_instance_uid == "1.2"
    assert window.reading.isVisible()


def test_a_refresh_keeps_the_chosen_row(window, seat):
    window.worklist.select_study("1.3")
    seat.add_case(9, priority=Priority.STAT)
    assert window.worklist.selected().study_instance_uid == "1.3"


def test_the_sort_is_remembered(window, seat, qtbot):
    from ui.worklist_view import WorklistView

    window.worklist.table.sortByColumn(KEYS.index("patient"), Qt.SortOrder.DescendingOrder)
    again = WorklistView(seat, window.runner)
    qtbot.addWidget(again)
    assert again.model.order == RowOrder(SortKey.PATIENT, True)


# ---- importing -----------------------------------------------------------------------


def importing(tmp_path, qtbot, result: ImportResult | Exception, held: bool = False):
    from ui.main_window import MainWindow

    seat = WindowSeat(tmp_path, HeldJobs(FILES) if held else None)
    asked: list = []

    def add(paths, progress, cancelled):
        asked.append((list(paths), cancelled))
        progress(1, 4, "Reading files")
        if isinstance(result, Exception):
            raise result
        return result

    seat.cache = SimpleNamespace(add=add)
    window = MainWindow(seat)
    qtbot.addWidget(window)
    window.show()
    return window, seat, asked


def test_dropped_files_are_imported_and_addresses_of_the_network_are_not(tmp_path, qtbot, qapp):
    window, _, asked = importing(tmp_path, qtbot, ImportResult(("1.1",), 3))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("http://example.test/x.dcm")])
    event = QDropEvent(
        QPointF(QPoint(5, 5)), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.worklist.dropEvent(event)
    assert asked[0][0] == [tmp_path]
    assert local_paths([QUrl("http://example.test/x.dcm")]) == []


def test_refused_files_are_listed_with_their_reasons(tmp_path, qtbot, qapp):
    refused = (("README.md", "Not a DICOM file"), ("<b>x</b>.dcm", "Truncated"))
    window, _, _ = importing(tmp_path, qtbot, ImportResult(("1.1",), 3, refused))
    window.import_paths([Path("x")])
    pane = window.worklist.imports
    rows = [[pane.table.item(r, c).text() for c in (0, 1)] for r in range(pane.table.rowCount())]
    assert rows == [["README.md", "Not a DICOM file"], ["<b>x</b>.dcm", "Truncated"]]
    assert not pane.isHidden()


def test_a_running_import_can_be_stopped_and_a_second_one_waits(tmp_path, qtbot, qapp):
    window, seat, asked = importing(tmp_path, qtbot, ImportResult(("1.1",), 1), held=True)
    window.import_paths([Path("a")])
    window.import_paths([Path("b")])
    assert window.is_importing
    seat.jobs.release()
    assert window.is_importing
    window.worklist.imports.stop()
    seat.jobs.release()
    assert not window.is_importing
    assert [paths for paths, _ in asked] == [[Path("a")], [Path("b")]]
    assert asked[1][1]()


def test_an_import_that_fails_says_why(tmp_path, qtbot, qapp):
    window, _, _ = importing(tmp_path, qtbot, Refused("No room left on the disk"))
    window.import_paths([Path("a")])
    assert "No room left" in window.banner.text
    assert not window.is_importing


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (ImportResult(("1",), 312), "312 files · 1 study"),
        (ImportResult(("1", "2"), 1, (("a", "b"),), 4), "1 file · 2 studies · 4 already here · 1 refused"),
        (ImportResult(), "Nothing to import was found"),
    ],
)
def test_results_are_counted_in_words(result, words):
    assert result_words(result) == words


def test_a_thousand_rows_are_shown_quickly_enough_to_type_in_the_filter(window, seat):
    item = seat.items[0]
    seat.items = [replace(item, accession_number=f"N{n}", study_instance_uid=f"9.{n}") for n in range(1000)]
    seat.session.refresh_worklist()
    assert window.worklist.model.rowCount() >= FIRST_ROWS
    window.worklist.filter.setText("N999")
    assert window.worklist.model.rowCount() == 1


def test_the_import_dialog_takes_folders_and_files_alike(qtbot, tmp_path, qapp):
    from ui.import_dialog import ImportDialog

    (tmp_path / "study").mkdir()
    (tmp_path / "one.dcm").write_bytes(b"x")
    dialog = ImportDialog(str(tmp_path))
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.selectFile(str(tmp_path / "study"))
    dialog.accept()
    assert dialog.paths() == [tmp_path / "study"]


@pytest.mark.parametrize(
    ("result", "words", "behind"),
    [
        (AiResult("1", AiFlag.POSITIVE, 3, Counted.FINDINGS, "Invented CAD 2"), "findings: 3", "Invented CAD 2: findings: 3"),
        (AiResult("1", AiFlag.POSITIVE, source="Invented CAD 2"), "finding", "Invented CAD 2: finding"),
        (AiResult("1", AiFlag.NEGATIVE, source="Lung net"), "no finding", "Lung net: states no finding"),
        (
            AiResult("1", AiFlag.UNCLEAR, 12, Counted.SEGMENTS, "Organs"),
            "unclear",
            "Organs: states neither finding nor none, segments: 12",
        ),
        (AiResult("1", AiFlag.PRESENT), "not read", "A program that does not name itself: not read"),
    ],
)
def test_a_result_of_a_program_is_told_as_it_says_it_with_its_source(model, result, words, behind):
    cell = model(ai=result.flag, ai_count=result.count if result.counted is Counted.FINDINGS else 0, ai_said=(result.as_text(),))
    assert cell("ai") == words
    assert behind in cell("ai", TIP)


def test_the_times_of_a_row_say_what_they_count_from(model, seat):
    """Waiting ends with the signature; where the RIS told no end the study's beginning counts, and is marked."""
    end = datetime(2026, 11, 22, 7, 50, tzinfo=timezone(timedelta(hours=1)))
    order = replace(seat.add_case(2).order, exam_end=end)
    times = ("since", "age", "left", "turnaround")
    cell = model(waiting_since=end)
    assert [cell(key) for key in times] == ["~2 h 10 min", "~2 h 10 min", "in 30 min", ""]
    cell = model(waiting_since=end, order=order)
    assert [cell(key) for key in times] == ["2 h 10 min", "2 h 10 min", "in 30 min", ""]
    assert "Examination ended: 2026-11-22 07:50+01:00 (06:50 UTC)" in cell("since", TIP)
    cell = model(waiting_since=end, order=order, status=ReadStatus.SIGNED, signed_at=end + timedelta(minutes=95))
    assert [cell(key) for key in times] == ["", "2 h 10 min", "", "1 h 35 min"]
    cell = model(waiting_since=end, status=ReadStatus.CONFIRMED, signed_at=end - timedelta(minutes=1))
    assert cell("turnaround") == ""
    assert model(due=NOW + timedelta(days=3, hours=4))("left") == "in 3 d 4 h"
    assert model(due=NOW - timedelta(days=1))("left") == "overdue 1 d 0 h"


def test_what_another_reads_says_whose_it_is_and_since_when(model):
    since = datetime(2026, 11, 22, 8, 10, tzinfo=timezone(timedelta(hours=1)))
    cell = model(read_by="Dr Anna", owner="Dr Anna", read_since=since)
    assert (cell("status"), cell("assigned")) == ("Read by Dr Anna", "Dr Anna")
    assert "Read by Dr Anna since 2026-11-22 08:10+01:00 (07:10 UTC)" in cell("status", TIP)
    assert "since" not in model(read_by="Dr Anna")("status", TIP)
    assert "Read by" not in model()("status", TIP)


def test_columns_that_say_one_thing_in_two_ways_share_their_order(window, seat):
    view, header = window.worklist, window.worklist.table.horizontalHeader()
    age, waiting = KEYS.index("age"), KEYS.index("since")
    view.columns.show_column(age, True)
    view.table.sortByColumn(age, Qt.SortOrder.AscendingOrder)
    assert (view.model.order.key, header.sortIndicatorSection()) == (SortKey.SINCE, age)
    seat.session.lists.sort(RowOrder())
    seat.session.lists.sort(RowOrder(SortKey.SINCE))
    assert header.sortIndicatorSection() == age
    view.columns.show_column(waiting, True)
    view.table.sortByColumn(waiting, Qt.SortOrder.AscendingOrder)
    assert header.sortIndicatorSection() == waiting
