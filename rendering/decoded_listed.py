"""Listed: studies of the worklist that may be here and not decoded, one at a time and only when nothing else waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rendering.transfer_syntaxes import VIDEO
from workstation.domain.study import Series, Study
from workstation.errors import WorkstationError

if TYPE_CHECKING:
    from rendering.decoded import DecodedStore

StudyOf = Callable[[str], Study]
"""A whole study by its UID. Raises WorkstationError when it is not here."""


class Listed:
    """Thread-safe. A study is looked up when its turn comes, so that a long list costs no memory.

    Each state of a series is handed out once while the program runs: one that cannot be decoded
    does not come again with each look at the worklist.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uids: list[str] = []
        self._study_of: StudyOf | None = None
        self._kept: frozenset[tuple[str, str]] | None = None
        self._handed: set[tuple[str, str, int]] = set()

    def put(self, study_uids: Sequence[str], study_of: StudyOf) -> None:
        """In place of what was listed before."""
        with self._lock:
            self._uids, self._study_of, self._kept = list(dict.fromkeys(study_uids)), study_of, None

    def clear(self) -> None:
        with self._lock:
            self._uids = []

    def __bool__(self) -> bool:
        return bool(self._uids)

    def next(self, store: Callable[[], DecodedStore]) -> Study | None:
        """The next study that is here, with the series alone that are not in `store`; None: nothing is left."""
        while True:
            with self._lock:
                if not self._uids or self._study_of is None:
                    return None
                uid, study_of = self._uids.pop(0), self._study_of
            try:
                study = study_of(uid)
                series = tuple(one for one in study.series if self._is_to_do(study, one, store))
            except WorkstationError:
                continue
            if series:
                return replace(study, series=series)

    def _is_to_do(self, study: Study, series: Series, store: Callable[[], DecodedStore]) -> bool:
        if not series.image_count or any(i.transfer_syntax_uid in VIDEO for i in series.instances):
            return False
        key = (study.study_instance_uid, series.series_instance_uid)
        if self._kept is None:
            self._kept = frozenset((entry.study_uid, entry.series_uid) for entry in store().entries())
        state = (*key, len(series.instances))
        if key in self._kept or state in self._handed:
            return False
        self._handed.add(state)
        return True
