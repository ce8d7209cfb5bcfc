"""SeriesImages: the decoded frames of one series, filled progressively, read from any thread.

Stored values stay as they are decoded (8 or 16 bits), in reading order; a volume is that very
memory, seen by VTK without a copy. Only series whose slices differ in slope (PET), go through
a table or carry foreign bits are turned into a float32 volume. The worker never sees this
memory: it fills a small shared block that is copied from and used again, so that a frame
cannot change once it was taken over (and fresh shared pages cost more than that copy).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.frame_memory import check_room, zeros
from rendering.header import FrameFacts, ImageHeader
from rendering.images_order import COARSEST, next_frames
from rendering.picture import FrameIdentity
from rendering.pixels import FrameValues, modality_values
from rendering.reslice import VolumeSource
from rendering.shared_frames import SharedFrames
from rendering.volume import SeriesVerdict, headers_of, judge_headers
from rendering.worker import DecodeJob, ImageWorker
from workstation.domain.doubt import Doubt, Verdict
from workstation.domain.geometry import VolumeGeometry, add, scale
from workstation.domain.study import Instance, Series, Study
from workstation.errors import Refused, WorkstationError

# Frames go to the worker in batches of about this size: big enough that its threads hardly ever
# wait for the next one. A wish (`prioritise`) does not wait for the end of a batch.
BATCH_BYTES = 32 << 20

# A volume that is still loading is cut through a copy of every so many slices; a finer copy would
# take as much memory again as half the volume, for the last moments of the load.
FINEST_PARTIAL = 4

# What is known of a frame's pixels: one byte each, asked for very often.
WAITING, LOADED, REFUSED = range(3)


class NotYet(WorkstationError):
    """The frame is still on its way; `load` will bring it."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where the frame at one position lives: slot `index` of block `block`."""

    block: int
    index: int


def _never() -> bool:
    return False


def _nobody(_done: int, _total: int) -> None:
    pass


class SeriesImages:
    """One series' pixels. `verdict` is known at once, the frames come with `load`.

    A position is a frame's place in reading order (`verdict.order`).
    """

    def __init__(self, study: Study, series: Series, worker: ImageWorker) -> None:
        """Never raises: without memory for the frames each of them is refused."""
        self.study = study
        self.series = series
        self._worker = worker
        self._headers = headers_of(series)
        self.verdict: SeriesVerdict = judge_headers(series, self._headers)
        self.frame_count = len(self.verdict.order)
        self._lock = threading.RLock()
        self._loading = threading.Lock()
        self._copying = threading.Lock()
        self._closed = False
        self._states = bytearray(self.frame_count)
        self._settled_count = 0
        self._refusals: dict[int, Refused] = {}
        self._wanted, self._direction, self._wishes = 0, 1, 0
        self._blocks: list[NDArray[Any]] = []
        self._slots: list[_Slot] = []
        self._exchange: dict[int, SharedFrames] = {}
        self._floats: NDArray[np.float32] | None = None
        self._coarse: VolumeSource | None = None
        try:
            self._blocks, self._slots = self._allocate()
            self._floats = self._float_volume()
        except Refused as no_room:
            self._blocks = []
            for position in range(self.frame_count):
                self._settle(position, no_room)
        self._refuse_strangers()

    def _allocate(self) -> tuple[list[NDArray[Any]], list[_Slot]]:
        """One block for each kind of frame; a volume has one kind and its slots in slice order."""
        kinds: dict[tuple[tuple[int, ...], str], int] = {}
        counts: list[int] = []
        slots: list[_Slot] = []
        kind_of = {id(h): (h.frame_shape, h.dtype) for h in self._headers}
        for position in range(self.frame_count):
            block = kinds.setdefault(kind_of[id(self.header(position))], len(kinds))
            if block == len(counts):
                counts.append(0)
            slots.append(_Slot(block, counts[block]))
            counts[block] += 1
        shapes = [((count, *shape), dtype) for (shape, dtype), count in zip(kinds, counts, strict=True)]
        check_room(sum(math.prod(shape) * np.dtype(dtype).itemsize for shape, dtype in shapes))
        return [zeros(shape, dtype) for shape, dtype in shapes], slots

    def _float_volume(self) -> NDArray[np.float32] | None:
        if self.verdict.geometry is None or self._has_one_line():
            return None
        return zeros(self.verdict.geometry.shape, "f4")

    def _has_one_line(self) -> bool:
        """Whether one slope and intercept turn every container of the series into its value."""
        transforms = {self.facts(p).transform for p in range(self.frame_count)}
        headers = {id(h): h for h in map(self.header, range(self.frame_count))}.values()
        return (
            len(transforms) == 1
            and next(iter(transforms)).table is None
            and all(h.float_bits or h.high_bit == h.bits_stored - 1 for h in headers)
            and not any(o.embedded_bit is not None for h in headers for o in h.overlays)
        )

    def _refuse_strangers(self) -> None:
        """No frame is shown under a study, series, patient or SOP instance that is not its own (I9)."""
        expected = (self.study.study_instance_uid, self.series.series_instance_uid, *self._patient())
        for position in range(self.frame_count):
            header = self.header(position)
            found = (header.study_uid, header.series_uid, header.patient_id, header.patient_issuer)
            if found != expected or header.sop_instance_uid != self.instance(position).sop_instance_uid:
                refusal = Refused("This image belongs to another patient or study", "Its own header says so")
                self._settle(position, refusal)

    def _patient(self) -> tuple[str, str]:
        return self.study.patient.key.patient_id, self.study.patient.key.issuer

    # What is known of a frame without its pixels

    def instance(self, position: int) -> Instance:
        return self.series.instances[self.verdict.order[position].instance]

    def header(self, position: int) -> ImageHeader:
        return self._headers[self.verdict.order[position].instance]

    def frame(self, position: int) -> int:
        """The 0-based frame within its instance."""
        return self.verdict.order[position].frame

    def facts(self, position: int) -> FrameFacts:
        return self.header(position).frame(self.frame(position))

    def identity(self, position: int) -> FrameIdentity:
        header = self.header(position)
        return FrameIdentity(header.study_uid, header.series_uid, header.sop_instance_uid, self.frame(position) + 1)

    # How far it is

    @property
    def loaded_count(self) -> int:
        """Frames that need no more waiting: decoded, or refused."""
        return self._settled_count

    @property
    def complete(self) -> bool:
        return self.loaded_count == self.frame_count

    @property
    def bytes(self) -> int:
        """Memory of all frames once loaded."""
        floats = 0 if self._floats is None else self._floats.nbytes
        return floats + sum(block.nbytes for block in self._blocks)

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
        self, first: int = 0, cancelled: Callable[[], bool] = _never, on_progress: Callable[[int, int], None] = _nobody
    ) -> None:
        """Decodes every frame, `first` first. Blocks; returns early when cancelled or closed.

        A second caller waits for the first and then has nothing to do.
        """
        self.prioritise(first)
        with self._loading:
            try:
                while not (cancelled() or self._closed):
                    batch = self._next_batch()
                    if not batch:
                        return
                    self._decode(batch, cancelled, on_progress)
            finally:
                self._end_exchange()

    def prioritise(self, position: int) -> None:
        """Brings the frame at `position` and its neighbours next. Cheap; may be called at any time."""
        with self._lock:
            if position != self._wanted:
                self._direction = 1 if position > self._wanted else -1
            self._wanted = min(max(position, 0), max(0, self.frame_count - 1))
            self._wishes += 1

    def _next_batch(self) -> list[int]:
        """The next positions to decode, all of one block."""
        with self._lock:
            wanted, direction = self._wanted, self._direction
        interleaved = self.verdict.verdict is Verdict.VOLUME
        batch: list[int] = []
        for position in next_frames(self.frame_count, wanted, direction, self._is_waiting, interleaved):
            block = self._slots[position].block
            if batch and block != self._slots[batch[0]].block:
                continue
            batch.append(position)
            # The frame looked at goes alone: nothing may stand in its way.
            if position == wanted or len(batch) == _batch_size(self._blocks[block]):
                break
        return batch

    def _decode(self, batch: Sequence[int], cancelled: Callable[[], bool], on_progress: Callable[[int, int], None]) -> None:
        block = self._slots[batch[0]].block
        exchange = self._exchange_of(block)
        wishes = self._wishes

        def on_frame(slot: int, refused: Refused | None) -> None:
            self._finish(batch[slot], exchange.array[slot], refused)
            on_progress(self.loaded_count, self.frame_count)

        def interrupted() -> bool:
            return self._closed or cancelled() or (self._wishes != wishes and self._is_waiting(self._wanted))

        self._worker.decode([self._job(p, slot) for slot, p in enumerate(batch)], exchange, on_frame, interrupted)

    def _exchange_of(self, block: int) -> SharedFrames:
        """What the worker fills for a block, one batch after the other."""
        if block not in self._exchange:
            self._end_exchange()
            memory = self._blocks[block]
            size = min(len(memory), _batch_size(memory))
            self._exchange[block] = SharedFrames(size, memory.shape[1:], memory.dtype.str[1:])
        return self._exchange[block]

    def _end_exchange(self) -> None:
        for exchange in self._exchange.values():
            exchange.scrap()
        self._exchange.clear()

    def _job(self, position: int, slot: int) -> DecodeJob:
        instance = self.instance(position)
        # VTK reads a volume's slots as they are: the worker takes foreign bits out of them.
        clean = self.verdict.geometry is not None and self._floats is None
        return DecodeJob(instance.path, self.header(position), self.frame(position), slot, instance.sha256, clean)

    def _is_waiting(self, position: int) -> bool:
        return self._states[position] == WAITING

    def _finish(self, position: int, decoded: NDArray[Any], refused: Refused | None) -> None:
        if refused is None:
            self._container(position)[...] = decoded
            if self._floats is not None:
                self._floats[position] = modality_values(decoded, self.header(position), self.frame(position)).values
        self._settle(position, refused)

    def _settle(self, position: int, refused: Refused | None) -> None:
        with self._lock:
            if refused is not None:
                self._refusals[position] = refused
            self._settled_count += self._is_waiting(position)
            self._states[position] = LOADED if refused is None else REFUSED

    # Reading

    def container(self, position: int) -> NDArray[Any]:
        """The decoded frame as stored; a view, not to be written to. Raises Refused or NotYet."""
        state = self._states[position]
        if state == REFUSED:
            raise self._refusals[position]
        if state == WAITING:
            raise NotYet("This image is still being loaded")
        try:
            return self._container(position)
        except IndexError as error:  # the block was given up meanwhile
            raise NotYet("This series is closed") from error

    def _container(self, position: int) -> NDArray[Any]:
        slot = self._slots[position]
        frame: NDArray[Any] = self._blocks[slot.block][slot.index]
        return frame

    def values(self, position: int) -> FrameValues:
        """The frame in modality units. Raises Refused (an error tile) or NotYet."""
        return modality_values(self.container(position), self.header(position), self.frame(position))

    def volume(self) -> VolumeSource:
        """The whole volume, or while it loads every 8th or 4th slice of it (`partial`).

        Raises Refused when the series is no volume or one of its slices could not be decoded,
        NotYet when too little is loaded.
        """
        geometry = self.verdict.geometry
        if geometry is None:
            raise Refused("This series cannot be cut through", " ".join(self.verdict.reasons))
        if self._refusals:
            raise Refused("This series cannot be cut through", "Some of its slices could not be decoded")
        if self._closed:
            raise NotYet("This series is closed")
        if self.complete:
            self._coarse = None
            return self._source(self._voxels(), geometry, partial=False)
        return self._partial(geometry)

    def _voxels(self) -> NDArray[Any]:
        return self._blocks[0] if self._floats is None else self._floats

    def _source(self, voxels: NDArray[Any], geometry: VolumeGeometry, partial: bool) -> VolumeSource:
        transform = self.facts(0).transform
        if self._floats is not None:
            return VolumeSource(voxels, geometry, 1.0, 0.0, partial)
        return VolumeSource(voxels, geometry, transform.slope, transform.intercept, partial)

    def _partial(self, geometry: VolumeGeometry) -> VolumeSource:
        stride = COARSEST
        if not self._has_every(stride):
            raise NotYet("This series is still being loaded")
        while stride > FINEST_PARTIAL and self._has_every(stride // 2):
            stride //= 2
        with self._copying:
            coarse = self._coarse
            if coarse is None or coarse.geometry.shape[0] < len(range(0, self.frame_count, stride)):
                self._coarse = None
                voxels = np.ascontiguousarray(self._voxels()[::stride])
                coarse = self._coarse = self._source(voxels, _every(geometry, stride), partial=True)
            return coarse

    def _has_every(self, stride: int) -> bool:
        states = self._states[::stride]
        return states.count(LOADED) == len(states)

    def close(self) -> None:
        """Ends loading and lets the memory go (once nobody looks into it any more).

        May wait for the frame that is being decoded.
        """
        self._closed = True
        with self._loading:
            self._blocks = []
            self._floats = self._coarse = None


def _batch_size(block: NDArray[Any]) -> int:
    """Frames of one batch of this block."""
    return max(1, BATCH_BYTES // max(1, block.itemsize * math.prod(block.shape[1:])))


def _every(geometry: VolumeGeometry, stride: int) -> VolumeGeometry:
    """The grid of every `stride`-th slice."""
    slices, rows, columns = geometry.shape
    columns_of = (geometry.axis(0), geometry.axis(1), scale(geometry.axis(2), stride), add(geometry.origin, (0.0, 0.0, 0.0)))
    first, second, third = zip(*columns_of, strict=True)
    return VolumeGeometry((len(range(0, slices, stride)), rows, columns), (first, second, third))
