"""Parts of reading MRRT: which letters a file is in, its attributes, its words as they may be used."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from workstation.templates.toml_form import MAX_CHOICES, clean, refused

MAX_TERMS = 400
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9_-]{2,40})""", re.IGNORECASE)
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252", "windows-1252": "cp1252",
              "us-ascii": "cp1252", "iso-8859-15": "iso-8859-15", "utf-16": "utf-16"}  # fmt: skip


def decoded(content: bytes, name: str) -> tuple[str, list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace"), []
    found = _CHARSET.search(content[:4096])
    said = found.group(1).decode("ascii").lower() if found else "utf-8"
    encoding = _ENCODINGS.get(said, "")
    warnings = [] if encoding else [f"the encoding {said} is not known; read as UTF-8"]
    for tried in dict.fromkeys((encoding or "utf-8", "utf-8")):
        try:
            return content.decode("utf-8-sig" if tried == "utf-8" else tried), warnings
        except UnicodeDecodeError:
            continue
    if b"\x00" in content:
        raise refused(name, "it is no text")
    return content.decode("cp1252", "replace"), [*warnings, f"it says {said} and is not: read as Windows-1252"]


class Terms(HTMLParser):
    """`<template_attributes>`, read as tags: no XML parser, so nothing to expand and no entity to fetch."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self._name = name
        self._kind = ""
        self._in_content = False
        self._found: list[tuple[str, str, str]] = []
        self.has_attributes = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {key: value or "" for key, value in attrs}
        if tag == "template_attributes":
            self.has_attributes = True
        elif tag == "coded_content":
            self._in_content = True
        elif tag == "term" and not self._in_content:
            self._kind = attributes.get("type", "").casefold().replace("_", " ").strip()
        elif tag == "code" and self._kind and len(self._found) < MAX_TERMS:
            self._found.append((self._kind, words(attributes.get("value", "")), words(attributes.get("meaning", ""))))

    def handle_endtag(self, tag: str) -> None:
        if tag == "term":
            self._kind = ""
        elif tag == "coded_content":
            self._in_content = False

    def values(self, kind: str, wants_meaning: bool) -> tuple[str, ...]:
        found = ((meaning or value) if wants_meaning else value for k, value, meaning in self._found if k == kind)
        return tuple(dict.fromkeys(f for f in found if f))[:MAX_CHOICES]


def clean_marks(text: str) -> str:
    """`clean`, with the marks of fields kept."""
    parts = re.split("(\ue000\\d+\ue001)", text)
    return "".join(part if part.startswith("\ue000") else clean(part) for part in parts)


def is_xml(attributes: dict[str, str]) -> bool:
    return attributes.get("type", "").casefold().strip() in ("text/xml", "application/xml")


def letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalpha())


def words(text: str) -> str:
    return " ".join(clean(text).replace("[", "(").replace("]", ")").split())[:2000]


def number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d{1,9}(\.\d{1,6})?", text.strip()) else None


def years(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,3}", text) and int(text) <= 130 else None


def quoted(text: str) -> str:
    return repr(words(text)[:60])
