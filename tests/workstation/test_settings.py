"""Settings are data: a bad file is refused in words and never stops the program."""

from __future__ import annotations

import pytest

from workstation.settings import Folders, Remembered, Settings, load_settings


@pytest.fixture
def folders(tmp_path):
    made = Folders(tmp_path / "data", tmp_path / "config", tmp_path / "cache")
    made.make()
    return made


def test_without_a_file_the_defaults_hold(folders):
    assert load_settings(folders) == (Settings(), None)


def test_the_users_file_is_used(folders):
    (folders.config / "settings.toml").write_text('signer = "Dr Åse Öst"\npoll_orders_seconds = 5\n', encoding="utf-8")
    settings, problem = load_settings(folders)
    assert problem is None
    assert (settings.signer, settings.poll_orders_seconds) == ("Dr Åse Öst", 5)


@pytest.mark.parametrize("text", ["signr = 'x'", "signer = 7", "poll_orders_seconds = true", "= ="])
def test_a_bad_file_is_refused_by_name_and_the_defaults_hold(folders, text):
    (folders.config / "settings.toml").write_text(text, encoding="utf-8")
    settings, problem = load_settings(folders)
    assert settings == Settings()
    assert problem is not None
    assert "settings.toml" in problem.title


def test_folders_are_the_users_alone(folders):
    assert folders.studies.stat().st_mode & 0o077 == 0


def test_what_is_remembered_survives_a_restart_and_a_damaged_file(tmp_path):
    path = tmp_path / "remembered.json"
    Remembered(path).set("splitter", [3, 1])
    assert Remembered(path).get("splitter") == [3, 1]
    path.write_text("{", encoding="utf-8")
    assert Remembered(path).get("splitter", "default") == "default"
