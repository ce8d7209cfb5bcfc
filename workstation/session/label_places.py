"""Where words that were put by hand stand: as a place on the image, and after their drawing was moved."""

from __future__ import annotations

from dataclasses import replace

from workstation.domain.annotation import Annotation, AnnotationKind, LabelPlace


def marked(drawn: Annotation) -> Annotation | None:
    """The place of the words as a drawing of one point, to be seen as any other; None where they stand by themselves."""
    where = drawn.label_at
    if where is None:
        return None
    own = () if where.point is None else (where.point,)
    return replace(drawn, kind=AnnotationKind.PROBE, points=own, patient_points=() if where.patient is None else (where.patient,))


def carried_label(before: Annotation, after: Annotation) -> LabelPlace | None:
    """Where words that were put by hand stand after the whole drawing moved: as far beside it as they were."""
    where = before.label_at
    if where is None:
        return None
    point, patient = where.point, where.patient
    if point is not None and before.points and after.points:
        (x0, y0), (x1, y1) = before.points[0], after.points[0]
        point = point[0] + x1 - x0, point[1] + y1 - y0
    if patient is not None and before.patient_points and after.patient_points:
        a, b = before.patient_points[0], after.patient_points[0]
        patient = patient[0] + b[0] - a[0], patient[1] + b[1] - a[1], patient[2] + b[2] - a[2]
    return LabelPlace(point, patient)
