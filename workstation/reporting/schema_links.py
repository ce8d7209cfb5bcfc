"""The table of words that are tied to images. A link is changed by a new row of the same `link_id`: the last one counts."""

from __future__ import annotations

# `start` and `stop` are places in the section's text as it was after the row `journal_id` of the journal; where the
# words lie now follows from the rows after it. `place` is an ImagePlace as JSON. The row of a dictated segment is
# written when somebody begins to speak: its words are those of the segment's own row of the journal.
TEXT_LINK = """
CREATE TABLE text_link (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    link_id TEXT NOT NULL,
    report_uuid TEXT NOT NULL REFERENCES report(report_uuid),
    section TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('measured', 'spoken', 'typed')),
    start INTEGER NOT NULL CHECK (start >= 0),
    stop INTEGER NOT NULL CHECK (stop >= start),
    words TEXT NOT NULL,
    annotation_uid TEXT NOT NULL,
    part TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    is_seen INTEGER NOT NULL CHECK (is_seen IN (0, 1)),
    segment_id TEXT NOT NULL,
    label TEXT NOT NULL,
    place TEXT NOT NULL,
    journal_id INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT"""

LINKS: tuple[str, ...] = (
    TEXT_LINK,
    "CREATE INDEX text_link_by_report ON text_link(report_uuid, id)",
    "CREATE TRIGGER text_link_never_update BEFORE UPDATE ON text_link BEGIN SELECT RAISE(ABORT, 'text_link is append only'); END",
    "CREATE TRIGGER text_link_never_delete BEFORE DELETE ON text_link BEGIN SELECT RAISE(ABORT, 'text_link is append only'); END",
)
