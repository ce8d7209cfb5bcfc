"""SeriesImages: the decoded frames of one series, filled progressively, read from any thread.

Stored values stay as they are decoded (8 or 16 bits), in reading order; a volume is that very
memory, seen by VTK without a copy. Only series whose slices differ in slope (PET), go through
a table or carry foreign bits are turned into a float32 volume.

A series that lies in the decoded store is opened from there: a frame is checked, or unsealed, by
the thread that first asks for it. All others are decoded by the worker, which never sees this
memory: it fills a small shared block that is copied from and used again, so that a frame cannot
change once it was taken over (and fresh shared pages cost more than that copy).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rendering.decoded import DecodedStore
from rendering.decoded_file import DamagedEntry, DecodedFile
from rendering.frame_decoding import FrameDecoder
from rendering.frame_memory import half_of_memory
from rendering.images_memory import FrameMemory, NoMemory, PassingMemory, WholeMemory
from rendering.images_order import COARSEST, frames_in_order, near_frames, next_frames
from rendering.images_volumes import LOADED, REFUSED, WAITING, Volumes
from rendering.judged_series import JudgedSeries
from rendering.pixels import FrameValues, modality_values
from rendering.reslice import VolumeSource
from rendering.series_frames import SeriesFrames, stranger
from rendering.transfer_syntaxes import VIDEO
from rendering.worker import ImageWorker
from workstation.domain.doubt import Doubt
from workstation.domain.study import Series, Study
from workstation.errors import Refused, WorkstationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Frames go to the worker in batches of about this size: big enough that its threads hardly ever
# wait for the next one, small enough that the block's pages, which are dear when they are fresh,
# are soon used again. A wish (`prioritise`) does not wait for the end of a batch.
BATCH_BYTES = 8 << 20
CODED_BATCH_BYTES = 16 << 20

# Of what a large series may take, this share is kept of it at a time.
PASSING_SHARE = 2

# Below this a load from the store is done before a second thread has begun.
ONE_THREAD = 4 << 20

# One of so many locks guards a frame while it is filled.
STRIPES = 16


class NotYet(WorkstationError):
    """The frame is still on its way; `load` will bring it."""


def _never() -> bool:
    return False


def _nobody(_done: int, _total: int) -> None:
    pass


class SeriesImages(SeriesFrames):
    """One series' pixels. `verdict` is known at once, the frames come with `load`, or from the store when asked for.

    `on_demand` is called (in any thread) when `load` should run again: `needs_load` is then true.
    """

    def __init__(
        self,
        study: Study,
        series: Series,
        worker: ImageWorker,
        store: DecodedStore | None = None,
        most_bytes: int = 0,
        known: JudgedSeries | None = None,
    ) -> None:
        """Never raises: without memory for the frames each of them is refused.

        With a `store`, a series of more than `most_bytes` (a quarter of the machine's memory) is not
        held whole: frames come and go as they are looked at, until a cut through it is asked for.
        """
        super().__init__(study, series, known)
        self.on_demand: Callable[[], None] = lambda: None
        self.needs_load = False
        self.fetched_bytes = 0
        """Read from the store so far; a map counts nothing."""
        self._is_coded = bool(self.frame_count) and self.header(0).encapsulated
        self._decoder = FrameDecoder(self, worker, CODED_BATCH_BYTES if self._is_coded else BATCH_BYTES)
        self._coming: tuple[int, Iterator[int]] = (-1, iter(()))
        self._store = store if store is not None and self.stored is not None else None
        self._most = most_bytes or half_of_memory() // 2
        self._is_large = self._store is not None and self.layout.bytes > self._most
        self._lock = threading.RLock()
        self._loading = threading.Lock()
        self._filling = [threading.Lock() for _ in range(STRIPES)]
        self._closed = False
        self._states = bytearray(self.frame_count)
        self._settled_count = 0
        self._refusals: dict[int, Refused] = {}
        self._wanted, self._direction, self._wishes = 0, 1, 0
        self._demanded = -1
        self._memory: FrameMemory = NoMemory()
        self._volumes = Volumes(self, self._known.has_one_line)
        self._entry = self._find_entry()
        self._mapped: DecodedFile | None = None
        try:
            self._memory = self._take_memory()
            if not self._is_large:
                self._volumes.begin()
        except Refused as no_room:
            self._memory = NoMemory()
            for position in range(self.frame_count):
                self._settle(position, no_room)
        for position in self._known.strangers:
            self._settle(position, stranger())

    def _find_entry(self) -> DecodedFile | None:
        return self._store.find(self.stored) if self._store is not None and self.stored is not None else None

    def _take_memory(self) -> FrameMemory:
        if self._entry is not None and not self._entry.is_sealed:
            self._mapped = self._entry
            return WholeMemory(self.layout, self._entry.mapped(), is_mapped=True)
        if self._is_large:
            return PassingMemory(self.layout, self._most // PASSING_SHARE, self._left)
        is_one = self.verdict.geometry is not None and len(self.verdict.dimensions) == 1
        is_cut_early = self._entry is None and is_one and self._known.has_one_line
        return WholeMemory.empty(self.layout, COARSEST if is_cut_early else 0)

    # How far it is

    @property
    def loaded_count(self) -> int:
        """Frames that need no more waiting: there, refused, or of a large series that can be asked for any of them."""
        entry = self._entry  # once: another thread may drop it
        if self._is_large and entry is not None:
            return min(self.frame_count, entry.held_count + len(self._refusals))
        return self._settled_count

    @property
    def complete(self) -> bool:
        return self.loaded_count == self.frame_count

    @property
    def is_kept(self) -> bool:
        """Whether there is nothing to be written to the store: it lies there, or there is none for it."""
        return self._store is None or self._entry is not None

    @property
    def is_at_hand(self) -> bool:
        """Whether any frame comes at once when it is asked for, without `load`: it lies in the store."""
        return self._entry is not None and not self._is_large

    @property
    def notes(self) -> Mapping[str, Any]:
        """What was found in the frames when they were stored; see `rendering.breast_notes`."""
        entry = self._entry
        return {} if entry is None else entry.notes

    @property
    def is_large(self) -> bool:
        return self._is_large

    @property
    def bytes(self) -> int:
        """Memory of all frames once loaded, as far as the system cannot take it back."""
        return self._memory.bytes + self._volumes.bytes

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """The verdict's doubts, and that frames could not be decoded."""
        count = len(self._refusals)
        if not count:
            return self.verdict.doubts
        text = "1 image could not be decoded" if count == 1 else f"{count} images could not be decoded"
        return (Doubt("frames-refused", text), *self.verdict.doubts)

    # Filling

    def load(
        self,
        first: int | None = None,
        cancelled: Callable[[], bool] = _never,
        on_progress: Callable[[int, int], None] = _nobody,
    ) -> None:
        """Brings every frame, `first` first; of a large series those around it. Blocks; returns early when cancelled or closed.

        A second caller waits for the first and then has nothing to do.
        """
        if first is not None:
            self.prioritise(first)
        with self._loading:
            self.needs_load, self._coming = False, (-1, iter(()))
            self._entry = self._entry or self._find_entry()
            try:
                while not (cancelled() or self._closed):
                    self._open_stored(cancelled, on_progress)
                    batch = self._next_batch()
                    if not batch:
                        return
                    self._decode(batch, cancelled, on_progress)
            finally:
                self._decoder.close()

    def prioritise(self, position: int) -> None:
        """Brings the frame at `position` and its neighbours next. Cheap; may be called at any time."""
        with self._lock:
            if position != self._wanted:
                self._direction = 1 if position > self._wanted else -1
            self._wanted = min(max(position, 0), max(0, self.frame_count - 1))
            self._wishes += 1

    def _order(self) -> Iterator[int]:
        """Waiting positions, most wanted first."""
        with self._lock:
            wanted, direction = self._wanted, self._direction
        if self._is_large:
            return near_frames(self.frame_count, wanted, direction, self._is_waiting, self._reach())
        if self.frame_count and self.instance(wanted).transfer_syntax_uid in VIDEO:
            return frames_in_order(self.frame_count, wanted, self._is_waiting)
        spans = [(one.start, one.end, one.geometry is not None) for one in self.verdict.dimensions]
        return next_frames(spans, wanted, direction, self._is_waiting, is_scrolled=self._wishes > 1)

    def _reach(self) -> int:
        """Frames of a large series that are brought without being asked for."""
        memory = self._memory
        return memory.count // 2 if isinstance(memory, PassingMemory) else self.frame_count

    def _open_stored(self, cancelled: Callable[[], bool], on_progress: Callable[[int, int], None]) -> None:
        """Checks or unseals what lies in the store, on every core."""
        entry = self._entry
        if entry is None:
            return
        order, taking = self._order(), threading.Lock()

        def take() -> int | None:
            with taking:
                return next(order, None)

        def work(tell: Callable[[int, int], None]) -> None:
            while self._entry is entry and not (cancelled() or self._closed):
                position = take()
                if position is None:
                    return
                if self._fetched(position) is not None:
                    tell(self.loaded_count, self.frame_count)

        count = 0 if self._is_large or self.layout.bytes < ONE_THREAD else (os.cpu_count() or 1) - 1
        helpers = [threading.Thread(target=work, args=(_nobody,), name="unseal", daemon=True) for _ in range(count)]
        for helper in helpers:
            helper.start()
        try:
            work(on_progress)
        finally:
            for helper in helpers:
                helper.join()

    def _fetched(self, position: int) -> NDArray[Any] | None:
        """The frame from the store, proved; None when it does not lie there."""
        entry, memory = self._entry, self._memory
        if entry is None or self._closed or not entry.holds(position):
            return None
        with self._filling[position % STRIPES]:
            frame = memory.view(position) if self._states[position] == LOADED else None
            if frame is not None:
                return frame
            frame = memory.room(position)
            try:
                if entry is self._mapped and not isinstance(memory, PassingMemory):
                    entry.check(position, frame)
                else:
                    entry.read_into(position, frame)
                    self.fetched_bytes += frame.nbytes
            except DamagedEntry:
                self._drop(entry)
                return None
            self._take_over(memory, position, frame)
        return frame

    def _drop(self, entry: DecodedFile) -> None:
        """What the store holds is not what was written: decode again from the received files (F16)."""
        with self._lock:
            if self._entry is entry:
                self._entry = None
        if self._store is not None:
            self._store.remove(entry.key)
        self._demand(self.frame_count)

    def _next_batch(self) -> list[int]:
        """Goes on where the batch before ended, unless something else is wanted by now; and once more from the beginning."""
        wishes, order = self._coming
        is_new = wishes != self._wishes or self._is_large or len(self.layout.blocks) > 1
        while True:
            if is_new:
                wishes, order = self._coming = self._wishes, self._to_decode(self._entry)
            # What is quickly read goes alone when it is looked at; while one core decodes, the other may have the neighbour.
            batch = self._decoder.batch(order, alone=-1 if self._is_coded else self._wanted)
            if batch or is_new:
                return batch
            is_new = True

    def _to_decode(self, entry: DecodedFile | None) -> Iterator[int]:
        return (position for position in self._order() if entry is None or not entry.holds(position))

    def _decode(self, batch: Sequence[int], cancelled: Callable[[], bool], on_progress: Callable[[int, int], None]) -> None:
        wishes, memory = self._wishes, self._memory

        def on_frame(position: int, decoded: NDArray[Any], refused: Refused | None) -> None:
            self._finish(memory, position, decoded, refused)
            on_progress(self.loaded_count, self.frame_count)

        def interrupted() -> bool:
            return self._closed or cancelled() or (self._wishes != wishes and self._is_waiting(self._wanted))

        self._decoder.decode(batch, on_frame, interrupted)

    def _is_waiting(self, position: int) -> bool:
        return self._states[position] == WAITING

    def _finish(self, memory: FrameMemory, position: int, decoded: NDArray[Any], refused: Refused | None) -> None:
        if refused is not None:
            self._settle(position, refused)
            return
        with self._filling[position % STRIPES]:
            frame = memory.room(position)
            frame[...] = decoded
            self._take_over(memory, position, frame)
        if isinstance(memory, WholeMemory) and memory.early is not None and self._has_every(COARSEST):
            memory.move(1)

    def _take_over(self, memory: FrameMemory, position: int, frame: NDArray[Any]) -> None:
        """A frame is whole and proved in its place."""
        self._volumes.take(position, frame)
        with self._lock:
            memory.keep(position, frame)
            if memory is self._memory:
                self._settle(position, None)

    def _settle(self, position: int, refused: Refused | None) -> None:
        with self._lock:
            if refused is not None:
                self._refusals[position] = refused
            self._settled_count += self._is_waiting(position)
            self._states[position] = LOADED if refused is None else REFUSED

    def _left(self, position: int) -> None:
        """A frame of a large series made room for another."""
        with self._lock:
            if self._is_large and self._states[position] == LOADED:
                self._states[position] = WAITING
                self._settled_count -= 1

    # Reading

    def container(self, position: int) -> NDArray[Any]:
        """The decoded frame as stored; a view, not to be written to. Raises Refused or NotYet."""
        memory, state = self._memory, self._states[position]
        if state == REFUSED:
            raise self._refusals[position]
        if self._is_large:
            self._look_ahead(position)
        frame = memory.view(position) if state == LOADED else None
        frame = self._fetched(position) if frame is None else frame
        if frame is None:
            raise NotYet("This series is closed" if self._closed else "This image is still being loaded")
        return frame

    def _look_ahead(self, position: int) -> None:
        """Has the neighbours of a frame of a large series brought, before they are asked for."""
        if position != self._wanted:
            self.prioritise(position)
        if next(self._order(), None) is not None:
            self._demand(position)

    def _demand(self, position: int) -> None:
        """Ask for `load`. Once for each place, so that a load that fails is not repeated for ever."""
        if position == self._demanded or self._closed:
            return
        self._demanded = position
        self.needs_load = True
        self.on_demand()

    def values(self, position: int) -> FrameValues:
        """The frame in modality units. Raises Refused (an error tile) or NotYet."""
        return modality_values(self.container(position), self.header(position), self.frame(position))

    def volume(self, dimension: int = 0) -> VolumeSource:
        """The whole volume of `dimension`, or while it loads every 8th or 4th slice of it (`partial`).

        Raises Refused when it is no volume, one of its slices could not be decoded or it is larger
        than the memory; NotYet when too little is loaded: it is then brought before the others.
        """
        one = self._volumes.dimension(dimension)
        if any(one.holds(position) for position in tuple(self._refusals)):
            raise Refused("This series cannot be cut through", "Some of its slices could not be decoded")
        if self._closed:
            raise NotYet("This series is closed")
        if self._is_large:
            self._widen()
        memory = self._memory
        source = self._volumes.source(dimension, memory, self._states) if isinstance(memory, WholeMemory) else None
        if (source is None or source.partial) and not one.holds(self._wanted):
            self.prioritise(one.start)
        if source is None:
            raise NotYet("This series is still being loaded")
        return source

    def _widen(self) -> None:
        """From now on a large series is held whole. Raises Refused when there is no room for that."""
        with self._lock:
            if not self._is_large:
                return
            self._volumes.begin()
            memory = self._memory
            if not isinstance(memory, WholeMemory):
                memory = WholeMemory.empty(self.layout)
                self._settled_count = 0
                for position in range(self.frame_count):
                    self._states[position] = WAITING
            # The memory last: whoever has the new one has the rest, too.
            self._is_large, self._memory = False, memory
        self._demand(self.frame_count + 1)

    def _has_every(self, stride: int) -> bool:
        states = self._states[::stride]
        return states.count(LOADED) == len(states)

    def end(self) -> None:
        """Nothing is loaded any more; what is there stays until `close`."""
        self._closed = True

    def close(self) -> None:
        """Ends loading and lets the memory go (once nobody looks into it any more).

        May wait for the frame that is being decoded.
        """
        self.end()
        with self._loading:
            self._memory, self._entry, self._mapped = NoMemory(), None, None
            self._volumes.clear()
