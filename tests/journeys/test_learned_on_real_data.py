"""Hangings learned on one real patient, hung on another: real headers through the real worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from hanging_protocols import library, schema
from hanging_protocols.engine import ProtocolHanger
from hanging_protocols.example import Learned, OnScreen, learn
from hanging_protocols.example_join import of_its_own
from hanging_protocols.example_studies import proposals
from hanging_protocols.hanging import Scene
from hanging_protocols.model import HangingProtocol, Level
from hanging_protocols.study_facts import StudyFacts
from hanging_protocols.write import write
from rendering.phantoms.generator import write_demonstration
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.hanging import NOTHING_KNOWN
from workstation.domain.study import Study
from workstation.domain.viewing import Cell, Layout, ViewportState
from workstation.presets import load_presets

Read = Callable[[Path], Study]


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """The one study with images of a folder."""
    with ImageWorker() as worker:

        def study(folder: Path) -> Study:
            with studies_in([folder], worker) as found:
                (only,) = (one for one in found.studies if one.image_count)
            return only

        yield study


def hung_by_hand(places: Sequence[tuple[Study, str]]) -> OnScreen:
    """Series by their descriptions, side by side."""
    cells = []
    for column, (study, name) in enumerate(places):
        (series,) = (one for one in study.series if one.series_description == name)
        cells.append(Cell(0, column, ViewportState(study.study_instance_uid, series.series_instance_uid)))
    return OnScreen(tuple(cells), (Layout(1, len(places)),), linked=True)


def learned_from(current: Study, priors: Sequence[Study], places: Sequence[tuple[Study, str]]) -> Learned:
    scene = Scene(StudyFacts(current), tuple(map(StudyFacts, priors)), load_presets())
    return learn(scene, hung_by_hand(places))


def protocol_of(lesson: Learned, current: Study, words: str) -> HangingProtocol:
    """For the studies that are proposed in these words; through its file. It comes before what is built in."""
    best = ProtocolHanger(library.load(), load_presets()).rank(current)[0].points
    proposal = next(one for one in proposals(StudyFacts(current), NOTHING_KNOWN, best) if one.words == words)
    return schema.parse(write(of_its_own(lesson, proposal, "mine", "Mine")), "mine.toml", Level.USER)


def hung(protocol: HangingProtocol, current: Study, *priors: Study) -> list[str]:
    """Descriptions of what it hangs; "" for an empty place."""
    arrangement = ProtocolHanger((*library.load(), protocol), load_presets()).hang(current, priors, 0, protocol.protocol_id)
    assert arrangement.protocol == "mine", arrangement.reasons
    names = {one.series_instance_uid: one.series_description for study in (current, *priors) for one in study.series}
    return [names[cell.state.series_uid] if cell.state else "" for cell in arrangement.cells]


def test_reformats_of_one_patients_trunk_beside_its_prior_hang_so_on_another_patient(shared_data: Path, read: Read) -> None:
    now, then = read(shared_data / "06_CT_pair_A062055_19001228"), read(shared_data / "06_CT_pair_A062055_19001127")
    places = [(now, "CHEST CORONAL"), (then, "COR 3MM"), (now, "CHEST SAGITTAL"), (now, "CHEST 2.5 MM/ABD.PEL 2.5MM")]
    lesson = learned_from(now, [then], places)
    assert lesson.notes == ()
    protocol = protocol_of(lesson, now, "every CT")
    assert ProtocolHanger((*library.load(), protocol), load_presets()).hang(now, (then,)).protocol == "mine"
    assert hung(protocol, now, then) == [name for _, name in places]
    other, before = read(shared_data / "06_CT_pair_A002304_19010112"), read(shared_data / "06_CT_pair_A002304_19001231")
    assert hung(protocol, other, before) == ["1 25 MM CORONAL", "CHEST CORONAL", "1 25 MM SAGITAL", "CHEST 1.25 MM"]


def test_a_real_screening_in_ones_own_order_hangs_so_on_a_phantom(shared_data: Path, read: Read, tmp_path: Path) -> None:
    real = read(shared_data / "16_MG_4view_CBIS_P00173")
    lesson = learned_from(real, [], [(real, "LMLO"), (real, "RMLO"), (real, "LCC"), (real, "RCC")])
    assert lesson.notes == ()
    write_demonstration(tmp_path, only=["mg"], size="small")
    assert hung(protocol_of(lesson, real, "Mammography"), read(tmp_path)) == ["L MLO", "R MLO", "L CC", "R CC"]


def test_a_sagittal_t1_learned_on_one_scanner_is_found_on_another_and_what_is_not_there_stays_empty(
    shared_data: Path, read: Read
) -> None:
    sella = read(shared_data / "03_MR_sella_MISTERMR")
    lesson = learned_from(sella, [], [(sella, "SAG T-1"), (sella, "COR T-1")])
    assert lesson.notes == ()
    protocol = protocol_of(lesson, sella, "every MR")
    assert hung(protocol, read(shared_data / "07_MR_T1sag_position_HFP")) == ["t1_fl2d_sag", ""]


def test_pet_and_its_ct_are_told_from_the_uncorrected_one(shared_data: Path, read: Read) -> None:
    whole = read(shared_data / "02_PETCT_ACRIN042")
    lesson = learned_from(whole, [], [(whole, "PET NAC"), (whole, "CT IMAGES"), (whole, "PET AC")])
    assert lesson.notes == ()
    assert hung(protocol_of(lesson, whole, "every PT/CT"), whole) == ["PET NAC", "CT IMAGES", "PET AC"]
