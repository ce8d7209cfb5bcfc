"""`python -m benchmarks [NAME...] [--json]`: a line for each figure, value / floor against its goal."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module

from benchmarks.figures import Figure

NAMES = (
    "calibration",
    "first_image",
    "full_load",
    "reopen",
    "next_case",
    "hung_case",
    "large_series",
    "scroll",
    "screens",
    "window_drag",
    "oblique",
    "planes",
    "solid",
    "registration",
    "startup",
    "worklist",
    "memory",
    "network",
    "receive",
    "ingest",
    "politeness",
    "delivery",
    "dictation",
)


def main() -> int:
    """Run the named benchmarks (all by default). Returns 0 even when a goal is missed: it is a measurement."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="one JSON list on standard output")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    names = chosen.names or NAMES
    figures: list[Figure] = []
    for figure in measured(names[0]) if len(names) == 1 else measured_apart(names):
        figures.append(figure)
        if not chosen.json:
            print(figure.line(), flush=True)
    if chosen.json:
        json.dump([f.as_json() for f in figures], sys.stdout, indent=1)
        print()
    return 0


def measured(name: str) -> Iterable[Figure]:
    measure: Callable[[], Iterable[Figure]] = import_module(f"benchmarks.{name}").measure
    return measure()


def measured_apart(names: Sequence[str]) -> Iterator[Figure]:
    """Each benchmark in a process of its own: none inherits the memory or the threads of another."""
    for name in names:
        command = [sys.executable, "-m", "benchmarks", name, "--json"]
        found = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for figure in json.loads(found.stdout):
            del figure["ratio"]
            yield Figure(**figure)


if __name__ == "__main__":
    sys.exit(main())
