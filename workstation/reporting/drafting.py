"""Drafts on disk: the journal's rows, and the text that they add up to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from workstation.domain.dictation import DictatedSegment, Word
from workstation.domain.report import SectionCode
from workstation.reporting.database import ReportDatabase, Row
from workstation.reporting.journal import Change, Spot, apply, change_between, dictated_change, rebased
from workstation.reporting.text import clean

Clock = Callable[[], datetime]
Texts = dict[SectionCode, str]
_SEGMENT_FACTS = frozenset(field.name for field in fields(DictatedSegment))
_NO_CHANGE = Change(0, 0, "")


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One row: `kind` is opened, bound, typed, dictated or signed; `section` None where it has none."""

    entry_id: int
    kind: str
    section: SectionCode | None
    change: Change
    detail: str
    at: datetime
    segment_id: str = ""


class DraftJournal:
    """Append only. Writing methods are called inside a `ReportDatabase.writing` block."""

    def __init__(self, database: ReportDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, report_uuid: str, kind: str, detail: str = "") -> int:
        return self._append(report_uuid, kind, None, _NO_CHANGE, None, detail)

    def dictate(self, report_uuid: str, section: SectionCode, segment: DictatedSegment, spot: Spot | None = None) -> None:
        """The segment in its spot, or at the end of the section. A `segment_id` that is already there changes nothing."""
        sql = "SELECT 1 FROM journal WHERE report_uuid = ? AND segment_id = ?"
        if self._database.row(sql, report_uuid, segment.segment_id) is None:
            change = dictated_change(self.texts(report_uuid)[section], segment, spot)
            detail = json.dumps(asdict(segment), ensure_ascii=False)
            self._append(report_uuid, "dictated", section, change, segment.segment_id, detail)

    def type(self, report_uuid: str, section: SectionCode, text: str, base: str | None) -> None:
        current = self.texts(report_uuid)[section]
        wanted = clean(text) if base is None else rebased(clean(base), clean(text), current)
        change = change_between(current, wanted)
        if change is not None:
            self._append(report_uuid, "typed", section, change, None, "")

    def texts(self, report_uuid: str) -> Texts:
        """Every section's text now: the last signed version and the changes since."""
        sql = "SELECT sections, journal_id FROM report_version WHERE report_uuid = ? ORDER BY version DESC LIMIT 1"
        signed = self._database.row(sql, report_uuid)
        start = {SectionCode(code): text for code, text in json.loads(signed["sections"]).items()} if signed else {}
        return _replayed(start, self.entries(report_uuid, after=signed["journal_id"] if signed else 0))

    def entries(self, report_uuid: str, after: int = 0) -> tuple[JournalEntry, ...]:
        sql = "SELECT * FROM journal WHERE report_uuid = ? AND id > ? ORDER BY id"
        return tuple(_entry(row) for row in self._database.rows(sql, report_uuid, after))

    def segments(self, report_uuid: str) -> tuple[tuple[SectionCode, DictatedSegment], ...]:
        sql = "SELECT section, detail FROM journal WHERE report_uuid = ? AND kind = 'dictated' ORDER BY id"
        return tuple((SectionCode(r["section"]), segment_of(r["detail"])) for r in self._database.rows(sql, report_uuid))

    def _append(
        self, report_uuid: str, kind: str, section: SectionCode | None, change: Change, segment_id: str | None, detail: str
    ) -> int:
        unsigned = "unsigned_changes + 1" if section else "0" if kind == "signed" else "unsigned_changes"
        self._database.execute(f"UPDATE report SET unsigned_changes = {unsigned} WHERE report_uuid = ?", report_uuid)
        return self._database.insert(
            "journal",
            report_uuid=report_uuid,
            kind=kind,
            section=section.value if section else "",
            **asdict(change),
            segment_id=segment_id,
            detail=detail,
            at=self._clock().isoformat(),
        )


def replayed(entries: tuple[JournalEntry, ...]) -> Texts:
    """Every section's text from the first entry on: what the store must show, by the long way."""
    return _replayed({}, entries)


def _replayed(start: Texts, entries: tuple[JournalEntry, ...]) -> Texts:
    texts = {code: start.get(code, "") for code in SectionCode}
    for entry in entries:
        if entry.section is not None:
            texts[entry.section] = apply(texts[entry.section], entry.change)
    return texts


def _entry(row: Row) -> JournalEntry:
    return JournalEntry(
        entry_id=row["id"],
        kind=row["kind"],
        section=SectionCode(row["section"]) if row["section"] else None,
        change=Change(row["start"], row["removed"], row["inserted"]),
        detail=row["detail"],
        at=datetime.fromisoformat(row["at"]),
        segment_id=row["segment_id"] or "",
    )


def segment_of(detail: str) -> DictatedSegment:
    """As journalled, perhaps by another version of this program: facts it does not know are left out."""
    facts = {name: value for name, value in json.loads(detail).items() if name in _SEGMENT_FACTS}
    words, hearings = tuple(Word(**word) for word in facts.get("words", ())), tuple(facts.get("hearings", ()))
    return DictatedSegment(**{**facts, "words": words, "hearings": hearings})
