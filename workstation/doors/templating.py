"""`template list|import|export|check`: report templates of this program, the site and the reader."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.cache.names import shown
from workstation.doors.services import OpenCore
from workstation.errors import Refused
from workstation.site_file import read_site_text
from workstation.templates.library import OWN, Templates, load
from workstation.templates.model import Template
from workstation.templates.mrrt_read import MAX_BYTES, read_mrrt
from workstation.templates.mrrt_write import write_mrrt
from workstation.templates.toml_form import LANGUAGE, read, refused, write

if TYPE_CHECKING:
    from workstation.doors import Commands

HTML = (".html", ".htm", ".xhtml")


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "template",
        help="report templates: list, import, export, check",
        description="Templates are data. list: those that can be used. import: take MRRT files (HTML) or TOML files in among the "
        "reader's own; scripts, styles and pictures are left out and said. export: write templates as MRRT. check: say what is "
        "wrong with files, by key.",
    )
    parser.add_argument("what", choices=("list", "import", "export", "check"))
    parser.add_argument("names", metavar="NAME", nargs="*", help="files to import or check; ids to export (none: all)")
    parser.add_argument("--language", default="", help="en, sv, ...; for files that do not say")
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=Path("out/templates"), help="where export writes to")
    parser.add_argument("--replace", action="store_true", help="import over a template of the reader's own with the same id")
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, open_core: OpenCore) -> int:
    """1 when a file is not usable. Raises Refused when nothing was named, or an id is not known."""
    if args.language and not LANGUAGE.fullmatch(args.language):
        raise Refused("No such language", f"{shown(args.language)} is no code such as en or sv")
    with closing(open_core()) as core:
        folder = core.folders.config / "templates"
    act = {"list": _list, "import": _import, "export": _export, "check": _check}[args.what]
    return act(args, folder)


def _list(args: argparse.Namespace, folder: Path) -> int:
    known = load(folder)
    rows = [t for t in known.all if args.language in ("", t.language)]
    if args.json:
        print(json.dumps([_as_json(t) for t in rows], indent=1, ensure_ascii=False))
    else:
        for t in rows:
            print(f"{t.language}  {t.kind.value:7}{t.template_id:28}{t.short:12}{t.origin:10}{shown(t.title)}")
    return _tell_problems(known)


def _import(args: argparse.Namespace, folder: Path) -> int:
    results: list[dict[str, object]] = []
    lines: list[str] = []
    for path in _paths(args):
        made, warnings = _read(path, args.language)
        for template in made:
            kept = _keep(template, folder, args.replace)
            results.append({"file": path.name, **_as_json(template), "warnings": warnings, "kept": kept})
            lines.append(
                f"{path.name}: {template.language} {template.template_id}, {len(template.fields)} fields, kept as {kept}"
            )
        lines += [f"  {warning}" for warning in warnings]
    _print(args, results, lines)
    return 0


def _export(args: argparse.Namespace, folder: Path) -> int:
    known = load(folder)
    wanted = [t for t in known.all if args.language in ("", t.language) and (not args.names or t.template_id in args.names)]
    missing = set(args.names) - {t.template_id for t in wanted}
    if missing:
        raise Refused("No such template", ", ".join(shown(name) for name in sorted(missing)), "`template list` names them")
    written = []
    for template in wanted:
        target = args.out / template.language / f"{template.template_id}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(write_mrrt(template), encoding="utf-8")
        written.append(str(target))
    print(json.dumps(written, indent=1) if args.json else f"{len(written)} templates written below {args.out}")
    return _tell_problems(known)


def _check(args: argparse.Namespace, folder: Path) -> int:
    del folder
    results: list[dict[str, object]] = []
    lines: list[str] = []
    for path in _paths(args):
        try:
            made, said = _read(path, args.language)
        except Refused as error:
            made, said = (), [str(error)]
        results.append({"file": path.name, "usable": bool(made), "templates": len(made), "said": said})
        lines += [f"{path.name}: {'usable' if made else 'not usable'}", *(f"  {words}" for words in said)]
    _print(args, results, lines)
    return 0 if all(result["usable"] for result in results) else 1


def _print(args: argparse.Namespace, results: object, lines: Iterable[str]) -> None:
    print(json.dumps(results, indent=1, ensure_ascii=False) if args.json else "\n".join(shown(line) for line in lines))


def _paths(args: argparse.Namespace) -> list[Path]:
    if not args.names:
        raise Refused("No file was named", "Templates are read from files", "Name one or more")
    return [Path(name) for name in args.names]


def _read(path: Path, language: str) -> tuple[tuple[Template, ...], list[str]]:
    """By its ending: MRRT, or our own TOML."""
    if path.suffix.casefold() in HTML:
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise refused(path.name, f"it cannot be read: {error.strerror}") from None
        imported = read_mrrt(content, path.name, language)
        return (imported.template,), list(imported.warnings)
    text = read_site_text(path, refused)
    # A file lies in a folder of its language, or says it.
    said = next((line.split("=")[1].strip(" \"'\r") for line in text.splitlines() if line.startswith("language")), "")
    guessed = language or said or (path.parent.name if LANGUAGE.fullmatch(path.parent.name) else "en")
    return read(text, path.name, guessed), []


def _keep(template: Template, folder: Path, may_replace: bool) -> str:
    """Write it among the reader's own. The name of the file is ours: nothing from outside names one."""
    target = folder / "own" / template.language / f"{template.template_id}.toml"
    if target.exists() and not may_replace:
        raise Refused(
            "A template of this id is there already",
            f"{template.language} {template.template_id}",
            "Give --replace to have the new one",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    own = replace(template, origin=OWN)
    read(write(own), target.name, own.language)  # what is kept can be read again
    half = target.with_suffix(".part")
    half.write_text(write(own), encoding="utf-8")
    half.replace(target)
    return str(Path("own") / template.language / target.name)


def _as_json(template: Template) -> dict[str, object]:
    return {
        "id": template.template_id,
        "language": template.language,
        "kind": template.kind.value,
        "title": template.title,
        "short": template.short,
        "origin": template.origin,
        "licence": template.licence,
        "fields": len(template.fields),
        "sections": [code.name.lower() if code else "text" for code, _ in template.sections],
    }


def _tell_problems(known: Templates) -> int:
    for problem in known.problems:
        print(f"template: {shown(str(problem))}", file=sys.stderr)
    return 1 if known.problems else 0
