"""The images of another study that are most like images of the current one, whatever a protocol's cells look for."""

from __future__ import annotations

from hanging_protocols.facts import MARK_MODALITIES, ImageSet
from hanging_protocols.study_facts import StudyFacts
from workstation.domain.study import Study
from workstation.domain.viewing import ViewportState


def counterpart(current: Study, shown: ViewportState, other: Study) -> tuple[ViewportState | None, str]:
    """As acquired, and why these; None with the reason where the study has no images.

    The same modality first, then the most roles in common (a lung kernel with a lung kernel, FLAIR with FLAIR), the
    same body part, the most images.
    """
    ours, theirs = StudyFacts(current), StudyFacts(other)
    found = [one for one in theirs.image_sets if one.series.modality not in MARK_MODALITIES]
    if not found:
        return None, "the study has no images"
    model = _shown(ours, shown)
    best = min(found, key=lambda one: _rank(ours, model, theirs, one))
    state = ViewportState(other.study_instance_uid, best.series.series_instance_uid, position=best.position)
    return state, _words(model, best)


def _shown(facts: StudyFacts, state: ViewportState) -> ImageSet | None:
    """What a viewport shows of the current study; of a series that was split into views the one it stands at."""
    sets = [one for one in facts.image_sets if one.series.series_instance_uid == state.series_uid]
    return max((one for one in sets if one.position <= state.position), key=lambda one: one.position, default=None)


def _rank(ours: StudyFacts, model: ImageSet | None, theirs: StudyFacts, one: ImageSet) -> tuple[object, ...]:
    number = float("inf") if one.series.series_number is None else float(one.series.series_number)
    alike = _likeness(ours, model, theirs, one) if model is not None else 0.0
    other = model is not None and one.series.modality != model.series.modality
    elsewhere = model is not None and one.series.body_part_examined != model.series.body_part_examined
    return other, -alike, elsewhere, -one.images, number, one.series.series_instance_uid, one.position


def _likeness(ours: StudyFacts, model: ImageSet, theirs: StudyFacts, one: ImageSet) -> float:
    """Shared roles and sides as a share of all of the two."""
    a = {fact.value for fact in (*ours.roles(model), *ours.of_image_set(model, "laterality"))}
    b = {fact.value for fact in (*theirs.roles(one), *theirs.of_image_set(one, "laterality"))}
    return len(a & b) / len(a | b) if a | b else 1.0


def _words(model: ImageSet | None, best: ImageSet) -> str:
    if model is not None and best.series.modality != model.series.modality:
        return f"it has no {model.series.modality}"
    return "the images most like those beside them"
