"""A lesion followed over time: its size in each study, how it changed, how fast it grows.

A diameter that doubles is a volume that grows eightfold; volume doubling time after Schwartz (Cancer 1961):
days * ln 2 / ln(V2 / V1). Sums and their reference points are those of RECIST 1.1 (Eisenhauer, EJC 2009);
what they mean for the patient is the reader's to say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from workstation.domain.annotation import Annotation, AnnotationKind, MeasuredValue, Verdict
from workstation.domain.geometry import Vec3

VARIATION_MM = 2.0
"""Two readings of one diameter differ by up to this (Fleischner 2017: less than 2 mm is no growth)."""

# What is followed of each kind, and the power that makes a volume of it.
FOLLOWED: dict[AnnotationKind, tuple[tuple[str, ...], float]] = {
    AnnotationKind.LENGTH: (("Length",), 3.0),
    AnnotationKind.BIDIRECTIONAL: (("Long axis", "Short axis"), 3.0),
    AnnotationKind.CIRCLE: (("Area",), 1.5),
    AnnotationKind.ELLIPSE: (("Area",), 1.5),
    AnnotationKind.RECTANGLE: (("Area",), 1.5),
    AnnotationKind.POLYGON: (("Area",), 1.5),
    AnnotationKind.FREEHAND: (("Area",), 1.5),
}


@dataclass(frozen=True, slots=True)
class LesionProposal:
    """What was found at the place of a lesion in another study.

    `centre` in LPS mm. `axes` are the ends of the long, then of the short axis in the plane asked for; empty where
    no size can be proposed. `words` says in a sentence how far it is to be trusted.
    """

    centre: Vec3
    axes: tuple[Vec3, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class TimePoint:
    """A study of the case. `day` is None when its date is not known."""

    study_uid: str
    day: date | None


@dataclass(frozen=True, slots=True)
class LesionCell:
    """One lesion in one study. `change` is since the study before in which it was measured, a share (0.2: a fifth more)."""

    drawn: Annotation
    values: tuple[MeasuredValue, ...]
    change: float | None = None
    doubling_days: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_proposed(self) -> bool:
        return self.drawn.verdict is not Verdict.ACCEPTED


@dataclass(frozen=True, slots=True)
class LesionRow:
    lesion: str
    name: str
    cells: tuple[LesionCell | None, ...]


@dataclass(frozen=True, slots=True)
class LesionSum:
    """Long axes of the lesions that were measured in every study, in mm; changes as shares."""

    millimetres: float
    count: int
    since_first: float | None
    since_smallest: float | None
    more_than_smallest_mm: float | None


@dataclass(frozen=True, slots=True)
class LesionTable:
    """Rows of lesions over time points, oldest first. `sums` is empty where no lesion was measured in all of them."""

    times: tuple[TimePoint, ...]
    rows: tuple[LesionRow, ...]
    sums: tuple[LesionSum, ...]


def centre_of(drawn: Annotation) -> Vec3:
    """The middle of a drawing in LPS mm. A third point of boxes and circles only places them in space."""
    points = drawn.patient_points
    if drawn.kind is AnnotationKind.CIRCLE:
        return points[0]
    if drawn.kind in (AnnotationKind.ELLIPSE, AnnotationKind.RECTANGLE):
        points = points[:2]
    x, y, z = (sum(p[axis] for p in points) / len(points) for axis in range(3))
    return x, y, z


def doubling_days(before: float, after: float, days: int, power: float) -> float | None:
    """Days in which the volume doubles, negative: in which it halves. None where it cannot be said.

    `before` and `after` are diameters (power 3), areas (1.5) or volumes (1) in one unit.
    """
    if days <= 0 or before <= 0.0 or after <= 0.0 or before == after:
        return None
    return days * math.log(2.0) / (power * math.log(after / before))


def lesion_table(times: Sequence[TimePoint], drawings: Sequence[Annotation]) -> LesionTable:
    """Lesions in the order in which they were first measured; of several drawings in one study the last one counts."""
    ordered = tuple(sorted(times, key=lambda t: (t.day is None, t.day or date.min)))
    names: dict[str, str] = {}
    found: dict[tuple[str, str], Annotation] = {}
    for drawn in drawings:
        if drawn.lesion and drawn.verdict is not Verdict.REJECTED and drawn.kind in FOLLOWED:
            names[drawn.lesion] = drawn.lesion_name or names.get(drawn.lesion, "")
            found[drawn.lesion, drawn.study_uid] = drawn
    rows = tuple(LesionRow(lesion, name, _cells(ordered, lesion, found)) for lesion, name in names.items())
    return LesionTable(ordered, rows, _sums(ordered, rows))


def _cells(times: Sequence[TimePoint], lesion: str, found: dict[tuple[str, str], Annotation]) -> tuple[LesionCell | None, ...]:
    cells: list[LesionCell | None] = []
    before: tuple[TimePoint, LesionCell] | None = None
    for time in times:
        drawn = found.get((lesion, time.study_uid))
        cell = None if drawn is None else _cell(drawn, time, before)
        cells.append(cell)
        if cell is not None and cell.values and not cell.is_proposed:
            before = time, cell
    return tuple(cells)


def _cell(drawn: Annotation, time: TimePoint, before: tuple[TimePoint, LesionCell] | None) -> LesionCell:
    names, power = FOLLOWED[drawn.kind]
    by_name = {value.name: value for value in drawn.measured.values}
    values = tuple(by_name[name] for name in names if name in by_name)
    if not values:
        return LesionCell(drawn, (), notes=(drawn.measured.refused or "Nothing was measured",))
    if before is None:
        return LesionCell(drawn, values)
    earlier, old = before
    if old.values[0].name != values[0].name or old.values[0].unit != values[0].unit:
        return LesionCell(drawn, values, notes=("Measured otherwise than before: not compared",))
    was, now = old.values[0].value, values[0].value
    if was <= 0.0:
        return LesionCell(drawn, values)
    notes = []
    if power == 3.0 and abs(now - was) < VARIATION_MM:
        notes.append(f"Less than {VARIATION_MM:.0f} mm: within what two readings differ by")
    days = (time.day - earlier.day).days if time.day is not None and earlier.day is not None else 0
    if days <= 0:
        notes.append("No doubling time: the dates are not known or equal")
    return LesionCell(drawn, values, now / was - 1.0, doubling_days(was, now, days, power), tuple(notes))


def _sums(times: Sequence[TimePoint], rows: Sequence[LesionRow]) -> tuple[LesionSum, ...]:
    whole = [lengths for row in rows if (lengths := _lengths(row)) is not None]
    if not whole or len(times) < 2:
        return ()
    sums = [sum(lengths[i] for lengths in whole) for i in range(len(times))]
    made = []
    for i, now in enumerate(sums):
        smallest = min(sums[: i + 1]) if i else now
        first = sums[0]
        made.append(
            LesionSum(
                now,
                len(whole),
                now / first - 1.0 if i and first > 0.0 else None,
                now / smallest - 1.0 if i and smallest > 0.0 else None,
                now - smallest if i else None,
            )
        )
    return tuple(made)


def _lengths(row: LesionRow) -> list[float] | None:
    """Long axes in mm at every time point; None when one is missing, only proposed, or no length in mm of one kind."""
    lengths = []
    units = set()
    for cell in row.cells:
        if cell is None or cell.is_proposed or not cell.values or FOLLOWED[cell.drawn.kind][1] != 3.0:
            return None
        units.add(cell.values[0].unit)
        lengths.append(cell.values[0].value)
    return lengths if len(units) == 1 and units.pop().startswith("mm") else None
