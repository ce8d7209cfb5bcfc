"""Lists of words as one pattern.

`*` in a word stands for any ending, `#` for a number, `~` for up to three words, a space for any white space. What words
begin with in common is compared once: a list of hundreds costs hardly more than one of ten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

_ANY = {"*": r"\w*", "#": r"\d{1,3}", " ": r"\s+"}
_WORD = re.compile(r"\w+")
_GAP = r"(?:[\w-]+\s+){0,3}"

Trie = dict[str, "Trie"]


class Text:
    """Letters of a text by which lists are told apart that cannot stand in it."""

    def __init__(self, text: str) -> None:
        self.text = text.lower()
        self.words = frozenset(_WORD.findall(self.text))
        self.beginnings = frozenset(word[:length] for word in self.words for length in range(1, len(word) + 1))


@dataclass(frozen=True, eq=False)
class Words:
    """A compiled list. `whole`, `begun` and `held` are first words, their beginnings, and letters, of which one at least stands
    in every text that the list stands in.
    """

    compiled: re.Pattern[str]
    whole: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()

    @cached_property
    def search(self) -> Callable[..., re.Match[str] | None]:
        return self.compiled.search

    @cached_property
    def match(self) -> Callable[..., re.Match[str] | None]:
        return self.compiled.match

    @cached_property
    def fullmatch(self) -> Callable[..., re.Match[str] | None]:
        return self.compiled.fullmatch

    @cached_property
    def finditer(self) -> Callable[..., Iterator[re.Match[str]]]:
        return self.compiled.finditer

    def sub(self, to: str | Callable[[re.Match[str]], str], text: str) -> str:
        return self.compiled.sub(to, text)

    def split(self, text: str) -> list[str]:
        return self.compiled.split(text)

    def among(self, text: Text) -> Words:
        """Itself where one of its words may stand in the text, else a list of none."""
        is_live = not self.whole.isdisjoint(text.words) or not self.begun.isdisjoint(text.beginnings)
        return self if is_live or any(part in text.text for part in self.held) else NONE


class _Nothing(Words):
    """No word at all: found nowhere, without looking."""

    def __init__(self) -> None:
        super().__init__(re.compile(r"(?!)"))
        nothing = self.__dict__
        nothing["search"] = nothing["match"] = nothing["fullmatch"] = lambda *_: None
        nothing["finditer"] = lambda *_: iter(())

    def sub(self, to: str | Callable[[re.Match[str]], str], text: str) -> str:
        return text

    def split(self, text: str) -> list[str]:
        return [text]


NONE = _Nothing()


def pattern(words: Iterable[str]) -> Words:
    """Any of the words, whole, whatever their case. Raises ValueError for an empty list."""
    listed = list(words)
    if not listed:
        raise ValueError("a list of words is empty")
    groups: dict[tuple[bool, bool], list[str]] = {}
    for word in listed:
        # `;` ends where it stands, `no` only where the word does.
        groups.setdefault((_is_word(word[0]), _is_word(word[-1])), []).append(word)
    compiled = re.compile("|".join(_bounded(*key, group) for key, group in sorted(groups.items(), reverse=True)), re.IGNORECASE)
    whole, begun, held = set[str](), set[str](), set[str]()
    for word in (entry.lower() for entry in listed):
        first = _WORD.match(word)
        if first is None or word.startswith("#"):
            held.add(max(re.split(r"[\s*#~]+", word), key=len))
        else:
            (begun if word[first.end() :].startswith(("*", "#")) else whole).add(first.group(0))
    return Words(compiled, frozenset(whole), frozenset(begun), frozenset(held))


def starts(words: Iterable[str]) -> Words:
    """Any of the words wherever they begin, also within a word."""
    listed = list(words)
    return Words(re.compile(_joined(listed), re.IGNORECASE), held=frozenset(word.lower() for word in listed))


def _bounded(opens: bool, closes: bool, words: list[str]) -> str:
    return (r"(?<!\w)" if opens else "") + _joined(words) + (r"(?!\w)" if closes else "")


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter in "*#"


def _joined(words: Iterable[str]) -> str:
    trie: Trie = {}
    for word in words:
        node = trie
        for atom in _atoms(word):
            node = node.setdefault(atom, {})
        node[""] = {}
    return _written(trie)


def _atoms(word: str) -> Iterator[str]:
    text = " ".join(word.lower().split())
    # A gap brings its own white space.
    for part in re.split(r"(~ ?|[*# ])", text):
        if part.startswith("~"):
            yield _GAP
        elif part in _ANY:
            yield _ANY[part]
        else:
            yield from (re.escape(letter) for letter in part)


def _written(node: Trie) -> str:
    """The longest is tried first, as far as letters tell: an ending of any kind after those that are named."""
    literal = sorted(atom for atom in node if atom and len(atom) <= 2)
    loose = sorted(atom for atom in node if len(atom) > 2)
    branches = [atom + _written(node[atom]) for atom in (*literal, *loose)]
    if not branches:
        return ""
    joined = branches[0] if len(branches) == 1 and "" not in node else f"(?:{'|'.join(branches)})"
    return f"{joined}?" if "" in node else joined
