"""Communications of critical results on their way to the RIS: frozen when they were told, confirmed only by read-back."""

from __future__ import annotations

import json
from datetime import UTC

from workstation.domain.communication import Waiting, communication, sha256_of
from workstation.domain.critical import CriticalResult
from workstation.reporting.database import ReportDatabase, Row


class CommunicationLog:
    """The rows. Writing is inside the caller's transaction for `enqueue`, in one of its own for the others."""

    def __init__(self, database: ReportDatabase) -> None:
        self._database = database

    def enqueue(self, critical: CriticalResult, patient_reference: str, language: str) -> None:
        """Call inside the transaction that records that it was told. Without a patient of the RIS there is no way home."""
        if critical.told is None or not patient_reference:
            return
        resource = communication(critical, patient_reference, language)
        self._database.insert(
            "communication",
            critical_uuid=critical.critical_uuid,
            report_uuid=critical.report_uuid,
            payload=json.dumps(resource, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(),
            local_sha256=sha256_of(resource),
            state="queued",
            created=critical.told.at.astimezone(UTC).isoformat(),
        )

    def waiting(self) -> tuple[Waiting, ...]:
        rows = self._database.rows("SELECT * FROM communication WHERE state IN ('queued', 'sending') ORDER BY rowid")
        return tuple(map(_waiting, rows))

    def state(self, critical_uuid: str) -> str:
        """`queued`, `sending` (unknown until read back), `confirmed`, `rejected`; empty when it goes nowhere."""
        row = self._database.row("SELECT state FROM communication WHERE critical_uuid = ?", critical_uuid)
        return str(row["state"]) if row else ""

    def sending(self, critical_uuid: str) -> None:
        """On disk before the request leaves."""
        self._set(critical_uuid, "sending", "", "")

    def confirmed(self, critical_uuid: str, ris_sha256: str) -> None:
        self._set(critical_uuid, "confirmed", "", ris_sha256)

    def rejected(self, critical_uuid: str, why: str) -> None:
        self._set(critical_uuid, "rejected", why, "")

    def _set(self, critical_uuid: str, state: str, error: str, ris_sha256: str) -> None:
        sql = "UPDATE communication SET state = ?, last_error = ?, ris_sha256 = ?, tries = tries + 1 WHERE critical_uuid = ?"
        with self._database.writing():
            self._database.execute(sql, state, error, ris_sha256, critical_uuid)


def _waiting(row: Row) -> Waiting:
    return Waiting(row["critical_uuid"], row["payload"], row["local_sha256"], row["state"] == "sending")
