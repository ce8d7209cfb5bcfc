"""Sign and go on: the report on the desk is signed, and the next unread case opens once the signature is on disk.

It stays where anything stands against the signature, and the refusal says why. Nothing is passed over that signing
alone would not pass over: remarks are shown first, and the same command again signs the text as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workstation.domain.report import ReportAction
from workstation.errors import Refused
from workstation.session.case import Notice

if TYPE_CHECKING:
    from workstation.session.session import Session

LEFT_ALREADY = "Signed. Another case was opened meanwhile: it stays"


class SignAndNext:
    """Main thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._under_way = ""
        """The report whose signature is on its way to the disk."""

    def run(self) -> None:
        """Raises Refused where there is nothing to sign."""
        session = self._session
        case, report = session.case, session.desk.report
        if case is None:
            raise Refused("Nothing to sign", "No case is open", "Open a case from the worklist")
        if report is None:
            why = "It has no order in the RIS" if case.item is None or case.item.order is None else "Its report is being opened"
            raise Refused("Nothing to sign", why, "The key for the next unread case leaves it as it is")
        if self._under_way == report.report_uuid:
            return  # pressed twice: one signature, one step
        if report.version and not session.desk.is_open_for_writing and not session.desk.locked:
            session.next_unread()
            return
        study = case.study.study_instance_uid
        self._under_way = report.report_uuid

        def told(problem: Exception | None) -> None:
            self._under_way = ""
            if problem is not None:
                return  # the refusal was said, and stands over the case that stays
            if session.case is None or session.case.study.study_instance_uid != study:
                session.notice.emit(Notice(LEFT_ALREADY))
                return
            session.next_unread()

        session.sign(ReportAction.SIGN_FINAL, told)
