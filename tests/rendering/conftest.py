"""The makers of `made_series` as fixtures."""

from __future__ import annotations

import pytest
from made_series import Acquisition, SeriesMaker


@pytest.fixture
def maker() -> SeriesMaker:
    return SeriesMaker()


@pytest.fixture(scope="session")
def make_series() -> type[SeriesMaker]:
    return SeriesMaker


@pytest.fixture(scope="session")
def acquisition() -> type[Acquisition]:
    return Acquisition
