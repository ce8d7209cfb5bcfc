"""Where things lie on screen: markers of known place, found again in every cut within half a voxel.

Through real files, the real worker and the real viewport. The volume holds bright blobs at known
points between the voxels; it is acquired in many ways (sagittal, coronal, oblique, mirrored cosines,
either slice order, tilted gantry) and always cut along the patient's own planes and obliquely, in slabs
by a crosshair that was turned about three axes, and exported as a series.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from received import CT, dataset, save

from rendering.images import SeriesImages
from rendering.phantoms.generator import write_demonstration
from rendering.plane_export import exported
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.crosshair import STRAIGHT, Crosshair
from workstation.domain.doubt import Verdict
from workstation.domain.plane_series import PlaneBatch
from workstation.domain.viewing import Plane, VoiFunction, Window

SIZE = 320
SHAPE = (40, 48, 56)  # slices, rows, columns
SPACING = (1.7, 1.1, 0.9)  # of slices, rows, columns, in mm
BLOB_MM = 2.4
TOP = 1000.0
# Of the volume's middle, in mm along the patient's axes; no two alike in any coordinate.
MARKERS = ((-13.2, 4.3, 9.7), (9.1, -12.4, -6.6), (3.7, 13.8, -14.3), (-6.4, -4.9, 15.1))
MIDDLE = np.array([21.0, -133.0, 402.0])
ALL_GREYS = Window(TOP / 2, TOP, VoiFunction.LINEAR_EXACT)
OBLIQUE = ((0.8, 0.36, -0.48), (0.0, 0.8, 0.6))
# Each line of the crosshair turned in its own view.
TURNED = Crosshair((0.0, 0.0, 0.0)).turned((0.0, 0.0, 1.0), 24.0).turned((1.0, 0.0, 0.0), -37.0)
DOUBLE_OBLIQUE = TURNED.turned((0.3, 0.9, 0.1), 15.0)

# What grows to the right and what grows downwards on screen, in LPS.
SCREEN = {Plane.AXIAL: ((1, 0, 0), (0, 1, 0)), Plane.CORONAL: ((1, 0, 0), (0, 0, -1)), Plane.SAGITTAL: ((0, 1, 0), (0, 0, -1))}


def turned(degrees: float, axis: int) -> Any:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.eye(3)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    turn[a, a], turn[a, b], turn[b, a], turn[b, b] = cos, -sin, sin, cos
    return turn


def every_axis_order() -> list[tuple[str, Any]]:
    """All 48 ways to lay rows, columns and slices along the patient's axes, either way round."""
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            for column, (axis, sign) in enumerate(zip(order, signs, strict=True)):
                matrix[axis, column] = sign
            name = " ".join(("LPH" if s > 0 else "RAF")[a] for a, s in zip(order, signs, strict=True))
            found.append((name, matrix))
    return found


# Columns: row direction, column direction, the way from slice to slice.
TILTED = turned(12, 0) @ turned(25, 1) @ turned(-18, 2)
GANTRY = np.array([[1.0, 0.0, 0.0], [0.0, np.cos(0.3), 0.0], [0.0, -np.sin(0.3), 1.0]])
WAYS = [
    *every_axis_order(),
    ("oblique", TILTED),
    ("oblique mirrored", TILTED @ np.diag([-1.0, 1.0, 1.0])),
    ("oblique backwards", TILTED @ np.diag([1.0, 1.0, -1.0])),
    ("oblique sagittal", TILTED @ turned(90, 1)),
    ("oblique coronal", TILTED @ turned(90, 0) @ np.diag([1.0, -1.0, 1.0])),
    ("tilted gantry", GANTRY),
]


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


def acquired(folder: Path, axes: Any) -> None:
    """The blobs sampled on the grid of `axes`, one file a slice, in an order and with numbers that mean nothing."""
    slices, rows, columns = (np.arange(n) - (n - 1) / 2 for n in SHAPE)
    k, j, i = np.meshgrid(slices * SPACING[0], rows * SPACING[1], columns * SPACING[2], indexing="ij")
    points = MIDDLE + np.stack((i, j, k), axis=-1) @ axes.T
    values = sum(TOP * np.exp(-((points - MIDDLE - m) ** 2).sum(axis=-1) / (2 * BLOB_MM**2)) for m in MARKERS)
    shuffled = np.random.default_rng(11).permutation(SHAPE[0])
    for place, number in enumerate(shuffled):
        made = dataset(
            np.rint(values[place] + 200.0).astype(np.uint16), sop_class=CT, Modality="CT", InstanceNumber=int(number),
            SOPInstanceUID=f"1.2.826.0.1.7.{place}", FrameOfReferenceUID="1.2.826.0.1.8", RescaleSlope=1, RescaleIntercept=-200,
            ImageOrientationPatient=[f"{v:.9f}" for v in (*axes[:, 0], *axes[:, 1])],
            ImagePositionPatient=[f"{v:.6f}" for v in points[place, 0, 0]],
            PixelSpacing=[SPACING[1], SPACING[2]], SliceThickness=SPACING[0],
        )  # fmt: skip
        save(made, folder / f"{number:03}.dcm")


@pytest.mark.parametrize("axes", [axes for _, axes in WAYS], ids=[name for name, _ in WAYS])
def test_markers_are_found_where_they_are_however_they_were_acquired(tmp_path: Path, worker: ImageWorker, axes: Any) -> None:
    acquired(tmp_path, axes)
    with studies_in([tmp_path], worker) as read:
        study = read.studies[0]
        images = SeriesImages(study, study.series[0], worker)
        images.load()
        viewport = Viewport(images)
        assert images.verdict.verdict is Verdict.VOLUME, images.verdict.reasons
        for marker in MARKERS:
            for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.OBLIQUE):
                check_cut(viewport, plane, MIDDLE + marker, axes)
            check_stack(viewport, MIDDLE + marker, axes)
        for number, (marker, directions) in enumerate(zip(MARKERS, (*DOUBLE_OBLIQUE.planes, STRAIGHT[0]), strict=True)):
            check_slab(viewport, directions, MIDDLE + marker, axes, away=(-1.0) ** number * 3.0)
            check_exported(viewport, directions, MIDDLE + marker, axes)
        check_directions(viewport)
        images.close()


def voxels_between(a: Any, b: Any, axes: Any) -> float:
    """The largest distance along the acquisition's rows, columns and slices, in voxels."""
    steps = np.linalg.solve(axes, np.asarray(a) - np.asarray(b))
    return float(np.abs(steps / np.array([SPACING[2], SPACING[1], SPACING[0]])).max())


def check_cut(viewport: Viewport, plane: Plane, marker: Any, axes: Any) -> None:
    state = replace(viewport.default_state(plane), window=ALL_GREYS, oblique=OBLIQUE if plane is Plane.OBLIQUE else None)
    state = viewport.at_point(state, tuple(marker))
    found = brightest(viewport.picture(state, SIZE, SIZE).pixels, viewport.to_view(state, SIZE, SIZE, tuple(marker)))
    place = viewport.to_patient(state, SIZE, SIZE, *found)
    assert place is not None
    assert voxels_between(place, marker, axes) < 0.5, plane


def check_slab(viewport: Viewport, directions: Any, marker: Any, axes: Any, away: float) -> None:
    """In a MIP the marker lies where it is in the plane, however deep in the slab; in a slab beside it there is none."""
    normal = np.cross(*directions)
    fresh = viewport.default_state(Plane.OBLIQUE)
    focus = tuple(marker + away * normal)
    state = replace(fresh, window=ALL_GREYS, oblique=directions, slab_mm=12.0, slab_mode="MIP", focus=focus)
    near = viewport.to_view(state, SIZE, SIZE, tuple(marker))
    for fast in (False, True):
        picture = viewport.picture(state, SIZE, SIZE, fast=fast)
        place = viewport.to_patient(state, SIZE, SIZE, *brightest(picture.pixels, near))
        assert place is not None
        # Depth is projected: back onto the marker's own depth before it is compared.
        assert voxels_between(np.array(place) - away * normal, marker, axes) < 0.5
    beside = replace(state, focus=tuple(marker + np.sign(away) * 16.0 * normal))
    assert viewport.picture(beside, SIZE, SIZE).pixels[int(near[1]), int(near[0])] < 128


def check_exported(viewport: Viewport, directions: Any, marker: Any, axes: Any) -> None:
    """The exported plane says itself where its pixels lie, and the marker lies there."""
    state = replace(viewport.default_state(Plane.OBLIQUE), oblique=directions, focus=tuple(marker))
    planes = exported(viewport.images, PlaneBatch(state, 3, 2.0))
    frame = planes.frames[1]
    right, down = np.array(planes.right), np.array(planes.down)
    column, row = ((marker - frame.position) @ way / planes.pixel_mm for way in (right, down))
    values = np.clip((frame.stored * planes.slope + planes.intercept) / TOP * 255.0, 0.0, 255.0)
    x, y = brightest(values, (column + 0.5, row + 0.5))
    place = np.array(frame.position) + planes.pixel_mm * ((x - 0.5) * right + (y - 0.5) * down)
    assert voxels_between(place, marker, axes) < 0.5


def check_stack(viewport: Viewport, marker: Any, axes: Any) -> None:
    state = viewport.at_point(replace(viewport.default_state(), window=ALL_GREYS), tuple(marker))
    found = brightest(viewport.picture(state, SIZE, SIZE).pixels, viewport.to_view(state, SIZE, SIZE, tuple(marker)))
    place = viewport.to_patient(state, SIZE, SIZE, *found)
    assert place is not None
    # The nearest slice lies up to half a step away; within it the blob's middle is where it should be.
    assert voxels_between(place, marker, axes) <= 0.51
    probe = viewport.probe_patient(tuple(marker))
    assert probe is not None
    assert probe.value > 0.75 * TOP


def check_directions(viewport: Viewport) -> None:
    """Of two places on the screen the one further right lies further along the plane's own right, and so on."""
    for plane, directions in SCREEN.items():
        state = viewport.default_state(plane)
        middle = np.array(viewport.to_patient(state, SIZE, SIZE, SIZE / 2, SIZE / 2))
        for (x, y), direction in zip(((SIZE / 2 + 10, SIZE / 2), (SIZE / 2, SIZE / 2 + 10)), directions, strict=True):
            step = np.array(viewport.to_patient(state, SIZE, SIZE, x, y)) - middle
            assert step / np.linalg.norm(step) == pytest.approx(direction, abs=1e-6)


def brightest(pixels: Any, near: Any) -> tuple[float, float]:
    """The centre of the bright spot, in view coordinates, that the place `near` belongs to."""
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray((pixels > 128).astype("u1"))))
    label = labels[int(near[1]), int(near[0])]
    assert label, "nothing bright where the marker should be"
    rows, columns = np.nonzero(labels == label)
    weights = pixels[rows, columns].astype(float)
    return float(np.average(columns + 0.5, weights=weights)), float(np.average(rows + 0.5, weights=weights))


@pytest.mark.parametrize("role", ["ct-chest", "ct-chest-prior"])
def test_the_phantoms_nodule_is_found_in_all_planes(tmp_path: Path, worker: ImageWorker, role: str) -> None:
    (phantom,) = write_demonstration(tmp_path, only=[role], size="small")
    centre = phantom.truth["nodule_centre"]
    spacing = phantom.truth["spacing_mm"]
    with studies_in([phantom.folder], worker) as read:
        study = read.studies[0]
        for series in study.series:
            images = SeriesImages(study, series, worker)
            if images.verdict.verdict is not Verdict.VOLUME:
                images.close()
                continue
            images.load()
            viewport = Viewport(images)
            for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.OBLIQUE):
                state = replace(viewport.default_state(plane), oblique=OBLIQUE, zoom=6.0, window=Window(-600.0, 800.0))
                state = viewport.at_point(state, centre)
                state = panned_to(viewport, state, centre)
                near = viewport.to_view(state, SIZE, SIZE, centre)
                found = viewport.to_patient(state, SIZE, SIZE, *brightest(viewport.picture(state, SIZE, SIZE).pixels, near))
                assert found is not None
                away = np.abs(np.subtract(found, centre)) / (spacing[2], spacing[1], spacing[0])
                assert away.max() < 0.5, f"{plane}: {away}"
            images.close()


def panned_to(viewport: Viewport, state: Any, point: Any) -> Any:
    x, y, _ = viewport.to_view(state, SIZE, SIZE, point)
    return replace(state, pan=(0.5 - x / SIZE, 0.5 - y / SIZE))
