"""What objects of programs say of a study before it is opened: findings, none, or nothing that can be told.

Only what an object states itself: a segmentation of the liver is no finding, and an object that could not be read says
nothing. One line of text for each object travels with its series (`Series.attributes`, under AI_RESULT).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

AI_RESULT = "AiResult"
"""Our own name beside the DICOM keywords of a series' attributes: one text for each object that names a program."""
MOST_REPLACED, LONGEST_SOURCE = 8, 80
_PARTS = 6


class AiFlag(StrEnum):
    """What the results of programs that came with a study say, all of them together."""

    NONE = ""
    PRESENT = "present"
    """There is one; what it says is not read."""
    NEGATIVE = "negative"
    """It states that there is no finding."""
    POSITIVE = "positive"
    UNCLEAR = "unclear"
    """It states neither: organs, measurements, an analysis that did not end well."""


class Counted(StrEnum):
    """What a number counts. English source strings with the number for {0}."""

    FINDINGS = "findings: {0}"
    SEGMENTS = "segments: {0}"
    CONTOURS = "contours: {0}"
    MEASUREMENTS = "measurements: {0}"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class AiResult:
    """One object (`uid`, its SOP Instance UID). `source` is the program in its own words: text from outside."""

    uid: str
    flag: AiFlag
    count: int = 0
    counted: Counted = Counted.NOTHING
    source: str = ""
    replaces: tuple[str, ...] = ()
    """The SOP Instance UIDs of the documents that it replaces (PS3.3 C.17.2)."""

    def as_text(self) -> str:
        source = " ".join(self.source.replace("|", " ").split())[:LONGEST_SOURCE]
        replaces = ",".join(self.replaces[:MOST_REPLACED])
        return "|".join((self.uid, self.flag, str(self.count), self.counted.name, replaces, source))


def result_from(text: str) -> AiResult | None:
    """As `as_text` wrote it; None for anything else."""
    parts = text.split("|")
    if len(parts) != _PARTS or not parts[2].isdigit() or parts[1] not in set(AiFlag) or parts[3] not in Counted.__members__:
        return None
    replaces = tuple(filter(None, parts[4].split(",")))
    return AiResult(parts[0], AiFlag(parts[1]), int(parts[2]), Counted[parts[3]], parts[5], replaces)


def results_in(texts: Iterable[str]) -> tuple[AiResult, ...]:
    """Those that can be read, without what others of them replace."""
    found = [result for text in texts if (result := result_from(text)) is not None]
    gone = {uid for result in found for uid in result.replaces}
    return tuple(result for result in found if result.uid not in gone)


def together(results: Iterable[AiResult]) -> tuple[AiFlag, int]:
    """One finding counts more than any number of programs without; what is not read or unclear more than a "none"."""
    there = list(results)
    flags = {result.flag for result in there}
    if AiFlag.POSITIVE in flags:
        findings = (one.count for one in there if one.flag is AiFlag.POSITIVE and one.counted is Counted.FINDINGS)
        return AiFlag.POSITIVE, sum(findings)
    first = next((flag for flag in (AiFlag.UNCLEAR, AiFlag.PRESENT, AiFlag.NEGATIVE) if flag in flags), AiFlag.NONE)
    return first, 0


def merged(known: Mapping[str, tuple[str, ...]], new: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """The attributes `known` with what the results in `new` say besides: each object of a series speaks for itself."""
    texts = tuple(sorted({*known.get(AI_RESULT, ()), *new.get(AI_RESULT, ())}))
    return {**known, AI_RESULT: texts} if texts else known
