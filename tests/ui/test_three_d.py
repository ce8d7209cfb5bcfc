"""3D in the window: Alt+5, turning by hand, the words in the corner, and that it is no evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from ui_mouse import move, wheel

from workstation.commands.table import COMMANDS
from workstation.domain.geometry import cross
from workstation.domain.turning import FROM_THE_FRONT
from workstation.domain.viewing import Layout, Plane, Window
from workstation.errors import Refused
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt


@pytest.fixture
def solid(case, seat):
    """The first viewport alone, in 3D, and painted."""
    viewing = seat.session.viewing
    viewing.set_layout(Layout(1, 1))
    viewport = seat.library.viewport("1.1", "1.1.1")
    viewport.picture_of = lambda picture: replace(picture, identity=None, count=0, window=Window(400, 500, explanation="CT bone"))
    viewing.shown.clear()
    viewing.set_plane(Plane.THREE_D)
    case.grid.widget(0).grab()
    return case.grid.widget(0)


def drag(widget, button, by, keys=Qt.KeyboardModifier.NoModifier) -> None:
    start = widget.rect().center()
    QTest.mousePress(widget, button, keys, start)
    for share in (0.5, 1.0):
        move(widget, start + QPoint(int(by[0] * share), int(by[1] * share)), button)
    QTest.mouseRelease(widget, button, keys, start + QPoint(*by))


def test_the_command_lies_beside_the_other_planes():
    command = next(c for c in COMMANDS if c.id == "plane.3d")
    assert (command.title, command.keys, command.menu) == ("3D view", ("Alt+5",), "Hanging")


def test_a_3d_picture_is_no_evidence_that_images_were_seen(solid, seat):
    assert solid.painted is not None
    assert seat.session.viewing.state().plane is Plane.THREE_D
    assert seat.session.viewing.shown == set()


@pytest.mark.parametrize("tool", [Tool.WINDOW, Tool.CROSSHAIR, Tool.LENGTH, Tool.PROBE])
def test_a_drag_turns_the_volume_with_every_tool_that_points(solid, seat, tool):
    viewing = seat.session.viewing
    viewing.set_tool(tool)
    before = viewing.state()
    drag(solid, Qt.MouseButton.LeftButton, (60, 0))
    state = viewing.state()
    assert cross(*state.oblique)[0] > 0.1, "pushing the front to the right shows the right side"
    assert (state.window, state.focus, seat.session.annotating.all()) == (before.window, before.focus, ())


def test_the_other_buttons_pan_and_zoom_as_in_two_dimensions(solid, seat):
    drag(solid, Qt.MouseButton.MiddleButton, (40, 20))
    drag(solid, Qt.MouseButton.RightButton, (0, -40))
    state = seat.session.viewing.state()
    assert state.pan[0] > 0
    assert state.zoom > 1.1
    assert (state.oblique or FROM_THE_FRONT) == FROM_THE_FRONT


def test_with_shift_a_drag_shifts_the_opacity_and_the_look_stays(solid, seat):
    seat.library.viewport("1.1", "1.1.1").window_of = lambda state: Window(400, 500, explanation="CT bone")
    drag(solid, Qt.MouseButton.LeftButton, (0, 60), Qt.KeyboardModifier.ShiftModifier)
    window = seat.session.viewing.state().window
    assert window.center > 400
    assert window.explanation == "CT bone"
    assert seat.session.viewing.state().oblique is None


def test_the_wheel_asks_the_viewport_for_small_steps(solid, seat):
    asked = []
    viewport = seat.library.viewport("1.1", "1.1.1")
    viewport.scrolled = lambda state, steps: asked.append(steps) or state
    wheel(solid, -120)
    assert asked == [1]


def test_the_corner_says_3d_the_look_and_not_for_measuring(solid, seat):
    from ui.corner_facts import CornerFacts
    from ui.corner_text import corner_lines

    study = seat.session.case.study
    facts = CornerFacts(study, study.series[0], seat.session.viewing.state(), solid.painted.picture)
    kept = [line.text for line in corner_lines(facts).bottom_left if line.priority == 0]
    assert kept == ["Not for measuring", "3D  CT bone"]


def test_a_refusal_is_a_tile_in_words_and_the_program_goes_on(solid, seat):
    viewport = seat.library.viewport("1.1", "1.1.1")
    refusal = Refused("3D is not available", "There is no OpenGL", "Install a driver")
    viewport.picture_of = lambda picture: replace(picture, error=refusal)
    seat.session.viewing.turn(10.0, 0.0)
    solid.grab()
    assert solid.painted.picture.error is refusal
    assert seat.session.viewing.shown == set()


def test_the_window_of_a_volume_is_its_own(solid, seat):
    """Leaving 3D, the images come back as they were hung; the opacity is no grey."""
    viewing = seat.session.viewing
    viewing.set_window(Window(260, 280, explanation="CT angiography"))
    viewing.set_plane(Plane.AXIAL)
    assert viewing.state().window is None


def test_another_press_is_the_next_look(solid, seat):
    seat.session.viewing.set_plane(Plane.THREE_D)
    assert seat.session.viewing.state().window.explanation == "CT angiography"
