"""Retrieving: only what is in the cache counts, only the missing is asked for again, nothing is "complete" in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from real_archives import study
from scripted_archive import ScriptedConnection, found_study, give_all, row_of
from small_disk import fill

from rendering.worker import ImageWorker
from workstation.archives.directory import ArchiveDirectory
from workstation.archives.retrieve import Retrievals
from workstation.archives.retrieve_fetch import STOPPED, Tries
from workstation.archives.retrieve_ledger import RetrieveLedger, RetrieveState
from workstation.archives.secrets import Secrets
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.cache.quarantine import QuarantineKind
from workstation.domain.archive import Archive, ArchiveKind, RetrieveProgress
from workstation.errors import Refused, Unavailable
from workstation.jobs import Jobs, MainQueue
from workstation.ris.outbox import Backoff

UID = "1.2.826.0.1.3680043.10.1"
LINK_CUT = Unavailable("The connection to the archive ended")
Give = Callable[..., None]


@pytest.fixture(scope="module")
def reader() -> Iterator[ImageWorker]:
    worker = ImageWorker()
    yield worker
    worker.close()


class World:
    def __init__(self, folder: Path, reader: ImageWorker, cache: Path | None = None) -> None:
        self.folder = folder
        self.cache = StudyCache(cache or folder / "cache", reader)
        self.connections: dict[str, ScriptedConnection] = {}
        secrets = Secrets(folder, Vault.plain(), None, {})
        self.directory = ArchiveDirectory(folder, secrets, lambda archive, _: self.connections[archive.name], self.cache.alert)
        self.queue = MainQueue()
        self.jobs = Jobs(self.queue.post)
        self.open()

    def open(self) -> None:
        tries = Tries(most=3, backoff=Backoff(base=0.001, cap=0.001))
        ledger = RetrieveLedger(self.folder / "retrievals.db")
        self.retrievals = Retrievals(self.directory, self.cache, ledger, self.jobs, tries)

    def add(self, connection: ScriptedConnection, name: str = "scripted", **fields: object) -> ScriptedConnection:
        self.connections[name] = connection
        self.directory.add(replace(Archive(name, ArchiveKind.FOLDER, folder="/none"), **fields))  # type: ignore[arg-type]
        return connection

    def close(self) -> None:
        self.jobs.close()
        self.retrievals.close()
        self.directory.close()
        self.cache.close()


@pytest.fixture
def world(tmp_path: Path, reader: ImageWorker) -> Iterator[World]:
    made = World(tmp_path / "world", reader)
    yield made
    made.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return study(tmp_path / "files", images=6)


def fetch(world: World, files: list[Path], archive: str = "scripted") -> RetrieveProgress:
    return world.retrievals.fetch(found_study(files[0], archive), archive)


def first(count: int, then: Exception | None = None) -> Callable[..., None]:
    """Gives the first `count` of what is wanted, and then no more, whatever it says."""

    def script(wanted: list[object], give: Give) -> None:
        give_all(wanted[:count], give)  # type: ignore[arg-type]
        if then is not None:
            raise then

    return script


def test_a_study_is_proven_when_every_row_of_the_list_is_in_the_cache(world: World, files: list[Path]) -> None:
    world.add(ScriptedConnection(files))
    progress = fetch(world, files)
    assert (progress.received, progress.expected, progress.is_proven, progress.problem) == (6, 6, True, "")
    assert progress.bytes == sum(path.stat().st_size for path in files)
    assert len(world.cache.study(UID).series[0].instances) == 6


def test_success_with_lost_images_is_not_believed_and_only_the_missing_are_asked_for(world: World, files: list[Path]) -> None:
    """F38: C-MOVE says Success and gave fewer."""
    connection = world.add(ScriptedConnection(files, [first(4), first(1), give_all]))
    assert fetch(world, files).is_proven
    assert [len(uids) for uids in connection.asked] == [6, 2, 1]


def test_an_archive_that_never_gives_an_image_leaves_it_missing_and_says_so(world: World, files: list[Path]) -> None:
    """F37, F38: 5 of 6 stays 5 of 6."""
    lost = row_of(files[3]).sop_instance_uid

    def loses(wanted: list[object], give: Give) -> None:
        give_all([row for row in wanted if row.sop_instance_uid != lost], give)  # type: ignore[attr-defined]

    connection = world.add(ScriptedConnection(files, [loses] * 10))
    progress = fetch(world, files)
    assert (progress.received, progress.expected, progress.is_proven) == (5, 6, False)
    assert [row.sop_instance_uid for row in progress.missing] == [lost]
    assert progress.problem == "5 of 6 images are here"
    assert len(connection.asked) == 4  # one round with a gain, then three without
    assert world.retrievals.progress_of(UID)[0].missing == progress.missing


def test_a_link_that_breaks_again_and_again_costs_only_what_was_under_way(world: World, files: list[Path]) -> None:
    """F36, F37: every round that brings something starts the patience anew."""
    connection = world.add(ScriptedConnection(files, [first(1, LINK_CUT) for _ in range(5)]))
    progress = fetch(world, files)
    assert progress.is_proven
    assert [len(uids) for uids in connection.asked] == [6, 5, 4, 3, 2, 1]
    assert progress.bytes == sum(path.stat().st_size for path in files)


def test_a_retrieval_goes_on_after_a_restart_where_it_was(world: World, files: list[Path]) -> None:
    """F36: the ledger may be older than the cache, never the other way round."""
    connection = world.add(ScriptedConnection(files, [first(4, LINK_CUT), *[first(0, LINK_CUT)] * 3]))
    assert not fetch(world, files).is_proven
    world.retrievals.close()
    world.open()
    (row,) = world.retrievals.unfinished()
    assert row.state is RetrieveState.PARTIAL
    assert world.retrievals.progress_of(UID)[0].received == 4
    connection.asked.clear()
    assert len(world.retrievals.resume()) == 1
    assert world.jobs.wait_idle(world.queue.pump, 30)
    assert connection.asked == [[row_of(path).sop_instance_uid for path in files[4:]]]
    assert world.retrievals.unfinished() == ()


def test_a_list_without_images_is_never_complete(world: World, files: list[Path]) -> None:
    connection = world.add(ScriptedConnection(files))
    connection.rows = []
    progress = fetch(world, files)
    assert (progress.expected, progress.is_proven) == (0, False)
    assert "lists no images" in progress.problem


def test_a_refusal_of_everything_ends_the_retrieval_soon(world: World, files: list[Path]) -> None:
    connection = world.add(ScriptedConnection(files, [first(0, Refused("The archive does not know us"))] * 99))
    assert "does not know us" in fetch(world, files).problem
    assert len(connection.asked) <= 14


def test_one_image_that_is_refused_does_not_keep_the_others(world: World, files: list[Path]) -> None:
    """F38: Orthanc refuses a whole C-GET for one instance that it cannot read."""
    lost = row_of(files[3]).sop_instance_uid

    def refuses(wanted: list[object], give: Give) -> None:
        if lost in [row.sop_instance_uid for row in wanted]:  # type: ignore[attr-defined]
            raise Refused("The archive cannot give it")
        give_all(wanted, give)  # type: ignore[arg-type]

    world.add(ScriptedConnection(files, [refuses] * 99))
    progress = fetch(world, files)
    assert (progress.received, progress.expected, progress.is_proven) == (5, 6, False)
    assert progress.problem == "5 of 6 images are here; 1 did not come: The archive cannot give it"


def test_a_cancelled_retrieval_keeps_what_has_come(world: World, files: list[Path]) -> None:
    stop = threading.Event()

    def stops(wanted: list[object], give: Give) -> None:
        give_all(wanted[:2], give)  # type: ignore[arg-type]
        stop.set()

    world.add(ScriptedConnection(files, [stops]))
    progress = world.retrievals.fetch(found_study(files[0]), cancelled=stop.is_set)
    assert (progress.received, progress.is_proven, progress.problem) == (2, False, STOPPED)


def test_a_full_disk_ends_the_retrieval_in_words_and_keeps_what_has_come(
    tmp_path: Path, reader: ImageWorker, small_disk: Path
) -> None:
    """F14: once there is room again, only the missing comes."""
    many = study(tmp_path / "many", images=12, size=256)
    world = World(tmp_path / "world", reader, small_disk / "cache")
    try:
        connection = world.add(ScriptedConnection(many))
        connection.rows = [row_of(path) for path in many[:4]]
        assert fetch(world, many).is_proven
        connection.rows = [row_of(path) for path in many]
        filler = fill(small_disk, leave=1 << 20)
        progress = fetch(world, many)
        assert (progress.received, progress.expected, progress.is_proven) == (4, 12, False)
        assert "disk is full" in progress.problem
        connection.asked.clear()
        filler.unlink()
        assert fetch(world, many).is_proven
        assert [len(uids) for uids in connection.asked] == [8]
    finally:
        world.close()


# ---- what was not asked for --------------------------------------------------------------


def sends_too(*extra: Path) -> Callable[..., None]:
    def script(wanted: list[object], give: Give) -> None:
        for path in extra:
            give(path)
        give_all(wanted, give)  # type: ignore[arg-type]

    return script


def test_an_image_of_a_study_that_was_not_asked_for_is_refused_with_an_alert(
    world: World, files: list[Path], tmp_path: Path
) -> None:
    """F39."""
    stranger = study(tmp_path / "stranger", images=1, uid="1.2.826.0.1.3680043.10.9")[0]
    world.add(ScriptedConnection(files, [sends_too(stranger)]))
    assert fetch(world, files).is_proven
    assert [s.study_instance_uid for s in world.cache.studies()] == [UID]
    assert any("not asked for" in alert.event for alert in world.cache.alerts())


def test_an_image_that_is_not_in_the_list_is_refused_with_an_alert(world: World, files: list[Path], tmp_path: Path) -> None:
    extra = study(tmp_path / "extra", images=7)[6]
    world.add(ScriptedConnection(files, [sends_too(extra)]))
    assert fetch(world, files).received == 6
    assert len(world.cache.held_instances(UID)) == 6
    assert any("not in its list" in alert.event for alert in world.cache.alerts())


@pytest.mark.parametrize("elements", [{"PatientID": "someone else"}, {"IssuerOfPatientID": "ELSEWHERE"}])
def test_an_image_of_another_patient_is_quarantined_even_as_the_first_of_its_study(
    world: World, files: list[Path], tmp_path: Path, elements: dict[str, str]
) -> None:
    """F49: the archive's answer says whose study it is, not the file that happens to come first."""
    wrong = study(tmp_path / "wrong", images=1, **elements)  # type: ignore[arg-type]
    connection = ScriptedConnection(files)
    connection.files[f"{UID}.1", f"{UID}.1.1"] = wrong[0]
    world.add(connection, issuer="NIN")
    progress = fetch(world, files)
    assert (progress.received, progress.is_proven) == (5, False)
    (aside,) = world.cache.quarantined()
    assert aside.kind is QuarantineKind.OTHER_PATIENT
    assert [doubt.code for doubt in world.cache.doubts_of(UID)] == ["other-patient"]
    assert "1 did not come: RED ALERT" in progress.problem
    assert world.retrievals.refused_of(UID, "scripted")[0][0] == f"{UID}.1.1"
    assert [len(uids) for uids in connection.asked] == [6]  # not asked for again and again


def test_other_bytes_for_a_uid_from_a_second_archive_are_set_aside(world: World, files: list[Path], tmp_path: Path) -> None:
    """F47: the first stays, the second is kept apart, the study is flagged."""
    other = study(tmp_path / "other", images=6, StudyDescription="Another text")
    world.add(ScriptedConnection(files))
    world.add(ScriptedConnection(other), "second")
    assert fetch(world, files).is_proven
    kept = {i.sop_instance_uid: i.sha256 for i in world.cache.study(UID).series[0].instances}
    world.cache.add([other[0]])
    assert {i.sop_instance_uid: i.sha256 for i in world.cache.study(UID).series[0].instances} == kept
    assert [doubt.code for doubt in world.cache.doubts_of(UID)] == ["second-version"]
    assert fetch(world, other, "second").is_proven  # its list is here: nothing is fetched twice
    assert world.connections["second"].asked == []


def test_one_sop_uid_in_two_series_is_two_images(world: World, tmp_path: Path) -> None:
    """F48."""
    twins = study(tmp_path / "twins", images=1, series=2, SOPInstanceUID=f"{UID}.7")
    connection = world.add(ScriptedConnection(twins))
    progress = fetch(world, twins)
    assert (progress.received, progress.expected, progress.is_proven) == (2, 2, True)
    assert connection.asked == [[f"{UID}.7", f"{UID}.7"]]


# ---- several archives --------------------------------------------------------------------


def test_what_one_archive_lost_comes_from_the_other_that_has_it(world: World, files: list[Path]) -> None:
    world.add(ScriptedConnection(files, [first(4), *[first(0)] * 9]))
    other = world.add(ScriptedConnection(files), "other")
    progress = fetch(world, files)
    assert (progress.archive, progress.received, progress.is_proven) == ("scripted", 6, True)
    assert [len(uids) for uids in other.asked] == [2]


def test_an_archive_of_another_care_provider_is_not_asked_for_help(world: World, files: list[Path]) -> None:
    world.add(ScriptedConnection(files, [first(4), *[first(0)] * 9]), tenant="nord")
    other = world.add(ScriptedConnection(files), "other", tenant="sør")
    assert not fetch(world, files).is_proven
    assert (other.queries, other.asked) == ([], [])


def test_a_silent_archive_is_replaced_by_one_that_answers(world: World, files: list[Path]) -> None:
    world.add(ScriptedConnection(files)).failing = Unavailable("The archive does not answer")
    world.add(ScriptedConnection(files), "other")
    progress = fetch(world, files)
    assert (progress.archive, progress.is_proven) == ("other", True)


def test_with_no_answer_at_all_the_number_of_images_is_unknown(world: World, files: list[Path]) -> None:
    world.add(ScriptedConnection(files)).failing = Unavailable("The archive does not answer")
    progress = fetch(world, files)
    assert (progress.received, progress.expected, progress.is_proven) == (0, None, False)
    assert progress.problem == "The archive does not answer"


# ---- late images, whose IDs --------------------------------------------------------------


def test_late_images_announce_themselves_and_come(world: World, files: list[Path]) -> None:
    """F59."""
    connection = world.add(ScriptedConnection(files))
    connection.rows = [row_of(path) for path in files[:4]]
    changes = []
    world.retrievals.changed.connect(changes.append)
    assert fetch(world, files).expected == 4
    assert world.retrievals.check_again(UID) == ()
    connection.rows = [row_of(path) for path in files]
    (change,) = world.retrievals.check_again(UID)
    while world.queue.pump():
        pass
    assert str(change).startswith("2 new images since ")
    assert changes == [change]
    assert len(world.cache.held_instances(UID)) == 6
    assert world.retrievals.check_again(UID) == ()


def test_images_that_leave_the_list_are_announced_and_stay(world: World, files: list[Path]) -> None:
    """F60."""
    connection = world.add(ScriptedConnection(files))
    fetch(world, files)
    connection.rows = [row_of(path) for path in files[1:]]
    (change,) = world.retrievals.check_again(UID)
    assert [row.sop_instance_uid for row in change.gone] == [row_of(files[0]).sop_instance_uid]
    assert "no longer in the archive's list" in str(change)
    assert len(world.cache.held_instances(UID)) == 6
    connection.failing = Unavailable("The archive does not answer")
    with pytest.raises(Unavailable):
        world.retrievals.check_again(UID)


def test_an_archives_issuer_finds_priors_and_stays_out_of_what_the_files_say(world: World, tmp_path: Path) -> None:
    """IDs without issuer from an archive that has one match IDs of that issuer, and none of another."""
    world.cache.issuer_of = world.retrievals.issuer_of
    made = {
        "nin": study(tmp_path / "a", images=1, uid="1.2.1"),
        "named": study(tmp_path / "b", images=1, uid="1.2.2", IssuerOfPatientID="NIN"),
        "local": study(tmp_path / "c", images=1, uid="1.2.3"),
    }
    issuers = {"nin": "NIN", "named": "", "local": "LOCAL"}
    for name, files in made.items():
        world.add(ScriptedConnection(files), name, issuer=issuers[name])
        assert world.retrievals.fetch(found_study(files[0], name), name).is_proven
    current = world.cache.study("1.2.1")
    assert current.patient.key.issuer == ""
    assert [prior.study_instance_uid for prior in world.cache.priors_of(current)] == ["1.2.2"]


def test_a_damaged_ledger_is_put_aside_and_the_archive_asked_again(world: World, files: list[Path]) -> None:
    connection = world.add(ScriptedConnection(files))
    fetch(world, files)
    world.retrievals.close()
    (world.folder / "retrievals.db").write_bytes(b"\xff" * 8192)
    world.open()
    assert "put aside" in world.retrievals.notice
    connection.asked.clear()
    assert fetch(world, files).is_proven
    assert connection.asked == []


def test_a_file_that_says_other_uids_than_the_row_is_refused(world: World, files: list[Path], tmp_path: Path) -> None:
    changed = pydicom.dcmread(files[2])
    changed.SOPInstanceUID = changed.file_meta.MediaStorageSOPInstanceUID = f"{UID}.99"
    changed.save_as(tmp_path / "changed.dcm")
    connection = ScriptedConnection(files)
    connection.files[f"{UID}.1", f"{UID}.1.3"] = tmp_path / "changed.dcm"
    world.add(connection)
    assert (fetch(world, files).received, world.cache.quarantined()) == (5, ())
