"""Measurements of ours as a Comprehensive 3D SR by TID 1500 (PS3.3 A.35.13, PS3.16 TID 1500, 1410, 1501).

A drawing on a frame is written by the frame's pixels (SCOORD), one of a cut by its points in the
frame of reference (SCOORD3D). Every number carries its unit: one that is no length in the patient
(`mm at detector`) is not coded as one. Where the millimetres come from is said in each group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydicom.dataset import Dataset

from rendering.header import ImageHeader
from rendering.objects import concepts
from rendering.objects import content_items as items
from rendering.objects.concepts import unit_code, value_code
from rendering.objects.facts import ObjectContext
from rendering.objects.references import Code
from rendering.objects.shapes import Shape, Tracker, in_patient, on_image
from rendering.objects.write_plan import FIRST, Author, Joining, Written
from rendering.objects.writing import PRODUCT, begin, checked, code_item, content, finish
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.viewing import Plane
from workstation.errors import Refused

COMPREHENSIVE_3D = "1.2.840.10008.5.1.4.1.1.88.34"
REPORT = Code("126000", "DCM", "Imaging Measurement Report")
PROCEDURE = Code("121058", "DCM", "Procedure reported")
IMAGING = Code("363679005", "SCT", "Imaging procedure")
LIBRARY, LIBRARY_GROUP = Code("111028", "DCM", "Image Library"), Code("126200", "DCM", "Image Library Group")
MEASUREMENTS, GROUP = Code("126010", "DCM", "Imaging Measurements"), Code("125007", "DCM", "Measurement Group")
QUALITATIVE = Code("C0034375", "UMLS", "Qualitative Evaluations")
TRACKING_ID = Code("112039", "DCM", "Tracking Identifier")
TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")
REGION = Code("111030", "DCM", "Image Region")

_LINEAR = frozenset({
    AnnotationKind.LENGTH, AnnotationKind.BIDIRECTIONAL, AnnotationKind.ANGLE, AnnotationKind.COBB, AnnotationKind.CALIBRATION,
})  # fmt: skip


def write_sr(
    context: ObjectContext,
    author: Author,
    annotations: Sequence[Annotation],
    images: Sequence[ImageHeader],
    sites: Mapping[str, Code] = {},  # only read
    complete: bool = False,
    joining: Joining = FIRST,
) -> Written:
    """The report of these drawings. `images` are those they lie on, and all of a series that a cut was drawn in.

    `sites` are the finding sites that are known, by the drawing's uid. One that replaces others may be without
    drawings: it then says that they were taken back. Raises Refused.
    """
    checked(tuple(images), context)
    held = {header.sop_instance_uid: header for header in images}
    groups, left_out = [], []
    for annotation in annotations:
        try:
            groups.append(_group(annotation, held, images, sites.get(annotation.uid)))
        except ValueError as error:
            left_out.append(f"A drawing was left out: {error}")
    if not groups and (annotations or not joining.replaces):
        raise Refused("The report cannot be written", "; ".join(dict.fromkeys(left_out)) or "There is no drawing to report")
    ds = begin(context, author, "SR", COMPREHENSIVE_3D, "Measurements", joining)
    content(ds, author)
    ds.CompletionFlag = "COMPLETE" if complete else "PARTIAL"
    ds.VerificationFlag = "UNVERIFIED"
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.PerformedProcedureCodeSequence = []
    items.set_evidence(ds, tuple(images), context.study_uid)
    items.set_predecessors(ds, joining.replaces, context.study_uid)
    ds.CodingSchemeIdentificationSequence = [_own_scheme()]
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = [code_item(REPORT)]
    ds.ContentTemplateSequence = [items.template_item("1500")]
    library = items.container(items.CONTAINS, LIBRARY_GROUP, [items.image(items.CONTAINS, header) for header in images])
    ds.ContentSequence = [
        items.code(items.HAS_MODIFIER, items.LANGUAGE, items.ENGLISH),
        *items.observer(author),
        items.code(items.HAS_MODIFIER, PROCEDURE, IMAGING),
        items.container(items.CONTAINS, LIBRARY, [library]),
        items.container(items.CONTAINS, MEASUREMENTS, groups) if groups else _taken_back(),
    ]
    return replace(finish(ds, tuple(dict.fromkeys(left_out))), is_empty=not groups)


def _taken_back() -> Dataset:
    """A report must hold something (TID 1500): that nothing is left."""
    words = items.text(items.CONTAINS, concepts.COMMENT, "All measurements of the report before this one were taken back")
    return items.container(items.CONTAINS, QUALITATIVE, [words])


def _own_scheme() -> Dataset:
    """Who is behind the codes that the standard has no concept for (C.12.1.1)."""
    item = Dataset()
    item.CodingSchemeDesignator, item.CodingSchemeName = concepts.OWN_SCHEME, "Lyskasse concepts"
    item.CodingSchemeResponsibleOrganization = PRODUCT
    return item


def _group(annotation: Annotation, held: Mapping[str, ImageHeader], images: Sequence[ImageHeader], site: Code | None) -> Dataset:
    """A measurement group. Raises ValueError in words when the drawing has no place."""
    place = _Place.of(annotation, held, images)
    numbers = _numbers(annotation)
    is_linear = annotation.kind in _LINEAR and bool(numbers)
    children = [
        items.text(items.HAS_CONTEXT, TRACKING_ID, place.said.text),
        items.uidref(items.HAS_CONTEXT, TRACKING_UID, annotation.uid),
    ]
    if site is not None:
        children.append(items.code(items.HAS_MODIFIER, FINDING_SITE, site))
    if is_linear:
        for index, (name, value, unit) in enumerate(numbers):
            lines = (place.item(items.INFERRED, None, shape) for shape in _lines_of(index, len(numbers), place.shapes))
            children.append(items.number(name, value, unit, *lines))
    else:
        children += [place.item(items.CONTAINS, REGION, shape) for shape in place.shapes]
        children += [items.number(name, value, unit) for name, value, unit in numbers]
    children += _notes(annotation)
    return items.container(items.CONTAINS, GROUP, children, "1501" if is_linear else "1410")


def _lines_of(index: int, numbers: int, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The lines that a number is inferred from: one each, or all of them for the only one (a Cobb angle)."""
    if numbers < len(shapes):
        return shapes if index == 0 else ()
    return shapes[index : index + 1]


def _numbers(annotation: Annotation) -> list[tuple[Code, float, Code]]:
    values = annotation.measured.values
    found = [(value_code(f"{value.of} {value.name}".strip()), value.value, unit_code(value.unit)) for value in values]
    if annotation.known_mm is not None:
        found.append((concepts.KNOWN_LENGTH, annotation.known_mm, unit_code("mm")))
    return found


def _notes(annotation: Annotation) -> list[Dataset]:
    measured = annotation.measured
    source = measured.spacing_source.value if measured.spacing_source is not None else ""
    said = ((concepts.COMMENT, annotation.text), (concepts.SPACING_SOURCE, source), (concepts.REFUSED, measured.refused))
    notes = ((concepts.VALUES_NOTE, note) for note in measured.notes)
    return [items.text(items.CONTAINS, name, value) for name, value in (*said, *notes) if value]


class _Place:
    """Where a drawing lies: in a frame, or in a frame of reference."""

    def __init__(self, shapes: tuple[Shape, ...], said: Tracker, header: ImageHeader, frame: int) -> None:
        self.shapes = shapes
        self.said = said
        self._header = header
        self._frame = frame

    @classmethod
    def of(cls, annotation: Annotation, held: Mapping[str, ImageHeader], images: Sequence[ImageHeader]) -> _Place:
        if annotation.plane is Plane.STACK:
            header = held.get(annotation.sop_instance_uid)
            if header is None or not annotation.points:
                raise ValueError("its image is not among those of the report")
            spacing = header.frame(annotation.frame_number - 1).spacing
            shapes, said = on_image(annotation, (1.0, 1.0) if spacing is None else (spacing[1], spacing[0]))
            return cls(shapes, said, header, annotation.frame_number)
        own = next((h for h in images if h.series_uid == annotation.series_uid and h.frame_of_reference_uid), None)
        if own is None:
            raise ValueError("its series has no frame of reference")
        shapes, said = in_patient(annotation)
        return cls(shapes, said, own, 0)

    def item(self, relation: str, name: Code | None, shape: Shape) -> Dataset:
        if self._frame:
            return items.scoord(relation, name, shape, self._header, self._frame)
        return items.scoord3d(relation, name, shape, self._header.frame_of_reference_uid)
