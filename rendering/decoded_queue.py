"""DecodeQueue: series that arrived are decoded once, in the background, into the decoded store.

What is on screen and hung beside it is loaded by `rendering.library`, which holds this queue
meanwhile; here wait the arrivals, then what was fetched ahead. The queue gives way within one
frame: while the open case loads, while the reader scrolls, and to what is more urgent. What was decoded
until then is kept. A frame that cannot be decoded is left out of its entry; the others are stored.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rendering.decoded_listed import Listed, StudyOf
from rendering.transfer_syntaxes import VIDEO
from rendering.worker import ImageWorker
from workstation.domain.study import Series, Study
from workstation.errors import DiskFull, Refused, Unavailable, WorkstationError
from workstation.jobs import DECODING, Cancel, Jobs
from workstation.ports import DecodePriority
from workstation.signals import Signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rendering.decoded import DecodedStore
    from rendering.decoded_file import EntryWriter
    from rendering.images import SeriesImages
    from rendering.judged_series import JudgedSeries
    from rendering.series_frames import SeriesFrames

logger = logging.getLogger(__name__)

# Frames go to the worker in batches of about this size; a yield costs less than one frame.
BATCH_BYTES = 16 << 20
GLANCE = 0.02
ANNOUNCE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class DecodeProgress:
    """Of the series that is being decoded: `done` of `total` frames; `waiting` series come after it."""

    done: int
    total: int
    waiting: int


@dataclass(slots=True)
class _Task:
    study: Study
    series: Series
    priority: DecodePriority
    images: SeriesImages | None = None
    dropped: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.study.study_instance_uid, self.series.series_instance_uid


class _Dropped(Exception):
    """The task is not wanted any more."""


class DecodeQueue:
    """Thread-safe. Works in the lane `jobs.DECODING`, one series at a time; signals come on the main thread."""

    def __init__(
        self,
        worker: ImageWorker,
        store: Callable[[], DecodedStore],
        jobs: Jobs,
        judge: Callable[[Study, Series], JudgedSeries] | None = None,
    ) -> None:
        """`store` gives the store when there is something to be put into it, `judge` what is known of a series."""
        self._judge = judge
        self._worker = worker
        self._store = store
        self._jobs = jobs
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._heap: list[tuple[int, int, _Task]] = []
        self._tasks: dict[tuple[str, str], _Task] = {}
        self._listed = Listed()
        self._has_failed = False
        self._is_running = False
        self._holds = 0
        self._busy_until = 0.0
        self._announced = 0.0
        self.make_room: Callable[[int], bool] = lambda _bytes: False
        """Asked in the queue's thread when the disk is full; True when the series may be tried again (F14)."""
        self.progress: Signal[DecodeProgress] = Signal()
        self.failed: Signal[WorkstationError] = Signal()

    # What is to be done

    def decode_later(self, studies: Sequence[Study], priority: DecodePriority = DecodePriority.ARRIVAL) -> None:
        """Their series into the store; those that are there already are left alone, and videos until they are opened.

        A series asked for again is taken as it is now, at the more urgent of both priorities.
        """
        for study in studies:
            for series in study.series:
                is_video = any(i.transfer_syntax_uid in VIDEO for i in series.instances)
                if series.image_count and (priority is DecodePriority.OPEN or not is_video):
                    self._add(_Task(study, series, priority))
        self._begin()

    def decode_listed(self, study_uids: Sequence[str], study_of: StudyOf) -> None:
        """What of these studies is not in the store, when nothing else waits. In place of those listed before."""
        if not self._has_failed:
            self._listed.put(study_uids, study_of)
            self._begin()

    def keep(self, images: SeriesImages) -> None:
        """Write what was decoded to be looked at; from its memory, or anew when it is closed before."""
        self._add(_Task(images.study, images.series, DecodePriority.OPEN, images))
        self._begin()

    def forget(self, study_uid: str) -> None:
        """Nothing of this study any more."""
        with self._lock:
            for key in [key for key in self._tasks if key[0] == study_uid]:
                self._tasks.pop(key).dropped = True

    def cancel(self) -> None:
        """Nothing any more, until something is asked for again."""
        with self._lock:
            for task in self._tasks.values():
                task.dropped = True
            self._tasks.clear()
            self._heap.clear()
        self._listed.clear()

    @property
    def waiting(self) -> int:
        """Series that are not done, the one under way included."""
        with self._lock:
            return len(self._tasks)

    # Giving way

    @contextmanager
    def held(self) -> Iterator[None]:
        """No decoding here while the block runs: the open case needs the worker."""
        with self._lock:
            self._holds += 1
        try:
            yield
        finally:
            with self._lock:
                self._holds -= 1

    def busy(self, seconds: float) -> None:
        """The reader is moving images: nothing is decoded for so long."""
        self._busy_until = max(self._busy_until, time.monotonic() + seconds)

    def _must_wait(self) -> bool:
        return self._holds > 0 or time.monotonic() < self._busy_until

    # Inside

    def _add(self, task: _Task) -> None:
        with self._lock:
            before = self._tasks.get(task.key)
            if before is not None:
                if before.series == task.series and before.priority <= task.priority and task.images is None:
                    return
                before.dropped = True
                task.priority = min(task.priority, before.priority)
            self._tasks[task.key] = task
            heapq.heappush(self._heap, (task.priority, next(self._order), task))

    def _begin(self) -> None:
        with self._lock:
            if self._is_running or not (self._tasks or self._listed):
                return
            self._is_running = True
        job = self._jobs.run(DECODING, self._work)
        if job.finished.is_set() and job.cancel():  # the program is closing
            self._is_running = False

    def _work(self, cancel: Cancel) -> None:
        while not cancel():
            task = self._next()
            if task is not None:
                self._do(task, cancel)
            elif not self._is_running:
                return
            elif not self._must_wait():
                self._take_listed()
            else:
                time.sleep(GLANCE)

    def _take_listed(self) -> None:
        try:
            study = self._listed.next(self._store)
        except Exception as error:  # as with a series: the queue goes on with what comes
            logger.error("the worklist could not be decoded ahead: %s", type(error).__name__)
            self._listed.clear()
            return
        if study is not None:
            for series in study.series:
                self._add(_Task(study, series, DecodePriority.PREFETCH))

    def _next(self, more_urgent_than: int | None = None) -> _Task | None:
        with self._lock:
            while self._heap and self._heap[0][2].dropped:
                heapq.heappop(self._heap)
            if self._heap and (more_urgent_than is None or self._heap[0][0] < more_urgent_than):
                return heapq.heappop(self._heap)[2]
            if more_urgent_than is None and not self._listed:
                self._is_running = False
            return None

    def _do(self, task: _Task, cancel: Cancel) -> None:
        try:
            self._store_with_room(task, cancel)
        except (_Dropped, Refused):
            pass
        except Unavailable as error:  # a full disk, a dead worker: the next series would not fare better
            self._has_failed = True
            self.cancel()
            self._tell(error)
        except Exception as error:  # one series' surprise is that series' alone
            logger.error("a series could not be stored decoded: %s", type(error).__name__)
        with self._lock:
            if self._tasks.get(task.key) is task:
                del self._tasks[task.key]
        self._announce(0, 0, always=not self._tasks)

    def _store_with_room(self, task: _Task, cancel: Cancel) -> None:
        try:
            self._store_series(task, cancel)
        except DiskFull:
            if not self.make_room(_decoded_bytes(task.series)):
                raise
            self._store_series(task, cancel)

    def _store_series(self, task: _Task, cancel: Cancel) -> None:
        self._give_way(task, cancel)
        # numpy and VTK come with the first series: a worklist is shown without them.
        from rendering.series_frames import SeriesFrames

        known = self._judge(task.study, task.series) if self._judge and task.images is None else None
        frames: SeriesFrames = task.images or SeriesFrames(task.study, task.series, known)
        store = self._store()
        if frames.stored is None or store.holds(frames.stored.key):
            return
        with store.writer(frames.stored) as writer:
            rest = self._copied(task, task.images, writer, cancel) if task.images else list(range(frames.frame_count))
            if rest:
                self._decode(task, frames, rest, writer, cancel)
            if not writer.count or store.holds(frames.stored.key):
                raise _Dropped
        self._has_failed = False

    def _copied(self, task: _Task, images: SeriesImages, writer: EntryWriter, cancel: Cancel) -> list[int]:
        """Takes what an open series holds; the positions that it does not hold any more."""
        from rendering.breast_known import look_ahead
        from rendering.images import NotYet

        rest = list[int]()
        for position in range(images.frame_count):
            self._give_way(task, cancel)
            try:
                frame = images.container(position)
                writer.put(position, frame)
                look_ahead(images, position, frame, writer.notes)
            except NotYet:
                rest.append(position)
            except Refused:
                continue
        return rest

    def _decode(self, task: _Task, frames: SeriesFrames, waiting: list[int], writer: EntryWriter, cancel: Cancel) -> None:
        from rendering.breast_known import look_ahead
        from rendering.frame_decoding import FrameDecoder

        decoder = FrameDecoder(frames, self._worker, BATCH_BYTES)
        left = dict.fromkeys(waiting)

        def on_frame(position: int, decoded: NDArray[Any], refused: Refused | None) -> None:
            left.pop(position, None)
            if refused is None:
                writer.put(position, decoded)
                look_ahead(frames, position, decoded, writer.notes)
            self._announce(frames.frame_count - len(left), frames.frame_count)

        try:
            while left:
                self._give_way(task, cancel)
                decoder.decode(decoder.batch(list(left)), on_frame, lambda: task.dropped or cancel() or self._must_wait())
        finally:
            decoder.close()

    def _give_way(self, task: _Task, cancel: Cancel) -> None:
        """Waits while the reader needs the machine, does what is more urgent first. Raises _Dropped."""
        while self._must_wait() and not (cancel() or task.dropped):
            time.sleep(GLANCE)
        while not cancel() and (urgent := self._next(task.priority)) is not None:
            self._do(urgent, cancel)
        if cancel() or task.dropped:
            raise _Dropped

    def _tell(self, error: WorkstationError) -> None:
        self._jobs.on_main(lambda: self.failed.emit(error))

    def _announce(self, done: int, total: int, always: bool = False) -> None:
        now = time.monotonic()
        if always or now - self._announced >= ANNOUNCE_SECONDS:
            self._announced = now
            progress = DecodeProgress(done, total, max(0, self.waiting - (1 if total else 0)))
            self._jobs.on_main(lambda: self.progress.emit(progress))


def _decoded_bytes(series: Series) -> int:
    """About what a series takes when it is decoded: two bytes for each pixel."""
    return sum(2 * i.rows * i.columns * i.number_of_frames for i in series.instances)
