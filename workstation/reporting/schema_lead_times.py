"""When each step of an examination was: stamped by the database itself, in the transaction of the event.

What happens here (opened, dictated, signed, confirmed) is stamped by triggers on the rows that are the event: a
program that is killed has both or neither. What others tell (ordered, end of the examination) is written as told.
A stamp is never changed: the first one of an event, and of a signed version, stays.
"""

from __future__ import annotations

# `exam` is the accession number, or the Study Instance UID where there is none. `at` is UTC; `offset_minutes` the
# zone of whoever stamped it, NULL where that is not known. `skew_seconds`: our clock minus the teller's, then.
_LEAD_TIME = """
CREATE TABLE lead_time (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    exam TEXT NOT NULL CHECK (exam <> ''),
    study_instance_uid TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('ordered', 'exam end', 'opened', 'dictated', 'signed', 'withdrawn', 'confirmed')),
    version INTEGER NOT NULL DEFAULT 0,
    at TEXT NOT NULL,
    offset_minutes INTEGER,
    source TEXT NOT NULL CHECK (source IN ('RIS', 'us', 'archive')),
    who TEXT NOT NULL DEFAULT '',
    modality TEXT NOT NULL DEFAULT '',
    skew_seconds REAL,
    UNIQUE (exam, event, version)
) STRICT"""

_COLUMNS = "exam, study_instance_uid, event, version, at, offset_minutes, source, who"
_EXAM = "CASE WHEN r.accession_number <> '' THEN r.accession_number ELSE r.study_instance_uid END"


def _stamp(event: str, version: str, at: str, who: str, of: str, where: str) -> str:
    """The statement that stamps the rows of `of`, which joins the report as `r`."""
    # This computer's zone from UTC at that moment, summer time and all.
    offset = f"CAST(round((julianday({at}, 'localtime') - julianday({at})) * 1440) AS INTEGER)"
    values = f"{_EXAM}, r.study_instance_uid, '{event}', {version}, {at}, {offset}, 'us', {who}"
    return f"INSERT OR IGNORE INTO lead_time ({_COLUMNS}) SELECT {values} FROM {of} WHERE {_EXAM} <> '' AND {where}"


def _trigger(event: str, table: str, when: str, version: str, at: str, who: str, of: str, where: str) -> str:
    stamp = _stamp(event, version, at, who, of, where)
    return f"CREATE TRIGGER lead_time_{event} AFTER INSERT ON {table} WHEN {when} BEGIN {stamp}; END"


_THIS = "r.report_uuid = NEW.report_uuid"

_TRIGGERS = (
    _trigger("dictated", "journal", "NEW.kind = 'dictated'", "0", "NEW.at", "''", "report r", _THIS),
    _trigger("signed", "report_version", "1", "NEW.version", "NEW.signed_at", "NEW.signed_by", "report r", _THIS),
    _trigger("withdrawn", "report_life", "NEW.event = 'withdrawn'", "NEW.version", "NEW.at", "NEW.by_whom", "report r", _THIS),
    _trigger(
        "confirmed",
        "delivery_event",
        "NEW.after = 'confirmed' AND NEW.before <> 'confirmed'",
        "o.version",
        "NEW.at",
        "''",
        "outbox o JOIN report r USING (report_uuid)",
        "o.id = NEW.delivery_id",
    ),
)

# What a store holds from before: its own rows say when it was.
_JOURNAL = "journal j JOIN report r USING (report_uuid)"
_BEFORE = (
    _stamp("opened", "0", "j.at", "''", _JOURNAL, "j.kind = 'opened' ORDER BY j.id"),
    _stamp("dictated", "0", "j.at", "''", _JOURNAL, "j.kind = 'dictated' ORDER BY j.id"),
    _stamp("signed", "v.version", "v.signed_at", "v.signed_by", "report_version v JOIN report r USING (report_uuid)", "1"),
    _stamp(
        "withdrawn",
        "l.version",
        "l.at",
        "l.by_whom",
        "report_life l JOIN report r USING (report_uuid)",
        "l.event = 'withdrawn' ORDER BY l.id",
    ),
    _stamp(
        "confirmed",
        "o.version",
        "e.at",
        "''",
        "delivery_event e JOIN outbox o ON o.id = e.delivery_id JOIN report r USING (report_uuid)",
        "e.after = 'confirmed' AND e.before <> 'confirmed' ORDER BY e.id",
    ),
)

LEAD_TIMES: tuple[str, ...] = (
    _LEAD_TIME,
    "CREATE INDEX lead_time_by_moment ON lead_time(at)",
    "CREATE INDEX lead_time_by_study ON lead_time(study_instance_uid)",
    *_BEFORE,
    *_TRIGGERS,
    *(
        f"CREATE TRIGGER lead_time_never_{verb.lower()} BEFORE {verb} ON lead_time"
        " BEGIN SELECT RAISE(ABORT, 'lead_time is append only'); END"
        for verb in ("UPDATE", "DELETE")
    ),
)
