"""A tomosynthesis of the left breast in the oblique view, as one multi-frame object (PS3.3 A.55)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from rendering.phantoms import breast, dicom, noise
from rendering.phantoms.mammography import CLUSTER, breast_view, places, planes
from rendering.phantoms.scan import Planes
from rendering.phantoms.shapes import Array
from rendering.phantoms.study import Making, PhantomStudy

FRAMES, STEP = 36, 1.0
CLUSTER_FRAME = 16  # 0-based
_DIAGONAL = float(np.sqrt(0.5))
_LAYERS = 7
_TYPE = ["ORIGINAL", "PRIMARY", "TOMOSYNTHESIS", "NONE"]


def make(making: Making, progress: Callable[[float], None]) -> PhantomStudy:
    """Write the object."""
    grid = planes(making.small, rows=1148, columns=640, spacing=0.2)
    frames = []
    layers = _layers(making, grid)
    grains = breast.cluster(noise.generator(making.seed, "cluster"), CLUSTER, oblique=True)
    heights = noise.generator(making.seed, "grain heights").integers(-2, 3, len(grains)) + CLUSTER_FRAME
    rng = noise.generator(making.seed, "tomosynthesis noise")
    for index in range(FRAMES):
        frames.append(_frame(grid, layers, grains, heights, index, rng))
        progress((index + 1) / FRAMES)
    series = dicom.Series("lmlo", dicom.TOMOSYNTHESIS, "MG", 1, "L MLO tomosynthesis", lossless=True, frame_of_reference="breast")
    ds = dicom.image(making, series, 1)
    _modules(ds, making)
    _functional_groups(ds, grid)
    dicom.pixels(ds, frames, stored=12, lossless=True)
    dicom.save(making, series, ds)
    found = tuple((*grid.index_of((g.depth, g.down, 0.0))[:0:-1], int(h)) for g, h in zip(grains, heights, strict=True))
    return making.finished({"microcalcifications": found, "cluster_frame": CLUSTER_FRAME, "frames": FRAMES,
                            "spacing_mm": (STEP, *grid.spacing), "laterality": "L"})  # fmt: skip


def _layers(making: Making, grid: Planes) -> list[Array]:
    """Projections of a few thin layers, from the lower paddle to the upper one."""
    view, pair = breast.View(oblique=True), noise.generator(making.seed, "both breasts", "MLO")
    state = pair.bit_generator.state
    layers = []
    for number in range(_LAYERS):
        # All layers lie in the same parenchyma; each has clouds and strands of its own.
        pair.bit_generator.state = state
        layers.append(breast.projection(noise.generator(making.seed, "layer", str(number)), pair, view, grid, *places(grid)))
    return layers


def _frame(grid: Planes, layers: list[Array], grains: tuple[breast.Calcification, ...], heights: npt.NDArray[np.int64],
           index: int, rng: np.random.Generator) -> npt.NDArray[np.uint16]:  # fmt: skip
    """One plane: the layer in focus over a veil of all the others; a grain is sharp in its own plane."""
    at = index / (FRAMES - 1) * (len(layers) - 1)
    low = min(int(at), len(layers) - 2)
    focus = layers[low] * np.float32(low + 1 - at) + layers[low + 1] * np.float32(at - low)
    veil = sum(layers[1:], start=layers[0]) / np.float32(len(layers))
    picture = np.asarray(veil + (focus - veil) * np.float32(1.1), dtype=np.float32)
    for grain, height in zip(grains, heights, strict=True):
        away = abs(int(height) - index)
        if away < 5:
            faded = breast.Calcification(grain.depth, grain.down, grain.diameter, grain.strength * 0.5**away)
            breast.add_grains(picture, grid, (faded,), blur=0.12 + 0.16 * away)
    picture += rng.standard_normal(picture.shape, dtype=np.float32) * np.where(picture > 10, np.float32(34), np.float32(1))
    return np.clip(np.rint(picture), 0, 4095).astype(np.uint16)


def _modules(ds: Dataset, making: Making) -> None:
    """Enhanced mammography image and multi-frame dimension modules (PS3.3 C.8.11.13, C.7.6.17)."""
    breast_view(ds, "MLO")
    # In this object these stand in the functional groups or nowhere.
    for keyword in ("BodyPartExamined", "AcquisitionDate", "AcquisitionTime"):
        delattr(ds, keyword)
    ds.ImageType = _TYPE
    ds.VolumetricProperties, ds.VolumeBasedCalculationTechnique = "VOLUME", "NONE"
    ds.PixelPresentation, ds.ContentQualification = "MONOCHROME", "RESEARCH"
    ds.BurnedInAnnotation, ds.RecognizableVisualFeatures, ds.LossyImageCompression = "NO", "NO", "00"
    ds.PresentationLUTShape, ds.AcquisitionContextSequence = "IDENTITY", []
    ds.NumberOfFrames = FRAMES
    ds.DimensionOrganizationSequence = [Dataset()]
    ds.DimensionOrganizationSequence[0].DimensionOrganizationUID = making.uid("dimensions", "dbt")
    index = Dataset()
    index.DimensionOrganizationUID = making.uid("dimensions", "dbt")
    index.DimensionIndexPointer, index.FunctionalGroupPointer = 0x00209057, 0x00209111
    ds.DimensionIndexSequence = [index]


def _functional_groups(ds: Dataset, grid: Planes) -> None:
    """Shared and per-frame functional groups (PS3.3 C.7.6.16)."""
    shared = Dataset()
    measures, orientation, transform, voi = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [dicom.decimal(v) for v in grid.spacing], dicom.decimal(STEP)
    measures.SpacingBetweenSlices = dicom.decimal(STEP)
    orientation.ImageOrientationPatient = [dicom.decimal(v) for v in (0, -1, 0, -_DIAGONAL, 0, -_DIAGONAL)]
    transform.RescaleIntercept, transform.RescaleSlope, transform.RescaleType = "0", "1", "US"
    dicom.windows(voi, ((1800, 2200, "NORMAL"),))
    anatomy = Dataset()
    anatomy.AnatomicRegionSequence, anatomy.FrameLaterality = [dicom.code("76752008", "SCT", "Breast")], "L"
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    shared.PixelValueTransformationSequence, shared.FrameVOILUTSequence = [transform], [voi]
    shared.FrameAnatomySequence = [anatomy]
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = [_per_frame(ds, index) for index in range(FRAMES)]


def _per_frame(ds: Dataset, index: int) -> Dataset:
    frame, content, position, kind = Dataset(), Dataset(), Dataset(), Dataset()
    when = str(ds.ContentDate) + dicom.clock(str(ds.ContentTime)[:6], 0.0)
    content.FrameAcquisitionDateTime = content.FrameReferenceDateTime = when
    content.FrameAcquisitionDuration = 3700.0
    kind.FrameType = _TYPE
    kind.PixelPresentation, kind.VolumetricProperties, kind.VolumeBasedCalculationTechnique = "MONOCHROME", "VOLUME", "NONE"
    content.StackID, content.InStackPositionNumber, content.DimensionIndexValues = "1", index + 1, [index + 1]
    at = index * STEP * _DIAGONAL
    position.ImagePositionPatient = [dicom.decimal(v) for v in (130.0 + at, 20.0, 90.0 - at)]
    frame.FrameContentSequence, frame.PlanePositionSequence, frame.XRay3DFrameTypeSequence = [content], [position], [kind]
    return frame
