"""3D in the window by keys and by hand: looks, box, what is hidden, opacity, turning, pointing; Esc leaves each."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from ui_mouse import move

from rendering.picture import Picture
from ui.picture_source import PictureSource
from ui.solid_layer import box_lines
from workstation.commands.solid import SOLID
from workstation.domain.viewing import WHOLE_BOX, Layout, Plane, ViewportState, Window
from workstation.jobs import Jobs, MainQueue
from workstation.session.solid import SolidMode

pytestmark = pytest.mark.qt

BONE = Window(400, 500, explanation="CT bone")


@pytest.fixture
def solid(case, seat):
    """The first viewport alone, in 3D, and painted."""
    viewing = seat.session.viewing
    viewing.set_layout(Layout(1, 1))
    viewport = seat.library.viewport("1.1", "1.1.1")
    viewport.picture_of = lambda picture: replace(picture, identity=None, count=0, window=BONE)
    viewing.set_plane(Plane.THREE_D)
    case.grid.setFocus()
    case.grid.widget(0).grab()
    return case.grid.widget(0)


@pytest.fixture
def press(case):
    def press(key: str, times: int = 1) -> None:
        combination = QKeySequence(key)[0]
        for _ in range(times):
            QTest.keyClick(case.focusWidget() or case, combination.key(), combination.keyboardModifiers())
            QApplication.processEvents()

    return press


def state(seat):
    return seat.session.viewing.state()


def fake(seat):
    return seat.library.viewport("1.1", "1.1.1").solid


def dragged(widget, start, by, button=Qt.MouseButton.LeftButton, keys=Qt.KeyboardModifier.NoModifier):
    QTest.mousePress(widget, button, keys, start)
    for share in (0.5, 1.0):
        move(widget, start + QPoint(int(by[0] * share), int(by[1] * share)), button)
    QTest.mouseRelease(widget, button, keys, start + QPoint(*by))


def test_every_command_of_3d_has_the_key_it_was_given():
    keys = {c.id: c.keys[0] for c in SOLID}
    assert keys["solid.looks"] == "Alt+P"
    assert keys["solid.crop"] == "Alt+X"
    assert keys["solid.hide"] == "Alt+B"
    assert keys["solid.opacity"] == "Alt+O"
    assert keys["solid.turn"] == "Alt+C"


@pytest.mark.parametrize("key", ["Alt+X", "Alt+Shift+X", "Alt+B", "Alt+O", "Alt+C"])
def test_where_nothing_is_3d_a_key_says_so(case, seat, press, key):
    case.grid.setFocus()
    notices = []
    seat.session.notice.connect(notices.append)
    press(key)
    (notice,) = notices
    assert "3D" in notice.text


def test_the_box_is_shown_moved_by_keys_taken_back_and_left(solid, seat, press):
    press("Alt+X")
    assert seat.session.viewing.solid.mode_of(0) is SolidMode.CROP
    press("Tab")
    assert seat.session.viewing.solid.face == 1
    press("Left", 3)
    assert state(seat).solid.crop[0] == pytest.approx((0.0, 0.94))
    press("Shift+Right")
    assert state(seat).solid.crop == WHOLE_BOX
    press("Shift+Tab")
    press("Right")
    assert state(seat).solid.crop == WHOLE_BOX  # it is at the volume's edge
    press("Left", 2)
    assert state(seat).solid.crop[0] == pytest.approx((0.04, 1.0))
    press("Esc")
    assert seat.session.viewing.solid.mode is SolidMode.TURN
    press("Alt+Shift+X")
    assert state(seat).solid.crop == WHOLE_BOX


def test_a_handle_is_dragged_along_its_axis_and_beside_it_the_volume_turns(solid, seat, press):
    """The fake's cube of 100 mm is drawn at 1 pixel for a millimetre: 20 pixels are a fifth."""
    press("Alt+X")
    middle = solid.rect().center()
    dragged(solid, middle + QPoint(50, 0), (-20, 7))
    assert state(seat).solid.crop[0][1] == pytest.approx(0.8, abs=0.02)
    assert seat.session.viewing.solid.face == 1
    assert state(seat).oblique is None
    dragged(solid, middle + QPoint(25, 25), (40, 0))
    assert state(seat).oblique is not None


def test_planes_show_where_the_box_is(solid, seat, case):
    viewing = seat.session.viewing
    crop = ((0.1, 0.9), (0.2, 1.0), (0.0, 0.5))
    viewing.change(solid=replace(state(seat).solid, crop=crop))
    source = solid.view()
    target = replace(source, state=replace(source.state, plane=Plane.AXIAL))
    # The plane of the fake lies at z -25; one view pixel is a millimetre from the corner (0, 0).
    seat.library.viewport("1.1", "1.1.1").to_view = lambda _s, _w, _h, point: (point[0] + 50, point[1] + 50, point[2] + 25)
    lines = box_lines(target, [source, None])
    xs = sorted({round(end[0]) for line in lines for end in (line.start, line.end)})
    ys = sorted({round(end[1]) for line in lines for end in (line.start, line.end)})
    assert (len(lines), xs, ys) == (4, [10, 90], [20, 100])
    above = replace(target, viewport=target.viewport)
    target.viewport.to_view = lambda _s, _w, _h, point: (point[0], point[1], point[2] - 25)
    assert box_lines(above, [source]) == []
    viewing.change(solid=replace(state(seat).solid, crop=WHOLE_BOX))
    assert box_lines(target, [solid.view()]) == []


def test_opacity_by_keys_by_a_drag_and_by_shift_and_the_right_button(solid, seat, press):
    press("Alt+O")
    press("Up", 4)
    assert state(seat).solid.opacity == pytest.approx(2**0.5)
    middle = solid.rect().center()
    dragged(solid, middle, (0, 80))
    assert state(seat).solid.opacity == pytest.approx(2**-0.5, rel=0.02)
    assert state(seat).oblique is None
    press("Esc")
    dragged(solid, middle, (0, -80), Qt.MouseButton.RightButton, Qt.KeyboardModifier.ShiftModifier)
    assert state(seat).solid.opacity == pytest.approx(2**0.5, rel=0.05)
    assert state(seat).zoom == 1.0


def test_hiding_tells_its_progress_and_the_corner_says_what_was_computed(solid, seat, press):
    press("Alt+B")
    QApplication.processEvents()
    assert state(seat).solid.removed == {"table"}
    from ui.corner_facts import CornerFacts
    from ui.corner_text import corner_lines

    picture = replace(solid.painted.picture, notes=("Bone hidden: computed, check the planes",))
    study = seat.session.case.study
    facts = CornerFacts(study, study.series[0], state(seat), picture)
    corners = corner_lines(facts)
    assert "Bone hidden: computed, check the planes" in [line.text for line in corners.top_left]


def test_the_list_shows_each_look_at_once_and_escape_brings_back_what_was(solid, seat, press, case):
    before = state(seat)
    press("Alt+P")
    (looks,) = [w for w in QApplication.topLevelWidgets() if w.objectName() == "solidLooks" and w.isVisible()]
    assert looks.names()[0] == "CT bone"
    assert "26 MB" in looks.memory.text()
    QTest.keyClick(looks.field, Qt.Key.Key_Down)
    assert state(seat).solid.preset == "CT angiography"
    QTest.keyClicks(looks.field, "mip")
    assert looks.names()[0] == "CT MIP"
    assert state(seat).solid.preset == "CT MIP"
    QTest.keyClick(looks.field, Qt.Key.Key_Escape)
    assert state(seat) == before
    press("Alt+P")
    (looks,) = [w for w in QApplication.topLevelWidgets() if w.objectName() == "solidLooks" and w.isVisible()]
    QTest.keyClicks(looks.field, "angio")
    QTest.keyClick(looks.field, Qt.Key.Key_Return)
    assert not looks.isVisible()
    assert state(seat).solid.preset == "CT angiography"


@pytest.mark.parametrize("leave", ["another case", "another viewport", "another plane"])
def test_the_list_of_looks_goes_with_its_view_and_puts_nothing_back(solid, seat, press, leave):
    viewing = seat.session.viewing
    viewing.set_layout(Layout(1, 2), seat.session.case.studies)
    press("Alt+P")
    (looks,) = [w for w in QApplication.topLevelWidgets() if w.objectName() == "solidLooks" and w.isVisible()]
    if leave == "another case":
        seat.session.open(seat.items[1])
    elif leave == "another viewport":
        viewing.activate(1)
    else:
        viewing.set_plane(Plane.STACK)
    assert not looks.isVisible()
    assert viewing.state(0).study_uid == seat.session.case.study.study_instance_uid
    assert viewing.state(0).plane is (Plane.THREE_D if leave == "another viewport" else Plane.STACK)


def test_a_finer_picture_is_asked_for_once_there_is_one(solid, seat):
    viewport = seat.library.viewport("1.1", "1.1.1")
    viewport.picture_of = lambda picture: replace(picture, identity=None, refining=True, window=BONE)
    viewport.solid.has_settled = False
    seat.session.viewing.turn(10.0, 0.0)
    solid.grab()
    asked = len(viewport.asked)
    assert not solid._finer()
    viewport.solid.has_settled = True
    viewport.picture_of = lambda picture: replace(picture, identity=None, window=BONE)
    assert solid._finer()
    solid.grab()
    assert len(viewport.asked) == asked + 1
    assert not solid.painted.picture.refining


class Slow:
    """A viewport whose full 3D pictures take until they are given up, or let go."""

    def __init__(self) -> None:
        self.given_up: list[int] = []
        self.let_go = threading.Event()

    def picture(self, state, width, height, fast=False, cancelled=lambda: False) -> Picture:
        while not fast and not self.let_go.wait(0.002):
            if cancelled():
                self.given_up.append(state.position)
                return Picture(np.zeros((height, width, 3), np.uint8), partial=True)
        return Picture(np.full((height, width, 3), state.position, np.uint8))


@pytest.fixture
def slow():
    queue = MainQueue()
    jobs = Jobs(queue.post)
    viewport, arrived = Slow(), []
    source = PictureSource(jobs, lambda: arrived.append(1))

    def ask(position: int, moving: bool = False):
        state = ViewportState("1", "2", Plane.THREE_D, position=position)
        return source.current(viewport, 1, state, 8, 8, moving)

    yield viewport, ask, lambda: jobs.wait_idle(queue.pump, 10.0), arrived
    viewport.let_go.set()
    jobs.close()


def test_a_full_3d_picture_makes_room_for_the_one_that_is_wanted(slow):
    viewport, ask, settle, arrived = slow
    ask(1)
    ask(2, moving=True)
    assert settle()
    shown = ask(2, moving=True)
    assert viewport.given_up == [1]
    assert (shown.request.state.position, shown.request.fast, int(shown.picture.pixels.max())) == (2, True, 2)
    assert arrived == [1]  # what was given up is never shown


def test_asking_for_the_same_again_does_not_give_it_up_and_coming_back_to_it_makes_it_anew(slow):
    viewport, ask, settle, _ = slow
    ask(1)
    ask(1)
    assert viewport.given_up == []
    ask(2)
    ask(1)
    while not viewport.given_up:
        time.sleep(0.002)
    viewport.let_go.set()
    assert settle()
    assert int(ask(1).picture.pixels.max()) == 1


def test_a_place_in_3d_is_pointed_at_by_keys_alone(solid, seat, press, case):
    """The crosshair taken twice is moved by arrows; Return takes the planes to what is seen there."""
    asked = []
    seat.library.viewport("1.1", "1.1.1").pick = lambda _s, _w, _h, x, y: asked.append((x, y)) or (1.0, 2.0, 30.0)
    press("X", 2)
    press("Right")
    press("Return")
    assert asked == [seat.session.annotating.drawing.cursor]
    assert case.grid.viewports.point[1] == (1.0, 2.0, 30.0)
    view = solid.view()
    cross = case.grid.viewports.cross(0, view)
    assert cross == view.viewport.solid.project(view.state, view.width, view.height, (1.0, 2.0, 30.0))
