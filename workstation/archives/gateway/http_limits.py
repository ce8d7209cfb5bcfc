"""Every cap on what an HTTP server may do to us, in one place. Seconds and bytes (F35, F40, F45)."""

from __future__ import annotations

from dataclasses import dataclass

_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How long and how much. A server that is slower, longer or larger is given up, in words."""

    connect: float = 10.0
    """Until the TCP connection and TLS stand."""
    answer: float = 30.0
    """From the request until its answer's head is here, however it drips."""
    silence: float = 20.0
    """Between two pieces of an answer's body."""
    slowest: float = 512.0
    """Bytes per second that a body must keep up over each `slow_window` of waiting for it."""
    slow_window: float = 20.0
    json_body: int = 64 * _MB
    """Of a QIDO-RS answer. JSON takes some ten times as much memory when parsed."""
    other_body: int = 1 * _MB
    """Of an answer that is not used but for its status."""
    part_head: int = 16 * 1024
    """Of the header lines of one part of a multipart answer."""
    preamble: int = 64 * 1024
    """Before the first part."""
    epilogue: int = 512 * 1024
    """After the last part, counted with the piece that it ends in."""
    part: int = 16 * 1024 * _MB
    """Of one object."""
    free_disk: int = 512 * _MB
    """What an answer must leave free on the disk it is written to."""
    surplus_parts: int = 16
    """More parts than were listed: images that came meanwhile, not an answer without end."""
    page: int = 500
    """Rows asked for at once."""
    rows: int = 100_000
    """Of one list."""
    widened_rows: int = 5_000
    """Read through for a name that had to be asked for more widely."""
    redirects: int = 3

    @classmethod
    def of(cls, timeout_seconds: float) -> HttpLimits:
        """As the archive's settings say."""
        return cls(
            connect=min(10.0, timeout_seconds),
            answer=timeout_seconds,
            silence=min(20.0, timeout_seconds),
            slow_window=min(20.0, timeout_seconds),
        )
