"""A user's words and rules as a CSV file (UTF-8): kind, heard, written. "word" rows have nothing heard.

A cell that a spreadsheet would run as a formula is written with an apostrophe in front, and read
back without it. A file is taken as a whole or not at all; rows that may never be learnt are named.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from dictation.learning import Corrections, Rule, checked_word
from workstation.errors import Refused, WorkstationError

HEADER = ("kind", "heard", "written")
WORD, RULE = "word", "rule"
MOST_LETTERS = 1024 * 1024
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How much a file added; `left_out` are its rows that were not taken, with the reason."""

    words: int
    rules: int
    left_out: tuple[str, ...]


def exported(own: Corrections) -> str:
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(HEADER)
    table.writerows((WORD, "", _safe(word)) for word in own.words)
    table.writerows((RULE, _safe(rule.heard), _safe(rule.written)) for rule in own.rules)
    return out.getvalue()


def take_in(own: Corrections, text: str) -> TakenIn:
    """Add what the file holds. Raises Refused where it is no such file."""
    if len(text) > MOST_LETTERS:
        raise Refused("The file is too large", f"{len(text)} letters", "Import a list of words")
    try:
        rows = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True) if any(row)]
    except csv.Error as error:
        raise Refused("The file cannot be read", str(error), "Import a CSV file that was exported here") from error
    if not rows or tuple(cell.strip().lower() for cell in rows[0]) != HEADER:
        raise Refused(
            "The file is no list of words", "The first line is not kind,heard,written", "Export a list to see how it looks"
        )
    words, rules, left_out = [], [], []
    for number, row in enumerate(rows[1:], start=2):
        try:
            kind, heard, written = (_plain(cell) for cell in (*row, "", "", "")[:3])
            if kind == WORD:
                words.append(checked_word(written))
            elif kind == RULE:
                rules.append(Rule(heard.lower(), written))
            else:
                raise Refused("Neither a word nor a rule", kind[:20])
        except WorkstationError as error:
            left_out.append(f"{number}: {error.title}")
    own.add_words(words)
    taken = 0
    for rule in rules:
        try:
            own.accept(rule)
            taken += 1
        except Refused as error:
            left_out.append(f"{rule.heard} → {rule.written}: {error.title}")
    return TakenIn(len(words), taken, tuple(left_out))


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell


def _plain(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in (*_FORMULA, "'") else cell
