"""Key images in the window: marked by K, seen on the image, in the strip and in their list, worked by keys."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ui.corner_line import Tone
from ui.key_image_words import SIGN, by_words, mark_lines
from ui.key_images_dialog import KeyImagesDialog
from workstation.domain.annotation import Source
from workstation.domain.key_image import KeyImage

THEIRS = Source("received", "Dr Other, Their viewer", "4.1", datetime(2026, 11, 20, tzinfo=UTC), "2.25.500")


def received(position: int) -> KeyImage:
    return KeyImage("1.1", "1.1.1", f"1.1.1.{position}", 1, "113004", THEIRS)


@pytest.fixture
def press(case):
    case.grid.setFocus()

    def press(key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(case.focusWidget() or case, key, modifier)

    return press


@pytest.fixture
def dialog(case, seat, qtbot):
    made = KeyImagesDialog(seat, case)
    qtbot.addWidget(made)
    made.show()
    return made


def grabbed(widget):
    image = widget.grab().toImage()
    return [image.pixel(x, y) for y in range(0, image.height(), 2) for x in range(0, image.width(), 2)]


def test_k_marks_the_image_in_its_corner_and_only_there(press, case, seat, qtbot):
    widget = case.grid.widget(0)
    seat.session.viewing.toggle_maximised()
    before = grabbed(widget)
    press(Qt.Key.Key_K)
    assert seat.session.key_images.is_key("1.1", "1.1.1.0", 1)
    marked = grabbed(widget)
    changed = [i for i, (a, b) in enumerate(zip(before, marked, strict=True)) if a != b]
    wide = (widget.grab().toImage().width() + 1) // 2
    rows = [i // wide for i in changed]
    assert changed
    assert min(rows) > 0.75 * len(before) / wide, "in the bottom corner, off the anatomy"
    assert max(i % wide for i in changed) < 0.5 * wide
    press(Qt.Key.Key_K)
    assert grabbed(widget) == before


def test_the_strip_counts_the_key_images_of_a_series(press, case, seat):
    model = case.reading.strip._model
    press(Qt.Key.Key_K)
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_K)
    row = model.find("1.1.1")[1]
    assert row.keys == 2
    assert model.find("1.1.2")[1].keys == 0
    assert "2 key images" in model.data(model.index(model.find("1.1.1")[0]))
    seat.session.open(seat.items[1])
    seat.session.open(seat.items[0])
    assert model.find("1.1.1")[1].keys == 2, "kept with the case"


def test_shift_k_goes_to_the_next_key_image(press, seat):
    press(Qt.Key.Key_K)
    for _ in range(4):
        press(Qt.Key.Key_Down)
    press(Qt.Key.Key_K)
    press(Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
    assert seat.session.viewing.state().position == 0
    press(Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
    assert seat.session.viewing.state().position == 4


def test_one_mark_is_taken_back_by_the_key_of_undoing(press, seat):
    press(Qt.Key.Key_K)
    press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert seat.session.key_images.all() == ()


def test_own_and_received_marks_read_differently_on_the_image(seat, case):
    """F75: a received one says whose and of when."""
    own = KeyImage("1.1", "1.1.1", "1.1.1.0", source=Source("reader", "Dr Test"))
    first, second = mark_lines((own, received(0)))
    assert (first.text, first.tone) == (f"{SIGN} Key image", Tone.KEY)
    assert second.text == f"{SIGN} Received key image: For Teaching, Dr Other, Their viewer 4.1, 2026-11-20"
    assert first.short[-1] == second.short[-1] == SIGN


def test_the_list_shows_their_pictures_and_is_worked_by_keys(case, seat, qtbot, dialog):
    marks = seat.session.key_images
    marks.toggle()
    seat.session.viewing.scroll(3)
    marks.toggle()
    marks.take_received([received(7)])
    table = dialog.table
    assert table.rowCount() == 3
    assert dialog.windowTitle() == "Key images (2 own, 1 of others)"
    assert all(not table.item(row, 0).icon().isNull() for row in range(3))
    assert [table.item(row, 2).text() for row in range(3)] == ["Of Interest", "Of Interest", "For Teaching"]
    assert table.item(2, 3).text() == "Received: Dr Other, Their viewer 4.1, 2026-11-20"
    table.setFocus()
    table.setCurrentCell(1, 0)
    QTest.keyClick(table, Qt.Key.Key_T)
    assert [key.title_words for key in marks.list("1.1")] == ["Of Interest", "For Referring Provider"]
    seat.session.viewing.change(position=9)
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert seat.session.viewing.state().position == 3
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert [key.sop_instance_uid for key in marks.list("1.1")] == ["1.1.1.0"]
    table.setCurrentCell(1, 0)
    notices = []
    seat.session.notice.connect(notices.append)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert "not marked here" in notices[-1].text
    assert len(marks.all()) == 2


def test_the_list_says_when_nothing_is_marked_and_forgets_another_case(case, seat, dialog, qtbot):
    assert dialog.empty.isVisible()
    assert "press K" in dialog.empty.text()
    seat.session.key_images.toggle()
    assert not dialog.empty.isVisible()
    seat.session.open(seat.items[1])
    assert dialog.table.rowCount() == 0


def test_own_marks_are_told_with_reader_and_time():
    key = KeyImage(
        "1.1", "1.1.1", "1.1.1.0", source=Source("reader", "Dr <b>Test</b>", made=datetime(2026, 11, 20, 8, 30, tzinfo=UTC))
    )
    assert by_words(key).startswith("Dr <b>Test</b>, 2026-11-20")
