"""A drawing in words: for the report, and for lists. English source strings; numbers and units as measured."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.dates import as_date
from workstation.domain.study import Study
from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.session.finding import instance_of, series_of

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
# What a report sentence leaves out: it is in the list of drawings and in the histogram.
SELDOM = ("Median", "Pixels", "Angle between axes")


def values_words(drawn: Annotation) -> str:
    """`Long axis 23.4 mm, short axis 12.1 mm`; "" when nothing is measured."""
    values = [v for v in drawn.measured.values if v.name not in SELDOM]
    parts = [f"{v.name} {v.text}" for v in values]
    return ", ".join([*parts[:1], *(part if part[:2].isupper() else part[:1].lower() + part[1:] for part in parts[1:])])


def place_words(drawn: Annotation, studies: Sequence[Study]) -> str:
    """`series 3, image 12`; of another study than the first with its date."""
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
    instance = instance_of(series, drawn.sop_instance_uid)
    if instance is not None and instance.instance_number is not None:
        parts.append(f"image {instance.instance_number}")
    if instance is not None and instance.number_of_frames > 1:
        parts.append(f"frame {drawn.frame_number}")
    if drawn.plane is not Plane.STACK:
        parts.append(f"{drawn.plane.value} plane")
    return ", ".join(parts)


def report_words(drawn: Annotation, studies: Sequence[Study]) -> str:
    """One line for the report. Raises Refused where nothing can be said honestly."""
    if drawn.measured.refused and drawn.kind not in (AnnotationKind.TEXT, AnnotationKind.ARROW, AnnotationKind.SPINE):
        raise Refused("Not put into the report", drawn.measured.refused, "Check it on its image first")
    said = values_words(drawn)
    words = f"{drawn.text}: {said}" if drawn.text and said else drawn.text or said
    if not words:
        raise Refused("Not put into the report", "This drawing has no value and no text")
    place = place_words(drawn, studies)
    return f"{words} ({place})" if place else words
