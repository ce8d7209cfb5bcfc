"""Commands of several screens."""

from __future__ import annotations

from workstation.commands.command import Command

SCREENS = (
    Command(
        "screen.next",
        "Images of the next screen",
        lambda c: c.shell.next_images(),
        ("Ctrl+F6", "Ctrl+Shift+F6"),
        ("screen next",),
        "Layout",
    ),
    Command(
        "screen.report",
        "Report and worklist to the other screen, or back",
        lambda c: c.shell.move_main(),
        ("Ctrl+F7", "Ctrl+Shift+F7"),
        ("report other screen",),
        "Layout",
    ),
    Command(
        "screen.roles",
        "Screens…",
        lambda c: c.shell.show_dialog("screens"),
        ("Ctrl+F8", "Ctrl+Shift+F8"),
        ("screens show",),
        "Layout",
    ),
)
