"""Words tied to images, on disk: which they are, and where they lie in the text now.

Append only, like the journal that they lean on: no change of a text writes a row here. Where words lie is found by
replaying the journal from the row after which a link was written, so that it follows whoever changes the text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from workstation.domain.report import SectionCode
from workstation.domain.text_link import ImagePlace, LinkKind, TextLink
from workstation.domain.viewing import Plane
from workstation.reporting.database import ReportDatabase, Row
from workstation.reporting.drafting import DraftJournal, JournalEntry
from workstation.reporting.journal import apply
from workstation.reporting.link_places import moved, steps

Clock = Callable[[], datetime]


class LinkLedger:
    """On disk when a method returns; any thread. Raises `Unavailable` when the disk will not take what was given."""

    def __init__(self, database: ReportDatabase, journal: DraftJournal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock

    def add(self, links: Sequence[TextLink]) -> None:
        """New links, or new states of known ones, inside a `ReportDatabase.writing` block.

        Their places are those of the text as it is written in this block.
        """
        for link in links:
            self._database.insert("text_link", **_row(link, self._newest(link.report_uuid), self._clock()))

    def mark_seen(self, report_uuid: str, link_ids: Iterable[str]) -> None:
        """The reader has looked at words that had changed with their measurement."""
        wanted = set(link_ids)
        with self._database.writing():
            self.add([replace(link, is_seen=True) for link in self.of_report(report_uuid) if link.link_id in wanted])

    def begin_segment(self, link: TextLink) -> None:
        """Somebody begins to speak. Known already: the image of then stays (speech that is recognised again)."""
        known = "SELECT 1 FROM text_link WHERE report_uuid = ? AND segment_id = ?"
        with self._database.writing():
            if self._database.row(known, link.report_uuid, link.segment_id) is None:
                self._database.insert("text_link", **_row(link, self._newest(link.report_uuid), self._clock()))

    def of_report(self, report_uuid: str) -> tuple[TextLink, ...]:
        """The links of a report with their places in its text now, oldest first."""
        sql = "SELECT * FROM text_link WHERE report_uuid = ? ORDER BY id"
        rows = {row["link_id"]: row for row in self._database.rows(sql, report_uuid)}
        if not rows:
            return ()
        return _placed([(_link(row), int(row["journal_id"])) for row in rows.values()], self._journal.entries(report_uuid))

    def _newest(self, report_uuid: str) -> int:
        row = self._database.row("SELECT MAX(id) AS newest FROM journal WHERE report_uuid = ?", report_uuid)
        return int(row["newest"] or 0) if row is not None else 0


def _placed(rows: Sequence[tuple[TextLink, int]], entries: Sequence[JournalEntry]) -> tuple[TextLink, ...]:
    texts: dict[SectionCode, str] = {}
    links = [link for link, _ in rows]
    for entry in entries:
        if entry.section is None:
            continue
        before = texts.get(entry.section, "")
        texts[entry.section] = apply(before, entry.change)
        made = tuple(steps(before, entry.change))
        for number, (link, anchor) in enumerate(rows):
            if link.segment_id and entry.segment_id == link.segment_id:
                links[number] = _spoken(link, entry)
            elif links[number].section is entry.section and entry.entry_id > anchor and _is_placed(links[number]):
                one, span = links[number], (links[number].start, links[number].end)
                for step, text in made:
                    span = moved(span, one.words, step, text)
                links[number] = replace(one, start=span[0], end=span[1])
    return tuple(links)


def _is_placed(link: TextLink) -> bool:
    """A segment has no place before its words have come."""
    return not link.segment_id or bool(link.words)


def _spoken(link: TextLink, entry: JournalEntry) -> TextLink:
    words = entry.change.inserted.strip()
    start = entry.change.start + len(entry.change.inserted) - len(entry.change.inserted.lstrip())
    return replace(link, section=entry.section or link.section, start=start, end=start + len(words), words=words)


def _row(link: TextLink, journal_id: int, at: datetime) -> dict[str, Any]:
    return {
        "link_id": link.link_id,
        "report_uuid": link.report_uuid,
        "section": link.section.value,
        "kind": link.kind.value,
        "start": link.start,
        "stop": link.end,
        "words": link.words,
        "annotation_uid": link.annotation_uid,
        "part": link.part,
        "fingerprint": link.fingerprint,
        "is_seen": int(link.is_seen),
        "segment_id": link.segment_id,
        "label": link.label,
        "place": json.dumps(asdict(link.place), ensure_ascii=False),
        "journal_id": journal_id,
        "at": at.isoformat(),
    }


def _link(row: Row) -> TextLink:
    return TextLink(
        link_id=row["link_id"],
        report_uuid=row["report_uuid"],
        section=SectionCode(row["section"]),
        kind=LinkKind(row["kind"]),
        place=_place(json.loads(row["place"])),
        start=row["start"],
        end=row["stop"],
        words=row["words"],
        annotation_uid=row["annotation_uid"],
        part=row["part"],
        fingerprint=row["fingerprint"],
        is_seen=bool(row["is_seen"]),
        segment_id=row["segment_id"],
        label=row["label"],
    )


def _place(said: dict[str, Any]) -> ImagePlace:
    oblique = said["oblique"]
    return ImagePlace(
        said["study_uid"],
        said["series_uid"],
        said["sop_instance_uid"],
        said["frame_number"],
        Plane(said["plane"]),
        tuple(said["point"]) if said["point"] else None,
        tuple(said["patient_point"]) if said["patient_point"] else None,
        (tuple(oblique[0]), tuple(oblique[1])) if oblique else None,
        said["dimension"],
        said["is_pointed"],
    )
