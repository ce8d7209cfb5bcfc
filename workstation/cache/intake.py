"""One import: every file ends as imported, there already, or refused with a reason."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from workstation.cache import preamble
from workstation.cache.admission import Answer, admission, leading
from workstation.cache.alerts import AlertLog
from workstation.cache.found import RefusedFile, SourceFile, reason_of
from workstation.cache.index import StudyIndex
from workstation.cache.quarantine import REASONS, QuarantinedFile, QuarantineKind
from workstation.cache.soundness import flaw_of, lack_of
from workstation.cache.sources import HEAD, Sources
from workstation.cache.store import ObjectStore, Staged, fingerprint_of
from workstation.domain.study import ParsedInstance
from workstation.errors import DiskFull, LethalFile, Refused, Unavailable, WorkstationError
from workstation.ports import InstanceReader, Progress

T = TypeVar("T")

BATCH_FILES = 200
BATCH_BYTES = 512 << 20

Admit = Callable[[ParsedInstance], str]
"""Why a file must not be taken in, "" when it may; a `QuarantineKind` has it set aside as that, not dropped."""

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
        self._handed: deque[SourceFile] = deque()
        self._batch: list[_Candidate] = []
        self._studies: dict[str, None] = {}
        self._refused: list[tuple[str, str]] = []
        self._done = self._imported = self._duplicates = self._quarantined = 0

    def run(self, paths: Iterable[Path], unpack_into: Path, progress: Progress, cancelled: Callable[[], bool]) -> ImportResult:
        """What could be taken in is in the index when this returns, also when stopped or cancelled."""
        stopped: WorkstationError | None = None
        sources = Sources(paths, self._reader, unpack_into, self._store.vault)
        try:
            for _, outcome in self._reader.parse_many(self._paths(sources)):
                source = self._handed.popleft()
                self._receive(source, outcome)
                if source.temporary:
                    source.path.unlink(missing_ok=True)
                self._done += 1
                progress(self._done, sources.total, READING)
                if cancelled():
                    break
        except Unavailable as error:
            stopped = error
        try:
            self._commit()
        except Unavailable as error:
            stopped = error
        return ImportResult(
            tuple(self._studies),
            self._imported,
            tuple(self._refused),
            self._duplicates,
            self._quarantined,
            sources.directories,
            stopped,
        )

    def _paths(self, sources: Sources) -> Iterator[Path]:
        for found in sources:
            if isinstance(found, SourceFile):
                self._handed.append(found)
                yield found.path
                continue
            self._refuse_found(found)

    def _refuse_found(self, found: RefusedFile) -> None:
        self._done += 1
        self._refused.append((found.shown, found.reason))
        if found.is_attack:
            self._alerts.record(LED_OUT)

    def _receive(self, source: SourceFile, outcome: ParsedInstance | Refused) -> None:
        try:
            if isinstance(outcome, LethalFile):
                self._batch.append(_Candidate(source.shown, self._stage(source.path), outcome))
            elif isinstance(outcome, Refused):
                self._refused.append((source.shown, reason_of(outcome)))
            else:
                self._take(source, outcome)
        except Refused as error:
            self._refused.append((source.shown, reason_of(error)))
        if len(self._batch) >= BATCH_FILES or sum(c.staged.fingerprint.size for c in self._batch) >= BATCH_BYTES:
            self._commit()

    def _take(self, source: SourceFile, parsed: ParsedInstance) -> None:
        if flaw := flaw_of(parsed) or lack_of(parsed):
            raise Refused(flaw)
        reason = self._admit(parsed) if self._admit else ""
        verdict = reason if isinstance(reason, QuarantineKind) else None
        if reason and verdict is None:
            raise Refused(reason)
        sha256 = self._kept_hash(source.path, parsed)
        waiting = (c.staged.fingerprint.sha256 for c in self._batch)
        if self._index.has(sha256) or sha256 in waiting:
            self._duplicates += 1
            self._studies[parsed.study.study_instance_uid] = None
        else:
            self._batch.append(_Candidate(source.shown, self._stage(source.path, parsed.instance.sha256), parsed, verdict))

    def _stage(self, source: Path, expected: str = "") -> Staged:
        """Raises Refused when the source is gone, Unavailable when the disk takes no more."""
        size = source.stat().st_size if source.exists() else 0
        return self._with_room(size, lambda: self._store.stage(source, expected))

    def _with_room(self, size: int, work: Callable[[], T]) -> T:
        """`work`, and once more when the disk was full and room could be made for `size` bytes (F14)."""
        try:
            return work()
        except DiskFull:
            if not self._make_room(size):
                raise
        return work()

    def _kept_hash(self, path: Path, parsed: ParsedInstance) -> str:
        """The hash the file will be kept under: that of its bytes unless the preamble must be zeroed."""
        try:
            with self._store.vault.open(path) as file:
                head = file.read(HEAD)
        except OSError as error:
            raise Refused("Cannot be opened", error.strerror or "") from error
        return fingerprint_of(path, self._store.vault).sha256 if preamble.kind(head) else parsed.instance.sha256

    def _commit(self) -> None:
        """Move the batch into its places and make it known: all or nothing."""
        batch, self._batch = self._batch, []
        if not batch:
            return
        try:
            answers = self._with_room(sum(c.staged.fingerprint.size for c in batch), lambda: self._settled(batch))
        except BaseException as error:
            for candidate in batch:
                self._store.drop(candidate.staged)
                self._refused.append((candidate.shown, str(error) if isinstance(error, WorkstationError) else "Not kept"))
            raise
        for candidate, answer in zip(batch, answers, strict=True):
            self._count(candidate, answer)

    def _settled(self, batch: Sequence[_Candidate]) -> list[Answer | QuarantinedFile]:
        staged = [candidate.staged for candidate in batch]
        self._store.sync(staged)
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
