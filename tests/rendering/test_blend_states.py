"""Presentation states that lay one series over another (A.33.4, A.33.7): followed as they say, written, and the same again."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from object_images import Phantom, sequence
from pydicom.dataset import Dataset

from rendering.header import ImageHeader
from rendering.images import SeriesImages
from rendering.objects.blending import ALL_OF_IT, GREYS
from rendering.objects.read import read_object_bytes
from rendering.objects.read_blend import MALFORMED, SERIES, STEPS, THRESHOLDS, TIMES
from rendering.objects.received import found_in
from rendering.objects.saving import SavedView, ToSave, case_as_objects
from rendering.objects.saving_over import LAID_OVER, RAMP
from rendering.objects.states import State, state_of
from rendering.objects.write_plan import Author
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.study import Instance, Study
from workstation.domain.viewing import Fusion, FusionMode, ViewportState, Window
from workstation.errors import Refused

AUTHOR = Author("Ågot Ødegård", datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC), "1.2")
UNDER, OVER = "2.25.1002", "2.25.1005"
SIZE = (96, 128)
RAINBOW = np.stack([np.arange(256), 255 - np.arange(256), np.arange(256) % 128 * 2 + 1], axis=1).astype(np.uint8)


class Second(Phantom):
    """The series that lies over: fewer and larger voxels, and only a part of what the other shows."""

    def uid(self, index: int) -> str:
        return f"{OVER}.{index + 1}"


@dataclass(frozen=True)
class Desk:
    study: Study
    viewport: Viewport
    over: Viewport
    worker: ImageWorker
    first: Path

    def headers(self, series: str) -> list[ImageHeader]:
        return [
            ImageHeader.from_json(i.header) for s in self.study.series if s.series_instance_uid == series for i in s.instances
        ]

    def item(self, series: str, **elements: Any) -> Dataset:
        (item,) = sequence({"StudyInstanceUID": self.study.study_instance_uid, **elements})
        images = [
            {"ReferencedSOPClassUID": one.sop_class_uid, "ReferencedSOPInstanceUID": one.sop_instance_uid}
            for one in self.headers(series)
        ]
        item.ReferencedSeriesSequence = sequence({"SeriesInstanceUID": series, "ReferencedImageSequence": sequence(*images)})
        return item


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("blend")
    files = Phantom(folder / "under", slices=4, spacing=(0.5, 0.5)).write()
    second = Second(folder / "over", slices=4, rows=16, columns=16, spacing=(1.5, 1.5))
    for number, path in enumerate(second.write(SeriesInstanceUID=OVER, Modality="NM", SeriesNumber=2, RescaleIntercept=0)):
        ds = pydicom.dcmread(path)
        ds.PixelData = (np.add.outer(np.arange(16), np.arange(16)) * 8 + 4 * number).astype(np.int16).tobytes()
        ds.save_as(path)
    with ImageWorker() as worker, studies_in([folder], worker) as read:
        (study,) = read.studies
        by_uid = {series.series_instance_uid: SeriesImages(study, series, worker) for series in study.series}
        for images in by_uid.values():
            images.load()
        under, over = (Viewport(by_uid[uid], lambda _, series: by_uid.get(series)) for uid in (UNDER, OVER))
        yield Desk(study, under, over, worker, files[0])
        for images in by_uid.values():
            images.close()


def state_from(desk: Desk, ds: Dataset) -> State:
    out = io.BytesIO()
    ds.save_as(out, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return state_of(read_object_bytes(out.getvalue()), desk.study)


def base(desk: Desk, stem: str) -> Dataset:
    """What every state of others has."""
    ds = Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = f"1.2.840.10008.5.1.4.1.1.11.{stem}"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "2.25.7300"
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    key = desk.study.patient.key
    ds.PatientID, ds.IssuerOfPatientID, ds.PatientName = key.patient_id, key.issuer, "Test"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = desk.study.study_instance_uid, "2.25.7301", "PR"
    ds.ContentLabel = "BLEND"
    return ds


def coloured(ds: Dataset, table: np.ndarray[Any, Any] = RAINBOW) -> Dataset:
    for number, colour in enumerate(("Red", "Green", "Blue")):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", (table[:, number].astype("<u2") * 257).tobytes())
    return ds


def windowed(item: Dataset, centre: float, width: float, **elements: Any) -> Dataset:
    item.SoftcopyVOILUTSequence = sequence({"WindowCenter": centre, "WindowWidth": width})
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item


def blending(desk: Desk, opacity: float = 0.4) -> Dataset:
    ds = coloured(base(desk, "4"))
    under = windowed(desk.item(UNDER, BlendingPosition="UNDERLYING"), 40, 400, RescaleIntercept=-1024, RescaleSlope=1)
    ds.BlendingSequence = [under, windowed(desk.item(OVER, BlendingPosition="SUPERIMPOSED"), 120, 240)]
    ds.RelativeOpacity = opacity
    return ds


def shown(desk: Desk, state: State, position: int = 1) -> tuple[ViewportState, tuple[str, ...]]:
    return state.shown(desk.viewport, replace(desk.viewport.default_state(), position=position), *SIZE, None)


def truth(desk: Desk, position: int, opacity: float, table: np.ndarray[Any, Any] = RAINBOW) -> np.ndarray[Any, Any]:
    """PS3.4 N.2.4.3 by hand: A times the colour of the upper series, 1 - A times the grey of the lower one."""
    state = replace(desk.viewport.default_state(), position=position, window=Window(40.0, 400.0))
    greys = desk.viewport.picture(state, *SIZE).pixels.astype(float)
    plane = desk.viewport.images.facts(position).plane
    assert plane is not None
    height = 2.0 * (plane.position[2] - 300.0)
    made = np.repeat(greys[..., np.newaxis], 3, axis=2)
    for y in range(SIZE[1]):
        for x in range(SIZE[0]):
            # 2 view pixels each 0.5 mm; the upper series has 1.5 mm and begins at the same centre.
            column, row = ((x + 0.5) / 2.0 - 0.5) / 3.0, ((y + 0.5) / 2.0 - 0.5) / 3.0
            if -0.5 <= column <= 15.5 and -0.5 <= row <= 15.5:
                value = 8.0 * (min(max(column, 0.0), 15.0) + min(max(row, 0.0), 15.0)) + height
                level = min(255, max(0, round(((value - (120.0 - 0.5)) / 239.0 + 0.5) * 255.0)))
                made[y, x] = opacity * table[level] + (1.0 - opacity) * greys[y, x]
            else:
                made[y, x] = greys[y, x]
    return made


def same(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], most: float = 3.0) -> None:
    """To the rounding of 256 levels and weights; the last half voxel at the edge is nobody's."""
    away = np.abs(found.astype(float) - expected).max(axis=2)
    assert np.mean(away <= most) > 0.94, away.max()
    assert np.ptp(expected) > 60


@pytest.mark.parametrize("opacity", [0.4, 1.0])
def test_a_blending_state_is_followed_as_the_standard_adds_it_up(desk: Desk, opacity: float) -> None:
    state, words = shown(desk, state_from(desk, blending(desk, opacity)))
    assert words == ()
    assert state.fusion is not None
    assert (state.fusion.opacity, state.fusion.window) == (pytest.approx(opacity), Window(120.0, 240.0))
    picture = desk.viewport.picture(state, *SIZE)
    assert picture.fused is not None
    same(picture.pixels, truth(desk, 1, opacity))


def test_it_is_for_the_images_that_lie_under(desk: Desk) -> None:
    state = state_from(desk, blending(desk))
    under, over = desk.headers(UNDER)[0], desk.headers(OVER)[0]
    assert state.is_for(under.sop_instance_uid, 1)
    assert not state.is_for(over.sop_instance_uid, 1)
    assert len(state.places) == 4


def test_what_was_seen_is_written_and_seen_again(desk: Desk, tmp_path: Path) -> None:
    state, _ = shown(desk, state_from(desk, blending(desk)))
    state = replace(state, rotation=90, flipped_horizontally=True, zoom=1.25)
    made = case_as_objects(
        ToSave(desk.study, views=(SavedView(desk.viewport, state, *SIZE),)), desk.worker.object_context(desk.first), AUTHOR
    )
    assert made.left_out == ()
    (written,) = made.objects
    assert written.sop_class_uid.endswith(".11.4")
    path = tmp_path / "pr.dcm"
    path.write_bytes(written.data)
    tool = Path(sys.executable).parent / "dciodvfy"
    done = subprocess.run([tool, "-new", path], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert [line for line in said if line.startswith("Error")] == []
    assert "BlendingSoftcopyPresentationState" in said
    again, words = shown(desk, state_of(read_object_bytes(written.data), desk.study))
    assert words == ()
    assert again.fusion == state.fusion
    assert np.array_equal(desk.viewport.picture(again, *SIZE).pixels, desk.viewport.picture(state, *SIZE).pixels)


def test_what_a_blending_state_cannot_hold_is_told(desk: Desk) -> None:
    def left_out(**changes: Any) -> tuple[str, ...]:
        fusion = Fusion(desk.study.study_instance_uid, OVER)
        state = replace(desk.viewport.default_state(), **{"fusion": fusion, **changes})
        wanted = ToSave(desk.study, views=(SavedView(desk.viewport, state, *SIZE),))
        return case_as_objects(wanted, desk.worker.object_context(desk.first), AUTHOR).left_out

    assert left_out() == (RAMP,)
    moved = (1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    assert left_out(fusion=Fusion(desk.study.study_instance_uid, OVER, transform=moved)) == (LAID_OVER,)
    assert left_out(fusion=Fusion(desk.study.study_instance_uid, OVER, FusionMode.DIFFERENCE)) == (LAID_OVER,)
    assert left_out(inverted=True) == (LAID_OVER,)


# Advanced blending


def advanced(desk: Desk, mode: str = "FOREGROUND", opacity: float | None = 0.4, order: tuple[int, int] = (2, 1)) -> Dataset:
    ds = base(desk, "8")
    under = windowed(desk.item(UNDER, BlendingInputNumber=1, GeometryForDisplay="TRUE", TimeSeriesBlending="FALSE"), 40, 400)
    over = coloured(windowed(desk.item(OVER, BlendingInputNumber=2, GeometryForDisplay="FALSE"), 120, 240))
    for item, series in ((under, UNDER), (over, OVER)):
        item.SeriesInstanceUID = series
        del item.ReferencedSeriesSequence  # the whole series
    ds.AdvancedBlendingSequence = [under, over]
    inputs = sequence(*({"BlendingInputNumber": number} for number in order))
    (step,) = sequence({"BlendingDisplayInputSequence": inputs, "BlendingMode": mode})
    if opacity is not None:
        step.RelativeOpacity = opacity
    ds.BlendingDisplaySequence = [step]
    return ds


@pytest.mark.parametrize(
    ("mode", "opacity", "order", "seen"),
    [("FOREGROUND", 0.4, (2, 1), 0.4), ("FOREGROUND", 0.25, (1, 2), 0.75), ("EQUAL", None, (1, 2), 0.5)],
)
def test_an_advanced_state_of_two_series_is_the_same_sum(
    desk: Desk, tmp_path: Path, mode: str, opacity: float | None, order: tuple[int, int], seen: float
) -> None:
    """PS3.4 N.2.6: the first input by the opacity, the second by the rest."""
    path = tmp_path / "state.dcm"
    advanced(desk, mode, opacity, order).save_as(path, enforce_file_format=True)
    there = Instance("2.25.7300", "1.2.840.10008.5.1.4.1.1.11.8", "", 1, 1, 0, 0, str(path), "", 1, {})
    others = replace(desk.study.series[0], series_instance_uid="2.25.7301", modality="PR", instances=(there,))
    study = replace(desk.study, series=(*desk.study.series, others))
    (found,) = found_in(study, lambda where: read_object_bytes(where.read_bytes()), lambda: False)
    assert found.words == ()
    assert isinstance(found.presentation, State)
    assert len(found.presentation.places) == 4
    state, words = shown(desk, found.presentation)
    assert words == ()
    same(desk.viewport.picture(state, *SIZE).pixels, truth(desk, 1, seen))


def thresholds(ds: Dataset) -> None:
    ds.AdvancedBlendingSequence[1].ThresholdSequence = sequence({"ThresholdType": "RANGE"})


def times(ds: Dataset) -> None:
    ds.AdvancedBlendingSequence[0].TimeSeriesBlending = "TRUE"


def steps(ds: Dataset) -> None:
    ds.BlendingDisplaySequence = [ds.BlendingDisplaySequence[0], ds.BlendingDisplaySequence[0]]


def three(ds: Dataset) -> None:
    ds.BlendingDisplaySequence[0].BlendingDisplayInputSequence = sequence(*({"BlendingInputNumber": n} for n in (1, 2, 1)))


def without_opacity(ds: Dataset) -> None:
    del ds.BlendingDisplaySequence[0].RelativeOpacity


def of_another_input(ds: Dataset) -> None:
    ds.BlendingDisplaySequence[0].BlendingDisplayInputSequence[0].BlendingInputNumber = 9


def too_opaque(ds: Dataset) -> None:
    ds.BlendingDisplaySequence[0].RelativeOpacity = 1.5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (thresholds, THRESHOLDS),
        (times, TIMES),
        (steps, STEPS),
        (three, SERIES),
        (without_opacity, MALFORMED),
        (of_another_input, MALFORMED),
        (too_opaque, MALFORMED),
    ],
)
def test_what_a_fusion_cannot_do_is_refused_in_words(desk: Desk, change: Callable[[Dataset], None], reason: str) -> None:
    ds = advanced(desk)
    change(ds)
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    facts = read_object_bytes(out.getvalue())
    assert facts.presentation is not None
    assert facts.presentation.refused == reason


def test_two_series_of_a_blending_state_that_are_three_are_refused(desk: Desk) -> None:
    ds = blending(desk)
    series = ds.BlendingSequence[0].ReferencedSeriesSequence
    ds.BlendingSequence[0].ReferencedSeriesSequence = [*series, *desk.item(OVER).ReferencedSeriesSequence]
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    facts = read_object_bytes(out.getvalue())
    assert facts.presentation is not None
    assert facts.presentation.refused == SERIES


def test_a_series_that_is_not_here_or_not_of_this_space_is_refused_not_left_out(desk: Desk) -> None:
    ds = blending(desk)
    ds.BlendingSequence[1].ReferencedSeriesSequence[0].SeriesInstanceUID = "2.25.999"
    with pytest.raises(Refused) as refused:
        shown(desk, state_from(desk, ds))
    assert refused.value.detail == "The series to lay over is not open"


def test_parts_of_a_series_and_greys_without_a_palette(desk: Desk) -> None:
    ds = blending(desk)
    del ds.BlendingSequence[1].ReferencedSeriesSequence[0].ReferencedImageSequence[0]
    for colour in ("Red", "Green", "Blue"):
        del ds[f"{colour}PaletteColorLookupTableDescriptor"], ds[f"{colour}PaletteColorLookupTableData"]
    state, words = shown(desk, state_from(desk, ds))
    assert words == (ALL_OF_IT,)
    assert state.fusion is not None
    assert state.fusion.palette == GREYS
    grey = np.repeat(np.arange(256)[:, np.newaxis], 3, axis=1).astype(np.uint8)
    same(desk.viewport.picture(state, *SIZE).pixels, truth(desk, 1, 0.4, grey))
