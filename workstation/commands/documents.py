"""Commands of a report on paper and of earlier reports."""

from __future__ import annotations

from workstation.commands.command import Command, Context
from workstation.errors import Refused


def _print(context: Context) -> None:
    if context.session.case is None or context.session.desk.report is None:
        raise Refused("Nothing to print", "No report is open", "Open a case that has an order in the RIS")
    context.shell.show_dialog("print report")


def _earlier(context: Context) -> None:
    if context.session.case is None:
        raise Refused("No earlier reports to show", "No case is open", "Open one, or search in all reports (Ctrl+Shift+Y)")
    context.session.earlier.show(not context.session.earlier.is_shown)


DOCUMENTS: tuple[Command, ...] = (
    Command("report.earlier", "Earlier reports", _earlier, ("Shift+F5",), ("reports earlier",), "Report"),
    Command(
        "report.search",
        "Search in earlier reports…",
        lambda c: c.shell.show_dialog("report search"),
        ("Ctrl+Shift+Y",),
        ("reports search",),
        "Report",
    ),
    Command("report.print", "Print or save as PDF…", _print, ("Ctrl+Shift+I",), ("report print",), "Report"),
)
