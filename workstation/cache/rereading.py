"""Stored files that an earlier version of this program read otherwise are read again, a portion at a time: nobody rebuilds.

Raise `index.READER` when a reader says more, or something else, of files of `MODALITIES` (a modality may be added). How
far it is stands in the index itself, after each portion. What is new is read rightly from the start; it is read once
more where it lies ahead, which changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workstation.cache.admission import leading
from workstation.cache.index import ALL, READ_AGAIN, READER, StudyIndex
from workstation.cache.store import ObjectStore
from workstation.domain.study import ParsedInstance
from workstation.ports import InstanceReader

MODALITIES = ("SR", "SEG", "RTSTRUCT", "XA", "RF")
PORTION = 16

_KEY = ("study_instance_uid", "series_instance_uid", "sop_instance_uid", "sha256")
_FROM = (
    "FROM series JOIN instance USING (study_instance_uid, series_instance_uid) "
    f"WHERE modality IN ({', '.join('?' * len(MODALITIES))})"
)
_AFTER = f"({', '.join(_KEY)}) > (?, ?, ?, ?)"


class Rereading:
    def __init__(self, store: ObjectStore, index: StudyIndex, reader: InstanceReader) -> None:
        self._store = store
        self._index = index
        self._reader = reader

    def counts(self) -> tuple[int, int]:
        """(read again, in all); alike when nothing is left to do."""
        place = self._place()
        if place is None:
            return 0, 0
        total = self._count("", ())
        return total - self._count(f" AND {_AFTER}", place), total

    def step(self, alone: Callable[[], Any], cancelled: Callable[[], bool]) -> bool:
        """Read the next portion; whether more is left. `alone` keeps others from changing what is stored meanwhile."""
        place = self._place()
        if place is None:
            return False
        rows = self._index.ask(f"SELECT {', '.join(_KEY)} {_FROM} AND {_AFTER} ORDER BY {', '.join(_KEY)} LIMIT ?",
                               *MODALITIES, *place, PORTION)  # fmt: skip
        hashes: dict[Path, str] = {self._store.object_path(row["sha256"]): row["sha256"] for row in rows}
        read: list[tuple[ParsedInstance, str]] = []
        for path, outcome in self._reader.parse_many(hashes) if hashes else ():
            if cancelled():
                return True
            if isinstance(outcome, ParsedInstance) and outcome.instance.sha256 == hashes[path]:
                read.append((outcome, hashes[path]))
        with alone(), self._index.changing():
            for parsed, sha256 in read:
                if self._index.has(sha256):  # it may have left the disk meanwhile
                    self._index.insert(parsed, parsed.instance, leading(parsed, sha256))
            last = [rows[-1][name] for name in _KEY] if rows else ALL
            self._index.note(READ_AGAIN, json.dumps([READER, last]))
        return bool(rows)

    def _place(self) -> tuple[str, ...] | None:
        """The last file that was read again, () of none; None when all are."""
        try:
            reader, last = json.loads(self._index.noted(READ_AGAIN) or "[0, null]")
        except ValueError:
            reader, last = 0, None
        if reader != READER:
            return ("", "", "", "")
        return None if last == ALL else tuple(map(str, last))

    def _count(self, more: str, values: tuple[str, ...]) -> int:
        return int(self._index.ask(f"SELECT count(*) AS number {_FROM}{more}", *MODALITIES, *values)[0]["number"])
