"""The RIS holds something else than we build on (F68): noticed, kept, shown, settled by choice, never overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from two_readers import FINDINGS, Reader, Study, ask, make_studies, reports_of

from workstation.domain.delivery import DeliveryState, is_unfound
from workstation.domain.order import ReadStatus
from workstation.domain.report import ReportStatus, SectionCode
from workstation.reporting.conflicts import Choice, Decision
from workstation.reporting.word_changes import ChangeKind, text_after
from workstation.ris.embedded import EmbeddedRis
from workstation.session.settling import Comparison

IMPRESSION = SectionCode.IMPRESSION


class World:
    def __init__(self, ris: EmbeddedRis, anna: Reader, studies: list[Study], folder: Path) -> None:
        self.ris, self.anna, self.studies, self.folder = ris, anna, studies, folder

    def study(self) -> Study:
        return self.studies.pop()

    def held(self, study: Study) -> dict[str, Any]:
        """The one report of the order in the RIS."""
        (report,) = reports_of(self.ris, study)
        return report

    def amend(self, study: Study, old: str, new: str) -> dict[str, Any]:
        """Somebody at the RIS changes words of the report, and its status."""
        held = self.held(study)
        (form,) = held["presentedForm"]
        text = b64decode(form["data"]).decode().replace(old, new)
        data = b64encode(text.encode()).decode()
        amended = {**held, "status": "amended", "presentedForm": [{**form, "data": data}]}
        return ask(self.ris, "PUT", f"DiagnosticReport/{held['id']}", amended)

    def report_at_the_ris(self, study: Study, conclusion: str) -> dict[str, Any]:
        """The RIS's own way to make a final report of an order: another identifier, another layout."""
        arguments = ["workflow", "run", "orders.imaging_report", "-a", f"service_request={study.order.order_id}"]
        script = "from importlib.metadata import entry_points as e; e(group='console_scripts', name='sekmet')['sekmet'].load()()"
        done = subprocess.run(
            [sys.executable, "-P", "-c", script, *arguments, "-a", f"conclusion={conclusion}"],
            env={**os.environ, "SEKMET_CONFIG": str(self.folder / "settings.yaml")},
            cwd=self.folder,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return self.held(study)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("conflicts")
    inbox, folder = home / "inbox", home / "ris"
    inbox.mkdir()
    with EmbeddedRis(folder) as ris:
        studies = make_studies(ris, inbox, 12)
        anna = Reader(home / "Anna", ris, "Dr Anna")
        try:
            anna.core.cache.add([inbox])
            anna.poll()
            yield World(ris, anna, studies, folder)
        finally:
            anna.close()


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    shared.anna.said.clear()
    yield shared
    shared.anna.go_online()
    shared.anna.leave()


def confirmed(world: World, findings: str = "No nodule.") -> Study:
    """An open case whose report is signed, and confirmed by the RIS."""
    anna, study = world.anna, world.study()
    anna.open(study)
    anna.write(findings)
    anna.sign()
    anna.delivered()
    return study


def compared(anna: Reader) -> Comparison:
    seen: list[Comparison] = []
    anna.session.settling.compare(anna.report.report_uuid, seen.append)
    return anna.wait(lambda: seen and seen[0], "the comparison")


def decide(anna: Reader, choice: Choice, seen: Comparison, **more: Any) -> None:
    anna.session.settling.decide(Decision(choice, seen.theirs, "Dr Anna", **more), anna.report.report_uuid)
    anna.settle()


def test_a_report_that_the_ris_amended_after_it_was_confirmed_is_told_and_holds_the_next_signature(world: World) -> None:
    """F68: the feed shows another version."""
    anna, study = world.anna, confirmed(world)
    world.amend(study, "No nodule.", "One nodule.")
    anna.poll()
    assert any("This report was changed in the RIS" in line for line in anna.said)
    assert anna.session.settling.standing is not None
    seen = compared(anna)
    (row,) = [row for row in seen.rows if row.code is FINDINGS]
    assert row.base == "No nodule."
    assert [(p.kind, p.text) for p in row.theirs if p.kind is not ChangeKind.SAME] == [
        (ChangeKind.REMOVED, "No"),
        (ChangeKind.ADDED, "One"),
    ]
    assert text_after(row.ours) == "No nodule."


def test_an_addendum_is_signed_on_top_of_the_version_that_was_seen_and_loses_nothing(world: World) -> None:
    """F68, the default choice."""
    anna, study = world.anna, confirmed(world)
    world.amend(study, "No nodule.", "One nodule.")
    anna.poll()
    decide(anna, Choice.ADDENDUM, compared(anna), text="Unchanged since 2019.")
    assert anna.report.status is ReportStatus.APPENDED
    anna.delivered()
    held = world.held(study)
    text = b64decode(held["presentedForm"][0]["data"]).decode()
    assert held["status"] == "appended"
    assert "One nodule." in text
    assert "Unchanged since 2019." in text
    (settlement,) = anna.core.reports.conflicts.settlements(anna.report.report_uuid)
    assert (settlement.who, settlement.choice, settlement.version) == ("Dr Anna", Choice.ADDENDUM, 2)


def test_a_newer_change_in_the_ris_meets_a_conflict_again_and_is_not_overwritten(world: World) -> None:
    """F68: settled is that very ETag and hash, and no other."""
    anna, study = world.anna, confirmed(world)
    world.amend(study, "No nodule.", "One nodule.")
    anna.poll()
    seen = compared(anna)
    world.amend(study, "One nodule.", "Two nodules.")
    anna.go_offline()
    decide(anna, Choice.ADDENDUM, seen, text="Old news.")
    assert anna.delivery is not None
    anna.go_online()
    anna.delivered(DeliveryState.CONFLICT)
    assert "Two nodules." in b64decode(world.held(study)["presentedForm"][0]["data"]).decode()
    assert len(anna.core.reports.conflicts.versions(anna.report.report_uuid)) == 2
    decide(anna, Choice.ADDENDUM, compared(anna), text="Both benign.")
    anna.delivered()
    states = [d.state for d in anna.core.reports.ledger.of_report(anna.report.report_uuid)]
    assert states == [DeliveryState.CONFIRMED, DeliveryState.SUPERSEDED, DeliveryState.CONFIRMED]
    text = b64decode(world.held(study)["presentedForm"][0]["data"]).decode()
    assert "Two nodules." in text
    assert "Both benign." in text


def test_a_version_that_the_reader_has_not_seen_cannot_be_settled(world: World) -> None:
    anna, study = world.anna, confirmed(world)
    world.amend(study, "No nodule.", "One nodule.")
    anna.poll()
    seen = compared(anna)
    world.amend(study, "One nodule.", "Two nodules.")
    anna.poll()
    decide(anna, Choice.ADDENDUM, seen, text="Old news.")
    assert any("changed again" in line for line in anna.said)
    assert anna.report.version == 1


def test_a_discarded_text_is_kept_and_the_riss_version_stands(world: World) -> None:
    """F68: discard mine. A draft that was not signed is ended the same way."""
    anna, study = world.anna, world.study()
    anna.open(study)
    anna.write("My own words.")
    world.report_at_the_ris(study, "Normal chest.")
    anna.poll()
    assert any("The RIS has a final report of this examination" in line for line in anna.said)
    anna.sign()
    assert any("Not signed. The RIS holds a report" in line for line in anna.said)
    seen = compared(anna)
    assert not seen.text.sections
    assert "IMPRESSION: Normal chest." in seen.text.whole
    assert seen.rows[-1].code is None
    decide(anna, Choice.DISCARD, seen)
    assert anna.report.text(FINDINGS) == ""
    journal = anna.core.reports.journal(anna.report.report_uuid)
    assert any(entry.change.inserted == "My own words." for entry in journal)
    anna.session.refresh_worklist()
    anna.settle()
    row = anna.item(study)
    assert row is not None
    assert row.status is ReadStatus.ELSEWHERE
    assert len(reports_of(world.ris, study)) == 1


def test_a_final_report_of_the_ris_takes_our_addendum_whole_though_it_is_in_no_sections(world: World) -> None:
    """F68: another system's report of the same order, under its own identifier."""
    anna, study = world.anna, world.study()
    anna.open(study)
    anna.write("A rib fracture on the left.")
    theirs = world.report_at_the_ris(study, "Normal chest.")
    anna.poll()
    seen = compared(anna)
    assert seen.proposal == "A rib fracture on the left."
    decide(anna, Choice.ADDENDUM, seen, text=seen.proposal)
    anna.delivered()
    held = world.held(study)
    assert held["id"] == theirs["id"]
    assert {i["value"] for i in theirs["identifier"]} < {i["value"] for i in held["identifier"]}
    text = b64decode(held["presentedForm"][0]["data"]).decode()
    assert "IMPRESSION: Normal chest." in text
    assert "A rib fracture on the left." in text


def test_a_correction_needs_a_reason_and_replaces_what_was_seen(world: World) -> None:
    """F68: the reason is in the report and in the history, by whom and when."""
    anna, study = world.anna, confirmed(world)
    world.amend(study, "No nodule.", "Left nodule.")
    anna.poll()
    seen = compared(anna)
    decide(anna, Choice.CORRECTION, seen, sections=seen.report.sections)
    assert any("No reason is given" in line for line in anna.said)
    decide(anna, Choice.CORRECTION, seen, sections=seen.report.sections, reason="The nodule is of another patient")
    anna.delivered()
    held = world.held(study)
    assert held["status"] == "corrected"
    assert "The nodule is of another patient" in b64decode(held["presentedForm"][0]["data"]).decode()
    history = ask(world.ris, "GET", f"DiagnosticReport/{held['id']}/_history")
    assert len(history["entry"]) == 3


def test_a_report_that_the_ris_says_it_took_and_does_not_show_is_an_alarm(world: World) -> None:
    """F34: acknowledged, deleted before it was read back; nobody is told that it arrived."""
    anna, study = world.anna, world.study()
    anna.open(study)
    anna.write("Lost on the way.")
    gone: list[str] = []

    def vanish(method: str, path: str) -> None:
        """What the RIS acknowledged is gone when it is asked for."""
        for report in reports_of(world.ris, study) if method == "GET" and "DiagnosticReport" in path and not gone else ():
            gone.append(report["id"])
            ask(world.ris, "DELETE", f"DiagnosticReport/{report['id']}")

    anna.proxy.trouble_for = vanish  # type: ignore[assignment]
    anna.sign()
    anna.wait(lambda: gone, "the report to vanish")
    delivery = anna.delivered(DeliveryState.ACKNOWLEDGED)
    assert not is_unfound(delivery, datetime.now(UTC))
    assert is_unfound(delivery, datetime.now(UTC) + timedelta(minutes=3))


def test_what_the_ris_held_and_what_was_decided_can_not_be_rewritten(world: World) -> None:
    """History is append only."""
    anna, study = world.anna, confirmed(world)
    world.amend(study, "No nodule.", "One nodule.")
    anna.poll()
    decide(anna, Choice.DISCARD, compared(anna))
    database = anna.core.reports._database
    for table in ("ris_report", "settlement"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET report_uuid = 'x'"):
            with pytest.raises(Exception, match="append only"), database.writing():
                database.execute(statement)
    anna.sign()
    assert any("You let the RIS's version of this report stand" in line or "Not signed" in line for line in anna.said)
