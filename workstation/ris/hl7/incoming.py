"""What an interface engine tells us: orders (OMI^O23, ORM^O01) and merged patients (ADT^A40, unlinked again by A37).

The answer AA is given when what was told is on disk, and not before. What cannot be read is AR, what cannot be
meant is AE; neither changes anything. Nothing of a message is logged or quoted.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from workstation.domain import hl7
from workstation.domain.hl7 import BadMessage, Message, Segment, control_id_of, read_message
from workstation.domain.order import Order, OrderStatus, Priority
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import WorkstationError
from workstation.ris.standing import patient_in

logger = logging.getLogger(__name__)

HL7_ORDER = "hl7."
"""Begins the id of an order that only HL7 told of."""
NO_REFERENCE = "HL7"
"""Stands for the patient's FHIR reference where there is none."""
LONGEST = 10_000

# Tables 0119 and 0038, as the HL7 v2-to-FHIR guide reads them.
_CONTROLS = {
    **dict.fromkeys(("CA", "CR", "OC", "OD", "DC", "DR"), OrderStatus.REVOKED),
    **dict.fromkeys(("HD", "OH"), OrderStatus.ON_HOLD),
    **dict.fromkeys(("NW", "XO", "XX", "SN", "SC", "RL", "OK", "OR", "RE"), OrderStatus.ACTIVE),
}
_STATUSES = {
    "CM": OrderStatus.ACTIVE,  # the examination is done: it can be read
    "CA": OrderStatus.REVOKED,
    "DC": OrderStatus.REVOKED,
    "HD": OrderStatus.ON_HOLD,
    "ER": OrderStatus.ENTERED_IN_ERROR,
}
_ENDED = frozenset({OrderStatus.REVOKED, OrderStatus.ENTERED_IN_ERROR})
_PRIORITIES = {"S": Priority.STAT, "A": Priority.ASAP, "P": Priority.URGENT, "T": Priority.URGENT}
_GROUPED = frozenset({"OBR", "TQ1", "IPC", "ZDS"})


class Orders(Protocol):
    """`workstation.worklist_store.OrderStore`. Every method is on disk when it returns; any may raise `WorkstationError`."""

    def known(self, accession_number: str, placer: tuple[str, str], filler: tuple[str, str]) -> Order | None: ...
    def put(self, order: Order, was_sent: bool = False, is_listed: bool = True) -> None: ...
    def merge(self, old: PatientKey, new: PatientKey) -> bool: ...
    def unmerge(self, old: PatientKey) -> bool: ...


class _Refusal(Exception):
    """`code` of table 0008, `error` of table 0357."""

    def __init__(self, code: str, error: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.error = error


@dataclass(frozen=True, slots=True)
class _Group:
    """What belongs to one ORC."""

    control: Segment
    parts: dict[str, Segment]

    def value(self, name: str, number: int, component: int = 1, subcomponent: int = 1) -> str:
        segment = self.control if name == "ORC" else self.parts.get(name)
        return segment.value(number, component, subcomponent)[:LONGEST] if segment else ""


def too_long(control_id: str) -> bytes:
    """The answer to a message that does not end."""
    return _ack("AR", control_id, "207", "It is longer than is taken here")


class Incoming:
    """`changed` is called, in the listener's thread, after something was stored. `results` takes ORU^R01, where given:
    whether it is news, and why it is refused or "".
    """

    def __init__(
        self, orders: Orders, changed: Callable[[], object], results: Callable[[Message], tuple[bool, str]] | None = None
    ) -> None:
        self._orders = orders
        self._results = results
        self._changed = changed

    def answer(self, content: bytes) -> bytes:
        """The acknowledgement. Never raises."""
        try:
            message = read_message(content)
        except BadMessage as error:
            return _ack("AR", control_id_of(content), "207", str(error))
        number = message.control_id
        try:
            is_new = self._take(message)
        except _Refusal as refusal:
            return _ack(refusal.code, number, refusal.error, str(refusal))
        except WorkstationError as error:
            logger.warning("a message could not be stored: %s", error.title)
            return _ack("AR", number, "207", "It could not be stored: try again later")
        except Exception as error:  # whatever a message does, the next one is answered
            logger.error("a message could not be handled: %s", type(error).__name__)
            return _ack("AE", number, "207", "It could not be handled")
        if is_new:
            self._changed()
        return _ack("AA", number)

    def _take(self, message: Message) -> bool:
        header = message.header
        if not message.control_id:
            raise _Refusal("AR", "101", "MSH-10 is empty")
        if header.value(11) != "P":
            raise _Refusal("AR", "202", "Only production messages (MSH-11 P) are taken")
        if not header.value(12).startswith("2."):
            raise _Refusal("AR", "203", "Only HL7 version 2 is taken")
        if message.kind in ("OMI^O23", "ORM^O01"):
            return self._take_orders(message)
        if message.kind in ("ADT^A40", "ADT^A37"):
            return self._take_merges(message)
        if message.kind == "ORU^R01" and self._results is not None:
            is_news, refusal = self._results(message)
            if refusal:
                raise _Refusal("AE", "207", refusal)
            return is_news
        raise _Refusal("AR", "200", "Only OMI^O23, ORM^O01, ADT^A40 and ADT^A37 are taken")

    # ---- orders ------------------------------------------------------------------------

    def _take_orders(self, message: Message) -> bool:
        patient = _patient(message)
        visit = message.first("PV1")
        # All are read before one is stored: a message is taken whole or not at all.
        orders = [self._order(group, patient, visit.value(19) if visit else "") for group in _groups(message)]
        if not orders:
            raise _Refusal("AE", "101", "It holds no ORC")
        for order in orders:
            was_sent = order.order_id.startswith(HL7_ORDER)
            self._orders.put(order, was_sent, is_listed=order.status is OrderStatus.ACTIVE)
        return True

    def _order(self, group: _Group, patient: Patient, visit: str) -> Order:
        placer, filler = _number(group, 2), _number(group, 3)
        accession = group.value("IPC", 1) or group.value("OBR", 18)
        there = self._orders.known(accession, placer, filler)
        if there is None and not accession:
            raise _Refusal("AE", "101", "The order has no accession number (IPC-1 or OBR-18)")
        if there is not None:
            _check_same(there, placer, filler, patient)
        status = _status(group, there)
        if there is not None and "OBR" not in group.parts:  # says only how the order stands
            return replace(there, status=status)
        base = there or Order(_order_id(placer, filler, accession), accession, patient, "", ris_patient_reference=NO_REFERENCE)
        return replace(
            base,
            accession_number=accession or base.accession_number,
            patient=patient,
            procedure=group.value("OBR", 4, 2) or group.value("OBR", 4, 1) or base.procedure,
            procedure_code=group.value("OBR", 4, 1) or base.procedure_code,
            reason=group.value("OBR", 31, 2) or group.value("OBR", 31, 1) or base.reason,
            priority=_priority(group) or base.priority,
            due=_due(group) or base.due,
            study_instance_uid=group.value("IPC", 3) or group.value("ZDS", 1) or base.study_instance_uid,
            status=status,
            placer_number=placer[0] or base.placer_number,
            placer_system=placer[1] or base.placer_system,
            filler_number=filler[0] or base.filler_number,
            filler_system=filler[1] or base.filler_system,
            requested_procedure_id=group.value("IPC", 2) or group.value("OBR", 19) or base.requested_procedure_id,
            procedure_step_id=group.value("IPC", 4) or group.value("OBR", 20) or base.procedure_step_id,
            ordering_provider=_provider_name(group) or base.ordering_provider,
            ordering_provider_id=group.value("OBR", 16) or group.value("ORC", 12) or base.ordering_provider_id,
            visit_number=visit or base.visit_number,
            body_site=group.value("OBR", 15, 4) or base.body_site,
            # Scheduled Procedure Step Location, else the station.
            site=group.value("IPC", 9, 2) or group.value("IPC", 9) or group.value("IPC", 8) or base.site,
            laterality=_laterality(group) or base.laterality,
            exam_end=hl7.time_in(group.value("OBR", 8)) or base.exam_end,
            ordered=_ordered(group) or base.ordered,
        )

    # ---- patients ------------------------------------------------------------------------

    def _take_merges(self, message: Message) -> bool:
        pairs = list(_merged(message) if message.kind == "ADT^A40" else _unlinked(message))
        if not pairs:
            raise _Refusal("AE", "101", "It names no two patients")
        if message.kind == "ADT^A37":
            return any(list(map(self._orders.unmerge, (key for pair in pairs for key in pair))))
        if any(old == new for old, new in pairs):
            raise _Refusal("AE", "207", "A patient cannot be merged with itself")
        changes = [self._orders.merge(old, new) for old, new in pairs]
        return any(changes)


def _groups(message: Message) -> Iterator[_Group]:
    current: _Group | None = None
    for segment in message.segments:
        if segment.name == "ORC":
            if current is not None:
                yield current
            current = _Group(segment, {})
        elif current is not None and segment.name in _GROUPED:
            current.parts.setdefault(segment.name, segment)
    if current is not None:
        yield current


def _patient(message: Message) -> Patient:
    segment = message.first("PID")
    key = patient_in(segment) if segment else None
    if segment is None or key is None:
        raise _Refusal("AE", "101", "PID-3 is empty")
    family, given, middle, suffix, prefix = (segment.value(5, n)[:200].replace("^", " ").replace("=", " ") for n in range(1, 6))
    sex = segment.value(8).upper()
    name = "^".join((family, given, middle, prefix, suffix)).rstrip("^")
    return Patient(key, name, hl7.date_in(segment.value(7)), sex if sex in ("M", "F", "O") else "")


def _status(group: _Group, there: Order | None) -> OrderStatus:
    control = group.value("ORC", 1).upper()
    if control not in _CONTROLS:
        raise _Refusal("AE", "103", "ORC-1 is not one that is taken")
    status = _CONTROLS[control]
    if status is OrderStatus.ACTIVE:
        status = _STATUSES.get(group.value("ORC", 5).upper(), status)
    # A message that was under way when the order was cancelled does not bring it back.
    return there.status if there is not None and there.status in _ENDED else status


def _check_same(there: Order, placer: tuple[str, str], filler: tuple[str, str], patient: Patient) -> None:
    """One that has only its accession number in common with what is here must agree in the rest."""
    numbers = {(there.filler_number, there.filler_system), (there.placer_number, there.placer_system)}
    if any(number[0] and number in numbers for number in (placer, filler)):
        return
    if filler[0] and there.filler_number and filler[1] == there.filler_system:
        raise _Refusal("AE", "205", "The accession number is that of another order")
    if patient.key != there.patient.key:
        raise _Refusal("AE", "207", "The accession number is that of an order of another patient")


def _number(group: _Group, field: int) -> tuple[str, str]:
    """Placer (2) or filler (3) number and who gives it."""
    name = "ORC" if group.value("ORC", field) else "OBR"
    value = group.value(name, field)
    universal, kind = group.value(name, field, 3), group.value(name, field, 4).upper()
    system = f"urn:oid:{universal}" if kind == "ISO" else universal or group.value(name, field, 2)
    return (value, system) if value else ("", "")


def _order_id(placer: tuple[str, str], filler: tuple[str, str], accession: str) -> str:
    """The same for every message about this order, also when its accession number changes."""
    facts = next((facts for facts in (("F", *filler), ("P", *placer)) if facts[1]), ("A", accession, ""))
    digest = hashlib.sha256("\x1f".join(facts).encode()).digest()
    return HL7_ORDER + base64.b32encode(digest).decode("ascii")[:24]


def _priority(group: _Group) -> Priority | None:
    said = group.value("TQ1", 9) or group.value("OBR", 27, 6) or group.value("ORC", 7, 6)
    return _PRIORITIES.get(said.upper()[:1], Priority.ROUTINE) if said else None


def _ordered(group: _Group) -> datetime | None:
    """ORC-9 of the message that makes the order; of a later one it is when that was sent."""
    return hl7.time_in(group.value("ORC", 9)) if group.value("ORC", 1).upper() in ("NW", "SN") else None


def _due(group: _Group) -> datetime | None:
    return hl7.time_in(group.value("TQ1", 8))


def _provider_name(group: _Group) -> str:
    name, field = ("OBR", 16) if group.value("OBR", 16, 2) else ("ORC", 12)
    parts = (group.value(name, field, number).replace("^", " ").replace("=", " ") for number in (2, 3, 4))
    return "^".join(parts).rstrip("^")


def _laterality(group: _Group) -> str:
    """OBR-15.6, the site modifier (table 0163 and plain words)."""
    said = (group.value("OBR", 15, 6) or group.value("OBR", 15, 5)).upper()
    return {"L": "L", "LT": "L", "LEFT": "L", "R": "R", "RT": "R", "RIGHT": "R", "B": "B", "BI": "B", "BOTH": "B"}.get(said, "")


def _merged(message: Message) -> Iterator[tuple[PatientKey, PatientKey]]:
    """(who is no more, who stays), PID before each MRG."""
    stays: PatientKey | None = None
    for segment in message.segments:
        if segment.name == "PID":
            stays = patient_in(segment)
        elif segment.name == "MRG":
            gone = patient_in(segment)
            if stays is None or gone is None:
                raise _Refusal("AE", "101", "PID-3 or MRG-1 is empty")
            yield gone, stays


def _unlinked(message: Message) -> Iterator[tuple[PatientKey, PatientKey]]:
    keys = [patient_in(segment) for segment in message.all("PID")]
    if len(keys) == 2 and keys[0] is not None and keys[1] is not None:
        yield keys[0], keys[1]


def _ack(code: str, number: str, error: str = "", text: str = "") -> bytes:
    moment = datetime.now(UTC)
    mine = base64.b32encode(hashlib.sha256(f"{number}{moment.isoformat()}".encode()).digest()).decode("ascii")[:20]
    fields: dict[int, hl7.Value] = {3: "LYSKASSE", 7: hl7.hl7_time(moment), 9: ("ACK", "", "ACK"), 10: mine, 11: "P", 12: "2.5.1"}
    lines = [hl7.header({**fields, 18: "UNICODE UTF-8"}), hl7.segment("MSA", {1: code, 2: number})]
    if error:
        lines.append(hl7.segment("ERR", {3: (error, "", "HL70357"), 4: "E", 8: text}))
    return hl7.message(lines, "UNICODE UTF-8")
