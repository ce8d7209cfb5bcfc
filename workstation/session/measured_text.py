"""What a measurement says in a report, in pieces: the words around, and the numbers that follow the image.

Nothing is said of what is not known for sure: refused with the reason are values that are still on their way,
proposals and findings that nobody accepted, and lengths in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from workstation.domain.annotation import Annotation, AnnotationKind, MeasuredValue, Verdict
from workstation.domain.lesion import VARIATION_MM, LesionCell, LesionRow, LesionTable, TimePoint
from workstation.errors import Refused
from workstation.session.copying import PROPOSED, UNCHECKED
from workstation.session.measured_words import MeasuredWords, digits_of

TITLE = "Not put into the report"
SIZE = "size"
_WORDS_ONLY = (AnnotationKind.TEXT, AnnotationKind.ARROW, AnnotationKind.SPINE)
_AREAS = (
    AnnotationKind.RECTANGLE,
    AnnotationKind.ELLIPSE,
    AnnotationKind.CIRCLE,
    AnnotationKind.POLYGON,
    AnnotationKind.FREEHAND,
    AnnotationKind.SPHERE,
)
_CM = 10.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Words as written. `part` names the value that they tell; empty for words that no image changes."""

    words: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """`name` is what stands before the pieces at the beginning of a line; `place` names the image, behind the first piece."""

    drawn: Annotation
    pieces: tuple[Piece, ...]
    name: str = ""
    place: str = ""
    from_whom: str = ""

    @property
    def in_line(self) -> tuple[Piece, ...]:
        """With the image and the source in brackets, as it stands inside a sentence."""
        notes = "; ".join(part for part in (self.place, self.from_whom) if part)
        first = next((i for i, piece in enumerate(self.pieces) if piece.part == SIZE), len(self.pieces) - 1)
        return (*self.pieces[: first + 1], *([Piece(f" ({notes})")] if notes else []), *self.pieces[first + 1 :])

    @property
    def words(self) -> str:
        return "".join(piece.words for piece in self.in_line)


History: TypeAlias = tuple[LesionRow, Sequence[TimePoint]]


def told(drawn: Annotation, words: MeasuredWords, place: str = "", from_whom: str = "", history: History | None = None) -> Told:
    """Raises Refused where nothing can be said honestly. `history` is that of the lesion it is a part of."""
    check(drawn)
    name = drawn.lesion_name or drawn.text
    pieces = _pieces(drawn, words, history)
    if not pieces and drawn.text:
        return Told(drawn, (Piece(drawn.text),), "", place, from_whom)
    if not pieces:
        raise Refused(TITLE, "This drawing has no value and no text")
    return Told(drawn, tuple(pieces), name, place, from_whom)


def check(drawn: Annotation) -> None:
    """Raises Refused for what is not to be told."""
    measured = drawn.measured
    if drawn.verdict is Verdict.REJECTED:
        raise Refused(TITLE, "This finding was rejected")
    if drawn.verdict is Verdict.OPEN:
        proposed = next((words for words in (measured.refused, *measured.notes) if words in (UNCHECKED, PROPOSED)), "")
        raise Refused(TITLE, proposed or "Nobody has accepted this finding", "Look at it, then accept it (Ctrl+A)")
    if drawn.kind is AnnotationKind.CALIBRATION:
        raise Refused(TITLE, "A calibration line is no finding")
    if measured.is_waiting:
        said = next(w for w in (measured.refused, *measured.notes) if w)
        raise Refused(TITLE, said, "Wait until the images have come")
    if measured.refused and drawn.kind not in _WORDS_ONLY:
        raise Refused(TITLE, measured.refused, "Check it on its image first")


def part_words(drawn: Annotation, part: str, words: MeasuredWords, history: History | None = None) -> str | None:
    """What the image says now for a part that was written before; None where it says nothing any more."""
    try:
        check(drawn)
        if "@" in part:
            return number_in(drawn, part, words)
        return next((p.words for p in _pieces(drawn, words, history) if p.part == part), None)
    except Refused:
        return None


def number_in(drawn: Annotation, part: str, words: MeasuredWords) -> str | None:
    """A bare number for a field whose unit stands behind it: `Length@mm`."""
    name, _, unit = part.partition("@")
    value = next((v for v in drawn.measured.values if v.name == name), None)
    if value is None or not _is_plain(value, unit):
        return None
    if unit == "cm":
        return words.number(value.value / _CM, 1)
    return words.uptake(value.value) if value.unit.startswith("SUV") else words.number(value.value, digits_of(value))


def field_part(drawn: Annotation, unit: str, takes: str) -> str:
    """The part that a number field of this unit takes of a drawing; empty where none fits."""
    wanted = _OF_FIELDS.get(takes or unit, ())
    for name in wanted:
        value = next((v for v in drawn.measured.values if v.name == name), None)
        if value is not None and _is_plain(value, unit):
            return f"{name}@{unit}"
    return ""


_SIZES = ("Length", "Long axis")
# What a number field takes, by its unit, or as `Field.takes` says.
_OF_FIELDS: dict[str, tuple[str, ...]] = {
    "mm": _SIZES,
    "cm": _SIZES,
    "HU": ("Mean", "Value"),
    "°": ("Cobb angle", "Angle"),
    "ml": ("Volume",),
    "length": _SIZES,
    "short_axis": ("Short axis",),
    "hu": ("Mean", "Value"),
    "angle": ("Cobb angle", "Angle"),
    "volume": ("Volume",),
    "area": ("Area",),
    "suvmax": ("Max",),
    "suvpeak": ("Peak",),
    "suvmean": ("Mean",),
}


def _is_plain(value: MeasuredValue, unit: str) -> bool:
    """Whether a value is in a field's unit, and in the patient: a length at the detector is none."""
    if unit == "cm":
        return value.unit == "mm"
    return value.unit == unit or (not unit and value.unit.startswith("SUV"))


def fingerprint(drawn: Annotation) -> str:
    """Which state of a measurement words were written from."""
    return ";".join(f"{v.of}{v.name}={v.value:.4g}{v.unit}" for v in drawn.measured.values)


# ---- pieces ----------------------------------------------------------------------------


def _pieces(drawn: Annotation, words: MeasuredWords, history: History | None) -> list[Piece]:
    by_name = {(v.of, v.name): v for v in drawn.measured.values}
    values = {name: v for (_, name), v in by_name.items()}
    if drawn.kind is AnnotationKind.LENGTH and "Length" in values:
        return [Piece(words.size((values["Length"],)), SIZE), *_since(drawn, words, history)]
    if drawn.kind is AnnotationKind.BIDIRECTIONAL and "Long axis" in values:
        axes = tuple(values[name] for name in ("Long axis", "Short axis") if name in values)
        return [Piece(words.size(axes), SIZE), *_since(drawn, words, history)]
    if drawn.kind in _AREAS:
        return [*_inside(drawn, words), *_since(drawn, words, history)]
    found: list[Piece] = []
    for value in drawn.measured.values:
        if value.name == "Angle between axes":
            continue
        if not value.unit:
            raise Refused(TITLE, "The values of this image have no unit")
        key = {"Angle": "angle", "Cobb angle": "cobb", "Value": "value"}.get(value.name)
        before = f"{value.of} " if value.of else ""
        pattern = words[key] if key else f"{value.name} {{0}}"
        pattern = f"{_uptake_name(value.unit)} {{0}}" if value.unit.startswith("SUV") else pattern
        found += _one(found, before + pattern, words.quantity(value), f"{value.of}{value.name}")
    return found


_INSIDE = (("Mean", "mean"), ("SD", "spread"))


def _inside(drawn: Annotation, words: MeasuredWords) -> list[Piece]:
    """What lies inside an area or a ball: SUV as it is read, else mean and spread; then how large it is."""
    found: list[Piece] = []
    for value in drawn.measured.values:
        part = f"{value.of}{value.name}"
        if value.unit.startswith("SUV"):
            short = {"Max": "max", "Peak": "peak", "Mean": "mean"}.get(value.name)
            if short is not None:
                name = _uptake_name(value.unit)
                found += _one(found, f"{name}{'' if name == 'SUV' else ' '}{short} {{0}}", words.quantity(value), part)
        elif value.name in ("Mean", "SD") and value.unit:
            before = f"{value.of} " if value.of else ""
            found += _one(found, before + words[dict(_INSIDE)[value.name]], words.quantity(value), part)
    for name, key in (("Area", "area"), ("Volume", "volume")):
        size = next((v for v in drawn.measured.values if v.name == name), None)
        if size is not None and not size.unit.startswith("px"):
            found += _one(found, words[key], words.quantity(size), name)
        elif size is not None and not found:
            words.unit(size.unit)
    return found


def _uptake_name(unit: str) -> str:
    """SUV by body weight is what is meant when nothing else is said."""
    return "SUV" if unit in ("SUV", "SUVbw") else unit


def _one(before: Sequence[Piece], pattern: str, said: str, part: str) -> list[Piece]:
    start, _, end = pattern.partition("{0}")
    joint = ", " if before else ""
    pieces = [Piece(joint + start), Piece(said, part), Piece(end)]
    return [p for p in pieces if p.words]


def _since(drawn: Annotation, words: MeasuredWords, history: History | None) -> list[Piece]:
    """What a lesion was before, how it changed, and how fast it grows."""
    if history is None:
        return []
    row, times = history
    known = [(t, c) for t, c in zip(times, row.cells, strict=True) if c is not None and c.values and not c.is_proposed]
    here = next((i for i, (_, cell) in enumerate(known) if cell.drawn.uid == drawn.uid), 0)
    if here == 0:
        return []
    (time, before), (_, now) = known[here - 1], known[here]
    was = Piece(words.size(before.values), "before")
    start, end = _around(words["before"] if time.day else words["before_undated"], time)
    found = [Piece(f", {start}"), was, *([Piece(end)] if end else [])]
    if now.change is not None:
        said = words.percent(now.change)
        found += [Piece(", "), Piece(words["variation"].format(said) if _is_variation(now, before) else said, "change")]
    if now.doubling_days is not None and not _is_variation(now, before):
        key = "doubling" if now.doubling_days > 0 else "halving"
        found += [Piece(", "), Piece(words[key].format(words.number(abs(now.doubling_days), 0)), "doubling")]
    return found


def sum_words(table: LesionTable, words: MeasuredWords) -> str:
    """The sum of the long axes as a sentence; empty for a single lesion, or where one was not measured in all studies."""
    if not table.sums or len(table.rows) < 2:
        return ""
    last = table.sums[-1]
    parts = [words["sum"].format(last.count, f"{words.number(last.millimetres, 0)} mm")]
    for share, key in ((last.since_first, "since_first"), (last.since_smallest, "since_smallest")):
        if share is not None:
            parts.append(words[key].format(words.percent(share)))
    return ", ".join(parts) + "."


def _around(pattern: str, time: TimePoint) -> tuple[str, str]:
    start, _, end = pattern.partition("{0}")
    return start, end.format("", time.day.isoformat() if time.day else "")


def _is_variation(now: LesionCell, before: LesionCell) -> bool:
    """Less than what two readings of one diameter differ by."""
    one, other = now.values[0], before.values[0]
    return one.unit.startswith("mm") and one.name != "Area" and abs(one.value - other.value) < VARIATION_MM
