"""The values of a laid-over series: under the pointer, and in what was drawn on a fused image.

Each value says which series it is of. A drawing is taken through the transform to the laid-over series and
measured there, at its own voxels; areas and lengths are those of the series that it was drawn on.
"""

from __future__ import annotations

from dataclasses import replace

from rendering.annotation_measuring import Measuring
from rendering.annotation_shapes import AREAS
from rendering.fusion import FusionPainter, LaidOver
from rendering.images import NotYet
from rendering.picture import Probe
from rendering.viewport_probe import probe_cut
from workstation.domain.alignment import IDENTITY
from workstation.domain.annotation import Annotation, AnnotationKind, Measured
from workstation.domain.geometry import Vec3
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused

MEASURED = AREAS | {AnnotationKind.PROBE}
LENGTHS = frozenset({"Area", "Diameter", "Volume"})


def with_laid_over(probe: Probe | None, painter: FusionPainter, state: ViewportState, point: Vec3 | None) -> Probe | None:
    """`probe` with the laid-over value beside it: `CT 41 HU   PT 8.02 SUVbw`."""
    if state.fusion is None or point is None:
        return probe
    try:
        found = painter.found(state.fusion)
        told = painter.scale(found.images).told_in(state.value_unit)
        over = probe_cut(found.images, told, found.point(point), found.dimension)
    except (Refused, NotYet):
        return probe
    words = f"{found.images.series.modality} {over.text}" if over is not None else ""
    if probe is None:
        return None if over is None else replace(over, text=words)
    return replace(probe, text=f"{painter.modality} {probe.text}   {words}".rstrip())


def measured_fused(measured: Measured, annotation: Annotation, painter: FusionPainter, unit: str) -> Measured:
    """The size that was measured in the shown series, then the values of the one that was laid over, then its own."""
    fusion = annotation.fusion
    if fusion is None or annotation.kind not in MEASURED or measured.refused or not annotation.patient_points:
        return measured
    try:
        found = painter.found(fusion)
    except Refused as refused:
        return replace(measured, notes=(*measured.notes, ": ".join(p for p in (refused.title, refused.detail) if p)))
    values = painter.scale(found.images).told_in(unit)
    over = Measuring(found.images, values, lambda _: found.images.doubts).measured(_moved(annotation, found))
    modality = found.images.series.modality
    sizes = tuple(value for value in measured.values if value.name in LENGTHS)
    own = tuple(replace(value, of=painter.modality) for value in measured.values if value.name not in LENGTHS)
    theirs = tuple(replace(value, of=modality) for value in over.values if value.name not in LENGTHS)
    notes = [*measured.notes, *(f"{modality}: {words}" for words in (over.refused, *over.notes) if words)]
    return replace(measured, values=(*sizes, *theirs, *own), notes=tuple(notes))


def _moved(annotation: Annotation, found: LaidOver) -> Annotation:
    """The same place in the laid-over series, in no plane of its own unless both lie alike."""
    stays = found.matrix == IDENTITY and annotation.plane is not Plane.STACK
    return replace(
        annotation,
        study_uid=found.images.study.study_instance_uid,
        series_uid=found.images.series.series_instance_uid,
        sop_instance_uid="",
        frame_number=0,
        plane=annotation.plane if stays else Plane.OBLIQUE,
        points=(),
        patient_points=tuple(found.point(point) for point in annotation.patient_points),
        fusion=None,
    )
