"""Lines of JSON between the program and the archive process, and the dataclasses in them.

The program writes one line that says who it is for and then requests; the process answers each request with
any number of events and then `finished` or `error`. JSON because nothing in it can run: what comes
back from a process that read hostile bytes is data.

    → {"archive": …, "secret": …, "incoming_key": …}            ← {"ready": pid}
    → {"do": "retrieve", …}    ← {"file": …} {"bytes": …} {"finished": null}
    → {"cancel": true}         while a request is under way
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, BinaryIO, TypeVar, Union, get_args, get_origin, get_type_hints

from workstation.errors import Conflict, DiskFull, Refused, Unavailable, WorkstationError

Message = dict[str, Any]
T = TypeVar("T")

MOST_LINE = 64 << 20
"""Bytes of one line. The longest is an IMAGE-level list of some ten thousand instances."""

LONGEST_WAIT = 86400.0
"""Seconds for which an archive may ask us to stay away."""

# The narrower of two comes first.
_ERRORS: dict[str, type[WorkstationError]] = {kind.__name__: kind for kind in (DiskFull, Refused, Unavailable, Conflict)}


def write_line(stream: BinaryIO, message: Message) -> None:
    """Raises OSError when the other side has gone."""
    stream.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
    stream.flush()


def read_line(stream: BinaryIO) -> Message | None:
    """The next message; None when the other side has gone or talks nonsense."""
    line = stream.readline(MOST_LINE)
    if not line.endswith(b"\n"):
        return None
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def encode(value: Any) -> Any:
    """JSON-able data for a dataclass, or for what is in one."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {item.name: encode(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return str(value) if isinstance(value, Path) else value


def decode(kind: type[T], data: Any) -> T:
    """A `kind` from what `encode` made of one. Raises ValueError, TypeError or KeyError for anything else."""
    made: T = _decoded(kind, data)
    return made


def decode_many(kind: type[T], data: Sequence[Any]) -> tuple[T, ...]:
    return tuple(decode(kind, item) for item in data)


def _decoded(hint: Any, data: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        inner = next(argument for argument in arguments if argument is not NoneType)
        return None if data is None else _decoded(inner, data)
    if origin is tuple:
        return tuple(_decoded(arguments[0], item) for item in data)
    if is_dataclass(hint):
        hints = _hints(hint)  # type: ignore[arg-type]
        return hint(**{name: _decoded(hints[name], value) for name, value in data.items()})  # type: ignore[operator]
    if hint is bytes:
        return base64.b64decode(data)
    if hint is float and isinstance(data, int):
        return float(data)
    if isinstance(hint, type) and issubclass(hint, Enum | Path):
        return hint(data)
    if not isinstance(data, hint):
        raise TypeError("another type")
    return data


def decode_bytes(data: str) -> bytes:
    return base64.b64decode(data)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def encode_error(error: WorkstationError) -> list[Any]:
    kind = next((name for name, known in _ERRORS.items() if isinstance(error, known)), "Unavailable")
    return [kind, error.title, error.detail, error.hint, error.retry_after]


def decode_error(data: Sequence[Any]) -> WorkstationError:
    kind, title, detail, hint = (str(part) for part in data[:4])
    error = _ERRORS.get(kind, Unavailable)(title, detail, hint)
    waits = data[4] if len(data) > 4 else None
    if isinstance(waits, int | float) and 0 <= waits <= LONGEST_WAIT:
        error.retry_after = float(waits)
    return error
