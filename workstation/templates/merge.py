"""What a merge field says: the facts of the case in the words of a language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib import resources

from workstation.templates.body import one_line
from workstation.templates.model import MERGE, Field, FieldKind

WORDS = "words.toml"
MOST_PRIORS = 3
MOST_SEQUENCES = 8


@dataclass(frozen=True, slots=True)
class MergeFacts:
    """What is known of the open case; text from outside as it came.

    `age_days` on the day of the study. `slices_mm` are the thicknesses of the series, `kilovolts` their peak
    voltages, `sequences` their descriptions, `agents` the contrast agents that the images name (0018,0010).
    `priors` are (what, day) of earlier studies, newest first. `dose` is what a dose report says, in words.
    """

    modality: str = ""
    age_days: int | None = None
    sex: str = ""
    procedure: str = ""
    reason: str = ""
    slices_mm: tuple[float, ...] = ()
    kilovolts: tuple[float, ...] = ()
    sequences: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    priors: tuple[tuple[str, date | None], ...] = ()
    dose: str = ""


@dataclass(frozen=True, slots=True)
class MergeWords:
    """The words of one language: `fields` are what stands where nothing is known, `say` the patterns."""

    fields: Mapping[str, Field] = field(default_factory=dict)
    say: Mapping[str, str] = field(default_factory=dict)


@cache
def merge_words(language: str) -> MergeWords:
    """English for a language that has no words of its own here."""
    folder = resources.files("resources") / "templates"
    file = folder / language / WORDS
    if not language.isalpha() or not file.is_file():
        file = folder / "en" / WORDS
    table = tomllib.loads(file.read_text("utf-8"))
    choices = table.get("choices", {})
    fields = {name: Field(name, label, choices=tuple(choices.get(name, ()))) for name, label in table["label"].items()}
    return MergeWords({n: replace(f, kind=FieldKind.CHOICE) if f.choices else f for n, f in fields.items()}, table["say"])


def merged(facts: MergeFacts, words: MergeWords) -> dict[str, str]:
    """The merge fields that are known. What is not known is left out: nothing is guessed."""
    say = words.say
    values = {
        "patient.age": _age(facts.age_days, say),
        "patient.sex": say.get(f"sex_{facts.sex}", ""),
        "procedure": facts.procedure,
        "order.reason": facts.reason,
        "technique": _technique(facts, say),
        "contrast": ", ".join(dict.fromkeys(one_line(a) for a in facts.agents if one_line(a))),
        "comparison": _comparison(facts.priors),
        "dose": facts.dose,
    }
    return {name: one_line(values[name]) for name in MERGE if one_line(values[name])}


def _age(days: int | None, say: Mapping[str, str]) -> str:
    if days is None or days < 0:
        return ""
    if days < 60:
        return say["days"].format(days) if days != 1 else say["day"].format(days)
    months = int(days / 30.4375)
    if months < 24:
        return say["months"].format(months) if months != 1 else say["month"].format(months)
    return say["years"].format(int(days / 365.25))


def _technique(facts: MergeFacts, say: Mapping[str, str]) -> str:
    if facts.modality == "MR":
        return ", ".join(list(dict.fromkeys(one_line(s) for s in facts.sequences if one_line(s)))[:MOST_SEQUENCES])
    parts = []
    if facts.slices_mm:
        parts.append(say["slices"].format(_number(min(facts.slices_mm), say)))
    if facts.kilovolts:
        parts.append(say["kilovolts"].format("/".join(_number(kv, say) for kv in sorted(set(facts.kilovolts)))))
    return ", ".join(parts)


def _comparison(priors: tuple[tuple[str, date | None], ...]) -> str:
    named = [" ".join(p for p in (one_line(what), day.isoformat() if day else "") if p) for what, day in priors[:MOST_PRIORS]]
    return ", ".join(n for n in named if n)


def _number(value: float, say: Mapping[str, str]) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", say["decimal"])
