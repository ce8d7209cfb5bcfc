"""Was it read, and was it told: images that nobody saw, critical findings that nobody heard of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workstation.colleague.facts import Remark
from workstation.colleague.reading import Sentence
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


_CLOCK = re.compile(r"\b(?:kl\.?\s*)?[0-2]?\d[.:][0-5]\d\b|\bkl\s*\d{1,2}\b")


def _tells(seen: Seen, sentence: Sentence) -> bool:
    """`Akut kontakt med neurokirurg tagen kl 03.40`: somebody, and a word of telling or the hour."""
    if sentence.section is SectionCode.HISTORY or not seen.language.has("clinicians", sentence.text):
        return False
    is_timed = _CLOCK.search(sentence.text) is not None
    is_to_come = seen.language.has("asks_for", sentence.text) and not is_timed
    return not is_to_come and (is_timed or seen.language.has("contacts", sentence.text))


def critical(seen: Seen) -> Iterator[Remark]:
    """A finding that must be told at once, and no word that it was."""
    if seen.facts.is_told:
        return
    texts = (seen.report.text(code) for code in SectionCode if code is not SectionCode.HISTORY)
    if any(seen.language.has("told", text) for text in texts) or any(_tells(seen, s) for s in seen.all):
        return
    for mention in seen.present():
        if mention.finding.critical and not seen.language.has("residual", mention.sentence.text):
            yield seen.remark(
                "critical", mention.sentence, mention.words, f'"{mention.words}" must be told at once; nothing is said of that'
            )
            return
