"""The words of the open report that are tied to images: followed while the text is written, changed with the image.

Words that nobody touched change with their measurement, marked until they are seen; words that the reader changed,
and those of a signed report, are only told what the image says (reporting-ris 4: from image to text).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from workstation.colleague.facts import LinkedFact
from workstation.domain.annotation import Annotation, Verdict
from workstation.domain.report import Report, SectionCode
from workstation.domain.text_link import LinkKind, TextLink
from workstation.errors import Refused, WorkstationError
from workstation.jobs import DATABASE, Cancel, Jobs
from workstation.reporting.journal import Change, apply
from workstation.reporting.link_places import moved
from workstation.session.annotating import Annotating
from workstation.session.desk import DictationTarget, ReportDesk
from workstation.session.lesions import Lesions
from workstation.session.linked_image import LinkedImages, place_at
from workstation.session.linked_marks import LinkMark, LinkState, begins_sentence, is_untouched, mark_of, sentence_at
from workstation.session.measured_text import History, fingerprint, part_words
from workstation.session.measured_words import MeasuredWords, measured_words
from workstation.session.ties import placed
from workstation.signals import Signal


@dataclass(frozen=True, slots=True)
class Edit:
    """`words` in place of `text[start:end]`; `links` are tied to parts of them, their places counted from `start`."""

    start: int
    end: int
    words: str
    links: tuple[TextLink, ...] = ()


class Writer(Protocol):
    """Where text is written: the editors of the window, or the desk itself."""

    def text(self, section: SectionCode) -> str: ...
    def caret(self) -> tuple[SectionCode, int, int]:
        """(section, start, end of what is selected)."""
        ...

    def reveal(self, section: SectionCode, start: int, end: int) -> None:
        """Go to these words."""
        ...

    def undo_together(self, sections: Sequence[SectionCode]) -> None:
        """What was written last into these is one step of undo."""
        ...

    def write(self, section: SectionCode, edits: Sequence[Edit], text: str, goes_on: bool = False) -> None:
        """These edits, in order and apart from each other, as one step of undo; the section then says `text`. To the disk.

        `goes_on` leaves the caret behind the last of them; else it stays where the reader has it.
        """
        ...


class DeskWriter:
    """Without a window: at the end of the section that is written."""

    def __init__(self, desk: ReportDesk) -> None:
        self._desk = desk

    def text(self, section: SectionCode) -> str:
        return self._desk.report.text(section) if self._desk.report is not None else ""

    def caret(self) -> tuple[SectionCode, int, int]:
        end = len(self.text(self._desk.section))
        return self._desk.section, end, end

    def reveal(self, section: SectionCode, start: int, end: int) -> None:
        self._desk.section = section

    def undo_together(self, sections: Sequence[SectionCode]) -> None: ...

    def write(self, section: SectionCode, edits: Sequence[Edit], text: str, goes_on: bool = False) -> None:
        self._desk.write(section, text)


class LinkedText:
    """Main thread. `changed` tells that marks of the open report changed."""

    def __init__(
        self, jobs: Jobs, desk: ReportDesk, annotating: Annotating, lesions: Lesions, images: LinkedImages,
        problem: Callable[[Exception], object],
    ) -> None:  # fmt: skip
        self._jobs = jobs
        self._desk = desk
        self._annotating = annotating
        self._lesions = lesions
        self.images = images
        self._problem = problem
        self._links: dict[str, TextLink] = {}
        self._texts: dict[SectionCode, str] = {}
        self._report_uuid = ""
        self._is_loaded = False
        self.writer: Writer = DeskWriter(desk)
        """An editor plugs itself in here."""
        self.changed: Signal[None] = Signal()
        desk.opened.connect(lambda report: self._load(report.report_uuid))
        desk.report_changed.connect(self._stored)
        desk.segment_accepted.connect(lambda accepted: self._load(accepted[0].report_uuid))
        annotating.changed.connect(lambda _: self._images_changed())

    @property
    def words(self) -> MeasuredWords:
        """Of the report's language."""
        report = self._desk.report
        return measured_words(report.language[:2].lower() if report is not None else "en")

    # ---- what there is -----------------------------------------------------------------

    def marks(self, section: SectionCode) -> tuple[LinkMark, ...]:
        """Of the report on the desk, in the order of the text that was followed last."""
        text = self._texts.get(section, "")
        here = [link for link in self._links.values() if link.section is section and link.is_in_text]
        return tuple(sorted((self._mark(link, text) for link in here), key=lambda m: (m.start, m.end)))

    def at(self, section: SectionCode, place: int) -> LinkMark | None:
        """The narrowest mark that a place is in, its ends included."""
        found = [m for m in self.marks(section) if m.start <= place <= m.end]
        return min(found, key=lambda m: m.end - m.start, default=None)

    def to_be_seen(self) -> tuple[LinkMark, ...]:
        """What changed or differs, in the order of the report."""
        return tuple(mark for section in SectionCode for mark in self.marks(section) if mark.is_to_be_seen)

    def is_told(self, drawn: Annotation) -> bool:
        """Whether words of the report tell this drawing."""
        return any(link.annotation_uid == drawn.uid and link.is_in_text for link in self._links.values())

    def facts(self) -> tuple[LinkedFact, ...]:
        """Where words and image differ, for whoever looks at the text before it is signed."""
        found = (m for m in self.to_be_seen() if m.state is not LinkState.CHANGED)
        texts = self._texts
        return tuple(LinkedFact(m.link.section, m.start, m.end, texts[m.link.section][m.start : m.end], _now(m)) for m in found)

    # ---- what the editors say ----------------------------------------------------------

    def follow(self, section: SectionCode, text: str) -> None:
        """The text of a section of the report on the desk is this now."""
        before = self._texts.get(section, "")
        if text == before:
            return
        self._texts[section] = text
        for link in [link for link in self._links.values() if link.section is section]:
            self._links[link.link_id] = placed(link, before, text)
        self.changed.emit(None)

    def sentence_begun(self, section: SectionCode, place: int) -> None:
        """The first letter of a sentence was typed at `place` of the text that was followed."""
        text, report = self._texts.get(section, ""), self._desk.report
        looked_at = self.images.looked_at()
        if report is None or looked_at is None or not begins_sentence(text, place) or not text[place : place + 1].strip():
            return
        start, end = sentence_at(text, place)
        if any(m.state is LinkState.IMAGE and m.start < end and m.end > start for m in self.marks(section)):
            return
        link = self._new(section, LinkKind.TYPED, looked_at, words=text[place])
        link = replace(link, start=place, end=place + 1)
        self._links[link.link_id] = link
        self._desk.ties.tie(report.report_uuid, section, text, [link])
        self.changed.emit(None)

    def segment_begun(self, segment_id: str, target: DictationTarget) -> None:
        """Somebody begins to speak: what is looked at now is what the words are about, whenever they come."""
        looked_at = self.images.looked_at()
        if looked_at is None or target.report_uuid != self._report_uuid:
            return
        link = replace(self._new(target.section, LinkKind.SPOKEN, looked_at), segment_id=segment_id)
        self._jobs.run(DATABASE, lambda _: self._desk.links.begin_segment(link), None, self._problem)

    # ---- acts ----------------------------------------------------------------------------

    def write(self, edits: Iterable[tuple[SectionCode, Edit]], goes_on: bool = False) -> None:
        """Put words with their links into the report, as one step of undo. `goes_on` as for a writer."""
        by_section: dict[SectionCode, list[Edit]] = {}
        for section, edit in edits:
            by_section.setdefault(section, []).append(edit)
        for section, found in by_section.items():
            self._write(section, sorted(found, key=lambda e: e.start), goes_on)
        self.writer.undo_together(tuple(by_section))
        self.changed.emit(None)

    def tied(self, section: SectionCode, drawn: Annotation, part: str, start: int, words: str, label: str) -> TextLink:
        """A link of `words` at `start` of an edit's words."""
        link = self._new(section, LinkKind.MEASURED, place_at(drawn), words)
        end = start + len(words)
        return replace(
            link, start=start, end=end, annotation_uid=drawn.uid, part=part, fingerprint=fingerprint(drawn), label=label
        )

    def take(self, mark: LinkMark) -> None:
        """What the image says in place of the words. Raises Refused where that cannot be."""
        if not self._desk.may_write(mark.link.section):
            raise Refused("Not changed", "These words are signed", "Write an addendum or correct the report")
        if mark.state is LinkState.GONE or not mark.says:
            raise Refused("Not changed", "The image says nothing here any more", "Change the words yourself")
        fresh = replace(mark.link, words=mark.says, start=0, end=len(mark.says), is_seen=True)
        self.write([(mark.link.section, Edit(mark.start, mark.end, mark.says, (self._as_now(fresh),)))])

    def see(self, marks: Iterable[LinkMark]) -> None:
        """The reader has looked at words that changed, and so at all that changed with that measurement there."""
        seen = {(m.link.section, m.link.annotation_uid) for m in marks if m.state is LinkState.CHANGED}
        changed = [link for link in self._links.values() if not link.is_seen and (link.section, link.annotation_uid) in seen]
        ids = [link.link_id for link in changed]
        if not ids:
            return
        for one in ids:
            self._links[one] = replace(self._links[one], is_seen=True)
        uuid_now = self._report_uuid
        self._jobs.run(DATABASE, lambda _: self._desk.links.mark_seen(uuid_now, ids), None, self._problem)
        self.changed.emit(None)

    def show(self, link: TextLink) -> None:
        """Show the image that words are about. Raises Refused where it is not here."""
        drawn = self._annotating.find(link.annotation_uid) if link.annotation_uid else None
        self.images.show(link.place)
        if drawn is not None:
            self._annotating.select(drawn.uid, by_hand=True)

    # ---- inside ----------------------------------------------------------------------------

    def _new(self, section: SectionCode, kind: LinkKind, place: object, words: str = "") -> TextLink:
        return TextLink(str(uuid.uuid4()), self._report_uuid, section, kind, place, words=words)  # type: ignore[arg-type]

    def _load(self, report_uuid: str) -> None:
        def work(_: Cancel) -> tuple[Report, tuple[TextLink, ...]]:
            return self._desk.report_on_disk(report_uuid), self._desk.links.of_report(report_uuid)

        def done(found: tuple[Report, tuple[TextLink, ...]]) -> None:
            report, links = found
            if self._desk.report is None or self._desk.report.report_uuid != report_uuid:
                return
            self._take_in(report, links)

        self._jobs.run(DATABASE, work, done, self._problem)

    def _take_in(self, report: Report, links: Sequence[TextLink]) -> None:
        """Links as the disk has them, brought to the text as it stands in the editors."""
        is_new = self._report_uuid != report.report_uuid
        self._report_uuid = report.report_uuid
        shown = {code: self.writer.text(code) for code in SectionCode}
        known = {} if is_new else self._links
        self._links = {link.link_id: placed(link, report.text(link.section), shown[link.section]) for link in links}
        for link in known.values():  # not on disk yet
            self._links.setdefault(link.link_id, link)
        self._texts, self._is_loaded = shown, True
        self._images_changed()
        self.changed.emit(None)

    def _stored(self, report: Report | None) -> None:
        if report is None or report.report_uuid != self._report_uuid:
            self._links.clear()
            self._texts.clear()
            self._is_loaded = False
            self._report_uuid = report.report_uuid if report is not None else ""
        elif isinstance(self.writer, DeskWriter):
            for code in SectionCode:
                self.follow(code, report.text(code))
        self.changed.emit(None)

    def _mark(self, link: TextLink, text: str) -> LinkMark:
        if link.kind is not LinkKind.MEASURED:
            return mark_of(link, text, None, False)
        drawn = self._annotating.find(link.annotation_uid)
        is_gone = drawn is None or drawn.verdict is Verdict.REJECTED
        return mark_of(link, text, self._says(link), is_gone and self._is_loaded)

    def _says(self, link: TextLink) -> str | None:
        """What the image says now for the words of a link."""
        drawn = self._annotating.find(link.annotation_uid)
        return None if drawn is None else part_words(drawn, link.part, self.words, self.history(drawn))

    def history(self, drawn: Annotation) -> History | None:
        """Of the lesion that a drawing is a part of."""
        if not drawn.lesion:
            return None
        table = self._lesions.table()
        row = next((row for row in table.rows if row.lesion == drawn.lesion), None)
        return (row, table.times) if row is not None else None

    def _images_changed(self) -> None:
        """Measurements may have changed: words that nobody touched change with what is on disk of them."""
        if not self._is_loaded or not self._links or self._annotating.is_unsaved:
            return
        edits: list[tuple[SectionCode, Edit]] = []
        for link in list(self._links.values()) if self._may_change_by_itself() else ():
            text = self._texts.get(link.section, "")
            if link.kind is not LinkKind.MEASURED or not is_untouched(link, text):
                continue
            says = self._says(link)
            if says is not None and says != link.words:
                fresh = replace(link, words=says, start=0, end=len(says), is_seen=False)
                edits.append((link.section, Edit(link.start, link.end, says, (self._as_now(fresh),))))
        if edits:
            self.write(edits)
        self.changed.emit(None)

    def _may_change_by_itself(self) -> bool:
        """What was signed is changed by hands only, in a correction too."""
        report = self._desk.report
        return self._desk.is_open_for_writing and report is not None and report.revision is None

    def _as_now(self, link: TextLink) -> TextLink:
        drawn = self._annotating.find(link.annotation_uid)
        return replace(link, fingerprint=fingerprint(drawn)) if drawn is not None else link

    def _write(self, section: SectionCode, edits: Sequence[Edit], goes_on: bool) -> None:
        text = self.writer.text(section)
        self.follow(section, text)
        new: dict[str, TextLink] = {}
        others = {link.link_id: link for link in self._links.values() if link.section is section}
        for edit in reversed(edits):
            change = Change(edit.start, edit.end - edit.start, edit.words)
            text = apply(text, change)
            by = len(edit.words) - change.removed
            new = {uid: replace(link, start=link.start + by, end=link.end + by) for uid, link in new.items()}
            new |= {ln.link_id: replace(ln, start=edit.start + ln.start, end=edit.start + ln.end) for ln in edit.links}
            for uid, link in others.items():
                start, end = moved((link.start, link.end), link.words, change, text)
                others[uid] = replace(link, start=start, end=end)
        others |= new
        self._links |= others
        self._texts[section] = text
        tied = new if len(edits) == 1 else {uid: link for uid, link in others.items() if not link.segment_id}
        try:
            self._desk.ties.tie(self._report_uuid, section, text, list(tied.values()))
            self.writer.write(section, edits, text, goes_on)
        except WorkstationError as error:
            self._problem(error)


def _now(mark: LinkMark) -> str:
    return "" if mark.state is LinkState.GONE else mark.says
