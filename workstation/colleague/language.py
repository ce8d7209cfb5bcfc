"""The words of one language, compiled.

`*` in a word stands for any ending, `#` for a number, `~` for up to three words, a space for any white space.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from workstation.colleague.facts import Side
from workstation.errors import Refused
from workstation.site_file import read_site_text

LISTS = (
    "negation_before", "negation_after", "negation_not", "clause_end", "uncertain", "past", "now", "compared",
    "no_prior", "change", "normal", "told", "contrast_given", "contrast_not_given", "enhancement", "unfilled",
    "bilateral", "abbreviations", "function", "doubled_allowed", "female", "male", "female_person", "male_person",
    "no_conclusion", "old_age", "child", "asks_for", "age_said", "impossible", "filling", "other", "between",
    "intact", "torn", "not_examined", "referring", "prior_size", "measures", "suspicious", "counted",
    "contrast_denied", "titles", "uncertain_after", "heads", "both_ways",
    "this", "prior_denied", "lesion", "harmless", "denies", "denies_again", "deep", "superficial",
    "not_change", "generic", "residual", "one",
)  # fmt: skip

# In the same folder, but no language.
NOT_WORDS = "policy.toml"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a report may say is there. `critical` must be told at once."""

    name: str
    words: re.Pattern[str]
    critical: bool
    abnormal: bool
    sided: bool
    kinds: bool


@dataclass(frozen=True, slots=True)
class OrganRange:
    """Sizes of an organ or structure that are possible at all, in mm."""

    name: str
    words: re.Pattern[str]
    least: float
    most: float
    is_organ: bool
    """Of an organ only its own size counts, of a lesion any size beside it."""


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    lists: Mapping[str, re.Pattern[str]]
    sides: Mapping[Side, re.Pattern[str]]
    findings: tuple[Finding, ...]
    regions: Mapping[str, re.Pattern[str]]
    modalities: Mapping[str, re.Pattern[str]]
    """What a modality is called."""
    signs: Mapping[str, re.Pattern[str]]
    """Words for what only that modality shows."""
    removed: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    """Words that say an organ is gone, and words of what it would then not show."""
    heads: re.Pattern[str]
    """Ends of compounds, anywhere in a word."""
    structures: tuple[re.Pattern[str], ...]
    """Structures that are torn or whole."""
    organ_ranges: tuple[OrganRange, ...]
    function_words: frozenset[str]
    doubled_allowed: frozenset[str]
    abbreviations: frozenset[str]

    def has(self, name: str, text: str) -> bool:
        return self.lists[name].search(text) is not None


def pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, whole, whatever their case. Raises ValueError for an empty list."""
    made = [_one(word) for word in words]
    if not made:
        raise ValueError("a list of words is empty")
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(made, key=len, reverse=True))})(?!\w)", re.IGNORECASE)


def _one(word: str) -> str:
    parts = (re.escape(part).replace(r"\*", r"\w*").replace(r"\#", r"\d{1,3}") for part in word.split())
    # A gap brings its own white space.
    return r"\s+".join(parts).replace(r"\~\s+", r"(?:[\w-]+\s+){0,3}")


def language_of(content: str, name: str) -> Language:
    """The language in a TOML text. Raises Refused, naming the key, for what is missing or of the wrong kind."""
    try:
        table = tomllib.loads(content)
        plain = {key: pattern(_strings(table, key)) for key in LISTS}
        return Language(
            str(table["language"]),
            plain,
            {side: pattern(_strings(table, side.value)) for side in Side},
            tuple(_finding(key, value) for key, value in table["finding"].items()),
            {key: pattern(value) for key, value in table["region"].items()},
            {key: pattern(value["names"]) for key, value in table["modality"].items()},
            {key: pattern(value["signs"]) for key, value in table["modality"].items() if value["signs"]},
            tuple((pattern(value["said"]), pattern(value["then"])) for value in table["removed"].values()),
            re.compile("|".join(word.rstrip("*") for word in _strings(table, "heads")), re.IGNORECASE),
            tuple(pattern(value) for value in table["structures"]),
            tuple(_range(key, value) for key, value in table["organ_range"].items()),
            frozenset(_strings(table, "function")),
            frozenset(_strings(table, "doubled_allowed")),
            frozenset(_strings(table, "abbreviations")),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refused("The words for checking reports are not usable", f"{name}: {error}", "Mend or remove that file") from None


def _strings(table: Mapping[str, Any], key: str) -> list[str]:
    value = table[key]
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise ValueError(f"{key} is not a list of words")
    return value


def _finding(name: str, value: Mapping[str, Any]) -> Finding:
    flags = {"critical": False, "abnormal": True, "sided": True, "kinds": False}
    return Finding(name, pattern(value["words"]), **{flag: bool(value.get(flag, usual)) for flag, usual in flags.items()})


def _range(name: str, value: Mapping[str, Any]) -> OrganRange:
    least, most = (float(part) for part in value["mm"])
    return OrganRange(name, pattern(value["words"]), least, most, bool(value.get("organ", False)))


def load_languages(site: Path | None = None) -> dict[str, Language]:
    """Built-in languages, each replaced by the site's file of the same name where there is one."""
    made = dict(_built_in())
    for path in sorted(site.glob("*.toml")) if site is not None and site.is_dir() else ():
        if path.name == NOT_WORDS:
            continue
        text = read_site_text(path, lambda name, why: Refused("The words for checking reports are not usable", f"{name}: {why}"))
        language = language_of(text, path.name)
        made[language.code] = language
    return made


@cache
def _built_in() -> Mapping[str, Language]:
    folder = resources.files("resources") / "colleague"
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".toml") and entry.name != NOT_WORDS]
    languages = [language_of(entry.read_text("utf-8"), entry.name) for entry in files]
    return {language.code: language for language in languages}


def spoken(text: str, languages: Mapping[str, Language], otherwise: str) -> Language | None:
    """The language whose function words stand most often in a text; `otherwise` where it is a draw or there is none."""
    words = re.findall(r"\w+", text.lower())
    counts = {code: sum(word in language.function_words for word in words) for code, language in languages.items()}
    best = max(counts.values(), default=0)
    leaders = [code for code, count in counts.items() if count == best]
    code = leaders[0] if best and len(leaders) == 1 else otherwise
    return languages.get(code)
