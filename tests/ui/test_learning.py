"""Corrections of dictated words are noticed when a section is left, offered after two equal ones, and learnt by one key."""

from __future__ import annotations

import json

import pytest
from command_window import CommandWindow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from report_seat import ReportSeat

from dictation.learning import Rule
from ui.report.learning import Spoken
from ui.report.words_dialog import WordsDialog
from workstation.domain.report import SectionCode

pytestmark = pytest.mark.qt
F = SectionCode.FINDINGS
PLEURAL = Rule("plural", "pleural")


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


def learning(room):
    return room.window.speech.learning


def correct(room, wrong: str, right: str) -> None:
    """By hand in the editor, and the section is left."""
    editor = room.panel.editor(F)
    start = editor.toPlainText().lower().rindex(wrong.lower())
    editor.select(start, start + len(wrong))
    editor.insertPlainText(right)
    room.seat.session.desk.leaving.emit(None)


def press(room, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget() or room.window.focusWidget(), key, modifier)


def test_after_two_equal_corrections_a_rule_is_offered_and_taken_with_one_key(room):
    room.say("A plural effusion.")
    correct(room, "plural", "pleural")
    assert learning(room).offer is None
    room.say("Small plural plaque.")
    correct(room, "plural", "pleural")
    assert learning(room).offer == PLEURAL
    assert room.notices[-1] == "Twice corrected: write “pleural” whenever “plural” is heard?"
    room.window.grid.setFocus()
    press(room, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert learning(room).own.of("en").rules == (PLEURAL,)
    assert room.voice.corrected("a plural effusion") == "a pleural effusion"
    assert "pleural" in room.voice.expected[-1].terms
    assert learning(room).offer is None


def test_a_refused_rule_is_not_offered_again(room):
    for _ in range(2):
        room.say("A plural effusion.")
        correct(room, "plural", "pleural")
    room.window.runner.run("dictation.refuse")
    assert learning(room).own.of("en").rules == ()
    for _ in range(3):
        room.say("A plural effusion.")
        correct(room, "plural", "pleural")
    assert learning(room).offer is None


def test_without_an_offer_the_key_says_what_to_do(room):
    room.window.runner.run("dictation.learn")
    assert room.notices[-1] == "No correction is offered: correct a dictated word the same way twice"


@pytest.mark.parametrize(
    ("said", "wrong", "right"),
    [("A 14 mm nodule.", "14", "40"), ("The left kidney.", "left", "right"), ("No effusion.", "No", "Some")],
)
def test_numbers_sides_and_negations_are_never_offered(room, said, wrong, right):
    for _ in range(3):
        room.say(said)
        correct(room, wrong, right)
    assert learning(room).offer is None


def test_what_was_typed_and_not_said_teaches_nothing(room):
    editor = room.panel.editor(F)
    for _ in range(3):
        editor.appendPlainText("A plural effusion.")
        room.seat.session.desk.leaving.emit(None)
        correct(room, "plural", "pleural")
    assert learning(room).offer is None


def test_one_correction_counts_once_however_often_the_section_is_left(room):
    room.say("A plural effusion.")
    correct(room, "plural", "pleural")
    for _ in range(3):
        room.seat.session.desk.leaving.emit(None)
    assert learning(room).offer is None


def test_a_correction_in_another_report_is_no_correction_of_this_one(room):
    """F62."""
    room.say("A plural effusion.")
    room.seat.session.open(room.seat.items[1])
    room.panel.editor(F).setPlainText("A pleural effusion.")
    room.seat.session.desk.leaving.emit(None)
    room.seat.session.open(room.seat.items[0])
    assert json.dumps(room.window.speech.learning.own.of("en").rules) == "[]"
    assert learning(room).offer is None


def test_no_words_of_a_correction_are_on_disk_before_it_is_taken(room, tmp_path):
    room.say("Mr Alvarez plural.")
    correct(room, "Alvarez", "Alvares")
    kept = "".join(path.read_text("utf-8") for path in tmp_path.rglob("words-*.json"))
    assert kept
    assert "alvare" not in kept.lower()


@pytest.mark.parametrize(
    ("before", "said", "after", "found"),
    [
        ("a plural effusion", "a plural effusion", "a pleural effusion", [("plural", "pleural")]),
        ("no mass. a plural effusion", "a plural effusion", "no masses. a pleural effusion", [("plural", "pleural")]),
        ("a plural effusion", "a plural effusion", "there is a plural effusion now", []),
        ("a plural effusion", "a plural effusion", "", []),
        ("coal a lithiasis seen", "coal a lithiasis seen", "cholelithiasis seen", [("coal a lithiasis", "cholelithiasis")]),
    ],
)
def test_only_words_that_were_said_and_then_replaced_are_corrections(before, said, after, found):
    spoken = Spoken()
    spoken.follow(before.removesuffix(said))
    spoken.follow(before, by_voice=True)
    assert spoken.follow(after) == found


# ---- my words ------------------------------------------------------------------------------


@pytest.fixture
def dialog(room, qtbot):
    room.window.runner.run("dictation.words")
    made = room.window.findChild(WordsDialog)
    yield made
    made.close()


def rows(dialog: WordsDialog) -> list[tuple[str, str, str]]:
    return [tuple(dialog.table.item(row, column).text() for column in range(3)) for row in range(dialog.table.rowCount())]


def test_words_and_rules_are_added_and_removed_and_expected_at_once(room, dialog):
    dialog.written.setText("Stovring nodule")
    QTest.keyClick(dialog.written, Qt.Key.Key_Return)
    dialog.heard.setText("Plural")
    dialog.written.setText("pleural")
    QTest.keyClick(dialog.written, Qt.Key.Key_Return)
    assert rows(dialog) == [("", "Stovring nodule", ""), ("plural", "pleural", "")]
    assert room.voice.expected[-1].terms == ("Stovring nodule", "pleural")
    dialog.table.setCurrentCell(0, 0)
    dialog.remove.click()
    assert rows(dialog) == [("plural", "pleural", "")]
    assert room.voice.expected[-1].terms == ("pleural",)


def test_what_may_not_be_learnt_is_refused_in_words(dialog):
    dialog.heard.setText("left")
    dialog.written.setText("right")
    QTest.keyClick(dialog.written, Qt.Key.Key_Return)
    assert rows(dialog) == []
    assert "never corrected by itself" in dialog.said.text()


def test_words_go_out_and_come_in_as_a_file(dialog, tmp_path):
    """F86."""
    dialog.written.setText("=1+1")
    dialog.add.click()
    dialog.give_out(tmp_path / "words.csv")
    assert ",'=1+1" in (tmp_path / "words.csv").read_text("utf-8")
    dialog.table.setCurrentCell(0, 0)
    dialog.remove.click()
    dialog.take_in(tmp_path / "words.csv")
    assert rows(dialog) == [("", "=1+1", "")]
    assert dialog.said.text() == "1 words and 0 corrections taken in"
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\x00")
    dialog.take_in(tmp_path / "bad.csv")
    assert dialog.said.text() == "The file cannot be read or written"
    dialog.take_in(tmp_path / "none.csv")
    assert dialog.said.text() == "The file cannot be read or written"


def test_words_that_the_model_never_hears_are_marked(room, dialog):
    dialog.written.setText("cholelithiasis stone")
    dialog.add.click()
    words, answer = room.voice.asked[-1]
    assert words == ("cholelithiasis", "stone")
    answer(frozenset({"cholelithiasis"}))
    assert rows(dialog) == [("", "cholelithiasis stone", "Unknown to this model")]
