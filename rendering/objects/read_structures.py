"""RT structure sets (PS3.3 A.19, C.8.8.5-6) to facts. Runs in the worker process only."""

from __future__ import annotations

from collections.abc import Iterator

from rendering.objects.facts import Contour, Structure, StructureSet
from rendering.objects.reading import Budget, reference
from rendering.objects.references import ImageReference
from rendering.parse_elements import Elements

CONTOUR_KINDS = {
    "CLOSED_PLANAR": 3,
    "CLOSEDPLANAR_XOR": 3,
    "OPEN_PLANAR": 2,
    "OPEN_NONPLANAR": 2,
    "POINT": 1,
}
"""ContourGeometricType (3006,0042) with the fewest points of each."""


def read_structures(elements: Elements, budget: Budget) -> tuple[StructureSet, tuple[ImageReference, ...]]:
    """The structure set, and the images it is about."""
    drawn = {item.integer("ReferencedROINumber"): item for item in budget.items(elements, "ROIContourSequence")}
    kinds = {
        item.integer("ReferencedROINumber"): item.text("RTROIInterpretedType")
        for item in budget.items(elements, "RTROIObservationsSequence")
    }
    structures = []
    for item in budget.items(elements, "StructureSetROISequence"):
        number = item.integer("ROINumber")
        if number is None:
            budget.say("A region of the structure set has no number: not shown")
            continue
        contours = drawn.get(number)
        structures.append(
            Structure(
                number,
                budget.text(item.text("ROIName")),
                budget.text(item.long_text("ROIDescription")),
                None if contours is None else _colour(contours),
                kinds.get(number, ""),
                item.text("ROIGenerationAlgorithm"),
                item.uid("ReferencedFrameOfReferenceUID"),
                () if contours is None else tuple(_contours(contours, budget)),
            )
        )
    found = StructureSet(budget.text(elements.text("StructureSetLabel")), elements.text("ApprovalStatus"), tuple(structures))
    return found, tuple(dict.fromkeys((*_images(elements, budget), *_of_contours(elements, budget))))


def _colour(item: Elements) -> tuple[int, int, int] | None:
    values = item.numbers("ROIDisplayColor")
    return tuple(min(255, max(0, int(v))) for v in values) if len(values) == 3 else None  # type: ignore[return-value]


def _contours(item: Elements, budget: Budget) -> Iterator[Contour]:
    for one in budget.items(item, "ContourSequence"):
        values, kind = one.floats("ContourData"), one.text("ContourGeometricType")
        points = tuple(zip(values[0::3], values[1::3], values[2::3], strict=False))
        budget.points(len(points))
        if kind not in CONTOUR_KINDS or len(points) < CONTOUR_KINDS[kind] or len(values) % 3:
            budget.say("A contour of the structure set is malformed: not shown")
            continue
        image = one.item("ContourImageSequence")
        yield Contour(kind, points, "" if image is None else image.uid("ReferencedSOPInstanceUID"))


def _images(elements: Elements, budget: Budget) -> Iterator[ImageReference]:
    """Those of the ReferencedFrameOfReferenceSequence."""
    for frame in budget.items(elements, "ReferencedFrameOfReferenceSequence"):
        for study in budget.items(frame, "RTReferencedStudySequence"):
            for series in budget.items(study, "RTReferencedSeriesSequence"):
                for item in budget.items(series, "ContourImageSequence"):
                    found = reference(item, series.uid("SeriesInstanceUID"), study.uid("ReferencedSOPInstanceUID"))
                    if found is not None:
                        yield found


def _of_contours(elements: Elements, budget: Budget) -> Iterator[ImageReference]:
    """Images that only a contour names."""
    listed = {found.sop_instance_uid for found in _images(elements, budget)}
    for drawn in budget.items(elements, "ROIContourSequence"):
        for one in budget.items(drawn, "ContourSequence"):
            for item in budget.items(one, "ContourImageSequence"):
                found = reference(item)
                if found is not None and found.sop_instance_uid not in listed:
                    listed.add(found.sop_instance_uid)
                    yield found
