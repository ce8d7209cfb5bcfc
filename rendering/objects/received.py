"""What the objects of one study say of its images, read by the limited worker: findings, layers, and words (F49, F75)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from rendering.objects.annotations import annotations_of
from rendering.objects.facts import ObjectFacts, ObjectKind, kind_of
from rendering.objects.layers import layers_of
from rendering.objects.matching import match
from workstation.domain.study import Study
from workstation.errors import WorkstationError
from workstation.ports import ObjectFound


def found_in(study: Study, read: Callable[[Path], ObjectFacts], cancelled: Callable[[], bool]) -> Iterator[ObjectFound]:
    """One answer for each object that is about images. Never raises for a bad one: its words say why it is not shown."""
    for series in study.series:
        for instance in series.instances:
            kind = kind_of(instance.sop_class_uid)
            if cancelled():
                return
            if kind is None:
                continue
            try:
                found = _shown(read(Path(instance.path)), study)
            except WorkstationError as error:
                found = ObjectFound(_named(kind), words=(". ".join(part for part in (error.title, error.detail) if part),))
            if found is not None:
                yield found


def _shown(facts: ObjectFacts, study: Study) -> ObjectFound | None:
    """None for a report in words alone: it is read as a page of text."""
    name = facts.description or facts.label or _named(facts.kind)
    try:
        if facts.kind in (ObjectKind.SEGMENTATION, ObjectKind.STRUCTURES):
            layers = layers_of(facts, study)
            return ObjectFound(name, (), layers.layers, layers.words)
        if facts.key_objects is not None:
            count = len(match(facts, study).images)
            return ObjectFound(name, words=(f"{facts.key_objects.title.text}: {count} images are marked",))
        if facts.report is not None and not facts.report.findings:
            return None
        applied = annotations_of(facts, study)
        return ObjectFound(name, applied.annotations, (), applied.words)
    except WorkstationError as error:
        return ObjectFound(name, words=(". ".join(part for part in (error.title, error.detail) if part),))


def _named(kind: ObjectKind) -> str:
    return kind.value.capitalize()
