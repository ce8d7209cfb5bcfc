"""What a recogniser heard, as the editor, the report and the stores see it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DictationState(StrEnum):
    """What dictation is doing; the one value the microphone button and the status bar show."""

    UNAVAILABLE = "unavailable"
    IDLE = "idle"
    STARTING = "starting"
    """The engine process is loading its model; speech is already recorded."""
    LISTENING = "listening"
    SPEECH = "speech"
    RECOGNISING = "recognising"
    """The microphone is off; the last segment is still being recognised."""
    RESTARTING = "restarting"
    """The engine died or hung and is being started again; speech is still recorded."""


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word: probability 0..1, times in seconds from the start of its segment."""

    word: str
    confidence: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class DictatedSegment:
    """One stretch of speech between two pauses.

    `text` is the written form that enters the report ("3.5 cm"), `spoken` what the engine heard
    ("three point five centimeters"), kept so that a rewrite can be shown and undone. `words` are
    the engine's words, of `spoken`. `audio_path` is the recording, "" when none is kept. An
    empty `text` with `problem` means recorded but not recognised: it can be transcribed later.
    `start` is when it began, in seconds from the start of the source. `joins` says that no space
    goes before `text` (punctuation, or a new line). `for_command`: said with the command key, a
    command or nothing. `hearings` are other hearings of all of it (another engine's, one without expected terms).
    `is_late`: recognised long after it was said, so no command any more.
    """

    segment_id: str
    text: str
    spoken: str = ""
    words: tuple[Word, ...] = ()
    engine: str = ""
    audio_path: str = ""
    problem: str = ""
    start: float = 0.0
    hearings: tuple[str, ...] = ()
    for_command: bool = False
    is_late: bool = False

    @property
    def joins(self) -> bool:
        return self.text[:1] in {".", ",", ":", ";", "?", "!", ")", "]", "\n", "%"}


@dataclass(frozen=True, slots=True)
class DictationContext:
    """What the exam is, so that the recogniser expects its words.

    `modality` is a DICOM Modality (0008,0060) such as "CT"; `body_part` a word such as "chest";
    `procedure` the ordered procedure's text; `terms` the user's own words. `template` is the report
    template's name, `order` and `prior` the texts of the order and of the prior report.
    """

    modality: str = ""
    body_part: str = ""
    procedure: str = ""
    terms: tuple[str, ...] = ()
    language: str = "en"
    template: str = ""
    order: str = ""
    prior: str = ""
