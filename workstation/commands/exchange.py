"""The command that takes hanging protocols from other programs, and gives them to those."""

from __future__ import annotations

from workstation.commands.command import Command

EXCHANGE: tuple[Command, ...] = (
    Command(
        "hanging.exchange",
        "Hanging protocols as DICOM…",
        lambda c: c.shell.show_dialog("protocol exchange"),
        (),
        ("protocols exchange",),
        "Hanging",
    ),
)
