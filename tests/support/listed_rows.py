"""The worklist's rows without stores behind them: what a test lists is what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from workstation.domain.claim import Claim
from workstation.domain.order import WorklistItem
from workstation.worklist_rows import WorklistRows
from workstation.worklist_schema import Owner


class ListedRows:
    """`items` gives the rows; `refresh` takes them up. Their `owner` and `is_mine` say whose they are."""

    def __init__(self, path: Path, items: Callable[[], Sequence[WorklistItem]]) -> None:
        self.rows = WorklistRows(path)
        self._items = items

    def refresh(self) -> bool:
        with self.rows.changing():
            return self.rows.put([owned(item) for item in self._items()], self.rows.rows("SELECT * FROM worklist_row"))

    def claimed(self, claims: Mapping[str, Claim]) -> bool:
        return False

    def close(self) -> None:
        self.rows.close()


def owned(item: WorklistItem) -> tuple[WorklistItem, Owner]:
    if item.read_by:
        return replace(item, owner=item.read_by), Owner.ANOTHER_READS
    if item.is_mine:
        return item, Owner.US
    return item, Owner.ANOTHER if item.owner else Owner.NOBODY
