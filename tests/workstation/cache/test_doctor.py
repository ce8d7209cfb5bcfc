"""The doctor: what is wrong with stored files is found, said and mended (F16, F17, F18), kills included (F04)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workstation.cache.cache import StudyCache
from workstation.cache.findings import Finding, Weight
from workstation.cache.quarantine import QuarantineKind

Series = Callable[..., list[Path]]


def look(cache: StudyCache, repair: bool = False) -> tuple[list[Finding], tuple[str, ...]]:
    found: list[Finding] = []
    lacking = cache.examine(found.append, repair)
    return found, lacking


def codes(found: list[Finding]) -> list[str]:
    return sorted(one.code for one in found if one.weight is Weight.WRONG)


def stored(cache: StudyCache, study: str = "1.2.3") -> list[Path]:
    return [Path(i.path) for i in cache.study(study).series[0].instances]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def delete(path: Path) -> None:
    path.unlink()


def test_a_sound_cache_is_found_sound(tmp_path: Path, reader: Any, series: Series) -> None:
    with StudyCache(tmp_path / "cache", reader) as cache:
        cache.add(series(tmp_path / "a", 3))
        found, lacking = look(cache, repair=True)
    assert ([one.code for one in found], lacking) == (["objects"], ())


@pytest.mark.parametrize(
    ("harm", "code"),
    [(flip, "object-damaged"), (truncate, "object-damaged"), (empty, "object-damaged"), (delete, "object-missing")],
)
def test_harm_is_found_said_and_mended_and_the_study_is_marked(
    tmp_path: Path, reader: Any, series: Series, harm: Callable[[Path], None], code: str
) -> None:
    """F16, F17: looking changes nothing; mending sets aside, marks, and says which study lacks images."""
    with StudyCache(tmp_path / "cache", reader) as cache:
        cache.add([*series(tmp_path / "a", 4), *series(tmp_path / "b", 2, study="1.2.4")])
        for path in stored(cache)[1:3]:
            harm(path)
        before = cache._index.contents()
        found, lacking = look(cache)
        assert (codes(found), lacking) == ([code, code], ("1.2.3",))
        assert cache._index.contents() == before
        look(cache, repair=True)
        assert [i.instance_number for i in cache.study("1.2.3").series[0].instances] == [1, 4]
        assert [doubt.code for doubt in cache.doubts_of("1.2.3")] == ["damaged-file"]
        assert cache.doubts_of("1.2.4") == ()
        found, lacking = look(cache)
        assert (codes(found), lacking) == ([], ())
        after = cache._index.contents()
        assert cache.rebuild() == 0
        assert cache._index.contents() == after


def test_two_files_that_changed_places_are_both_found(tmp_path: Path, reader: Any, series: Series) -> None:
    """F17, I6."""
    with StudyCache(tmp_path / "cache", reader) as cache:
        cache.add(series(tmp_path / "a", 3))
        first, second, _ = stored(cache)
        one, other = first.read_bytes(), second.read_bytes()
        first.write_bytes(other)
        second.write_bytes(one)
        assert codes(look(cache)[0]) == ["object-damaged"] * 2


def test_damage_that_was_made_good_is_forgotten(tmp_path: Path, reader: Any, series: Series) -> None:
    """F16: the same image came again, so its study need not be doubted any more."""
    with StudyCache(tmp_path / "cache", reader) as cache:
        files = series(tmp_path / "a", 4)
        cache.add(files)
        flip(stored(cache)[0])
        delete(stored(cache)[1])
        look(cache, repair=True)
        assert cache.settle() == 0
        assert cache.add(files).imported == 2
        assert cache.settle() == 2
        assert (cache.doubts_of("1.2.3"), cache.quarantined()) == ((), ())
        assert codes(look(cache)[0]) == []


def test_a_file_that_the_index_lost_is_found_and_indexed_again(tmp_path: Path, reader: Any, series: Series) -> None:
    with StudyCache(tmp_path / "cache", reader) as cache:
        cache.add(series(tmp_path / "a", 3))
        before = cache._index.contents()
        with cache._index.changing():
            cache._index._run("DELETE FROM instance WHERE sop_instance_uid = '1.2.3.1.2'")
        assert codes(look(cache)[0]) == ["object-unknown"]
        look(cache, repair=True)
        assert cache._index.contents() == before


def test_what_somebody_else_put_among_our_files_is_moved_out_not_deleted(tmp_path: Path, reader: Any, series: Series) -> None:
    root = tmp_path / "cache"
    with StudyCache(root, reader) as cache:
        cache.add(series(tmp_path / "a", 2))
        (root / "objects" / "notes.txt").write_text("mine")
        (root / "objects" / "zz").mkdir()
        (root / "objects" / "zz" / "x.dcm").write_text("also mine")
        assert codes(look(cache)[0]) == ["stray-file"]
        look(cache, repair=True)
        assert codes(look(cache)[0]) == []
        assert sorted(path.read_text() for path in (root / "astray").iterdir()) == ["also mine", "mine"]


def test_a_record_of_what_was_set_aside_comes_back_into_the_index(tmp_path: Path, reader: Any, series: Series) -> None:
    with StudyCache(tmp_path / "cache", reader) as cache:
        cache.add(series(tmp_path / "a", 2))
        cache.add(series(tmp_path / "b", 1, PatientID="OTHER"))
        with cache._index.changing():
            cache._index._run("DELETE FROM quarantine")
        assert codes(look(cache)[0]) == ["quarantine-unknown"]
        look(cache, repair=True)
        assert [file.kind for file in cache.quarantined()] == [QuarantineKind.OTHER_PATIENT]


IMPORT = """
import runpy, sys
from pathlib import Path
names = runpy.run_path(sys.argv[1])
from workstation.cache import intake
from workstation.cache.cache import StudyCache
intake.BATCH_FILES = 4
with StudyCache(Path(sys.argv[2]), names["PlainReader"]()) as cache:
    print("ready", flush=True)
    cache.add([Path(sys.argv[3])])
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_kill_at_any_moment_of_an_import_leaves_a_cache_that_needs_no_doctor(
    tmp_path: Path, reader: Any, series: Series, seed: int
) -> None:
    """F04: a real process, killed at a random moment; whole files only, and all come in the second time."""
    inbox, root = tmp_path / "inbox", tmp_path / "cache"
    series(inbox, 60)
    command = [sys.executable, "-c", IMPORT, str(Path(__file__).parent / "conftest.py"), str(root), str(inbox)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(random.Random(seed).uniform(0.0, 0.25))
        process.kill()
    with StudyCache(root, reader) as cache:
        assert codes(look(cache)[0]) == []
        held = sum(count for count, _ in cache.sizes().values())
        assert cache.add([inbox]).imported == 60 - held
        assert sum(count for count, _ in cache.sizes().values()) == 60
