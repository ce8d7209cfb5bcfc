"""Text made fit for a value of a dataset."""

from __future__ import annotations

import unicodedata


def one_line(text: str, most: int) -> str:
    """Text for a value that may hold no line ends, controls or backslashes (LO, SH, PN ...)."""
    plain = "".join(" " if unicodedata.category(c) == "Cc" or c == "\\" else c for c in unicodedata.normalize("NFC", text))
    return " ".join(plain.split())[:most].strip()


def many_lines(text: str, most: int) -> str:
    """Text for ST, LT and UT: line ends stay."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").split("\n")
    return "\r\n".join("".join(c for c in line if unicodedata.category(c) != "Cc") for line in lines)[:most]
