"""The radiology lexicon: terms with how they are misheard, and the exams they belong to.

Data: resources/vocabulary/lexicon/<language>/*.toml, one file a region or so. It is read when it
is first asked for. An entry is "term | heard | heard": what a recogniser makes of the spoken term.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from workstation.errors import Refused

MOST_BYTES = 256 * 1024
MOST_TERMS = 20_000
MOST_LETTERS = 60
MOST_HEARD = 8
REGIONS_FILE = "regions.toml"
MODALITIES = frozenset({"CR", "CT", "DX", "MG", "MR", "NM", "PT", "RF", "ST", "US", "XA"})
"""DICOM Modality (0008,0060) that a group may name."""


@dataclass(frozen=True, slots=True)
class Group:
    """Terms that are said together. `regions` empty: of every region; `modalities` empty: in all.

    `tags` are words of a body part, procedure or template that ask for this group. `general`: said
    of any exam. `plain`: ordinary words, which no recogniser needs to be told twice.
    """

    regions: frozenset[str]
    modalities: frozenset[str]
    tags: tuple[str, ...]
    general: bool
    plain: bool


@dataclass(frozen=True, slots=True)
class Term:
    """`rank`: its place in the group, the most useful first."""

    text: str
    heard: tuple[str, ...]
    group: Group
    rank: int


@dataclass(frozen=True, slots=True)
class RadiologyLexicon:
    """`names`: the words by which exams name a region, "thorax" -> "chest"."""

    terms: tuple[Term, ...]
    names: Mapping[str, str]


EMPTY = RadiologyLexicon((), {})


@lru_cache
def radiology_lexicon(language: str) -> RadiologyLexicon:
    """Empty for a language without one. Raises Refused when its files are broken or too large."""
    folder = files("resources") / "vocabulary" / "lexicon" / language
    if not language.isalpha() or not folder.is_dir():
        return EMPTY
    return read_lexicon(folder)


def read_lexicon(folder: Traversable) -> RadiologyLexicon:
    regions = _table(folder / REGIONS_FILE)["regions"]
    names = {name: region for region, also in regions.items() for name in also if name not in regions}
    names |= {region: region for region in regions}
    sources = sorted((source for source in folder.iterdir() if source.name.endswith(".toml")), key=lambda source: source.name)
    terms = tuple(term for source in sources if source.name != REGIONS_FILE for term in _terms(source, frozenset(regions)))
    if len(terms) > MOST_TERMS:
        raise Refused("The lexicon has too many terms", f"{len(terms)}", f"Keep at most {MOST_TERMS}")
    return RadiologyLexicon(terms, names)


def _table(source: Traversable) -> dict[str, Any]:
    data = source.read_bytes()
    if len(data) > MOST_BYTES:
        raise Refused("A file of the lexicon is too large", source.name, f"Keep each below {MOST_BYTES // 1024} KiB")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused("A file of the lexicon cannot be read", f"{source.name}: {error}", "Correct the file") from error


def _terms(source: Traversable, regions: frozenset[str]) -> Iterator[Term]:
    for table in _table(source).get("groups", ()):
        group = _group(table, source.name, regions)
        entries = [entry.strip() for entry in re.split(r"[\n;]", table["terms"])]
        for rank, entry in enumerate(entry for entry in entries if entry):
            text, *heard = (part.strip() for part in entry.split("|"))
            if not text or len(text) > MOST_LETTERS or len(heard) > MOST_HEARD:
                raise Refused("An entry of the lexicon cannot be used", f"{source.name}: {entry[:MOST_LETTERS]}", "Shorten it")
            yield Term(text, tuple(heard), group, rank)


def _group(table: Mapping[str, Any], name: str, regions: frozenset[str]) -> Group:
    group = Group(
        frozenset(table["regions"]),
        frozenset(table.get("modalities", ())),
        tuple(table.get("tags", ())),
        table.get("general", False),
        table.get("plain", False),
    )
    unknown = sorted((group.regions - regions) | (group.modalities - MODALITIES))
    if unknown:
        raise Refused("A group of the lexicon names what there is not", f"{name}: {', '.join(unknown)}", "Correct the file")
    return group
