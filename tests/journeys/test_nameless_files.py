"""Files that leave out which study, series or image they are: shown in place with a doubt, never kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from received import dataset, save, smooth

from rendering.images import SeriesImages
from rendering.inspect_series import inspect_path
from rendering.parse_series import WITHOUT
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.cache.cache import StudyCache
from workstation.cache.reading import studies_in
from workstation.domain.annotation import AnnotationKind


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


@pytest.mark.parametrize("keyword", WITHOUT)
def test_a_file_that_lacks_an_identifier_is_shown_with_a_doubt_and_its_lengths(
    tmp_path: Path, worker: ImageWorker, keyword: str
) -> None:
    path = save(dataset(smooth(40, 50, 4000), Modality="CT", PixelSpacing=[0.5, 0.5], **{keyword: None}), tmp_path / "a.dcm")
    with studies_in([path], worker) as read:
        (study,) = read.studies
        images = SeriesImages(study, study.series[0], worker)
        images.load()
        viewport = Viewport(images)
        state = viewport.default_state()
        picture = viewport.picture(state, 100, 80)
        assert picture.error is None
        assert picture.pixels.max() > 200
        assert WITHOUT[keyword] in [doubt.text for doubt in picture.doubts]
        line = viewport.annotation_at(state, 100, 80, ((0.0, 0.0), (100.0, 0.0)), AnnotationKind.LENGTH)
        assert line is not None
        (length,) = viewport.measure(line).values
        assert (length.value, length.unit) == (pytest.approx(25.0), "mm")
        images.close()


def test_two_files_that_name_no_study_are_never_put_into_one(tmp_path: Path, worker: ImageWorker) -> None:
    for number in (1, 2):
        made = dataset(smooth(8, 8, 255, seed=number), StudyInstanceUID=None, PatientID=f"P{number}")
        save(made, tmp_path / f"{number}.dcm")
    with studies_in([tmp_path], worker) as read:
        assert {study.patient.key.patient_id for study in read.studies} == {"P1", "P2"}
        assert [len(study.series[0].instances) for study in read.studies] == [1, 1]


@pytest.mark.parametrize("keyword", WITHOUT)
def test_the_cache_keeps_no_file_that_lacks_an_identifier(tmp_path: Path, worker: ImageWorker, keyword: str) -> None:
    path = save(dataset(smooth(8, 8, 255), **{keyword: None}), tmp_path / "a.dcm")
    with StudyCache(tmp_path / "cache", worker) as cache:
        result = cache.add([path])
        assert (result.imported, result.refused) == (0, ((str(path), f"{keyword} is missing"),))
        assert cache.studies() == ()


def test_inspect_says_what_a_nameless_file_is(tmp_path: Path, worker: ImageWorker) -> None:
    path = save(dataset(smooth(8, 8, 255), StudyInstanceUID=None), tmp_path / "a.dcm")
    found = inspect_path(path, worker)
    assert [(row["status"], row["reason"]) for row in found.files] == [("shown", "")]
    assert WITHOUT["StudyInstanceUID"] in found.series[0]["warnings"]
