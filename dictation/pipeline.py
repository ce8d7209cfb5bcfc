"""Dictation as the rest of the program sees it: a source of sound in, segments of text out.

Everything happens in one worker thread; callbacks come from it. A segment is on disk before it
is recognised, and stays there until `settle` says its text is safe. Typing never depends on this.
"""

from __future__ import annotations

import queue
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dictation import biasing
from dictation.audio import AudioSource, level
from dictation.formatter import Formatter
from dictation.keeper import EngineKeeper
from dictation.models import EngineSpec, explain
from dictation.recording import PendingAudio, Recorder, Recording
from dictation.segmenter import Closed, Event, Opened, Phase, Segmenter, Sound
from workstation.domain.dictation import DictatedSegment, DictationContext, DictationState, Word
from workstation.errors import Unavailable, WorkstationError

CHECK_SECONDS = 0.25
DEAF_SECONDS = 10.0
DRAFT_SECONDS = 1.0
"""Between two drafts from an engine that has to decode the whole segment for each."""


@dataclass(slots=True)
class _Open:
    """A segment between its opening and its text."""

    segment_id: str
    start: float
    recording: Recording | None
    path: str
    key: str = ""
    undrafted: int = 0


class Dictation:
    """One dictation, for one report. `engine` None (or broken): sound is recorded, not recognised.

    Set the `on_...` callbacks before `start`; they come from the worker thread. `audio_dir`, if
    given, is this report's own private folder of recordings (see `recording.pending_audio`).
    """

    def __init__(
        self,
        engine: EngineSpec | None,
        audio_dir: Path | None = None,
        context: DictationContext = DictationContext(),  # noqa: B008  # frozen
        whole_drafts: bool = False,
    ) -> None:
        self.on_draft: Callable[[str], None] = _nothing
        self.on_open: Callable[[str, str], None] = _nothing
        self.on_silence: Callable[[str], None] = _nothing  # the segment held no words: nothing will come of it
        self.on_segment: Callable[[DictatedSegment], None] = _nothing
        self.on_state: Callable[[DictationState], None] = _nothing
        self.on_level: Callable[[float], None] = _nothing
        self.on_problem: Callable[[WorkstationError], None] = _nothing
        self.engine = engine
        self._language = context.language
        self._whole_drafts = whole_drafts
        self._recorder = Recorder(audio_dir) if audio_dir is not None else None
        self._formatter = Formatter(context.language)
        self._key = ""
        self._before: dict[str, str] = {}
        self._segmenter = Segmenter()
        self._open: _Open | None = None
        self._waiting: dict[str, _Open] = {}
        self._left_over: list[tuple[PendingAudio, str]] = []
        self._state = DictationState.IDLE
        self._restarting = False
        self._deaf = False
        self._sounding = False
        self._source: AudioSource | None = None
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._quiet = threading.Condition()
        self._unsettled = 0
        terms = biasing.terms_for(context)
        self._keepers = _keepers(engine, context.language, terms, self._post, self)
        self._thread = threading.Thread(target=self._work, name="dictation", daemon=True)
        self._thread.start()

    # -- from any thread ------------------------------------------------------------------

    def prepare(self) -> None:
        """Load the models now, so that the first words need not wait for them."""
        self._post(self._start_engines)

    def start(self, source: AudioSource, listening: bool = True) -> None:
        """Open the source. With `listening` False nothing is taken until `press`, but the 300 ms
        before it are kept. Raises Unavailable when the source cannot be opened."""
        self._source = source
        self._count(+1)
        self._post(self._source_opens)
        if listening:
            self.press()
        try:
            source.start(self._from_source)
        except BaseException:
            self._source = None
            self._post(self._source_over)
            raise

    def press(self) -> None:
        self._post(self._pressed)

    def release(self) -> None:
        """Finish what is being said (and 400 ms more), keep the source open."""
        self._post(self._released)

    def stop(self) -> None:
        """Close the source at once, in the calling thread; what was said is still recognised."""
        source, self._source = self._source, None
        if source is not None:
            source.stop()
            self._post(self._source_over)

    def wait(self, timeout: float | None = None) -> bool:
        """Until the source is over and everything said is recognised or failed; False on timeout."""
        with self._quiet:
            return self._quiet.wait_for(lambda: self._unsettled == 0, timeout)

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Until every engine is loaded or known to be broken; False on timeout."""
        with self._quiet:
            return self._quiet.wait_for(lambda: all(k.ready or k.broken for k in self._keepers), timeout)

    def close(self) -> None:
        """Stop everything now. Sound that was not recognised stays on disk."""
        self.stop()
        self._inbox.put(None)
        self._thread.join()

    def place(self, before: str, key: str = "") -> None:
        """Where words go from now on: `key` names the place, `before` is the text in front of the caret
        there, which decides on capitals. What has been said already stays with its own key, which
        `on_open(segment_id, key)` tells when a segment begins."""
        self._post(lambda: self._placed(before, key))

    def expect(self, context: DictationContext) -> None:
        """Another exam, another vocabulary, from the next segment on."""
        terms = biasing.terms_for(context)
        for keeper in self._keepers:
            self._post(partial(keeper.expect, terms))

    def settle(self, segment_id: str) -> None:
        """The segment's text is on disk in the report's journal: its sound is no longer needed."""
        if self._recorder is not None:
            self._recorder.settle(segment_id)

    def recover(self, pending: PendingAudio, key: str = "") -> None:
        """Recognise a recording that was left over; its segment comes as any other, without `on_open`."""
        self._count(+1)
        self._post(lambda: self._recover(pending, key))

    @property
    def engine_pids(self) -> tuple[int, ...]:
        return tuple(pid for keeper in self._keepers if (pid := keeper.pid) is not None)

    # -- the worker thread ----------------------------------------------------------------

    def _post(self, work: Callable[[], object]) -> None:
        self._inbox.put(lambda: (work(), None)[1])

    def _work(self) -> None:
        while True:
            try:
                work = self._inbox.get(timeout=CHECK_SECONDS)
            except queue.Empty:
                work = self._check
            if work is None:
                break
            try:
                work()
            except Exception:  # a listener's mistake must not end the dictation
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
            self._tell_state()
        self._end()

    def _check(self) -> None:
        for keeper in self._keepers:
            keeper.check()

    def _end(self) -> None:
        if self._open is not None and self._open.recording is not None:
            self._open.recording.close()
        for keeper in self._keepers:
            keeper.close()

    def _start_engines(self) -> None:
        if self.engine is None:
            self.on_problem(explain(self._language))
        for keeper in self._keepers:
            keeper.start()

    def _source_opens(self) -> None:
        self._sounding = True
        self._start_engines()

    def _pressed(self) -> None:
        self._deaf = False
        self._segmenter.press()

    def _released(self) -> None:
        self._segmenter.release()

    def _placed(self, before: str, key: str) -> None:
        if key != self._key:
            for event in self._segmenter.cut():
                self._segment_event(event)
        self._key = key
        self._before[key] = before

    def _from_source(self, chunk: bytes) -> None:
        self._post(lambda: self._hear(chunk) if chunk else self._source_over())

    def _hear(self, chunk: bytes) -> None:
        self.on_level(level(chunk))
        for event in self._segmenter.hear(chunk):
            self._segment_event(event)
        if self._segmenter.quiet_seconds > DEAF_SECONDS and not self._deaf:
            self._deaf = True
            self.on_problem(
                Unavailable("No speech heard", "The microphone has been silent for ten seconds", "Check that it is the right one")
            )

    def _source_over(self) -> None:
        """Once for each source: a file ends by itself and may be stopped as well."""
        if not self._sounding:
            return
        self._sounding = False
        for event in self._segmenter.end():
            self._segment_event(event)
        self._segmenter = Segmenter()
        self._count(-1)

    def _segment_event(self, event: Event) -> None:
        match event:
            case Opened(start):
                self._open_segment(start)
            case Sound(pcm):
                self._take_sound(pcm)
            case Closed():
                self._close_segment()

    def _open_segment(self, start: float) -> None:
        segment_id = uuid.uuid4().hex
        self.on_open(segment_id, self._key)
        recording = self._record(segment_id)
        path = str(recording.path) if recording else ""
        self._open = self._waiting[segment_id] = _Open(segment_id, start, recording, path, self._key)
        self._count(+1)
        for keeper in self._keepers:
            keeper.open(segment_id)

    def _record(self, segment_id: str) -> Recording | None:
        if self._recorder is None:
            return None
        try:
            return self._recorder.open(segment_id)
        except OSError as error:
            self.on_problem(_not_recorded(error))
            return None

    def _take_sound(self, pcm: bytes) -> None:
        segment = self._open
        assert segment is not None
        if segment.recording is not None:
            try:
                segment.recording.append(pcm)
            except OSError as error:
                segment.recording = None
                self.on_problem(_not_recorded(error))
        for keeper in self._keepers:
            keeper.feed(segment.segment_id, pcm)
        segment.undrafted += len(pcm)
        if self._whole_drafts and len(self._keepers) == 1 and segment.undrafted > DRAFT_SECONDS * 32_000:
            segment.undrafted = 0
            self._keepers[0].draft(segment.segment_id)

    def _close_segment(self) -> None:
        segment, self._open = self._open, None
        assert segment is not None
        if segment.recording is not None:
            segment.recording.close()
        self._finish(segment)
        left_over, self._left_over = self._left_over, []
        for pending, key in left_over:
            self._recover(pending, key)

    def _finish(self, segment: _Open) -> None:
        if not self._keepers:
            self._unrecognised(segment.segment_id, "no speech model")
        for keeper in self._keepers:
            keeper.finish(segment.segment_id)

    def _recover(self, pending: PendingAudio, key: str) -> None:
        if self._open is not None:
            self._left_over.append((pending, key))  # an engine hears one segment at a time
            return
        segment = _Open(pending.segment_id, 0.0, None, str(pending.path), key)
        self._waiting[pending.segment_id] = segment
        pcm = pending.pcm()
        for keeper in self._keepers:
            keeper.open(pending.segment_id)
            keeper.feed(pending.segment_id, pcm)
        self._finish(segment)

    # -- what the engines say (KeeperListener) --------------------------------------------

    def engine_ready(self, _keeper: EngineKeeper) -> None:
        self._restarting = any(not keeper.ready for keeper in self._keepers) and self._restarting
        self._count(0)

    def engine_died(self, _keeper: EngineKeeper) -> None:
        self._restarting = True
        self.on_problem(
            Unavailable("The speech engine ended and is being started again", "", "Go on dictating: everything is recorded")
        )

    def engine_broken(self, _keeper: EngineKeeper, reason: str) -> None:
        self._restarting = False
        self._count(0)
        self.on_problem(Unavailable("The speech engine cannot be started", reason, "Type, or choose another speech model"))

    def draft_came(self, keeper: EngineKeeper, segment_id: str, text: str) -> None:
        segment = self._waiting.get(segment_id)
        if keeper is self._keepers[0] and segment is not None and segment.key == self._key:
            self.on_draft(self._formatter.written(text, self._before.get(segment.key, "")).text)

    def final_came(self, keeper: EngineKeeper, segment_id: str, text: str, words: tuple[Word, ...]) -> None:
        if keeper is not self._keepers[-1]:
            return
        segment = self._waiting.pop(segment_id)
        before = self._before.get(segment.key, "")
        written = self._formatter.written(text, before)
        if written.text:
            self._before[segment.key] = before + ("" if written.joins else " ") + written.text
            name = keeper.model.name
            path = segment.path
            self.on_segment(DictatedSegment(segment_id, written.text, text, words, name, path, start=segment.start))
        else:
            self.settle(segment_id)
            self.on_draft("")
            self.on_silence(segment_id)
        self._count(-1)

    def segment_failed(self, keeper: EngineKeeper, segment_id: str, reason: str) -> None:
        if keeper is self._keepers[-1]:
            self._unrecognised(segment_id, reason)

    def _unrecognised(self, segment_id: str, reason: str) -> None:
        segment = self._waiting.pop(segment_id)
        self.on_draft("")
        self.on_segment(DictatedSegment(segment_id, "", audio_path=segment.path, problem=reason, start=segment.start))
        self._count(-1)

    # -- state ----------------------------------------------------------------------------

    def _count(self, change: int) -> None:
        """Sources and segments that something is still to come from."""
        with self._quiet:
            self._unsettled += change
            self._quiet.notify_all()

    def _tell_state(self) -> None:
        state = self._current_state()
        if state is not self._state:
            self._state = state
            self.on_state(state)

    def _current_state(self) -> DictationState:
        usable = [keeper for keeper in self._keepers if not keeper.broken]
        listening = self._segmenter.phase is not Phase.IDLE
        if self._restarting:
            return DictationState.RESTARTING
        if self._segmenter.phase in (Phase.SPEECH, Phase.TAIL):
            return DictationState.SPEECH
        if listening:
            return DictationState.LISTENING if all(keeper.ready for keeper in usable) else DictationState.STARTING
        if not usable:
            return DictationState.UNAVAILABLE
        return DictationState.RECOGNISING if self._waiting else DictationState.IDLE


def _keepers(
    engine: EngineSpec | None,
    language: str,
    terms: tuple[str, ...],
    post: Callable[[Callable[[], None]], None],
    listener: Dictation,
) -> tuple[EngineKeeper, ...]:
    """The drafting engine first, the one that writes the text last; often they are one."""
    if engine is None:
        return ()
    models = [engine.draft, engine.final] if engine.draft not in (None, engine.final) else [engine.final]
    return tuple(EngineKeeper(model, language, terms, post, listener) for model in models if model is not None)


def _not_recorded(error: OSError) -> Unavailable:
    return Unavailable("Speech is recognised but cannot be recorded", error.strerror or "", "Check the disk")


def _nothing(*_values: object) -> None:
    """No listener."""
