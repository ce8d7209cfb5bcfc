"""Commands of microphone and speech models."""

from __future__ import annotations

from workstation.commands.command import Command

SPEECH: tuple[Command, ...] = (
    Command(
        "dictation.hand",
        "Hand microphone and pedals…",
        lambda c: c.shell.show_dialog("hand microphone"),
        (),
        (),
        "Report",
    ),
    Command(
        "dictation.microphone",
        "Microphone and level…",
        lambda c: c.shell.show_dialog("microphone"),
        ("Shift+F11",),
        (),
        "Report",
    ),
    Command(
        "dictation.models",
        "Speech models…",
        lambda c: c.shell.show_dialog("speech models"),
        ("Shift+F12",),
        (),
        "Report",
    ),
)
