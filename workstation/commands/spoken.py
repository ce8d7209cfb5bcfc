"""Commands about words that came by voice: look at them, hear them again, what else they may have been."""

from __future__ import annotations

from collections.abc import Callable

from workstation.commands.command import Command, Context
from workstation.errors import Refused

NEXT, PREVIOUS, SEEN, HEAR, ALTERNATIVES = "next", "previous", "seen", "hear", "alternatives"


def _want(what: str) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        if context.session.desk.report is None:
            raise Refused("No report is open", "", "Open a case that has an order in the RIS")
        context.session.spoken.wanted.emit(what)

    return run


SPOKEN: tuple[Command, ...] = (
    Command("dictation.next_mark", "Next dictated word to look at", _want(NEXT), ("Ctrl+PgDown",), ("mark next",), "Report"),
    Command(
        "dictation.previous_mark",
        "Previous dictated word to look at",
        _want(PREVIOUS),
        ("Ctrl+PgUp",),
        ("mark previous",),
        "Report",
    ),
    Command("dictation.seen", "All dictated words of the section are looked at", _want(SEEN), ("Alt+Return",), (), "Report"),
    Command("dictation.hear", "Hear the dictated word again", _want(HEAR), ("Shift+F9",), ("word hear",), "Report"),
    Command(
        "dictation.alternatives", "What else it may have been", _want(ALTERNATIVES), ("Alt+Z",), ("word alternatives",), "Report"
    ),
)
