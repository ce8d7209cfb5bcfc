"""The built-in protocols with the built-in window presets, read once."""

from __future__ import annotations

import pytest

from hanging_protocols import library
from hanging_protocols.engine import ProtocolHanger
from workstation.presets import load_presets


@pytest.fixture(scope="session")
def hanger() -> ProtocolHanger:
    return ProtocolHanger(library.load(), load_presets())
