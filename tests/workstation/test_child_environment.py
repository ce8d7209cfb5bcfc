"""No process that we start can read a passphrase or a password in its environment."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from rendering.worker import ImageWorker
from workstation.archives.remote import RemoteConnection
from workstation.child_environment import child_environment
from workstation.domain.archive import Archive, ArchiveKind

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("workstation", "rendering", "dictation", "hanging_protocols", "ui")


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYSKASSE_PASSPHRASE", "tell nobody")
    monkeypatch.setenv("LYSKASSE_SECRET_NORTH", "tell nobody")
    monkeypatch.setenv("LYSKASSE_SHARED_DATA", "anybody may know")


def test_secrets_stay_and_all_else_goes_on() -> None:
    given = child_environment(MORE="1")
    assert not [name for name, value in given.items() if value == "tell nobody"]
    assert given["LYSKASSE_SHARED_DATA"] == "anybody may know"
    assert given["MORE"] == "1"


def _environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_neither_the_image_worker_nor_an_archives_process_can_read_them(tmp_path: Path) -> None:
    with ImageWorker() as worker:
        worker.start()
        with worker._borrowed() as child:
            assert b"anybody may know" in _environment_of(child.pid)
            assert b"tell nobody" not in _environment_of(child.pid)
    connection = RemoteConnection(Archive("here", ArchiveKind.FOLDER, folder=str(tmp_path)))
    try:
        connection.test()
        (pid,) = connection.process_ids
        assert b"anybody may know" in _environment_of(pid)
        assert b"tell nobody" not in _environment_of(pid)
    finally:
        connection.close()


def test_every_start_of_a_process_says_what_its_environment_is() -> None:
    """So that the next one is not forgotten."""
    careless = []
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("subprocess.Popen", "subprocess.run", "os.spawnv"):
                given = next((ast.unparse(one.value) for one in node.keywords if one.arg == "env"), "")
                if "environment" not in given:
                    careless.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert careless == []
