"""Which objects of a study were replaced by later ones: then only the later ones count.

A document says so itself (PredecessorDocumentsSequence, PS3.3 C.17.2). Presentation states and key object
selections have no such element: those of this program that were saved again lie in the series of the earlier ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rendering.objects.facts import ObjectFacts

PRODUCT = "Lyskasse"


def replaced(found: Sequence[ObjectFacts]) -> dict[str, ObjectFacts]:
    """What replaces each object that was replaced, by SOP Instance UID; of one patient and study only."""
    by_uid = {facts.sop_instance_uid: facts for facts in found}
    gone = {
        uid: facts
        for facts in found
        for uid in facts.predecessors
        if uid in by_uid and uid != facts.sop_instance_uid and _same_study(by_uid[uid], facts)
    }
    for facts in found:
        later = max(_of_its_series(facts, found), key=lambda one: one.made, default=facts)
        if later.made > facts.made:
            gone.setdefault(facts.sop_instance_uid, later)
    return gone


def _of_its_series(facts: ObjectFacts, found: Iterable[ObjectFacts]) -> list[ObjectFacts]:
    if not _is_ours(facts):
        return []
    alike = (one for one in found if _is_ours(one) and one.series_uid == facts.series_uid and _same_study(one, facts))
    return [one for one in alike if one.kind is facts.kind]


def _is_ours(facts: ObjectFacts) -> bool:
    return facts.manufacturer == facts.name == PRODUCT


def _same_study(one: ObjectFacts, other: ObjectFacts) -> bool:
    key = (one.study_uid, one.patient_id, one.patient_issuer)
    return key == (other.study_uid, other.patient_id, other.patient_issuer)
