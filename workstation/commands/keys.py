"""Commands about the keys themselves."""

from __future__ import annotations

from workstation.commands.command import Command

KEYS: tuple[Command, ...] = (
    Command(
        "keys.edit",
        "Keys and profiles…",
        lambda c: c.shell.show_dialog("keys"),
        ("Ctrl+F1", "Ctrl+Shift+F1"),
        ("keys change",),
        "Help",
    ),
    Command(
        "keys.mouse",
        "Mouse buttons…",
        lambda c: c.shell.show_dialog("mouse"),
        ("Ctrl+F9", "Ctrl+Shift+F9"),
        ("mouse buttons",),
        "Help",
    ),
    Command(
        "keys.print",
        "Print the keys…",
        lambda c: c.shell.show_dialog("key sheet"),
        ("Ctrl+F10", "Ctrl+Shift+F10"),
        ("keys print",),
        "Help",
    ),
)
