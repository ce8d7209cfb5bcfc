"""The registration process itself: one question, told how far it is, one answer. See `child` for its parent.

Started as its own program, never forked. Two threads on every machine, fixed seeds, declared samples: equal
questions have equal answers, but for the rounding of sums.
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import BinaryIO

import numpy as np
import SimpleITK

from rendering.registration.deformable import match_deformable
from rendering.registration.matching import match_rigid
from rendering.registration.reduce import Reduced
from rendering.registration.residual import Residual
from rendering.registration.wire import Message, read_message, read_volume, write_message, write_numbers
from rendering.worker_limits import ProcessLimits

THREADS = 2
# Beside the image worker's own niceness: whatever else runs goes first.
NICER = 10


def main(arguments: list[str]) -> None:
    """`arguments`: bytes of memory, seconds."""
    memory, seconds = int(arguments[0]), float(arguments[1])
    # Native libraries print: the answers' pipe is taken away from them.
    answers = os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    questions: BinaryIO = sys.stdin.buffer
    if sys.platform != "win32":
        os.nice(NICER)
    limits = ProcessLimits(memory, seconds, THREADS + 1)
    limits.job_begins()
    SimpleITK.ProcessObject.SetGlobalDefaultThreader("Platform")
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    question = read_message(questions)
    if question is None:
        return
    try:
        fixed, moving = read_volume(questions, question["fixed"]), read_volume(questions, question["moving"])
        _answer(question, fixed, moving, answers)
    except MemoryError:
        write_message(answers, {"refused": "it takes more memory than is allowed"})
    except Exception as error:  # SimpleITK's own words name files and lines: the type is enough
        write_message(answers, {"refused": f"the registration failed ({type(error).__name__})"})


def _answer(question: Message, fixed: Reduced, moving: Reduced, answers: BinaryIO) -> None:
    def tell(share: float) -> None:
        write_message(answers, {"progress": share})

    if question["do"] == "rigid":
        found = match_rigid(fixed, moving, tell)
        numbers = {"shared": found.shared, "inverse_mm": _number(found.inverse_mm), "margin": found.margin}
        told = {"matrix": found.matrix.ravel().tolist(), "refusal": found.refusal, **numbers, **_left(found.residual)}
        write_message(answers, {"found": told})
        return
    rigid = np.array(question["rigid"], float).reshape(3, 4)
    bent = match_deformable(fixed, moving, rigid, tell)
    told = {"shape": list(bent.field.shape), "origin": bent.origin.tolist(), "pitch": bent.pitch, "refusal": bent.refusal}
    write_numbers(answers, {"found": {**told, "least_jacobian": bent.least_jacobian, **_left(bent.residual)}}, bent.field)


def _left(residual: Residual) -> Message:
    return {
        "places": residual.places,
        "found": residual.found,
        "median_mm": _number(residual.median_mm),
        "p95_mm": _number(residual.p95_mm),
    }


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return value if math.isfinite(value) else None
