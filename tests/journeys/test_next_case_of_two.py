"""Two readers who go through one list: each gets a study of his own, and what is assigned to one says so to both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_readers import Reader, make_studies, task_of

from workstation.domain.claim import ClaimState
from workstation.domain.worklist_query import Assigned, RowFilter
from workstation.ris.embedded import EmbeddedRis


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedRis, Reader, Reader, list]]:
    home = tmp_path_factory.mktemp("next case")
    inbox = home / "inbox"
    inbox.mkdir()
    with EmbeddedRis() as ris:
        studies = make_studies(ris, inbox, 5)
        readers = [Reader(home / name, ris, f"Dr {name}") for name in ("Anna", "Bo")]
        try:
            for reader in readers:
                reader.core.cache.add([inbox])
                reader.poll()
            yield ris, *readers, studies
        finally:
            for reader in readers:
                reader.close()


@pytest.fixture(autouse=True)
def left(two) -> Iterator[None]:
    yield
    for reader in two[1:3]:
        reader.leave()
        reader.poll()


def opened(reader: Reader) -> str:
    assert reader.session.case is not None
    return str(reader.session.case.study.study_instance_uid)


def test_two_who_press_next_at_once_read_two_studies(two) -> None:
    """F66: the RIS lets one claim through; whoever lost goes on to the next case by himself."""
    ris, anna, bo, studies = two
    for reader in (anna, bo):
        assert len(reader.session.items) == 5
        reader.session.next_unread()
    for reader in (anna, bo):
        reader.wait(lambda r=reader: r.claim is not None, "an answer of the RIS")
    for reader in (anna, bo, anna, bo):
        reader.settle()
    for reader in (anna, bo):
        reader.wait(lambda r=reader: r.claim is ClaimState.OURS, "a case of his own")
    assert opened(anna) != opened(bo)
    assert sum("has just begun to read that one" in line for line in anna.said + bo.said) == 1
    tasks = {study.uid: task_of(ris, study) for study in studies}
    owners = {uid: tasks[uid]["owner"]["display"] for uid in (opened(anna), opened(bo))}
    assert sorted(owners.values()) == ["Dr Anna", "Dr Bo"]
    assert [task["status"] for task in tasks.values()].count("in-progress") == 2


def test_what_another_reads_is_passed_over(two) -> None:
    _, anna, bo, _ = two
    anna.session.next_unread()
    anna.settle()
    bo.poll()
    first = opened(anna)
    assert next(i for i in bo.session.items if i.study_instance_uid == first).read_by == "Dr Anna"
    seen = set()
    for _ in range(4):
        bo.session.next_unread()
        bo.settle()
        seen.add(opened(bo))
    assert first not in seen
    assert len(seen) == 4
    assert not bo.session.listing.wanted.text


def test_a_study_that_is_assigned_says_so_to_both_and_stays_assigned_when_it_was_looked_at(two) -> None:
    ris, anna, bo, studies = two
    study = studies[2]
    anna.session.claiming.assign(study.order.order_id, is_mine=True)
    anna.settle()
    task = task_of(ris, study)
    assert (task["status"], task["owner"]["display"]) == ("requested", "Dr Anna")
    bo.poll()
    row = bo.item(study)
    assert row is not None
    assert (row.owner, row.is_mine, row.read_by) == ("Dr Anna", False, "")
    mine = [row.item.study_instance_uid for row in anna.core.worklist.rows.page(RowFilter(assigned=Assigned.ME))]
    assert mine == [study.uid]
    anna.open(study)
    assert task_of(ris, study)["status"] == "in-progress"
    anna.leave()
    assert task_of(ris, study)["owner"]["display"] == "Dr Anna"
    anna.session.claiming.assign(study.order.order_id, is_mine=False)
    anna.settle()
    assert "owner" not in task_of(ris, study)
    assert any("assigned to nobody" in line for line in anna.said)
