"""The RIS's version of a report as text to read and to build on. Text from outside: plain, and limited in size.

A resource that was laid out as ours gives its sections and addenda back exactly; any other is shown whole.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser

from workstation.domain.fhir import Resource, instant_in, object_of, objects_of, text_of
from workstation.domain.report import Addendum, ReportSection, ReportStatus, SectionCode
from workstation.reporting.layout import sections_of
from workstation.reporting.text import clean, clean_line

LONGEST = 200_000
"""Characters that are shown and built on. What is longer is cut on screen, and nothing may be added to it."""
DEAD = frozenset({"cancelled", "entered-in-error"})
_BREAKS = frozenset({"p", "br", "div", "h1", "h2", "h3", "h4", "li", "tr", "table", "ul", "ol"})
_UNSEEN = frozenset({"script", "style", "head", "title"})


@dataclass(frozen=True, slots=True)
class RisText:
    """`sections` in the order of a report; without them the text is in `whole`. `issued` carries an offset, or is None."""

    status: str
    signer: str
    issued: datetime | None
    sections: tuple[ReportSection, ...]
    addenda: tuple[Addendum, ...]
    whole: str
    is_cut: bool = False

    @property
    def is_readable(self) -> bool:
        return bool(self.sections or self.whole)

    @property
    def stands(self) -> bool:
        """Whether it is a report that counts: final, or changed since."""
        return self.status in _STANDING

    def as_sections(self) -> tuple[ReportSection, ...]:
        """What a version on top of it begins with: its sections, or its whole text as the findings."""
        return self.sections or (ReportSection(SectionCode.FINDINGS, self.whole),)


_STANDING = frozenset(
    status.value for status in (ReportStatus.FINAL, ReportStatus.AMENDED, ReportStatus.CORRECTED, ReportStatus.APPENDED)
)


def ris_text(resource: Resource) -> RisText:
    """Never raises: what is missing or odd reads as nothing."""
    text, is_cut = _text(resource)
    laid_out = sections_of(text)
    addenda = tuple(a for s in laid_out if s.code is SectionCode.ADDENDUM and (a := _addendum(s.text)))
    sections = tuple(s for s in laid_out if s.code is not SectionCode.ADDENDUM)
    # One addendum that does not read as such, or a section twice: building on it would lose words.
    odd = len(addenda) + len(sections) != len(laid_out) or len({s.code for s in sections}) != len(sections)
    if odd or is_cut or not sections:
        sections, addenda = (), ()
    return RisText(
        status=clean_line(text_of(resource, "status"))[:40],
        signer=clean_line(" ".join(text_of(who, "display") for who in objects_of(resource, "resultsInterpreter")))[:200],
        issued=instant_in(text_of(resource, "issued")),
        sections=sections,
        addenda=addenda,
        whole="" if sections else text,
        is_cut=is_cut,
    )


def _text(resource: Resource) -> tuple[str, bool]:
    found = next(filter(None, _texts(resource)), "")
    conclusion = clean(text_of(resource, "conclusion"))
    if conclusion.strip() and conclusion.strip() not in found:
        found = f"{found.rstrip()}\n\n{conclusion}" if found.strip() else conclusion
    return found[:LONGEST], len(found) > LONGEST


def _texts(resource: Resource) -> Iterator[str]:
    """From the best reading to the worst."""
    forms = [(text_of(f, "contentType").split(";")[0].strip().lower(), f) for f in objects_of(resource, "presentedForm")]
    yield from (clean(_decoded(form)) for kind, form in forms if kind == "text/plain")
    yield from (_stripped(_decoded(form)) for kind, form in forms if kind in ("text/html", "application/xhtml+xml"))
    yield _stripped(text_of(object_of(resource.get("text")), "div"))


def _decoded(form: Resource) -> str:
    try:
        return base64.b64decode(text_of(form, "data"), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _stripped(markup: str) -> str:
    """The words of HTML, without anything that acts."""
    reader = _Words()
    reader.feed(markup)
    reader.close()
    lines = (" ".join(line.split()) for line in clean("".join(reader.words)).split("\n"))
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(data)


def _addendum(text: str) -> Addendum | None:
    """The way back from `layout.written_sections`."""
    head, _, words = text.partition("\n")
    moment, separator, who = head.partition(", ")
    at = instant_in(moment)
    return Addendum(words, who, at) if at is not None and separator and who else None
