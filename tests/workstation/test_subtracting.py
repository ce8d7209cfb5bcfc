"""The subtraction of X-ray runs in the active viewport: on and off, the mask, its place, taken back; each a state alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from one_volume import OneVolume

from workstation.domain.subtraction import Mask, Maskable, MaskFacts, MaskOperation, subtracted
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, ViewportState, Window
from workstation.errors import Refused
from workstation.session.subtracting import Subtracting
from workstation.session.viewing import Viewing

RUN, COUNT = "1.1.1.1", 6
FILED = Mask(frames=(2, 3), shift=(0.5, 0.0))


class Run(OneVolume):
    def __init__(self) -> None:
        self.facts: MaskFacts | None = MaskFacts("SUB", "LOG", (FILED,))

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        return ViewportState("1.1", "1.1.1", plane)

    def maskable(self, state: ViewportState) -> Maskable | None:
        return None if self.facts is None else Maskable(RUN, state.position + 1, COUNT, self.facts)

    def can_show(self, _plane: Plane) -> bool:
        return True


@pytest.fixture
def run() -> Run:
    return Run()


@pytest.fixture
def viewing(run: Run) -> Viewing:
    made = Viewing(lambda _study, _series: run)  # type: ignore[arg-type, return-value]
    state = ViewportState("1.1", "1.1.1", position=4)
    cells = tuple(Cell(0, column, replace(state)) for column in (0, 1))
    made.show(Arrangement("p", "P", 0, 1, "", Layout(1, 2), cells, ()))
    return made


@pytest.fixture
def hand(viewing: Viewing) -> Subtracting:
    return viewing.subtracting


def done(viewing: Viewing, run: Run):
    here = run.maskable(viewing.state())
    return here.done(viewing.state().subtraction)


def test_each_way_of_looking_has_its_own_window_back(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    viewing.change(window=Window(0.0, 50.0))
    hand.toggle()
    assert (done(viewing, run).words, viewing.state().window) == ("", None)
    viewing.change(window=Window(2000.0, 4000.0))
    hand.toggle()
    assert done(viewing, run).words == "subtracted, mask 2-3, shift 0.5/0.0"
    assert viewing.state().window == Window(0.0, 50.0)
    hand.toggle()
    assert viewing.state().window == Window(2000.0, 4000.0)
    assert viewing.state(1).subtraction is None  # the other viewport is as it was


def test_a_window_is_not_shared_with_the_image_as_it_is(viewing: Viewing, hand: Subtracting) -> None:
    hand.toggle()
    viewing.set_window(Window(1.0, 2.0))
    assert viewing.state(1).window is None


def test_the_image_shown_becomes_the_mask_and_others_join_its_mean(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    hand.here_as_mask()
    assert done(viewing, run).words == "subtracted, mask 5"
    viewing.change(position=0)
    hand.here_in_mask()
    assert done(viewing, run).words == "subtracted, mask 1, 5"
    hand.here_in_mask()
    assert done(viewing, run).words == "subtracted, mask 5"
    viewing.change(position=4)
    with pytest.raises(Refused, match="at least one image"):
        hand.here_in_mask()


def test_the_mask_steps_through_the_run_to_its_ends(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    hand.step_mask(1)
    assert done(viewing, run).mask_frames == (3, 4)
    hand.step_mask(-2)
    assert done(viewing, run).mask_frames == (1, 2)
    with pytest.raises(Refused, match="No other image"):
        hand.step_mask(-1)
    hand.interval()
    assert (done(viewing, run).mask.operation, done(viewing, run).mask_frames) == (MaskOperation.INTERVAL, (4,))
    hand.step_mask(-1)
    assert done(viewing, run).mask_frames == (3,)
    hand.step_mask(1)
    with pytest.raises(Refused, match="No other image"):
        hand.step_mask(1)


def test_arrow_keys_move_the_mask_in_three_steps_until_it_is_let_go(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    hand.take()
    assert hand.is_by_keys
    hand.arrow(8.0, 0.0)
    hand.arrow(0.0, -40.0)
    hand.arrow(-1.0, 0.0)
    assert done(viewing, run).shift == (-1.5, 0.4)
    viewing.activate(1)
    assert not hand.is_by_keys  # the mask of another viewport is not moved by chance
    assert done(viewing, run).shift == (0.5, 0.0)


def test_every_mask_of_the_run_moves_and_comes_back(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    early, late = replace(FILED, ranges=((1, 3),)), Mask(frames=(1,), ranges=((4, 6),), frame_shifts=((5, (2.0, 2.0)),))
    run.facts = MaskFacts("SUB", "LOG", (early, late))
    hand.shift(right=1.0, down=0.5)
    assert done(viewing, run).shift == (2.5, 3.0)
    viewing.change(position=1)
    assert done(viewing, run).shift == (1.0, 1.0)
    hand.unshift()
    assert done(viewing, run).shift == (0.0, 0.0)
    with pytest.raises(Refused, match="not moved further"):
        hand.shift(right=65.0, down=0.0)


def test_landmarks_go_round(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    found = []
    for _ in range(5):
        hand.step_landmarks()
        found.append(done(viewing, run).mask.landmark)
    assert found == [10.0, 20.0, 30.0, 50.0, 0.0]


def test_the_first_step_starts_from_what_the_file_keeps_visible(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    run.facts = MaskFacts("SUB", "LOG", (FILED,), displays=((1, 6, "SUB", 20.0),))
    hand.shift(right=1.0, down=0.0)
    assert done(viewing, run).mask.landmark == 20.0
    hand.step_landmarks()
    assert done(viewing, run).mask.landmark == 30.0


def test_each_change_is_taken_back_the_last_one_first(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    viewing.change(window=Window(0.0, 50.0))
    hand.shift(right=1.0, down=0.0)
    hand.toggle()
    hand.undo()
    assert (done(viewing, run).shift, viewing.state().window) == ((0.5, 1.0), Window(0.0, 50.0))
    hand.undo()
    assert viewing.state().subtraction is None
    with pytest.raises(Refused, match="Nothing to take back"):
        hand.undo()


def test_as_filed_forgets_the_readers_masks(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    hand.here_as_mask()
    hand.as_filed()
    assert done(viewing, run).words == "subtracted, mask 2-3, shift 0.5/0.0"


def test_what_cannot_be_subtracted_says_why(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    hand.toggle()
    with pytest.raises(Refused, match="not subtracted"):
        hand.take()
    run.facts = MaskFacts(refused="its intensities are signed")
    with pytest.raises(Refused) as refused:
        hand.toggle()
    assert refused.value.detail == "Its intensities are signed"
    run.facts = None
    with pytest.raises(Refused, match="Nothing to subtract"):
        hand.toggle()


def test_a_run_without_a_mask_takes_its_first_image(viewing: Viewing, hand: Subtracting, run: Run) -> None:
    run.facts = MaskFacts("NAT", "LIN")
    hand.toggle()
    assert done(viewing, run).words == "subtracted, mask 1"
    hand.undo()
    run.facts = MaskFacts("NAT", "LIN", (Mask(MaskOperation.NONE, (0,)),))  # as many a cine has it
    hand.toggle()
    assert done(viewing, run).words == "subtracted, mask 1"


def frames_of(mask: Mask, frame: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    found = subtracted(MaskFacts("SUB", "LOG", (mask,)), RUN, frame, 10, None)
    return found.mask_frames, found.contrast_frames


def test_which_frames_are_taken_from_which() -> None:
    """PS3.3 C.7.6.10.1.1: reversed intervals grow by two with each frame, on over the parts of a broken range."""
    reversed_ = Mask(MaskOperation.REVERSED, offset=1, ranges=((5, 6), (9, 9)))
    assert [frames_of(reversed_, frame) for frame in (5, 6, 9)] == [((4,), (5,)), ((3,), (6,)), ((4,), (9,))]
    assert frames_of(Mask(MaskOperation.INTERVAL, offset=-2), 3) == ((5,), (3,))
    averaged = Mask(frames=(1, 2), contrast_frames=3)
    assert frames_of(averaged, 8) == ((1, 2), (8, 9, 10))
    assert frames_of(averaged, 9) == ((), ())
    words = subtracted(MaskFacts("SUB", "LOG", (averaged,)), RUN, 9, 10, None).words
    assert words == "not subtracted: too few images follow for the mean"


class Turned(Run):
    """Shown twice as large and turned by a quarter: a view pixel to the right is half an image pixel up."""

    def to_frame(self, _state: ViewportState, width: int, height: int, x: float, y: float) -> tuple[float, float] | None:
        inside = 0.0 <= x <= width and 0.0 <= y <= height
        return (y / 2.0, 50.0 - x / 2.0) if inside else None


@pytest.mark.parametrize("at", [(50.0, 40.0), (100.0, 80.0), (0.0, 80.0)])
def test_the_mask_follows_a_drag_and_one_step_takes_all_of_it_back(at: tuple[float, float]) -> None:
    run = Turned()
    viewing = Viewing(lambda _study, _series: run)  # type: ignore[arg-type, return-value]
    cell = Cell(0, 0, ViewportState("1.1", "1.1.1", position=4))
    viewing.show(Arrangement("p", "P", 0, 1, "", Layout(1, 1), (cell,), ()))
    hand = viewing.subtracting
    grip = hand.grip(0, 100, 80, at)
    assert grip is not None
    for dx, dy in ((1.0, 0.0), (6.0, 2.0), (12.0, -4.0)):  # from where it began, not from the last place
        hand.drag(grip, dx, dy)
    assert done(viewing, run).words == "subtracted, mask 2-3, shift -5.5/-2.0"
    hand.drag(grip, 4000.0, 0.0)  # never further than anything can have moved
    assert 60.0 <= max(map(abs, done(viewing, run).shift)) <= 64.0
    hand.undo()
    assert done(viewing, run).words == "subtracted, mask 2-3, shift 0.5/0.0"
    with pytest.raises(Refused, match="Nothing to take back"):
        hand.undo()


def test_nothing_is_held_where_nothing_is_subtracted(run: Run, viewing: Viewing, hand: Subtracting) -> None:
    run.to_frame = lambda _state, _width, _height, x, y: (x, y)  # type: ignore[attr-defined]
    assert hand.grip(0, 100, 80, (5.0, 5.0)) is not None
    assert hand.grip(1, 100, 80, (5.0, 5.0)) is None  # not the active one
    grip = hand.grip(0, 100, 80, (5.0, 5.0))
    assert grip is not None
    hand.toggle()
    assert hand.grip(0, 100, 80, (5.0, 5.0)) is None
    hand.drag(grip, 5.0, 5.0)
    assert done(viewing, run).words == ""
