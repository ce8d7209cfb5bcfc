"""Ten thousand case switches before the window's images, with pictures that come late and in any order (F63).

The report's panel is left out: it paints no images and takes most of a switch's time.
"""

from __future__ import annotations

import random

import pytest
from PySide6.QtWidgets import QApplication
from window_seat import HeldJobs, WindowSeat

from ui.runner import Runner
from ui.viewport_grid import ViewportGrid
from workstation.commands import keymap
from workstation.commands.command import Context
from workstation.commands.table import COMMANDS
from workstation.domain.viewing import Plane
from workstation.jobs import OPENING, PICTURES

pytestmark = pytest.mark.qt

SWITCHES = 10_000
CASES = 5
# So many answers wait at most before one must come: late ones are many cases old by then.
MOST_WAITING = 60


@pytest.fixture
def seat(tmp_path, qapp):
    made = WindowSeat(tmp_path, HeldJobs(PICTURES))
    for number in range(1, CASES + 1):
        made.add_case(number, grey=20 + 40 * number, series=2, prior=number == 1)
    return made


@pytest.fixture
def grid(seat, qtbot):
    seat.session.desk.open = lambda *_: None
    made = ViewportGrid(seat, Runner(Context(seat.session, None, seat.presets), keymap.build(COMMANDS)))
    qtbot.addWidget(made)
    made.resize(480, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def visible(grid):
    return [widget for widget in grid.widgets if widget.isVisible()]


def check(grid, seat) -> int:
    """How many viewports have painted something; each of them the open case's, in the open case's grey."""
    case, painted = seat.session.case, 0
    uids = {study.study_instance_uid for study in case.studies}
    for widget in visible(grid):
        widget.repaint()
        shown = widget.painted
        if shown is not None:
            assert shown.request.generation == case.generation
            assert shown.request.state.study_uid in uids
            assert shown.picture.identity is None or shown.picture.identity.study_uid in uids
            assert int(shown.picture.pixels[0, 0]) == seat.library.greys[shown.request.state.study_uid]
            painted += 1
    return painted


def test_no_frame_of_an_old_case_is_ever_painted_in_ten_thousand_switches(grid, seat):
    """F63, I9: the opening itself may be late too; then the last one asked for wins."""
    chance, jobs = random.Random(63), seat.jobs
    painted = late = 0
    for _ in range(SWITCHES):
        jobs.held = {PICTURES, OPENING} if chance.random() < 0.1 else {PICTURES}
        seat.hanger.plane = chance.choice((Plane.STACK, Plane.AXIAL))  # made at once; made in a job
        seat.session.open(chance.choice(seat.items))
        for _ in range(chance.choice((0, 0, 0, 0, 0, 1, 2, 3))):
            if seat.session.case is not None:
                QApplication.processEvents()
                painted += check(grid, seat)
            while jobs.waiting and (len(jobs.waiting) > MOST_WAITING or chance.random() < 0.7):
                jobs.release(chance.randrange(len(jobs.waiting)))
                late += 1
    jobs.held = set()
    seat.session.open(seat.items[-1])
    while jobs.waiting:
        jobs.release(chance.randrange(len(jobs.waiting)))
    assert seat.session.case.study.study_instance_uid == seat.items[-1].study_instance_uid
    assert check(grid, seat) == len(visible(grid)) > 0
    assert painted > SWITCHES // 10
    assert late > SWITCHES // 10
