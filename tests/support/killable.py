"""A seat in a process of its own, and the hand that kills it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from workstation.domain.order import Order

REPOSITORY = Path(__file__).resolve().parents[2]


class KillableSeat:
    """`say` gives a command; `hear` waits for the answer. `kill` is SIGKILL: no goodbye, no flush."""

    def __init__(self, store: Path, base_url: str, order: Order) -> None:
        names = ("accession_number", "study_instance_uid", "order_id", "ris_patient_reference")
        facts = {name: getattr(order, name) for name in names}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("reporting_child.py")), str(store), base_url, json.dumps(facts)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )
        assert self.hear() == "ready"

    def say(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        """The next answer, "" when the process is gone."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask(self, command: str) -> str:
        self.say(command)
        return self.hear()

    def last_words(self) -> list[str]:
        """The answers that were given before it died and not heard yet."""
        assert self._process.stdout is not None
        return [line.strip() for line in self._process.stdout if line.endswith("\n")]

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
