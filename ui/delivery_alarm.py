"""Says once, in the banner, of each delivery that will not go by itself: refused, held, in conflict, lost (F30, F34)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from workstation.domain.delivery import Delivery, DeliveryState, is_unfound
from workstation.session.case import Notice

COMMAND = "report.deliveries"
# English source strings.
WORDS = {
    DeliveryState.REJECTED: "The RIS has refused a signed report",
    DeliveryState.HELD: "A signed report is held back: its patient or order must be checked",
    DeliveryState.CONFLICT: "The RIS holds something else than a report that was signed here",
    DeliveryState.ACKNOWLEDGED: "The RIS said yes to a report and does not hold it: call the RIS desk",
}


class DeliveryAlarm:
    """Names no patient and no number: the list of deliveries does."""

    def __init__(self, say: Callable[[Notice], object]) -> None:
        self._say = say
        self._told: set[tuple[int, DeliveryState]] = set()

    def look(self, deliveries: Sequence[Delivery], now: datetime) -> None:
        for delivery in deliveries:
            state = delivery.state
            is_bad = is_unfound(delivery, now) if state is DeliveryState.ACKNOWLEDGED else state in WORDS
            if is_bad and (delivery.delivery_id, state) not in self._told:
                self._told.add((delivery.delivery_id, state))
                self._say(Notice(WORDS[state], error=True, command=COMMAND))
