"""Images are paged by time, number or position, either way round; where they lie is what it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_series import FRAME_OF_REFERENCE, SERIES, STUDY, Acquisition, SeriesMaker

from rendering.paging import CUTS_ARE_BY_POSITION
from rendering.viewport import Viewport
from workstation.domain.viewing import Arrangement, Cell, Layout, Paging, Plane, ViewportState
from workstation.session.linking import Where
from workstation.session.viewing import Viewing

TIMES = ("100004", "100002", "100001", "100003")
"""By InstanceNumber 4, 3, 2, 1 at heights that fall by 3 mm."""


def viewport(times: tuple[str, ...] = TIMES, with_place: bool = True) -> Viewport:
    maker, grid = SeriesMaker(), Acquisition(shape=(len(times), 8, 8))
    for index, time in enumerate(times):
        # Slices from the head down, numbered from the feet up.
        plane = grid.plane(-index) if with_place else None
        maker.add(np.full((8, 8), index, "i2"), plane, number=len(times) - index, acquisition_time=time)
    return maker.viewport()


def state(paging: Paging = Paging.AS_READ, backwards: bool = False, plane: Plane = Plane.STACK) -> ViewportState:
    return ViewportState(STUDY, SERIES, plane, paging=paging, backwards=backwards)


def paged(view: Viewport, asked: ViewportState) -> list[int]:
    """Places in the reading order, in the order in which a reader comes by them."""
    here, found = view.at_index(asked, 0), []
    for place in range(view.slice_count(asked)):
        assert view.slice_index(here) == place
        found.append(here.position)
        here = view.scrolled(here, 1)
    return found


@pytest.mark.parametrize(
    ("paging", "forwards"),
    [
        (Paging.AS_READ, [0, 1, 2, 3]),
        (Paging.POSITION, [0, 1, 2, 3]),
        (Paging.TIME, [2, 1, 3, 0]),
        (Paging.NUMBER, [3, 2, 1, 0]),
    ],
)
def test_every_image_comes_once_in_the_order_that_is_asked_for(paging: Paging, forwards: list[int]) -> None:
    view = viewport()
    assert paged(view, state(paging)) == forwards
    assert paged(view, state(paging, backwards=True)) == forwards[::-1]


def test_it_is_said_what_images_are_paged_by_and_which_one_this_is() -> None:
    picture = viewport().picture(replace(state(Paging.TIME, backwards=True), position=2), 16, 16)
    assert (picture.paged, picture.index, picture.count) == ("By time, latest first", 3, 4)
    assert viewport().picture(state(), 16, 16).paged == ""


def test_what_is_not_known_of_all_images_orders_none_and_that_is_said() -> None:
    view = viewport(("100004", "", "100001", "100003"))
    assert paged(view, state(Paging.TIME)) == [0, 1, 2, 3]
    assert view.picture(state(Paging.TIME), 16, 16).paged == "Not by time: it is not known of all images"
    nowhere = viewport(with_place=False)
    assert nowhere.picture(state(Paging.POSITION), 16, 16).paged.startswith("Not by position")


def test_a_cut_is_paged_from_its_other_end_and_never_by_time() -> None:
    view = viewport()
    cut = replace(view.default_state(Plane.CORONAL), backwards=True)
    first, last = view.at_index(cut, 0), view.at_index(cut, view.slice_count(cut) - 1)
    assert first.focus is not None
    assert last.focus is not None
    assert first.focus[1] > last.focus[1], "from the back to the front"
    assert (view.slice_index(first), view.slice_index(view.scrolled(first, 1))) == (0, 1)
    assert view.picture(first, 16, 16).paged == "By position, last first"
    assert view.picture(replace(cut, paging=Paging.TIME), 16, 16).paged == CUTS_ARE_BY_POSITION


def test_a_linked_viewport_shows_the_same_place_whatever_either_is_paged_by() -> None:
    views = (viewport(), viewport())
    viewing = Viewing(lambda study, _: views[int(study)])
    viewing.linking.where = lambda *_: Where(FRAME_OF_REFERENCE, "CT")
    for number, view in enumerate(views):
        view.images.study = replace(view.images.study, study_instance_uid=str(number))
    wished = (state(Paging.TIME), state(backwards=True))
    cells = tuple(Cell(0, n, replace(one, study_uid=str(n)), link_group="g") for n, one in enumerate(wished))
    viewing.show(Arrangement("p", "P", 0, 1, "", Layout(1, 2), cells, ()))
    assert [cell.state.position for cell in viewing.cells if cell.state] == [2, 3], "each begins with its own first image"
    shown = []
    for _ in range(3):
        viewing.scroll(1)
        shown.append([cell.state.position for cell in viewing.cells if cell.state])
    assert shown == [[1, 1], [3, 3], [0, 0]]
    viewing.reset()
    assert (viewing.state().paging, viewing.state().position) == (Paging.TIME, 0)  # type: ignore[union-attr]
