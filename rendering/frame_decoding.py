"""FrameDecoder: has the worker decode frames of one series, batch by batch, through one block that is used again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from rendering.frame_layout import frame_bytes
from rendering.series_frames import SeriesFrames
from rendering.shared_frames import SharedFrames
from rendering.worker import ImageWorker
from workstation.errors import Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_CODED = min(4, os.cpu_count() or 1)

OnFrame: TypeAlias = "Callable[[int, NDArray[Any], Refused | None], None]"
"""Position, the decoded values (good until the call returns), or why there are none."""


class FrameDecoder:
    """Used by one thread at a time."""

    def __init__(self, frames: SeriesFrames, worker: ImageWorker, batch_bytes: int) -> None:
        self._frames = frames
        self._worker = worker
        self._batch_bytes = batch_bytes
        self._block = -1
        self._exchange: SharedFrames | None = None

    def batch(self, order: Iterable[int], alone: int = -1) -> list[int]:
        """The first positions of `order` that go together, all of one kind. The frame at `alone` goes alone."""
        slots, batch = self._frames.layout.slots, list[int]()
        for position in order:
            if batch and slots[position].block != slots[batch[0]].block:
                continue
            batch.append(position)
            if position == alone or len(batch) == self._most(position):
                break
        return batch

    def decode(self, batch: Sequence[int], on_frame: OnFrame, cancelled: Callable[[], bool]) -> None:
        """Blocks until the positions of `batch` are done or cancelled. Raises Refused without memory, Unavailable."""
        exchange = self._exchange_of(batch[0])
        jobs = [self._frames.job(position, slot) for slot, position in enumerate(batch)]

        def done(slot: int, refused: Refused | None) -> None:
            on_frame(batch[slot], exchange.array[slot], refused)

        self._worker.decode(jobs, exchange, done, cancelled)

    def close(self) -> None:
        """Gives the block back. It comes again when it is needed."""
        if self._exchange is not None:
            self._exchange.scrap()
        self._exchange, self._block = None, -1

    def _most(self, position: int) -> int:
        """At least one frame for each thread of the worker, where decoding is what takes the time."""
        fewest = FEWEST_CODED if self._frames.header(position).encapsulated else 1
        return max(fewest, self._batch_bytes // max(1, frame_bytes(self._frames.layout.kind(position))))

    def _exchange_of(self, position: int) -> SharedFrames:
        layout, block = self._frames.layout, self._frames.layout.slots[position].block
        if self._exchange is None or block != self._block:
            self.close()
            self._exchange = SharedFrames(min(layout.blocks[block][0][0], self._most(position)), *layout.kind(position))
            self._block = block
        return self._exchange
