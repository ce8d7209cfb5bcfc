"""What kind of examination it is: trauma, stroke, angiography, colonography ...

By the order's code, then by words of the order, the study and the procedure, then by the scan protocol's name.
The reason for an examination is no kind of it: an ankle is X-rayed for a trauma too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.words import vocabulary
from workstation.domain.hanging import HangingContext
from workstation.domain.study import Study

ORDER_TEXTS = ("RequestedProcedureDescription", "PerformedProcedureStepDescription")
CODED_PROCEDURE = ("RequestedProcedureCodeSequence", "PerformedProtocolCodeSequence")

# Series by which a head CT is known to be a work-up of its vessels, whatever it is called.
_BY_ROLE = {"angiography": "angiography", "perfusion_map": "perfusion", "perfusion": "perfusion"}


def of_study(study: Study, image_sets: Iterable[ImageSet], context: HangingContext, roles: Iterable[Fact]) -> tuple[Fact, ...]:
    """Each kind once; those of the scan protocol's name and of series only where nothing above says it."""
    sets = tuple(image_sets)
    found = {fact.value: fact for fact in reversed([*_ordered(study, sets, context)])}
    for fact in (*_protocol_names(sets), *_by_roles(roles)):
        found.setdefault(fact.value, fact)
    return tuple(found.values())


def _ordered(study: Study, image_sets: Iterable[ImageSet], context: HangingContext) -> Iterator[Fact]:
    code = context.procedure_code
    for name in vocabulary("examination").by_code(code if "|" in code else f"{code}|SCT"):
        yield Fact(name, f"the order has code {code.split('|')[0]}")
    yield from _in_text(context.procedure, "the ordered procedure")
    for coded in study.procedure_codes:
        yield from _coded(coded, "ProcedureCodeSequence")
    yield from _in_text(study.study_description, "StudyDescription")
    for image_set in image_sets:
        for keyword in CODED_PROCEDURE:
            for coded in image_set.elements(keyword):
                yield from _coded(coded, keyword)
        for keyword in ORDER_TEXTS:
            yield from _in_text(image_set.first(keyword), keyword)


def _protocol_names(image_sets: Iterable[ImageSet]) -> Iterator[Fact]:
    for image_set in image_sets:
        yield from _in_text(image_set.first("ProtocolName"), "ProtocolName")


def _by_roles(roles: Iterable[Fact]) -> Iterator[Fact]:
    for role in roles:
        if role.value in _BY_ROLE:
            yield Fact(_BY_ROLE[role.value], f"a series shows it ({role.because})")


def _coded(coded: str, keyword: str) -> Iterator[Fact]:
    parts = (coded + "||").split("|")
    for name in vocabulary("examination").by_code(coded):
        yield Fact(name, f"{keyword} has code {parts[0]} ({parts[1]})")
    yield from _in_text(parts[2], f"the meaning of {keyword}")


def _in_text(text: str, where: str) -> Iterator[Fact]:
    for name, word in vocabulary("examination").in_text(text):
        yield Fact(name, f'the word "{word}" in {where}')
