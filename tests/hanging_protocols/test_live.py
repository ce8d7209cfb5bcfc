"""Protocols in folders while the program runs: saved, kept, taken back; shares that are gone or do not answer."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread, active_count

import pytest
from hanging_studies import ct, mr, study
from small_disk import fill, make_read_only

from hanging_protocols import library, library_files, schema
from hanging_protocols.live import LibraryHanger, folders_of, slug
from hanging_protocols.model import HangingProtocol, Level
from workstation.domain.hanging import NOTHING_KNOWN
from workstation.errors import Refused, Unavailable, WorkstationError
from workstation.presets import load_presets

CHEST = study("1", ct("1.1"), description="CT chest")
BRAIN = study("2", mr("2.1", "T2"), description="MR brain")


class Seat:
    def __init__(self, home: Path, *shared: Level, user: Path | None = None) -> None:
        self.home, self.told = home, list[WorkstationError]()
        self.folders = {level: home / level.name.lower() for level in shared}
        for folder in self.folders.values():
            folder.mkdir(exist_ok=True)
        self.folders[Level.USER] = user or home / "mine"
        self.hanger = self.open()

    def open(self) -> LibraryHanger:
        return LibraryHanger(self.folders, load_presets(), self.told.append, self.home / "copies", self.home / "chosen.json")

    def put(self, level: Level, name: str, text: str) -> Path:
        path = self.folders[level] / name
        path.write_text(text, encoding="utf-8")
        return path


def a_protocol(title: str = "Mine", protocol_id: str = "mine") -> HangingProtocol:
    built_in = next(one for one in library.load() if one.protocol_id == "ct")
    rules = tuple(replace(rule, weight=500.0) for rule in built_in.rules)
    return replace(built_in, protocol_id=protocol_id, title=title, rules=rules, level=Level.USER, source="")


def a_file(title: str, protocol_id: str = "ours") -> str:
    from hanging_protocols.write import write

    return write(a_protocol(title, protocol_id))


# ---- saving ----------------------------------------------------------------------------


def test_what_is_saved_is_in_force_at_once_and_after_a_restart(tmp_path: Path) -> None:
    seat = Seat(tmp_path)
    assert seat.hanger.hang(CHEST, ()).protocol == "ct-chest"
    done = seat.hanger.save(a_protocol(), Level.USER, "As I read it.")
    assert done.path.name == "mine.toml"
    assert done.path.read_text(encoding="utf-8").startswith("# As I read it.\nid = ")
    assert seat.hanger.hang(CHEST, ()).protocol == "mine"
    assert seat.open().hang(CHEST, ()).protocol == "mine"
    assert seat.told == []


def test_no_file_is_overwritten_without_its_earlier_version_kept_the_last_ten_of_them(tmp_path: Path) -> None:
    seat = Seat(tmp_path)
    for number in range(14):
        done = seat.hanger.save(a_protocol(f"Mine {number}"), Level.USER)
    kept = [schema.parse(path.read_text(encoding="utf-8"), path.name).title for path in library_files.earlier(done.path)]
    assert kept == [f"Mine {number}" for number in range(12, 2, -1)]
    assert len(kept) == library_files.KEPT
    seat.hanger.save(a_protocol("Mine 13"), Level.USER)
    assert len(library_files.earlier(done.path)) == library_files.KEPT, "the same again is no version"
    assert [p.title for p in seat.open().protocols if p.protocol_id == "mine"] == ["Mine 13"], "versions are not protocols"


def test_taking_back_restores_what_was_there_or_that_nothing_was(tmp_path: Path) -> None:
    seat = Seat(tmp_path)
    first = seat.hanger.save(a_protocol("First"), Level.USER)
    second = seat.hanger.save(a_protocol("Second"), Level.USER)
    seat.hanger.take_back(second)
    assert first.path.read_bytes() == first.after
    seat.hanger.take_back(first)
    assert not first.path.exists()
    assert seat.hanger.hang(CHEST, ()).protocol == "ct-chest"
    gone = seat.hanger.save(a_protocol("Third"), Level.USER)
    removed = seat.hanger.remove("mine", Level.USER)
    assert seat.hanger.library.get("mine") is None
    seat.hanger.take_back(removed)
    assert gone.path.read_bytes() == gone.after


def test_a_protocol_is_saved_over_its_own_file_whatever_its_name_and_never_over_anothers(tmp_path: Path) -> None:
    seat = Seat(tmp_path)
    seat.folders[Level.USER].mkdir()
    own = seat.put(Level.USER, "from_a_colleague.toml", a_file("Old", "mine"))
    bad = seat.put(Level.USER, "other.toml", "id = 1")
    seat.hanger.reload()
    assert seat.hanger.save(a_protocol("New"), Level.USER).path == own
    assert seat.hanger.save(a_protocol("Other", "other"), Level.USER).path.name == "other_2.toml"
    assert bad.read_text() == "id = 1"


def test_a_protocol_that_cannot_be_read_back_is_refused_by_key_and_not_written(tmp_path: Path) -> None:
    seat = Seat(tmp_path)
    with pytest.raises(Refused, match="stages: is missing"):
        seat.hanger.save(replace(a_protocol(), stages=()), Level.USER)
    assert list(seat.folders[Level.USER].iterdir()) == []


def test_a_full_or_read_only_disk_leaves_everything_as_it_was(small_disk: Path) -> None:
    """The disk is really full, then really read-only."""
    seat = Seat(small_disk.parent, user=small_disk)
    done = seat.hanger.save(a_protocol("Good"), Level.USER)
    big = replace(a_protocol("Big"), description="x" * 900)
    filler = fill(small_disk)
    with pytest.raises(Unavailable, match="No space left on device"):
        seat.hanger.save(big, Level.USER)
    assert done.path.read_bytes() == done.after
    filler.unlink()
    make_read_only(small_disk)
    try:
        assert library_files.why_not_writable(small_disk) == "Read-only file system"
        with pytest.raises(Unavailable, match="Read-only file system"):
            seat.hanger.save(big, Level.USER)
        with pytest.raises(Unavailable, match="Read-only file system"):
            seat.hanger.remove("mine", Level.USER)
    finally:
        make_read_only(small_disk, False)
    assert [p.name for p in small_disk.iterdir() if p.suffix != ".toml" and p.name != "earlier"] == []
    assert seat.open().library.get("mine") == replace(a_protocol("Good"), source="mine.toml")


# ---- shared folders --------------------------------------------------------------------


def test_levels_lie_above_each_other_and_what_lies_beneath_comes_back(tmp_path: Path) -> None:
    seat = Seat(tmp_path, Level.SITE, Level.GROUP)
    seat.put(Level.SITE, "a.toml", a_file("The site's"))
    seat.put(Level.GROUP, "b.toml", a_file("The group's"))
    seat.hanger.reload()
    assert seat.hanger.hang(CHEST, ()).title == "The group's"
    seat.hanger.save(a_protocol("Mine", "ours"), Level.USER)
    assert seat.hanger.hang(CHEST, ()).title == "Mine"
    beneath = seat.hanger.library.beneath("ours", Level.USER)
    assert beneath is not None
    assert beneath.title == "The group's"
    seat.hanger.remove("ours", Level.USER)
    assert seat.hanger.hang(CHEST, ()).title == "The group's"


def test_a_changed_site_file_is_taken_in_at_the_next_case_not_within_one(tmp_path: Path) -> None:
    seat = Seat(tmp_path, Level.SITE)
    assert seat.hanger.hang(CHEST, ()).title == "CT chest"
    seat.put(Level.SITE, "a.toml", a_file("The site's"))
    assert seat.hanger.hang(CHEST, (), 1).title == "CT chest", "the open case stays as it hangs"
    seat.hanger.hang(BRAIN, ())
    assert seat.hanger.hang(CHEST, ()).title == "The site's"


def test_a_bad_file_is_told_once_and_again_when_it_is_bad_in_another_way(tmp_path: Path) -> None:
    seat = Seat(tmp_path, Level.SITE)
    seat.put(Level.SITE, "a.toml", 'id = "a"')
    seat.hanger.reload()
    seat.hanger.reload()
    assert len(seat.told) == 1
    assert "a.toml" in str(seat.told[0])
    assert "title: is missing" in str(seat.told[0])
    seat.put(Level.SITE, "a.toml", 'id = "A"')
    seat.hanger.reload()
    assert "small letters" in str(seat.told[-1])
    assert [path.name for path in seat.hanger.library.refused_paths] == ["a.toml"]


def test_of_a_share_that_is_gone_the_last_good_copy_is_used_and_that_is_said(tmp_path: Path) -> None:
    seat = Seat(tmp_path, Level.SITE)
    seat.put(Level.SITE, "a.toml", a_file("The site's"))
    seat.put(Level.SITE, "bad.toml", "id = 1")
    seat.hanger.reload()
    shutil.move(tmp_path / "site", tmp_path / "unmounted")
    seat.told.clear()
    again = seat.open()
    assert again.hang(CHEST, ()).title == "The site's"
    assert [str(error) for error in seat.told] == [
        "The site's hanging protocols cannot be reached: the last good copy of them is used"
    ]
    assert [p.name for p in (tmp_path / "copies" / "site").iterdir()] == ["a.toml"], "only good files are copied"
    shutil.move(tmp_path / "unmounted", tmp_path / "site")
    (tmp_path / "site" / "a.toml").unlink()
    seat.told.clear()
    again.hang(BRAIN, ())
    assert again.library.get("ours") is None, "what the site took away is gone when the site is there again"
    assert not any("cannot be reached" in str(error) for error in seat.told)


def test_a_place_where_nothing_is_mounted_does_not_wipe_out_the_copy(tmp_path: Path) -> None:
    seat = Seat(tmp_path, Level.SITE)
    file = seat.put(Level.SITE, "a.toml", a_file("The site's"))
    seat.hanger.reload()
    file.unlink()
    again = seat.open()
    assert again.hang(CHEST, ()).title == "The site's"
    assert "the last good copy" in str(seat.told[-1])
    shutil.rmtree(tmp_path / "site")
    assert [place.why_not for place in again.places() if place.level is Level.SITE] == ["No such file or directory"]
    with pytest.raises(Unavailable, match="No such file or directory"):
        again.save(a_protocol(), Level.SITE)
    assert not (tmp_path / "site").exists(), "nothing is written where the share was"


def test_a_share_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that blocks whoever reads it: as a dead mount does."""
    seat = Seat(tmp_path, Level.SITE)
    seat.put(Level.SITE, "a.toml", a_file("The site's"))
    seat.hanger.reload()
    answers, reads = Event(), library._bytes

    def dead(path: Path) -> bytes | OSError:
        if path.parent == tmp_path / "site":
            answers.wait(60.0)
        return reads(path)

    monkeypatch.setattr(library, "_bytes", dead)
    monkeypatch.setattr(library_files, "PATIENCE_SECONDS", 0.2)
    before = active_count()
    try:
        again = seat.open()
        assert again.hang(CHEST, ()).title == "The site's"
        assert "cannot be reached" in str(seat.told[-1])
        for number in range(5):
            again.save(a_protocol(f"Mine {number}"), Level.USER)
            assert again.library.get("ours") is not None
        assert active_count() <= before + 1, "one question hangs, and no other is asked meanwhile"
    finally:
        answers.set()


def test_two_cases_opened_at_once_may_both_ask_the_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two openings overlap while the reader steps fast (F63): the one that comes while the other begins to ask asks nothing."""
    begun, go_on, late, problems = Event(), Event(), Event(), list[Exception]()

    class Slow(Thread):
        def start(self) -> None:
            waits_for = late if begun.is_set() else go_on
            begun.set()
            waits_for.wait(60.0)
            super().start()

    asking = library_files.Asking(60.0)
    answers = list[str]()

    def ask() -> None:
        try:
            answers.append(asking(lambda: "found", "otherwise"))
        except Exception as error:
            problems.append(error)

    monkeypatch.setattr(library_files, "Thread", Slow)
    first, second = Thread(target=ask), Thread(target=ask)
    first.start()
    assert begun.wait(60.0)
    second.start()
    second.join(0.2)
    go_on.set()
    first.join(60.0)
    late.set()
    second.join(60.0)
    assert not problems
    assert answers.count("found") >= 1
    assert len(answers) == 2


def test_of_two_cases_opened_at_once_one_reads_the_changed_folder_and_nobody_hears_that_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = Seat(tmp_path, Level.SITE)
    hanger = seat.open()
    seat.put(Level.SITE, "a.toml", a_file("The site's"))
    reading, go_on, reads = Event(), Event(), library._bytes

    def slow(path: Path) -> bytes | OSError:
        if path.parent == tmp_path / "site":
            reading.set()
            go_on.wait(60.0)
        return reads(path)

    monkeypatch.setattr(library, "_bytes", slow)
    first = Thread(target=hanger.hang, args=(CHEST, ()))
    first.start()
    assert reading.wait(60.0)
    seat.put(Level.SITE, "b.toml", a_file("The site's second", "ours-too"))
    second = Thread(target=hanger.hang, args=(BRAIN, ()))
    second.start()
    second.join(0.5)
    go_on.set()
    first.join(60.0)
    second.join(60.0)
    assert hanger.hang(CHEST, ()).title == "The site's"
    assert [str(error) for error in seat.told] == []


# ---- a protocol for a kind of study ----------------------------------------------------


def test_a_chosen_protocol_hangs_every_study_of_the_kind_until_it_is_taken_back(tmp_path: Path) -> None:
    seat = Seat(tmp_path)
    assert seat.hanger.choose_for(CHEST, "ct") == "CT chest"
    other = study("9", ct("9.1"), description="DT thorax")
    for hanger in (seat.hanger, seat.open()):
        assert hanger.hang(other, ()).protocol == "ct"
        assert hanger.hang(other, ()).reasons[0] == "Chosen by you for CT chest"
        assert hanger.hang(BRAIN, ()).protocol == "mr-brain"
        assert hanger.ranked(other, (), NOTHING_KNOWN)[0].protocol.protocol_id == "ct"
    assert "1" not in (tmp_path / "chosen.json").read_text(encoding="utf-8"), "nothing of a patient or study is kept"
    seat.hanger.choose_for(CHEST, "")
    assert seat.hanger.hang(other, ()).protocol == "ct-chest"


def test_a_chosen_protocol_that_is_gone_or_cannot_be_filled_stands_in_nobodys_way(tmp_path: Path) -> None:
    seat = Seat(tmp_path)
    seat.hanger.choose_for(CHEST, "mammography")
    assert seat.hanger.hang(CHEST, ()).protocol == "ct-chest"
    seat.hanger.choose_for(CHEST, "no-such")
    assert seat.hanger.hang(CHEST, ()).protocol == "ct-chest"
    (tmp_path / "chosen.json").write_text("[1, {")
    assert seat.open().hang(CHEST, ()).protocol == "ct-chest"


def test_folders_are_those_that_the_settings_name(tmp_path: Path) -> None:
    assert folders_of(tmp_path, "", "") == {Level.USER: tmp_path / "hanging_protocols"}
    assert set(folders_of(tmp_path, "/a/site", "/a/group")) == {Level.USER, Level.GROUP, Level.SITE}


@pytest.mark.parametrize(("title", "made"), [("CT chest: Lung!", "ct-chest-lung"), ("Æøå", "protocol"), ("--A--", "a")])
def test_ids_are_made_of_titles(title: str, made: str) -> None:
    assert slug(title) == made
