"""What is done to the report on the desk after it was signed, and to a signature before it is sent.

Addendum, correction and amendment are begun here; the editors open for them, and the command that
signs signs them. All that is begun is on disk: leaving the case leaves it as a draft.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.life import Life
from workstation.domain.report import REPORT_TRANSITIONS, REVISIONS, Report, ReportAction, ReportStatus
from workstation.domain.undo_window import seconds_left
from workstation.errors import Refused
from workstation.reporting.store import ReportStore
from workstation.reporting.versions import SignedVersion
from workstation.session.case import Notice
from workstation.session.desk import ReportDesk
from workstation.signals import Signal

_NOT_SIGNED = "This report is not signed as final: its text can be changed as it is"


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Past:
    """What the store holds of a report beside its text."""

    report_uuid: str
    history: tuple[SignedVersion, ...] = ()
    life: Life = field(default_factory=Life)


class ReportLives:
    """Main thread. `signer` gives who sits here, `tell` the banner."""

    def __init__(
        self,
        desk: ReportDesk,
        signer: Callable[[], str],
        tell: Callable[[Notice], object],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._desk = desk
        self._signer = signer
        self._tell = tell
        self._clock = clock
        self.undo_seconds = 0
        """How long a signature waits before it is sent; 0 sends at once."""
        self.past = Past("")
        self.changed: Signal[Past] = Signal()
        """What is known of the report on the desk: its versions, what was begun or put away."""
        self.begun: Signal[Report] = Signal()
        """An addendum or correction was opened: there is something to write."""
        self.show_changes: Signal[None] = Signal()
        """The reader asks to see, or no longer to see, what was changed since the preliminary or signed version."""
        self.last_signed: Delivery | None = None
        self._known: tuple[object, ...] = ()
        self._told = ""
        desk.report_changed.connect(self._follow)
        desk.signed.connect(self._signed)

    # ---- addendum, correction, amendment ---------------------------------------------

    def may_begin(self, action: ReportAction) -> None:
        """`Refused`, in words, where this cannot be begun."""
        report = self._required()
        if report.revision is not None:
            if report.revision.action is action:
                return
            hint = "Sign it or put it away first"
            raise Refused("Not begun", "An addendum or correction of this report is open already", hint)
        if action not in REVISIONS or (report.status, action) not in REPORT_TRANSITIONS:
            raise Refused("Not begun", _NOT_SIGNED, "Write, then sign")
        if not self._signer():
            raise Refused("Not begun", "Nobody is named as the signer", "Set `signer` in settings.toml")

    def begin(self, action: ReportAction, reason: str = "") -> None:
        """Open the editors for it. A correction needs a reason. Raises `Refused`."""
        self.may_begin(action)
        report, signer = self._required(), self._signer()
        if report.revision is not None:
            self.begun.emit(report)
            return
        if action is ReportAction.CORRECT and not reason.strip():
            raise Refused("Not begun", "A correction needs a reason", "Say in a few words what was wrong")
        self._desk.act(lambda store, uuid: store.life.begin(uuid, action, signer, reason), self.begun.emit)

    def put_away(self) -> None:
        """Leave the report as it was signed. The words are kept. Raises `Refused`."""
        if self._required().revision is None:
            raise Refused("Nothing to put away", "No addendum or correction of this report is open")
        signer = self._signer()
        self._desk.act(lambda store, uuid: store.life.put_away(uuid, signer), self._put_away)

    def take_up(self) -> None:
        """Go on with what was put away. Raises `Refused`."""
        if self.past.life.put_away is None or self._required().revision is not None:
            raise Refused("Nothing to take up", "No addendum or correction of this report was put away")
        signer = self._signer()
        self._desk.act(lambda store, uuid: store.life.take_up(uuid, signer), self.begun.emit)

    def action_for(self, action: ReportAction) -> ReportAction:
        """What the command to sign means for the report on the desk. Raises `Refused`."""
        report = self._desk.report
        if report is None or report.revision is None:
            return action
        if action is ReportAction.SIGN_PRELIMINARY:
            raise Refused("Not signed", "What is added to a signed report is signed as final", "Sign as final, or put it away")
        return report.revision.action

    # ---- a signature taken back ------------------------------------------------------

    def waiting(self) -> tuple[Delivery, float] | None:
        """The signature that still waits in the window of undoing, and for how many seconds more."""
        last = self.last_signed
        left = seconds_left(last.created, self.undo_seconds, self._clock()) if last is not None else 0.0
        return (last, left) if last is not None and left > 0 else None

    def withdraw(self) -> None:
        """Take the newest signature back: of the report on the desk, else the one just given. Raises `Refused`."""
        delivery = self._desk.delivery if self._desk.report is not None and self._desk.report.version else self.last_signed
        waits = self.waiting()
        if waits is not None and (delivery is None or delivery.state is not DeliveryState.QUEUED):
            delivery = waits[0]
        if delivery is None:
            raise Refused("Nothing to take back", "Nothing was signed")
        signer, uuid = self._signer(), delivery.report_uuid
        self._desk.act(lambda store, uuid: store.life.withdraw(uuid, signer), lambda _: self._withdrawn(uuid), uuid)

    # ---- what was changed since ------------------------------------------------------

    def tracked_base(self) -> Report | None:
        """The version whose words the text is compared with: the preliminary one, or the one that is being revised."""
        report = self._desk.report
        standing = [v.report for v in self.past.history if v.withdrawn is None]
        if report is None or report.report_uuid != self.past.report_uuid or not standing:
            return None
        if report.revision is not None and report.revision.action is ReportAction.APPEND:
            return None  # an addendum is new as a whole
        if report.revision is not None or report.status is ReportStatus.PRELIMINARY:
            return standing[-1]
        return next((v for v in reversed(standing) if v.status is ReportStatus.PRELIMINARY), None)

    def look_again(self) -> None:
        """A delivery has moved: read the versions anew."""
        if self._desk.report is not None:
            self._load(self._desk.report.report_uuid)

    # ---- inside ----------------------------------------------------------------------

    def _required(self) -> Report:
        report = self._desk.report
        if report is None:
            raise Refused("No report", "No report is open", "Open a case that has an order in the RIS")
        return report

    def _signed(self, delivery: Delivery) -> None:
        self.last_signed = delivery
        self._load(delivery.report_uuid)

    def _put_away(self, report: Report) -> None:
        self._load(report.report_uuid)
        self._tell(Notice("Put away. The words are kept", of_case=True, command="report.take_up"))

    def _withdrawn(self, report_uuid: str) -> None:
        if self.last_signed is not None and self.last_signed.report_uuid == report_uuid:
            self.last_signed = None
        self.changed.emit(self.past)
        self._load(report_uuid)
        self._tell(Notice("The signature is taken back: nothing was sent. The text is a draft again"))

    def _follow(self, report: Report | None) -> None:
        known = (report.report_uuid, report.version, report.revision) if report else ()
        if known != self._known:
            self._known = known
            if report is None:
                self.past = Past("")
                self.changed.emit(self.past)
            else:
                self._load(report.report_uuid)

    def _load(self, report_uuid: str) -> None:
        def work(store: ReportStore) -> Past:
            return Past(report_uuid, store.history(report_uuid), store.life.of(report_uuid))

        self._desk.ask(work, self._loaded, "past")

    def _loaded(self, past: Past) -> None:
        report = self._desk.report
        if report is None or report.report_uuid != past.report_uuid:
            return
        self.past = past
        self.changed.emit(past)
        self._tell_changed_by_another(report)

    def _tell_changed_by_another(self, report: Report) -> None:
        """Who signed the preliminary version hears, once, who signed it over with other words."""
        base, me = self.tracked_base(), self._signer()
        over = report.signed_by
        if base is None or report.status is ReportStatus.PRELIMINARY or base.signed_by != me or over in ("", me):
            return
        if self._told != report.report_uuid:
            self._told = report.report_uuid
            self._tell(Notice("Your preliminary report was signed as final by another reader", command="report.changes"))
