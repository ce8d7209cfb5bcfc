"""Four views of a screening mammogram with microcalcifications in the left breast."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pydicom.dataset import Dataset

from rendering.phantoms import breast, dicom, noise
from rendering.phantoms.scan import Planes
from rendering.phantoms.shapes import Array
from rendering.phantoms.study import Making, PhantomStudy

CLUSTER = (64.0, 24.0, 26.0)
"""(depth, lateral, up) of the middle of the cluster, millimetres."""
SPACING = 0.1
MAGNIFICATION = 1.06
_VIEWS = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))
_CODES = {"CC": ("399162004", "cranio-caudal"), "MLO": ("399368009", "medio-lateral oblique")}
_ORIENTATION = {("R", "CC"): ["P", "L"], ("L", "CC"): ["A", "R"], ("R", "MLO"): ["P", "FL"], ("L", "MLO"): ["A", "FR"]}


def planes(small: bool, rows: int = 2294, columns: int = 1914, spacing: float = SPACING) -> Planes:
    """The detector as one plane: x = depth, y = down (see `breast`)."""
    part = 4 if small else 1
    rows, columns, spacing = rows // part, columns // part, spacing * part
    return Planes(rows, columns, 1, (spacing, spacing), 1.0, (spacing / 2, -(rows - 1) / 2 * spacing, 0.0))


def make(making: Making, progress: Callable[[float], None]) -> PhantomStudy:
    """Write the four views."""
    grid = planes(making.small)
    grains = {}
    for number, (side, name) in enumerate(_VIEWS, start=1):
        view = breast.View(oblique=name == "MLO")
        picture = _picture(making, view, grid, side)
        if side == "L":
            found = breast.cluster(noise.generator(making.seed, "cluster"), CLUSTER, view.oblique)
            breast.add_grains(picture, grid, found)
            grains[f"L{name}"] = tuple(_pixel(grid, g) for g in found)
        rng = noise.generator(making.seed, "detector", side, name)
        fine = rng.standard_normal(picture.shape, dtype=np.float32) * np.where(picture > 10, np.float32(24), np.float32(1))
        picture = np.asarray(picture + fine, dtype=np.float32)
        _write(making, number, side, name, picture if side == "L" else picture[:, ::-1])
        progress(number / len(_VIEWS))
    centre = {name: tuple(float(np.mean([p[i] for p in points])) for i in (0, 1)) for name, points in grains.items()}
    return making.finished({"microcalcifications": grains, "cluster_centre": centre, "laterality": "L",
                            "imager_pixel_spacing_mm": grid.spacing, "magnification": MAGNIFICATION})  # fmt: skip


def _pixel(grid: Planes, grain: breast.Calcification) -> tuple[float, float]:
    _, row, column = grid.index_of((grain.depth, grain.down, 0.0))
    return column, row


def _picture(making: Making, view: breast.View, grid: Planes, side: str) -> Array:
    """The projection, its structure made at half resolution and brought to the detector's."""
    name = "MLO" if view.oblique else "CC"
    rng, pair = noise.generator(making.seed, "breast", side, name), noise.generator(making.seed, "both breasts", name)
    if making.small:
        return breast.projection(rng, pair, view, grid, *places(grid))
    half = Planes(grid.rows // 2, grid.columns // 2, 1, (grid.spacing[0] * 2,) * 2, 1.0,
                  (grid.origin[0] + grid.spacing[1] / 2, grid.origin[1] + grid.spacing[0] / 2, 0.0))  # fmt: skip
    return _doubled(_doubled(breast.projection(rng, pair, view, half, *places(half))).T).T


def places(grid: Planes) -> tuple[Array, Array]:
    """(depth, down) of the pixels, ready to broadcast."""
    depth = grid.origin[0] + np.arange(grid.columns, dtype=np.float32) * np.float32(grid.spacing[1])
    down = grid.origin[1] + np.arange(grid.rows, dtype=np.float32) * np.float32(grid.spacing[0])
    return np.asarray(depth[None, :], np.float32), np.asarray(down[:, None], np.float32)


def _doubled(values: Array) -> Array:
    """Twice the rows: each sample becomes two, a quarter of a sample to either side (linear)."""
    before, after = np.vstack([values[:1], values[:-1]]), np.vstack([values[1:], values[-1:]])
    pair = np.stack([0.75 * values + 0.25 * before, 0.75 * values + 0.25 * after], axis=1)
    return np.asarray(pair.reshape(-1, values.shape[1]), dtype=np.float32)


def _write(making: Making, number: int, side: str, name: str, picture: Array) -> None:
    series = dicom.Series(f"{side.lower()}{name.lower()}", dicom.MAMMOGRAPHY, "MG", number, f"{side} {name}", lossless=True)
    ds = dicom.image(making, series, 1)
    ds.PatientOrientation = _ORIENTATION[side, name]
    breast_view(ds, name)
    _exposure(ds, side, name)
    ds.ImagerPixelSpacing = [dicom.decimal(SPACING * (4 if making.small else 1))] * 2
    ds.EstimatedRadiographicMagnificationFactor = dicom.decimal(MAGNIFICATION)
    ds.DistanceSourceToDetector, ds.DistanceSourceToPatient = "660", dicom.decimal(660 / MAGNIFICATION)
    for_presentation(ds)
    dicom.windows(ds, ((1900, 2300, "NORMAL"), (2200, 1500, "HARDER")))
    dicom.pixels(ds, [np.clip(np.rint(picture), 0, 4095).astype(np.uint16)], stored=12, lossless=True)
    dicom.save(making, series, ds)


def breast_view(ds: Dataset, name: str) -> None:
    """Which view and what of the breast is in it (PS3.3 C.8.11.7)."""
    ds.BreastImplantPresent, ds.PartialView = "NO", "NO"
    view = dicom.code(_CODES[name][0], "SCT", _CODES[name][1])
    view.ViewModifierCodeSequence = []
    ds.ViewCodeSequence = [view]


def _exposure(ds: Dataset, side: str, name: str) -> None:
    """Which breast, and how it was positioned and exposed."""
    ds.ImageLaterality, ds.OrganExposed, ds.ViewPosition = side, "BREAST", name
    ds.PositionerType = "MAMMOGRAPHIC"
    ds.PositionerPrimaryAngle = "0" if name == "CC" else ("-45" if side == "L" else "45")
    ds.AnatomicRegionSequence = [dicom.code("76752008", "SCT", "Breast")]
    ds.KVP, ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure = "29", 900, 90, 81
    ds.BodyPartThickness, ds.CompressionForce = "52", "110"
    ds.AnodeTargetMaterial, ds.FilterMaterial, ds.FocalSpots = "TUNGSTEN", "RHODIUM", "0.3"
    ds.Grid = "FOCUSED"


def for_presentation(ds: Dataset) -> None:
    """The DX Image and Detector Modules (PS3.3 C.8.11.3, C.8.11.4) of an image made for reading."""
    ds.PresentationIntentType, ds.ImageType = "FOR PRESENTATION", ["ORIGINAL", "PRIMARY"]
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", -1
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.PresentationLUTShape, ds.LossyImageCompression, ds.BurnedInAnnotation = "IDENTITY", "00", "NO"
    ds.DetectorType, ds.DetectorID, ds.DetectorConfiguration = "DIRECT", "PHANTOM-1", "AREA"
    ds.AcquisitionContextSequence = []
