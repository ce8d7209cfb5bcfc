"""The crosshair in hand, on a real volume: what a drag where does, in views that are mirrored and turned too."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from made_series import SERIES, STUDY, Acquisition, SeriesMaker
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from ui_mouse import move

from rendering.viewport import Viewport
from ui.crosshair import CrosshairHand, CrossLine, Grip, cross_in, drawn, preview
from ui.crosshair_events import CrosshairEvents
from ui.plane_export_dialog import PlaneExportDialog
from ui.reference_lines import PLANE_COLOURS, View
from ui.slab_entry import SlabEntry
from workstation.domain.archive import Archive, ArchiveKind
from workstation.domain.crosshair import directions_of
from workstation.domain.geometry import cross
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState
from workstation.session.tool import Tool
from workstation.session.viewing import Viewing

pytestmark = pytest.mark.qt

KEY = (STUDY, SERIES)
SIZE = 400


@pytest.fixture(scope="module")
def viewport() -> Viewport:
    grid = Acquisition(shape=(30, 40, 44), row_spacing=1.0, column_spacing=1.0, gap=1.5)
    made: Viewport = grid.fill(SeriesMaker(), lambda points: points @ np.array([2.0, 3.0, 5.0])).viewport()
    return made


@pytest.fixture
def viewing(viewport: Viewport) -> Viewing:
    made = Viewing(lambda study, series: viewport if (study, series) == KEY else None)
    made.planes.size_of = lambda _: (SIZE, SIZE)
    made.show(Arrangement("p", "P", 0, 1, "", Layout(1, 1), (Cell(0, 0, ViewportState(STUDY, SERIES)),), ()))
    made.planes.show_oblique()
    made.planes.reset()
    return made


@pytest.fixture
def hand(viewing: Viewing, viewport: Viewport) -> CrosshairHand:
    return CrosshairHand(viewing, 0, lambda: view(viewing, viewport, 0))


def view(viewing: Viewing, viewport: Viewport, index: int) -> View:
    state = viewing.state(index)
    assert state is not None
    return View(viewport, state, SIZE, SIZE)


def line(hand: CrosshairHand, which: int) -> CrossLine:
    found = hand.found()
    assert found is not None
    return next(one for one in found.lines if one.which == which)


def normal(viewing: Viewing, index: int) -> Any:
    state = viewing.state(index)
    assert state is not None
    return np.array(cross(*(directions_of(state) or ((1, 0, 0), (0, 1, 0)))))


def drag(hand: CrosshairHand, start: tuple[float, float], end: tuple[float, float], steps: int = 8) -> None:
    assert hand.press(start)
    for step in range(1, steps + 1):
        share = step / steps
        hand.move((start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
    assert hand.release()


def around(centre: tuple[float, float], at: tuple[float, float], degrees: float) -> tuple[float, float]:
    """Clockwise on the screen."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = at[0] - centre[0], at[1] - centre[1]
    return centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos


def test_lines_cross_where_the_crosshair_is_in_the_colours_of_their_planes(viewing, viewport, hand):
    found = hand.found()
    assert [one.which for one in found.lines] == [1, 2]
    focus = viewport.to_view(viewing.state(0), SIZE, SIZE, viewing.planes.crosshair(KEY).focus)
    assert found.centre == pytest.approx(focus[:2])
    lines = drawn(found, view(viewing, viewport, 0))
    assert {one.colour for one in lines} == {PLANE_COLOURS[p] for p in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)}
    # The place pointed at stays free.
    for one in lines[1:]:
        assert min(math.dist(end, found.centre) for end in (one.start, one.end)) >= 17.9
        for end in (one.start, one.end):
            assert -1e-6 <= end[0] <= SIZE + 1e-6
            assert -1e-6 <= end[1] <= SIZE + 1e-6
    assert sum(len(one.knobs) for one in lines) == 4


MIRRORED = [{}, {"flipped_horizontally": True}, {"rotation": 90}, {"rotation": 90, "flipped_vertically": True}]


@pytest.mark.parametrize("changes", MIRRORED)
def test_the_outer_part_of_a_line_turns_it_with_the_hand(viewing, hand, changes):
    """The line is under the hand afterwards, also where the view is mirrored or turned."""
    viewing.change(0, **changes)
    before = line(hand, 1)
    start = before.point(before.knob + 20.0)
    end = around(before.centre, start, 25.0)
    drag(hand, start, end)
    after = line(hand, 1)
    assert abs(after.places(end)[1]) < 1.0
    turned = math.degrees(math.acos(abs(before.along[0] * after.along[0] + before.along[1] * after.along[1])))
    assert turned == pytest.approx(25.0, abs=0.1)
    assert after.centre == pytest.approx(before.centre, abs=1e-6)
    assert abs(float(normal(viewing, 1) @ normal(viewing, 2))) < 1e-9
    # The other line turned along: the planes stay at right angles.
    assert abs(float(np.dot(line(hand, 2).along, after.along))) < 1e-6


def test_the_inner_part_shifts_its_plane_and_no_other(viewing, viewport, hand):
    before = line(hand, 1)
    focus = viewing.planes.crosshair(KEY).focus
    start = before.point(before.knob / 2)
    end = (start[0] + 37.0, start[1] - 24.0)
    drag(hand, start, end)
    after, moved = line(hand, 1), viewing.planes.crosshair(KEY).focus
    assert abs(after.places(end)[1]) < 1e-6
    # Only along its own normal: the coronal plane moved from back to front.
    assert (moved[0], moved[2]) == pytest.approx((focus[0], focus[2]))
    assert abs(moved[1] - focus[1]) == pytest.approx(24.0 / before.mm)


def test_the_centre_moves_the_crosshair(viewing, viewport, hand):
    start = hand.found().centre
    drag(hand, (start[0] + 3.0, start[1]), (start[0] + 43.0, start[1] - 30.0))
    assert hand.found().centre == pytest.approx((start[0] + 40.0, start[1] - 30.0))
    wanted = viewport.to_patient(viewing.state(0), SIZE, SIZE, start[0] + 40.0, start[1] - 30.0)
    for index in range(3):
        assert viewing.state(index).focus == pytest.approx(wanted)


def test_the_edges_of_a_slab_are_dashed_and_dragged(viewing, viewport, hand):
    viewing.planes.set_slab(10.0, 1)
    before = line(hand, 1)
    assert before.edge == pytest.approx(5.0 * before.mm)
    dashed = [one for one in drawn(hand.found(), view(viewing, viewport, 0)) if one.dashed]
    assert len(dashed) == 2
    start = before.point(before.knob / 2, before.edge)
    assert hand.grip_at(start) == (Grip.SLAB, 1)
    drag(hand, start, before.point(before.knob / 2, 8.0 * before.mm))
    assert viewing.state(1).slab_mm == pytest.approx(16.0)
    drag(hand, line(hand, 1).point(before.knob / 2, line(hand, 1).edge), line(hand, 1).point(before.knob / 2, 2.0))
    assert viewing.state(1).slab_mm == 0.0, "thinner than two slices is thin"


def test_the_wheel_on_a_line_scrolls_that_lines_plane(viewing, viewport, hand):
    before = viewport.slice_index(viewing.state(2))
    own = viewing.state(0)
    assert hand.wheel(line(hand, 2).point(60.0), 3)
    assert viewport.slice_index(viewing.state(2)) == before + 3
    assert viewing.state(0) == own
    assert not hand.wheel((5.0, 5.0), 1)


def test_nothing_is_taken_hold_of_beside_the_lines_nor_without_other_planes(viewing, hand):
    assert hand.grip_at((20.0, 30.0)) is None
    assert not hand.press((20.0, 30.0))
    viewing.set_layout(Layout(1, 1))
    assert hand.found() is None


def test_an_export_that_is_asked_for_is_seen_as_lines(viewing, viewport, qtbot):
    dialog = PlaneExportDialog(viewing, viewing.state(0), 1.5, ())
    qtbot.addWidget(dialog)
    dialog.number.setValue(5)
    dialog.step.setValue(4.0)
    lines = preview(viewing, view(viewing, viewport, 1))
    places = sorted({round(one.start[1], 3) for one in lines})
    mm = 1.0 / viewport.picture(viewing.state(1), SIZE, SIZE).mm_per_pixel
    assert [b - a for a, b in pairwise(places)] == pytest.approx([4.0 * mm] * 4, abs=1e-2)
    assert preview(viewing, view(viewing, viewport, 0)) == (), "its own view is parallel to all of them"
    assert "16 mm" in dialog.range.text()
    dialog.reject()
    assert viewing.planes.preview is None


def test_the_dialog_says_what_is_to_be_made_and_where_to(viewing, qtbot):
    archive = Archive("pacs", ArchiveKind.DIMSE, title="PACS", can_store=True)
    dialog = PlaneExportDialog(viewing, replace(viewing.state(0), slab_mm=9.0, slab_mode="MIN"), 1.5, (archive,))
    qtbot.addWidget(dialog)
    dialog.show()
    chosen: list[Any] = []
    dialog.chosen.connect(lambda batch, target: chosen.append((batch, target)))
    QTest.keyClicks(dialog.number, "7")
    dialog.shift.setValue(3.0)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    ((batch, target),) = chosen
    assert (batch.number, batch.step_mm, batch.state.slab_mm, batch.state.slab_mode) == (7, 9.0, 9.0, "MIN")
    assert batch.offsets[3] == pytest.approx(3.0)
    assert target == "pacs"


def test_a_thickness_is_typed_with_comma_or_unit_and_refused_in_words(viewing, qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(SIZE, SIZE)
    parent.show()
    back: list[int] = []
    entry = SlabEntry(viewing, 0, parent, lambda: back.append(1))
    QTest.keyClicks(entry, "1,6 mm")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    assert "would hold one" in entry.toolTip()
    assert viewing.state(0).slab_mm == 0.0
    QTest.keyClicks(entry, "12,5 mm")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    assert viewing.state(0).slab_mm == 12.5
    assert back == [1]
    other = SlabEntry(viewing, 0, parent, lambda: back.append(2))
    assert other.text() == "12.5"
    QTest.keyClicks(other, "40")
    QTest.keyClick(other, Qt.Key.Key_Escape)
    assert viewing.state(0).slab_mm == 12.5
    assert back == [1, 2]


class Shown(QWidget):
    """What the events ask of a viewport."""

    def __init__(self, viewing: Viewing, viewport: Viewport) -> None:
        super().__init__()
        self.index = 0
        self._make = lambda: view(viewing, viewport, 0)
        self.shaped: list[Tool] = []
        self.layer = self
        self.on_drawing: object = None
        self.resize(SIZE, SIZE)
        self.setMouseTracking(True)

    def view(self) -> View:
        return self._make()

    def hit(self, _at: tuple[float, float]) -> object:
        return self.on_drawing

    def show_cursor(self, tool: Tool) -> None:
        self.shaped.append(tool)
        self.unsetCursor()


@pytest.fixture
def shown(viewing: Viewing, viewport: Viewport, qtbot: Any) -> Shown:
    widget = Shown(viewing, viewport)
    qtbot.addWidget(widget)
    widget.show()
    return widget


def test_mouse_and_wheel_reach_the_lines_before_the_tool(viewing, shown):
    taken: list[int] = []
    events = CrosshairEvents(shown, viewing, lambda: taken.append(1))
    held = line(events.hand, 1)
    start, end = held.point(60.0), held.point(60.0, 30.0)
    left = Qt.MouseButton.LeftButton
    move(shown, QPoint(*map(round, start)), Qt.MouseButton.NoButton)
    assert shown.cursor().shape() is Qt.CursorShape.OpenHandCursor
    QTest.mousePress(shown, left, pos=QPoint(*map(round, start)))
    move(shown, QPoint(*map(round, end)), left)
    QTest.mouseRelease(shown, left, pos=QPoint(*map(round, end)))
    assert math.dist(line(events.hand, 1).centre, held.centre) == pytest.approx(30.0, abs=1.5)
    assert taken == [1]
    move(shown, QPoint(3, 3), Qt.MouseButton.NoButton)
    assert shown.shaped == [viewing.tool]


def test_a_drawing_on_a_line_goes_first(viewing, shown):
    events = CrosshairEvents(shown, viewing, lambda: None)
    shown.on_drawing = "a handle"
    QTest.mousePress(shown, Qt.MouseButton.LeftButton, pos=QPoint(*map(round, line(events.hand, 1).point(60.0))))
    assert not events.hand.holds


def test_while_a_tool_draws_or_lines_are_hidden_the_crosshair_is_out_of_the_way(viewing, shown):
    events = CrosshairEvents(shown, viewing, lambda: None)
    at = QPoint(*map(round, line(events.hand, 1).point(60.0)))
    for hide in (lambda: viewing.set_tool(Tool.LENGTH), viewing.toggle_overlays, viewing.linking.toggle_references):
        hide()
        QTest.mousePress(shown, Qt.MouseButton.LeftButton, pos=at)
        assert not events.hand.holds
        viewing.set_tool(Tool.WINDOW)
        viewing.overlays = viewing.linking.references = True


def turn_wheel(widget: QWidget, at: tuple[float, float], delta: int, modifiers: Qt.KeyboardModifier) -> None:
    place = QPointF(*at)
    # Alt turns a wheel sideways, as Qt does it.
    angle = QPoint(delta, 0) if modifiers & Qt.KeyboardModifier.AltModifier else QPoint(0, delta)
    phase = Qt.ScrollPhase.NoScrollPhase
    sent = QWheelEvent(place, widget.mapToGlobal(place), QPoint(), angle, Qt.MouseButton.NoButton, modifiers, phase, False)
    QApplication.sendEvent(widget, sent)


def test_alt_and_wheel_make_the_slab_thicker_anywhere_in_a_plane(viewing, shown):
    CrosshairEvents(shown, viewing, lambda: None)
    for delta, expected in ((120, 4.0), (120, 5.0), (240, 10.0), (-120, 7.0)):
        turn_wheel(shown, (11.0, 13.0), delta, Qt.KeyboardModifier.AltModifier)
        assert viewing.state(0).slab_mm == expected


def test_a_wheel_on_a_line_scrolls_its_plane_and_elsewhere_is_left_alone(viewing, viewport, shown):
    events = CrosshairEvents(shown, viewing, lambda: None)
    before = viewport.slice_index(viewing.state(1))
    own = viewing.state(0)
    turn_wheel(shown, line(events.hand, 1).point(60.0), -120, Qt.KeyboardModifier.NoModifier)
    assert viewport.slice_index(viewing.state(1)) == before + 1
    turn_wheel(shown, (11.0, 13.0), -120, Qt.KeyboardModifier.NoModifier)
    assert viewing.state(0) == own
    assert cross_in(viewing, 3, view(viewing, viewport, 3)) is None, "the images as acquired have no crosshair"
