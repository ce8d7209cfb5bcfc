"""File names from outside, made fit to be shown, printed and kept."""

from __future__ import annotations

import unicodedata
from pathlib import Path

# Control, format (right-to-left override ...), surrogate and line separator characters.
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def shown(name: str | Path) -> str:
    """`name` with each character that could act on a terminal or hide text replaced."""
    text = str(name)
    if text.isascii() and text.isprintable():
        return text
    return "".join(REPLACEMENT if unicodedata.category(c) in HIDDEN_CATEGORIES else c for c in text)
