"""From image to text in the window: measured by mouse, put in by key, followed when the measurement changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from report_seat import ReportSeat
from ui_mouse import move

from ui.main_window import MainWindow
from workstation.domain.annotation import AnnotationKind, Measured, MeasuredValue, Source, Verdict
from workstation.domain.dictation import DictatedSegment
from workstation.domain.dose import DoseEvent, DoseReport
from workstation.domain.report import SectionCode
from workstation.ports import ObjectFound
from workstation.session.linked_marks import LinkState
from workstation.session.second_look import SecondLook
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt
F, C = SectionCode.FINDINGS, SectionCode.IMPRESSION
LEFT, NONE, ALT, CTRL = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
)


def opened(home, qtbot, index: int = 0):
    seat = ReportSeat(home)
    seat.add_case(1, prior=True)
    seat.add_case(2)
    window = MainWindow(seat)
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show()
    qtbot.waitExposed(window)
    seat.session.open(seat.items[index])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)
    return seat, window


def closed(seat, window) -> None:
    window.report_panel.flush()
    window.leaving.agree()
    window.close()
    seat.reports.close()


@pytest.fixture
def both(tmp_path, qapp, qtbot):
    seat, window = opened(tmp_path, qtbot)
    yield seat, window
    closed(seat, window)


@pytest.fixture
def seat(both):
    return both[0]


@pytest.fixture
def window(both):
    return both[1]


def drag(widget, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(widget, LEFT, NONE, start)
    for share in (0.5, 1.0):
        move(widget, start + (end - start) * share, LEFT)
    QTest.mouseRelease(widget, LEFT, NONE, end)


FROM, TO = QPoint(60, 200), QPoint(72, 200)


def measure(seat, window, start=FROM, end=TO):
    """A distance by mouse: 12 mm unless said otherwise."""
    widget = window.grid.widget(0)
    seat.session.viewing.set_tool(Tool.LENGTH)
    drag(widget, start, end)
    seat.session.viewing.set_tool(Tool.WINDOW)
    widget.grab()
    return seat.session.annotating.all()[-1]


def press(window, key, modifier=NONE) -> None:
    QTest.keyClick(QApplication.focusWidget() or window.focusWidget() or window, key, modifier)


def editor(window, code=F):
    return window.report_panel.editor(code)


def text(window, code=F) -> str:
    return editor(window, code).toPlainText()


def state(seat, code=F) -> list[tuple[str, str]]:
    linked = seat.session.linked
    return [(linked.writer.text(code)[m.start : m.end], m.state.value) for m in linked.marks(code)]


def test_a_distance_goes_to_the_caret_by_one_key_with_unit_series_and_image(seat, window):
    measure(seat, window)
    window.focus_report()
    QTest.keyClicks(editor(window), "A nodule of ")
    window.focus_images()
    press(window, Qt.Key.Key_H, ALT)
    assert text(window) == "A nodule of 12 mm (series 1, image 1)"
    assert seat.text() == text(window), "on disk like typed text"
    assert state(seat)[-1] == ("12 mm", "same")
    QTest.keyClick(editor(window), Qt.Key.Key_Z, CTRL)
    assert text(window) == "A nodule of ", "one step of undo"


def test_the_number_follows_the_measurement_and_is_marked_until_it_is_seen(seat, window):
    drawn = measure(seat, window)
    press(window, Qt.Key.Key_H, ALT)
    drag(window.grid.widget(0), QPoint(72, 200), QPoint(86, 200))
    assert seat.session.annotating.find(drawn.uid).measured.values[0].value == pytest.approx(26.0)
    assert text(window) == "26 mm (series 1, image 1)"
    assert seat.text() == text(window)
    assert state(seat) == [("26 mm", "changed")]
    shown = [m for m in editor(window).extraSelections() if m.cursor.selectedText() == "26 mm"]
    assert shown, "marked in the editor"
    window.focus_report()
    press(window, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert state(seat) == [("26 mm", "same")]
    QTest.keyClick(editor(window), Qt.Key.Key_Z, CTRL)
    assert text(window) == "12 mm (series 1, image 1)", "one step of undo takes the change back"
    assert state(seat) == [("12 mm", "differs")], "and is not done again behind the reader's back"


def test_words_that_were_edited_are_left_and_told_what_the_image_says(seat, window):
    measure(seat, window)
    press(window, Qt.Key.Key_H, ALT)
    editor(window).select(0, 5)
    QTest.keyClicks(editor(window), "13 mm")
    drag(window.grid.widget(0), QPoint(72, 200), QPoint(86, 200))
    assert text(window) == "13 mm (series 1, image 1)"
    (mark,) = seat.session.linked.to_be_seen()
    assert (mark.state, mark.says) == (LinkState.DIFFERS, "26 mm")
    window.focus_report()
    press(window, Qt.Key.Key_U, ALT)
    assert text(window) == "26 mm (series 1, image 1)"
    assert state(seat) == [("26 mm", "same")]


def test_at_signing_the_colleague_says_what_the_image_says(seat, window):
    seat.session.second_look = SecondLook()
    seat.session.second_look.changed.connect(window.report_panel.remarks.show_remarks)
    measure(seat, window)
    press(window, Qt.Key.Key_H, ALT)
    editor(window).select(0, 5)
    QTest.keyClicks(editor(window), "21 mm")
    press(window, Qt.Key.Key_Return, CTRL)
    (remark,) = [r for r in seat.session.second_look.remarks if r.rule == "measurement"]
    assert remark.words == '"21 mm" stands here; the image says 12 mm'
    assert text(window)[remark.start : remark.end] == "21 mm"
    assert seat.session.desk.is_open_for_writing


def test_a_phrase_that_was_dictated_shows_the_image_of_its_beginning(both, qtbot):
    """Issue 7: the words came when another image was looked at."""
    seat, window = both
    target = seat.session.desk.target()
    seat.session.viewing.change(0, position=5)
    window.report_panel.dictation.desk._kept.opened.emit("s1", target)
    seat.session.viewing.change(0, position=2)
    seat.session.desk.accept(target, DictatedSegment("s1", "Small nodule"))
    assert state(seat) == [("Small nodule", "image")]
    window.focus_report()
    editor(window).select(4, 4)
    press(window, Qt.Key.Key_W, ALT)
    assert seat.session.viewing.state(0).position == 5
    gutter = window.report_panel.links._gutters[F]
    seat.session.viewing.change(0, position=2)
    ((height, _, _),) = gutter.dots()
    QTest.mouseClick(gutter, LEFT, NONE, QPoint(6, round(height) - gutter.y()))
    assert seat.session.viewing.state(0).position == 5, "by a click on the dot as well"


def test_the_point_of_the_mouse_is_remembered_and_shown_for_a_moment(seat, window):
    seat.session.linked.images.pointer = lambda _: (80.0, 120.0)
    window.focus_report()
    QTest.keyClicks(editor(window), "Scar.")
    seat.session.linked.images.pointer = lambda _: None
    seat.session.viewing.change(0, position=3)
    press(window, Qt.Key.Key_W, ALT)
    ring = window.reading.flash.ring
    assert ring is not None
    assert ring.geometry().center() == QPoint(80, 120) - QPoint(1, 1)


def test_a_removed_measurement_marks_its_words_and_undoing_it_clears_them(seat, window):
    drawn = measure(seat, window)
    press(window, Qt.Key.Key_H, ALT)
    seat.session.annotating.remove(drawn.uid)
    assert state(seat) == [("12 mm", "gone")]
    assert text(window) == "12 mm (series 1, image 1)"
    seat.session.annotating.undo()
    assert state(seat) == [("12 mm", "same")]


def test_everything_measured_comes_as_lines_once(seat, window):
    measure(seat, window)
    measure(seat, window, QPoint(60, 250), QPoint(90, 290))
    window.focus_images()
    press(window, Qt.Key.Key_V, ALT)
    assert text(window) == "12 mm (series 1, image 1).\n50 mm (series 1, image 1)."
    said = []
    seat.session.notice.connect(lambda notice: said.append(notice.text))
    press(window, Qt.Key.Key_V, ALT)
    assert "stands in the report already" in said[-1]
    QTest.keyClick(editor(window), Qt.Key.Key_Z, CTRL)
    assert text(window) == ""


def test_an_empty_field_that_takes_a_length_gets_the_bare_number(seat, window):
    """The nodule's module: `[size] mm`."""
    measure(seat, window)
    seat.session.templating.insert("module-nodule")
    assert "[size] mm" in text(window)
    window.focus_images()
    press(window, Qt.Key.Key_H, ALT)
    assert "nodule in the [lobe], 12 mm, smooth" in text(window)
    drag(window.grid.widget(0), QPoint(72, 200), QPoint(86, 200))
    assert "[lobe], 26 mm, smooth" in text(window)
    assert state(seat) == [("26", "changed")]


def test_what_went_into_two_sections_goes_with_one_undo(seat, window):
    measure(seat, window)
    measure(seat, window, QPoint(60, 250), QPoint(90, 290))
    seat.session.templating.insert("module-nodule")
    seat.session.desk.section = C
    window.focus_images()
    press(window, Qt.Key.Key_V, ALT)
    assert "12 mm, smooth" in text(window)
    assert text(window, C) == "50 mm (series 1, image 1)."
    QTest.keyClick(editor(window, C), Qt.Key.Key_Z, CTRL)
    assert (text(window, C), "[size] mm" in text(window)) == ("", True)


def test_two_diameters_fill_both_fields_as_one_step_of_undo(seat, window):
    both_axes = Measured((MeasuredValue("Long axis", 23.4, "mm"), MeasuredValue("Short axis", 12.1, "mm")))
    drawn = measure(seat, window)
    seat.session.annotating.add(replace(drawn, uid="2.25.66", kind=AnnotationKind.BIDIRECTIONAL, measured=both_axes))
    window.focus_report()
    QTest.keyClicks(editor(window), ".size2")
    QTest.keyClick(editor(window), Qt.Key.Key_Tab)
    assert text(window).startswith("[long diameter] mm × [short diameter] mm")
    press(window, Qt.Key.Key_H, ALT)
    assert text(window).startswith("23 mm × 12 mm")
    assert state(seat)[-2:] == [("23", "same"), ("12", "same")]
    QTest.keyClick(editor(window), Qt.Key.Key_Z, CTRL)
    assert text(window).startswith("[long diameter] mm × [short diameter] mm")


def test_a_dose_report_that_comes_late_is_put_into_its_field_as_one_step_of_undo(seat, window):
    seat.session.desk.write(F, "Radiation dose: [radiation dose]. Lungs clear.")
    event = DoseEvent("1", "THORAX", 8.2, 310.0, "body")
    seat.library.objects["1.1"] = (ObjectFound("Dose report", dose=DoseReport("1.1", (event,), 310.0), uid="2.25.5"),)
    seat.session.findings.open_case(seat.session.case.studies)
    assert "[radiation dose]" in text(window)
    window.runner.run("report.dose")
    assert text(window) == "Radiation dose: CTDIvol 8.2 mGy, DLP 310 mGy·cm. Lungs clear."
    editor(window).undo()
    assert text(window) == "Radiation dose: [radiation dose]. Lungs clear."


def test_the_dose_of_this_study_stands_in_a_phrase_and_that_of_the_prior_does_not(seat, window):
    event = DoseEvent("2.25.1", ctdi_vol_mgy=8.2)
    seat.library.objects["1.1"] = (ObjectFound("Dose report", dose=DoseReport("1.1", (event,), 310.0), uid="2.25.5"),)
    seat.library.objects["2.1"] = (ObjectFound("Dose report", dose=DoseReport("2.1", (), 900.0), uid="2.25.6"),)
    seat.session.findings.open_case(seat.session.case.studies)
    window.focus_report()
    QTest.keyClicks(editor(window), ".dose")
    QTest.keyClick(editor(window), Qt.Key.Key_Tab)
    assert text(window) == "Radiation dose: CTDIvol 8.2 mGy, DLP 310 mGy·cm."


def test_what_cannot_be_said_honestly_is_refused_with_the_reason(seat, window):
    said = []
    seat.session.notice.connect(lambda notice: said.append(notice.text))
    window.focus_images()
    press(window, Qt.Key.Key_H, ALT)
    assert "Measure something first" in said[-1]
    seat.library.viewport("1.1", "1.1.1").forbids = "Gap of 2 slices"
    measure(seat, window)
    press(window, Qt.Key.Key_H, ALT)
    assert "Gap of 2 slices" in said[-1]
    assert text(window) == ""


def test_a_typed_sentence_remembers_the_image_that_was_looked_at_and_shows_it_after_a_restart(tmp_path, qapp, qtbot):
    """Issue 7: image links survive a restart."""
    seat, window = opened(tmp_path, qtbot)
    seat.session.viewing.change(0, position=4)
    window.focus_report()
    QTest.keyClicks(editor(window), "Small nodule.")
    seat.session.viewing.change(0, position=7)
    QTest.keyClicks(editor(window), " Old scar here.")
    closed(seat, window)
    seat, window = opened(tmp_path, qtbot)
    assert text(window) == "Small nodule. Old scar here."
    assert state(seat) == [("Small nodule.", "image"), ("Old scar here.", "image")]
    window.focus_report()
    for place, position in ((3, 4), (20, 7)):
        editor(window).select(place, place)
        press(window, Qt.Key.Key_W, ALT)
        assert seat.session.viewing.state(0).position == position
    dots = window.report_panel.links._gutters[F].dots()
    assert len(dots) == 1, "one dot for the line"
    closed(seat, window)


def test_a_link_survives_a_restart_and_the_signature_after_which_the_text_is_not_touched(tmp_path, qapp, qtbot):
    seat, window = opened(tmp_path, qtbot)
    drawn = measure(seat, window)
    press(window, Qt.Key.Key_H, ALT)
    closed(seat, window)
    seat, window = opened(tmp_path, qtbot)
    assert state(seat) == [("12 mm", "same")]
    seat.session.viewing.change(0, position=3)
    editor(window).select(1, 1)
    window.focus_report()
    press(window, Qt.Key.Key_W, ALT)
    assert seat.session.viewing.state(0).position == 0
    assert seat.session.annotating.selected == drawn.uid
    press(window, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: not seat.session.desk.is_saving)
    if seat.session.desk.is_open_for_writing:  # remarked on once: as it is
        press(window, Qt.Key.Key_Return, CTRL)
    assert not seat.session.desk.is_open_for_writing
    drag(window.grid.widget(0), QPoint(72, 200), QPoint(86, 200))
    assert text(window) == "12 mm (series 1, image 1)"
    (mark,) = seat.session.linked.to_be_seen()
    assert mark.says == "26 mm"
    closed(seat, window)


def test_an_image_that_is_gone_says_so(seat, window):
    window.focus_report()
    QTest.keyClicks(editor(window), "Seen here.")
    (mark,) = seat.session.linked.marks(F)
    said = []
    seat.session.notice.connect(lambda notice: said.append(notice.text))
    seat.session.annotating._drawn.studies = ()
    window.report_panel.links.show(mark)
    assert "not here any more" in said[-1]


def test_a_finding_of_a_program_is_told_with_who_accepted_it(seat, window):
    drawn = measure(seat, window)
    found = replace(drawn, uid="2.25.77", source=Source("program", "NoduleNet", "2.1"), verdict=Verdict.OPEN)
    seat.session.annotating.add_received([found])
    said = []
    seat.session.notice.connect(lambda notice: said.append(notice.text))
    window.focus_images()
    seat.session.annotating.show("2.25.77")
    press(window, Qt.Key.Key_H, ALT)
    assert "Nobody has accepted this finding" in said[-1]
    press(window, Qt.Key.Key_A, CTRL)
    press(window, Qt.Key.Key_H, ALT)
    assert text(window) == "12 mm (series 1, image 1; AI: NoduleNet 2.1, accepted by Dr Test)"
