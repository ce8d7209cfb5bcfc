"""Who reads the open examination: claimed when it is opened, given back when it is left, followed while it is read.

Soft: where nobody can be told, reading goes on, and that is said. Where another reader has the claim, the report
is shown and not written; what was typed or said before stays in it as a draft, and nothing is signed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from workstation.domain.claim import Claim, ClaimSource, ClaimState
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.order import WorklistItem
from workstation.domain.report import Report, ReportStatus
from workstation.errors import Refused
from workstation.jobs import DATABASE, NETWORK, Cancel, Jobs
from workstation.reporting.signing import NotSigned
from workstation.reporting.store import ReportStore
from workstation.session.case import Case, Notice
from workstation.session.claim_marks import marked, reader_in
from workstation.session.desk import ReportDesk
from workstation.signals import Signal

RENEW_SECONDS = 600.0
KEYS = "Ctrl+Shift+B"
_FINAL = frozenset({ReportStatus.FINAL, ReportStatus.AMENDED, ReportStatus.CORRECTED, ReportStatus.APPENDED})


@dataclass(slots=True)
class _Held:
    """A claim of ours and when it was last renewed (monotonic seconds)."""

    claim: Claim
    renewed: float


class Claiming:
    """The claim of the open case and those of drafts left behind. Methods return at once; `changed` follows."""

    def __init__(self, jobs: Jobs, desk: ReportDesk, say: Callable[[Notice], object], reader: Callable[[], str]) -> None:
        self._jobs = jobs
        self._desk = desk
        self._say = say
        self.source: ClaimSource | None = None
        """Where claims are kept; None: nobody else reads from the same list."""
        self.store: ReportStore | None = None
        self.reader = reader
        self.monotonic: Callable[[], float] = time.monotonic
        self.claim: Claim | None = None
        """Of the open case; None while it is not known, or where there is none."""
        self.changed: Signal[Claim | None] = Signal()
        self.marks_changed: Signal[None] = Signal()
        """Who reads what on the worklist may be another now."""
        self.assigned: dict[str, Claim] = {}
        """What the reader's own assigning led to, until the next list tells of it."""
        self.passes_on: Callable[[Claim], bool] = lambda claim: False
        """Asked of the claim of a case that was just opened: whether it is left for another one."""
        self._order_id = ""
        self._gave_up = False
        self._held: dict[str, _Held] = {}
        self._asking: set[str] = set()
        self._done: dict[str, str] = {}
        """Orders whose final report is confirmed and whose task may not say so yet: the report's id in the RIS."""

    # ---- what is known ---------------------------------------------------------------

    @property
    def is_ours(self) -> bool:
        return self.claim is not None and self.claim.state is ClaimState.OURS

    @property
    def locked(self) -> str:
        """Why the open report may not be written now, in words; empty when it may."""
        claim = self.claim
        if claim is None or claim.state in (ClaimState.OURS, ClaimState.UNTOLD, ClaimState.DONE):
            return ""
        if claim.state is ClaimState.OTHERS:
            return f"{claim.owner or 'Another reader'} reads this examination"
        return "You have not claimed this examination"

    def check(self) -> None:
        """Nothing is signed that another reader has, or that was taken away. Raises NotSigned."""
        if self.locked:
            raise NotSigned(self.locked, f"Your text is kept as a draft. {KEYS} claims it, with a reason if another has it")

    def read_by(self, order_id: str) -> str:
        """Who reads an order of the worklist: text from outside, "" for nobody and for us."""
        if order_id == self._order_id and self.claim is not None:
            return reader_in(self.claim)
        return reader_in(self.source.seen.get(order_id)) if self.source is not None else ""

    def marked(self, items: Iterable[WorklistItem]) -> tuple[WorklistItem, ...]:
        """The rows with who reads them."""
        return marked(items, self.source, self.claim) if self.source is not None else tuple(items)

    def known(self) -> dict[str, Claim] | None:
        """Every claim that is known of, by order; None until the RIS has told any: what the last run knew stands."""
        if self.source is None:
            return {}
        if not self.source.was_told:
            return None
        found = dict(self.source.seen) | self.assigned | {order_id: held.claim for order_id, held in self._held.items()}
        return found | ({self._order_id: self.claim} if self.claim is not None else {})

    # ---- what happens ----------------------------------------------------------------

    def case_changed(self, case: Case | None) -> None:
        """Claim what was opened; give back what was left without a draft."""
        order = case.item.order if case is not None and case.item is not None else None
        order_id = order.order_id if order is not None else ""
        if order_id == self._order_id:
            return
        self._leave()
        self._order_id, self._gave_up = order_id, False
        self._show(None)
        if order_id and self.source is not None:
            self._ask(order_id, self._taken, self._opened)

    def poll(self) -> None:
        """The RIS was asked for its orders: look who reads the open case, and renew what is ours."""
        self.assigned.clear()
        self.marks_changed.emit(None)
        if self.source is None:
            return
        for order_id in {self._order_id, *self._held} - {""}:
            self._ask(order_id, self._renewed, self._followed)
        for order_id in list(self._done):
            self._complete(order_id)
        self._tidy()

    def follow(self) -> None:
        """Look who reads the open case, unless the RIS is being asked: now and then while it is read."""
        order_id = self._order_id
        if self.source is None or not order_id or order_id in self._asking:
            return
        self._ask(order_id, self._renewed, self._followed)

    def delivered(self, delivery: Delivery) -> None:
        """The task is completed once its final report was read back, and not before."""
        if self.source is None or self.store is None or delivery.state is not DeliveryState.CONFIRMED:
            return
        store = self.store

        def done(report: Report) -> None:
            for order_id in report.order_ids if report.status in _FINAL else ():
                self._done[order_id] = delivery.ris_report_id
                self._complete(order_id)

        self._jobs.run(DATABASE, lambda _: store.report(delivery.report_uuid), done, _quietly)

    # ---- what the reader asks for ------------------------------------------------------

    def toggle(self) -> str:
        """Claim what is free, release what is ours. "reason" when a reason is needed first. Raises Refused."""
        claim = self._needed()
        if claim.state is ClaimState.OTHERS:
            return "reason"
        if claim.state is ClaimState.OURS:
            self._gave_up = True
            self._ask(claim.order_id, _released, self._followed_by_hand)
        elif claim.state is ClaimState.DONE:
            raise Refused("Not claimed", "The RIS has closed this examination's task: there is nothing to claim")
        else:
            self._gave_up = False
            self._ask(claim.order_id, self._taken, self._followed_by_hand)
        return ""

    def take_over(self, reason: str) -> None:
        """Take the claim from another reader, who is told why. Raises Refused."""
        claim = self._needed()
        if not reason.strip():
            raise Refused("Not taken over", "No reason is given", "Say in a few words why: the other reader sees it")
        self._gave_up = False
        self._ask(claim.order_id, lambda s, c: s.take(c, self.reader(), reason.strip()), self._followed_by_hand)

    def assign(self, order_id: str, is_mine: bool) -> None:
        """Have the RIS note that an examination is ours to read, or nobody's any more. Raises Refused."""
        source, reader = self.source, self.reader()
        if source is None:
            raise Refused("Not assigned", "No RIS that keeps claims is set", "Reading goes on without")
        if not reader:
            raise Refused("Not assigned", "It is not known who reads here", "Set `signer` in settings.toml")

        def act(source: ClaimSource, claim: Claim) -> Claim:
            return source.give(claim, reader if is_mine else "") if claim.state is ClaimState.FREE else claim

        def done(claim: Claim, _: Claim | None) -> None:
            self.assigned[order_id] = claim
            self.marks_changed.emit(None)
            self._say(_assigned_words(claim, is_mine))

        self._ask(order_id, act, done)

    def take_with(self, order_id: str, done: Callable[[Claim | None], object]) -> None:
        """Claim an order that is read together with the open one; `done` hears who has it, None where nobody keeps that."""

        def taken(claim: Claim, _: Claim | None) -> None:
            self._note(claim)
            done(claim)

        if self.source is None or order_id == self._order_id:
            done(self.claim if self.source is not None else None)
        else:
            self._ask(order_id, self._taken, taken)

    def give_back(self, order_id: str) -> None:
        """It is no longer read together with the open one. Kept where words of ours stand behind it."""
        if order_id in self._held and order_id != self._order_id:
            self._let_go(self._held[order_id].claim)

    def goodbye(self) -> Callable[[], object] | None:
        """The program ends. What then gives back what is ours and has no words behind it; for a thread. None: nothing is."""
        source, store = self.source, self.store
        if source is None or store is None:
            return None
        left = [held.claim for held in self._held.values() if not _has_words(store, held.claim.order_id)]
        return (lambda: [_released(source, source.look(claim.order_id)) for claim in left]) if left else None

    # ---- inside ------------------------------------------------------------------------

    def _needed(self) -> Claim:
        if not self._order_id:
            raise Refused("Nothing to claim", "No case that has an order is open", "Open one from the worklist")
        if self.source is None:
            raise Refused("Nobody else can be told", "No RIS that keeps claims is set", "Reading goes on without")
        if self.claim is None:
            raise Refused("Not yet", "The RIS is being asked who reads this examination", "Try again in a moment")
        return self.claim

    def _ask(
        self, order_id: str, act: Callable[[ClaimSource, Claim], Claim], done: Callable[[Claim, Claim | None], object]
    ) -> None:
        """Look, act on what is there, and tell what stands then and what was known before."""
        source, before = self.source, self._known(order_id)
        if source is None:
            return

        def work(_: Cancel) -> Claim:
            found = source.look(order_id)
            return act(source, found) if found.etag else found

        def answered(claim: Claim) -> None:
            self._asking.discard(order_id)
            done(claim, before)

        def failed(_: Exception) -> None:
            self._asking.discard(order_id)

        self._asking.add(order_id)
        self._jobs.run(NETWORK, work, answered, failed)

    def _known(self, order_id: str) -> Claim | None:
        if order_id == self._order_id:
            return self.claim
        held = self._held.get(order_id)
        return held.claim if held else None

    def _taken(self, source: ClaimSource, claim: Claim) -> Claim:
        """Only what is free: a reason is needed for more."""
        return source.take(claim, self.reader()) if claim.state in (ClaimState.FREE, ClaimState.OURS) else claim

    def _renewed(self, source: ClaimSource, claim: Claim) -> Claim:
        """Ours now and then; free only what nobody could be told of before."""
        held, known = self._held.get(claim.order_id), self._known(claim.order_id)
        is_due = held is None or self.monotonic() - held.renewed >= RENEW_SECONDS
        if claim.state is ClaimState.OURS and is_due:
            return source.take(claim, self.reader())
        was_untold = known is None or known.state is ClaimState.UNTOLD
        return source.take(claim, self.reader()) if claim.state is ClaimState.FREE and was_untold and not self._gave_up else claim

    def _opened(self, claim: Claim, _: Claim | None) -> None:
        claim = _kept(claim)
        self._note(claim)
        if claim.order_id != self._order_id:
            self._let_go(claim)
            return
        self._show(claim)
        if not self.passes_on(claim) and claim.state is ClaimState.OTHERS:
            self._tell(f"{_who(claim)}: you can look, and not write. {KEYS} takes it over")

    def _followed(self, claim: Claim, before: Claim | None) -> None:
        """What a poll found."""
        if before is None or before.state is ClaimState.UNTOLD:
            claim = _kept(claim)
        self._note(claim)
        is_open = claim.order_id == self._order_id
        if claim.state is ClaimState.UNTOLD and before is not None and before.state is not ClaimState.UNTOLD:
            # Silence changes nothing that was known: another's claim stands, ours too.
            return
        if is_open:
            self._show(claim)
        was_ours = before is not None and before.state is ClaimState.OURS
        if was_ours and claim.state is ClaimState.OTHERS:
            why = f" ({claim.reason})" if claim.reason else ""
            where = "this examination" if is_open else "an examination of which you have a draft"
            self._tell(f"{claim.owner or 'Another reader'} has taken over {where}{why}. Your text is kept. {_AGAIN}", is_open)
        elif was_ours and claim.state is ClaimState.FREE and not self._gave_up and is_open:
            self._tell(f"Your claim was taken away in the RIS. Your text is kept. {_AGAIN}")
        elif is_open and claim.state is ClaimState.OTHERS and (before is None or before.state is not ClaimState.OTHERS):
            self._tell(f"{_who(claim)}. Your text is kept as a draft. {_AGAIN}")
        elif is_open and claim.state is ClaimState.FREE and before is not None and before.state is ClaimState.OTHERS:
            self._say(Notice(f"This examination is free now: {KEYS} claims it", of_case=True))

    def _followed_by_hand(self, claim: Claim, before: Claim | None) -> None:
        """What the reader's own command led to."""
        if not self._gave_up:
            claim = _kept(claim)
        self._note(claim)
        if claim.order_id != self._order_id:
            return
        self._show(claim)
        if claim.state is ClaimState.UNTOLD:
            self._tell(
                f"Nobody could be told: {claim.reason[:1].lower()}{claim.reason[1:]}" if claim.reason else "Nobody could be told"
            )
        elif claim.state is ClaimState.OTHERS:
            self._tell(f"{_who(claim)}. {_AGAIN}")
        elif claim.state is ClaimState.OURS:
            self._say(Notice("You read this examination: everybody can see it", of_case=True))
        elif claim.state is ClaimState.FREE:
            self._say(Notice(f"Released: anybody may read it. {KEYS} claims it again", of_case=True))

    def _note(self, claim: Claim) -> None:
        if claim.state is ClaimState.OURS:
            held = self._held.get(claim.order_id)
            same = held is not None and held.claim.etag == claim.etag
            self._held[claim.order_id] = _Held(claim, held.renewed if held is not None and same else self.monotonic())
        elif claim.state is not ClaimState.UNTOLD:
            self._held.pop(claim.order_id, None)

    def _show(self, claim: Claim | None) -> None:
        self.claim = claim
        self._desk.lock(self.locked)
        self.changed.emit(claim)
        self.marks_changed.emit(None)

    def _tell(self, words: str, of_case: bool = True) -> None:
        self._say(Notice(words, error=True, of_case=of_case, command="report.claim" if of_case else ""))

    def _leave(self) -> None:
        held = self._held.get(self._order_id)
        if held is not None:
            self._let_go(held.claim)

    def _let_go(self, claim: Claim) -> None:
        """Release a claim of ours unless words of ours, or a signature on its way, stand behind it."""
        store, source = self.store, self.source
        if claim.state is not ClaimState.OURS or store is None or source is None:
            return

        def done(has_words: bool) -> None:
            if not has_words and claim.order_id != self._order_id:
                self._ask(claim.order_id, _released, lambda found, _: self._note(found))

        # Behind everything that was typed: one lane keeps the order.
        self._jobs.run(DATABASE, lambda _: _has_words(store, claim.order_id), done, _quietly)

    def _complete(self, order_id: str) -> None:
        ris_report_id = self._done[order_id]

        def act(source: ClaimSource, claim: Claim) -> Claim:
            mine = claim.state in (ClaimState.OURS, ClaimState.FREE)
            return source.complete(claim, ris_report_id) if mine else claim

        def done(claim: Claim, _: Claim | None) -> None:
            self._note(claim)
            if claim.state is not ClaimState.UNTOLD or claim.task:
                self._done.pop(order_id, None)
            if order_id == self._order_id and claim.state is not ClaimState.UNTOLD:
                self._show(claim)

        self._ask(order_id, act, done)

    def _tidy(self) -> None:
        """Claims of ours that an earlier run left behind: completed, kept for a draft, or given back."""
        source, store = self.source, self.store
        if source is None or store is None:
            return
        left = [c for c in source.seen.values() if c.state is ClaimState.OURS]
        left = [c for c in left if c.order_id not in self._held and c.order_id != self._order_id]
        for claim in left:
            self._held[claim.order_id] = _Held(claim, 0.0)
            self._look_after(claim, store)

    def _look_after(self, claim: Claim, store: ReportStore) -> None:
        def done(delivery: Delivery | None) -> None:
            if delivery is not None and delivery.state is DeliveryState.CONFIRMED:
                self.delivered(delivery)
            else:
                self._let_go(claim)

        self._jobs.run(DATABASE, lambda _: _delivery_of(store, claim.order_id), done, _quietly)


_AGAIN = f"Nothing is signed until you claim it again ({KEYS})"


def _kept(claim: Claim) -> Claim:
    """Still free after it was claimed: a RIS that keeps no claims stops nobody from reading."""
    free = claim.state is ClaimState.FREE
    return replace(claim, state=ClaimState.UNTOLD, reason="The RIS does not keep the claim") if free else claim


def _released(source: ClaimSource, claim: Claim) -> Claim:
    return source.release(claim) if claim.state is ClaimState.OURS else claim


def _who(claim: Claim) -> str:
    since = f" since {clock_words(claim.since)}" if claim.since is not None else ""
    return f"{claim.owner or 'Another reader'} reads this examination{since}"


def clock_words(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M")


def _delivery_of(store: ReportStore, order_id: str) -> Delivery | None:
    report = store.of_order(order_id)
    return store.delivery_of(report.report_uuid) if report is not None else None


def _has_words(store: ReportStore, order_id: str) -> bool:
    """Whether a draft, or a signature that the RIS has not confirmed, stands behind the order."""
    report = store.of_order(order_id)
    if report is None:
        return False
    delivery = store.delivery_of(report.report_uuid)
    on_its_way = delivery is not None and delivery.state not in (DeliveryState.CONFIRMED, DeliveryState.DISCARDED)
    return on_its_way or any(draft.report_uuid == report.report_uuid for draft in store.drafts())


def _assigned_words(claim: Claim, is_mine: bool) -> Notice:
    if claim.state in (ClaimState.OTHERS, ClaimState.OURS):
        return Notice(f"Not assigned: {claim.owner or 'another reader'} reads it", error=claim.state is ClaimState.OTHERS)
    if claim.state is not ClaimState.FREE:
        return Notice(f"Not assigned: {claim.reason or 'its task is closed'}", error=True)
    if claim.is_given_to_us != is_mine:
        return Notice("Not assigned: the RIS does not keep it", error=True)
    return Notice("It is assigned to you" if is_mine else "It is assigned to nobody now")


def _quietly(_: Exception) -> None:
    """A claim that could not be looked after is looked after at the next poll."""
