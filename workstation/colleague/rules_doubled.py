"""What stands twice: words, sentences, denials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from workstation.colleague.facts import Remark
from workstation.colleague.seen import Seen
from workstation.domain.report import SectionCode

_DOUBLED = re.compile(r"\b(\w+)(\s+)(\1)\b", re.IGNORECASE)
_PHRASE = re.compile(r"\b([^\W\d]+(?:\s+[^\W\d]+){1,5})\s+\1\b", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d]+")
_SIGNS = re.compile(r"[,:]")
SEES_REACH = 4
"""Words behind `not` within which what is not seen stands."""
LONG_SENTENCE = 25
"""Letters from which on a sentence that stands twice is no accident of wording."""


def doubled(seen: Seen) -> Iterator[Remark]:
    """A word or a sentence twice, as dictation and pasting leave it."""
    said: dict[str, SectionCode] = {}
    last = ""
    for sentence in seen.all:
        for match in _DOUBLED.finditer(sentence.text):
            word = match.group(1).lower()
            is_number = word.isdigit()
            if not is_number and word not in seen.language.doubled_allowed and "\n" not in match.group(2):
                yield seen.remark("doubled", sentence, match.group(0), f'"{match.group(0)}" stands twice')
        twice = _PHRASE.search(sentence.text)
        if twice and not seen.language.has("counted", twice.group(0)):
            yield seen.remark("doubled", sentence, twice.group(0), f'"{twice.group(0)}" stands twice')
        key = " ".join(re.findall(r"\w+", sentence.text.lower()))
        is_same_section = said.get(key) is sentence.section
        is_next = key == last and " " in key
        if is_same_section and (is_next or len(key) >= LONG_SENTENCE):
            yield seen.remark("doubled", sentence, sentence.text, "This sentence stands twice")
        said[key], last = sentence.section, key


def doubled_negation(seen: Seen) -> Iterator[Remark]:
    """`No evidence of no fracture`: two denials before one finding."""
    for sentence in seen.read:
        blanked = seen.language.lists["negation_not"].sub(lambda m: " " * len(m.group(0)), sentence.text)
        places = list(seen.language.lists["negation_before"].finditer(blanked))
        for one, two in pairwise(places):
            between = re.findall(r"\w+", blanked[one.end() : two.start()])
            if (
                len(between) <= 3
                and all(seen.language.lists["between"].fullmatch(word) for word in between)
                and not re.search(r"[^\w\s]", blanked[one.end() : two.start()])
            ):
                found = sentence.text[one.start() : two.end()]
                yield seen.remark("negation", sentence, found, f'"{found}" denies twice')
                break
        adjacent = _adjacent(seen, sentence.text)
        if adjacent:
            yield seen.remark("negation", sentence, adjacent, f'"{adjacent}" denies twice')
            continue
        unseen = next((found for _, clause in sentence.clauses if (found := _unseen_again(seen, clause))), "")
        if unseen:
            yield seen.remark("negation", sentence, unseen, f'"{unseen}" denies twice')
            continue
        for _, clause in sentence.clauses:
            first = seen.language.lists["denies"].search(clause)
            again = seen.language.lists["denies_again"].search(clause, first.end()) if first else None
            if first and again and not re.search(r"[,:]", clause[first.end() : again.start()]):
                found = clause[first.start() : again.end()]
                yield seen.remark("negation", sentence, found, f'"{found}" denies twice')
                break


def _unseen_again(seen: Seen, clause: str) -> str:
    """`No fracture ... cannot be seen`: a sentence that begins with a denial, and ends in another."""
    first = seen.language.lists["denies"].match(clause.lstrip(" -,"))
    if first is None or not seen.language.has("not_seen", clause):
        return ""
    words = list(_LETTERS.finditer(clause))[1:]
    for i, word in enumerate(words):
        if seen.language.lists["apart_by"].fullmatch(word.group(0)) or _SIGNS.search(clause[words[0].start() : word.start()]):
            return ""
        near = [w for w in words[max(0, i - 1) : i + SEES_REACH] if w is not word]
        if seen.language.lists["not_seen"].fullmatch(word.group(0)) and any(
            seen.language.lists["sees"].fullmatch(w.group(0)) for w in near
        ):
            return clause[: max(word.end(), near[-1].end())].strip()
    return ""


def _adjacent(seen: Seen, text: str) -> str:
    """Two denials side by side: `inga inte`."""
    for one, two in pairwise(seen.language.lists["denying"].finditer(text)):
        if text[one.end() : two.start()].isspace():
            return text[one.start() : two.end()]
    return ""
