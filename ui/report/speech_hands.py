"""What becomes of what is heard: commands, learning, the user's own words. Set up once for each window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dictation.dictionary import OwnDictionary
from ui.report.dictation_desk import DictationDesk
from ui.report.learning import LearningHand
from ui.report.panel import ReportPanel
from ui.report.spoken_commands import SpokenCommands
from ui.runner import Runner
from workstation.session.session import Session


@dataclass(frozen=True, slots=True)
class SpeechHands:
    commands: SpokenCommands
    learning: LearningHand

    @classmethod
    def of(cls, session: Session, desk: DictationDesk, panel: ReportPanel, runner: Runner, config: Path) -> SpeechHands:
        """`config` is the user's own folder."""
        commands = SpokenCommands(session, desk, panel, runner)
        return cls(commands, LearningHand(session, desk, panel, OwnDictionary(config / "dictation")))
