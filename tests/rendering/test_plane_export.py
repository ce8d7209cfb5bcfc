"""Planes made a series of their own: sound files, the right values in the right place, and what they came from (F49, F51)."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from received import CT, PET, dataset, save

from rendering.images import SeriesImages
from rendering.objects.delivery import keep, outgoing
from rendering.objects.write_plan import Author, Written
from rendering.objects.write_planes import write_planes
from rendering.plane_export import PADDING, ExportedPlanes, exported
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.cache.reading import studies_in
from workstation.domain.doubt import Verdict
from workstation.domain.geometry import add, cross, dot, scale, sub
from workstation.domain.plane_series import PlaneBatch
from workstation.domain.viewing import Plane, ViewportState, Window
from workstation.errors import Refused

MR = "1.2.840.10008.5.1.4.1.1.4"
AUTHOR = Author("Ågot Ødegård", datetime(2026, 11, 23, 2, 0, tzinfo=UTC), "1.2")
OBLIQUE = ((0.8, 0.36, -0.48), (0.0, 0.8, 0.6))
SHAPE, SPACING = (30, 36, 40), (2.5, 1.2, 1.0)  # slices, rows, columns
MIDDLE = np.array([12.0, -40.0, 300.0])
# HU per mm along the patient's axes: what is linear in space is exact between voxels, whatever way they lie.
SLOPE = np.array([3.0, -2.0, 4.0])
TILT = np.array([[1.0, 0.0, 0.0], [0.0, np.cos(0.3), 0.0], [0.0, -np.sin(0.3), 1.0]])


def truth(points: Any) -> Any:
    return 100.0 + (np.asarray(points) - MIDDLE) @ SLOPE


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


@dataclass
class Source:
    files: list[Path]
    images: SeriesImages
    viewport: Viewport
    study: Any
    series: Any
    worker: ImageWorker

    @property
    def context(self) -> Any:
        return self.worker.object_context(self.files[0])

    def state(self, plane: Plane = Plane.OBLIQUE, **changes: Any) -> ViewportState:
        oblique = OBLIQUE if plane is Plane.OBLIQUE else None
        return replace(self.viewport.default_state(plane), oblique=oblique, focus=tuple(MIDDLE), **changes)

    def written(self, state: ViewportState, number: int = 1, step: float = 2.0, **batch: Any) -> tuple[Written, ...]:
        planes = exported(self.images, PlaneBatch(state, number, step, **batch))
        return write_planes(self.context, AUTHOR, planes, self.series.attributes, Window(40.0, 400.0))


def acquired(folder: Path, axes: Any, sop_class: str = CT, modality: str = "CT", **changes: Any) -> list[Path]:
    slices, rows, columns = (np.arange(n) - (n - 1) / 2 for n in SHAPE)
    k, j, i = np.meshgrid(slices * SPACING[0], rows * SPACING[1], columns * SPACING[2], indexing="ij")
    points = MIDDLE + np.stack((i, j, k), axis=-1) @ axes.T
    files = []
    for place in range(SHAPE[0]):
        made = dataset(
            np.rint(truth(points[place]) + 1024.0).astype(np.int16), sop_class=sop_class, Modality=modality,
            SOPInstanceUID=f"1.2.826.0.1.9.{place}", FrameOfReferenceUID="1.2.826.0.1.8", RescaleSlope=1, RescaleIntercept=-1024,
            ImageOrientationPatient=[f"{v:.9f}" for v in (*axes[:, 0], *axes[:, 1])],
            ImagePositionPatient=[f"{v:.6f}" for v in points[place, 0, 0]],
            PixelSpacing=[SPACING[1], SPACING[2]], SliceThickness=SPACING[0], BodyPartExamined="CHEST", KVP="120",
            PatientPosition="HFS", BurnedInAnnotation="NO", StudyID="S1", AccessionNumber="A7",
            **changes,
        )  # fmt: skip
        block = made.private_block(0x0019, "SOMEBODY ELSE", create=True)
        block.add_new(0x10, "LO", "private words")
        files.append(save(made, folder / f"{place:03}.dcm"))
    return files


@pytest.fixture(scope="module", params=["straight", "tilted gantry"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker: ImageWorker) -> Iterator[Source]:
    files = acquired(tmp_path_factory.mktemp("source"), np.eye(3) if request.param == "straight" else TILT)
    yield from opened(files, worker)


def opened(files: list[Path], worker: ImageWorker) -> Iterator[Source]:
    with studies_in(files, worker) as read:
        study = read.studies[0]
        images = SeriesImages(study, study.series[0], worker)
        images.load()
        assert images.verdict.verdict is Verdict.VOLUME, images.verdict.reasons
        yield Source(files, images, Viewport(images), study, study.series[0], worker)
        images.close()


def datasets(written: tuple[Written, ...]) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(io.BytesIO(one.data)) for one in written]


def complaints(written: Written, folder: Path) -> list[str]:
    path = folder / "plane.dcm"
    path.write_bytes(written.data)
    done = subprocess.run([Path(sys.executable).parent / "dciodvfy", "-new", path], capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]


SLABS = [(0.0, "MEAN"), (9.0, "MIP"), (9.0, "MIN"), (9.0, "MEAN")]


@pytest.mark.parametrize(("mm", "mode"), SLABS)
def test_every_pixel_has_the_value_that_is_there_in_the_patient(source: Source, mm: float, mode: str) -> None:
    """On a phantom that is linear in space a plane's value is known at each of its pixels; a projection's too."""
    state = source.state(slab_mm=mm, slab_mode=mode)
    planes = exported(source.images, PlaneBatch(state, 3, 4.0))
    for frame in planes.frames:
        rows, columns = np.mgrid[: frame.stored.shape[0], : frame.stored.shape[1]]
        right, down = np.array(planes.right), np.array(planes.down)
        points = np.array(frame.position) + planes.pixel_mm * (columns[..., None] * right + rows[..., None] * down)
        expected = truth(points)
        if planes.slab is not None and mode != "MEAN":
            reach = abs(np.array(planes.slab.step) @ SLOPE) * (planes.slab.samples - 1) / 2
            expected = expected + (reach if mode == "MIP" else -reach)
        values = frame.stored * planes.slope + planes.intercept
        # Well inside, where no sample of the slab has left the volume.
        inside = np.abs(points - MIDDLE).max(axis=-1) < 9.0
        assert inside.sum() > 50
        assert np.abs(values - expected)[inside].max() <= 1.0


def test_values_are_those_of_the_screen(source: Source) -> None:
    """The exported plane, opened by our own pipeline, against the cut it was made from: within the rounding to whole HU."""
    state = source.state()
    (one,) = datasets(source.written(state))
    for x, y in ((200.0, 200.0), (230.5, 180.25), (180.0, 221.0)):
        place = source.viewport.to_patient(state, 400, 400, x, y)
        assert place is not None
        offset = np.subtract(place, [float(v) for v in one.ImagePositionPatient])
        orientation = np.array([float(v) for v in one.ImageOrientationPatient])
        column, row = offset @ orientation[:3] / float(one.PixelSpacing[1]), offset @ orientation[3:] / float(one.PixelSpacing[0])
        stored = one.pixel_array[round(row), round(column)]
        away = np.array([column - round(column), row - round(row)]) * float(one.PixelSpacing[0])
        shown = truth(place) - (away[0] * orientation[:3] + away[1] * orientation[3:]) @ SLOPE
        assert float(stored) * float(one.RescaleSlope) + float(one.RescaleIntercept) == pytest.approx(shown, abs=1.0)


@pytest.mark.parametrize("plane", [Plane.OBLIQUE, Plane.CORONAL, Plane.SAGITTAL])
def test_our_own_pipeline_reads_the_series_again_as_a_volume_in_the_same_place(
    source: Source, tmp_path: Path, plane: Plane
) -> None:
    state = source.state(plane)
    written = source.written(state, number=7, step=1.5)
    for number, one in enumerate(written):
        (tmp_path / f"{number}.dcm").write_bytes(one.data)
    with studies_in([tmp_path], source.worker) as read:
        (series,) = read.studies[0].series
        images = SeriesImages(read.studies[0], series, source.worker)
        images.load()
        assert images.verdict.verdict is Verdict.VOLUME, images.verdict.reasons
        assert images.verdict.geometry is not None
        assert images.verdict.geometry.spacing[2] == pytest.approx(1.5, abs=1e-6)
        again = Viewport(images)
        for point in (tuple(MIDDLE), tuple(np.add(MIDDLE, (2.0, -1.5, 3.0)))):
            probe = again.probe_patient(point)
            assert probe is not None
            # The voxel's centre lies up to half a voxel from the point: the values there are linear.
            assert probe.value == pytest.approx(truth(probe.patient_point), abs=1.5)
            assert probe.unit == "HU"
        images.close()


def test_the_plane_that_is_shown_is_among_the_exported_and_the_rest_lie_a_step_apart(source: Source) -> None:
    state = source.state()
    normal = cross(*OBLIQUE)
    written = datasets(source.written(state, number=5, step=3.0))
    depths = [dot(sub(tuple(float(v) for v in one.ImagePositionPatient), tuple(MIDDLE)), normal) for one in written]
    assert sorted(depths) == pytest.approx([-6.0, -3.0, 0.0, 3.0, 6.0], abs=1e-6)
    assert {float(one.SpacingBetweenSlices) for one in written} == {3.0}
    assert [one.InstanceNumber for one in written] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("mm", "mode"), SLABS)
def test_no_fault_that_dciodvfy_finds(source: Source, tmp_path: Path, mm: float, mode: str) -> None:
    (written,) = source.written(source.state(slab_mm=mm, slab_mode=mode))
    assert complaints(written, tmp_path) == []


def test_mr_planes_are_sound_too(tmp_path: Path, worker: ImageWorker) -> None:
    files = acquired(
        tmp_path, np.eye(3), MR, "MR", ScanningSequence="GR", SequenceVariant="SP", EchoTime="3.1", RepetitionTime="9"
    )
    for source in opened(files, worker):
        (written,) = source.written(source.state(slab_mm=8.0, slab_mode="MIP"))
        assert complaints(written, tmp_path) == []
        (one,) = datasets((written,))
        assert list(one.ImageType) == ["DERIVED", "SECONDARY", "PROJECTION IMAGE"]
        assert (one.ScanningSequence, float(one.EchoTime)) == ("GR", 3.1)


def test_the_derivation_is_told_and_nothing_else_is_taken_along(source: Source) -> None:
    first, *rest = datasets(source.written(source.state(slab_mm=9.0, slab_mode="MIP"), number=3))
    assert list(first.ImageType) == ["DERIVED", "SECONDARY", "MIP"]
    assert "MIP 9 mm" in first.DerivationDescription
    assert [item.CodeValue for item in first.DerivationCodeSequence] == ["113072", "113078"]
    named = {item.ReferencedSOPInstanceUID for item in first.SourceImageSequence}
    assert named <= {f"1.2.826.0.1.9.{place}" for place in range(SHAPE[0])}
    assert len(named) > 1
    assert first.FrameOfReferenceUID == "1.2.826.0.1.8"
    assert first.StudyInstanceUID == source.study.study_instance_uid
    assert first.SeriesInstanceUID != source.series.series_instance_uid
    assert len({one.SOPInstanceUID for one in (first, *rest)}) == 3
    assert {one.SeriesInstanceUID for one in rest} == {first.SeriesInstanceUID}
    assert (first.Manufacturer, first.Modality, first.SOPClassUID) == ("Lyskasse", "CT", CT)
    assert float(first.SliceThickness) == pytest.approx(9.0, abs=1e-6)
    assert (first.BurnedInAnnotation, first.LossyImageCompression, first.PatientPosition) == ("NO", "00", "HFS")
    assert (first.StudyID, first.AccessionNumber, first.RescaleType) == ("S1", "A7", "HU")
    assert not [element for element in first if element.tag.is_private]


def test_an_axial_plane_names_the_one_slice_that_it_is(tmp_path: Path, worker: ImageWorker) -> None:
    for source in opened(acquired(tmp_path, np.eye(3)), worker):
        focus = add(tuple(MIDDLE), scale((0.0, 0.0, 1.0), SPACING[0] * 0.5))
        (one,) = datasets(source.written(replace(source.state(Plane.AXIAL), focus=focus)))
        assert [item.ReferencedSOPInstanceUID for item in one.SourceImageSequence] == ["1.2.826.0.1.9.15"]
        assert one.pixel_array.shape == (math.ceil(SHAPE[1] * SPACING[1]), SHAPE[2])
        assert float(one.PixelSpacing[0]) == pytest.approx(1.0)
        # Columns are the voxels' own; rows are resampled from 1.2 to 1.0 mm: the first centre is 0.1 mm before theirs.
        values = one.pixel_array[3, :] * float(one.RescaleSlope) + float(one.RescaleIntercept)
        x, y, z = (float(v) for v in one.ImagePositionPatient)
        assert values == pytest.approx(truth([(x + column, y + 3.0, z) for column in range(SHAPE[2])]), abs=1.0)


def test_outside_the_volume_stands_padding_and_no_value(source: Source) -> None:
    planes = exported(source.images, PlaneBatch(source.state()))
    (one,) = datasets(write_planes(source.context, AUTHOR, planes, {}))
    assert one.PixelPaddingValue == PADDING
    assert one.pixel_array[0, 0] == PADDING
    assert (planes.frames[0].stored != PADDING).any()


def test_a_lossy_source_makes_lossy_planes(source: Source) -> None:
    planes = exported(source.images, PlaneBatch(source.state()))
    lossy = replace(planes, source_headers={uid: replace(h, lossy=True) for uid, h in planes.source_headers.items()})
    (one,) = datasets(write_planes(source.context, AUTHOR, lossy, {}))
    assert one.LossyImageCompression == "01"


def test_what_cannot_be_exported_is_refused_in_words(source: Source) -> None:
    away = replace(source.state(), focus=(9000.0, 0.0, 0.0))
    with pytest.raises(Refused, match="None of them goes through"):
        exported(source.images, PlaneBatch(away))
    with pytest.raises(Refused, match="stopped"):
        exported(source.images, PlaneBatch(source.state()), lambda: True)
    with pytest.raises(Refused):
        PlaneBatch(source.state(), 0)
    with pytest.raises(Refused):
        PlaneBatch(source.state(), 3, 0.0)
    planes = exported(source.images, PlaneBatch(source.state()))
    other = replace(planes, header=replace(planes.header, sop_class_uid=PET, modality="PT"))
    with pytest.raises(Refused, match="of CT and MR, not of PT"):
        write_planes(source.context, AUTHOR, other, {})
    foreign = {uid: replace(h, patient_id="P2") for uid, h in planes.source_headers.items()}
    with pytest.raises(Refused, match="more than one study or patient"):
        write_planes(source.context, AUTHOR, replace(planes, source_headers=foreign), {})


def test_values_that_sixteen_bits_of_the_sources_scale_do_not_hold_get_a_scale_of_their_own(source: Source) -> None:
    voxels = source.images.volume().voxels
    wide = replace(source.images.volume(), voxels=voxels.astype(np.int32) * 100, slope=1.0, intercept=0.0)

    class Wide:
        def __getattr__(self, name: str) -> Any:
            return getattr(source.images, name)

        def volume(self, _dimension: int = 0) -> Any:
            return wide

    planes: ExportedPlanes = exported(Wide(), PlaneBatch(source.state(Plane.AXIAL)))  # type: ignore[arg-type]
    values = planes.frames[0].stored * planes.slope + planes.intercept
    held = planes.frames[0].stored != PADDING
    assert values[held].max() <= wide.voxels.max()
    assert planes.slope < 10.0
    assert values[held].max() > 40000.0


def test_the_planes_are_kept_here_and_ready_to_be_sent(source: Source, tmp_path: Path) -> None:
    cache = StudyCache(tmp_path / "cache", source.worker)
    written = source.written(source.state(), number=2)
    keep(written, cache, Vault.plain())
    study = cache.study(source.study.study_instance_uid)
    assert [(s.modality, s.image_count, s.series_description) for s in study.series] == [("CT", 2, "Oblique")]
    assert [row.sha256 for row in outgoing(written)] == [one.sha256 for one in written]
    cache.close()
