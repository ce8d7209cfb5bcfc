"""Mammograms in the real window: chest walls touch, one scale, nipples level, part by part, the inverted magnifier."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import main
from rendering.phantoms import breast
from rendering.phantoms.generator import write_demonstration
from rendering.phantoms.mammography import planes
from ui import app
from ui.gestures import zoomed_about
from ui.main_window import MainWindow
from workstation.domain.viewing import Plane, Sizing
from workstation.jobs import Jobs
from workstation.settings import Folders

pytestmark = pytest.mark.qt

SECONDS = 60.0
# One scale: to this share.
SAME = 0.005


def wait(until: Any, what: str) -> None:
    end = time.monotonic() + SECONDS
    while not until():
        assert time.monotonic() < end, what
        QApplication.processEvents()
        time.sleep(0.002)


class Reader:
    """One window with the given files, its latest case open and painted."""

    def __init__(self, folders: list[Path], home: Path) -> None:
        poster = app.MainPoster()
        self.core = main.open_core(lambda: Jobs(poster.post), "", Folders(home / "data", home / "config", home / "cache"))
        self.core.cache.add(folders)
        self.window = MainWindow(self.core)
        self.window.resize(1500, 1000)
        self.window.show()
        self.session = self.core.session
        self.session.refresh_worklist()
        wait(lambda: self.session.items, "the worklist")
        self.session.open(max(self.session.items, key=lambda item: item.study_date))
        wait(lambda: self.session.case is not None, "the case")
        self.stage(0)

    @property
    def viewing(self) -> Any:
        return self.session.viewing

    @property
    def widgets(self) -> list[Any]:
        return [w for w in self.window.grid.widgets if w.isVisible() and w.cell is not None and w.cell.state is not None]

    def stage(self, number: int) -> None:
        while self.viewing.arrangement.stage > number:
            self.press("Comma")
        while self.viewing.arrangement.stage < number:
            self.press("Period")
        self.settle()

    def named(self, title: str) -> None:
        for number in range(self.viewing.arrangement.stage_count):
            self.stage(number)
            if self.viewing.arrangement.stage_title == title:
                return
        raise AssertionError(f"no stage {title}")

    def press(self, key: str) -> None:
        names = {"Comma": ",", "Period": "."}
        combination = QKeySequence(names.get(key, key))[0]
        self.window.grid.setFocus()
        QTest.keyClick(self.window.grid, combination.key(), combination.keyboardModifiers())
        QApplication.processEvents()

    def settle(self) -> None:
        """Every image is there, placed and painted as its state says now."""

        def ready() -> bool:
            sheets = [w.viewport().sheet(w.cell.state) for w in self.widgets]
            painted = [w.painted for w in self.widgets]
            return bool(painted) and all(
                p is not None and not p.picture.partial and p.request.state == w.cell.state and not s.waiting
                for p, w, s in zip(painted, self.widgets, sheets, strict=True)
            )

        wait(ready, "painted images")

    def close(self) -> None:
        self.window.close()
        self.core.close()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication):
    files = tmp_path_factory.mktemp("mammograms")
    write_demonstration(files / "now", only={"mg"}, size="small")
    write_demonstration(files / "before", seed=11, only={"mg"}, size="small")
    for path in [p for p in (files / "before").rglob("*") if p.is_file()]:
        dataset = dcmread(path)
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            setattr(dataset, keyword, getattr(dataset, keyword) + ".9")
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = "20241118"
        # Another machine: a prior of other pixels is shown to the same scale, too.
        dataset.ImagerPixelSpacing = ["0.5", "0.5"]
        dataset.save_as(path)
    made = Reader([files / "now", files / "before"], tmp_path_factory.mktemp("home"))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def as_hung(request: pytest.FixtureRequest) -> None:
    """Each test begins with the four views as they were hung."""
    if "reader" in request.fixturenames:
        found = request.getfixturevalue("reader")
        found.window.resize(1500, 1000)
        found.viewing.magnifier.show(False)
        found.stage(1)
        found.stage(0)


def press(reader: Reader, key: str) -> None:
    reader.press(key)


def pixels(widget: Any) -> Any:
    return widget.painted.picture.pixels


def view(widget: Any) -> Any:
    return widget.view()


def seen_at(widget: Any, column: float, row: float) -> tuple[float, float]:
    found = view(widget)
    return found.viewport.frame_to_view(found.state, found.width, found.height, column, row)


def pairs(reader: Reader) -> list[tuple[Any, Any]]:
    found = []
    for one, other in itertools.pairwise(reader.widgets):
        if (one.cell.state.anchor, other.cell.state.anchor) == ("right", "left") and one.cell.row == other.cell.row:
            found.append((one, other))
    return found


def check_back_to_back(reader: Reader) -> None:
    """On the screen itself: from the last column of one breast to the first of the other there is at most one pixel."""
    grabbed = reader.window.grid.grab().toImage()
    found = pairs(reader)
    assert found
    for one, other in found:
        gap = other.x() - (one.x() + one.width())
        assert 0 <= gap <= 1
        last, first = pixels(one)[:, -1], pixels(other)[:, 0]
        breast_rows = np.flatnonzero((pixels(one)[:, -40] > 30) & (pixels(other)[:, 40] > 30))
        assert len(breast_rows) > 0.4 * min(len(last), len(first))
        middle = breast_rows[len(breast_rows) // 8 : -len(breast_rows) // 8]
        assert (last[middle] > 8).all()
        assert (first[middle] > 8).all()
        # The frame of the active viewport is open there.
        y = one.y() + int(middle[len(middle) // 2])
        for x in (one.x() + one.width() - 1, other.x()):
            colour = grabbed.pixelColor(x, y)
            assert colour.red() == colour.green() == colour.blue() > 8


def check_same_scale(reader: Reader) -> None:
    scales = [w.painted.picture.mm_per_pixel for w in reader.widgets]
    assert max(scales) <= min(scales) * (1 + SAME)


def nipple(widget: Any) -> tuple[float, float]:
    """(column, row) of the base of the phantom's nipple."""
    is_mlo = "MLO" in widget.cell.label
    grid = planes(small=True)
    depth, down = breast.View(oblique=is_mlo).nipple
    _, row, column = grid.index_of((depth, down, 0.0))
    return (grid.columns - 1 - column if widget.cell.state.anchor == "right" else column), row


@pytest.mark.parametrize("size", [(1500, 1000), (1100, 800), (1900, 700)])
def test_chest_walls_touch_and_the_scale_is_one_at_every_size(reader: Reader, size: tuple[int, int]) -> None:
    reader.window.resize(*size)
    reader.settle()
    check_back_to_back(reader)
    check_same_scale(reader)
    largest = max(np.flatnonzero(pixels(w).any(axis=1)).size / pixels(w).shape[0] for w in reader.widgets)
    assert largest > 0.8  # the largest breast fills its place


def test_nipples_stand_at_one_height_and_nothing_of_a_breast_is_cut_off(reader: Reader) -> None:
    for one, other in pairs(reader):
        assert reader.viewing.anchoring.aligned[one.index] == "nipple"
        here, there = seen_at(one, *nipple(one)), seen_at(other, *nipple(other))
        assert abs(here[1] - there[1]) < 4.0
        assert abs((one.width() - here[0]) - there[0]) < 4.0
        for widget in (one, other):
            assert 0 <= seen_at(widget, *nipple(widget))[0] <= widget.width()


@pytest.mark.parametrize(
    "title", ["CC", "MLO", "CC above prior", "MLO above prior", "Current above prior", "L CC beside prior", "R MLO beside prior"]
)
def test_every_stage_is_to_one_scale_with_priors_of_other_pixels(reader: Reader, title: str) -> None:
    reader.named(title)
    check_same_scale(reader)
    if "beside" in title:
        one, other = reader.widgets
        assert abs(seen_at(one, *nipple(one))[1] - seen_at(other, *nipple(other))[1]) < 4.0
        assert other.cell.is_prior
    else:
        check_back_to_back(reader)


def test_a_viewport_that_is_enlarged_takes_its_room_and_gives_it_back(reader: Reader) -> None:
    before = [w.cell.state for w in reader.widgets]
    reader.viewing.activate(2)
    reader.viewing.toggle_maximised()
    reader.settle()
    assert len(reader.widgets) == 1
    assert reader.widgets[0].painted.picture.mm_per_pixel < before[2].pixel_mm
    reader.viewing.toggle_maximised()
    reader.settle()
    assert [w.cell.state for w in reader.widgets] == before


def test_the_key_of_the_scale_fits_each_image_and_brings_the_one_scale_back(reader: Reader) -> None:
    before = [w.cell.state for w in reader.widgets]
    press(reader, "Ctrl+7")
    reader.settle()
    assert {w.cell.state.sizing for w in reader.widgets} == {Sizing.FIT}
    press(reader, "Ctrl+7")
    reader.settle()
    assert [w.cell.state for w in reader.widgets] == before


def test_reset_brings_the_place_back_that_it_was_hung_at(reader: Reader) -> None:
    widget = reader.widgets[1]
    before = widget.cell.state
    reader.viewing.activate(1)
    reader.viewing.change(1, zoom=3.0, pan=(0.2, 0.3), inverted=True, flipped_horizontally=True)
    reader.settle()
    press(reader, "Ctrl+R")
    reader.settle()
    assert widget.cell.state == before
    check_back_to_back(reader)


def test_a_mirrored_breast_lies_flush_with_its_own_edge_and_says_that_it_is_mirrored(reader: Reader) -> None:
    reader.viewing.activate(1)
    press(reader, "H")
    reader.settle()
    assert np.flatnonzero(pixels(reader.widgets[1]).any(axis=0))[-1] > 40
    texts = [p.text for p in lines_of(reader.widgets[1])]
    assert any("Mirrored" in text for text in texts)
    assert any("other side" in text for text in texts)
    assert not any("Mirrored" in p.text for p in lines_of(reader.widgets[0]))


def lines_of(widget: Any) -> list[Any]:
    """The badges and lines that the viewport would paint."""
    from ui.cell_facts import CellFacts, overlay_facts, series_of

    case = widget._session.case
    found = series_of(case.studies, widget.cell.state)
    placed = tuple((words,) for words in widget._placed_words())
    corners = overlay_facts(CellFacts(*found, widget.view(), widget.painted.picture, laid_over=placed)).corners
    return [*corners.top_left, *corners.top_right, *corners.bottom_left, *corners.bottom_right]


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("factor", [0.5, 1.15, 4.0])
def test_what_lies_under_the_pointer_stays_there_while_zooming(reader: Reader, index: int, factor: float) -> None:
    widget = reader.widgets[index]
    at = widget.width() * 0.5, widget.height() * 0.4
    found = view(widget)
    state = replace(found.state, zoom=1.3, pan=(0.05, -0.1))
    place = found.viewport.to_frame(state, found.width, found.height, *at)
    zoom, pan = zoomed_about(state, factor, at[0] / found.width, at[1] / found.height)
    assert found.viewport.to_frame(replace(state, zoom=zoom, pan=pan), found.width, found.height, *at) == pytest.approx(place)


def test_words_stand_in_the_air_and_not_on_the_breast(reader: Reader) -> None:
    for widget in reader.widgets[:4]:
        lines_of(widget)
        from ui.corner_line import Corners, Line
        from ui.free_side import lines

        made = lines(Corners((Line("a", 1),), (Line("b", 1),), (Line("c", 1),), (Line("d", 1),)), widget.cell.state.anchor)
        kept = (made.top_left, made.bottom_left) if widget.cell.state.anchor == "right" else (made.top_right, made.bottom_right)
        assert [line.text for lines_ in kept for line in lines_] == ["a", "b", "c", "d"]


# ---- part by part ----------------------------------------------------------------------


def parts(reader: Reader) -> list[list[Any]]:
    """The states of all viewports at each step, until the whole is back."""
    whole = [w.cell.state for w in reader.widgets]
    found = []
    press(reader, "Shift+Q")
    while [w.cell.state for w in reader.widgets] != whole:
        found.append([w.cell.state for w in reader.widgets])
        assert len(found) < 80
        press(reader, "Shift+Q")
    return found


def test_one_key_reads_all_of_every_breast_at_full_resolution_and_ends_with_the_whole(reader: Reader) -> None:
    finest = min(min(w.viewport().sheet(w.cell.state).mm) for w in reader.widgets)
    steps = parts(reader)
    assert len(steps) >= 2
    for index, widget in enumerate(reader.widgets):
        found = view(widget)
        image = widget.viewport().images
        values = image.container(0)
        covered = np.zeros(values.shape, bool)
        for states in steps:
            assert found.viewport.picture(states[index], found.width, found.height).mm_per_pixel == pytest.approx(finest)
            ends = [
                found.viewport._view(states[index], found.width, found.height).screen.to_source(*at)
                for at in ((0, 0), (found.width, found.height))
            ]
            (left, right), (top, bottom) = (sorted(max(0, round(end[axis] + 0.5)) for end in ends) for axis in (0, 1))
            covered[top:bottom, left:right] = True
        assert covered[values > 400].all()


def test_neighbouring_parts_overlap_and_none_is_only_air(reader: Reader) -> None:
    steps = parts(reader)
    shown = []
    for states in steps:
        lit = [
            (view(w).viewport.picture(state, *w.pixel_size()).pixels > 30).mean()
            for state, w in zip(states, reader.widgets, strict=True)
        ]
        assert max(lit) > 0.005
        shown.append(states[0].pan)
    widest = sorted({round(pan[0], 6) for pan in shown})
    highest = sorted({round(pan[1], 6) for pan in shown})
    for places in (widest, highest):
        assert all(second - first <= 0.9 + 1e-6 for first, second in itertools.pairwise(places))


def test_both_breasts_show_the_same_part_mirrored(reader: Reader) -> None:
    for states in parts(reader)[:6]:
        for one, other in pairs(reader):
            a, b = states[one.index], states[other.index]
            (x, y), width = (one.width() * 0.7, one.height() * 0.4), one.width()
            here = one.viewport()._view(a, *one.pixel_size()).screen.to_source(x, y)
            there = other.viewport()._view(b, *other.pixel_size()).screen.to_source(width - x, y)
            columns = one.viewport().images.header(0).columns
            assert columns - 1 - here[0] == pytest.approx(there[0], abs=3.0)
            row_of = [w.cell.state.held.place[1] for w in (one, other)]
            assert here[1] - row_of[0] == pytest.approx(there[1] - row_of[1], abs=3.0)


def test_the_step_back_shows_the_part_before_and_the_map_says_which(reader: Reader) -> None:
    whole = [w.cell.state for w in reader.widgets]
    assert reader.viewing.quadrants.shown(0) is None
    press(reader, "Shift+Q")
    first = [w.cell.state for w in reader.widgets]
    assert reader.viewing.quadrants.shown(0).number == 1
    press(reader, "Shift+Q")
    assert reader.viewing.quadrants.shown(3).number == 2
    press(reader, "Shift+Z")
    assert [w.cell.state for w in reader.widgets] == first
    press(reader, "Shift+Z")
    assert [w.cell.state for w in reader.widgets] == whole
    assert reader.viewing.quadrants.shown(0) is None
    press(reader, "Shift+Z")
    found = reader.viewing.quadrants.shown(0)
    assert found.number == found.count
    reader.settle()
    press(reader, "Shift+Q")


def test_another_stage_begins_anew(reader: Reader) -> None:
    press(reader, "Shift+Q")
    press(reader, "Shift+Q")
    reader.stage(1)
    assert reader.viewing.quadrants.shown(0) is None
    press(reader, "Shift+Q")
    assert reader.viewing.quadrants.shown(0).number == 1


def test_a_stage_that_is_come_back_to_is_whole_and_read_from_its_first_part(reader: Reader) -> None:
    """No part may be passed over because the stage was left in the middle of it."""
    press(reader, "Shift+Q")
    reader.stage(1)
    reader.stage(0)
    assert [reader.viewing.quadrants.shown(index) for index in range(4)] == [None] * 4
    press(reader, "Shift+Q")
    assert reader.viewing.quadrants.shown(0).number == 1


def test_the_map_waits_while_the_active_viewport_is_no_image_as_acquired(reader: Reader) -> None:
    press(reader, "Shift+Q")
    state = reader.viewing.state(0)
    reader.viewing.activate(0)
    reader.viewing.put(0, replace(state, plane=Plane.AXIAL))
    assert [reader.viewing.quadrants.shown(index) for index in range(4)] == [None] * 4
    reader.viewing.put(0, state)
    assert reader.viewing.quadrants.shown(0).number == 1


def test_a_zoom_that_the_reader_chose_is_the_size_of_the_parts(reader: Reader) -> None:
    before = [w.cell.state for w in reader.widgets]
    reader.viewing.activate(1)
    reader.viewing.change(1, zoom=1.6)
    press(reader, "Shift+Q")
    reader.settle()
    check_same_scale(reader)
    assert reader.widgets[0].painted.picture.mm_per_pixel == pytest.approx(before[0].pixel_mm / 1.6)


def test_any_single_image_is_read_part_by_part_alone(reader: Reader) -> None:
    reader.viewing.activate(0)
    reader.viewing.put(0, reader.widgets[0].cell.state.whole)
    whole = [w.cell.state for w in reader.widgets]
    steps = parts(reader)
    assert len(steps) >= 2
    assert all(states[1:] == whole[1:] for states in steps)
    assert {state.sizing for states in steps for state in states[:1]} == {Sizing.PIXELS}
    corners = [view(reader.widgets[0]).viewport._view(states[0], *reader.widgets[0].pixel_size()) for states in steps]
    first, last = corners[0].screen.to_source(0.0, 0.0), corners[-1].screen.to_source(*reader.widgets[0].pixel_size())
    assert first == pytest.approx((-0.5, -0.5), abs=1.0)
    header = reader.widgets[0].viewport().images.header(0)
    assert last == pytest.approx((header.columns - 0.5, header.rows - 0.5), abs=1.0)


# ---- the magnifier ---------------------------------------------------------------------


def test_the_inverted_magnifier_is_at_full_resolution_and_mirrored_in_the_other_breast(reader: Reader) -> None:
    one, other = pairs(reader)[0]
    QTest.mouseMove(one, QPoint(round(one.width() * 0.8), round(one.height() * 0.5)))
    reader.viewing.activate(one.index)
    press(reader, "Ctrl+5")
    magnifier = reader.viewing.magnifier
    assert (magnifier.is_on, magnifier.is_inverted, magnifier.by_pixel, magnifier.times) == (True, True, True, 1)
    assert one.loupe.isVisible()
    assert other.loupe.isVisible()
    assert not any(w.loupe.isVisible() for w in reader.widgets[2:])
    for widget in (one, other):
        picture = widget.loupe.picture()
        assert picture.per_pixel == pytest.approx(1.0)
        below = view(widget).state
        assert widget.loupe._made[0].inverted is not below.inverted
    middle = [(w.loupe.x() + w.loupe.width() / 2, w.loupe.y() + w.loupe.height() / 2) for w in (one, other)]
    assert one.width() - middle[0][0] == pytest.approx(middle[1][0], abs=3.0)
    assert middle[0][1] == pytest.approx(middle[1][1], abs=3.0)
    press(reader, "Ctrl+5")
    assert (magnifier.is_on, magnifier.is_inverted) == (True, False)
    QTest.keyClick(reader.window.grid, Qt.Key.Key_M)
    assert not other.loupe.isVisible()


def test_that_it_opens_inverted_is_remembered(reader: Reader) -> None:
    magnifier = reader.viewing.magnifier
    press(reader, "Ctrl+5")
    assert reader.core.remembered.get("image.inverted_loupe") is True
    magnifier.show(False)
    QTest.keyClick(reader.window.grid, Qt.Key.Key_M)
    assert magnifier.is_inverted
    press(reader, "Ctrl+5")
    assert reader.core.remembered.get("image.inverted_loupe") is False
    magnifier.show(False)


# ---- real films ------------------------------------------------------------------------


def test_films_without_a_pixel_size_lie_back_to_back_and_say_that_they_are_not_to_one_scale(
    shared_data: Path, tmp_path: Path, qapp: QApplication
) -> None:
    made = Reader([shared_data / "16_MG_4view_CBIS_P00173"], tmp_path)
    try:
        check_back_to_back(made)
        for widget in made.widgets:
            assert any("Not to the same scale" in line.text for line in lines_of(widget))
    finally:
        made.close()
