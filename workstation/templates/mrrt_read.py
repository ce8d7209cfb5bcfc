"""MRRT templates of others, read as they are about: HTML that is seldom well-formed, with scripts, styles and gaps.

Nothing in a file is run or fetched: it is read as text by the standard library's HTML parser, whose caps are here. What
cannot be kept is left out and said. Types that are missing are taken from the element, sections from their
headings' words; what stands in `<mark>` is for the form and is left out of the report.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from workstation.domain.report import SectionCode
from workstation.templates.body import escaped
from workstation.templates.model import SECTIONS, Binding, Field, FieldKind, Kind, Template
from workstation.templates.mrrt_fields import Fields, Select
from workstation.templates.mrrt_names import MODALITIES, section_of
from workstation.templates.mrrt_parts import Terms, clean_marks, decoded, is_xml, quoted, words, years
from workstation.templates.mrrt_write import PREFIX
from workstation.templates.toml_form import (
    LANGUAGE,
    MAX_TEXT,
    PLAIN,
    SHORT,
    checked,
    refused,
)

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 200
MAX_TAGS = 60_000
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_BLOCK = frozenset(
    {"p", "div", "li", "tr", "ul", "ol", "table", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "section", "fieldset"}
)
_SPACE = {**dict.fromkeys(_BLOCK, "\n"), "br": "\n", "td": " ", "th": " "}
_HIDDEN = frozenset({"script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "mark", "title", "button"})
_DANGEROUS = frozenset({"script", "iframe", "object", "embed", "link", "base", "form"})
_FIELD_MARK = "\ue000{0}\ue001"
_MARKED = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True, slots=True)
class Imported:
    """`warnings` say what was left out or guessed, in words."""

    template: Template
    warnings: tuple[str, ...] = ()


def read_mrrt(content: bytes, name: str, language: str = "") -> Imported:
    """`language` is used where the file names none. Raises Refused with the file's name and the reason."""
    if len(content) > MAX_BYTES:
        raise refused(name, f"it is larger than {MAX_BYTES // 1024} KiB")
    text, warnings = decoded(content, name)
    reader = _Reader(name, warnings)
    try:
        reader.feed(text)
        reader.close()
    except (AssertionError, ValueError, RecursionError) as error:
        raise refused(name, f"it cannot be read as HTML ({type(error).__name__})") from None
    return reader.result(language)


class _Reader(HTMLParser):
    def __init__(self, name: str, warnings: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._name = name
        self._warnings = warnings
        self._stack: list[str] = []
        self._sections: list[SectionCode | None] = []
        self._texts: dict[SectionCode | None, list[str]] = {}
        self._fields = Fields(name, self._warn)
        self._labels: dict[str, str] = {}
        self._label_for: str | None = None
        self._heading: list[str] | None = None
        self._heading_of = False
        self._title = ""
        self._metas: dict[str, str] = {}
        self._html_language = ""
        self._xml: list[str] = []
        self._in_xml = False
        self._select: Select | None = None
        self._area: tuple[dict[str, str], list[str]] | None = None
        self._tags = 0
        self._has_body = False

    # ---- tags ------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tags += 1
        if self._tags > MAX_TAGS or len(self._stack) > MAX_DEPTH:
            raise refused(self._name, "it is nested too deeply, or holds too much")
        attributes = {key: value or "" for key, value in attrs}
        if any(key.startswith("on") for key in attributes):
            self._warn("event handlers were left out")
        if tag in _DANGEROUS and not (tag == "script" and is_xml(attributes)):
            self._warn(f"<{tag}> was left out")
        if tag == "img":
            self._warn("pictures were left out")
        if tag not in _VOID:
            self._stack.append(tag)
        self._in_xml = self._in_xml or (tag == "script" and is_xml(attributes))
        if not self._is_hidden:
            self._open(tag, attributes)
        elif tag == "title":
            self._title = ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "html":
            self._html_language = attributes.get("lang", "")
        elif tag == "meta":
            self._metas.setdefault(attributes.get("name", "").casefold(), attributes.get("content", ""))
        elif tag == "body":
            self._has_body = True
        elif tag == "section":
            self._open_section(attributes)
        elif tag == "header":
            self._heading, self._heading_of = [], True
        elif tag == "label":
            self._label_for = attributes.get("for", "")
        elif tag == "input":
            self._mark(self._fields.input(attributes))
        elif tag == "textarea":
            self._area = (attributes, [])
        elif tag == "select":
            self._select = Select(attributes)
        elif tag == "option" and self._select is not None:
            self._select.begin_option(attributes)
        self._say(_SPACE.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in_xml = False
        if tag in self._stack:
            # A tag that was never closed ends with the one around it.
            while self._stack.pop() != tag:
                pass
        if tag == "section" and self._sections:
            self._sections.pop()
        elif tag == "header" and self._heading_of:
            self._end_heading()
        elif tag == "label":
            self._label_for = None
        elif tag == "option" and self._select is not None:
            self._select.end_option()
        elif tag == "select":
            self._end_select()
        elif tag == "textarea" and self._area is not None:
            attributes, text = self._area
            self._area = None
            self._mark(self._fields.add(attributes, FieldKind.TEXT, "".join(text).strip()))
        if tag in _BLOCK:
            self._say("\n")

    def handle_data(self, data: str) -> None:
        if self._stack and self._stack[-1] == "title":
            self._title += data
        elif self._in_xml:
            self._xml.append(data)
        elif self._is_hidden:
            return
        elif self._area is not None:
            self._area[1].append(data)
        elif self._select is not None:
            if self._select.is_open:
                self._select.text += data
        elif self._heading is not None:
            self._heading.append(data)
        else:
            if self._label_for:
                self._labels[self._label_for] = self._labels.get(self._label_for, "") + data
            if self._has_body or "head" not in self._stack:
                self._say(re.sub(r"\s+", " ", data))

    @property
    def _is_hidden(self) -> bool:
        return any(tag in _HIDDEN for tag in self._stack)

    # ---- sections and headings -------------------------------------------------------

    def _open_section(self, attributes: dict[str, str]) -> None:
        own = attributes.get(f"data-{PREFIX}-section", "")
        heading = attributes.get("data-section-name", "") or attributes.get("title", "")
        code = SECTIONS.get(own) or self._loinc(attributes) or section_of(heading)
        if own == "text":
            self._sections.append(None)
            return
        parent = self._sections[-1] if self._sections else None
        if code is None:
            code = parent or SectionCode.FINDINGS
            if heading and parent is None:
                self._warn(f"the section {quoted(heading)} was taken for findings")
        self._sections.append(code)

    def _loinc(self, attributes: dict[str, str]) -> SectionCode | None:
        said = attributes.get("data-loinc", "") or attributes.get("data-section-code", "")
        return next((code for code in SectionCode if code.value == said), None)

    def _end_heading(self) -> None:
        """A heading that says its section's own name is not written; one inside a section is a line."""
        heading = " ".join("".join(self._heading or []).split())
        self._heading, self._heading_of = None, False
        if not heading or not self._sections or self._sections[-1] is None:
            return
        code = section_of(heading)
        is_nested = len(self._sections) > 1
        if code is not None and not is_nested:
            here = self._sections[-1]
            if code is not here and here is SectionCode.FINDINGS:
                self._sections[-1] = code
        elif is_nested or code is None:
            self._say(f"\n{heading}:\n" if not heading.endswith(":") else f"\n{heading}\n")

    def _say(self, text: str) -> None:
        if self._select is None and self._area is None:
            code = self._sections[-1] if self._sections else SectionCode.FINDINGS
            self._texts.setdefault(code, []).append(escaped(text.replace("\ue000", "").replace("\ue001", "")))

    def _end_select(self) -> None:
        select, self._select = self._select, None
        if select is not None:
            self._mark(self._fields.choose(select))

    def _mark(self, index: int | None) -> None:
        if index is None:
            return
        code = self._sections[-1] if self._sections else SectionCode.FINDINGS
        self._texts.setdefault(code, []).append(_FIELD_MARK.format(index))

    # ---- the whole -------------------------------------------------------------------

    def result(self, language: str) -> Imported:
        self._end_select()
        terms = Terms(self._name)
        xml = "".join(self._xml).replace("<!--", " ").replace("-->", " ").replace("<![CDATA[", " ").replace("]]>", " ")
        terms.feed(xml)
        terms.close()
        if not terms.has_attributes:
            self._warn("there is no block of template attributes; what it is for is not known")
        fields = self._fields.labelled(self._labels)
        sections = tuple((code, body) for code in (None, *SectionCode) if (body := self._section_text(code, fields)))
        template = Template(
            template_id=self._id(),
            kind=_kind(self._metas.get(f"{PREFIX}.kind", ""), sections),
            title=words(self._metas.get("dcterms.title", "") or self._title or self._metas.get("rrt:title", ""))[:200]
            or self._name,
            language=self._language(language),
            short=self._short_name(),
            binding=self._binding(terms),
            sections=sections,
            fields=tuple(f for f in fields if isinstance(f, Field)),
            licence=words(self._metas.get("dcterms.license", "") or self._metas.get("dcterms.rights", ""))[:500],
        )
        return Imported(checked(template, self._name), tuple(dict.fromkeys(self._warnings)))

    def _section_text(self, code: SectionCode | None, fields: list[Field | str]) -> str:
        def named(match: re.Match[str]) -> str:
            one = fields[int(match.group(1))]
            return f"{{{one if isinstance(one, str) else one.name}}}"

        text = clean_marks("".join(self._texts.get(code, [])))
        text = re.sub(r"\[([^\[\]\n]{1,60})\]", r"(\1)", text)
        lines = [" ".join(line.split(" ")).strip() for line in re.sub(r"[ \t]+", " ", text).split("\n")]
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
        if len(text) > MAX_TEXT:
            raise refused(self._name, f"a section is longer than {MAX_TEXT} letters")
        return _MARKED.sub(named, text)

    def _id(self) -> str:
        said = self._metas.get(f"{PREFIX}.id", "") or self._name.rsplit(".", 1)[0]
        return re.sub(r"[^a-z0-9._-]+", "-", said.casefold().translate(PLAIN)).strip("-._")[:80] or "imported"

    def _language(self, otherwise: str) -> str:
        for said in (self._metas.get("dcterms.language", ""), self._html_language, otherwise, "en"):
            code = said.strip().casefold()[:2]
            if LANGUAGE.fullmatch(code):
                return code
        return "en"

    def _short_name(self) -> str:
        said = self._metas.get(f"{PREFIX}.short", "")
        return said if SHORT.fullmatch(said) else ""

    def _binding(self, terms: Terms) -> Binding:
        sex = self._metas.get(f"{PREFIX}.sex", "")
        return Binding(
            modalities=terms.values("modality", False) or self._subjects(),
            procedures=terms.values("procedure", True),
            codes=terms.values("procedure code", False),
            body_parts=terms.values("body part", True),
            sex=sex if sex in ("F", "M") else "",
            age_from=years(self._metas.get(f"{PREFIX}.age_from", "")),
            age_to=years(self._metas.get(f"{PREFIX}.age_to", "")),
        )

    def _subjects(self) -> tuple[str, ...]:
        """Some say the modality in the subject only: `US; ER`."""
        said = re.split(r"[;,\s]+", self._metas.get("dcterms.subject", "")[:500])
        return tuple(dict.fromkeys(word for word in said if word in MODALITIES))

    def _warn(self, said: str) -> None:
        if len(self._warnings) < 100:
            self._warnings.append(said)


def _kind(said: str, sections: tuple[tuple[SectionCode | None, str], ...]) -> Kind:
    if said in tuple(Kind):
        return Kind(said)
    return Kind.MACRO if sections and sections[0][0] is None else Kind.REPORT
