"""PET/CT in the real window by keys and mouse: what is laid over is seen, named, scaled, measured, and points (viewer.md 1c)."""

from __future__ import annotations

from dataclasses import replace

import fused_pair as pair
import numpy as np
import pytest
import window_seat
from fused_pair import CENTRE, SUV
from made_series import STUDY
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from ui_mouse import move
from window_seat import FakeLibrary, WindowSeat

from rendering.fusion_facts import Fused
from rendering.pixels.colour_maps import colour_map
from rendering.viewport import Viewport
from ui.colour_bar import colour_bar, fused_lines, number
from ui.corner_line import Tone
from ui.main_window import MainWindow
from workstation.domain.annotation import AnnotationKind
from workstation.domain.geometry import length, sub
from workstation.domain.viewing import Arrangement, Cell, FusionMode, Layout, Plane, VoiFunction, Window

pytestmark = pytest.mark.qt

LEFT, NONE, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


class PairLibrary(FakeLibrary):
    """The CT and the PET, whichever is asked for."""

    pair: dict[str, Viewport]

    def viewport(self, study_uid: str, series_uid: str) -> Viewport | None:
        return self.__dict__.get("pair", {}).get(series_uid)

    viewer = viewport


@pytest.fixture(scope="module")
def desk(tmp_path_factory, qapp):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window_seat, "FakeLibrary", PairLibrary)
        seat = WindowSeat(tmp_path_factory.mktemp("seat"))
    images = {one.series.series_instance_uid: one for one in (pair.ct(), pair.pet())}
    seat.library.pair = {uid: Viewport(one, lambda _, other: images.get(other)) for uid, one in images.items()}
    item = seat.add_case(1, study_instance_uid=STUDY)
    series = tuple(one.series for one in images.values())
    seat.studies[STUDY] = replace(images[pair.CT_UID].study, patient=item.patient, series=series)
    window = MainWindow(seat)
    window.resize(1300, 900)
    window.show()
    seat.session.open(item)
    yield window, seat
    window.close()


@pytest.fixture
def hung(desk):
    """CT axial and coronal; nothing laid over, nothing drawn."""
    window, seat = desk
    viewing = seat.session.viewing
    states = [seat.library.pair[pair.CT_UID].default_state(plane) for plane in (Plane.AXIAL, Plane.CORONAL)]
    cells = tuple(Cell(0, i, replace(state, focus=CENTRE)) for i, state in enumerate(states))
    viewing.fusing.forget()
    viewing.show(Arrangement("test", "test", 0, 1, "", Layout(1, 2), cells, ()))
    for drawn in seat.session.annotating.all():
        seat.session.annotating.remove(drawn.uid)
    window.grid.setFocus()
    return window, seat


def press(window: MainWindow, key: str) -> None:
    combination = QKeySequence(key)[0]
    QTest.keyClick(window.focusWidget() or window, combination.key(), combination.keyboardModifiers())
    QApplication.processEvents()


def shown(window: MainWindow, qtbot, index: int = 0):
    """The picture of the state as it is now."""
    widget = window.grid.widget(index)

    def is_painted() -> bool:
        widget.grab()
        return (
            widget.painted is not None and widget.painted.request.state == widget.cell.state and not widget.painted.request.fast
        )

    qtbot.waitUntil(is_painted)
    return widget.painted.picture


def test_shift_t_lays_the_pet_over_both_planes_and_takes_it_away(hung, qtbot):
    window, _ = hung
    plain = shown(window, qtbot).pixels
    press(window, "Shift+T")
    for index in (0, 1):
        picture = shown(window, qtbot, index)
        assert picture.fused is not None
        assert picture.pixels.ndim == 3
        assert int(np.ptp(picture.pixels.astype(int), axis=2).max()) > 60
    press(window, "Shift+T")
    assert np.array_equal(shown(window, qtbot).pixels, plain)


def test_colours_strength_and_unit_go_by_keys(hung, qtbot):
    window, seat = hung
    said: list[str] = []
    seat.session.notice.connect(lambda notice: said.append(notice.text))
    press(window, "Shift+T")
    first = shown(window, qtbot)
    press(window, "Ctrl+T")
    second = shown(window, qtbot)
    assert second.fused.map_title != first.fused.map_title
    press(window, "Ctrl+Shift+T")
    third = shown(window, qtbot)
    assert third.fused.opacity > second.fused.opacity
    press(window, "Alt+S")
    told = shown(window, qtbot)
    assert told.fused.unit == "SUVlbm (Janma)"
    assert np.array_equal(told.pixels, third.pixels)
    assert any("lean mass" in words for words in said)


def test_the_maximum_is_marked_by_a_ball_that_is_measured_in_both_series_and_one_undo_takes_it(hung, qtbot):
    window, seat = hung
    press(window, "Shift+T")
    shown(window, qtbot)
    press(window, "Ctrl+Shift+M")
    qtbot.waitUntil(lambda: len(seat.session.annotating.all()) == 1)
    (ball,) = seat.session.annotating.all()
    assert ball.kind is AnnotationKind.SPHERE
    assert length(sub(ball.patient_points[0], CENTRE)) <= 1.5 * 3**0.5
    told = {(value.of, value.name): value for value in ball.measured.values}
    assert told["PT", "Max"].value == pytest.approx(SUV, rel=0.05)
    assert told["CT", "Mean"].unit == "HU"
    for index in (0, 1):
        focus = seat.session.viewing.state(index).focus
        assert length(sub(focus, ball.patient_points[0])) < 1e-6
    press(window, "Ctrl+Z")
    qtbot.waitUntil(lambda: not seat.session.annotating.all())


def test_left_with_shift_drags_the_scale_and_the_strength_of_what_is_laid_over(hung, qtbot):
    window, _ = hung
    press(window, "Shift+T")
    before = shown(window, qtbot)
    widget = window.grid.widget(0)
    start = QPoint(200, 300)
    QTest.mousePress(widget, LEFT, SHIFT, start)
    move(widget, start + QPoint(30, -150), LEFT)
    move(widget, start + QPoint(60, -300), LEFT)
    QTest.mouseRelease(widget, LEFT, SHIFT, start + QPoint(60, -300))
    after = shown(window, qtbot)
    assert after.fused.opacity == pytest.approx(before.fused.opacity + 0.2)
    assert after.fused.window.width == pytest.approx(before.fused.window.width / 2)
    assert after.window == before.window  # the CT's own stays


def test_a_click_in_the_mip_takes_the_planes_to_the_brightest_voxel_behind_it(hung, qtbot):
    window, seat = hung
    viewing = seat.session.viewing
    for index in (0, 1):
        viewing.change(index, focus=(0.0, 0.0, 0.0))
    press(window, "Shift+M")
    assert viewing.cells[2].state.plane is Plane.THREE_D
    widget = window.grid.widget(2)
    QApplication.processEvents()
    view = widget.view()
    solid = view.viewport._view(view.state, view.width, view.height)
    x, y = solid.project(CENTRE)
    QTest.mouseClick(widget, LEFT, NONE, QPoint(round(x), round(y)))
    for index in (0, 1):
        assert length(sub(viewing.state(index).focus, CENTRE)) <= 1.5 * 3**0.5


def test_pet_ct_side_by_side_by_one_key(hung, qtbot):
    window, seat = hung
    press(window, "Alt+F")
    states = [cell.state for cell in seat.session.viewing.cells]
    assert [state.series_uid for state in states] == [pair.CT_UID, pair.PET_UID] * 2
    assert shown(window, qtbot, 2).fused is not None
    assert shown(window, qtbot, 0).fused is None


def fused(**changes) -> Fused:
    table = colour_map("hot").table
    made = Fused("1", "2", "PT", 3, "PET AC", "20260105", FusionMode.OVERLAY, "fused, same frame of reference", 0.5, "Hot iron",
                 table, Window(3.5, 7.0, VoiFunction.LINEAR_EXACT), "SUVbw")  # fmt: skip
    return replace(made, **changes)


def test_the_corner_names_the_series_its_date_and_how_the_two_were_brought_together(qapp):
    lines = fused_lines(fused())
    assert [line.text for line in lines] == [
        "PT 3 PET AC 2026-01-05",
        "fused, same frame of reference",
        "0 … 7 SUVbw  Hot iron 50 %",
    ]
    registered = fused_lines(fused(words="fused, registered, residual 1.2 mm", study_date="20250301"))
    assert "2025-03-01" in registered[0].text
    assert registered[1].text == "fused, registered, residual 1.2 mm"


def test_a_difference_stands_as_a_badge_that_says_what_is_taken_from_what(qapp):
    window = Window(0.0, 400.0, VoiFunction.LINEAR_EXACT)
    made = fused(mode=FusionMode.DIFFERENCE, modality="CT", window=window, unit="HU")
    line = fused_lines(made)[1]
    assert line.tone is Tone.DOUBT
    assert line.text == "Difference: this series less CT 3 (fused, same frame of reference)"
    assert fused_lines(made)[2].text == "−200 … 200 HU"


def test_the_bar_has_the_highest_colour_on_top_and_numbers_with_their_unit(qapp):
    bar = colour_bar(fused())
    assert bar is not None
    assert (bar.low, bar.middle, bar.high, bar.unit) == ("0", "3.5", "7", "SUVbw")
    top, bottom = bar.image.pixelColor(0, 0), bar.image.pixelColor(0, 255)
    assert (top.red(), top.green(), top.blue()) == tuple(int(v) for v in colour_map("hot").table[255])
    assert (bottom.red(), bottom.green(), bottom.blue()) == (0, 0, 0)
    assert bar.room(100) == 0.0
    assert bar.room(600) > 30.0
    assert colour_bar(None) is None
    assert [number(v) for v in (0.0, -0.001, 5.3044, 1234.5, -200.0)] == ["0", "−0.001", "5.3", "1234", "−200"]


def test_an_outside_description_stays_plain_text(qapp):
    lines = fused_lines(fused(series_description="<b>PET</b>\n\u202eAC"))
    assert "\n" not in lines[0].text
    assert "\u202e" not in lines[0].text
