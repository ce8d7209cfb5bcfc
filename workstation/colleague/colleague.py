"""All rules over one report, as severe as the site wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from workstation.colleague import (
    rules_case,
    rules_comparison,
    rules_denials,
    rules_doubled,
    rules_links,
    rules_numbers,
    rules_places,
    rules_quantities,
    rules_reading,
    rules_sides,
    rules_structures,
    rules_support,
    rules_text,
    rules_whole,
)
from workstation.colleague.facts import CaseFacts, Remark, ReportText, Severity
from workstation.colleague.language import Language, spoken
from workstation.colleague.seen import Seen
from workstation.colleague.words import Text
from workstation.domain.report import SectionCode

Rule = Callable[[Seen], Iterator[Remark]]

RULES: tuple[Rule, ...] = (
    rules_sides.laterality,
    rules_sides.laterality_between,
    rules_sides.size_on_the_other_side,
    rules_sides.words_on_the_other_side,
    rules_sides.only_on_the_other_side,
    rules_case.sex,
    rules_case.age,
    rules_case.contrast,
    rules_case.modality,
    rules_case.region,
    rules_comparison.comparison,
    rules_text.unfilled,
    rules_text.untouched,
    rules_text.empty_conclusion,
    rules_doubled.doubled,
    rules_doubled.doubled_negation,
    rules_text.contradictions,
    rules_text.conclusion,
    rules_text.suspicious,
    rules_denials.lost,
    rules_denials.excluded,
    rules_denials.news,
    rules_whole.clear,
    rules_whole.removed_organs,
    rules_whole.lost_denial,
    rules_structures.torn_and_whole,
    rules_support.unsupported,
    rules_support.left_out,
    rules_links.linked,
    rules_numbers.possible,
    rules_numbers.limits,
    rules_numbers.measured_otherwise,
    rules_numbers.between_sections,
    rules_numbers.counts,
    rules_quantities.impossible,
    rules_quantities.otherwise,
    rules_places.places,
    rules_places.scores,
    rules_reading.critical,
    rules_reading.images,
)

NAMES = (
    "laterality", "sex", "age", "contrast", "modality", "region", "comparison", "unfilled", "default", "conclusion", "doubled",
    "negation", "contradiction", "number", "measurement", "critical", "images", "spoken",
)  # fmt: skip
"""What a policy may name."""

_ORDER = list(SectionCode)


def look(
    report: ReportText, facts: CaseFacts, languages: Mapping[str, Language], policy: Mapping[str, Severity] | None = None
) -> tuple[Remark, ...]:
    """What does not fit, in the order of the text; nothing for a language whose words are not known.

    `policy` gives the severity of a rule by name, WARN where it says nothing.
    """
    policy = policy or {}
    language = spoken("\n".join(report.sections.values()), languages, facts.language)
    if language is None:
        return ()
    asked = (facts.procedure, facts.reason, *facts.body_parts, *(prior.words for prior in facts.priors))
    # Of hundreds of lists a report has the words of a few.
    language = language.among(Text("\n".join((*report.sections.values(), *asked)).replace("_", " ")))
    seen = Seen(report, facts, language)
    found: dict[tuple[str, SectionCode, int], Remark] = {}
    for rule in RULES:
        for remark in rule(seen):
            severity = policy.get(remark.rule, Severity.WARN)
            if severity is not Severity.OFF:
                found.setdefault((remark.rule, remark.section, remark.start), replace(remark, severity=severity))
    return tuple(sorted(found.values(), key=lambda r: (_ORDER.index(r.section), r.start)))
