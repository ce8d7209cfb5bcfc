"""Which body parts and which side a study or image set shows, and how that is known.

Codes come before what the order and the study are called, those before BodyPartExamined, which scanners fill from
the scan protocol (it often names the part beside the one that was examined), and series' own names come last. A
text that agrees with what is trusted is believed for the rest of it too: "CHEST/ABD/PEL" of a CT that was ordered
of the abdomen shows the chest as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.words import Vocabulary, vocabulary
from workstation.domain.hanging import NOTHING_KNOWN, HangingContext
from workstation.domain.study import Study


class Source(IntEnum):
    """How a body part is known, the most trusted first."""

    CODE = 0
    ORDER_TEXT = 1
    DEFINED_TERM = 2
    SERIES_TEXT = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One body part; `beside` are all those that the same text names."""

    name: str
    source: Source
    because: str
    beside: tuple[str, ...] = ()


CODED_REGION = ("AnatomicRegionSequence",)
CODED_PROCEDURE = ("RequestedProcedureCodeSequence", "PerformedProtocolCodeSequence")
ORDER_TEXTS = ("RequestedProcedureDescription", "PerformedProcedureStepDescription")
SERIES_TEXTS = ("ProtocolName", "SeriesDescription")

CODED_SIDES = ("ImageLaterality", "FrameLaterality", "Laterality")


# Parts that an order counts as one region each; what lies in none of them counts as none.
_REGIONS = {
    "head": "head", "neck": "neck", "chest": "chest", "abdomen": "abdomen", "pelvis": "abdomen", "spine": "spine",
    "extremity": "extremity", "breast": "chest",
}  # fmt: skip


def of_study(study: Study, image_sets: Iterable[ImageSet], context: HangingContext = NOTHING_KNOWN) -> tuple[Finding, ...]:
    """Every body part any source names, the most trusted source first, each part once."""
    found = [*of_order(context), *_of_study_elements(study)]
    for image_set in image_sets:
        found += _of_image_set(image_set)
    return _each_once(found)


def of_image_set(image_set: ImageSet) -> tuple[Finding, ...]:
    return _each_once([*_of_image_set(image_set)])


def leading_of_image_set(image_set: ImageSet) -> tuple[Finding, ...]:
    """As `leading`, but a series' own name comes before what scanner and order say of the whole scan.

    In one trauma scan "Head 5.0" and "C-spine 1.0" lie beside each other, all with the order's words and often with
    one BodyPartExamined. Codes stay first.
    """
    found = _of_image_set(image_set)
    named = [*_of_text(vocabulary("anatomy"), image_set.first("SeriesDescription"), "SeriesDescription", Source.SERIES_TEXT)]
    coded = any(one.source is Source.CODE for one in found)
    return leading(_each_once(named)) if named and not coded else leading(of_image_set(image_set))


def leading(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Only what the most trusted source says, each part with the parts it belongs to."""
    best = min((finding.source for finding in findings), default=None)
    trusted = [finding for finding in findings if finding.source == best]
    known = regions(tuple(trusted))
    agreeing = [one for one in findings if one.source != best and known.intersection(one.beside) and one.name not in known]
    anatomy = vocabulary("anatomy")
    widened = [
        Finding(name, finding.source, finding.because)
        for finding in (*trusted, *agreeing)
        for name in anatomy.with_parents(finding.name)
    ]
    return _each_once(widened)


def ordered_regions(findings: Iterable[Finding]) -> int:
    """How many regions of the body the order names: 0 when it names none, all of them for a whole body."""
    ordered = regions(tuple(one for one in findings if one.source is Source.ORDER_TEXT))
    return len(set(_REGIONS.values())) if "whole_body" in ordered else len({_REGIONS[name] for name in ordered & _REGIONS.keys()})


def regions(findings: tuple[Finding, ...]) -> frozenset[str]:
    """Every part named by any source, with the parts it belongs to."""
    anatomy = vocabulary("anatomy")
    return frozenset(name for finding in findings for name in anatomy.with_parents(finding.name))


def side_of(image_set: ImageSet) -> Fact | None:
    """`R`, `L` or `B`: from coded laterality, else from words in the series' texts."""
    sides = vocabulary("laterality")
    for keyword in CODED_SIDES:
        for value in image_set.elements(keyword):
            for side in sides.by_defined_term(value):
                return Fact(side, f"{keyword} is {value}")
    for keyword in SERIES_TEXTS:
        for side, word in sides.in_text(" ".join(image_set.elements(keyword))):
            return Fact(side, f'the word "{word}" in {keyword}')
    return None


def sides_of_study(study: Study, image_sets: Iterable[ImageSet], context: HangingContext = NOTHING_KNOWN) -> tuple[Fact, ...]:
    """By the images' laterality, else what the order says, else words of the order and of the study."""
    found = [side for image_set in image_sets if (side := side_of(image_set))]
    found = found or [Fact(side, "the order says so") for side in vocabulary("laterality").by_defined_term(context.laterality)]
    for text, where in ((context.procedure, "the ordered procedure"), (study.study_description, "StudyDescription")):
        found = found or [Fact(side, f'the word "{word}" in {where}') for side, word in vocabulary("laterality").in_text(text)]
    return tuple({fact.value: fact for fact in reversed(found)}.values())


def of_order(context: HangingContext) -> Iterator[Finding]:
    """What the order says: its codes, then the words for the body site and the procedure, never the reason."""
    anatomy = vocabulary("anatomy")
    for code in (context.procedure_code, context.body_site):
        for name in anatomy.by_code(code if "|" in code else f"{code}|SCT"):
            yield Finding(name, Source.CODE, f"the order has code {code.split('|')[0]}")
    yield from _of_text(anatomy, context.body_site, "the order's body site", Source.ORDER_TEXT)
    yield from _of_text(anatomy, context.procedure, "the ordered procedure", Source.ORDER_TEXT)


def _of_study_elements(study: Study) -> Iterator[Finding]:
    anatomy = vocabulary("anatomy")
    for coded in study.procedure_codes:
        yield from _of_code(anatomy, coded, "ProcedureCodeSequence", Source.ORDER_TEXT)
    yield from _of_text(anatomy, study.study_description, "StudyDescription", Source.ORDER_TEXT)


def _of_image_set(image_set: ImageSet) -> Iterator[Finding]:
    anatomy = vocabulary("anatomy")
    for keyword in (*CODED_REGION, *CODED_PROCEDURE):
        meaning = Source.CODE if keyword in CODED_REGION else Source.ORDER_TEXT
        for coded in image_set.elements(keyword):
            yield from _of_code(anatomy, coded, keyword, meaning)
    for value in image_set.elements("BodyPartExamined"):
        yield from _of_body_part(anatomy, value)
    for keyword in ORDER_TEXTS:
        yield from _of_text(anatomy, image_set.first(keyword), keyword, Source.ORDER_TEXT)
    for keyword in SERIES_TEXTS:
        yield from _of_text(anatomy, image_set.first(keyword), keyword, Source.SERIES_TEXT)


def _of_code(anatomy: Vocabulary, coded: str, keyword: str, text_source: Source) -> Iterator[Finding]:
    """A known code, else the words of its meaning: most procedure codes are a site's own."""
    parts = (coded + "||").split("|")
    known = anatomy.by_code(coded)
    for name in known:
        yield Finding(name, Source.CODE, f"{keyword} has code {parts[0]} ({parts[1]})")
    if not known:
        yield from _of_text(anatomy, parts[2], f"the meaning of {keyword}", text_source)


def _of_body_part(anatomy: Vocabulary, value: str) -> Iterator[Finding]:
    known = anatomy.by_defined_term(value)
    for name in known:
        yield Finding(name, Source.DEFINED_TERM, f"BodyPartExamined is {value}")
    if not known:
        yield from _of_text(anatomy, value, "BodyPartExamined", Source.DEFINED_TERM)


def _of_text(anatomy: Vocabulary, text: str, where: str, source: Source) -> Iterator[Finding]:
    found = anatomy.in_text(text)
    names = tuple(name for name, _ in found)
    for name, word in found:
        yield Finding(name, source, f'the word "{word}" in {where}', names)


def _each_once(findings: list[Finding]) -> tuple[Finding, ...]:
    best: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda one: (one.source, -len(one.beside))):
        best.setdefault(finding.name, finding)
    return tuple(best.values())
