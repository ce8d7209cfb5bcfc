"""A phantom series with its study, headers and context, and drawings of every kind on it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from object_images import Phantom

from rendering.annotation_shapes import with_span
from rendering.header import ImageHeader
from rendering.objects.facts import ObjectContext
from rendering.objects.write_plan import Author
from rendering.objects.write_report import write_sr
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.annotation import Annotation, AnnotationKind, Measured, MeasuredValue
from workstation.domain.doubt import SpacingSource
from workstation.domain.study import Study
from workstation.domain.viewing import Plane

K = AnnotationKind
V = MeasuredValue

AUTHOR = Author("Ågot Ødegård", datetime(2026, 11, 23, 1, 2, 3, tzinfo=timezone(timedelta(hours=1))), "1.2")


@dataclass(frozen=True)
class Seat:
    phantom: Phantom
    files: Sequence[Path]
    study: Study
    headers: tuple[ImageHeader, ...]
    context: ObjectContext
    worker: ImageWorker

    def drawing(
        self, number: int, kind: AnnotationKind, points: Sequence[tuple[float, float]], text: str = "", *values: MeasuredValue
    ) -> Annotation:
        """A drawing on the first slice, placed as the viewport places it."""
        header = self.headers[0]
        plane = header.frame(0).plane
        assert plane is not None
        spanned = with_span(kind, points, (plane.column_spacing, plane.row_spacing))
        source = SpacingSource.PIXEL_SPACING if values else None
        return Annotation(
            f"2.25.770{number}", kind, header.study_uid, header.series_uid, header.sop_instance_uid, 1, Plane.STACK,
            tuple(points), tuple(plane.to_patient(*p) for p in spanned), text, Measured(values, source),
        )  # fmt: skip

    def cut(self, number: int, kind: AnnotationKind, plane: Plane, points: Sequence[tuple[float, float, float]]) -> Annotation:
        header = self.headers[0]
        return Annotation(
            f"2.25.880{number}", kind, header.study_uid, header.series_uid, "", 0, plane, (), tuple(points), f"cut {number}"
        )


def seat_of(phantom: Phantom, worker: ImageWorker, **changes: object) -> Seat:
    files = phantom.write(**changes)
    with ExitStack() as stack:
        study = stack.enter_context(studies_in([phantom.folder], worker)).studies[0]
    headers = tuple(ImageHeader.from_json(one.header) for series in study.series for one in series.instances)
    return Seat(phantom, files, study, headers, worker.object_context(files[0]), worker)


def drawings(seat: Seat) -> tuple[Annotation, ...]:
    """One of each kind. The numbers are ones that 32-bit floats hold."""
    calibration = seat.drawing(14, K.CALIBRATION, [(4.0, 4.0), (4.0, 24.0)], "", V("Length", 100.0, "mm (by reader)"))
    refused = replace(
        seat.drawing(15, K.RECTANGLE, [(4.0, 4.0), (8.0, 9.0)]),
        measured=Measured((), None, "The gantry was tilted", None),
    )
    noted = seat.drawing(16, K.POLYGON, [(1.0, 2.0), (3.0, 4.0), (5.0, 1.0)], "", V("Area", 3.25, "mm²"))
    return (
        seat.drawing(1, K.LENGTH, [(10.25, 20.5), (30.5, 20.5)], "lesjon å, Čálliid", V("Length", 15.1875, "mm")),
        seat.drawing(
            2, K.BIDIRECTIONAL, [(10.0, 20.0), (30.0, 20.0), (20.0, 15.0), (20.0, 25.0)], "",
            V("Long axis", 15.0, "mm"), V("Short axis", 5.0, "mm"), V("Angle between axes", 90.0, "°"),
        ),
        seat.drawing(3, K.ANGLE, [(1.0, 1.0), (5.0, 5.0), (9.0, 1.0)], "", V("Angle", 100 / 3, "°")),
        seat.drawing(4, K.COBB, [(1.0, 1.0), (5.0, 5.0), (9.0, 1.0), (12.0, 12.0)], "", V("Cobb angle", 33.125, "°")),
        seat.drawing(
            5, K.RECTANGLE, [(30.0, 40.0), (10.0, 20.0)], "box",
            V("Area", 12.5, "mm² at detector"), V("Mean", -12.25, "HU"), V("SD", 3.1, "HU"), V("Pixels", 40.0, ""),
        ),
        seat.drawing(6, K.ELLIPSE, [(10.0, 20.0), (14.0, 40.0)], "", V("Area", 10.0, "px²")),
        seat.drawing(7, K.CIRCLE, [(20.0, 30.0), (25.0, 30.0)], "", V("Diameter", 7.5, "mm (ERMF)")),
        seat.drawing(8, K.POLYGON, [(1.0, 2.0), (3.0, 4.0), (5.0, 1.0)], "", V("Max", 3.0, "SUVbw")),
        seat.drawing(9, K.FREEHAND, [(1.0, 2.0), (3.0, 4.0), (5.0, 1.0), (2.0, 0.0)]),
        seat.drawing(10, K.PROBE, [(4.0, 4.0)], "", V("Value", -5.0, "HU")),
        seat.drawing(11, K.ARROW, [(4.0, 4.0), (9.0, 9.0)], "Se her → <b>her</b>"),
        seat.drawing(12, K.TEXT, [(4.0, 4.0)], "Line one\nline two"),
        seat.drawing(13, K.SPINE, [(14.0, 4.0)], "L3"),
        replace(calibration, known_mm=100.0),
        refused,
        replace(noted, measured=replace(noted.measured, notes=("Part of it lies beyond the image",))),
    )  # fmt: skip


def cuts(seat: Seat) -> tuple[Annotation, ...]:
    """Drawings of cuts; spanned kinds with their third point."""
    return (
        replace(
            seat.cut(1, K.LENGTH, Plane.OBLIQUE, [(1.0, 25.0, 301.0), (5.0, 28.0, 303.5)]),
            measured=Measured((V("Length", 5.59016994374947, "mm"),), SpacingSource.PIXEL_SPACING),
        ),
        seat.cut(2, K.RECTANGLE, Plane.CORONAL, [(1.0, 25.0, 301.0), (5.0, 25.0, 303.0), (5.0, 25.0, 301.0)]),
        seat.cut(3, K.CIRCLE, Plane.OBLIQUE, [(1.0, 25.0, 301.0), (2.0, 25.0, 301.0), (1.0, 25.0, 302.0)]),
        seat.cut(4, K.POLYGON, Plane.SAGITTAL, [(1.0, 25.0, 301.0), (1.0, 26.0, 303.0), (1.0, 24.0, 302.0)]),
        seat.cut(5, K.ELLIPSE, Plane.CORONAL, [(1.0, 25.0, 301.0), (3.0, 25.0, 305.0), (3.0, 25.0, 301.0)]),
        seat.cut(6, K.SPINE, Plane.SAGITTAL, [(1.0, 25.0, 301.0)]),
    )


def report_file(seat: Seat, folder: Path) -> Path:
    """A report of all drawings, on disk."""
    path = folder / "sr.dcm"
    path.write_bytes(write_sr(seat.context, AUTHOR, drawings(seat), seat.headers).data)
    return path
