"""The table of communications of critical results on their way to the RIS."""

from __future__ import annotations

# One for each that was told. CONFIRMED without the RIS's own copy cannot be written at all.
_COMMUNICATION = """
CREATE TABLE communication (
    critical_uuid TEXT PRIMARY KEY,
    report_uuid TEXT NOT NULL REFERENCES report(report_uuid),
    payload BLOB NOT NULL,
    local_sha256 TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'confirmed', 'rejected')),
    tries INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    ris_sha256 TEXT NOT NULL DEFAULT '',
    created TEXT NOT NULL,
    CHECK (state <> 'confirmed' OR ris_sha256 = local_sha256)
) STRICT"""

COMMUNICATIONS: tuple[str, ...] = (
    _COMMUNICATION,
    "CREATE TRIGGER communication_frozen BEFORE UPDATE OF critical_uuid, report_uuid, payload, local_sha256, created"
    " ON communication BEGIN SELECT RAISE(ABORT, 'what was told is frozen'); END",
    "CREATE TRIGGER communication_never_delete BEFORE DELETE ON communication"
    " BEGIN SELECT RAISE(ABORT, 'communications stay'); END",
)
