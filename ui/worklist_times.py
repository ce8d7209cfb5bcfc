"""How long a row of the worklist waits, in words: since the examination, until it is due, from its end to the signature.

Where the RIS told no end of the examination its study's own beginning stands in, and the words say so by a `~`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ui import plain
from workstation.domain.order import ReadStatus, WorklistItem

DONE = frozenset({ReadStatus.SIGNED, ReadStatus.CONFIRMED, ReadStatus.ELSEWHERE})


def span(length: timedelta) -> str:
    """`25 min`, `2 h 10 min`, `3 d 4 h`."""
    minutes = int(length.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return plain.core_text("{0} d {1} h").format(days, hours)
    return plain.core_text("{0} h {1} min").format(hours, minutes) if hours else plain.core_text("{0} min").format(minutes)


def due_words(due: datetime | None, now: datetime) -> str:
    """`in 25 min`, `overdue 2 h 10 min`, a date when far away; empty without a due time."""
    if due is not None and due - now >= timedelta(hours=24):
        return due.astimezone().strftime("%Y-%m-%d %H:%M")
    return left_words(due, now)


def left_words(due: datetime | None, now: datetime) -> str:
    """`in 3 d 4 h`, `overdue 2 h 10 min`, however far away."""
    if due is None:
        return ""
    left = due - now
    return (
        plain.core_text("overdue {0}").format(span(-left))
        if left < timedelta(0)
        else plain.core_text("in {0}").format(span(left))
    )


def time_left(item: WorklistItem, now: datetime) -> str:
    """Until it is due; nothing once it is signed."""
    return "" if item.status in DONE else left_words(item.due, now)


def waiting(item: WorklistItem, now: datetime) -> str:
    """How long it has waited for a signature; empty once it is signed, or where the examination is still to come."""
    return "" if item.status in DONE else age(item, now)


def age(item: WorklistItem, now: datetime) -> str:
    """Since the examination, signed or not."""
    since = item.waiting_since
    return f"{_mark(item)}{span(now - since)}" if since is not None and since <= now else ""


def turnaround(item: WorklistItem, _: datetime) -> str:
    """From the end of the examination to the newest signature given here."""
    since, signed = item.waiting_since, item.signed_at
    return f"{_mark(item)}{span(signed - since)}" if since is not None and signed is not None and signed >= since else ""


def times_tip(item: WorklistItem) -> tuple[str, ...]:
    """The instants behind the spans, each with its offset from UTC."""
    end, due = (item.order.exam_end, item.order.due) if item.order is not None else (None, None)
    told = (
        (plain.core_text("Examination ended"), end),
        (plain.core_text("Study begun, its end is not known"), None if end is not None else item.waiting_since),
        (plain.core_text("Due"), due),
        (plain.core_text("Signed"), item.signed_at),
    )
    return tuple(f"{words}: {instant_words(at)}" for words, at in told if at is not None)


def instant_words(at: datetime) -> str:
    """`2026-11-22 14:05+01:00 (13:05 UTC)`: in the zone that it was told in."""
    local = at.astimezone() if at.utcoffset() == timedelta(0) else at
    return f"{local.isoformat(' ', 'minutes')} ({at.astimezone(UTC):%H:%M} UTC)"


def _mark(item: WorklistItem) -> str:
    return "" if item.order is not None and item.order.exam_end is not None else "~"
