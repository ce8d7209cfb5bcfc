"""What a template is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from workstation.domain.report import SectionCode


class Kind(StrEnum):
    """A whole report, a part of one (for one or more sections), or a phrase for the place that is written."""

    REPORT = "report"
    MODULE = "module"
    MACRO = "macro"


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    CHOICES = "choices"
    DATE = "date"


MERGE = ("patient.age", "patient.sex", "procedure", "order.reason", "technique", "contrast", "comparison", "dose")
"""Fields that are filled from the case. What is not known there becomes an empty field for the reader."""

TAKES_WORDS = ("size", "lesion")
TAKES = ("length", "short_axis", "area", "volume", "angle", "hu", "suvmax", "suvpeak", "suvmean", *TAKES_WORDS)
"""What a field may take of an image: one value in its unit, or (TAKES_WORDS, in text fields) the words with their image."""

SECTIONS = {code.name.lower(): code for code in SectionCode}
"""Sections as files name them: `findings`, `impression`, ..."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in. `default` empty stands as `[label]` in the text until the reader fills it.

    `unit` (numbers only) follows the value; `least` and `most` are in that unit and bound what is believed. `takes`
    names what of an image is written here when it is empty (one of `TAKES`).
    """

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    default: str = ""
    unit: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    takes: str = ""

    @property
    def bracketed(self) -> str:
        return f"[{self.label}]"

    def problem(self, value: str) -> str:
        """Why a value cannot be, as an English source sentence; empty when it can."""
        if self.kind is not FieldKind.NUMBER:
            return ""
        try:
            number = float(value.replace(",", ".").strip())
        except ValueError:
            return f"{self.label}: {value!r} is not a number"
        below = self.least is not None and number < self.least
        above = self.most is not None and number > self.most
        return f"{self.label}: {value} lies outside {self.span}" if below or above else ""

    @property
    def span(self) -> str:
        """`1 to 300 mm`."""
        parts = ["" if limit is None else f"{limit:g}" for limit in (self.least, self.most)]
        return f"{parts[0] or '…'} to {parts[1] or '…'} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Binding:
    """What a template is for. Empty means: any. Ages are whole years, both ends included.

    `procedures` are words of the order or the study: all words of one entry must be there, `*` stands for any ending.
    `codes` are procedure codes, `body_parts` Body Part Examined (0018,0015).
    """

    modalities: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    sex: str = ""
    age_from: int | None = None
    age_to: int | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """`sections` are texts with `{field}` in them, in the order of a report; a macro has one text and no section.

    `short` is what a reader types to have it; `origin` says whose it is (`built in`, `site`, `own`).
    """

    template_id: str
    kind: Kind
    title: str
    language: str
    short: str = ""
    binding: Binding = field(default_factory=Binding)
    sections: tuple[tuple[SectionCode | None, str], ...] = ()
    fields: tuple[Field, ...] = ()
    licence: str = ""
    origin: str = ""

    def field(self, name: str) -> Field | None:
        return next((f for f in self.fields if f.name == name), None)
