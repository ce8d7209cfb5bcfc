"""One workstation for each data folder, and no lock left by the dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workstation.errors import Unavailable
from workstation.instance_lock import AlreadyOpen, sole_instance

HOLDER = """
import sys, time
from pathlib import Path
from workstation.instance_lock import sole_instance
with sole_instance(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def _holder(folder: Path) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.stdout.close()
    return process


def test_a_second_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    other = _holder(tmp_path)
    try:
        with pytest.raises(AlreadyOpen, match="Lyskasse is already open") as refusal, sole_instance(tmp_path):
            pytest.fail("two processes hold one folder")
        assert refusal.value.pid == other.pid
        assert str(other.pid) in str(refusal.value)
    finally:
        other.kill()
        other.wait()


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    other = _holder(tmp_path)
    other.send_signal(signal.SIGKILL)
    other.wait()
    with sole_instance(tmp_path):
        assert (tmp_path / "lyskasse.lock").read_text() == f"{os.getpid()}\n"


def test_a_folder_is_free_again_after_the_end(tmp_path: Path) -> None:
    for _ in range(2):
        with sole_instance(tmp_path / "new"):
            pass


def test_other_folders_do_not_disturb_each_other(tmp_path: Path) -> None:
    with sole_instance(tmp_path / "one"), sole_instance(tmp_path / "two"):
        pass


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="The data folder cannot be used"), sole_instance(tmp_path / "file" / "below"):
        pytest.fail("there is no such folder")
