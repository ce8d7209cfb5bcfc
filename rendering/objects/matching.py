"""Which images an object may be shown on: those that it names, of its own patient and study (F49, F75)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rendering.header import ImageHeader
from rendering.objects.facts import ObjectFacts
from rendering.objects.references import ImageReference
from workstation.domain.study import Instance, Study
from workstation.errors import Refused


@dataclass(frozen=True, slots=True)
class Held:
    """One image of the study that an object names."""

    series_uid: str
    instance: Instance
    header: ImageHeader


@dataclass(frozen=True, slots=True)
class Match:
    """The images that are here, by SOP Instance UID, and how many that the object names are not."""

    images: dict[str, Held] = field(default_factory=dict)
    missing: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        if not self.missing:
            return ()
        return (f"{self.missing} of {self.missing + len(self.images)} images that the object names are not here",)

    def held(self, reference: ImageReference | None) -> Held | None:
        return None if reference is None else self.images.get(reference.sop_instance_uid)


def match(facts: ObjectFacts, study: Study) -> Match:
    """Raises Refused, in words and without an identifier, when nothing of the object may be shown on the study."""
    if facts.study_uid != study.study_instance_uid:
        raise Refused(NOT_SHOWN, "It was made for another study")
    if not _same_patient(facts, study):
        raise Refused(NOT_SHOWN, "It was made for another patient")
    if not facts.images:
        raise Refused(NOT_SHOWN, "It does not say which images it is about")
    named = {one.sop_instance_uid for one in facts.images if one.study_uid in ("", study.study_instance_uid)}
    found: dict[str, Held] = {}
    for series in study.series:
        for instance in series.instances:
            if instance.sop_instance_uid in named and instance.has_pixels:
                header = ImageHeader.from_json(instance.header)
                found[instance.sop_instance_uid] = Held(series.series_instance_uid, instance, header)
    if not found:
        raise Refused(NOT_SHOWN, "None of the images that it names are here", "It is shown once they are here")
    return Match(found, len({one.sop_instance_uid for one in facts.images}) - len(found))


def of_whole_series(facts: ObjectFacts, study: Study) -> ObjectFacts:
    """The object with the images of each series that it names as a whole (a reference without a SOP Instance UID)."""
    if all(one.sop_instance_uid for one in facts.images):
        return facts
    held = {series.series_instance_uid: series.instances for series in study.series}
    images = [
        named
        for one in facts.images
        for named in (
            [one]
            if one.sop_instance_uid
            else [replace(one, sop_instance_uid=i.sop_instance_uid) for i in held.get(one.series_uid, ()) if i.has_pixels]
        )
    ]
    return replace(facts, images=tuple(images))


NOT_SHOWN = "The object is not shown"


def _same_patient(facts: ObjectFacts, study: Study) -> bool:
    key = study.patient.key
    issuers = {facts.patient_issuer, key.issuer} - {""}
    return facts.patient_id == key.patient_id and len(issuers) < 2


def is_of(facts: ObjectFacts, study: Study) -> bool:
    """Whether an object was made for this study and patient, whatever images it names."""
    return facts.study_uid == study.study_instance_uid and _same_patient(facts, study)


def why_not_shown(facts: ObjectFacts, study: Study) -> str:
    """Empty when the object may be shown on images of the study."""
    try:
        match(facts, study)
    except Refused as refused:
        return f"{refused.title}. {refused.detail}"
    return ""
