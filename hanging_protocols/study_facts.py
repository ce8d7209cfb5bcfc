"""Answers to a protocol's questions about one study, found once and kept for all protocols."""

from __future__ import annotations

from functools import cached_property

from hanging_protocols import anatomy, roles
from hanging_protocols.anatomy import Finding
from hanging_protocols.facts import MARK_MODALITIES, STUDY_KEYWORDS, Fact, ImageSet, image_sets, study_elements
from workstation.domain.study import Study


class StudyFacts:
    """One study, its image sets, and what is known of them, each fact with its reason."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._of_study: dict[str, tuple[Fact, ...]] = {}
        self._of_image_sets: dict[tuple[str, int, str], tuple[Fact, ...]] = {}

    @cached_property
    def image_sets(self) -> tuple[ImageSet, ...]:
        return image_sets(self.study)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Every body part that any source names."""
        return anatomy.of_study(self.study, self.image_sets)

    def of_study(self, attribute: str) -> tuple[Fact, ...]:
        """What the study as a whole answers; of series' elements, what any image set answers."""
        if attribute not in self._of_study:
            self._of_study[attribute] = self._ask_study(attribute)
        return self._of_study[attribute]

    def of_image_set(self, image_set: ImageSet, attribute: str) -> tuple[Fact, ...]:
        key = (*_key(image_set), attribute)
        if key not in self._of_image_sets:
            self._of_image_sets[key] = self._ask_image_set(image_set, attribute)
        return self._of_image_sets[key]

    def roles(self, image_set: ImageSet) -> tuple[Fact, ...]:
        return self._roles.get(_key(image_set), ())

    def _ask_study(self, attribute: str) -> tuple[Fact, ...]:
        if attribute == "anatomy":
            return tuple(Fact(f.name, f.because) for f in anatomy.leading(self.findings))
        if attribute == "laterality":
            return anatomy.sides_of_study(self.study, self.image_sets)
        if attribute == "images":
            return (Fact(str(sum(one.images for one in self.image_sets))),)
        if attribute == "series":
            shown = {one.series.series_instance_uid for one in self.image_sets if one.series.modality not in MARK_MODALITIES}
            return (Fact(str(len(shown))),)
        if attribute in STUDY_KEYWORDS:
            return tuple(Fact(value) for value in study_elements(self.study, attribute))
        answers = {fact.value: fact for one in self.image_sets for fact in self.of_image_set(one, attribute)}
        return tuple(answers.values())

    def _ask_image_set(self, image_set: ImageSet, attribute: str) -> tuple[Fact, ...]:
        if attribute == "role":
            return self.roles(image_set)
        if attribute == "anatomy":
            found = anatomy.leading(anatomy.of_image_set(image_set)) or anatomy.leading(self.findings)
            return tuple(Fact(f.name, f.because) for f in found)
        if attribute == "laterality":
            side = anatomy.side_of(image_set)
            return (side,) if side else ()
        if attribute == "images":
            return (Fact(str(image_set.images)),)
        if attribute in STUDY_KEYWORDS or attribute == "series":
            return self.of_study(attribute)
        return tuple(Fact(value) for value in image_set.elements(attribute))

    @cached_property
    def _roles(self) -> dict[tuple[str, int], tuple[Fact, ...]]:
        return {_key(one): found for one, found in roles.of_image_sets(self.study, self.image_sets)}


def _key(image_set: ImageSet) -> tuple[str, int]:
    return (image_set.series.series_instance_uid, image_set.position)
