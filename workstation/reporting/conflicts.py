"""The RIS holds something else than we signed: both are kept, and a reader chooses.

What the RIS held is on disk before anybody is asked. A choice never merges: it signs a new version
on top of exactly the version of the RIS that the reader saw (its id, ETag and hash), or lets the RIS's stand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from workstation.domain.delivery import DeliveryEvent, DeliveryState, is_unprovable
from workstation.domain.fhir import objects_of, text_of
from workstation.domain.report import Addendum, Report, ReportSection, ReportStatus, SectionCode
from workstation.errors import Conflict, Refused
from workstation.reporting.content import content_of_resource
from workstation.reporting.database import ReportDatabase, Row
from workstation.reporting.drafting import DraftJournal
from workstation.reporting.forms_joint import holds_any
from workstation.reporting.ledger import Clock, DeliveryLedger
from workstation.reporting.ris_text import DEAD, RisText, ris_text
from workstation.reporting.signing import NotSigned
from workstation.reporting.text import clean, clean_line

_D = DeliveryState
_UNDER_WAY = frozenset({_D.SENDING, _D.ACKNOWLEDGED})
_ENDS = {
    # How an open row of ours ends when a version is signed on top of the RIS's.
    _D.CONFLICT: DeliveryEvent.SETTLE,
    _D.QUEUED: DeliveryEvent.NEWER_VERSION_SIGNED,
    _D.REJECTED: DeliveryEvent.NEWER_VERSION_SIGNED,
    _D.HELD: DeliveryEvent.NEWER_VERSION_SIGNED,
}


class Choice(StrEnum):
    """What a reader may do about the RIS's version."""

    ADDENDUM = "addendum"
    CORRECTION = "correction"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class RisVersion:
    """One version of a report as the RIS held it. `is_own`: it is ours there, changed by somebody."""

    number: int
    report_uuid: str
    ris_report_id: str
    etag: str
    sha256: str
    resource: Mapping[str, Any]
    fetched: datetime
    is_own: bool

    @property
    def text(self) -> RisText:
        return ris_text(self.resource)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A choice that was made. `version` is what was signed by it, 0 for none."""

    report_uuid: str
    choice: Choice
    version: int
    reason: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What the reader chose, over which version of the RIS. `text` is the addendum, `sections` the correction."""

    choice: Choice
    over: RisVersion
    who: str
    reason: str = ""
    text: str = ""
    sections: tuple[ReportSection, ...] = ()


class Conflicts:
    """Versions of the RIS and what readers decided about them. Thread-safe through its database."""

    def __init__(self, database: ReportDatabase, journal: DraftJournal, ledger: DeliveryLedger, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._ledger = ledger
        self._clock = clock

    # ---- what the RIS holds -----------------------------------------------------------

    def keep(self, report_uuid: str, ris_report_id: str, etag: str, resource: Mapping[str, Any]) -> RisVersion | None:
        """Take what the RIS holds to the disk, if it is news; the version that now stands against ours, if one does.

        Without `ris_report_id` the RIS holds nothing.
        """
        sha256 = content_of_resource(resource).sha256() if ris_report_id else ""
        with self._database.writing():
            last = self._last(report_uuid)
            known = (last["ris_report_id"], last["etag"], last["sha256"]) if last else ("", "", "")
            is_news = known != (ris_report_id, etag, sha256)
            if is_news and (last is not None or not self._is_ours(report_uuid, resource)):
                self._database.insert(
                    "ris_report",
                    report_uuid=report_uuid,
                    ris_report_id=ris_report_id,
                    etag=etag,
                    sha256=sha256,
                    resource=json.dumps(dict(resource), ensure_ascii=False, sort_keys=True),
                    fetched=self._clock().isoformat(),
                )
        return self.standing(report_uuid)

    def standing(self, report_uuid: str) -> RisVersion | None:
        """The RIS's version that is not ours and that no reader has settled on; None when all is well.

        A version that was let stand is None too; see `let_stand`.
        """
        version = self.latest(report_uuid)
        if version is None or self._is_ours(report_uuid, version.resource) or self._is_settled(version):
            return None
        if version.is_own:
            return version
        # A report of somebody else counts when it is final, and we have none in the RIS ourselves.
        return version if version.text.stands and not self._has_confirmed(report_uuid) else None

    def let_stand(self, report_uuid: str) -> RisVersion | None:
        """The RIS's version that a reader let stand, as long as nothing of ours was signed on top of it."""
        made = self.settlements(report_uuid)
        version = self.latest(report_uuid)
        return version if made and made[-1].choice is Choice.DISCARD and version is not None else None

    def latest(self, report_uuid: str) -> RisVersion | None:
        """What the RIS held when it was looked at last and held anything but ours."""
        row = self._last(report_uuid)
        return self._version(row) if row is not None and row["ris_report_id"] else None

    def versions(self, report_uuid: str) -> tuple[RisVersion, ...]:
        """Everything of the RIS that was ever kept for the report, oldest first."""
        sql = "SELECT * FROM ris_report WHERE report_uuid = ? AND ris_report_id <> '' ORDER BY id"
        return tuple(map(self._version, self._database.rows(sql, report_uuid)))

    def settlements(self, report_uuid: str) -> tuple[Settlement, ...]:
        """Who chose what, when and why, oldest first."""
        rows = self._database.rows("SELECT * FROM settlement WHERE report_uuid = ? ORDER BY id", report_uuid)
        return tuple(
            Settlement(report_uuid, Choice(r["choice"]), r["version"], r["reason"], r["who"], datetime.fromisoformat(r["at"]))
            for r in rows
        )

    def check(self, report_uuid: str) -> None:
        """Nothing is signed past a version of the RIS that no reader has seen. Raises NotSigned."""
        if self.standing(report_uuid) is not None:
            raise NotSigned(
                "The RIS holds a report for this order that is not the one you build on",
                "Compare the two (Ctrl+Shift+X) and choose. Nothing in the RIS was overwritten, your text is kept",
            )
        if self.let_stand(report_uuid) is not None:
            raise NotSigned(
                "You let the RIS's version of this report stand",
                "To add to it, open the comparison (Ctrl+Shift+X) and send an addendum",
            )

    # ---- what is decided --------------------------------------------------------------

    def decide(
        self,
        decision: Decision,
        report: Report,
        last_signed: Report | None,
        number: int,
        check: Callable[[Report], None],
        write_version: Callable[[Report], int],
    ) -> int:
        """Carry a decision out. The new delivery's id; 0 when nothing is sent. Call inside `writing`.

        `number` is the next version's. `check` sees the text that will be signed, and may raise `Refused`.
        """
        self._check_decision(decision, report)
        if decision.choice is Choice.DISCARD:
            self._put_back(report.report_uuid, last_signed)
            self._end_rows(report.report_uuid, decision, 0)
            self._settled(decision, report.report_uuid, 0)
            return 0
        signed = self._on_top(decision, report, number)
        check(signed)
        for section in signed.sections:
            self._journal.type(report.report_uuid, section.code, section.text, None)
        # Before the row is made: the row's base is read from here.
        self._settled(decision, report.report_uuid, signed.version)
        delivery_id = write_version(signed)
        self._end_rows(report.report_uuid, decision, signed.version)
        return delivery_id

    def _check_decision(self, decision: Decision, report: Report) -> None:
        latest = self._last(report.report_uuid)
        if latest is None or latest["id"] != decision.over.number:
            raise Conflict(
                "The report in the RIS has changed again", "It is not the one that you compared", "Compare again, then choose"
            )
        if any(d.state in _UNDER_WAY and not is_unprovable(d) for d in self._ledger.of_report(report.report_uuid)):
            raise Refused("Not done", "A version of this report is on its way to the RIS", "Wait until the RIS has answered")
        if not decision.who.strip():
            raise NotSigned("Nobody is named as the signer", "Set `signer` in settings.toml")
        text = decision.over.text
        if decision.choice is Choice.ADDENDUM and not may_add(text):
            raise NotSigned(WHY_NOT_ADDED, "Let the RIS's version stand, or call the RIS desk. Your text is kept")
        if decision.choice is Choice.ADDENDUM and not decision.text.strip():
            raise NotSigned("The addendum is empty", "Write what it adds")
        if decision.choice is Choice.CORRECTION and text.status in DEAD:
            raise NotSigned("The RIS has withdrawn the report", "Call the RIS desk. Your text is kept")
        if decision.choice is Choice.CORRECTION and not decision.reason.strip():
            raise NotSigned("No reason is given for replacing the RIS's version", "Write why, in a few words")

    def _on_top(self, decision: Decision, report: Report, number: int) -> Report:
        theirs, who, now = decision.over.text, clean_line(decision.who), self._clock()
        version = replace(
            report,
            version=number,
            status=_status(theirs.status, decision.choice),
            signed_by=who,
            signed_at=now,
            reason=clean_line(decision.reason),
            revision=None,
        )
        if decision.choice is Choice.CORRECTION:
            sections = decision.sections
        else:
            sections = theirs.as_sections()
            addenda = (*theirs.addenda, Addendum(clean(decision.text).strip(), who, now))
            before = dict.fromkeys(name for name in (theirs.signer, *report.earlier_signers) if name and name != who)
            version = replace(version, addenda=addenda, earlier_signers=tuple(before))
        texts: dict[SectionCode, str] = {}
        texts |= {s.code: clean(s.text) for s in sections if s.code is not SectionCode.ADDENDUM}
        version = replace(version, sections=tuple(ReportSection(code, texts.get(code, "")) for code in SectionCode))
        if not any(s.text.strip() for s in version.sections):
            raise NotSigned("The report is empty", "Write findings or an impression")
        return version

    def _put_back(self, report_uuid: str, last_signed: Report | None) -> None:
        """The draft's words stay in the journal; the report shows what was signed last."""
        for code in SectionCode:
            self._journal.type(report_uuid, code, last_signed.text(code) if last_signed else "", None)

    def _end_rows(self, report_uuid: str, decision: Decision, new_version: int) -> None:
        why = f"{decision.choice.value}, {clean_line(decision.who)}" + (
            f": {clean_line(decision.reason)}" if decision.reason else ""
        )
        for row in self._ledger.of_report(report_uuid):
            if row.version == new_version or row.state not in _ENDS:
                continue
            event = _ENDS[row.state] if new_version else DeliveryEvent.DISCARD
            self._ledger.end(row.delivery_id, event, why)

    def _settled(self, decision: Decision, report_uuid: str, version: int) -> None:
        self._database.insert(
            "settlement",
            report_uuid=report_uuid,
            ris_report=decision.over.number,
            version=version,
            choice=decision.choice.value,
            reason=clean_line(decision.reason),
            who=clean_line(decision.who),
            at=self._clock().isoformat(),
        )

    def is_own(self, report_uuid: str, ris_report_id: str, resource: Mapping[str, Any]) -> bool:
        """Whether it is our report in the RIS, changed or not: by our identifier, or by the id that the RIS gave it.

        A report that went by HL7 carries no identifier of ours.
        """
        if any(text_of(i, "value") == f"urn:uuid:{report_uuid}" for i in objects_of(resource, "identifier")):
            return True
        sql = "SELECT 1 FROM outbox WHERE report_uuid = ? AND ris_report_id = ?"
        return bool(ris_report_id) and self._database.row(sql, report_uuid, ris_report_id) is not None

    # ---- inside -----------------------------------------------------------------------

    def _version(self, row: Row) -> RisVersion:
        resource = json.loads(row["resource"])
        return _version(row, self.is_own(row["report_uuid"], row["ris_report_id"], resource))

    def _last(self, report_uuid: str) -> Row | None:
        return self._database.row("SELECT * FROM ris_report WHERE report_uuid = ? ORDER BY id DESC LIMIT 1", report_uuid)

    def _is_ours(self, report_uuid: str, resource: Mapping[str, Any]) -> bool:
        """Whether it is a version of ours, and none that a confirmed one has replaced."""
        sql = (
            "SELECT o.kind, o.payload, o.local_sha256, v.order_id, v.ris_patient_reference, v.joint"
            " FROM outbox o JOIN report_version v USING (report_uuid, version) WHERE o.report_uuid = ?1 AND o.version >="
            " (SELECT coalesce(max(version), 0) FROM outbox WHERE report_uuid = ?1 AND state = 'confirmed')"
        )
        return any(holds_any(row, resource) for row in self._database.rows(sql, report_uuid))

    def _is_settled(self, version: RisVersion) -> bool:
        sql = (
            "SELECT 1 FROM settlement s JOIN ris_report r ON r.id = s.ris_report"
            " LEFT JOIN outbox o ON o.report_uuid = s.report_uuid AND o.version = s.version"
            " WHERE s.report_uuid = ? AND r.ris_report_id = ? AND r.etag = ? AND r.sha256 = ?"
            " AND coalesce(o.state, '') <> 'withdrawn'"
        )
        found = self._database.row(sql, version.report_uuid, version.ris_report_id, version.etag, version.sha256)
        return found is not None

    def _has_confirmed(self, report_uuid: str) -> bool:
        sql = "SELECT 1 FROM outbox WHERE report_uuid = ? AND state = 'confirmed'"
        return self._database.row(sql, report_uuid) is not None


WHY_NOT_ADDED = "The RIS's version cannot be read here whole, so nothing can be added to it without losing some of it"


def may_add(text: RisText) -> bool:
    return text.is_readable and not text.is_cut and text.status not in DEAD


def _status(theirs: str, choice: Choice) -> ReportStatus:
    """FHIR R4 DiagnosticReport.status of a version on top of one with this status."""
    if theirs not in {s.value for s in (ReportStatus.FINAL, ReportStatus.AMENDED, ReportStatus.CORRECTED, ReportStatus.APPENDED)}:
        return ReportStatus.FINAL
    return ReportStatus.APPENDED if choice is Choice.ADDENDUM else ReportStatus.CORRECTED


def _version(row: Row, is_own: bool) -> RisVersion:
    return RisVersion(
        number=row["id"],
        report_uuid=row["report_uuid"],
        ris_report_id=row["ris_report_id"],
        etag=row["etag"],
        sha256=row["sha256"],
        resource=json.loads(row["resource"]),
        fetched=datetime.fromisoformat(row["fetched"]),
        is_own=is_own,
    )
