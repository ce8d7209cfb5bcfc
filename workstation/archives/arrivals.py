"""Received files on their way into the cache: only what was asked for, batch by batch, while more is coming."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workstation.cache.intake import Admit, ImportResult
from workstation.cache.names import shown
from workstation.cache.quarantine import QuarantineKind
from workstation.domain.archive import ReceivedFile
from workstation.domain.patient import PatientKey
from workstation.domain.study import ParsedInstance
from workstation.errors import WorkstationError

MOST_WAITING = 256
MOST_AT_ONCE = 64
LINGER_SECONDS = 0.15
"""How long a batch waits for company: an index is written once for all of it. A kill costs what waits."""

OTHER_STUDY = "It is of a study that was not asked for"
NOT_LISTED = "It is not in the archive's list of this study"
ALERT_OTHER_STUDY = "an archive sent an image of a study that was not asked for: {}"
ALERT_NOT_LISTED = "an archive sent an image that is not in its list: {}"


NOBODY = PatientKey("")


class Taker(Protocol):
    """`StudyCache`, as far as it is asked here."""

    def add(self, paths: Collection[Path], *, admit: Admit | None = None) -> ImportResult: ...
    def alert(self, event: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. `rows` are (series, SOP Instance UID); `patient` as the archive's answer named him.

    `issuer` is the archive's own, for patient IDs that come without one; empty parts of `patient`
    are not compared.
    """

    archive: str
    study_instance_uid: str
    rows: frozenset[tuple[str, str]]
    patient: PatientKey = NOBODY
    issuer: str = ""

    def why_not(self, parsed: ParsedInstance) -> str:
        """Why this file is not what was asked for; a `QuarantineKind` when it must be kept as evidence (F39, F49)."""
        if parsed.study.study_instance_uid != self.study_instance_uid:
            return OTHER_STUDY
        if not self._is_of_patient(parsed.study.patient.key):
            return QuarantineKind.OTHER_PATIENT
        row = parsed.series.series_instance_uid, parsed.instance.sop_instance_uid
        return "" if row in self.rows else NOT_LISTED

    def _is_of_patient(self, key: PatientKey) -> bool:
        if not self.patient.patient_id:
            return True
        asked, came = self.patient.issuer or self.issuer, key.issuer or self.issuer
        return key.patient_id == self.patient.patient_id and (asked == came or not asked or not came)


class Arrivals:
    """Takes files in a thread of its own. A context: what was handed over is in the cache, or refused, when it is left.

    `take` waits when the disk is slower than the link. `refused` is the reason by SOP Instance UID
    (as the file, else the protocol says), `stopped` why nothing more can be kept.
    """

    def __init__(self, cache: Taker, request: Request, on_batch: Callable[[], None] = lambda: None) -> None:
        self._cache = cache
        self._request = request
        self._on_batch = on_batch
        self._waiting: queue.Queue[ReceivedFile | None] = queue.Queue(MOST_WAITING)
        self._uids: dict[str, str] = {}
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)
        self.refused: dict[str, str] = {}
        self.unasked: list[str] = []
        """Reasons for files that belong to no row of the list."""
        self.stopped: WorkstationError | None = None

    def __enter__(self) -> Arrivals:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    def take(self, file: ReceivedFile) -> None:
        self._waiting.put(file)

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._batch()
            if batch and self.stopped is None:
                try:
                    self._add(batch)
                    self._on_batch()
                except WorkstationError as error:
                    self.stopped = error
                except Exception as error:  # this thread must go on emptying the queue, or `take` waits for ever
                    self.stopped = WorkstationError("The received images cannot be kept", type(error).__name__)
            for file in batch:
                with contextlib.suppress(OSError):
                    file.path.unlink()

    def _batch(self) -> tuple[list[ReceivedFile], bool]:
        """The files that are here, once one is; False with the last of them."""
        first = self._waiting.get()
        if first is None:
            return [], False
        batch = [first]
        until = time.monotonic() + LINGER_SECONDS
        while len(batch) < MOST_AT_ONCE:
            try:
                file = self._waiting.get(timeout=max(until - time.monotonic(), 0.0))
            except queue.Empty:
                break
            if file is None:
                return batch, False
            batch.append(file)
        return batch, True

    def _add(self, batch: list[ReceivedFile]) -> None:
        said = {shown(file.path): file for file in batch}
        result = self._cache.add([file.path for file in batch], admit=self._admit)
        for name, reason in result.refused:
            file = said.get(name)
            uid = self._uids.get(name) or (file.sop_instance_uid if file else "")
            if reason in (OTHER_STUDY, NOT_LISTED) or not uid:
                self.unasked.append(reason)
            else:
                self.refused[uid] = reason
        self.stopped = result.stopped

    def _admit(self, parsed: ParsedInstance) -> str:
        self._uids[shown(Path(parsed.instance.path))] = parsed.instance.sop_instance_uid
        reason = self._request.why_not(parsed)
        if reason == OTHER_STUDY:
            self._cache.alert(ALERT_OTHER_STUDY.format(self._request.archive))
        elif reason == NOT_LISTED:
            self._cache.alert(ALERT_NOT_LISTED.format(self._request.archive))
        return reason
