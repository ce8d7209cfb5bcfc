"""Commands about others who read from the same RIS: claims, conflicts, sending again."""

from __future__ import annotations

from workstation.commands.command import EVERYWHERE, Command, Context
from workstation.errors import Refused


def _claim(context: Context) -> None:
    """Claims what is free, releases what is ours; another's is taken over with a reason, which is asked first."""
    if context.session.claiming.toggle() == "reason":
        context.shell.show_dialog("take over")


def _compare(context: Context) -> None:
    if context.session.desk.report is None:
        raise Refused("Nothing to compare", "No report is open", "Open its case, or choose it in F8")
    context.shell.show_dialog("conflict")


OTHERS: tuple[Command, ...] = (
    Command("report.claim", "Claim the examination, or release it", _claim, ("Ctrl+Shift+B",), ("examination claim",), "Report"),
    Command("report.conflict", "Compare with the RIS's version…", _compare, ("Ctrl+Shift+X",), ("versions compare",), "Report"),
    Command(
        "report.send_now",
        "Send waiting reports now",
        lambda c: c.session.settling.send_now(),
        ("Shift+F4",),
        (),
        "Report",
        EVERYWHERE,
        confirm_by_key=True,
    ),
)
