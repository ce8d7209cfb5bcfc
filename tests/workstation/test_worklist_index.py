"""The worklist's index against its specification: after any sequence of changes it holds what `join` says."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from joined_worklist import JoinedWorklist

from workstation.at_rest.vault import Vault
from workstation.cache.admission import same_patient
from workstation.cache.index import StudyIndex
from workstation.domain.delivery import DeliveryEvent
from workstation.domain.doubt import Doubt
from workstation.domain.order import Order, Priority, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import ReportAction, SectionCode
from workstation.domain.study import Instance, ParsedInstance, Series, Study
from workstation.errors import WorkstationError
from workstation.reporting.store import ReportStore, SigningEvidence
from workstation.worklist import place_of
from workstation.worklist_index import WorklistIndex
from workstation.worklist_rows import WorklistRows
from workstation.worklist_store import OrderStore

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DOUBT = Doubt("second-version", "A second version was set aside")


class Cache:
    """The cache's real index, without files."""

    def __init__(self, folder: Path) -> None:
        self.index = StudyIndex(folder / "index.db", SimpleNamespace(object_path=lambda sha: folder / sha))  # type: ignore[arg-type]
        self.doubted: set[str] = set()
        self.changes = self.index.changes
        self.image_counts, self.studies, self.named = self.index.image_counts, self.index.studies, self.index.named

    def listed(self, study_uids: Any) -> tuple[Study, ...]:
        return self.index.studies(list(study_uids))

    def doubts_of(self, study_instance_uid: str) -> tuple[Doubt, ...]:
        return (DOUBT,) if study_instance_uid in self.doubted else ()

    def add(self, study: Study, number: int, is_doubted: bool = False) -> None:
        uid = study.study_instance_uid
        there = self.index.patient_of(uid)
        if there is not None and not same_patient(there, study.patient.key):
            return  # set aside when it comes: `workstation.cache.admission`
        if is_doubted:
            self.doubted.add(uid)
        image = Instance(f"{uid}.{number}", "1.2", "1.2", number, 1, 4, 4, "", f"{uid}{number}", 10)
        series = replace(study.series[0], instances=(image,))
        with self.index.changing():
            self.index.insert(ParsedInstance(replace(study, series=(series,))), image, f"{number:04d}")

    def remove(self, study_uid: str) -> None:
        with self.index.changing():
            self.index.remove_study(study_uid)


class Stores:
    """The three stores and the index over them, in a folder of their own."""

    def __init__(self, folder: Path, vault: Vault | None = None) -> None:
        self.folder, self.vault = folder, vault
        self.cache = Cache(folder)
        self.orders = OrderStore(folder / "orders.db")
        self.reports = ReportStore(folder / "reports.db")
        self.open_index()

    def open_index(self) -> None:
        self.rows = WorklistRows(self.folder / "worklist.db", self.vault, lambda: NOON)
        self.index = WorklistIndex(lambda: self.rows, lambda: self.cache, lambda: self.reports, lambda: self.orders)

    def close(self) -> None:
        for part in (self.rows, self.cache.index, self.orders, self.reports):
            part.close()

    def wanted(self) -> list[WorklistItem]:
        """What the specification says."""
        items = JoinedWorklist(self.cache, self.reports, self.orders).items()
        return sorted(items, key=_name)

    def listed(self) -> list[WorklistItem]:
        rows = self.rows.page(count=1000)
        assert [place_of(row.item) for row in rows] == sorted(place_of(row.item) for row in rows)
        assert len({row.row_id for row in rows}) == len(rows)
        return sorted(
            (replace(r.item, owner="", is_mine=False, read_by="", signed_at=None, together=()) for r in rows), key=_name
        )


def _name(item: WorklistItem) -> tuple[str, str, str]:
    return (item.order.order_id if item.order else "", item.study_instance_uid, item.accession_number)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path)
    yield made
    made.close()


def patient(number: int, issuer: str = "HERE") -> Patient:
    return Patient(PatientKey(f"P{number}", issuer), f"Test^Person {number}", "19500102", "F")


def an_order(order_id: str = "o1", accession: str = "A1", who: Patient | None = None, uid: str = "", **more: Any) -> Order:
    return Order(order_id, accession, who or patient(1), "CT thorax", study_instance_uid=uid, **more)


def a_study(uid: str = "1.1", accession: str = "A1", who: Patient | None = None, modality: str = "CT") -> Study:
    series = Series(f"{uid}.1", modality, body_part_examined="CHEST")
    return Study(uid, who or patient(1), accession, "20261120", "101500", "from the images", series=(series,))


ACCESSIONS, UIDS, ORDERS = (
    st.sampled_from(("", "A1", "A2", "A3")),
    st.sampled_from(("1.1", "1.2", "1.3")),
    ("o1", "o2", "o3", "o4"),
)
PEOPLE = st.sampled_from([patient(n, issuer) for n in (1, 2) for issuer in ("HERE", "")])
MADE_ORDERS = st.builds(
    an_order,
    st.sampled_from(ORDERS),
    ACCESSIONS,
    PEOPLE,
    st.one_of(st.just(""), UIDS),
    priority=st.sampled_from(Priority),
    due=st.one_of(st.none(), st.integers(0, 300).map(lambda minutes: NOON + timedelta(minutes=minutes))),
    body_site=st.sampled_from(("", "Knä")),
)
MADE_STUDIES = st.builds(a_study, UIDS, ACCESSIONS, PEOPLE, st.sampled_from(("CT", "SR", "MR")))
SETTINGS = settings(max_examples=10, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck))


class Changes(RuleBasedStateMachine):
    """Whatever changes in whatever order: the rows are those of the join."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stores = Stores(self.folder)
        self.number = 0

    def teardown(self) -> None:
        self.stores.close()
        shutil.rmtree(self.folder)

    @rule(orders=st.lists(MADE_ORDERS, max_size=4))
    def the_ris_lists(self, orders: list[Order]) -> None:
        self.stores.orders.replace(orders)

    @rule(order=MADE_ORDERS, listed=st.booleans())
    def an_engine_sends(self, order: Order, listed: bool) -> None:
        self.stores.orders.put(order, was_sent=True, is_listed=listed)

    @rule(orders=st.lists(MADE_ORDERS, max_size=3))
    def an_archive_lists(self, orders: list[Order]) -> None:
        named = [replace(order, order_id=f"mwl.{order.order_id}") for order in orders]
        self.stores.orders.replace_scheduled("pacs", {order.order_id: order for order in named}.values())

    @rule(old=PEOPLE, new=PEOPLE, apart=st.booleans())
    def patients_are_one(self, old: Patient, new: Patient, apart: bool) -> None:
        if apart:
            self.stores.orders.unmerge(old.key)
        else:
            self.stores.orders.merge(old.key, new.key)

    @rule(study=MADE_STUDIES, doubted=st.booleans())
    def an_image_comes(self, study: Study, doubted: bool) -> None:
        self.number += 1
        self.stores.cache.add(study, self.number, doubted)

    @rule(uid=UIDS)
    def a_study_goes(self, uid: str) -> None:
        self.stores.cache.remove(uid)

    @rule(place=st.integers(0, 5), text=st.sampled_from(("", "Words.", "Other words.")), sign=st.booleans())
    def it_is_read(self, place: int, text: str, sign: bool) -> None:
        rows = [row.item for row in self.stores.rows.page() if row.item.study_instance_uid]
        if rows:
            with_report(self.stores.reports, rows[place % len(rows)], text, sign)

    @rule(confirm=st.booleans())
    def the_ris_answers(self, confirm: bool) -> None:
        for delivery in self.stores.reports.ledger.heads()[:1]:
            self.stores.reports.ledger.move(delivery.delivery_id, DeliveryEvent.SEND)
            if not confirm:
                self.stores.reports.ledger.move(delivery.delivery_id, DeliveryEvent.REJECT, "no")

    @rule()
    def the_index_is_lost(self) -> None:
        self.stores.rows.close()
        for file in self.folder.glob("worklist.db*"):
            file.unlink()
        self.stores.open_index()

    @invariant()
    def the_index_is_the_join(self) -> None:
        self.stores.index.refresh()
        assert self.stores.listed() == self.stores.wanted()
        assert not self.stores.index.refresh()


def with_report(reports: ReportStore, item: WorklistItem, text: str, sign: bool) -> None:
    """As far as the store lets it: what it refuses changes nothing."""
    try:
        report = reports.open_draft(item)
        reports.write_section(report.report_uuid, SectionCode.FINDINGS, text)
        if sign:
            uid = item.study_instance_uid
            evidence = SigningEvidence(uid, item.patient.key, frozenset({(uid, "1")}))
            reports.sign(report.report_uuid, ReportAction.SIGN_FINAL, "Dr Test", evidence)
    except WorkstationError:
        pass


TestChanges = Changes.TestCase
TestChanges.settings = SETTINGS
