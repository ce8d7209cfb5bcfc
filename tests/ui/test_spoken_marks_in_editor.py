"""What can hurt stands out until it was looked at, by keys, after editing and a restart; heard again; changed by one key."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from spoken_window import ALT, CTRL, SHIFT, SpokenWindow, spoken_window

from dictation.audio import SAMPLE_RATE
from dictation.recording import _wav_header
from ui import theme
from ui.report.alternatives_list import AlternativesList
from ui.report.hearing import AFTER_SECONDS, BEFORE_SECONDS, FADE_SAMPLES
from ui.report.unseen_counts import UnseenCount
from workstation.domain.report import SectionCode
from workstation.session.second_look import SecondLook

pytestmark = pytest.mark.qt
FINDINGS, IMPRESSION = SectionCode.FINDINGS, SectionCode.IMPRESSION
SAID = "there is a three point five centimeter mass in the left kidney with no fat"
STANDS = "There is a 3.5 cm mass in the left kidney with no fat."


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


def counts(room: SpokenWindow) -> tuple[str, ...]:
    """Beside the sections, then beside Sign."""
    found = [c for c in room.panel.findChildren(UnseenCount) if c.isVisible() and c.text()]
    return tuple(c.text() for c in sorted(found, key=lambda c: c.mapTo(room.panel, QPoint()).y()))


# ---- standing out --------------------------------------------------------------------------


def test_numbers_sides_and_negations_are_amber_and_unsure_words_underlined(room):
    room.say(SAID, STANDS, unsure=(7, 10))
    assert room.looks() == {
        "3.5 cm": (theme.AMBER, False),
        "mass": ("", True),
        "left": (theme.AMBER, True),
        "no": (theme.AMBER, False),
    }
    painted = {s.cursor.selectedText() for s in room.editor().extraSelections()}
    assert {"3.5 cm", "mass", "left", "no"} <= painted


def test_how_many_are_left_stands_beside_each_section_and_beside_sign(room):
    assert counts(room) == ()
    room.say(SAID, STANDS)
    room.focus(IMPRESSION)
    room.say("no embolism", "No embolism.")
    assert counts(room) == ("3 to look at", "1 to look at", "4")


def test_what_is_typed_or_pasted_does_not_stand_out(room):
    QTest.keyClicks(room.focus(), "No 4 mm cyst in the left kidney.")
    assert room.marked() == []


def test_the_bound_of_unsure_words_is_a_setting(room, seat):
    seat.session.spoken.unsure_below = 0.3
    another(room)
    room.say("the papilla bulges", "The papilla bulges.", unsure=(1,))
    assert room.marked() == []


# ---- looking -------------------------------------------------------------------------------


def test_f10_goes_from_word_to_word_through_the_sections_and_each_is_looked_at(room):
    room.say(SAID, STANDS)
    room.focus(IMPRESSION)
    room.say("no embolism", "No embolism.")
    room.caret("There")
    for left in (["left", "no"], ["no"], []):
        room.press(Qt.Key.Key_PageDown, CTRL)
        assert room.editor().hasFocus()
        assert room.marked() == left
    room.press(Qt.Key.Key_PageDown, CTRL)
    assert room.editor(IMPRESSION).hasFocus()
    assert (room.marked(IMPRESSION), counts(room)) == ([], ())
    room.press(Qt.Key.Key_PageDown, CTRL)
    assert room.notices[-1] == "Every dictated number, side and negation was looked at"


def test_f10_selects_nothing_so_that_the_next_words_write_over_nothing(room, seat):
    room.say(SAID, STANDS)
    room.caret("There")
    room.press(Qt.Key.Key_PageDown, CTRL)
    assert not room.editor().textCursor().hasSelection()
    room.say("solid")
    assert room.text() == "There is a 3.5 cm solid mass in the left kidney with no fat." == seat.text()


def test_shift_f10_goes_back_and_round(room):
    room.say(SAID, STANDS)
    room.caret("mass")
    room.press(Qt.Key.Key_PageUp, CTRL)
    assert room.marked() == ["left", "no"]
    room.press(Qt.Key.Key_PageUp, CTRL)
    assert room.marked() == ["left"], "round: the last one"


def test_alt_return_looks_at_all_of_the_section_and_no_other(room):
    room.say(SAID, STANDS)
    room.focus(IMPRESSION)
    room.say("no embolism", "No embolism.")
    room.focus()
    room.press(Qt.Key.Key_Return, ALT)
    assert (room.marked(), room.marked(IMPRESSION)) == ([], ["No"])
    assert room.text() == STANDS, "and writes no line break"


def test_the_caret_stepping_over_a_word_by_key_looks_at_it_and_typing_beside_it_does_not(room):
    room.say(SAID, STANDS)
    room.caret(" in the left")
    for _ in range(len(" in the ")):
        room.press(Qt.Key.Key_Right)
    assert room.marked() == ["3.5 cm", "no"]
    room.press(Qt.Key.Key_Right, CTRL)
    room.press(Qt.Key.Key_End)
    assert room.marked() == ["3.5 cm", "no"], "a jump over words looks at none"
    QTest.keyClicks(room.editor(), " More.")
    assert room.marked() == ["3.5 cm", "no"]


def test_a_click_on_a_word_looks_at_it(room):
    room.say(SAID, STANDS)
    editor = room.caret("no fat")
    place = editor.cursorRect().center() + QPoint(4, 0)
    room.caret("There")
    QTest.mouseClick(editor.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert room.marked() == ["3.5 cm", "left"]


def test_marks_survive_editing_elsewhere_and_go_when_their_words_are_typed_over(room):
    room.say(SAID, STANDS)
    room.caret("There")
    QTest.keyClicks(room.editor(), "Typed. 12 mm. ")
    room.caret(" with")
    QTest.keyClicks(room.editor(), ", upper pole,")
    assert room.marked() == ["3.5 cm", "left", "no"]
    room.caret("3.5 cm", selected="3.5")
    QTest.keyClicks(room.editor(), "4.5")
    assert room.marked() == ["left", "no"]
    room.caret("eft kidney")
    room.press(Qt.Key.Key_Delete)
    assert room.marked() == ["no"]


def test_a_digit_typed_onto_a_spoken_number_takes_its_mark_away(room):
    room.say("a four millimeter cyst", "A 4 mm cyst.")
    room.caret("4 mm")
    QTest.keyClicks(room.editor(), "1")
    assert (room.text(), room.marked()) == ("A 14 mm cyst.", [])


def test_f01_after_a_restart_what_was_not_looked_at_still_stands_out_at_its_words_and_nothing_else(qapp, tmp_path):
    """From the journal: another process would read the same file."""
    with spoken_window(tmp_path) as room:
        room.begin_test()
        room.say(SAID, STANDS, unsure=(7,))
        room.caret("There")
        QTest.keyClicks(room.editor(), "Typed. ")
        room.press(Qt.Key.Key_PageDown, CTRL)
        assert room.marked() == ["mass", "left", "no"]
        room.editor().flush()
    with spoken_window(tmp_path) as again:
        again.begin_test()
        assert again.text() == f"Typed. {STANDS}"
        assert again.marked() == ["mass", "left", "no"]
        assert counts(again)[-1] == "3"


def test_coming_back_to_a_report_shows_its_own_marks(room, seat):
    room.say(SAID, STANDS)
    here = len(seat.items) - 1
    another(room)
    assert room.marked() == []
    room.open(here)
    assert room.marked() == ["3.5 cm", "left", "no"]


# ---- signing -------------------------------------------------------------------------------


def test_signing_with_words_nobody_looked_at_is_warned_once_and_goes_to_the_word(room, seat, qtbot):
    """F71: and after they were looked at nothing is said of them."""
    seat.session.second_look = SecondLook()
    seat.session.second_look.changed.connect(room.panel.remarks.show_remarks)
    seat.session.signer = "Dr Test"
    room.say("a four millimeter cyst", "A 4 mm cyst.")
    study = seat.session.case.study.study_instance_uid
    qtbot.waitUntil(lambda: any(s.study_uid == study for s in seat.session.viewing.shown), timeout=60_000)
    room.press(Qt.Key.Key_Return, CTRL)
    remarks = [r for r in seat.session.second_look.remarks if r.rule == "spoken"]
    assert [r.words for r in remarks] == ['"4 mm" was dictated and not looked at']
    assert seat.session.desk.report.version == 0
    rows = [r.rule for r in seat.session.second_look.remarks]
    for _ in range(rows.index("spoken") + 1):
        room.press(Qt.Key.Key_F7, SHIFT)
    assert room.editor().textCursor().selectedText() == "4 mm"
    room.press(Qt.Key.Key_Return, ALT)
    seat.session.second_look.clear()  # as if nobody had been warned
    room.press(Qt.Key.Key_Return, CTRL)
    assert "spoken" not in [r.rule for r in seat.session.second_look.remarks]
    room.press(Qt.Key.Key_Return, CTRL)
    assert seat.session.desk.report.version == 1
    assert (room.marked(), counts(room)) == ([], ())


# ---- hearing -------------------------------------------------------------------------------


def sound(seconds: float) -> bytes:
    """Each sample tells its own place: what was played shows where it was cut out."""
    return np.arange(1, int(seconds * SAMPLE_RATE) + 1).astype("<i2").tobytes()


def say_aloud(room: SpokenWindow, spoken: str, text: str) -> str:
    """With a recording of which the test knows every sample."""
    segment_id = room.begin()
    path = room.voice.folder / f"{segment_id}.wav"
    pcm = sound(0.5 * len(spoken.split()) + 1)
    path.write_bytes(_wav_header(len(pcm)) + pcm)
    return room.end(segment_id, spoken, text)


def test_shift_f9_plays_the_sound_of_the_word_with_a_little_around_it(room):
    """The left kidney: the word is spoken from 5.0 to 5.4 s."""
    say_aloud(room, SAID, STANDS)
    room.caret("ft kidney")
    room.press(Qt.Key.Key_F9, SHIFT)
    (played,) = room.loud.played
    samples = np.frombuffer(played, "<i2")
    middle = samples[FADE_SAMPLES:-FADE_SAMPLES]
    begins, ends = 10 * 0.5 - BEFORE_SECONDS, 10 * 0.5 + 0.4 + AFTER_SECONDS
    expected = np.frombuffer(sound(8), "<i2")[int(begins * SAMPLE_RATE) : int(ends * SAMPLE_RATE)]
    assert np.array_equal(middle, expected[FADE_SAMPLES:-FADE_SAMPLES])


def test_a_number_is_heard_with_all_its_words(room):
    say_aloud(room, SAID, STANDS)
    room.caret("3.5 cm")
    room.press(Qt.Key.Key_F9, SHIFT)
    seconds = len(room.loud.played[0]) / 2 / SAMPLE_RATE
    assert seconds == pytest.approx(3 * 0.5 + 0.4 + BEFORE_SECONDS + AFTER_SECONDS, abs=0.01)


def test_alt_and_a_click_on_a_word_play_it_and_the_microphone_goes_off(room):
    say_aloud(room, SAID, STANDS)
    editor = room.caret("no fat")
    place = editor.cursorRect().center() + QPoint(4, 0)
    assert room.dictation.is_listening
    QTest.mouseClick(editor.viewport(), Qt.MouseButton.LeftButton, ALT, place)
    assert len(room.loud.played) == 1
    assert not room.dictation.is_listening


def test_where_the_sound_is_gone_it_says_so(room, seat):
    say_aloud(room, SAID, STANDS)
    room.dictation.kept_sound._memory.clear()
    room.caret("left")
    room.press(Qt.Key.Key_F9, SHIFT)
    assert room.loud.played == []
    assert "The sound of these words is not kept" in room.notices[-1]


def test_typed_words_have_no_sound_and_it_says_so(room):
    QTest.keyClicks(room.focus(), "Typed.")
    room.press(Qt.Key.Key_F9, SHIFT)
    assert room.loud.played == []
    assert "did not come by voice" in room.notices[-1]


# ---- alternatives --------------------------------------------------------------------------


def offered(room: SpokenWindow) -> AlternativesList:
    room.press(Qt.Key.Key_Z, ALT)
    found = QApplication.activePopupWidget()
    assert isinstance(found, AlternativesList)
    return found


def words_of(found: AlternativesList) -> list[str]:
    return [found.item(row).text().split("  ")[1] for row in range(found.count())]


def test_alt_z_undoes_a_rewrite_by_a_number_key_and_does_it_again(room, seat):
    room.say(SAID, STANDS)
    room.caret("3.5 cm")
    found = offered(room)
    assert words_of(found) == ["three point five centimeter"]
    QTest.keyClick(found, Qt.Key.Key_1)
    assert room.text() == "There is a three point five centimeter mass in the left kidney with no fat." == seat.text()
    assert room.marked() == ["left", "no"], "what the reader chose was looked at"
    room.caret("point five")
    again = offered(room)
    assert words_of(again)[0] == "3.5 cm"
    QTest.keyClick(again, Qt.Key.Key_1)
    assert room.text() == STANDS == seat.text()


def test_a_choice_is_one_undo_step_and_escape_takes_none(room):
    room.say(SAID, STANDS)
    room.caret("left")
    QTest.keyClick(offered(room), Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None
    assert room.text() == STANDS
    found = offered(room)
    QTest.keyClick(found, Qt.Key(Qt.Key.Key_1.value + words_of(found).index("right")))
    assert "right kidney" in room.text()
    room.press(Qt.Key.Key_Z, CTRL)
    assert room.text() == STANDS
    assert room.marked() == ["3.5 cm", "left", "no"], "back, and back to be looked at"


def test_how_the_other_engine_heard_it_is_offered_and_a_choice_is_told_for_learning(room, seat):
    told = []
    seat.session.spoken.corrected.connect(told.append)
    room.say("an enlarged limb", "An enlarged limb.", hearings=("an enlarged lymph node",))
    room.caret("limb")
    found = offered(room)
    assert words_of(found)[0] == "lymph node"
    QTest.keyClick(found, Qt.Key.Key_1)
    assert room.text() == "An enlarged lymph node."
    assert told == [("limb", "lymph node")]


def test_a_typed_word_has_no_alternatives_and_it_says_so(room):
    QTest.keyClicks(room.focus(), "Typed.")
    room.press(Qt.Key.Key_Z, ALT)
    assert QApplication.activePopupWidget() is None
    assert "did not come by voice" in room.notices[-1]
