"""The series of the open case: which are in memory, which load next, within one budget.

Those that lie decoded on disk are there at once; the others are decoded and then kept there.
What a cell shows loads first, then the rest of the case in the background. A series that
does not fit the budget beside those on screen is loaded when it is asked for, and the one
that was looked at longest ago makes room: memory is bounded, nothing on screen is lost.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rendering.decoded_queue import DecodeQueue
from rendering.frame_memory import half_of_memory
from rendering.worker import ImageWorker
from workstation.at_rest.vault import Vault
from workstation.domain.annotation import Annotation
from workstation.domain.earlier_report import EarlierReport
from workstation.domain.geometry import Vec3
from workstation.domain.lesion import LesionProposal
from workstation.domain.study import Series, Study
from workstation.domain.value_unit import ValueUnit
from workstation.domain.viewing import ViewportState
from workstation.errors import Refused, Unavailable, WorkstationError
from workstation.jobs import BESIDE, IMAGES, PICTURES, RELEASE, Cancel, Job, Jobs
from workstation.made_once import made_once
from workstation.ports import DecodePriority, LethalImages, ObjectFound
from workstation.signals import Signal

if TYPE_CHECKING:
    from rendering.decoded import DecodedStore
    from rendering.images import SeriesImages
    from rendering.judged_series import JudgedSeries, JudgedSeriesCache
    from rendering.registration.registrar import SeriesRegistrar
    from rendering.viewport import Viewport

# New frames are announced at most this often: a screen shows no more than that.
ANNOUNCE_SECONDS = 0.04

# A picture was asked for: nothing is decoded in the background for so long.
POLITE_SECONDS = 0.25

# A series on disk gives any image when it is asked for. The rest of it is opened when no picture is in the
# making and none was asked for this long, or that long after: a case's first pictures need both cores.
PAINT_FIRST_SECONDS = 0.05
MOST_PAINT_FIRST_SECONDS = 0.4
RELEASE_SECONDS = 0.3


@dataclass(slots=True)
class _Shelved:
    images: SeriesImages
    viewport: Viewport
    job: Job | None = None


class ImageLibrary:
    """Implements `workstation.ports.ImageShelf`. Used on the main thread; loading runs in jobs."""

    def __init__(
        self,
        worker: ImageWorker,
        jobs: Jobs,
        memory_bytes: int = 0,
        folder: Path | None = None,
        vault: Vault | None = None,
    ) -> None:
        """`folder` is for the decoded store, sealed by `vault`; without one everything is decoded when it is opened."""
        self._worker = worker
        self._jobs = jobs
        self._budget = memory_bytes or half_of_memory()
        self._place = (folder, vault or Vault.plain()) if folder is not None else None
        self._studies: dict[str, Study] = {}
        self._shelf: OrderedDict[tuple[str, str], _Shelved] = OrderedDict()
        self._mapped: dict[tuple[str, str], tuple[ValueUnit, ...]] = {}
        # Objects are read in jobs while series are opened.
        self._units = threading.Lock()
        self._waiting: list[tuple[str, str]] = []
        self._asked = 0.0
        self.queue: DecodeQueue | None = DecodeQueue(worker, self._store, jobs, self._judge) if self._place else None
        self.changed: Signal[str] = Signal()
        self.failed: Signal[WorkstationError] = Signal() if self.queue is None else self.queue.failed
        """Why decoded images are not kept any more."""

    @made_once
    def decoded(self) -> DecodedStore | None:
        """What is kept decoded on disk; made when it is first needed. None, and `failed`, where it cannot be."""
        if self._place is None:
            return None
        from rendering.decoded import DecodedStore

        try:
            return DecodedStore(*self._place)
        except Unavailable as error:  # images are then decoded whenever they are opened
            self._tell(error)
            return None

    def when_frames_come(self, tell: Callable[[str], object]) -> None:
        """`tell` hears, on the main thread, of which series frames came."""
        self.changed.connect(tell)

    def when_failed(self, tell: Callable[[WorkstationError], object]) -> None:
        self.failed.connect(tell)

    def keep_from(self, lethal: LethalImages) -> None:
        self._worker.lethal = lethal

    def when_full(self, make_room: Callable[[int], bool]) -> None:
        if self.queue is not None:
            self.queue.make_room = make_room

    def _tell(self, error: WorkstationError) -> None:
        self._jobs.on_main(lambda: self.failed.emit(error))

    @made_once
    def _judged(self) -> JudgedSeriesCache:
        from rendering.judged_series import JudgedSeriesCache

        return JudgedSeriesCache()

    def _judge(self, study: Study, series: Series) -> JudgedSeries:
        return self._judged.get(study, series)

    def _store(self) -> DecodedStore:
        store = self.decoded
        if store is None:
            raise Refused("Decoded images cannot be kept")
        return store

    def decode_later(self, studies: Sequence[Study], priority: DecodePriority = DecodePriority.ARRIVAL) -> None:
        if self.queue is not None:
            self.queue.decode_later(studies, priority)

    def decode_listed(self, study_uids: Sequence[str], study_of: Callable[[str], Study]) -> None:
        if self.queue is not None:
            self.queue.decode_listed(study_uids, study_of)

    def close(self) -> None:
        store = self.__dict__.get("decoded")
        if store is not None:
            store.close()

    def prepare(self) -> None:
        """What the first case would have to wait for: imports, and the worker process. May run in a job."""
        import rendering.viewport  # noqa: F401

        self._worker.start()
        _ = self.decoded

    def open_case(self, studies: Sequence[Study], first: Sequence[tuple[str, str]]) -> None:
        """Make these studies available; load `first` (study UID, series UID), then the rest."""
        self.close_case()
        self._studies = {s.study_instance_uid: s for s in studies}
        rest = [(study.study_instance_uid, s.series_instance_uid) for study in studies for s in study.series if s.image_count]
        self._waiting = list(dict.fromkeys([*first, *rest]))
        self._load_next()

    def close_case(self) -> None:
        self._waiting = []
        for shelved in self._shelf.values():
            self._drop(shelved)
        self._shelf.clear()
        self._mapped.clear()
        self._studies = {}

    def propose_lesion(self, drawn: Annotation, shown: ViewportState, other: ViewportState, expected: Vec3) -> LesionProposal:
        from rendering.lesion_search import search

        before, now = (self._shelf.get((state.study_uid, state.series_uid)) for state in (shown, other))
        if before is None or now is None:
            return LesionProposal(expected, (), "The images are not open any more")
        return search(drawn, before.images, shown, now.images, other, expected)

    @made_once
    def registrar(self) -> SeriesRegistrar:
        from rendering.registration.registrar import SeriesRegistrar

        return SeriesRegistrar(self._images_of)

    def _images_of(self, study_uid: str, series_uid: str) -> SeriesImages | None:
        shelved = self._shelf.get((study_uid, series_uid))
        return None if shelved is None else shelved.images

    def objects_of(self, study: Study, cancelled: Callable[[], bool]) -> Iterator[ObjectFound]:
        from rendering.objects.received import found_in

        for found in found_in(study, self._worker.read_object, cancelled):
            self._note_units(study.study_instance_uid, found)
            yield found

    def reports_of(self, study: Study, cancelled: Callable[[], bool]) -> Iterator[EarlierReport]:
        from rendering.objects.report_texts import report_texts

        return report_texts(study, self._worker.read_object, cancelled)

    def _note_units(self, study_uid: str, found: ObjectFound) -> None:
        """Units that mapping objects give to series, those that are open and those that will be. In the reading job."""
        for series_uid, unit in found.units:
            key = (study_uid, series_uid)
            with self._units:
                self._mapped[key] = (*(one for one in self._mapped.get(key, ()) if one != unit), unit)
                shelved = self._shelf.get(key)
                if shelved is not None:
                    shelved.images.mapped_units = self._mapped[key]

    def viewport(self, study_uid: str, series_uid: str) -> Viewport | None:
        """The drawer of one series, starting to load it when it is not in memory."""
        key = (study_uid, series_uid)
        shelved = self._shelf.get(key) or self._put(key)
        if shelved is None:
            return None
        self._shelf.move_to_end(key)
        self._asked = time.monotonic()
        if self.queue is not None:
            self.queue.busy(POLITE_SECONDS)
        if shelved.job is None and not shelved.images.complete:
            self._start(key, shelved)
        return shelved.viewport

    viewer = viewport

    def progress(self, series_uid: str) -> tuple[int, int]:
        """(frames in memory, frames of the series); (0, 0) when it is not on the shelf."""
        for (_, uid), shelved in self._shelf.items():
            if uid == series_uid:
                return shelved.images.loaded_count, shelved.images.frame_count
        return 0, 0

    @property
    def bytes(self) -> int:
        return sum(s.images.bytes for s in self._shelf.values())

    def _series(self, key: tuple[str, str]) -> tuple[Study, Series] | None:
        study = self._studies.get(key[0])
        series = next((s for s in study.series if s.series_instance_uid == key[1]), None) if study else None
        return (study, series) if study and series and series.image_count else None

    def _put(self, key: tuple[str, str]) -> _Shelved | None:
        found = self._series(key)
        if found is None:
            return None
        # numpy and VTK come with the first series: a worklist is shown without them.
        from rendering.images import SeriesImages
        from rendering.subtracting import SubtractingViewport

        images = SeriesImages(*found, self._worker, self.decoded, self._budget // 2, self._judge(*found))
        images.on_demand = lambda: self._jobs.on_main(lambda: self._serve(key, images))
        shelved = _Shelved(images, SubtractingViewport(images, self._images))
        shelved.viewport.look_later(lambda look: self._look_later(key[1], look))
        with self._units:
            images.mapped_units = self._mapped.get(key, ())
            self._shelf[key] = shelved
        self._make_room(key)
        return shelved

    def _look_later(self, series_uid: str, look: Callable[[], bool]) -> None:
        self._jobs.run(BESIDE, lambda _: look(), lambda found: self.changed.emit(series_uid) if found else None)

    def _images(self, study_uid: str, series_uid: str) -> SeriesImages | None:
        """A series that is in memory; loads nothing. Any thread."""
        shelved = self._shelf.get((study_uid, series_uid))
        return None if shelved is None else shelved.images

    def _make_room(self, key: tuple[str, str]) -> None:
        for other in list(self._shelf):
            if self.bytes <= self._budget or other == key:
                return
            self._drop(self._shelf.pop(other))

    def _serve(self, key: tuple[str, str], images: SeriesImages) -> None:
        """Frames of a series that lies in part in memory are wanted."""
        shelved = self._shelf.get(key)
        if shelved is not None and shelved.images is images and (shelved.job is None or shelved.job.finished.is_set()):
            self._start(key, shelved)

    def _start(self, key: tuple[str, str], shelved: _Shelved) -> None:
        announced = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal announced
            now = time.monotonic()
            if done == total or now - announced >= ANNOUNCE_SECONDS:
                announced = now
                self._jobs.on_main(lambda: self.changed.emit(key[1]))

        def work(cancel: Cancel) -> None:
            with self._alone():
                self._let_paint(shelved.images, cancel)
                shelved.images.load(cancelled=cancel, on_progress=progress)

        def done(_: object) -> None:
            self.changed.emit(key[1])
            if shelved.images.needs_load:
                self._start(key, shelved)
                return
            self._keep(shelved.images)
            self._load_next()

        shelved.job = self._jobs.run(IMAGES, work, done, done)

    def _let_paint(self, images: SeriesImages, cancel: Cancel) -> None:
        end = time.monotonic() + MOST_PAINT_FIRST_SECONDS
        while images.is_at_hand and not cancel():
            now = time.monotonic()
            if now >= end or (now >= self._asked + PAINT_FIRST_SECONDS and not self._jobs.is_busy(PICTURES)):
                return
            time.sleep(0.01)

    def _alone(self) -> AbstractContextManager[None]:
        return nullcontext() if self.queue is None else self.queue.held()

    def _keep(self, images: SeriesImages) -> None:
        """What was decoded to be looked at need not be decoded again."""
        if self.queue is None or images.is_kept:
            return
        if images.is_large:
            self.queue.decode_later((replace(images.study, series=(images.series,)),), DecodePriority.OPEN)
        elif images.complete:
            self.queue.keep(images)

    def _load_next(self) -> None:
        while self._waiting:
            key = self._waiting.pop(0)
            shelved = self._shelf.get(key) or self._put(key)
            if shelved is not None and shelved.job is None and not shelved.images.complete:
                if self.bytes > self._budget:
                    self._drop(self._shelf.pop(key))
                    continue
                self._start(key, shelved)
                return

    def _drop(self, shelved: _Shelved) -> None:
        """Ends its loading now. Giving much memory back takes a while: that waits until the next case is painted."""
        if shelved.job is not None:
            shelved.job.cancel.set()
        images = shelved.images
        if images.bytes > self._budget // 8:
            images.close()
            return

        until = time.monotonic() + RELEASE_SECONDS

        def work(cancel: Cancel) -> None:
            while not cancel() and time.monotonic() < until:
                time.sleep(0.01)
            images.close()

        images.end()
        self._jobs.run(RELEASE, work)
