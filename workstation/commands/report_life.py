"""Commands of a report's life: addendum, correction, history, a signature taken back, critical results."""

from __future__ import annotations

from workstation.commands.command import EVERYWHERE, Command, Context
from workstation.domain.report import ReportAction


def _correct(context: Context) -> None:
    """The reason is asked first; not for one that is open already."""
    life, report = context.session.life, context.session.desk.report
    life.may_begin(ReportAction.CORRECT)
    if report is not None and report.revision is not None:
        life.begin(ReportAction.CORRECT)
    else:
        context.shell.show_dialog("reason")


REPORT_LIFE: tuple[Command, ...] = (
    Command(
        "report.addendum",
        "Write an addendum",
        lambda c: c.session.life.begin(ReportAction.APPEND),
        ("Ctrl+Shift+A",),
        ("addendum write",),
        "Report",
    ),
    Command("report.correct", "Correct the report…", _correct, ("Ctrl+Shift+O",), ("report correct",), "Report"),
    Command(
        "report.amend", "Amend the report", lambda c: c.session.life.begin(ReportAction.AMEND), (), ("report amend",), "Report"
    ),
    Command(
        "report.put_away",
        "Put the addendum or correction away",
        lambda c: c.session.life.put_away(),
        (),
        (),
        "Report",
        EVERYWHERE,
        confirm_by_key=True,
    ),
    Command(
        "report.take_up", "Take up what was put away", lambda c: c.session.life.take_up(), (), ("addendum take up",), "Report"
    ),
    Command(
        "report.withdraw",
        "Take the signature back",
        lambda c: c.session.life.withdraw(),
        ("Shift+F8",),
        (),
        "Report",
        EVERYWHERE,
        confirm_by_key=True,
    ),
    Command(
        "report.changes",
        "Show or hide what was changed",
        lambda c: c.session.life.show_changes.emit(None),
        ("Shift+F2",),
        ("changes show",),
        "Report",
    ),
    Command(
        "report.critical",
        "Critical result…",
        lambda c: c.shell.show_dialog("critical result"),
        ("Ctrl+Shift+N",),
        ("critical result note",),
        "Report",
    ),
    Command("report.dose", "Put the radiation dose into its field", lambda c: c.session.late_dose.fill(), (), (), "Report"),
    Command(
        "report.together",
        "Read other orders in this report…",
        lambda c: c.shell.show_dialog("read together"),
        (),
        ("orders together",),
        "Report",
    ),
    Command(
        "report.together_study",
        "Read all orders of this study together",
        lambda c: c.session.together.join_study(),
        (),
        (),
        "Report",
    ),
    Command(
        "report.together_none",
        "Take the other orders out of this report",
        lambda c: c.session.together.leave_all(),
        (),
        (),
        "Report",
    ),
    Command(
        "report.history",
        "Version history",
        lambda c: c.shell.show_dialog("versions"),
        ("Ctrl+Shift+H",),
        ("versions show",),
        "Report",
    ),
)
