"""WADO-RS (PS3.18 10.4): the wanted images over several lines, the first of them first, as the archive stores them.

A series of which nearly all is wanted comes as one answer: no request waits for the one before, so
that latency does not count. What is left of a series comes image by image. Whatever breaks costs
the objects under way, not those that had ended.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workstation.archives.gateway.dicom_json import is_uid
from workstation.archives.gateway.dicomweb_query import Query, instances_by_series
from workstation.archives.gateway.dicomweb_receive import Receiver
from workstation.archives.gateway.dicomweb_wire import Answer, Cancelled, Line, Throttle
from workstation.archives.gateway.dicomweb_words import HttpRefusal, refusal
from workstation.archives.gateway.http_limits import HttpLimits
from workstation.domain.archive import FoundInstance, ReceivedFile
from workstation.errors import Refused, WorkstationError

_WHOLE_SERIES = 0.95
"""From this share of a series on, one answer for all of it wastes less than asking image by image."""
_FIRST_ALONE = 20
"""In a series of so many, the first image is fetched twice, to be there at once: at most 5 % more."""
_TICK = 0.1

# As stored first: nothing is recoded, and compressed images stay small. Then by name, lossless before lossy
# (PS3.18 8.7.3.3; HTJ2K lossless, RPCL, JPEG-LS, J2K, JPEG, RLE, then what may be lossy). Then whatever it gives.
_SYNTAXES = (
    *("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"),
    *("1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.203"),
    *("1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.50"),
)
_OBJECTS = 'multipart/related; type="application/dicom"'
ACCEPTS = (
    f"{_OBJECTS}; transfer-syntax=*",
    ", ".join(f"{_OBJECTS}; transfer-syntax={uid};q={1 - place * 0.05:.2f}" for place, uid in enumerate(_SYNTAXES)),
    _OBJECTS,
)
_ANOTHER_FORM = (400, 406, 415)
_NOT_THIS_ONE = (403, 404, 410, 500)
_MOST_FAILURES = 3


@dataclass(frozen=True, slots=True)
class _Job:
    """One request: an image, or (`count` of them wanted) a whole series."""

    series: str
    instance: str = ""
    count: int = 1
    instead: tuple[FoundInstance, ...] = ()
    """What to fetch one by one if the archive does not give the series at once."""


@dataclass(slots=True)
class _Outcome:
    failures: int = 0
    successes: int = 0
    error: WorkstationError | None = None
    unexpected: BaseException | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Retrieve:
    """One fetch of images of one study."""

    def __init__(
        self, study: str, into: Path, incoming_key: bytes, limits: HttpLimits, kilobits: int, counts: Mapping[str, int | None]
    ) -> None:
        """`counts` are the images of the study's series as far as they are known; the archive is asked for others."""
        self._study = study
        self._limits = limits
        self._receiver = Receiver(into, incoming_key, limits)
        self._throttle = Throttle(kilobits)
        self._accept = 0
        self._jobs: deque[_Job] = deque()
        self._counts = dict(counts)
        self._counting = threading.Lock()
        self._outcome = _Outcome()
        self._had: set[str] = set()
        self._events: queue.SimpleQueue[ReceivedFile | int | None] = queue.SimpleQueue()
        self._cancelled: Callable[[], bool] = lambda: False

    def run(
        self,
        lines: Sequence[Line],
        wanted: Sequence[FoundInstance],
        on_file: Callable[[ReceivedFile], None],
        on_bytes: Callable[[int], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """See `ArchiveConnection.retrieve`. The callbacks run in the calling thread."""
        if not is_uid(self._study) or not all(is_uid(i.series_instance_uid) and is_uid(i.sop_instance_uid) for i in wanted):
            raise Refused("This is no UID", "It would not name one image", "Look for the study again")
        self._cancelled = cancelled
        self._jobs.extend(_planned(wanted))
        threads = [threading.Thread(target=self._work, args=(line,), name="wado", daemon=True) for line in lines]
        for thread in threads:
            thread.start()
        try:
            self._tell(len(threads), on_file, on_bytes)
        finally:
            self._jobs.clear()
            for line, thread in zip(lines, threads, strict=True):
                if thread.is_alive():
                    line.cut()
                thread.join()
        self._raise_what_failed()

    def _tell(self, working: int, on_file: Callable[[ReceivedFile], None], on_bytes: Callable[[int], None]) -> None:
        while working:
            try:
                event = self._events.get(timeout=_TICK)
            except queue.Empty:
                on_bytes(0)  # a sign of life: each request has a time limit of its own
                continue
            if event is None:
                working -= 1
            elif isinstance(event, int):
                on_bytes(event)
            else:
                on_file(event)

    def _raise_what_failed(self) -> None:
        outcome = self._outcome
        if outcome.unexpected is not None:
            raise outcome.unexpected
        if outcome.error is not None and not self._cancelled():
            raise outcome.error

    def _work(self, line: Line) -> None:
        try:
            while (job := self._next()) is not None:
                self._do(line, job)
        except Cancelled:
            self._jobs.clear()
        except WorkstationError as error:
            self._failed(error)
        except BaseException as error:
            self._outcome.unexpected = error
            self._jobs.clear()
        finally:
            self._events.put(None)

    def _next(self) -> _Job | None:
        if self._cancelled():
            return None
        try:
            return self._jobs.popleft()
        except IndexError:
            return None

    def _failed(self, error: WorkstationError) -> None:
        """The link is of no use now; what other lines have under way may still come."""
        with self._outcome.lock:
            self._outcome.error = error
        self._jobs.clear()

    def _do(self, line: Line, job: _Job) -> None:
        if job.instance in self._had:
            return
        if not job.instance and not self._is_whole(line, job):
            self._one_by_one(job)
            return
        received = 0
        try:
            for file in self._received(line, job):
                received += 1
                self._pass_on(file)
            self._outcome.successes += 1
        except HttpRefusal as refused:
            if not job.instance and not received and refused.status != 401:
                self._one_by_one(job)
            elif refused.status in _NOT_THIS_ONE:
                self._missed(refused)
            else:
                raise

    def _pass_on(self, file: ReceivedFile) -> None:
        """Each image once, though the first one may come alone and with its series."""
        with self._outcome.lock:
            is_new = file.sop_instance_uid not in self._had
            if file.sop_instance_uid:
                self._had.add(file.sop_instance_uid)
        if is_new:
            self._events.put(file)
        else:
            file.path.unlink(missing_ok=True)

    def _missed(self, refused: HttpRefusal) -> None:
        """One image that the archive does not give need not stop the others; many in a row do."""
        with self._outcome.lock:
            self._outcome.failures += 1
            if refused.status not in (404, 410):
                self._outcome.error = refused
            give_up = self._outcome.failures >= _MOST_FAILURES and not self._outcome.successes
        if give_up:
            raise refused

    def _one_by_one(self, job: _Job) -> None:
        self._jobs.extendleft(_Job(i.series_instance_uid, i.sop_instance_uid) for i in reversed(job.instead))

    def _is_whole(self, line: Line, job: _Job) -> bool:
        """Whether what is wanted of the series is nearly all that the archive has of it."""
        with self._counting:
            if job.series not in self._counts:
                found = Query("", line, self._limits).series(self._study)
                self._counts |= {series.series_instance_uid: series.instance_count for series in found}
            count = self._counts.get(job.series)
            if count is None:
                count = len(Query("", line, self._limits).instances(self._study, job.series))
        return job.count >= count * _WHOLE_SERIES

    def _received(self, line: Line, job: _Job) -> Iterator[ReceivedFile]:
        target = f"studies/{self._study}/series/{job.series}" + (f"/instances/{job.instance}" if job.instance else "")
        most = job.count + self._limits.surplus_parts if not job.instance else 1
        while True:
            form = self._accept
            with line.ask("GET", target, {"Accept": ACCEPTS[form]}) as answer:
                if answer.status in _ANOTHER_FORM and form + 1 < len(ACCEPTS):
                    self._accept = max(self._accept, form + 1)
                    continue
                if answer.status == 204:
                    return
                if answer.status not in (200, 206):
                    raise refusal(answer)
                yield from self._receiver.objects(answer, self._counted(answer), most)
                return

    def _counted(self, answer: Answer) -> Iterator[bytes]:
        for piece in answer.pieces():
            self._events.put(len(piece))
            self._throttle.take(len(piece))
            yield piece


def _planned(wanted: Sequence[FoundInstance]) -> Iterator[_Job]:
    """The very first image alone if its series is long; series by series, in the order of each one's first image."""
    groups = list(instances_by_series(wanted))
    if groups and len(groups[0][1]) >= _FIRST_ALONE:
        first = groups[0][1][0]
        yield _Job(first.series_instance_uid, first.sop_instance_uid)
    for series, instances in groups:
        if len(instances) == 1:
            yield _Job(series, instances[0].sop_instance_uid)
        else:
            yield _Job(series, count=len(instances), instead=tuple(instances))
