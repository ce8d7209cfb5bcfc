"""What a merge field says: the facts of the case in the words of a language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib import resources

from workstation.domain.dose import Dose
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
    `contrast_ml` and `contrast_mg_ml` are the agent's volumes and concentrations (0018,1041; 0018,1049). `priors` are
    (what, day) of earlier studies, newest first. `dose` is what the dose reports of this very study say.
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
    dose: Dose | None = None
    contrast_ml: tuple[float, ...] = ()
    contrast_mg_ml: tuple[float, ...] = ()


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
        "contrast": _contrast(facts, say),
        "comparison": _comparison(facts.priors),
        "dose": _dose(facts.dose, say),
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


def _contrast(facts: MergeFacts, say: Mapping[str, str]) -> str:
    """The agents; volume and concentration where all images agree on one."""
    agents = list(dict.fromkeys(one_line(a) for a in facts.agents if one_line(a)))
    if len(agents) != 1:
        return ", ".join(agents)
    parts = [(facts.contrast_mg_ml, "concentration"), (facts.contrast_ml, "volume")]
    said = [say[key].format(_number(values[0], say)) for values, key in parts if len(set(values)) == 1]
    return " ".join((agents[0], *said))


def _dose(dose: Dose | None, say: Mapping[str, str]) -> str:
    """`CTDIvol 8.2 mGy, DLP 310 mGy·cm`; nothing where the dose report contradicts itself."""
    if dose is None or dose.doubts:
        return ""
    parts = []
    if dose.ctdi_vol_mgy:
        least, most = (_rounded(v, say) for v in (min(dose.ctdi_vol_mgy), max(dose.ctdi_vol_mgy)))
        parts.append(say["dose_ctdi"].format(least if least == most else f"{least}–{most}"))
    values = ((dose.dlp_mgy_cm, "dose_dlp"), (dose.dap_gy_cm2, "dose_dap"), *((v, f"dose_{s}") for s, v in dose.glandular_mgy))
    parts += [say[key].format(_rounded(value, say)) for value, key in values if value is not None]
    if dose.reference_point_gy:
        parts.append(say["dose_point"].format(_rounded(dose.reference_point_gy * 1000.0, say)))
    if dose.fluoroscopy_s:
        parts.append(say["dose_time"].format(_rounded(dose.fluoroscopy_s / 60.0, say)))
    return ", ".join(parts)


def _rounded(value: float, say: Mapping[str, str]) -> str:
    """Three digits, none of them invented by the number's length."""
    digits = 0 if value >= 100.0 else 1 if value >= 10.0 else 2
    return _number(round(value, digits), say)


def _comparison(priors: tuple[tuple[str, date | None], ...]) -> str:
    named = [" ".join(p for p in (one_line(what), day.isoformat() if day else "") if p) for what, day in priors[:MOST_PRIORS]]
    return ", ".join(n for n in named if n)


def _number(value: float, say: Mapping[str, str]) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", say["decimal"])
