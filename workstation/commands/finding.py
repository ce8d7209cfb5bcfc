"""Finds a command by what somebody types: parts of its title, other words for it, first letters, a word with a slip.

Words other than the title: what can be said (the table's own and resources/vocabulary/commands), and what people type
(resources/command_words), both in the language of the interface and in English. Accents make no difference.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TypeVar

from workstation.commands import meaning
from workstation.commands.command import Command

ENGLISH = "en"
_OTHER_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "đ": "d", "ł": "l", "×": "x"})
# What another word for a thing counts less than its title; a menu's name, or words from several of its names, less again.
_OTHER_WORD, _SCATTERED = 15, 520
# A slip of the fingers is believed in words so long; two in words of this length.
_SLIP, _TWO_SLIPS = 4, 8


@dataclass(frozen=True)
class Findable:
    """Anything that can be found by words."""

    id: str
    title: str
    menu: str = ""
    words: tuple[str, ...] = ()


Found = TypeVar("Found", bound=Findable)


def find(typed: str, entries: Iterable[Found], recent: Sequence[str] = ()) -> list[Found]:
    """What fits, best first; equally good ones in the order of use, newest first, then as they came."""
    used = {name: place for place, name in enumerate(recent)}
    known = list(entries)
    scored = [(score(typed, entry), entry) for entry in known]
    parts = _folded(typed).split()
    if parts and (len(parts) > 1 or not any(points for points, _ in scored)):
        meant = meaning.ranked(parts, tuple(_phrases(entry) for entry in known), _is_slip)
        scored = [(max(points, other), entry) for (points, entry), other in zip(scored, meant, strict=True)]
    kept = [(points, place, entry) for place, (points, entry) in enumerate(scored) if points]
    kept.sort(key=lambda k: (-k[0], used.get(k[2].id, len(used)), k[1]))
    return [entry for _, _, entry in kept]


def _phrases(entry: Findable) -> meaning.Thing:
    return (_folded(entry.title), *map(_folded, entry.words)), _folded(entry.menu)


def _heap(entry: Findable) -> str:
    return " ".join([_folded(entry.title), _folded(entry.menu), *map(_folded, entry.words)])


def score(typed: str, entry: Findable) -> int:
    """How well an entry fits, 0 for not at all."""
    sought = _folded(typed)
    if not sought:
        return 1
    title = _folded(entry.title)
    best = max([fit(sought, title), *(fit(sought, _folded(words)) - _OTHER_WORD for words in entry.words)])
    if best > _SCATTERED:
        return best
    heap = _heap(entry).split()
    parts = meaning.content(sought.split())
    is_scattered = all(any(word.startswith(part) for word in heap) for part in parts)
    return max(best, _SCATTERED if is_scattered else 0, 0)


def fit(sought: str, phrase: str) -> int:
    """How well a folded phrase fits what was typed, 0 for not at all; nothing typed fits everything a little."""
    if not sought:
        return 1
    if sought == phrase:
        return 1000
    words, parts = phrase.split(), sought.split()
    spare = min(len(words) - 1, 20)
    if phrase.startswith(sought):
        ends_word = len(phrase) > len(sought) and phrase[len(sought)] == " "
        return (940 if ends_word else 900) - spare
    if sought in words:
        return 860 - spare
    in_order = _begin_words(parts, words)
    if in_order is not None:
        return 840 - spare - in_order
    if len(parts) == 1 and 2 <= len(sought) <= 5 and "".join(word[0] for word in words).startswith(sought):
        return 780 - spare
    if len(parts) > 1 and all(any(word.startswith(part) for word in words) for part in parts):
        return 760 - spare
    if len(sought) > 2 and sought in phrase:
        return 640 - spare
    slips = [next((i for i, word in enumerate(words) if _is_slip(part, word)), None) for part in parts]
    if None not in slips:
        return 600 - spare - 2 * min(i for i in slips if i is not None)
    return _in_order_points(sought, phrase) if len(parts) == 1 else 0


def fit_text(sought: str, text: str) -> int:
    """`fit` of what was typed to a text as it stands."""
    return fit(_folded(sought), _folded(text))


def words_of(commands: Iterable[Command], language: str) -> Mapping[str, tuple[str, ...]]:
    """Other words for each command, by its id: in English, and in the language of the interface."""
    found: dict[str, list[str]] = {}
    for command in commands:
        found[command.id] = [*command.say, *(_natural(phrase) for phrase in command.say)]
    for code in dict.fromkeys((ENGLISH, language)):
        for command_id, words in _file("command_words", code).items():
            found.setdefault(command_id, []).extend(words)
        for command_id, words in _file("vocabulary/commands", code).items():
            found.setdefault(command_id, []).extend(words)
    return {command_id: tuple(dict.fromkeys(words)) for command_id, words in found.items()}


@lru_cache(maxsize=16)
def _file(folder: str, code: str) -> Mapping[str, list[str]]:
    """Words by command; nothing for a language without them."""
    place = files("resources").joinpath(*folder.split("/"), f"{code}.toml")
    if not place.is_file():
        return {}
    table = tomllib.loads(place.read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {}
    for part in (table, table.get("say", {}), table.get("never", {})):
        for name, words in part.items():
            if isinstance(words, list):
                found.setdefault(name, []).extend(str(word) for word in words)
    return found


def _natural(phrase: str) -> str:
    """`image next` as people say it: `next image`."""
    first, _, rest = phrase.partition(" ")
    return f"{rest} {first}".strip()


@lru_cache(maxsize=8192)
def _folded(text: str) -> str:
    """Small letters without accents; whatever is neither letter nor digit parts words, but for the colon of 1:1."""
    plain = unicodedata.normalize("NFD", text.casefold().replace(" × ", "x")).translate(_OTHER_LETTERS)
    kept = (c if c.isalnum() or c == ":" else " " for c in plain if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def _begin_words(parts: list[str], words: list[str]) -> int | None:
    """Each part begins a word, in the same order: how many words lie between them. None where they do not."""
    place, skipped = 0, 0
    for part in parts:
        found = next((i for i in range(place, len(words)) if words[i].startswith(part)), None)
        if found is None:
            return None
        skipped += found - place
        place = found + 1
    return min(skipped, 20)


@lru_cache(maxsize=65536)
def _is_slip(part: str, word: str) -> bool:
    """Whether a word was meant that was typed with a letter too many, too few, another, or two changed over."""
    if word.startswith(part):
        return True
    allowed = 2 if len(part) >= _TWO_SLIPS else 1 if len(part) >= _SLIP else 0
    if not allowed or part[0] != word[0]:
        return False
    return any(_distance(part, word[:length]) <= allowed for length in range(len(part) - allowed, len(part) + allowed + 1))


def _distance(one: str, other: str) -> int:
    """Letters added, left out, replaced or changed over (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        oldest, before, row = before, row, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, oldest[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _in_order_points(letters: str, phrase: str) -> int:
    """All letters in order, the first of them beginning a word; more for those that follow each other or begin words."""
    starts = [i for i, c in enumerate(phrase) if c == letters[0] and (i == 0 or phrase[i - 1] == " ")]
    return max((_run(letters, phrase, start) for start in starts), default=0)


def _run(letters: str, phrase: str, start: int) -> int:
    points, place, last = 0, start, start - 1
    for letter in letters:
        found = phrase.find(letter, place)
        if found < 0:
            return 0
        begins = phrase.find(" " + letter, place) + 1
        if found != last + 1 and begins > 0:
            found = begins
        points += 12 if found == last + 1 else 8 if phrase[found - 1] == " " else 0
        last, place = found, found + 1
    return 100 + 100 * points // (12 * len(letters)) if points >= 6 * len(letters) else 0
