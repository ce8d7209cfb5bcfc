"""One report for several orders: which were joined and taken out, and what each signed version answers.

What happens to the report happens to each examination that is read with it: its lead times are stamped by triggers
too, in the transaction of the event.
"""

from __future__ import annotations

# In order of `id` the rows tell what is read together now: the last event of an order counts.
_JOINT = """
CREATE TABLE report_joint (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report_uuid TEXT NOT NULL REFERENCES report(report_uuid),
    event TEXT NOT NULL CHECK (event IN ('joined', 'left')),
    order_id TEXT NOT NULL CHECK (order_id <> ''),
    accession_number TEXT NOT NULL CHECK (accession_number <> ''),
    study_instance_uid TEXT NOT NULL,
    procedure TEXT NOT NULL,
    procedure_code TEXT NOT NULL,
    modality TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT"""

_STAMPED = "lead_time (exam, study_instance_uid, event, version, at, offset_minutes, source, who, modality)"


def _offset(at: str) -> str:
    """This computer's zone from UTC at that moment, in minutes."""
    return f"CAST(round((julianday({at}, 'localtime') - julianday({at})) * 1440) AS INTEGER)"


def _of_version(event: str, version: str, at: str, who: str, which: str) -> str:
    """Stamps each examination of a signed version but the report's own, which has a trigger of its own."""
    exam, uid = "json_extract(j.value, '$.accession_number')", "json_extract(j.value, '$.study_instance_uid')"
    return (
        f"INSERT OR IGNORE INTO {_STAMPED} SELECT {exam}, {uid}, '{event}', {version}, {at}, {_offset(at)}, 'us', {who}, ''"
        f" FROM report_version v, json_each(v.joint) j WHERE {which}"
    )


_OPENED = (
    f"INSERT OR IGNORE INTO {_STAMPED} VALUES (NEW.accession_number, NEW.study_instance_uid, 'opened', 0, NEW.at,"
    f" {_offset('NEW.at')}, 'us', NEW.by_whom, NEW.modality)"
)
_DICTATED = (
    f"INSERT OR IGNORE INTO {_STAMPED} SELECT j.accession_number, j.study_instance_uid, 'dictated', 0, NEW.at,"
    f" {_offset('NEW.at')}, 'us', '', j.modality FROM report_joint j WHERE j.report_uuid = NEW.report_uuid"
    " AND j.event = 'joined' AND NOT EXISTS"
    " (SELECT 1 FROM report_joint o WHERE o.report_uuid = j.report_uuid AND o.order_id = j.order_id AND o.id > j.id)"
)
_THIS = "v.report_uuid = NEW.report_uuid AND v.version = NEW.version"


def _trigger(event: str, table: str, when: str, stamp: str) -> str:
    return f"CREATE TRIGGER lead_time_joint_{event} AFTER INSERT ON {table} WHEN {when} BEGIN {stamp}; END"


JOINT: tuple[str, ...] = (
    _JOINT,
    "CREATE INDEX joint_by_report ON report_joint(report_uuid, id)",
    "CREATE INDEX joint_by_accession ON report_joint(accession_number, id)",
    "CREATE INDEX joint_by_order ON report_joint(order_id, id)",
    "ALTER TABLE report_version ADD COLUMN joint TEXT NOT NULL DEFAULT '[]'",
    *(
        f"CREATE TRIGGER report_joint_never_{verb.lower()} BEFORE {verb} ON report_joint"
        " BEGIN SELECT RAISE(ABORT, 'report_joint is append only'); END"
        for verb in ("UPDATE", "DELETE")
    ),
    _trigger("opened", "report_joint", "NEW.event = 'joined'", _OPENED),
    _trigger("dictated", "journal", "NEW.kind = 'dictated'", _DICTATED),
    _trigger(
        "signed",
        "report_version",
        "NEW.joint <> '[]'",
        _of_version("signed", "v.version", "NEW.signed_at", "NEW.signed_by", _THIS),
    ),
    _trigger(
        "withdrawn",
        "report_life",
        "NEW.event = 'withdrawn'",
        _of_version("withdrawn", "v.version", "NEW.at", "NEW.by_whom", _THIS),
    ),
    _trigger(
        "confirmed",
        "delivery_event",
        "NEW.after = 'confirmed' AND NEW.before <> 'confirmed'",
        _of_version(
            "confirmed",
            "v.version",
            "NEW.at",
            "''",
            "(v.report_uuid, v.version) = (SELECT o.report_uuid, o.version FROM outbox o WHERE o.id = NEW.delivery_id)",
        ),
    ),
)
