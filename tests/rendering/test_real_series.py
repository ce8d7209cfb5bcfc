"""Real scans: verdicts that are true, and values and places equal to those of an independent reader.

SimpleITK (GDCM) reads single files here, each with its own position, orientation and rescaling;
it takes no part in the program's own path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from rendering.images import SeriesImages
from rendering.picture import Letters
from rendering.viewport import Viewport
from rendering.volume import judge
from rendering.worker import ImageWorker
from workstation.domain.doubt import Verdict
from workstation.domain.study import ParsedInstance, Series
from workstation.domain.viewing import Plane, Window

CHEST = "01_CT_chest_NLST101287/CT_3_952642"
PET = "02_PETCT_ACRIN042/PT_1_081015"
PET_CT = "02_PETCT_ACRIN042/CT_2_858561"
HEAD = "04_MR_T1_studyforrest02_2013"


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


def parsed(worker: ImageWorker, folder: Path) -> list[ParsedInstance]:
    files = sorted(p for p in folder.iterdir() if p.is_file())
    return [found for _, found in worker.parse_many(files) if isinstance(found, ParsedInstance)]


def whole(instances: list[ParsedInstance]) -> Series:
    return replace(instances[0].series, instances=tuple(p.instance for p in instances))


@pytest.fixture(scope="module")
def open_series(worker: ImageWorker, shared_data: Path) -> Any:
    """folder -> Viewport on the loaded series that lies in it. Kept for the module."""
    kept: dict[str, Viewport] = {}

    def open_one(folder: str) -> Viewport:
        if folder not in kept:
            instances = parsed(worker, shared_data / folder)
            images = SeriesImages(instances[0].study, whole(instances), worker)
            images.load()
            kept[folder] = Viewport(images)
        return kept[folder]

    return open_one


@pytest.mark.parametrize("folder", [CHEST, PET, HEAD])
def test_probes_equal_what_an_independent_reader_finds_there(open_series: Any, shared_data: Path, folder: str) -> None:
    viewport = open_series(folder)
    images = viewport.images
    assert images.verdict.verdict is Verdict.VOLUME
    rng = np.random.default_rng(3)
    for position in rng.choice(images.frame_count, 6, replace=False):
        image = SimpleITK.ReadImage(images.instance(int(position)).path)
        for _ in range(20):
            column, row = int(rng.integers(image.GetWidth())), int(rng.integers(image.GetHeight()))
            point = image.TransformIndexToPhysicalPoint((column, row, 0))
            probe = viewport.probe_patient(point)
            assert probe is not None
            assert probe.modality_value == pytest.approx(image.GetPixel(column, row, 0), abs=1e-3)
            assert np.abs(np.subtract(probe.patient_point, point)).max() < 0.01


def test_suv_is_what_the_real_world_value_mapping_of_the_same_study_says(open_series: Any) -> None:
    viewport = open_series(PET)
    probe = viewport.probe_patient(viewport.default_state(Plane.AXIAL).focus)
    assert probe is not None
    assert probe.unit == "SUVbw"
    # "Standardized Uptake Value body weight", written by other software into RWV_1000_*.
    assert probe.value / probe.modality_value == pytest.approx(0.00042111, rel=1e-5)


def test_the_chest_is_shown_the_right_way_round(open_series: Any) -> None:
    viewport = open_series(CHEST)
    lung = Window(-650.0, 1500.0)
    state = replace(viewport.at_index(viewport.default_state(Plane.AXIAL), 71), window=lung)
    picture = viewport.picture(state, 400, 400)
    assert picture.letters == Letters("A", "P", "R", "L")
    assert picture.identity == viewport.images.identity(71)
    # Lungs on both sides, the spine behind them, the heart further to the left than to the right.
    assert picture.pixels[200:260, 60:120].mean() < 100 > picture.pixels[200:260, 290:340].mean()
    assert picture.pixels[290:320, 185:215].mean() > 220
    assert picture.pixels[130:200, 215:250].mean() > 220
    assert picture.pixels[130:200, 130:160].mean() < 150
    coronal = viewport.picture(replace(viewport.default_state(Plane.CORONAL), window=lung), 400, 400)
    assert coronal.letters == Letters("H", "F", "R", "L")
    # Neck above, the liver's dome below on the patient's right.
    assert coronal.pixels[350:390, 60:140].mean() > 220 > coronal.pixels[150:250, 60:140].mean()


def test_pet_and_ct_of_one_study_show_the_same_place(open_series: Any) -> None:
    pet, ct = open_series(PET), open_series(PET_CT)
    state = pet.default_state(Plane.AXIAL)
    other = ct.at_point(ct.default_state(Plane.AXIAL), state.focus)
    for x, y in ((120.0, 150.0), (200.0, 200.0)):
        point = pet.to_patient(state, 400, 400, x, y)
        assert ct.to_patient(other, 400, 400, *ct.to_view(other, 400, 400, point)[:2]) == pytest.approx(point, abs=1e-6)


def test_a_chest_with_a_slice_taken_out_is_a_stack_that_says_where(worker: ImageWorker, shared_data: Path) -> None:
    series = whole(parsed(worker, shared_data / CHEST))
    places = sorted(series.instances, key=lambda i: i.header["shared"]["plane"]["position"][2])
    without = replace(series, instances=tuple(i for i in series.instances if i is not places[70]))
    low, high = (places[k].header["shared"]["plane"]["position"][2] for k in (69, 71))
    assert judge(without).reasons == (f"1 slice is missing between {low:.1f} mm and {high:.1f} mm.",)


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("03_MR_sella_MISTERMR/MR_1_063.79", "3 different directions"),
        ("12_XA", "XA images are not slices"),
        ("14_CR", "CR images are not slices"),
    ],
)
def test_what_is_no_volume_says_why(worker: ImageWorker, shared_data: Path, folder: str, words: str) -> None:
    first = parsed(worker, shared_data / folder)
    uid = first[0].series.series_instance_uid
    verdict = judge(whole([p for p in first if p.series.series_instance_uid == uid]))
    assert verdict.verdict is Verdict.STACK
    assert words in " ".join(verdict.reasons)
