"""Layers over pictures, and presentation states followed: by known pixels, and against another program's drawing."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from object_images import SERIES, STUDY, Phantom, save, sequence
from object_seat import AUTHOR, K, Seat, drawings, seat_of

from rendering.header import Shutter
from rendering.images import SeriesImages
from rendering.objects.facts import ObjectFacts
from rendering.objects.layer_blend import Part, outline, premultiplied
from rendering.objects.layer_paint import LayerPainter
from rendering.objects.layers import Layer, layers_of
from rendering.objects.looking import area_of_view, look_of, presented, shown_of
from rendering.objects.polygons import filled
from rendering.objects.read_segmentation import cropped
from rendering.objects.write_presentation import write_gsps
from rendering.objects.write_segmentation import write_seg
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.domain.presenting import Followed
from workstation.domain.viewing import Plane, ViewportState, Window
from workstation.errors import Refused

WIDTH, HEIGHT = 48, 64
# The slices are read from the head down: the first file is the last of five.
FIRST = 4


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    with ImageWorker() as worker:
        yield seat_of(Phantom(tmp_path_factory.mktemp("images"), slices=5, spacing=(0.5, 0.5)), worker)


@pytest.fixture(scope="module")
def images(seat: Seat) -> Iterator[SeriesImages]:
    images = SeriesImages(seat.study, seat.study.series[0], seat.worker)
    images.load()
    assert images.identity(FIRST).sop_instance_uid == seat.headers[0].sop_instance_uid
    yield images
    images.close()


def state(**changes: object) -> ViewportState:
    return replace(ViewportState(STUDY, SERIES, position=FIRST), **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def box(seat: Seat, tmp_path_factory: pytest.TempPathFactory) -> Layer:
    """Columns 10 to 20 and rows 30 to 40 of the first slice."""
    area = seat.drawing(1, K.RECTANGLE, [(10.0, 30.0), (20.0, 40.0)], "box")
    path = tmp_path_factory.mktemp("seg") / "seg.dcm"
    path.write_bytes(write_seg(seat.context, AUTHOR, [area], seat.headers).data)
    (layer,) = layers_of(seat.worker.read_object(path), seat.study).layers
    return replace(layer, colour=(255, 0, 0), opacity=0.5)


def test_a_segment_covers_its_pixels_and_no_other(images: SeriesImages, box: Layer) -> None:
    viewport = Viewport(images)
    before = viewport.picture(state(), WIDTH, HEIGHT)
    painted = LayerPainter(images).paint(before, state(), [box])
    grey = np.repeat(before.pixels[:, :, np.newaxis], 3, axis=2)
    changed = (painted.picture.pixels != grey).any(axis=2)
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[30:41, 10:21] = True
    assert (changed == wanted).all()
    assert painted.drawn == (box.uid,)
    # The outline takes all of the colour, the inside half of it.
    assert (painted.picture.pixels[30, 10:21] == (255, 0, 0)).all()
    inside = grey[35, 15].astype(float)
    assert np.abs(painted.picture.pixels[35, 15] - (inside + np.array((255.0, 0.0, 0.0))) / 2).max() <= 0.5
    assert before.pixels.ndim == 2, "the picture without the layer stays as it was"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"flipped_horizontally": True},
        {"flipped_vertically": True, "pan": (0.25, -0.1)},
        {"rotation": 90},
        {"zoom": 1.7, "pan": (-0.2, 0.4)},
        {"zoom": 2.0},
        {"zoom": 0.6},
    ],
)
def test_a_segment_is_taken_pixel_by_pixel_however_the_image_lies(
    images: SeriesImages, box: Layer, changes: dict[str, Any]
) -> None:
    inside = np.random.default_rng(5).random((HEIGHT, WIDTH)) < 0.5
    inside[:7] = inside[:, :9] = False
    mask = cropped(1, inside, images.facts(FIRST), box.masks[0].images)
    assert mask is not None
    assert (mask.row, mask.column) == (7, 9)
    solid, look = replace(box, masks=(mask,), opacity=1.0), state(**changes)
    viewport = Viewport(images)
    before = viewport.picture(look, WIDTH, HEIGHT)
    found = (LayerPainter(images).paint(before, look, [solid]).picture.pixels == solid.colour).all(axis=2)
    screen = viewport._view(look, WIDTH, HEIGHT).screen
    wanted, sure = np.zeros((HEIGHT, WIDTH), bool), np.zeros((HEIGHT, WIDTH), bool)
    for y, x in np.ndindex(HEIGHT, WIDTH):
        u, v = screen.to_source(x + 0.5, y + 0.5)
        column, row = math.floor(u + 0.5), math.floor(v + 0.5)
        # Midway between two pixels rounding decides.
        sure[y, x] = all(abs(place + 0.5 - round(place + 0.5)) > 1e-6 for place in (u, v))
        wanted[y, x] = 0 <= column < WIDTH and 0 <= row < HEIGHT and inside[row, column]
    assert wanted.any()
    assert sure.mean() > 0.2
    assert np.array_equal(found[sure], wanted[sure])


def test_a_layer_that_changes_its_opacity_or_its_masks_is_laid_anew(images: SeriesImages, box: Layer) -> None:
    painter, picture = LayerPainter(images), Viewport(images).picture(state(), WIDTH, HEIGHT)
    first = painter.veil(picture, state(), [box])
    fainter = painter.veil(picture, state(), [box.with_opacity(0.2)])
    none = painter.veil(picture, state(), [replace(box, masks=())])
    assert first is not None
    assert fainter is not None
    assert np.unique(first.pixels >> 24).tolist() == [128, 255]
    assert np.unique(fainter.pixels >> 24).tolist() == [51, 255]
    assert none is None


def test_a_mask_of_ones_is_laid_over_as_one_of_whole_shares(box: Layer) -> None:
    inside = np.random.default_rng(6).random((9, 11)) < 0.6
    part = Part((slice(0, 9), slice(0, 11)), inside * np.uint8(255), outline(inside))
    by_share = replace(box, masks=(replace(box.masks[0], is_fraction=True),))
    assert np.array_equal(premultiplied(box, part), premultiplied(by_share, part))


def test_a_layer_is_not_drawn_where_it_does_not_belong(images: SeriesImages, box: Layer) -> None:
    """F49, F75: another slice, another study, images that it does not name."""
    viewport, painter = Viewport(images), LayerPainter(images)
    picture = viewport.picture(state(), WIDTH, HEIGHT)
    for layer in (replace(box, study_uid="2.25.9"), replace(box, images=frozenset())):
        assert painter.paint(picture, state(), [layer]).picture is picture
    next_slice = state(position=FIRST - 1)
    assert painter.paint(viewport.picture(next_slice, WIDTH, HEIGHT), next_slice, [box]).drawn == ()
    with pytest.raises(Refused):
        painter.paint(picture, replace(state(), study_uid="2.25.9"), [box])


@pytest.mark.parametrize(("plane", "focus"), [(Plane.CORONAL, (-2.5, 37.5, 304.0)), (Plane.SAGITTAL, (-2.5, 37.5, 304.0))])
def test_a_segment_of_one_slice_is_seen_in_a_cut_as_high_as_its_slice(
    seat: Seat, images: SeriesImages, box: Layer, plane: Plane, focus: tuple[float, float, float]
) -> None:
    """11 pixels of 0.5 mm wide; the slice is 2 mm thick. The box is at x -5..0, y 35..40, z 300."""
    named = replace(box, images=frozenset(header.sop_instance_uid for header in seat.headers))
    cut = state(plane=plane, focus=focus)
    picture = Viewport(images).picture(cut, 400, 400)
    assert picture.mm_per_pixel is not None
    painted = LayerPainter(images).paint(picture, cut, [named])
    changed = (painted.picture.pixels != np.repeat(picture.pixels[:, :, np.newaxis], 3, axis=2)).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    wide, high = (np.ptp(columns) + 1) * picture.mm_per_pixel, (np.ptp(rows) + 1) * picture.mm_per_pixel
    assert wide == pytest.approx(5.5, abs=2 * picture.mm_per_pixel)
    assert high == pytest.approx(1.0 if box.thickness is None else 2.0, abs=1.0 + 2 * picture.mm_per_pixel)
    away = replace(cut, focus=(20.0, 60.0, 304.0))
    assert LayerPainter(images).paint(Viewport(images).picture(away, 400, 400), away, [named]).drawn == ()


def structures(seat: Seat, tmp_path: Path) -> ObjectFacts:
    ds = pydicom.dcmread(seat.files[0])
    del ds.PixelData
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.481.3", "2.25.5", "RTSTRUCT"
    uid = seat.headers[0].sop_instance_uid
    image = sequence({"ReferencedSOPClassUID": seat.headers[0].sop_class_uid, "ReferencedSOPInstanceUID": uid})
    corners = [(-5.0, 35.0, 300.0), (0.0, 35.0, 300.0), (0.0, 40.0, 300.0), (-5.0, 40.0, 300.0)]
    contour = {
        "ContourGeometricType": "CLOSED_PLANAR", "NumberOfContourPoints": 4, "ContourImageSequence": image,
        "ContourData": [value for corner in corners for value in corner],
    }  # fmt: skip
    ds.StructureSetROISequence = sequence({"ROINumber": 4, "ROIName": "<b>PTV</b>"})
    ds.ROIContourSequence = sequence(
        {"ReferencedROINumber": 4, "ROIDisplayColor": [0, 255, 0], "ContourSequence": sequence(contour)}
    )
    return seat.worker.read_object(save(ds, tmp_path / "rt.dcm"))


def test_a_structure_is_an_outline_through_its_points(seat: Seat, images: SeriesImages, tmp_path: Path) -> None:
    (layer,) = layers_of(structures(seat, tmp_path), seat.study).layers
    assert (layer.name, layer.colour) == ("<b>PTV</b>", (0, 255, 0))
    picture = Viewport(images).picture(state(), WIDTH, HEIGHT)
    pixels = LayerPainter(images).paint(picture, state(), [layer]).picture.pixels
    green = (pixels == (0, 255, 0)).all(axis=2)
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[30:41, 10:21] = True
    wanted[31:40, 11:20] = False
    assert (green == wanted).all()


def test_inside_is_by_the_even_odd_rule() -> None:
    square = filled([(1.0, 1.0), (4.0, 1.0), (4.0, 3.0), (1.0, 3.0)], 6, 6)
    assert np.argwhere(square).tolist() == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [2, 3]]
    assert not filled([(10.0, 10.0), (12.0, 10.0), (12.0, 12.0)], 6, 6).any()
    assert filled([(-9.0, -9.0), (20.0, -9.0), (20.0, 20.0), (-9.0, 20.0)], 6, 6).all()
    assert outline(np.ones((3, 3), bool)).sum() == 8


# Presentation states


def state_facts(
    seat: Seat, images: SeriesImages, shown: ViewportState, tmp_path: Path, shutter: Shutter | None = None
) -> ObjectFacts:
    window = shown.window or Window(60.0, 300.0)
    plan = shown_of(images, shown, window, 300, 200)
    (written,) = write_gsps(seat.context, AUTHOR, [plan], drawings(seat), look_of(shown, shutter))
    path = tmp_path / "state.dcm"
    path.write_bytes(written.data)
    return seat.worker.read_object(path)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True), (True, True)])
def test_a_view_that_is_written_is_the_same_picture_when_it_is_followed(
    seat: Seat, images: SeriesImages, tmp_path: Path, rotation: int, flips: tuple[bool, bool]
) -> None:
    """Window, inversion, rotation and flips by the pixels they make: a vertical flip is written as half a turn and a flip."""
    wanted = state(
        rotation=rotation, flipped_horizontally=flips[0], flipped_vertically=flips[1], inverted=True, window=Window(60.0, 300.0)
    )
    facts = state_facts(seat, images, wanted, tmp_path, Shutter((3, 40, 5, 60)))
    found = presented(images, state(), facts, 300, 200)
    viewport = Viewport(images)
    assert found.words == ()
    assert found.shutter == Shutter((3, 40, 5, 60))
    assert (found.state.zoom, found.state.pan) == (1.0, (0.0, 0.0))
    shuttered = replace(wanted, followed=Followed("", Shutter((3, 40, 5, 60))))
    assert np.array_equal(viewport.picture(found.state, 300, 200).pixels, viewport.picture(shuttered, 300, 200).pixels)
    assert not np.array_equal(viewport.picture(wanted, 300, 200).pixels, viewport.picture(shuttered, 300, 200).pixels)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_zoomed_and_moved_view_comes_back_within_a_pixel_of_the_image(
    seat: Seat, images: SeriesImages, tmp_path: Path, rotation: int
) -> None:
    wanted = state(rotation=rotation, flipped_horizontally=True, zoom=3.0, pan=(0.2, -0.35), window=Window(60.0, 300.0))
    found = presented(images, state(), state_facts(seat, images, wanted, tmp_path), 300, 200)
    viewport = Viewport(images)
    for corner in ((0.0, 0.0), (300.0, 200.0), (40.0, 150.0)):
        here = viewport.to_patient(wanted, 300, 200, *corner)
        there = viewport.to_patient(found.state, 300, 200, *corner)
        assert here is not None
        assert there is not None
        assert np.abs(np.subtract(here, there)).max() <= 1.5 * 0.5


def test_a_state_for_another_image_is_refused(seat: Seat, images: SeriesImages, tmp_path: Path) -> None:
    facts = state_facts(seat, images, state(), tmp_path)
    with pytest.raises(Refused, match="not for this image"):
        presented(images, state(position=FIRST - 1), facts, 300, 200)


def test_a_window_for_other_rescale_values_is_not_used(seat: Seat, images: SeriesImages, tmp_path: Path) -> None:
    facts = state_facts(seat, images, state(), tmp_path)
    assert facts.presentation is not None
    assert facts.presentation.modality is not None
    other = replace(facts.presentation, modality=replace(facts.presentation.modality, slope=2.0))
    found = presented(images, state(), replace(facts, presentation=other), 300, 200)
    assert found.state.window is None
    assert found.words == ("The state's window is for other rescale values than the image's: not used",)


def test_the_whole_image_is_the_area_of_a_view_that_fits_it(images: SeriesImages) -> None:
    area = area_of_view(images, state(rotation=90), 300, 200)
    assert (area.top_left, area.bottom_right) == ((1, 64), (48, 1))


@pytest.mark.parametrize(
    ("rotation", "flip", "inverted"),
    [(0, False, False), (90, False, True), (90, True, False), (180, True, True), (270, False, False)],
)
def test_dcmtk_draws_the_state_as_we_do(
    seat: Seat, images: SeriesImages, tmp_path: Path, rotation: int, flip: bool, inverted: bool
) -> None:
    """An independent program follows what we wrote: the same grey in every pixel, to a level of rounding."""
    wanted = state(rotation=rotation, flipped_horizontally=flip, inverted=inverted, window=Window(60.0, 300.0))
    state_facts(seat, images, wanted, tmp_path)
    command = ["/usr/bin/dcmp2pgm", "-p", tmp_path / "state.dcm", seat.files[0], tmp_path / "out.pgm"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    data = (tmp_path / "out.pgm").read_bytes()
    kind, *size, most = data.split(maxsplit=4)[:4]
    width, height = (int(part) for part in size)
    assert (kind, most) == (b"P5", b"255")
    theirs = np.frombuffer(data[-width * height :], np.uint8).reshape(height, width).astype(int)
    ours = Viewport(images).picture(wanted, width, height).pixels.astype(int)
    assert np.ptp(theirs) > 50
    assert np.abs(theirs - ours).max() <= 1
