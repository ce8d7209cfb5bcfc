"""How large a screen's pixels are: what it says, what was measured, what cannot be; 1:1 and true size by key."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from PySide6.QtCore import QRect, QSizeF, Qt
from PySide6.QtTest import QTest

from ui import true_size
from ui.calibration_dialog import CalibrationDialog
from ui.corner_facts import CornerFacts
from ui.corner_text import corner_lines
from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import Layout, Sizing, ViewportState
from workstation.errors import Refused
from workstation.settings import Remembered

pytestmark = pytest.mark.qt


@dataclass
class Screen:
    """A screen of 2000 x 1000 device pixels, 500 x 250 mm: a pixel is 0.25 mm."""

    size: QSizeF = field(default_factory=lambda: QSizeF(500.0, 250.0))
    ratio: float = 2.0
    serial: str = "S1"

    def physicalSize(self):
        return self.size

    def geometry(self):
        return QRect(0, 0, round(2000 / self.ratio), round(1000 / self.ratio))

    def devicePixelRatio(self):
        return self.ratio

    def manufacturer(self):
        return "Maker"

    def model(self):
        return "Model"

    def serialNumber(self):
        return self.serial

    def name(self):
        return "DP-1"


@pytest.fixture
def remembered(tmp_path):
    return Remembered(tmp_path / "remembered.json")


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_a_device_pixel_is_as_large_as_the_screen_says_whatever_the_scaling(remembered, ratio):
    size = true_size.pixel_size(Screen(ratio=ratio), remembered)
    assert size.mm == pytest.approx(0.25)
    assert not size.measured


@pytest.mark.parametrize("size", [QSizeF(0, 0), QSizeF(500, 300), QSizeF(16, 8), QSizeF(9000, 4500)])
def test_a_screen_that_says_nothing_or_what_cannot_be_is_not_believed(remembered, size):
    assert true_size.pixel_size(Screen(size), remembered) is None
    with pytest.raises(Refused, match="not known on this screen"):
        true_size.needed(Screen(size), remembered)


def test_what_was_measured_is_remembered_for_that_monitor_alone(remembered, tmp_path):
    true_size.remember(Screen(), remembered, drawn_pixels=400.0, measured_mm=98.0)
    again = Remembered(tmp_path / "remembered.json")
    assert true_size.pixel_size(Screen(), again) == true_size.PixelSize(0.245, True)
    assert true_size.pixel_size(Screen(serial="S2"), again).mm == pytest.approx(0.25)


def test_a_second_monitor_does_not_overwrite_the_first(remembered):
    true_size.remember(Screen(), remembered, 400.0, 98.0)
    true_size.remember(Screen(serial="S2"), remembered, 400.0, 120.0)
    sizes = [true_size.pixel_size(Screen(serial=s), remembered).mm for s in ("S1", "S2")]
    assert sizes == pytest.approx([0.245, 0.3])


@pytest.mark.parametrize("mm", [1.0, 5000.0, float("nan")])
def test_a_length_that_no_screen_has_is_refused_and_not_kept(remembered, mm):
    with pytest.raises(Refused, match="cannot be right"):
        true_size.remember(Screen(), remembered, 400.0, mm)
    assert not true_size.pixel_size(Screen(), remembered).measured


@pytest.mark.parametrize("stored", [7, {"x": 1}, {"": "0.2"}, []])
def test_a_spoiled_memory_is_ignored(remembered, stored):
    remembered.set(true_size.KEY, stored)
    assert true_size.pixel_size(Screen(), remembered).mm == pytest.approx(0.25)


def test_the_dialog_keeps_what_the_reader_types(case, seat, qtbot):
    dialog = CalibrationDialog(case, seat.remembered)
    qtbot.addWidget(dialog)
    pixels = dialog.ruler.pixels
    dialog.length.setValue(97.0)
    dialog.accept()
    found = true_size.pixel_size(case.screen(), seat.remembered)
    assert found.measured
    assert found.mm == pytest.approx(97.0 / pixels)


def test_the_drawn_line_is_as_long_as_it_is_taken_to_be(case, seat, qtbot):
    dialog = CalibrationDialog(case, seat.remembered)
    qtbot.addWidget(dialog)
    image = dialog.ruler.grab().toImage()
    row = [image.pixelColor(x, 12).lightness() > 60 for x in range(image.width())]
    ends = [x for x, lit in enumerate(row) if lit]
    assert ends[-1] - ends[0] == pytest.approx(dialog.ruler.pixels, abs=1)


def test_1_to_1_and_fit_by_the_same_key(case, seat):
    viewing = seat.session.viewing
    viewing.change(zoom=2.5, pan=(0.1, 0.1))
    QTest.keyClick(case.grid, Qt.Key.Key_O)
    state = viewing.state()
    assert (state.sizing, state.zoom, state.pan) == (Sizing.PIXELS, 1.0, (0.0, 0.0))
    QTest.keyClick(case.grid, Qt.Key.Key_O)
    assert viewing.state().sizing is Sizing.FIT


def test_true_size_by_key_uses_this_screens_pixels(case, seat):
    screen = case.grid.screen()
    true_size.remember(screen, seat.remembered, 400.0, 100.0)
    QTest.keyClick(case.grid, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    state = seat.session.viewing.state()
    assert (state.sizing, state.pixel_mm) == (Sizing.TRUE_SIZE, 0.25)
    assert case.grid.widget(0)._pixel_source(state) == "measured by ruler"
    # Moved to another screen, or measured anew: it is not called true any more.
    true_size.remember(screen, seat.remembered, 400.0, 90.0)
    assert case.grid.widget(0)._pixel_source(state) == ""


@pytest.mark.parametrize("source", [SpacingSource.NONE, SpacingSource.DETECTOR, SpacingSource.NOMINAL])
def test_no_true_size_of_what_is_not_known_in_the_patient(case, seat, source):
    seat.session.viewing.set_layout(Layout(1, 1))
    true_size.remember(case.grid.screen(), seat.remembered, 400.0, 100.0)
    seat.library.viewport("1.1", "1.1.1").spacing = source
    QTest.keyClick(case.grid, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    assert seat.session.viewing.state().sizing is Sizing.FIT
    assert "No true size" in case.banner.text


def test_true_size_is_named_with_its_source_and_only_while_it_is_true(case, seat):
    study = seat.session.case.study
    picture = replace(case.grid.widget(0).painted.picture, per_pixel=1.7)
    sized = ViewportState("1.1", "1.1.1", sizing=Sizing.TRUE_SIZE, pixel_mm=0.25)
    facts = CornerFacts(study, study.series[0], sized, picture, pixel_source="measured by ruler")

    def words(facts):
        return [line.text for line in corner_lines(facts).bottom_right]

    assert "True size (measured by ruler)" in words(facts)
    unknown = words(replace(facts, pixel_source=""))
    assert not any("True size" in text for text in unknown)
    assert "Not true size: how large this screen's pixels are is not known" in unknown
    assert not any("True size" in text for text in words(replace(facts, state=replace(sized, zoom=1.2))))
    assert "Pixel for pixel (1:1)" in words(replace(facts, state=replace(sized, sizing=Sizing.PIXELS)))
    assert "Zoom 170 %" in words(facts)
