"""The engine's own process: `host.main(kind, model folder, language, threads)`, spoken to over two pipes.

It starts with `-P`, lowers its priority so that images win, may write no file, open no socket
and leave no core dump, and ends when the program at the other end of the pipe does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from dictation.engines import wire

CPU_SECONDS = 15.0
CPU_SECONDS_PER_BYTE = 0.1 / (1 << 20)
"""Of processor time for one segment, and more for larger models: several times what 25 s of speech
need. With more than that, one that goes round in circles would do so for minutes on a busy machine."""

ADDRESS_SPACE = 12 << 30


class Recogniser(Protocol):
    """One loaded model. Segments come one after the other; sound is s16le at 16 kHz."""

    hearings: list[str]
    """How the last finished segment was heard otherwise, whole, as without expected terms."""

    def context(self, terms: list[str]) -> None: ...

    def feed(self, pcm: bytes) -> str | None:
        """More of the open segment; the draft so far when there is a new one for free."""
        ...

    def draft(self) -> str:
        """What the open segment sounds like so far."""
        ...

    def finish(self) -> tuple[str, list[list[Any]]]:
        """Text and [word, confidence, start, end] of the open segment; none is open after."""
        ...

    def drop(self) -> None: ...

    def unknown(self, words: list[str]) -> list[str]:
        """Those that the model can never hear, whatever is said."""
        ...


def main(kind: str, model: str, language: str, threads: str) -> None:
    requests, replies = _private_pipes()
    refused_sockets = _forbid()
    started = time.monotonic()
    try:
        recogniser = _load(kind, Path(model), language, int(threads))
    except Exception as error:  # any library may raise anything: the reason goes to the other side
        wire.write(replies, {"is": "failed", "reason": f"{type(error).__name__}: {error}"[:300]})
        return
    seconds = round(time.monotonic() - started, 3)
    wire.write(replies, {"is": "ready", "seconds": seconds, "refused_sockets": len(refused_sockets)})
    limit = CPU_SECONDS + CPU_SECONDS_PER_BYTE * sum(file.stat().st_size for file in Path(model).rglob("*"))
    with contextlib.suppress(BrokenPipeError):
        _serve(recogniser, requests, replies, refused_sockets, limit)


def _serve(recogniser: Recogniser, requests: BinaryIO, replies: BinaryIO, refused_sockets: list[str], cpu_seconds: float) -> None:
    while (request := wire.read(requests)) is not None:
        message, pcm = request
        _limit_processor_time(cpu_seconds)
        segment = message.get("segment", "")
        match message["do"]:
            case "context":
                recogniser.context([str(term) for term in message["terms"]])
            case "audio":
                draft = recogniser.feed(pcm)
                if draft is not None:
                    wire.write(replies, {"is": "draft", "segment": segment, "text": draft})
            case "draft":
                wire.write(replies, {"is": "draft", "segment": segment, "text": recogniser.draft()})
            case "finish":
                text, words = recogniser.finish()
                reply = {"is": "final", "segment": segment, "text": text, "words": words, "hearings": recogniser.hearings}
                wire.write(replies, reply | {"refused_sockets": len(refused_sockets)})
            case "drop":
                recogniser.drop()
            case "words":
                unknown = recogniser.unknown([str(word) for word in message["words"]])
                wire.write(replies, {"is": "unknown", "words": unknown})


def _load(kind: str, model: Path, language: str, threads: int) -> Recogniser:
    if not model.is_dir():
        raise FileNotFoundError("the model folder is not there")
    if kind == "vosk":
        from dictation.engines.vosk_engine import VoskRecogniser

        return VoskRecogniser(model)
    from dictation.engines.whisper_engine import WhisperRecogniser

    return WhisperRecogniser(model, language, threads)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Our pipes under numbers no library knows: what one prints must not reach the wire."""
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, replies


def _limit_processor_time(seconds: float) -> None:
    """A recogniser that goes round in circles is ended by the system, even inside native code."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _forbid() -> list[str]:
    """No network, no files, no core dumps. The list fills with refused socket calls."""
    refused: list[str] = []

    def watch(event: str, _arguments: tuple[Any, ...]) -> None:
        if event.startswith("socket."):
            refused.append(event)
            raise PermissionError("the recogniser has no network")

    sys.addaudithook(watch)
    if sys.platform != "win32":
        import resource

        os.nice(5)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    return refused
