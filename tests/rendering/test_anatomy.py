"""Zoom to anatomy: the body fills the viewport, nothing of it is cut off, and what is not certain is shown whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_series import SERIES, STUDY, Acquisition, SeriesMaker

from rendering.viewport import Viewport
from rendering.viewport_anatomy import NO_SUCH_IMAGES, NOT_CERTAIN
from rendering.viewport_views import frame_view
from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, Sizing, ViewportState
from workstation.jobs import Jobs, MainQueue
from workstation.session.anatomy import ToAnatomy
from workstation.session.viewing import Viewing

ROWS, COLUMNS = 160, 200
VIEW = (600, 500)
STATE = ViewportState(STUDY, SERIES, sizing=Sizing.ANATOMY)


def disc(middle: tuple[float, float], radius: float) -> Any:
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    return (rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 <= radius**2


# A body that wanders from slice to slice, an arm beside it in one of them, a thin ear in another, and the shell of a table.
BODIES = [disc((70, 80 + 4 * n), 30) | (disc((70, 150), 8) if n == 2 else False) for n in range(5)]
BODIES[1][69:73, 34:60] = True
TABLE = np.zeros((ROWS, COLUMNS), bool)
TABLE[140:142] = True


def air(rng: Any) -> Any:
    return rng.normal(-1000, 15, (ROWS, COLUMNS))


def ct(bodies: list[Any] = BODIES, **header: Any) -> SeriesMaker:
    maker, rng = SeriesMaker(), np.random.default_rng(4)
    maker.header = replace(maker.header, **header)
    grid = Acquisition(shape=(len(bodies), ROWS, COLUMNS), row_spacing=1.0, column_spacing=1.0)
    for index, body in enumerate(bodies):
        maker.add(np.where(body | TABLE, 30.0, air(rng)).astype("i2"), grid.plane(-index))
    return maker


def looked(view: Viewport, state: ViewportState = STATE) -> ViewportState:
    assert view.look_for_anatomy(state)
    return replace(state, framed=view.anatomy(state).framed)


def seen(view: Viewport, state: ViewportState, body: Any) -> bool:
    """Whether every pixel of the body lies inside the viewport."""
    screen = frame_view(view.images, state, state.position, *VIEW).screen
    places = [screen.to_view(column, row) for row, column in np.argwhere(body)]
    return all(0.0 <= x <= VIEW[0] and 0.0 <= y <= VIEW[1] for x, y in places)


def scale_of(view: Viewport, state: ViewportState) -> float:
    return frame_view(view.images, state, state.position, *VIEW).screen.scale


@pytest.mark.parametrize("turned", [{}, {"rotation": 90}, {"flipped_horizontally": True}])
def test_the_body_of_every_slice_is_inside_and_the_table_is_not(turned: dict[str, Any]) -> None:
    view = ct().viewport()
    state = replace(looked(view), **turned)
    assert scale_of(view, state) > 1.2 * scale_of(view, replace(state, sizing=Sizing.FIT))
    for position, body in enumerate(BODIES):
        assert seen(view, replace(state, position=position), body)
    assert not seen(view, state, TABLE)
    assert scale_of(view, replace(state, zoom=2.0)) == 2.0 * scale_of(view, state), "zoom is the reader's, on top"


def test_nothing_moves_before_it_was_looked_for() -> None:
    view = ct().viewport()
    assert view.anatomy(STATE).waiting
    assert scale_of(view, STATE) == scale_of(view, replace(STATE, sizing=Sizing.FIT))


@pytest.mark.parametrize("scout_first", [True, False])
def test_a_scout_of_another_size_in_the_series_is_fitted_to_its_own_body(scout_first: bool) -> None:
    """Whichever was looked at first: columns of one image are not those of a wider one."""
    maker, scout = ct(), np.zeros((100, 300), bool)
    scout[20:60, 200:260] = True
    maker.add(np.where(scout, 30, -1000).astype("i2"))
    view = maker.viewport()
    assert [view.images.header(position).columns for position in range(6)] == [COLUMNS] * 5 + [300]
    states = [replace(STATE, position=position) for position in ((5, 0) if scout_first else (0, 5))]
    for state in states:
        assert view.look_for_anatomy(state)
    for state in states:
        fitted = replace(state, framed=view.anatomy(state).framed)
        assert fitted.framed is not None
        for body in [scout] if state.position == 5 else BODIES:
            assert seen(view, fitted, body)


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_a_cut_is_fitted_to_the_body_as_well(plane: Plane) -> None:
    view = ct().viewport()
    state = looked(view, replace(view.default_state(plane), sizing=Sizing.ANATOMY))
    assert state.framed is not None
    count = view.slice_count(state)
    for place in (0, count // 2, count - 1):
        here = view.at_index(state, place)
        for index, body in enumerate(BODIES):
            plane_of = view.images.facts(index).plane
            assert plane_of is not None
            for row, column in np.argwhere(body)[::211]:
                x, y, _ = view.to_view(here, *VIEW, plane_of.to_patient(column, row))  # type: ignore[misc]
                assert -1.0 <= x <= VIEW[0] + 1.0
                assert -1.0 <= y <= VIEW[1] + 1.0


@pytest.mark.parametrize("known", [True, False])
def test_a_radiograph_keeps_its_marker_of_the_side(known: bool) -> None:
    """With and without a known pixel size."""
    hand, marker = disc((80, 90), 35), np.zeros((ROWS, COLUMNS), bool)
    marker[20:26, 170:175] = True
    maker = SeriesMaker()
    maker.header = replace(maker.header, modality="DX", photometric="MONOCHROME1")
    spacing = {"spacing": (0.2, 0.2), "spacing_source": SpacingSource.DETECTOR}
    maker.add(np.where(hand | marker, 500, 3000).astype("i2"), **(spacing if known else {}))
    view = maker.viewport()
    state = replace(STATE, framed=view.anatomy(STATE).framed)
    assert state.framed is not None, "found at once: a radiograph does not move after it was seen"
    assert seen(view, state, hand | marker)
    assert scale_of(view, state) > 1.1 * scale_of(view, replace(state, sizing=Sizing.FIT))


def test_what_is_not_certain_is_shown_whole_and_said() -> None:
    empty = [np.zeros((ROWS, COLUMNS), bool)] * 3
    whole = [np.ones((ROWS, COLUMNS), bool)] * 3
    for bodies, words in ((empty, NOT_CERTAIN), (whole, "")):
        view = ct(bodies).viewport()
        assert view.look_for_anatomy(STATE)
        assert (view.anatomy(STATE).framed, view.anatomy(STATE).words) == (None, words)
    assert ct(modality="US").viewport().anatomy(STATE).words == NO_SUCH_IMAGES


# ---- in viewports ----------------------------------------------------------------------


def hung(*series: Viewport, sizing: Sizing = Sizing.ANATOMY, selector: str = "body") -> tuple[Viewing, MainQueue, Jobs]:
    for number, view in enumerate(series):
        view.images.study = replace(view.images.study, study_instance_uid=str(number))
    viewing, queue = Viewing(lambda study, _: series[int(study)]), MainQueue()
    jobs = Jobs(queue.post)
    viewing.anatomy.begin(jobs)
    cells = tuple(
        Cell(0, n, ViewportState(str(n), SERIES, sizing=sizing), is_prior=n > 0, selector=selector) for n in range(len(series))
    )
    viewing.show(Arrangement("p", "P", 0, 1, "", Layout(1, len(series)), cells, ()))
    return viewing, queue, jobs


def test_current_and_prior_are_fitted_to_the_larger_body_and_either_fit_comes_back() -> None:
    small = [disc((70, 60), 20)] * 5
    current, prior = ct().viewport(), ct(small).viewport()
    viewing, queue, jobs = hung(current, prior)
    jobs.wait_idle(queue.pump, 60.0)
    first, second = (cell.state for cell in viewing.cells)
    assert first is not None
    assert second is not None
    assert first.framed is not None
    assert second.framed is not None
    assert first.framed.mm == second.framed.mm, "as many millimetres on a pixel"
    assert first.framed.place != second.framed.place, "each around its own body"
    assert seen(prior, replace(second, study_uid=second.study_uid), small[0])
    viewing.anatomy.toggle()
    assert (viewing.state().sizing, scale_of(current, viewing.state())) == (  # type: ignore[union-attr, arg-type]
        Sizing.FIT, scale_of(current, replace(first, sizing=Sizing.FIT)),
    )  # fmt: skip
    viewing.anatomy.toggle()
    assert viewing.state().framed is not None  # type: ignore[union-attr]
    viewing.reset()
    assert viewing.state() == first
    jobs.close()


def test_a_body_that_nobody_finds_is_told_where_it_hangs() -> None:
    viewing, queue, jobs = hung(ct([np.zeros((ROWS, COLUMNS), bool)] * 4).viewport())
    jobs.wait_idle(queue.pump, 60.0)
    assert viewing.anatomy.words == {0: NOT_CERTAIN}
    viewing.fit()
    assert viewing.anatomy.words == {}
    assert isinstance(viewing.anatomy, ToAnatomy)
    jobs.close()
