"""The templates that can be used: the built-in ones, those of the site above them, the reader's own on top."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

from workstation.errors import Refused, WorkstationError
from workstation.site_file import read_site_text
from workstation.templates.merge import WORDS
from workstation.templates.model import Template
from workstation.templates.toml_form import LANGUAGE, read, refused

BUILT_IN, SITE, OWN = "built in", "site", "own"
FOLDERS = ((SITE, "site"), (OWN, "own"))
"""Below `templates/` of the configuration folder, each with one folder a language: `templates/own/sv/knee.toml`."""
MAX_FILES = 500


@dataclass(frozen=True, slots=True)
class Templates:
    """`problems` are the files that are not used, and why."""

    all: tuple[Template, ...] = ()
    problems: tuple[WorkstationError, ...] = ()

    def of(self, language: str) -> tuple[Template, ...]:
        return tuple(t for t in self.all if t.language == language)

    def find(self, template_id: str, language: str) -> Template | None:
        return next((t for t in self.all if (t.template_id, t.language) == (template_id, language)), None)

    def short(self, typed: str, language: str) -> Template | None:
        """The template with this short name."""
        return next((t for t in self.of(language) if t.short and t.short == typed), None) if typed else None


def load(folder: Path | None = None) -> Templates:
    """`folder` is `templates/` of the configuration folder. A bad file is left out and named, the others hold."""
    found = {(t.language, t.template_id): t for t in _built_in()}
    problems: list[WorkstationError] = []
    for origin, name in FOLDERS if folder is not None else ():
        assert folder is not None
        for path, language in _files(folder / name, problems):
            try:
                for template in read(read_site_text(path, refused), path.name, language, origin):
                    found[template.language, template.template_id] = template
            except Refused as error:
                problems.append(error)
    return _without_twins(found.values(), problems)


def _without_twins(templates: Iterable[Template], problems: list[WorkstationError]) -> Templates:
    """Of two with one short name the one of the higher folder keeps it."""
    rank = {BUILT_IN: 0, SITE: 1, OWN: 2}
    kept: dict[tuple[str, str], Template] = {}
    everything = tuple(templates)
    for template in sorted(everything, key=lambda t: -rank.get(t.origin, 0)):
        if not template.short:
            continue
        other = kept.setdefault((template.language, template.short), template)
        if other is not template and other.origin == template.origin:
            problems.append(refused(template.title, f"short: {template.short} is {other.title!r} already"))
    # A built-in whose short name was taken stays in the picker and merely loses the name.
    made = [t if not t.short or kept[t.language, t.short] is t else _nameless(t) for t in everything]
    return Templates(tuple(made), tuple(problems))


def _nameless(template: Template) -> Template:
    return replace(template, short="")


def _files(folder: Path, problems: list[WorkstationError]) -> Iterator[tuple[Path, str]]:
    """(file, language) of a folder of languages, in order."""
    try:
        languages = sorted(p for p in folder.iterdir() if p.is_dir() and LANGUAGE.fullmatch(p.name)) if folder.is_dir() else []
        paths = [(p, language.name) for language in languages for p in sorted(language.glob("*.toml")) if p.is_file()]
    except OSError as error:
        problems.append(refused(folder.name, f"the folder cannot be read: {error.strerror}"))
        return
    if len(paths) > MAX_FILES:
        problems.append(refused(folder.name, f"more than {MAX_FILES} files; the first are used"))
    yield from paths[:MAX_FILES]


@cache
def _built_in() -> tuple[Template, ...]:
    root = resources.files("resources") / "templates"
    found: list[Template] = []
    for folder in sorted((f for f in root.iterdir() if f.is_dir()), key=lambda f: f.name):
        for file in sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name):
            if file.name != WORDS:
                found += read(file.read_text("utf-8"), file.name, folder.name, BUILT_IN)
    return tuple(found)
