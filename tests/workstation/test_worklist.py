"""The worklist: who is joined with whom, what comes first, and what each row says of its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joined_worklist import JoinedWorklist

from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.doubt import Doubt
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import Report, ReportStatus
from workstation.domain.study import Series, Study
from workstation.worklist import join, modality_of, read_status, reading_order
from workstation.worklist_store import KnownOrder

JANE = Patient(PatientKey("P1", "HERE"), "Doe^Jane")
JOHN = Patient(PatientKey("P2", "HERE"), "Roe^John")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def study(uid: str, patient: Patient = JANE, accession: str = "", modality: str = "CT") -> Study:
    return Study(uid, patient, accession, "20260102", study_description="from the images", series=(Series(f"{uid}.1", modality),))


def order(order_id: str = "o1", accession: str = "A1", patient: Patient = JANE, uid: str = "") -> Order:
    return Order(order_id, accession, patient, "CT thorax", priority=Priority.URGENT, due=NOON, study_instance_uid=uid)


def unread(_accession: str, _uid: str) -> ReadStatus:
    return ReadStatus.UNREAD


def joined(orders: Sequence[Order], studies: Sequence[Study], is_listed: bool = True) -> list[WorklistItem]:
    return join([KnownOrder(o, is_listed) for o in orders], studies, {"1": 143}, unread)


def test_an_order_and_the_study_it_names_are_one_row() -> None:
    (item,) = joined([order(uid="1")], [study("1", accession="other")])
    assert (item.accession_number, item.study_instance_uid, item.procedure) == ("A1", "1", "CT thorax")
    assert (item.priority, item.due, item.image_count, item.modality) == (Priority.URGENT, NOON, 143, "CT")
    assert item.order == order(uid="1")


def test_an_order_without_a_study_uid_is_matched_by_accession_number_and_patient() -> None:
    (item,) = joined([order()], [study("1", accession="A1")])
    assert (item.study_instance_uid, item.patient) == ("1", JANE)


@pytest.mark.parametrize(("named", "accession"), [("1", "A1"), ("1", ""), ("", "A1")])
def test_a_study_of_another_patient_is_never_joined_and_both_rows_are_problems(named: str, accession: str) -> None:
    items = joined([order(uid=named)], [study("1", JOHN, accession)])
    assert [(i.study_instance_uid, i.patient, i.order is None, i.status) for i in items] == [
        ("", JANE, False, ReadStatus.PROBLEM),
        ("1", JOHN, True, ReadStatus.PROBLEM),
    ]
    assert all("another patient" in i.warning for i in items)


def test_the_same_id_of_another_issuer_is_another_patient() -> None:
    elsewhere = Patient(PatientKey("P1", "ELSEWHERE"))
    assert [i.status for i in joined([order()], [study("1", elsewhere, "A1")])] == [ReadStatus.PROBLEM] * 2


def test_a_missing_issuer_on_one_side_is_no_contradiction_and_the_images_patient_is_shown() -> None:
    plain = Patient(PatientKey("P1"))
    (item,) = joined([order()], [study("1", plain, "A1")])
    assert item.patient == plain


def test_orders_without_images_and_studies_without_orders_are_both_visible() -> None:
    items = joined([order(uid="9")], [study("1")])
    assert [(i.study_instance_uid, i.order is None, i.image_count) for i in items] == [("9", False, 0), ("1", True, 143)]
    assert items[1].procedure == "from the images"


def test_an_empty_accession_number_matches_nothing() -> None:
    assert len(joined([order(accession="")], [study("1", accession="")])) == 2


def test_an_order_with_two_studies_has_two_rows() -> None:
    items = joined([order()], [study("1", accession="A1"), study("2", accession="A1", modality="PT")])
    assert [(i.accession_number, i.study_instance_uid) for i in items] == [("A1", "1"), ("A1", "2")]


def test_an_order_that_left_the_list_still_belongs_to_its_study_but_is_no_row_of_its_own() -> None:
    (item,) = joined([order()], [study("1", accession="A1")], is_listed=False)
    assert item.order == order()
    assert joined([order()], [], is_listed=False) == []


def test_companions_do_not_say_what_was_examined() -> None:
    both = replace(study("1"), series=(Series("1", "SR"), Series("2", "CT"), Series("3", "PT")))
    assert modality_of(both) == "CT/PT"
    assert modality_of(study("1", modality="SR")) == "SR"


# ---- order -----------------------------------------------------------------------------------


def row(accession: str, priority: Priority = Priority.ROUTINE, due: datetime | None = None, **more: object) -> WorklistItem:
    item = WorklistItem(accession, accession, JANE, "CT", "CT", priority, due, ReadStatus.UNREAD)
    return replace(item, **more)  # type: ignore[arg-type]


def test_priority_comes_before_due_time_before_age() -> None:
    later = NOON + timedelta(hours=1)
    expected = [
        row("stat", Priority.STAT),
        row("asap", Priority.ASAP, later),
        row("urgent", Priority.URGENT, NOON),
        row("soon", due=NOON),
        row("late", due=later),
        row("old", study_date="20200101"),
        row("new", study_date="20260101"),
        row("undated"),
        row("done", Priority.STAT, NOON, status=ReadStatus.CONFIRMED),
    ]
    assert list(reading_order(reversed(expected))) == expected


@given(
    st.permutations(
        [
            row(f"{p}{d}{s}", p, d, status=s)
            for p in Priority
            for d in (None, NOON)
            for s in (ReadStatus.UNREAD, ReadStatus.CONFIRMED)
        ]
    )
)
def test_the_reading_order_does_not_depend_on_the_order_it_was_given(rows: list[WorklistItem]) -> None:
    assert reading_order(rows) == reading_order(sorted(rows, key=lambda r: r.accession_number))


# ---- status ----------------------------------------------------------------------------------


def report(status: ReportStatus) -> Report:
    return Report("r1", "A1", "1", "P1", "HERE", "o1", "Patient/1", "CT", status, 1, ())


def delivery(state: DeliveryState) -> Delivery:
    return Delivery(1, "r1", 1, "A1", state, NOON)


@pytest.mark.parametrize(
    ("report_status", "state", "unsigned", "expected"),
    [
        (ReportStatus.DRAFT, None, False, ReadStatus.UNREAD),
        (ReportStatus.DRAFT, None, True, ReadStatus.DRAFT),
        (ReportStatus.PRELIMINARY, DeliveryState.CONFIRMED, False, ReadStatus.PRELIMINARY),
        (ReportStatus.FINAL, DeliveryState.QUEUED, False, ReadStatus.SIGNED),
        (ReportStatus.FINAL, DeliveryState.SENDING, False, ReadStatus.SIGNED),
        (ReportStatus.FINAL, DeliveryState.ACKNOWLEDGED, False, ReadStatus.SIGNED),
        (ReportStatus.FINAL, DeliveryState.CONFIRMED, False, ReadStatus.CONFIRMED),
        (ReportStatus.FINAL, DeliveryState.CONFIRMED, True, ReadStatus.DRAFT),
        (ReportStatus.FINAL, DeliveryState.CONFLICT, False, ReadStatus.PROBLEM),
        (ReportStatus.FINAL, DeliveryState.HELD, True, ReadStatus.PROBLEM),
        (ReportStatus.AMENDED, DeliveryState.REJECTED, False, ReadStatus.PROBLEM),
        (ReportStatus.FINAL, None, False, ReadStatus.SIGNED),
    ],
)
def test_a_row_is_only_as_far_as_can_be_proved(
    report_status: ReportStatus, state: DeliveryState | None, unsigned: bool, expected: ReadStatus
) -> None:
    assert read_status(report(report_status), delivery(state) if state else None, unsigned) is expected


class Stores:
    """Cache, orders and reports in one, each as small as it can be."""

    def studies(self) -> tuple[Study, ...]:
        return (study("1", accession="A1"), study("2"))

    def image_counts(self) -> dict[str, int]:
        return {"1": 3}

    def doubts_of(self, study_instance_uid: str) -> tuple[Doubt, ...]:
        return (Doubt("second-version", "A second version was set aside"),) if study_instance_uid == "2" else ()

    def survivor(self, key: PatientKey) -> PatientKey:
        return key

    def orders(self) -> tuple[KnownOrder, ...]:
        return (KnownOrder(order(), is_listed=True),)

    def report_of(self, accession_number: str, study_uid: str) -> Report | None:
        return report(ReportStatus.FINAL) if (accession_number, study_uid) == ("A1", "1") else None

    def drafts(self) -> tuple[Report, ...]:
        return ()

    def is_left_to_ris(self, report_uuid: str) -> bool:
        return False

    def delivery_of(self, report_uuid: str) -> Delivery | None:
        return delivery(DeliveryState.SENDING)

    def untold_studies(self) -> frozenset[str]:
        return frozenset({"2"})


def test_the_worklist_says_what_its_stores_hold_now() -> None:
    items = JoinedWorklist(Stores(), Stores(), Stores()).items()
    assert [(i.study_instance_uid, i.status, i.image_count, i.warning) for i in items] == [
        ("1", ReadStatus.SIGNED, 3, ""),
        ("2", ReadStatus.UNREAD, 0, "A second version was set aside; A critical result was not told yet"),
    ]
