"""Orders that are read together: joined to the report on the desk, taken out again, followed to the RIS as one.

A trauma CT ordered region by region, both breasts under two numbers: one text, one signature. What may be joined is
decided by `workstation.reporting.joint`; here is who is asked, what is said, and who else reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from workstation.domain.claim import Claim, ClaimState
from workstation.domain.dates import as_date
from workstation.domain.order import WorklistItem
from workstation.domain.report import JointOrder, Report
from workstation.domain.study import Study
from workstation.domain.worklist_query import EVERYTHING, ListedRow
from workstation.errors import Refused
from workstation.reporting.signing import NotSigned
from workstation.session.case import Case, Notice
from workstation.session.tool import ShownImage
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.reporting.store import ReportStore
    from workstation.session.session import Session

COMMAND = "report.together"
MOST_ROWS = 200
NEAR = timedelta(days=1)
"""An examination of the night before is read together; one of last week is a prior."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order of the open patient beside the report's own."""

    item: WorklistItem
    is_joined: bool
    is_of_study: bool
    """Its images lie in a study that the report is of."""


class Together:
    """Main thread. Methods raise `Refused` where there is nothing to do; what the store refuses is told by the session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.changed: Signal[Report] = Signal()
        """Another order is read in the report on the desk, or no longer."""
        self._shown: Report | None = None
        session.desk.report_changed.connect(self._follow)

    # ---- what there is -------------------------------------------------------------------

    @property
    def joint(self) -> tuple[JointOrder, ...]:
        report = self._session.desk.report
        return report.joint if report is not None else ()

    def load(self, found: Callable[[tuple[Candidate, ...]], object]) -> None:
        """The patient's other orders of about the same day: joined ones first, then those of the same study."""
        report, case = self._needed()

        def done(rows: Sequence[ListedRow]) -> None:
            now = self._session.desk.report
            if now is not None and now.report_uuid == report.report_uuid:
                found(candidates(now, case, [row.item for row in rows]))

        wanted = replace(EVERYTHING.with_text(case.study.patient.key.patient_id), unfinished=False)
        self._session.listing.ask(lambda rows: rows.page(wanted, count=MOST_ROWS), done, slot="read together")

    # ---- what the reader does ------------------------------------------------------------

    def join(self, items: Sequence[WorklistItem]) -> None:
        """Read these rows' orders in the open report. Nobody else may be reading one of them."""
        report, _ = self._needed()
        for item in items:
            if item.order is None:
                raise Refused("Not read together", "It has no order in the RIS", "Ask for one")
            self._session.claiming.take_with(item.order.order_id, partial(self._claimed, report, item))

    def join_study(self) -> None:
        """Every order of the open study."""

        def found(rows: tuple[Candidate, ...]) -> None:
            items = [one.item for one in rows if one.is_of_study and not one.is_joined]
            if not items:
                self._say("The RIS has no other order for this study")
            else:
                self.join(items)

        self.load(found)

    def leave(self, order_ids: Sequence[str]) -> None:
        """Take orders out again: each is then a row to be read by itself."""
        self._needed()
        signer = self._session.signer

        def work(store: ReportStore, uuid: str) -> None:
            for order_id in order_ids:
                store.joint.leave(store.report(uuid), order_id, signer, store.versions(uuid))

        def done(_: Report) -> None:
            for order_id in order_ids:
                self._session.claiming.give_back(order_id)
            self._session.refresh_worklist()
            self._session.settling.look()

        self._session.desk.act(work, done)

    def leave_all(self) -> None:
        if not self.joint:
            raise Refused("Nothing to take out", "No other order is read in this report")
        self.leave([one.order_id for one in self.joint])

    def open_for(self, item: WorklistItem) -> None:
        """A row without images of its own: the examination that it is read together with is opened."""

        def done(rows: Sequence[ListedRow]) -> None:
            found = (row.item for row in rows if row.item.accession_number in item.together and row.item.study_instance_uid)
            lead = next((one for one in found if one.patient.key == item.patient.key), None)
            if lead is None:
                problem = Refused("No images yet", "They come with the examination it is read together with", "Open that one")
                self._session.report_problem(problem)
            else:
                self._session.open(lead)

        wanted = EVERYTHING.with_text(item.patient.key.patient_id)
        self._session.listing.ask(lambda rows: rows.page(wanted, count=MOST_ROWS), done, slot="read together with")

    # ---- what signing asks ---------------------------------------------------------------

    def check(self) -> None:
        """Nobody else reads one of them. Raises NotSigned."""
        for one in self.joint:
            if reader := self._session.claiming.read_by(one.order_id):
                why = f"{reader} reads {one.accession_number}, which is read together here"
                raise NotSigned(why, "Take it out of the report, or take it over from its own row")

    def as_one(self, case: Case, shown: frozenset[ShownImage]) -> tuple[Study, tuple[Study, ...], frozenset[ShownImage], str]:
        """(study, priors, images shown, procedure) as who looks at the text must see them: all that is read together is one."""
        report = self._session.desk.report
        if report is None or not report.joint:
            return case.study, case.priors, shown, case.procedure
        mine = case.study.study_instance_uid
        others = [p for p in case.priors if p.study_instance_uid in report.study_uids]
        uids = {p.study_instance_uid for p in others}
        series = (*case.study.series, *(s for other in others for s in other.series))
        seen = frozenset(replace(one, study_uid=mine) if one.study_uid in uids else one for one in shown)
        procedures = dict.fromkeys(filter(None, (report.procedure, *(one.procedure for one in report.joint))))
        rest = tuple(p for p in case.priors if p.study_instance_uid not in uids)
        return replace(case.study, series=series), rest, seen, "; ".join(procedures)

    # ---- within --------------------------------------------------------------------------

    def _needed(self) -> tuple[Report, Case]:
        report, case = self._session.desk.report, self._session.case
        if report is None or case is None:
            raise Refused("Nothing to read together", "No report is open", "Open a case that has an order in the RIS")
        if self._session.desk.locked:
            raise Refused("Not changed", self._session.desk.locked)
        return report, case

    def _claimed(self, report: Report, item: WorklistItem, claim: Claim | None) -> None:
        """Joined, now that nobody else has it; what is typed meanwhile is saved before."""
        session, desk = self._session, self._session.desk
        if desk.report is None or desk.report.report_uuid != report.report_uuid:
            return
        if claim is not None and claim.state is ClaimState.OTHERS:
            who = claim.owner or "Another reader"
            session.report_problem(Refused("Not read together", f"{who} reads {item.accession_number}", "Ask them first"))
            return
        signer = session.signer

        def done(now: Report) -> None:
            session.refresh_worklist()
            session.settling.look()
            self._say(f"Read together now: {', '.join(now.accession_numbers)}. One signature answers all of them")

        desk.act(lambda store, uuid: store.joint.join(store.report(uuid), item, signer), done, report.report_uuid)

    def _follow(self, report: Report | None) -> None:
        before, self._shown = self._shown, report
        if before is not None and (report is None or report.report_uuid != before.report_uuid):
            for order_id in before.order_ids if before.joint else ():
                self._session.claiming.give_back(order_id)
        if report is None:
            return
        if before is None or before.report_uuid != report.report_uuid:
            for order_id in report.order_ids if report.joint else ():
                self._session.claiming.take_with(order_id, lambda _: None)
        if before is None or (before.report_uuid, before.joint) != (report.report_uuid, report.joint):
            self.changed.emit(report)

    def _say(self, words: str) -> None:
        self._session.notice.emit(Notice(words, of_case=True))


def candidates(report: Report, case: Case, items: Sequence[WorklistItem]) -> tuple[Candidate, ...]:
    """What of these rows can be read in the report, or is already."""
    joined = {one.order_id for one in report.joint}
    mine, here = as_date(case.study.study_date), {case.study.patient.key}
    found: dict[str, Candidate] = {}
    for item in items:
        order = item.order
        if order is None or order.order_id == report.order_id or not item.accession_number or item.patient.key not in here:
            continue
        is_joined, uid = order.order_id in joined, item.study_instance_uid or order.study_instance_uid
        is_of_study = uid in report.study_uids
        if is_joined or is_of_study or _is_near(mine, item):
            found.setdefault(order.order_id, Candidate(item, is_joined, is_of_study))
    rows = sorted(found.values(), key=lambda one: (not one.is_joined, not one.is_of_study, one.item.accession_number))
    return tuple(rows)


def _is_near(mine: date | None, item: WorklistItem) -> bool:
    """One whose day is not known is shown: the reader knows."""
    order = item.order
    moment = (order.exam_end or order.due) if order is not None else None
    theirs = as_date(item.study_date) or (moment.astimezone().date() if moment is not None else None)
    return mine is None or theirs is None or abs(mine - theirs) <= NEAR
