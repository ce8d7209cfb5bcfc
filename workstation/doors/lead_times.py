"""`lead-times`: medians and longest waits, per modality; an export without patients."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.cache.names import shown
from workstation.domain.lead_time import WAITS, LeadTimeTable, ModalityTimes
from workstation.doors.services import OpenCore
from workstation.errors import Unavailable
from workstation.lead_times import Period, begin_of, csv_of, problem_of_skew, span_words, table_of

if TYPE_CHECKING:
    from workstation.doors import Commands

PERIODS = {"today": Period.TODAY, "week": Period.WEEK, "month": Period.MONTH}


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "lead-times",
        help="how long examinations wait: medians and longest waits",
        description="From order to confirmed report, per modality: the median of each wait that ended in the period, how many "
        "there were, the longest, and what waits for a signature. What nobody told of is unknown and counts nowhere.",
    )
    parser.add_argument("--period", choices=sorted(PERIODS), default="today", help="up to now, whole days")
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write the examinations, without patients, numbers or readers")
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, open_core: OpenCore) -> int:
    """Raises Refused or Unavailable when the report store cannot be opened, or the file not be written."""
    now = datetime.now(UTC)
    begin = begin_of(PERIODS[args.period], now)
    with closing(open_core()) as core:
        table = table_of(core.reports, begin, now)
        exams = core.reports.lead_times.since(begin) if args.csv else ()
    if args.csv:
        try:
            with args.csv.open("x", encoding="utf-8", newline="") as file:
                file.write(csv_of(exams))
        except OSError as error:
            raise Unavailable(
                "The file is not written", error.strerror or type(error).__name__, "Choose another place"
            ) from error
    print(json.dumps(as_json(table), indent=1) if args.json else as_text(table))
    problem = problem_of_skew(table)
    if problem is not None:
        print(f"lead-times: {problem}", file=sys.stderr)
    return 0


def as_json(table: LeadTimeTable) -> dict[str, object]:
    return {
        "begin": table.begin.isoformat(),
        "end": table.end.isoformat(),
        "all": _json(table.everything),
        "modalities": {one.modality: _json(one) for one in table.modalities},
        "longest": [
            {
                "accession": one.exam.exam,
                "modality": one.exam.modality,
                "since": one.since.value,
                "seconds": round(one.wait.total_seconds()),
                "waiting": one.is_open,
            }
            for one in table.longest
        ],
        "clock_skew_seconds": table.skew_seconds,
    }


def _json(times: ModalityTimes) -> dict[str, object]:
    waits = {
        wait.title: {
            "count": measure.count,
            "median_seconds": None if measure.median is None else round(measure.median.total_seconds()),
            "ninth_seconds": None if measure.ninth is None else round(measure.ninth.total_seconds()),
            "longest_seconds": None if measure.longest is None else round(measure.longest.total_seconds()),
            "backwards": measure.backwards,
        }
        for wait, measure in zip(WAITS, times.measures, strict=True)
    }
    return {"examinations": times.exams, "waits": waits}


def as_text(table: LeadTimeTable) -> str:
    """A table; text from outside cannot act on the terminal."""
    lines = [["modality", "examinations", *(wait.title for wait in WAITS)]]
    lines += [_line(one.modality or "unknown", one) for one in table.modalities]
    lines.append(_line("all", table.everything))
    waiting = [
        f"{span_words(one.wait)} since {'its end' if one.since.value == 'exam end' else 'it was opened'}: "
        f"{one.exam.exam} {one.exam.modality}".rstrip()
        + (", not signed yet" if one.is_open else "")
        for one in table.longest
    ]
    return "\n".join([*_aligned(lines), *(["", "Longest:"] if waiting else []), *(shown(words) for words in waiting)])


def _line(name: str, times: ModalityTimes) -> list[str]:
    cells = [f"{span_words(one.median)} ({one.count})" if one.count else "–" for one in times.measures]
    return [shown(name), str(times.exams), *cells]


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
