"""A measurement and its provenance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import Vec3


class MeasurementKind(StrEnum):
    LENGTH = "length"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value with unit, the source of its spacing, and where it was taken.

    `points` are (column, row) in the frame for STACK, and `patient_points` the same in LPS mm
    when the geometry is known. `unit` is `mm`, `mm at detector`, `mm (ERMF)`, `px`, `HU` ...;
    never a bare mm without known spacing.
    """

    kind: MeasurementKind
    value: float
    unit: str
    spacing_source: SpacingSource
    study_uid: str
    series_uid: str
    sop_instance_uid: str
    frame_number: int
    points: tuple[tuple[float, float], ...]
    patient_points: tuple[Vec3, ...] = ()

    @property
    def text(self) -> str:
        return f"{self.value:.1f} {self.unit}"
