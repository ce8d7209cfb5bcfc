"""multipart/related as it comes off the wire (RFC 2046 5.1, RFC 2387; PS3.18 8.6): a parser without trust.

Fed with pieces of any size, it gives the parts' headers and bytes as they come, so that an object is
never held in memory. A part has ended only when the delimiter after it has come. What a part's
Content-Length says is compared, never believed.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from workstation.archives.gateway.http_limits import HttpLimits
from workstation.errors import Unavailable

_HINT = "Try again; if it stays so, ask who runs the archive"


class Malformed(Unavailable):
    """What came is not a whole multipart answer. Parts that had ended before are good."""

    def __init__(self, detail: str) -> None:
        super().__init__("The archive's answer is damaged", detail, _HINT)


@dataclass(frozen=True, slots=True)
class PartBegins:
    """Header names are in lower case; of a repeated one the last counts."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartData:
    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnds:
    """The delimiter after the part has come: it is whole."""

    size: int


Event = PartBegins | PartData | PartEnds

_PARAMETER = re.compile(r';\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')
_TOKEN_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Content-Type value, names in lower case, quotes taken off."""
    found: dict[str, str] = {}
    for name, text in _PARAMETER.findall(value):
        unquoted = re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
        found.setdefault(name.lower(), unquoted)
    return found


def media_type(value: str) -> str:
    """Of a Content-Type value, in lower case and without parameters."""
    return value.split(";", 1)[0].strip().lower()


def boundary_of(content_type: str) -> bytes:
    """Raises `Malformed` when there is none, or one that RFC 2046 does not know."""
    boundary = parameters(content_type).get("boundary", "")
    if not _TOKEN_BOUNDARY.fullmatch(boundary):
        raise Malformed("It does not say where its parts end")
    return boundary.encode("ascii")


class _State(Enum):
    PREAMBLE = auto()
    HEAD = auto()
    BODY = auto()
    DONE = auto()


class MultipartParser:
    """`feed` what comes, then `finish`: it raises unless the closing delimiter came."""

    def __init__(self, boundary: bytes, limits: HttpLimits) -> None:
        self._limits = limits
        self._mark = b"--" + boundary
        self._line_end = b"\r\n"
        self._buffer = bytearray()
        self._state = _State.PREAMBLE
        self._size = 0
        self._said_size: int | None = None

    @property
    def is_done(self) -> bool:
        """The closing delimiter has come; whatever follows is nobody's."""
        return self._state is _State.DONE

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that are certain now. Use them up before the next call."""
        self._buffer += data
        progress = True
        while progress and self._state is not _State.DONE:
            if self._state is _State.PREAMBLE:
                progress = self._preamble()
            elif self._state is _State.HEAD:
                head = self._head()
                progress = head is not None
                if head is not None:
                    yield head
            else:
                progress = yield from self._body()
        if self._state is _State.DONE:
            self._buffer.clear()

    def finish(self) -> None:
        """The connection has ended properly. Raises `Malformed` unless all parts were whole."""
        if self._state is not _State.DONE:
            raise Malformed("It ended in the middle")

    def _preamble(self) -> bool:
        at = self._buffer.find(self._mark)
        while at >= 0:
            starts_line = at == 0 or self._buffer[at - 1] == 0x0A
            after = self._after_mark(at + len(self._mark)) if starts_line else 0
            if after is None:
                return False
            if after:
                self._enter(after)
                return True
            at = self._buffer.find(self._mark, at + 1)
        if len(self._buffer) > self._limits.preamble:
            raise Malformed("Its first part does not begin")
        return False

    def _after_mark(self, at: int) -> int | None:
        """Where the delimiter line that has its boundary before `at` ends; 0 when it is none, None when that is not known yet.

        Negative: it is the closing one.
        """
        rest = bytes(self._buffer[at : at + 256])
        if len(rest) < 2:
            return None
        if rest.startswith(b"--"):
            return -1
        end = rest.find(b"\n")
        if end < 0:
            return None if len(rest) < 256 and not rest.strip(b" \t\r") else 0
        return at + end + 1 if not rest[:end].strip(b" \t\r") else 0

    def _enter(self, after: int) -> None:
        """Leave the delimiter line that ends at `after` behind."""
        if after < 0:
            self._state = _State.DONE
            return
        if self._state is _State.PREAMBLE:
            self._line_end = b"\r\n" if self._buffer[after - 2] == 0x0D else b"\n"
        del self._buffer[:after]
        self._state = _State.HEAD

    def _head(self) -> PartBegins | None:
        end, skip = self._head_end()
        if end < 0:
            if len(self._buffer) > self._limits.part_head:
                raise Malformed("A part's header lines do not end")
            return None
        if end > self._limits.part_head:
            raise Malformed("A part's header lines are too long")
        headers = _headers(bytes(self._buffer[:end]))
        del self._buffer[: end + skip]
        self._state, self._size = _State.BODY, 0
        said = headers.get("content-length", "")
        self._said_size = int(said) if said.isascii() and said.isdigit() and len(said) < 20 else None
        return PartBegins(headers)

    def _head_end(self) -> tuple[int, int]:
        """Where the header lines end and how long the empty line is; (-1, 0) when not here yet."""
        for nothing in (b"\r\n", b"\n"):
            if self._buffer.startswith(nothing):
                return 0, len(nothing)
        ends = [(self._buffer.find(mark), len(mark)) for mark in (b"\r\n\r\n", b"\n\n")]
        return min((found for found in ends if found[0] >= 0), default=(-1, 0))

    def _body(self) -> Generator[Event, None, bool]:
        """Its value is whether a delimiter was passed."""
        delimiter = self._line_end + self._mark
        for at, mark_end in self._candidates(delimiter):
            after = self._after_mark(mark_end)
            if after is None:
                yield from self._give(at)
                return False
            if after:
                yield from self._give(at, after)
                return True
        yield from self._give(max(0, len(self._buffer) - len(delimiter) - 1))
        return False

    def _candidates(self, delimiter: bytes) -> Iterator[tuple[int, int]]:
        """Where the part may end, and where the boundary that says so does."""
        if self._size == 0 and self._buffer.startswith(self._mark):
            yield 0, len(self._mark)  # an empty part: the empty line's end is the delimiter's too
        at = self._buffer.find(delimiter)
        while at >= 0:
            yield at, at + len(delimiter)
            at = self._buffer.find(delimiter, at + 1)

    def _give(self, count: int, after: int = 0) -> Iterator[Event]:
        """`count` bytes of the part; with `after` it ends there and the delimiter line ends at `after`."""
        self._size += count
        if self._size > self._limits.part:
            raise Malformed("One of its objects does not end")
        with memoryview(self._buffer) as view:
            data = bytes(view[:count])
        if after:
            if self._said_size is not None and abs(self._said_size - self._size) > len(self._line_end):
                raise Malformed(f"An object has {self._size} bytes and was announced with {self._said_size}")
            size = self._size
            self._enter(after)
        else:
            del self._buffer[:count]
        if count:
            yield PartData(data)
        if after:
            yield PartEnds(size)


def _headers(block: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in re.sub(rb"\r?\n[ \t]+", b" ", block).split(b"\n"):
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers
