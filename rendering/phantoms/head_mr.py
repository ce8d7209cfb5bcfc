"""MR of the head: sagittal T1 in thin slices, oblique axial T2 and FLAIR, with lesions of the white matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from rendering.phantoms import dicom
from rendering.phantoms.head_voxels import Head, Lesion, Sequence
from rendering.phantoms.scan import Planes, Pose
from rendering.phantoms.shapes import Array, Point
from rendering.phantoms.study import Making, PhantomStudy

POSE = Pose.turned((-10.0, 1.0, 2.0), (1.5, 2.0, -4.0))
TILT = 10.0
LESIONS = (
    Lesion((27.0, -26.0, 24.0), 7.0),
    Lesion((-25.0, -30.0, 22.0), 5.0),
    Lesion((29.0, 30.0, 30.0), 9.0),
    Lesion((-30.0, 38.0, 26.0), 6.0),
    Lesion((-24.0, 6.0, 34.0), 5.0),
)
_LANDMARKS: dict[str, Point] = {
    "left eye": (33.0, -75.0, -25.0),
    "right eye": (-33.0, -75.0, -25.0),
    "left lateral ventricle": (14.0, 14.0, 22.0),
    "cerebellum": (0.0, 56.0, -34.0),
    "pons": (0.0, 12.0, -33.0),
    "nose": (0.0, -110.0, -54.0),
}
_TISSUES = ("air", "skin", "fat", "muscle", "bone", "marrow", "csf", "grey", "white", "stem", "nuclei", "pallidum", "vitreous",
            "lens", "vessel", "lesion")  # fmt: skip


def _sequence(noise: float, *values: float) -> Sequence:
    return Sequence(dict(zip(_TISSUES, values, strict=True)), noise)


_T1 = _sequence(17, 4, 420, 860, 400, 40, 600, 120, 455, 690, 640, 505, 600, 120, 380, 330, 500)
_T2 = _sequence(15, 4, 260, 540, 170, 25, 330, 1050, 455, 290, 320, 400, 250, 1080, 150, 30, 720)
_FLAIR = _sequence(16, 4, 260, 520, 230, 25, 300, 45, 470, 370, 385, 440, 330, 45, 150, 30, 800)
_IMAGE_TYPE = {"t1": "M_FFE", "t2": "M_SE", "flair": "M_IR"}
_Timing = dict[str, str | list[str]]


@dataclass(frozen=True)
class _Protocol:
    """One series: its planes, what it shows, how thick a slice is, and the numbers of the MR Image Module."""

    series: dicom.Series
    planes: Planes
    sequence: Sequence
    coarse: float
    thickness: float
    sub_slices: int
    window: tuple[float, float]
    timing: _Timing


def _axial(matrix: int, field: float, small: bool) -> Planes:
    """Planes along the line between the commissures, which the head holds tilted."""
    cosine, sine = float(np.cos(np.radians(TILT))), float(np.sin(np.radians(TILT)))
    matrix = matrix // 4 if small else matrix
    spacing = field / matrix
    half = (field - spacing) / 2
    first = POSE.to_scanner([(0.0, 14.0, -46.0)])[0]
    origin = first - half * np.array([1.0, 0, 0]) - half * np.array([0, cosine, -sine])
    return Planes(matrix, matrix, 30, (spacing, spacing), 4.4, (float(origin[0]), float(origin[1]), float(origin[2])),
                  (1.0, 0.0, 0.0), (0.0, cosine, -sine))  # fmt: skip


def _sagittal(small: bool) -> Planes:
    if small:
        return Planes(64, 64, 44, (4.0, 4.0), 4.0, (86.0, -128.5, 118.5), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
    return Planes(256, 256, 176, (1.0, 1.0), 1.0, (87.5, -130.0, 120.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))


def _protocols(small: bool) -> tuple[_Protocol, ...]:
    def series(key: str, number: int, description: str) -> dicom.Series:
        return dicom.Series(key, dicom.MR_IMAGE, "MR", number, description, lossless=key != "t2", frame_of_reference="head")

    sagittal = _sagittal(small)
    t1: _Timing = {"ScanningSequence": ["GR", "IR"], "SequenceVariant": "SP", "MRAcquisitionType": "3D", "RepetitionTime": "2300",
                   "EchoTime": "2.98", "InversionTime": "900", "FlipAngle": "9", "EchoTrainLength": "1"}  # fmt: skip
    t2: _Timing = {"ScanningSequence": "SE", "SequenceVariant": "SK", "MRAcquisitionType": "2D", "RepetitionTime": "4800",
                   "EchoTime": "98", "FlipAngle": "150", "EchoTrainLength": "15"}  # fmt: skip
    flair: _Timing = {"ScanningSequence": "IR", "SequenceVariant": "SK", "MRAcquisitionType": "2D", "RepetitionTime": "9000",
                      "EchoTime": "92", "InversionTime": "2500", "FlipAngle": "150", "EchoTrainLength": "16"}  # fmt: skip
    slow = 5.0 if small else 1.5
    return (
        _Protocol(series("t1", 2, "T1 3D sagittal"), sagittal, _T1, 4.0 if small else 2.0, sagittal.step, 1, (430, 860), t1),
        _Protocol(series("t2", 3, "T2 TSE axial"), _axial(512, 230, small), _T2, slow, 4.0, 1 if small else 2, (400, 800), t2),
        _Protocol(
            series("flair", 4, "FLAIR axial"), _axial(320, 230, small), _FLAIR, slow, 4.0, 1 if small else 2, (350, 700), flair
        ),
    )


def make(making: Making, progress: Callable[[float], None]) -> PhantomStudy:
    """Write the three series."""
    protocols = _protocols(making.small)
    total, done = sum(p.planes.count for p in protocols), 0
    for protocol in protocols:
        for index, picture in enumerate(_slices(protocol, making.seed)):
            _write(making, protocol, index, picture)
            done += 1
            progress(done / total)
    return making.finished(_truth(protocols))


def _slices(protocol: _Protocol, seed: int) -> Iterator[Array]:
    """Signal of slice after slice; a thick slice is the mean of thinner ones within it."""
    head = Head(protocol.planes, POSE, seed, protocol.sequence, LESIONS, protocol.coarse, protocol.sub_slices)
    return head.slices()


def _write(making: Making, protocol: _Protocol, index: int, picture: Array) -> None:
    planes, series = protocol.planes, protocol.series
    ds = dicom.image(making, series, index + 1, seconds=index * 0.1)
    ds.ImageType = ["ORIGINAL", "PRIMARY", _IMAGE_TYPE[series.key]]
    ds.PatientPosition = "HFS"
    ds.AcquisitionNumber = 1
    dicom.place(ds, planes, index, protocol.thickness)
    ds.SpacingBetweenSlices = dicom.decimal(planes.step)
    _timing(ds, protocol)
    dicom.windows(ds, ((*protocol.window, "BRAIN"),))
    dicom.pixels(ds, [np.clip(np.rint(picture), 0, 4095).astype(np.uint16)], stored=12, lossless=series.lossless)
    dicom.save(making, series, ds)


def _timing(ds: Dataset, protocol: _Protocol) -> None:
    """The MR Image Module (PS3.3 C.8.3.1)."""
    for keyword, value in protocol.timing.items():
        setattr(ds, keyword, value)
    ds.ScanOptions, ds.AngioFlag = "", "N"
    ds.MagneticFieldStrength, ds.ImagingFrequency, ds.ImagedNucleus = "3", "123.2", "1H"
    ds.NumberOfAverages, ds.NumberOfPhaseEncodingSteps = "1", protocol.planes.rows
    ds.PercentSampling, ds.PercentPhaseFieldOfView, ds.PixelBandwidth = "100", "100", "240"
    ds.ReceiveCoilName, ds.InPlanePhaseEncodingDirection = "HEAD20", "ROW"
    ds.AcquisitionMatrix = [0, protocol.planes.rows, protocol.planes.columns, 0]
    ds.ProtocolName, ds.VariableFlipAngleFlag = protocol.series.description, "N"


def _truth(protocols: tuple[_Protocol, ...]) -> dict[str, object]:
    def at(point: Point) -> Point:
        x, y, z = POSE.to_scanner([point])[0]
        return float(x), float(y), float(z)

    return {
        "lesions": tuple({"centre": at(lesion.centre), "diameter_mm": lesion.diameter} for lesion in LESIONS),
        "anatomy_to_scanner": tuple(tuple(float(v) for v in row) for row in POSE.matrix()),
        "tilt_degrees": TILT,
        "signal": {p.series.key: dict(p.sequence.signal) for p in protocols},
        "landmarks": {name: at(point) for name, point in _LANDMARKS.items()},
        "spacing_mm": {p.series.key: (p.planes.step, *p.planes.spacing) for p in protocols},
    }  # fmt: skip
