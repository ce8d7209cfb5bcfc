"""Report text as it may be stored and sent: plain Unicode lines."""

from __future__ import annotations

import re
import unicodedata

# FHIR R4 string: no control characters but tab, CR and LF; XML 1.0 (the narrative) forbids the
# same, lone surrogates and the two non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """The text in normal form C, with `\\n` line ends and without characters that FHIR forbids.

    Done once, when text is accepted, so that what is journalled, shown, signed and read back
    is the same string.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u0085", "\n")
    return unicodedata.normalize("NFC", _FORBIDDEN.sub("", lines))


def clean_line(text: str) -> str:
    """Cleaned text on one line, for a value after a label."""
    return " ".join(clean(text).split())
