"""MRRT templates of others, read as they are about: HTML that is seldom well-formed, with scripts, styles and gaps.

Nothing in a file is run or fetched: it is read as text by the standard library's HTML parser, whose caps are here. What
cannot be kept is left out and said. Types that are missing are taken from the element, sections from their
headings' words; what stands in `<mark>` is for the form and is left out of the report.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from workstation.domain.report import SectionCode
from workstation.templates.body import escaped
from workstation.templates.model import MERGE, SECTIONS, Binding, Field, FieldKind, Kind, Template
from workstation.templates.mrrt_names import MODALITIES, TYPES, merge_of, section_of
from workstation.templates.mrrt_parts import Terms, clean_marks, decoded, is_xml, letters, number, quoted, words, years
from workstation.templates.mrrt_write import PREFIX
from workstation.templates.toml_form import (
    LANGUAGE,
    MAX_CHOICES,
    MAX_FIELDS,
    MAX_TEXT,
    PLAIN,
    SHORT,
    checked,
    field_problem,
    refused,
)

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 200
MAX_TAGS = 60_000
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_BLOCK = frozenset(
    {"p", "div", "li", "tr", "ul", "ol", "table", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "section", "fieldset"}
)
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


@dataclass(slots=True)
class _Select:
    """A list while it is read."""

    attributes: dict[str, str]
    options: list[str] = field(default_factory=list)
    selected: list[str] = field(default_factory=list)
    value: str | None = None
    text: str = ""
    is_open: bool = False
    is_selected: bool = False


class _Reader(HTMLParser):
    def __init__(self, name: str, warnings: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._name = name
        self._warnings = warnings
        self._stack: list[str] = []
        self._sections: list[SectionCode | None] = []
        self._texts: dict[SectionCode | None, list[str]] = {}
        self._fields: list[Field | str] = []
        self._names: dict[str, int] = {}
        self._groups: dict[str, int] = {}
        self._labels: dict[str, str] = {}
        self._label_for: str | None = None
        self._heading: list[str] | None = None
        self._heading_of = False
        self._title = ""
        self._metas: dict[str, str] = {}
        self._html_language = ""
        self._xml: list[str] = []
        self._in_xml = False
        self._select: _Select | None = None
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
            self._input(attributes)
        elif tag == "textarea":
            self._area = (attributes, [])
        elif tag == "select":
            self._select = _Select(attributes)
        elif tag == "option" and self._select is not None:
            self._end_option()
            self._select.is_open, self._select.value, self._select.text = True, attributes.get("value"), ""
            self._select.is_selected = "selected" in attributes
        elif tag == "br":
            self._say("\n")
        if tag in _BLOCK:
            self._say("\n")
        elif tag in ("td", "th"):
            self._say(" ")

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
        elif tag == "option":
            self._end_option()
        elif tag == "select" and self._select is not None:
            self._end_select(self._select)
        elif tag == "textarea" and self._area is not None:
            attributes, text = self._area
            self._area = None
            self._add(attributes, FieldKind.TEXT, "".join(text).strip())
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

    def _mark(self, index: int) -> None:
        code = self._sections[-1] if self._sections else SectionCode.FINDINGS
        self._texts.setdefault(code, []).append(_FIELD_MARK.format(index))

    # ---- fields ----------------------------------------------------------------------

    def _input(self, attributes: dict[str, str]) -> None:
        kind = TYPES.get(letters(attributes.get("data-field-type", ""))) or attributes.get("type", "text").casefold()
        if kind in ("hidden", "button", "submit", "reset", "image", "file", "password"):
            return
        if kind in ("checkbox", "choices", "radio") or attributes.get("type", "").casefold() in ("radio", "checkbox"):
            self._box(attributes, attributes.get("type", "").casefold() == "radio" or kind == "radio")
            return
        kinds = {"number": FieldKind.NUMBER, "date": FieldKind.DATE}
        self._add(attributes, kinds.get(kind, FieldKind.TEXT), attributes.get("value", ""))

    def _box(self, attributes: dict[str, str], is_radio: bool) -> None:
        """Buttons of one name are one list."""
        said = attributes.get("value", "")
        value = "" if said.casefold() in ("on", "true", "1") else said
        value = words(
            value or attributes.get("title", "") or attributes.get("data-field-verbal-trigger", "") or attributes.get("id", "")
        )
        group = attributes.get("name", "") or attributes.get("id", "")
        index = self._groups.get(group)
        if index is None or not isinstance(self._fields[index], Field):
            kind = FieldKind.CHOICE if is_radio else FieldKind.CHOICES
            self._groups[group] = len(self._fields)
            self._add(attributes, kind, value if "checked" in attributes else "", (value,) if value else ())
            return
        known = self._fields[index]
        assert isinstance(known, Field)
        if value and value not in known.choices and len(known.choices) < MAX_CHOICES:
            known = replace(known, choices=(*known.choices, value))
        if "checked" in attributes and value:
            known = replace(known, default=", ".join(p for p in (known.default, value) if p) if not is_radio else value)
        self._fields[index] = known

    def _end_option(self) -> None:
        select = self._select
        if select is None or not select.is_open:
            return
        select.is_open = False
        value = words(select.text) or words(select.value or "")
        if value and value not in select.options and len(select.options) < MAX_CHOICES:
            select.options.append(value)
        if value and select.is_selected:
            select.selected.append(value)

    def _end_select(self, select: _Select) -> None:
        self._end_option()
        self._select = None
        attributes = select.attributes
        own = words(attributes.get(f"data-{PREFIX}-default", ""))
        if not select.options:
            self._warn("a list without entries was taken for a text field")
            self._add(attributes, FieldKind.TEXT, "")
            return
        several = "multiple" in attributes
        default = own or ", ".join(select.selected if several else select.selected[:1])
        self._add(attributes, FieldKind.CHOICES if several else FieldKind.CHOICE, default, tuple(select.options))

    def _add(self, attributes: dict[str, str], kind: FieldKind, default: str, choices: tuple[str, ...] = ()) -> None:
        if len(self._fields) >= MAX_FIELDS:
            raise refused(self._name, f"more than {MAX_FIELDS} fields")
        said = attributes.get("name", "") or attributes.get("id", "")
        is_merge = (
            letters(attributes.get("data-field-type", "")) == "merge" or attributes.get("data-field-merge-flag", "") == "true"
        )
        merge = (said if said in MERGE else merge_of(said)) if is_merge else ""
        if is_merge and not merge:
            self._warn(f"the merge field {quoted(said)} is not known here: it is to be written by hand")
        index = len(self._fields)
        if merge:
            self._fields.append(merge)
        else:
            title = (
                attributes.get("title", "")
                or attributes.get("placeholder", "")
                or attributes.get("data-field-verbal-trigger", "")
            )
            self._names.setdefault(attributes.get("id", ""), index)
            self._fields.append(self._made(attributes, said, title, kind, default, choices))
        self._mark(index)

    def _made(
        self, attributes: dict[str, str], said: str, title: str, kind: FieldKind, default: str, choices: tuple[str, ...]
    ) -> Field:
        is_number = kind is FieldKind.NUMBER
        found = Field(
            name=self._free_name(said),
            label=words(title)[:58].strip(),
            kind=kind,
            default=words(default),
            unit=words(attributes.get("data-field-units", "")) if is_number else "",
            least=number(attributes.get("min", "")) if is_number else None,
            most=number(attributes.get("max", "")) if is_number else None,
            choices=tuple(dict.fromkeys(choices)),
        )
        if kind in (FieldKind.CHOICE, FieldKind.CHOICES) and not found.choices:
            found = replace(found, kind=FieldKind.TEXT)
        if found.default and (wrong := field_problem(replace(found, label="it"))):
            self._warn(f"the default of {quoted(said or title)} was left out: {wrong}")
            found = replace(found, default="")
        return found

    def _free_name(self, said: str) -> str:
        base = re.sub(r"[^a-z0-9_-]+", "_", said.casefold()).strip("_-")[:50] or "field"
        taken = {f.name for f in self._fields if isinstance(f, Field)} | set(MERGE)
        return base if base not in taken else next(n for i in range(2, MAX_FIELDS + 3) if (n := f"{base}_{i}") not in taken)

    # ---- the whole -------------------------------------------------------------------

    def result(self, language: str) -> Imported:
        if self._select is not None:
            self._end_select(self._select)
        terms = Terms(self._name)
        xml = "".join(self._xml).replace("<!--", " ").replace("-->", " ").replace("<![CDATA[", " ").replace("]]>", " ")
        terms.feed(xml)
        terms.close()
        if not terms.has_attributes:
            self._warn("there is no block of template attributes; what it is for is not known")
        fields = self._labelled()
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

    def _labelled(self) -> list[Field | str]:
        """Labels of fields without a title are those of `<label for>`, else their names; each once."""
        taken: set[str] = set()
        made: list[Field | str] = []
        ids = {index: key for key, index in self._names.items() if key}
        for index, one in enumerate(self._fields):
            if isinstance(one, Field):
                label = (
                    one.label or words(self._labels.get(ids.get(index, ""), "")).rstrip(":")[:50] or one.name.replace("_", " ")
                )
                label = label.strip()
                unique = (
                    label
                    if label not in taken
                    else next(n for i in range(2, MAX_FIELDS + 3) if (n := f"{label[:54]} {i}") not in taken)
                )
                taken.add(unique)
                made.append(replace(one, label=unique))
            else:
                made.append(one)
        return made

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
