"""What the RIS held when a reader had to choose, and the choice: tables of the report store."""

from __future__ import annotations

# The RIS's version whole, as it was fetched: ours and theirs are both on this disk, whatever is chosen.
# A row without `ris_report_id` says that the RIS holds nothing any more.
_RIS_REPORT = """
CREATE TABLE ris_report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report_uuid TEXT NOT NULL REFERENCES report(report_uuid),
    ris_report_id TEXT NOT NULL,
    etag TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    resource TEXT NOT NULL,
    fetched TEXT NOT NULL
) STRICT"""

# `version` is the version that was signed by the choice; 0 when nothing was.
_SETTLEMENT = """
CREATE TABLE settlement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report_uuid TEXT NOT NULL REFERENCES report(report_uuid),
    ris_report INTEGER NOT NULL REFERENCES ris_report(id),
    version INTEGER NOT NULL,
    choice TEXT NOT NULL CHECK (choice IN ('addendum', 'correction', 'discard')),
    reason TEXT NOT NULL,
    who TEXT NOT NULL CHECK (who <> ''),
    at TEXT NOT NULL,
    CHECK (choice <> 'correction' OR reason <> ''),
    CHECK ((choice = 'discard') = (version = 0))
) STRICT"""


def _append_only(table: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_never_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"
        for verb in ("UPDATE", "DELETE")
    )


CONFLICTS: tuple[str, ...] = (
    _RIS_REPORT,
    "CREATE INDEX ris_report_by_report ON ris_report(report_uuid, id)",
    _SETTLEMENT,
    "CREATE INDEX settlement_by_report ON settlement(report_uuid, version)",
    *_append_only("ris_report"),
    *_append_only("settlement"),
    # When a row came into its state: how long it has been there. Empty for rows of before.
    "ALTER TABLE outbox ADD COLUMN since TEXT NOT NULL DEFAULT ''",
)
