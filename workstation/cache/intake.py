"""One import: every file ends as imported, there already, or refused with a reason.

Each byte is read once: while it is copied into a folder that only this program holds. The hash is that
of the bytes that were written, and what is parsed is the copy, so no hash is taken a second time: what
the index says of a file and the file it keeps cannot be of two different moments (F17). Only what most
likely is no image, or is very large, is parsed where it lies; it must then be copied as it was parsed.
Copying, parsing and committing go on at once, each batch behind the one before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from workstation.cache import preamble
from workstation.cache.admission import Answer, admission, leading
from workstation.cache.alerts import AlertLog
from workstation.cache.copying import CopyingAhead
from workstation.cache.found import RefusedFile, SourceFile, reason_of
from workstation.cache.index import StudyIndex
from workstation.cache.quarantine import REASONS, QuarantinedFile, QuarantineKind
from workstation.cache.soundness import flaw_of, lack_of
from workstation.cache.sources import Sources
from workstation.cache.store import ObjectStore, Staged
from workstation.domain.study import ParsedInstance
from workstation.errors import DiskFull, LethalFile, Refused, Unavailable, WorkstationError
from workstation.ports import InstanceReader, Progress

T = TypeVar("T")

BATCH_FILES = 200
BATCH_BYTES = 512 << 20

Admit = Callable[[ParsedInstance], str]
"""Given the file as it lay when it was handed over (`instance.path`): why it must not be taken in, "" when it may.

A `QuarantineKind` has it set aside as that, not dropped.
"""

READING = "Reading files"
LED_OUT = "a name that leads out of its folder"
OTHER_PATIENT = "an image of another patient inside a study"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`studies` are the Study Instance UIDs that the files belong to, in the order they came.

    `imported` files are new, `duplicates` were there already, `directories` were read as tables
    of contents; `refused` is (file, reason) for all others, `quarantined` of which were kept
    apart. `stopped` is why the import ended early.
    """

    studies: tuple[str, ...] = ()
    imported: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    duplicates: int = 0
    quarantined: int = 0
    directories: int = 0
    stopped: WorkstationError | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A staged file that waits for its batch: parsed, or with the reason why it is set aside."""

    shown: str
    staged: Staged
    outcome: ParsedInstance | LethalFile
    verdict: QuarantineKind | None = None


class _Batch:
    """Candidates that are committed at once, the bytes of their files, and their hashes."""

    def __init__(self) -> None:
        self.candidates: list[_Candidate] = []
        self.bytes = 0
        self.hashes: set[str] = set()

    def append(self, candidate: _Candidate) -> None:
        self.candidates.append(candidate)
        self.bytes += candidate.staged.fingerprint.size
        self.hashes.add(candidate.staged.fingerprint.sha256)

    @property
    def is_full(self) -> bool:
        return len(self.candidates) >= BATCH_FILES or self.bytes >= BATCH_BYTES


class Intake:
    """Used once. `admit` is what the caller knows of the files beyond the rules of the cache."""

    def __init__(
        self,
        store: ObjectStore,
        index: StudyIndex,
        reader: InstanceReader,
        alerts: AlertLog,
        admit: Admit | None = None,
        make_room: Callable[[int], bool] = lambda _bytes: False,
    ) -> None:
        self._make_room = make_room
        self._admit = admit
        self._store = store
        self._index = index
        self._reader = reader
        self._alerts = alerts
        self._handed: deque[tuple[SourceFile, Staged | None]] = deque()
        self._batch = _Batch()
        self._committing: tuple[_Batch, Future[list[Answer | QuarantinedFile]]] | None = None
        self._committer = ThreadPoolExecutor(1, "commit")
        self._studies: dict[str, None] = {}
        self._refused: list[tuple[str, str]] = []
        self._stopped: WorkstationError | None = None
        self._done = self._imported = self._duplicates = self._quarantined = 0

    def run(self, paths: Iterable[Path], unpack_into: Path, progress: Progress, cancelled: Callable[[], bool]) -> ImportResult:
        """What could be taken in is in the index when this returns, also when stopped or cancelled."""
        sources = Sources(paths, self._reader, unpack_into, self._store.vault)
        with ExitStack() as leaving:
            leaving.callback(self._committer.shutdown)
            leaving.callback(self._drop_handed)
            copying = leaving.enter_context(CopyingAhead(self._stage_source, self._stage_with_room, self._store.drop))
            self._read(sources, copying, progress, cancelled)
            # The last batch is committed also when the one before it was not.
            for rest in (self._finish_commit, self._begin_commit, self._finish_commit):
                try:
                    rest()
                except Unavailable as error:
                    self._stopped = error
        return ImportResult(
            tuple(self._studies),
            self._imported,
            tuple(self._refused),
            self._duplicates,
            self._quarantined,
            sources.directories,
            self._stopped,
        )

    def _read(self, sources: Sources, copying: CopyingAhead, progress: Progress, cancelled: Callable[[], bool]) -> None:
        try:
            for _, outcome in self._reader.parse_kept(self._files(sources, copying)):
                source, staged = self._handed.popleft()
                self._receive(source, staged, outcome)
                if source.temporary:
                    source.path.unlink(missing_ok=True)
                self._done += 1
                progress(self._done, sources.total, READING)
                if cancelled():
                    break
        except Unavailable as error:
            self._stopped = error

    def _files(self, sources: Sources, copying: CopyingAhead) -> Iterator[tuple[Path, str]]:
        """Our copies, whose hash is known, or files where they lie.

        Ends where the disk takes no more: what went before counts.
        """
        try:
            for source, staged in copying.copies(self._found(sources)):
                self._handed.append((source, staged))
                yield (staged.path, staged.fingerprint.sha256) if staged else (source.path, "")
        except Unavailable as error:
            self._stopped = error

    def _found(self, sources: Sources) -> Iterator[SourceFile]:
        for found in sources:
            if isinstance(found, SourceFile):
                yield found
            else:
                self._refuse_found(found)

    def _drop_handed(self) -> None:
        """What was read no more because the import ended early."""
        for _, staged in self._handed:
            if staged:
                with suppress(OSError):  # the worker may still hold it open; it goes with its folder
                    self._store.drop(staged)

    def _refuse_found(self, found: RefusedFile) -> None:
        self._done += 1
        self._refused.append((found.shown, found.reason))
        if found.is_attack:
            self._alerts.record(LED_OUT)

    def _receive(self, source: SourceFile, staged: Staged | None, outcome: ParsedInstance | Refused) -> None:
        try:
            if isinstance(outcome, LethalFile):
                self._batch.append(_Candidate(source.shown, staged or self._stage_with_room(source), outcome))
            elif isinstance(outcome, Refused):
                raise outcome
            else:
                self._take(source, staged, outcome)
        except WorkstationError as error:
            if staged:
                self._store.drop(staged)
            if not isinstance(error, Refused):
                raise
            self._refused.append((source.shown, reason_of(error)))
        if self._batch.is_full:
            self._begin_commit()

    def _take(self, source: SourceFile, staged: Staged | None, parsed: ParsedInstance) -> None:
        if flaw := flaw_of(parsed) or lack_of(parsed):
            raise Refused(flaw)
        reason = self._admit(_where_it_lay(parsed, source.path)) if self._admit else ""
        verdict = reason if isinstance(reason, QuarantineKind) else None
        if reason and verdict is None:
            raise Refused(reason)
        copy = staged or self._stage_with_room(source, parsed.instance.sha256)
        if copy.fingerprint.sha256 in self._batch.hashes:
            self._store.drop(copy)
            self._duplicates += 1
            self._studies[parsed.study.study_instance_uid] = None
        else:
            self._batch.append(_Candidate(source.shown, copy, parsed, verdict))

    def _stage_source(self, source: SourceFile) -> Staged:
        return self._store.stage(source.path)

    def _stage_with_room(self, source: SourceFile, expected: str = "") -> Staged:
        """Raises Refused when the source is gone, Unavailable when the disk takes no more."""
        size = source.path.stat().st_size if source.path.exists() else 0
        return self._with_room(size, lambda: self._store.stage(source.path, expected))

    def _with_room(self, size: int, work: Callable[[], T]) -> T:
        """`work`, and once more when the disk was full and room could be made for `size` bytes (F14)."""
        try:
            return work()
        except DiskFull:
            if not self._make_room(size):
                raise
        return work()

    def _begin_commit(self) -> None:
        """Hand the batch over to be committed while the next one is read."""
        self._finish_commit()
        batch, self._batch = self._batch, _Batch()
        if batch.candidates:
            self._committing = batch, self._committer.submit(self._settled, batch.candidates)

    def _finish_commit(self) -> None:
        """Wait until the batch under way is in its places and known: all of it or nothing."""
        if self._committing is None:
            return
        (batch, future), self._committing = self._committing, None
        try:
            answers = self._answers(batch, future)
        except BaseException as error:
            for candidate in batch.candidates:
                self._store.drop(candidate.staged)
                self._refused.append((candidate.shown, str(error) if isinstance(error, WorkstationError) else "Not kept"))
            raise
        for candidate, answer in zip(batch.candidates, answers, strict=True):
            self._count(candidate, answer)

    def _answers(self, batch: _Batch, future: Future[list[Answer | QuarantinedFile]]) -> list[Answer | QuarantinedFile]:
        """Room is made in this thread: it holds what the removal of studies asks for."""
        try:
            return future.result()
        except DiskFull:
            if not self._make_room(batch.bytes):
                raise
        return self._settled(batch.candidates)

    def _settled(self, batch: Sequence[_Candidate]) -> list[Answer | QuarantinedFile]:
        """In the committing thread. What is here already is not written to the disk once more."""
        staged = [candidate.staged for candidate in batch]
        known = self._index.known_of([copy.fingerprint.sha256 for copy in staged])
        self._store.sync([copy for copy in staged if copy.fingerprint.sha256 not in known])
        with self._store.renaming(staged, self._index.has), self._index.changing():
            answers = [self._settle(candidate) for candidate in batch]
            self._store.sync_folders(staged)
        return answers

    def _settle(self, candidate: _Candidate) -> Answer | QuarantinedFile:
        parsed, staged = candidate.outcome, candidate.staged
        sha256 = staged.fingerprint.sha256
        if isinstance(parsed, LethalFile):
            return self._set_aside(candidate, QuarantineKind.LETHAL, reason_of(parsed))
        answer = candidate.verdict or admission(parsed, sha256, self._index)
        if isinstance(answer, QuarantineKind):
            return self._set_aside(candidate, answer, REASONS[answer])
        if answer is Answer.DUPLICATE:
            self._store.drop(staged)
        else:
            self._store.keep(staged)
            stored = replace(parsed.instance, sha256=sha256, size=staged.fingerprint.size)
            self._index.insert(parsed, stored, leading(parsed, sha256))
        return answer

    def _set_aside(self, candidate: _Candidate, kind: QuarantineKind, reason: str) -> QuarantinedFile:
        parsed, sha256 = candidate.outcome, candidate.staged.fingerprint.sha256
        received = datetime.now(UTC).isoformat(timespec="microseconds")
        file = QuarantinedFile(sha256, kind, reason, candidate.shown, received)
        if isinstance(parsed, ParsedInstance):
            file = replace(
                file,
                study_instance_uid=parsed.study.study_instance_uid,
                series_instance_uid=parsed.series.series_instance_uid,
                sop_instance_uid=parsed.instance.sop_instance_uid,
            )
        self._store.set_aside(candidate.staged, file.to_json())
        self._index.insert_quarantined(file)
        return file

    def _count(self, candidate: _Candidate, answer: Answer | QuarantinedFile) -> None:
        fingerprint = candidate.staged.fingerprint
        if fingerprint.preamble not in ("", preamble.UNKNOWN):
            self._alerts.record(f"preamble: {fingerprint.preamble}", fingerprint.sha256)
        if isinstance(answer, QuarantinedFile):
            self._quarantined += 1
            self._refused.append((candidate.shown, answer.reason))
            if answer.is_red_alert:
                self._alerts.record(OTHER_PATIENT, fingerprint.sha256)
            return
        self._imported += answer is Answer.ADMITTED
        self._duplicates += answer is Answer.DUPLICATE
        if isinstance(candidate.outcome, ParsedInstance):
            self._studies[candidate.outcome.study.study_instance_uid] = None


def _where_it_lay(parsed: ParsedInstance, path: Path) -> ParsedInstance:
    """As the caller knows the file: our copy was parsed, not the file itself."""
    instance = replace(parsed.instance, path=str(path))
    return replace(parsed, study=replace(parsed.study, series=(replace(parsed.series, instances=(instance,)),)))
