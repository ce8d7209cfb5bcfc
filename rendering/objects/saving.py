"""The reader's drawings on one study as objects for archives: presentation states, and a report of the measurements."""

from __future__ import annotations

from collections.abc import Sequence

from rendering.header import ImageHeader
from rendering.objects.facts import ObjectContext
from rendering.objects.write_plan import Author, Shown, Written
from rendering.objects.write_presentation import write_gsps
from rendering.objects.write_report import write_sr
from workstation.domain.annotation import Annotation
from workstation.domain.study import Study
from workstation.domain.viewing import Plane


def drawings_as_objects(
    study: Study, drawings: Sequence[Annotation], context: ObjectContext, author: Author
) -> tuple[Written, ...]:
    """A report of all of them, and states for those on grey images as acquired. Raises Refused."""
    headers = [
        ImageHeader.from_json(instance.header) for series in study.series for instance in series.instances if instance.has_pixels
    ]
    on_frames = {drawn.sop_instance_uid for drawn in drawings if drawn.plane is Plane.STACK}
    cut = {drawn.series_uid for drawn in drawings if drawn.plane is not Plane.STACK}
    needed = [one for one in headers if one.sop_instance_uid in on_frames or one.series_uid in cut]
    written = [write_sr(context, author, drawings, needed)]
    grey = [one for one in headers if one.sop_instance_uid in on_frames and not one.is_colour]
    drawn = [one for one in drawings if one.sop_instance_uid in {header.sop_instance_uid for header in grey}]
    if drawn:
        written += write_gsps(context, author, [Shown(header) for header in grey], drawn)
    return tuple(written)
