"""Real headers through the real worker: the protocol and the cells that a radiologist expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hanging_lines import lines, table

from hanging_protocols import library
from hanging_protocols.engine import ProtocolHanger
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement
from workstation.presets import load_presets

Read = Callable[[str], tuple[Study, ...]]


@pytest.fixture(scope="module")
def read(shared_data: Path) -> Iterator[Read]:
    """Studies with images of one folder of the shared data, each folder read once."""
    known: dict[str, tuple[Study, ...]] = {}
    with ImageWorker() as worker:

        def studies(folder: str) -> tuple[Study, ...]:
            if folder not in known:
                with studies_in([shared_data / folder], worker) as found:
                    known[folder] = tuple(study for study in found.studies if study.image_count)
            return known[folder]

        yield studies


@pytest.fixture(scope="module")
def hanger() -> ProtocolHanger:
    return ProtocolHanger(library.load(), load_presets())


def shown(current: Study, arrangement: Arrangement, *priors: Study) -> list[tuple[str, str, str]]:
    """(series description, plane, window name) of each filled cell."""
    names = {s.series_instance_uid: s.series_description for study in (current, *priors) for s in study.series}
    states = [cell.state for cell in arrangement.cells if cell.state]
    return [(names[s.series_uid], s.plane.value, s.window.explanation if s.window else "") for s in states]


EXPECTED = table(Path(__file__).parent / "real_arrangements.txt")
FOLDERS = sorted({key.partition("#")[0] for key in EXPECTED})


def named(study: Study) -> Callable[[str], str]:
    """A series by its description, else its modality and number."""
    names = {s.series_instance_uid: s.series_description or f"{s.modality} {s.series_number}" for s in study.series}
    return lambda uid: names[uid]


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_study_hangs_as_a_radiologist_expects(read: Read, hanger: ProtocolHanger, folder: str) -> None:
    """Every study of the shared data that has images: protocol, stages, cells, planes, windows. Reviewed by eye."""
    studies = sorted(read(folder), key=lambda study: study.study_instance_uid)
    found = {f"{folder}#{number}": lines(hanger, study, named(study)) for number, study in enumerate(studies, start=1)}
    assert found == {key: expected for key, expected in EXPECTED.items() if key.startswith(f"{folder}#")}


def test_no_folder_of_the_shared_data_is_left_out(read: Read, shared_data: Path) -> None:
    others = [path.name for path in shared_data.iterdir() if path.is_dir() and path.name not in FOLDERS]
    assert [name for name in others if any(study.image_count for study in read(name))] == []


def test_the_chest_ct_hangs_in_lung_and_mediastinal_windows_then_in_three_planes(read: Read, hanger: ProtocolHanger) -> None:
    (study,) = read("01_CT_chest_NLST101287")
    name = "0,OPA,TO,AQUL4,FC51,276.6,2,120,40,na,na"
    assert shown(study, hanger.hang(study, ())) == [(name, "stack", "Lung"), (name, "stack", "Mediastinum")]
    planes = [(name, plane, "Soft tissue") for plane in ("axial", "coronal", "sagittal")]
    assert shown(study, hanger.hang(study, (), stage=1)) == planes


def test_the_pet_ct_hangs_ct_corrected_pet_over_it_the_pet_and_its_mip(read: Read, hanger: ProtocolHanger) -> None:
    (study,) = read("02_PETCT_ACRIN042")
    arrangement = hanger.hang(study, ())
    expected = [("CT IMAGES", "stack", "Soft tissue")] * 2 + [("PET AC", "stack", "SUV 7"), ("PET AC", "3d", "PET MIP")]
    assert shown(study, arrangement) == expected
    assert [bool(cell.state and cell.state.fusion) for cell in arrangement.cells] == [False, True, False, False]


def test_the_brain_mr_hangs_its_thin_t1_in_three_planes(read: Read, hanger: ProtocolHanger) -> None:
    (study,) = read("04_MR_T1_studyforrest02_2013")
    planes = [("anat-T1w", plane, "") for plane in ("axial", "coronal", "sagittal", "stack")]
    assert shown(study, hanger.hang(study, ())) == planes


def test_the_mammograms_hang_back_to_back(read: Read, hanger: ProtocolHanger) -> None:
    (study,) = read("16_MG_4view_CBIS_P00173")
    arrangement = hanger.hang(study, ())
    assert (arrangement.layout.rows, arrangement.layout.columns) == (2, 2)
    assert [name for name, _, _ in shown(study, arrangement)] == ["RCC", "LCC", "RMLO", "LMLO"]
    # Their PatientOrientation already has the chest walls inside: nothing is mirrored.
    assert not any(cell.state.flipped_horizontally or cell.state.flipped_vertically for cell in arrangement.cells if cell.state)


@pytest.mark.parametrize(
    ("current", "prior", "series"),
    [
        ("06_CT_pair_A062055_19001228", "06_CT_pair_A062055_19001127", ["CHEST 2.5 MM/ABD.PEL 2.5MM", "CHEST/ABD/PEL 2.5"]),
        ("06_CT_pair_A002304_19010112", "06_CT_pair_A002304_19001231", ["CHEST 1.25 MM", "CHEST 2.5 MM/ABD.PEL 2.5MM"]),
        ("05_MR_fMRI_studyforrest02_2014", "04_MR_T1_studyforrest02_2013", ["func_task-oneback_run-1", "anat-T1w"]),
    ],
)
def test_an_earlier_study_of_the_same_patient_hangs_beside_the_current_one(
    read: Read, hanger: ProtocolHanger, current: str, prior: str, series: list[str]
) -> None:
    (here,), (earlier,) = read(current), read(prior)
    count = hanger.hang(here, (earlier,)).stage_count
    stages = {one.stage_title: one for one in (hanger.hang(here, (earlier,), stage) for stage in range(count))}
    arrangement = stages["Current and prior"]
    assert [name for name, _, _ in shown(here, arrangement, earlier)] == series
    assert [cell.is_prior for cell in arrangement.cells] == [False, True]
    assert all("later" not in cell.label for cell in arrangement.cells)
    # The other way round it is no prior: it was made after the study being read.
    assert not any(cell.is_prior and cell.state for cell in hanger.hang(earlier, (here,)).cells)


def test_another_patients_chest_is_never_a_prior(read: Read, hanger: ProtocolHanger) -> None:
    (here,), (stranger,) = read("06_CT_pair_A002304_19010112"), read("06_CT_pair_A062055_19001127")
    arrangement = hanger.hang(here, (stranger,))
    assert not any(cell.is_prior and cell.state for cell in arrangement.cells)
    assert "Not used as a prior: another patient's study is never a prior" in arrangement.reasons


def test_every_image_of_every_folder_is_within_reach_of_the_stage_keys(read: Read, hanger: ProtocolHanger) -> None:
    for folder in FOLDERS:
        for study in read(folder):
            stages = [hanger.hang(study, (), stage) for stage in range(hanger.hang(study, ()).stage_count)]
            reached = {cell.state.series_uid for one in stages for cell in one.cells if cell.state}
            assert reached == {series.series_instance_uid for series in study.series if series.image_count}, folder
