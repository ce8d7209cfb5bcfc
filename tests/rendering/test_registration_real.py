"""Registration of real pairs, through the registrar and its process: the residual is told and plausible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rendering.images import SeriesImages
from rendering.registration.displacement import displacements
from rendering.registration.registrar import SeriesRegistrar
from rendering.worker import ImageWorker
from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.study import ParsedInstance
from workstation.errors import Refused

SUPINE, PRONE = "07_MR_T1sag_position_HFS", "07_MR_T1sag_position_HFP"
T1, EPI = "04_MR_T1_studyforrest02_2013", "05_MR_fMRI_studyforrest02_2014"
ONE_SLICE = "06_CT_pair_A062055_19001127"


class Opened:
    """Series by the folder they lie in, and the registrar that finds them."""

    def __init__(self, data: Path, worker: ImageWorker) -> None:
        self._data, self._worker = data, worker
        self._images: dict[tuple[str, str], SeriesImages] = {}
        self.registrar = SeriesRegistrar(lambda study, series: self._images.get((study, series)))

    def open(self, folder: str) -> tuple[str, str]:
        files = sorted(p for p in (self._data / folder).iterdir() if p.is_file())
        parsed = [found for _, found in self._worker.parse_many(files) if isinstance(found, ParsedInstance)]
        uid = parsed[0].series.series_instance_uid
        instances = tuple(p.instance for p in parsed if p.series.series_instance_uid == uid)
        images = SeriesImages(parsed[0].study, replace(parsed[0].series, instances=instances), self._worker)
        images.load()
        key = parsed[0].study.study_instance_uid, uid
        self._images[key] = images
        return key

    def rigid(self, fixed: str, moving: str) -> Alignment:
        return self.registrar.rigid(self.open(fixed), self.open(moving))(lambda: False, lambda _: None)


@pytest.fixture
def opened(shared_data: Path) -> Iterator[Opened]:
    with ImageWorker() as worker:
        yield Opened(shared_data, worker)
    displacements.forget()


def test_one_head_in_two_positions_is_aligned_to_a_voxel_both_ways(opened: Opened) -> None:
    """Voxels of 1 x 1 x 4.8 mm: the residual is within one, and the ways there and back agree."""
    there = opened.rigid(SUPINE, PRONE)
    back = opened.rigid(PRONE, SUPINE)
    for found in (there, back):
        assert found.kind is AlignmentKind.RIGID
        assert found.residual_mm is not None
        assert found.residual_p95_mm is not None
        assert 0.1 < found.residual_mm < 1.5
        assert found.residual_mm < found.residual_p95_mm < 4.8
        assert "places found again" in found.words
    assert 5.0 < there.rotation_degrees < 9.0
    points = np.array([(x, y, z) for x in (-50, 50) for y in (-60, 40) for z in (-20, 80)], float)
    returned = [back.apply(there.apply(tuple(p))) for p in points]
    assert np.linalg.norm(np.array(returned) - points, axis=1).max() < 4.0


def test_another_contrast_is_aligned_and_its_residual_is_not_made_up(opened: Opened) -> None:
    """T1 of one year to echo-planar images of the next, distorted and without the neck: no place of it is found again."""
    found = opened.rigid(T1, EPI)
    assert found.residual_mm is None
    assert "not measured" in found.words
    # Looked at: ventricles, brain stem and cerebellum lie over each other.
    assert found.apply((0.0, 0.0, 0.0)) == pytest.approx((-3.7, 1.8, 12.1), abs=3.0)
    assert found.rotation_degrees == pytest.approx(6.1, abs=2.0)


def test_heads_of_two_patients_are_not_tried(opened: Opened) -> None:
    one, other = opened.open(T1), opened.open(SUPINE)
    assert opened.registrar.refusal(one, other) == "the images are of another patient"


def test_single_images_of_two_dates_are_no_volumes_and_said_so(opened: Opened) -> None:
    """What is there of the CT pairs is one image a series: nothing to align."""
    one, other = opened.open(ONE_SLICE), opened.open(SUPINE)
    assert opened.registrar.refusal(one, other) == "the images are no volume"


def test_what_is_stopped_gives_no_alignment(opened: Opened) -> None:
    task = opened.registrar.rigid(opened.open(SUPINE), opened.open(PRONE))
    with pytest.raises(Refused, match="stopped"):
        task(lambda: True, lambda _: None)
