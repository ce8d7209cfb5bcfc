"""The tables of the order store, as the list of migrations that lead to them."""

from __future__ import annotations

from workstation.database import Migration
from workstation.database.change_feed import change_log, logged

# Facts of an order whose columns have their names.
SAME_NAME = (
    "placer_number",
    "placer_system",
    "filler_number",
    "filler_system",
    "requested_procedure_id",
    "procedure_step_id",
    "ordering_provider",
    "ordering_provider_id",
    "visit_number",
    "body_site",
    "laterality",
    "site",
)
_SECOND = tuple(name for name in SAME_NAME if name != "site")

CHANGE_KEYS = ("order_id", "accession_number", "study_instance_uid", "patient_id", "issuer")
_LOGGED = {name: name for name in CHANGE_KEYS[:3]}

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        (
            """
            CREATE TABLE imaging_order (
                order_id TEXT PRIMARY KEY,
                accession_number TEXT NOT NULL,
                patient_id TEXT NOT NULL,
                issuer TEXT NOT NULL,
                patient_name TEXT NOT NULL,
                patient_birth_date TEXT NOT NULL,
                patient_sex TEXT NOT NULL,
                procedure TEXT NOT NULL,
                procedure_code TEXT NOT NULL,
                reason TEXT NOT NULL,
                priority TEXT NOT NULL,
                due TEXT,
                study_instance_uid TEXT NOT NULL,
                ris_patient_reference TEXT NOT NULL,
                is_listed INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE TABLE fetched (id INTEGER PRIMARY KEY CHECK (id = 1), moment TEXT NOT NULL) STRICT",
        ),
    ),
    Migration(
        2,
        (
            *(f"ALTER TABLE imaging_order ADD COLUMN {name} TEXT NOT NULL DEFAULT ''" for name in _SECOND),
            "ALTER TABLE imaging_order ADD COLUMN status TEXT NOT NULL DEFAULT 'active'",
            "ALTER TABLE imaging_order ADD COLUMN exam_end TEXT",
            # An order that an engine sent does not leave the list because a search does not show it.
            "ALTER TABLE imaging_order ADD COLUMN was_sent INTEGER NOT NULL DEFAULT 0",
            """
            CREATE TABLE patient_alias (
                old_id TEXT NOT NULL,
                old_issuer TEXT NOT NULL,
                new_id TEXT NOT NULL,
                new_issuer TEXT NOT NULL,
                at TEXT NOT NULL,
                PRIMARY KEY (old_id, old_issuer)
            ) STRICT
            """,
        ),
    ),
    Migration(
        3,
        (
            # The archive whose Modality Worklist told of it; empty for an order of the RIS or of its engine.
            "ALTER TABLE imaging_order ADD COLUMN archive TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE imaging_order ADD COLUMN modality TEXT NOT NULL DEFAULT ''",
        ),
    ),
    # The worklist takes up what changed, and no more.
    Migration(
        4,
        (
            "ALTER TABLE imaging_order ADD COLUMN site TEXT NOT NULL DEFAULT ''",
            "CREATE INDEX order_accession ON imaging_order (accession_number)",
            "CREATE INDEX order_study ON imaging_order (study_instance_uid)",
            "CREATE INDEX order_patient ON imaging_order (patient_id)",
            "CREATE INDEX order_listed ON imaging_order (order_id) WHERE is_listed = 1",
            "CREATE INDEX order_archive ON imaging_order (archive) WHERE archive <> ''",
            *change_log(CHANGE_KEYS),
            *logged("imaging_order", _LOGGED, CHANGE_KEYS, unique="order_id"),
            *logged("patient_alias", {"patient_id": "old_id", "issuer": "old_issuer"}, CHANGE_KEYS, unique="old_id"),
        ),
    ),
)
