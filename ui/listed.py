"""Rows of named studies, wherever they stand: the demonstration and the tours look for theirs in lists of any length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from workstation.domain.order import WorklistItem

if TYPE_CHECKING:
    from ui.seat import Seat


class Listed:
    """Looked at again and again until what is awaited is there: each look asks the index anew."""

    def __init__(self, core: Seat) -> None:
        self._listing = core.session.listing
        self._found: dict[str, WorklistItem] = {}
        self._is_asking = False

    def ready(self, study_uids: Iterable[str]) -> tuple[WorklistItem, ...]:
        """Those of the studies that have an order and images, as the index told last, in the order in which they are named."""
        uids = tuple(study_uids)
        if not self._is_asking:
            self._is_asking = True
            self._listing.find_studies(uids, self._take)
        rows = (self._found.get(uid) for uid in uids)
        return tuple(row for row in rows if row is not None and row.order is not None and row.image_count)

    def _take(self, found: dict[str, WorklistItem]) -> None:
        self._is_asking = False
        self._found = found
