"""What goes over the pipes: a JSON object and raw sound, each with its length in front. No pickle.

To the engine: `{"do": "context", "terms": [...]}`, `{"do": "audio", "segment": id}` + s16le,
`{"do": "draft", "segment": id}`, `{"do": "finish", "segment": id}`, `{"do": "drop", "segment": id}`,
`{"do": "words", "words": [...]}`.
From it: `{"is": "ready", ...}`, `{"is": "draft", "segment": id, "text": ...}`,
`{"is": "final", "segment": id, "text": ..., "words": [[word, confidence, start, end], ...],
"hearings": [other hearings of all of it]}`,
`{"is": "unknown", "words": [...]}`, `{"is": "failed", "reason": ...}`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

HEAD = struct.Struct(">II")
MAX_JSON = 1 << 22
MAX_PAYLOAD = 1 << 24

Message = Mapping[str, Any]


class BrokenWire(Exception):
    """The other side wrote something that is not ours: it is to be ended."""


def write(stream: IO[bytes], message: Message, payload: bytes = b"") -> None:
    text = json.dumps(message, separators=(",", ":")).encode()
    stream.write(HEAD.pack(len(text), len(payload)) + text + payload)
    stream.flush()


def read(stream: IO[bytes]) -> tuple[Message, bytes] | None:
    """The next message, or None at the end of the stream. Raises BrokenWire."""
    head = _exactly(stream, HEAD.size)
    if head is None:
        return None
    text_size, payload_size = HEAD.unpack(head)
    if text_size > MAX_JSON or payload_size > MAX_PAYLOAD:
        raise BrokenWire("message too long")
    text, payload = _exactly(stream, text_size), _exactly(stream, payload_size)
    if text is None or payload is None:
        return None
    try:
        message = json.loads(text)
    except ValueError as error:
        raise BrokenWire("not JSON") from error
    if not isinstance(message, dict):
        raise BrokenWire("not an object")
    return message, payload


def _exactly(stream: IO[bytes], size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            return None
        data += more
    return data
