"""Reading archives without importing them: what is unpacked is private, and gone, also after a kill (F89)."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workstation.cache.reading import studies_in

ROOT = Path(__file__).resolve().parents[3]
Series = Callable[..., list[Path]]

_KILLED = """
import os, signal, sys
from pathlib import Path
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
with ImageWorker() as reader, studies_in([Path(sys.argv[1])], reader) as read:
    assert read.studies
    print("unpacked", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def archive(tmp_path: Path, series: Series, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for number, file in enumerate(series(tmp_path / "files", 3)):
            packed.write(file, f"{number}.dcm")
    return path


def _left(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX rights and signals")
def test_unpacked_files_are_private_and_gone_afterwards(archive: Path, reader: Any) -> None:
    with studies_in([archive], reader) as read:
        files = [Path(i.path) for study in read.studies for one in study.series for i in one.instances]
        assert len(files) == 3
        for path in (*files, files[0].parent, files[0].parent.parent):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert _left(Path(tempfile.gettempdir())) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX rights and signals")
def test_what_a_killed_run_unpacked_goes_at_the_next(archive: Path, reader: Any) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", _KILLED, str(archive)], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"unpacked\n")
    place = Path(tempfile.gettempdir())
    assert len(_left(place)) > 3
    with studies_in([archive], reader):
        pass
    assert _left(place) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX rights and signals")
def test_a_folder_of_our_name_that_others_can_read_is_not_used(archive: Path, reader: Any) -> None:
    trap = Path(tempfile.gettempdir()) / f"lyskasse-reading-{os.getuid()}"
    trap.mkdir(mode=0o755)
    with studies_in([archive], reader) as read:
        assert not Path(read.studies[0].series[0].instances[0].path).is_relative_to(trap)
