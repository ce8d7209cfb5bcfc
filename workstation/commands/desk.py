"""Commands of the reading desk: windows by their names, what the right mouse button does."""

from __future__ import annotations

from workstation.commands.command import IMAGES, Command, Context
from workstation.session.case import Notice


def _next_right_button(context: Context) -> None:
    session = context.session
    title = session.viewing.mouse.next_right()
    session.notice.emit(Notice(f"Right mouse button, dragged: {title[:1].lower()}{title[1:]}"))


DESK: tuple[Command, ...] = (
    Command(
        "window.by_name",
        "Windows by name…",
        lambda c: c.shell.show_windows(),
        ("Ctrl+Shift+W",),
        ("windows list",),
        "Window",
        IMAGES,
    ),
    Command("mouse.right", "Next use of the right mouse button", _next_right_button, (), ("button right",), "Tools", IMAGES),
)
