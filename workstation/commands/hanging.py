"""Commands of hanging protocols: learn by example, edit, choose, take back."""

from __future__ import annotations

from workstation.commands.command import IMAGES, Command, Context
from workstation.errors import Refused
from workstation.session.case import Notice


def _like_this(context: Context) -> None:
    if context.session.case is None or not any(cell.state for cell in context.session.viewing.cells):
        raise Refused("There is nothing to hang like", "No images are on screen", "Open a case and arrange it as you like it")
    context.shell.show_dialog("hang like this")


def _choose(context: Context) -> None:
    if context.session.case is None:
        raise Refused("There is nothing to hang", "No case is open", "Open a case from the worklist")
    context.shell.show_dialog("choose protocol")


def _decline(context: Context) -> None:
    if not context.session.hangings.habits.decline():
        raise Refused("Nothing was offered", "The images hang as their protocol says")
    context.session.notice.emit(Notice("This arrangement will not be offered again"))


HANGING: tuple[Command, ...] = (
    Command(
        "hanging.like_this", "Hang it like this next time…", _like_this, ("Ctrl+S",), ("hanging remember",), "Hanging", IMAGES
    ),
    Command(
        "hanging.choose",
        "Choose another hanging protocol…",
        _choose,
        ("Ctrl+F3", "Ctrl+Shift+F3"),
        ("protocol choose",),
        "Hanging",
    ),
    Command(
        "hanging.editor",
        "Hanging protocols…",
        lambda c: c.shell.show_dialog("hanging protocols"),
        ("Ctrl+F2", "Ctrl+Shift+F2"),
        ("protocols show",),
        "Hanging",
    ),
    Command("hanging.undo", "Take the saved hanging back", lambda c: c.session.hangings.undo_saved(), (), (), "Hanging"),
    Command("hanging.decline", "Never offer this arrangement again", _decline, (), (), "Hanging"),
)
