"""What stands beside a drawing: values with unit and the source of their spacing, text, whose it is."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

from PySide6.QtCore import QCoreApplication

from ui import plain
from workstation.domain.annotation import Annotation, AnnotationKind, Verdict
from workstation.session.annotating import READER
from workstation.session.annotation_words import told

# Values of an area that stand side by side, so that its label is low: mean and SD, least and most.
PAIRED = 2
_ONE_VALUE = (AnnotationKind.LENGTH, AnnotationKind.ANGLE, AnnotationKind.COBB, AnnotationKind.PROBE, AnnotationKind.CALIBRATION)


@lru_cache(maxsize=4096)
def label_lines(drawn: Annotation) -> tuple[str, ...]:
    """The lines of a label, most important first; none for a drawing that says nothing."""
    lines = [plain.plain(part) for part in drawn.text.splitlines() if part.strip()]
    measured = drawn.measured
    if drawn.kind is AnnotationKind.CALIBRATION and drawn.known_mm is not None:
        lines.append(_tr("Calibration {0} mm").format(f"{drawn.known_mm:g}"))
    if drawn.kind in _ONE_VALUE and len(measured.values) == 1:
        lines.append(plain.number(measured.values[0].text))
    elif measured.values:
        lines.extend(_value_lines(drawn))
    if measured.refused and drawn.kind not in (AnnotationKind.TEXT, AnnotationKind.ARROW, AnnotationKind.SPINE):
        lines.append(plain.core_text(measured.refused))
    lines.extend(plain.core_text(note) for note in measured.notes)
    if drawn.source.kind != READER:
        lines.append(source_words(drawn))
    return tuple(line for line in lines if line)


def _value_lines(drawn: Annotation) -> list[str]:
    """What is looked for at a glance; the rest is in the histogram and the list."""
    lines = []
    for of, values in groupby(told(drawn), key=lambda value: value.of):
        words = [f"{plain.core_text(v.name)} {plain.number(v.text)}" for v in values]
        first, rest = (words[:1], words[1:]) if len(words) > PAIRED + 1 and not of else ([], words)
        if not of and len(words) <= PAIRED + 1:
            first, rest = words, []
        # Of two series each line says of which: a long one is broken, and its second half would not.
        wide = 1 if of and any(v.unit.startswith("SUV") or v.unit in ("ml", "g") for v in told(drawn) if v.of == of) else PAIRED
        pairs = ["  ".join(rest[i : i + wide]) for i in range(0, len(rest), wide)]
        lines += [*first, *(f"{plain.plain(of)} {pair}".strip() for pair in pairs)]
    return lines


def source_words(drawn: Annotation) -> str:
    """`AI: name 1.2, 2026-11-20, accepted`; of the reader's own the name alone."""
    source = drawn.source
    named = " ".join(part for part in (plain.plain(source.name), plain.plain(source.version)) if part)
    if source.kind == READER:
        return named
    kind = _tr("AI") if source.kind == "program" else _tr("Received")
    day = source.made.date().isoformat() if source.made is not None else ""
    verdict = {Verdict.ACCEPTED: _tr("accepted"), Verdict.REJECTED: _tr("rejected"), Verdict.OPEN: _tr("not judged")}
    # Only a program's findings wait for a verdict: what a colleague drew stands by itself.
    said = "" if source.kind != "program" and drawn.verdict is Verdict.ACCEPTED else verdict[drawn.verdict]
    return ", ".join(part for part in (f"{kind}: {named or _tr('unnamed')}", day, said) if part)


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewport", text)
