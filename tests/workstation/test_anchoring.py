"""One scale for a stage, what is aligned with what, and what must be said of it: reckoned without a screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from one_volume import OneVolume

from workstation.domain.breast import Breast, Sheet
from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import Arrangement, Cell, Layout, Plane, Sizing, ViewportState
from workstation.errors import Refused
from workstation.session.anchoring import BY_PIXELS, MIXED, OTHER_SIDE, STRIP, WRONG_SIDE
from workstation.session.screen_pixels import ScreenPixels
from workstation.session.viewing import Viewing

SIZE = 500, 400
ERMF, DETECTOR, NONE = SpacingSource.ERMF, SpacingSource.DETECTOR, SpacingSource.NONE


def sheet(side: str, **changes: Any) -> Sheet:
    """1000 x 800 pixels of 0.1 mm: a breast of 600 rows, its nipple at row 450."""
    left = side == "left"
    box = (-0.5, 99.5, 499.5, 699.5) if left else (299.5, 99.5, 799.5, 699.5)
    breast = Breast(side, -0.5 if left else 799.5, (490.0 if left else 310.0, 450.0), 400.0, box, box)
    made = Sheet(f"image of {side}", 800, 1000, (0.1, 0.1), ERMF, breast, along=True)
    return replace(made, **changes)


class Viewer(OneVolume):
    def __init__(self, found: Sheet) -> None:
        self.found = found

    def sheet(self, state: ViewportState) -> Sheet:
        return self.found

    def can_show(self, plane: Plane) -> bool:
        return plane is Plane.STACK

    def default_state(self, plane: Plane = Plane.STACK) -> ViewportState:
        return ViewportState("study", self.found.image, plane)


def hung(*cells: tuple[str, Sheet], columns: int = 2) -> tuple[Viewing, list[Viewer]]:
    """Anchored cells, row by row."""
    viewers = [Viewer(replace(found, image=f"{found.image} {i}")) for i, (_, found) in enumerate(cells)]
    by_uid = {viewer.found.image: viewer for viewer in viewers}
    viewing = Viewing(lambda _study, series: by_uid.get(series))  # type: ignore[arg-type,return-value]
    for index in range(len(cells)):
        viewing.anchoring.resized(index, SIZE)
    states = [
        ViewportState("study", viewer.found.image, anchor=anchor, sizing=Sizing.SAME_SCALE)
        for (anchor, _), viewer in zip(cells, viewers, strict=True)
    ]
    made = tuple(Cell(*divmod(i, columns), state) for i, state in enumerate(states))
    layout = Layout(-(-len(cells) // columns), columns)
    viewing.show(Arrangement("p", "P", 0, 1, "", layout, made, ()))
    return viewing, viewers


def states(viewing: Viewing) -> list[ViewportState]:
    return [cell.state for cell in viewing.cells if cell.state is not None]


PAIR = (("right", sheet("right")), ("left", sheet("left")))


def test_the_largest_breast_fills_its_place_and_all_have_its_scale() -> None:
    small = sheet("left", mm=(0.05, 0.05))
    viewing, _ = hung(("right", sheet("right")), ("left", small))
    scales = {state.pixel_mm for state in states(viewing)}
    assert len(scales) == 1
    above, below = 35.05, 24.95  # of the larger one, in millimetres from the row of its nipple
    assert scales.pop() == pytest.approx((above + below) * 1.02 / SIZE[1])


def test_nipples_stand_at_one_height() -> None:
    viewing, _ = hung(*PAIR)
    one, other = states(viewing)
    assert one.held is not None
    assert other.held is not None
    assert (one.held.place, other.held.place) == ((799.5, 450.0), (-0.5, 450.0))
    assert one.held.height == other.held.height == pytest.approx(0.5 + (35.05 - 24.95) / 2 / one.pixel_mm / SIZE[1])
    assert viewing.anchoring.aligned == {0: "nipple", 1: "nipple"}


@pytest.mark.parametrize(
    ("changes", "kind", "rows"),
    [
        ({"nipple": None}, "middle", (400.0, 400.0)),
        ({"nipple": None, "middle": None}, "image", (399.5, 399.5)),
        ({"nipple": (490.0, 690.0)}, "middle", (400.0, 400.0)),  # a pair twice as high: not believed
    ],
)
def test_what_is_not_certain_in_both_is_aligned_by_less(changes: dict[str, Any], kind: str, rows: tuple[float, float]) -> None:
    left = sheet("left")
    assert left.breast is not None
    viewing, _ = hung(("right", sheet("right")), ("left", replace(left, breast=replace(left.breast, **changes))))
    assert set(viewing.anchoring.aligned.values()) == {kind}
    assert tuple(state.held.place[1] for state in states(viewing) if state.held is not None) == rows


def test_views_of_different_kinds_are_not_aligned_with_each_other() -> None:
    viewing, _ = hung(("left", sheet("left")), ("left", sheet("left", along=False)))
    assert set(viewing.anchoring.aligned.values()) == {"nipple"}
    assert len(viewing.anchoring.beside(0)) == 1
    viewing, _ = hung(("left", sheet("left")), ("left", sheet("left")))
    assert len(viewing.anchoring.beside(0)) == 2


def test_breasts_on_two_screens_are_aligned_and_to_one_scale() -> None:
    """Right on the left monitor, left on the right one."""
    viewing, _ = hung(*PAIR)
    one, other = (cell.state for cell in viewing.cells)
    cells = (Cell(0, 0, one), Cell(0, 0, other, screen=1))
    viewing.show(Arrangement("p", "P", 0, 1, "", Layout(1, 1), cells, (), more_screens=(Layout(1, 1),)))
    viewing.anchoring.resized(1, (SIZE[0], SIZE[1] // 2))
    assert len(viewing.anchoring.beside(0)) == 2
    assert len({state.pixel_mm for state in states(viewing)}) == 1
    assert viewing.anchoring.aligned == {0: "nipple", 1: "nipple"}


def test_an_image_without_millimetres_takes_no_part_in_the_scale() -> None:
    viewing, _ = hung(("right", sheet("right")), ("left", sheet("left", mm=None, source=NONE)))
    with_mm, without = states(viewing)
    assert with_mm.pixel_mm > 0.0
    assert without.pixel_mm == 0.0
    assert without.held is not None
    assert without.held.place == (-0.5, 499.5)  # the whole image, from its own edge


def test_nothing_moves_until_the_last_image_is_there() -> None:
    viewing, viewers = hung(("right", sheet("right")), ("left", sheet("left", breast=None, waiting=True)))
    before = states(viewing)
    assert all(state.held is not None and state.held.place[1] == 499.5 for state in before)
    viewers[1].found = replace(sheet("left"), image=viewers[1].found.image)
    viewing.anchoring.arrived("another series")
    assert states(viewing) == before
    viewing.anchoring.arrived(viewers[1].found.image)
    assert set(viewing.anchoring.aligned.values()) == {"nipple"}


def test_resizing_keeps_one_scale_and_changes_nothing_of_the_readers() -> None:
    viewing, _ = hung(*PAIR)
    viewing.change(0, zoom=2.0, pan=(0.1, 0.2))
    before = states(viewing)[0].pixel_mm
    for index in range(2):
        viewing.anchoring.resized(index, (SIZE[0] * 2, SIZE[1] * 2))
    assert {state.pixel_mm for state in states(viewing)} == {before / 2}
    assert (states(viewing)[0].zoom, states(viewing)[0].pan) == (2.0, (0.1, 0.2))


def changed(side: str, **changes: Any) -> Sheet:
    made = sheet(side)
    assert made.breast is not None
    return replace(made, breast=replace(made.breast, **changes))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (sheet("left"), ()),
        (changed("left", contradicts=True), (OTHER_SIDE,)),
        (sheet("right"), (WRONG_SIDE,)),
        (changed("left", edge=39.5), (STRIP,)),
        (sheet("left", source=DETECTOR), (MIXED,)),
    ],
)
def test_what_must_be_known_of_a_place_is_said(found: Sheet, words: tuple[str, ...]) -> None:
    viewing, _ = hung(("right", sheet("right")), ("left", found))
    assert viewing.anchoring.words[1] == words


def test_a_breast_whose_side_is_in_doubt_lies_flush_with_its_own_edge() -> None:
    for found in (changed("left", contradicts=True, edge=39.5), changed("right", edge=760.5)):
        viewing, _ = hung(("right", sheet("right")), ("left", found))
        held = states(viewing)[1].held
        assert held is not None
        assert held.place[0] == -0.5


def test_one_scale_needs_millimetres_somewhere() -> None:
    viewing, _ = hung(("left", sheet("left", mm=None, source=NONE)))
    with pytest.raises(Refused, match="No common scale"):
        viewing.anchoring.toggle()


def test_sizes_of_anchored_images_go_together() -> None:
    viewing, _ = hung(*PAIR)
    viewing.resize(Sizing.TRUE_SIZE, 0.2)
    assert {(state.sizing, state.pixel_mm) for state in states(viewing)} == {(Sizing.TRUE_SIZE, 0.2)}
    one, other = states(viewing)
    assert one.held is not None
    assert other.held is not None
    assert one.held.height == other.held.height
    assert viewing.anchoring.aligned == {0: "nipple", 1: "nipple"}


def test_linked_zoom_moves_mirrored_breasts_towards_each_other() -> None:
    from workstation.session.linking import LinkBy

    viewing, _ = hung(*PAIR)
    viewing.linking.toggle(LinkBy.ZOOM)
    viewing.change(0, zoom=2.0, pan=(0.25, 0.1))
    assert (states(viewing)[1].zoom, states(viewing)[1].pan) == (2.0, (-0.25, 0.1))


# ---- screens whose pixels are not of one size ------------------------------------------------


def on_screens(*screens: ScreenPixels) -> tuple[ViewportState, ViewportState, dict[int, tuple[str, ...]]]:
    """The pair, each breast on a screen of its own, and what is said of them."""
    viewing, _ = hung(*PAIR)
    viewing.anchoring.screen_pixels = lambda index: screens[index]
    viewing.anchoring.settle()
    one, other = states(viewing)
    return one, other, viewing.anchoring.words


FINE, COARSE = ScreenPixels("five megapixels", 0.165), ScreenPixels("side", 0.27)


def test_a_millimetre_is_as_long_on_screens_of_other_pixels() -> None:
    one, other, words = on_screens(FINE, COARSE)
    on_glass = [mm / state.pixel_mm for mm, state in ((0.165, one), (0.27, other))]
    assert on_glass[0] == pytest.approx(on_glass[1])
    assert one.pixel_mm != other.pixel_mm
    assert set(words.values()) == {()}


def test_all_of_every_breast_is_still_seen() -> None:
    """The screen with the smaller glass says how large they are."""
    for screens in ((FINE, COARSE), (COARSE, FINE)):
        one, other, _ = on_screens(*screens)
        assert max(60.0 * 1.02 / state.pixel_mm for state in (one, other)) == pytest.approx(SIZE[1])


def test_one_scale_by_pixels_says_so_where_a_screen_does_not_say_how_large_it_is() -> None:
    one, other, words = on_screens(FINE, ScreenPixels("projector"))
    assert one.pixel_mm == other.pixel_mm
    assert words == {0: (BY_PIXELS,), 1: (BY_PIXELS,)}


def test_two_monitors_of_one_kind_need_no_ruler() -> None:
    one, other, words = on_screens(ScreenPixels("five megapixels"), ScreenPixels("five megapixels", 0.165))
    assert one.pixel_mm == other.pixel_mm
    assert set(words.values()) == {()}


def test_a_screen_that_was_measured_meanwhile_is_followed() -> None:
    viewing, _ = hung(*PAIR)
    screens = [ScreenPixels("a", 0.2), ScreenPixels("b", 0.2)]
    viewing.anchoring.screen_pixels = lambda index: screens[index]
    viewing.anchoring.settle()
    screens[1] = ScreenPixels("b", 0.25)
    viewing.anchoring.settle()
    one, other = states(viewing)
    assert other.pixel_mm / one.pixel_mm == pytest.approx(1.25)
