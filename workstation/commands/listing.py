"""Commands of the worklist page: its lists, columns and whose a row is."""

from __future__ import annotations

from collections.abc import Callable

from workstation.commands.command import Command, Context


def _on(what: str) -> Callable[[Context], None]:
    return lambda context: context.shell.on_worklist(what)


LISTING = (
    Command("worklist.lists", "Saved lists", _on("lists"), ("Ctrl+B",), ("saved lists",), "Case"),
    Command("worklist.next_list", "Next list", _on("next list"), say=("next list",), menu="Case"),
    Command("worklist.previous_list", "Previous list", _on("previous list"), say=("previous list",), menu="Case"),
    Command("worklist.save_list", "Save this list", _on("save list"), menu="Case"),
    Command("worklist.remove_list", "Remove this list", _on("remove list"), menu="Case"),
    Command("worklist.columns", "Columns of the worklist", _on("columns"), menu="Case"),
    Command("worklist.top", "Top of the worklist: new rows", _on("top"), menu="Case"),
    Command("worklist.assign", "Assign to me, or to nobody again", _on("assign"), ("Ctrl+Shift+Q",), menu="Case"),
)
