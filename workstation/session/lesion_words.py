"""Lesions over time in words. English source strings; numbers and units as measured."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.domain.annotation import MeasuredValue
from workstation.domain.lesion import LesionCell, LesionTable, TimePoint


def lesion_words(table: LesionTable) -> tuple[str, ...]:
    """The table as lines for the report: accepted sizes only, the newest study first."""
    lines = []
    for row in table.rows:
        known = [(t, c) for t, c in zip(table.times, row.cells, strict=True) if c is not None and c.values and not c.is_proposed]
        if known:
            lines.append(f"{row.name}: {', '.join(_parts(known))}.")
    if table.sums and len(table.rows) > 1:
        last = table.sums[-1]
        changes = [
            f"{change_words(share)} since the {what}"
            for share, what in ((last.since_first, "first study"), (last.since_smallest, "smallest sum"))
            if share is not None
        ]
        lines.append(f"Sum of {last.count} long axes {last.millimetres:.1f} mm{', ' if changes else ''}{', '.join(changes)}.")
    return tuple(lines)


def size_words(values: Sequence[MeasuredValue]) -> str:
    """`14.2 x 11.0 mm`, with the unit as it was measured."""
    if len(values) == 2 and values[0].unit == values[1].unit:
        return f"{values[0].value:.1f} x {values[1].value:.1f} {values[0].unit}"
    return ", ".join(v.text for v in values)


def change_words(share: float) -> str:
    return f"{share * 100:+.0f} %"


def doubling_words(days: float) -> str:
    if days < 0:
        return f"volume halved in {-days:.0f} days"
    return f"volume doubling time {days:.0f} days"


def _parts(known: Sequence[tuple[TimePoint, LesionCell]]) -> list[str]:
    now = known[-1][1]
    parts = [size_words(now.values)]
    if len(known) > 1:
        day = known[-2][0].day
        parts.append(f"before ({day.isoformat() if day else 'date unknown'}) {size_words(known[-2][1].values)}")
    if now.change is not None:
        parts.append(change_words(now.change))
    if now.doubling_days is not None:
        parts.append(doubling_words(now.doubling_days))
    return parts
