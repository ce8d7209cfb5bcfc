"""A seat whose RIS lies in memory behind a network that can go wrong."""

from __future__ import annotations

import pytest
from outbox_seat import Seat


@pytest.fixture
def seat(tmp_path):
    seat = Seat(tmp_path / "reports.sqlite3")
    yield seat
    seat.stop()
