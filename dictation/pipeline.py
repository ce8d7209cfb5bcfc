"""Dictation as the rest of the program sees it: a source of sound in, segments of text out.

Everything happens in one worker thread; callbacks come from it. A segment is on disk before it
is recognised, and stays there until `settle` says its text is safe. Typing never depends on this.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from dictation import biasing
from dictation.audio import BYTES_PER_SECOND, AudioSource, Level, level
from dictation.models import EngineSpec, explain
from dictation.places import Places
from dictation.recognition import Heard, Recognition, SpokenSegment
from dictation.recording import PendingAudio, Recorder, Recording
from dictation.segmenter import Closed, Event, Opened, Phase, Segmenter, Sound
from dictation.sound_check import TROUBLE, SoundCheck
from dictation.sound_check import Sound as SoundState
from workstation.at_rest.vault import Vault
from workstation.domain.dictation import DictatedSegment, DictationContext, DictationState
from workstation.errors import Unavailable, WorkstationError

CHECK_SECONDS = 0.25
DRAFT_SECONDS = 1.0
"""Between two drafts from an engine that has to decode the whole segment for each."""


class Dictation:
    """One dictation, for one report. `engine` None (or broken): sound is recorded, not recognised.

    Set the `on_...` callbacks before `start`; they come from the worker thread. `audio_dir`, if
    given, is this report's own private folder of recordings (see `recording.pending_audio`), sealed as `vault` says.
    """

    def __init__(
        self,
        engine: EngineSpec | None,
        audio_dir: Path | None = None,
        context: DictationContext = DictationContext(),  # noqa: B008  # frozen
        whole_drafts: bool = False,
        vault: Vault | None = None,
    ) -> None:
        self.on_draft: Callable[[str], None] = _nothing
        self.on_open: Callable[[str, str], None] = _nothing
        # The segment held no words: nothing will come of it. True: yet somebody was heard clearly.
        self.on_silence: Callable[[str, bool], None] = _nothing
        self.on_segment: Callable[[DictatedSegment], None] = _nothing
        self.on_state: Callable[[DictationState], None] = _nothing
        self.on_level: Callable[[Level], None] = _nothing
        # Whether the sound is good, when that changes.
        self.on_sound: Callable[[SoundState], None] = _nothing
        self.on_problem: Callable[[WorkstationError], None] = _nothing
        self.engine = engine
        # What the user's own rules make of the words heard. Asked in the worker thread.
        self.corrected: Callable[[str], str] = lambda text: text
        self._language = context.language
        self._whole_drafts = whole_drafts
        self._recorder = Recorder(audio_dir, vault) if audio_dir is not None else None
        self._places = Places(context.language)
        self._key = ""
        self._segmenter = Segmenter()
        self._open: SpokenSegment | None = None
        self._left_over: list[tuple[PendingAudio, str]] = []
        self._state = DictationState.IDLE
        self._check = SoundCheck()
        self._sound = SoundState.GOOD
        self._told: set[SoundState] = set()
        self._sounding = False
        self._source: AudioSource | None = None
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._quiet = threading.Condition()
        self._unsettled = 0
        self._for_command = False
        self._recognition = Recognition(engine, context.language, biasing.terms_for(context), self._post, self)
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
        """Close the source at once, in the calling thread; what was said is still recognised. So that
        the last word is whole, `release` first, and stop when the state is no longer one of hearing."""
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
            return self._quiet.wait_for(lambda: self._recognition.is_ready, timeout)

    def close(self) -> None:
        """Stop everything now. Sound that was not recognised stays on disk."""
        self.stop()
        self._inbox.put(None)
        self._thread.join()

    def place(self, before: str, key: str = "", document: str = "") -> None:
        """Where words go from now on: `key` names the place, `before` is the text in front of the caret
        there, which decides on capitals and stops. What has been said already stays with its own key,
        which `on_open(segment_id, key)` tells when a segment begins. Who dictates stops in one place
        of a `document` gets no others in all of it."""
        self._post(lambda: self._placed(before, key, document))

    def expect(self, context: DictationContext) -> None:
        """Another exam, another vocabulary, from the next segment on."""
        terms = biasing.terms_for(context)
        self._post(lambda: self._recognition.expect(terms))

    def know_commands(self, is_command: Callable[[str], bool]) -> None:
        """A whole utterance of which this is true acts without a second hearing. Asked in the worker thread."""
        self._recognition.is_command = is_command

    def listen_for_command(self, on: bool) -> None:
        """The next utterance is a command or nothing; what is being said ends here and stays text."""
        self._post(lambda: self._listen_for_command(on))

    def ask_unknown(self, words: tuple[str, ...], answer: Callable[[frozenset[str]], None]) -> None:
        """Tells which words the model can never hear, in the worker thread; nothing while none is loaded."""
        self._post(lambda: self._recognition.ask_unknown(words, answer))

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
        return tuple(pid for keeper in self._recognition.keepers if (pid := keeper.pid) is not None)

    # -- the worker thread ----------------------------------------------------------------

    def _post(self, work: Callable[[], object]) -> None:
        self._inbox.put(lambda: (work(), None)[1])

    def _work(self) -> None:
        checked = time.monotonic()
        while True:
            try:
                work = self._inbox.get(timeout=CHECK_SECONDS)
            except queue.Empty:
                work = _nothing
            if work is None:
                break
            self._do(work)
            if time.monotonic() - checked >= CHECK_SECONDS:  # also while sound comes in without a pause
                checked = time.monotonic()
                self._do(self._recognition.check)
            self._tell_state()
        if self._open is not None and self._open.recording is not None:
            self._open.recording.close()
        self._recognition.close()

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # a listener's mistake must not end the dictation
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))

    def _start_engines(self) -> None:
        if self.engine is None:
            self.on_problem(explain(self._language))
        self._recognition.start()

    def _source_opens(self) -> None:
        self._sounding = True
        self._start_engines()

    def _pressed(self) -> None:
        self._judge(SoundState.GOOD)
        self._check = SoundCheck()
        self._told.clear()
        self._segmenter.press()

    def _released(self) -> None:
        self._segmenter.release()

    def _placed(self, before: str, key: str, document: str) -> None:
        if key != self._key:
            for event in self._segmenter.cut():
                self._segment_event(event)
        self._key = key
        self._places.place(before, key, document)

    def _listen_for_command(self, on: bool) -> None:
        if on != self._for_command:
            for event in self._segmenter.cut():
                self._segment_event(event)
        self._for_command = on

    def _from_source(self, chunk: bytes) -> None:
        self._post(lambda: self._hear(chunk) if chunk else self._source_over())

    def _hear(self, chunk: bytes) -> None:
        loud = level(chunk)
        self.on_level(loud)
        for event in self._segmenter.hear(chunk):
            self._segment_event(event)
        if self._segmenter.phase is not Phase.IDLE:
            self._judge(self._check.hear(loud, len(chunk), self._segmenter.quiet_seconds))

    def _judge(self, sound: SoundState) -> None:
        if sound is self._sound:
            return
        self._sound = sound
        self.on_sound(sound)
        if sound in TROUBLE and sound not in self._told:
            self._told.add(sound)  # once for each press: who thinks for a while is not told again and again
            self.on_problem(TROUBLE[sound])

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
                self._close_segment(event)

    def _open_segment(self, start: float) -> None:
        segment_id = uuid.uuid4().hex
        self.on_open(segment_id, self._key)
        recording = self._record(segment_id)
        path = str(recording.path) if recording else ""
        self._open = SpokenSegment(segment_id, self._key, start, recording, path, for_command=self._for_command)
        self._count(+1)
        self._recognition.open(self._open)

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
        self._recognition.feed(segment, pcm)
        segment.undrafted_bytes += len(pcm)
        if (
            self._whole_drafts
            and self._recognition.drafts_when_asked
            and segment.undrafted_bytes > DRAFT_SECONDS * BYTES_PER_SECOND
        ):
            segment.undrafted_bytes = 0
            self._recognition.draft(segment)

    def _close_segment(self, closed: Closed) -> None:
        segment, self._open = self._open, None
        assert segment is not None
        segment.ending, segment.is_clear = closed.ending, closed.is_clear
        self._for_command = self._for_command and not segment.for_command
        if segment.recording is not None:
            segment.recording.close()
        self._recognition.finish(segment)
        left_over, self._left_over = self._left_over, []
        for pending, key in left_over:
            self._recover(pending, key)

    def _recover(self, pending: PendingAudio, key: str) -> None:
        if self._open is not None:
            self._left_over.append((pending, key))  # an engine hears one segment at a time
            return
        segment = SpokenSegment(pending.segment_id, key, path=str(pending.path), is_late=True)
        self._recognition.open(segment)
        self._recognition.feed(segment, pending.pcm())
        self._recognition.finish(segment)

    # -- what becomes of segments (RecognitionListener) -----------------------------------

    def draft_came(self, segment: SpokenSegment, text: str) -> None:
        if segment.key == self._key:
            self.on_draft(self._places.draft(text, segment.key))

    def text_came(self, segment: SpokenSegment, heard: Heard) -> None:
        is_command = segment.for_command or (not segment.is_late and self._recognition.is_command(heard.text))
        text = heard.text if is_command else self._places.write(self.corrected(heard.text), segment.key, segment.ending)
        if text:
            self.on_segment(segment.dictated(heard, text))
        else:
            self._keep_silent(segment, heard)
        self._count(-1)

    def _keep_silent(self, segment: SpokenSegment, heard: Heard) -> None:
        """Nothing is written: its sound is put aside, unless it only said what stood there already."""
        if self._recorder is not None and segment.path:
            try:
                self._recorder.settle(segment.segment_id) if heard.text else self._recorder.reject(segment.segment_id)
            except OSError as error:
                self.on_problem(_not_recorded(error))
        self.on_draft("")
        self.on_silence(segment.segment_id, segment.is_clear and not heard.text)

    def segment_failed(self, segment: SpokenSegment, reason: str) -> None:
        self.on_draft("")
        self.on_segment(DictatedSegment(segment.segment_id, "", audio_path=segment.path, problem=reason, start=segment.start))
        self._count(-1)

    def problem_came(self, problem: WorkstationError) -> None:
        self.on_problem(problem)

    def engines_changed(self) -> None:
        self._count(0)

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
        if self._recognition.restarting:
            return DictationState.RESTARTING
        if self._segmenter.phase in (Phase.SPEECH, Phase.TAIL):
            return DictationState.SPEECH
        if self._segmenter.phase is not Phase.IDLE:
            return DictationState.LISTENING if self._recognition.is_ready else DictationState.STARTING
        if not self._recognition.is_usable:
            return DictationState.UNAVAILABLE
        return DictationState.RECOGNISING if self._recognition.is_busy else DictationState.IDLE


def _not_recorded(error: OSError) -> Unavailable:
    return Unavailable("Speech is recognised but cannot be recorded", error.strerror or "", "Check the disk")


def _nothing(*_values: object) -> None:
    """No listener."""
