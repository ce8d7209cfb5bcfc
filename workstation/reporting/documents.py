"""DocumentLedger: which documents were made of signed versions and given to the queue of an archive. Never twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields

from workstation.domain.delivery import DeliveryState
from workstation.domain.report import Report, ReportStatus
from workstation.reporting.database import ReportDatabase
from workstation.reporting.ledger import Clock
from workstation.reporting.signed_versions import SignedVersions

NONE = "none"
"""The kind of a version of which nothing was wanted."""
SENT_STATUSES = frozenset({ReportStatus.FINAL, ReportStatus.AMENDED, ReportStatus.CORRECTED, ReportStatus.APPENDED})
TAKEN = frozenset({DeliveryState.ACKNOWLEDGED, DeliveryState.CONFIRMED})


@dataclass(frozen=True, slots=True)
class MadeDocument:
    """One document. `sha256` is of its bytes, `archive` the queue that it was put into."""

    report_uuid: str
    version: int
    kind: str
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    sop_class_uid: str = ""
    sha256: str = ""
    archive: str = ""


_FIELDS = ", ".join(field.name for field in fields(MadeDocument))


class DocumentLedger:
    """Rows are only added. Thread-safe through its database."""

    def __init__(self, database: ReportDatabase, signed: SignedVersions, clock: Clock) -> None:
        self._database = database
        self._signed = signed
        self._clock = clock

    def record(self, documents: Iterable[MadeDocument]) -> None:
        """All that was made of a version, or none. On disk when it returns; the same again changes nothing."""
        with self._database.writing():
            for made in documents:
                if not any((one.version, one.kind) == (made.version, made.kind) for one in self.of_report(made.report_uuid)):
                    self._database.insert("report_document", **asdict(made), made=self._clock().isoformat())

    def of_report(self, report_uuid: str) -> tuple[MadeDocument, ...]:
        """Oldest version first."""
        sql = f"SELECT {_FIELDS} FROM report_document WHERE report_uuid = ? ORDER BY version, kind"
        return tuple(MadeDocument(**row) for row in self._database.rows(sql, report_uuid))

    def of_study(self, study_instance_uid: str) -> tuple[MadeDocument, ...]:
        """All that were made of the reports of a study."""
        sql = f"SELECT {_FIELDS} FROM report_document JOIN report USING (report_uuid) WHERE study_instance_uid = ?"
        return tuple(MadeDocument(**row) for row in self._database.rows(sql, study_instance_uid))

    def waiting(self) -> Iterator[Report]:
        """Final versions that the RIS has taken and of which nothing was made yet, in the order in which they were signed.

        One that is still on its way may be withdrawn, or refused: no archive is to have it then.
        """
        statuses = ", ".join(f"'{status.value}'" for status in SENT_STATUSES)
        states = ", ".join(f"'{state.value}'" for state in TAKEN)
        rows = self._database.rows(
            "SELECT report_uuid, version FROM report_version v LEFT JOIN report_document d USING (report_uuid, version)"
            f" WHERE d.kind IS NULL AND v.status IN ({statuses}) AND EXISTS (SELECT 1 FROM outbox o WHERE"
            f" o.report_uuid = v.report_uuid AND o.version = v.version AND o.state IN ({states})) ORDER BY v.rowid"
        )
        for row in rows:
            signed = self._signed.version(row["report_uuid"], row["version"])
            if signed is not None:
                yield signed
