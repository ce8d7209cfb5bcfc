"""Several archives at once: who may be asked, what is believed, and that no failure looks like "none"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from scripted_archive import ScriptedConnection

from workstation.archives.directory import ArchiveDirectory
from workstation.archives.secrets import Secrets
from workstation.archives.walls import OTHER_ISSUER, OTHER_TENANT
from workstation.at_rest.vault import Vault
from workstation.domain.archive import Archive, ArchiveKind, FoundStudy, StudyQuery
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import Refused, Unavailable

AWAY = Archive("away", ArchiveKind.FOLDER, folder="/away", tenant="nord")
HOME = replace(AWAY, name="home", folder="/home", is_local=True)
OTHER = replace(AWAY, name="other", tenant="sør")


def found(uid: str, patient_id: str = "P1", issuer: str = "", date: str = "20260101") -> FoundStudy:
    return FoundStudy("as the archive likes", uid, Patient(PatientKey(patient_id, issuer)), study_date=date)


class World:
    def __init__(self, folder: Path) -> None:
        self.connections: dict[str, ScriptedConnection] = {}
        self.made: list[Archive] = []
        self.alerts: list[str] = []
        self.secrets = Secrets(folder, Vault.with_key(bytes(32)), None, {})
        self.directory = ArchiveDirectory(folder, self.secrets, self._connect, self.alerts.append)

    def _connect(self, archive: Archive, secret: str) -> ScriptedConnection:
        self.made.append(archive)
        return self.connections.setdefault(archive.name, ScriptedConnection([]))

    def set_up(self, *archives: Archive, **studies: list[FoundStudy]) -> ArchiveDirectory:
        for archive in archives:
            self.directory.add(archive)
            connection = self.connections[archive.name] = ScriptedConnection([])
            connection.studies = studies.get(archive.name, [])
        return self.directory


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.directory.close()


def test_a_study_in_two_archives_is_one_row_of_both_and_local_wins(world: World) -> None:
    here, there = found("1.2", date="20260102"), replace(found("1.2", date="20260102"), description="theirs")
    directory = world.set_up(AWAY, HOME, away=[there, found("1.3")], home=[here])
    findings = directory.find_studies(StudyQuery())
    assert [archive.name for archive in directory.archives] == ["home", "away"]
    assert [(at.study.study_instance_uid, at.archives) for at in findings.studies] == [
        ("1.2", ("home", "away")),
        ("1.3", ("away",)),
    ]
    assert findings.studies[0].study == replace(here, archive="home")
    assert findings.is_whole


def test_an_archive_that_fails_is_named_beside_the_answers_of_the_others(world: World) -> None:
    directory = world.set_up(AWAY, HOME, home=[found("1.2")])
    world.connections["away"].failing = Unavailable("The archive does not answer")
    findings = directory.find_studies(StudyQuery())
    assert len(findings.studies) == 1
    assert findings.failures == (("away", "The archive does not answer"),)
    assert not findings.is_whole


def test_the_same_study_uid_of_two_patients_is_never_one_row(world: World) -> None:
    directory = world.set_up(AWAY, HOME, away=[found("1.2", "P2")], home=[found("1.2", "P1")])
    assert sorted(at.archives for at in directory.find_studies(StudyQuery()).studies) == [("away",), ("home",)]


def test_answers_of_other_patients_are_dropped_counted_and_reported(world: World) -> None:
    """Archives may ignore keys: an ID of another issuer is somebody else."""
    rows = [found("1.1", "P1", "NIN"), found("1.2", "P1", "LOCAL"), found("1.3", "P2", "NIN"), found("1.4", "P1")]
    directory = world.set_up(HOME, home=rows)
    findings = directory.find_patient_studies(PatientKey("P1", "NIN"), "nord")
    assert [at.study.study_instance_uid for at in findings.studies] == ["1.1"]
    assert findings.dropped == 3
    (alert,) = world.alerts
    assert "cross-tenant read" in alert
    assert "P1" not in alert


def test_an_archive_vouches_for_ids_without_an_issuer(world: World) -> None:
    directory = world.set_up(replace(HOME, issuer="NIN"), home=[found("1.1", "P1"), found("1.2", "P1", "LOCAL")])
    findings = directory.find_patient_studies(PatientKey("P1", "NIN"), "nord")
    assert [at.study.study_instance_uid for at in findings.studies] == ["1.1"]
    assert findings.studies[0].study.patient.key == PatientKey("P1", "")


def test_a_patient_is_not_looked_for_across_the_wall(world: World) -> None:
    directory = world.set_up(HOME, OTHER, replace(AWAY, issuer="LOCAL"), other=[found("1.9")])
    findings = directory.find_patient_studies(PatientKey("P1", "NIN"), "nord")
    assert dict(findings.not_asked) == {"other": OTHER_TENANT, "away": OTHER_ISSUER}
    assert findings.asked == ("home",)
    assert not world.connections["other"].queries
    assert not findings.is_whole


def test_a_shared_archive_answers_the_tenants_that_it_names(world: World) -> None:
    directory = world.set_up(HOME, replace(OTHER, shared_tenants=("nord",)), other=[found("1.9")])
    assert len(directory.find_patient_studies(PatientKey("P1"), "nord").studies) == 1
    assert directory.may_ask(directory.archive("other"), PatientKey("P1"), "nord")
    assert not directory.may_ask(directory.archive("home"), PatientKey("P1"), "sør")
    assert not directory.may_ask(directory.archive("home"), PatientKey(""), "nord")


def test_a_search_by_name_stays_with_one_care_provider_unless_the_reader_names_another(world: World) -> None:
    directory = world.set_up(HOME, OTHER, other=[found("1.9")])
    findings = directory.find_studies(StudyQuery(patient_name="Å*"))
    assert findings.not_asked == (("other", OTHER_TENANT),)
    assert not world.connections["other"].queries
    assert len(directory.find_studies(StudyQuery(patient_name="Å*"), ("other",)).studies) == 1
    assert directory.find_studies(StudyQuery(study_instance_uid="1.9")).asked == ("home", "other")


def test_a_changed_archive_gets_a_new_connection_and_a_removed_one_none(world: World) -> None:
    directory = world.set_up(HOME)
    first = directory.connection("home")
    assert directory.connection("HOME") is first
    directory.change("home", replace(HOME, title="Home"))
    assert isinstance(first, ScriptedConnection)
    assert first.is_closed
    directory.connection("home")
    assert [archive.title for archive in world.made] == ["", "Home"]
    directory.remove("home")
    with pytest.raises(Refused, match="no archive of this name"):
        directory.connection("home")


def test_a_password_follows_its_archive(world: World) -> None:
    web = Archive("web", ArchiveKind.DICOMWEB, url="https://a.example", user="anna")
    world.directory.add(web, "hunter2")
    assert world.secrets.get("web") == "hunter2"
    world.directory.change("web", replace(web, name="net"))
    assert (world.secrets.get("web"), world.secrets.get("net")) == ("", "hunter2")
    world.directory.remove("net")
    assert world.secrets.get("net") == ""


def test_a_test_of_an_archive_that_cannot_start_is_a_step_that_failed(world: World, tmp_path: Path) -> None:
    def connect(archive: Archive, secret: str) -> ScriptedConnection:
        raise Unavailable("The archive process cannot be started")

    broken = ArchiveDirectory(tmp_path / "b", world.secrets, connect)
    broken.add(HOME)
    (step,) = broken.test("home")
    assert (step.succeeded, step.words) == (False, "The archive process cannot be started")


def test_what_an_archive_said_of_a_study_is_remembered_until_it_changes(world: World) -> None:
    directory = world.set_up(HOME, home=[found("1.2")])
    assert directory.study_at("home", "1.2") == directory.study_at("home", "1.2")
    assert len(world.connections["home"].queries) == 1
    directory.change("home", replace(HOME, title="Home"))
    directory.study_at("home", "1.2")
    assert len(world.connections["home"].queries) == 2
    with pytest.raises(Refused, match="does not have this study"):
        directory.study_at("home", "1.3")
