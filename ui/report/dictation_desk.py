"""Dictation for the report on the desk: sound in, segments into the store, nothing to the wrong report.

Each stretch of speech belongs to the report and section that were on the desk when it began, for
life: it is noted beside its recording before it is recognised. When another report comes to the desk
the microphone goes off, and what was said to the old one still goes to the old one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from ui.report.spoken_places import SpokenPlaces, key_of, target_of
from workstation.at_rest.vault import Vault
from workstation.domain.dictation import DictatedSegment, DictationContext, DictationState
from workstation.domain.report import Report, SectionCode
from workstation.errors import Refused, Unavailable, WorkstationError
from workstation.jobs import Jobs
from workstation.session.case import Notice
from workstation.session.desk import DictationTarget, ReportDesk
from workstation.session.session import Session

if TYPE_CHECKING:
    from dictation.audio import AudioSource
    from dictation.models import EngineSpec
    from dictation.pipeline import Dictation

MakeSource = Callable[[Callable[[WorkstationError], object]], "AudioSource"]
MakeDictation = Callable[["EngineSpec | None", Path, DictationContext], "Dictation"]

RETRY_MS = 3000
TAIL_MS = 1500
"""The microphone goes off when the pipeline has heard the last word out, and after this at the latest."""
_ON = (DictationState.STARTING, DictationState.LISTENING, DictationState.SPEECH, DictationState.RESTARTING)


def make_dictation(spec: EngineSpec | None, folder: Path, context: DictationContext, vault: Vault | None = None) -> Dictation:
    """The real pipeline; loaded when it is first needed. What it records is sealed as `vault` says."""
    from dictation.pipeline import Dictation

    return Dictation(spec, folder, context, vault=vault)


class DictationDesk(QObject):
    """The controller behind the dictation bar. All signals arrive on the main thread."""

    state_changed = Signal(object)
    level_changed = Signal(float)
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
    ) -> None:
        super().__init__()
        self._session = session
        self._desk: ReportDesk = session.desk
        self._jobs = jobs
        self._audio_folder = audio_folder
        self._make_source = make_source
        self._engine = engine
        self._vault = vault or Vault.plain()
        self._make = make or partial(make_dictation, vault=self._vault)
        self._places = SpokenPlaces(audio_folder)
        self._dictation: Dictation | None = None
        self._has_engine = False
        self._target: DictationTarget | None = None
        self._targets: dict[str, DictationTarget] = {}
        self._unrecognised: list[DictatedSegment] = []
        self._unsaved: deque[tuple[DictationTarget, DictatedSegment]] = deque()
        self._saving = False
        self._wanted_on = False
        self._was_on = False
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.setInterval(RETRY_MS)
        self._retry.timeout.connect(self._save_next)
        self._tail = QTimer(self)
        self._tail.setSingleShot(True)
        self._tail.setInterval(TAIL_MS)
        self._tail.timeout.connect(self._close_microphone)
        self.state = DictationState.IDLE
        self.unavailable: Unavailable | None = None
        self._desk.report_changed.connect(self._report_changed)

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

    def check(self) -> Unavailable | None:
        """Why there is no recogniser for the language, or None."""
        self._spec()
        return self.unavailable

    def use_source(self, make_source: MakeSource) -> None:
        """Hear something else than the microphone from the next start on."""
        self._make_source = make_source

    def toggle(self) -> None:
        if self.is_listening:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Listen for the report and section on the desk."""
        target = self._desk.target()
        if target is None:
            self._tell(Unavailable("Nothing to dictate into", "No open report", "Open a case with an order from the worklist"))
            return
        dictation = self._ready()
        self._close_microphone()
        dictation.expect(self._context())
        self._aim(dictation, target)
        self._recognise_again(dictation)
        self._wanted_on, self._was_on = True, False
        try:
            dictation.start(self._make_source(self._tell))
        except WorkstationError as error:
            self._wanted_on = False
            self._tell(error)
        else:
            self._set_state(DictationState.STARTING)

    def stop(self) -> None:
        """The microphone goes off after the word that is being said; what was said is still written."""
        was_on, self._wanted_on = self._wanted_on, False
        if self._dictation is not None and was_on:
            self._tail.start()
            self._dictation.release()

    def _close_microphone(self) -> None:
        self._tail.stop()
        if self._dictation is not None:
            self._dictation.stop()

    def retarget(self, section: SectionCode) -> None:
        """The caret moved to another section: what is said from now on goes there."""
        report = self._desk.report
        if self._dictation is None or self._target is None or report is None or report.report_uuid != self._target.report_uuid:
            return
        if section is not self._target.section:
            self._aim(self._dictation, DictationTarget(report.report_uuid, section))

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
        if self._spec() is None:
            self._session.notice.emit(
                Notice("Speech from before is kept as sound. It is written into its report when there is a speech model")
            )
            return
        self._session.notice.emit(Notice("Speech from before was not yet written: it is written into its report now"))
        dictation = self._ready()
        for pending, target in known:
            self._announce(pending.segment_id, target)
            dictation.recover(pending, key_of(target))

    def close(self) -> None:
        """Stop and let go of the engine; what was not recognised stays on disk as sound."""
        self._wanted_on = False
        self._retry.stop()
        self._tail.stop()
        dictation, self._dictation = self._dictation, None
        if dictation is not None:
            dictation.close()

    # ---- the pipeline ----------------------------------------------------------------

    def _spec(self) -> EngineSpec | None:
        from dictation.models import recommended

        try:
            spec = recommended("en", self._engine)
        except Unavailable as error:
            self.unavailable = error
            return None
        self.unavailable = None
        return spec

    def _ready(self) -> Dictation:
        """The one pipeline. It lives as long as the window, so that the model is loaded once."""
        if self._dictation is not None and self._has_engine:
            return self._dictation
        spec = self._spec()
        if self._dictation is not None:
            if spec is None:
                return self._dictation
            self._dictation.close()  # there is a model now
        self._audio_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._dictation = self._make(spec, self._audio_folder, self._context())
        self._has_engine = spec is not None
        self._listen_to(self._dictation)
        return self._dictation

    def _listen_to(self, dictation: Dictation) -> None:
        def on_main(call: Callable[[], None]) -> None:
            self._jobs.on_main(lambda: call() if dictation is self._dictation else None)

        def on_open(segment_id: str, key: str) -> None:  # in the pipeline's thread: on disk before anything is heard
            target = target_of(key)
            if target is None:
                return
            try:
                self._places.note(segment_id, key)
            except OSError as error:
                problem = Unavailable("Speech is recognised but cannot be recorded", error.strerror or "", "Check the disk")
                on_main(lambda: self._tell(problem))
            on_main(lambda: self._announce(segment_id, target))

        dictation.on_open = on_open
        dictation.on_silence = lambda segment_id, is_clear: on_main(lambda: self._heard_nothing(segment_id, is_clear))
        dictation.on_segment = lambda segment: on_main(lambda: self._heard(segment))
        dictation.on_state = lambda state: on_main(lambda: self._set_state(state))
        dictation.on_draft = lambda text: on_main(lambda: self.draft_changed.emit(text))
        dictation.on_level = lambda level: on_main(lambda: self.level_changed.emit(level))
        dictation.on_problem = lambda error: on_main(lambda: self._tell(error))

    def _aim(self, dictation: Dictation, target: DictationTarget) -> None:
        self._target = target
        report = self._desk.report
        dictation.place(report.text(target.section) if report is not None else "", key_of(target), target.report_uuid)

    def _announce(self, segment_id: str, target: DictationTarget) -> None:
        self._targets[segment_id] = target
        self._desk.announce(segment_id, target)

    def _recognise_again(self, dictation: Dictation) -> None:
        """What could not be recognised before, now that it is tried again."""
        from dictation.recording import PendingAudio

        waiting, self._unrecognised = (self._unrecognised, []) if self._has_engine else ([], self._unrecognised)
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
            self._unsaved.append((target, segment))
            self._save_next()
        self._show_unsaved()
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

    def _save_next(self) -> None:
        """One at a time and in order: words keep their order when the disk refuses one of them."""
        if self._saving or not self._unsaved or self._retry.isActive():
            return
        target, segment = self._unsaved[0]
        self._saving = True
        self._desk.leaving.emit(None)  # what was typed comes before what was said after it
        self._desk.accept(target, segment, self._saved, self._refused)

    def _saved(self) -> None:
        self._saving = False
        _, segment = self._unsaved.popleft()
        self._forget(segment.segment_id)
        if self._dictation is not None:
            self._dictation.settle(segment.segment_id)
            self._places.forget(segment.segment_id)
        self._save_next()
        self._show_unsaved()

    def _refused(self, error: Exception) -> None:
        self._saving = False
        self._session.report_problem(error)
        if isinstance(error, Refused):  # it will never be taken: the sound stays
            _, segment = self._unsaved.popleft()
            self._forget(segment.segment_id)
            self._save_next()
        else:
            self._retry.start()
            self._show_unsaved()

    def _show_unsaved(self) -> None:
        """Words that are known but not on disk stand where drafts stand, never in the report."""
        self.draft_changed.emit(" ".join(segment.text for _, segment in self._unsaved))

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
            self._close_microphone()
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
            self.draft_changed.emit("")
        self.state_changed.emit(self.state)

    def _tell(self, error: WorkstationError) -> None:
        self.problem.emit(error)
        if self.is_listening:  # the reader looks at the images, not at the dictation bar
            self._session.notice.emit(Notice(str(error)))

    def _context(self) -> DictationContext:
        case = self._session.case
        if case is None:
            return DictationContext()
        study = case.study
        part = next((s.body_part_examined for s in study.series if s.body_part_examined), "")
        modality = next((m for m in study.modalities if m not in ("SR", "PR", "KO", "OT", "SEG")), "")
        procedure = case.item.procedure if case.item else study.study_description
        return DictationContext(modality, part.lower(), procedure)
