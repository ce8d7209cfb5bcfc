"""The demonstration studies hang as a reader expects, current and prior together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hanging_protocols import library
from hanging_protocols.engine import ProtocolHanger
from rendering.phantoms.generator import write_demonstration
from rendering.phantoms.study import TODAY, examinations
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, Plane
from workstation.presets import load_presets

Studies = dict[str, Study]

# role of the demonstration study: protocol, series in the cells of the first stage
EXPECTED = {
    "ct-chest": ("ct-chest", ["Chest 2.0 mm soft tissue", "Chest 2.0 mm soft tissue"]),
    "mr-head": ("mr-brain", ["T1 3D sagittal", "T2 TSE axial", "FLAIR axial"]),
    "mg": ("mammography", ["R CC", "L CC", "R MLO", "L MLO"]),
    "dbt": ("tomosynthesis", ["L MLO tomosynthesis"]),
    "petct": ("pet-ct", ["Low-dose CT 4.0 mm", "Low-dose CT 4.0 mm", "PET AC", "PET AC"]),
    "us": ("ultrasound", ["Apical four chambers"]),
    "hand": ("radiograph-extremity", ["Left hand PA"]),
    "angio": ("angiography", ["Right carotid, frontal"]),
}


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studies]:
    """The demonstration studies by role, small, read through the worker."""
    folder = tmp_path_factory.mktemp("demonstration")
    written = write_demonstration(folder, only=[*EXPECTED, "ct-chest-prior"], size="small")
    roles = {study.study_uid: study.role for study in written}
    with ImageWorker() as worker, studies_in([folder], worker) as found:
        yield {roles[study.study_instance_uid]: study for study in found.studies}


@pytest.fixture(scope="module")
def hanger() -> ProtocolHanger:
    return ProtocolHanger(library.load(), load_presets())


def shown(arrangement: Arrangement, *studies: Study) -> list[str]:
    names = {series.series_instance_uid: series.series_description for study in studies for series in study.series}
    return [names[cell.state.series_uid] for cell in arrangement.cells if cell.state]


@pytest.mark.parametrize("role", EXPECTED)
def test_each_demonstration_study_hangs_as_expected(demonstration: Studies, hanger: ProtocolHanger, role: str) -> None:
    arrangement = hanger.hang(demonstration[role], ())
    assert (arrangement.protocol, shown(arrangement, demonstration[role])) == EXPECTED[role]


def test_the_demonstration_is_hung_whole(demonstration: Studies) -> None:
    assert {one.role for one in examinations(TODAY)} == {*EXPECTED, "ct-chest-prior"}
    assert demonstration.keys() == {*EXPECTED, "ct-chest-prior"}


def test_the_pet_lies_over_its_ct_and_is_seen_from_outside(demonstration: Studies, hanger: ProtocolHanger) -> None:
    states = [cell.state for cell in hanger.hang(demonstration["petct"], ()).cells if cell.state]
    assert [bool(state.fusion) for state in states] == [False, True, False, False]
    assert [state.plane for state in states] == [Plane.STACK, Plane.STACK, Plane.STACK, Plane.THREE_D]


def test_the_chest_ct_hangs_beside_its_prior(demonstration: Studies, hanger: ProtocolHanger) -> None:
    current, prior = demonstration["ct-chest"], demonstration["ct-chest-prior"]
    arrangement = hanger.hang(current, (prior,))
    states = [cell.state for cell in arrangement.cells]
    assert arrangement.stage_title == "Current and prior"
    assert [state.study_uid for state in states if state] == [current.study_instance_uid, prior.study_instance_uid]
    assert len({state.window for state in states if state}) == 1
    assert "earlier" in arrangement.cells[1].label


def test_no_mammogram_is_mirrored_because_each_was_made_with_its_chest_wall_inside(
    demonstration: Studies, hanger: ProtocolHanger
) -> None:
    arrangement = hanger.hang(demonstration["mg"], ())
    flips = [(cell.state.flipped_horizontally, cell.state.flipped_vertically) for cell in arrangement.cells if cell.state]
    assert flips == [(False, False)] * 4
