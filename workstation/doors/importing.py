"""`import PATH...`: files, folders, DICOMDIR and zip into the cache."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.cache.intake import ImportResult
from workstation.doors.services import OpenCore

if TYPE_CHECKING:
    from workstation.doors import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "import",
        help="files, folders, DICOMDIR and zip into the cache",
        description="Import DICOM files, folders, DICOMDIR media and zip archives into the cache. "
        "Every file ends as imported, there already, or refused with a reason.",
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, open_core: OpenCore) -> int:
    """0 when anything was imported or already there, else 1 with the reasons on standard error."""
    with closing(open_core()) as core:
        notices, result = core.cache.notices, core.cache.add(args.paths)
    print(json.dumps(as_json(result), indent=1) if args.json else as_text(result))
    for notice in notices:
        print(notice, file=sys.stderr)
    succeeded = result.stopped is None and result.imported + result.duplicates > 0
    if not succeeded or not args.json:
        for file, reason in result.refused:
            print(f"{file}: {reason}", file=sys.stderr)
    if result.stopped is not None:
        print(f"import stopped: {result.stopped}", file=sys.stderr)
    elif not succeeded:
        print("import: nothing was imported" if result.refused else "import: there are no files here", file=sys.stderr)
    return 0 if succeeded else 1


def as_json(result: ImportResult) -> dict[str, object]:
    return {
        "studies": list(result.studies),
        "imported": result.imported,
        "already_there": result.duplicates,
        "directories": result.directories,
        "quarantined": result.quarantined,
        "refused": [{"file": file, "reason": reason} for file, reason in result.refused],
    }


def as_text(result: ImportResult) -> str:
    parts = [f"{result.imported} imported", f"{result.duplicates} already there", f"{len(result.refused)} refused"]
    if result.quarantined:
        parts[-1] += f" ({result.quarantined} kept apart)"
    return f"{', '.join(parts)}; studies: {len(result.studies)}"
