"""A drawing in words: for the report, and for lists. English source strings; numbers and units as measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workstation.domain.annotation import Annotation, AnnotationKind, MeasuredValue
from workstation.domain.dates import as_date
from workstation.domain.study import Study
from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.session.finding import instance_of, series_of
from workstation.session.image_numbers import image_words

TITLES = {
    AnnotationKind.LENGTH: "Length",
    AnnotationKind.BIDIRECTIONAL: "Two axes",
    AnnotationKind.ANGLE: "Angle",
    AnnotationKind.COBB: "Cobb angle",
    AnnotationKind.RECTANGLE: "Rectangle",
    AnnotationKind.ELLIPSE: "Ellipse",
    AnnotationKind.CIRCLE: "Circle",
    AnnotationKind.SPHERE: "Spherical volume",
    AnnotationKind.POLYGON: "Polygon",
    AnnotationKind.FREEHAND: "Freehand area",
    AnnotationKind.PROBE: "Value",
    AnnotationKind.ARROW: "Arrow",
    AnnotationKind.TEXT: "Text",
    AnnotationKind.CALIBRATION: "Calibration line",
    AnnotationKind.SPINE: "Vertebra",
}
_AXES = {Plane.SAGITTAL: 0, Plane.CORONAL: 1, Plane.AXIAL: 2}
# What a report sentence leaves out: it is in the list of drawings and in the histogram.
SELDOM = ("Median", "Pixels", "Angle between axes")
# Of SUV: what stands beside maximum, peak, mean, and the volume and TLG above 41 % of the maximum.
SELDOM_OF_SUV = ("SD", "Min", "Mean 41 %")
FIXED = "≥"


def told(drawn: Annotation) -> list[MeasuredValue]:
    """The values that are looked for at a glance."""
    return [value for value in drawn.measured.values if not _is_seldom(value)]


def _is_seldom(value: MeasuredValue) -> bool:
    if value.name in SELDOM or FIXED in value.name:
        return True
    if value.unit.startswith("SUV"):
        return value.name in SELDOM_OF_SUV
    return bool(value.of) and value.name in ("Min", "Max")


def values_words(drawn: Annotation) -> str:
    """`Long axis 23.4 mm, short axis 12.1 mm`; "" when nothing is measured."""
    parts = [f"{v.of} {v.name} {v.text}".strip() for v in told(drawn)]
    return ", ".join([*parts[:1], *(part if part[:2].isupper() else part[:1].lower() + part[1:] for part in parts[1:])])


ImagePlace = Callable[[Annotation], int | None]
"""The place in reading order (from 1) of the image that a drawing is on; None where that is not known."""


def place_words(drawn: Annotation, studies: Sequence[Study], place_of: ImagePlace = lambda _: None) -> str:
    """`series 3, image 12 (instance 131)`; of another study than the first with its date."""
    found = series_of(studies, drawn)
    if found is None:
        return ""
    study, series = found
    parts = []
    if study is not studies[0]:
        day = as_date(study.study_date)
        parts.append(f"prior of {day.isoformat()}" if day else "prior of an unknown date")
    if series.series_number is not None:
        parts.append(f"series {series.series_number}")
    if drawn.plane is Plane.STACK:
        parts.append(image_words(series, instance_of(series, drawn.sop_instance_uid), drawn.frame_number, place_of(drawn)))
    else:
        parts.append(_plane_words(drawn))
    return ", ".join(part for part in parts if part)


def _plane_words(drawn: Annotation) -> str:
    """`axial plane at −123.4 mm`, as the corner text counts: towards the patient's left, back and head."""
    words = f"{drawn.plane.value} plane"
    if drawn.plane not in _AXES or not drawn.patient_points:
        return words
    at = f"{round(drawn.patient_points[0][_AXES[drawn.plane]], 1) + 0.0:+.1f}".replace("-", "\u2212")
    return f"{words} at {at} mm"


def length_in(text: str) -> float:
    """Millimetres that somebody typed. Raises Refused for what is no length."""
    try:
        value = float(text.replace(",", ".").removesuffix("mm").strip())
    except ValueError:
        value = 0.0
    if not 0.0 < value < 10_000.0:
        raise Refused("This is no length", "A calibration line needs its true length in mm", "Write a number, such as 25")
    return value
