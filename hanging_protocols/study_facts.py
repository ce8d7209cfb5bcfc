"""Answers to a protocol's questions about one study, found once and kept for all protocols."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from hanging_protocols import anatomy, examinations, roles
from hanging_protocols.anatomy import Finding
from hanging_protocols.facts import MARK_MODALITIES, ORDER_FACTS, STUDY_KEYWORDS, Fact, ImageSet, image_sets, study_elements
from workstation.domain.hanging import NOTHING_KNOWN, HangingContext
from workstation.domain.study import Study

# Answers that one study keeps.
MOST_KEPT = 4000

_OF_STUDY_ONLY = STUDY_KEYWORDS | ORDER_FACTS.keys() | {"series", "examination", "ordered_regions"}


class StudyFacts:
    """One study, its image sets, and what is known of them, each fact with its reason. `context` is its order's."""

    def __init__(self, study: Study, context: HangingContext = NOTHING_KNOWN) -> None:
        self.study = study
        self.context = context
        self.kept: dict[int, tuple[object, object]] = {}
        """What others worked out of these facts, by the id of what they asked with, and that itself."""
        self._of_study: dict[str, tuple[Fact, ...]] = {}
        self._of_image_sets: dict[tuple[str, int, str], tuple[Fact, ...]] = {}

    def keep(self, key: int, asked: object, answer: object) -> None:
        if len(self.kept) >= MOST_KEPT:
            self.kept.clear()
        self.kept[key] = (asked, answer)

    @cached_property
    def image_sets(self) -> tuple[ImageSet, ...]:
        return image_sets(self.study)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Every body part that any source names."""
        return anatomy.of_study(self.study, self.image_sets, self.context)

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
            return anatomy.sides_of_study(self.study, self.image_sets, self.context)
        if attribute in ORDER_FACTS:
            value = getattr(self.context, ORDER_FACTS[attribute])
            return (Fact(value, "the order says so"),) if value else ()
        if attribute == "examination":
            head = any(fact.value == "head" for fact in self.of_study("anatomy"))
            return examinations.of_study(self.study, self.image_sets, self.context, self.of_study("role") if head else ())
        if attribute == "ordered_regions":
            return (Fact(str(anatomy.ordered_regions(self.findings))),)
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
            found = anatomy.leading_of_image_set(image_set) or anatomy.leading(self.findings)
            return tuple(Fact(f.name, f.because) for f in found)
        if attribute == "laterality":
            side = anatomy.side_of(image_set)
            return (side,) if side else ()
        if attribute == "images":
            return (Fact(str(image_set.images)),)
        if attribute in _OF_STUDY_ONLY:
            return self.of_study(attribute)
        return tuple(Fact(value) for value in image_set.elements(attribute))

    @cached_property
    def _roles(self) -> dict[tuple[str, int], tuple[Fact, ...]]:
        return {_key(one): found for one, found in roles.of_image_sets(self.study, self.image_sets)}


def _key(image_set: ImageSet) -> tuple[str, int]:
    return (image_set.series.series_instance_uid, image_set.position)


@dataclass(slots=True)
class _Kept:
    facts: StudyFacts
    case: int


class _Memory:
    """Facts of the studies of the last two cases. Any thread.

    A study that grew or was read anew is another one: studies are told by identity, which costs nothing.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[tuple[int, tuple[str, ...]], _Kept] = {}
        self._current: Study | None = None
        self._case = 0

    def begin(self, current: Study) -> None:
        """This study is read now; what was last asked for two cases ago is let go."""
        with self._lock:
            if current is self._current:
                return
            self._current, self._case = current, self._case + 1
            self._kept = {key: one for key, one in self._kept.items() if one.case >= self._case - 1}

    def facts(self, study: Study, context: HangingContext) -> StudyFacts:
        order = (context.procedure, context.procedure_code, context.body_site, context.laterality, context.reason)
        key = (id(study), order)
        with self._lock:
            found = self._kept.get(key)
            if found is None or found.facts.study is not study:
                found = self._kept[key] = _Kept(StudyFacts(study, context), self._case)
            found.case = self._case
        return found.facts


_memory = _Memory()


def begin_case(current: Study) -> None:
    _memory.begin(current)


def facts_of(study: Study, context: HangingContext = NOTHING_KNOWN) -> StudyFacts:
    """The facts of this very study with this order, found once while its case is one of the last two."""
    return _memory.facts(study, context)
