"""Structured reports and key object selections (PS3.3 A.35, C.17.3; PS3.16 TID 1500, 2010) to facts.

The content tree is walked once: every item becomes a line that can be read, and measurement
groups become findings as well. Runs in the worker process only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rendering.objects import concepts
from rendering.objects.concepts import is_any
from rendering.objects.content_tree import Node, coded, image_in, number_in, read_tree
from rendering.objects.facts import Finding, KeyObjects, Region, Report, ReportLine
from rendering.objects.read_cad import cad_findings
from rendering.objects.reading import MOST_REPORT_TEXT, Budget, code_in, from_corner, pairs, reference, written_name
from rendering.objects.references import Code, ImageReference, Point
from rendering.parse_elements import Elements
from workstation.domain.geometry import Vec3

TEXT_VALUES = {
    "DATE": "Date",
    "TIME": "Time",
    "DATETIME": "DateTime",
    "PNAME": "PersonName",
    "UIDREF": "UID",
}
PLACES = ("SCOORD", "SCOORD3D")
IMAGES = ("IMAGE", "COMPOSITE", "WAVEFORM")


def read_report(
    elements: Elements, budget: Budget, known: tuple[ImageReference, ...]
) -> tuple[Report, tuple[ImageReference, ...]]:
    """The report, and all images it is about: those of its evidence (`known`), and others that its content names."""
    root = read_tree(elements, budget)
    series = {one.sop_instance_uid: one for one in known}
    groups = [node for node in root.below() if node.kind == "CONTAINER" and is_any(node.name, concepts.KIND_OF_GROUP)]
    people = [node for node in root.below() if is_any(node.name, concepts.PERSON_OBSERVER)]
    devices = [node for node in root.below() if is_any(node.name, concepts.DEVICE_OBSERVER) and node.kind == "TEXT"]
    procedure = next((node for node in root.children if is_any(node.name, concepts.PROCEDURE_REPORTED)), None)
    verifier = elements.item("VerifyingObserverSequence")
    report = Report(
        root.name,
        tuple(_lines(root, budget, 0)),
        (*(_finding(group, budget, series) for group in groups), *cad_findings(root, budget, series)),
        budget.text(_value(people[0] if people else devices[0]) if people or devices else ""),
        elements.text("CompletionFlag") == "COMPLETE",
        elements.text("VerificationFlag") == "VERIFIED",
        "" if verifier is None else budget.text(written_name(verifier.text("VerifyingObserverName"))),
        None if procedure is None else code_in(procedure.elements, "ConceptCodeSequence"),
    )
    named = [found for node in root.below() if node.kind == "IMAGE" and (found := image_in(node, series)) is not None]
    unlisted = {one.sop_instance_uid: one for one in named if one.sop_instance_uid not in series}
    return report, (*known, *(replace(one, frames=(), segments=()) for one in unlisted.values()))


def read_key_objects(
    elements: Elements, budget: Budget, known: tuple[ImageReference, ...]
) -> tuple[Report, KeyObjects, tuple[ImageReference, ...]]:
    """The selection, and the images that its content (not only its evidence) selects."""
    report, _ = read_report(elements, budget, known)
    root = read_tree(elements, budget)
    series = {one.sop_instance_uid: one for one in known}
    said = next((_value(node) for node in root.children if is_any(node.name, concepts.DESCRIPTION)), "")
    chosen = tuple(found for node in root.children if node.kind in IMAGES and (found := image_in(node, series)) is not None)
    rejects = concepts.REJECTIONS.get(root.name.value, "") if root.name.scheme == "DCM" else ""
    return report, KeyObjects(root.name, rejects, budget.text(said)), chosen


# Lines


def _lines(node: Node, budget: Budget, depth: int) -> Iterator[ReportLine]:
    """The item and what is below it; what only places a number in an image is said with it."""
    name, value = budget.text(node.name.text), budget.text(_value(node), MOST_REPORT_TEXT)
    if name or value:
        yield ReportLine(depth, name, value)
        depth += 1
    for child in node.children:
        yield from _lines(child, budget, depth)


def _value(node: Node) -> str:
    """The item's value in words."""
    elements = node.elements
    if node.kind == "TEXT":
        return elements.long_text("TextValue")
    if node.kind == "CODE":
        code = code_in(elements, "ConceptCodeSequence")
        return code.text if code else ""
    if node.kind == "NUM":
        return _number_in_words(elements)
    if node.kind == "PNAME":
        return written_name(elements.text("PersonName"))
    if node.kind in TEXT_VALUES:
        return elements.text(TEXT_VALUES[node.kind])
    if node.kind in PLACES:
        return _place_in_words(elements, node.kind)
    if node.kind in IMAGES:
        return _image_in_words(elements)
    return ""


def _number_in_words(elements: Elements) -> str:
    item = elements.item("MeasuredValueSequence")
    if item is None:
        reason = code_in(elements, "NumericValueQualifierCodeSequence")
        return f"no value: {reason.text}" if reason else "no value"
    unit = code_in(item, "MeasurementUnitsCodeSequence") or Code()
    return f"{item.text('NumericValue')} {concepts.unit_text(unit)}".strip()


def _place_in_words(elements: Elements, kind: str) -> str:
    values = elements.floats("GraphicData")
    count = len(values) // (3 if kind == "SCOORD3D" else 2)
    shape = elements.text("GraphicType").capitalize()
    return f"{shape}, {count} point{'s' if count != 1 else ''}"


def _image_in_words(elements: Elements) -> str:
    item = elements.item("ReferencedSOPSequence")
    found = None if item is None else reference(item)
    if found is None:
        return ""
    frames = f", frame {', '.join(map(str, found.frames[:8]))}" if found.frames else ""
    return f"{found.sop_instance_uid}{frames}"


# Findings


def _finding(group: Node, budget: Budget, series: dict[str, ImageReference]) -> Finding:
    children = group.children
    numbers = [node for node in children if node.kind == "NUM"]
    found = [number_in(node) for node in numbers]
    values = tuple(value for value in found if value is not None)
    kept = [node for node, value in zip(numbers, found, strict=True) if value is not None]
    regions = [region for node in children if (region := _region(node, budget, series, -1)) is not None]
    for index, node in enumerate(kept):
        below = (_region(child, budget, series, index) for child in node.children)
        regions.extend(region for region in below if region is not None)
    sites = [node for node in children if is_any(node.name, concepts.FINDING_SITE)]
    references = [(node, image_in(node, series)) for node in children if node.kind == "IMAGE"]
    segments = tuple(i for node, i in references if i is not None and is_any(node.name, concepts.REFERENCED_SEGMENT))
    return Finding(
        budget.text(_written(children, concepts.TRACKING_ID)),
        _written(children, concepts.TRACKING_UID),
        coded(children, concepts.FINDING),
        coded(children, concepts.FINDING_CATEGORY),
        tuple(code for node in sites if (code := code_in(node.elements, "ConceptCodeSequence")) is not None),
        next((code for node in sites if (code := coded(node.children, concepts.LATERALITY)) is not None), None),
        coded(children, concepts.METHOD),
        values,
        tuple(regions),
        segments,
        tuple(i for node, i in references if i is not None and not is_any(node.name, concepts.REFERENCED_SEGMENT)),
        budget.text(_written(children, concepts.ALGORITHM_NAME)),
        budget.text(_written(children, concepts.ALGORITHM_VERSION)),
        tuple(_notes(children, budget)),
    )


_KNOWN = (
    concepts.TRACKING_ID | concepts.TRACKING_UID | concepts.FINDING | concepts.FINDING_CATEGORY
    | concepts.FINDING_SITE | concepts.METHOD | concepts.ALGORITHM_NAME | concepts.ALGORITHM_VERSION
)  # fmt: skip


def _notes(children: tuple[Node, ...], budget: Budget) -> Iterator[tuple[Code, str]]:
    for node in children:
        if node.kind in ("TEXT", "CODE") and not is_any(node.name, _KNOWN):
            yield node.name, budget.text(_value(node))


def _written(children: tuple[Node, ...], concept: set[tuple[str, str]]) -> str:
    return next((_value(node) for node in children if is_any(node.name, concept)), "")


def _region(node: Node, budget: Budget, series: dict[str, ImageReference], value: int) -> Region | None:
    if node.kind not in PLACES:
        return None
    kind, numbers = node.elements.text("GraphicType"), node.elements.floats("GraphicData")
    if node.kind == "SCOORD3D":
        points = tuple(zip(numbers[0::3], numbers[1::3], numbers[2::3], strict=False))
        budget.points(len(points))
        placed: tuple[Vec3, ...] = points
        return Region(kind, patient_points=placed, frame_of_reference_uid=_frame_uid(node.elements), value=value)
    budget.points(len(numbers) // 2)
    image = next((found for child in node.children if (found := image_in(child, series)) is not None), None)
    if image is None:
        budget.say("A region of the report names no image: not shown")
        return None
    flat: tuple[Point, ...] = from_corner(pairs(numbers))
    return Region(kind, flat, image, value=value)


def _frame_uid(elements: Elements) -> str:
    return elements.uid("ReferencedFrameOfReferenceUID")
