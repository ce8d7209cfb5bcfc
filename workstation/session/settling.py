"""The RIS holds something else than we build on: it is noticed, kept, shown, and settled by the reader's choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.report import Report
from workstation.errors import Refused, WorkstationError
from workstation.jobs import DATABASE, NETWORK, Cancel, Jobs
from workstation.reporting.conflicts import Choice, Decision, RisVersion, Settlement, may_add
from workstation.reporting.ris_text import RisText
from workstation.reporting.signing import SigningEvidence
from workstation.reporting.store import ReportStore
from workstation.reporting.three_way import ThreeTexts, proposed_addendum, three_way
from workstation.ris.others import FINAL, ReportLookup
from workstation.ris.ris import Holding, HoldingKind
from workstation.session.case import Case, Notice
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.session.session import Session

COMMAND = "report.conflict"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is shown before a choice. `base` is the version that both sides had last, if any."""

    report: Report
    base: Report | None
    theirs: RisVersion
    text: RisText
    rows: tuple[ThreeTexts, ...]
    proposal: str
    """The addendum as it may be sent, for the reader to change."""
    settlements: tuple[Settlement, ...]

    @property
    def may_add(self) -> bool:
        return may_add(self.text)

    @property
    def may_replace(self) -> bool:
        return bool(self.report.sections) and self.text.status not in ("cancelled", "entered-in-error")


def _nobody(_: Exception | None) -> None:
    """Nobody waits for it."""


class Settling:
    """Follows what the RIS holds for the open report and for deliveries in conflict. `changed` tells of the open one."""

    def __init__(self, jobs: Jobs, session: Session) -> None:
        self._jobs = jobs
        self._session = session
        self.source: ReportLookup | None = None
        """The RIS, where it can be asked for reports of others."""
        self.store: ReportStore | None = None
        self.wake: Callable[[], object] | None = None
        """Makes the outbox try at once."""
        self.standing: RisVersion | None = None
        """What stands against the open report."""
        self.changed: Signal[RisVersion | None] = Signal()
        self.moved: Signal[Delivery] = Signal()
        """A delivery that a reader's choice moved, and not the outbox."""
        self.unsent: dict[str, str] = {}
        """Addenda that were written in a comparison and not sent, by report: they stand there again."""
        self._told: set[int] = set()
        self._asking = ""

    # ---- what happens ----------------------------------------------------------------

    def opened(self, report: Report) -> None:
        """A report was put on the desk: what is known of it, then what the RIS says now."""
        self._known(report.report_uuid)
        self.look()

    def closed(self, case: Case | None) -> None:
        if case is None:
            self._show(None)

    def poll(self) -> None:
        """The RIS answered: look again at the open report, and at conflicts whose other side is not here yet."""
        self.look()
        store = self.store
        if store is None or self.source is None:
            return

        def done(rows: Sequence[Report]) -> None:
            for report in rows:
                self._fetch(report)

        self._jobs.run(DATABASE, lambda _: _without_theirs(store), done, _quietly)

    def delivered(self, delivery: Delivery) -> None:
        """The outbox moved a row: a conflict is fetched at once, and kept."""
        store, report = self.store, self._session.desk.report
        if store is None:
            return
        if delivery.state is DeliveryState.CONFLICT:
            self._jobs.run(DATABASE, lambda _: store.report(delivery.report_uuid), self._fetch, _quietly)
        elif report is not None and report.report_uuid == delivery.report_uuid:
            self._known(delivery.report_uuid)

    def heard(self) -> None:
        """The RIS told something by itself: perhaps of the open report."""
        if self._session.desk.report is not None:
            self._known(self._session.desk.report.report_uuid)

    def look(self) -> None:
        """Ask the RIS for the reports of the open order, unless it is being asked."""
        report = self._session.desk.report
        if report is not None and report.order_id and report.report_uuid != self._asking:
            self._asking = report.report_uuid
            self._fetch(report, self._asked)

    def _asked(self) -> None:
        self._asking = ""

    # ---- what the reader does --------------------------------------------------------

    def compare(
        self, report_uuid: str, done: Callable[[Comparison], object], failed: Callable[[Exception], object] | None = None
    ) -> None:
        """Both sides of a report, fetched anew where the RIS answers; or why there is nothing to compare."""
        failed = failed or self._session.report_problem
        store = self.store
        if store is None:
            failed(Refused("Nothing to compare", "No RIS is set"))
            return

        def compared(_: object = None) -> None:
            self._jobs.run(DATABASE, lambda _: _comparison(store, report_uuid), done, failed)

        def fetch(report: Report) -> None:
            self._fetch(report, then=compared)

        self._jobs.run(DATABASE, lambda _: store.report(report_uuid), fetch, failed)

    def decide(self, decision: Decision, report_uuid: str, told: Callable[[Exception | None], object] = _nobody) -> None:
        """Carry the reader's choice out. `told` hears None, or what stood against it; nothing is changed then."""
        session, store = self._session, self.store
        if store is None:
            return

        def refused(error: Exception) -> None:
            session.report_problem(error)
            told(error)

        def done(error: Exception | None = None) -> None:
            if error is None:
                self._decided(store, report_uuid)
            told(error)

        if decision.choice is Choice.DISCARD and not self._is_open(report_uuid):
            self._jobs.run(DATABASE, lambda _: store.decide(report_uuid, decision, None), lambda _: done(), refused)
            return
        try:
            act = self._signing(store, decision, report_uuid)
        except WorkstationError as error:
            refused(error)
            return
        session.desk.carry_out(act, done)

    def send_now(self) -> None:
        """Forget the waits between tries. Raises Refused where there is nothing to send to."""
        if self.wake is None:
            raise Refused("Nothing is sent", "No RIS is set", "Set its address (ris_url) in settings.toml")
        self.wake()
        self._session.notice.emit(Notice("What waits is tried now. F8 shows how far it is"))

    def send_again(self, delivery: Delivery) -> None:
        """A reader asks for what was refused, held, in conflict or never found. What may not be is told."""
        store, session = self.store, self._session
        if store is None or self.wake is None:
            session.report_problem(Refused("Nothing is sent", "No RIS is set"))
            return
        wake = self.wake

        def done(moved: Delivery) -> None:
            session.desk.follow(moved)
            session.refresh_worklist()
            self.moved.emit(moved)
            wake()

        self._jobs.run(DATABASE, lambda _: store.ledger.retry(delivery.delivery_id), done, session.report_problem)

    # ---- inside ------------------------------------------------------------------------

    def _signing(self, store: ReportStore, decision: Decision, report_uuid: str) -> Callable[[str], Delivery | None]:
        session = self._session
        if decision.choice is Choice.DISCARD:
            return lambda uuid: store.decide(uuid, decision, None)
        if not self._is_open(report_uuid):
            raise Refused("Not signed", "The examination is not open", "Open it, look at its images, then choose")
        case = session.ready_to_sign()
        shown = frozenset((s.study_uid, s.sop_instance_uid) for s in session.viewing.shown)
        evidence = SigningEvidence(case.study.study_instance_uid, case.study.patient.key, shown)
        check = session.second_look_at(case)
        return lambda uuid: store.decide(uuid, decision, evidence, check)

    def _is_open(self, report_uuid: str) -> bool:
        report = self._session.desk.report
        return report is not None and report.report_uuid == report_uuid

    def _decided(self, store: ReportStore, report_uuid: str) -> None:
        def found(rows: Sequence[Delivery]) -> None:
            for row in rows[-2:]:
                self.moved.emit(row)

        self._jobs.run(DATABASE, lambda _: store.ledger.of_report(report_uuid), found, _quietly)
        self._session.refresh_worklist()
        if self._session.desk.report is not None:
            self._known(self._session.desk.report.report_uuid)

    def _fetch(self, report: Report, then: Callable[[], object] | None = None) -> None:
        """What the RIS holds for the report's order goes to the disk; what stands against ours is told."""
        source, store = self.source, self.store
        if source is None or store is None or not report.order_id:
            if then is not None:
                then()
            return

        def kept(standing: RisVersion | None) -> None:
            self._stands(report.report_uuid, standing)
            if then is not None:
                then()

        def found(holdings: tuple[Holding, ...]) -> None:
            self._jobs.run(DATABASE, lambda _: _keep(store, report.report_uuid, holdings), kept, not_kept)

        def unanswered(_: Exception) -> None:
            if then is not None:
                then()

        def not_kept(error: Exception) -> None:
            self._session.report_problem(error)
            unanswered(error)

        def ask(_: Cancel) -> tuple[Holding, ...]:
            held = [one for order_id in report.order_ids for one in source.reports_of(order_id)]
            return tuple({one.ris_report_id: one for one in held}.values())

        self._jobs.run(NETWORK, ask, found, unanswered)

    def _known(self, report_uuid: str) -> None:
        store = self.store
        if store is not None:
            self._jobs.run(
                DATABASE, lambda _: store.conflicts.standing(report_uuid), lambda v: self._stands(report_uuid, v), _quietly
            )

    def _stands(self, report_uuid: str, standing: RisVersion | None) -> None:
        if not self._is_open(report_uuid):
            return
        self._show(standing)
        if standing is not None and standing.number not in self._told:
            self._told.add(standing.number)
            self._session.notice.emit(Notice(standing_words(standing), error=True, of_case=True, command=COMMAND))

    def _show(self, standing: RisVersion | None) -> None:
        if standing != self.standing:
            self.standing = standing
            self.changed.emit(standing)


def standing_words(version: RisVersion) -> str:
    """One line for the banner. The name is text from outside."""
    text = version.text
    when = f" at {text.issued.astimezone().strftime('%Y-%m-%d %H:%M')}" if text.issued else ""
    who = text.signer or "Somebody"
    if text.status in ("cancelled", "entered-in-error"):
        return "The RIS has withdrawn this report. Nothing is signed before you have seen it"
    if version.is_own:
        return f"This report was changed in the RIS: {who}{when}. Compare the two before you sign"
    return f"The RIS has a final report of this examination: {who}{when}. Compare the two before you sign"


def _keep(store: ReportStore, report_uuid: str, holdings: tuple[Holding, ...]) -> RisVersion | None:
    """Our own report where the RIS has it; else the newest final one of somebody else; else that there is none."""
    there = [h for h in holdings if h.kind is HoldingKind.ONE]
    own = [h for h in there if store.conflicts.is_own(report_uuid, h.ris_report_id, h.resource)]
    final = [h for h in there if h.resource.get("status") in FINAL]
    chosen = next(iter(own or sorted(final, key=_changed, reverse=True)), None)
    if chosen is None:
        return store.conflicts.keep(report_uuid, "", "", {})
    return store.conflicts.keep(report_uuid, chosen.ris_report_id, chosen.etag, chosen.resource)


def _changed(holding: Holding) -> str:
    meta = holding.resource.get("meta")
    return str(meta.get("lastUpdated", "")) if isinstance(meta, dict) else ""


def _comparison(store: ReportStore, report_uuid: str) -> Comparison:
    theirs = store.conflicts.standing(report_uuid) or store.conflicts.latest(report_uuid)
    if theirs is None:
        raise Refused("Nothing to compare", "The RIS holds nothing that is not ours", "Send the report again from F8 if it waits")
    report = store.report(report_uuid)
    states = {d.version: d.state for d in store.ledger.of_report(report_uuid)}
    common = [v for v in store.versions(report_uuid) if states.get(v.version) is DeliveryState.CONFIRMED]
    base = common[-1] if common else None
    text = theirs.text
    return Comparison(
        report,
        base,
        theirs,
        text,
        three_way(base, report, text),
        proposed_addendum(base, report, text),
        store.conflicts.settlements(report_uuid),
    )


def _without_theirs(store: ReportStore) -> list[Report]:
    """Reports in conflict whose other side was never fetched."""
    rows = [d for d in store.deliveries(open_only=True) if d.state is DeliveryState.CONFLICT]
    return [store.report(d.report_uuid) for d in rows if store.conflicts.latest(d.report_uuid) is None]


def _quietly(_: Exception) -> None:
    """Asked again at the next poll."""
