"""Planar MPR Volumetric Presentation States (A.80.1): the very plane, or words why not."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import fused_pair
import numpy as np
import pydicom
import pytest
from object_images import sequence
from pydicom.dataset import Dataset

from rendering.objects.facts import ObjectFacts
from rendering.objects.planar import GRAPHICS
from rendering.objects.read import read_object_bytes
from rendering.objects.read_planar import COLOURS, CROPPED, CURVED, MALFORMED, VOLUMES
from rendering.objects.states import state_of
from rendering.viewport import Viewport
from rendering.volume import judge
from workstation.domain.viewing import Plane, Sizing, ViewportState, Window
from workstation.errors import Refused

SIZE = (120, 80)
HALF = 2.0**-0.5
CORNER = (-11.0, -7.0 - 10.0 * HALF, 30.0 - 10.0 * HALF)
"""The ball of `fused_pair` lies in the middle of a plane of 30 by 20 mm that is tilted by 45 degrees."""


@pytest.fixture(scope="module")
def viewport() -> Iterator[Viewport]:
    images = fused_pair.ct()
    yield Viewport(images)
    images.close()


def planar(viewport: Viewport, **elements: Any) -> Dataset:
    images = viewport.images
    ds = Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.11.6"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "2.25.7400"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = images.study.study_instance_uid, "2.25.7401", "PR"
    ds.PatientID, ds.PatientName, ds.ContentLabel = "P1", "Test", "PLANE"
    ds.FrameOfReferenceUID = images.header(0).frame_of_reference_uid
    named = [
        {"ReferencedSOPClassUID": one.sop_class_uid or "1.2", "ReferencedSOPInstanceUID": one.sop_instance_uid}
        for one in images.series.instances
    ]
    window = sequence({"WindowCenter": 100.0, "WindowWidth": 300.0, "VOILUTFunction": "LINEAR_EXACT"})
    source = {"PresentationInputType": "VOLUME", "VolumetricPresentationInputNumber": 1, "SoftcopyVOILUTSequence": window}
    ds.VolumetricPresentationStateInputSequence = sequence({**source, "ReferencedImageSequence": sequence(*named)})
    ds.MultiPlanarReconstructionStyle, ds.MPRThicknessType, ds.PixelPresentation = "PLANAR", "THIN", "MONOCHROME"
    ds.MPRTopLeftHandCorner, ds.MPRViewWidth, ds.MPRViewHeight = list(CORNER), 30.0, 20.0
    ds.MPRViewWidthDirection, ds.MPRViewHeightDirection = [1.0, 0.0, 0.0], [0.0, HALF, HALF]
    ds.PresentationLUTShape = "IDENTITY"
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def read(ds: Dataset) -> ObjectFacts:
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return read_object_bytes(out.getvalue())


def shown(viewport: Viewport, ds: Dataset) -> tuple[ViewportState, tuple[str, ...]]:
    return state_of(read(ds), viewport.images.study).shown(viewport, viewport.default_state(), *SIZE, None)


def test_the_plane_is_the_one_that_the_state_says(viewport: Viewport) -> None:
    """Every pixel's place in the patient is known: 4 view pixels are a millimetre, the corner is the view's corner."""
    state, words = shown(viewport, planar(viewport))
    assert words == ()
    assert (state.plane, state.sizing, state.slab_mm) == (Plane.OBLIQUE, Sizing.FIT, 0.0)
    assert state.window == Window(100.0, 300.0, state.window.function if state.window else None)  # type: ignore[arg-type]
    picture = viewport.picture(state, *SIZE)
    assert picture.error is None
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    along = np.stack([x / 4.0, y / 4.0 * HALF, y / 4.0 * HALF], axis=-1) + np.array(CORNER)
    away = np.linalg.norm(along - np.array(fused_pair.CENTRE), axis=-1)
    inside, outside = away < fused_pair.RADIUS - 2.0, away > fused_pair.RADIUS + 2.0
    assert inside.sum() > 1000
    assert outside.sum() > 1000
    assert (abs(picture.pixels[inside].astype(int) - round((200.0 + 50.0) / 300.0 * 255.0)) <= 1).all()
    assert (picture.pixels[outside] == 0).all()
    corner = viewport.to_patient(state, *SIZE, 0.0, 0.0)
    assert corner == pytest.approx(CORNER, abs=1e-6)
    assert viewport.to_patient(state, *SIZE, *map(float, SIZE)) == pytest.approx(
        (CORNER[0] + 30.0, CORNER[1] + 20.0 * HALF, CORNER[2] + 20.0 * HALF), abs=1e-6
    )


@pytest.mark.parametrize(("projection", "mode"), [("MAXIMUM_IP", "MIP"), ("MINIMUM_IP", "MIN"), ("AVERAGE_IP", "MEAN")])
def test_a_slab_is_as_thick_and_made_as_it_says(viewport: Viewport, projection: str, mode: str) -> None:
    state, _ = shown(viewport, planar(viewport, MPRThicknessType="SLAB", MPRSlabThickness=6.0, RenderProjection=projection))
    assert (state.slab_mm, state.slab_mode) == (6.0, mode)
    slab = viewport.picture(state, *SIZE).slab
    assert slab is not None
    assert (slab.mm, slab.mode) == (6.0, mode)


def test_polarity_and_drawings(viewport: Viewport) -> None:
    text = sequence({"UnformattedTextValue": "x", "AnchorPoint": [1.0, 1.0], "AnchorPointAnnotationUnits": "DISPLAY"})
    drawn = sequence({"GraphicLayer": "L", "TextObjectSequence": text})
    state, words = shown(viewport, planar(viewport, PresentationLUTShape="INVERSE", GraphicAnnotationSequence=drawn))
    assert state.inverted
    assert words == (GRAPHICS,)


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"MultiPlanarReconstructionStyle": "CURVED"}, CURVED),
        ({"PixelPresentation": "TRUE_COLOR"}, COLOURS),
        ({"VolumeCroppingSequence": sequence({"VolumeCroppingMethod": "INCLUDE_SEG"})}, CROPPED),
        ({"MPRViewWidthDirection": [1.0, 0.5, 0.0]}, MALFORMED),
        ({"MPRViewHeight": 0.0}, MALFORMED),
        ({"MPRViewHeightDirection": [1.0, 0.0, 0.0]}, MALFORMED),
        ({"MPRViewWidth": math.nan}, MALFORMED),
        ({"MPRViewHeight": math.inf}, MALFORMED),
        ({"MPRTopLeftHandCorner": [math.nan, 0.0, 0.0]}, MALFORMED),
        ({"MPRThicknessType": "SLAB"}, MALFORMED),
        ({"MPRThicknessType": "SLAB", "MPRSlabThickness": math.inf}, MALFORMED),
        ({"VolumetricPresentationStateInputSequence": sequence({}, {})}, VOLUMES),
    ],
)
def test_what_is_not_one_grey_plane_is_refused_in_words(viewport: Viewport, elements: dict[str, Any], reason: str) -> None:
    presentation = read(planar(viewport, **elements)).presentation
    assert presentation is not None
    assert presentation.refused == reason


def test_another_space_and_a_series_that_is_no_volume_are_refused(viewport: Viewport) -> None:
    with pytest.raises(Refused, match="cannot be followed") as refused:
        shown(viewport, planar(viewport, FrameOfReferenceUID="2.25.99"))
    assert refused.value.detail == "Its plane lies in another space than the images"
    gone = replace(viewport.images.series, instances=viewport.images.series.instances[::3][:2])
    assert judge(gone).geometry is None
    images = fused_pair.SeriesImages(viewport.images.study, gone, None)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refused:
        state_of(read(planar(viewport)), viewport.images.study).shown(Viewport(images), viewport.default_state(), *SIZE, None)
    assert refused.value.detail.startswith("Its series is no volume that can be cut through.")
