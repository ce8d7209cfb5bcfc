"""Templates in the report panel: put in by key, fields stepped through, phrases expanded, nothing of the reader's lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from report_hands import report_window
from report_seat import ReportSeat

from ui.report.panel import SECTIONS, ReportPanel
from ui.report.pick_list import PickList
from ui.template_picker import TemplatePicker
from workstation.domain.dictation import DictatedSegment
from workstation.domain.report import ReportAction, SectionCode
from workstation.session.second_look import SecondLook

pytestmark = pytest.mark.qt
F, C, P = SectionCode.FINDINGS, SectionCode.IMPRESSION, SectionCode.PROCEDURE


@pytest.fixture
def seat(tmp_path, qapp):
    return ReportSeat(tmp_path)


@pytest.fixture
def window(seat, qtbot):
    seat.add_case(1, prior=True, reason="Cough")
    seat.add_case(2)
    with report_window(seat, qtbot, (1600, 1000)) as made:
        yield made


@pytest.fixture
def panel(window, seat, qtbot) -> ReportPanel:
    open_case(window, seat, qtbot, 0)
    window.focus_report()
    return window.report_panel


def open_case(window, seat, qtbot, index: int) -> None:
    seat.session.open(seat.items[index])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)


def press(window, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget() or window.focusWidget(), key, modifier)


def picker_of(window) -> TemplatePicker:
    return next(w for w in window.findChildren(TemplatePicker) if w.isVisible())


def put(window, name: str) -> None:
    """As a reader does: Alt+I, a few letters, Return."""
    press(window, Qt.Key.Key_I, Qt.KeyboardModifier.AltModifier)
    picker = picker_of(window)
    picker.field.setText(name)
    QTest.keyClick(picker.field, Qt.Key.Key_Return)


def text(panel, code=F) -> str:
    return panel.editor(code).toPlainText()


def selected(panel) -> str:
    return panel.editor(panel._desk.section).textCursor().selectedText()


def marks(panel, code) -> list[tuple[str, str]]:
    return [(m.cursor.selectedText(), m.format.foreground().color().name()) for m in panel.editor(code).extraSelections()]


def test_a_template_comes_by_a_key_and_a_few_letters_into_its_sections_and_onto_the_disk(panel, window, seat):
    put(window, "ct pulm")
    assert "No filling defect in the pulmonary arteries." in text(panel)
    assert text(panel, C) == "[impression]"
    assert text(panel, P).startswith("CT pulmonary angiography. Contrast: [contrast agent and dose].")
    for code in (F, C, P):
        assert seat.text(code) == text(panel, code), "on disk like typed text"


def test_the_first_field_is_selected_and_typing_takes_its_place(panel, window, seat):
    put(window, "ct pulm")
    assert selected(panel) == "[contrast agent and dose]"
    QTest.keyClicks(panel.editor(P), "Iohexol 70 ml")
    assert text(panel, P).startswith("CT pulmonary angiography. Contrast: Iohexol 70 ml.")


def test_fields_and_untouched_defaults_look_like_it(panel, window):
    """F72"""
    put(window, "ct pulm")
    shown = dict(marks(panel, C) + marks(panel, F))
    assert shown["[impression]"] == "#62b4d6"
    assert shown["No filling defect in the pulmonary arteries."] == "#a3a3a3"


def test_tab_and_shift_tab_step_through_the_fields_and_sections(panel, window):
    put(window, "ct pulm")
    seen = [selected(panel)]
    while panel._desk.section is not C and len(seen) < 30:
        press(window, Qt.Key.Key_Tab)
        seen.append(selected(panel))
    assert seen[0] == "[contrast agent and dose]"
    assert "good" in seen
    assert seen[-1] == "[impression]"
    assert panel._desk.section is C
    press(window, Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert panel._desk.section is F


def test_a_default_that_was_passed_by_tab_stands_and_one_that_is_written_over_is_the_readers(panel, window, seat):
    """F72"""
    put(window, "chest radio")
    templating = seat.session.templating
    count = len(templating.passages(F).defaults)
    while panel._desk.section is not F:
        press(window, Qt.Key.Key_Tab)
    assert selected(panel) == "No lines or tubes."
    press(window, Qt.Key.Key_Tab)
    assert len(templating.passages(F).defaults) == count - 1
    QTest.keyClicks(panel.editor(F), "Consolidation in the left lower lobe.")
    assert next(p.field.name for p in templating.passages(F).defaults) == "pleura"
    assert len(templating.passages(F).defaults) == count - 2
    QTest.keyClick(panel.editor(F), Qt.Key.Key_Y, Qt.KeyboardModifier.AltModifier)
    assert not templating.passages(F).defaults


def test_a_list_opens_by_a_key_and_is_chosen_from_by_first_letters(panel, window):
    put(window, "mr knee")
    panel._write_in(P)
    panel.editor(P).select(10, 14)
    assert selected(panel) == "[sid"
    QTest.keyClick(panel.editor(P), Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    picked = next(w for w in panel.editor(P).findChildren(PickList) if w.isVisible())
    QTest.keyClicks(picked, "l")
    QTest.keyClick(picked, Qt.Key.Key_Return)
    assert text(panel, P).startswith("MR of the left knee,")


def test_one_undo_takes_the_template_out_of_every_section_and_leaves_what_was_typed(panel, window, seat):
    QTest.keyClicks(panel.editor(F), "Seen at night.")
    put(window, "ct pulm")
    assert text(panel).startswith("Seen at night.\nNo filling defect")
    QTest.keyClick(panel.editor(F), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (text(panel), text(panel, C), text(panel, P)) == ("Seen at night.", "", "")
    assert seat.text(F) == "Seen at night."


def test_what_stands_there_is_never_written_over_nor_put_in_twice(panel, window, seat):
    said = []
    QTest.keyClicks(panel.editor(C), "Pneumonia.")
    put(window, "ct pulm")
    before = text(panel)
    seat.session.notice.connect(lambda notice: said.append(notice.text))
    put(window, "ct pulm")
    assert text(panel) == before
    assert text(panel, C) == "Pneumonia.\n[impression]"
    assert said == ["All of it stands in the report already"]


@pytest.mark.parametrize(("key", "after"), [(Qt.Key.Key_Space, " "), (Qt.Key.Key_Tab, "")])
def test_a_short_name_becomes_its_phrase_by_space_or_tab(panel, seat, key, after):
    editor = panel.editor(F)
    QTest.keyClicks(editor, "Colon: .divert")
    QTest.keyClick(editor, key)
    assert text(panel) == "Colon: Sigmoid diverticulosis without signs of inflammation." + after
    QTest.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert text(panel) == "Colon: .divert"


def test_a_phrase_with_fields_selects_the_first_and_keeps_what_stands_behind(panel, window):
    editor = panel.editor(F)
    editor.insertPlainText("𝛼 . The end.")
    editor.select(2, 2)
    QTest.keyClicks(editor, ".bosniak1")
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert text(panel) == "𝛼 Simple cyst of the [side] kidney, [size] mm.. The end."
    assert selected(panel) == "[side]"
    QTest.keyClicks(editor, "left")
    press(window, Qt.Key.Key_Tab)
    QTest.keyClicks(editor, "14")
    assert text(panel).startswith("𝛼 Simple cyst of the left kidney, 14 mm.")


def test_ordinary_words_are_left_alone(panel):
    QTest.keyClicks(panel.editor(F), "normal divert call. The .x is 3.5 and so on ")
    assert text(panel) == "normal divert call. The .x is 3.5 and so on "


def test_a_phrase_that_does_not_fit_the_patient_is_not_put_in(panel, seat):
    study = seat.session.case.study
    seat.session.case = replace(seat.session.case, study=replace(study, patient=replace(study.patient, sex="F")))
    QTest.keyClicks(panel.editor(F), ".prostate ")
    assert text(panel) == ".prostate "


def test_a_number_beyond_belief_is_said_when_it_is_left(panel, window, seat):
    said = []
    seat.session.notice.connect(lambda notice: said.append(notice.text))
    QTest.keyClicks(panel.editor(F), ".bosniak1")
    press(window, Qt.Key.Key_Tab)
    press(window, Qt.Key.Key_Tab)
    QTest.keyClicks(panel.editor(F), "1400")
    assert marks(panel, F)[-1][0] == "1400"
    press(window, Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert said == ["size: 1400 lies outside 2 to 300 mm"]


def test_dictated_words_behind_a_template_move_no_mark(panel, window, seat):
    put(window, "ct pulm")
    desk = seat.session.desk
    desk.section = F
    desk.accept(desk.target(), DictatedSegment("s1", "Small hiatus hernia."))
    assert text(panel).endswith("Small hiatus hernia.")
    assert ("No filling defect in the pulmonary arteries.", "#a3a3a3") in marks(panel, F)


def test_two_reports_never_mix(panel, window, seat, qtbot):
    put(window, "ct pulm")
    first = text(panel)
    open_case(window, seat, qtbot, 1)
    assert all(text(panel, code) == "" for code in SECTIONS)
    assert all(not marks(panel, code) for code in SECTIONS)
    QTest.keyClick(panel.editor(F), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert text(panel) == ""
    open_case(window, seat, qtbot, 0)
    assert text(panel) == first
    assert ("No filling defect in the pulmonary arteries.", "#a3a3a3") in marks(panel, F)


def test_a_report_with_an_empty_field_is_not_signed_and_defaults_are_asked_about(panel, window, seat):
    """F72: what is signed holds no bracket of a field."""
    seat.session.second_look = SecondLook()
    put(window, "ct pulm")
    seat.session.sign(ReportAction.SIGN_FINAL)
    rules = {(r.rule, r.severity.value) for r in seat.session.second_look.remarks}
    assert ("unfilled", "block") in rules
    assert ("default", "warn") in rules
    assert seat.session.desk.report.version == 0
    first = next(r for r in seat.session.second_look.remarks if (r.rule, r.section) == ("default", F))
    assert text(panel)[first.start : first.end] == "No filling defect in the pulmonary arteries."
    assert "and 8 more" in first.words


def test_the_picker_says_why_and_shows_what_it_writes(panel, window, seat):
    QTest.keyClick(panel.editor(F), Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    picker = picker_of(window)
    QTest.keyClicks(picker.field, ".cvc")
    assert picker.names()[0] == "macro-cvc"
    assert "with its tip in the superior vena cava" in picker.preview.toPlainText()
    QTest.keyClick(picker.field, Qt.Key.Key_Escape)
    assert text(panel) == ""


def test_templates_speak_the_language_of_the_report(panel, window, seat):
    seat.session.desk.report = replace(seat.session.desk.report, language="sv")
    put(window, "lungartärer")
    assert "Inga fyllnadsdefekter i lungartärerna." in text(panel)
    assert text(panel, C) == "[bedömning]"
