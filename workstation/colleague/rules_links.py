"""Words that are tied to a measurement, and the measurement says something else."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.colleague.facts import Remark, Severity
from workstation.colleague.seen import Seen


def linked(seen: Seen) -> Iterator[Remark]:
    """What the image says now against what stands in the text, and words whose measurement was removed."""
    for fact in seen.facts.linked:
        if seen.report.text(fact.section)[fact.start : fact.end] != fact.words:
            continue
        why = f"the image says {fact.says}" if fact.says else "its measurement was removed"
        yield Remark("measurement", Severity.WARN, fact.section, fact.start, fact.end, f'"{fact.words}" stands here; {why}')
