"""Keeps one engine alive: starts it again when it dies or hangs, and tells it again what it missed.

Every segment's sound is held here until its text has come. Used from one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from dictation.audio import BYTES_PER_SECOND
from dictation.engines import wire
from dictation.engines.process import EngineProcess
from dictation.models import EngineModel
from workstation.domain.dictation import Word

READY_SECONDS = 180.0
FINAL_SECONDS = 45.0
FINAL_PER_SECOND = 4.0
"""Beyond these an engine hangs: so long to load, and so long for a segment plus its length. Long,
because it yields to everything else on a busy machine (26 s were seen for what takes one on a
quiet one); one that spins ends itself sooner."""

MOST_ATTEMPTS = 3
MOST_STARTS = 3


@dataclass(slots=True)
class Job:
    """A segment in the engine's hands."""

    pcm: bytearray = field(default_factory=bytearray)
    complete: bool = False
    attempts: int = 1
    drafting: bool = False
    since: float = 0.0


class KeeperListener(Protocol):
    def engine_ready(self, keeper: EngineKeeper) -> None: ...
    def engine_died(self, keeper: EngineKeeper, segment_id: str) -> None:
        """`segment_id` is the one it was at, if any."""
        ...

    def engine_broken(self, keeper: EngineKeeper, reason: str) -> None: ...
    def draft_came(self, keeper: EngineKeeper, segment_id: str, text: str) -> None: ...
    def final_came(self, keeper: EngineKeeper, segment_id: str, text: str, words: tuple[Word, ...]) -> None: ...
    def segment_failed(self, keeper: EngineKeeper, segment_id: str, reason: str) -> None: ...
    def unknown_came(self, keeper: EngineKeeper, words: frozenset[str]) -> None: ...


class EngineKeeper:
    """`post` brings what an engine's threads report into the one thread this lives in."""

    def __init__(
        self,
        model: EngineModel,
        language: str,
        terms: tuple[str, ...],
        post: Callable[[Callable[[], None]], None],
        listener: KeeperListener,
    ) -> None:
        self.model = model
        self._language = language
        self._terms = terms
        self._post = post
        self._listener = listener
        self._process: EngineProcess | None = None
        self._jobs: dict[str, Job] = {}
        self._starts = 0
        self._started_at = 0.0
        self.ready = False
        self.broken = ""
        self.hearings: tuple[str, ...] = ()
        """Other hearings of the segment whose final came last."""
        self.refused_sockets = 0
        """Attempts of the libraries to open one, all refused; more than none is a defect."""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    def start(self) -> None:
        """Load the model, if that is not under way already."""
        if self._process is not None or self.broken:
            return
        self._starts += 1
        self.ready = False
        self._started_at = time.monotonic()
        self._process = EngineProcess(self.model, self._language, self._from_engine)
        self._send({"do": "context", "terms": self._terms})
        for segment_id, job in self._jobs.items():
            self._tell_all(segment_id, job)

    def expect(self, terms: tuple[str, ...]) -> None:
        self._terms = terms
        self._send({"do": "context", "terms": terms})

    def open(self, segment_id: str) -> None:
        if self.broken:
            return
        self.start()
        self._jobs[segment_id] = Job()

    def feed(self, segment_id: str, pcm: bytes) -> None:
        job = self._jobs.get(segment_id)
        if job is not None:
            job.pcm += pcm
            self._send({"do": "audio", "segment": segment_id}, pcm)

    def draft(self, segment_id: str) -> None:
        """Ask what it sounds like so far, unless that was asked already."""
        job = self._jobs.get(segment_id)
        if job is not None and self.ready and not job.drafting:
            job.drafting = True
            self._send({"do": "draft", "segment": segment_id})

    def finish(self, segment_id: str) -> None:
        job = self._jobs.get(segment_id)
        if job is None:
            self._listener.segment_failed(self, segment_id, self.broken)
            return
        job.complete = True
        job.since = time.monotonic()
        self._send({"do": "finish", "segment": segment_id})

    def ask_unknown(self, words: tuple[str, ...]) -> None:
        """Which of these words the model cannot hear; no answer comes of an engine that is not there."""
        self._send({"do": "words", "words": words})

    def drop(self, segment_id: str) -> None:
        """Nobody waits for it any more."""
        self._jobs.pop(segment_id, None)

    def check(self) -> None:
        """Called now and then: an engine that does not answer is ended, and then started again."""
        if self._process is None:
            return
        now = time.monotonic()
        if not self.ready:
            if now - self._started_at > READY_SECONDS:
                self._process.kill()
            return
        job = next(iter(self._jobs.values()), None)
        if job is None or not job.complete:
            return
        allowed = FINAL_SECONDS + FINAL_PER_SECOND * len(job.pcm) / BYTES_PER_SECOND
        if now - max(job.since, self._started_at) > allowed:
            self._process.kill()

    def close(self) -> None:
        if self._process is not None:
            self._process.close()
        self._process = None
        self._jobs.clear()

    def _send(self, message: wire.Message, pcm: bytes = b"") -> None:
        if self._process is not None:
            self._process.send(message, pcm)

    def _tell_all(self, segment_id: str, job: Job) -> None:
        job.drafting = False
        job.since = time.monotonic()
        self._send({"do": "audio", "segment": segment_id}, bytes(job.pcm))
        if job.complete:
            self._send({"do": "finish", "segment": segment_id})

    def _from_engine(self, process: EngineProcess, message: wire.Message) -> None:
        self._post(lambda: self._take(process, message))

    def _take(self, process: EngineProcess, message: wire.Message) -> None:
        if process is not self._process:
            return
        self.refused_sockets = message.get("refused_sockets", self.refused_sockets)
        match message["is"]:
            case "ready":
                self.ready = True
                self._started_at = time.monotonic()
                self._listener.engine_ready(self)
            case "draft":
                self._draft_came(message["segment"], message["text"])
            case "final":
                self._final_came(message)
            case "unknown":
                self._listener.unknown_came(self, frozenset(message["words"]))
            case "failed":
                self._break(message["reason"])
            case "dead":
                self._died(process)

    def _draft_came(self, segment_id: str, text: str) -> None:
        job = self._jobs.get(segment_id)
        if job is not None:
            job.drafting = False
            self._listener.draft_came(self, segment_id, text)

    def _final_came(self, message: wire.Message) -> None:
        self._starts = 0
        if self._jobs.pop(message["segment"], None) is None:
            return
        for waiting in self._jobs.values():
            waiting.since = time.monotonic()
        words = tuple(Word(*word) for word in message["words"])
        self.hearings = tuple(map(str, message.get("hearings", ())))
        self._listener.final_came(self, message["segment"], message["text"], words)

    def _died(self, process: EngineProcess) -> None:
        process.close()
        self._process = None
        if not self.ready and self._starts >= MOST_STARTS:
            self._break("it ends while starting")
            return
        segment_id = next(iter(self._jobs), "")
        self._give_up_on_the_deadly(segment_id)
        self._listener.engine_died(self, segment_id)
        self.start()

    def _give_up_on_the_deadly(self, segment_id: str) -> None:
        """The segment the engine was at when it died, after so many deaths, is left as sound."""
        job = self._jobs.get(segment_id)
        if job is None:
            return
        job.attempts += 1
        if job.attempts > MOST_ATTEMPTS and job.complete:
            del self._jobs[segment_id]
            self._listener.segment_failed(self, segment_id, "the recogniser ends on this recording")

    def _break(self, reason: str) -> None:
        self.broken = reason or "unknown reason"
        self.ready = False
        process, self._process = self._process, None
        if process is not None:
            process.close()
        jobs, self._jobs = self._jobs, {}
        self._listener.engine_broken(self, self.broken)
        for segment_id, job in jobs.items():
            if job.complete:
                self._listener.segment_failed(self, segment_id, self.broken)
