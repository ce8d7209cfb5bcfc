"""What is said and is no text: commands of the table and of the editor.

A whole utterance between two pauses, or what is said after the command key; then it is a command or
nothing. What was understood is shown for a moment where drafts stand, and can be taken back. What
signs, closes, discards or goes on to another case is never done by voice: its key is named instead.
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from dictation.commands import CommandName, SpokenCommand
from dictation.spoken_table import NeverByVoice, SpokenTable, TableCommand, Understood
from ui.plain import core_text
from ui.report.dictation_desk import DictationDesk
from ui.report.panel import ReportPanel
from ui.report.spoken_editing import SpokenEditing, Undo
from ui.runner import Runner
from workstation.domain.dictation import DictatedSegment
from workstation.domain.report import SectionCode
from workstation.errors import Unavailable
from workstation.session.case import Notice
from workstation.session.desk import DictationTarget
from workstation.session.putting_back import Shown
from workstation.session.session import Session

SHOWN_MS = 4000
HELD_MS = 500
"""A key that is down for longer is held."""
HEAR_AGAIN = "dictation.hear"
ALTERNATIVES = "dictation.alternatives"
"""Commands of the table, where it has them."""


class SpokenCommands(QObject):
    """Between the words that come from the pipeline and the report."""

    understood = Signal(str)
    """In words, for a moment; empty when that is over."""
    waiting_changed = Signal(bool)
    """Whether the command key was pressed and nothing was said yet."""

    def __init__(self, session: Session, desk: DictationDesk, panel: ReportPanel, runner: Runner) -> None:
        super().__init__(panel)
        self._session = session
        self._desk = desk
        self._runner = runner
        self._panel = panel
        self.editing = SpokenEditing(session, panel)
        self._tables: dict[str, SpokenTable | None] = {}
        self._undo: Undo | None = None
        self.is_waiting = False
        self._was_listening = False
        self._pressed = QElapsedTimer()
        self._over = QTimer(self)
        self._over.setSingleShot(True)
        self._over.setInterval(SHOWN_MS)
        self._over.timeout.connect(lambda: self.understood.emit(""))
        self.understood.connect(desk.draft_changed)
        self._saying = ""
        desk.words.takes_command = self.takes
        desk.kept.made.connect(self._prepare)
        session.dictating.command_wanted.connect(lambda _: self.toggle_key())
        session.dictating.undo_wanted.connect(lambda _: self.take_back())
        session.dictating.changed.connect(lambda _: desk.expect(desk.context()))

    # ---- the command key -------------------------------------------------------------

    def toggle_key(self) -> None:
        """What is said next is a command or nothing; pressed again, it is text as before."""
        if self.is_waiting:
            self._wait(False)
            return
        self._was_listening = self._desk.is_listening
        if not self._was_listening:
            self._desk.start()
        if self._desk.is_listening:
            self._wait(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Held down, the key listens until it is let go; a short press listens for one utterance."""
        if event.type() == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            if self.is_waiting and self._pressed.elapsed() >= HELD_MS:
                self._wait(False)
            elif (application := QApplication.instance()) is not None:
                application.removeEventFilter(self)
        return super().eventFilter(watched, event)

    def _wait(self, waiting: bool) -> None:
        self.is_waiting = waiting
        application = QApplication.instance()
        if application is not None and waiting:
            self._pressed.start()
            application.installEventFilter(self)
        elif application is not None:
            application.removeEventFilter(self)
        if self._desk.kept.pipeline is not None:
            self._desk.kept.pipeline.listen_for_command(waiting)
        if not waiting and not self._was_listening:
            self._desk.stop()
        self.waiting_changed.emit(waiting)
        self._over.stop()
        self.understood.emit(self.tr("Say a command…") if waiting else "")

    # ---- words -----------------------------------------------------------------------

    def table(self) -> SpokenTable | None:
        """What can be said in the report's language; None where nothing can."""
        language = self._session.dictating.language
        if language not in self._tables:
            try:
                self._tables[language] = SpokenTable(self._runner.commands.values(), language)
            except Unavailable:
                self._tables[language] = None
        return self._tables[language]

    def takes(self, target: DictationTarget, segment: DictatedSegment) -> bool:
        """Whether the segment is no text: a command that is done now, one of before, or one that was not understood."""
        table = self.table()
        what = None
        if table is not None:
            what = table.nearest(segment.spoken) if segment.for_command else table.find(segment.spoken)
        if segment.for_command and self.is_waiting:
            self._wait(False)
        if what is None:
            if segment.for_command:
                self._say(self.tr("Not understood as a command: “{0}”").format(segment.spoken))
            return segment.for_command
        here = self._session.desk.report
        if segment.is_late or here is None or here.report_uuid != target.report_uuid:
            self._say(self.tr("A command of before was left undone: “{0}”").format(segment.spoken))
            return True
        self.do(what)
        return True

    def do(self, what: Understood) -> None:
        """Do what was understood, and say so."""
        if isinstance(what, NeverByVoice):
            command = self._runner.commands[what.id]
            keys = self._runner.keys_text(what.id)
            words = self.tr("“{0}” is never done by voice").format(core_text(command.title))
            self._say(f"{words}: {keys}" if keys else words)
            self._session.notice.emit(Notice(f"{words}: {keys}" if keys else words))
        elif isinstance(what, TableCommand):
            self._do_table(what.id)
        else:
            self._do_editing(what)

    def take_back(self) -> None:
        """Undo what the last spoken command did."""
        undo, self._undo = self._undo, None
        if undo is not None and undo():
            self._say(self.tr("Taken back"))
        else:
            self._say(self.tr("There is no spoken command to take back"))

    # ---- inside ----------------------------------------------------------------------

    def _do_table(self, command_id: str) -> None:
        viewing, annotating = self._session.viewing, self._session.annotating
        before, drawn = Shown.now(viewing), annotating.steps
        self._runner.run(command_id)
        self._say(core_text(self._runner.commands[command_id].title))

        def undo() -> bool:
            """What was drawn since then by hand stays."""
            steps = annotating.steps - drawn
            if steps == 1:
                annotating.undo()
            elif steps == -1:
                annotating.redo()
            changed = abs(steps) == 1 or Shown.now(viewing) != before
            before.put_back(viewing)
            return changed

        self._undo = undo

    def _do_editing(self, what: SpokenCommand) -> None:
        match what.name:
            case CommandName.SCRATCH:
                done = self.editing.scratch()
                if isinstance(done, str):
                    self._say(core_text(done))
                    return
                self._undo = done
                self._say(self.tr("Taken back: the last words"))
            case CommandName.UNDO:
                self._undo_or_take_back()
            case CommandName.REDO:
                self._say(self.tr("Done again") if self.editing.redo() else self.tr("There is nothing to do again"))
            case CommandName.STOP:
                self._desk.stop()
                self._say(self.tr("Dictation stopped"))
            case CommandName.NEXT_FIELD | CommandName.PREVIOUS_FIELD:
                self.editing.step_field(1 if what.name is CommandName.NEXT_FIELD else -1)
                self._say(self.tr("Next field") if what.name is CommandName.NEXT_FIELD else self.tr("Previous field"))
            case CommandName.GO_TO:
                self._go_to(what.section)
            case CommandName.CORRECT:
                self._with_last(ALTERNATIVES, self.tr("Say or type it again: the last words are selected"))
            case CommandName.PLAY:
                self._with_last(HEAR_AGAIN, self.tr("The last words are selected"))
            case CommandName.HELP:
                self._runner.run("dictation.say")
                self._say(self.tr("What can I say"))

    def _undo_or_take_back(self) -> None:
        undo, self._undo = self._undo, None
        if undo is not None and undo():
            self._say(self.tr("Taken back"))
        elif self.editing.undo():
            self._say(self.tr("Undone"))
        else:
            self._say(self.tr("There is nothing to undo"))

    def _go_to(self, heading: str) -> None:
        table = self.table()
        section: SectionCode | None = table.section_of(heading) if table is not None else None
        if self.editing.go_to(section, heading):
            self._say(self.tr("Go to: {0}").format(heading))
        else:
            self._say(self.tr("There is no “{0}” in this report").format(heading))

    def _with_last(self, command_id: str, words: str) -> None:
        if not self.editing.select_last():
            self._say(self.tr("The last words are not there any more"))
            return
        if command_id in self._runner.commands:
            self._runner.run(command_id)
        self._say(words)

    def _say(self, words: str) -> None:
        self._saying = self.tr("Understood: {0}").format(words)
        self._over.start()
        QTimer.singleShot(0, self._show)

    def _show(self) -> None:
        """After the words of it have gone from where drafts stand."""
        if self._over.isActive():
            self.understood.emit(self._saying)

    def _prepare(self) -> None:
        """A pipeline was made: it asks in its own thread, so it is given a table that never changes."""
        pipeline, table = self._desk.kept.pipeline, self.table()
        if pipeline is not None and table is not None:
            pipeline.know_commands(lambda text: table.find(text) is not None)
