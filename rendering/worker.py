"""ImageWorker: the parent's handle of the limited processes that parse and decode received bytes.

Nothing of a received file is interpreted in this process. One file that kills or hangs its
worker is refused alone; the worker comes back and goes on with the rest. Once something was
decoded, a further process stands by: a new one takes the better part of a second to begin (F06).
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rendering.header_json import decode as from_json
from rendering.worker_child import Child, ChildDied, ChildSilent
from rendering.worker_decode import DecodeJob, KeyOf, Rest, decode_in, no_key
from rendering.worker_pipe import Message
from workstation.domain.study import ParsedInstance
from workstation.errors import LethalFile, Refused, Unavailable
from workstation.ports import LethalImages

if TYPE_CHECKING:
    from rendering.objects.facts import ObjectContext, ObjectFacts
    from rendering.shared_frames import SharedFrames

__all__ = ["DecodeJob", "ImageWorker", "WorkerLimits"]

# Files of one parse request: enough that talking costs little, few enough that a decode that
# wants the same process does not wait.
BATCH = 48

NOT_AGAIN = ("The image is not decoded", "It killed the decoder before", "`doctor --repair` lets it be tried once more")

Parsed = ParsedInstance | Refused
HashedFile = tuple[Path, str]


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Caps of a worker process.

    `memory` in bytes above what is mapped on purpose, `seconds` for one file or frame,
    `file_bytes` for one file; `threads` 0 means one for each core. `processes` is how many
    workers there may be: two keep one hostile file from holding up the rest.
    """

    memory: int = 2 << 30
    seconds: float = 10.0
    file_bytes: int = 8 << 30
    threads: int = 0
    processes: int = 2


class ImageWorker:
    """Thread-safe; starts its processes at first use and again after they died. `key_of` opens sealed files."""

    def __init__(self, limits: WorkerLimits = WorkerLimits(), key_of: KeyOf = no_key) -> None:
        self.limits = limits
        self._vault_key_of = key_of
        self.lethal: LethalImages | None = None
        """What must not be decoded; told of what ends a decoder."""
        self._idle: list[Child] = []
        self._spare: Child | None = None
        self._free = threading.Semaphore(limits.processes)
        self._lock = threading.Lock()
        self._closed = False

    def start(self) -> None:
        """Starts a process ahead of its first use; returns before it is ready."""
        with self._borrowed():
            pass

    def parse(self, path: Path) -> ParsedInstance:
        """What the file is. Raises Refused."""
        found = self._parse_batch([(path, "")])[0]
        if isinstance(found, Refused):
            raise found
        return found

    def parse_many(self, paths: Iterable[Path]) -> Iterator[tuple[Path, ParsedInstance | Refused]]:
        """Each file in order. Never raises for a bad file."""
        yield from self.parse_kept((path, "") for path in paths)

    def parse_kept(self, files: Iterable[tuple[Path, str]]) -> Iterator[tuple[Path, ParsedInstance | Refused]]:
        """As `parse_many`, of (file, SHA-256): files that nobody else writes, their hash known to who wrote them.

        Of these no more is read than says what they are; "" has the hash taken of all bytes.
        """
        yield from _in_parallel(self._parse_batch, iter(files), self.limits.processes)

    def media_files(self, dicomdir: Path) -> Sequence[tuple[str, ...]]:
        """The ReferencedFileID components (0004,1500) of a DICOMDIR, unchecked. Raises Refused."""
        return tuple(tuple(str(part) for part in parts) for parts in self._ask("media", dicomdir)["files"])

    def read_object(self, path: Path) -> ObjectFacts:
        """What a presentation state, key object selection, report, segmentation or structure set says. Raises Refused."""
        from rendering.objects.facts import ObjectFacts  # not before the worklist is shown

        return ObjectFacts.from_json(self._ask("object", path)["object"])

    def object_context(self, path: Path) -> ObjectContext:
        """Whose an object about the images of this file is. Raises Refused."""
        from rendering.objects.facts import ObjectContext

        return ObjectContext.from_json(self._ask("context", path)["context"])

    def read_hanging_protocol(self, path: Path) -> Message:
        """What a hanging protocol object says, in the DICOM JSON Model (PS3.18 Annex F). Raises Refused."""
        model: Message = self._ask("hanging_protocol", path)["model"]
        return model

    def _ask(self, what: str, path: Path) -> Message:
        """One question about one file. Raises Refused."""
        with self._borrowed() as child:
            try:
                child.send({"do": what, "path": str(path), "key": self._key_of(path).hex()})
                answer = child.receive(self.limits.seconds)
                child.receive(self.limits.seconds)
            except ChildDied as error:
                child.end()
                raise _killer(error) from error
        if "refused" in answer:
            raise Refused(*answer["refused"])
        return answer

    def decode(
        self,
        jobs: Sequence[DecodeJob],
        target: SharedFrames,
        on_frame: Callable[[int, Refused | None], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Decodes `jobs` into the slots of `target`; blocks until done or cancelled.

        `on_frame(slot, None)` is called from this thread when a slot is filled, or with the
        reason why it never will be. Frames may arrive in any order near the given one.
        """
        hashes = {job.slot: job.sha256 for job in jobs}
        lethal = self.lethal

        def note(slot: int, reason: Refused | None) -> None:
            if isinstance(reason, LethalFile) and lethal is not None and hashes[slot]:
                lethal.note_lethal(hashes[slot])
            on_frame(slot, reason)

        harmless = [job for job in jobs if lethal is None or not lethal.is_lethal(job.sha256)]
        for slot in hashes.keys() - {job.slot for job in harmless}:
            on_frame(slot, Refused(*NOT_AGAIN))
        try:
            if harmless:
                self._decode(harmless, target, note, cancelled)
        finally:
            self._keep_a_spare()

    def _decode(
        self,
        jobs: Sequence[DecodeJob],
        target: SharedFrames,
        on_frame: Callable[[int, Refused | None], None],
        cancelled: Callable[[], bool],
    ) -> None:
        with self._borrowed() as child:
            rest = self._decode_in(child, jobs, target, on_frame, cancelled)
        # What was under way when the worker died goes again, one file at a time: only the
        # file that kills it once more is to blame.
        while rest.unfinished and not cancelled():
            for suspects in rest.suspects:
                with self._borrowed() as child:
                    self._decode_in(child, suspects, target, on_frame, cancelled, alone=True)
            if not rest.others:
                break
            before = len(rest.others)
            with self._borrowed() as child:
                rest = self._decode_in(child, rest.others, target, on_frame, cancelled)
            if len(rest.others) == before:
                raise Unavailable("The image worker dies before it begins")

    def close(self) -> None:
        """Ends the processes; calls under way fail."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            spare, self._spare = self._spare, None
        for child in (*idle, *([spare] if spare is not None else [])):
            child.end()

    def __enter__(self) -> ImageWorker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _borrowed(self) -> Iterator[Child]:
        with self._free:
            child = self._take()
            try:
                yield child
            except BaseException:
                # Whatever was under way, its answers must not reach the next borrower.
                child.end()
                raise
            finally:
                self._give_back(child)

    def _take(self) -> Child:
        with self._lock:
            if self._closed:
                raise Unavailable("The image worker is closed")
            while self._idle:
                child = self._idle.pop()
                if child.is_alive:
                    return child
                child.end()
            spare, self._spare = self._spare, None
        if spare is not None:
            if spare.is_alive:
                return spare
            spare.end()
        return self._started()

    def _started(self) -> Child:
        limits = self.limits
        return Child(limits.memory, limits.seconds, limits.file_bytes, limits.threads or os.cpu_count() or 1)

    def _keep_a_spare(self) -> None:
        """Starts one without waiting for it. Nothing is said when it cannot be: the next that is needed says it."""
        with self._lock, contextlib.suppress(Unavailable):
            if not self._closed and (self._spare is None or not self._spare.is_alive):
                dead, self._spare = self._spare, None
                if dead is not None:
                    dead.end()
                self._spare = self._started()

    def _give_back(self, child: Child) -> None:
        with self._lock:
            if child.is_alive and not self._closed:
                self._idle.append(child)
                return
        child.end()

    def _key_of(self, path: Path) -> bytes:
        try:
            return self._vault_key_of(path)
        except Refused:
            return b""  # the worker says of that file, and of it alone, that there is no key

    def _decode_in(
        self,
        child: Child,
        jobs: Sequence[DecodeJob],
        target: SharedFrames,
        on_frame: Callable[[int, Refused | None], None],
        cancelled: Callable[[], bool],
        alone: bool = False,
    ) -> Rest:
        return decode_in(child, jobs, target, on_frame, cancelled, self.limits.seconds, alone, self._key_of)

    def _parse_batch(self, files: Sequence[HashedFile]) -> list[Parsed]:
        found: list[Parsed] = []
        while len(found) < len(files):
            with self._borrowed() as child:
                try:
                    self._parse_in(child, files[len(found) :], found)
                except ChildDied as error:
                    child.end()
                    found.append(_killer(error))
        return found

    def _parse_in(self, child: Child, files: Sequence[HashedFile], found: list[Parsed]) -> None:
        keys = [self._key_of(path).hex() for path, _ in files]
        hashes = [sha256 for _, sha256 in files]
        child.send({"do": "parse", "paths": [str(path) for path, _ in files], "keys": keys, "hashes": hashes})
        while "finished" not in (answer := child.receive(self.limits.seconds)):
            found.append(_parsed(answer))


def _parsed(answer: Message) -> Parsed:
    if "refused" in answer:
        return Refused(*answer["refused"])
    parsed: ParsedInstance = from_json(ParsedInstance, answer)
    return parsed


def _killer(error: ChildDied) -> LethalFile:
    if isinstance(error, ChildSilent):
        return LethalFile(
            "The file takes too long to read", "It hung the decoder", "It was left out; other files are not affected"
        )
    return LethalFile("The file cannot be read", "It killed the decoder", "It was left out; other files are not affected")


def _in_parallel(
    parse: Callable[[Sequence[HashedFile]], list[Parsed]], files: Iterator[HashedFile], processes: int
) -> Iterator[tuple[Path, Parsed]]:
    """Batches of `files` on as many threads as there are processes, results in order."""
    batches: list[tuple[list[HashedFile], list[Parsed], list[BaseException], threading.Thread]] = []

    def start() -> None:
        batch = list(islice(files, BATCH))
        if not batch:
            return
        found: list[Parsed] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                found.extend(parse(batch))
            except BaseException as error:  # raised again where the results are read
                failed.append(error)

        thread = threading.Thread(target=work, name="parse batch", daemon=True)
        thread.start()
        batches.append((batch, found, failed, thread))

    for _ in range(processes):
        start()
    while batches:
        batch, found, failed, thread = batches.pop(0)
        thread.join()
        if failed:
            raise failed[0]
        start()
        yield from zip((path for path, _ in batch), found, strict=True)
