"""Tables of a report's life after its first signature: revisions, withdrawn signatures, who signed before."""

from __future__ import annotations

# What was begun on a signed report, put away, signed, withdrawn before it was sent; text that came
# from another patient's report. Read in order, the rows tell where the report stands.
_LIFE = """
CREATE TABLE report_life (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report_uuid TEXT NOT NULL REFERENCES report(report_uuid),
    event TEXT NOT NULL CHECK (event IN ('begun', 'put away', 'signed', 'withdrawn', 'pasted')),
    action TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    by_whom TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL
) STRICT"""

# A result that must be told at once: begun, told to somebody, or found not to be one after all.
_CRITICAL = """
CREATE TABLE critical_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    critical_uuid TEXT NOT NULL,
    report_uuid TEXT NOT NULL REFERENCES report(report_uuid),
    event TEXT NOT NULL CHECK (event IN ('begun', 'told', 'dropped')),
    facts TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (critical_uuid, event)
) STRICT"""


def _append_only(table: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_never_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"
        for verb in ("UPDATE", "DELETE")
    )


LIFE: tuple[str, ...] = (
    _LIFE,
    "CREATE INDEX life_by_report ON report_life(report_uuid, id)",
    _CRITICAL,
    "CREATE INDEX critical_by_report ON critical_event(report_uuid, id)",
    "ALTER TABLE report_version ADD COLUMN addenda TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE report_version ADD COLUMN earlier_signers TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE report_version ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
    *_append_only("report_life"),
    *_append_only("critical_event"),
)
