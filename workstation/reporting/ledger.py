"""The outbox: one row for each signed version, moved only along DELIVERY_TRANSITIONS.

Every move is on disk, with its own line in `delivery_event`, before the method returns. Rows
of one accession go in the order in which they were signed; the head blocks only its accession.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from workstation.domain.delivery import (
    DELIVERY_TRANSITIONS,
    FINISHED_DELIVERIES,
    Comparison,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Elsewhere,
    Held,
    Settled,
    Submission,
)
from workstation.domain.patient import PatientKey
from workstation.domain.report import Report, ReportStatus
from workstation.errors import Conflict, Refused
from workstation.reporting.content import content_of_resource
from workstation.reporting.database import ReportDatabase, Row
from workstation.reporting.forms import Rendered, holds
from workstation.reporting.forms_joint import judged
from workstation.reporting.joint import from_text

Clock = Callable[[], datetime]
_FINISHED = ", ".join(f"'{state.value}'" for state in sorted(FINISHED_DELIVERIES))
_COLUMNS = (
    "id, report_uuid, version, accession_number, state, created, tries, last_error, ris_report_id, local_sha256, ris_sha256,"
    " since"
)
# A sending is counted when it begins; asking that leads to no sending counts as a try too.
_NOTE = "UPDATE outbox SET tries = tries + (state = 'queued'), last_error = ? WHERE id = ?"
# A version and those before it, newest first.
_UP_TO = (
    "SELECT o.version, o.kind, o.payload, o.local_sha256, v.order_id, v.ris_patient_reference, v.joint"
    " FROM outbox o JOIN report_version v USING (report_uuid, version)"
    " WHERE o.report_uuid = ? AND o.version <= ? ORDER BY o.version DESC"
)


class DeliveryLedger:
    """The rows of the outbox. Thread-safe through its database."""

    def __init__(self, database: ReportDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.survivor: Callable[[PatientKey], PatientKey] = lambda key: key
        # As they were last read, and what was made of them: they are asked for at every step of every sender.
        self._heads: dict[int, tuple[tuple[Any, ...], Delivery]] = {}
        self.can_be_proved = True
        """False where the RIS cannot be read back: what it acknowledged is then worked on no more."""

    def enqueue(self, signed: Report, rendered: Rendered) -> int:
        """Put a signed version into the outbox. Call inside the transaction that writes the version."""
        self._supersede_before(signed)
        row_id = self._database.insert(
            "outbox",
            report_uuid=signed.report_uuid,
            version=signed.version,
            accession_number=signed.accession_number,
            kind=rendered.kind,
            idem_key=rendered.idem_key,
            payload=rendered.payload,
            payload_sha256=hashlib.sha256(rendered.payload).hexdigest(),
            local_sha256=rendered.local_sha256,
            state=DeliveryState.QUEUED.value,
            created=self._clock().isoformat(),
            since=self._clock().isoformat(),
        )
        self._log(row_id, "signed", "", DeliveryState.QUEUED.value)
        return row_id

    def _supersede_before(self, signed: Report) -> None:
        """Earlier rows that will never need to leave: refused or held ones, and a preliminary not yet sent."""
        rows = self._database.rows(
            "SELECT o.id, o.state, v.status FROM outbox o JOIN report_version v USING (report_uuid, version)"
            " WHERE o.report_uuid = ? AND o.version < ?",
            signed.report_uuid,
            signed.version,
        )
        for row in rows:
            unsent = row["state"] == DeliveryState.QUEUED and row["status"] == ReportStatus.PRELIMINARY
            if unsent or row["state"] in (DeliveryState.REJECTED, DeliveryState.HELD):
                self._move(row["id"], DeliveryEvent.NEWER_VERSION_SIGNED)

    def deliveries(self, open_only: bool = False) -> tuple[Delivery, ...]:
        """All rows, oldest first; with `open_only` those that are not CONFIRMED or SUPERSEDED."""
        where = f" WHERE state NOT IN ({_FINISHED})" if open_only else ""
        return tuple(map(self._delivery, self._database.rows(f"SELECT {_COLUMNS} FROM outbox{where} ORDER BY id")))

    def waiting_orders(self) -> set[str]:
        """Ids of the orders whose reports are signed and not with the RIS yet."""
        sql = (
            "SELECT DISTINCT v.order_id, v.joint FROM outbox o JOIN report_version v USING (report_uuid, version)"
            f" WHERE o.state NOT IN ({self._passed})"
        )
        return {order_id for row in self._database.rows(sql) for order_id in _order_ids(row)}

    def read_orders(self, before: datetime) -> set[str]:
        """Ids of the orders whose reports came to the end of their way before this time."""
        sql = (
            f"SELECT v.order_id, v.joint, o.since, o.state IN ({self._passed}) AS passed"
            " FROM outbox o JOIN report_version v USING (report_uuid, version)"
        )
        moment = before.astimezone(UTC).isoformat()
        passed, waiting = set[str](), set[str]()
        for row in self._database.rows(sql):
            (passed if row["passed"] and row["since"] < moment else waiting).update(_order_ids(row))
        return passed - waiting

    def delivery(self, delivery_id: int) -> Delivery:
        return self._delivery(self._row(delivery_id))

    def of_report(self, report_uuid: str) -> tuple[Delivery, ...]:
        sql = f"SELECT {_COLUMNS} FROM outbox WHERE report_uuid = ? ORDER BY version"
        return tuple(map(self._delivery, self._database.rows(sql, report_uuid)))

    def heads(self) -> tuple[Delivery, ...]:
        """The oldest open row of each accession: only these may be worked on."""
        sql = (
            f"SELECT {_COLUMNS} FROM outbox WHERE id IN"
            f" (SELECT min(id) FROM outbox WHERE state NOT IN ({self._passed}) GROUP BY accession_number) ORDER BY id"
        )
        before, now = self._heads, {}
        for row in self._database.rows(sql):
            seen, kept = (*row.values(), self.can_be_proved), before.get(row["id"])
            now[row["id"]] = kept if kept is not None and kept[0] == seen else (seen, self._delivery(row))
        self._heads = now
        return tuple(delivery for _, delivery in now.values())

    def _delivery(self, row: Row) -> Delivery:
        return _delivery(row, self.can_be_proved)

    @property
    def _passed(self) -> str:
        return _FINISHED if self.can_be_proved else f"{_FINISHED}, '{DeliveryState.ACKNOWLEDGED.value}'"

    def submission(self, delivery_id: int) -> Submission:
        """What to send, and what it builds on."""
        row = self._database.row(
            "SELECT o.*, r.patient_id, r.patient_issuer, v.order_id, v.ris_patient_reference, v.joint"
            " FROM outbox o JOIN report r USING (report_uuid) JOIN report_version v USING (report_uuid, version) WHERE o.id = ?",
            delivery_id,
        )
        if row is None:
            raise Refused("No such delivery", "The outbox has no such row", "Refresh the list")
        confirmed = self._database.row(
            "SELECT version, ris_etag FROM outbox WHERE report_uuid = ? AND version < ? AND state = ?"
            " ORDER BY version DESC LIMIT 1",
            row["report_uuid"],
            row["version"],
            DeliveryState.CONFIRMED.value,
        )
        return Submission(
            delivery_id=delivery_id,
            report_uuid=row["report_uuid"],
            version=row["version"],
            accession_number=row["accession_number"],
            order_id=row["order_id"],
            patient=PatientKey(row["patient_id"], row["patient_issuer"]),
            ris_patient_reference=row["ris_patient_reference"],
            payload=row["payload"],
            intact=hashlib.sha256(row["payload"]).hexdigest() == row["payload_sha256"],
            base_version=confirmed["version"] if confirmed else 0,
            base_etag=confirmed["ris_etag"] if confirmed else "",
            kind=row["kind"],
            verified=self._verified(delivery_id),
            survivor=self.survivor(PatientKey(row["patient_id"], row["patient_issuer"])),
            settled=self._settled(row["report_uuid"], row["version"]),
            joint=from_text(row["joint"]),
        )

    def _settled(self, report_uuid: str, version: int) -> Settled | None:
        sql = (
            "SELECT r.ris_report_id, r.etag, r.sha256 FROM settlement s JOIN ris_report r ON r.id = s.ris_report"
            " WHERE s.report_uuid = ? AND s.version = ?"
        )
        row = self._database.row(sql, report_uuid, version)
        return Settled(row["ris_report_id"], row["etag"], row["sha256"]) if row else None

    def _verified(self, delivery_id: int) -> datetime | None:
        sql = "SELECT at FROM delivery_event WHERE delivery_id = ? AND event = ? AND before = ? ORDER BY id DESC LIMIT 1"
        row = self._database.row(sql, delivery_id, DeliveryEvent.RETRY.value, DeliveryState.HELD.value)
        return datetime.fromisoformat(row["at"]) if row else None

    def compare(self, delivery_id: int, resource: Mapping[str, Any]) -> Comparison:
        """A DiagnosticReport read from the RIS against this row's signed version and those before it."""
        row = self._row(delivery_id)
        rows = self._database.rows(_UP_TO, row["report_uuid"], row["version"])
        ours = next((each for each in rows if holds(each, resource)), None)
        if ours is None:
            return Comparison(Held.SOMETHING_ELSE, 0, content_of_resource(resource).sha256())
        held = Held.THIS_VERSION if ours["version"] == row["version"] else Held.EARLIER_VERSION
        return Comparison(held, ours["version"], ours["local_sha256"])

    def elsewhere(self, delivery_id: int, ris_report_id: str, others: Mapping[str, Sequence[Mapping[str, Any]]]) -> Elsewhere:
        """What the RIS holds under the other accession numbers of this row's version, beside `ris_report_id`."""
        row = self._row(delivery_id)
        return judged(self._database.rows(_UP_TO, row["report_uuid"], row["version"]), row["report_uuid"], ris_report_id, others)

    def move(
        self,
        delivery_id: int,
        event: DeliveryEvent,
        detail: str = "",
        *,
        ris_report_id: str = "",
        ris_etag: str = "",
        ris_sha256: str = "",
    ) -> Delivery:
        """One step along the table, on disk when it returns. `Conflict` if the table has no such step."""
        with self._database.writing():
            self._move(delivery_id, event, detail, ris_report_id, ris_etag, ris_sha256)
        return self.delivery(delivery_id)

    def note(self, delivery_id: int, detail: str) -> Delivery:
        """A try that proved nothing: counted and shown, the state stays."""
        with self._database.writing():
            self._database.execute(_NOTE, detail, delivery_id)
        return self.delivery(delivery_id)

    def end(self, delivery_id: int, event: DeliveryEvent, detail: str) -> None:
        """A row that a reader's choice ends. Call inside `writing`."""
        self._move(delivery_id, event, detail)

    def retry(self, delivery_id: int) -> Delivery:
        """A reader asks to send again: from REJECTED, HELD, or ACKNOWLEDGED but never found."""
        return self.move(delivery_id, DeliveryEvent.RETRY)

    def withdraw(self, delivery_id: int) -> None:
        """The signature is taken back. Call inside the transaction that records it. `Refused` once sending has begun.

        An earlier version that it had replaced before that was sent waits again.
        """
        row = self._row(delivery_id)
        begun = self._database.row("SELECT 1 FROM delivery_event WHERE delivery_id = ? AND event = 'send'", delivery_id)
        if begun or (DeliveryState(row["state"]), DeliveryEvent.WITHDRAW) not in DELIVERY_TRANSITIONS:
            raise Refused(
                "Not taken back",
                "The report is on its way to the RIS, or there already",
                "Write an addendum or a correction",
            )
        self._move(delivery_id, DeliveryEvent.WITHDRAW)
        waiting = (DeliveryState.QUEUED, DeliveryState.REJECTED, DeliveryState.HELD, DeliveryState.CONFLICT)
        for earlier in self.of_report(row["report_uuid"])[:-1]:
            last = self.history(earlier.delivery_id)[-1]
            if earlier.state is DeliveryState.SUPERSEDED and last[1] in waiting and earlier.version == row["version"] - 1:
                self._move(earlier.delivery_id, DeliveryEvent.NEWER_VERSION_WITHDRAWN)

    def history(self, delivery_id: int) -> tuple[tuple[str, str, str, str, datetime], ...]:
        """(event, state before, state after, detail, when) of every move, in order."""
        rows = self._database.rows("SELECT * FROM delivery_event WHERE delivery_id = ? ORDER BY id", delivery_id)
        return tuple((r["event"], r["before"], r["after"], r["detail"], datetime.fromisoformat(r["at"])) for r in rows)

    def _move(
        self,
        delivery_id: int,
        event: DeliveryEvent,
        detail: str = "",
        ris_report_id: str = "",
        ris_etag: str = "",
        ris_sha256: str = "",
    ) -> None:
        before = DeliveryState(self._row(delivery_id)["state"])
        after = DELIVERY_TRANSITIONS.get((before, event))
        if after is None:
            raise Conflict("The delivery has moved on", f"{before.value} does not take: {event.value}", "Refresh the list")
        self._database.execute(
            "UPDATE outbox SET since = CASE WHEN state = ? THEN since ELSE ? END, state = ?, last_error = ?, tries = tries + ?,"
            " ris_report_id = coalesce(nullif(?, ''), ris_report_id), ris_etag = coalesce(nullif(?, ''), ris_etag),"
            " ris_sha256 = coalesce(nullif(?, ''), ris_sha256) WHERE id = ?",
            after.value,
            self._clock().isoformat(),
            after.value,
            detail,
            1 if event is DeliveryEvent.SEND else 0,
            ris_report_id,
            ris_etag,
            ris_sha256,
            delivery_id,
        )
        self._log(delivery_id, event.value, before.value, after.value, detail)
        if after in (DeliveryState.REJECTED, DeliveryState.HELD) and self._has_newer(delivery_id):
            self._move(delivery_id, DeliveryEvent.NEWER_VERSION_SIGNED, detail)

    def _has_newer(self, delivery_id: int) -> bool:
        sql = "SELECT 1 FROM outbox o JOIN outbox newer USING (report_uuid) WHERE o.id = ? AND newer.version > o.version"
        return self._database.row(sql, delivery_id) is not None

    def _log(self, delivery_id: int, event: str, before: str, after: str, detail: str = "") -> None:
        self._database.insert(
            "delivery_event",
            delivery_id=delivery_id,
            event=event,
            before=before,
            after=after,
            detail=detail,
            at=self._clock().isoformat(),
        )

    def _row(self, delivery_id: int) -> Row:
        row = self._database.row(f"SELECT {_COLUMNS} FROM outbox WHERE id = ?", delivery_id)
        if row is None:
            raise Refused("No such delivery", "The outbox has no such row", "Refresh the list")
        return row


def _order_ids(row: Row) -> tuple[str, ...]:
    return (row["order_id"], *(one.order_id for one in from_text(row["joint"])))


def _delivery(row: Row, can_be_proved: bool) -> Delivery:
    return Delivery(
        delivery_id=row["id"],
        report_uuid=row["report_uuid"],
        version=row["version"],
        accession_number=row["accession_number"],
        state=DeliveryState(row["state"]),
        created=datetime.fromisoformat(row["created"]),
        tries=row["tries"],
        last_error=row["last_error"],
        ris_report_id=row["ris_report_id"],
        local_sha256=row["local_sha256"],
        ris_sha256=row["ris_sha256"],
        since=datetime.fromisoformat(row["since"]) if row["since"] else None,
        can_be_proved=can_be_proved,
    )
