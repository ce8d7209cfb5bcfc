"""Rows of the worklist with who reads them, and since when: as the RIS told last, also in an earlier run of the program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from workstation.domain.claim import Claim, ClaimSource, ClaimState
from workstation.domain.order import WorklistItem


def reader_in(claim: Claim | None) -> str:
    """Who else reads it: text from outside, "" for nobody and for us."""
    return claim.owner or "another reader" if claim is not None and claim.state is ClaimState.OTHERS else ""


def marked(items: Iterable[WorklistItem], source: ClaimSource, of_open: Claim | None) -> tuple[WorklistItem, ...]:
    """`of_open` is the claim of the open case. Until the RIS has told anything the other rows stay as they came."""

    def mark(item: WorklistItem) -> WorklistItem:
        order_id = item.order.order_id if item.order is not None else ""
        is_open = of_open is not None and order_id == of_open.order_id
        if not order_id or not (source.was_told or is_open):
            return item
        claim = of_open if is_open else source.seen.get(order_id)
        who = reader_in(claim)
        return replace(item, read_by=who, read_since=claim.since if claim is not None and who else None)

    return tuple(map(mark, items))
