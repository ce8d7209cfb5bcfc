"""Commands between images and the words of the report."""

from __future__ import annotations

from workstation.commands.command import Command, Context
from workstation.domain.report import SectionCode
from workstation.errors import Refused
from workstation.session.case import Notice
from workstation.session.linked_marks import LinkMark, LinkState


def _here(context: Context) -> LinkMark:
    section, start, _ = context.session.linked.writer.caret()
    mark = context.session.linked.at(section, start)
    if mark is None:
        raise Refused("These words know no image", "", "Go to words that are underlined, or have a dot beside them")
    return mark


def _show(context: Context) -> None:
    mark = _here(context)
    context.session.linked.show(mark.link)
    context.session.linked.see([mark])


def _take(context: Context) -> None:
    linked = context.session.linked
    section, start, _ = linked.writer.caret()
    here = linked.at(section, start)
    wanted = here if here is not None and here.is_to_be_seen else next(iter(linked.to_be_seen()), None)
    if wanted is None:
        raise Refused("Nothing differs", "The words of the report say what the images say")
    linked.take(wanted)


def _next(context: Context) -> None:
    linked = context.session.linked
    marks = linked.to_be_seen()
    if not marks:
        raise Refused("Nothing differs", "The words of the report say what the images say")
    section, start, _ = linked.writer.caret()
    order = list(SectionCode)
    here = (order.index(section), start)
    mark = next((m for m in marks if (order.index(m.link.section), m.start) > here), marks[0])
    linked.writer.reveal(mark.link.section, mark.start, mark.end)
    context.session.notice.emit(Notice(_words(mark), of_case=True))
    linked.see([mark])


def _words(mark: LinkMark) -> str:
    if mark.state is LinkState.CHANGED:
        return "These words were changed with their measurement"
    if mark.state is LinkState.GONE:
        return "The measurement of these words was removed"
    return f"The image says {mark.says}"


FROM_IMAGE: tuple[Command, ...] = (
    Command(
        "report.measurements",
        "Put all measurements into the report",
        lambda c: c.session.from_image.insert_all(),
        ("Alt+V",),
        ("measurements report",),
        "Report",
    ),
    Command("report.show_image", "Show the image of these words", _show, ("Alt+W",), ("sentence image",), "Report"),
    Command("report.take_image", "Write what the image says", _take, ("Alt+U",), (), "Report"),
    Command("report.next_link", "Next words that differ from the image", _next, ("Shift+F6",), ("difference next",), "Report"),
)
