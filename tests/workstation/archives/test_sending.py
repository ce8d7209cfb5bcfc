"""Sending our own objects: on disk first, nothing twice without asking, nothing proven by a mere yes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_archives import study
from scripted_archive import ScriptedConnection, row_of

from rendering.worker import ImageWorker
from workstation.archives.directory import ArchiveDirectory
from workstation.archives.secrets import Secrets
from workstation.archives.sending import SAID_YES, Sender, SenderRunner
from workstation.archives.sending_files import DAMAGED
from workstation.archives.sending_ledger import Outgoing, SendingLedger
from workstation.at_rest.vault import Vault
from workstation.domain.archive import Archive, ArchiveKind, SendResult, SendState
from workstation.domain.sending import SENDING_TRANSITIONS, SendingEvent, SendingState
from workstation.errors import Refused, Unavailable
from workstation.ris.outbox import Backoff

REPOSITORY = Path(__file__).resolve().parents[3]
TARGET = Archive("scripted", ArchiveKind.DIMSE, host="127.0.0.1", port=104, called_ae="X", can_store=True)


@pytest.fixture(scope="module")
def reader() -> Iterator[ImageWorker]:
    worker = ImageWorker()
    yield worker
    worker.close()


class World:
    """A sender whose clock stands still until `later` moves it."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self.folder = folder
        self.vault = vault
        self.now = 0.0
        self.connection = ScriptedConnection([])
        secrets = Secrets(folder, vault, None, {})
        self.directory = ArchiveDirectory(folder, secrets, lambda *_: self.connection)
        if not self.directory.archives:
            self.directory.add(TARGET)
        self.sender = self.opened()

    def opened(self) -> Sender:
        self.ledger = SendingLedger(self.folder / "sending.db")
        backoff = Backoff(base=10.0, cap=10.0)
        return Sender(self.directory, self.ledger, self.vault, self.folder, backoff, lambda: self.now, lambda: 1.0)

    def later(self) -> None:
        self.now += 10.0

    def states(self) -> list[SendingState]:
        return [row.state for row in self.sender.rows()]

    def steps(self, sending_id: int = 1) -> list[str]:
        return [event for event, _, _ in self.ledger.steps(sending_id)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world", Vault.with_key(bytes(32)))
    yield made
    made.sender.close()
    made.directory.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return study(tmp_path / "files", images=3)


def test_objects_are_stored_by_the_archives_word_and_proven_by_its_list(
    world: World, files: list[Path], reader: ImageWorker
) -> None:
    world.sender.enqueue_paths("scripted", files, reader)
    assert world.states() == [SendingState.QUEUED] * 3
    world.sender.step()
    assert world.states() == [SendingState.STORED] * 3
    world.sender.step()
    assert world.states() == [SendingState.PROVEN] * 3
    assert world.connection.sent == [row_of(path).sop_instance_uid for path in files]
    assert world.sender.step() == ()
    assert world.sender.seconds_until_due() is None
    assert world.steps() == ["send", "archive says stored", "found in the archive"]


def test_the_same_object_is_queued_once_and_a_second_of_its_uid_not_at_all(
    world: World, files: list[Path], reader: ImageWorker, tmp_path: Path
) -> None:
    world.sender.enqueue_paths("scripted", files, reader)
    world.sender.enqueue_paths("scripted", files, reader)
    assert len(world.sender.rows()) == 3
    other = study(tmp_path / "other", images=1, StudyDescription="Another text")
    with pytest.raises(Refused, match="SOP Instance UID was queued before"):
        world.sender.enqueue_paths("scripted", other, reader)
    assert len(world.sender.rows()) == 3


def test_a_yes_that_the_archive_does_not_keep_stays_visibly_unproven(
    world: World, files: list[Path], reader: ImageWorker
) -> None:
    """As F34, for objects."""
    world.sender.enqueue_paths("scripted", files[:1], reader)
    world.sender.step()
    world.connection.held.clear()
    world.sender.step()
    (row,) = world.sender.rows()
    assert (row.state, row.reason) == (SendingState.STORED, SAID_YES)
    assert world.sender.unsent_studies() == {row.study_instance_uid}
    world.sender.retry(row.sending_id)
    world.sender.step()
    world.sender.step()
    assert world.states() == [SendingState.PROVEN]


def test_a_refusal_is_for_people_and_names_its_reason(world: World, files: list[Path], reader: ImageWorker) -> None:
    world.sender.enqueue_paths("scripted", files[:1], reader)
    world.connection.on_send = lambda uid: SendResult(uid, SendState.REFUSED, "The archive is out of room (status A700)")
    world.sender.step()
    world.later()
    assert world.sender.step() == ()
    (row,) = world.sender.rows()
    assert (row.state, row.reason) == (SendingState.REJECTED, "The archive is out of room (status A700)")


@pytest.mark.parametrize("arrived", [True, False])
def test_after_a_silence_the_archive_is_asked_before_anything_is_sent_again(
    world: World, files: list[Path], reader: ImageWorker, arrived: bool
) -> None:
    """As F03, for objects: the link is cut after the object, before the answer."""

    def cut(uid: str) -> SendResult:
        if arrived:
            world.connection.held.add(uid)
        raise Unavailable("The connection to the archive ended")

    world.connection.on_send = cut
    world.sender.enqueue_paths("scripted", files[:1], reader)
    world.sender.step()
    assert world.states() == [SendingState.SENDING]
    assert world.sender.rows()[0].reason == "The connection to the archive ended"
    assert world.sender.step() == ()
    world.later()
    world.connection.on_send = None
    world.sender.step()
    assert world.states() == [SendingState.PROVEN if arrived else SendingState.QUEUED]
    for _ in range(3):
        world.later()
        world.sender.step()
    assert world.states() == [SendingState.PROVEN]
    assert len(world.connection.sent) == (1 if arrived else 2)


def test_a_silent_archive_is_left_in_peace_and_nothing_is_sent(world: World, files: list[Path], reader: ImageWorker) -> None:
    world.connection.on_send = lambda uid: SendResult(uid, SendState.UNKNOWN, "The archive did not answer")
    world.sender.enqueue_paths("scripted", files[:1], reader)
    world.sender.step()
    world.connection.failing = Unavailable("The archive does not answer")
    for _ in range(4):
        world.later()
        world.sender.step()
    assert world.states() == [SendingState.SENDING]
    assert len(world.connection.sent) == 1


@pytest.mark.parametrize("arrived", [True, False])
def test_a_kill_in_the_middle_of_a_sending_loses_and_doubles_nothing(tmp_path: Path, files: list[Path], arrived: bool) -> None:
    """F03, F05: SIGKILL while the object is on the wire."""
    folder, got = tmp_path / "world", tmp_path / "got"
    World(folder, Vault.plain()).sender.close()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "tests" / "support")])}
    child = [sys.executable, str(REPOSITORY / "tests" / "support" / "sending_child.py"), str(folder), str(got), str(files[0])]
    with subprocess.Popen(child, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "queued\n"
        until = time.monotonic() + 60
        while not got.exists() and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
    world = World(folder, Vault.plain())
    assert world.states() == [SendingState.SENDING]
    assert not list((folder / "outgoing").rglob("*.dcm"))  # the plain copy went at the next start
    if arrived:
        world.connection.held.add(row_of(files[0]).sop_instance_uid)
    world.sender.step()
    assert world.connection.sent == []
    world.later()
    world.sender.step()
    world.sender.step()
    assert world.states() == [SendingState.PROVEN]
    assert len(world.connection.sent) == (0 if arrived else 1)
    world.sender.close()


def test_damaged_bytes_are_held_and_nothing_leaves(world: World, files: list[Path]) -> None:
    world.sender.enqueue("scripted", [Outgoing("1.2", row_of(files[0]), "0" * 64, path=str(files[0]))])
    world.sender.step()
    (row,) = world.sender.rows()
    assert (row.state, row.reason) == (SendingState.HELD, DAMAGED)
    assert world.connection.sent == []


def test_an_archive_that_takes_nothing_gets_nothing(world: World, files: list[Path], reader: ImageWorker) -> None:
    world.directory.add(Archive("shy", ArchiveKind.DIMSE, host="127.0.0.1", port=104, called_ae="X"))
    with pytest.raises(Refused, match="can_store"):
        world.sender.enqueue_paths("shy", files, reader)


def test_no_plain_copy_stays_after_sending(world: World, files: list[Path], reader: ImageWorker) -> None:
    seen: list[int] = []
    original = world.connection.send

    def spy(paths: list[Path], cancelled: object = None) -> tuple[SendResult, ...]:
        seen.extend(path.stat().st_mode & 0o777 for path in paths)
        spy.paths = list(paths)  # type: ignore[attr-defined]
        return original(paths)

    world.connection.send = spy  # type: ignore[method-assign, assignment]
    world.sender.enqueue_paths("scripted", files, reader)
    world.sender.step()
    assert seen == [0o600] * 3
    assert not any(path.exists() for path in spy.paths)  # type: ignore[attr-defined]


def test_no_event_moves_a_proven_object() -> None:
    assert not [key for key in SENDING_TRANSITIONS if key[0] is SendingState.PROVEN]
    proving = [event for (_, event), state in SENDING_TRANSITIONS.items() if state is SendingState.PROVEN]
    assert set(proving) == {SendingEvent.FOUND_THERE}


def test_a_runner_brings_all_to_proof(world: World, files: list[Path], reader: ImageWorker) -> None:
    told: list[SendingState] = []
    runner = SenderRunner(world.sender, lambda row: told.append(row.state))
    world.sender.enqueue_paths("scripted", files, reader)
    runner.start()
    runner.wake()
    until = time.monotonic() + 30
    while told.count(SendingState.PROVEN) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    runner.stop()
    assert world.states() == [SendingState.PROVEN] * 3
