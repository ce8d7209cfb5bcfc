"""The report store's tables, as the list of migrations that lead to them.

A migration is never changed once released: a new one follows it.
"""

from __future__ import annotations

from workstation.database import Migration
from workstation.reporting.schema_communications import COMMUNICATIONS
from workstation.reporting.schema_conflicts import CONFLICTS
from workstation.reporting.schema_documents import DOCUMENTS
from workstation.reporting.schema_hl7 import HL7_MESSAGES
from workstation.reporting.schema_joint import JOINT
from workstation.reporting.schema_lead_times import LEAD_TIMES
from workstation.reporting.schema_life import LIFE
from workstation.reporting.schema_links import LINKS
from workstation.reporting.schema_spoken import SPOKEN_SEEN

_REPORT = """
CREATE TABLE report (
    report_uuid TEXT PRIMARY KEY,
    accession_number TEXT NOT NULL,
    study_instance_uid TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    patient_issuer TEXT NOT NULL,
    order_id TEXT NOT NULL,
    ris_patient_reference TEXT NOT NULL,
    procedure TEXT NOT NULL,
    procedure_code TEXT NOT NULL,
    study_date TEXT NOT NULL,
    language TEXT NOT NULL,
    unsigned_changes INTEGER NOT NULL DEFAULT 0,
    created TEXT NOT NULL
) STRICT"""

# `start`, `removed` and `inserted` change the section's text, counted in characters: the text is
# the sum of its rows. A dictated row also keeps the segment as the recogniser gave it.
_JOURNAL = """
CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report_uuid TEXT NOT NULL REFERENCES report(report_uuid),
    kind TEXT NOT NULL CHECK (kind IN ('opened', 'bound', 'typed', 'dictated', 'signed')),
    section TEXT NOT NULL DEFAULT '',
    start INTEGER NOT NULL DEFAULT 0 CHECK (start >= 0),
    removed INTEGER NOT NULL DEFAULT 0 CHECK (removed >= 0),
    inserted TEXT NOT NULL DEFAULT '',
    segment_id TEXT,
    detail TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL,
    UNIQUE (report_uuid, segment_id)
) STRICT"""

_VERSION = """
CREATE TABLE report_version (
    report_uuid TEXT NOT NULL REFERENCES report(report_uuid),
    version INTEGER NOT NULL CHECK (version > 0),
    status TEXT NOT NULL,
    sections TEXT NOT NULL,
    signed_by TEXT NOT NULL CHECK (signed_by <> ''),
    signed_at TEXT NOT NULL,
    order_id TEXT NOT NULL,
    ris_patient_reference TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    journal_id INTEGER NOT NULL REFERENCES journal(id),
    PRIMARY KEY (report_uuid, version)
) STRICT"""

# CONFIRMED without proof cannot be written at all.
_OUTBOX = """
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report_uuid TEXT NOT NULL,
    version INTEGER NOT NULL,
    accession_number TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind = 'fhir-diagnostic-report'),
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
    FOREIGN KEY (report_uuid, version) REFERENCES report_version(report_uuid, version),
    CHECK (state <> 'confirmed' OR (ris_sha256 = local_sha256 AND ris_report_id <> ''))
) STRICT"""

_DELIVERY_EVENT = """
CREATE TABLE delivery_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL REFERENCES outbox(id),
    event TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    detail TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT"""


def _append_only(table: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_never_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"
        for verb in ("UPDATE", "DELETE")
    )


_FROZEN = ("report_uuid", "version", "accession_number", "kind", "idem_key", "payload", "payload_sha256", "local_sha256")

_FIRST: tuple[str, ...] = (
    _REPORT,
    "CREATE UNIQUE INDEX report_by_accession ON report(accession_number) WHERE accession_number <> ''",
    "CREATE UNIQUE INDEX report_by_study ON report(study_instance_uid) WHERE accession_number = ''",
    "CREATE INDEX report_unsigned ON report(report_uuid) WHERE unsigned_changes > 0",
    _JOURNAL,
    "CREATE INDEX journal_by_report ON journal(report_uuid, id)",
    _VERSION,
    _OUTBOX,
    "CREATE INDEX outbox_by_report ON outbox(report_uuid, version)",
    "CREATE INDEX outbox_by_state ON outbox(state, id)",
    _DELIVERY_EVENT,
    *_append_only("journal"),
    *_append_only("report_version"),
    *_append_only("delivery_event"),
    f"CREATE TRIGGER outbox_frozen BEFORE UPDATE OF {', '.join(_FROZEN)} ON outbox"
    " BEGIN SELECT RAISE(ABORT, 'what was signed is frozen'); END",
    "CREATE TRIGGER outbox_never_delete BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'outbox rows stay'); END",
    "CREATE TRIGGER report_never_delete BEFORE DELETE ON report BEGIN SELECT RAISE(ABORT, 'reports stay'); END",
)

# How many transactions the store has had: ties it to its copies and the log of changes.
_SECOND: tuple[str, ...] = (
    "CREATE TABLE change_counter (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL) STRICT",
    "INSERT INTO change_counter (id, number) VALUES (1, 0)",
)

MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, _FIRST),
    Migration(2, _SECOND),
    Migration(3, CONFLICTS),
    Migration(4, SPOKEN_SEEN),
    Migration(5, LINKS),
    Migration(6, DOCUMENTS),
    Migration(7, HL7_MESSAGES),
    Migration(8, LIFE),
    Migration(9, COMMUNICATIONS),
    Migration(10, LEAD_TIMES),
    Migration(11, JOINT),
)
