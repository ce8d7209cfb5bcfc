"""The tables of what is fetched and of what is sent. The fetched can be asked for again; the sent cannot."""

from __future__ import annotations

from workstation.database import Migration

RETRIEVE_MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        (
            """
            CREATE TABLE retrieval (
                study_instance_uid TEXT NOT NULL,
                archive TEXT NOT NULL,
                state TEXT NOT NULL,
                problem TEXT NOT NULL,
                bytes INTEGER NOT NULL,
                patient_id TEXT NOT NULL,
                issuer TEXT NOT NULL,
                assumed_issuer TEXT NOT NULL,
                tenant TEXT NOT NULL,
                begun TEXT NOT NULL,
                listed TEXT NOT NULL,
                changed TEXT NOT NULL,
                PRIMARY KEY (study_instance_uid, archive)
            ) STRICT
            """,
            # A row of the archive's IMAGE-level list. `gone` once a later list lacks it,
            # `refused` is why the cache would not take what came for it.
            """
            CREATE TABLE expected (
                study_instance_uid TEXT NOT NULL,
                archive TEXT NOT NULL,
                series_instance_uid TEXT NOT NULL,
                sop_instance_uid TEXT NOT NULL,
                sop_class_uid TEXT NOT NULL,
                instance_number INTEGER,
                transfer_syntax_uid TEXT NOT NULL,
                place INTEGER NOT NULL,
                gone INTEGER NOT NULL,
                refused TEXT NOT NULL,
                PRIMARY KEY (study_instance_uid, archive, series_instance_uid, sop_instance_uid),
                FOREIGN KEY (study_instance_uid, archive) REFERENCES retrieval (study_instance_uid, archive) ON DELETE CASCADE
            ) STRICT
            """,
        ),
    ),
)

SENDING_MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        (
            # `path` is where the bytes lie in the cache, empty when `content` holds them.
            """
            CREATE TABLE sending (
                sending_id INTEGER PRIMARY KEY AUTOINCREMENT,
                archive TEXT NOT NULL,
                study_instance_uid TEXT NOT NULL,
                series_instance_uid TEXT NOT NULL,
                sop_instance_uid TEXT NOT NULL,
                sop_class_uid TEXT NOT NULL,
                sha256 TEXT NOT NULL,
                path TEXT NOT NULL,
                content BLOB NOT NULL,
                state TEXT NOT NULL,
                tries INTEGER NOT NULL,
                reason TEXT NOT NULL,
                created TEXT NOT NULL,
                changed TEXT NOT NULL,
                UNIQUE (archive, sop_instance_uid, sha256)
            ) STRICT
            """,
            """
            CREATE TABLE sending_step (
                step_id INTEGER PRIMARY KEY AUTOINCREMENT,
                sending_id INTEGER NOT NULL REFERENCES sending (sending_id),
                moment TEXT NOT NULL,
                event TEXT NOT NULL,
                state TEXT NOT NULL,
                reason TEXT NOT NULL
            ) STRICT
            """,
        ),
    ),
)
