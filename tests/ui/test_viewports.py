"""Viewports paint the right frame of the right case, say what was shown, and never a stale one (I9, F63)."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from window_seat import SLICES, WindowSeat, hold_pictures

from rendering.picture import FrameIdentity, Picture
from ui import theme
from ui.viewport_grid import ViewportGrid
from workstation.domain.doubt import Doubt
from workstation.domain.viewing import Layout, Plane, Window
from workstation.errors import Refused
from workstation.session.tool import ShownImage, Tool

pytestmark = pytest.mark.qt


def pixels(widget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def grey_at(widget, x: float = 0.3, y: float = 0.6) -> int:
    found = pixels(widget)
    return int(found[int(found.shape[0] * y), int(found.shape[1] * x)].max())


def test_the_picture_of_the_case_is_painted_pixel_for_pixel(case, seat):
    widget = case.grid.widget(0)
    assert grey_at(widget) == seat.library.greys["1.1"]
    state, width, height, _ = seat.library.viewport("1.1", "1.1.1").asked[-1]
    assert (width, height) == widget.pixel_size()
    assert state.series_uid == "1.1.1"


def test_every_pixel_of_the_array_lands_on_one_device_pixel(case, seat):
    seat.session.viewing.set_layout(Layout(1, 1))
    seat.session.viewing.toggle_overlays()
    widget = case.grid.widget(0)
    width, height = widget.pixel_size()
    noise = np.random.default_rng(3).integers(0, 256, (height, width), np.uint8)
    seat.library.viewport("1.1", "1.1.1").picture_of = lambda picture: replace(picture, pixels=noise)
    seat.session.viewing.scroll(1)
    assert np.array_equal(pixels(widget)[4:-4, 4:-4, 0], noise[4:-4, 4:-4])


def test_colour_pictures_keep_their_channels(case, seat):
    seat.session.viewing.set_layout(Layout(1, 1))
    widget = case.grid.widget(0)
    width, height = widget.pixel_size()
    colour = np.zeros((height, width, 3), np.uint8)
    colour[..., 0], colour[..., 2] = 200, 40
    seat.library.viewport("1.1", "1.1.1").picture_of = lambda picture: replace(picture, pixels=colour)
    seat.session.viewing.scroll(1)
    assert tuple(pixels(widget)[int(height * 0.6), int(width * 0.3)]) == (200, 0, 40)


def test_what_was_painted_is_noted_and_nothing_else(case, seat):
    shown = seat.session.viewing.shown
    assert ShownImage("1.1", "1.1.1.0") in shown
    assert ShownImage("1.1", "1.1.1.5") not in shown
    seat.session.viewing.scroll(5)
    pixels(case.grid.widget(0))
    assert ShownImage("1.1", "1.1.1.5") in shown


@pytest.mark.parametrize("spoil", [{"partial": True}, {"error": Refused("Truncated")}])
def test_a_frame_that_is_not_whole_is_no_evidence(case, seat, spoil):
    seat.session.viewing.set_layout(Layout(1, 1))
    seat.library.viewport("1.1", "1.1.1").picture_of = lambda picture: replace(picture, **spoil)
    seat.session.viewing.scroll(7)
    pixels(case.grid.widget(0))
    assert ShownImage("1.1", "1.1.1.7") not in seat.session.viewing.shown


def test_a_refused_frame_is_words_and_never_pixels(case, seat):
    seat.session.viewing.set_layout(Layout(1, 1))
    viewport = seat.library.viewport("1.1", "1.1.1")
    viewport.picture_of = lambda picture: replace(picture, error=Refused("This image is truncated"))
    seat.session.viewing.scroll(1)
    found = pixels(case.grid.widget(0))
    reds = (found[..., 0] > 200) & (found[..., 1] < 160) & (found[..., 2] < 160)
    assert reds.any()
    assert (found == seat.library.greys["1.1"]).all(axis=-1).mean() < 0.001


def test_a_frame_of_another_series_is_never_painted(case, seat):
    seat.session.viewing.set_layout(Layout(1, 1))
    widget = case.grid.widget(0)
    viewport = seat.library.viewport("1.1", "1.1.1")
    stranger = FrameIdentity("6.6", "6.6.6", "6.6.6.6", 1)
    viewport.picture_of = lambda picture: replace(picture, identity=stranger)
    seat.session.viewing.scroll(1)
    assert grey_at(widget) != seat.library.greys["1.1"]
    assert widget.painted is None
    assert not any(image.study_uid == "6.6" for image in seat.session.viewing.shown)


def test_the_state_is_asked_for_once_however_often_qt_paints(case, seat):
    viewport = seat.library.viewport("1.1", "1.1.1")
    widget = case.grid.widget(0)
    pixels(widget)
    count = len(viewport.asked)
    for _ in range(5):
        pixels(widget)
    assert len(viewport.asked) == count


def test_new_frames_redraw_what_was_partial_only(case, seat):
    viewport = seat.library.viewport("1.1", "1.1.1")
    widget = case.grid.widget(0)
    pixels(widget)
    count = len(viewport.asked)
    seat.library.changed.emit("1.1.1")
    pixels(widget)
    assert len(viewport.asked) == count
    viewport.picture_of = lambda picture: replace(picture, partial=True)
    seat.session.viewing.scroll(1)
    pixels(widget)
    viewport.picture_of = lambda picture: picture
    seat.library.changed.emit("1.1.1")
    assert grey_at(widget) == seat.library.greys["1.1"]
    assert not widget.painted.picture.partial


def test_a_frame_that_is_still_loading_is_words_and_no_pixels(case, seat):
    seat.session.viewing.set_layout(Layout(1, 1))
    viewport = seat.library.viewport("1.1", "1.1.1")
    viewport.picture_of = lambda picture: replace(picture, partial=True)
    seat.session.viewing.scroll(1)
    found = pixels(case.grid.widget(0))
    assert (found == seat.library.greys["1.1"]).all(axis=-1).mean() < 0.001
    middle = found[found.shape[0] // 2 - 12 : found.shape[0] // 2 + 12]
    assert middle[:, 100:-100].max() > 100


def test_a_cut_is_made_in_a_job_and_only_the_newest_wish_waits(qtbot, tmp_path):
    seat = WindowSeat(tmp_path, hold_pictures())
    seat.add_case(1, grey=120)
    seat.hanger.plane = Plane.AXIAL
    grid = _grid(seat, qtbot)
    seat.session.open(seat.items[0])
    widget = grid.widget(0)
    pixels(widget)
    assert widget.painted is None
    own = list(seat.jobs.waiting)
    for step in range(6):
        seat.session.viewing.set_focus((0.0, 0.0, float(step)))
        pixels(widget)
    assert len(seat.jobs.waiting) == len(own)
    while seat.jobs.waiting:
        seat.jobs.release()
    assert grey_at(widget) == 120
    while seat.jobs.waiting:
        seat.jobs.release()
    assert widget.painted.request.state.focus == (0.0, 0.0, 5.0)


def _grid(seat, qtbot) -> ViewportGrid:
    from ui.runner import Runner
    from workstation.commands.command import Context
    from workstation.commands.keymap import build
    from workstation.commands.table import COMMANDS

    grid = ViewportGrid(seat, Runner(Context(seat.session, None, seat.presets), build(COMMANDS)))
    qtbot.addWidget(grid)
    grid.resize(400, 300)
    grid.show()
    return grid


def test_five_hundred_fast_case_switches_never_paint_a_stale_frame(qtbot, tmp_path):
    """Late pictures of earlier cases come in any order, at any time; none of them is ever seen."""
    seat = WindowSeat(tmp_path, hold_pictures())
    for number in range(5):
        seat.add_case(number, grey=60 + 35 * number)
    greys = {f"1.{n}": 60 + 35 * n for n in range(5)}
    seat.session.viewing.overlays = False
    grid = _grid(seat, qtbot)
    chance = random.Random(63)
    painted = late = 0
    for _ in range(500):
        seat.hanger.plane = chance.choice((Plane.STACK, Plane.AXIAL, Plane.CORONAL))
        seat.session.open(chance.choice(seat.items))
        current = seat.session.case.study.study_instance_uid
        if chance.random() < 0.5:
            seat.session.viewing.scroll(chance.randint(1, 5))
        for _ in range(chance.randint(0, 3)):
            if seat.jobs.waiting:
                late += 1
                seat.jobs.release(chance.randrange(len(seat.jobs.waiting)))
            seen = grey_at(grid.widget(0))
            others = {grey for uid, grey in greys.items() if uid != current}
            assert seen not in others
            painted += seen == greys[current]
        assert {image.study_uid for image in seat.session.viewing.shown} <= {current}
    assert painted > 100
    assert late > 150


def test_the_patient_in_a_cell_is_the_one_of_its_own_study(case, seat):
    seat.session.open(seat.items[1])
    widget = case.grid.widget(0)
    pixels(widget)
    assert widget.painted.request.state.study_uid == "1.2"


def test_priors_are_framed_in_their_own_colour(case, seat):
    assert [c.is_prior for c in seat.session.viewing.cells] == [False, False, True]
    frame = pixels(case.grid.widget(2))[0, 100]
    assert tuple(frame) == tuple(int(theme.PRIOR[i : i + 2], 16) for i in (1, 3, 5))


def test_closing_the_case_leaves_nothing_of_it(case, seat):
    seat.session.close_case()
    widget = case.grid.widget(0)
    assert widget.painted is None
    assert grey_at(widget) not in (seat.library.greys["1.1"],)


# ---- the mouse -----------------------------------------------------------------------


def drag(widget, start: QPoint, end: QPoint, button=Qt.MouseButton.LeftButton) -> None:
    QTest.mousePress(widget, button, Qt.KeyboardModifier.NoModifier, start)
    from ui_mouse import move

    for share in (0.5, 1.0):
        move(widget, start + (end - start) * share, button)
    QTest.mouseRelease(widget, button, Qt.KeyboardModifier.NoModifier, end)


def test_the_left_button_windows_and_linked_series_follow(case, seat):
    widget = case.grid.widget(0)
    drag(widget, QPoint(100, 100), QPoint(160, 130))
    window = seat.session.viewing.state(0).window
    assert window == Window(80, 480)
    assert seat.session.viewing.state(1).window is None


def test_the_middle_button_pans_by_what_the_hand_moves(case, seat):
    widget = case.grid.widget(0)
    drag(widget, QPoint(100, 100), QPoint(150, 140), Qt.MouseButton.MiddleButton)
    pan = seat.session.viewing.state(0).pan
    assert pan == pytest.approx((50 / widget.width(), 40 / widget.height()))


def test_the_right_button_zooms_when_dragged_and_opens_the_menu_when_clicked(case, seat, monkeypatch):
    widget = case.grid.widget(0)
    asked = []
    monkeypatch.setattr(case.grid.viewports, "show_menu", lambda index, at: asked.append(index))
    drag(widget, QPoint(100, 100), QPoint(100, 40), Qt.MouseButton.RightButton)
    assert seat.session.viewing.state(0).zoom > 1.5
    assert asked == []
    QTest.mouseClick(widget, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))
    assert asked == [0]


def test_a_click_on_another_viewport_makes_it_active_and_gives_images_the_keys(case, seat):
    case.focus_report()
    QTest.mouseClick(case.grid.widget(1), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(50, 50))
    assert seat.session.viewing.active == 1
    assert case.focusWidget() is case.grid


def test_a_trembling_hand_does_not_change_the_window(case, seat):
    drag(case.grid.widget(0), QPoint(100, 100), QPoint(102, 101))
    assert seat.session.viewing.state(0).window is None


def test_a_double_click_maximises_and_goes_back(case, seat):
    widget = case.grid.widget(1)
    QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(50, 50))
    assert seat.session.viewing.maximised
    assert widget.size() == case.grid.size()
    assert case.grid.widget(0).isHidden()
    QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(50, 50))
    assert not case.grid.widget(0).isHidden()


def test_the_probe_says_the_value_with_its_unit_while_the_mouse_moves(case, seat):
    from ui_mouse import move

    seat.session.viewing.set_tool(Tool.PROBE)
    widget = case.grid.widget(0)
    move(widget, QPoint(80, 90), Qt.MouseButton.NoButton)
    assert widget._pointing.value == (80, 90, "\u221242 HU")


def test_the_crosshair_moves_stacks_in_the_same_space_to_the_same_place(case, seat):
    viewing = seat.session.viewing
    viewing.set_tool(Tool.CROSSHAIR)
    viewing.scroll(6, 0)
    drag(case.grid.widget(0), QPoint(60, 100), QPoint(70, 100))
    assert viewing.state(1).position == viewing.state(0).position == 6


def test_wheel_scrolls_the_viewport_under_it_and_zooms_with_ctrl(case, seat):
    from ui_mouse import wheel

    wheel(case.grid.widget(1), -120)
    assert seat.session.viewing.state(1).position == 1
    wheel(case.grid.widget(1), -60)
    wheel(case.grid.widget(1), -60)
    assert seat.session.viewing.state(1).position == 2
    wheel(case.grid.widget(1), 120, Qt.KeyboardModifier.ControlModifier)
    assert seat.session.viewing.state(1).zoom == pytest.approx(1.15)
    assert seat.session.viewing.state(1).position == 2


def test_a_series_dragged_from_the_strip_hangs_where_it_is_dropped(case, seat):
    from PySide6.QtGui import QDropEvent

    from ui.series_mime import series_mime

    data = series_mime("1.1", "1.1.2")
    event = QDropEvent(QPoint(20, 20), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    case.grid.widget(0).dropEvent(event)
    assert seat.session.viewing.state(0).series_uid == "1.1.2"


@pytest.mark.parametrize("layout", [Layout(r, c) for r in (1, 2, 3, 4) for c in (1, 2, 3, 4)])
def test_viewports_fill_the_grid_in_every_layout(case, seat, layout):
    seat.session.viewing.set_layout(layout, seat.session.case.studies)
    shown = [w for w in case.grid.widgets if not w.isHidden()]
    assert len(shown) == layout.count
    assert max(w.geometry().right() for w in shown) == case.grid.width() - 1
    assert max(w.geometry().bottom() for w in shown) == case.grid.height() - 1
    for one in shown:
        assert not any(one.geometry().intersects(other.geometry()) for other in shown if other is not one)
        pixels(one)


def test_doubts_are_told_in_full_on_demand(case, seat):
    viewport = seat.library.viewport("1.1", "1.1.1")
    viewport.picture_of = lambda picture: replace(picture, doubts=(Doubt("gap", "Gap of 2 slices"),))
    seat.session.viewing.scroll(1)
    found = pixels(case.grid.widget(0))
    assert (np.abs(found.astype(int) - (240, 181, 74)).max(axis=-1) < 40).any()


def test_hidden_viewports_are_not_asked_for_pictures(case, seat):
    viewing = seat.session.viewing
    viewing.toggle_maximised()
    viewport = seat.library.viewport("1.1", "1.1.2")
    pixels(case.grid.widget(0))
    count = len(viewport.asked)
    viewing.scroll(3)
    pixels(case.grid.widget(0))
    assert len(viewport.asked) == count
    assert viewing.state(0).position == 3 < SLICES


def test_a_whole_cut_is_evidence_for_its_study_and_for_no_image_of_it(case, seat):
    viewing = seat.session.viewing
    viewing.set_layout(Layout(1, 1))
    viewing.shown.clear()
    seat.library.viewport("1.1", "1.1.1").picture_of = lambda picture: replace(picture, identity=None, partial=True)
    viewing.set_plane(Plane.CORONAL)
    assert isinstance(pixels(case.grid.widget(0)), np.ndarray)
    assert viewing.shown == set()
    seat.library.viewport("1.1", "1.1.1").picture_of = lambda picture: replace(picture, identity=None)
    viewing.set_plane(Plane.SAGITTAL)
    assert isinstance(pixels(case.grid.widget(0)), np.ndarray)
    assert viewing.shown == {ShownImage("1.1", "")}
    assert isinstance(case.grid.widget(0).painted.picture, Picture)
