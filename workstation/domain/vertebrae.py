"""The names of vertebral levels from head to tail."""

from __future__ import annotations

LEVELS: tuple[str, ...] = (
    *(f"C{n}" for n in range(1, 8)),
    *(f"T{n}" for n in range(1, 13)),
    *(f"L{n}" for n in range(1, 6)),
    *(f"S{n}" for n in range(1, 6)),
)
STARTS = ("C1", "T1", "L1")


def next_level(level: str, upwards: bool = False) -> str:
    """The level below (or above); the last one again at the end, and "" for a name that is none."""
    name = level.strip().upper()
    if name not in LEVELS:
        return ""
    here = LEVELS.index(name) + (-1 if upwards else 1)
    return LEVELS[min(max(here, 0), len(LEVELS) - 1)]


def next_start(level: str) -> str:
    """Where labelling begins next when the tool is asked for again: C1, T1, L1, C1 ..."""
    return STARTS[(STARTS.index(level) + 1) % len(STARTS)] if level in STARTS else STARTS[0]
