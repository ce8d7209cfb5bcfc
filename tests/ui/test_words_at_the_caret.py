"""Dictated words come to the caret of the section that had focus when the phrase began, and never over what was typed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from spoken_window import CTRL, SHIFT, SpokenWindow, spoken_window

from ui import theme
from workstation.domain.report import SectionCode

pytestmark = pytest.mark.qt
FINDINGS, IMPRESSION = SectionCode.FINDINGS, SectionCode.IMPRESSION


@pytest.fixture(scope="module")
def window(qapp, tmp_path_factory):
    with spoken_window(tmp_path_factory.mktemp("seat")) as made:
        yield made


@pytest.fixture
def room(window):
    window.begin_test()
    return window


@pytest.fixture
def seat(room):
    return room.seat


def another(room: SpokenWindow) -> None:
    room.seat.add_case(len(room.seat.items) + 1)
    room.open(len(room.seat.items) - 1)


def type_text(room: SpokenWindow, text: str, code: SectionCode = FINDINGS) -> None:
    QTest.keyClicks(room.focus(code), text)


# ---- where ---------------------------------------------------------------------------------


def test_words_come_to_the_caret_with_spaces_and_letters_for_the_middle_of_a_sentence(room, seat):
    type_text(room, "There is a cyst in the liver.")
    room.caret("cyst")
    room.say("small simple period", "Small simple.", unsure=())
    assert room.text() == "There is a small simple. cyst in the liver.", "a stop that was said stays"
    room.focus().undo()
    room.say("small simple", "Small simple.")
    assert room.text() == "There is a small simple cyst in the liver." == seat.text()


def test_the_caret_comes_to_stand_behind_the_words_and_the_next_ones_follow(room, seat):
    type_text(room, "The liver. End.")
    room.caret(" End")
    room.say("no lesion", "No lesion.")
    room.say("spleen normal", "Spleen normal.")
    assert room.text() == "The liver. No lesion. Spleen normal. End." == seat.text()


def test_two_phrases_from_one_caret_stand_in_the_order_in_which_they_were_said(room, seat):
    type_text(room, "The liver. End.")
    room.caret(" End")
    first, second = room.begin(), room.begin()
    room.end(first, "first words", "First words.")
    room.end(second, "second words", "Second words.")
    assert room.text() == "The liver. First words. Second words. End." == seat.text()


def test_words_take_the_place_of_what_was_selected_as_one_undo_step(room, seat):
    type_text(room, "Cyst in the right kidney.")
    room.caret("right", selected="right")
    room.say("left")
    assert room.text() == "Cyst in the left kidney." == seat.text()
    room.press(Qt.Key.Key_Z, CTRL)
    assert room.text() == "Cyst in the right kidney."


def test_what_is_typed_into_the_selection_meanwhile_is_never_written_over(room, seat):
    type_text(room, "Cyst in the right kidney.")
    room.caret("right", selected="right")
    spoken = room.begin()
    QTest.keyClicks(room.editor(), "upper ")
    room.end(spoken, "left")
    assert room.text() == "Cyst in the upper left kidney." == seat.text()


def test_what_is_typed_elsewhere_while_one_speaks_moves_the_place_along(room, seat):
    type_text(room, "The liver. The kidneys.")
    room.caret(" The kidneys")
    spoken = room.begin()
    room.caret("The liver")
    QTest.keyClicks(room.editor(), "First. ")
    room.end(spoken, "no lesion", "No lesion.")
    assert room.text() == "First. The liver. No lesion. The kidneys." == seat.text()
    QTest.keyClicks(room.editor(), "x")
    assert room.text().startswith("First. xThe"), "the caret stays where the reader put it"


def test_typing_that_the_disk_does_not_have_yet_and_words_are_both_kept(room, seat):
    type_text(room, "The liver.")
    spoken = room.begin()
    room.end(spoken, "no lesion", "No lesion.")
    QTest.keyClicks(room.editor(), " Typed.")
    room.say("spleen normal", "Spleen normal.")
    room.editor().flush()
    assert room.text() == "The liver. No lesion. Typed. Spleen normal." == seat.text()


def test_a_caret_inside_a_word_splits_no_word(room):
    type_text(room, "The hydronephrosis.")
    room.caret("nephrosis")
    room.say("mild")
    assert room.text() == "The hydronephrosis mild."


def test_words_go_to_the_section_that_had_focus_when_the_phrase_began(room, seat):
    room.focus(IMPRESSION)
    spoken = room.begin()
    room.focus(FINDINGS)
    room.end(spoken, "no embolism", "No embolism.")
    assert (room.text(IMPRESSION), room.text(FINDINGS)) == ("No embolism.", "")


def test_f62_words_go_to_the_caret_of_the_report_they_were_spoken_for_after_another_was_opened(room, seat):
    first = seat.session.desk.report.report_uuid
    type_text(room, "The liver. End.")
    room.caret(" End")
    spoken = room.begin()
    another(room)
    type_text(room, "Of the second.")
    room.end(spoken, "no lesion", "No lesion.")
    assert room.text() == "Of the second."
    assert seat.reports.report(first).text(FINDINGS) == "The liver. No lesion. End."


def test_f64_whatever_has_focus_words_go_to_the_report_and_a_search_field_gets_none(room, seat):
    type_text(room, "The liver.")
    room.window.show_worklist()
    field = next(f for f in room.window.findChildren(QLineEdit) if f.isVisible())
    field.setFocus()
    QTest.keyClicks(field, "smi")
    room.say("no lesion", "No lesion.")
    assert QApplication.focusWidget() is field
    assert field.text() == "smi"
    assert seat.text() == "The liver. No lesion." == room.text()


def test_no_widget_but_an_editor_of_a_report_section_takes_dictation(room):
    """The places are made of the editors of the report's sections, and of nothing else that shows text."""
    taken = set(room.panel.spoken.spots._editors.values())
    assert taken == {room.editor(code) for code in room.panel._blocks}


def test_a_template_field_that_is_selected_is_filled_by_voice(room, seat):
    room.focus()
    room.press(Qt.Key.Key_I, Qt.KeyboardModifier.AltModifier)
    from ui.template_picker import TemplatePicker

    picker = next(w for w in room.window.findChildren(TemplatePicker) if w.isVisible())
    picker.field.setText("ct pulm")
    QTest.keyClick(picker.field, Qt.Key.Key_Return)
    procedure = SectionCode.PROCEDURE
    assert room.editor(procedure).textCursor().selectedText() == "[contrast agent and dose]"
    room.say("iohexol seventy milliliters", "Iohexol 70 mL.")
    assert room.text(procedure).startswith("CT pulmonary angiography. Contrast: iohexol 70 mL. ")
    assert seat.text(procedure) == room.text(procedure)
    assert room.marked(procedure) == ["70 mL"]


# ---- one step of undo ----------------------------------------------------------------------


def test_ctrl_z_takes_back_exactly_one_segment_and_redo_brings_its_marks_back(room, qtbot, seat):
    type_text(room, "Typed.")
    room.say("no lesion", "No lesion.")
    room.say("four millimeter cyst", "4 mm cyst.")
    assert room.marked() == ["No", "4 mm"]
    room.press(Qt.Key.Key_Z, CTRL)
    assert (room.text(), room.marked()) == ("Typed. No lesion.", ["No"])
    room.press(Qt.Key.Key_Z, CTRL)
    assert (room.text(), room.marked()) == ("Typed.", [])
    room.press(Qt.Key.Key_Z, CTRL | SHIFT)
    assert (room.text(), room.marked()) == ("Typed. No lesion.", ["No"])
    room.editor().flush()
    assert seat.text() == "Typed. No lesion."


def test_a_segment_is_taken_back_after_other_editing_and_only_where_it_stands_whole(room, seat):
    first = room.say("the spleen", "The spleen.")
    room.caret(" spleen")
    second = room.say("enlarged left", "Enlarged left.")
    assert room.text() == "The enlarged left spleen."
    room.caret("The")
    QTest.keyClicks(room.editor(), "Typed. ")
    assert not room.panel.spoken.take_back(first), "there are other words in it"
    assert room.panel.spoken.take_back(second)
    assert room.text() == "Typed. The spleen." == seat.text()
    room.focus().undo()
    assert (room.text(), room.marked()) == ("Typed. The enlarged left spleen.", ["left"])
    room.caret("arged")
    QTest.keyClicks(room.editor(), "x")
    assert not room.panel.spoken.take_back(second)
    assert not room.panel.spoken.take_back("never said")


# ---- the draft -----------------------------------------------------------------------------


def test_the_draft_is_grey_at_the_caret_and_no_part_of_the_text_its_undo_or_the_disk(room, seat, qtbot):
    type_text(room, "The liver. End.")
    room.editor().flush()
    steps = room.editor().document().availableUndoSteps()
    room.caret(" End")
    spoken = room.begin()
    room.voice.on_draft("no le")
    room.voice.on_draft("no lesion")
    editor = room.editor()
    assert editor.draft.words == " no lesion"
    assert editor.document().firstBlock().layout().preeditAreaText() == " no lesion"
    (form,) = editor.document().firstBlock().layout().formats()
    assert form.format.foreground().color().name() == theme.MUTED
    assert room.text() == "The liver. End." == seat.text()
    assert editor.document().availableUndoSteps() == steps
    qtbot.wait(300)  # longer than the pause after which typed text is saved
    assert editor.is_saved
    room.end(spoken, "no lesions", "No lesions.")
    assert editor.draft.words == ""
    assert editor.document().firstBlock().layout().preeditAreaText() == ""
    assert room.text() == "The liver. No lesions. End."


def test_what_the_better_hearing_changed_is_shown_for_a_moment_and_only_that(room, qtbot):
    room.focus()
    spoken = room.begin()
    room.voice.on_draft("the left kidney is numb")
    room.end(spoken, "the left kidney is normal", "The left kidney is normal.")
    assert room.marked(provider="changed") == ["normal."]
    qtbot.waitUntil(lambda: room.marked(provider="changed") == [], timeout=60_000)
    assert room.marked() == ["left"]


def test_typing_goes_before_the_draft_and_moves_it_along(room):
    type_text(room, "The liver.")
    spoken = room.begin()
    room.voice.on_draft("no lesion")
    QTest.keyClicks(room.editor(), " Typed.")
    assert room.editor().draft.words == ""
    room.voice.on_draft("no lesion seen")
    assert room.editor().document().firstBlock().layout().preeditAreaPosition() == len("The liver. Typed.")
    room.end(spoken, "no lesion seen", "No lesion seen.")
    assert room.text() == "The liver. Typed. No lesion seen."


def test_marks_behind_the_draft_keep_to_their_words(room):
    room.say("the liver. no lesion", "The liver. No lesion.")
    room.caret(" No")
    room.begin()
    room.voice.on_draft("is big")
    block = room.editor().document().firstBlock()
    shown = block.text()[:10] + " is big" + block.text()[10:]
    grey, mark = block.layout().formats()
    assert shown[grey.start : grey.start + grey.length] == " is big"
    assert shown[mark.start : mark.start + mark.length] == "No"
    assert mark.format.foreground().color().name() == theme.AMBER


def test_f15_words_that_the_disk_refuses_stand_in_grey_and_are_accepted_when_it_takes_them(room, seat, qtbot):
    type_text(room, "The liver.")
    room.editor().flush()
    seat.reports.is_full = True
    room.say("no lesion", "No lesion.")
    assert room.text() == "The liver."
    assert room.editor().draft.words == " No lesion."
    seat.reports.is_full = False
    qtbot.waitUntil(lambda: room.text() == "The liver. No lesion.", timeout=60_000)
    assert seat.text() == room.text()
