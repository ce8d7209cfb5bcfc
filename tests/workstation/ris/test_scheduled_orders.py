"""A report on an order that only a Modality Worklist told of, by HL7 to a real engine: found by its accession number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hl7_seat import HospitalSeat, placed
from seat import PATIENT, STUDY

from workstation.domain.delivery import DeliveryState as State
from workstation.domain.scheduled_step import ScheduledStep
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.hl7.incoming import NO_REFERENCE
from workstation.ris.scheduled import orders_of_steps


@pytest.fixture
def seat(engine: int, server: EmbeddedRis, tmp_path: Path) -> Iterator[HospitalSeat]:
    seat = HospitalSeat(tmp_path, engine, server.base_url)
    yield seat
    seat.close()


def test_it_is_delivered_and_read_back_by_its_accession_number(seat: HospitalSeat, server: EmbeddedRis, engine: int) -> None:
    accession = placed(server, engine).accession_number
    step = ScheduledStep(PATIENT, accession, STUDY, f"RP-{accession}", f"SPS-{accession}", "CT", "CT thorax", "24627-2")
    (order,) = orders_of_steps([step], NO_REFERENCE)
    seat.sign(order, "Infiltrat i höger underlob.")
    assert seat.drain() == (State.CONFIRMED,)
