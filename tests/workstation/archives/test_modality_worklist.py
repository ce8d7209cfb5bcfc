"""Orders from a real Modality Worklist (Debian's Orthanc and its plugin), beside and behind those of the RIS."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from modality_worklist import TODAY, worklist_item, worklist_server
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from real_archives import RealArchive, orthanc

from workstation.archives.config import archive_toml, parse_archives
from workstation.archives.gateway import dimse_worklist
from workstation.archives.gateway.dimse_worklist import _identifier
from workstation.archives.remote import RemoteConnection
from workstation.domain.archive import Archive, ArchiveKind
from workstation.domain.order import Order, Priority
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.scheduled_step import ScheduledStep
from workstation.errors import Refused, Unavailable
from workstation.ris.scheduled import orders_of_steps
from workstation.worklist_store import OrderStore


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worklist")


@pytest.fixture(scope="module")
def ris(tmp_path_factory: pytest.TempPathFactory, listed: Path) -> Iterator[RealArchive]:
    with worklist_server(tmp_path_factory.mktemp("pacs"), listed) as running:
        yield running


@pytest.fixture
def worklist(listed: Path) -> Iterator[Path]:
    yield listed
    for path in listed.iterdir():
        path.unlink()


@pytest.fixture(scope="module")
def connection(ris: RealArchive) -> Iterator[RemoteConnection]:
    with closing(RemoteConnection(ris.archive)) as connection:
        yield connection


@pytest.fixture
def orders(tmp_path: Path) -> Iterator[OrderStore]:
    with closing(OrderStore(tmp_path / "orders.db")) as store:
        yield store


def listed_in(orders: OrderStore) -> list[tuple[str, str]]:
    return [(k.order.accession_number, k.order.procedure) for k in orders.orders() if k.is_listed]


def order(accession: str = "A-1", number: str = "o1") -> Order:
    return Order(number, accession, Patient(PatientKey("P1", "HERE")), "CT by the RIS", ris_patient_reference="Patient/1")


def scheduled(accession: str, procedure: str = "CT by the worklist", **changes: str) -> tuple[Order, ...]:
    return orders_of_steps([ScheduledStep(Patient(PatientKey("P1", "HERE")), accession, procedure=procedure, **changes)], "")


# ---- what the archive says ---------------------------------------------------------------


@pytest.mark.parametrize("character_set", ["ISO_IR 192", "ISO_IR 100"])
def test_a_scheduled_step_comes_with_its_facts_and_nordic_letters(worklist, connection, character_set) -> None:
    worklist_item(worklist / "a.wl", "A-1", character_set=character_set)
    (step,) = connection.scheduled_steps()
    assert step == ScheduledStep(
        Patient(PatientKey("19 120345", "HERE"), "Ödegård^Åse^Ægir", "19500101", "F"),
        "A-1", "1.2.826.0.1.7", "RP-1", "SPS-1", "CT", "DT torax, öppen", "24627-2", "Dyspné <b>sedan</b> i går", "HIGH",
        "Doktor^Åke",
    )  # fmt: skip
    (order,) = orders_of_steps([step], "")
    assert (order.priority, order.procedure, order.modality) == (Priority.URGENT, "DT torax, öppen", "CT")
    assert order.ris_patient_reference == ""


@pytest.mark.parametrize(("character_set", "expected"), [("ISO_IR 192", "Röntgen på bröst"), ("ISO_IR 100", "Röntgen på bröst")])
def test_an_item_of_a_sequence_has_the_character_set_of_the_whole(worklist, connection, character_set, expected) -> None:
    worklist_item(worklist / "a.wl", "A-1", character_set=character_set, RequestedProcedureDescription="")
    assert [step.procedure for step in connection.scheduled_steps()] == [expected]


def test_an_item_made_by_another_toolkit_is_read_and_what_cannot_be_reported_on_is_left_out(
    worklist, connection, tmp_path
) -> None:
    dump = tmp_path / "x.dump"
    step = f"(0040,0002) DA [{TODAY:%Y%m%d}]\n(0008,0060) CS [MR]\n(0040,0009) SH [S9]"
    dump.write_text(
        "(0008,0005) CS [ISO_IR 192]\n(0008,0050) SH [A-9]\n(0010,0010) PN [Ŋállá^Čáhppe]\n(0010,0020) LO [P9]\n"
        f"(0032,1060) LO [MR hjerne]\n(0040,0100) SQ\n(fffe,e000) -\n{step}\n(fffe,e00d) -\n(fffe,e0dd) -\n"
    )
    subprocess.run(["/usr/bin/dump2dcm", "-F", "+te", str(dump), str(worklist / "x.wl")], check=True, capture_output=True)
    worklist_item(worklist / "no-number.wl", "")
    worklist_item(worklist / "nobody.wl", "A-8", PatientID="")
    worklist_item(worklist / "last-year.wl", "A-7", day=TODAY - timedelta(days=300))
    (found,) = connection.scheduled_steps()
    assert (found.accession_number, found.procedure, found.patient.name) == ("A-9", "MR hjerne", "Ŋállá^Čáhppe")
    assert (found.modality, found.step_id) == ("MR", "S9")


def test_a_list_that_is_longer_than_any_room_reads_is_refused_whole(worklist, ris, monkeypatch) -> None:
    """A list that is cut off would take orders away that still stand."""
    monkeypatch.setattr(dimse_worklist, "MOST_STEPS", 2)
    for number in range(4):
        worklist_item(worklist / f"{number}.wl", f"A-{number}")
    with pytest.raises(Refused, match="too many answers"):
        dimse_worklist.steps(ris.archive, lambda: False)


def test_what_does_not_fit_the_form_is_cut_or_left_empty(ris) -> None:
    answer = Dataset()
    answer.SpecificCharacterSet = "ISO_IR 192"
    hostile = {0x00080050: b"A-1\x1b[31m", 0x00100020: b"P" * 5000, 0x00100040: b"<b>"}
    for tag, value in (hostile | {0x0020000D: b"../../etc", 0x00100030: b"yesterday"}).items():
        answer[tag] = RawDataElement(Tag(tag), None, len(value), value, 0, True, True)
    step = dimse_worklist._step(ris.archive, answer, Dataset())
    assert (step.accession_number, step.patient.sex, step.patient.birth_date, step.study_instance_uid) == ("A-1[31m", "", "", "")
    assert len(step.patient.key.patient_id) == dimse_worklist.LONGEST
    assert "1" not in _identifier("20260101-20260102").AccessionNumber


def test_a_step_whose_bytes_are_no_sequence_is_an_archive_that_cannot_be_read(ris) -> None:
    answer, value = Dataset(), b"\xfe\xff\x00\xe0\xff\xff\xff\xff\x08\x00\x60\x00\xff\xff\xff\xff<scr"
    tag = Tag("ScheduledProcedureStepSequence")
    answer[tag] = RawDataElement(tag, "SQ", len(value), value, 0, True, True)
    with pytest.raises(Unavailable, match="cannot be read") as told:
        dimse_worklist._steps(ris.archive, answer, ("20260101", "20270101"))
    assert "scr" not in str(told.value)


def test_the_connection_test_says_what_the_worklist_gives(worklist, connection) -> None:
    worklist_item(worklist / "a.wl", "A-1")
    last = connection.test()[-1]
    assert (last.name, last.succeeded, last.words) == (
        "Modality worklist", True, "Offered; steps with an accession number now: 1"
    )  # fmt: skip


def test_an_archive_without_a_worklist_says_so_and_gives_no_empty_list(tmp_path) -> None:
    with orthanc(tmp_path) as plain, closing(RemoteConnection(replace(plain.archive, worklist=True))) as connection:
        last = connection.test()[-1]
        assert (last.name, last.succeeded) == ("Modality worklist", False)
        assert last.words
        with pytest.raises((Refused, Unavailable)):
            connection.scheduled_steps()


def test_only_a_dimse_archive_may_say_that_it_has_a_worklist() -> None:
    archive = Archive("ris", ArchiveKind.DIMSE, host="ris.example", port=104, called_ae="RIS", worklist=True)
    assert parse_archives(archive_toml(archive)).archives == (archive,)
    (problem,) = parse_archives(
        '[[archive]]\nname = "w"\nkind = "dicomweb"\nurl = "https://pacs.example/w"\nworklist = true\n'
    ).problems
    assert "worklist: does not belong" in problem.detail


# ---- what becomes of it here ---------------------------------------------------------------


def test_an_order_of_the_ris_or_its_engine_wins_whoever_came_first(orders) -> None:
    assert orders.replace_scheduled("mwl", scheduled("A-1") + scheduled("A-2"))
    orders.replace([order()])
    orders.put(order("A-2", "hl7.X"), was_sent=True)
    assert listed_in(orders) == [("A-2", "CT by the RIS"), ("A-1", "CT by the RIS")]
    assert not orders.replace_scheduled("mwl", scheduled("A-1") + scheduled("A-2"))
    assert len(orders.orders()) == 2
    orders.put(replace(order("A-2", "hl7.X"), procedure="cancelled"), was_sent=True, is_listed=False)
    assert listed_in(orders) == [("A-1", "CT by the RIS")]


def test_an_engine_that_tells_of_the_order_later_does_not_take_the_worklists_for_its_own(orders) -> None:
    orders.replace_scheduled("mwl", scheduled("A-1"))
    assert orders.known("A-1", ("", ""), ("", "")) is None


def test_the_list_of_the_ris_takes_nothing_off_that_the_worklist_alone_knows(orders) -> None:
    orders.replace_scheduled("mwl", scheduled("A-3"))
    orders.replace([order()])
    assert listed_in(orders) == [("A-3", "CT by the worklist"), ("A-1", "CT by the RIS")]


def test_a_step_that_is_listed_no_more_leaves_unless_a_draft_waits_for_it(orders) -> None:
    both = scheduled("A-1") + scheduled("A-2")
    orders.replace_scheduled("mwl", both)
    assert orders.replace_scheduled("mwl", (), drafted={both[0].order_id})
    assert listed_in(orders) == [("A-1", "CT by the worklist")]
    assert orders.order(both[1].order_id) == both[1]
    assert orders.replace_scheduled("mwl", both, done={both[0].order_id})
    assert listed_in(orders) == [("A-2", "CT by the worklist")]


def test_two_worklists_have_the_same_order_once_and_each_takes_off_its_own(orders) -> None:
    orders.replace_scheduled("one", scheduled("A-1"))
    orders.replace_scheduled("two", scheduled("A-1") + scheduled("A-2"))
    assert sorted(listed_in(orders)) == [("A-1", "CT by the worklist"), ("A-2", "CT by the worklist")]
    orders.replace_scheduled("two", ())
    assert listed_in(orders) == [("A-1", "CT by the worklist")]
    assert orders.scheduling_archives() == {"one"}


def test_steps_of_one_order_are_one_row_and_another_patients_is_another() -> None:
    first = ScheduledStep(Patient(PatientKey("P1")), "A-1", procedure="CT thorax")
    steps = [first, replace(first, procedure="CT abdomen"), replace(first, patient=Patient(PatientKey("P2")))]
    assert [(o.procedure, o.patient.key.patient_id) for o in orders_of_steps(steps, "")] == [
        ("CT thorax; CT abdomen", "P1"), ("CT thorax", "P2")
    ]  # fmt: skip
