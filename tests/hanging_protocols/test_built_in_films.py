"""Protocols of limbs on both sides, teeth, skeletal age and whole spines on studies such as they were made for."""

from __future__ import annotations

from typing import Any

from hanging_studies import series, study

from hanging_protocols.engine import ProtocolHanger
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, Sizing

PRIOR = "20250101"


def stages(hanger: ProtocolHanger, current: Study, *priors: Study) -> dict[str, Arrangement]:
    count = hanger.hang(current, priors).stage_count
    return {one.stage_title: one for one in (hanger.hang(current, priors, stage) for stage in range(count))}


def places(hung: Arrangement) -> list[tuple[int, int, str]]:
    return [(cell.row, cell.column, cell.state.series_uid if cell.state else "") for cell in hung.cells]


def shown(hung: Arrangement) -> list[str]:
    return [uid for _, _, uid in places(hung)]


def film(uid: str, side: str = "", modality: str = "DX", number: int = 1, **attributes: Any) -> Any:
    fields = {"ImageLaterality": side} if side else {}
    return series(uid, modality, 1, number, **{**fields, **attributes})


def test_both_sides_of_a_limb_hang_beside_each_other_as_they_face_the_reader(hanger: ProtocolHanger) -> None:
    both = study("s", film("left", "L", number=1), film("right", "R", number=2), description="Rtg händer")
    found = stages(hanger, both)
    first = found["Right and left"]
    assert (first.stage, shown(first)) == (0, ["right", "left"])
    assert {cell.state.sizing for cell in first.cells if cell.state} == {Sizing.SAME_SCALE}
    alone = stages(hanger, study("s", film("ap", "R"), film("lat", "R", number=2), description="Rtg handled hö"))
    assert list(alone) == ["All views"]
    assert {cell.state.sizing for cell in alone["All views"].cells if cell.state} == {Sizing.ANATOMY}


def test_a_prior_of_the_same_side_hangs_beside_a_limb(hanger: ProtocolHanger) -> None:
    now = study("s", film("right", "R"), description="Rtg hand hö")
    before = study("p", film("p left", "L", number=1), film("p right", "R", number=2), description="Rtg händer", date=PRIOR)
    assert shown(stages(hanger, now, before)["Current and prior"]) == ["right", "p right"]


def test_a_panoramic_film_hangs_above_its_prior_and_small_films_together(hanger: ProtocolHanger) -> None:
    opg, before = study("s", film("now", modality="PX")), study("p", film("then", modality="PX"), date=PRIOR)
    found = stages(hanger, opg, before)
    assert places(found["Panoramic, current above prior"]) == [(0, 0, "now"), (1, 0, "then")]
    bitewings = study("s", *(film(str(n), modality="IO", number=n) for n in range(1, 7)))
    (only,) = stages(hanger, bitewings).values()
    assert (only.protocol, only.stage_title, shown(only)) == (
        "radiograph-dental", "All films", ["1", "2", "3", "4", "5", "6"],
    )  # fmt: skip


def test_a_hand_for_skeletal_age_fills_its_place_and_its_last_one_comes_beside_it(hanger: ProtocolHanger) -> None:
    lateral, hand = film("wrist", "L", ViewPosition="LL"), film("hand", "L", number=2)
    now = study("s", lateral, hand, description="Skelettålder")
    before = study("p", film("before", "L"), description="Skelettålder", date=PRIOR)
    found = stages(hanger, now, before)
    assert shown(found["Current and prior"]) == ["hand", "before"]
    assert found["Hand"].stage == 0


def test_of_a_whole_spine_the_image_made_of_all_parts_hangs(hanger: ProtocolHanger) -> None:
    parts = [film(f"part {n}", number=n, ViewPosition="AP") for n in (1, 2, 3)]
    whole = film("whole", number=9, ViewPosition="AP", ImageType=("DERIVED", "PRIMARY", "STITCHED"))
    found = stages(hanger, study("s", *parts, whole, description="Skolios helrygg"))
    assert shown(found["Frontal and lateral"])[0] == "whole"
