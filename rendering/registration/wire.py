"""What goes between the program and the registration process: JSON messages, and numbers after them as they are.

Nothing in either can run, and no identifier is in them.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from rendering.registration.reduce import Reduced
from rendering.worker_pipe import Message, read_message, write_message

MOST_BYTES = 512 << 20


def described(volume: Reduced) -> Message:
    return {"shape": list(volume.values.shape), "affine": volume.affine.tolist(), "modality": volume.modality}


def write_numbers(stream: BinaryIO, message: Message, *arrays: NDArray[np.float32]) -> None:
    """The message, then the arrays' bytes (float32, little-endian). Raises OSError when the other side has gone."""
    write_message(stream, message)
    for array in arrays:
        stream.write(np.ascontiguousarray(array, "<f4").data)
    stream.flush()


def read_numbers(stream: BinaryIO, shape: list[int]) -> NDArray[np.float32]:
    """Raises ValueError when fewer came than the shape asks for, or it asks for too many."""
    size = int(np.prod(shape, dtype=np.int64)) * 4
    if not 0 < size <= MOST_BYTES:
        raise ValueError("more numbers than there may be")
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        count = stream.readinto(view[done:])  # type: ignore[attr-defined]  # both ends are buffered binary streams
        if not count:
            raise ValueError("the numbers ended early")
        done += count
    return np.frombuffer(data, "<f4").reshape(shape)


def read_volume(stream: BinaryIO, told: dict[str, Any]) -> Reduced:
    return Reduced(read_numbers(stream, told["shape"]), np.array(told["affine"], float), str(told["modality"]))


__all__ = ["Message", "described", "read_message", "read_numbers", "read_volume", "write_message", "write_numbers"]
