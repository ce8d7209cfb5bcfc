"""The worklist's columns: what stands in each, in words, and what it is sorted by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ui import plain, theme
from ui.worklist_times import DONE, age, due_words, instant_words, time_left, times_tip, turnaround, waiting
from workstation.domain.ai_result import AiFlag, Counted, results_in
from workstation.domain.order import Priority, ReadStatus, WorklistItem
from workstation.domain.worklist_query import SortKey

SOON = timedelta(minutes=30)

# English source strings; shown through core_text.
PRIORITY_WORDS = {
    Priority.STAT: "Stat",
    Priority.ASAP: "ASAP",
    Priority.URGENT: "Urgent",
    Priority.ROUTINE: "Routine",
}
STATUS_WORDS = {
    ReadStatus.UNREAD: "Unread",
    ReadStatus.DRAFT: "Draft",
    ReadStatus.PRELIMINARY: "Preliminary",
    ReadStatus.SIGNED: "Signed, not confirmed",
    ReadStatus.CONFIRMED: "Confirmed",
    ReadStatus.ELSEWHERE: "Left to the RIS",
    ReadStatus.PROBLEM: "Needs attention",
}
_PRIORITY_COLOURS = {Priority.STAT: theme.RED, Priority.ASAP: theme.AMBER, Priority.URGENT: theme.AMBER}
_STATUS_COLOURS = {
    ReadStatus.DRAFT: theme.ACCENT,
    ReadStatus.PRELIMINARY: theme.ACCENT,
    ReadStatus.SIGNED: theme.AMBER,
    ReadStatus.CONFIRMED: theme.GREEN,
    ReadStatus.ELSEWHERE: theme.MUTED,
    ReadStatus.PROBLEM: theme.RED,
}


AI_WORDS = {
    AiFlag.NONE: "",
    AiFlag.POSITIVE: "finding",
    AiFlag.UNCLEAR: "unclear",
    AiFlag.PRESENT: "not read",
    AiFlag.NEGATIVE: "no finding",
}
AI_STATED = {**AI_WORDS, AiFlag.NEGATIVE: "states no finding", AiFlag.UNCLEAR: "states neither finding nor none"}
_AI_COLOURS = {
    AiFlag.POSITIVE: theme.PRIOR,
    AiFlag.UNCLEAR: theme.AMBER,
    AiFlag.PRESENT: theme.MUTED,
    AiFlag.NEGATIVE: theme.MUTED,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how it reads, what it is sorted by, how it is coloured ("" for the usual)."""

    key: str
    title: str
    width: int
    text: Callable[[WorklistItem, datetime], str]
    sort: SortKey
    colour: Callable[[WorklistItem, datetime], str] = lambda item, now: ""
    right: bool = False
    first_down: bool = False
    """A first click on its head shows the highest on top."""
    tip: Callable[[WorklistItem], tuple[str, ...]] = lambda item: ()
    """What stands behind the words."""


def due_colour(item: WorklistItem, now: datetime) -> str:
    if item.due is None or item.status in DONE:
        return theme.MUTED
    return theme.RED if item.due < now else theme.AMBER if item.due - now < SOON else ""


def _images(item: WorklistItem, _: datetime) -> str:
    return str(item.image_count) if item.image_count else plain.core_text("none")


def status_words(item: WorklistItem) -> str:
    """How far it is, and what must be known before it is opened."""
    words = plain.core_text(STATUS_WORDS[item.status])
    if item.read_by:
        reading = plain.core_text("Read by {0}").format(plain.plain(item.read_by))
        words = reading if item.status is ReadStatus.UNREAD else f"{words} · {reading}"
    return f"⚠ {words}: {plain.plain(plain.core_text(item.warning))}" if item.warning else words


def procedure_words(item: WorklistItem) -> str:
    """What was asked for, and under which other accession numbers it is reported too."""
    words = plain.plain(item.procedure)
    if not item.together:
        return words
    return plain.core_text("{0} · with {1}").format(words, ", ".join(map(plain.plain, item.together)))


def claim_tip(item: WorklistItem) -> tuple[str, ...]:
    """Who reads it, and since when, as the RIS told last."""
    if not item.read_by:
        return ()
    words = plain.core_text("Read by {0}").format(plain.plain(item.read_by))
    since = plain.core_text("since {0}").format(instant_words(item.read_since)) if item.read_since is not None else ""
    return (" ".join(filter(None, (words, since))),)


def together_tip(item: WorklistItem) -> tuple[str, ...]:
    words = plain.core_text("Read together with {0}: one report").format(", ".join(map(plain.plain, item.together)))
    return (words,) if item.together else ()


def ai_words(item: WorklistItem) -> str:
    """What the results of programs state, and how often: nothing that they do not say themselves."""
    if item.ai is AiFlag.POSITIVE and item.ai_count:
        return plain.core_text(Counted.FINDINGS).format(item.ai_count)
    return plain.core_text(AI_WORDS[item.ai])


def ai_tip(item: WorklistItem) -> tuple[str, ...]:
    """Each result by its program: `Invented CAD 2.1: findings: 3`."""
    lines = []
    for result in results_in(item.ai_said):
        counted = plain.core_text(result.counted).format(result.count)
        stated = "" if result.counted is Counted.FINDINGS and result.flag is AiFlag.POSITIVE else AI_STATED[result.flag]
        source = plain.plain(result.source) or plain.core_text("A program that does not name itself")
        lines.append(f"{source}: {', '.join(filter(None, (plain.core_text(stated), counted)))}")
    return tuple(lines)


def owner_words(item: WorklistItem) -> str:
    """Whom the RIS has given it to, or who reads it."""
    return plain.core_text("me") if item.is_mine else plain.plain(item.owner)


COLUMNS: tuple[Column, ...] = (
    Column(
        "priority",
        "Priority",
        90,
        lambda i, _: plain.core_text(PRIORITY_WORDS[i.priority]) if i.order is not None else plain.core_text("No order"),
        SortKey.READING,
        lambda i, _: _PRIORITY_COLOURS.get(i.priority, "") if i.order is not None else theme.MUTED,
    ),
    Column("due", "Due", 152, lambda i, now: due_words(i.due, now), SortKey.DUE, due_colour, tip=times_tip),
    Column("patient", "Patient", 220, lambda i, _: plain.person_name(i.patient.name), SortKey.PATIENT),
    Column("id", "ID", 134, lambda i, _: plain.plain(i.patient.key.patient_id), SortKey.ID),
    Column("procedure", "Procedure", 260, lambda i, _: procedure_words(i), SortKey.PROCEDURE, tip=together_tip),
    Column("modality", "Modality", 84, lambda i, _: plain.plain(i.modality), SortKey.MODALITY),
    Column("images", "Images", 90, _images, SortKey.IMAGES, lambda i, _: "" if i.image_count else theme.MUTED, True, True),
    Column("date", "Study date", 110, lambda i, _: plain.dicom_date(i.study_date), SortKey.DATE, first_down=True),
    Column(
        "status",
        "Status",
        180,
        lambda i, _: status_words(i),
        SortKey.STATUS,
        lambda i, _: theme.AMBER if i.warning or i.read_by else _STATUS_COLOURS.get(i.status, ""),
        tip=claim_tip,
    ),
    Column("body", "Body part", 124, lambda i, _: plain.plain(plain.core_text(i.body_part)), SortKey.BODY),
    Column("site", "Site", 160, lambda i, _: plain.plain(i.site), SortKey.SITE),
    Column(
        "assigned", "Assigned", 120, lambda i, _: owner_words(i), SortKey.ASSIGNED,
        lambda i, _: theme.ACCENT if i.is_mine else "",
    ),
    Column(
        "ai", "AI", 126, lambda i, _: ai_words(i), SortKey.AI, lambda i, _: _AI_COLOURS.get(i.ai, ""), first_down=True,
        tip=ai_tip,
    ),
    Column("since", "Waiting", 108, waiting, SortKey.SINCE, tip=times_tip),
    Column("age", "Since exam", 108, age, SortKey.SINCE, lambda i, _: theme.MUTED if i.status in DONE else "", tip=times_tip),
    Column("left", "Time to due", 140, time_left, SortKey.DUE, due_colour, tip=times_tip),
    Column("turnaround", "Turnaround", 108, turnaround, SortKey.TURNAROUND, tip=times_tip),
)  # fmt: skip
KEYS = tuple(column.key for column in COLUMNS)
SHOWN_ORDER = (
    "priority", "due", "patient", "id", "procedure", "modality", "body", "site", "images", "date", "status", "assigned", "ai",
    "since", "age", "left", "turnaround",
)  # fmt: skip
"""From left to right, until the reader moves them."""
HIDDEN_AT_FIRST = frozenset({"since", "age", "left", "turnaround"})
OF_TIME = ("due", "since", "age", "left")
"""What they say changes by the minute."""
