"""Critical results on disk: noted, told to somebody, or found not to be critical after all (reliability F76).

Append only, and apart from the report's text: an open one survives whatever becomes of the draft.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from workstation.domain.critical import CriticalLevel, CriticalMethod, CriticalResult, Told
from workstation.errors import Refused
from workstation.reporting.communications import CommunicationLog
from workstation.reporting.database import ReportDatabase, Row
from workstation.reporting.text import clean_line

Clock = Callable[[], datetime]
_ALL = (
    "SELECT c.*, r.accession_number, r.study_instance_uid FROM critical_event c JOIN report r USING (report_uuid) ORDER BY c.id"
)


class CriticalLog:
    """Every method is on disk when it returns, and safe from any thread. Times are UTC with offset."""

    def __init__(self, database: ReportDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.communications = CommunicationLog(database)

    def begin(self, report_uuid: str, level: CriticalLevel, finding: str, by: str) -> CriticalResult:
        """Note one: from now on its time runs. `Refused` without words."""
        if not clean_line(finding):
            raise Refused("Not noted", "It is not said what is critical", "Write what was found")
        critical_uuid = str(uuid.uuid4())
        facts = {"level": level.value, "finding": clean_line(finding)}
        with self._database.writing():
            self._write(critical_uuid, report_uuid, "begun", facts, by)
        return self.result(critical_uuid)

    def tell(self, critical_uuid: str, told: Told) -> CriticalResult:
        """It was told. `Refused` when it is not open any more, or nobody is named."""
        if not (clean_line(told.recipient) and clean_line(told.by)):
            raise Refused("Not kept", "It is not said who was told, or who told it", "Write the name of the one you spoke to")
        facts = {
            "recipient": clean_line(told.recipient),
            "role": clean_line(told.role),
            "method": told.method.value,
            "told_at": told.at.isoformat(),
            "read_back": told.read_back,
        }
        return self._close(critical_uuid, "told", facts, told.by)

    def drop(self, critical_uuid: str, reason: str, by: str) -> CriticalResult:
        """It is not critical after all. `Refused` without a reason, or when it is not open any more."""
        if not clean_line(reason):
            raise Refused("Not put away", "It is not said why this is not critical", "Write the reason")
        return self._close(critical_uuid, "dropped", {"reason": clean_line(reason)}, by)

    def result(self, critical_uuid: str) -> CriticalResult:
        found = next((c for c in self._all() if c.critical_uuid == critical_uuid), None)
        if found is None:
            raise Refused("No such critical result", "The report store has none with this id")
        return found

    def open(self) -> tuple[CriticalResult, ...]:
        """Those that nobody was told of, the most pressing first."""
        return tuple(sorted((c for c in self._all() if c.is_open), key=lambda c: c.due))

    def of_report(self, report_uuid: str) -> tuple[CriticalResult, ...]:
        return tuple(c for c in self._all() if c.report_uuid == report_uuid)

    def _close(self, critical_uuid: str, event: str, facts: Mapping[str, object], by: str) -> CriticalResult:
        with self._database.writing():
            known = self.result(critical_uuid)
            if not known.is_open:
                raise Refused("Not kept", "This critical result was told or put away already", "Note another one if there is one")
            self._write(critical_uuid, known.report_uuid, event, facts, by)
            closed = self.result(critical_uuid)
            report = self._database.row("SELECT * FROM report WHERE report_uuid = ?", known.report_uuid)
            if report is not None:
                self.communications.enqueue(closed, report["ris_patient_reference"], report["language"])
        return closed

    def _write(self, critical_uuid: str, report_uuid: str, event: str, facts: Mapping[str, object], by: str) -> None:
        self._database.insert(
            "critical_event",
            critical_uuid=critical_uuid,
            report_uuid=report_uuid,
            event=event,
            facts=json.dumps(dict(facts), ensure_ascii=False),
            by_whom=clean_line(by),
            at=self._clock().isoformat(),
        )

    def _all(self) -> tuple[CriticalResult, ...]:
        return results_of(self._database.rows(_ALL))


def results_of(rows: Iterable[Row]) -> tuple[CriticalResult, ...]:
    """The events, in their order, as results."""
    found: dict[str, CriticalResult] = {}
    for row in rows:
        facts, name = json.loads(row["facts"]), row["critical_uuid"]
        if row["event"] == "begun":
            found[name] = CriticalResult(
                name,
                row["report_uuid"],
                row["accession_number"],
                row["study_instance_uid"],
                CriticalLevel(facts["level"]),
                facts["finding"],
                row["by_whom"],
                datetime.fromisoformat(row["at"]),
            )
        elif row["event"] == "told":
            at, method = datetime.fromisoformat(facts["told_at"]), CriticalMethod(facts["method"])
            told = Told(facts["recipient"], facts["role"], method, at, facts["read_back"], row["by_whom"])
            found[name] = replace(found[name], told=told)
        else:
            found[name] = replace(found[name], dropped=facts["reason"])
    return tuple(found.values())
