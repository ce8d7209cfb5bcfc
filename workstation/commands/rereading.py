"""The command that stops reading stored results again, or has it go on."""

from __future__ import annotations

from workstation.commands.command import Command, Context
from workstation.errors import Refused


def _toggle(context: Context) -> None:
    rereading = context.session.rereading
    if rereading is None:
        raise Refused("Nothing is read again", "Stored files are not kept here")
    rereading.toggle()


REREADING: tuple[Command, ...] = (
    Command("case.read_again", "Stop reading stored results again, or go on", _toggle, (), ("results reading",), "Case"),
)
