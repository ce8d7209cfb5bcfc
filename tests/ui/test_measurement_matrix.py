"""Measurement truth from the reader's eye to the number: how acquired x which plane x how looked at x what is drawn.

Balls of known value lie at known places of the patient. A test finds them in the picture that the real widget painted,
draws on what it sees with the mouse, and compares the value on screen with the phantom's. It must be within 1 % or one
pixel (reliability F51-F53, F55, F57).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import window_seat
from fiducials import CENTRE, LEVELS, OBLIQUE, RADII, SUV_PER_BQML, Scan, angle, area, length, scanned, seen
from made_series import STUDY
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from ui_mouse import move
from window_seat import FakeLibrary, WindowSeat

from rendering.viewport import Viewport
from ui.main_window import MainWindow
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, Sizing, ViewportState, Window
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
WINDOW = Window(500.0, 1000.0)
SUV_WINDOW = Window(5.0, 10.0)
FOUR = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.OBLIQUE)

# The table moves straight while the gantry leans by 15 degrees: the step is no right angle to the slices.
COS, SIN = math.cos(math.radians(15.0)), math.sin(math.radians(15.0))
SCANS = {
    "square": Scan(),
    "not square": Scan(row_spacing=1.4, column_spacing=0.8, gap=2.0),
    "oblique": Scan((0.8, 0.36, -0.48), (0.0, 0.8, 0.6), gap=1.5),
    "flipped": Scan((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), backwards=True, column_spacing=1.2),
    "sagittal": Scan((0.0, 1.0, 0.0), (0.0, 0.0, -1.0), row_spacing=1.2),
    "tilted gantry": Scan(column=(0.0, COS, -SIN), gap=1.5, shear=(0.0, -1.5 * SIN, 1.5 * SIN * SIN / COS)),
    "multi-frame": Scan(row_spacing=1.1, gap=1.3, multi_frame=True),
    "PET": Scan(row_spacing=1.5, column_spacing=1.5, gap=2.0, pet=True),
}
LOOKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "flipped": {"flipped_horizontally": True},
    "rotated": {"rotation": 90, "flipped_vertically": True},
    "magnified": {"zoom": 1.5, "pan": (0.03, -0.02)},
    "pixel for pixel, enlarged": {"sizing": Sizing.PIXELS, "zoom": 3.0},
    "turned by hand": {"rotation": 30, "zoom": 1.2},
}
STACKS = [(scan, Plane.STACK, look) for scan in SCANS for look in LOOKS]
CUTS = [
    (scan, plane, look)
    for number, scan in enumerate(SCANS)
    for plane in FOUR
    for look in list(LOOKS)[(number + FOUR.index(plane)) % len(LOOKS) :][:1]
]


class PhantomLibrary(FakeLibrary):
    """Shows one viewport of the image room in place of every series."""

    shown: Viewport | None = None

    def viewport(self, study_uid: str, series_uid: str) -> Viewport | None:
        return self.shown

    viewer = viewport


class Desk:
    """A window of which the whole is one viewport on the phantom, and a hand with a mouse."""

    def __init__(self, window: MainWindow, seat: WindowSeat) -> None:
        self.window, self.seat = window, seat

    @property
    def widget(self):
        return self.window.grid.widget(0)

    def hang(self, viewport: Viewport, state: ViewportState) -> None:
        viewing = self.seat.session.viewing
        self.seat.library.shown = viewport
        viewing.show(Arrangement("test", "test", 0, 1, "", Layout(1, 1), (Cell(0, 0, state),), ()))
        viewing.put(0, state)
        for drawn in self.seat.session.annotating.all():
            self.seat.session.annotating.remove(drawn.uid)

    def picture(self) -> Any:
        """What the widget painted, without what stands over it."""
        self.widget.grab()
        shown = self.widget.painted
        assert shown is not None
        assert shown.picture.error is None
        assert shown.request.state == self.seat.session.viewing.state()
        return shown.picture.pixels

    def draw(self, kind: AnnotationKind, *places: tuple[float, float]) -> Annotation:
        """By clicks; an area of many points ends with a double click on its last one. Then taken away again."""
        annotating = self.seat.session.annotating
        before = {d.uid for d in annotating.all()}
        self.seat.session.viewing.set_tool(Tool(kind.value))
        points = [QPoint(round(x - 0.5), round(y - 0.5)) for x, y in places]
        for point in points:
            move(self.widget, point, Qt.MouseButton.NoButton)
            QTest.mouseClick(self.widget, LEFT, NONE, point)
        if kind is AnnotationKind.POLYGON:
            QTest.mouseDClick(self.widget, LEFT, NONE, points[-1])
        (drawn,) = (d for d in annotating.all() if d.uid not in before)
        annotating.remove(drawn.uid)
        self.seat.session.viewing.set_tool(Tool.WINDOW)
        return drawn


@pytest.fixture(scope="module")
def desk(tmp_path_factory, qapp):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window_seat, "FakeLibrary", PhantomLibrary)
        seat = WindowSeat(tmp_path_factory.mktemp("seat"))
    seat.library.shown = scanned(Scan(), Plane.STACK)
    item = seat.add_case(1, study_instance_uid=STUDY)
    seat.studies[STUDY] = replace(seat.library.shown.images.study, patient=item.patient)
    window = MainWindow(seat)
    window.resize(1100, 760)
    window.show()
    seat.session.open(item)
    yield Desk(window, seat)
    window.close()


def state_of(viewport: Viewport, scan: Scan, plane: Plane, look: dict[str, Any]) -> ViewportState:
    state = viewport.default_state(plane)
    window = SUV_WINDOW if scan.pet else WINDOW
    state = replace(state, window=window, **look)
    if plane is Plane.STACK:
        return viewport.at_point(state, tuple(CENTRE))
    return replace(state, focus=tuple(CENTRE), oblique=OBLIQUE if plane is Plane.OBLIQUE else None)


def values(drawn: Annotation) -> dict[str, tuple[float, str]]:
    assert drawn.measured is not None
    assert not drawn.measured.refused, drawn.measured.refused
    return {v.name: (v.value, v.unit) for v in drawn.measured.values}


@pytest.mark.parametrize(("name", "plane", "look"), STACKS + CUTS)
def test_what_is_drawn_on_what_is_seen_has_the_phantoms_value(desk: Desk, name: str, plane: Plane, look: str):
    scan = SCANS[name]
    viewport = scanned(scan, plane)
    desk.hang(viewport, state_of(viewport, scan, plane, LOOKS[look]))
    at = seen(desk.picture())
    true = scan.places(plane)
    pixel = scan.largest_mm
    a, b, c = true["A"], true["B"], true["C"]

    measured, unit = values(desk.draw(AnnotationKind.LENGTH, at["A"], at["B"]))["Length"]
    assert (measured, unit) == (pytest.approx(length([a, b]), abs=max(0.01 * length([a, b]), pixel)), "mm")

    measured, unit = values(desk.draw(AnnotationKind.ANGLE, at["B"], at["A"], at["C"]))["Angle"]
    one_pixel = math.degrees(math.atan(pixel / length([a, c])))
    assert (measured, unit) == (pytest.approx(angle([b, a, c]), abs=max(0.01 * angle([b, a, c]), one_pixel)), "°")

    measured, unit = values(desk.draw(AnnotationKind.POLYGON, at["A"], at["B"], at["C"]))["Area"]
    allowed = max(0.01 * area([a, b, c]), pixel * length([b, c]) / 2.0)
    assert (measured, unit) == (pytest.approx(area([a, b, c]), abs=allowed), "mm²")

    self_unit, per_level = ("SUVbw", 0.01) if scan.pet else ("HU", 1.0)
    _check_values(desk, at["D"], LEVELS["D"] * per_level, self_unit, RADII["D"])
    for ball in ("A", "B", "C"):
        drawn = desk.draw(AnnotationKind.PROBE, at[ball])
        measured, unit = values(drawn)["Value"]
        assert (measured, unit) == (pytest.approx(LEVELS[ball] * per_level, rel=0.01), self_unit), ball
        assert np.linalg.norm(np.array(drawn.patient_points[0]) - true[ball]) <= pixel, ball


def _check_values(desk: Desk, middle: tuple[float, float], level: float, unit: str, radius_mm: float) -> None:
    """A box well inside the large ball holds its value and nothing else."""
    shown = desk.widget.painted
    assert shown is not None
    mm = shown.picture.mm_per_pixel
    assert mm
    half = radius_mm / 2.0 / mm
    box = values(desk.draw(AnnotationKind.RECTANGLE, (middle[0] - half, middle[1] - half), (middle[0] + half, middle[1] + half)))
    assert box["Mean"] == (pytest.approx(level, rel=0.01), unit)
    assert box["Min"][0] == pytest.approx(level, rel=0.01)
    assert box["Max"][0] == pytest.approx(level, rel=0.01)


def test_the_factor_of_the_pet_phantom_is_the_one_worked_out_by_hand():
    assert pytest.approx(SUV_PER_BQML) == 74_000 / 148e6
