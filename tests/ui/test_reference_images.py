"""Twelve views of our own phantoms look as they did when a radiologist's eye accepted them, within a stated tolerance.

The pictures are in tests/reference; `python tests/support/renew_references.py --renew` writes those that differ.
"""

from __future__ import annotations

import pytest
from reference_views import FOLDER, VIEWS, ReferenceView, Studio, Tolerance, compared, kept, studio

pytestmark = pytest.mark.qt

LARGEST_BYTES = 400_000


@pytest.fixture(scope="module")
def at_home(tmp_path_factory):
    with studio(tmp_path_factory.mktemp("studio")) as made:
        yield made


def reference_of(view: ReferenceView):
    reference = kept(view)
    assert reference is not None, f"{view.name} has no reference: see the head of this file"
    return reference


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.name)
def test_a_view_looks_as_it_did(at_home: Studio, view: ReferenceView):
    difference = compared(view, at_home.picture(at_home.state(view)), reference_of(view))
    assert difference.holds(Tolerance()), difference.words()


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.name)
def test_a_picture_that_is_mirrored_or_one_pixel_aside_is_another(at_home: Studio, view: ReferenceView):
    reference = reference_of(view)
    picture = at_home.picture(at_home.state(view))
    for wrong in (picture[:, ::-1], picture[::-1], _aside(picture, 1, 0), _aside(picture, 0, 1)):
        assert not compared(view, wrong, reference).holds(Tolerance())


@pytest.mark.parametrize("view", [v for v in VIEWS if v.role not in ("mg", "hand")], ids=lambda v: v.name)
def test_the_next_slice_is_another_picture(at_home: Studio, view: ReferenceView):
    state = at_home.state(view)
    following = at_home.next_slice(state)
    assert following != state
    assert not compared(view, at_home.picture(following), reference_of(view)).holds(Tolerance())


# The ultrasound is a colour image: no window touches it.
@pytest.mark.parametrize("view", [v for v in VIEWS if v.role != "us"], ids=lambda v: v.name)
def test_a_window_a_little_off_is_another_picture(at_home: Studio, view: ReferenceView):
    off = at_home.rewindowed(at_home.state(view))
    assert not compared(view, at_home.picture(off), reference_of(view)).holds(Tolerance())


def test_what_is_kept_are_the_twelve_small_grey_pictures_of_phantoms_and_nothing_else():
    """No pixel of a patient enters the repository: every file here is made by the views above."""
    files = sorted(FOLDER.iterdir())
    assert [f.name for f in files] == sorted(f"{v.name}.png" for v in VIEWS)
    assert len(VIEWS) == 12
    assert sum(f.stat().st_size for f in files) < LARGEST_BYTES


def _aside(picture, rows: int, columns: int):
    moved = picture.copy()
    moved[rows:, columns:] = picture[: picture.shape[0] - rows, : picture.shape[1] - columns]
    return moved
