"""Which parts of a text are fields, while the text is written into.

Empty fields are seen in the text itself (`[label]`). Defaults that stand as the template gave them, and numbers
that were put into a field, are followed through each change of the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from workstation.domain.report import SectionCode
from workstation.templates.body import BRACKETED, Filled, Passage
from workstation.templates.model import Field, FieldKind, Template

LEAST_KNOWN = 12
"""Letters of a default from which on it is recognised in a text: `normal` alone is anybody's word."""
_WRITTEN = "0123456789.,-/"


@dataclass(frozen=True, slots=True)
class Passages:
    """What is known of one section's `text`. `known` are fields by label, `defaults`, `accepted` and `numbers` places of them.

    A default that the reader let stand is `accepted`: it is stepped through and no longer untouched.
    """

    text: str = ""
    known: Mapping[str, Field] = field(default_factory=dict)
    defaults: tuple[Passage, ...] = ()
    accepted: tuple[Passage, ...] = ()
    numbers: tuple[Passage, ...] = ()

    @property
    def empty(self) -> tuple[Passage, ...]:
        """Fields that nobody has filled."""
        found = BRACKETED.finditer(self.text)
        return tuple(Passage(m.start(), m.end(), self.known.get(m.group(1), Field("", m.group(1)))) for m in found)

    @property
    def steps(self) -> tuple[Passage, ...]:
        """Where to step through: empty fields and defaults, in the order of the text."""
        return tuple(sorted((*self.empty, *self.defaults, *self.accepted), key=lambda p: p.start))

    @property
    def impossible(self) -> tuple[tuple[Passage, str], ...]:
        """Numbers that cannot be, and why."""
        found = ((p, p.field.problem(self.text[p.start : p.end])) for p in self.numbers)
        return tuple((p, why) for p, why in found if why)

    def at(self, place: int) -> Passage | None:
        """The field that a place is in, its ends included."""
        return next((p for p in self.steps if p.start <= place <= p.end), None)

    def put(self, filled: Filled, start: int) -> Passages:
        """Some text with fields was inserted into the text at `start`: it stands there already."""
        placed = [replace(p, start=p.start + start, end=p.end + start) for p in filled.passages]
        known = {**self.known, **{p.field.label: p.field for p in placed if not p.is_default}}
        new = tuple(p for p in placed if p.is_default and self.text[p.start : p.end] == p.field.default)
        kept = tuple(p for p in self.defaults if all(p.end <= n.start or p.start >= n.end for n in new))
        return replace(self, known=known, defaults=tuple(sorted((*kept, *new), key=lambda p: p.start)))

    def accept(self, passage: Passage) -> Passages:
        """The reader has seen this default and lets it stand."""
        these = [p for p in self.defaults if (p.start, p.end) == (passage.start, passage.end)]
        others = tuple(p for p in self.defaults if p not in these)
        return replace(self, defaults=others, accepted=(*self.accepted, *these))

    def accept_all(self) -> Passages:
        return replace(self, defaults=(), accepted=(*self.accepted, *self.defaults))

    def changed(self, text: str, start: int, removed: int, inserted: str) -> Passages:
        """The text became another by one change."""
        old_empty = self.empty
        kept, accepted = (
            tuple(
                m for p in places if (m := _moved(p, start, removed, len(inserted))) and text[m.start : m.end] == m.field.default
            )
            for places in (self.defaults, self.accepted)
        )
        numbers = [n for p in self.numbers if (n := _number_after(p, start, removed, inserted)) is not None]
        # Writing over an empty number field begins a number.
        for passage in old_empty:
            is_over = passage.start == start and passage.end == start + removed
            if is_over and inserted and passage.field.kind is FieldKind.NUMBER and _is_number(inserted):
                numbers.append(Passage(start, start + len(inserted), passage.field))
        return replace(self, text=text, defaults=kept, accepted=accepted, numbers=tuple(n for n in numbers if n.end > n.start))


def _moved(passage: Passage, start: int, removed: int, inserted: int) -> Passage | None:
    """Where a passage lies after a change; None when the change reached into it."""
    if start + removed <= passage.start:
        by = inserted - removed
        return replace(passage, start=passage.start + by, end=passage.end + by)
    return passage if start >= passage.end else None


def _number_after(passage: Passage, start: int, removed: int, inserted: str) -> Passage | None:
    """A number grows and shrinks by what is written into it or at its end."""
    grows = passage.start <= start and start + removed <= passage.end and (removed or start > passage.start)
    if grows and (not inserted or _is_number(inserted)):
        return replace(passage, end=passage.end + len(inserted) - removed)
    return _moved(passage, start, removed, len(inserted))


def _is_number(text: str) -> bool:
    return all(c in _WRITTEN for c in text)


def recognised(texts: Mapping[SectionCode, str], templates: Iterable[Template]) -> dict[SectionCode, Passages]:
    """What a text says of its template after a restart: the one whose defaults stand in it most often.

    At least two must stand there, so that a sentence that somebody wrote alike is not taken for a default.
    """
    found: tuple[int, dict[SectionCode, Passages]] = (1, {code: Passages(text) for code, text in texts.items()})
    for template in templates:
        made = {code: _seen(text, _fields_of(template, code)) for code, text in texts.items()}
        count = sum(len(p.defaults) for p in made.values())
        if count > found[0]:
            found = count, made
    return found[1]


def _fields_of(template: Template, code: SectionCode) -> Sequence[Field]:
    body = next((body for c, body in template.sections if c is code), "")
    return [f for f in template.fields if f"{{{f.name}}}" in body]


def _seen(text: str, fields: Sequence[Field]) -> Passages:
    defaults, at = [], 0
    for one in fields:
        start = text.find(one.default, at) if len(one.default) >= LEAST_KNOWN else -1
        if start >= 0:
            at = start + len(one.default)
            defaults.append(Passage(start, at, one, is_default=True))
    return Passages(text, {f.label: f for f in fields if not f.default}, tuple(defaults))
