"""What is done to a report after it was signed: addenda, corrections, amendments, signatures taken back.

Append only: each act is a row, and the rows in their order tell where the report stands. Every
method is on disk when it returns, and safe from any thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from workstation.domain.delivery import Delivery
from workstation.domain.life import ForeignText, Life, LifeEvent, PutAway, Withdrawal
from workstation.domain.report import REPORT_TRANSITIONS, REVISIONS, Report, ReportAction, Revision, SectionCode
from workstation.errors import Refused
from workstation.reporting.database import ReportDatabase, Row
from workstation.reporting.drafting import DraftJournal
from workstation.reporting.ledger import DeliveryLedger
from workstation.reporting.text import clean, clean_line
from workstation.reporting.versions import signed_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Clock = Callable[[], datetime]
WORDS = {ReportAction.APPEND: "An addendum", ReportAction.CORRECT: "A correction", ReportAction.AMEND: "An amendment"}


class ReportLife:
    """`of` tells where a report stands; the others change it, in a transaction of their own."""

    def __init__(self, database: ReportDatabase, journal: DraftJournal, ledger: DeliveryLedger, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._ledger = ledger
        self._clock = clock

    def of(self, report_uuid: str) -> Life:
        sql = "SELECT * FROM report_life WHERE report_uuid = ? ORDER BY id"
        return life_of(self._database.rows(sql, report_uuid))

    def begin(self, report_uuid: str, action: ReportAction, by: str, reason: str = "") -> None:
        """Begin to add to or change a signed report. The same again changes nothing. `Refused` where it may not be."""
        with self._database.writing():
            life = self.of(report_uuid)
            if life.revision is not None and life.revision.action is action:
                return
            self._may_begin(report_uuid, life, action, reason)
            self._record(report_uuid, LifeEvent.BEGUN, by, action=action.value, reason=clean_line(reason))

    def put_away(self, report_uuid: str, by: str) -> None:
        """The signed text stands again. The words are kept, and can be taken up until the next signature."""
        with self._database.writing():
            revision = self.of(report_uuid).revision
            signed = self._standing(report_uuid)
            if revision is None or signed is None:
                raise Refused("Nothing to put away", "No addendum or correction of this report is open")
            now = self._journal.texts(report_uuid)
            changed = {code: text for code, text in now.items() if text != signed.text(code)}
            for code in changed:
                self._journal.type(report_uuid, code, signed.text(code), None)
            detail = json.dumps({code.value: text for code, text in changed.items()}, ensure_ascii=False)
            self._record(report_uuid, LifeEvent.PUT_AWAY, by, action=revision.action.value, reason=revision.reason, detail=detail)

    def take_up(self, report_uuid: str, by: str) -> None:
        """Go on with what was put away last."""
        with self._database.writing():
            away = self.of(report_uuid).put_away
            if away is None:
                raise Refused("Nothing to take up", "No addendum or correction of this report was put away")
            for code, text in away.texts.items():
                self._journal.type(report_uuid, code, text, None)
            self._record(report_uuid, LifeEvent.BEGUN, by, action=away.revision.action.value, reason=away.revision.reason)

    def withdraw(self, report_uuid: str, by: str) -> Delivery:
        """Take the newest signature back, while the outbox has not begun to send it. `Refused` after that.

        The version stays, marked; its words are the draft again. Gives its delivery.
        """
        with self._database.writing():
            signed = self._standing(report_uuid)
            delivery = next((d for d in self._ledger.of_report(report_uuid) if signed and d.version == signed.version), None)
            if signed is None or delivery is None:
                raise Refused("Nothing to take back", "This report is not signed")
            if not clean_line(by):
                raise Refused("Not taken back", "Nobody is named", "Set your name in the settings")
            self._ledger.withdraw(delivery.delivery_id)
            self._record(report_uuid, LifeEvent.WITHDRAWN, by, version=signed.version)
            own = [a for a in signed.addenda if a.at == signed.signed_at]
            if own and not self._journal.texts(report_uuid)[SectionCode.ADDENDUM]:
                self._journal.type(report_uuid, SectionCode.ADDENDUM, own[-1].text, None)
            # Its words are unsigned again, even where none of them changed since.
            sql = "UPDATE report SET unsigned_changes = unsigned_changes + 1 WHERE report_uuid = ?"
            self._database.execute(sql, report_uuid)
        return self._ledger.delivery(delivery.delivery_id)

    def note_foreign(self, report_uuid: str, text: ForeignText, by: str) -> None:
        """Words of another patient's report were put into this one, with the reader's consent (F73)."""
        with self._database.writing():
            detail = json.dumps({"text": clean(text.text), "from": text.from_report}, ensure_ascii=False)
            self._record(report_uuid, LifeEvent.PASTED, by, action=text.section.value, detail=detail)

    def signed(self, report: Report, action: ReportAction) -> None:
        """A version was signed. Call inside the transaction that writes it."""
        self._record(report.report_uuid, LifeEvent.SIGNED, report.signed_by, action=action.value, version=report.version)

    # ---- within ---------------------------------------------------------------------------

    def _may_begin(self, report_uuid: str, life: Life, action: ReportAction, reason: str) -> None:
        if life.revision is not None:
            what = WORDS[life.revision.action]
            raise Refused("Not begun", f"{what} of this report is open already", "Sign it or put it away first")
        signed = self._standing(report_uuid)
        if signed is None or action not in REVISIONS or (signed.status, action) not in REPORT_TRANSITIONS:
            status = signed.status.value if signed else "a draft"
            raise Refused("Not begun", f"This report is {status}: its text can be changed as it is", "Write, then sign")
        if action is ReportAction.CORRECT and not clean_line(reason):
            raise Refused("Not begun", "A correction needs a reason", "Say in a few words what was wrong")

    def _standing(self, report_uuid: str) -> Report | None:
        """The newest version that was not withdrawn."""
        row = self._database.row("SELECT * FROM report WHERE report_uuid = ?", report_uuid)
        if row is None:
            raise Refused("No such report", "The report store has none with this id", "Open it from the worklist")
        withdrawn = self.of(report_uuid).withdrawn
        sql = "SELECT * FROM report_version WHERE report_uuid = ? ORDER BY version DESC"
        versions = self._database.rows(sql, report_uuid)
        return next((signed_of(row, v) for v in versions if v["version"] not in withdrawn), None)

    def _record(
        self, report_uuid: str, event: LifeEvent, by: str, action: str = "", version: int = 0, reason: str = "", detail: str = ""
    ) -> None:
        self._database.insert(
            "report_life",
            report_uuid=report_uuid,
            event=event.value,
            action=action,
            version=version,
            reason=reason,
            detail=detail,
            by_whom=clean_line(by),
            at=self._clock().isoformat(),
        )


def life_of(rows: Iterable[Row]) -> Life:
    """Where a report stands after these rows, in their order."""
    revision: Revision | None = None
    away: PutAway | None = None
    withdrawn: dict[int, Withdrawal] = {}
    signed_from: dict[int, Revision | None] = {}
    foreign: list[ForeignText] = []
    for row in rows:
        at = datetime.fromisoformat(row["at"])
        match LifeEvent(row["event"]):
            case LifeEvent.BEGUN:
                revision, away = Revision(ReportAction(row["action"]), row["by_whom"], at, row["reason"]), None
            case LifeEvent.PUT_AWAY:
                away = PutAway(revision, _texts(row["detail"])) if revision else None
                revision = None
            case LifeEvent.SIGNED:
                signed_from[row["version"]] = revision
                revision = away = None
            case LifeEvent.WITHDRAWN:
                withdrawn[row["version"]] = Withdrawal(row["by_whom"], at)
                revision = signed_from.get(row["version"])
            case LifeEvent.PASTED:
                words = json.loads(row["detail"])
                foreign.append(ForeignText(SectionCode(row["action"]), words["text"], words["from"]))
    return Life(revision, away, withdrawn, tuple(foreign))


def _texts(detail: str) -> Mapping[SectionCode, str]:
    return {SectionCode(code): text for code, text in json.loads(detail).items()}
