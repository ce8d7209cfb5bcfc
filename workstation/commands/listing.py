"""Commands of the worklist page: its lists, columns and whose a row is; and the one that leads from a case to the next."""

from __future__ import annotations

from collections.abc import Callable

from workstation.commands.command import EVERYWHERE, Command, Context


def _on(what: str) -> Callable[[Context], None]:
    return lambda context: context.shell.on_worklist(what)


LISTING = (
    Command("worklist.lists", "Saved lists", _on("lists"), ("Ctrl+B",), ("saved lists",), "Case"),
    Command("worklist.next_list", "Next list", _on("next list"), say=("next list",), menu="Case"),
    Command("worklist.previous_list", "Previous list", _on("previous list"), say=("previous list",), menu="Case"),
    Command("worklist.save_list", "Save this list", _on("save list"), menu="Case"),
    Command("worklist.remove_list", "Remove this list", _on("remove list"), menu="Case"),
    Command("worklist.bring_back", "Bring the removed list back", _on("bring back list"), menu="Case"),
    Command("worklist.columns", "Columns of the worklist", _on("columns"), menu="Case"),
    Command("worklist.top", "Top of the worklist: new rows", _on("top"), menu="Case"),
    Command("worklist.assign", "Assign to me, or to nobody again", _on("assign"), ("Ctrl+Shift+Q",), menu="Case"),
)

SIGN_AND_NEXT = Command(
    "report.sign_next",
    "Sign as final and open the next unread case",
    lambda c: c.session.sign_next.run(),
    ("Ctrl+F11", "Ctrl+Shift+F11"),
    (),
    "Report",
    EVERYWHERE,
    confirm_by_key=True,
)
