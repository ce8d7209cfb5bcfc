"""Commands of report templates and phrases."""

from __future__ import annotations

from collections.abc import Callable

from workstation.commands.command import Command, Context
from workstation.errors import Refused
from workstation.session.case import Notice


def _pick(name: str) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        if not context.session.desk.is_open_for_writing:
            raise Refused("No report is open for writing", "", "Open a case that has an order in the RIS")
        context.shell.show_dialog(name)

    return run


def _accept(context: Context) -> None:
    count = context.session.templating.accept_all()
    words = f"{count} defaults stand as you have read them" if count > 1 else "One default stands as you have read it"
    context.session.notice.emit(Notice(words if count else "No default of a template is untouched"))


def _step(steps: int) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        if not context.session.desk.is_open_for_writing:
            raise Refused("No report is open for writing", "", "Open a case that has an order in the RIS")
        context.shell.focus_report()
        context.session.templating.step_wanted.emit(steps)

    return run


TEMPLATES: tuple[Command, ...] = (
    Command("template.next_field", "Next field or section", _step(1), (), (), "Report"),
    Command("template.previous_field", "Previous field or section", _step(-1), (), (), "Report"),
    Command("template.insert", "Templates…", _pick("templates"), ("Alt+I",), ("templates show",), "Report"),
    Command("template.phrase", "Phrases…", _pick("phrases"), ("Alt+A",), ("phrases show",), "Report"),
    Command("template.accept", "Let all defaults stand", _accept, ("Alt+Y",), ("defaults accept",), "Report"),
)
