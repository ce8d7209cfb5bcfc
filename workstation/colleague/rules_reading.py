"""Was it read, and was it told: images that nobody saw, critical findings that nobody heard of."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.colleague.facts import Remark
from workstation.colleague.seen import Seen
from workstation.domain.report import SectionCode


def images(seen: Seen) -> Iterator[Remark]:
    count = seen.facts.unseen_series
    if count:
        what = "One series was not looked at" if count == 1 else f"{count} series were not looked at"
        yield seen.about(
            "images",
            SectionCode.FINDINGS,
            f"{what}: no image of it was on screen" if count == 1 else f"{what}: no image of them was on screen",
        )


def critical(seen: Seen) -> Iterator[Remark]:
    """A finding that must be told at once, and no word that it was."""
    if seen.facts.is_told:
        return
    texts = (seen.report.text(code) for code in SectionCode if code is not SectionCode.HISTORY)
    if any(seen.language.has("told", text) for text in texts):
        return
    for mention in seen.present():
        if mention.finding.critical and not seen.language.has("residual", mention.sentence.text):
            yield seen.remark(
                "critical", mention.sentence, mention.words, f'"{mention.words}" must be told at once; nothing is said of that'
            )
            return
