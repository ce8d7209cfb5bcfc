"""What every test shares: where the real data lies, and that tests are quiet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from virtual_microphone import SoundServer

REPOSITORY = Path(__file__).resolve().parent.parent


def _shared(name: str, variable: str) -> Path:
    folder = Path(os.environ.get(variable, REPOSITORY.parent / "shared" / name))
    if not folder.is_dir():
        pytest.skip(f"needs the shared {name} folder ({variable} or ../shared/{name}), which is not here")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real, de-identified DICOM files. Never copied into the project."""
    return _shared("data", "LYSKASSE_SHARED_DATA")


@pytest.fixture(scope="session")
def shared_speech() -> Path:
    """The folder of sentences and recordings for measuring recognition."""
    return _shared("speech", "LYSKASSE_SHARED_SPEECH")


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A real file system of 8 MiB, or as tmpfs's options say (`indirect=True`); see tests/support/small_disk.py."""
    from small_disk import small_disk_for

    with small_disk_for(request, tmp_path / "small disk") as disk:
        yield disk


@pytest.fixture(scope="session")
def sound() -> Iterator[SoundServer]:
    """Virtual microphones; see tests/support/virtual_microphone.py."""
    from virtual_microphone import sound_server

    with sound_server() as server:
        yield server
