"""The first picture of a large image is made beside the window, which goes on meanwhile; what is shown is still the right one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from window_seat import FakeImages, FakeViewport, HeldJobs, WindowSeat, a_study

from ui.picture_source import PictureSource
from ui.runner import Runner
from ui.viewport_grid import ViewportGrid
from workstation.commands import keymap
from workstation.commands.command import Context
from workstation.commands.table import COMMANDS
from workstation.domain.patient import Patient, PatientKey
from workstation.jobs import PICTURES

SIDE = 2048


def enlarged(study, rows=SIDE, columns=SIDE):
    series = tuple(
        replace(one, instances=tuple(replace(i, rows=rows, columns=columns) for i in one.instances)) for one in study.series
    )
    return replace(study, series=series)


@pytest.fixture
def study():
    return enlarged(a_study("1.1", Patient(PatientKey("ID-1")), "20261120", 1), SIDE, SIDE + 1)


@pytest.fixture
def viewport(study):
    return FakeViewport(FakeImages(study, study.series[0]), 80)


def test_only_the_first_picture_of_a_large_image_is_made_in_a_job(viewport):
    jobs, arrived = HeldJobs(PICTURES), []
    source = PictureSource(jobs, lambda: arrived.append(1))
    state = viewport.default_state()
    assert source.current(viewport, 1, state, 8, 8) is None
    assert viewport.asked == []
    jobs.release()
    assert arrived == [1]
    shown = source.current(viewport, 1, state, 8, 8)
    assert (shown.request.state, int(shown.picture.pixels[0, 0])) == (state, 80)
    scrolled = source.current(viewport, 1, replace(state, position=3), 8, 8)
    assert scrolled.request.state.position == 3
    assert source.current(viewport, 1, state, 9, 9).request.width == 9
    assert jobs.waiting == []


def test_a_first_picture_that_comes_late_does_not_take_the_place_of_what_was_scrolled_to(viewport):
    """F63, I9."""
    jobs = HeldJobs(PICTURES)
    source = PictureSource(jobs, lambda: None)
    first = viewport.default_state()
    source.current(viewport, 1, first, 8, 8)
    moved = replace(first, position=4)
    source.current(viewport, 1, moved, 8, 8)
    while jobs.waiting:
        jobs.release()
    shown = source.current(viewport, 1, moved, 8, 8)
    assert shown.request.state.position == 4
    back = source.current(viewport, 1, first, 8, 8)
    assert back.request.state == first
    source.current(viewport, 2, first, 8, 8)
    assert jobs.waiting, "another case is a first picture again"
    source.clear()
    jobs.release()
    assert source.is_rough is False
    assert source._shown is None


def test_a_small_image_is_there_at_once(study):
    small = enlarged(study, 512, 512)
    viewport = FakeViewport(FakeImages(small, small.series[0]), 80)
    jobs = HeldJobs(PICTURES)
    assert PictureSource(jobs, lambda: None).current(viewport, 1, viewport.default_state(), 8, 8) is not None
    assert jobs.waiting == []


@pytest.mark.qt
def test_a_wait_is_told_in_words_only_when_it_lasts(tmp_path, qapp, qtbot):
    """An image that is there within a moment comes out of the dark, not out of a text."""
    from ui import viewport_widget

    said: list[str] = []
    seat = WindowSeat(tmp_path, HeldJobs(PICTURES))
    item = seat.add_case(1)
    seat.studies["1.1"] = enlarged(seat.studies["1.1"], SIDE, SIDE + 1)
    grid = ViewportGrid(seat, Runner(Context(seat.session, None, seat.presets), keymap.build(COMMANDS)))
    qtbot.addWidget(grid)
    grid.resize(400, 300)
    grid.show()
    qtbot.waitExposed(grid)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(viewport_widget.overlay, "paint_message", lambda *values: said.append(values[-1]))
        seat.session.open(item)
        widget = grid.widget(0)
        widget.repaint()
        assert said == []
        assert widget.painted is None
        qtbot.waitUntil(lambda: any("Preparing" in words for words in said), timeout=60_000)
    seat.jobs.release()
    widget.repaint()
    assert widget.painted is not None
