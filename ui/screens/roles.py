"""What each monitor is for: guessed the first time, then as the reader chose, for each set of monitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ui.screens.monitors import Monitor

MEGAPIXELS = 2_800_000
"""Monitors sold for reading begin at three megapixels (2048 x 1536)."""
GREY_DEPTH = 30
"""Ten bits for each colour, as monitors for radiology take them."""
MADE_FOR_READING = ("barco", "radiforce", "coronis", "nio", "totoku", "jvc", "gx", "rx", "mx", "dome", "mdrc", "mdcg")
MOST_IMAGES = 3


class Role(StrEnum):
    DIAGNOSTIC = "diagnostic"
    SIDE = "side"
    UNUSED = "not used"


Roles = Mapping[str, Role]
"""By `Monitor.key`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which windows stand where. `main` has worklist and report; `images` lie from left to right.

    Where `main` is one of `images`, it shows them between the series and the report, as on a single monitor.
    """

    main: Monitor
    images: tuple[Monitor, ...]

    @property
    def is_together(self) -> bool:
        return self.main in self.images

    @property
    def windows(self) -> tuple[Monitor, ...]:
        """Those that hold images alone."""
        return tuple(m for m in self.images if m != self.main)


def guess(present: Sequence[Monitor]) -> dict[str, Role]:
    """What monitors look to be for. One alone is for all; of equal ones all are for images."""
    if len(present) < 2:
        return {m.key: Role.DIAGNOSTIC for m in present}
    reading = [m for m in present if _is_for_reading(m)]
    if not reading:
        others = [m for m in present if not m.is_built_in] or list(present)
        largest = max(m.pixels for m in others)
        reading = [m for m in others if m.pixels == largest]
    if len(reading) == len(present) > 2:
        # The report needs a place; the smallest, and of equal ones the first upright or left one, has it.
        reading.remove(min(reading, key=lambda m: (m.is_portrait, m.pixels)))
    reading = reading[:MOST_IMAGES]
    rest = [m for m in present if m not in reading]
    side = max(rest, key=lambda m: (m.pixels, -m.rect.x()), default=None)
    return {m.key: Role.DIAGNOSTIC if m in reading else Role.SIDE if m is side else Role.UNUSED for m in present}


def _is_for_reading(monitor: Monitor) -> bool:
    if monitor.is_built_in:
        return False
    named = any(word in MADE_FOR_READING for word in monitor.model.casefold().replace("-", " ").split())
    return named or monitor.is_portrait or monitor.depth >= GREY_DEPTH or monitor.pixels >= MEGAPIXELS


def planned(present: Sequence[Monitor], roles: Roles, main_at: str = "") -> Plan:
    """Where windows stand by these roles; `main_at` puts worklist and report on that monitor for now.

    Every monitor that is left counts: with no diagnostic one, images hang where the report is.
    """
    images = [m for m in present if roles.get(m.key) is Role.DIAGNOSTIC][:MOST_IMAGES]
    sides = [m for m in present if roles.get(m.key) is Role.SIDE]
    main = next((m for m in present if m.key == main_at), None) or next(iter(sides or images or present))
    return Plan(main, tuple(images) or (main,))


def read(stored: object, present: Sequence[Monitor]) -> dict[str, Role] | None:
    """Roles as they were remembered, if they say one for each of these monitors."""
    found = {m.key: stored.get(m.key) for m in present} if isinstance(stored, dict) else {}
    if not found or any(role not in set(Role) for role in found.values()):
        return None
    return {key: Role(str(role)) for key, role in found.items()}
