"""Segments in the engines' hands until text, nothing or a failure comes of each.

There may be two engines: a quick one that drafts, and a better one that writes the text. Either
alone will do: where the better one breaks, the quick one's text is taken, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from dictation.formatter import Ending
from dictation.keeper import EngineKeeper
from dictation.models import EngineSpec
from dictation.recording import Recording
from workstation.domain.dictation import DictatedSegment, Word
from workstation.errors import Unavailable, WorkstationError

FIRST_PASS = "{} (first pass only)"
"""The engine's name of a text that the better engine should have written and could not."""

NO_ENGINE = "no speech model"

SURE_COMMAND = 0.6
"""The least confidence of each word with which the first engine's command needs no second hearing."""


@dataclass(slots=True)
class SpokenSegment:
    """One stretch of speech: `key` names the place it was spoken for, `start` is in seconds of the source.

    `ending` and `is_clear` (loud enough that somebody must have spoken) are known when it is closed.
    """

    segment_id: str
    key: str
    start: float = 0.0
    recording: Recording | None = None
    path: str = ""
    ending: Ending = Ending.BREATH
    is_clear: bool = False
    undrafted_bytes: int = 0
    for_command: bool = False
    is_late: bool = False

    def dictated(self, heard: Heard, text: str) -> DictatedSegment:
        """As the report takes it, `text` as it is written."""
        return DictatedSegment(
            self.segment_id,
            text,
            heard.text,
            heard.words,
            heard.engine,
            self.path,
            start=self.start,
            hearings=tuple(other for other in dict.fromkeys(heard.hearings) if other not in ("", heard.text)),
            for_command=self.for_command,
            is_late=self.is_late,
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine made of a segment; empty `text` where it heard no words. `hearings` are other ones of all of it."""

    text: str
    words: tuple[Word, ...]
    engine: str
    hearings: tuple[str, ...] = ()


class RecognitionListener(Protocol):
    def draft_came(self, segment: SpokenSegment, text: str) -> None: ...
    def text_came(self, segment: SpokenSegment, heard: Heard) -> None: ...
    def segment_failed(self, segment: SpokenSegment, reason: str) -> None: ...
    def problem_came(self, problem: WorkstationError) -> None: ...
    def engines_changed(self) -> None: ...


@dataclass(slots=True)
class _Waiting:
    """`answers`: by keeper, what it heard or why it could not."""

    segment: SpokenSegment
    answers: dict[EngineKeeper, Heard | str] = field(default_factory=dict)


class Recognition:
    """Used from one thread; `post` brings what the engines' threads report into it."""

    def __init__(
        self,
        engine: EngineSpec | None,
        language: str,
        terms: tuple[str, ...],
        post: Callable[[Callable[[], None]], None],
        listener: RecognitionListener,
    ) -> None:
        models = () if engine is None else dict.fromkeys(model for model in (engine.draft, engine.final) if model is not None)
        self._keepers = tuple(EngineKeeper(model, language, terms, post, self) for model in models)
        """The best last."""
        self._listener = listener
        self._waiting: dict[str, _Waiting] = {}
        self.restarting = False
        self._next_terms: tuple[str, ...] | None = None
        self._ask: Callable[[frozenset[str]], None] = lambda _words: None
        self.is_command: Callable[[str], bool] = lambda _text: False
        """What the first engine heard is not heard again by a better one when it is a command: that acts at once."""

    @property
    def keepers(self) -> tuple[EngineKeeper, ...]:
        return self._keepers

    @property
    def is_usable(self) -> bool:
        return any(not keeper.broken for keeper in self._keepers)

    @property
    def is_ready(self) -> bool:
        """Every engine is loaded, or known to be broken."""
        return all(keeper.ready or keeper.broken for keeper in self._keepers)

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting)

    @property
    def drafts_when_asked(self) -> bool:
        """With two engines the first one drafts by itself."""
        return len(self._keepers) == 1

    def start(self) -> None:
        for keeper in self._keepers:
            keeper.start()

    def check(self) -> None:
        for keeper in self._keepers:
            keeper.check()

    def close(self) -> None:
        for keeper in self._keepers:
            keeper.close()

    def expect(self, terms: tuple[str, ...]) -> None:
        """From the next segment on: the open one keeps what it began with."""
        self._next_terms = terms

    def ask_unknown(self, words: tuple[str, ...], answer: Callable[[frozenset[str]], None]) -> None:
        """What the model that writes the text can never hear of these words."""
        self._ask = answer
        if self._keepers:
            self._keepers[-1].ask_unknown(words)

    def open(self, segment: SpokenSegment) -> None:
        self._waiting[segment.segment_id] = _Waiting(segment)
        terms, self._next_terms = self._next_terms, None
        for keeper in self._keepers:
            if terms is not None:
                keeper.expect(terms)
            keeper.open(segment.segment_id)

    def feed(self, segment: SpokenSegment, pcm: bytes) -> None:
        for keeper in self._keepers:
            keeper.feed(segment.segment_id, pcm)

    def draft(self, segment: SpokenSegment) -> None:
        self._keepers[0].draft(segment.segment_id)

    def finish(self, segment: SpokenSegment) -> None:
        if not self._keepers:
            del self._waiting[segment.segment_id]
            self._listener.segment_failed(segment, NO_ENGINE)
        for keeper in self._keepers:
            keeper.finish(segment.segment_id)

    # -- what the engines say (KeeperListener) --------------------------------------------

    def engine_ready(self, _keeper: EngineKeeper) -> None:
        self.restarting = self.restarting and not self.is_ready
        self._listener.engines_changed()

    def engine_died(self, keeper: EngineKeeper, segment_id: str) -> None:
        """Its segments are told to the next one; the one it was at need not wait for that if there is a text."""
        self.restarting = True
        self._listener.problem_came(
            Unavailable("The speech engine ended and is being started again", "", "Go on dictating: everything is recorded")
        )
        waiting = self._waiting.get(segment_id)
        if waiting is not None and any(isinstance(answer, Heard) for answer in waiting.answers.values()):
            keeper.drop(segment_id)
            self._answered(keeper, segment_id, "the recogniser ended")

    def engine_broken(self, _keeper: EngineKeeper, reason: str) -> None:
        self.restarting = self.restarting and not self.is_ready
        self._listener.engines_changed()
        hint = "Type, or choose another speech model"
        if self.is_usable:
            hint = "Words are written as the other model hears them: read them twice"
        self._listener.problem_came(Unavailable("The speech engine cannot be started", reason, hint))

    def draft_came(self, keeper: EngineKeeper, segment_id: str, text: str) -> None:
        waiting = self._waiting.get(segment_id)
        if waiting is not None and keeper is self._keepers[0]:
            self._listener.draft_came(waiting.segment, text)

    def final_came(self, keeper: EngineKeeper, segment_id: str, text: str, words: tuple[Word, ...]) -> None:
        name = keeper.model.name if keeper is self._keepers[-1] else FIRST_PASS.format(keeper.model.name)
        self._answered(keeper, segment_id, Heard(text, words, name, keeper.hearings))

    def unknown_came(self, _keeper: EngineKeeper, words: frozenset[str]) -> None:
        self._ask(words)

    def segment_failed(self, keeper: EngineKeeper, segment_id: str, reason: str) -> None:
        self._answered(keeper, segment_id, reason)

    def _answered(self, keeper: EngineKeeper, segment_id: str, answer: Heard | str) -> None:
        """The best engine that heard the segment writes it; until it has answered, the others wait."""
        waiting = self._waiting.get(segment_id)
        if waiting is None:
            return
        waiting.answers[keeper] = answer
        if isinstance(answer, Heard) and keeper is not self._keepers[-1] and self._is_sure_command(waiting.segment, answer):
            self._drop_elsewhere(keeper, segment_id)
            self._heard(waiting.segment, answer)
            return
        for asked in reversed(self._keepers):
            found = waiting.answers.get(asked)
            if found is None:
                return
            if isinstance(found, Heard):
                self._heard(waiting.segment, found)
                return
        del self._waiting[segment_id]
        self._listener.segment_failed(waiting.segment, str(waiting.answers[self._keepers[-1]]))

    def _heard(self, segment: SpokenSegment, heard: Heard) -> None:
        answers = self._waiting.pop(segment.segment_id).answers.values()
        others = tuple(answer.text for answer in answers if isinstance(answer, Heard) and answer is not heard)
        self._listener.text_came(segment, replace(heard, hearings=(*heard.hearings, *others)))

    def _is_sure_command(self, segment: SpokenSegment, heard: Heard) -> bool:
        """Every word of it: a quick engine's doubtful one may be a finding."""
        sure = all(word.confidence >= SURE_COMMAND for word in heard.words)
        return sure and not segment.is_late and self.is_command(heard.text)

    def _drop_elsewhere(self, keeper: EngineKeeper, segment_id: str) -> None:
        for other in self._keepers:
            if other is not keeper:
                other.drop(segment_id)
