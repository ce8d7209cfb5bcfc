"""The words of one language, compiled."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from workstation.colleague.facts import Side
from workstation.colleague.words import NONE, Text, Words, pattern, starts
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
    "not_change", "generic", "residual", "one", "relatives", "aged_things", "apart", "contrast_withheld", "other_contrast",
    "order_left", "order_right", "months", "weeks", "days", "total", "not_removed", "remains_of", "numbered", "elsewhere", "or",
    "affirms", "long_things", "beside", "denying", "starts", "holds", "joins", "calm", "suspect", "at_large", "not_seen", "sees",
    "apart_by",
    "prefix_not", "suffix_not", "gone", "part_of", "shows", "conditional", "differs", "held_ml", "taken_out",
    "only_denied", "carries", "distance", "clinicians",
    "contacts", "firmly", "newly", "evidence", "perceived",
)  # fmt: skip

# In the same folder, but no language.
NOT_WORDS = "policy.toml"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a report may say is there. `critical` must be told at once, `serious` be concluded."""

    name: str
    words: Words
    critical: bool
    abnormal: bool
    sided: bool
    kinds: bool
    serious: bool
    only: frozenset[str]
    """Regions of the order in which the word means this; empty: in all."""


@dataclass(frozen=True, slots=True)
class OrganRange:
    """Sizes of an organ or structure that are possible at all, in mm."""

    name: str
    words: Words
    least: float
    most: float
    is_organ: bool
    """Of an organ only its own size counts, of a lesion any size beside it."""
    is_tube: bool
    within: bool
    """`within` fills a tube, and is then no larger than that."""


@dataclass(frozen=True, slots=True)
class Removed:
    """Words that say an organ is gone, words of what it would then not show, and its own name. `sided`: one of two."""

    said: Words
    then: Words
    organ: Words
    sided: bool


@dataclass(frozen=True, slots=True)
class Clear:
    """Words that say something is as it should be, and the names of findings that it would then not show."""

    words: Words
    against: frozenset[str]


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    lists: Mapping[str, Words]
    sides: Mapping[Side, Words]
    findings: tuple[Finding, ...]
    regions: Mapping[str, Words]
    modalities: Mapping[str, Words]
    """What a modality is called."""
    signs: Mapping[str, Words]
    """Words for what only that modality shows."""
    removed: tuple[Removed, ...]
    heads: Words
    """Ends of compounds, anywhere in a word."""
    structures: tuple[Words, ...]
    """Structures that are torn or whole."""
    organ_ranges: tuple[OrganRange, ...]
    whole: Mapping[str, frozenset[str]]
    """What the whole of a region is called."""
    clear: tuple[Clear, ...]
    organs: Mapping[str, Words]
    """What an organ is called, and what is named after it."""
    shown: Mapping[str, Words]
    """By a finding's name, words by which it is described without being named."""
    must: Mapping[str, Words]
    """By a finding's name, what it is not there without."""
    spine_parts: Mapping[str, Words]
    function_words: frozenset[str]
    doubled_allowed: frozenset[str]
    abbreviations: frozenset[str]

    def among(self, text: Text) -> Language:
        """The same without what cannot stand in a text."""
        alive = {key: words.among(text) for key, words in self.lists.items()}
        findings = tuple(finding for finding in self.findings if finding.words.among(text) is not NONE)
        clear = tuple(normal for normal in self.clear if normal.words.among(text) is not NONE)
        removed = tuple(o for o in self.removed if any(words.among(text) is not NONE for words in (o.said, o.organ)))
        structures = tuple(words for words in self.structures if words.among(text) is not NONE)
        ranges = tuple(organ for organ in self.organ_ranges if organ.words.among(text) is not NONE)
        tables = self.regions, self.modalities, self.signs, self.organs, self.shown, self.must, self.spine_parts
        regions, modalities, signs, organs, shown, must, spine_parts = (
            {key: words.among(text) for key, words in table.items()} for table in tables
        )
        return replace(
            self, lists=alive, findings=findings, clear=clear, removed=removed, structures=structures, organ_ranges=ranges,
            regions=regions, modalities=modalities, signs=signs, heads=self.heads.among(text),
            organs=organs, shown=shown, must=must, spine_parts=spine_parts,
        )  # fmt: skip

    def has(self, name: str, text: str) -> bool:
        return self.lists[name].search(text) is not None

    def organs_in(self, text: str) -> frozenset[str]:
        return frozenset(name for name, words in self.organs.items() if words.search(text))

    def regions_in(self, text: str) -> frozenset[str]:
        """The regions of the body that a text names."""
        return frozenset(name for name, words in self.regions.items() if words.search(text))


def language_of(content: str, name: str, lent: Mapping[str, Mapping[str, Any]] | None = None) -> Language:
    """The language in a TOML text. Raises Refused, naming the key, for what is missing or of the wrong kind.

    `lent`: by language, what stands for a key that the text has not.
    """
    try:
        table = tomllib.loads(content)
        return _language({**(lent or {}).get(table["language"], {}), **table})
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refused("The words for checking reports are not usable", f"{name}: {error}", "Mend or remove that file") from None


def _language(table: Mapping[str, Any]) -> Language:
    return Language(
        str(table["language"]),
        {key: pattern(_strings(table, key)) for key in LISTS},
        {side: pattern(_strings(table, side.value)) for side in Side},
        tuple(_finding(key, value) for key, value in table["finding"].items()),
        {key: pattern(value) for key, value in table["region"].items()},
        {key: pattern(value["names"]) for key, value in table["modality"].items()},
        {key: pattern(value["signs"]) for key, value in table["modality"].items() if value["signs"]},
        tuple(_removed(value) for value in table["removed"].values()),
        starts(word.rstrip("*") for word in _strings(table, "heads")),
        tuple(pattern(value) for value in table["structures"]),
        tuple(_range(key, value) for key, value in table["organ_range"].items()),
        {key: frozenset(value) for key, value in table["whole"].items()},
        tuple(Clear(pattern(value["said"]), frozenset(value["against"])) for value in table["clear"].values()),
        {key: pattern(value) for key, value in table["organ"].items()},
        {key: pattern(value) for key, value in table["shown"].items()},
        {key: pattern(value) for key, value in table["must"].items()},
        {key: pattern(value) for key, value in table["spine_part"].items()},
        frozenset(_strings(table, "function")),
        frozenset(_strings(table, "doubled_allowed")),
        frozenset(_strings(table, "abbreviations")),
    )


def _strings(table: Mapping[str, Any], key: str) -> list[str]:
    value = table[key]
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise ValueError(f"{key} is not a list of words")
    return value


def _finding(name: str, value: Mapping[str, Any]) -> Finding:
    flags = {"critical": False, "abnormal": True, "sided": True, "kinds": False, "serious": False}
    told = {flag: bool(value.get(flag, usual)) for flag, usual in flags.items()}
    # `pulmonary embolism|embolus`: other words of the same, with regions of their own.
    return Finding(name.split("|", maxsplit=1)[0], pattern(value["words"]), **told, only=frozenset(value.get("only", ())))


def _removed(value: Mapping[str, Any]) -> Removed:
    said, then = (pattern(value[key]) for key in ("said", "then"))
    # Files of sites that are older than `organ` have it not.
    organ = pattern(value["organ"]) if "organ" in value else then
    return Removed(said, then, organ, bool(value.get("sided", False)))


def _range(name: str, value: Mapping[str, Any]) -> OrganRange:
    least, most = (float(part) for part in value["mm"])
    return OrganRange(
        name,
        pattern(value["words"]),
        least,
        most,
        bool(value.get("organ", False)),
        *(bool(value.get(k)) for k in ("tube", "within")),
    )


def load_languages(site: Path | None = None) -> dict[str, Language]:
    """Built-in languages; where the site has a file of one, each list in it takes the place of the built-in one."""
    made = dict(_built_in())
    for path in sorted(site.glob("*.toml")) if site is not None and site.is_dir() else ():
        if path.name == NOT_WORDS:
            continue
        text = read_site_text(path, lambda name, why: Refused("The words for checking reports are not usable", f"{name}: {why}"))
        language = language_of(text, path.name, _tables())
        made[language.code] = language
    return made


@cache
def _built_in() -> Mapping[str, Language]:
    return {code: _language(table) for code, table in _tables().items()}


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    """What the built-in files hold, by language."""
    folder = resources.files("resources") / "colleague"
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".toml") and entry.name != NOT_WORDS]
    return {table["language"]: table for table in (tomllib.loads(entry.read_text("utf-8")) for entry in files)}


def spoken(text: str, languages: Mapping[str, Language], otherwise: str) -> Language | None:
    """The language whose function words stand most often in a text; `otherwise` where it is a draw or there is none."""
    words = re.findall(r"\w+", text.lower())
    counts = {code: sum(word in language.function_words for word in words) for code, language in languages.items()}
    best = max(counts.values(), default=0)
    leaders = [code for code, count in counts.items() if count == best]
    code = leaders[0] if best and len(leaders) == 1 else otherwise
    return languages.get(code)
