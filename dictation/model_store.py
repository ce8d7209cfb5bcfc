"""The reader's own speech models: imported from a zip, wheel or folder, checked, removed. Never the network.

A model is on probation in a hidden folder beside the others until it has recognised a clip in the engine's
own process; then it moves to its place in one step. What a site or the system has installed is read only.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from dictation import models
from dictation.model_archive import Cancelled, NotImported, Progress, file_sha256, unpack
from dictation.model_trial import Trial, try_out
from dictation.models import ANY_LANGUAGE, EngineModel
from workstation.durable import sync_folder
from workstation.errors import Conflict, Refused

INCOMING = ".incoming-"
MOST_ROOT_DEPTH = 4
LEARNT = {"vosk": "am/final.mdl", "whisper": "model.bin"}
"""The file that holds what was learnt, by kind."""
_CODE = re.compile(r"[a-z]{2,3}")

TryOut = Callable[[EngineModel, Cancelled], Trial]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import or a check. `archive_sha256` is what a publisher gives; `known` is our name for it."""

    model: EngineModel
    sha256: str
    archive_sha256: str
    known: str
    trial: Trial


def add(
    source: Path,
    folder: Path,
    language: str = "",
    progress: Progress = lambda *_: None,
    cancelled: Cancelled = lambda: False,
    trying: TryOut | None = None,
) -> Imported:
    """Import a model into `folder`. `language` is needed where neither the model's name nor its files say it.

    Raises NotImported (nothing is left behind), Conflict where there is one of this name, Stopped.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    clear_incoming(folder)
    probation = folder / f"{INCOMING}{uuid.uuid4().hex}"
    probation.mkdir(mode=0o700)
    try:
        archive_sha256 = unpack(source, probation, progress, cancelled)
        root = _only_model(probation)
        target = folder / _name(root if root != probation else Path(source.name))
        if target.exists():
            raise Conflict("There is such a model already", target.name, "Remove it first")
        model = replace(_judged(root, target.name, language), name=target.name)
        progress(1.0, "Trying it out")
        sha256 = file_sha256(root / LEARNT[model.kind], cancelled=cancelled)
        trial = (trying or try_out)(model, cancelled)
        if not trial.works:
            raise NotImported("The model was not imported", f"It recognises nothing: {trial.problem}", "Choose another model")
        note = {"language": model.language, "sha256": sha256, "archive_sha256": archive_sha256}
        (root / models.NOTE).write_text(json.dumps(note), encoding="utf-8")
        root.rename(target)
        sync_folder(folder)
        return Imported(replace(model, path=target), sha256, archive_sha256, known_as(sha256), trial)
    finally:
        shutil.rmtree(probation, ignore_errors=True)


def check(model: EngineModel, progress: Progress = lambda *_: None, cancelled: Cancelled = lambda: False) -> Imported:
    """Whether it is still what was imported, and still recognises. Raises Refused for one that has changed, Stopped."""
    try:
        sha256 = file_sha256(model.path / LEARNT[model.kind], progress, cancelled)
    except OSError as error:
        raise Refused("The model cannot be read", error.strerror or "", "Import it again") from error
    note = models.note_of(model.path)
    if note.get("sha256", sha256) != sha256:
        raise Refused("The model is not the one that was imported", "Its file has changed", "Remove it and import it again")
    progress(1.0, "Trying it out")
    return Imported(model, sha256, str(note.get("archive_sha256", "")), known_as(sha256), try_out(model, cancelled))


def remove(model: EngineModel, folder: Path) -> None:
    """Raises Refused for a model that is not the reader's own."""
    if not is_own(model, folder):
        raise Refused(
            "This model is not yours to remove", "The site or the system has installed it", "Ask who looks after this machine"
        )
    going = folder / f"{INCOMING}{uuid.uuid4().hex}"
    model.path.rename(going)
    shutil.rmtree(going, ignore_errors=True)


def is_own(model: EngineModel, folder: Path) -> bool:
    return model.path.parent == folder


def clear_incoming(folder: Path) -> None:
    """What an import that was killed has left."""
    for left in folder.glob(f"{INCOMING}*"):
        shutil.rmtree(left, ignore_errors=True)


def limits(model: EngineModel) -> tuple[str, ...]:
    """What it cannot do, in sentences."""
    if model.kind == "vosk":
        return (
            "It hears only the words of its own list: see Words for those of yours that it does not know",
            "It cannot be told which words to expect",
        )
    only = ("It understands English only",) if model.language == "en" else ()
    return (*only, "It shows no words while one speaks, unless a Vosk model stands beside it")


def known_as(sha256: str) -> str:
    """The name of a model that we know, "" for any other."""
    return _known().get(sha256, "")


@cache
def _known() -> dict[str, str]:
    text = files("resources").joinpath("models/known.toml").read_text("utf-8")
    return {entry["sha256"]: entry["name"] for entry in tomllib.loads(text)["model"]}


def _only_model(folder: Path) -> Path:
    """The one folder below that is laid out as a model."""
    found = list(_model_folders(folder, 0))
    if len(found) == 1:
        return found[0]
    if any((place / "final.mdl").is_file() for place in (folder, *folder.iterdir())):
        raise NotImported("The model was not imported", "It is laid out as Vosk models of before 2020 were", "Get a newer one")
    why = "It holds several models" if found else "It is neither a Vosk model nor a CTranslate2 Whisper model with its tokenizer"
    raise NotImported("The model was not imported", why, "Bring the folder or archive of one model")


def _model_folders(folder: Path, depth: int) -> Iterator[Path]:
    if models.is_vosk_model(folder) or models.is_whisper_model(folder):
        yield folder
    elif depth < MOST_ROOT_DEPTH:
        for child in sorted(folder.iterdir()):
            if child.is_dir():
                yield from _model_folders(child, depth + 1)


def _judged(root: Path, name: str, language: str) -> EngineModel:
    (model,) = models.at(root, name)
    if language:
        if not _CODE.fullmatch(language):
            raise NotImported("The model was not imported", "That is no language code", "Two letters, such as sv")
        if model.language not in (language, ANY_LANGUAGE):
            raise NotImported("The model was not imported", f"It is made for {model.language}", "Leave the language out")
        return replace(model, language=language)
    if model.kind == "vosk" and model.language == ANY_LANGUAGE:
        raise NotImported("The model was not imported", "Nothing in it says which language it is made for", "Say its language")
    return model


def _name(path: Path) -> str:
    """A folder's name that is safe everywhere. A folder called `model` says nothing: its package's name does."""
    if path.name in ("model", "models") and not path.parent.name.startswith(INCOMING):
        path = path.parent
    stem = re.sub(r"\.(zip|whl)$", "", path.name)
    return re.sub(r"[^A-Za-z0-9._-]", "-", stem).strip(".-")[:80] or "model"
