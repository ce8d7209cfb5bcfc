"""The tables of the cache index. It is made from the files and can always be made again."""

from __future__ import annotations

from workstation.database import Migration
from workstation.database.change_feed import change_log, logged

CHANGE_KEYS = ("study_instance_uid", "accession_number")
_STUDY = {"study_instance_uid": "study_instance_uid"}

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        (
            "CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
            """
            CREATE TABLE patient (
                patient_id TEXT NOT NULL,
                issuer TEXT NOT NULL,
                PRIMARY KEY (patient_id, issuer)
            ) STRICT
            """,
            # Name, birth date and sex stand in each study as it came: two hospitals may write
            # one name in two ways, and must never make one name of two people.
            """
            CREATE TABLE study (
                study_instance_uid TEXT PRIMARY KEY,
                patient_id TEXT NOT NULL,
                issuer TEXT NOT NULL,
                patient_name TEXT NOT NULL,
                patient_birth_date TEXT NOT NULL,
                patient_sex TEXT NOT NULL,
                accession_number TEXT NOT NULL,
                study_date TEXT NOT NULL,
                study_time TEXT NOT NULL,
                study_description TEXT NOT NULL,
                procedure_codes TEXT NOT NULL,
                institution TEXT NOT NULL,
                leading TEXT NOT NULL,
                FOREIGN KEY (patient_id, issuer) REFERENCES patient (patient_id, issuer)
            ) STRICT
            """,
            "CREATE INDEX study_patient ON study (patient_id, issuer)",
            """
            CREATE TABLE series (
                study_instance_uid TEXT NOT NULL REFERENCES study (study_instance_uid),
                series_instance_uid TEXT NOT NULL,
                modality TEXT NOT NULL,
                series_number INTEGER,
                series_description TEXT NOT NULL,
                body_part_examined TEXT NOT NULL,
                frame_of_reference_uid TEXT NOT NULL,
                attributes TEXT NOT NULL,
                leading TEXT NOT NULL,
                PRIMARY KEY (study_instance_uid, series_instance_uid)
            ) STRICT
            """,
            """
            CREATE TABLE instance (
                study_instance_uid TEXT NOT NULL,
                series_instance_uid TEXT NOT NULL,
                sop_instance_uid TEXT NOT NULL,
                sha256 TEXT NOT NULL UNIQUE,
                sop_class_uid TEXT NOT NULL,
                transfer_syntax_uid TEXT NOT NULL,
                instance_number INTEGER,
                number_of_frames INTEGER NOT NULL,
                rows INTEGER NOT NULL,
                columns INTEGER NOT NULL,
                size INTEGER NOT NULL,
                header BLOB NOT NULL,
                PRIMARY KEY (study_instance_uid, series_instance_uid, sop_instance_uid, sha256),
                FOREIGN KEY (study_instance_uid, series_instance_uid)
                    REFERENCES series (study_instance_uid, series_instance_uid)
            ) STRICT
            """,
            """
            CREATE TABLE quarantine (
                sha256 TEXT PRIMARY KEY,
                kind TEXT NOT NULL,
                reason TEXT NOT NULL,
                file TEXT NOT NULL,
                received TEXT NOT NULL,
                study_instance_uid TEXT NOT NULL,
                series_instance_uid TEXT NOT NULL,
                sop_instance_uid TEXT NOT NULL
            ) STRICT
            """,
            "CREATE INDEX quarantine_study ON quarantine (study_instance_uid)",
        ),
    ),
    # The worklist asks for the counts of all studies each time it is shown, the quota for their
    # sizes: neither must go past every header of every image.
    Migration(
        2,
        ("CREATE INDEX instance_counts ON instance (study_instance_uid, rows, columns, number_of_frames, size)",),
    ),
    # The worklist takes up what changed, and no more.
    Migration(
        3,
        (
            "CREATE INDEX study_accession ON study (accession_number)",
            *change_log(CHANGE_KEYS),
            *logged("study", {**_STUDY, "accession_number": "accession_number"}, CHANGE_KEYS),
            *(sql for table in ("series", "instance", "quarantine") for sql in logged(table, _STUDY, CHANGE_KEYS)),
        ),
    ),
)

TABLES = ("patient", "study", "series", "instance", "quarantine")
