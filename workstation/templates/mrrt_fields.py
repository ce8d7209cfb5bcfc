"""The fields of an MRRT file, gathered as they come by: types where none is said, lists of buttons, labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from workstation.templates.model import MERGE, Field, FieldKind
from workstation.templates.mrrt_names import TYPES, merge_of
from workstation.templates.mrrt_parts import letters, number, quoted, words
from workstation.templates.mrrt_write import PREFIX
from workstation.templates.toml_form import MAX_CHOICES, MAX_FIELDS, field_problem, refused


@dataclass(slots=True)
class Select:
    """A list while it is read."""

    attributes: dict[str, str]
    options: list[str] = field(default_factory=list)
    selected: list[str] = field(default_factory=list)
    value: str | None = None
    text: str = ""
    is_open: bool = False
    is_selected: bool = False

    def begin_option(self, attributes: dict[str, str]) -> None:
        self.end_option()
        self.is_open, self.value, self.text = True, attributes.get("value"), ""
        self.is_selected = "selected" in attributes

    def end_option(self) -> None:
        if not self.is_open:
            return
        self.is_open = False
        value = words(self.text) or words(self.value or "")
        if value and value not in self.options and len(self.options) < MAX_CHOICES:
            self.options.append(value)
        if value and self.is_selected:
            self.selected.append(value)


class Fields:
    """`all` are the fields in order, merge fields by their names. `warn` is told what was left out or guessed."""

    def __init__(self, name: str, warn: Callable[[str], None]) -> None:
        self._name = name
        self._warn = warn
        self._names: dict[str, int] = {}
        self._groups: dict[str, int] = {}
        self.all: list[Field | str] = []

    def input(self, attributes: dict[str, str]) -> int | None:
        """The number of a new field; None where there is none, or one that was there grew."""
        kind = TYPES.get(letters(attributes.get("data-field-type", ""))) or attributes.get("type", "text").casefold()
        if kind in ("hidden", "button", "submit", "reset", "image", "file", "password"):
            return None
        if kind in ("checkbox", "choices", "radio") or attributes.get("type", "").casefold() in ("radio", "checkbox"):
            return self._box(attributes, attributes.get("type", "").casefold() == "radio" or kind == "radio")
        kinds = {"number": FieldKind.NUMBER, "date": FieldKind.DATE}
        return self.add(attributes, kinds.get(kind, FieldKind.TEXT), attributes.get("value", ""))

    def _box(self, attributes: dict[str, str], is_radio: bool) -> int | None:
        """Buttons of one name are one list."""
        said = attributes.get("value", "")
        value = "" if said.casefold() in ("on", "true", "1") else said
        value = words(
            value or attributes.get("title", "") or attributes.get("data-field-verbal-trigger", "") or attributes.get("id", "")
        )
        group = attributes.get("name", "") or attributes.get("id", "")
        index = self._groups.get(group)
        if index is None or not isinstance(self.all[index], Field):
            kind = FieldKind.CHOICE if is_radio else FieldKind.CHOICES
            self._groups[group] = len(self.all)
            return self.add(attributes, kind, value if "checked" in attributes else "", (value,) if value else ())
        known = self.all[index]
        assert isinstance(known, Field)
        if value and value not in known.choices and len(known.choices) < MAX_CHOICES:
            known = replace(known, choices=(*known.choices, value))
        if "checked" in attributes and value:
            known = replace(known, default=", ".join(p for p in (known.default, value) if p) if not is_radio else value)
        self.all[index] = known
        return None

    def choose(self, select: Select) -> int:
        select.end_option()
        attributes = select.attributes
        own = words(attributes.get(f"data-{PREFIX}-default", ""))
        if not select.options:
            self._warn("a list without entries was taken for a text field")
            return self.add(attributes, FieldKind.TEXT, "")
        several = "multiple" in attributes
        default = own or ", ".join(select.selected if several else select.selected[:1])
        return self.add(attributes, FieldKind.CHOICES if several else FieldKind.CHOICE, default, tuple(select.options))

    def add(self, attributes: dict[str, str], kind: FieldKind, default: str, choices: tuple[str, ...] = ()) -> int:
        if len(self.all) >= MAX_FIELDS:
            raise refused(self._name, f"more than {MAX_FIELDS} fields")
        said = attributes.get("name", "") or attributes.get("id", "")
        is_merge = (
            letters(attributes.get("data-field-type", "")) == "merge" or attributes.get("data-field-merge-flag", "") == "true"
        )
        merge = (said if said in MERGE else merge_of(said)) if is_merge else ""
        if is_merge and not merge:
            self._warn(f"the merge field {quoted(said)} is not known here: it is to be written by hand")
        index = len(self.all)
        if merge:
            self.all.append(merge)
        else:
            title = (
                attributes.get("title", "")
                or attributes.get("placeholder", "")
                or attributes.get("data-field-verbal-trigger", "")
            )
            self._names.setdefault(attributes.get("id", ""), index)
            self.all.append(self._made(attributes, said, title, kind, default, choices))
        return index

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
        takes = replace(found, label="it", default="", takes=words(attributes.get(f"data-{PREFIX}-takes", "")))
        found = replace(found, takes="" if field_problem(takes) else takes.takes)
        if found.default and (wrong := field_problem(replace(found, label="it"))):
            self._warn(f"the default of {quoted(said or title)} was left out: {wrong}")
            found = replace(found, default="")
        return found

    def _free_name(self, said: str) -> str:
        base = re.sub(r"[^a-z0-9_-]+", "_", said.casefold()).strip("_-")[:50] or "field"
        taken = {f.name for f in self.all if isinstance(f, Field)} | set(MERGE)
        return base if base not in taken else next(n for i in range(2, MAX_FIELDS + 3) if (n := f"{base}_{i}") not in taken)

    def labelled(self, labels: Mapping[str, str]) -> list[Field | str]:
        """Labels of fields without a title are those of `<label for>`, else their names; each once."""
        taken: set[str] = set()
        made: list[Field | str] = []
        ids = {index: key for key, index in self._names.items() if key}
        for index, one in enumerate(self.all):
            if isinstance(one, Field):
                label = one.label or words(labels.get(ids.get(index, ""), "")).rstrip(":")[:50] or one.name.replace("_", " ")
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
