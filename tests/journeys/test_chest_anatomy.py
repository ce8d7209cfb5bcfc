"""The real chest CT on screen, judged by anatomy alone: lungs, spine, liver, head to feet. No header decides here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from rendering.images import SeriesImages
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.viewing import Plane, VoiFunction, Window

SIZE = 512
# -1000 HU is black, 1040 HU white: a grey level is 8 HU.
WIDE = Window(20.0, 2040.0, VoiFunction.LINEAR_EXACT)


@pytest.fixture(scope="module")
def chest(shared_data: Path) -> Iterator[Viewport]:
    with ImageWorker() as worker, studies_in([shared_data / "01_CT_chest_NLST101287" / "CT_3_952642"], worker) as read:
        study = read.studies[0]
        series = max(study.series, key=lambda s: s.image_count)
        images = SeriesImages(study, series, worker)
        images.load()
        yield Viewport(images)
        images.close()


@pytest.fixture(scope="module", params=[Plane.STACK, Plane.AXIAL])
def slices(request: pytest.FixtureRequest, chest: Viewport) -> Any:
    """HU (143, 512, 512) as read off the screen, top slice first, as acquired and as a cut through the volume."""
    state = replace(chest.default_state(request.param), window=WIDE)
    count = chest.slice_count(state)
    assert count == 143
    pictures = [chest.picture(chest.at_index(state, index), SIZE, SIZE).pixels for index in range(count)]
    return np.stack(pictures).astype(np.float32) * 8.0 - 1000.0


def test_the_lungs_lie_on_both_sides_of_the_middle(slices: Any) -> None:
    air = lungs(slices[71])
    rows, columns = np.nonzero(air)
    assert air.sum() > 20_000
    assert abs(columns.mean() - SIZE / 2) < 40
    assert abs(rows.mean() - SIZE / 2) < 60
    share = (columns < SIZE / 2).mean()
    assert 0.35 < share < 0.65


def test_the_spine_lies_behind(slices: Any) -> None:
    middle = slices[40:110, :, SIZE // 2 - 50 : SIZE // 2 + 50] > 250.0
    assert middle[:, SIZE // 2 :].sum() > 5 * middle[:, : SIZE // 2].sum()


def test_the_back_lies_on_the_table_below(slices: Any) -> None:
    body = slices[71] > -300.0
    # The table is the only thing beside the body, and lies under it.
    assert body[SIZE - 110 :].sum() > body[:110].sum()


def test_the_liver_lies_on_the_left_of_the_lowest_images(slices: Any) -> None:
    left, right = (soft(slices[125:], half).mean() for half in (slice(60, 236), slice(276, 452)))
    assert left > 1.5 * right


def test_the_first_image_is_nearest_the_head(slices: Any) -> None:
    def organs(part: Any) -> float:
        return float(soft(part, slice(100, 240)).mean())

    # Liver only at the end; at the beginning the windpipe in the middle, with less lung around it.
    assert organs(slices[-12:]) > 2.0 * organs(slices[10:40])
    assert lungs(slices[6]).sum() < 0.6 * lungs(slices[71]).sum()


def test_the_heart_points_to_the_right_of_the_image(slices: Any) -> None:
    heart = slices[80:100, 150:300] > -100.0
    columns = np.nonzero(heart[:, :, 150:362])[2] + 150
    assert columns.mean() > SIZE / 2 + 8


def lungs(slice_: Any) -> Any:
    """Air that does not touch the edge of the picture."""
    labels = SimpleITK.GetArrayFromImage(
        SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray((slice_ < -600.0).astype("u1")))
    )
    edge = {int(v) for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1]) for v in np.unique(line)}
    return (labels > 0) & ~np.isin(labels, list(edge))


def soft(part: Any, columns: slice) -> Any:
    """Where soft tissue of 30 to 80 HU lies in a large piece: means of 12 x 12 pixels, so that noise is gone."""
    view = part[:, 120:408, columns]
    rows, width = view.shape[1] // 12, view.shape[2] // 12
    means = view[:, : rows * 12, : width * 12].reshape(len(view), rows, 12, width, 12)
    return (means.mean(axis=(2, 4)) > 30.0) & (means.mean(axis=(2, 4)) < 80.0) & (means.std(axis=(2, 4)) < 60.0)
