"""What of the spoken words the reader has looked at. Append only: what was seen stays seen."""

from __future__ import annotations

# `start` to `past` are places in the segment's written text, counted in characters.
SPOKEN_SEEN: tuple[str, ...] = (
    """
CREATE TABLE spoken_seen (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report_uuid TEXT NOT NULL REFERENCES report(report_uuid),
    segment_id TEXT NOT NULL,
    start INTEGER NOT NULL CHECK (start >= 0),
    past INTEGER NOT NULL CHECK (past > start),
    at TEXT NOT NULL,
    UNIQUE (report_uuid, segment_id, start, past)
) STRICT""",
    "CREATE TRIGGER spoken_seen_never_update BEFORE UPDATE ON spoken_seen"
    " BEGIN SELECT RAISE(ABORT, 'spoken_seen is append only'); END",
    "CREATE TRIGGER spoken_seen_never_delete BEFORE DELETE ON spoken_seen"
    " BEGIN SELECT RAISE(ABORT, 'spoken_seen is append only'); END",
)
