"""PET/CT of the trunk with FDG: a low-dose CT and a PET in Bq/ml whose SUV is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from pydicom.dataset import Dataset

from rendering.phantoms import dicom, noise, thorax_tubes, trunk
from rendering.phantoms.chest_ct import ct_modules, write_hounsfield
from rendering.phantoms.chest_voxels import Chest, Contrast, Nodule
from rendering.phantoms.scan import CoarseGrid, Planes, Pose, TubePainter, blend, coverage
from rendering.phantoms.shapes import Array, Point
from rendering.phantoms.study import Making, PhantomStudy

STEP, SLICES, TOP = 4.0, 216, 352.0
LESION_SUV, LESION_DIAMETER, LIVER_SUV = 8.0, 24.0, 2.0
DOSE, HALF_LIFE, UPTAKE = 268.0e6, 6586.2, 3600.0  # Bq at injection, seconds, seconds from injection to the first bed
_LESION_NEAR: Point = (78.0, -14.0, 40.0)
_LIVER: Point = (-70.0, 10.0, -165.0)
_BLUR = 7.0
_UPTAKE = (
    ("body", 0.32), ("muscle", 0.65), ("inner wall", 0.9), ("cavity", 0.6), ("psoas", 0.7), ("gluteal", 0.65), ("bowel", 1.5),
    ("liver", LIVER_SUV), ("spleen", 1.7), ("stomach", 1.4), ("kidney", 3.2), ("renal pelvis", 11.0), ("heart", 1.3),
    ("heart muscle", 2.6), ("right ventricle", 1.7), ("right atrium", 1.6), ("left atrium", 1.6), ("left ventricle", 1.7),
    ("lung", 0.45), ("bone", 1.15), ("canal", 1.2), ("head skin", 0.4), ("head muscle", 0.8), ("head mucosa", 1.3),
    ("head air", 0.3), ("head bone", 0.7), ("skull", 0.5), ("head cavity", 1.0), ("brain", 7.5), ("bladder", 24.0),
)  # fmt: skip


def _ct_planes(small: bool) -> Planes:
    if small:
        return Planes(128, 128, SLICES // 4, (500 / 128,) * 2, STEP * 4, (-250 + 250 / 128,) * 2 + (TOP,), sign=-1)
    return Planes(512, 512, SLICES, (500 / 512,) * 2, STEP, (-250 + 250 / 512, -245 + 250 / 512, TOP), sign=-1)


def _pet_planes(small: bool) -> Planes:
    if small:
        return Planes(84, 84, SLICES // 4, (8.14, 8.14), STEP * 4, (-338.0, -333.0, TOP), sign=-1)
    return Planes(168, 168, SLICES, (4.07, 4.07), STEP, (-340.0, -335.0, TOP), sign=-1)


def lesion_centre(planes: Planes) -> Point:
    """The centre of the PET voxel nearest to where the lesion is wanted: there its SUV is the largest."""
    k, r, c = (float(round(v)) for v in planes.index_of(_LESION_NEAR))
    point = planes.points(*(np.asarray(v, np.float32) for v in (k, r, c)))
    return float(point[0]), float(point[1]), float(point[2])


def make(making: Making, progress: Callable[[float], None]) -> PhantomStudy:
    """Write the CT and the PET."""
    pet, ct = _pet_planes(making.small), _ct_planes(making.small)
    centre = lesion_centre(pet)
    nodule = Nodule(centre, LESION_DIAMETER, 38.0)
    body = Chest(ct, Pose(), making.seed, (nodule,), Contrast.none(), noise_level=17.0, coarse=10.0 if making.small else 4.0,
                 leaves=80 if making.small else 1600, anatomy=trunk.fields, extra=trunk.EXTRA, last=trunk.LAST)  # fmt: skip
    series = dicom.Series("lowdosect", dicom.CT_IMAGE, "CT", 2, "Low-dose CT 4.0 mm", lossless=True, frame_of_reference="trunk")
    for index, hounsfield in enumerate(body.slices()):
        ds = dicom.image(making, series, index + 1, seconds=index * 0.05)
        ct_modules(ds, making, kvp=120, current=40)
        dicom.place(ds, ct, index, STEP)
        write_hounsfield(ds, making, series, hounsfield)
        progress(0.8 * (index + 1) / ct.count)
    for index, suv in enumerate(_suv_slices(pet, making.seed, centre, making.small)):
        _write_pet(making, pet, index, suv)
        progress(0.8 + 0.2 * (index + 1) / pet.count)
    return making.finished(_truth(making, pet, centre))


def _suv_slices(planes: Planes, seed: int, centre: Point, small: bool) -> Iterator[Array]:
    """Standardised uptake (rows, columns) of slice after slice, noise included."""
    grid = CoarseGrid(planes, Pose(), 16.3 if small else 8.1, max(8.0, planes.step))
    field = grid.fields(trunk.fields)
    ball = TubePainter(planes, np.asarray([[*centre, LESION_DIAMETER / 2] * 2]), reach=_BLUR)
    blood = TubePainter(planes, np.vstack([thorax_tubes.aorta(), thorax_tubes.pulmonary_arteries()]), reach=_BLUR)
    bank = noise.NoiseBank(
        noise.generator(seed, "pet noise"), lambda rng, shape: noise.blobs(rng, shape, 2.2), (planes.rows, planes.columns)
    )
    for index in range(planes.count):
        suv = np.zeros((planes.rows, planes.columns), dtype=np.float32)
        for name, value in _UPTAKE:
            grid.paint(suv, index, field[name], value, _BLUR)
        vessel = blood.distances(index)
        if vessel is not None:
            blend(suv, coverage(vessel, _BLUR), 1.7)
        suv += np.float32(0.07) * np.sqrt(suv) * bank.slice()
        distance = ball.distances(index)
        if distance is not None:
            part = coverage(distance, _BLUR)
            # No noise in the lesion: its maximum is known.
            suv = np.asarray(suv * (1 - part) + np.float32(LESION_SUV) * part, dtype=np.float32)
        yield np.maximum(suv, 0)


def concentration_per_suv(weight_kg: float) -> float:
    """Bq/ml for an SUV of one when decay is corrected to the start of the series (grams over dose at that time)."""
    return float(DOSE * 2 ** (-UPTAKE / HALF_LIFE) / (weight_kg * 1000))


def _write_pet(making: Making, planes: Planes, index: int, suv: Array) -> None:
    series = dicom.Series("petac", dicom.PET_IMAGE, "PT", 3, "PET AC", lossless=True, frame_of_reference="trunk")
    ds = dicom.image(making, series, index + 1)
    dicom.place(ds, planes, index, STEP)
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    one = concentration_per_suv(making.examination.subject.weight)
    activity = suv * np.float32(one)
    # Scanners scale every slice on its own, to use all of the sixteen bits.
    slope = max(float(activity.max()), 1.0) / 32700
    _pet_modules(ds, planes, index)
    ds.RescaleIntercept, ds.RescaleSlope = "0", f"{slope:.10g}"[:16]
    stored = np.rint(activity / np.float32(float(ds.RescaleSlope))).astype(np.int16)
    dicom.windows(ds, ((4.5 * one, 9 * one, "SUV 0-9"),))
    dicom.pixels(ds, [stored], stored=16, lossless=True)
    dicom.save(making, series, ds)


def _pet_modules(ds: Dataset, planes: Planes, index: int) -> None:
    """PET series, isotope and image modules (PS3.3 C.8.9)."""
    ds.SeriesType, ds.Units, ds.CountsSource, ds.CollimatorType = ["WHOLE BODY", "IMAGE"], "BQML", "EMISSION", "NONE"
    ds.CorrectedImage, ds.DecayCorrection = ["DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"], "START"
    ds.RandomsCorrectionMethod, ds.AttenuationCorrectionMethod = "DLYD", "CT"
    ds.ScatterCorrectionMethod, ds.ReconstructionMethod = "model based", "3D OSEM 3i21s"
    ds.NumberOfSlices, ds.ImageIndex = planes.count, index + 1
    bed = index // max(1, planes.count // 6)
    ds.AcquisitionTime = dicom.clock(str(ds.SeriesTime)[:6], bed * 150.0)
    ds.FrameReferenceTime, ds.ActualFrameDuration = dicom.decimal(bed * 150_000 + 74_000.0), 150_000
    ds.DecayFactor = dicom.decimal(float(2 ** ((bed * 150 + 74) / HALF_LIFE)))
    start = dicom.clock(str(ds.SeriesTime)[:6], -UPTAKE)
    drug = Dataset()
    drug.Radiopharmaceutical, drug.RadiopharmaceuticalStartTime = "Fluorodeoxyglucose F^18^", start
    drug.RadiopharmaceuticalStartDateTime = str(ds.SeriesDate) + start
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = dicom.decimal(DOSE), dicom.decimal(HALF_LIFE)
    drug.RadionuclidePositronFraction = "0.967"
    drug.RadionuclideCodeSequence = [dicom.code("77004003", "SCT", "^18^Fluorine")]
    drug.RadiopharmaceuticalCodeSequence = [dicom.code("35321007", "SCT", "Fluorodeoxyglucose F^18^")]
    ds.RadiopharmaceuticalInformationSequence = [drug]
    orientation = dicom.code("102538003", "SCT", "recumbent")
    orientation.PatientOrientationModifierCodeSequence = [dicom.code("40199007", "SCT", "supine")]
    ds.PatientOrientationCodeSequence = [orientation]
    ds.PatientGantryRelationshipCodeSequence = [dicom.code("102540008", "SCT", "headfirst")]


def _truth(making: Making, pet: Planes, centre: Point) -> dict[str, object]:
    weight = making.examination.subject.weight
    return {
        "lesion_centre": centre,
        "lesion_diameter_mm": LESION_DIAMETER,
        "suv_max": LESION_SUV,
        "liver": (_LIVER, LIVER_SUV),
        "bladder": ((0.0, -26.0, -432.0), 24.0),
        "brain": ((0.0, 10.0, 285.0), 7.5),
        "suv_factor": 1 / concentration_per_suv(weight),
        "dose_bq": DOSE, "half_life_s": HALF_LIFE, "uptake_s": UPTAKE, "weight_kg": weight,
        "spacing_mm": {"PT": (pet.step, *pet.spacing)},
    }  # fmt: skip
