"""A received file to ObjectFacts. Runs in the worker process only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rendering.file_bytes import FileBytes, read_file, sha256_of
from rendering.objects.content_tree import read_tree
from rendering.objects.facts import ObjectContext, ObjectFacts, ObjectKind, kind_of
from rendering.objects.read_blend import blended_images
from rendering.objects.read_dose import is_dose, read_dose
from rendering.objects.read_planar import planar_images
from rendering.objects.read_presentation import read_presentation
from rendering.objects.read_report import read_key_objects, read_report
from rendering.objects.read_segmentation import read_segmentation
from rendering.objects.read_structures import read_structures
from rendering.objects.read_value_map import read_value_map
from rendering.objects.reading import Budget, evidence, moment, predecessors, series_references, written_name
from rendering.objects.references import ImageReference
from rendering.parse import build_header
from rendering.parse_elements import Elements
from rendering.parse_file import ReceivedDataset, read_received
from rendering.parse_series import checked_uids, read_patient
from workstation.errors import Refused


def read_object_file(path: Path, most: int, key: bytes = b"") -> ObjectFacts:
    """`key` opens a sealed file. Raises Refused."""
    return read_object_bytes(read_file(path, most, key))


def read_object_bytes(data: FileBytes) -> ObjectFacts:
    """Raises Refused for an object of another kind and for one that holds more than is allowed."""
    try:
        return _read(read_received(data), data)
    except RecursionError as error:
        raise Refused("The object nests its contents too deeply") from error


def read_context_file(path: Path, most: int, key: bytes = b"") -> ObjectContext:
    """Whose an object about this file's images is. Raises Refused."""
    elements = read_received(read_file(path, most, key)).elements
    patient = read_patient(elements)
    return ObjectContext(
        elements.uid("StudyInstanceUID"),
        elements.text("PatientName"),
        patient.key.patient_id,
        patient.key.issuer,
        patient.birth_date,
        patient.sex,
        elements.text("StudyDate").replace(".", ""),
        elements.text("StudyTime").replace(":", ""),
        elements.text("StudyID"),
        elements.text("StudyDescription"),
        elements.text("AccessionNumber"),
        elements.text("ReferringPhysicianName"),
        elements.uid("FrameOfReferenceUID"),
        elements.text("PositionReferenceIndicator"),
    )


def _read(received: ReceivedDataset, data: FileBytes) -> ObjectFacts:
    elements = received.elements
    uids = checked_uids(elements, sha256_of(data))
    kind = kind_of(uids[3])
    if kind is None:
        raise Refused("Not an object about images that is understood", uids[3])
    budget = Budget()
    patient = read_patient(elements)
    facts = ObjectFacts(
        kind,
        uids[3],
        uids[2],
        uids[0],
        uids[1],
        patient.key.patient_id,
        patient.key.issuer,
        patient.name,
        patient.birth_date,
        budget.text(elements.text("ContentLabel") or elements.text("SeriesDescription")),
        budget.text(elements.text("ContentDescription")),
        budget.text(written_name(elements.text("ContentCreatorName"))),
        moment(elements, "ContentDate", "ContentTime") or moment(elements, "SeriesDate", "SeriesTime"),
        budget.text(elements.text("Manufacturer")),
        budget.text(elements.text("ManufacturerModelName")),
        budget.text(" ".join(elements.texts("SoftwareVersions"))),
        elements.uid("FrameOfReferenceUID"),
        _about(elements, budget, uids[0]),
    )
    made = _READERS[kind](received, facts, budget, uids)
    return replace(made, unread=tuple(budget.unread), predecessors=predecessors(elements, budget))


def _about(elements: Elements, budget: Budget, study_uid: str) -> tuple[ImageReference, ...]:
    found = [
        *series_references(elements, budget, study_uid),
        *series_references(elements, budget, study_uid, "ReferencedInstanceSequence"),
        *evidence(elements, budget),
        *blended_images(elements, budget),
        *planar_images(elements, budget, study_uid),
    ]
    return tuple({(one.sop_instance_uid, one.frames): one for one in found}.values())


def _presentation(received: ReceivedDataset, facts: ObjectFacts, budget: Budget, _: Sequence[str]) -> ObjectFacts:
    made = moment(received.elements, "PresentationCreationDate", "PresentationCreationTime")
    presentation = read_presentation(received.elements, budget, facts.sop_class_uid)
    images = facts.images if presentation.blend is None else presentation.blend.under
    return replace(facts, presentation=presentation, images=images, made=made or facts.made)


def _key_objects(received: ReceivedDataset, facts: ObjectFacts, budget: Budget, _: Sequence[str]) -> ObjectFacts:
    report, key_objects, images = read_key_objects(received.elements, budget, facts.images)
    return replace(facts, key_objects=key_objects, report=report, images=images, creator=facts.creator or report.observer)


def _report(received: ReceivedDataset, facts: ObjectFacts, budget: Budget, _: Sequence[str]) -> ObjectFacts:
    report, images = read_report(received.elements, budget, facts.images)
    dose = read_dose(read_tree(received.elements, budget), budget) if is_dose(report.title) else None
    return replace(facts, report=report, images=images, creator=facts.creator or report.observer, dose=dose)


def _segmentation(received: ReceivedDataset, facts: ObjectFacts, budget: Budget, uids: Sequence[str]) -> ObjectFacts:
    header = build_header(received, uids)
    found, images = read_segmentation(received, header, budget)
    listed = {one.sop_instance_uid for one in facts.images}
    others = {one.sop_instance_uid: replace(one, frames=()) for one in images if one.sop_instance_uid not in listed}
    return replace(facts, segmentation=found, images=(*facts.images, *others.values()))


def _structures(received: ReceivedDataset, facts: ObjectFacts, budget: Budget, _: Sequence[str]) -> ObjectFacts:
    found, images = read_structures(received.elements, budget)
    label, made = found.label or facts.label, moment(received.elements, "StructureSetDate", "StructureSetTime")
    frames = {one.frame_of_reference_uid for one in found.structures}
    frame = facts.frame_of_reference_uid or (frames.pop() if len(frames) == 1 else "")
    return replace(facts, structure_set=found, images=images, label=label, made=made or facts.made, frame_of_reference_uid=frame)


def _value_map(received: ReceivedDataset, facts: ObjectFacts, budget: Budget, _: Sequence[str]) -> ObjectFacts:
    found, images = read_value_map(received.elements, budget)
    return replace(facts, value_mappings=found, images=images)


_Reader = Callable[[ReceivedDataset, ObjectFacts, Budget, Sequence[str]], ObjectFacts]
_READERS: dict[ObjectKind, _Reader] = {
    ObjectKind.PRESENTATION: _presentation,
    ObjectKind.KEY_OBJECTS: _key_objects,
    ObjectKind.REPORT: _report,
    ObjectKind.SEGMENTATION: _segmentation,
    ObjectKind.STRUCTURES: _structures,
    ObjectKind.VALUE_MAP: _value_map,
}
