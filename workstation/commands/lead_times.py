"""The command that shows how long examinations wait."""

from __future__ import annotations

from workstation.commands.command import Command

LEAD_TIMES: tuple[Command, ...] = (
    Command(
        "case.lead_times",
        "Lead times…",
        lambda c: c.shell.show_dialog("lead times"),
        ("Ctrl+F12", "Ctrl+Shift+F12"),
        ("times show",),
        "Case",
    ),
)
