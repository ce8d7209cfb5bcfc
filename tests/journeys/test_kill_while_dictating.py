"""kill -9 of the program and of the engine while a dictation is played in, 40 times (F01, F15, F78).

What was accepted is in the report; what was only recorded is recognised after the next start and comes
to the same report; nothing twice; and no engine outlives its program.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from dictation_child import VAULT
from scripted_engine import tone_number
from seat import item_for, order_for

from dictation.recording import pending_audio
from workstation.reporting.store import ReportStore

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = 240.0
SEEDS = range(40)
SENTENCES = 6
"""In each round. Forty rounds of them are all that the scripted engine can tell apart."""


class Program:
    """The child: what it tells, and its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, str(REPOSITORY / "tests/support/dictation_child.py"), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "tests/support")))},
        )
        self.lines: list[str] = []
        self.accepted: list[str] = []
        self.engines: set[int] = set()
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.until(lambda: "ready" in self.lines, "the child")

    def dictate(self, engine: str, first: int, count: int) -> None:
        self.lines.clear()
        assert self._process.stdin is not None
        self._process.stdin.write(f"dictate {engine} {first} {count}\n")
        self._process.stdin.flush()
        self.until(lambda: self._pid() is not None, "a fork")

    def kill(self) -> None:
        pid = self._pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: "over" in self.lines, "its end")

    def kill_engine(self) -> None:
        engines = [line.split()[1] for line in self.lines if line.startswith("engine")]
        with contextlib.suppress(ProcessLookupError):  # it has ended with its work
            os.kill(int(engines[-1]), signal.SIGKILL)

    def told(self, kind: str) -> int:
        return sum(line.startswith(kind) for line in self.lines)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, SECONDS), f"waited in vain for {what}; told: {self.lines[-5:]}"

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _pid(self) -> int | None:
        return next((int(line.split()[1]) for line in self.lines if line.startswith("pid")), None)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.strip())
                if line.startswith("accepted"):
                    self.accepted.append(line.split()[1])
                if line.startswith("engine"):
                    self.engines.add(int(line.split()[1]))
                self._changed.notify_all()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    yield made
    made.close()


def _report(folder: Path) -> tuple[list[str], str]:
    """The segments of the one report in order, and its text."""
    with closing(ReportStore(folder / "reports.sqlite3")) as store:
        report = store.open_draft(item_for(order_for()))
        return [segment.segment_id for _, segment in store.segments(report.report_uuid)], " ".join(
            section.text for section in report.sections
        )


def _recorded(folder: Path) -> dict[str, int]:
    """What lies there as sound alone, and tells which sentence it is."""
    found = ((pending.segment_id, tone_number(pending.pcm())) for pending in pending_audio(folder / "sound", VAULT))
    return {segment_id: number for segment_id, number in found if number is not None}


def _gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_forty_kills_lose_no_accepted_word_and_no_recorded_one(program: Program) -> None:
    """F01, F15, F78: every third kill hits the engine, the others the program."""
    owed: dict[str, int] = {}
    engine_kills = 0
    for seed in SEEDS:
        chance = random.Random(seed)
        program.dictate("tones", seed * SENTENCES, SENTENCES)
        awaited, moment = chance.randint(1, SENTENCES), chance.uniform(0, 0.05)
        program.until(lambda: program.told("engine") > 0, "an engine")
        program.until(lambda n=awaited: program.told("opened") >= n or "done" in program.lines, "speech")  # type: ignore[misc]
        time.sleep(moment)
        if seed % 3 == 2:
            program.kill_engine()
            engine_kills += 1
            program.until(lambda: "over" in program.lines, "the end of a round whose engine was killed")
            assert "done" in program.lines
            assert program.told("opened") == SENTENCES
        else:
            program.kill()
        owed |= _recorded(program.folder)
    program.dictate("tones", 0, 0)
    program.until(lambda: "over" in program.lines, "the last recovery")
    kept, text = _report(program.folder)
    assert engine_kills == 13
    assert len(program.accepted) > 40
    assert len(owed) > 10  # kills that came between the sound and its text
    assert set(program.accepted) <= set(kept)
    assert set(owed) <= set(kept)
    assert len(set(kept)) == len(kept)
    words = [int(number) for number in re.findall(r"word(\d+)", text.lower())]
    assert set(owed.values()) <= set(words)
    assert len(words) == len(set(words)) == len(kept)
    assert _recorded(program.folder) == {}
    for pid in program.engines:
        program.until(lambda pid=pid: _gone(pid), f"the end of engine {pid}")  # type: ignore[misc]


def test_a_real_recogniser_writes_after_the_start_what_was_said_before_the_kill(program: Program) -> None:
    """F01, F78 with tiny.en: killed while it still loads, in the midst of the last sentence of three."""
    program.dictate("real", 0, 1)
    program.until(lambda: program.told("opened") == 3, "the third sentence")
    program.kill()
    left = pending_audio(program.folder / "sound", VAULT)
    assert len(left) + program.told("accepted") >= 2  # the third has hardly begun
    program.dictate("real", 0, 0)
    program.until(lambda: "over" in program.lines, "the recovery")
    kept, text = _report(program.folder)
    assert set(program.accepted) <= set(kept)
    assert {pending.segment_id for pending in left if pending.seconds > 1} <= set(kept)
    assert "8 mm solid nodule" in text
    assert "5 mm" in text
