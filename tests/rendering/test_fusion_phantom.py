"""The demonstration's PET/CT from its files: the known SUV within 1 %, the fused maximum on the CT's own lesion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rendering.images import SeriesImages
from rendering.phantoms import write_demonstration
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.domain.annotation import AnnotationKind
from workstation.domain.study import ParsedInstance
from workstation.domain.viewing import Fusion, Plane

SIZE = 300


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], Viewport, Viewport]]:
    """(its truth, the CT with the PET beside it, the PET)."""
    folder: Path = tmp_path_factory.mktemp("petct")
    (study,) = write_demonstration(folder, only=("petct",), size="small")
    with ImageWorker() as worker:
        parsed = [
            found for _, found in worker.parse_many(sorted(study.folder.rglob("*.dcm"))) if isinstance(found, ParsedInstance)
        ]
        images: dict[str, SeriesImages] = {}
        for modality in ("CT", "PT"):
            own = [one for one in parsed if one.series.modality == modality]
            series = replace(own[0].series, instances=tuple(one.instance for one in own))
            images[modality] = SeriesImages(own[0].study, series, worker)
            images[modality].load()
        by_uid = {one.series.series_instance_uid: one for one in images.values()}
        views = [Viewport(images[m], lambda _, uid: by_uid.get(uid)) for m in ("CT", "PT")]
        yield dict(study.truth), views[0], views[1]


def test_the_fused_maximum_lies_on_the_lesion_of_the_ct_and_has_the_known_suv(phantom: Any) -> None:
    truth, ct, pet = phantom
    fusion = Fusion(pet.images.study.study_instance_uid, pet.images.series.series_instance_uid)
    centre = np.array(truth["lesion_centre"])
    voxel = np.array(pet.images.verdict.geometry.spacing)
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        state = replace(ct.default_state(plane), focus=tuple(centre), fusion=fusion, zoom=6.0)
        middle = ct.to_view(state, SIZE, SIZE, tuple(centre))
        state = replace(state, pan=(0.5 - middle[0] / SIZE, 0.5 - middle[1] / SIZE))
        x, y, _ = ct.to_view(state, SIZE, SIZE, tuple(centre))
        # The lesion is flat in its middle: its hottest voxel is one of those, and their common middle is the lesion's.
        assert np.linalg.norm(np.array(ct.hottest(state, SIZE, SIZE)) - centre) <= truth["lesion_diameter_mm"] / 2, plane
        seen = ct.fusion.values(ct.fusion.found(fusion), ct._view(state, SIZE, SIZE), state, SIZE, SIZE).values
        rows, columns = np.nonzero(np.nan_to_num(seen) > 0.75 * truth["suv_max"])
        point = np.array(ct.to_patient(state, SIZE, SIZE, columns.mean() + 0.5, rows.mean() + 0.5))
        assert np.all(np.abs(point - centre) <= voxel / 2), plane
        probe = ct.probe(state, SIZE, SIZE, x, y)
        told = float(probe.text.split("PT ")[1].split()[0])
        assert told == pytest.approx(truth["suv_max"], rel=0.01)
        # What the CT shows of it: soft tissue in the lung, its middle within half a voxel of the PET.
        step = 4.0 / ct.picture(state, SIZE, SIZE).mm_per_pixel
        drawn = ct.annotation_at(state, SIZE, SIZE, [(x, y), (x + step, y)], AnnotationKind.CIRCLE)
        values = {(v.of, v.name): v.value for v in ct.measure(drawn).values}
        assert values["CT", "Mean"] > -100.0
        assert values["PT", "Max"] == pytest.approx(truth["suv_max"], rel=0.01)


def test_the_factor_is_the_known_one_and_size_dependent_kinds_are_offered_or_say_why_not(phantom: Any) -> None:
    truth, _, pet = phantom
    units = pet.value_units()
    assert units.offered[0].name == "SUVbw"
    assert units.offered[0].factor == pytest.approx(truth["suv_factor"], rel=1e-6)
    told = {unit.name for unit in units.offered} | {name for name, _ in units.refused}
    assert {"SUVbw", "SUVlbm (Janma)", "SUVlbm (James)", "SUVbsa", "SUVibw"} <= told
    assert all(reason for _, reason in units.refused)
