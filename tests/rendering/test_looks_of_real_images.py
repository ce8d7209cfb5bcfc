"""Round trip on real files: a look that is saved is the very same picture when it is followed, for every kind of image."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from object_seat import AUTHOR

from rendering.images import SeriesImages
from rendering.objects.looking import presented
from rendering.objects.saving import SavedView, ToSave, case_as_objects
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.study import Series, Study

SIZE = (400, 300)
# Windows in SUV, per-frame rescale, colour, MONOCHROME1, padding, overlays, multi-frame, no spacing.
FOLDERS = (
    "02_PETCT_ACRIN042",
    "09_eMR_Siemens_XA30",
    "11_US",
    "13_NM",
    "14_CR",
    "15_DX_overlay_HTJ2K",
    "16_MG_4view_CBIS_P00173",
)


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as worker:
        yield worker


def smallest_of_each_modality(studies: tuple[Study, ...]) -> list[tuple[Study, Series]]:
    found: dict[str, tuple[Study, Series]] = {}
    for study in studies:
        for series in sorted(study.series, key=lambda one: one.image_count):
            if series.image_count:
                found.setdefault(series.modality, (study, series))
    return list(found.values())


@pytest.mark.parametrize("name", FOLDERS)
def test_a_saved_look_of_real_images_is_the_same_picture(
    worker: ImageWorker, shared_data: Path, tmp_path: Path, name: str
) -> None:
    with studies_in([shared_data / name], worker) as found:
        for study, series in smallest_of_each_modality(found.studies):
            one = replace(study, series=(series,))
            images = SeriesImages(one, series, worker)
            images.load()
            viewport = Viewport(images)
            fresh = replace(viewport.default_state(), position=images.frame_count // 2)
            is_colour = images.header(fresh.position).is_colour
            wanted = replace(fresh, zoom=1.3, pan=(0.1, -0.05), rotation=90, flipped_vertically=True, inverted=not is_colour)
            source = next(Path(i.path) for i in series.instances if i.has_pixels)
            view = SavedView(viewport, wanted, *SIZE)
            saved = case_as_objects(ToSave(one, views=(view,)), worker.object_context(source), AUTHOR)
            assert saved.left_out == ()
            (written,) = saved.objects
            path = tmp_path / f"{written.sop_instance_uid}.dcm"
            path.write_bytes(written.data)
            followed = presented(images, fresh, worker.read_object(path), *SIZE, viewport.factor)
            assert followed.words == ()
            expected = viewport.picture(wanted, *SIZE)
            assert expected.error is None
            assert np.ptp(expected.pixels) > 50
            assert np.array_equal(viewport.picture(followed.state, *SIZE).pixels, expected.pixels)
            images.close()


def test_the_overlays_of_an_image_stay_shown_by_other_programs(worker: ImageWorker, shared_data: Path, tmp_path: Path) -> None:
    """A letter of a side may lie in one: a state that does not activate it would hide it (PS3.3 C.11.7)."""
    with studies_in([shared_data / "15_DX_overlay_HTJ2K"], worker) as found:
        (study,) = found.studies
        images = SeriesImages(study, study.series[0], worker)
        images.load()
        viewport = Viewport(images)
        source = Path(study.series[0].instances[0].path)
        view = SavedView(viewport, viewport.default_state(), *SIZE)
        (written,) = case_as_objects(ToSave(study, views=(view,)), worker.object_context(source), AUTHOR).objects
        groups = {overlay.group for overlay in images.header(0).overlays}
        assert groups
        ds = pydicom.dcmread(io.BytesIO(written.data))
        assert {group: ds[group, 0x1001].value for group in groups} == dict.fromkeys(groups, "OVERLAYS")
        assert [layer.GraphicLayer for layer in ds.GraphicLayerSequence] == ["OVERLAYS"]
        path = tmp_path / "state.dcm"
        path.write_bytes(written.data)
        facts = worker.read_object(path)
        assert presented(images, viewport.default_state(), facts, *SIZE).words == ()
        assert facts.presentation is not None
        silent = replace(facts, presentation=replace(facts.presentation, overlay_groups=()))
        words = presented(images, viewport.default_state(), silent, *SIZE).words
        assert words == ("Overlays of the image are shown though the state does not ask for them",)
        images.close()
