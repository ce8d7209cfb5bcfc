"""The index: the same from the files alone, and safe through kills, damage and other versions."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workstation.cache.cache import StudyCache
from workstation.cache.gathering import Gathering
from workstation.cache.quarantine import QuarantineKind
from workstation.cache.reading import read_studies, studies_in
from workstation.cache.schema import TABLES
from workstation.errors import Refused

Write = Callable[..., Path]
Series = Callable[..., list[Path]]


@pytest.fixture
def mixed(tmp_path: Path, write: Write, series: Series) -> Path:
    """Two patients, three studies, late objects, a second version, a stranger, a lethal file."""
    inbox = tmp_path / "inbox"
    series(inbox / "a", 5, IssuerOfPatientID="HERE", SeriesDescription="Lung")
    series(inbox / "b", 2, study="1.2.4", StudyDate="20200101")
    series(inbox / "c", 2, study="1.2.5", PatientID="P2", PatientName="Åse^Östergård")
    sr = {"SeriesInstanceUID": "1.2.3.9", "Modality": "SR", "Rows": None}
    write(inbox / "d" / "1.dcm", SOPInstanceUID="1.2.3.9.1", StudyDescription="Derived", **sr)
    write(inbox / "d" / "2.dcm", SOPInstanceUID="1.2.3.1.2", InstanceNumber=2, PixelData=b"\4\3\2\1")
    write(inbox / "d" / "3.dcm", SOPInstanceUID="1.2.3.1.77", PatientID="P2")
    write(inbox / "d" / "4.dcm", SOPInstanceUID="1.2.9.1.1", StudyDescription="kills its reader")
    return inbox


def contents(cache: StudyCache) -> dict[str, list[dict[str, Any]]]:
    return cache._index.contents()


def test_two_threads_that_learn_of_lethal_files_at_once_forget_none(tmp_path: Path, reader: Any) -> None:
    """F06: a file that ended a decoder is given to none again; series load in two threads, a third decodes ahead."""
    with StudyCache(tmp_path / "cache", reader) as cache:
        asking, go_on, ask = threading.Event(), threading.Event(), cache._index.quarantined

        def slow(*of: str) -> Any:
            found = ask(*of)
            if not asking.is_set():
                asking.set()
                go_on.wait(60.0)
            return found

        cache._index.quarantined = slow  # type: ignore[method-assign]
        first = threading.Thread(target=cache.is_lethal, args=("a" * 64,))
        first.start()
        assert asking.wait(60.0)
        second = threading.Thread(target=cache.note_lethal, args=("b" * 64,))
        second.start()
        second.join(0.2)
        go_on.set()
        first.join(60.0)
        second.join(60.0)
        assert cache.is_lethal("b" * 64)


def test_the_index_made_again_from_the_files_is_the_same(tmp_path: Path, reader: Any, mixed: Path) -> None:
    with StudyCache(tmp_path / "cache", reader) as cache:
        result = cache.add([mixed])
        assert (result.imported, result.quarantined) == (10, 3)
        before = contents(cache)
        assert cache.rebuild() == 0
        assert contents(cache) == before


def test_a_deleted_index_is_made_again_and_said_so(tmp_path: Path, reader: Any, mixed: Path) -> None:
    root = tmp_path / "cache"
    with StudyCache(root, reader) as cache:
        cache.add([mixed])
        before = contents(cache)
    for path in root.glob("index.db*"):
        path.unlink()
    with StudyCache(root, reader) as cache:
        assert cache.notices == ("The study index was made again from the images",)
        assert contents(cache) == before


def test_a_damaged_index_is_put_aside_and_made_again(tmp_path: Path, reader: Any, mixed: Path) -> None:
    root = tmp_path / "cache"
    with StudyCache(root, reader) as cache:
        cache.add([mixed])
        before = contents(cache)
    data = bytearray((root / "index.db").read_bytes())
    data[200:9000] = b"\xa5" * 8800
    (root / "index.db").write_bytes(data)
    with StudyCache(root, reader) as cache:
        assert cache.notices == ("The study index was damaged and put aside", "The study index was made again from the images")
        assert contents(cache) == before
    assert (root / "index.db.damaged-1").read_bytes() == data


def test_a_rebuild_that_was_killed_is_done_again_at_the_next_start(tmp_path: Path, reader: Any, mixed: Path) -> None:
    root = tmp_path / "cache"
    with StudyCache(root, reader) as cache:
        cache.add([mixed])
        before = contents(cache)
        answer = reader._answer

        def killed(path: Path) -> object:
            if len(reader.parsed) > 16:
                raise KeyboardInterrupt
            return answer(path)

        reader._answer = killed
        with pytest.raises(KeyboardInterrupt):
            cache.rebuild()
        assert contents(cache) == before
    (root / "index.db").unlink()
    with pytest.raises(KeyboardInterrupt):
        StudyCache(root, reader)
    reader._answer = answer
    with StudyCache(root, reader) as cache:
        assert contents(cache) == before


def test_a_bit_flip_or_a_swap_in_the_cache_is_found_and_set_aside(tmp_path: Path, reader: Any, series: Series) -> None:
    root = tmp_path / "cache"
    with StudyCache(root, reader) as cache:
        cache.add(series(tmp_path / "inbox", 4))
        paths = [Path(i.path) for i in cache.study("1.2.3").series[0].instances]
        paths[0].write_bytes(paths[0].read_bytes()[:-1] + b"\xff")
        paths[1].write_bytes(paths[2].read_bytes())
        paths[3].write_bytes(paths[3].read_bytes()[:150])
        assert cache.rebuild() == 3
        assert [i.instance_number for i in cache.study("1.2.3").series[0].instances] == [3]
        assert {file.kind for file in cache.quarantined()} == {QuarantineKind.DAMAGED}
        assert [doubt.code for doubt in cache.doubts_of("1.2.3")] == ["damaged-file"]
        before = contents(cache)
        cache.rebuild()
        assert contents(cache) == before


def test_an_index_of_a_newer_version_is_refused_and_not_touched(tmp_path: Path, reader: Any) -> None:
    root = tmp_path / "cache"
    StudyCache(root, reader).close()
    with closing(sqlite3.connect(root / "index.db")) as newer:
        newer.execute("PRAGMA journal_mode = DELETE")
        newer.execute("PRAGMA user_version = 99")
        newer.commit()
    before = (root / "index.db").read_bytes()
    with pytest.raises(Refused, match="newer version"):
        StudyCache(root, reader)
    assert (root / "index.db").read_bytes() == before
    assert [path for path in (root / "incoming").rglob("*") if path.is_file()] == []


def test_every_table_is_strict(tmp_path: Path, reader: Any) -> None:
    with StudyCache(tmp_path / "cache", reader), closing(sqlite3.connect(tmp_path / "cache" / "index.db")) as db:
        strict = dict(db.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'"))
    assert strict == dict.fromkeys([*TABLES, "state", "change_log", "change_epoch"], 1)


def test_many_threads_may_ask_while_one_adds(tmp_path: Path, reader: Any, series: Series) -> None:
    paths = [p for n in range(4) for p in series(tmp_path / f"in{n}", 10, study=f"1.{n + 5}")]
    failures: list[BaseException] = []
    with StudyCache(tmp_path / "cache", reader) as cache:
        done = threading.Event()

        def ask() -> None:
            try:
                while not done.is_set():
                    for study in cache.studies():
                        assert cache.study(study.study_instance_uid).image_count == 10
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for start in range(0, 40, 10):
            cache.add(paths[start : start + 10])
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []


KILLED_IMPORT = """
import os, sys, runpy
from pathlib import Path
names = runpy.run_path(sys.argv[1])
from workstation.cache import intake
from workstation.cache.cache import StudyCache
from workstation.cache.store import ObjectStore
intake.BATCH_FILES = 5
left, where = int(sys.argv[4]), sys.argv[5]
whole = getattr(ObjectStore, where)
def killed(self, *args, **kwargs):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), 9)
    return whole(self, *args, **kwargs)
setattr(ObjectStore, where, killed)
StudyCache(Path(sys.argv[2]), names["PlainReader"]()).add([Path(sys.argv[3])])
"""


@pytest.mark.parametrize(
    ("calls", "where"), [(3, "stage"), (2, "sync"), (8, "keep"), (2, "sync_folders"), (2, "renaming"), (12, "keep")]
)
def test_a_kill_in_the_middle_of_an_import_leaves_only_whole_batches(
    tmp_path: Path, reader: Any, series: Series, calls: int, where: str
) -> None:
    inbox, root = tmp_path / "inbox", tmp_path / "cache"
    series(inbox, 17)
    support = Path(__file__).parent / "conftest.py"
    command = [sys.executable, "-c", KILLED_IMPORT, str(support), str(root), str(inbox), str(calls), where]
    assert subprocess.run(command, check=False, cwd=Path(__file__).parents[3]).returncode == -signal.SIGKILL
    with StudyCache(root, reader) as cache:
        known = sorted(row["sha256"] for row in contents(cache)["instance"])
        kept = sorted(path.parent.name + path.stem for path in (root / "objects").glob("*/*"))
        assert known == kept
        assert len(known) % 5 == 0
        assert [p.name for p in (root / "incoming").rglob("*") if p.is_file()] == ["held"]
        before = contents(cache)
        assert cache.rebuild() == 0
        assert contents(cache) == before
        assert cache.add([inbox]).imported == 17 - len(known)


# ---- read in place -----------------------------------------------------------------------------


def test_reading_in_place_gives_the_same_studies_as_importing(tmp_path: Path, reader: Any, mixed: Path) -> None:
    read = read_studies([mixed], reader)
    with StudyCache(tmp_path / "cache", reader) as cache:
        result = cache.add([mixed])
        for study in read.studies:
            kept = cache.study(study.study_instance_uid)
            assert (kept.patient, kept.study_description, kept.study_date) == (
                study.patient,
                study.study_description,
                study.study_date,
            )
            assert [s.series_description for s in kept.series] == [s.series_description for s in study.series]
            assert [[i.sha256 for i in s.instances] for s in kept.series] == [
                [i.sha256 for i in s.instances] for s in study.series
            ]
    assert (
        {Path(file).name for file, _ in read.refused}
        == {Path(file).name for file, _ in result.refused}
        == {"2.dcm", "3.dcm", "4.dcm"}
    )
    assert all(Path(i.path).is_relative_to(mixed) for study in read.studies for s in study.series for i in s.instances)


def test_what_comes_out_of_an_archive_is_gone_afterwards(tmp_path: Path, reader: Any, series: Series) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        for path in series(tmp_path / "inbox", 3):
            archive.write(path, path.name)
            archive.write(path, f"copy/{path.name}")
    with studies_in([tmp_path / "one.zip"], reader) as read:
        paths = [Path(i.path) for i in read.studies[0].series[0].instances]
        assert all(path.is_file() for path in paths)
        assert [reason for _, reason in read.refused] == ["A copy of a file that was already read"] * 3
    assert not any(path.exists() for path in paths)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_order_in_which_files_come_does_not_matter(
    tmp_path: Path, reader: Any, series: Series, write: Write, data: st.DataObject
) -> None:
    inbox = tmp_path / "inbox"
    paths = series(inbox, 3, StudyDescription="CT chest", IssuerOfPatientID="HERE")
    paths.append(write(inbox / "sr", Modality="SR", Rows=None, SOPInstanceUID="1.2.8", SeriesInstanceUID="1.2.3.9"))
    paths.append(write(inbox / "scout", SOPInstanceUID="1.2.7", InstanceNumber=-1, SeriesDescription="Scout"))
    order = data.draw(st.permutations(paths))
    expected, gathered = Gathering(), Gathering()
    for path, parsed in reader.parse_many(sorted(paths)):
        expected.add(parsed)
        assert path.is_file()
    for _, parsed in reader.parse_many(order):
        gathered.add(parsed)
    assert gathered.studies() == expected.studies()
    with StudyCache(tmp_path / f"cache-{len(list(tmp_path.iterdir()))}", reader) as cache:
        cache.add(order[:2])
        cache.add(order[2:])
        before = contents(cache)
        cache.rebuild()
        assert contents(cache) == before


def test_an_older_index_gets_its_counts_without_being_made_again(tmp_path: Path, reader: Any, mixed: Path) -> None:
    """Counting goes past no image's header: at a thousand studies the worklist would wait for it."""
    with StudyCache(tmp_path / "cache", reader) as cache:
        cache.add([mixed])
        counts, sizes, contents = cache.image_counts(), cache.sizes(), cache._index.contents()
        later = "name IN ('instance_counts', 'study_accession', 'change_log', 'change_epoch') OR type = 'trigger'"
        for row in cache._index._all(f"SELECT type, name FROM sqlite_master WHERE {later} ORDER BY type = 'table'"):
            cache._index._run(f"DROP {row['type']} {row['name']}")
        cache._index._run("PRAGMA user_version = 1")
    with StudyCache(tmp_path / "cache", reader) as cache:
        assert cache.notices == ()
        assert (cache.image_counts(), cache.sizes(), cache._index.contents()) == (counts, sizes, contents)
        assert sum(counts.values()) > 0
        for question in (
            "sum(number_of_frames) FROM instance WHERE rows > 0 AND columns > 0",
            "count(*), sum(size) FROM instance",
        ):
            plan = cache._index._all(f"EXPLAIN QUERY PLAN SELECT study_instance_uid, {question} GROUP BY study_instance_uid")
            assert "COVERING INDEX instance_counts" in str(plan)
        cache.rebuild()
        assert (cache.image_counts(), cache.sizes()) == (counts, sizes)
