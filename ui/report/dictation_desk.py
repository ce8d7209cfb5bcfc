"""Dictation for the report on the desk: sound in, segments into the store, nothing to the wrong report.

Each stretch of speech belongs to the report and section that were on the desk when it began, for
life: it is noted beside its recording before it is recognised. When another report comes to the desk
the microphone goes off, and what was said to the old one still goes to the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from dictation.kept_sound import KeptSound
from dictation.sound_check import Sound
from ui.microphone import MicrophoneBack, MicrophoneGone
from ui.report.kept_dictation import KeptDictation, MakeDictation
from ui.report.spoken_places import SpokenPlaces, key_of
from ui.report.spoken_words import SpokenWords
from workstation.at_rest.vault import Vault
from workstation.domain.dictation import DictatedSegment, DictationContext, DictationState
from workstation.domain.report import Report, SectionCode
from workstation.errors import Unavailable, WorkstationError
from workstation.jobs import Jobs
from workstation.session.case import Notice
from workstation.session.desk import DictationTarget, ReportDesk
from workstation.session.dictating import context_of
from workstation.session.session import Session

if TYPE_CHECKING:
    from dictation.audio import AudioSource
    from dictation.pipeline import Dictation

MakeSource = Callable[[Callable[[WorkstationError], object]], "AudioSource"]

TAIL_MS = 1500
"""The microphone goes off when the pipeline has heard the last word out, and after this at the latest."""
_ON = (DictationState.STARTING, DictationState.LISTENING, DictationState.SPEECH, DictationState.RESTARTING)


class DictationDesk(QObject):
    """The controller behind the dictation bar. All signals arrive on the main thread.

    Others hook in at `context` (what is expected), `target` and `before` (where words go, and the text in
    front of that place), and at `words` (a segment that is a command; how text is written).
    """

    state_changed = Signal(object)
    level_changed = Signal(object)
    """A `dictation.audio.Level`, while the microphone is open."""
    sound_changed = Signal(object)
    """A `dictation.sound_check.Sound`: whether one is heard well, or at all."""
    draft_changed = Signal(str)
    problem = Signal(object)

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        audio_folder: Path,
        make_source: MakeSource,
        engine: str = "",
        make: MakeDictation | None = None,
        vault: Vault | None = None,
        keep_sound_days: int = 0,
        ready_seconds: int = 0,
    ) -> None:
        super().__init__()
        self._session = session
        self._desk: ReportDesk = session.desk
        self._audio_folder = audio_folder
        self._make_source = make_source
        self._vault = vault or Vault.plain()
        self._places = SpokenPlaces(audio_folder)
        self.kept_sound = KeptSound(audio_folder, self._vault, keep_sound_days)
        self.context: Callable[[], DictationContext] = lambda: context_of(session)
        self.target: Callable[[], DictationTarget | None] = self._desk.target
        self.before: Callable[[DictationTarget], str] = self._stored_text
        self.words = SpokenWords(self._desk, self)
        self._kept = KeptDictation(jobs, audio_folder, self._places, make, self._vault, engine)
        self._target: DictationTarget | None = None
        self._targets: dict[str, DictationTarget] = {}
        self._unrecognised: list[DictatedSegment] = []
        self._wanted_on = False
        self._was_on = False
        self._tail = QTimer(self)
        self._tail.setSingleShot(True)
        self._tail.setInterval(TAIL_MS)
        self._tail.timeout.connect(self._heard_out)
        self._ready = QTimer(self)
        self._ready.setSingleShot(True)
        self._ready.setInterval(1000 * ready_seconds)
        self._ready.timeout.connect(self._close_microphone)
        self._source: AudioSource | None = None
        self.state = DictationState.IDLE
        self.sound = Sound.GOOD
        self._connect()

    def _connect(self) -> None:
        self._desk.report_changed.connect(self._report_changed)
        self.words.changed.connect(self.draft_changed)
        self.words.settled.connect(self._settled)
        self.words.refused.connect(self._forget)
        self.words.problem.connect(self._session.report_problem)
        self.words.commanded.connect(lambda _: self.caret_moved())
        self._kept.opened.connect(self._announce)
        self._kept.opened.connect(self._session.linked.segment_begun)
        self._kept.silent.connect(self._heard_nothing)
        self._kept.heard.connect(self._heard)
        self._kept.state.connect(self._set_state)
        self._kept.draft.connect(self.draft_changed)
        self._kept.level.connect(self.level_changed)
        self._kept.sound.connect(self._set_sound)
        self._kept.problem.connect(self._tell)

    @property
    def is_listening(self) -> bool:
        return self._wanted_on

    @property
    def is_busy(self) -> bool:
        """Listening, or something said is not yet on disk as words."""
        return self._wanted_on or self.state is DictationState.RECOGNISING or bool(self._targets)

    @property
    def writes_elsewhere(self) -> bool:
        """Whether words are still being written to a report that is not on the desk."""
        uuid = self._desk.report.report_uuid if self._desk.report else ""
        return any(target.report_uuid != uuid for target in self._targets.values())

    @property
    def kept(self) -> KeptDictation:
        return self._kept

    @property
    def unavailable(self) -> Unavailable | None:
        return self._kept.unavailable

    def check(self) -> Unavailable | None:
        """Why there is no recogniser for the language, or None."""
        self._kept.spec(self.context().language)
        return self._kept.unavailable

    def use_source(self, make_source: MakeSource) -> None:
        """Hear something else than the microphone from the next start on."""
        self._make_source = make_source
        self.forget_open_microphone()

    def forget_open_microphone(self) -> None:
        """Another microphone was chosen: the one that was kept open is not listened to again."""
        if self._ready.isActive():
            self._close_microphone()

    def toggle(self) -> None:
        if self.is_listening:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Listen for the report and section on the desk."""
        target = self.target()
        if target is None:
            self._tell(Unavailable("Nothing to dictate into", "No open report", "Open a case with an order from the worklist"))
            return
        context = self.context()
        before = self._kept.pipeline
        dictation = self._kept.ready(context)
        is_open = dictation is before and self._is_open
        if not is_open:
            self._close_microphone()
        self._tail.stop()
        self._ready.stop()
        dictation.expect(context)
        self._aim(dictation, target)
        self._recognise_again(dictation)
        self._set_sound(Sound.GOOD)
        self._wanted_on, self._was_on = True, False
        try:
            self._open_microphone(dictation, is_open)
        except WorkstationError as error:
            self._wanted_on = False
            self._tell(error)
        else:
            self._set_state(DictationState.STARTING)

    def stop(self) -> None:
        """The microphone goes off after the word that is being said; what was said is still written."""
        was_on, self._wanted_on = self._wanted_on, False
        dictation = self._kept.pipeline
        if dictation is not None and was_on:
            self._tail.start()
            dictation.release()

    def _open_microphone(self, dictation: Dictation, is_open: bool) -> None:
        if is_open:
            dictation.press()
            return
        self._source = self._make_source(self._from_source)
        dictation.start(self._source)

    @property
    def _is_open(self) -> bool:
        """The microphone is open although the key is up."""
        return (self._ready.isActive() or self._tail.isActive()) and getattr(self._source, "stays_open", False)

    def _heard_out(self) -> None:
        """The last word is over. The microphone stays open for a while: who goes on talking is heard from the
        half second before the key on, and nothing before that is kept anywhere."""
        self._tail.stop()
        if self._ready.interval() and self._target is not None and getattr(self._source, "stays_open", False):
            self._ready.start()
        else:
            self._close_microphone()

    def _close_microphone(self) -> None:
        self._tail.stop()
        self._ready.stop()
        if self._kept.pipeline is not None:
            self._kept.pipeline.stop()

    def retarget(self, section: SectionCode) -> None:
        """The caret moved to another section: what is said from now on goes there."""
        report = self._desk.report
        if self._target is None or report is None or report.report_uuid != self._target.report_uuid:
            return
        if section is not self._target.section:
            self.caret_moved()

    def caret_moved(self) -> None:
        """What is said from now on goes to `target()`, and follows the text that is there now."""
        dictation, target = self._kept.pipeline, self.target()
        if dictation is None or self._target is None or target is None or target.report_uuid != self._target.report_uuid:
            return
        self._aim(dictation, target)

    def expect(self, context: DictationContext) -> None:
        """Other words are expected from the next segment on (another template, another word list)."""
        if self._kept.pipeline is not None:
            self._kept.pipeline.expect(context)

    def recover(self) -> None:
        """Write what was said before the program ended last time. Call before anything is dictated."""
        from dictation.recording import pending_audio, unreadable_audio

        left = pending_audio(self._audio_folder, self._vault)
        locked = unreadable_audio(self._audio_folder, self._vault)
        if locked:
            self._session.notice.emit(
                Notice("Speech from before was sealed with a key that is not here: it is kept, and cannot be written", error=True)
            )
        self._places.forget_others(locked | {pending.segment_id for pending in left})
        known = [(pending, target) for pending in left if (target := self._places.target(pending.segment_id)) is not None]
        if not known:
            return
        context = self.context()
        if self._kept.spec(context.language) is None:
            self._session.notice.emit(
                Notice("Speech from before is kept as sound. It is written into its report when there is a speech model")
            )
            return
        self._session.notice.emit(Notice("Speech from before was not yet written: it is written into its report now"))
        dictation = self._kept.ready(context)
        for pending, target in known:
            self._announce(pending.segment_id, target)
            dictation.recover(pending, key_of(target))

    def close(self) -> None:
        """Stop and let go of the engine; what was not recognised stays on disk as sound."""
        self._wanted_on = False
        self.words.retry.stop()
        self._tail.stop()
        self._kept.close()

    # ---- where words go --------------------------------------------------------------

    def _aim(self, dictation: Dictation, target: DictationTarget) -> None:
        self._target = target
        dictation.place(self.before(target), key_of(target), target.report_uuid)

    def _stored_text(self, target: DictationTarget) -> str:
        report = self._desk.report
        return report.text(target.section) if report is not None else ""

    def _announce(self, segment_id: str, target: DictationTarget) -> None:
        self._targets[segment_id] = target
        self._desk.announce(segment_id, target)

    def _recognise_again(self, dictation: Dictation) -> None:
        """What could not be recognised before, now that it is tried again."""
        from dictation.recording import PendingAudio

        waiting, self._unrecognised = (self._unrecognised, []) if self._kept.has_engine else ([], self._unrecognised)
        for segment in waiting:
            target = self._places.target(segment.segment_id)
            path = Path(segment.audio_path)
            if target is not None and path.is_file():
                self._announce(segment.segment_id, target)
                dictation.recover(PendingAudio(segment.segment_id, path, 0.0, datetime.now(UTC), self._vault), key_of(target))

    # ---- words -----------------------------------------------------------------------

    def _heard(self, segment: DictatedSegment) -> None:
        target = self._targets.get(segment.segment_id)
        if target is not None and segment.text:
            self.words.take(target, segment)
        self.words.show()
        if target is None or segment.text:
            return
        self._forget(segment.segment_id)
        if segment.problem:
            self._unrecognised.append(segment)
            hint = "It is tried again when you dictate next"
            self._session.report_problem(Unavailable("What you said was recorded, not written", segment.problem, hint))

    def _heard_nothing(self, segment_id: str, is_clear: bool) -> None:
        self._places.forget(segment_id)
        self._forget(segment_id)
        if is_clear:  # beside the button only: a cough is no reason to look away from the images
            self.problem.emit(Unavailable("Heard something, but no words", "The sound is kept for a while", "Say it again"))

    def _settled(self, segment_id: str) -> None:
        self._forget(segment_id)
        self.kept_sound.keep(segment_id)
        if self._kept.pipeline is not None:
            self._kept.pipeline.settle(segment_id)
            self._places.forget(segment_id)

    def _forget(self, segment_id: str) -> None:
        """Nothing more will come of it."""
        self._targets.pop(segment_id, None)
        self._desk.abandon(segment_id)
        self.state_changed.emit(self.state)

    # ---- state -----------------------------------------------------------------------

    def _set_state(self, state: DictationState) -> None:
        """A late word of the time before `start` or `stop` does not turn the button back."""
        on = state in _ON
        if on and self._wanted_on:
            self._was_on = True
        elif not on and self._was_on:
            self._wanted_on = self._was_on = False
        if self._tail.isActive() and not on:
            self._heard_out()
        self.state = state
        self.state_changed.emit(state)

    def _report_changed(self, report: Report | None) -> None:
        target = self._target
        if target is None:
            return
        is_same = report is not None and report.report_uuid == target.report_uuid
        if not is_same or not self._desk.is_open_for_writing:
            self._target = None
            self.stop()
            if self._ready.isActive():
                self._close_microphone()
            self.draft_changed.emit("")
        self.state_changed.emit(self.state)

    def _set_sound(self, sound: Sound) -> None:
        self.sound = sound
        self.sound_changed.emit(sound)

    def _from_source(self, error: WorkstationError) -> None:
        """What becomes of the microphone. While nobody listens it is not worth a word."""
        if not self.is_listening:
            if isinstance(error, MicrophoneGone):
                self._close_microphone()
            return
        if isinstance(error, MicrophoneGone | MicrophoneBack):
            self._set_sound(Sound.GONE if isinstance(error, MicrophoneGone) else Sound.GOOD)
        self._tell(error)

    def _tell(self, error: WorkstationError) -> None:
        self.problem.emit(error)
        if self.is_listening:  # the reader looks at the images, not at the dictation bar
            self._session.notice.emit(Notice(str(error)))
