"""The quota: what goes first, what never goes (I7), and a disk that is really full (F14, F26)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workstation.cache.cache import StudyCache
from workstation.cache.pins import LISTED, NOT_DELIVERED, OPEN, UNSENT, WANTED, pins
from workstation.cache.quota import AT_LEAST, GB, Quota, default_limit
from workstation.cache.usage import LastUsed
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey

Write = Callable[..., Path]
Series = Callable[..., list[Path]]


@dataclass
class Entry:
    key: str
    bytes: int
    study_uid: str
    used: float = 0.0
    series_uid: str = ""


@dataclass
class Shelf:
    """Decoded copies that lie in memory."""

    held: list[Entry] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(entry.bytes for entry in self.held)

    def entries(self) -> list[Entry]:
        return list(self.held)

    def remove(self, key: str) -> None:
        self.held = [entry for entry in self.held if entry.key != key]


@dataclass
class Stock:
    """Studies that lie in memory: bytes by UID."""

    held: dict[str, int] = field(default_factory=dict)

    def sizes(self) -> dict[str, tuple[int, int]]:
        return {uid: (1, size) for uid, size in self.held.items()}

    def remove(self, study_instance_uid: str) -> int:
        del self.held[study_instance_uid]
        return 1

    def alone(self) -> AbstractContextManager[object]:
        return nullcontext()


def quota_of(root: Path, stock: Any, limit: int, **more: Any) -> Quota:
    clock = more.pop("clock", iter(range(1, 10**9)).__next__)
    used = LastUsed(root / "last_used.json", lambda _: 0.0, clock)
    pinned = more.pop("pinned", dict)
    elsewhere = more.pop("elsewhere", lambda: set(stock.sizes()))
    return Quota(root, stock, used, pinned, elsewhere, limit=limit, **more)


def test_what_was_used_longest_ago_goes_first_and_only_as_much_as_needed(tmp_path: Path) -> None:
    stock = Stock({"1.1": 40, "1.2": 40, "1.3": 40})
    quota = quota_of(tmp_path, stock, limit=100)
    for uid in ("1.1", "1.2", "1.3", "1.1"):
        quota.used.touch([uid])
    eviction = quota.keep_within()
    assert (set(stock.held), eviction.studies, eviction.lacking) == ({"1.1", "1.3"}, 1, 0)


def test_decoded_copies_go_before_originals(tmp_path: Path) -> None:
    stock, shelf = Stock({"1.1": 60}), Shelf([Entry("old", 50, "1.1"), Entry("new", 50, "1.1")])
    eviction = quota_of(tmp_path, stock, limit=110, decoded=lambda: shelf).keep_within()
    assert (set(stock.held), [e.key for e in shelf.held], eviction.decoded) == ({"1.1"}, ["new"], 1)


def test_no_original_goes_for_a_decoded_copy(tmp_path: Path) -> None:
    """F14: what can be made again is only worth other such things, and none of what is to be read today."""
    shelf = Shelf([Entry("old", 50, "1.1"), Entry("today", 50, "1.2"), Entry("new", 50, "1.1")])
    quota = quota_of(tmp_path, Stock({"1.1": 60, "1.2": 60}), 1, decoded=lambda: shelf, pinned=lambda: {"1.2": "listed"})
    assert quota.make_room_for_decoded(40)
    assert [entry.key for entry in shelf.held] == ["today", "new"]
    assert not quota.make_room_for_decoded(70)
    assert [entry.key for entry in shelf.held] == ["today"]
    assert set(quota._studies.sizes()) == {"1.1", "1.2"}


def test_room_is_made_from_an_import_and_from_prefetching_at_once(tmp_path: Path, reader: Any, series: Series) -> None:
    """One holds the cache and wants room, the other makes room and wants the cache: neither waits for ever."""
    with StudyCache(tmp_path / "cache", reader) as cache:
        cache.add(series(tmp_path / "a", 3))
        asking, importing = threading.Event(), threading.Event()

        def elsewhere() -> set[str]:
            asking.set()
            importing.wait(0.5)
            return set(cache.sizes())

        quota = quota_of(tmp_path / "cache", cache, limit=1, elsewhere=elsewhere)
        prefetching = threading.Thread(target=quota.why_full, daemon=True)

        def make_room() -> None:
            with cache.alone():  # an import that finds the disk full
                prefetching.start()
                asking.wait(0.5)
                importing.set()
                quota.make_room(1)

        importer = threading.Thread(target=make_room, daemon=True)
        importer.start()
        importer.join(20)
        prefetching.join(20)
        assert not importer.is_alive()
        assert not prefetching.is_alive()


def test_a_study_that_no_archive_has_proved_to_hold_stays_and_the_words_say_why(tmp_path: Path) -> None:
    stock = Stock({"1.1": 60, "1.2": 60})
    quota = quota_of(tmp_path, stock, limit=10, elsewhere=lambda: {"1.2"})
    eviction = quota.keep_within()
    assert set(stock.held) == {"1.1"}
    assert eviction.lacking == 50
    assert "in no archive" in eviction.in_words()
    assert quota.why_full().startswith("The images take all they may")


def test_the_limit_is_a_share_of_the_disk_but_not_little_where_there_is_much() -> None:
    assert default_limit(0, 1000 * GB) == 600 * GB
    assert default_limit(10 * GB, 15 * GB) == AT_LEAST
    assert default_limit(1 * GB, 9 * GB) == 10 * GB


def test_a_lost_or_damaged_table_of_times_is_replaced_by_the_times_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "last_used.json").write_text("{not json", encoding="utf-8")
    used = LastUsed(tmp_path / "last_used.json", {"1.1": 7.0, "1.2": 3.0}.__getitem__)
    assert (used.of("1.1"), used.of("1.2")) == (7.0, 3.0)
    used.touch(["1.2"])
    used.close()
    again = LastUsed(tmp_path / "last_used.json", lambda _: 0.0)
    assert again.of("1.2") > 7.0
    assert "1.2" not in (tmp_path / "last_used.json").read_text(encoding="utf-8")


uids = st.sampled_from([f"1.{n}" for n in range(6)])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), uids, st.integers(1, 50)),
        st.tuples(st.just("open"), uids),
        st.tuples(st.just("pin"), uids),
        st.tuples(st.just("unpin"), uids),
        st.tuples(st.just("prove"), uids),
        st.tuples(st.just("evict"), st.integers(1, 200)),
        st.tuples(st.just("keep")),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_no_sequence_of_steps_removes_a_study_that_must_stay(tmp_path: Path, steps: list[tuple[Any, ...]]) -> None:
    """I7, and that what is removed is enough whenever enough could go."""
    stock, pinned, proven = Stock(), dict[str, str](), set[str]()
    quota = quota_of(tmp_path, stock, limit=60, pinned=lambda: pinned, elsewhere=lambda: proven)
    for what, *rest in steps:
        before = dict(stock.held)
        must_stay = {uid for uid in before if uid in pinned or uid not in proven}
        if what == "add":
            stock.held[rest[0]] = rest[1]
        elif what == "open":
            quota.used.touch(rest)
        elif what == "pin":
            pinned[rest[0]] = OPEN
        elif what == "unpin":
            pinned.pop(rest[0], None)
        elif what == "prove":
            proven.add(rest[0])
        else:
            wanted = rest[0] if rest else max(sum(before.values()) - 60, 0)
            could = sum(size for uid, size in before.items() if uid not in must_stay)
            lacking = not quota.make_room(wanted) if rest else quota.keep_within().lacking > 0
            assert must_stay <= set(stock.held)
            assert lacking == (could < wanted)


def item(uid: str, status: ReadStatus, ordered: bool) -> WorklistItem:
    patient = Patient(PatientKey("P1"))
    order = Order("o", "A1", patient, "CT") if ordered else None
    return WorklistItem("A1", uid, patient, "CT", "CT", Priority.ROUTINE, None, status, order=order)


def test_open_listed_undelivered_unsent_and_compared_studies_are_pinned_with_the_weightiest_reason() -> None:
    rows = [
        item("1.1", ReadStatus.UNREAD, True),
        item("1.2", ReadStatus.CONFIRMED, True),
        item("1.3", ReadStatus.SIGNED, False),
        item("1.4", ReadStatus.UNREAD, False),
        item("1.5", ReadStatus.DRAFT, True),
    ]
    found = pins(["1.5"], rows, wanted=["1.6", "1.1"], unsent=["1.7"])
    assert found == {"1.1": LISTED, "1.3": NOT_DELIVERED, "1.5": OPEN, "1.6": WANTED, "1.7": UNSENT}


# ---- a study leaves ------------------------------------------------------------------------------


def test_a_study_goes_whole_and_the_index_is_as_if_it_had_never_come(tmp_path: Path, reader: Any, series: Series) -> None:
    with StudyCache(tmp_path / "cache", reader) as cache:
        cache.add(series(tmp_path / "a", 3, study="1.5", PatientID="P9"))
        before = cache._index.contents()
        cache.add(series(tmp_path / "b", 4, study="1.6"))
        assert cache.remove("1.6") == 4
        assert cache._index.contents() == before
        assert len(list((tmp_path / "cache" / "objects").glob("*/*.dcm"))) == 3


KILLED_REMOVAL = """
import os, sys, runpy
from pathlib import Path
names = runpy.run_path(sys.argv[1])
from workstation.cache.cache import StudyCache
from workstation.cache.index import StudyIndex
from workstation.cache.store import ObjectStore
owner, where, after = {"index": StudyIndex, "store": ObjectStore}[sys.argv[3]], sys.argv[4], sys.argv[5] == "after"
whole = getattr(owner, where)
def killed(self, *args, **kwargs):
    if after:
        whole(self, *args, **kwargs)
    os.kill(os.getpid(), 9)
cache = StudyCache(Path(sys.argv[2]), names["PlainReader"]())
setattr(owner, where, killed)
cache.remove("1.6")
"""


@pytest.mark.parametrize(
    ("owner", "where", "when"),
    [
        ("store", "_noted", "before"),
        ("store", "_noted", "after"),
        ("index", "remove_study", "after"),
        ("store", "_take_back", "before"),
    ],
)
def test_a_kill_while_a_study_is_removed_leaves_it_whole_or_gone(
    tmp_path: Path, reader: Any, series: Series, owner: str, where: str, when: str
) -> None:
    """F04: index first, then files; what is left over goes at the next start."""
    root, support = tmp_path / "cache", Path(__file__).parent / "conftest.py"
    with StudyCache(root, reader) as cache:
        cache.add([*series(tmp_path / "a", 3, study="1.5"), *series(tmp_path / "b", 4, study="1.6")])
    command = [sys.executable, "-c", KILLED_REMOVAL, str(support), str(root), owner, where, when]
    assert subprocess.run(command, check=False, cwd=Path(__file__).parents[3]).returncode == -9
    with StudyCache(root, reader) as cache:
        files = len(list((root / "objects").glob("*/*.dcm")))
        assert files == len(cache._index.files())
        assert files in (3, 7)
        assert (files == 3) == (where == "_take_back")


# ---- a disk that is full -------------------------------------------------------------------------


def filling(write: Write, folder: Path, study: str, megabytes: int) -> list[Path]:
    """One file for each megabyte."""
    noise = os.urandom(1 << 20)
    return [
        write(
            folder / f"{n:04}.dcm", StudyInstanceUID=study, SeriesInstanceUID=f"{study}.1", SOPInstanceUID=f"{study}.1.{n}",
            InstanceNumber=n, Rows=1024, Columns=1024, PixelData=noise,
        )
        for n in range(1, megabytes + 1)
    ]  # fmt: skip


@pytest.mark.parametrize("small_disk", ["size=24m"], indirect=True)
def test_a_full_disk_gets_room_by_what_is_proven_elsewhere_and_the_import_goes_on(
    small_disk: Path, tmp_path: Path, reader: Any, write: Write
) -> None:
    """F14: the batch is tried again, and all of it is here."""
    with StudyCache(small_disk / "cache", reader) as cache:
        cache.add(filling(write, tmp_path / "old", "1.5", 8))
        quota = quota_of(small_disk, cache, limit=10 * GB, elsewhere=lambda: {"1.5"})
        cache.make_room = quota.make_room
        result = cache.add(filling(write, tmp_path / "new", "1.6", 16))
        assert (result.stopped, result.imported, result.refused) == (None, 16, ())
        assert set(cache.sizes()) == {"1.6"}
        assert cache.rebuild() == 0


@pytest.mark.parametrize("small_disk", ["size=24m"], indirect=True)
def test_a_full_disk_without_anything_to_remove_stops_in_words_and_keeps_what_it_has(
    small_disk: Path, tmp_path: Path, reader: Any, write: Write
) -> None:
    """F14: nothing that is nowhere else goes; the reason says what to do."""
    with StudyCache(small_disk / "cache", reader) as cache:
        cache.add(filling(write, tmp_path / "old", "1.5", 8))
        quota = quota_of(small_disk, cache, limit=10 * GB, elsewhere=set)
        cache.make_room = quota.make_room
        result = cache.add(filling(write, tmp_path / "new", "1.6", 24))
        assert str(result.stopped) == "The disk is full. No more images can be kept. Free space on the disk"
        assert cache.sizes()["1.5"][0] == 8
        assert cache.sizes().get("1.6", (0, 0))[0] == result.imported < 24
        known = {file.sha256 for file in cache._index.files()}
        assert {p.parent.name + p.stem for p in (small_disk / "cache" / "objects").glob("*/*.dcm")} == known


@pytest.mark.parametrize("small_disk", ["size=24m,nr_inodes=700"], indirect=True)
def test_a_disk_that_can_hold_no_more_files_says_so(small_disk: Path, tmp_path: Path, reader: Any, series: Series) -> None:
    """F26: bytes are free, inodes are not."""
    with StudyCache(small_disk / "cache", reader) as cache:
        for n in range(600):
            try:
                (small_disk / f"filler{n}").touch()
            except OSError:
                break
        result = cache.add(series(tmp_path / "new", 80))
        assert str(result.stopped) == "The disk is full. It can hold no more files (no free inodes). Free space on the disk"


def test_many_files_are_spread_over_folders(tmp_path: Path, reader: Any, series: Series) -> None:
    """F26: two hexadecimal digits make 256 folders."""
    with StudyCache(tmp_path / "cache", reader) as cache:
        cache.add(series(tmp_path / "a", 60))
    shards = [len(list(shard.iterdir())) for shard in (tmp_path / "cache" / "objects").iterdir()]
    assert len(shards) > 30
    assert max(shards) < 8


def test_the_moment_of_a_touch_is_now(tmp_path: Path) -> None:
    used = LastUsed(tmp_path / "last_used.json", lambda _: 0.0)
    used.touch(["1.1"])
    assert abs(used.of("1.1") - datetime.now(UTC).timestamp()) < 60
