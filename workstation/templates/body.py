"""The text of a template with its fields filled in.

`{name}` is a field, `{patient.age}` a merge field, `{{` and `}}` are braces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workstation.domain.report import SectionCode
from workstation.templates.model import MERGE, Field, Template

_TOKEN = re.compile(r"\{\{|\}\}|\{([a-z0-9_.-]+)\}|[{}]")
BRACKETED = re.compile(r"\[([^\[\]\n]{1,60})\]")
"""An empty field, as it stands in the text."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a field stands in a text: characters `start` to `end`. `is_default`: what stands there is its default."""

    start: int
    end: int
    field: Field
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """A text ready to be inserted, and where its fields are."""

    text: str
    passages: tuple[Passage, ...] = ()


def tokens(body: str) -> Iterator[tuple[str, str]]:
    """(`text` or `field` or `bad`, what) in order; doubled braces come as text."""
    at = 0
    for match in _TOKEN.finditer(body):
        if match.start() > at:
            yield "text", body[at : match.start()]
        at = match.end()
        if match.group(1):
            yield "field", match.group(1)
        elif match.group(0) in ("{{", "}}"):
            yield "text", match.group(0)[0]
        else:
            yield "bad", match.group(0)
    if at < len(body):
        yield "text", body[at:]


def escaped(text: str) -> str:
    """Text that comes back from `tokens` as it is."""
    return text.replace("{", "{{").replace("}", "}}")


def fill(template: Template, values: Mapping[str, str], empty: Mapping[str, Field]) -> dict[SectionCode | None, Filled]:
    """Each section's text. `values` are the merge fields that are known, `empty` stand for those that are not."""
    return {code: _filled(template, body, values, empty) for code, body in template.sections}


def _filled(template: Template, body: str, values: Mapping[str, str], empty: Mapping[str, Field]) -> Filled:
    parts: list[str] = []
    passages: list[Passage] = []
    at = 0
    for kind, what in tokens(body):
        if kind == "field":
            words, found = _field(template, what, values, empty)
            if found is not None:
                passages.append(Passage(at, at + len(words), found, is_default=bool(found.default)))
            if found is not None and found.unit:
                words += f" {found.unit}"
        else:
            words = what
        parts.append(words)
        at += len(words)
    return Filled("".join(parts), tuple(passages))


def _field(template: Template, name: str, values: Mapping[str, str], empty: Mapping[str, Field]) -> tuple[str, Field | None]:
    if name in MERGE:
        known = one_line(values.get(name, ""))
        unknown = empty.get(name, Field(name, name))
        return (known, None) if known else (unknown.bracketed, unknown)
    found = template.field(name)
    if found is None:  # checked when it is read
        raise KeyError(name)
    return found.default or found.bracketed, found


def one_line(text: str) -> str:
    """Text from outside as it may stand inside a sentence: no line ends, nothing hidden, no brackets of a field."""
    seen = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(seen.replace("[", "(").replace("]", ")").split())
