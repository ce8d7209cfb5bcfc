"""One measured line, and how to take it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` and `floor` in `unit`; `ratio` is value / floor. `holds` is whether the goal is met."""

    name: str
    goal_id: str
    value: float
    floor: float
    unit: str
    goal: str
    holds: bool

    @property
    def ratio(self) -> float:
        return self.value / self.floor if self.floor else float("inf")

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": round(self.ratio, 4), "value": round(self.value, 6), "floor": round(self.floor, 6)}

    def line(self) -> str:
        mark = "holds" if self.holds else "MISSED"
        figures = f"{self.value:10.3f} / {self.floor:10.3f} {self.unit:3} = {self.ratio:7.2f}"
        return f"{self.goal_id:4} {self.name:52} {figures}   {self.goal}   {mark}"


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median(work: Callable[[], object], runs: int = 5) -> float:
    """Median wall time, after one run that is not counted."""
    work()
    return statistics.median(seconds(work) for _ in range(runs))


def interleaved(works: Sequence[Callable[[], object]], runs: int = 5) -> list[list[float]]:
    """Wall times of each of `works`, taken in turn so that a busy moment of the machine meets them all."""
    for work in works:
        work()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for taken, work in zip(times, works, strict=True):
            taken.append(seconds(work))
    return times


def compared(value: Callable[[], object], floor: Callable[[], object], runs: int = 15) -> tuple[float, float]:
    """Medians of the two, taken in turn."""
    first, second = interleaved((value, floor), runs)
    return statistics.median(first), statistics.median(second)


def percentile(values: list[float], share: float) -> float:
    """The value that `share` (0..1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
