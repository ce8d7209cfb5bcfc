"""`worklist`: what there is to read."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from workstation.cache.names import shown
from workstation.domain.order import WorklistItem
from workstation.doors.services import OpenCore

if TYPE_CHECKING:
    from workstation.doors import Commands

COLUMNS = ("priority", "due", "status", "accession", "modality", "images", "procedure", "warning")


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "worklist",
        help="what there is to read",
        description="Orders and studies, most urgent first. Names of patients are left out.",
    )
    parser.add_argument("--json", action="store_true", help="write the list as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, open_core: OpenCore) -> int:
    with closing(open_core()) as core:
        rows = [as_json(item) for item in core.worklist.items()]
    print(json.dumps(rows, indent=1) if args.json else as_text(rows))
    return 0


def as_json(item: WorklistItem) -> dict[str, object]:
    return {
        "accession": item.accession_number,
        "study_uid": item.study_instance_uid,
        "procedure": item.procedure,
        "priority": item.priority.value,
        "due": item.due.isoformat() if item.due else None,
        "status": item.status.value,
        "modality": item.modality,
        "images": item.image_count,
        "has_order": item.order is not None,
        "warning": item.warning,
    }


def as_text(rows: Sequence[dict[str, object]]) -> str:
    """A table; text from outside cannot act on the terminal."""
    if not rows:
        return "Nothing to read"
    cells = [[shown(str(row[name] if row[name] is not None else "")) for name in COLUMNS] for row in rows]
    lines = [list(COLUMNS), *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
