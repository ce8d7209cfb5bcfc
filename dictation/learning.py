"""What the user's own corrections teach: after two equal ones a rule is offered, never taken by itself.

Never learnt: numbers, units, scores, sides, negations and opposites, in any place of a correction.
A rule is whole words for whole words, is shown, and can be forgotten again. Of a correction that
is no rule yet only a fingerprint and a count are kept: its words may be a patient's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dictation.formatter.language import Language, language
from workstation.durable import sync_folder
from workstation.errors import Refused, Unavailable

OFFERED_AFTER = 2
MOST_WORDS = 6
FEWEST_LETTERS = 4
"""A shorter heard phrase ("is", "the") is right in most places."""

MOST_RULES = 2_000
MOST_NOTED = 5_000
MOST_WORDS_OF_OWN = 2_000
LONGEST_WORD = 60
MOST_BYTES = 1024 * 1024
VERSION = 1
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Rule:
    """`heard` in small letters, as the recogniser writes it; `written` as the user does."""

    heard: str
    written: str


@dataclass(frozen=True, slots=True)
class Applied:
    """`text[start:end]` of the result stands for `replaced`, so that it can be shown and undone."""

    start: int
    end: int
    replaced: str


class Corrections:
    """One user's corrections in one language, in `path` (the user's own folder). Raises Refused when the file is damaged."""

    def __init__(self, path: Path, code: str = "en") -> None:
        self._path = path
        try:
            self._tables: Language | None = language(code)
        except Unavailable:
            self._tables = None
        self._salt = secrets.token_hex(16)
        self._noted: dict[str, int] = {}
        self._rules: dict[str, Rule] = {}
        self._declined: set[str] = set()
        self._words: tuple[str, ...] = ()
        self._load()

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(self._rules.values())

    @property
    def words(self) -> tuple[str, ...]:
        """The user's own, in the order in which they were added."""
        return self._words

    @property
    def terms(self) -> tuple[str, ...]:
        """What the recogniser should expect from now on."""
        return tuple(dict.fromkeys((*self._words, *(rule.written for rule in self._rules.values()))))

    def add_words(self, words: Iterable[str]) -> None:
        """Raises Refused for what is no word or term, and when there are too many."""
        added = tuple(dict.fromkeys((*self._words, *(checked_word(word) for word in words))))
        if len(added) > MOST_WORDS_OF_OWN:
            raise Refused("There are too many words of your own", f"{len(added)}", "Remove some that are no longer needed")
        self._words = added
        self._save()

    def remove_word(self, word: str) -> None:
        self._words = tuple(known for known in self._words if known != word)
        self._save()

    def note(self, dictated: str, corrected: str) -> Rule | None:
        """A dictated passage was corrected; the rule to offer, if this is the second time and it may be learnt."""
        rule = learnable(dictated, corrected, self._tables)
        if rule is None or self._rules.get(rule.heard) == rule:
            return None
        mark = self._fingerprint(rule)
        if mark in self._declined:
            return None
        count = self._noted.pop(mark, 0) + 1
        self._noted[mark] = count
        while len(self._noted) > MOST_NOTED:
            del self._noted[next(iter(self._noted))]
        self._save()
        return rule if count >= OFFERED_AFTER else None

    def accept(self, rule: Rule) -> None:
        """Raises Refused for what is never learnt, and when there are too many rules."""
        if not may_be_rule(rule, self._tables):
            raise Refused(
                "This is never corrected by itself", f"{rule.heard} -> {rule.written}", "Numbers, sides and negations are typed"
            )
        if len(self._rules) >= MOST_RULES:
            raise Refused("There are too many corrections", f"{len(self._rules)}", "Forget some that are no longer needed")
        self._noted.pop(self._fingerprint(rule), None)
        self._rules = {**self._rules, rule.heard: rule}  # anew: another thread may be reading it
        self._save()

    def decline(self, rule: Rule) -> None:
        """It is not offered again."""
        mark = self._fingerprint(rule)
        self._noted.pop(mark, None)
        self._declined.add(mark)
        self._save()

    def forget(self, rule: Rule) -> None:
        if self._rules.get(rule.heard) == rule:
            self._rules = {heard: kept for heard, kept in self._rules.items() if heard != rule.heard}
            self._save()

    def applied(self, text: str) -> tuple[str, tuple[Applied, ...]]:
        """The text with the rules' phrases written, longest first, and where."""
        rules = self._rules
        if not rules:
            return text, ()
        phrases = sorted(rules, key=len, reverse=True)
        pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, phrases))})(?![\w-])", re.IGNORECASE)
        done, written, last = [], "", 0
        for found in pattern.finditer(text):
            new = _cased_as(found[0], rules[found[0].lower()].written)
            written += text[last : found.start()]
            done.append(Applied(len(written), len(written) + len(new), found[0]))
            written, last = written + new, found.end()
        return written + text[last:], tuple(done)

    def _fingerprint(self, rule: Rule) -> str:
        return hashlib.sha256(f"{self._salt}\0{rule.heard}\0{rule.written}".encode()).hexdigest()

    def _load(self) -> None:
        try:
            with self._path.open("rb") as source:
                content = source.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return
        try:
            if len(content) > MOST_BYTES:
                raise ValueError("too large")
            self._take(json.loads(content))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refused(
                "The file of learnt corrections is damaged", self._path.name, "Restore it, or delete it to begin anew"
            ) from error

    def _take(self, data: dict[str, Any]) -> None:
        if data["version"] != VERSION:
            raise ValueError("another version")
        rules = [Rule(str(heard), str(written)) for heard, written in data["rules"]]
        self._salt = str(data["salt"])
        self._noted = {str(mark): int(count) for mark, count in data["noted"].items()}
        self._declined = {str(mark) for mark in data["declined"]}
        self._words = tuple(dict.fromkeys(checked_word(str(word)) for word in data.get("words", ())))
        # A file from elsewhere may hold what is never learnt.
        self._rules = {rule.heard: rule for rule in rules if may_be_rule(rule, self._tables)}

    def _save(self) -> None:
        data = {
            "version": VERSION,
            "salt": self._salt,
            "rules": [[rule.heard, rule.written] for rule in self._rules.values()],
            "noted": self._noted,
            "declined": sorted(self._declined),
            "words": self._words,
        }
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(data, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise Unavailable(
                "The correction was not kept", error.strerror or "", "Free some room; the report is not affected"
            ) from error


def checked_word(word: str) -> str:
    """The word or term of a few words, spaces made one. Raises Refused."""
    term = " ".join(word.split())
    if not 2 <= len(term) <= LONGEST_WORD or not term.isprintable() or not WORD.search(term):
        raise Refused(
            "This is no word that can be expected", repr(term[:LONGEST_WORD]), "Two letters or more, a few words at most"
        )
    return term


def learnable(dictated: str, corrected: str, tables: Language | None) -> Rule | None:
    """The rule in a correction: the words that differ. None where a rule could harm, or for a language without tables."""
    heard, written = WORD.findall(dictated), WORD.findall(corrected)
    heard, written = _differing(heard, written)
    if tables is None or not heard or not written or max(len(heard), len(written)) > MOST_WORDS:
        return None
    rule = Rule(" ".join(heard).lower(), " ".join(written))
    if sum(map(len, heard)) < FEWEST_LETTERS or rule.heard == rule.written:
        return None
    if any(_is_never_learnt(word, tables) for word in _bare(dictated, corrected, heard, written)):
        return None
    return rule


def may_be_rule(rule: Rule, tables: Language | None) -> bool:
    """Whole words, and no word that may never be learnt in what differs. Words around that make a rule narrower, and harmless."""
    plain = rule.heard == " ".join(WORD.findall(rule.heard)).lower() and rule.written == " ".join(rule.written.split())
    return plain and learnable(rule.heard, rule.written, tables) is not None


def _differing(ours: list[str], theirs: list[str]) -> tuple[list[str], list[str]]:
    """Without the words that both begin and end with."""
    while ours and theirs and ours[0] == theirs[0]:
        ours, theirs = ours[1:], theirs[1:]
    while ours and theirs and ours[-1] == theirs[-1]:
        ours, theirs = ours[:-1], theirs[:-1]
    return ours, theirs


def _bare(dictated: str, corrected: str, heard: Iterable[str], written: Iterable[str]) -> Iterator[str]:
    """The differing words in small letters, hyphens taken apart too; and signs that are no words, wherever they stand."""
    for word in (*heard, *written):
        yield word.lower()
        yield from word.lower().split("-")
    yield from (sign for sign in "%<>±=" if (sign in dictated) != (sign in corrected))


def _is_never_learnt(word: str, tables: Language) -> bool:
    if any(map(str.isdigit, word)) or word in "%<>±=":
        return True
    counted = (
        word in tables.values
        or word in tables.ordinals
        or word in tables.genitives
        or word in tables.point | tables.by | tables.hundred
    )
    named = any(word in said for table in (tables.units, tables.scores) for said in table) or word in tables.levels
    return counted or named or word in tables.critical_words or word.startswith(tables.critical_prefixes)


def _cased_as(found: str, written: str) -> str:
    """A capital at a sentence's start stays."""
    return written[0].upper() + written[1:] if found[0].isupper() else written
