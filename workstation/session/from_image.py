"""From image to text: measurements, lesions and accepted findings go where the report wants them, tied to their image.

A template's empty field that takes such a value comes first; else it is written at the caret.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workstation.domain.annotation import Annotation, AnnotationKind, Verdict
from workstation.domain.dates import as_date
from workstation.domain.report import SectionCode
from workstation.domain.text_link import TextLink
from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.session.annotating import READER, Annotating
from workstation.session.case import Case, Notice
from workstation.session.finding import instance_of, series_of
from workstation.session.image_numbers import numbered_otherwise
from workstation.session.lesions import Lesions
from workstation.session.linked_text import Edit, LinkedText
from workstation.session.measured_text import TITLE, Piece, Told, field_part, number_in, sum_words, told
from workstation.templates.model import TAKES_WORDS, FieldKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from workstation.session.desk import ReportDesk
    from workstation.session.templating import Templating
    from workstation.signals import Signal
    from workstation.templates.body import Passage

PROGRAM = "program"
SHORT_AXIS = "short_axis"
_AXES = {Plane.SAGITTAL: 0, Plane.CORONAL: 1, Plane.AXIAL: 2}


class FromImage:
    """Main thread. Methods raise Refused with the reason where nothing can be put in honestly.

    `reader` tells who accepts findings of programs.
    """

    def __init__(
        self, desk: ReportDesk, annotating: Annotating, lesions: Lesions, linked: LinkedText, templating: Templating,
        case: Callable[[], Case | None], notice: Signal[Notice], reader: Callable[[], str],
    ) -> None:  # fmt: skip
        self._desk = desk
        self._annotating = annotating
        self._lesions = lesions
        self._linked = linked
        self._templating = templating
        self._case = case
        self._notice = notice
        self._reader = reader

    # ---- acts ----------------------------------------------------------------------------

    def insert_one(self) -> None:
        """The selected drawing, or the reader's last one."""
        self._check()
        drawn = self._annotating.find(self._annotating.selected) or self._last()
        if drawn is None:
            raise Refused("Nothing to put into the report", "Nothing is measured on these images", "Measure something first")
        self._put_one(self.told(drawn))

    def insert_all(self) -> None:
        """Every measurement and accepted finding of the study that the report does not tell yet, each a line."""
        case = self._check()
        own = [a for a in self._annotating.all() if a.study_uid == case.study.study_instance_uid]
        found, refused = self._tell(a for a in own if a.kind not in _NOT_LISTED and a.verdict is not Verdict.REJECTED)
        new = [one for one in found if not self._linked.is_told(one.drawn)]
        if not new:
            why = refused[0] if refused else "All of it stands in the report already" if found else "Nothing is measured"
            raise Refused("Nothing to put into the report", why)
        self._put_lines(new)
        if refused:
            self._notice.emit(Notice(f"{len(refused)} more not put into the report: {refused[0]}", error=True, of_case=True))

    def insert_lesions(self) -> None:
        """The followed lesions as they are in the newest study that has them, with their sum."""
        self._check()
        table = self._lesions.table()
        newest = [
            next((c for c in reversed(row.cells) if c is not None and not c.is_proposed and c.values), None) for row in table.rows
        ]
        found, refused = self._tell(cell.drawn for cell in newest if cell is not None)
        if not found:
            raise Refused("Nothing to put into the report", refused[0] if refused else "No lesion has an accepted size")
        self._put_lines(found, sum_words(table, self._linked.words))

    # ---- words ---------------------------------------------------------------------------

    def told(self, drawn: Annotation) -> Told:
        """What a drawing says in the language of the report."""
        words, history = self._linked.words, self._linked.history(drawn)
        return told(drawn, words, self.place(drawn), self._from_whom(drawn), history)

    def place(self, drawn: Annotation) -> str:
        """`series 3, image 45`, with the examination where it is an earlier one."""
        words, studies = self._linked.words, self._annotating.studies
        found = series_of(studies, drawn)
        if found is None:
            return ""
        study, series = found
        parts = []
        if study is not studies[0]:
            day = as_date(study.study_date)
            parts.append(words["prior"].format(day.isoformat()) if day else words["prior_undated"])
        if series.series_number is not None:
            parts.append(words["series"].format(series.series_number))
        if drawn.plane is not Plane.STACK:
            return ", ".join([*parts, self._plane(drawn)])
        instance, at = instance_of(series, drawn.sop_instance_uid), self._annotating.image_place(drawn)
        if instance is not None and at is not None:
            others = [words[what].format(n) for what, n in numbered_otherwise(series, instance, drawn.frame_number, at)]
            image = words["image"].format(at)
            parts += [image, *others]
        elif instance is not None and instance.instance_number is not None:
            parts.append(words["instance"].format(instance.instance_number))
        return ", ".join(parts)

    def _plane(self, drawn: Annotation) -> str:
        words = self._linked.words
        said = words["plane"].format(words[drawn.plane.value] if drawn.plane in _AXES else words["oblique"])
        if drawn.plane not in _AXES or not drawn.patient_points:
            return said
        return f"{said} {words.number(drawn.patient_points[0][_AXES[drawn.plane]], 1)} mm"

    def _from_whom(self, drawn: Annotation) -> str:
        """Whose finding it is, when it is not the reader's own."""
        words, source = self._linked.words, drawn.source
        if source.kind == READER:
            return ""
        name = " ".join(part for part in (source.name, source.version) if part)
        if source.kind != PROGRAM:
            return words["received"].format(name) if name else ""
        who = self._reader()
        return words["ai"].format(name or "?", who) if who else words["ai_unsigned"].format(name or "?")

    # ---- where ---------------------------------------------------------------------------

    def _put_one(self, one: Told) -> None:
        section, start, end = self._linked.writer.caret()
        field = self._field(one, section, start, end)
        if field is None:
            self._linked.write([(section, self._at_caret(one, section, end))], goes_on=True)
            return
        section, edit = field
        self._linked.write([field, *self._short_axis_behind(one, section, edit)], goes_on=True)

    def _short_axis_behind(self, one: Told, section: SectionCode, edit: Edit) -> list[tuple[SectionCode, Edit]]:
        """`[long] × [short]` is filled in one go."""
        following = next((p for p in self._templating.passages(section).empty if p.start >= edit.end), None)
        if following is None or following.field.takes != SHORT_AXIS:
            return []
        pieces = self._pieces_for(one, following, False)
        return [(section, self._edit(section, following.start, following.end, one, pieces))] if pieces else []

    def _put_lines(self, found: Sequence[Told], last: str = "") -> None:
        section = self._linked.writer.caret()[0]
        edits: list[tuple[SectionCode, Edit]] = []
        taken: list[Passage] = []
        lines: list[Told] = []
        for one in found:
            field = self._field(one, section, -1, -1, taken)
            if field is None:
                lines.append(one)
            else:
                edits.append(field)
        if lines or last:
            edits.append((section, self._as_lines(lines, section, last)))
        self._linked.write(edits, goes_on=True)

    def _field(
        self, one: Told, section: SectionCode, start: int, end: int, taken: list[Passage] | None = None
    ) -> tuple[SectionCode, Edit] | None:
        """The empty field that takes it: the one under the caret, else the first that says so, that section's first."""
        for code in (section, *(c for c in SectionCode if c is not section)):
            for passage in self._templating.passages(code).empty if self._desk.may_write(code) else ():
                here = code is section and passage.start <= start and end <= passage.end
                if taken is not None and passage in taken:
                    continue
                pieces = self._pieces_for(one, passage, here)
                if pieces is None:
                    continue
                if taken is not None:
                    taken.append(passage)
                return code, self._edit(code, passage.start, passage.end, one, pieces)
        return None

    def _pieces_for(self, one: Told, passage: Passage, is_here: bool) -> tuple[Piece, ...] | None:
        field, name = passage.field, one.drawn.text or one.drawn.lesion_name
        is_meant = bool(field.takes) or is_here or (bool(name) and name.casefold() == field.label.casefold())
        if not is_meant:
            return None
        if field.kind is FieldKind.NUMBER:
            part = field_part(one.drawn, field.unit, field.takes)
            words = number_in(one.drawn, part, self._linked.words) if part else None
            if words is None and is_here:
                raise Refused(TITLE, f"The field {field.bracketed} takes {field.unit or 'another number'}", "Go to another place")
            return None if words is None else (Piece(words, part),)
        if is_here or field.takes in TAKES_WORDS or not field.takes:
            return one.in_line
        return None

    def _at_caret(self, one: Told, section: SectionCode, place: int) -> Edit:
        text = self._linked.writer.text(section)
        before, after = text[:place], text[place:]
        begins = not before.strip() or before.rstrip(" \t").endswith("\n")
        pieces = _named(one) if begins else one.in_line
        joint = "" if not before or before[-1].isspace() or before[-1] in "([/" else " "
        pieces = (Piece(joint), *pieces, Piece(" " if after[:1].isalnum() else ""))
        return self._edit(section, place, place, one, pieces)

    def _as_lines(self, lines: Sequence[Told], section: SectionCode, last: str) -> Edit:
        text = self._linked.writer.text(section)
        place = len(text)
        words, links = ("" if not text or text.endswith("\n") else "\n"), []
        for number, one in enumerate(lines):
            made = self._edit(section, place, place, one, (*_named(one), Piece(".")))
            joint = "\n" if number else ""
            by = len(words) + len(joint)
            links += [_shifted(link, by) for link in made.links]
            words += joint + made.words
        if last:
            words += ("\n" if lines else "") + last
        return Edit(place, place, words, tuple(links))

    def _edit(self, section: SectionCode, start: int, end: int, one: Told, pieces: Sequence[Piece]) -> Edit:
        words, links = "", []
        for piece in pieces:
            if piece.part:
                links.append(self._linked.tied(section, one.drawn, piece.part, len(words), piece.words, one.place))
            words += piece.words
        return Edit(start, end, words, tuple(links))

    # ---- inside --------------------------------------------------------------------------

    def _check(self) -> Case:
        case, report = self._case(), self._desk.report
        if case is None or report is None or not self._desk.is_open_for_writing:
            raise Refused(TITLE, "No report is open for writing")
        if report.study_instance_uid != case.study.study_instance_uid:
            raise Refused(TITLE, "The report on the desk is of another study")
        return case

    def _last(self) -> Annotation | None:
        own = [a for a in self._annotating.all() if a.source.kind == READER and a.kind not in _NOT_LISTED]
        return max(own, key=lambda a: a.source.made or datetime.min.replace(tzinfo=UTC), default=None)

    def _tell(self, drawings: Iterable[Annotation]) -> tuple[list[Told], list[str]]:
        found, refused = [], []
        for drawn in drawings:
            try:
                found.append(self.told(drawn))
            except Refused as error:
                refused.append(error.detail or error.title)
        return found, refused


_NOT_LISTED = (AnnotationKind.CALIBRATION, AnnotationKind.SPINE)


def _named(one: Told) -> tuple[Piece, ...]:
    """At the beginning of a line: with its name, or a capital."""
    said = one.in_line
    if one.name:
        return (Piece(f"{one.name}: "), *said)
    first = said[0]
    return (replace(first, words=first.words[:1].upper() + first.words[1:]), *said[1:]) if not first.part else said


def _shifted(link: TextLink, by: int) -> TextLink:
    return replace(link, start=link.start + by, end=link.end + by)
