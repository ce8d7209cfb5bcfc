"""ArchiveDirectory: the archives that are set up, and questions that go to several of them at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from workstation.archives.config import ArchiveConfig, checked, drop_archive, load_archives, put_archive
from workstation.archives.secrets import Secrets
from workstation.archives.walls import OTHER_TENANT, is_asked_for, key_at, names_a_patient, reads_for, why_not_ask
from workstation.domain.archive import Archive, ArchiveConnection, FoundStudy, StudyQuery, TestStep
from workstation.domain.patient import PatientKey
from workstation.errors import Refused, Unavailable, WorkstationError

Connect = Callable[[Archive, str], ArchiveConnection]
"""Makes the connection to an archive from its description and its password."""

ANY_STUDY = StudyQuery()
MOST_ASKED_AT_ONCE = 8
MOST_REMEMBERED = 10_000
MOST_WARMED = 4
"""Archives whose processes are started before anybody asks."""
CROSS_READ = "cross-tenant read: archive {} answered with {} studies of other patients than asked for; dropped"


def _never() -> bool:
    return False


def _untold(_: str) -> None:
    pass


@runtime_checkable
class Warmable(Protocol):
    """A connection that has something to start before it can be asked."""

    def warm(self, fetching: bool = False) -> None: ...


@dataclass(frozen=True, slots=True)
class FoundAt:
    """A study and every archive that holds it. `study` is the first archive's answer: local wins over remote."""

    study: FoundStudy
    archives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What several archives answered. Nothing found means nothing only where `failures` and `not_asked` are empty.

    `failures` and `not_asked` are (archive, why in words); `dropped` counts answers that were not
    of the patient asked for. `pauses` are (archive, seconds) for which one asked to be left in peace.
    """

    studies: tuple[FoundAt, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    not_asked: tuple[tuple[str, str], ...] = ()
    dropped: int = 0
    asked: tuple[str, ...] = ()
    pauses: tuple[tuple[str, float], ...] = ()

    @property
    def is_whole(self) -> bool:
        return not (self.failures or self.not_asked)


class ArchiveDirectory:
    """Thread-safe. Connections are made when first used and shared; `close` ends them.

    `alert` writes a line of the security log. `problems` is what is wrong with `archives.toml`.
    """

    def __init__(self, folder: Path, secrets: Secrets, connect: Connect, alert: Callable[[str], None] = _untold) -> None:
        self._folder = folder
        self._secrets = secrets
        self._connect = connect
        self._alert = alert
        self._lock = threading.RLock()
        self._connections: dict[str, ArchiveConnection] = {}
        self._seen: dict[tuple[str, str], FoundStudy] = {}
        self._config = ArchiveConfig()
        self._is_closed = False
        self.reload()

    # ---- which there are -----------------------------------------------------------------

    @property
    def archives(self) -> tuple[Archive, ...]:
        """Local ones first, else in the order of the file."""
        return tuple(sorted(self._config.archives, key=lambda archive: not archive.is_local))

    @property
    def problems(self) -> tuple[WorkstationError, ...]:
        return self._config.problems

    def archive(self, name: str) -> Archive:
        """Raises Refused when there is none of this name."""
        for archive in self._config.archives:
            if archive.name.casefold() == name.casefold():
                return archive
        raise Refused("There is no archive of this name", name, "`archive list` names them")

    def connection(self, name: str) -> ArchiveConnection:
        archive = self.archive(name)
        with self._lock:
            if self._is_closed:
                raise Unavailable("The connections to archives are closed", hint="Start the program again")
            held = self._connections.get(archive.name)
            if held is None:
                secret = self._secrets.get(archive.name) if archive.user else ""
                held = self._connections[archive.name] = self._connect(archive, secret)
            return held

    def warm(self, names: Sequence[str] = (), fetching: bool = False) -> None:
        """Somebody is about to ask these archives (all, without names) or to fetch from them. Returns at once."""
        for name in (names or [archive.name for archive in self.archives])[:MOST_WARMED]:
            with contextlib.suppress(WorkstationError):  # who asks is told
                connection = self.connection(name)
                if isinstance(connection, Warmable):
                    connection.warm(fetching)

    def reload(self) -> None:
        """Read the file again; connections to archives that were changed or removed are ended."""
        with self._lock:
            before = {archive.name: archive for archive in self._config.archives}
            self._config = load_archives(self._folder)
            same = {archive.name for archive in self._config.archives if before.get(archive.name) == archive}
            self._end(name for name in before if name not in same)

    def add(self, archive: Archive, secret: str = "") -> None:
        """Raises Refused when a field is wrong or the name is taken; nothing is written then."""
        self._put(archive, "", secret)

    def change(self, name: str, archive: Archive, secret: str | None = None) -> None:
        """Put `archive` in the place of the one called `name`. No `secret` keeps the one there is."""
        kept = self._secrets.get(name) if secret is None and archive.user and archive.name != name else secret
        self._put(archive, self.archive(name).name, kept)
        if archive.name != name:
            self._secrets.forget(name)

    def remove(self, name: str) -> None:
        """Take the archive out of the file and forget its password."""
        drop_archive(self._folder, name)
        self._secrets.forget(name)
        self.reload()

    def test(self, name: str) -> tuple[TestStep, ...]:
        """What works and what does not, in words."""
        try:
            return self.connection(name).test()
        except WorkstationError as error:
            return (TestStep("Connection", False, str(error)),)

    def close(self) -> None:
        """End all connections, from any thread: what is under way fails, and none is made again."""
        with self._lock:
            self._is_closed = True
            self._end(list(self._connections))

    # ---- who may be asked ----------------------------------------------------------------

    def may_ask(self, archive: Archive, key: PatientKey, tenant: str) -> bool:
        """Whether a patient of `tenant` may be looked for there: see `walls`."""
        return not why_not_ask(archive, key, tenant)

    def sources_for(self, key: PatientKey, tenant: str) -> tuple[tuple[Archive, ...], tuple[tuple[str, str], ...]]:
        """The archives that may be asked for a patient's studies, and why the others may not."""
        reasons = [(archive, why_not_ask(archive, key, tenant)) for archive in self.archives if archive.is_prior_source]
        return tuple(a for a, why in reasons if not why), tuple((a.name, why) for a, why in reasons if why)

    def find_patient_studies(
        self, key: PatientKey, tenant: str = "", query: StudyQuery = ANY_STUDY, cancelled: Callable[[], bool] = _never
    ) -> Findings:
        """The studies of one patient in every archive that may be asked; `query` narrows them further."""
        allowed, not_asked = self.sources_for(key, tenant)
        asked = replace(query, patient_id=key.patient_id, issuer=key.issuer)
        findings = self._ask(allowed, asked, cancelled)
        return replace(findings, not_asked=not_asked)

    @property
    def home_tenant(self) -> str:
        """The care provider of the first archive; "" where there is none."""
        return self.archives[0].tenant if self.archives else ""

    def study_at(self, archive: str, study_instance_uid: str, cancelled: Callable[[], bool] = _never) -> FoundStudy:
        """What an archive says of one study; as it said it last, if it was asked lately. Raises Refused if it has it not."""
        source = self.archive(archive)
        with self._lock:
            seen = self._seen.get((source.name, study_instance_uid))
        if seen is not None:
            return seen
        query = StudyQuery(study_instance_uid=study_instance_uid)
        rows = self._believed(source, query, self.connection(source.name).find_studies(query, cancelled))[0]
        if not rows:
            raise Refused("The archive does not have this study", source.title or source.name, "Search for it in all archives")
        return rows[0]

    def find_studies(
        self, query: StudyQuery, archives: Sequence[str] = (), tenant: str | None = None, cancelled: Callable[[], bool] = _never
    ) -> Findings:
        """Ask several archives at once and merge what they answer.

        `archives` are asked as named: that is the reader's own decision. Without names all are,
        but a question that names a patient stays with one care provider: `tenant`, or that of
        the first archive.
        """
        if archives:
            return self._ask([self.archive(name) for name in dict.fromkeys(archives)], query, cancelled)
        everyone = self.archives
        if not names_a_patient(query) or not everyone:
            return self._ask(everyone, query, cancelled)
        home = self.home_tenant if tenant is None else tenant
        findings = self._ask([a for a in everyone if reads_for(a, home)], query, cancelled)
        return replace(findings, not_asked=tuple((a.name, OTHER_TENANT) for a in everyone if not reads_for(a, home)))

    # ---- inside --------------------------------------------------------------------------

    def _ask(self, archives: Sequence[Archive], query: StudyQuery, cancelled: Callable[[], bool]) -> Findings:
        if not archives:
            return Findings()
        with ThreadPoolExecutor(min(len(archives), MOST_ASKED_AT_ONCE), thread_name_prefix="find") as pool:
            answers = list(pool.map(lambda archive: self._answer(archive, query, cancelled), archives))
        failed = [(a.name, got) for a, got in zip(archives, answers, strict=True) if isinstance(got, WorkstationError)]
        believed: list[FoundStudy] = []
        dropped = 0
        for archive, answer in zip(archives, answers, strict=True):
            good, others = self._believed(archive, query, answer if isinstance(answer, tuple) else ())
            believed += good
            dropped += others
        failures = tuple((name, str(error)) for name, error in failed)
        pauses = tuple((name, error.retry_after) for name, error in failed if error.retry_after)
        return Findings(self._merged(believed), failures, (), dropped, tuple(archive.name for archive in archives), pauses)

    def _believed(self, archive: Archive, query: StudyQuery, rows: Sequence[FoundStudy]) -> tuple[tuple[FoundStudy, ...], int]:
        """The answers that are of whom was asked for, and the number of the others, which the security log hears of."""
        good = tuple(replace(row, archive=archive.name) for row in rows if is_asked_for(row, query, archive))
        if len(good) < len(rows):
            self._alert(CROSS_READ.format(archive.name, len(rows) - len(good)))
        with self._lock:
            for row in good:
                self._seen[archive.name, row.study_instance_uid] = row
            while len(self._seen) > MOST_REMEMBERED:
                del self._seen[next(iter(self._seen))]
        return good, len(rows) - len(good)

    def _answer(
        self, archive: Archive, query: StudyQuery, cancelled: Callable[[], bool]
    ) -> tuple[FoundStudy, ...] | WorkstationError:
        try:
            return self.connection(archive.name).find_studies(query, cancelled)
        except WorkstationError as error:
            return error

    def _merged(self, found: Iterable[FoundStudy]) -> tuple[FoundAt, ...]:
        """One row for each study; the same UID with another patient is another row, never merged."""
        places: dict[tuple[str, PatientKey], list[FoundStudy]] = {}
        for row in found:
            key = key_at(self.archive(row.archive), row.patient.key)
            rows = places.setdefault((row.study_instance_uid, key), [])
            if row.archive not in [other.archive for other in rows]:
                rows.append(row)
        merged = [FoundAt(rows[0], tuple(row.archive for row in rows)) for rows in places.values()]
        return tuple(sorted(merged, key=lambda at: (at.study.study_date, at.study.study_time), reverse=True))

    def _put(self, archive: Archive, replacing: str, secret: str | None) -> None:
        checked(archive)
        with self._lock:
            put_archive(self._folder, archive, replacing)
            if secret:
                self._secrets.set(archive.name, secret)
            self._end([replacing] if replacing else [])
            self.reload()

    def _end(self, names: Iterable[str]) -> None:
        for name in list(names):
            self._seen = {key: row for key, row in self._seen.items() if key[0] != name}
            held = self._connections.pop(name, None)
            if held is not None:
                held.close()
