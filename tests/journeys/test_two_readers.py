"""Two readers and one RIS, each at a machine of its own: never two reports of one study without somebody noticing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_readers import FINDINGS, Reader, Study, ask, make_studies, reports_of, task_of

from workstation.domain.claim import ClaimState
from workstation.domain.delivery import DeliveryState
from workstation.domain.dictation import DictatedSegment
from workstation.domain.order import ReadStatus
from workstation.ris.embedded import EmbeddedRis


class World:
    def __init__(self, ris: EmbeddedRis, anna: Reader, bo: Reader, studies: list[Study]) -> None:
        self.ris, self.anna, self.bo = ris, anna, bo
        self.studies = studies

    def study(self) -> Study:
        """One that nobody has touched."""
        return self.studies.pop()

    def task(self, study: Study) -> str:
        return str(task_of(self.ris, study)["status"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("two readers")
    inbox = home / "inbox"
    inbox.mkdir()
    with EmbeddedRis() as ris:
        studies = make_studies(ris, inbox, 12)
        readers = [Reader(home / name, ris, f"Dr {name}") for name in ("Anna", "Bo")]
        try:
            for reader in readers:
                reader.core.cache.add([inbox])
                reader.poll()
            yield World(ris, *readers, studies)
        finally:
            for reader in readers:
                reader.close()


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    for reader in (shared.anna, shared.bo):
        reader.go_online()
        reader.said.clear()
    yield shared
    for reader in (shared.anna, shared.bo):
        reader.go_online()
        reader.leave()


def test_who_opens_a_case_has_it_and_everybody_sees_that(world: World) -> None:
    anna, bo, study = world.anna, world.bo, world.study()
    anna.open(study)
    assert anna.claim is ClaimState.OURS
    task = task_of(world.ris, study)
    assert (task["status"], task["owner"]["display"]) == ("in-progress", "Dr Anna")
    bo.poll()
    row = bo.item(study)
    assert row is not None
    assert row.read_by == "Dr Anna"
    anna.leave()
    assert world.task(study) == "requested"
    assert "owner" not in task_of(world.ris, study)
    bo.poll()
    assert bo.item(study).read_by == ""  # type: ignore[union-attr]


def test_of_two_who_are_online_one_wins_and_what_the_other_typed_is_kept(world: World) -> None:
    """F66: the RIS's ETag decides; the loser looks, and does not write or sign."""
    anna, bo, study = world.anna, world.bo, world.study()
    anna.open(study)
    bo.open(study)
    assert (anna.claim, bo.claim) == (ClaimState.OURS, ClaimState.OTHERS)
    assert any("Dr Anna reads this examination" in line for line in bo.said)
    assert not bo.session.desk.is_open_for_writing
    bo.write("Typed before the answer came.")
    bo.sign()
    assert any("Not signed" in line and "Dr Anna" in line for line in bo.said)
    bo.leave()
    bo.open(study)
    assert bo.report.text(FINDINGS) == "Typed before the answer came."
    anna.write("Clear.")
    anna.sign()
    anna.delivered()
    assert len(reports_of(world.ris, study)) == 1


def test_both_claim_at_the_same_moment_and_the_etag_lets_one_through(world: World) -> None:
    """F66: both have seen the task free; the second PUT is refused by If-Match."""
    study = world.study()
    sources = [reader.session.claiming.source for reader in (world.anna, world.bo)]
    seen = [source.look(study.order.order_id) for source in sources if source is not None]
    assert [claim.state for claim in seen] == [ClaimState.FREE, ClaimState.FREE]
    taken = [s.take(c, r.name) for s, c, r in zip(sources, seen, (world.anna, world.bo), strict=True) if s is not None]
    assert [claim.state for claim in taken] == [ClaimState.OURS, ClaimState.OTHERS]
    assert taken[1].owner == "Dr Anna"


def test_a_draft_keeps_its_claim_and_the_confirmed_final_report_completes_the_task(world: World) -> None:
    anna, study = world.anna, world.study()
    anna.open(study)
    anna.write("To be continued.")
    anna.leave()
    assert world.task(study) == "in-progress"
    anna.open(study)
    anna.sign()
    delivery = anna.delivered()
    anna.settle()
    task = task_of(world.ris, study)
    assert task["status"] == "completed"
    assert task["output"][0]["valueReference"]["reference"] == f"DiagnosticReport/{delivery.ris_report_id}"


def test_a_claim_that_is_taken_over_while_dictating_warns_keeps_the_words_and_refuses_the_signature(world: World) -> None:
    """F67, and the reason is told to who loses it."""
    anna, bo, study = world.anna, world.bo, world.study()
    anna.open(study)
    target = anna.session.desk.target()
    assert target is not None
    bo.open(study)
    assert bo.session.claiming.toggle() == "reason"
    bo.session.claiming.take_over("Anna has gone home")
    bo.settle()
    assert bo.claim is ClaimState.OURS
    assert bo.session.desk.is_open_for_writing
    anna.poll()
    assert any("Dr Bo has taken over this examination (Anna has gone home)" in line for line in anna.said)
    anna.session.desk.accept(target, DictatedSegment("said-1", "Small nodule in the left lung."))
    anna.settle()
    assert anna.report.text(FINDINGS) == "Small nodule in the left lung."
    anna.sign()
    assert any("Not signed. Dr Bo reads this examination" in line for line in anna.said)
    anna.session.claiming.take_over("Back again")
    anna.settle()
    anna.sign()
    anna.delivered()
    assert [r["status"] for r in reports_of(world.ris, study)] == ["final"]


def test_a_claim_that_the_ris_takes_away_must_be_claimed_again(world: World) -> None:
    """F67: expired or withdrawn at the RIS."""
    anna, study = world.anna, world.study()
    anna.open(study)
    anna.write("Words.")
    task = task_of(world.ris, study)
    del task["owner"]
    ask(world.ris, "PUT", f"Task/{task['id']}", {**task, "status": "requested"})
    anna.poll()
    assert any("Your claim was taken away" in line and "text is kept" in line for line in anna.said)
    anna.sign()
    assert any("Not signed. You have not claimed this examination" in line for line in anna.said)
    assert anna.report.text(FINDINGS) == "Words."
    assert anna.session.claiming.toggle() == ""
    anna.settle()
    anna.sign()
    anna.delivered()


def test_both_offline_the_second_signer_meets_a_conflict_and_both_texts_are_kept(world: World) -> None:
    """F66: nobody can be told, reading goes on; the RIS keeps the first, the second is never stored beside it."""
    anna, bo, study = world.anna, world.bo, world.study()
    for reader, words in ((anna, "Anna: no nodule."), (bo, "Bo: a nodule of 4 mm.")):
        reader.go_offline()
        reader.open(study)
        assert reader.claim is ClaimState.UNTOLD
        assert reader.session.desk.is_open_for_writing
        reader.write(words)
        reader.sign()
        assert reader.delivery is not None
    anna.go_online()
    anna.delivered()
    bo.go_online()
    bo.delivered(DeliveryState.CONFLICT)
    (held,) = reports_of(world.ris, study)
    assert held["resultsInterpreter"][0]["display"] == "Dr Anna"
    standing = bo.core.reports.conflicts.standing(bo.report.report_uuid)
    assert standing is not None
    assert standing.text.sections[0].text == "Anna: no nodule."
    assert bo.report.text(FINDINGS) == "Bo: a nodule of 4 mm."
    assert any("has a final report of this examination: Dr Anna" in line for line in bo.said)
    bo.session.refresh_worklist()
    bo.settle()
    row = bo.item(study)
    assert row is not None
    assert row.status is ReadStatus.PROBLEM


def test_a_claim_left_behind_by_a_dead_machine_lapses_by_the_ris_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F67: nobody renews it any more."""
    from datetime import timedelta

    from workstation.ris import claims

    anna, bo, study = world.anna, world.bo, world.study()
    anna.open(study)
    monkeypatch.setattr(claims, "LEASE", timedelta(seconds=-1))
    bo.open(study)
    assert bo.claim is ClaimState.OURS


def test_a_closed_program_gives_back_what_has_no_words(world: World) -> None:
    anna, study = world.anna, world.study()
    anna.open(study)
    assert world.task(study) == "in-progress"
    anna.stop()
    assert world.task(study) == "requested"
    anna.start()
    anna.poll()


def test_a_ris_that_keeps_no_claims_stops_nobody_from_reading(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Soft: the RIS says yes and stores nothing; that is said, and the report can be written and signed."""
    anna, study = world.anna, world.study()
    source = anna.session.claiming.source
    assert source is not None
    monkeypatch.setattr(source, "take", lambda claim, reader, reason="": claim)
    anna.open(study)
    assert anna.claim is ClaimState.UNTOLD
    anna.poll()
    assert anna.claim is ClaimState.UNTOLD
    anna.write("Clear.")
    anna.sign()
    anna.delivered()
