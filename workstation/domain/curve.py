"""Curve: the mean inside one drawing in each of the volumes at the same places (a time-intensity curve)."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """`label` names the volume, `at` is its number; `mean` is None where nothing could be measured, `refused` then says why."""

    label: str
    at: float | None
    mean: float | None
    deviation: float | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """`kind` is what differs between the volumes (English plural), `at_unit` the unit of `at`, `unit` of the means."""

    kind: str
    at_unit: str
    unit: str
    points: tuple[CurvePoint, ...]

    @property
    def is_by_number(self) -> bool:
        """Whether the volumes have rising numbers to be drawn against; else they are drawn side by side."""
        places = [point.at for point in self.points if point.at is not None]
        return len(places) == len(self.points) and all(b > a for a, b in pairwise(places))

    def csv(self) -> str:
        """One line for each volume, with a head line; decimal points, whatever the language. No patient data."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(
            ["volume", f"value ({self.at_unit})" if self.at_unit else "value", f"mean ({self.unit})", f"SD ({self.unit})"]
        )
        for point in self.points:
            rows.writerow([point.label, *(_number(value) for value in (point.at, point.mean, point.deviation))])
        return text.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
