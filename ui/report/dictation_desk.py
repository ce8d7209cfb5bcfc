"""Dictation for the report on the desk: sound in, segments into the store, nothing to the wrong report.

A dictation is made for one report and keeps its target for life. When another report comes
to the desk the old one stops listening, but what was said to it still goes to it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from dictation.audio import AudioSource
from dictation.models import recommended
from dictation.pipeline import Dictation
from dictation.recording import pending_audio
from workstation.domain.dictation import DictatedSegment, DictationContext, DictationState
from workstation.domain.report import Report, SectionCode
from workstation.errors import Unavailable, WorkstationError
from workstation.jobs import IMAGES, Jobs
from workstation.session.desk import DictationTarget, ReportDesk
from workstation.session.session import Session

DRAIN_SECONDS = 30.0


class DictationDesk(QObject):
    """The controller behind the dictation bar. All signals arrive on the main thread."""

    state_changed = Signal(object)
    level_changed = Signal(float)
    draft_changed = Signal(str)
    problem = Signal(object)

    def __init__(
        self, session: Session, jobs: Jobs, audio_folder: Path, make_source: Callable[[], AudioSource], engine: str = ""
    ) -> None:
        super().__init__()
        self._session = session
        self._desk: ReportDesk = session.desk
        self._jobs = jobs
        self._audio_folder = audio_folder
        self._make_source = make_source
        self._engine = engine
        self._dictation: Dictation | None = None
        self._target: DictationTarget | None = None
        self._sections: dict[str, DictationTarget] = {}
        self.state = DictationState.IDLE
        self.unavailable: Unavailable | None = None
        self._desk.report_changed.connect(self._report_changed)
        self._desk.segment_accepted.connect(self._accepted)

    @property
    def is_listening(self) -> bool:
        return self.state in (DictationState.STARTING, DictationState.LISTENING, DictationState.SPEECH, DictationState.RESTARTING)

    @property
    def is_busy(self) -> bool:
        """Listening, or still recognising what was said."""
        return self.is_listening or self.state is DictationState.RECOGNISING

    def check(self) -> Unavailable | None:
        """Why there is no recogniser for the language, or None."""
        try:
            recommended("en", self._engine)
            self.unavailable = None
        except Unavailable as error:
            self.unavailable = error
        return self.unavailable

    def toggle(self) -> None:
        if self.is_listening:
            self.stop()
        else:
            self.start()

    def start(self, source: AudioSource | None = None) -> None:
        """Listen for the report and section on the desk, from the microphone or another source."""
        target = self._desk.target()
        if target is None:
            self.problem.emit(
                Unavailable("Nothing to dictate into", "No open report", "Open a case with an order from the worklist")
            )
            return
        dictation = self._dictation_for(target)
        self._target = target
        dictation.place(self._desk.report.text(target.section) if self._desk.report else "")
        try:
            dictation.start(source or self._make_source())
        except WorkstationError as error:
            self.problem.emit(error)

    def stop(self) -> None:
        if self._dictation is not None:
            self._dictation.stop()

    def retarget(self, section: SectionCode) -> None:
        """The caret moved to another section: the next segment goes there."""
        if self._target is not None and self._desk.report and self._desk.report.report_uuid == self._target.report_uuid:
            self._target = DictationTarget(self._target.report_uuid, section)

    def close(self) -> None:
        """Stop and let go of the engine; what was not recognised stays on disk as sound."""
        dictation, self._dictation = self._dictation, None
        if dictation is not None:
            dictation.close()

    # ---- inside ----------------------------------------------------------------------

    def _dictation_for(self, target: DictationTarget) -> Dictation:
        if self._dictation is not None and self._target is not None and self._target.report_uuid == target.report_uuid:
            return self._dictation
        self._let_go()
        try:
            spec = recommended("en", self._engine)
        except Unavailable as error:
            self.problem.emit(error)
            spec = None
        folder = self._audio_folder / target.report_uuid
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        dictation = Dictation(spec, folder, self._context())
        self._listen_to(dictation, target)
        self._dictation = dictation
        for pending in pending_audio(folder):
            dictation.recover(pending)
        return dictation

    def _listen_to(self, dictation: Dictation, target: DictationTarget) -> None:
        def on_main(call: Callable[[], None]) -> None:
            self._jobs.on_main(call)

        def here() -> bool:
            return dictation is self._dictation

        def on_segment(segment: DictatedSegment) -> None:
            on_main(lambda: self._segment(target, segment))

        def on_state(state: DictationState) -> None:
            on_main(lambda: self._set_state(state) if here() else None)

        dictation.on_segment = on_segment
        dictation.on_state = on_state
        dictation.on_draft = lambda text: on_main(lambda: self.draft_changed.emit(text) if here() else None)
        dictation.on_level = lambda level: on_main(lambda: self.level_changed.emit(level) if here() else None)
        dictation.on_problem = lambda error: on_main(lambda: self.problem.emit(error))

    def _segment(self, target: DictationTarget, segment: DictatedSegment) -> None:
        self.draft_changed.emit("")
        if not segment.text:
            self.problem.emit(Unavailable("Recorded, not recognised", segment.problem, "The sound is kept and is tried again"))
            return
        same = self._target is not None and self._target.report_uuid == target.report_uuid
        where = self._target if same and self._target is not None else target
        self._sections[segment.segment_id] = where
        self._desk.leaving.emit(None)
        self._desk.accept(where, segment)

    def _accepted(self, accepted: tuple[Report, SectionCode, DictatedSegment]) -> None:
        _, _, segment = accepted
        if self._sections.pop(segment.segment_id, None) is not None and self._dictation is not None:
            self._dictation.settle(segment.segment_id)

    def _set_state(self, state: DictationState) -> None:
        self.state = state
        self.state_changed.emit(state)

    def _report_changed(self, report: Report | None) -> None:
        if self._target is not None and (report is None or report.report_uuid != self._target.report_uuid):
            self._let_go()

    def _let_go(self) -> None:
        """Stop listening now; what was said is recognised in the background and goes where it belongs."""
        dictation, self._dictation, self._target = self._dictation, None, None
        if dictation is None:
            return
        dictation.stop()

        def drain(_: object) -> None:
            dictation.wait(DRAIN_SECONDS)
            dictation.close()

        self._jobs.run(IMAGES, drain)
        self._set_state(DictationState.IDLE)

    def _context(self) -> DictationContext:
        case = self._session.case
        if case is None:
            return DictationContext()
        study = case.study
        part = next((s.body_part_examined for s in study.series if s.body_part_examined), "")
        modality = next((m for m in study.modalities if m not in ("SR", "PR", "KO", "OT", "SEG")), "")
        procedure = case.item.procedure if case.item else study.study_description
        return DictationContext(modality, part.lower(), procedure)
