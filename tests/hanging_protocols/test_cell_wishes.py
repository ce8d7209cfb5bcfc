"""What a cell may ask for beyond plane and window: screens, sizes, what is laid over, 3D looks, turns."""

from __future__ import annotations

from typing import Any

import pytest
from hanging_studies import ct, image, mammogram, series, study

from hanging_protocols import schema
from hanging_protocols.engine import ProtocolHanger
from hanging_protocols.model import Anchor, Flip, Size, Sort
from workstation.domain.hanging import HangingContext, ScreenFacts
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, Fusion, Layout, Paging, Plane, Sizing, SolidLook, Window
from workstation.errors import Refused
from workstation.presets import load_presets

HEAD = """
id = "ours"
title = "Ours"
rules = [{ attribute = "Modality", notNull = true, weight = 99 }]
[selectors.ct]
rules = [{ attribute = "Modality", equals = "CT", required = true }]
[selectors.pet]
title = "PET"
rules = [{ attribute = "Modality", equals = "PT", required = true }]
[selectors.any]
rules = [{ attribute = "Modality", notNull = true }]
"""
SUV = {"weight": 80.0, "total_dose": 3e8, "half_life": 6586.0}


def hanger(*cells: str, stage: str = "") -> ProtocolHanger:
    listed = "\n".join(f"    {{ {cell} }}," for cell in cells)
    text = f'{HEAD}[[stages]]\nid = "one"\ntitle = "One"\n{stage}\ncells = [\n{listed}\n]\n'
    return ProtocolHanger((schema.parse(text, "ours.toml"),), load_presets())


def cell(more: str, selector: str = "any") -> str:
    return f'at = [0, 0], selector = "{selector}"{", " if more else ""}{more}'


def hung(more: str, current: Study, selector: str = "any", **context: Any) -> Arrangement:
    return hanger(cell(more, selector)).hang(current, (), context=HangingContext(**context))


def state(more: str, current: Study, selector: str = "any", **context: Any) -> Any:
    return hung(more, current, selector, **context).cells[0].state


def pet_ct(frame: str = "F") -> Study:
    pet = series("pet", "PT", 60, 2, frame=frame, pet=SUV, Units="BQML")
    return study("s", ct("ct", 60, number=1, frame="F"), pet)


def test_every_wish_is_read_from_a_file() -> None:
    text = 'sort = "number", descending = true, sizing = "anatomy", anchor = "left", rotation = 90, flip = "both"'
    (stage,) = hanger(cell(text)).protocols[0].stages
    found = stage.cells[0]
    assert (found.sort, found.descending, found.sizing, found.anchor) == (Sort.NUMBER, True, Size.ANATOMY, Anchor.LEFT)
    assert (found.rotation, found.flip) == (90, Flip.BOTH)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ('sizing = "huge"', "'huge' is not one of fit, same scale, true size, anatomy, pixels"),
        ('anchor = "top"', "anchor: 'top' is not one of"),
        ("rotation = 45", "must be 0, 90, 180 or 270"),
        ("opacity = 0.3", "opacity: needs fusion"),
        ('fusion = "pet", opacity = 1.5', "must be from 0 to 1"),
        ('fusion = "nobody"', "fusion: 'nobody' is not one of ct, pet, any"),
        ('look = "CT bone"', 'look: needs plane = "3d"'),
        ('fusion = "pet", plane = "3d"', "nothing is laid over a 3D view"),
        ('window = "Lung", center_width = [1, 2]', "already named by its preset"),
        ("center_width = [40, 0]", "its width above 0"),
        ("center_width = [inf, 10]", "its width above 0"),
        ("screen = 1", "screen: must be a whole number from 0 to 0"),
        ("slab_mm = -1", "slab_mm: must be from 0 to 500"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_by_key(more: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        hanger(cell(more))
    assert reason in refused.value.detail


@pytest.mark.parametrize("screens", ["[[1, 5]]", "[[1]]", "7", "[[1, 1], [1, 1], [1, 1], [1, 1]]", '[["a", 1]]', "[[0.5, 1]]"])
def test_screens_are_grids_of_one_to_four_rows_and_columns(screens: str) -> None:
    with pytest.raises(Refused) as refused:
        hanger(cell(""), stage=f"screens = {screens}")
    assert "screens" in refused.value.detail


def test_a_cell_turns_mirrors_and_windows_its_image_in_figures() -> None:
    found = state('rotation = 90, flip = "horizontal", center_width = [40, 80]', study("s", ct("1")))
    assert (found.rotation, found.flipped_horizontally, found.flipped_vertically) == (90, True, False)
    assert found.window == Window(40, 80)


def test_images_are_paged_as_the_cell_asks_but_not_one_that_hangs_by_itself() -> None:
    found = state('sort = "time", descending = true', study("s", ct("1")))
    assert (found.paging, found.backwards) == (Paging.TIME, True)
    views = series("v", "MG", 2, images=(image("v.1", 1), image("v.2", 2)))
    single = hung('sort = "time", descending = true', study("s", views))
    assert single.cells[0].state is not None
    assert (single.cells[0].state.paging, single.cells[0].state.backwards) == (Paging.AS_READ, False)
    assert any("one image of its series" in reason for reason in single.reasons)


def test_a_flip_is_on_top_of_the_wished_orientation() -> None:
    image = study("s", mammogram("1", "R", "CC"))
    assert state('patient_orientation = ["A", "L"]', image).flipped_horizontally
    assert not state('patient_orientation = ["A", "L"], flip = "horizontal"', image).flipped_horizontally


def test_a_breast_lies_at_its_side_in_the_scale_of_its_stage() -> None:
    found = state('sizing = "same scale", anchor = "right"', study("s", mammogram("1", "R", "CC")))
    assert (found.sizing, found.anchor) == (Sizing.SAME_SCALE, "right")


def test_true_size_needs_to_know_the_screen() -> None:
    image = study("s", ct("1"))
    known = state('sizing = "true size"', image, screens=(ScreenFacts(2048, 1536, 0.21),))
    assert (known.sizing, known.pixel_mm) == (Sizing.TRUE_SIZE, 0.21)
    unknown = hung('sizing = "true size"', image, screens=(ScreenFacts(2048, 1536),))
    assert unknown.cells[0].state
    assert unknown.cells[0].state.sizing is Sizing.FIT
    assert any("the size of the screen's pixels is not known" in reason for reason in unknown.reasons)


def test_a_pet_is_laid_over_its_ct_in_its_window_and_colours() -> None:
    found = state('fusion = "pet", fusion_window = "SUV 7", colour_map = "even", opacity = 0.4', pet_ct(), "ct")
    assert found.fusion == Fusion("s", "pet", colour_map="even", opacity=0.4, window=found.fusion.window)
    assert found.fusion.window.width == 7.0


@pytest.mark.parametrize(
    ("current", "why"),
    [
        (pet_ct("other"), "nothing is laid over: no PET has its frame of reference"),
        (study("s", ct("ct", 60)), "nothing is laid over: there is no series of this kind: Modality is PT"),
        (study("s", ct("ct", 60, frame="F"), series("pet", "PT", 3, frame="F")), "3 slices are too few"),
    ],
)
def test_nothing_is_laid_over_that_does_not_lie_in_the_same_space(current: Study, why: str) -> None:
    found = hung('fusion = "pet"', current, "ct")
    assert found.cells[0].state
    assert found.cells[0].state.fusion is None
    assert any(why in reason for reason in found.reasons)


def test_a_volume_is_hung_in_3d_with_its_look_and_a_scout_is_not() -> None:
    found = state('plane = "3d", look = "CT bone"', study("s", ct("1")))
    assert (found.plane, found.solid) == (Plane.THREE_D, SolidLook("CT bone"))
    scout = state('plane = "3d", look = "CT bone"', study("s", ct("1", 2, ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER"))))
    assert (scout.plane, scout.solid) == (Plane.STACK, SolidLook())


TWO_SCREENS = hanger(
    'at = [0, 0], selector = "any", nth = 1',
    'at = [0, 0], screen = 1, selector = "any", nth = 2',
    'at = [0, 1], screen = 1, selector = "any", nth = 3',
    'at = [0, 0], screen = 2, selector = "any", nth = 4',
    stage="screens = [[1, 2], [1, 1]]",
)
SCREEN = ScreenFacts(1000, 1000)


def every_stage(screens: int, current: Study) -> list[Arrangement]:
    context = HangingContext(screens=(SCREEN,) * screens)
    count = TWO_SCREENS.hang(current, (), context=context).stage_count
    return [TWO_SCREENS.hang(current, (), stage, context=context) for stage in range(count)]


def places(arrangement: Arrangement) -> list[tuple[int, int, str]]:
    return [(cell.screen, cell.column, cell.state.series_uid if cell.state else "") for cell in arrangement.cells]


def test_a_stage_hangs_on_all_the_screens_it_asks_for() -> None:
    (one,) = every_stage(3, study("s", *(ct(str(n), number=n) for n in range(1, 5))))
    assert (one.layout, one.more_screens) == (Layout(1, 1), (Layout(1, 2), Layout(1, 1)))
    assert places(one) == [(0, 0, "1"), (1, 0, "2"), (1, 1, "3"), (2, 0, "4")]


@pytest.mark.parametrize(
    ("screens", "expected"),
    [
        (0, [[(0, 0, "1")], [(0, 0, "2"), (0, 1, "3")], [(0, 0, "4")]]),
        (1, [[(0, 0, "1")], [(0, 0, "2"), (0, 1, "3")], [(0, 0, "4")]]),
        (2, [[(0, 0, "1"), (1, 0, "2"), (1, 1, "3")], [(0, 0, "4")]]),
    ],
)
def test_with_fewer_screens_the_stage_is_told_in_parts(screens: int, expected: list[list[tuple[int, int, str]]]) -> None:
    parts = every_stage(screens, study("s", *(ct(str(n), number=n) for n in range(1, 5))))
    assert [places(part) for part in parts] == expected
    assert all(part.stage_title == f"One {n}/{len(parts)}" for n, part in enumerate(parts, start=1))


def test_a_part_without_images_is_left_out() -> None:
    (one,) = every_stage(1, study("s", ct("1", number=1)))
    assert (places(one), one.stage_title) == ([(0, 0, "1")], "One")
