"""CT of the chest with a nodule in the right upper lobe, and a prior in which it is smaller."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pydicom.dataset import Dataset

from rendering.phantoms import dicom
from rendering.phantoms.chest_voxels import Chest, Contrast, Nodule
from rendering.phantoms.scan import Planes, Pose
from rendering.phantoms.shapes import Array
from rendering.phantoms.study import Making, PhantomStudy

NODULE_CENTRE = (-74.0, -6.0, 46.0)
NODULE_DIAMETER = 8.0
PRIOR_DIAMETER = 5.0
PRIOR_POSE = Pose.turned((1.2, -0.8, 2.5), (4.5, -3.0, 7.0), (0.0, 0.0, -40.0))
_STEP = 2.0


def planes(small: bool) -> Planes:
    """160 slices of 2 mm and 512 x 512 pixels of 0.72 mm; a quarter of the matrix and half of the slices when small."""
    if small:
        return Planes(128, 128, 80, (2.88, 2.88), 2 * _STEP, (-182.88, -176.88, -189.0))
    return Planes(512, 512, 160, (0.72, 0.72), _STEP, (-183.96, -177.96, -190.0))


def make(making: Making, progress: Callable[[float], None]) -> PhantomStudy:
    """Write the study (the prior when the examination's role says so)."""
    prior = making.examination.role == "ct-chest-prior"
    pose = PRIOR_POSE if prior else Pose()
    diameter = PRIOR_DIAMETER if prior else NODULE_DIAMETER
    scan = planes(making.small)
    chest = Chest(
        scan,
        pose,
        making.seed,
        (Nodule(NODULE_CENTRE, diameter),),
        Contrast(),
        coarse=6.0 if making.small else 2.9,
        leaves=150 if making.small else 2600,
    )
    series = dicom.Series(
        "chest", dicom.CT_IMAGE, "CT", 2, "Chest 2.0 mm soft tissue", lossless=prior, frame_of_reference="chest"
    )
    for index, hounsfield in enumerate(chest.slices()):
        ds = dicom.image(making, series, index + 1, seconds=index * 0.02)
        ct_modules(ds, making, kvp=100, current=210)
        ds.ContrastBolusAgent = "IOHEXOL"
        ds.ContrastBolusRoute = "IV"
        dicom.place(ds, scan, index, scan.step)
        write_hounsfield(ds, making, series, hounsfield)
        progress((index + 1) / scan.count)
    return making.finished(_truth(pose, diameter, scan))


def ct_modules(ds: Dataset, making: Making, *, kvp: int, current: int) -> None:
    """The CT Image Module (PS3.3 C.8.2.1) without its pixels."""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.PatientPosition = "HFS"
    ds.AcquisitionNumber = 1
    ds.KVP, ds.XRayTubeCurrent, ds.ExposureTime, ds.Exposure = str(kvp), current, 500, current // 2
    ds.ConvolutionKernel, ds.GantryDetectorTilt, ds.TableHeight = "SOFT", "0", "150"
    ds.RotationDirection, ds.FilterType, ds.DataCollectionDiameter = "CW", "BODY", "500"
    ds.ReconstructionDiameter = "368.64"
    ds.ProtocolName = making.examination.description


def write_hounsfield(ds: Dataset, making: Making, series: dicom.Series, hounsfield: Array) -> None:
    """Store Hounsfield units with slope 1 and intercept -1024 and save the object."""
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1024", "1", "HU"
    dicom.windows(ds, ((40, 400, "SOFT TISSUE"), (-600, 1500, "LUNG")))
    stored = np.clip(np.rint(hounsfield + 1024), 0, 4095).astype(np.uint16)
    dicom.pixels(ds, [stored], stored=16, lossless=series.lossless)
    dicom.save(making, series, ds)


def _truth(pose: Pose, diameter: float, scan: Planes) -> dict[str, object]:
    """Where things lie in the scanner's coordinates, and the anatomy-to-scanner matrix."""

    def at(point: tuple[float, float, float]) -> tuple[float, float, float]:
        x, y, z = pose.to_scanner([point])[0]
        return float(x), float(y), float(z)

    return {
        "nodule_centre": at(NODULE_CENTRE),
        "nodule_diameter_mm": diameter,
        "nodule_hu": 30.0,
        "anatomy_to_scanner": tuple(tuple(float(v) for v in row) for row in pose.matrix()),
        "known_hu": {
            "descending aorta": (at((27.0, 37.0, -30.0)), 178.0),
            "trachea": (at((0.0, 5.0, 45.0)), -996.0),
            "liver": (at((-70.0, 10.0, -160.0)), 108.0),
            "air": ((-160.0, -160.0, 0.0), -1000.0),
        },
        "spacing_mm": (scan.step, *scan.spacing),
        "landmarks": {
            "apex of the heart": at((78.0, -61.0, -111.0)),
            "right dome": at((-68.0, -8.0, -104.0)),
            "carina": at((-1.0, 12.0, 0.0)),
            "sternum": at((0.0, -92.0, -30.0)),
            "spine": at((0.0, 47.0, -35.0)),
        },
    }
