"""Where the frames of an open series are in memory: all of them, mapped from disk, or the latest few."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rendering.frame_layout import FrameLayout, frame_bytes
from rendering.frame_memory import check_room, zeros

# A window on a large series holds at least this many frames, however large they are.
FEWEST = 8


class FrameMemory(Protocol):
    """Thread-safe as far as no two threads write one position."""

    @property
    def bytes(self) -> int:
        """What it takes, or may take, of the machine's memory."""
        ...

    def view(self, position: int) -> NDArray[Any] | None:
        """The frame as it lies; None when it is not here any more."""
        ...

    def room(self, position: int) -> NDArray[Any]:
        """Where to write the frame; `keep` makes it the one that is seen."""
        ...

    def keep(self, position: int, frame: NDArray[Any]) -> None: ...


class NoMemory:
    """Of a series that is closed, or that there was no room for."""

    bytes = 0

    def view(self, _position: int) -> None:
        return None

    def room(self, _position: int) -> NDArray[Any]:
        return np.empty((0,), np.uint8)

    def keep(self, position: int, frame: NDArray[Any]) -> None:
        pass


class WholeMemory:
    """A place for every frame; a volume's `blocks[0]` is what VTK reads.

    With a `stride`, every so-many-th frame of a volume has its first place in `early`, side by side
    with its like: what a first cut is drawn from is whole without a copy, and without touching the
    large pages of all that lies between. `move` takes them to their own place.
    """

    def __init__(
        self,
        layout: FrameLayout,
        blocks: Sequence[NDArray[Any]],
        is_mapped: bool = False,
        early: NDArray[Any] | None = None,
        stride: int = 0,
    ) -> None:
        self.blocks = blocks
        self.is_mapped = is_mapped
        self.early = early
        self._slots = layout.slots
        self._stride = stride
        self._moving = threading.Lock()
        self._moved = 0

    @classmethod
    def empty(cls, layout: FrameLayout, stride: int = 0) -> WholeMemory:
        """Raises Refused when there is no room. `stride` is for a volume: one block, in reading order."""
        check_room(layout.bytes)
        blocks = [zeros(shape, dtype, is_for_frames=True) for shape, dtype in layout.blocks]
        if not stride:
            return cls(layout, blocks)
        (count, *frame), dtype = layout.blocks[0]
        return cls(layout, blocks, early=zeros((-(-count // stride), *frame), dtype), stride=stride)

    @property
    def bytes(self) -> int:
        """A map takes none: its pages are the system's, which gives them to others when it must."""
        return 0 if self.is_mapped else sum(block.nbytes for block in self.blocks)

    def view(self, position: int) -> NDArray[Any]:
        return self.room(position)

    def room(self, position: int) -> NDArray[Any]:
        early = self.early
        if early is not None and position % self._stride == 0 and position // self._stride >= self._moved:
            first: NDArray[Any] = early[position // self._stride]
            return first
        slot = self._slots[position]
        frame: NDArray[Any] = self.blocks[slot.block][slot.index]
        return frame

    def keep(self, position: int, frame: NDArray[Any]) -> None:
        pass

    def every(self, stride: int) -> NDArray[Any] | None:
        """Each `stride`-th frame where they lie side by side; without such a place None, and all frames are in their own."""
        with self._moving:
            early = self.early
        if early is not None and stride == self._stride:
            return early
        self.move()
        return None

    def move(self, most: int | None = None) -> None:
        """Takes `most` early frames (all without it) to their own place. Only when each of them has come."""
        with self._moving:
            early, start = self.early, self._moved
            if early is None:
                return
            for index in range(start, len(early) if most is None else min(len(early), start + most)):
                # The frame first: who sees it as moved finds it there.
                self.blocks[0][index * self._stride] = early[index]
                self._moved = index + 1
            if self._moved == len(early):
                self.early = None


class PassingMemory:
    """The frames looked at last, of a series that is larger than what one series may take.

    Each frame has memory of its own: one that makes room goes when nobody looks into it any more.
    """

    def __init__(self, layout: FrameLayout, most_bytes: int, left: Callable[[int], None]) -> None:
        """`left` is called with the position of each frame that made room."""
        self._layout = layout
        largest = max(frame_bytes((shape[1:], dtype)) for shape, dtype in layout.blocks)
        self.count = max(FEWEST, most_bytes // largest)
        """How many frames there is room for."""
        self.bytes = min(layout.bytes, self.count * largest)
        self._left = left
        self._lock = threading.Lock()
        self._frames: OrderedDict[int, NDArray[Any]] = OrderedDict()

    def view(self, position: int) -> NDArray[Any] | None:
        with self._lock:
            frame = self._frames.get(position)
            if frame is not None:
                self._frames.move_to_end(position)
            return frame

    def room(self, position: int) -> NDArray[Any]:
        return np.empty(*self._layout.kind(position))

    def keep(self, position: int, frame: NDArray[Any]) -> None:
        gone: list[int] = []
        with self._lock:
            self._frames[position] = frame
            while len(self._frames) > self.count:
                gone.append(self._frames.popitem(last=False)[0])
        for other in gone:
            self._left(other)
