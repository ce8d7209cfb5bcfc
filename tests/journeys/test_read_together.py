"""Two orders read together at one machine while another reader looks on, against a real RIS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from two_readers import PATIENT, Reader, Study, make_studies, reports_of, task_of

from workstation.domain.order import ReadStatus
from workstation.domain.study import Study as Images
from workstation.errors import Refused
from workstation.ris.embedded import EmbeddedRis
from workstation.session.together import Candidate
from workstation.session.tool import ShownImage


@pytest.fixture(scope="module")
def ris() -> Iterator[EmbeddedRis]:
    with EmbeddedRis() as ris:
        yield ris


@pytest.fixture
def studies(ris: EmbeddedRis, tmp_path: Path) -> list[Study]:
    """Two studies of one patient, and a second order for the first of them."""
    (tmp_path / "inbox").mkdir()
    made = make_studies(ris, tmp_path / "inbox", 2)
    made.append(Study(made[0].uid, "B-1b", ris.place_order(PATIENT, "CT neck", made[0].uid, "B-1b")))
    return made


@pytest.fixture
def readers(ris: EmbeddedRis, studies: list[Study], tmp_path: Path) -> Iterator[tuple[Reader, Reader]]:
    both = Reader(tmp_path / "anna", ris, "Dr Anna"), Reader(tmp_path / "bo", ris, "Dr Bo")
    for reader in both:
        reader.core.cache.add([tmp_path / "inbox"])
        reader.poll()
    yield both
    for reader in both:
        reader.close()


def offered(reader: Reader) -> tuple[Candidate, ...]:
    found: list[tuple[Candidate, ...]] = []
    reader.session.together.load(found.append)
    reader.settle()
    return found[-1]


def row(reader: Reader, accession: str):
    return next(i for i in reader.core.worklist.items() if i.accession_number == accession)


def joined_and_taken_out_again(anna: Reader, studies: list[Study], ris: EmbeddedRis) -> None:
    """A joined row opens the joint report; taken out it is free again."""
    anna.open(studies[0])
    anna.write("No injury.")
    uuid = anna.report.report_uuid
    anna.session.together.join_study()
    anna.settle()
    anna.session.together.join([c.item for c in offered(anna) if not c.is_joined])
    anna.settle()
    anna.leave()
    assert task_of(ris, studies[1])["status"] == "in-progress"  # words stand behind it
    anna.session.open(row(anna, "B-2"))
    anna.wait(lambda: anna.report is not None, "the report")
    anna.settle()
    assert (anna.report.report_uuid, anna.session.case.study.study_instance_uid) == (uuid, studies[1].uid)
    case = anna.session.case
    merged, priors, _, procedure = anna.session.together.as_one(case, frozenset())
    assert isinstance(merged, Images)
    assert len(merged.series) == 2
    assert studies[0].uid not in {p.study_instance_uid for p in priors}
    assert procedure == "CT chest; CT neck"
    anna.session.together.leave_all()
    anna.settle()
    assert anna.core.reports.report(uuid).joint == ()
    with pytest.raises(Refused, match="Nothing to take out"):
        anna.session.together.leave_all()
    assert row(anna, "B-2").together == ()
    assert row(anna, "B-2").status is ReadStatus.UNREAD
    anna.leave()


def test_two_orders_and_a_third_of_the_same_study_are_read_signed_and_confirmed_as_one(
    readers: tuple[Reader, Reader], studies: list[Study], ris: EmbeddedRis
) -> None:
    anna, bo = readers
    joined_and_taken_out_again(anna, studies, ris)
    anna.open(studies[0])
    # Who reads one of them has it: it is not joined.
    bo.open(studies[1])
    anna.poll()
    assert [(c.item.accession_number, c.is_of_study) for c in offered(anna)] == [("B-1b", True), ("B-2", False)]
    anna.session.together.join([c.item for c in offered(anna)])
    anna.settle()
    assert anna.report.accession_numbers == ("B-1", "B-1b")
    assert any("Dr Bo reads B-2" in said for said in anna.said)
    bo.leave()
    anna.poll()
    anna.session.together.join([c.item for c in offered(anna) if not c.is_joined])
    anna.settle()
    assert anna.report.accession_numbers == ("B-1", "B-1b", "B-2")
    assert [row(anna, number).together for number in ("B-1", "B-1b", "B-2")] == [("B-1b", "B-2"), ("B-1", "B-2"), ("B-1", "B-1b")]
    assert {row(anna, number).status for number in ("B-1", "B-1b", "B-2")} == {ReadStatus.DRAFT}
    bo.poll()
    assert [row(bo, number).read_by for number in ("B-1", "B-1b", "B-2")] == ["Dr Anna"] * 3
    # Nothing is signed before images of the second study were shown.
    anna.sign()
    assert anna.report.version == 0
    assert any("B-2" in said for said in anna.said[-3:])
    anna.session.viewing.note_shown(ShownImage(studies[1].uid, f"{studies[1].uid}.1.1"))
    anna.sign()
    anna.delivered()
    anna.wait(
        lambda: anna.core.jobs.wait_idle(anna.queue.pump, 60) and task_of(ris, studies[1])["status"] == "completed", "the task"
    )
    assert [task_of(ris, studies[0])["status"], task_of(ris, studies[2])["status"]] == ["completed"] * 2
    assert len({reports_of(ris, study)[0]["id"] for study in studies}) == 1
    anna.session.refresh_worklist()
    anna.settle()
    assert {row(anna, number).status for number in ("B-1", "B-1b", "B-2")} == {ReadStatus.CONFIRMED}
