"""Of which kind a study is, in a few words without anything from outside: `CT chest`, `MR knee`, `Mammography`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hanging_protocols import anatomy
from hanging_protocols.facts import MARK_MODALITIES
from hanging_protocols.role_words import role_title
from hanging_protocols.study_facts import StudyFacts
from hanging_protocols.words import vocabulary

_MODALITY_WORDS = {"MG": "Mammography", "US": "Ultrasound", "CR": "Radiograph", "DX": "Radiograph", "NM": "Nuclear medicine"}


@dataclass(frozen=True, slots=True)
class StudyKind:
    """`modalities` are those that images have, the leading one first; `parts` the body parts that lead, smallest ones only."""

    modalities: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def key(self) -> str:
        return "/".join(self.modalities) + "|" + "+".join(self.parts)

    @property
    def words(self) -> str:
        shown = "" if self.modalities == ("MG",) else " and ".join(role_title(part) for part in self.parts)
        return " ".join(part for part in (self.modality_words, shown) if part)

    @property
    def modality_words(self) -> str:
        return "/".join(_MODALITY_WORDS.get(modality, modality) for modality in self.modalities) or "Study"


def kind_of(facts: StudyFacts) -> StudyKind:
    counts: Counter[str] = Counter()
    for one in facts.image_sets:
        if one.series.modality and one.series.modality not in MARK_MODALITIES:
            counts[one.series.modality] += one.images
    lead = tuple(sorted(counts, key=lambda modality: (modality != "PT", -counts[modality], modality)))
    kept = ("PT", "CT") if lead[:1] == ("PT",) and "CT" in counts else lead[:1]
    return StudyKind(kept, parts_of(facts))


def parts_of(facts: StudyFacts) -> tuple[str, ...]:
    """The body parts that the study is about; a part is left out where a smaller one inside it is named."""
    names = [found.name for found in anatomy.leading(facts.findings)]
    words = vocabulary("anatomy")
    wider = {parent for name in names for parent in words.with_parents(name) if parent != name}
    return tuple(sorted(name for name in dict.fromkeys(names) if name not in wider))
