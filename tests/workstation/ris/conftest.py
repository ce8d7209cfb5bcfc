"""A seat whose RIS lies in memory behind a network that can go wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hl7_bridge import bridge
from outbox_seat import Seat

from workstation.ris.embedded import EmbeddedRis


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedRis]:
    """A FHIR server for tests that give their orders and patients names of their own."""
    with EmbeddedRis() as server:
        yield server


@pytest.fixture(scope="session")
def engine(server: EmbeddedRis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an HL7 interface engine in front of it."""
    with bridge(tmp_path_factory.mktemp("bridge"), server.base_url) as port:
        yield port


@pytest.fixture
def seat(tmp_path):
    seat = Seat(tmp_path / "reports.sqlite3")
    yield seat
    seat.stop()
