"""Hostile objects: refused in words, or shown literally; the worker goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from object_images import Phantom, save, sequence
from object_seat import AUTHOR, K, Seat, drawings, report_file, seat_of
from pydicom.dataset import Dataset

from rendering.objects.annotations import annotations_of
from rendering.objects.facts import ObjectKind
from rendering.objects.layers import layers_of
from rendering.objects.write_plan import Shown
from rendering.objects.write_presentation import write_gsps
from rendering.objects.write_report import write_sr
from rendering.worker import ImageWorker, WorkerLimits
from workstation.errors import Refused


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    with ImageWorker(WorkerLimits(processes=1)) as worker:
        yield seat_of(Phantom(tmp_path_factory.mktemp("images")), worker)


def changed(seat: Seat, tmp_path: Path, change: Any) -> Path:
    path = report_file(seat, tmp_path)
    ds = pydicom.dcmread(path)
    change(ds)
    ds.save_as(path)
    return path


def test_markup_in_an_object_stays_text(seat: Seat, tmp_path: Path) -> None:
    markup = "<img src=x onerror=alert(1)>&lt;b&gt;\x1b[2J"
    path = changed(seat, tmp_path, lambda ds: setattr(ds, "SeriesDescription", "<h1>x</h1>"))
    facts = seat.worker.read_object(path)
    assert facts.label == "<h1>x</h1>"
    one = seat.drawing(1, K.TEXT, [(4.0, 4.0)], markup)
    path.write_bytes(write_sr(seat.context, AUTHOR, [one], seat.headers).data)
    (found,) = annotations_of(seat.worker.read_object(path), seat.study).annotations
    assert found.text == "<img src=x onerror=alert(1)>&lt;b&gt;[2J"


def nested(depth: int) -> bytes:
    """ContentSequence in ContentSequence, by bytes: explicit VR, little endian, undefined lengths."""
    begin = bytes.fromhex("400030a7 53510000 ffffffff feff00e0 ffffffff")
    end = bytes.fromhex("feff0de0 00000000 feffdde0 00000000")
    return begin * depth + end * depth


@pytest.mark.parametrize("depth", [45, 300, 20_000])
def test_a_report_that_nests_too_deeply_is_refused(seat: Seat, tmp_path: Path, depth: int) -> None:
    """The worker lives on, or comes back: the next object is read."""
    path = changed(seat, tmp_path, lambda ds: delattr(ds, "ContentSequence"))
    path.write_bytes(path.read_bytes() + nested(depth))
    with pytest.raises(Refused):
        seat.worker.read_object(path)
    assert seat.worker.read_object(report_file(seat, tmp_path)).kind is ObjectKind.REPORT


def test_a_report_that_nests_as_deeply_as_reports_do_is_read(seat: Seat, tmp_path: Path) -> None:
    path = changed(seat, tmp_path, lambda ds: delattr(ds, "ContentSequence"))
    path.write_bytes(path.read_bytes() + nested(15))
    assert seat.worker.read_object(path).report is not None


def state_with(seat: Seat, tmp_path: Path, points: int, graphics: int = 1) -> Path:
    path = tmp_path / "state.dcm"
    (written,) = write_gsps(seat.context, AUTHOR, [Shown(seat.headers[0])])
    path.write_bytes(written.data)
    ds = pydicom.dcmread(path)
    objects = sequence(
        *[
            {"GraphicAnnotationUnits": "PIXEL", "GraphicDimensions": 2, "NumberOfGraphicPoints": 3, "GraphicType": "POLYLINE",
             "GraphicFilled": "N", "GraphicData": [1.0] * (2 * points)}
        ] * graphics
    )  # fmt: skip
    ds.GraphicAnnotationSequence = sequence({"GraphicLayer": "X", "GraphicObjectSequence": objects})
    ds.save_as(path)
    return path


def test_a_million_points_are_refused(seat: Seat, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="more points"):
        seat.worker.read_object(state_with(seat, tmp_path, 8_000, 130))


def test_sixty_thousand_items_are_refused(seat: Seat, tmp_path: Path) -> None:
    path = changed(seat, tmp_path, lambda ds: delattr(ds, "ContentSequence"))
    items = bytes.fromhex("400030a7 53510000 ffffffff") + bytes.fromhex("feff00e0 00000000") * 60_000
    path.write_bytes(path.read_bytes() + items + bytes.fromhex("feffdde0 00000000"))
    with pytest.raises(Refused, match="more items"):
        seat.worker.read_object(path)


def test_a_graphic_without_its_points_is_left_out_in_words(seat: Seat, tmp_path: Path) -> None:
    facts = seat.worker.read_object(state_with(seat, tmp_path, 0))
    assert facts.presentation is not None
    assert facts.presentation.graphics == ()
    assert facts.unread == ("A graphic of the presentation state is malformed: not shown",)


def test_points_that_are_no_numbers_are_none(seat: Seat, tmp_path: Path) -> None:
    def break_it(ds: Dataset) -> None:
        for group in ds.ContentSequence[-1].ContentSequence:
            for item in group.ContentSequence:
                if item.ValueType == "SCOORD":
                    item.GraphicData = [float("nan")] * len(item.GraphicData)

    path = changed(seat, tmp_path, break_it)
    found = annotations_of(seat.worker.read_object(path), seat.study)
    assert all(one.points for one in found.annotations)
    assert found.words


def test_a_frame_that_the_image_does_not_have_gets_no_drawing(seat: Seat, tmp_path: Path) -> None:
    (written,) = write_gsps(seat.context, AUTHOR, [Shown(seat.headers[0])], drawings(seat)[:1])
    path = tmp_path / "state.dcm"
    path.write_bytes(written.data)
    ds = pydicom.dcmread(path)
    ds.GraphicAnnotationSequence[0].ReferencedImageSequence[0].ReferencedFrameNumber = 7
    ds.save_as(path)
    found = annotations_of(seat.worker.read_object(path), seat.study)
    assert found.annotations == ()
    assert "A drawing is on a frame that its image does not have" in found.words


def test_an_image_is_not_read_as_an_object(seat: Seat) -> None:
    with pytest.raises(Refused, match="Not an object"):
        seat.worker.read_object(seat.files[0])


def test_a_structure_set_without_images_is_not_laid_over_any(seat: Seat, tmp_path: Path) -> None:
    ds = pydicom.dcmread(seat.files[0])
    del ds.PixelData
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.481.3", "2.25.5", "RTSTRUCT"
    ds.StructureSetROISequence = sequence({"ROINumber": 1, "ROIName": "x"})
    data = [0, 25, 300, 5, 25, 300, 5, 28, 300]
    contours = sequence({"ContourGeometricType": "CLOSED_PLANAR", "NumberOfContourPoints": 3, "ContourData": data})
    ds.ROIContourSequence = sequence({"ReferencedROINumber": 1, "ContourSequence": contours})
    facts = seat.worker.read_object(save(ds, tmp_path / "rt.dcm"))
    assert facts.structure_set is not None
    assert len(facts.structure_set.structures[0].contours) == 1
    with pytest.raises(Refused, match="not shown"):
        layers_of(facts, seat.study)
