"""Spoken commands in the real window: done, shown, taken back, and never what voice alone may not do (F79)."""

from __future__ import annotations

import pytest
from command_window import CommandWindow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from report_seat import ReportSeat

from dictation.commands import CommandName
from dictation.spoken_table import NeverByVoice, SpokenTable, TableCommand
from ui.report.say_dialog import SayDialog
from workstation.commands.table import COMMANDS
from workstation.domain.report import ReportStatus, SectionCode

pytestmark = pytest.mark.qt
F, I = SectionCode.FINDINGS, SectionCode.IMPRESSION  # noqa: E741
LANGUAGES = ["en", "sv", "nb", "da", "fi"]


@pytest.fixture
def room(tmp_path, qapp, qtbot, monkeypatch):
    seat = ReportSeat(tmp_path)
    seat.add_case(1)
    seat.add_case(2)
    made = CommandWindow(seat, monkeypatch, tmp_path)
    qtbot.addWidget(made.window)
    made.window.show()
    seat.session.open(seat.items[0])
    made.desk.start()
    yield made
    made.close()


def last_shown(room: CommandWindow) -> str:
    QApplication.processEvents()
    return next(words for words in reversed(room.shown) if words)


def test_a_command_of_the_table_is_done_and_is_no_text(room):
    before = room.seat.session.viewing.state().position
    segment = room.say("Next image.")
    assert room.seat.session.viewing.state().position == before + 1
    assert room.text() == room.shown_text() == ""
    assert last_shown(room) == "Understood: Next image"
    assert room.panel.dictation.draft == "Understood: Next image"
    assert segment in room.voice.settled
    assert not room.seat.session.desk.awaits_words(room.seat.session.desk.report.report_uuid)


def test_what_was_understood_is_shown_for_a_moment_only(room, qtbot):
    room.window.speech.commands._over.setInterval(50)
    room.say("next image")
    qtbot.waitUntil(lambda: room.shown[-2:] == ["Understood: Next image", ""])
    assert room.panel.dictation.draft == ""


@pytest.mark.parametrize(
    "spoken",
    ["the next image shows an effusion", "next image and the liver", "undo the scratch that was seen", "go to the liver"],
)
def test_text_that_only_holds_words_of_a_command_stays_text(room, spoken):
    """F79."""
    position = room.seat.session.viewing.state().position
    room.say(spoken)
    assert room.text().lower() == spoken
    assert room.seat.session.viewing.state().position == position


def test_a_spoken_command_is_taken_back_by_a_word(room):
    """F79: commands are undoable."""
    viewing = room.seat.session.viewing
    before, layout = viewing.state(), viewing.layout
    room.say("next image")
    room.say("undo that")
    assert viewing.state() == before
    room.say("layout two by two")
    assert viewing.layout != layout
    room.say("undo that")
    assert viewing.layout == layout
    assert viewing.state() == before
    assert last_shown(room) == "Understood: Taken back"


def test_a_spoken_command_is_taken_back_by_its_command_too(room):
    viewing = room.seat.session.viewing
    before = viewing.state()
    room.say("invert image")
    assert viewing.state() != before
    room.window.runner.run("dictation.undo")
    assert viewing.state() == before
    room.window.runner.run("dictation.undo")
    assert last_shown(room) == "Understood: There is no spoken command to take back"


# ---- editing --------------------------------------------------------------------------


def test_scratch_that_takes_the_last_words_back_and_undo_brings_them_again(room):
    room.say("The lungs are clear.")
    room.say("No effusion.")
    room.say("scratch that")
    assert room.text() == "The lungs are clear."
    room.say("undo that")
    assert room.text() == "The lungs are clear. No effusion."
    room.say("scratch that")
    room.say("scratch that")
    assert room.text() == ""
    room.say("scratch that")
    assert last_shown(room) == "Understood: Nothing was said into this report yet"


def test_words_that_were_changed_since_are_not_taken_back(room):
    room.say("The lungs are clear.")
    room.panel.editor(F).setPlainText("The lungs are quite clear.")
    room.say("scratch that")
    assert room.text() == "The lungs are quite clear."
    assert last_shown(room) == "Understood: The last words were changed since: nothing was taken back"


def test_scratch_that_touches_no_other_report(room):
    """F62."""
    room.say("The lungs are clear.")
    first = room.seat.session.desk.report.report_uuid
    room.seat.session.open(room.seat.items[1])
    room.desk.start()
    room.say("scratch that")
    assert room.seat.reports.report(first).text(F) == "The lungs are clear."
    assert room.text() == ""


def test_one_goes_to_a_section_by_voice_and_dictates_there(room):
    room.say("go to impression")
    assert room.seat.session.desk.section is I
    room.say("No acute disease.")
    assert room.text(I) == "No acute disease."
    assert room.text(F) == ""
    room.say("go to liver")
    assert room.text(I) == "No acute disease."


def test_a_heading_that_stands_in_the_text_is_gone_to(room):
    room.panel.editor(F).setPlainText("Lungs: clear\nLiver: normal\nBones: intact")
    room.panel.flush()
    room.say("go to liver")
    cursor = room.panel.editor(F).textCursor()
    assert cursor.block().text() == "Liver: normal"
    assert cursor.atBlockEnd()


def test_next_field_goes_to_the_next_section_where_there_is_no_field(room):
    room.say("next field")
    assert room.seat.session.desk.section is not F
    room.say("previous field")
    assert room.seat.session.desk.section is F


def test_stop_dictation_stops_it(room):
    room.say("stop dictation")
    assert not room.desk.is_listening


def test_correct_that_selects_the_last_words(room):
    room.say("The lungs are clear.")
    room.say("correct that")
    assert room.panel.editor(F).textCursor().selectedText() == "The lungs are clear."


# ---- the command key --------------------------------------------------------------------


def press_key(room) -> None:
    room.window.grid.setFocus()
    QTest.keyClick(QApplication.focusWidget() or room.window.focusWidget(), Qt.Key.Key_Q, Qt.KeyboardModifier.AltModifier)


def test_after_the_command_key_what_sounds_like_a_command_is_one(room):
    press_key(room)
    assert room.voice.for_command
    assert room.panel.dictation.draft == "Say a command…"
    before = room.seat.session.viewing.state().series_uid
    room.say("next serious")
    assert last_shown(room) == "Understood: Next series"
    assert room.text() == ""
    assert before
    room.say("next serious disease")
    assert room.text().lower() == "next serious disease"


def test_after_the_command_key_what_is_no_command_is_shown_and_not_written(room):
    """F79."""
    press_key(room)
    room.say("the lungs are clear")
    assert room.text() == ""
    assert last_shown(room) == "Understood: Not understood as a command: “the lungs are clear”"


def test_the_command_key_pressed_again_makes_it_text_as_before(room):
    press_key(room)
    press_key(room)
    assert not room.voice.for_command
    room.say("The lungs are clear.")
    assert room.text() == "The lungs are clear."


def test_the_command_key_listens_for_one_command_only_when_dictation_was_off(room):
    room.desk.stop()
    press_key(room)
    assert room.desk.is_listening
    room.say("next image")
    assert not room.desk.is_listening


def test_held_down_the_key_listens_until_it_is_let_go(room, monkeypatch):
    alt = Qt.KeyboardModifier.AltModifier
    commands = room.window.speech.commands
    room.window.grid.setFocus()
    QTest.keyPress(room.window.grid, Qt.Key.Key_Q, alt)
    assert commands.is_waiting
    monkeypatch.setattr("ui.report.spoken_commands.HELD_MS", 0)
    QTest.keyRelease(room.window.grid, Qt.Key.Key_Q, alt)
    assert not commands.is_waiting
    assert not room.voice.for_command


def test_a_short_press_still_listens_when_the_key_is_up(room):
    press_key(room)
    assert room.window.speech.commands.is_waiting


# ---- never ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_command_that_signs_closes_removes_or_goes_on_is_reached_by_voice(code):
    """F79: the whole table is walked, in each language, with the natural and the table's own word order."""
    table = SpokenTable(COMMANDS, code)
    harmful = {c.id for c in COMMANDS if c.confirm_by_key or "remove" in c.id or c.id.startswith("report.sign")}
    harmful |= {"drawing.remove", "case.next", "case.close", "app.quit"}
    assert {c.id for c in COMMANDS if c.confirm_by_key} <= harmful
    assert not harmful & set(table.phrases)
    assert not [c for c in COMMANDS if c.id in harmful and c.say]
    phrases = [phrase for said in table.phrases.values() for phrase in said]
    phrases += [c.title for c in COMMANDS if c.id in harmful] + [phrase for c in COMMANDS for phrase in c.say]
    phrases += [phrase for said in table.editing.values() for phrase in said]
    for phrase in phrases:
        for found in (table.find(phrase), table.nearest(phrase)):
            assert not (isinstance(found, TableCommand) and found.id in harmful), phrase


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_phrase_is_understood_as_its_own_command(code):
    table = SpokenTable(COMMANDS, code)
    for command_id, phrases in table.phrases.items():
        if command_id not in ("report.dictate",):
            assert [table.find(phrase) for phrase in phrases] == [TableCommand(command_id)] * len(phrases)
    for name, phrases in table.editing.items():
        if name is not CommandName.GO_TO:
            assert all(getattr(table.find(phrase), "name", None) is name for phrase in phrases)


@pytest.mark.parametrize("spoken", ["sign report", "Sign final.", "next case", "close case", "discard report", "delete drawing"])
def test_what_is_never_done_by_voice_is_answered_with_its_key(room, spoken):
    """F79."""
    room.say("The lungs are clear.")
    opened = room.seat.session.case.generation
    room.say(spoken)
    assert room.seat.session.desk.report.status is ReportStatus.DRAFT
    assert room.seat.session.case.generation == opened
    assert room.text() == "The lungs are clear."
    what = room.window.speech.commands.table().find(spoken)
    assert isinstance(what, NeverByVoice)
    assert "is never done by voice: " + room.window.runner.keys_text(what.id) in room.notices[-1]


def test_a_command_that_comes_late_or_for_another_report_is_left_undone(room):
    """F01, F62: what is recognised after a crash, or for the report before, acts on nothing."""
    position = room.seat.session.viewing.state().position
    room.say("next image", is_late=True)
    assert room.seat.session.viewing.state().position == position
    assert room.text() == ""
    room.voice.speak("old")
    room.seat.session.open(room.seat.items[1])
    layout = room.seat.session.viewing.layout
    room.voice.write("old", "layout two by two")
    assert room.seat.session.viewing.layout == layout
    assert last_shown(room) == "Understood: A command of before was left undone: “layout two by two”"


# ---- what can I say -----------------------------------------------------------------------


def said_in(dialog: SayDialog) -> str:
    return "\n".join(line[0] for line in dialog.lines)


def test_what_can_i_say_is_shown_by_voice_and_by_key_and_filtered(room, qtbot):
    room.say("what can I say")
    dialog = room.window.findChild(SayDialog)
    assert "next image" in said_in(dialog)
    assert "scratch that" in said_in(dialog)
    assert "sign" not in said_in(dialog)
    dialog.filter.setText("coronal")
    assert [line[1:] for line in dialog.lines] == [("Coronal plane", "Alt+3")]
    dialog.close()
    qtbot.waitUntil(lambda: room.window.findChild(SayDialog) is None)
    room.window.grid.setFocus()
    QTest.keyClick(room.window.grid, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert room.window.findChild(SayDialog) is not None


@pytest.mark.parametrize(
    ("code", "phrase"), [("sv", "nästa bild"), ("nb", "neste bilde"), ("da", "næste billede"), ("fi", "seuraava kuva")]
)
def test_it_is_in_the_language_of_the_report(room, qtbot, code, phrase):
    dialog = SayDialog(room.window.runner, code)
    qtbot.addWidget(dialog)
    assert phrase in said_in(dialog)
    assert "next image" not in said_in(dialog)


def test_a_language_without_commands_says_so(room, qtbot):
    dialog = SayDialog(room.window.runner, "xx")
    qtbot.addWidget(dialog)
    assert "No command can be said in this language" in dialog.tree.topLevelItem(0).text(0)
