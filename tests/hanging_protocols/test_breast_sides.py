"""No mammogram is ever shown as the other breast, whatever its orientation says."""

from __future__ import annotations

import itertools

import pytest
from hanging_studies import DBT_CLASS, mammogram, study

from hanging_protocols.engine import ProtocolHanger
from workstation.domain import breast_side
from workstation.domain.study import Series
from workstation.domain.viewing import Arrangement, Cell

OPPOSITE = breast_side.OPPOSITE
CODES = {"CC": "399162004|SCT|cranio-caudal", "MLO": "399368009|SCT|medio-lateral oblique"}
ORIENTATIONS = [
    *((row, column) for row in "AP" for column in "LR"),
    *((row, column) for row in "AP" for column in "HF"),
    *((row, column) for row in "LR" for column in "AP"),
    *((row, column) for row in "HF" for column in "AP"),
]
CASES = [*itertools.product(ORIENTATIONS, "RL", ("CC", "MLO"))]


def hung(hanger: ProtocolHanger, one: object) -> Cell:
    arrangement = hanger.hang(study("s", one), ())  # type: ignore[arg-type]
    return next(cell for cell in arrangement.cells if cell.state is not None)


def shown(cell: Cell, orientation: tuple[str, str]) -> tuple[str, str]:
    """Where the rows and columns of the picture on the screen run."""
    assert cell.state
    across, down = cell.state.flipped_horizontally, cell.state.flipped_vertically
    return (
        OPPOSITE[orientation[0][0]] if across else orientation[0][0],
        OPPOSITE[orientation[1][0]] if down else orientation[1][0],
    )


@pytest.mark.parametrize(("orientation", "side", "view"), CASES)
@pytest.mark.parametrize("coded", [True, False])
def test_every_orientation_hangs_with_its_chest_wall_inside_or_as_it_is_and_says_so(
    hanger: ProtocolHanger, orientation: tuple[str, str], side: str, view: str, coded: bool
) -> None:
    elements = {"ViewCodeSequence": CODES[view]} if coded else {"ViewPosition": view}
    cell = hung(hanger, mammogram("s", side, view if not coded else "", PatientOrientation=orientation, **elements))
    fits = orientation[0] in "AP" and orientation[1] in ("LR" if view == "CC" else "HF")
    assert cell.state
    if not fits:
        assert (cell.state.flipped_horizontally, cell.state.flipped_vertically) == (False, False)
        return
    row, column = shown(cell, orientation)
    # Right on the left of the screen, its chest wall to the right: rows run to the back. Left the other way round.
    assert row == ("P" if side == "R" else "A")
    assert column == ({"R": "L", "L": "R"}[side] if view == "CC" else "F")
    assert cell.state.anchor == ("right" if side == "R" else "left")


@pytest.mark.parametrize(("orientation", "side", "view"), CASES)
def test_an_orientation_that_cannot_be_of_its_view_is_called_so(orientation: tuple[str, str], side: str, view: str) -> None:
    along = {*orientation} & {*"LR"}
    found = breast_side.conflicts({"ImageLaterality": (side,), "ViewPosition": (view,), "PatientOrientation": orientation})
    assert (breast_side.ORIENTATION_AND_VIEW in found) is (bool(along) is not (view == "CC"))


@pytest.mark.parametrize(("down", "side"), [*itertools.product(("FL", "FR", "HL", "HR"), "RL")])
def test_the_second_letter_of_an_oblique_view_tells_the_breast(down: str, side: str) -> None:
    found = breast_side.conflicts(
        {"ImageLaterality": (side,), "ViewCodeSequence": (CODES["MLO"],), "PatientOrientation": ("P", down)}
    )
    is_of = {"FL": "R", "FR": "L", "HL": "L", "HR": "R"}[down]
    assert found == (() if is_of == side else (breast_side.OTHER_BREAST,))


def test_an_image_of_the_other_breast_is_not_mirrored_into_place(hanger: ProtocolHanger) -> None:
    """It would look right, and be wrong."""
    one = mammogram("s", "R", "MLO", PatientOrientation=("A", "FR"))
    cell = hung(hanger, one)
    assert cell.state
    assert not cell.state.flipped_horizontally
    assert breast_side.OTHER_BREAST in " ".join(hanger.hang(study("s", one), ()).reasons)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("L CC", "L"), ("RMLO", "R"), ("R-ML", "R"), ("Mammografi vänster CC", "L"), ("høyre bryst", "R"),
        ("venstre MLO", "L"), ("højre CC", "R"), ("vasen rinta", "L"), ("oikea MLO", "R"), ("left breast", "L"),
        ("Mammography, both breasts", ""), ("LCC and RCC", ""), ("RCC LCC", ""), ("CLARITY", ""), ("", ""), ("TMLO", ""),
    ],
)  # fmt: skip
def test_the_side_that_a_text_names(text: str, side: str) -> None:
    assert breast_side.said_in(text) == side


def test_sides_that_disagree_are_told_and_none_is_chosen() -> None:
    both = {"ImageLaterality": ("L",), "Laterality": ("R",)}
    assert breast_side.conflicts(both) == (breast_side.SIDES_DISAGREE,)
    text = {"ImageLaterality": ("L",), "SeriesDescription": ("R CC",)}
    assert breast_side.conflicts(text) == (breast_side.TEXT_DISAGREES,)
    assert breast_side.conflicts({"ImageLaterality": ("L",), "SeriesDescription": ("L CC",)}) == ()
    assert breast_side.conflicts({"SeriesDescription": ("L CC",)}) == ()


def titles(hanger: ProtocolHanger, *series: Series) -> dict[str, Arrangement]:
    found = [hanger.hang(study("s", *series), ())]
    found += [hanger.hang(study("s", *series), (), stage) for stage in range(1, found[0].stage_count)]
    return {one.stage_title: one for one in found}


def uids(arrangement: Arrangement) -> list[str]:
    return [cell.state.series_uid if cell.state else "" for cell in arrangement.cells]


@pytest.mark.parametrize(
    "extra",
    [
        {"ViewModifierCodeSequence": "399209000|SCT|Implant Displaced"}, {"description": "R CC implant displaced"},
        {"description": "RCC Eklund"}, {"description": "R CC implantat undanträngt"},
    ],
)  # fmt: skip
def test_a_breast_with_an_implant_hangs_with_the_implant_displaced_beside_it(
    hanger: ProtocolHanger, extra: dict[str, str]
) -> None:
    views = [mammogram(f"{side}{view}", side, view) for side, view in (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))]
    found = titles(hanger, mammogram("displaced", "R", "CC", 0, **extra), *views)
    assert uids(found["Four views"]) == ["RCC", "LCC", "RMLO", "LMLO"]
    assert uids(found["Right: implant displaced"]) == ["RCC", "displaced", "RMLO", ""]
    assert "Left: implant displaced" not in found


@pytest.mark.parametrize(
    ("view", "extra"),
    [
        ("ML", {}), ("LM", {}), ("XCCL", {}), ("CC", {"description": "R CC spot"}), ("CC", {"description": "förstoring R CC"}),
        ("CC", {"description": "forstørrelse høyre CC"}), ("CC", {"description": "oikea CC suurennos"}),
        ("MLO", {"ViewModifierCodeSequence": "399163009|SCT|Magnification"}),
    ],
)  # fmt: skip
def test_further_views_have_a_stage_of_their_own(hanger: ProtocolHanger, view: str, extra: dict[str, str]) -> None:
    views = [mammogram(f"{side}{name}", side, name) for side, name in (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))]
    found = titles(hanger, mammogram("further", "R", view, 0, **extra), *views)
    assert uids(found["Four views"]) == ["RCC", "LCC", "RMLO", "LMLO"]
    assert uids(found["Further views"]) == ["further"]


def test_every_place_of_a_mammography_stage_is_to_the_same_scale_and_chest_walls_lie_inside(hanger: ProtocolHanger) -> None:
    for protocol in hanger.protocols:
        for stage in protocol.stages if protocol.protocol_id in ("mammography", "tomosynthesis") else ():
            for cell in stage.cells:
                assert cell.sizing == "same scale"
                if cell.anchor:
                    assert cell.anchor == ("right" if cell.selector.startswith("r") else "left")
                    assert cell.patient_orientation[0] == ("P" if cell.anchor == "right" else "A")
                else:
                    assert cell.selector.startswith("further")


def test_each_tomosynthesis_hangs_beside_its_own_2d_then_breast_against_breast(hanger: ProtocolHanger) -> None:
    views = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]
    tomo = [mammogram(f"{side}{view} tomo", side, view, sop_class=DBT_CLASS, frames=50) for side, view in views]
    flat = [mammogram(f"{side}{view}", side, view) for side, view in views]
    found = titles(hanger, *tomo, *flat)
    assert uids(found["R CC: 2D and tomosynthesis"]) == ["RCC", "RCC tomo"]
    assert uids(found["L MLO: 2D and tomosynthesis"]) == ["LMLO tomo", "LMLO"]
    assert uids(found["CC tomosynthesis"]) == ["RCC tomo", "LCC tomo"]
    assert [cell.link_group for cell in found["CC tomosynthesis"].cells] == ["cc", "cc"]
    assert "Synthetic 2D" not in found
