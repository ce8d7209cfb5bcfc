"""What the ranking of priors asks of a study: of one whose images are here, or of one that an archive lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hanging_protocols.anatomy import Finding, Source
from hanging_protocols.facts import MARK_MODALITIES
from hanging_protocols.study_facts import StudyFacts
from hanging_protocols.words import tokens, vocabulary
from workstation.domain.archive import FoundStudy
from workstation.domain.hanging import HangingContext
from workstation.domain.patient import PatientKey

# Objects that go with images and are none.
COMPANIONS = MARK_MODALITIES | {"SR", "KO", "REG", "DOC", "OT", "AU", "RTSTRUCT", "RTPLAN", "RTRECORD", "FID", "ECG", "PLAN"}

# Body parts too wide to say that two studies show the same thing.
WIDE = frozenset({"extremity"})


@dataclass(frozen=True, slots=True)
class PriorFacts:
    """`parts` are the body parts by our names, `sides` `L`, `R` and `B`; `procedure` its codes, else its words."""

    uid: str
    patient: PatientKey
    day: str
    time: str
    modalities: frozenset[str]
    parts: frozenset[str]
    sides: frozenset[str]
    codes: frozenset[str]
    description: tuple[str, ...]
    has_images: bool


def of_study(facts: StudyFacts) -> PriorFacts:
    study = facts.study
    shown = frozenset(one.series.modality for one in facts.image_sets) - COMPANIONS
    return PriorFacts(
        study.study_instance_uid,
        study.patient.key,
        study.study_date,
        study.study_time,
        shown,
        _parts(facts.findings),
        frozenset(fact.value for fact in facts.of_study("laterality")),
        frozenset(_codes(study.procedure_codes)),
        tokens(study.study_description),
        bool(shown),
    )


def of_found(found: FoundStudy) -> PriorFacts:
    """An archive's answer: what it is called, not what its series are. Modalities that it does not tell may be any."""
    known = vocabulary("anatomy")
    named = [name for part in found.body_parts for name in (known.by_defined_term(part) or _words(part))]
    modalities = frozenset(found.modalities)
    shown = modalities - COMPANIONS
    return PriorFacts(
        found.study_instance_uid,
        found.patient.key,
        found.study_date,
        found.study_time,
        shown,
        _narrowed([*named, *_words(found.description)]),
        frozenset(side for side, _ in vocabulary("laterality").in_text(found.description)),
        frozenset(),
        tokens(found.description),
        found.instance_count != 0 and (bool(shown) or not modalities),
    )


def parts_of_order(context: HangingContext) -> frozenset[str]:
    """What the order asks for: it may say more than the images' headers do."""
    return _narrowed([*_words(context.procedure), *_words(context.body_site)])


def _parts(findings: Iterable[Finding]) -> frozenset[str]:
    """What codes, terms and the order's words say; what series are called only where nothing else says it."""
    found = tuple(findings)
    better = [one.name for one in found if one.source < Source.SERIES_TEXT]
    return _narrowed(better or [one.name for one in found])


def _narrowed(names: Iterable[str]) -> frozenset[str]:
    """Without the wide ones: alone they say nothing, and beside a narrower one nothing more."""
    return frozenset(names) - WIDE


def _words(text: str) -> list[str]:
    return [name for name, _ in vocabulary("anatomy").in_text(text)]


def _codes(coded: Iterable[str]) -> Iterable[str]:
    """`CodeValue|CodingSchemeDesignator` without the meaning."""
    for one in coded:
        value, scheme, *_ = [*one.split("|"), "", ""]
        if value:
            yield f"{value}|{scheme}"


def regions(parts: Iterable[str]) -> frozenset[str]:
    """The parts and all that they belong to."""
    known = vocabulary("anatomy")
    return frozenset(name for part in parts for name in known.with_parents(part))
