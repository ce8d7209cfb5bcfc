"""The documents that were made of signed versions for archives (DICOM objects): which, under which UID, of which bytes."""

from __future__ import annotations

# `kind` is `sr`, `pdf`, or `none` for a version of which the settings wanted nothing. The object itself is in the
# queue of the archive and in the cache.
DOCUMENTS: tuple[str, ...] = (
    """
    CREATE TABLE report_document (
        report_uuid TEXT NOT NULL,
        version INTEGER NOT NULL,
        kind TEXT NOT NULL,
        sop_instance_uid TEXT NOT NULL,
        series_instance_uid TEXT NOT NULL,
        sop_class_uid TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        archive TEXT NOT NULL,
        made TEXT NOT NULL,
        PRIMARY KEY (report_uuid, version, kind),
        FOREIGN KEY (report_uuid, version) REFERENCES report_version(report_uuid, version)
    ) STRICT
    """,
    "CREATE TRIGGER report_document_never_update BEFORE UPDATE ON report_document"
    " BEGIN SELECT RAISE(ABORT, 'report_document is append only'); END",
    "CREATE TRIGGER report_document_never_delete BEFORE DELETE ON report_document"
    " BEGIN SELECT RAISE(ABORT, 'report_document is append only'); END",
)
