"""What each button of a hand microphone and each pedal does. The reader's choices lie in `keys.toml` beside the mouse's.

    [hand]
    "f1" = "template.insert"
    "record" = "talk held"

An action is a way to talk (`TALK`), a command of the table by its id (they have a dot), or "" for nothing. What wants a
key on purpose (signing, leaving a case) a button cannot do: a hand microphone is laid down on its buttons every day.
"""

from __future__ import annotations

from collections.abc import Mapping

from workstation.commands.table import COMMANDS
from workstation.domain.hand_button import HandButton

BOTH, HELD, TOGGLE, END = "talk", "talk held", "talk on and off", "talk end"

TALK: Mapping[str, str] = {
    BOTH: "Talk: tap for on and off, or hold",
    HELD: "Talk while it is held",
    TOGGLE: "Talk: on and off",
    END: "Stop talking",
}
"""With titles (English source strings)."""

DEFAULTS: Mapping[HandButton, str] = {
    HandButton.RECORD: BOTH,
    HandButton.STOP: END,
    HandButton.PLAY: "dictation.hear",
    HandButton.FORWARD: "template.next_field",
    HandButton.REWIND: "template.previous_field",
    HandButton.TAB_FORWARD: "template.next_field",
    HandButton.TAB_BACKWARD: "template.previous_field",
    HandButton.EOL: "report.next_section",
    HandButton.INSERT: "dictation.next_mark",
    HandButton.COMMAND: "dictation.command",
    HandButton.PEDAL_LEFT: "template.previous_field",
    HandButton.PEDAL_MIDDLE: HELD,
    HandButton.PEDAL_RIGHT: "template.next_field",
}
"""The others are the reader's own: nothing, until they are given something."""

TITLES: Mapping[HandButton, str] = {
    HandButton.RECORD: "Record",
    HandButton.STOP: "Stop",
    HandButton.PLAY: "Play",
    HandButton.FORWARD: "Forward",
    HandButton.REWIND: "Rewind",
    HandButton.TAB_FORWARD: "Tab forward",
    HandButton.TAB_BACKWARD: "Tab back",
    HandButton.EOL: "EOL / priority",
    HandButton.INSERT: "Insert / overwrite",
    HandButton.INSTRUCT: "Instruction (i)",
    HandButton.COMMAND: "Command (index finger)",
    HandButton.ENTER: "Enter / select",
    HandButton.TRANSCRIBE: "Transcribe",
    HandButton.CUSTOM_LEFT: "Custom left",
    HandButton.CUSTOM_RIGHT: "Custom right",
    HandButton.F1: "F1 / A",
    HandButton.F2: "F2 / B",
    HandButton.F3: "F3 / C",
    HandButton.F4: "F4 / D",
    HandButton.PEDAL_LEFT: "Left pedal",
    HandButton.PEDAL_MIDDLE: "Middle pedal",
    HandButton.PEDAL_RIGHT: "Right pedal",
    HandButton.PEDAL_TOP: "Upper pedal",
}

OF_THE_KEY: Mapping[str, str] = {"hold": HELD, "toggle": TOGGLE}
"""How the record button talks where settings say how the key to talk does (`dictation_key`)."""

_BY_ID = {command.id: command for command in COMMANDS}


def may(action: str) -> bool:
    """Whether a button may do this."""
    return action == "" or action in TALK or (action in _BY_ID and not _BY_ID[action].confirm_by_key)


def in_force(*layers: Mapping[str, str]) -> dict[HandButton, str]:
    """What each button does: lowest layer first, above the built-in. What cannot be is passed over."""
    does = {button: DEFAULTS.get(button, "") for button in HandButton}
    for layer in layers:
        does |= {HandButton(name): action for name, action in layer.items() if name in set(HandButton) and may(action)}
    return does
