"""Spoken commands in five languages: whole utterances only, and none that cannot be taken back."""

from __future__ import annotations

import pytest

from dictation.commands import CommandName, SpokenCommand, command_of, what_can_i_say
from dictation.formatter import Formatter
from workstation.errors import Unavailable

LANGUAGES = ["en", "sv", "nb", "da", "fi"]


@pytest.mark.parametrize(
    ("code", "spoken", "name"),
    [
        ("en", "Scratch that.", CommandName.SCRATCH),
        ("en", "what can I say", CommandName.HELP),
        ("en", "next field", CommandName.NEXT_FIELD),
        ("sv", "Stryk det.", CommandName.SCRATCH),
        ("sv", "ångra", CommandName.UNDO),
        ("nb", "stryk det", CommandName.SCRATCH),
        ("nb", "stopp diktering", CommandName.STOP),
        ("da", "stryg det", CommandName.SCRATCH),
        ("da", "hvad kan jeg sige", CommandName.HELP),
        ("fi", "Poista se.", CommandName.SCRATCH),
        ("fi", "seuraava kenttä", CommandName.NEXT_FIELD),
    ],
)
def test_a_whole_utterance_is_a_command(code: str, spoken: str, name: CommandName) -> None:
    assert command_of(spoken, code) == SpokenCommand(name)


@pytest.mark.parametrize(
    ("code", "spoken", "section"),
    [
        ("en", "go to impression", "Impression"),
        ("sv", "gå till bedömning", "Bedömning"),
        ("nb", "gå til konklusjon", "Konklusjon"),
        ("da", "gå til felt konklusion", "Konklusion"),
        ("fi", "siirry kohtaan lausunto", "Lausunto"),
    ],
)
def test_a_section_is_gone_to_by_its_name(code: str, spoken: str, section: str) -> None:
    assert command_of(spoken, code) == SpokenCommand(CommandName.GO_TO, section)


@pytest.mark.parametrize(
    "spoken",
    ["no effusion scratch that", "the undo", "go to the liver lesion", "", "sign", "sign report", "discard", "next patient"],
)
def test_speech_that_only_holds_a_command_is_none(spoken: str) -> None:
    assert command_of(spoken) is None


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_is_signed_discarded_or_left_by_voice(code: str) -> None:
    """A command may only be one of those named, and each language has a phrase for each."""
    said = what_can_i_say(code)
    assert set(said) == set(CommandName)
    assert not {"sign", "discard", "next_study", "send"} & {name.value for name in said}
    assert all(phrases and all(phrases) for phrases in said.values())


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_phrase_of_a_command_is_no_command_inside_a_sentence(code: str) -> None:
    formatter = Formatter(code)
    for name, phrases in what_can_i_say(code).items():
        if name is not CommandName.SCRATCH:
            assert all(phrase in formatter.written(f"x {phrase}").text.lower() for phrase in phrases), name


def test_a_language_without_tables_says_so() -> None:
    with pytest.raises(Unavailable):
        command_of("stop", "xx")
