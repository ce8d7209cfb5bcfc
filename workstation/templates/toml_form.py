"""Templates as TOML: read with every key checked, and written.

A file holds one template (`id`, `kind`, `title`, ...), or phrases as `[macro.<short name>]` tables.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from workstation.domain.report import SectionCode
from workstation.errors import Refused
from workstation.templates.body import BRACKETED, tokens
from workstation.templates.model import MERGE, SECTIONS, TAKES, TAKES_WORDS, Binding, Field, FieldKind, Kind, Template

MAX_TEXT = 20_000
MAX_FIELDS = 400
MAX_CHOICES = 200
MAX_MACROS = 500
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,59}")
SHORT = re.compile(r"\.?[^\W_][\w-]{1,23}")
LANGUAGE = re.compile(r"[a-z]{2,3}")
PLAIN = str.maketrans({"å": "a", "ä": "a", "ö": "o", "æ": "ae", "ø": "o", "é": "e", "ü": "u", "ß": "ss"})
"""Letters of an id, for those of names."""
_TOP = {"id", "kind", "title", "short", "licence", "for", "section", "field", "language"}
_MACRO = {"title", "text", "for", "field", "licence"}
_FIELD = {"label", "kind", "default", "unit", "least", "most", "choices", "takes"}
_FOR = {"modality", "procedure", "code", "body_part", "sex", "age_from", "age_to"}


def read(content: str, name: str, language: str, origin: str = "") -> tuple[Template, ...]:
    """The templates of one file called `name`. Raises Refused with its name, the key and the reason."""
    try:
        table = tomllib.loads(content)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise refused(name, f"it is not TOML: {error}") from None
    said = table.get("language", language)
    if not isinstance(said, str) or not LANGUAGE.fullmatch(said):
        raise refused(name, "language: must be a code such as en or sv")
    if said != language:
        raise refused(name, f"language: it is {said}, and lies among those of {language}")
    if set(table) <= {"macro", "licence", "language"} and isinstance(table.get("macro"), dict):
        macros = table["macro"]
        if len(macros) > MAX_MACROS:
            raise refused(name, f"macro: more than {MAX_MACROS}")
        licence = _text(table, "licence", "licence", name)
        return tuple(_macro(short, macros[short], licence, language, origin, name) for short in macros)
    return (_template(table, language, origin, name),)


def _template(table: dict[str, Any], language: str, origin: str, name: str) -> Template:
    _known(table, _TOP, "", name)
    kind = _one_of(Kind, table.get("kind", "report"), "kind", name)
    template_id = _text(table, "id", "id", name)
    if not _ID.fullmatch(template_id):
        raise refused(name, "id: lower-case letters, digits, points and hyphens, at most 80")
    short = _text(table, "short", "short", name)
    if short and not SHORT.fullmatch(short):
        raise refused(name, "short: 2 to 24 letters or digits, with or without a point before them")
    sections = _table(table, "section", "section", name)
    made = Template(
        template_id=template_id,
        kind=kind,
        title=_line(table, "title", "title", name),
        language=language,
        short=short,
        binding=_binding(_table(table, "for", "for", name), "for", name),
        sections=tuple(sorted(((_section(key, kind, name), _body(sections, key, name)) for key in sections), key=_order)),
        fields=_fields(_table(table, "field", "field", name), "field", name),
        licence=_text(table, "licence", "licence", name),
        origin=origin,
    )
    return checked(made, name)


def _macro(short: str, table: Any, licence: str, language: str, origin: str, name: str) -> Template:
    where = f"macro.{short}"
    if not SHORT.fullmatch(short):
        raise refused(name, f"{where}: a short name is 2 to 24 letters or digits, with or without a point before them")
    if not isinstance(table, dict):
        raise refused(name, f"{where}: must be a table")
    _known(table, _MACRO, where, name)
    made = Template(
        template_id=f"macro-{short.lstrip('.').casefold().translate(PLAIN)}",
        kind=Kind.MACRO,
        title=_line(table, "title", f"{where} title", name),
        language=language,
        short=short,
        binding=_binding(_table(table, "for", f"{where} for", name), f"{where} for", name),
        sections=((None, _body(table, "text", name)),),
        fields=_fields(_table(table, "field", f"{where} field", name), f"{where} field", name),
        licence=licence,
        origin=origin,
    )
    return checked(made, name)


def checked(template: Template, name: str) -> Template:
    """Refused when its texts and its fields do not fit each other."""
    if not template.sections or not any(body for _, body in template.sections):
        raise refused(name, f"{template.template_id}: it has no text")
    used = []
    for code, body in template.sections:
        where = code.name.lower() if code else template.template_id
        for kind, what in tokens(body):
            if kind == "bad":
                raise refused(name, f"{where}: a single {what!r}; write it twice to have it in the text")
            if kind == "text" and BRACKETED.search(what):
                raise refused(name, f"{where}: {BRACKETED.search(what).group(0)} would look like an empty field; make it one")  # type: ignore[union-attr]
            if kind == "field" and what not in MERGE and template.field(what) is None:
                raise refused(name, f"{where}: there is no field {what!r}, and no merge field of that name ({', '.join(MERGE)})")
            used.append(what if kind == "field" else "")
    for field in template.fields:
        if used.count(field.name) != 1:
            raise refused(name, f"field.{field.name}: it must stand in the text once, and stands {used.count(field.name)} times")
    return template


def _section(key: str, kind: Kind, name: str) -> SectionCode | None:
    if kind is Kind.MACRO and key == "text":
        return None
    if key not in SECTIONS:
        raise refused(name, f"section.{key}: the sections are {', '.join(SECTIONS)}")
    return SECTIONS[key]


def _order(section: tuple[SectionCode | None, str]) -> int:
    return -1 if section[0] is None else list(SectionCode).index(section[0])


def _fields(table: dict[str, Any], where: str, name: str) -> tuple[Field, ...]:
    if len(table) > MAX_FIELDS:
        raise refused(name, f"{where}: more than {MAX_FIELDS}")
    return tuple(_field(key, table[key], f"{where}.{key}", name) for key in table)


def _field(key: str, table: Any, where: str, name: str) -> Field:
    if not _NAME.fullmatch(key) or key in MERGE:
        raise refused(name, f"{where}: a field's name is lower-case letters, digits, _ and -, and no merge field's")
    if not isinstance(table, dict):
        raise refused(name, f"{where}: must be a table")
    _known(table, _FIELD, where, name)
    choices = tuple(_strings(table, "choices", where, name))
    made = Field(
        name=key,
        label=_line(table, "label", f"{where} label", name) or key.replace("_", " "),
        kind=_one_of(FieldKind, table.get("kind", "choice" if choices else "text"), f"{where} kind", name),
        default=_line(table, "default", f"{where} default", name),
        unit=_line(table, "unit", f"{where} unit", name),
        least=_number(table, "least", where, name),
        most=_number(table, "most", where, name),
        choices=choices,
        takes=_line(table, "takes", f"{where} takes", name),
    )
    if wrong := field_problem(made):
        raise refused(name, f"{where}: {wrong}")
    return made


def field_problem(field: Field) -> str:
    """Why a field cannot be used; empty when it can."""
    is_list = field.kind in (FieldKind.CHOICE, FieldKind.CHOICES)
    if is_list != bool(field.choices):
        return "choices go with the kinds choice and choices, and these need some"
    if len(field.choices) > MAX_CHOICES or len(set(field.choices)) != len(field.choices):
        return f"more than {MAX_CHOICES} choices, or one twice"
    if field.kind is not FieldKind.NUMBER and (field.unit or field.least is not None or field.most is not None):
        return "unit, least and most go with the kind number"
    if field.takes and field.takes not in TAKES:
        return f"takes: one of {', '.join(TAKES)}"
    if field.takes and field.kind is not (FieldKind.TEXT if field.takes in TAKES_WORDS else FieldKind.NUMBER):
        return f"takes: {', '.join(TAKES_WORDS)} go with the kind text, the others with number"
    if field.least is not None and field.most is not None and field.least > field.most:
        return "least is more than most"
    if any(c in text for text in (field.label, field.default, field.unit, *field.choices) for c in "[]"):
        return "square brackets mark an empty field and cannot stand in its words"
    if len(field.label) > 58:
        return "the label is longer than 58 letters"
    if field.kind is FieldKind.CHOICE and field.default and field.default not in field.choices:
        return "the default is none of the choices"
    return field.problem(field.default) if field.default else ""


def _binding(table: dict[str, Any], where: str, name: str) -> Binding:
    _known(table, _FOR, where, name)
    sex = _text(table, "sex", f"{where} sex", name)
    if sex not in ("", "F", "M"):
        raise refused(name, f"{where} sex: F or M")
    ages = [_age(table, key, where, name) for key in ("age_from", "age_to")]
    modalities, procedures, codes, parts = (
        tuple(_strings(table, key, where, name)) for key in ("modality", "procedure", "code", "body_part")
    )
    return Binding(modalities, procedures, codes, parts, sex, ages[0], ages[1])


def _age(table: Mapping[str, Any], key: str, where: str, name: str) -> int | None:
    value = table.get(key)
    if value is not None and (type(value) is not int or not 0 <= value <= 130):
        raise refused(name, f"{where} {key}: whole years from 0 to 130")
    return value


def _number(table: Mapping[str, Any], key: str, where: str, name: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if type(value) not in (int, float) or not math.isfinite(value):
        raise refused(name, f"{where} {key}: must be a number")
    return float(value)


def _strings(table: Mapping[str, Any], key: str, where: str, name: str) -> Iterable[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or len(value) > MAX_CHOICES:
        raise refused(name, f"{where} {key}: must be a list of at most {MAX_CHOICES} texts")
    for entry in value:
        if not isinstance(entry, str) or not clean(entry).strip() or "\n" in clean(entry):
            raise refused(name, f"{where} {key}: each entry must be a text on one line")
        yield clean(entry).strip()


def _body(table: Mapping[str, Any], key: str, name: str) -> str:
    text = _text(table, key, key, name)
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def _line(table: Mapping[str, Any], key: str, where: str, name: str) -> str:
    text = _text(table, key, where, name).strip()
    if "\n" in text:
        raise refused(name, f"{where}: must be on one line")
    return text


def _text(table: Mapping[str, Any], key: str, where: str, name: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise refused(name, f"{where}: must be a text")
    if len(value) > MAX_TEXT:
        raise refused(name, f"{where}: longer than {MAX_TEXT} letters")
    return clean(value)


def _table(table: Mapping[str, Any], key: str, where: str, name: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise refused(name, f"{where}: must be a table")
    return value


def _known(table: Mapping[str, Any], known: set[str], where: str, name: str) -> None:
    for key in table:
        if key not in known:
            raise refused(name, f"{where} {key}: there is no such key; the keys are {', '.join(sorted(known))}".strip())


def _one_of(kinds: Any, value: Any, where: str, name: str) -> Any:
    if value not in tuple(kinds):
        raise refused(name, f"{where}: it is one of {', '.join(kinds)}")
    return kinds(value)


def clean(text: str) -> str:
    """NFC, `\\n` line ends, nothing hidden: as a report may hold it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return unicodedata.normalize("NFC", "".join(c for c in lines if c == "\n" or unicodedata.category(c)[0] != "C"))


def refused(name: str, reason: str) -> Refused:
    return Refused(f"The template {name} is not used", reason, "Correct the file, or take it away")


# ---- writing -----------------------------------------------------------------------


def write(template: Template) -> str:
    """One template as a file that `read` gives back."""
    lines = [f"{key} = {_quoted(value)}" for key, value in _head(template) if value]
    lines += _written_binding(template.binding)
    lines.append("\n[section]")
    lines += [f"{code.name.lower() if code else 'text'} = {_quoted(body)}" for code, body in template.sections]
    for field in template.fields:
        lines += ["", f"[field.{field.name}]", f"label = {_quoted(field.label)}", f'kind = "{field.kind.value}"']
        lines += [
            f"{key} = {_quoted(value)}"
            for key, value in (("default", field.default), ("unit", field.unit), ("takes", field.takes))
            if value
        ]
        lines += [f"{key} = {value!r}" for key, value in (("least", field.least), ("most", field.most)) if value is not None]
        lines += [f"choices = {_list(field.choices)}"] if field.choices else []
    return "\n".join(lines) + "\n"


def _head(template: Template) -> tuple[tuple[str, str], ...]:
    return (
        ("id", template.template_id),
        ("kind", template.kind.value),
        ("title", template.title),
        ("language", template.language),
        ("short", template.short),
        ("licence", template.licence),
    )


def _written_binding(binding: Binding) -> list[str]:
    lists = (
        ("modality", binding.modalities),
        ("procedure", binding.procedures),
        ("code", binding.codes),
        ("body_part", binding.body_parts),
    )
    lines = [f"{key} = {_list(values)}" for key, values in lists if values]
    lines += [f'sex = "{binding.sex}"'] if binding.sex else []
    lines += [f"{key} = {age}" for key, age in (("age_from", binding.age_from), ("age_to", binding.age_to)) if age is not None]
    return ["\n[for]", *lines] if lines else []


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string.
    return json.dumps(text, ensure_ascii=False)


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(_quoted(value) for value in values)}]"
