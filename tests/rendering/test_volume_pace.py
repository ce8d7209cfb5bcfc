"""While it moves 3D keeps 20 pictures a second, on any computer, without changing its mind before the eye."""

from __future__ import annotations

import random
from itertools import pairwise

from rendering.volume_pace import BUDGET_SECONDS, RUNGS, Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def moved(pace: Pace, clock: Clock, seconds_of_full: float, frames: int, noise: float = 0.0) -> list[int]:
    """Rungs of so many pictures on a computer that draws a full one in so long."""
    chance, rungs = random.Random(7), []
    for _ in range(frames):
        rungs.append(RUNGS.index(pace.rung))
        seconds = seconds_of_full * pace.rung.cost * (1 + noise * (chance.random() - 0.5)) + 0.002
        clock.now += seconds
        pace.took(seconds)
    return rungs


def test_a_slow_computer_gets_coarser_pictures_within_three_frames_and_then_keeps_the_pace() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    rungs = moved(pace, clock, 4.0, 60)
    assert rungs[0] == rungs[2] < rungs[3]
    assert 4.0 * RUNGS[rungs[-1]].cost < BUDGET_SECONDS


def test_a_fast_computer_gets_finer_pictures_and_a_card_full_ones() -> None:
    clock = Clock()
    assert moved(Pace(clock=clock), clock, 0.03, 200)[-1] == 1
    assert moved(Pace(clock=clock), clock, 0.01, 200)[-1] == 0


def test_the_rung_does_not_go_back_and_forth() -> None:
    """Frames of one computer differ by a half: after it settled it changes at most twice in 600 pictures."""
    for full in (0.1, 0.2, 0.35, 0.6, 1.0, 2.0):
        clock = Clock()
        rungs = moved(Pace(clock=clock), clock, full, 700, noise=0.5)[100:]
        assert sum(a != b for a, b in pairwise(rungs)) <= 2, full


def test_a_moment_of_load_is_made_good_within_seconds() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    usual = moved(pace, clock, 0.25, 60)[-1]
    assert moved(pace, clock, 3.0, 6)[-1] > usual
    assert moved(pace, clock, 0.25, 400)[-1] == usual


def test_one_late_picture_changes_nothing() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    before = moved(pace, clock, 0.25, 40)[-1]
    pace.took(0.4)
    assert RUNGS.index(pace.rung) == before
