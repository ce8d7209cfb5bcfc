"""A CT and a PET of one patient with a hot ball whose place, Hounsfield units and SUV are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from made_series import STUDY, Acquisition, SeriesMaker

from rendering.header import FrameFacts, ModalityTransform, PetFacts
from rendering.images import SeriesImages
from rendering.viewport import Viewport
from workstation.domain.geometry import Vec3
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Fusion

CT_UID, PET_UID = "1.2.3.4", "1.2.3.5"
CENTRE: Vec3 = (4.0, -7.0, 30.0)
SUV, HU, RADIUS = 8.0, 200.0, 9.0
PET_FACTS = PetFacts(
    units="BQML", corrected_image=("DECY", "ATTN"), decay_correction="START", half_life=6588.0, total_dose=3.7e8,
    start_time="100000", series_date="20260105", series_time="110000", acquisition_date="20260105",
    acquisition_time="110000", weight=74.0, size=1.8, sex="M",
)  # fmt: skip
FACTOR = 74_000 / (3.7e8 * 0.5 ** (3600 / 6588))
"""SUVbw for each Bq/ml."""
SLOPE = 2.0
CT_GRID = Acquisition(origin=(-46.0, -57.0, -10.0), row_spacing=1.0, column_spacing=1.0, gap=2.0, shape=(41, 100, 100))
PET_GRID = Acquisition(origin=(-50.0, -60.0, -12.0), row_spacing=3.0, column_spacing=3.0, gap=3.0, shape=(30, 36, 36))


def hounsfield(points: Any) -> Any:
    """A hard ball."""
    return np.where(np.linalg.norm(points - np.array(CENTRE), axis=-1) <= RADIUS, HU, -50.0)


def uptake(points: Any) -> Any:
    """Stored values of a soft ball: SUV at its middle, half of it at RADIUS, as a PET blurs."""
    away = np.linalg.norm(points - np.array(CENTRE), axis=-1)
    return SUV * 0.5 ** ((away / RADIUS) ** 2) / FACTOR / SLOPE


def made(
    uid: str,
    modality: str,
    grid: Acquisition,
    values: Callable[[Any], Any],
    unit: str,
    load: bool = True,
    patient: str = "P1",
    issuer: str = "",
    **header: Any,
) -> SeriesImages:
    maker = SeriesMaker()
    maker.header = replace(maker.header, series_uid=uid, modality=modality, patient_id=patient, patient_issuer=issuer, **header)
    maker.facts = FrameFacts(transform=ModalityTransform(SLOPE if modality == "PT" else 1.0, 0.0, unit))
    grid.fill(maker, values)
    series = Series(
        uid,
        modality,
        3 if modality == "PT" else 2,
        f"{modality} made",
        frame_of_reference_uid=maker.header.frame_of_reference_uid,
        attributes={"Units": (unit,)},
        instances=maker.series().instances,
    )
    study = Study(STUDY, Patient(PatientKey(patient, issuer)), study_date="20260105", series=(series,))
    images = SeriesImages(study, series, maker.worker)  # type: ignore[arg-type]
    if load:
        images.load()
    return images


def ct(grid: Acquisition = CT_GRID, **header: Any) -> SeriesImages:
    return made(CT_UID, "CT", grid, hounsfield, "HU", **header)


def pet(grid: Acquisition = PET_GRID, values: Callable[[Any], Any] = uptake, **header: Any) -> SeriesImages:
    return made(PET_UID, "PT", grid, values, "BQML", **({"pet": PET_FACTS} | header))


def viewport(base: SeriesImages, over: SeriesImages | None) -> Viewport:
    """Of `base`, with `over` the only other series that is open."""
    key = None if over is None else (over.study.study_instance_uid, over.series.series_instance_uid)
    return Viewport(base, lambda study, series: over if (study, series) == key else None)


FUSION = Fusion(STUDY, PET_UID)
