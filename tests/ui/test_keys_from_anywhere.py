"""One key to the next case from anywhere; keys go back to where they were when a dialog closes; letters type in fields."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QToolButton,
    QWidget,
)

import main
from rendering.phantoms.generator import write_demonstration
from ui import app, dialogs
from ui.main_window import MainWindow
from ui.runner import mode_of
from workstation.commands.command import Mode
from workstation.domain.report import SectionCode
from workstation.domain.viewing import Plane
from workstation.jobs import Jobs
from workstation.session.tool import Tool
from workstation.settings import Folders

pytestmark = pytest.mark.qt
K, M = Qt.Key, Qt.KeyboardModifier
CTRL = M.ControlModifier


def editor(window) -> QWidget:
    return window.report_panel.editor(SectionCode.FINDINGS)


def images(window, seat) -> QWidget:
    window.focus_images()
    return window.grid


def maximised(window, seat) -> QWidget:
    seat.session.viewing.toggle_maximised()
    return images(window, seat)


def drawing_by_keys(window, seat) -> QWidget:
    grid = images(window, seat)
    for key in (K.Key_D, K.Key_D, K.Key_Return):
        QTest.keyClick(grid, key)
    assert seat.session.pointing.take_arrows
    return grid


def magnified(window, seat) -> QWidget:
    seat.session.viewing.magnifier.toggle()
    return images(window, seat)


def playing(window, seat) -> QWidget:
    seat.session.viewing.cine.toggle()
    return images(window, seat)


def solid(window, seat) -> QWidget:
    seat.session.viewing.set_plane(Plane.THREE_D)
    return images(window, seat)


def report(window, seat) -> QWidget:
    window.focus_report()
    return editor(window)


def series(window, seat) -> QWidget:
    window.focus_series()
    return window.reading.strip


def tool_button(window, seat) -> QWidget:
    button = window.reading.findChild(QToolButton, "tool.zoom")
    button.setFocus()
    return button


def slab_field(window, seat) -> QWidget:
    images(window, seat)
    seat.session.viewing.set_plane(Plane.AXIAL)
    seat.session.viewing.planes.ask_number()
    assert isinstance(window.focusWidget(), QLineEdit)
    return window.focusWidget()


def worklist(window, seat) -> QWidget:
    window.show_worklist()
    return window.worklist.table


def worklist_filter(window, seat) -> QWidget:
    window.show_worklist()
    window.worklist.filter.setFocus()
    return window.worklist.filter


PLACES: tuple[Callable[[Any, Any], QWidget], ...] = (
    *(images, maximised, drawing_by_keys, magnified, playing, solid, report, series, tool_button, slab_field),
    *(worklist, worklist_filter),
)
BARE = (images, maximised, drawing_by_keys, magnified, playing, solid)


@pytest.mark.parametrize("place", PLACES, ids=lambda p: p.__name__)
def test_the_next_unread_case_is_one_key_from_anywhere(place, case, seat, qtbot):
    first = seat.session.case.item.study_instance_uid
    widget = place(case, seat)
    QTest.keyClick(widget, K.Key_N, CTRL)
    qtbot.waitUntil(lambda: seat.session.case.item.study_instance_uid != first)
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
    assert case._pages.currentWidget() is case.reading
    assert case.focusWidget() is case.grid


@pytest.mark.parametrize("place", BARE, ids=lambda p: p.__name__)
def test_in_the_images_a_letter_is_enough(place, case, seat, qtbot):
    first = seat.session.case.item.study_instance_uid
    QTest.keyClick(place(case, seat), K.Key_N)
    qtbot.waitUntil(lambda: seat.session.case.item.study_instance_uid != first)


def test_what_was_typed_a_moment_ago_is_kept_when_the_next_case_opens(case, seat, qtbot):
    """The pause in which words are written is not over yet."""
    uuid = seat.session.desk.report.report_uuid
    report(case, seat)
    QTest.keyClicks(editor(case), "No nodule")
    QTest.keyClick(editor(case), K.Key_N, CTRL)
    qtbot.waitUntil(lambda: seat.session.desk.report is not None and seat.session.desk.report.report_uuid != uuid)
    kept = {section.code: section.text for section in seat.reports.reports[uuid].sections}
    assert kept[SectionCode.FINDINGS] == "No nodule"
    assert editor(case).toPlainText() == ""


def test_ten_cases_in_a_row_need_ten_keys(case, seat, qtbot):
    seen = []
    for _ in range(2):
        here = seat.session.case.item.study_instance_uid
        seen.append(here)
        QTest.keyClick(case.focusWidget(), K.Key_N)
        qtbot.waitUntil(lambda here=here: seat.session.case.item.study_instance_uid != here)
    assert len({*seen, seat.session.case.item.study_instance_uid}) == 3


# ---- focus ---------------------------------------------------------------------------------

REAL = frozenset(
    {
        *("choose protocol", "hang like this", "hanging protocols", "protocol exchange", "lead times", "report search"),
        *("my words", "speech models"),
    }
)
"""Need a whole core: opened on the real one."""
OF_A_REPORT = frozenset({"print report", "versions", "conflict"})
"""Need a report in a real store: their own tests open them."""
NAMES = sorted(set(dialogs._DIALOGS) - REAL - OF_A_REPORT)


def opened(window) -> list[QDialog]:
    QApplication.processEvents()
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]


def fields(widget: QWidget) -> list[QWidget]:
    kinds = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QComboBox)
    found = [w for kind in kinds for w in widget.findChildren(kind) if w.isVisible()]
    return [w for w in found if not isinstance(w, QComboBox) or w.isEditable()]


@pytest.mark.parametrize("name", NAMES)
def test_when_a_dialog_closes_the_keys_go_where_they_were_and_its_letters_were_its_own(name, case, seat):
    for place in (images, report):
        place(case, seat)
        before = case.focusWidget()
        tool, state = seat.session.viewing.tool, seat.session.viewing.state()
        case.show_dialog(name)
        shown = opened(case)
        if not shown:
            assert case.banner.text  # it said why not
            continue
        for field in fields(shown[0])[:3]:
            if not getattr(field, "isReadOnly", lambda: False)():
                field.setFocus()
                QTest.keyClick(field, K.Key_D, M.NoModifier)
        assert seat.session.viewing.tool is tool
        assert seat.session.viewing.state() == state
        shown[0].reject()
        QApplication.processEvents()
        assert opened(case) == []
        case.activateWindow()
        QApplication.processEvents()
        assert case.focusWidget() is before
        if place is images:
            QTest.keyClick(case.focusWidget(), K.Key_D)
            assert seat.session.viewing.tool is Tool.LENGTH
            seat.session.viewing.set_tool(Tool.WINDOW)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, qapp):
    """The real core with two cases, and its window; the first case is open."""
    files, home = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("home")
    write_demonstration(files, only={"hand", "us"}, size="small")
    poster = app.MainPoster()
    core = main.open_core(lambda: Jobs(poster.post), "", Folders(home / "data", home / "config", home / "cache"))
    core.cache.add([files])
    made = MainWindow(core)
    made.resize(1200, 800)
    made.show()
    core.session.refresh_worklist()
    wait(lambda: len(core.session.items) >= 2)
    core.session.open(core.session.items[0])
    wait(lambda: core.session.case is not None)
    yield made, core
    made.close()
    core.close()


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 60.0
    while not until() and time.monotonic() < end:
        QApplication.processEvents()
    assert until()


@pytest.mark.parametrize("name", sorted(REAL))
def test_so_do_those_that_need_the_whole_program(name, whole):
    window, core = whole
    window.focus_images()
    before = window.focusWidget()
    tool = core.session.viewing.tool
    window.show_dialog(name)
    assert opened(window)
    for shown in opened(window):
        QTest.keyClick(shown.focusWidget() or shown, K.Key_D)
        assert core.session.viewing.tool is tool
        shown.reject()
    wait(lambda: not opened(window))
    assert window.focusWidget() is before


def test_the_next_case_is_one_key_from_the_archives_page_too(whole):
    window, core = whole
    first = core.session.case.item.study_instance_uid
    window.show_archives()
    field = window.archives.findChild(QLineEdit)
    field.setFocus()
    assert mode_of(field) is Mode.EDITOR
    QTest.keyClick(field, K.Key_N, CTRL)
    wait(lambda: core.session.case is not None and core.session.case.item.study_instance_uid != first)
    assert window.focusWidget() is window.grid


@pytest.mark.parametrize("command_id", ["help.keys", "help.about", "help.palette", "report.deliveries", "lesion.table"])
def test_so_do_the_windows_own_dialogs(command_id, case, seat):
    for place in (images, report):
        place(case, seat)
        before = case.focusWidget()
        case.runner.run(command_id)
        shown = opened(case)
        assert len(shown) == 1
        shown[0].reject()
        QApplication.processEvents()
        assert case.focusWidget() is before


def test_every_field_of_the_window_takes_letters_for_itself(case, seat):
    """Wherever it stands: in the report, over an image, on the worklist."""
    case.show_worklist()
    kinds = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)
    found = [widget for kind in kinds for widget in case.findChildren(kind)]
    assert len(found) > 10
    assert [w.objectName() for w in found if mode_of(w) is not Mode.EDITOR] == []
    editable = QComboBox()
    editable.setEditable(True)
    assert mode_of(editable) is Mode.EDITOR
    keymap = case.runner.keymap
    bare = {key for key in keymap.by_mode[Mode.IMAGES] if len(key) == 1} & keymap.by_mode[Mode.EDITOR].keys()
    assert bare == set()
