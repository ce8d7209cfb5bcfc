"""A critical result from the desk to a real RIS, through a network that fails meanwhile (F76)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from two_readers import Reader, Study, found, make_studies

from workstation.domain.critical import CriticalLevel, CriticalMethod, Told
from workstation.domain.report import SectionCode
from workstation.ris.embedded import EmbeddedRis

TOLD = Told("Dr Vakt", "jour", CriticalMethod.TELEPHONE, datetime(2026, 11, 23, 5, 10, tzinfo=UTC), True, "Dr Anna")


@pytest.fixture(scope="module")
def ris() -> Iterator[EmbeddedRis]:
    with EmbeddedRis() as ris:
        yield ris


@pytest.fixture
def studies(ris: EmbeddedRis, tmp_path: Path) -> list[Study]:
    (tmp_path / "inbox").mkdir()
    return make_studies(ris, tmp_path / "inbox", 1)


@pytest.fixture
def reader(ris: EmbeddedRis, studies: list[Study], tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path / "anna", ris, "Dr Anna")
    reader.core.cache.add([tmp_path / "inbox"])
    reader.poll()
    yield reader
    reader.close()


def test_told_without_a_network_it_reaches_the_ris_when_that_answers_and_stands_in_the_report(
    reader: Reader, studies: list[Study], ris: EmbeddedRis
) -> None:
    reader.open(studies[0])
    reader.session.criticals.begin(CriticalLevel.MINUTES, "Tension pneumothorax")
    reader.settle()
    (noted,) = reader.session.criticals.open
    assert [i.warning for i in reader.core.worklist.items()] == ["A critical result was not told yet"]
    reader.go_offline()
    reader.session.criticals.tell(noted, TOLD)
    reader.settle()
    log = reader.core.reports.critical.communications
    assert log.state(noted.critical_uuid) in ("queued", "sending")
    assert reader.report.text(SectionCode.COMMUNICATION).startswith(
        "Critical result: Tension pneumothorax. Told to Dr Vakt (jour)"
    )
    reader.stop()
    reader.go_online()
    reader.start()
    log = reader.core.reports.critical.communications
    reader.wait(lambda: log.state(noted.critical_uuid) == "confirmed", "the communication")
    (held,) = found(ris, "Communication")
    assert held["recipient"][0]["display"] == "Dr Vakt (jour)"
    assert held["about"][0]["identifier"]["value"] == f"urn:uuid:{noted.report_uuid}"
