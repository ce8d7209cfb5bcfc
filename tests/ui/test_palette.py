"""The palette: everything by a few letters, with its key, its reason, and no name of a patient."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ui import palette_entries
from ui.palette import Palette
from ui.palette_entries import Entry
from workstation.commands.table import COMMANDS
from workstation.domain.report import SectionCode
from workstation.domain.viewing import Plane
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt


@pytest.fixture
def opened(case, seat, qtbot):
    """The palette over the window with an open case."""

    def made(window=case):
        palette = Palette(window.runner, window, seat.remembered)
        qtbot.addWidget(palette)
        palette.open_over(window)
        return palette

    return made


def titles(palette) -> list[str]:
    return [palette.list.item(row).text() for row in range(palette.list.count())]


def entry(palette, command_id: str) -> Entry:
    return next(e for e in palette.entries if e.id == command_id)


def test_it_holds_every_command_with_its_keys(opened):
    palette = opened()
    assert {c.id for c in COMMANDS} <= {e.id for e in palette.entries}
    assert entry(palette, "help.palette").keys == "Ctrl+K"
    assert palette.list.count() == len(palette.entries)


def test_beginnings_of_words_find_and_return_runs(opened, case, seat):
    palette = opened()
    QTest.keyClicks(palette.field, "cor pl")
    assert palette.list.item(0).text() == "Coronal plane"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert seat.session.viewing.state().plane is Plane.CORONAL
    assert palette.isHidden()


def test_another_word_finds_too(opened, seat):
    palette = opened()
    QTest.keyClicks(palette.field, "ruler")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert seat.session.viewing.tool is Tool.LENGTH


def test_what_was_used_last_stands_first_the_next_time_and_the_next_day(opened, seat):
    for name in ("zoom in", "invert"):
        palette = opened()
        QTest.keyClicks(palette.field, name)
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert titles(opened())[:2] == ["Invert", "Zoom in"]
    assert seat.remembered.get("palette.recent")[:2] == ["image.invert", "image.zoom_in"]


def test_what_cannot_be_done_says_why_stands_last_and_does_nothing(opened, case, seat):
    palette = opened()
    unable = [e.why for e in palette.entries if e.id in ("drawing.histogram", "solid.crop", "fusion.map")]
    assert unable == ["No drawing is chosen", "Nothing is laid over", "No 3D view is active"]
    assert entry(palette, "image.invert").why == ""
    rows = [palette.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(palette.list.count())]
    assert [bool(e.why) for e in rows] == sorted(bool(e.why) for e in rows)
    QTest.keyClicks(palette.field, "histogram")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert case.banner.text == "Histogram of the area: No drawing is chosen"


def test_without_a_case_nothing_of_images_is_offered_as_if_it_could_be_done(window, seat, qtbot):
    palette = Palette(window.runner, window, seat.remembered)
    qtbot.addWidget(palette)
    assert entry(palette, "image.invert").why == "No case is open"
    assert entry(palette, "case.import").why == ""
    assert entry(palette, "report.sign_final").why == "No case is open"


def test_windows_are_found_by_their_names(opened, seat):
    palette = opened()
    QTest.keyClicks(palette.field, "lung")
    assert palette.list.item(0).text() == "Window Lung"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert seat.session.viewing.window().center == -600


def test_a_saved_list_is_found_by_its_name_and_shown(opened, case, seat):
    lists = seat.session.lists
    other = next(one for one in lists.lists if one.key != lists.chosen.key)
    palette = opened()
    QTest.keyClicks(palette.field, f"list {other.name}")
    assert palette.list.item(0).text() == f"List {other.name}"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert lists.chosen.key == other.key
    assert case._pages.currentWidget() is case.worklist


def test_others_can_add_what_is_found(opened, monkeypatch):
    ran = []
    own = Entry("list:mine", "My acute cases", "Saved list", ("night",), run=lambda: ran.append("mine"))
    monkeypatch.setattr(palette_entries, "PROVIDERS", [lambda runner: [own]])
    palette = opened()
    QTest.keyClicks(palette.field, "night")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert ran == ["mine"]


def test_no_entry_names_a_patient_and_a_typed_name_finds_none(opened, seat):
    palette = opened()
    secrets = [part for item in seat.items for part in item.patient.name.replace("^", " ").split() if len(part) > 2]
    secrets += [item.patient.key.patient_id for item in seat.items]
    assert secrets
    heap = " ".join(" ".join((e.id, e.title, e.menu, e.why, *e.words)) for e in palette.entries)
    assert not [secret for secret in secrets if secret in heap]
    assert not [e for e in palette.entries if e.id.startswith(("case:", "patient:"))]


def test_keys_go_back_to_where_they_were(opened, case):
    for widget in (case.grid, case.report_panel.editor(SectionCode.FINDINGS)):
        widget.setFocus()
        palette = opened()
        QTest.keyClick(palette.field, Qt.Key.Key_Escape)
        assert palette.isHidden()
        assert case.focusWidget() is widget
    QApplication.processEvents()
