"""`key status|set-passphrase|erase` as a site uses it: the real program on a bare machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
# No keyring, whatever this computer has.
BARE = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def run(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    hidden = ("LYSKASSE_PASSPHRASE", "LYSKASSE_NEW_PASSPHRASE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(
        [sys.executable, "main.py", *words],
        cwd=REPOSITORY, env=environment | BARE | {"LYSKASSE_HOME": str(home)} | variables,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_site_sets_a_passphrase_changes_it_and_erases(tmp_path: Path) -> None:
    first = run(tmp_path, "worklist", "--json")
    assert json.loads(first.stdout) == []
    assert first.stderr.count("protects little") == 1
    found = run(tmp_path, "key", "set-passphrase", "--json", LYSKASSE_NEW_PASSPHRASE="four invented words")
    assert json.loads(found.stdout)["ways"] == ["passphrase"]
    closed = run(tmp_path, "worklist")
    assert (closed.returncode, closed.stdout) == (1, "")
    assert "No passphrase was given" in closed.stderr
    opened = run(tmp_path, "worklist", "--json", LYSKASSE_PASSPHRASE="four invented words")
    assert (opened.returncode, opened.stdout, opened.stderr) == (0, "[]\n", "")
    unsure = run(tmp_path, "key", "erase")
    assert unsure.returncode == 1
    assert (tmp_path / "data" / "key.json").exists()
    assert run(tmp_path, "key", "erase", "--yes").returncode == 0
    noise = run(tmp_path, "worklist", LYSKASSE_PASSPHRASE="four invented words")
    assert (noise.returncode, "key.json is missing" in noise.stderr) == (1, True)


@pytest.mark.parametrize("at_rest", ["true", "false"])
def test_status_makes_nothing(tmp_path: Path, at_rest: str) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text(f"at_rest = {at_rest}\n")
    found = json.loads(run(tmp_path, "key", "status", "--json").stdout)
    assert found["encrypts"] is (at_rest == "true")
    assert found["ways"] == []
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["settings.toml"]
