"""A seat whose RIS lies in memory behind a network that can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hl7_bridge import bridge
from hl7_seat import HospitalSeat
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
def seats(server: EmbeddedRis, tmp_path: Path) -> Iterator[Callable[..., HospitalSeat]]:
    """Makes workstations, each with stores of its own, whose RIS is reached by HL7 at the port given."""
    made: list[HospitalSeat] = []

    def make(port: int, **options: object) -> HospitalSeat:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(HospitalSeat(folder, port, server.base_url, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for seat in made:
        seat.close()


@pytest.fixture
def seat(tmp_path):
    seat = Seat(tmp_path / "reports.sqlite3")
    yield seat
    seat.stop()
