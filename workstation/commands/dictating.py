"""Commands of dictation: the command key, what can be said, the user's own words."""

from __future__ import annotations

from workstation.commands.command import Command

DICTATING: tuple[Command, ...] = (
    Command(
        "dictation.command",
        "Say a command: what is said next is no text",
        lambda c: c.session.dictating.command_wanted.emit(None),
        ("Alt+Q",),
        (),
        "Report",
    ),
    Command(
        "dictation.undo",
        "Take the last spoken command back",
        lambda c: c.session.dictating.undo_wanted.emit(None),
        (),
        (),
        "Report",
    ),
    Command(
        "dictation.say",
        "What can I say",
        lambda c: c.shell.show_dialog("what can I say"),
        ("Shift+F1",),
        ("help spoken",),
        "Help",
    ),
    Command(
        "dictation.learn",
        "Correct it so from now on",
        lambda c: c.session.dictating.learn_wanted.emit(True),
        ("Shift+F3",),
        (),
        "Report",
    ),
    Command(
        "dictation.refuse",
        "Never correct it so by itself",
        lambda c: c.session.dictating.learn_wanted.emit(False),
        (),
        (),
        "Report",
    ),
    Command(
        "dictation.words",
        "My words and corrections…",
        lambda c: c.shell.show_dialog("my words"),
        (),
        ("words mine",),
        "Report",
    ),
)
