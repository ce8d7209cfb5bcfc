"""What the worklist is: orders of the RIS and studies on this machine, joined only where they agree on the patient.

`workstation.worklist_index` keeps its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Protocol

from workstation.cache.admission import same_patient
from workstation.domain.ai_result import AI_RESULT, AiFlag, AiResult, results_in, together
from workstation.domain.body_part import body_part_words
from workstation.domain.dates import as_date
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.doubt import Doubt
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import PatientKey
from workstation.domain.report import Report, ReportStatus
from workstation.domain.study import Study
from workstation.worklist_store import KnownOrder

OTHER_PATIENT_IMAGES = "The images of this order are of another patient: call the RIS desk"
OTHER_PATIENT_ORDER = "The order for these images is of another patient: call the RIS desk"

CRITICAL_UNTOLD = "A critical result was not told yet"

URGENCY = {priority: rank for rank, priority in enumerate(Priority)}
FINISHED = frozenset({ReadStatus.CONFIRMED, ReadStatus.ELSEWHERE})
FAILED = frozenset({DeliveryState.CONFLICT, DeliveryState.HELD, DeliveryState.REJECTED})

# A place in the reading order: 45 bits say why a row stands there, the rest tell rows apart of which these are equal.
DONE = 1 << 62
OPEN_TIES, DONE_TIES = 18, 46
_MINUTES, _DAYS = (1 << 26) - 1, (1 << 16) - 1
_FIRST_MINUTE = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) // 60
_FIRST_DAY = datetime(1900, 1, 1, tzinfo=UTC).toordinal()

# Objects that accompany images: they do not say what kind of examination it was.
COMPANIONS = frozenset({"SR", "KO", "PR", "SEG", "REG", "RWV", "DOC", "OT"})

# Mammography, Chest and Colon CAD SR: objects that nothing but a computer's detection makes (PS3.4 B.5).
CAD_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.88.{number}" for number in (50, 65, 69))


class StudySource(Protocol):
    """The cache, as far as the worklist asks it (`workstation.cache.cache.StudyCache`)."""

    def studies(self) -> Sequence[Study]: ...
    def image_counts(self) -> Mapping[str, int]: ...
    def doubts_of(self, study_instance_uid: str) -> Sequence[Doubt]: ...


class OrderSource(Protocol):
    """The local copy of the RIS's orders (`workstation.worklist_store.OrderStore`)."""

    def orders(self) -> Sequence[KnownOrder]: ...
    def survivor(self, key: PatientKey) -> PatientKey: ...


class ReportSource(Protocol):
    """The reports and their deliveries (`workstation.reporting.store.ReportStore`)."""

    def report_of(self, accession_number: str, study_uid: str) -> Report | None: ...
    def drafts(self) -> Sequence[Report]: ...
    def delivery_of(self, report_uuid: str) -> Delivery | None: ...
    def is_left_to_ris(self, report_uuid: str) -> bool:
        """Whether a reader let the RIS's version of it stand."""
        ...

    def untold_studies(self) -> frozenset[str]: ...


def join(
    orders: Iterable[KnownOrder],
    studies: Sequence[Study],
    image_counts: Mapping[str, int],
    status: Callable[[str, str], ReadStatus],
    warning: Callable[[str], str] = lambda _: "",
    survivor: Callable[[PatientKey], PatientKey] = lambda key: key,
) -> list[WorklistItem]:
    """`joined`, all of it."""
    return list(joined(orders, studies, image_counts, status, warning, survivor))


def joined(
    orders: Iterable[KnownOrder],
    studies: Sequence[Study],
    image_counts: Mapping[str, int],
    status: Callable[[str, str], ReadStatus],
    warning: Callable[[str], str] = lambda _: "",
    survivor: Callable[[PatientKey], PatientKey] = lambda key: key,
) -> Iterator[WorklistItem]:
    """One row for each order with each of its studies, each order without, each study without.

    An order belongs to the study it names, else to those with its accession number. Where they
    disagree on the patient they stay two rows, both PROBLEM. `status` is asked for (accession
    number, Study Instance UID), `warning` for a Study Instance UID.
    """
    with_order: set[str] = set()
    disputed: set[str] = set()
    by_uid = {study.study_instance_uid: study for study in studies}
    by_accession: dict[str, list[Study]] = {}
    for study in studies:
        by_accession.setdefault(study.accession_number, []).append(study)

    def study_item(study: Study, order: Order | None) -> WorklistItem:
        uid = study.study_instance_uid
        accession = (order.accession_number if order else "") or study.accession_number
        is_disputed = order is None and uid in disputed
        results = ai_results(study)
        flag, count = together(results)
        return WorklistItem(
            accession_number=accession,
            study_instance_uid=uid,
            patient=study.patient,
            procedure=(order.procedure if order else "") or study.study_description,
            modality=modality_of(study),
            priority=order.priority if order else Priority.ROUTINE,
            due=order.due if order else None,
            status=ReadStatus.PROBLEM if is_disputed else status(accession, uid),
            image_count=image_counts.get(uid, 0),
            study_date=study.study_date,
            order=order,
            warning=OTHER_PATIENT_ORDER if is_disputed else warning(uid),
            body_part=(order.body_site if order else "") or _body_part(study),
            site=(order.site if order else "") or study.institution,
            ai=flag,
            ai_count=count,
            ai_said=tuple(result.as_text() for result in results),
            waiting_since=(order.exam_end if order else None) or taken_at(study),
        )

    for known in orders:
        order = known.order
        named = by_uid.get(order.study_instance_uid) if order.study_instance_uid else None
        same_number = by_accession.get(order.accession_number, ()) if order.accession_number else ()
        candidates = [named] if named is not None else same_number
        agreeing = [s for s in candidates if same_patient(survivor(s.patient.key), survivor(order.patient.key))]
        others = {s.study_instance_uid for s in candidates if s not in agreeing}
        disputed |= others
        with_order |= {s.study_instance_uid for s in agreeing}
        yield from (study_item(study, order) for study in agreeing)
        if not agreeing and known.is_listed:
            yield _order_item(order, bool(others), status)
    yield from (study_item(study, None) for study in studies if study.study_instance_uid not in with_order)


def reading_order(items: Iterable[WorklistItem]) -> tuple[WorklistItem, ...]:
    """By place, then by accession number and study."""
    return tuple(sorted(items, key=lambda item: (place_of(item), item.accession_number, item.study_instance_uid)))


def place_of(item: WorklistItem) -> int:
    """Sorts rows to read: by priority, then what is due first (to the minute), then the oldest study.

    What is confirmed, or done elsewhere, comes last, the newest study first. 63 bits, the lowest of them free:
    `OPEN_TIES`, or from `DONE` on `DONE_TIES`.
    """
    day = as_date(item.study_date)
    days = min(max(day.toordinal() - _FIRST_DAY, 0), _DAYS - 1) if day is not None else _DAYS
    if item.status in FINISHED:
        return DONE | (_DAYS - (days if day is not None else 0)) << DONE_TIES
    minutes = _MINUTES
    if item.due is not None:
        minutes = min(max(int(item.due.timestamp()) // 60 - _FIRST_MINUTE, 0), _MINUTES - 1)
    urgency = len(URGENCY) - 1 - URGENCY[item.priority]
    return ((urgency << 26 | minutes) << 16 | days) << OPEN_TIES


def ties_of(place: int) -> int:
    """How many rows there may be of one place."""
    return 1 << (DONE_TIES if place >= DONE else OPEN_TIES)


def ai_results(study: Study) -> tuple[AiResult, ...]:
    """What the objects of programs say that lie with it; of a CAD report that was not read, that it is there."""
    said = [result for series in study.series for result in results_in(series.attributes.get(AI_RESULT, ()))]
    gone = {uid for result in said for uid in result.replaces}
    unread = [
        AiResult(series.series_instance_uid, AiFlag.PRESENT, source=" ".join(series.attributes.get("Manufacturer", ())))
        for series in study.series
        if CAD_CLASSES.intersection(series.attributes.get("SOPClassUID", ())) and AI_RESULT not in series.attributes
    ]
    return (*(result for result in said if result.uid not in gone), *unread)


def taken_at(study: Study) -> datetime | None:
    """Study Date and Time (0008,0020), (0008,0030), by this computer's time zone: they carry none of their own."""
    day, digits = as_date(study.study_date), study.study_time[:6]
    if day is None:
        return None
    clock = time()
    if len(digits) in (4, 6) and digits.isdigit():
        hour, minute, second = (int(digits[at : at + 2] or 0) for at in (0, 2, 4))
        clock = time(hour, minute, min(second, 59)) if hour < 24 and minute < 60 else clock
    return datetime.combine(day, clock).astimezone() if day.year > 1900 else None


def read_status(report: Report, delivery: Delivery | None, has_unsigned_words: bool) -> ReadStatus:
    """How far a report is, by what can be proved: only a read-back makes it confirmed."""
    if delivery is not None and delivery.state in FAILED:
        return ReadStatus.PROBLEM
    if has_unsigned_words:
        return ReadStatus.DRAFT
    if report.status is ReportStatus.DRAFT:
        return ReadStatus.UNREAD
    if delivery is None or delivery.state is not DeliveryState.CONFIRMED:
        return ReadStatus.SIGNED
    return ReadStatus.PRELIMINARY if report.status is ReportStatus.PRELIMINARY else ReadStatus.CONFIRMED


def modality_of(study: Study) -> str:
    """`CT`, or `CT/PT`; objects that only accompany images count when there is nothing else."""
    images = [modality for modality in study.modalities if modality not in COMPANIONS]
    return "/".join(images or study.modalities)


def _body_part(study: Study) -> str:
    parts = dict.fromkeys(body_part_words(series.body_part_examined) for series in study.series if series.body_part_examined)
    return ", ".join(parts)


def _order_item(order: Order, is_disputed: bool, status: Callable[[str, str], ReadStatus]) -> WorklistItem:
    """A row without images. A disputed one names no study, so that nobody opens the wrong one by it."""
    uid = "" if is_disputed else order.study_instance_uid
    return WorklistItem(
        accession_number=order.accession_number,
        study_instance_uid=uid,
        patient=order.patient,
        procedure=order.procedure,
        modality=order.modality,
        body_part=order.body_site,
        site=order.site,
        waiting_since=order.exam_end,
        priority=order.priority,
        due=order.due,
        status=ReadStatus.PROBLEM if is_disputed else status(order.accession_number, uid),
        order=order,
        warning=OTHER_PATIENT_IMAGES if is_disputed else "",
    )
