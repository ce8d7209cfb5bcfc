"""What of a report came by voice: its segments, where they stand now, and what of them the reader has looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workstation.domain.dictation import DictatedSegment
from workstation.domain.report import SectionCode
from workstation.reporting.database import ReportDatabase
from workstation.reporting.drafting import Clock, DraftJournal, segment_of
from workstation.reporting.journal import Change
from workstation.reporting.origins import Traced, retraced

Looked = tuple[str, int, int]
"""`[start:end]` of a segment's written text: (segment id, start, end)."""


@dataclass(frozen=True, slots=True)
class SpokenReport:
    """The sections as journalled, every segment by its id, and what has been looked at."""

    sections: Mapping[SectionCode, Traced]
    segments: Mapping[str, DictatedSegment]
    seen: frozenset[Looked]


class SpokenLedger:
    """From any thread; every writing method is on disk when it returns."""

    def __init__(self, database: ReportDatabase, journal: DraftJournal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock

    def report(self, report_uuid: str) -> SpokenReport:
        changes: dict[SectionCode, list[tuple[Change, str, str]]] = {code: [] for code in SectionCode}
        segments: dict[str, DictatedSegment] = {}
        for entry in self._journal.entries(report_uuid):
            if entry.section is None:
                continue
            segment = segment_of(entry.detail) if entry.kind == "dictated" else None
            if segment is None:
                changes[entry.section].append((entry.change, "", ""))
            else:
                segments[segment.segment_id] = segment
                changes[entry.section].append((entry.change, segment.segment_id, segment.text))
        sections = {code: retraced(found) for code, found in changes.items()}
        for code, text in self._journal.texts(report_uuid).items():
            sections[code].become(text)
        return SpokenReport(sections, segments, self.seen(report_uuid))

    def change_of(self, report_uuid: str, segment_id: str) -> Change | None:
        """How a segment was put into its section; None for one that the report does not hold."""
        sql = "SELECT start, removed, inserted FROM journal WHERE report_uuid = ? AND segment_id = ?"
        row = self._database.row(sql, report_uuid, segment_id)
        return Change(row["start"], row["removed"], row["inserted"]) if row else None

    def seen(self, report_uuid: str) -> frozenset[Looked]:
        sql = "SELECT segment_id, start, past FROM spoken_seen WHERE report_uuid = ?"
        return frozenset((r["segment_id"], r["start"], r["past"]) for r in self._database.rows(sql, report_uuid))

    def look_at(self, report_uuid: str, places: Iterable[Looked]) -> None:
        """The reader has seen these. What was seen before changes nothing."""
        with self._database.writing():
            known = self.seen(report_uuid)
            for segment_id, start, past in sorted(set(places) - known):
                self._database.insert(
                    "spoken_seen",
                    report_uuid=report_uuid,
                    segment_id=segment_id,
                    start=start,
                    past=past,
                    at=self._clock().isoformat(),
                )
