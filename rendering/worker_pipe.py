"""Messages between the worker process and its parent: a length (4 bytes, big-endian) and JSON.

JSON because nothing in it can run: what comes back from a process that read hostile bytes is data.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

Message = dict[str, Any]

# No answer is longer: the largest header is that of an instance with thousands of frames.
MOST_MESSAGE = 256 << 20


def write_message(stream: BinaryIO, message: Message) -> None:
    """Raises OSError when the other side has gone."""
    data = json.dumps(message, separators=(",", ":")).encode()
    stream.write(struct.pack(">I", len(data)) + data)
    stream.flush()


def read_message(stream: BinaryIO) -> Message | None:
    """The next message; None when the other side has gone or talks nonsense."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    size = struct.unpack(">I", head)[0]
    data = stream.read(size) if size <= MOST_MESSAGE else b""
    if len(data) < size or not data:
        return None
    message = json.loads(data)
    return message if isinstance(message, dict) else None
