"""What becomes of what is heard: commands, learning, the user's own words. Set up once for each window."""

from __future__ import annotations

from dataclasses import dataclass

from dictation.dictionary import OwnDictionary
from ui.hand_microphone import HandMicrophone
from ui.key_desk import KeyDesk
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
    hand: HandMicrophone

    @classmethod
    def of(cls, session: Session, desk: DictationDesk, panel: ReportPanel, runner: Runner, keys: KeyDesk) -> SpeechHands:
        commands = SpokenCommands(session, desk, panel, runner)
        hand = HandMicrophone(desk, runner, lambda: keys.hand)
        return cls(commands, LearningHand(session, desk, panel, OwnDictionary(keys.folder / "dictation")), hand)
