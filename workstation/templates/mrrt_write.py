"""A template as an MRRT file (IHE Radiology, Management of Radiology Report Templates): HTML5, no script, no style.

What MRRT has no words for (short name, limits of age, sex) stands in `data-lyskasse` attributes and metas of our own,
which others pass over.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from workstation.domain.report import SECTION_TITLES
from workstation.templates.body import tokens
from workstation.templates.model import MERGE, Field, FieldKind, Template

PREFIX = "lyskasse"
DOC = "2.16.840.1.113883.6.1"


def write_mrrt(template: Template) -> str:
    """One file. Reading it again gives the same template, but for its origin."""
    lines = ["<!DOCTYPE html>", f'<html lang="{_a(template.language)}">', "<head>", '<meta charset="UTF-8">']
    lines += [f"<title>{escape(template.title)}</title>"]
    lines += [f'<meta name="{name}" content="{_a(value)}">' for name, value in _metas(template) if value]
    lines += ['<script type="text/xml">', *_attributes(template), "</script>", "</head>", "<body>"]
    for code, body in template.sections:
        name = SECTION_TITLES[code] if code else "Text"
        key = code.name.lower() if code else "text"
        lines += [
            f'<section id="section-{key}" class="level1" data-section-name="{_a(name)}" data-{PREFIX}-section="{key}">',
            f'<header class="level1">{escape(name)}</header>',
            f"<p>{''.join(_body(template, body))}</p>",
            "</section>",
        ]
    return "\n".join([*lines, "</body>", "</html>", ""])


def _metas(template: Template) -> tuple[tuple[str, str], ...]:
    return (
        ("dcterms.title", template.title),
        ("dcterms.identifier", f"urn:{PREFIX}:template:{template.language}:{template.template_id}"),
        ("dcterms.type", "IMAGE_REPORT_TEMPLATE"),
        ("dcterms.language", template.language),
        ("dcterms.license", template.licence),
        (f"{PREFIX}.id", template.template_id),
        (f"{PREFIX}.kind", template.kind.value),
        (f"{PREFIX}.short", template.short),
        (f"{PREFIX}.sex", template.binding.sex),
        (f"{PREFIX}.age_from", _digits(template.binding.age_from)),
        (f"{PREFIX}.age_to", _digits(template.binding.age_to)),
    )


def _attributes(template: Template) -> Iterator[str]:
    binding = template.binding
    yield "<template_attributes>"
    yield "<top-level-flag>true</top-level-flag>"
    yield "<status>ACTIVE</status>"
    yield f'<coding_schemes><coding_scheme name="LOINC" designator="{DOC}"></coding_scheme></coding_schemes>'
    terms = (
        ("modality", binding.modalities, "DCM"),
        ("body part", binding.body_parts, ""),
        ("procedure", binding.procedures, ""),
        ("procedure code", binding.codes, ""),
    )
    for kind, values, scheme in terms:
        for value in values:
            yield f'<term type="{kind}"><code meaning="{_a(value)}" value="{_a(value)}" scheme="{scheme}"></code></term>'
    yield "<coded_content>"
    for code, _ in template.sections:
        if code:
            term = f'<code meaning="{_a(SECTION_TITLES[code])}" value="{code.value}" scheme="LN"></code>'
            yield f'<entry ORIGTXT="section-{code.name.lower()}"><term>{term}</term></entry>'
    yield "</coded_content>"
    yield "</template_attributes>"


def _body(template: Template, body: str) -> Iterator[str]:
    for kind, what in tokens(body):
        if kind == "text":
            yield escape(what, quote=False).replace("\n", "<br>\n")
        elif what in MERGE:
            yield f'<input type="text" id="{what}" name="{what}" data-field-type="MERGE" data-field-merge-flag="true" value="">'
        else:
            field = template.field(what)
            assert field is not None
            yield _field(field)


def _field(field: Field) -> str:
    named = f'id="{field.name}" name="{field.name}" title="{_a(field.label)}" data-field-completion-action="{_completion(field)}"'
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        chosen = set(_chosen(field))
        several = " multiple" if field.kind is FieldKind.CHOICES else ""
        options = "".join(
            f'<option value="{_a(c)}"{" selected" if c in chosen else ""}>{escape(c)}</option>' for c in field.choices
        )
        default = f' data-{PREFIX}-default="{_a(field.default)}"' if field.default else ""
        empty = "" if field.default else '<option value="" selected></option>'
        return f'<select {named} data-field-type="SELECTION_LIST"{several}{default}>{empty}{options}</select>'
    kind = {FieldKind.NUMBER: "number", FieldKind.DATE: "date"}.get(field.kind, "text")
    limits = "".join(f' {k}="{v:g}"' for k, v in (("min", field.least), ("max", field.most)) if v is not None)
    unit = f' data-field-units="{_a(field.unit)}"' if field.unit else ""
    unit += f' data-{PREFIX}-takes="{field.takes}"' if field.takes else ""
    return f'<input type="{kind}" {named} data-field-type="{kind.upper()}"{limits}{unit} value="{_a(field.default)}">'


def _chosen(field: Field) -> list[str]:
    return [field.default] if field.default in field.choices else [part.strip() for part in field.default.split(",")]


def _completion(field: Field) -> str:
    """An empty field is not to be signed over; a default may stand, and is remarked on."""
    return "ALERT" if field.default else "PROHIBIT"


def _digits(value: int | None) -> str:
    return "" if value is None else str(value)


def _a(text: str) -> str:
    return escape(text, quote=True).replace("\n", " ")
