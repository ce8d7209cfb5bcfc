"""What rejection notes take back (IHE RAD IOCM): selections whose title says that what they name is not to be shown."""

from __future__ import annotations

from collections.abc import Sequence

from rendering.objects.facts import ObjectFacts
from rendering.objects.matching import is_of
from rendering.objects.references import ImageReference
from workstation.domain.study import Study


def rejections(found: Sequence[ObjectFacts], study: Study) -> dict[str, str]:
    """Why each instance is rejected, by SOP Instance UID; only by notes of this very patient and study (F49)."""
    made: dict[str, str] = {}
    for facts in found:
        said = facts.key_objects
        if said is None or not said.rejects or not is_of(facts, study):
            continue
        why = f"{said.rejects}: {said.description}" if said.description else said.rejects
        made.update((one.sop_instance_uid, why) for one in facts.images if one.sop_instance_uid != facts.sop_instance_uid)
    return made


def is_image(named: ImageReference, study: Study) -> bool:
    """Whether it is an image of the study that is here."""
    instances = (instance for series in study.series for instance in series.instances)
    return any(instance.sop_instance_uid == named.sop_instance_uid and instance.has_pixels for instance in instances)
