"""Spoken words that can hurt and that nobody has looked at. Counts in every language, also where no words are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from workstation.colleague.facts import Remark, ReportText, Severity
from workstation.domain.report import SectionCode

NAME = "spoken"
MOST_LETTERS = 40


def spoken(
    report: ReportText, unseen: Iterable[tuple[SectionCode, int, int]], policy: Mapping[str, Severity]
) -> Iterator[Remark]:
    """One remark a section, at the first of them."""
    severity = policy.get(NAME, Severity.WARN)
    by_section: dict[SectionCode, list[tuple[int, int]]] = {}
    for section, start, end in unseen:
        by_section.setdefault(section, []).append((start, end))
    if severity is Severity.OFF:
        return
    for section in (code for code in SectionCode if code in by_section):
        places = sorted(by_section[section])
        start, end = places[0]
        words = report.text(section)[start:end]
        quoted = f'"{words[:MOST_LETTERS]}"' if words.strip() else "A dictated word"
        more = f", and {len(places) - 1} more" if len(places) > 1 else ""
        yield Remark(NAME, severity, section, start, end, f"{quoted} was dictated and not looked at{more}")
