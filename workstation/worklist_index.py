"""Keeps the worklist's rows equal to what the stores hold: a changed order, study, report or claim touches its own rows only.

What changed the stores tell (`workstation.database.change_feed`, `workstation.reporting.changes`). Orders and studies that
name each other, by study or accession number, are a group; the groups of what changed are joined anew, by the same
`join` that says what the whole worklist is. Where the stores cannot tell, everything is made again.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from workstation.database.change_feed import ChangeFeed
from workstation.domain.claim import Claim, ClaimState
from workstation.domain.order import ReadStatus, WorklistItem
from workstation.domain.patient import PatientKey
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.worklist_query import EVERYTHING, WAITING, Mark, RowFilter
from workstation.errors import Refused
from workstation.made_once import made_once
from workstation.worklist import CRITICAL_UNTOLD, OrderSource, ReportSource, StudySource, joined, read_status
from workstation.worklist_rows import WorklistRows
from workstation.worklist_schema import Owner, item_of
from workstation.worklist_store import KnownOrder

AT_ONCE = 2000
CACHE, ORDERS, REPORTS, COMPLETE = "cache", "orders", "reports", "complete"


class Studies(StudySource, Protocol):
    """`workstation.cache.cache.StudyCache`."""

    @property
    def changes(self) -> ChangeFeed: ...
    def image_counts(self, of: Sequence[str] | None = None) -> Mapping[str, int]: ...
    def listed(self, study_uids: Iterable[str]) -> Sequence[Study]: ...
    def named(self, accession_numbers: Iterable[str] = (), patient_ids: Iterable[str] = ()) -> Collection[str]: ...


class Orders(OrderSource, Protocol):
    """`workstation.worklist_store.OrderStore`."""

    @property
    def changes(self) -> ChangeFeed: ...
    def each(self) -> Iterator[KnownOrder]: ...
    def ties(
        self, order_ids: Iterable[str] = (), accession_numbers: Iterable[str] = (), study_uids: Iterable[str] = ()
    ) -> Collection[tuple[str, str, str]]: ...
    def known_of(self, order_ids: Iterable[str]) -> Sequence[KnownOrder]: ...
    def of_patients(self, patient_ids: Iterable[str]) -> Collection[str]: ...
    def merged_into(self, key: PatientKey) -> Collection[PatientKey]: ...
    def survivors(self) -> Callable[[PatientKey], PatientKey]: ...


class ReportLog(Protocol):
    """`workstation.reporting.changes.ReportChanges`."""

    def since(self, mark: str) -> tuple[str, frozenset[str] | None]: ...
    def known(self) -> Sequence[str]: ...


class Reports(ReportSource, Protocol):
    """`workstation.reporting.store.ReportStore`."""

    @property
    def changes(self) -> ReportLog: ...
    def report(self, report_uuid: str) -> Report: ...


@dataclass(slots=True)
class _Touched:
    """What changed, by the keys that groups are found by, and the marks to keep once it is taken up."""

    orders: set[str] = field(default_factory=set)
    accessions: set[str] = field(default_factory=set)
    studies: set[str] = field(default_factory=set)
    reports: frozenset[str] = frozenset()
    untold: frozenset[str] = frozenset()
    marks: dict[str, str] = field(default_factory=dict)
    is_whole: bool = True

    def __bool__(self) -> bool:
        return bool(self.orders or self.accessions or self.studies or self.reports)


class WorklistIndex:
    """Methods block; call them in a job. Thread-safe."""

    def __init__(
        self,
        open_rows: Callable[[], WorklistRows],
        cache: Callable[[], Studies],
        reports: Callable[[], Reports],
        orders: Callable[[], Orders],
    ) -> None:
        """Each part is opened when it is first asked."""
        self._open_rows = open_rows
        self._parts = cache, reports, orders
        self._lock = threading.RLock()

    @made_once
    def rows(self) -> WorklistRows:
        return self._open_rows()

    @property
    def _cache(self) -> Studies:
        return self._parts[0]()

    @property
    def _reports(self) -> Reports:
        return self._parts[1]()

    @property
    def _orders(self) -> Orders:
        return self._parts[2]()

    def close(self) -> None:
        if "rows" in self.__dict__:
            self.rows.close()

    # ---- asking ----------------------------------------------------------------------------

    def items(self) -> tuple[WorklistItem, ...]:
        """Every row as the stores say now, in reading order."""
        self.refresh()
        return tuple(self._each(EVERYTHING, None))

    def unfinished(self, most: int | None = None) -> tuple[WorklistItem, ...]:
        """The rows that are not confirmed or done elsewhere as the stores say now, in reading order."""
        self.refresh()
        return tuple(self._each(RowFilter(unfinished=True), most))

    def waiting(self, most: int | None = None) -> tuple[WorklistItem, ...]:
        """The rows that wait for a reader as the stores say now, in reading order."""
        self.refresh()
        return tuple(self._each(WAITING, most))

    def _each(self, wanted: RowFilter, most: int | None) -> Iterator[WorklistItem]:
        after: Mark | None = None
        left = most if most is not None else sys.maxsize
        while left > 0:
            page = self.rows.page(wanted, after=after, count=min(left, AT_ONCE))
            yield from (row.item for row in page)
            left = left - len(page) if len(page) == AT_ONCE else 0
            after = page[-1].mark if page else None

    # ---- keeping ---------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Take up what changed; whether any row is another now."""
        with self._lock:
            touched = self._touched()
            if not touched.is_whole or not self.rows.rows("SELECT 1 FROM state WHERE name = ?", COMPLETE):
                self.rebuild()
                return True
            changed = False
            if touched or touched.untold or touched.marks:
                with self.rows.changing():
                    if touched:
                        changed = self._take_up(touched)
                    for name, mark in touched.marks.items():
                        self.rows.set_state(name, mark)
            self._forget(touched)
            return changed

    def rebuild(self) -> None:
        """Make all rows again, beside those that are there: they are asked meanwhile."""
        with self._lock:
            marks = {
                CACHE: self._cache.changes.since("").mark,
                ORDERS: self._orders.changes.since("").mark,
                REPORTS: self._reports.changes.since("")[0],
            }
            made = self.rows.beside()
            with made.changing():
                self._note_reports(made, self._reports.changes.known())
                untold = self._reports.untold_studies()
                for uid in untold:
                    made.run("INSERT INTO untold (study_uid) VALUES (?)", uid)
                for claim in self.rows.rows("SELECT * FROM claim"):
                    made.run("INSERT INTO claim (order_id, owner, owned) VALUES (?, ?, ?)", *claim.values())
            told = _Told(made, None)
            warning = self._warning(untold)
            studies = self._cache.studies()
            items = joined(
                self._orders.each(), studies, self._cache.image_counts(), told.status, warning, self._orders.survivors()
            )
            made.fill(map(told.completed, items), is_alone=True)
            with made.changing():
                for name, mark in (*marks.items(), (COMPLETE, "yes")):
                    made.set_state(name, mark)
            self.rows.take_over(made)

    def claimed(self, claims: Mapping[str, Claim]) -> bool:
        """Who reads what, and whom the RIS has given it to, by order: of those that it lists. Whether any row is another now."""
        now = {order_id: owned for order_id, claim in claims.items() if (owned := _owned(claim))[1] is not Owner.NOBODY}
        with self._lock:
            known = {row["order_id"]: (row["owner"], Owner(row["owned"])) for row in self.rows.rows("SELECT * FROM claim")}
            others = [order_id for order_id in now.keys() | known.keys() if now.get(order_id) != known.get(order_id)]
            if not others:
                return False
            with self.rows.changing():
                for order_id in others:
                    self.rows.run("DELETE FROM claim WHERE order_id = ?", order_id)
                    if order_id in now:
                        self.rows.run("INSERT INTO claim (order_id, owner, owned) VALUES (?, ?, ?)", order_id, *now[order_id])
                held = self.rows.held(others)
                told = _Told(self.rows, held)
                return self.rows.put([told.completed(item_of(row)) for row in held], held)

    # ---- what changed --------------------------------------------------------------------

    def _touched(self) -> _Touched:
        state = {row["name"]: row["value"] for row in self.rows.rows("SELECT * FROM state")}
        touched = _Touched()
        for name, feed in ((CACHE, self._cache.changes), (ORDERS, self._orders.changes)):
            since = feed.since(state.get(name, ""))
            touched.is_whole = touched.is_whole and since.is_whole
            if since.mark != state.get(name):
                touched.marks[name] = since.mark
            for keys in since.changed:
                self._add(touched, keys)
        mark, reports = self._reports.changes.since(state.get(REPORTS, ""))
        touched.is_whole = touched.is_whole and reports is not None
        touched.reports = reports or frozenset()
        if mark != state.get(REPORTS):
            touched.marks[REPORTS] = mark
        known = {row["study_uid"] for row in self.rows.rows("SELECT study_uid FROM untold")}
        touched.untold = self._reports.untold_studies()
        touched.studies |= known ^ touched.untold
        return touched

    def _add(self, touched: _Touched, keys: Mapping[str, str]) -> None:
        touched.orders.add(keys.get("order_id", ""))
        touched.accessions.add(keys["accession_number"])
        touched.studies.add(keys["study_instance_uid"])
        if keys.get("patient_id"):
            merged = self._orders.merged_into(PatientKey(keys["patient_id"], keys["issuer"]))
            patients = {key.patient_id for key in merged}
            touched.orders |= set(self._orders.of_patients(patients))
            touched.studies |= set(self._cache.named(patient_ids=patients))
        for empty in (touched.orders, touched.accessions, touched.studies):
            empty.discard("")

    def _forget(self, touched: _Touched) -> None:
        for name, feed in ((CACHE, self._cache.changes), (ORDERS, self._orders.changes)):
            if name in touched.marks:
                feed.forget(touched.marks[name])

    # ---- the groups of what changed ---------------------------------------------------------

    def _take_up(self, touched: _Touched) -> bool:
        for report in self._note_reports(self.rows, touched.reports):
            touched.accessions.add(report.accession_number)
            touched.studies.add(report.study_instance_uid)
        for uid in touched.untold:
            self.rows.run("INSERT OR IGNORE INTO untold (study_uid) VALUES (?)", uid)
        for row in self.rows.rows("SELECT study_uid FROM untold"):
            if row["study_uid"] not in touched.untold:
                self.rows.run("DELETE FROM untold WHERE study_uid = ?", row["study_uid"])
        known, studies = self._group(touched)
        held = self.rows.held(touched.orders, touched.studies, touched.accessions)
        told = _Told(self.rows, held, [*known], studies)
        uids = [study.study_instance_uid for study in studies]
        items = joined(
            known, studies, self._cache.image_counts(uids), told.status, self._warning(touched.untold), self._orders.survivor
        )
        return self.rows.put(map(told.completed, items), held)

    def _group(self, touched: _Touched) -> tuple[Sequence[KnownOrder], Sequence[Study]]:
        """Everything that is tied to what changed, over however many orders and studies."""
        while True:
            for keys in (touched.orders, touched.accessions, touched.studies):
                keys.discard("")
            size = len(touched.orders), len(touched.accessions), len(touched.studies)
            studies = self._cache.listed({*touched.studies, *self._cache.named(touched.accessions)})
            for order_id, accession, uid in self._orders.ties(touched.orders, touched.accessions, touched.studies):
                touched.orders.add(order_id)
                touched.accessions.add(accession)
                touched.studies.add(uid)
            touched.accessions |= {study.accession_number for study in studies}
            touched.studies |= {study.study_instance_uid for study in studies}
            for keys in (touched.orders, touched.accessions, touched.studies):
                keys.discard("")
            if size == (len(touched.orders), len(touched.accessions), len(touched.studies)):
                return self._orders.known_of(touched.orders), studies

    def _warning(self, untold: Collection[str]) -> Callable[[str], str]:
        def warning(study_uid: str) -> str:
            doubts = [doubt.text for doubt in self._cache.doubts_of(study_uid)]
            return "; ".join([*doubts, CRITICAL_UNTOLD] if study_uid in untold else doubts)

        return warning

    def _note_reports(self, rows: WorklistRows, report_uuids: Iterable[str]) -> list[Report]:
        """How far these reports are, as it stands now; the reports, and what stood there of them before."""
        drafts = {report.report_uuid for report in self._reports.drafts()}
        noted = []
        for uuid in report_uuids:
            try:
                report = self._reports.report(uuid)
            except Refused:  # not there: of a transaction that was undone
                continue
            left = uuid not in drafts and self._reports.is_left_to_ris(uuid)
            stands = read_status(report, self._reports.delivery_of(uuid), uuid in drafts)
            before = rows.rows("SELECT accession, study_uid FROM reported WHERE report_uuid = ?", uuid)
            noted += [replace(report, accession_number=b["accession"], study_instance_uid=b["study_uid"]) for b in before]
            rows.run("DELETE FROM reported WHERE report_uuid = ?", uuid)
            signed_at = report.signed_at.isoformat() if report.signed_at else ""
            facts = (ReadStatus.ELSEWHERE if left else stands).value, signed_at
            for one in _answered(report):
                noted.append(one)
                others = "\n".join(number for number in report.accession_numbers if number != one.accession_number)
                rows.run(
                    "INSERT INTO reported (report_uuid, accession, study_uid, status, signed_at, together)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    *(uuid, one.accession_number, one.study_instance_uid, *facts, others),
                )
        return noted


def _answered(report: Report) -> list[Report]:
    """The report under each order that it answers, its own first."""
    joint = ((one.accession_number, one.study_instance_uid) for one in report.joint)
    return [report, *(replace(report, accession_number=number, study_instance_uid=uid) for number, uid in joint)]


class _Told:
    """What reports and claims say of rows: of those at hand, or (`held` None) of all."""

    def __init__(
        self,
        rows: WorklistRows,
        held: Sequence[Mapping[str, object]] | None,
        known: Sequence[KnownOrder] = (),
        studies: Sequence[Study] = (),
    ) -> None:
        self._claims = {row["order_id"]: (row["owner"], Owner(row["owned"])) for row in rows.rows("SELECT * FROM claim")}
        self._reports: dict[tuple[str, str], tuple[ReadStatus, datetime | None, tuple[str, ...]]] = {}
        if held is None:
            found = rows.rows("SELECT * FROM reported")
        else:
            accessions = {str(row["accession"]) for row in held} | {one.order.accession_number for one in known}
            accessions |= {study.accession_number for study in studies}
            uids = {str(row["study_uid"]) for row in held} | {study.study_instance_uid for study in studies}
            uids |= {one.order.study_instance_uid for one in known}
            found = rows.reported(accessions - {""}, uids - {""})
        # An order that is read in another's report may have an empty one of its own: what it is read in counts.
        for row in sorted(found, key=lambda row: bool(row["together"])):
            # As `ReportStore` finds them: by accession number, or by study where there is none.
            key = (row["accession"], "" if row["accession"] else row["study_uid"])
            signed = datetime.fromisoformat(row["signed_at"]) if row["signed_at"] else None
            together = tuple(row["together"].split("\n")) if row["together"] else ()
            self._reports[key] = ReadStatus(row["status"]), signed, together

    def status(self, accession_number: str, study_uid: str) -> ReadStatus:
        return self._of(accession_number, study_uid)[0]

    def completed(self, item: WorklistItem) -> tuple[WorklistItem, Owner]:
        """With who reads it, or whom it was given to, and when it was signed."""
        owner, owned = self._claims.get(item.order.order_id, ("", Owner.NOBODY)) if item.order else ("", Owner.NOBODY)
        _, signed, together = self._of(item.accession_number, item.study_instance_uid)
        is_mine = owned in (Owner.US, Owner.WE_READ)
        if (owner, is_mine, signed, together) != (item.owner, item.is_mine, item.signed_at, item.together):
            item = replace(item, owner=owner, is_mine=is_mine, signed_at=signed, together=together)
        return item, owned

    def _of(self, accession_number: str, study_uid: str) -> tuple[ReadStatus, datetime | None, tuple[str, ...]]:
        key = (accession_number, "" if accession_number else study_uid)
        return self._reports.get(key, (ReadStatus.UNREAD, None, ()))


def _owned(claim: Claim) -> tuple[str, Owner]:
    if claim.state is ClaimState.OTHERS:
        return claim.owner or "another reader", Owner.ANOTHER_READS
    if claim.state is ClaimState.OURS:
        return claim.owner, Owner.WE_READ
    if claim.state is ClaimState.FREE and claim.owner and not claim.has_lapsed:
        return claim.owner, Owner.US if claim.is_given_to_us else Owner.ANOTHER
    return "", Owner.NOBODY
