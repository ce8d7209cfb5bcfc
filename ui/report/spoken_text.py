"""The spoken words of the report that is shown: which stand out, where they stand now, what of them was looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dictation.spoken_marks import Part, SpokenMark, marks_of, part_at, parts_of
from workstation.domain.dictation import DictatedSegment
from workstation.domain.report import SectionCode
from workstation.reporting.journal import Change
from workstation.reporting.origins import Run, Traced
from workstation.reporting.spoken import Looked, SpokenReport


@dataclass(frozen=True, slots=True)
class Standing:
    """A mark at `text[start:end]` of a section as it is shown."""

    start: int
    end: int
    segment_id: str
    mark: SpokenMark

    @property
    def key(self) -> Looked:
        return self.segment_id, self.mark.start, self.mark.end


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """Words at `text[start:end]` of a section, and what was said for them."""

    start: int
    end: int
    segment: DictatedSegment
    part: Part


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Words that an alternative was put in place of: they can be changed again."""

    words: str
    segment_id: str
    part: Part


class SpokenText:
    """One report's. `code` is its language."""

    def __init__(self, code: str, unsure_below: float, texts: Mapping[SectionCode, str]) -> None:
        self.code = code
        self._unsure_below = unsure_below
        self._sections = {section: Traced(text) for section, text in texts.items()}
        self._segments: dict[str, DictatedSegment] = {}
        self._marks: dict[str, tuple[SpokenMark, ...]] = {}
        self._seen: set[Looked] = set()
        self._unseen: dict[SectionCode, tuple[tuple[Run, ...], tuple[Standing, ...]]] = {}
        self._chosen: dict[SectionCode, list[_Chosen]] = {}

    def load(self, report: SpokenReport) -> None:
        """As it is on disk; what is shown may be newer."""
        for section, shown in self._sections.items():
            traced = report.sections[section]
            traced.become(shown.text)
            self._sections[section] = traced
        self._segments |= report.segments
        self._seen |= report.seen
        self._marks.clear()
        self._unseen.clear()

    def text(self, section: SectionCode) -> str:
        return self._sections[section].text

    @property
    def texts(self) -> dict[SectionCode, str]:
        return {section: traced.text for section, traced in self._sections.items()}

    def become(self, section: SectionCode, text: str) -> None:
        self._sections[section].become(text)

    def dictate(self, section: SectionCode, change: Change, segment: DictatedSegment) -> None:
        self._segments[segment.segment_id] = segment
        self._marks.pop(segment.segment_id, None)
        self._unseen.clear()
        self._sections[section].dictate(change, segment.segment_id, segment.text)

    def whole(self, segment_id: str) -> tuple[SectionCode, int, int] | None:
        """Where a segment stands as it came, with the spaces that came with it; None where not all of it does."""
        segment = self._segments.get(segment_id)
        for section, traced in self._sections.items():
            places = traced.of_segment(segment_id)
            if segment is not None and len(places) == 1:
                start, end = places[0]
                words = traced.text[start:end].strip(" ")
                # The middle of a sentence took its stop and its capital away.
                is_all = words.lower() in (segment.text.lower(), segment.text[:-1].lower())
                return (section, start, end) if is_all else None
        return None

    def place_of(self, segment_id: str, start: int, end: int) -> tuple[SectionCode, int, int] | None:
        """Where `[start:end]` of a segment's text stands now, untouched."""
        for section, traced in self._sections.items():
            place = traced.place_of(segment_id, start, end)
            if place is not None:
                return section, *place
        return None

    # ---- what stands out -------------------------------------------------------------

    def unseen(self, section: SectionCode) -> tuple[Standing, ...]:
        runs = self._sections[section].runs()
        known = self._unseen.get(section)
        if known is None or known[0] is not runs:
            known = runs, tuple(s for s in self._standing(section) if s.key not in self._seen)
            self._unseen[section] = known
        return known[1]

    def look(self, standing: Iterable[Standing]) -> tuple[Looked, ...]:
        """These were looked at; gives those that were not before."""
        new = tuple({s.key: None for s in standing if s.key not in self._seen})
        self._seen.update(new)
        self._unseen.clear()
        return new

    def _standing(self, section: SectionCode) -> list[Standing]:
        traced = self._sections[section]
        found = []
        for run in traced.runs():
            for mark in self._marks_of(run.segment_id):
                place = traced.placed(run, mark.start, mark.end)
                if place is not None:
                    found.append(Standing(*place, run.segment_id, mark))
        return sorted(found, key=lambda s: s.start)

    def _marks_of(self, segment_id: str) -> tuple[SpokenMark, ...]:
        if segment_id not in self._marks:
            segment = self._segments.get(segment_id)
            self._marks[segment_id] = marks_of(segment, self.code, self._unsure_below) if segment is not None else ()
        return self._marks[segment_id]

    # ---- one word --------------------------------------------------------------------

    def word_at(self, section: SectionCode, start: int, end: int) -> SpokenWord | None:
        """The spoken word at the caret (`start` equal to `end`) or the selection; a number whole, with its unit."""
        chosen = self._chosen_at(section, start, end)
        if chosen is not None:
            return chosen
        text = self._sections[section].text
        if start == end:
            mark = next((s for s in self._standing(section) if s.start <= start <= s.end), None)
            start, end = (mark.start, mark.end) if mark is not None else _word_around(text, start)
        for run in self._sections[section].runs():
            segment = self._segments.get(run.segment_id)
            if segment is None or run.end <= start or run.start >= end:
                continue
            first, last = max(start, run.start) - run.start + run.first, min(end, run.end) - run.start + run.first
            part = part_at(parts_of(segment, self.code), first, last)
            if part is not None:
                return self._as_it_stands(section, segment, part) or SpokenWord(
                    max(start, run.start), min(end, run.end), segment, part
                )
        return None

    def _as_it_stands(self, section: SectionCode, segment: DictatedSegment, part: Part) -> SpokenWord | None:
        """All of the part, without marks around it, where all of it stands."""
        raw = segment.text[part.start : part.end]
        words = raw.strip(" \n.,;:?!")
        start = part.start + (raw.index(words) if words else 0)
        place = self._sections[section].place_of(segment.segment_id, start, start + len(words)) if words else None
        return SpokenWord(*place, segment, part) if place is not None else None

    def chose(self, section: SectionCode, words: str, segment_id: str, part: Part) -> None:
        """`words` were put in place of a spoken part."""
        self._chosen.setdefault(section, []).append(_Chosen(words, segment_id, part))

    def _chosen_at(self, section: SectionCode, start: int, end: int) -> SpokenWord | None:
        text = self._sections[section].text
        for chosen in reversed(self._chosen.get(section, [])):
            at = text.find(chosen.words, max(0, start - len(chosen.words)))
            if 0 <= at <= start and end <= at + len(chosen.words):
                return SpokenWord(at, at + len(chosen.words), self._segments[chosen.segment_id], chosen.part)
        return None


def _word_around(text: str, place: int) -> tuple[int, int]:
    """The word that the caret is in or beside."""
    start, end = place, place
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end
