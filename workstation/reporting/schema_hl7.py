"""The outbox takes HL7 messages beside FHIR resources: its CHECK on `kind` is widened, by making the table anew.

SQLite cannot change a CHECK in place. The rows are kept aside and put back, so that `delivery_event` keeps
pointing at them (foreign keys are looked at again at the end of the transaction); triggers and indices are
those of the first migration.
"""

from __future__ import annotations

_OUTBOX = """
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report_uuid TEXT NOT NULL,
    version INTEGER NOT NULL,
    accession_number TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('fhir-diagnostic-report', 'hl7-oru-r01')),
    idem_key TEXT NOT NULL UNIQUE,
    payload BLOB NOT NULL,
    payload_sha256 TEXT NOT NULL,
    local_sha256 TEXT NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    ris_report_id TEXT NOT NULL DEFAULT '',
    ris_etag TEXT NOT NULL DEFAULT '',
    ris_sha256 TEXT NOT NULL DEFAULT '',
    created TEXT NOT NULL,
    since TEXT NOT NULL DEFAULT '',
    FOREIGN KEY (report_uuid, version) REFERENCES report_version(report_uuid, version),
    CHECK (state <> 'confirmed' OR (ris_sha256 = local_sha256 AND ris_report_id <> '')),
    CHECK (kind <> 'hl7-oru-r01' OR length(idem_key) <= 20)
) STRICT"""

HL7_MESSAGES: tuple[str, ...] = (
    "PRAGMA defer_foreign_keys = ON",
    "CREATE TEMP TABLE outbox_rows AS SELECT * FROM outbox",
    # The number that the next row gets: never one that an earlier row had.
    "CREATE TEMP TABLE outbox_last AS SELECT seq FROM sqlite_sequence WHERE name = 'outbox'",
    "DROP TABLE outbox",
    _OUTBOX,
    "INSERT INTO outbox SELECT * FROM outbox_rows ORDER BY id",
    "DELETE FROM sqlite_sequence WHERE name = 'outbox'",
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox', seq FROM outbox_last",
    "DROP TABLE outbox_rows",
    "DROP TABLE outbox_last",
    "CREATE INDEX outbox_by_report ON outbox(report_uuid, version)",
    "CREATE INDEX outbox_by_state ON outbox(state, id)",
    "CREATE TRIGGER outbox_frozen BEFORE UPDATE OF"
    " report_uuid, version, accession_number, kind, idem_key, payload, payload_sha256, local_sha256 ON outbox"
    " BEGIN SELECT RAISE(ABORT, 'what was signed is frozen'); END",
    "CREATE TRIGGER outbox_never_delete BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'outbox rows stay'); END",
)
