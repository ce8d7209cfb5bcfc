"""One DICOMweb archive (PS3.18): QIDO-RS, WADO-RS and STOW-RS behind `ArchiveConnection`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from workstation.archives.gateway.dicomweb_check import checked
from workstation.archives.gateway.dicomweb_query import Query
from workstation.archives.gateway.dicomweb_retrieve import Retrieve
from workstation.archives.gateway.dicomweb_store import Store
from workstation.archives.gateway.dicomweb_wire import Cancelled, Line, Watchdog, authorization, place_of
from workstation.archives.gateway.http_limits import HttpLimits
from workstation.domain.archive import (
    Archive,
    FoundInstance,
    FoundSeries,
    FoundStudy,
    ReceivedFile,
    SendResult,
    StudyQuery,
    TestStep,
)


def _never() -> bool:
    return False


class DicomWebConnection:
    """See `ArchiveConnection`. One request at a time. `limits` are the archive's unless given.

    With user "bearer" the secret is a token, else a password. Files are sealed with `incoming_key` when it is not empty.
    """

    def __init__(self, archive: Archive, secret: str, incoming_key: bytes, limits: HttpLimits | None = None) -> None:
        self._archive = archive
        self._incoming_key = incoming_key
        self._limits = limits or HttpLimits.of(archive.timeout_seconds)
        credentials = authorization(archive.user, secret)
        self._headers = {"Authorization": credentials} if credentials else {}
        self._place = place_of(archive, bool(credentials))
        self._dog = Watchdog()
        self._lines: list[Line] = []
        self._counts: dict[str, dict[str, int | None]] = {}
        """How many images each series had when it was last listed, until its study is fetched: saves a round trip."""

    def test(self) -> tuple[TestStep, ...]:
        self._dog.cancelled = _never
        return checked(self._archive, self._place, self._line, self._limits)

    def find_studies(self, query: StudyQuery, cancelled: Callable[[], bool] = _never) -> tuple[FoundStudy, ...]:
        self._dog.cancelled = cancelled
        try:
            return self._query().studies(query, cancelled)
        except Cancelled:
            return ()

    def find_series(self, study_instance_uid: str) -> tuple[FoundSeries, ...]:
        self._dog.cancelled = _never
        found = self._query().series(study_instance_uid)
        self._counts[study_instance_uid] = {series.series_instance_uid: series.instance_count for series in found}
        return found

    def find_instances(self, study_instance_uid: str, series_instance_uid: str = "") -> tuple[FoundInstance, ...]:
        self._dog.cancelled = _never
        found = self._query().instances(study_instance_uid, series_instance_uid)
        counts = Counter(instance.series_instance_uid for instance in found)
        self._counts.setdefault(study_instance_uid, {}).update(counts)
        return found

    def retrieve(
        self,
        study_instance_uid: str,
        wanted: Sequence[FoundInstance],
        into: Path,
        on_file: Callable[[ReceivedFile], None],
        on_bytes: Callable[[int], None] = lambda _: None,
        cancelled: Callable[[], bool] = _never,
        kilobits: int = 0,
    ) -> None:
        self._dog.cancelled = cancelled
        lines = [self._line(number) for number in range(max(1, min(self._archive.connections, len(wanted))))]
        counts = self._counts.pop(study_instance_uid, {})
        fetch = Retrieve(study_instance_uid, into, self._incoming_key, self._limits, kilobits, counts)
        fetch.run(lines, wanted, on_file, on_bytes, cancelled)

    def send(self, files: Sequence[Path], cancelled: Callable[[], bool] = _never) -> tuple[SendResult, ...]:
        self._dog.cancelled = cancelled
        return Store(self._line(), self._limits).send(files, cancelled)

    def prove(self, objects: Sequence[FoundInstance], study_instance_uid: str) -> tuple[SendResult, ...]:
        self._dog.cancelled = _never
        return Store(self._line(), self._limits).prove(objects, study_instance_uid)

    def close(self) -> None:
        for line in self._lines:
            line.close()
        self._dog.close()

    def _query(self) -> Query:
        return Query(self._archive.name, self._line(), self._limits)

    def _line(self, number: int = 0) -> Line:
        while len(self._lines) <= number:
            self._lines.append(Line(self._place, self._headers, self._archive.tls, self._limits, self._dog))
        return self._lines[number]
