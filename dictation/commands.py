"""Spoken commands: a whole utterance between two pauses, or nothing.

Nothing here signs, discards or goes on to another study: those are never done by voice alone.
The phrases are in resources/vocabulary/<language>.toml under [commands].
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from dictation.formatter.language import language


class CommandName(StrEnum):
    SCRATCH = "scratch"
    """Take back the last segment."""
    UNDO = "undo"
    REDO = "redo"
    STOP = "stop"
    """The microphone goes off."""
    NEXT_FIELD = "next_field"
    PREVIOUS_FIELD = "previous_field"
    CORRECT = "correct"
    """Offer other hearings of the last words."""
    PLAY = "play"
    """Hear the last segment again."""
    HELP = "help"
    """What can I say?"""
    GO_TO = "go_to"
    """To the section `SpokenCommand.section`."""


@dataclass(frozen=True, slots=True)
class SpokenCommand:
    """`section` is a heading as it is written ("Impression"), of `GO_TO` only."""

    name: CommandName
    section: str = ""


def command_of(spoken: str, code: str = "en") -> SpokenCommand | None:
    """The command that the whole utterance is; None for everything else. Raises Unavailable for a language without tables."""
    editing = language(code).editing
    words = tuple(re.findall(r"[^\W_]+", spoken.lower()))
    if words in editing.commands:
        return SpokenCommand(CommandName(editing.commands[words]))
    for opener in editing.go_to:
        section = editing.headings.get(words[len(opener) :]) if words[: len(opener)] == opener else None
        if section is not None:
            return SpokenCommand(CommandName.GO_TO, section)
    return None


def what_can_i_say(code: str = "en") -> dict[CommandName, tuple[str, ...]]:
    """Every command with its phrases, as they are spoken; `GO_TO` with its openings."""
    editing = language(code).editing
    said: dict[CommandName, tuple[str, ...]] = {}
    for phrase, name in editing.commands.items():
        said[CommandName(name)] = (*said.get(CommandName(name), ()), " ".join(phrase))
    said[CommandName.GO_TO] = tuple(sorted(" ".join(opener) for opener in editing.go_to))
    return said
