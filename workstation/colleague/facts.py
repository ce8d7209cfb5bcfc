"""What the colleague knows besides the text: the order, the images, the patient, what was measured and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from workstation.domain.report import SectionCode


class Severity(StrEnum):
    """What a remark does to signing: nothing, a question, a stop."""

    OFF = "off"
    WARN = "warn"
    BLOCK = "block"


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class PriorFact:
    """An earlier study of the patient that could be compared with."""

    day: date | None
    modality: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredFact:
    """One accepted measurement on an image of the current study, in `unit` as it was measured."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class LinkedFact:
    """Words of the text that are tied to a measurement which `says` something else now; empty: it was removed."""

    section: SectionCode
    start: int
    end: int
    words: str
    says: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """`contrast` is None where nobody knows. `procedure` and `reason` are the order's words, `body_parts` those of the
    images (BodyPartExamined, 0018,0015). `sides` are Laterality (0020,0060) and ImageLaterality (0020,0062).
    `unseen_series` counts series of the study of which no image was shown. `is_told` says that the communication
    of a critical result is recorded elsewhere than in the text. `untouched` are the places (section, start, end) of
    what a template wrote and nobody touched or accepted, `unseen_words` of what was dictated and nobody looked at.
    """

    language: str = "en"
    sex: str = ""
    age: float | None = None
    modalities: frozenset[str] = frozenset()
    procedure: str = ""
    reason: str = ""
    body_parts: tuple[str, ...] = ()
    sides: frozenset[Side] = frozenset()
    contrast: bool | None = None
    study_day: date | None = None
    priors: tuple[PriorFact, ...] = ()
    measured: tuple[MeasuredFact, ...] = ()
    unseen_series: int = 0
    is_told: bool = False
    untouched: tuple[tuple[SectionCode, int, int], ...] = ()
    linked: tuple[LinkedFact, ...] = ()
    unseen_words: tuple[tuple[SectionCode, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """`start` and `end` are places in the text of `section`, equal where no words are meant. `words` says why: an English
    source sentence, with the report's own words in quotes.
    """

    rule: str
    severity: Severity
    section: SectionCode
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class ReportText:
    """The sections as they would be signed."""

    sections: Mapping[SectionCode, str] = field(default_factory=dict)

    def text(self, code: SectionCode) -> str:
        return self.sections.get(code, "")
