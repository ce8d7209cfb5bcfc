"""How sections share the height: nothing lost, nothing jumping, findings largest."""

from __future__ import annotations

import pytest
from calm import calm
from hypothesis import given
from hypothesis import strategies as st

from ui.report.heights import Wish, heights

pytestmark = pytest.mark.qt

EMPTY = (Wish(34, 34), Wish(34, 34), Wish(90, 34, 5), Wish(52, 34, 3), Wish(34, 34))
one_wish = st.tuples(st.integers(20, 90), st.integers(0, 400), st.integers(0, 5)).map(lambda w: Wish(w[0], w[0] + w[1], w[2]))
wishes = st.lists(one_wish, min_size=1, max_size=7).map(lambda some: [Wish(60, 60, 3), *some])


def test_empty_sections_are_one_line_and_findings_takes_most_of_the_rest() -> None:
    history, comparison, findings, impression, recommendation = heights(700, EMPTY)
    assert (history, comparison, recommendation) == (34, 34, 34)
    assert findings + impression == 700 - 3 * 34
    assert 1.6 <= findings / impression <= 1.7


def test_a_written_section_is_as_high_as_its_text() -> None:
    assert heights(700, (Wish(34, 88), *EMPTY[1:]))[0] == 88


def test_a_long_impression_may_outgrow_its_share() -> None:
    assert heights(700, (*EMPTY[:3], Wish(52, 400, 3), EMPTY[4]))[3] >= 400


def test_without_room_for_all_text_every_box_keeps_its_least() -> None:
    crowded = (Wish(34, 300), Wish(34, 300), Wish(90, 900, 5), Wish(52, 400, 3), Wish(34, 34))
    got = heights(400, crowded)
    assert all(height >= wish.least for height, wish in zip(got, crowded, strict=True))
    assert sum(got) == 400


def test_a_small_window_takes_from_the_large_boxes_first() -> None:
    history, comparison, findings, impression, recommendation = heights(200, EMPTY)
    assert (history, comparison, recommendation) == (34, 34, 34)
    assert findings > impression > 34


def test_a_tiny_window_shows_a_little_of_everything() -> None:
    got = heights(120, EMPTY)
    assert sum(got) <= 120
    assert all(height > 0 for height in got)


@calm
@given(st.integers(0, 2000), wishes)
def test_the_whole_height_is_used_and_no_more(available: int, wished: list[Wish]) -> None:
    got = heights(available, wished)
    if available >= sum(wish.least for wish in wished):
        assert sum(got) == available
        assert all(height >= wish.least for height, wish in zip(got, wished, strict=True))
    else:
        assert sum(got) <= available


@calm
@given(st.integers(0, 2000), wishes)
def test_a_box_that_does_not_share_is_never_higher_than_its_text(available: int, wished: list[Wish]) -> None:
    for height, wish in zip(heights(available, wished), wished, strict=True):
        if not wish.share:
            assert height <= wish.wanted
