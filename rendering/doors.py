"""The image room's command for scripts: `inspect`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cache.names import shown

if TYPE_CHECKING:
    from rendering.inspect_series import Inspection

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

# Of one series, in the table; --json has them all.
MOST_OBJECTS = 5
COLUMNS = ("modality", "verdict", "frames", "size", "spacing mm", "spacing from", "series", "reasons and warnings")


def register(commands: Commands) -> None:
    """Add this room's commands. Each sets `run(args, open_core) -> exit status`."""
    parser = commands.add_parser(
        "inspect",
        help="say what each series is, without importing anything",
        description="Reads a file, folder, DICOMDIR or zip archive and says of each series whether it is a verified volume, "
        "a stack, or refused, and why; and of each file whether every frame of it can be shown. Nothing is imported.",
    )
    parser.add_argument("path", metavar="PATH", type=Path)
    parser.add_argument("--headers-only", action="store_true", help="do not try to decode the frames")
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, open_core: Callable[[], Any]) -> int:
    """Raises Unavailable when the image worker cannot be started. Status 1 when nothing was readable."""
    from rendering.inspect_series import inspect_path
    from rendering.worker import ImageWorker

    with ImageWorker() as worker:
        found = inspect_path(args.path, worker, decode=not args.headers_only)
    if args.json:
        print(json.dumps({"series": found.series, "files": found.files}, indent=1))
    elif found.readable:
        print(as_text(found))
    if found.readable:
        return 0
    for file in found.files[:10]:
        print(f"inspect: {shown(file['path'])}: {shown(file['reason'])}", file=sys.stderr)
    if not found.files:
        print(f"inspect: {shown(str(args.path))}: no files", file=sys.stderr)
    return 1


def as_text(found: Inspection) -> str:
    """A table of the series, then every file that is not shown, with its reason."""
    lines = [list(COLUMNS), *(_line(row) for row in found.series)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS) - 1)]
    table = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]).rstrip() for line in lines
    ]
    others = [f"{shown(f['path'])}: {f['status']}: {shown(f['reason'])}" for f in found.files if f["status"] != "shown"]
    count = sum(f["status"] == "shown" for f in found.files)
    return "\n".join([*table, "", f"{count} of {len(found.files)} files can be shown", *others])


def _line(row: dict[str, Any]) -> list[str]:
    spacing = " × ".join("?" if mm is None else f"{mm:.4g}" for mm in row["spacing_mm"])
    size = f"{row['columns']} × {row['rows']}" if row["frames"] else ""
    held = [one["holds"] for one in row["objects"][:MOST_OBJECTS]]
    return [
        shown(row["modality"]),
        row["verdict"],
        str(row["frames"]),
        size,
        spacing if row["frames"] else "",
        row["spacing_source"],
        shown(row["description"] or row["series_uid"]),
        shown("; ".join(dict.fromkeys(text.rstrip(".") for text in (*held, *row["reasons"], *row["warnings"])))),
    ]
