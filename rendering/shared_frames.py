"""SharedFrames: decoded frames in memory that the worker process fills and this one reads.

On Linux the memory is an anonymous memfd that the worker opens through /proc: it has no name
that a crash could leave behind, is not bound by the size of /dev/shm, and lives as long as the
last array that looks into it. Elsewhere it is a named block of `multiprocessing.shared_memory`.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.header import ImageHeader
from workstation.errors import Refused

HAS_MEMFD = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class BlockAddress:
    """How the worker finds a block: `memfd:PID:FD` or `named:NAME`, and its size in bytes."""

    name: str
    size: int


class SharedFrames:
    """`count` equal slots; `array` is (count, rows, columns[, samples]) of `dtype`, zero at first.

    The values are containers as stored (see `rendering.pixels.stored_values`), in native byte
    order. After `close()` the memory goes when the last view of `array` goes.
    """

    def __init__(self, count: int, frame_shape: tuple[int, ...], dtype: str) -> None:
        """Raises Refused when there is no memory for it."""
        self.count = count
        self.frame_shape = frame_shape
        self.dtype = dtype
        self.frame_bytes = int(np.prod(frame_shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        self._fd = -1
        self._named: SharedMemory | None = None
        buffer = self._allocate(max(1, count * self.frame_bytes))
        self.array: NDArray[Any] = np.frombuffer(buffer, dtype, count * int(np.prod(frame_shape))).reshape(count, *frame_shape)

    @classmethod
    def for_header(cls, header: ImageHeader, count: int | None = None) -> SharedFrames:
        """Slots for the frames of `header`, or for `count` frames like them."""
        return cls(header.frames if count is None else count, header.frame_shape, header.dtype)

    def _allocate(self, size: int) -> Any:
        try:
            if not HAS_MEMFD:
                self._named = SharedMemory(create=True, size=size)
                return self._named.buf
            self._fd = os.memfd_create("lyskasse-frames", os.MFD_CLOEXEC)
            os.ftruncate(self._fd, size)
            return mmap.mmap(self._fd, size)
        except (OSError, ValueError, OverflowError) as error:
            self.close()
            raise Refused("There is no memory for these images", f"{size / 1e6:.0f} MB were asked for") from error

    @property
    def address(self) -> BlockAddress:
        size = max(1, self.count * self.frame_bytes)
        if self._named is not None:
            return BlockAddress(f"named:{self._named.name}", size)
        return BlockAddress(f"memfd:{os.getpid()}:{self._fd}", size)

    @property
    def bytes(self) -> int:
        return self.count * self.frame_bytes

    def close(self) -> None:
        """Gives the block up. May be called twice; views that are still held stay readable."""
        self.array = np.empty((0,), self.dtype)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._named is not None:
            self._named.unlink()
            _release(self._named)
            self._named = None

    def scrap(self) -> None:
        """As `close`, and the memory goes at once, in the worker too. Views must not be looked into any more."""
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)
        self.close()

    def __del__(self) -> None:
        self.close()


class Attachment:
    """The worker's side: the parent's block, mapped until another one is asked for.

    A load asks for the same block again and again, and its pages are dear to map.
    """

    def __init__(self, reserve: Callable[[int], None]) -> None:
        """`reserve` is told how many bytes more are about to be mapped, fewer when negative."""
        self._reserve = reserve
        self._key: object = None
        self._size = 0
        self._block: mmap.mmap | SharedMemory | None = None

    def buffer(self, address: BlockAddress) -> Any:
        """A writable buffer on the block. Nobody may hold the one before any more."""
        kind, _, rest = address.name.partition(":")
        if kind == "named":
            if self._key != address:
                self._attach(address, address.size, lambda: _attach_named(rest))
            return self._block.buf if isinstance(self._block, SharedMemory) else None
        pid, _, fd = rest.partition(":")
        descriptor = os.open(Path("/proc") / pid / "fd" / fd, os.O_RDWR)
        try:
            # Numbers of descriptors are used again, those of living inodes are not.
            found = os.fstat(descriptor)
            key = (found.st_dev, found.st_ino, address.size)
            if self._key != key:
                self._attach(key, address.size, lambda: mmap.mmap(descriptor, address.size))
        finally:
            os.close(descriptor)
        return self._block

    def _attach(self, key: object, size: int, attach: Callable[[], mmap.mmap | SharedMemory]) -> None:
        before, self._block, self._key = self._block, None, None
        if isinstance(before, SharedMemory):
            _release(before)
        del before
        self._reserve(size - self._size)
        self._size = size
        self._block = attach()
        self._key = key


def _attach_named(name: str) -> SharedMemory:
    """The block, without this process taking itself for its owner and removing it at its end.

    Python before 3.13 registers whoever attaches with the resource tracker (cpython#82300).
    """
    register = resource_tracker.register
    resource_tracker.register = _ignored  # type: ignore[assignment]
    try:
        return SharedMemory(name=name)
    finally:
        resource_tracker.register = register


def _ignored(_name: str, _kind: str) -> None:
    pass


def _release(block: SharedMemory) -> None:
    """Closes the blocks that nobody looks into any more; a named block cannot be closed before."""
    _LINGERING.append(block)
    for lingering in tuple(_LINGERING):
        try:
            lingering.close()
        except BufferError:
            continue
        _LINGERING.remove(lingering)


_LINGERING: list[SharedMemory] = []
