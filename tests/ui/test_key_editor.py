"""Keys changed while the program runs: looked for, clash told, swapped, taken back, kept, and in force at once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from ui.key_editor import KeyEditor
from ui.key_profiles_dialog import ImportedKeysDialog, ProfilesDialog
from ui.key_sheet_dialog import KeySheetDialog
from ui.keys_dialog import KeysDialog
from workstation.commands import key_file
from workstation.commands.command import Mode
from workstation.commands.key_file import KeyChoices
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt
K, M = Qt.Key, Qt.KeyboardModifier
CTRL = M.ControlModifier


@pytest.fixture
def editor(case, qtbot):
    """On the window with an open case."""
    dialog = KeyEditor(case.keys, case.runner, case)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def rows(editor) -> list[str]:
    return [editor.table.item(row, 0).text() for row in range(editor.table.rowCount())]


def give(editor, command_id: str, key, modifiers=M.NoModifier) -> None:
    """As a reader does: choose the row, Return, press the key."""
    editor.choose(command_id)
    editor.table.setFocus()
    QTest.keyClick(editor.table, K.Key_Return)
    assert editor.capture.isEnabled()
    QTest.keyClick(editor.capture, key, modifiers)


def back_to_the_images(editor, case) -> None:
    editor.close()
    case.activateWindow()
    case.focus_images()
    QApplication.processEvents()


def kept(seat) -> KeyChoices:
    return key_file.load(seat.folders.config / "keys.toml")


# ---- looking for -------------------------------------------------------------------------------


def test_every_command_has_a_row_and_a_few_letters_find_it(editor, case):
    assert len(rows(editor)) == len(case.runner.commands)
    QTest.keyClicks(editor.field, "magnif")
    assert rows(editor)[0] == "Magnifier"


def test_a_command_is_found_by_pressing_its_key(editor):
    editor.by_key.setFocus()
    QTest.keyClick(editor.by_key, K.Key_L, M.ShiftModifier)
    assert rows(editor) == ["Link by image number"]
    assert editor.said.text() == "Shift+L runs “Link by image number”"
    QTest.keyClick(editor.by_key, K.Key_F13)
    assert rows(editor) == []
    assert editor.said.text() == "F13 runs nothing: it is free"


# ---- giving ------------------------------------------------------------------------------------


def test_a_free_key_is_in_force_at_once_everywhere_and_kept(editor, case, seat):
    give(editor, "image.invert", K.Key_F20)
    assert editor.said.text() == "F20 runs “Invert” now"
    assert kept(seat).keys == {"image.invert": ("F20",)}
    assert case.actions_by_id["image.invert"].text() == "Invert\tF20"
    back_to_the_images(editor, case)
    QTest.keyClick(case.grid, K.Key_I)
    assert not seat.session.viewing.state().inverted
    QTest.keyClick(case.grid, K.Key_F20)
    assert seat.session.viewing.state().inverted


def test_the_hint_of_a_button_follows(editor, case):
    button = case.reading.findChild(QToolButton, "tool.zoom")
    assert button.toolTip() == "<qt>Zoom<br>Z</qt>"
    give(editor, "tool.zoom", K.Key_F20)
    assert button.toolTip() == "<qt>Zoom<br>F20</qt>"
    case.keys.set_keys("tool.zoom", ())
    assert button.toolTip() == "<qt>Zoom</qt>"
    case.keys.undo()
    case.keys.undo()
    assert button.toolTip() == "<qt>Zoom<br>Z</qt>"


def test_the_key_to_talk_follows_and_its_release_ends_listening(editor, case, monkeypatch):
    asked = []
    monkeypatch.setattr(case._talk, "pressed", lambda key=0: asked.append(key))
    give(editor, "report.dictate", K.Key_F13)
    back_to_the_images(editor, case)
    case.focus_report()
    QTest.keyClick(case.focusWidget(), K.Key_F13)
    assert asked == [K.Key_F13]
    QTest.keyClick(case.focusWidget(), K.Key_F4)
    assert asked == [K.Key_F13]


def test_another_key_is_added_and_the_first_stays(editor, case):
    editor.choose("image.invert")
    editor.begin(adding=True)
    QTest.keyClick(editor.capture, K.Key_F14)
    assert case.runner.keymap.keys_of["image.invert"] == ("I", "F14")


def test_a_key_that_another_command_has_is_told_and_given_only_when_the_reader_says_so(editor, case):
    give(editor, "image.invert", K.Key_K)
    assert editor.said.text() == "K runs “Mark as key image, or no longer”"
    assert case.runner.keymap.command_for("K", Mode.IMAGES) == "key_image.toggle"
    assert editor.swap.isVisible()
    QTest.keyClick(editor.leave, K.Key_Space)
    assert not editor.swap.isVisible()
    assert case.runner.keymap.command_for("K", Mode.IMAGES) == "key_image.toggle"


def test_two_commands_swap_their_keys(editor, case, seat):
    give(editor, "image.invert", K.Key_K)
    QTest.keyClick(editor.swap, K.Key_Space)
    assert case.runner.keymap.keys_of["image.invert"] == ("K",)
    assert case.runner.keymap.keys_of["key_image.toggle"] == ("I",)
    assert case.runner.keymap.notes == ()
    assert editor.said.text() == "“Mark as key image, or no longer” has I now"
    assert kept(seat).keys == {"image.invert": ("K",), "key_image.toggle": ("I",)}


def test_a_key_is_taken_and_the_page_of_keys_says_who_lost_it(editor, case, qtbot):
    give(editor, "image.invert", K.Key_K)
    QTest.keyClick(editor.take, K.Key_Space)
    assert case.runner.keymap.keys_of["key_image.toggle"] == ()
    assert "has no key now: Ctrl+K finds it" in editor.said.text()
    page = KeysDialog(case.runner, case)
    qtbot.addWidget(page)
    assert page.notes.text() == "K runs “Invert”, as keys.toml says; “Mark as key image, or no longer” lost it"


def test_a_key_in_another_mode_is_no_clash(editor, case):
    """The arrows move a drawing in one mode and scroll in another."""
    assert case.keys.clashes("point.left", "PgDown") == ()
    assert case.keys.clashes("image.next", "Left") == ()
    assert case.keys.clashes("case.refresh", "F2") == ("case.worklist",)


EATEN = (
    (K.Key_F4, M.AltModifier, "closes the window"),
    (K.Key_A, CTRL | M.AltModifier, "AltGr"),
    (K.Key_F10, M.NoModifier, "opens the menus"),
    (K.Key_Dead_Tilde, M.NoModifier, "accent"),
    (K.Key_L, M.MetaModifier, "window system"),
)


def test_a_key_that_desktops_keep_is_given_with_a_warning(editor, case):
    editor.choose("image.invert")
    editor.begin()
    QTest.keyClick(editor.capture, Qt.Key.Key_F6, Qt.KeyboardModifier.AltModifier)
    assert case.runner.keymap.keys_of["image.invert"] == ("Alt+F6",)
    assert "It may never come: many desktops move, size or find windows with it" in editor.said.text()
    shown = editor.table.item(editor.table.currentRow(), 2)
    assert "It may never come" in shown.toolTip()
    editor.add_button.click()
    QTest.keyClick(editor.capture, Qt.Key.Key_F21)
    assert "never come" not in editor.said.text()
    assert not editor.table.item(editor.table.currentRow(), 2).toolTip()


def test_a_key_that_others_eat_is_refused_in_words_and_the_next_one_is_taken(editor, case):
    give(editor, "image.invert", *EATEN[0][:2])
    for key, modifiers, words in EATEN:
        QTest.keyClick(editor.capture, key, modifiers)
        assert words in editor.said.text()
        assert case.runner.keymap.keys_of["image.invert"] == ("I",)
    QTest.keyClick(editor.capture, K.Key_F20)
    assert case.runner.keymap.keys_of["image.invert"] == ("F20",)


def test_a_sign_that_needs_altgr_on_this_keyboard_is_refused(editor, case):
    case.keys.set_keyboard("se")
    editor.choose("image.invert")
    editor.begin()
    event = QKeyEvent(QEvent.Type.KeyPress, K.Key_BraceLeft, M.NoModifier, "{")
    QApplication.sendEvent(editor.capture, event)
    assert "needs AltGr on this keyboard" in editor.said.text()
    assert case.runner.keymap.keys_of["image.invert"] == ("I",)


def test_escape_gives_up_and_changes_nothing(editor, case, seat):
    give(editor, "image.invert", K.Key_Escape)
    assert not editor.capture.isEnabled()
    assert editor.isVisible()
    assert case.runner.keymap.keys_of["image.invert"] == ("I",)
    assert not (seat.folders.config / "keys.toml").exists()


def test_one_is_reset_all_are_reset_and_each_step_is_undone(editor, case, seat):
    give(editor, "image.invert", K.Key_F20)
    give(editor, "image.fit", K.Key_F13)
    editor.choose("image.fit")
    QTest.keyClick(editor.reset_button, K.Key_Space)
    assert case.runner.keymap.keys_of["image.fit"] == ("F",)
    QTest.keyClick(editor.reset_all, K.Key_Space)
    assert kept(seat) == KeyChoices()
    for _ in range(2):
        QTest.keyClick(editor.undo, K.Key_Space)
    assert kept(seat).keys == {"image.invert": ("F20",), "image.fit": ("F13",)}
    for _ in range(2):
        QTest.keyClick(editor.undo, K.Key_Space)
    assert kept(seat) == KeyChoices()
    assert not editor.undo.isEnabled()


def test_when_the_disk_takes_nothing_it_is_said_and_the_old_keys_stay_in_force(editor, case, seat, monkeypatch):
    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(key_file.os, "fsync", full)
    give(editor, "image.invert", K.Key_F20)
    assert case.runner.keymap.keys_of["image.invert"] == ("I",)
    assert not case.keys.can_undo


# ---- profiles, files ---------------------------------------------------------------------------


def test_a_profile_shows_what_it_changes_before_it_is_used(case, seat, qtbot):
    dialog = ProfilesDialog(case.keys, case.runner, case)
    qtbot.addWidget(dialog)
    assert not dialog.use.isEnabled()
    dialog.list.setCurrentRow(3)
    shown = {
        dialog.table.item(r, 0).text(): [dialog.table.item(r, c).text() for c in (1, 2)] for r in range(dialog.table.rowCount())
    }
    assert shown["Measure a distance"] == ["D", "L"]
    assert shown["Ctrl + Left button"] == ["–", "Pan"]
    assert "Not as there:" in dialog.differs.toPlainText()
    assert case.runner.keymap.keys_of["tool.length"] == ("D",)
    dialog.use.click()
    assert kept(seat).profile == "horos"
    case.focus_images()
    QTest.keyClick(case.grid, K.Key_L)
    assert seat.session.viewing.tool is Tool.LENGTH
    page = KeysDialog(case.runner, case)
    qtbot.addWidget(page)
    moved = [[label.text() for label in labels] for _, labels in page.lines]
    assert ["Link by position", "Alt+Shift+L instead of L"] in moved


def test_own_keys_stay_above_a_profile(case):
    case.keys.set_keys("image.fit", ("L",))
    case.keys.choose(KeyChoices("horos", "", case.keys.choices.keys))
    assert case.runner.keymap.command_for("L", Mode.IMAGES) == "image.fit"
    assert case.runner.keymap.keys_of["tool.length"] == ()


def test_keys_go_to_another_reader_as_a_file(editor, case, seat, qtbot, tmp_path):
    give(editor, "image.invert", K.Key_F20)
    editor.save_to(tmp_path / "mine.toml")
    case.keys.reset_all()
    choices = key_file.load(tmp_path / "mine.toml")
    dialog = ImportedKeysDialog(case.keys, case.runner, choices, editor)
    qtbot.addWidget(dialog)
    assert dialog.words.text() == "1 keys and buttons change"
    dialog._take()
    assert case.runner.keymap.keys_of["image.invert"] == ("F20",)


def test_a_bad_file_of_somebody_else_is_refused_in_words(editor, case, tmp_path):
    (tmp_path / "theirs.toml").write_text('"image.invert" = "J"', encoding="utf-8")
    editor.take_from(tmp_path / "theirs.toml")
    assert editor.said.text().startswith("theirs.toml is not used")
    assert case.runner.keymap.keys_of["image.invert"] == ("I",)


def test_the_sites_keys_lie_under_the_readers(tmp_path, qapp, qtbot):
    from window_seat import WindowSeat

    from ui.main_window import MainWindow

    seat = WindowSeat(tmp_path)
    (seat.folders.config / "keys.site.toml").write_text('profile = "weasis"\n"image.invert" = ["F14"]\n', encoding="utf-8")
    window = MainWindow(seat)
    qtbot.addWidget(window)
    assert window.runner.keymap.keys_of["image.invert"] == ("F14",)
    assert window.keys.profile.id == "weasis"
    assert seat.session.viewing.mouse.right == ""
    window.keys.set_keys("image.invert", ("F15",))
    assert window.runner.keymap.keys_of["image.invert"] == ("F15",)


# ---- the sheet ---------------------------------------------------------------------------------


def test_the_sheet_is_a4_landscape_on_two_pages_at_most_and_names_every_key(case, qtbot, tmp_path):
    from PySide6.QtPdf import QPdfDocument

    dialog = KeySheetDialog(case.keys, case.runner, case)
    qtbot.addWidget(dialog)
    for profile in ("", "horos", "one_hand_left", "one_hand_right"):
        case.keys.choose(KeyChoices(profile, "se"))
        dialog.save_to(tmp_path / "keys.pdf")
        document = QPdfDocument()
        document.load(str(tmp_path / "keys.pdf"))
        assert 1 <= document.pageCount() <= 2
        size = document.pagePointSize(0)
        assert (round(size.width()), round(size.height())) == (842, 595)
        text = " ".join(document.getAllText(page).text() for page in range(document.pageCount()))
        for title in ("Next unread case", "Measure a distance", "Sign as final", "Full screen", "Middle button"):
            assert title in text
        document.close()
    case.keys.set_keys("image.invert", ("F21",))
    dialog.save_to(tmp_path / "keys.pdf")
    document = QPdfDocument()
    document.load(str(tmp_path / "keys.pdf"))
    assert "F21" in " ".join(document.getAllText(page).text() for page in range(document.pageCount()))
    document.close()


def test_nothing_on_the_sheet_lies_outside_the_page_or_on_something_else(case):
    """Painted on a picture: the margin stays empty, in every profile."""
    from ui.key_sheet import MARGIN_MM, PAPER, PAPER_GROUND, page_images

    for profile in ("", "one_hand_right"):
        case.keys.choose(KeyChoices(profile, "dk"))
        for image in page_images(case.runner, case.keys.profile.title, PAPER, PAPER_GROUND, 50):
            margin = int(MARGIN_MM / 25.4 * 50) - 2
            edge = [image.pixelColor(x, y).name() for y in (1, image.height() - margin + 1) for x in range(0, image.width(), 3)]
            edge += [image.pixelColor(x, y).name() for x in (1, image.width() - margin + 1) for y in range(0, image.height(), 3)]
            assert set(edge) == {PAPER_GROUND}


@pytest.mark.parametrize("is_upright", [False, True])
def test_no_word_on_the_sheet_is_cut_off(case, monkeypatch, is_upright):
    """Whatever is written has room where it is written, on lying and on upright pages."""
    from PySide6.QtGui import QFontMetricsF, QPainter

    from ui import key_sheet

    cut = []

    class Watching(QPainter):
        def drawText(self, box, flags, words):
            needed = QFontMetricsF(self.font(), self.device()).boundingRect(box, flags, words)
            if needed.width() > box.width() * 1.02 + 2 or needed.height() > box.height() * 1.08 + 2:
                cut.append((words, box.width(), needed.width(), box.height(), needed.height()))
            super().drawText(box, flags, words)

    monkeypatch.setattr(key_sheet, "QPainter", Watching)
    for profile in ("", "one_hand_left", "one_hand_right"):
        case.keys.choose(KeyChoices(profile, "no"))
        pages = key_sheet.page_images(case.runner, "x", key_sheet.PAPER, key_sheet.PAPER_GROUND, 200, is_upright)
        assert len(pages) <= 2
        assert (pages[0].height() > pages[0].width()) is is_upright
    assert cut == []


def test_a_sheet_that_cannot_be_saved_is_said(case, qtbot, tmp_path):
    from workstation.errors import Unavailable

    dialog = KeySheetDialog(case.keys, case.runner, case)
    qtbot.addWidget(dialog)
    with pytest.raises(Unavailable, match="not saved"):
        dialog.save_to(tmp_path / "nowhere" / "keys.pdf")
