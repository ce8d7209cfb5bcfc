"""Corner text is never cut off silently and never leaves the viewport, however small it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.corner_layout import BADGE_PAD, fit
from ui.corner_line import Corners, Line, Tone

pytestmark = pytest.mark.qt
LETTER = 8.0
ROW = 18.0


def measure(text: str) -> float:
    return LETTER * len(text)


def elide(text: str, room: float) -> str:
    return text if measure(text) <= room else text[: max(int(room / LETTER) - 1, 0)] + "…"


def placed(corners: Corners, width: float = 600, height: float = 600) -> dict[str, object]:
    return {p.text: p for p in fit(corners, width, height, ROW, measure, elide)}


def test_a_large_viewport_shows_every_line_in_full():
    corners = Corners((Line("ANDERSEN, Åse", 2), Line("ID-1", 5)), (Line("2026-11-20", 2),), (Line("Image 1/10", 1),), ())
    assert set(placed(corners)) == {"ANDERSEN, Åse", "ID-1", "2026-11-20", "Image 1/10"}


def test_top_lines_run_down_and_bottom_lines_run_up():
    found = placed(Corners((Line("one", 1), Line("two", 1)), (), (Line("three", 1), Line("four", 1)), ()))
    assert found["one"].top < found["two"].top < found["four"].top < found["three"].top


def test_right_lines_end_at_the_right_edge():
    found = placed(Corners((), (Line("short", 1), Line("rather longer", 1))))
    assert found["short"].left + found["short"].width == found["rather longer"].left + found["rather longer"].width


def test_the_least_important_lines_go_first():
    lines = tuple(Line(f"line {n}", n) for n in (3, 0, 4, 1, 2))
    found = placed(Corners(lines), height=120)
    assert set(found) == {"line 0", "line 1"}


def test_a_shorter_wording_is_used_before_anything_is_cut():
    line = Line("Soft tissue   C 40  W 400 HU", 1, short=("C 40  W 400 HU", "40/400"))
    assert "C 40  W 400 HU" in placed(Corners((), (), (), (line,)), width=300)
    assert "40/400" in placed(Corners((), (), (), (line,)), width=150)


def test_a_doubt_outlives_name_and_date_in_the_smallest_cell():
    doubt = Line("Gap of 2 slices", 0, Tone.DOUBT)
    corners = Corners((Line("ANDERSEN, Åse", 2), doubt), (Line("2026-11-20", 2, whole=True),))
    found = fit(corners, 160, 70, ROW, measure, elide)
    assert [p.tone for p in found] == [Tone.DOUBT]
    assert found[0].text.startswith("Gap")


def test_numbers_and_dates_are_whole_or_not_there():
    for width in range(60, 400, 7):
        corners = Corners((Line("Image 4/120", 1, short=("4/120",), whole=True),), (Line("2026-11-20", 2, whole=True),))
        assert set(placed(corners, width=width, height=90)) <= {"Image 4/120", "4/120", "2026-11-20"}


def test_doubts_without_room_are_counted_on_the_one_that_is_shown():
    doubts = tuple(Line(text, 0, Tone.DOUBT) for text in ("Gap", "Tilt", "Lossy"))
    found = fit(Corners(doubts), 200, 70, ROW, measure, elide)
    assert [p.text for p in found] == ["+2  Gap"]


def test_nothing_stands_where_the_letter_in_the_middle_of_the_edge_is():
    corners = Corners((Line("x" * 60, 1),), (Line("y" * 60, 1),))
    for text in fit(corners, 400, 70, ROW, measure, elide):
        assert text.left + text.width <= 200 - 8 or text.left >= 200 + 8


lines = st.lists(
    st.builds(
        Line,
        st.text("abc ", min_size=1, max_size=70).filter(str.strip),
        st.integers(0, 10),
        st.sampled_from(list(Tone)),
        st.lists(st.text("abc", min_size=1, max_size=20), max_size=2).map(tuple),
        st.booleans(),
    ),
    max_size=8,
).map(tuple)


@given(lines, lines, lines, lines, st.integers(40, 1200), st.integers(40, 1200))
def test_whatever_the_size_no_two_lines_touch_and_all_lie_inside(a, b, c, d, width, height):
    found = fit(Corners(a, b, c, d), width, height, ROW, measure, elide)
    boxes = [(p.left - BADGE_PAD * p.is_badge, p.left + p.width + BADGE_PAD * p.is_badge, p.top) for p in found]
    for left, right, top in boxes:
        assert left >= 0
        assert right <= width
        assert -1e-9 <= top <= height - ROW + 1e-9
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            if abs(one[2] - other[2]) < ROW:
                assert one[1] <= other[0] + 1e-9 or other[1] <= one[0] + 1e-9
