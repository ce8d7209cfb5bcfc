"""A speech engine that hears tones: sentence number N is a tone of its own, and comes back as `wordN`.

Run as a process in the place of `dictation.engines.host`; quick to start, so that it can be killed often.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from itertools import pairwise

from dictation.engines import wire

RATE = 16_000
LOWEST, STEP = 300, 8
"""Hz. Sentence N is LOWEST + N * STEP."""
SHORTEST = 0.25
"""Seconds of tone that tell which one it is."""


def tone_number(pcm: bytes) -> int | None:
    """Which sentence it is, by its zero crossings; None for too little of one."""
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    sounding = [place for place, value in enumerate(samples) if value]
    if len(sounding) < SHORTEST * RATE:
        return None
    heard = samples[sounding[0] : sounding[-1] + 1]
    signs = [value > 0 for value in heard if value]
    crossings = sum(a != b for a, b in pairwise(signs))
    return round((crossings / 2 / (len(heard) / RATE) - LOWEST) / STEP)


def main(*_: str) -> None:
    requests, replies = os.fdopen(0, "rb", buffering=0), os.fdopen(1, "wb", buffering=0)
    wire.write(replies, {"is": "ready", "seconds": 0.0})
    for message, text in _answers(requests):
        wire.write(replies, {"is": "final", "segment": message["segment"], "text": text, "words": []})


def _answers(requests: object) -> Iterator[tuple[wire.Message, str]]:
    pcm = b""
    while (request := wire.read(requests)) is not None:  # type: ignore[arg-type]
        message, sound = request
        if message["do"] == "audio":
            pcm += sound
        elif message["do"] == "finish":
            number = tone_number(pcm)
            yield message, "" if number is None else f"word{number}"
            pcm = b""
        elif message["do"] == "drop":
            pcm = b""
