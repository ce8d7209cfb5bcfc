"""Disks that fill, fail and forget under the report store: nothing is lost and the reader is told."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from seat import item_for, order_for, segment, signed
from small_disk import fill, make_read_only

from workstation.at_rest.vault import Vault
from workstation.domain.delivery import DeliveryState
from workstation.domain.report import SectionCode
from workstation.errors import Refused, Unavailable
from workstation.reporting import database
from workstation.reporting.database import ReportDatabase
from workstation.reporting.store import ReportStore

FINDINGS = SectionCode.FINDINGS
VAULT = Vault.with_key(bytes(range(32)))
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(params=["plain", "sealed"])
def vault(request) -> Vault:
    return VAULT if request.param == "sealed" else Vault.plain()


def filled(store: ReportStore, count: int, start: int = 0) -> str:
    uuid = store.open_draft(item_for(order_for())).report_uuid
    for number in range(start, start + count):
        store.append_segment(uuid, FINDINGS, segment(number))
    return uuid


def spoil(path: Path, start: int = 4096, length: int = 16384) -> None:
    data = bytearray(path.read_bytes())
    data[start : start + length] = b"\xaa" * len(data[start : start + length])
    path.write_bytes(data)


# ---- F14, F15: the disk is full ------------------------------------------------------------


def test_on_a_full_disk_the_reserve_is_given_up_and_words_are_still_saved(small_disk: Path, vault: Vault) -> None:
    """F14: a real file system without a free byte."""
    path = small_disk / "reports.db"
    troubles = []
    with closing(ReportStore(path, vault=vault)) as store:
        store.listen(troubles.append)
        uuid = filled(store, 1)
        fill(small_disk)
        assert store.append_segment(uuid, FINDINGS, segment(1)).text(FINDINGS) == "word0 word1"
        assert [trouble.title for trouble in troubles] == ["The disk is full"]
        assert not path.with_name("reports.db.reserve").exists()
    with closing(ReportStore(path, vault=vault)) as store:
        assert store.report(uuid).text(FINDINGS) == "word0 word1"


def test_the_reserve_is_made_again_when_there_is_room(small_disk: Path) -> None:
    """F14."""
    path = small_disk / "reports.db"
    small = 1 << 20
    with pytest.MonkeyPatch.context() as patch, closing(ReportStore(path)) as store:
        patch.setattr("workstation.reporting.reserve.RESERVE_BYTES", small)
        uuid = filled(store, 1)
        filler = fill(small_disk)
        store.append_segment(uuid, FINDINGS, segment(1))
        filler.unlink()
        store.append_segment(uuid, FINDINGS, segment(2))
        assert path.with_name("reports.db.reserve").stat().st_size == small


def test_without_any_room_the_store_says_not_saved_and_takes_the_same_words_later(small_disk: Path, vault: Vault) -> None:
    """F15: the text stays with the caller; trying again works when there is room."""
    path = small_disk / "reports.db"
    with closing(ReportStore(path, vault=vault)) as store:
        uuid = filled(store, 1)
        path.with_name("reports.db.reserve").unlink()
        filler = fill(small_disk)
        with pytest.raises(Unavailable, match="Not saved"):
            store.append_segment(uuid, FINDINGS, segment(1, "x" * 100_000))
        assert store.report(uuid).text(FINDINGS) == "word0"
        filler.unlink()
        assert store.append_segment(uuid, FINDINGS, segment(1)).text(FINDINGS) == "word0 word1"


# ---- F19: the file is damaged --------------------------------------------------------------


def test_a_damaged_store_is_made_again_whole_from_its_copy_and_the_changes_since(tmp_path: Path, vault: Vault) -> None:
    """F19: drafts, signed versions and the outbox, every one of them."""
    path = tmp_path / "reports.db"
    with closing(ReportStore(path, vault=vault)) as store:
        delivery = signed(store, order_for())
        uuid = delivery.report_uuid
        for number in range(150):
            store.append_segment(uuid, FINDINGS, segment(number, "words " * 20))
        before = store.report(uuid), store.journal(uuid), store.deliveries(), store.ledger.history(delivery.delivery_id)
    spoil(path)
    with closing(ReportStore(path, vault=vault)) as store:
        assert "Nothing is missing" in store.notice
        assert (
            store.report(uuid),
            store.journal(uuid),
            store.deliveries(),
            store.ledger.history(delivery.delivery_id),
        ) == before
    assert path.with_name("reports.db.damaged-1").exists()
    with closing(ReportStore(path, vault=vault)) as store:
        assert store.notice == ""


def test_the_reader_is_told_how_much_is_missing_and_the_ris_is_asked_first(tmp_path: Path, vault: Vault) -> None:
    """F19, F03: the log lost its last two records; what was queued may have been sent meanwhile."""
    path = tmp_path / "reports.db"
    with closing(ReportStore(path, vault=vault)) as store:
        delivery = signed(store, order_for())
        for number in range(100):
            store.append_segment(delivery.report_uuid, FINDINGS, segment(number, "words " * 20))
    (log,) = tmp_path.glob("reports.db.changes-*")
    data = log.read_bytes()
    log.write_bytes(data[: len(data) - 1500])
    # The root page of the newest table, and what follows; the counter's page is left alone.
    spoil(path, start=path.stat().st_size - 8192, length=8192)
    with closing(ReportStore(path, vault=vault)) as store:
        assert " changes after " in store.notice
        assert "missing: read the drafts again" in store.notice
        assert store.ledger.delivery(delivery.delivery_id).state is DeliveryState.SENDING


def test_a_damaged_copy_is_passed_over_for_an_older_one(tmp_path: Path) -> None:
    """F19."""
    path = tmp_path / "reports.db"
    with closing(ReportStore(path)) as store:
        uuid = filled(store, 60)
        before = store.report(uuid)
        with store._database.writing():
            store._database._copies.take(store._database._connection)
    newest = sorted(tmp_path.glob("reports.db.copy-*"))[-1]
    spoil(newest)
    spoil(path)
    with closing(ReportStore(path)) as store:
        assert store.report(uuid) == before
        assert "Nothing is missing" in store.notice


def test_a_wrong_key_is_refused_in_words_and_nothing_is_touched(tmp_path: Path) -> None:
    """A wrong key must never look like damage: nothing is put aside, restored or made anew."""
    path = tmp_path / "reports.db"
    with closing(ReportStore(path, vault=VAULT)) as store:
        uuid = filled(store, 3)
        before = store.report(uuid)
    files = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(Refused, match="another key"):
        ReportStore(path, vault=Vault.with_key(bytes(32)))
    with pytest.raises(Refused, match="encrypted"):
        ReportStore(path, vault=Vault.plain())
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == files
    with closing(ReportStore(path, vault=VAULT)) as store:
        assert store.report(uuid) == before


def test_a_store_that_is_encrypted_leaves_no_plain_copy_or_log(tmp_path: Path) -> None:
    """F89: what was plain before is converted, and its copies with it."""
    path = tmp_path / "reports.db"
    with closing(ReportStore(path)) as store:
        uuid = filled(store, 5)
        before = store.report(uuid)
    assert any(b"word3" in file.read_bytes() for file in tmp_path.iterdir())
    with closing(ReportStore(path, vault=VAULT)) as store:
        assert store.report(uuid) == before
        assert not [file.name for file in tmp_path.iterdir() if b"word3" in file.read_bytes()]
    with closing(ReportStore(path, vault=Vault.with_key(bytes(range(32)), is_sealing=False))) as store:
        assert store.report(uuid) == before
    spoil(path)
    with closing(ReportStore(path)) as store:
        assert store.report(uuid) == before


# ---- F20: locked ---------------------------------------------------------------------------

HOLDER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
other.execute("ROLLBACK")
"""


def test_a_lock_held_by_another_program_is_waited_for_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F20: a real other process; the words are saved once it lets go."""
    monkeypatch.setattr(database, "TELL_SECONDS", 0.1)
    path = tmp_path / "reports.db"
    with closing(ReportStore(path)) as store:
        uuid = filled(store, 1)
        told = threading.Event()
        troubles = []
        store.listen(lambda trouble: (troubles.append(trouble.title), told.set()))
        with subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as holder:
            assert holder.stdout.readline() == "held\n"
            saving = threading.Thread(target=store.append_segment, args=(uuid, FINDINGS, segment(1)))
            saving.start()
            assert told.wait(20)
            assert saving.is_alive()
            holder.communicate("\n")
            saving.join(20)
        assert troubles == ["Saving waits"]
        assert store.report(uuid).text(FINDINGS) == "word0 word1"


# ---- F22 to F25 ----------------------------------------------------------------------------


def test_a_synchronised_folder_is_refused(tmp_path: Path) -> None:
    """F22."""
    with pytest.raises(Refused, match="synchronised"):
        ReportStore(tmp_path / "Dropbox" / "reports.db")


FAILING = """
import sys
from pathlib import Path
from failing_sync import fail_every_sync
from seat import item_for, order_for, segment
from workstation.domain.report import SectionCode
from workstation.errors import Unavailable
from workstation.reporting.store import ReportStore
store = ReportStore(Path(sys.argv[1]))
uuid = store.open_draft(item_for(order_for())).report_uuid
store.append_segment(uuid, SectionCode.FINDINGS, segment(1))
fail_every_sync()
for number in (2, 3):
    try:
        store.append_segment(uuid, SectionCode.FINDINGS, segment(number))
        print("acknowledged", number)
    except Unavailable as error:
        print(error.title)
print(uuid)
"""


def test_when_the_disk_fails_to_sync_nothing_more_is_acknowledged(tmp_path: Path) -> None:
    """F23, F24: EIO from the kernel on every fsync. A store that did not sync would acknowledge here."""
    path = tmp_path / "reports.db"
    paths = f"{REPOSITORY}:{REPOSITORY / 'tests' / 'support'}"
    done = subprocess.run(
        [sys.executable, "-c", FAILING, str(path)], check=True, capture_output=True, text=True, env={"PYTHONPATH": paths}
    )
    *said, uuid = done.stdout.split("\n")[:-1]
    assert said == ["Not saved: the disk has failed"] * 2
    with closing(ReportStore(path)) as store:
        assert store.report(uuid).text(FINDINGS) == "word1"


def test_a_disk_gone_read_only_is_said_and_the_store_opens_when_it_is_back(small_disk: Path) -> None:
    """F23: EROFS, by a real remount."""
    path = small_disk / "reports.db"
    with closing(ReportStore(path)) as store:
        uuid = filled(store, 1)
    make_read_only(small_disk)
    with pytest.raises(Unavailable, match="cannot be opened"):
        ReportStore(path)
    make_read_only(small_disk, read_only=False)
    with closing(ReportStore(path)) as store:
        assert store.append_segment(uuid, FINDINGS, segment(1)).text(FINDINGS) == "word0 word1"


@pytest.mark.parametrize("level", ["OFF", "NORMAL", "FULL"])
def test_less_than_extra_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    """F24: whoever lowers it cannot open the store."""
    whole = database.open_database

    def lowered(path, migrations, journal_mode, synchronous, *rest):
        return whole(path, migrations, journal_mode, level, *rest)

    monkeypatch.setattr(database, "open_database", lowered)
    with pytest.raises(Refused, match="not safe"):
        ReportDatabase(tmp_path / "reports.db")


def test_a_day_later_a_new_copy_is_made_while_the_program_runs(tmp_path: Path, vault: Vault) -> None:
    """F19: three copies are kept, and the logs that belong to them."""
    with closing(ReportStore(tmp_path / "reports.db", vault=vault)) as store:
        uuid = filled(store, 1)
        for number in range(1, 6):
            store._database._copies._taken = time.time() - 25 * 3600
            store.append_segment(uuid, FINDINGS, segment(number))
        assert len(list(tmp_path.glob("reports.db.copy-*"))) == 3
        assert len(list(tmp_path.glob("reports.db.changes-*"))) == 3


def test_a_store_that_lost_saved_words_is_noticed_and_the_log_that_has_them_kept(tmp_path: Path, vault: Vault) -> None:
    """F24: the disk forgot commits that it had acknowledged, the log did not."""
    path = tmp_path / "reports.db"
    with closing(ReportStore(path, vault=vault)) as store:
        pass
    older = path.read_bytes()
    with closing(ReportStore(path, vault=vault)) as store:
        filled(store, 5)
    path.write_bytes(older)
    troubles = []
    with closing(ReportStore(path, vault=vault)) as store:
        store.listen(troubles.append)
    assert [trouble.title for trouble in troubles] == ["The report store is older than its log of changes"]
    assert list(tmp_path.glob("reports.db.unapplied-*"))


def test_without_its_log_a_store_made_again_does_not_say_that_nothing_is_missing(tmp_path: Path) -> None:
    """F19."""
    path = tmp_path / "reports.db"
    with closing(ReportStore(path)) as store:
        filled(store, 60)
    for log in tmp_path.glob("reports.db.changes-*"):
        log.unlink()
    spoil(path, start=0, length=16384)
    with closing(ReportStore(path)) as store:
        assert "may be missing" in store.notice
