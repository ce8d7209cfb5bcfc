"""`hang PATH [--prior PATH ...]`: which hanging protocol, and why."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.cache.admission import same_person
from workstation.cache.names import shown
from workstation.cache.order import priors_first
from workstation.cache.reading import StudiesRead, studies_in
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, Cell
from workstation.doors.services import OpenCore
from workstation.errors import Refused

if TYPE_CHECKING:
    from workstation.doors import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "hang",
        help="which hanging protocol, and why",
        description="Choose a hanging protocol for the study at PATH (the newest, when there are several of one patient; "
        "the others are its priors). Nothing is imported.",
    )
    parser.add_argument("path", metavar="PATH", type=Path)
    parser.add_argument("--prior", metavar="PATH", type=Path, action="append", nargs="+", default=[], help="earlier studies")
    parser.add_argument("--stage", type=int, default=0, help="stage of the protocol, counted from 0")
    parser.add_argument("--json", action="store_true", help="write the arrangement as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, open_core: OpenCore) -> int:
    """Raises Refused when there is no study, or a prior is of another patient."""
    prior_paths = [path for group in args.prior for path in group]
    with (
        closing(open_core()) as core,
        studies_in([args.path], core.reader) as here,
        studies_in(prior_paths, core.reader) as earlier,
    ):
        current, priors = chosen(here, earlier, bool(prior_paths))
        arrangement = core.hanger.hang(current, priors, args.stage)
    for problem in core.hanging_problems:
        print(f"hang: {shown(str(problem))}", file=sys.stderr)
    for file, reason in (*here.refused, *earlier.refused):
        print(f"{file}: {reason}", file=sys.stderr)
    print(json.dumps(as_json(arrangement), indent=1) if args.json else as_text(arrangement))
    return 0


def chosen(here: StudiesRead, earlier: StudiesRead, has_priors: bool) -> tuple[Study, tuple[Study, ...]]:
    """The current study and its priors, all of one patient."""
    current = _with_images(here.studies)
    if not current:
        raise Refused("No images to hang", _why(here))
    if has_priors and not _with_images(earlier.studies):
        raise Refused("The prior holds no images", _why(earlier))
    study = current[0]
    others = {s.study_instance_uid: s for s in (*current[1:], *_with_images(earlier.studies))}
    if not all(s is study or same_person(s.patient, study.patient) for s in current):
        raise Refused("More than one patient here", "A case is one study of one patient", "Name the folder of one study")
    if not all(same_person(s.patient, study.patient) for s in others.values()):
        raise Refused(
            "The prior is not known to be of the same patient",
            "PatientID, its issuer or the birth date differ or are missing",
            "Name priors of the same patient",
        )
    return study, priors_first(study, others.values())


def _with_images(studies: Sequence[Study]) -> list[Study]:
    return [study for study in studies if study.image_count]


def _why(read: StudiesRead) -> str:
    reasons = tuple(dict.fromkeys(reason for _, reason in read.refused))
    return "; ".join(reasons[:3]) or "There are no images in it"


def as_json(arrangement: Arrangement) -> dict[str, object]:
    return {
        "protocol": arrangement.protocol,
        "title": arrangement.title,
        "stage": arrangement.stage,
        "stages": arrangement.stage_count,
        "rows": arrangement.layout.rows,
        "columns": arrangement.layout.columns,
        "cells": [_cell(cell) for cell in arrangement.cells],
        "reasons": list(arrangement.reasons),
    }


def _cell(cell: Cell) -> dict[str, object]:
    return {
        "row": cell.row,
        "column": cell.column,
        "series_uid": cell.state.series_uid if cell.state else None,
        "study_uid": cell.state.study_uid if cell.state else None,
        "view": cell.state.plane.value if cell.state else None,
        "label": cell.label,
        "is_prior": cell.is_prior,
        "reason": cell.reason,
    }


def as_text(arrangement: Arrangement) -> str:
    lines = [f"{arrangement.title} ({arrangement.protocol}), stage {arrangement.stage + 1} of {arrangement.stage_count}"]
    lines += [f"  because: {shown(reason)}" for reason in arrangement.reasons]
    for cell in arrangement.cells:
        what = f"{cell.state.plane.value}  {cell.state.series_uid}" if cell.state else f"empty: {cell.reason}"
        lines.append(f"  row {cell.row + 1}, column {cell.column + 1}: {shown(f'{cell.label}  {what}'.strip())}")
    return "\n".join(lines)
