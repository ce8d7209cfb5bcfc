"""Orders that the RIS lists no more although a report here waits for them, and patients merged meanwhile (F61, F69).

A search of open orders does not say why one is missing. Those that matter are asked for by their ids; FHIR R4
`Patient.link` of type replaced-by says who was merged into whom, and its absence that nobody was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, runtime_checkable

from workstation.domain.fhir import Resource, objects_of, reference_in, reference_to, text_of
from workstation.domain.order import Order
from workstation.domain.patient import PatientKey
from workstation.ris.orders import orders_of, patient_keys
from workstation.ris.wire import Query

AT_ONCE = 50


@runtime_checkable
class Searchable(Protocol):
    def search(self, resource_type: str, query: Query) -> list[Resource]:
        """All pages. Raises `NoAnswer`."""
        ...


class Orders(Protocol):
    """`workstation.worklist_store.OrderStore`."""

    def put(self, order: Order, was_sent: bool = False, is_listed: bool = True) -> None: ...
    def merge(self, old: PatientKey, new: PatientKey) -> bool: ...
    def unmerge(self, old: PatientKey) -> bool: ...


def look_again(
    ris: Searchable,
    orders: Orders,
    order_ids: Iterable[str],
    listed: Collection[str] = (),
    merged_here: Iterable[PatientKey] = (),
) -> None:
    """How these orders stand and whose they are by now. Raises `NoAnswer`.

    `listed` are the ids of those that the RIS still lists. `merged_here` are the patients that this machine
    holds for merged: one whom the RIS says is not stands for itself again.
    """
    ids, known = sorted(set(order_ids)), set(merged_here)
    for start in range(0, len(ids), AT_ONCE):
        asked = ",".join(ids[start : start + AT_ONCE])
        found = ris.search("ServiceRequest", (("_id", asked), ("_include", "ServiceRequest:subject")))
        _follow_patients(ris, orders, found, known)
        for order in orders_of(found):
            orders.put(order, is_listed=order.order_id in listed)


def _follow_patients(ris: Searchable, orders: Orders, found: list[Resource], merged_here: set[PatientKey]) -> None:
    for patient in found:
        if text_of(patient, "resourceType") != "Patient":
            continue
        keys = patient_keys(patient)
        survivor = _survivor(ris, patient)
        if survivor is not None:
            for old in keys:
                orders.merge(old, survivor)
        else:
            for key in keys:
                if key in merged_here:
                    orders.unmerge(key)


def _survivor(ris: Searchable, patient: Resource) -> PatientKey | None:
    links = (link for link in objects_of(patient, "link") if text_of(link, "type") == "replaced-by")
    target = next((reference_in(link.get("other")) for link in links), "")
    if not target:
        return None
    read = ris.search("Patient", (("_id", target.removeprefix("Patient/")),))
    return next((key for each in read if reference_to(each) == target for key in patient_keys(each)), None)
