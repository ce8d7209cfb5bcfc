"""What the objects of one study say of its images, read by the limited worker: findings, layers, and words (F49, F75)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from rendering.objects.annotations import annotations_of, source_of
from rendering.objects.concepts import lists_only
from rendering.objects.facts import ObjectFacts, ObjectKind, kind_of
from rendering.objects.layers import layers_of
from rendering.objects.matching import is_of, match, of_whole_series
from rendering.objects.rejections import is_image, rejections
from rendering.objects.revisions import replaced
from rendering.objects.states import state_of
from rendering.objects.value_maps import mapped_units
from workstation.domain.key_image import TITLES, KeyImage
from workstation.domain.study import Study
from workstation.errors import WorkstationError
from workstation.ports import ObjectFound


def found_in(study: Study, read: Callable[[Path], ObjectFacts], cancelled: Callable[[], bool]) -> Iterator[ObjectFound]:
    """One answer for each object that is about images. Never raises for a bad one: its words say why it is not shown."""
    read_facts: list[ObjectFacts] = []
    refused: list[ObjectFound] = []
    for series in study.series:
        for instance in series.instances:
            kind = kind_of(instance.sop_class_uid)
            if cancelled():
                return
            if kind is None:
                continue
            try:
                read_facts.append(of_whole_series(read(Path(instance.path)), study))
            except WorkstationError as error:
                refused.append(ObjectFound(_named(kind), words=(_words(error),), uid=instance.sop_instance_uid))
    later = replaced(read_facts)
    rejected = rejections([facts for facts in read_facts if facts.sop_instance_uid not in later], study)
    for facts in read_facts:
        if facts.sop_instance_uid in later:
            yield _gone(facts, later[facts.sop_instance_uid])
        elif facts.sop_instance_uid in rejected:
            yield _rejected(facts, rejected[facts.sop_instance_uid])
        elif (found := _shown(facts, study)) is not None:
            yield replace(found, uid=facts.sop_instance_uid, replaces=facts.predecessors)
    yield from refused


def _gone(facts: ObjectFacts, later: ObjectFacts) -> ObjectFound:
    words = f"It was replaced by a later one of {later.made.replace('T', ' ')}"
    uid = facts.sop_instance_uid
    return ObjectFound(_name(facts), words=(words,), uid=uid, replaces=(uid, *facts.predecessors))


def _rejected(facts: ObjectFacts, why: str) -> ObjectFound:
    uid = facts.sop_instance_uid
    return ObjectFound(_name(facts), words=(f"It is not shown. {why}",), uid=uid, replaces=(uid, *facts.predecessors))


def _shown(facts: ObjectFacts, study: Study) -> ObjectFound | None:
    """None for a report in words alone: it is read as a page of text."""
    name = _name(facts)
    try:
        if facts.kind in (ObjectKind.SEGMENTATION, ObjectKind.STRUCTURES):
            layers = layers_of(facts, study)
            return ObjectFound(name, (), layers.layers, layers.words)
        if facts.key_objects is not None:
            return _key_objects(facts, study, name)
        if facts.kind is ObjectKind.VALUE_MAP:
            mapped = mapped_units(facts, study)
            return ObjectFound(name, words=(*mapped.warnings, *mapped.words), units=mapped.units, warnings=mapped.warnings)
        if facts.dose is not None:
            return _dose(facts, study, name)
        if facts.report is not None and not facts.report.findings:
            return ObjectFound(name) if facts.predecessors else None
        applied = annotations_of(facts, study)
        if facts.presentation is None:
            return ObjectFound(name, applied.annotations, (), applied.words)
        state, why = state_of(facts, study), facts.presentation.refused
        words = (*applied.words, *([f"It cannot be followed. {why}"] if why else []))
        return ObjectFound(name, applied.annotations, (), words, presentation=state)
    except WorkstationError as error:
        return ObjectFound(name, words=(_words(error),))


def _dose(facts: ObjectFacts, study: Study, name: str) -> ObjectFound:
    """Only of this study and patient; a document that is accumulated over another study is named, and not taken."""
    dose = facts.dose
    assert dose is not None
    if not is_of(facts, study) or dose.study_uid not in ("", study.study_instance_uid):
        return ObjectFound(name, words=("Its dose is that of another examination: not taken",))
    return ObjectFound(name, words=dose.doubts, dose=replace(dose, study_uid=study.study_instance_uid))


def _key_objects(facts: ObjectFacts, study: Study, name: str) -> ObjectFound:
    said = facts.key_objects
    assert said is not None
    if said.rejects and not any(is_image(one, study) for one in facts.images):
        return ObjectFound(name)  # of other objects: those are not shown, and say why
    found = match(facts, study)
    if said.rejects:
        # An archive's word that images are not to be looked at: said, never shown as a recommendation.
        count = len(found.images)
        rejected = f"{count} {'image is' if count == 1 else 'images are'} rejected"
        words = (f"{said.title.text}: {rejected}", *found.words)
        return ObjectFound(name, words=words, rejected=tuple((uid, said.rejects) for uid in found.images))
    if lists_only(said.title):
        return ObjectFound(name, words=(f"{said.title.text}: it lists images, and marks none", *found.words))
    title = said.title.value if said.title.scheme == "DCM" and said.title.value in TITLES else said.title.text
    source = source_of(facts)
    keys = tuple(
        KeyImage(study.study_instance_uid, held.series_uid, one.sop_instance_uid, frame, title, source)
        for one in facts.images
        if (held := found.held(one)) is not None
        for frame in one.frames or ((0,) if held.header.frames > 1 else (1,))
    )
    return ObjectFound(name, (), (), found.words, key_images=keys)


def _name(facts: ObjectFacts) -> str:
    return facts.description or facts.label or _named(facts.kind)


def _named(kind: ObjectKind) -> str:
    return kind.value.capitalize()


def _words(error: WorkstationError) -> str:
    return ". ".join(part for part in (error.title, error.detail) if part)
