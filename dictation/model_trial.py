"""Whether a model recognises: a clip of ours in the engine's own process, which may fall over as it likes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from dictation.audio import BYTES_PER_SECOND, read_recording, silence
from dictation.engines import wire
from dictation.engines.process import EngineProcess
from dictation.model_archive import Stopped
from dictation.models import EngineModel

MOST_SECONDS = 240.0
LOOK_SECONDS = 0.1
CLIP_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Trial:
    """`heard` in `seconds` (loading left out), taking `memory_mb` (0 where the system does not say); else a `problem`."""

    works: bool
    heard: str = ""
    seconds: float = 0.0
    memory_mb: int = 0
    problem: str = ""


class _Answers:
    def __init__(self) -> None:
        self.ready_at = 0.0
        self.final: str | None = None
        self.final_at = 0.0
        self.problem = ""

    def take(self, _process: EngineProcess, message: wire.Message) -> None:
        match message["is"]:
            case "ready":
                self.ready_at = time.monotonic()
            case "final":
                self.final, self.final_at = str(message["text"]), time.monotonic()
            case "failed":
                self.problem = str(message["reason"])
            case "dead":
                self.problem = self.problem or "the recogniser ended"


def try_out(model: EngineModel, cancelled: Callable[[], bool] = lambda: False) -> Trial:
    """English words in another language's model come out as anything: that an answer comes is what counts,
    and, from an English one, that it has words. Raises Stopped."""
    answers = _Answers()
    process = EngineProcess(model, "en" if model.language == "*" else model.language, answers.take)
    try:
        process.send({"do": "context", "terms": []})
        process.send({"do": "audio", "segment": "trial"}, _clip())
        process.send({"do": "finish", "segment": "trial"})
        give_up = time.monotonic() + MOST_SECONDS
        while answers.final is None and not answers.problem:
            if cancelled():
                raise Stopped
            if time.monotonic() > give_up:
                return Trial(False, problem="it did not answer in four minutes")
            time.sleep(LOOK_SECONDS)
        if answers.final is None:
            return Trial(False, problem=answers.problem)
        memory = _memory_mb(process.pid)
    finally:
        process.close()
    if model.language == "en" and not answers.final.strip():
        return Trial(False, problem="it heard no words in a clear sentence")
    return Trial(True, answers.final, answers.final_at - answers.ready_at, memory)


def _clip() -> bytes:
    with as_file(files("resources") / "demonstration" / "dictation.flac") as recording:
        return read_recording(recording)[: int(CLIP_SECONDS * BYTES_PER_SECOND)] + silence(0.5)


def _memory_mb(pid: int) -> int:
    """Resident memory of the process, as Linux tells it."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:")), 0)
