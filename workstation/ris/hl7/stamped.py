"""The order store with a second ear: what an engine says of when an examination was ordered and done is kept too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workstation.domain.order import Order
from workstation.domain.patient import PatientKey
from workstation.ris.hl7.incoming import Orders


class StampedOrders:
    """Implements workstation.ris.hl7.incoming.Orders; `stamp` is called when an order is on disk."""

    def __init__(self, orders: Orders, stamp: Callable[[Sequence[Order], float | None], None]) -> None:
        self._orders, self._stamp = orders, stamp

    def known(self, accession_number: str, placer: tuple[str, str], filler: tuple[str, str]) -> Order | None:
        return self._orders.known(accession_number, placer, filler)

    def put(self, order: Order, was_sent: bool = False, is_listed: bool = True) -> None:
        self._orders.put(order, was_sent, is_listed)
        self._stamp((order,), None)

    def merge(self, old: PatientKey, new: PatientKey) -> bool:
        return self._orders.merge(old, new)

    def unmerge(self, old: PatientKey) -> bool:
        return self._orders.unmerge(old)
