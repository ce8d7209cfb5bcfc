"""What somebody typed into the search, as FTS5's MATCH wants it: words, "phrases" and begin* of words, all of which must occur.

Whatever else stands in it is text (F86): it is quoted, so that AND, NEAR, a column's name, a quote or SQL says nothing to
SQLite. Letters are compared without their marks and case, those of the Nordic and Sámi languages too.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from workstation.errors import Refused

MOST_TERMS = 20
MOST_LETTERS = 200
# Letters that Unicode does not take apart into a letter and its mark.
_STROKED = str.maketrans("øØđĐłŁŧŦħĦŋŊı", "oOdDlLtThHnNi")
_TERM = re.compile(r'"([^"]*)(?:"|$)|([^\s"]+)')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand beside each other; of a prefix only the last one's beginning."""

    words: tuple[str, ...]
    is_prefix: bool = False


def folded(text: str) -> str:
    """Each letter without its mark. As long as `text`, so that a place in one is that place in the other."""
    return "".join(_folded(letter) for letter in text)


def _folded(letter: str) -> str:
    if letter < "\x80":
        return letter
    base = unicodedata.normalize("NFD", letter.translate(_STROKED))
    return base[0] if all(unicodedata.combining(mark) for mark in base[1:]) else letter


def terms_of(query: str) -> tuple[Term, ...]:
    """Raises Refused, in words, for a query without a letter or digit and for one that is too long."""
    if len(query) > MOST_LETTERS:
        raise Refused("The search is too long", f"At most {MOST_LETTERS} letters can be looked for", "Look for fewer words")
    found = []
    for match in _TERM.finditer(unicodedata.normalize("NFC", query)):
        phrase, word = match.group(1), match.group(2)
        words = tuple(_WORD.findall(folded(phrase if phrase is not None else word)))
        if words:
            found.append(Term(words, is_prefix=word is not None and word.endswith("*")))
    if not found:
        raise Refused("Nothing to look for", "There is no letter or digit in the search", "Write a word, such as nodule")
    if len(found) > MOST_TERMS:
        raise Refused("The search is too long", f"At most {MOST_TERMS} words can be looked for", "Look for fewer words")
    return tuple(dict.fromkeys(found))


def match_expression(query: str) -> str:
    """FTS5's (sqlite.org/fts5, section 3): strings in quotes, a star behind one for a prefix. Raises Refused."""
    return " AND ".join(f'"{" ".join(term.words)}"' + ("*" if term.is_prefix else "") for term in terms_of(query))
