"""The house itself: what may not stand in any file, and documents that must stay true."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT = {".py", ".toml", ".md", ".txt", ".lock", ".yml", ".feature", ".json", ".ts", ""}
# Written in pieces so that this file does not hold what it forbids.
FORBIDDEN = re.compile(
    "|".join(
        ["pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.", "deb" + r"\.debian", r"(?<![\w.])/" + "work/", "/" + "root/"]
    )
)

PART_OF_NUMPY = re.compile(r"^\s*(?:from|import) numpy\.", re.MULTILINE)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    return [REPOSITORY / line for line in listed.splitlines() if (REPOSITORY / line).is_file()]


def text_files() -> list[Path]:
    return [p for p in tracked() if p.suffix in TEXT]


def test_no_file_names_a_registry_or_a_place_on_one_machine():
    found = [
        f"{p.relative_to(REPOSITORY)}: {m.group()}"
        for p in text_files()
        for m in FORBIDDEN.finditer(p.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_file_is_called_utils():
    assert [p for p in tracked() if p.stem in {"utils", "util", "helpers", "misc"}] == []


def runtime_imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """In the order of the file; those for the type checker alone are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            yield from runtime_imports(node)


def test_whoever_imports_a_part_of_numpy_imports_the_whole_first():
    """Modules are loaded by several threads when the first case opens. Python waits for a package that another thread loads,
    but not for the package of a part: a part that comes in between leaves numpy half made until the program ends.
    """
    early = []
    for path in tracked():
        if path.suffix != ".py" or not PART_OF_NUMPY.search(text := path.read_text(encoding="utf-8")):
            continue
        is_whole = False
        for node in runtime_imports(ast.parse(text)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            is_whole = is_whole or "numpy" in names
            if not is_whole and any(name.startswith("numpy.") for name in names):
                early.append(f"{path.relative_to(REPOSITORY)}:{node.lineno}")
    assert early == []


def test_no_dicom_file_is_kept_in_the_project():
    kept = []
    for path in tracked():
        with path.open("rb") as file:
            if file.read(132)[128:] == b"DICM":
                kept.append(path)
    assert kept == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock", "requirements-headless.lock"])
def test_every_locked_package_has_a_version_and_a_hash(lock):
    blocks = re.findall(r"^([A-Za-z0-9][^\n]*?)\n((?:    .*\n)*)", (REPOSITORY / lock).read_text(encoding="utf-8"), re.MULTILINE)
    assert len(blocks) > 30
    for head, body in blocks:
        assert "==" in head
        assert "--hash=sha256:" in body, head


def test_the_headless_lock_holds_no_qt():
    text = (REPOSITORY / "requirements-headless.lock").read_text(encoding="utf-8").lower()
    assert not re.search(r"^(pyside6|shiboken6|pytest-qt)", text, re.MULTILINE)


@pytest.mark.parametrize("document", ["README.md", "docs/architecture.md", "docs/dependencies.md"])
def test_every_file_a_document_names_is_there(document):
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    named = set(
        re.findall(
            r"`((?:workstation|ui|rendering|dictation|hanging_protocols|resources|docs|deploy|tests|benchmarks)/[\w./*-]*)`", text
        )
    )
    assert named
    missing = [name for name in named if not list(REPOSITORY.glob(name.rstrip("/")))]
    assert missing == []


def test_every_direct_dependency_is_explained():
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    explained = (REPOSITORY / "docs/dependencies.md").read_text(encoding="utf-8").lower()
    names = [re.split(r"[<>=]", d)[0].lower() for d in project["dependencies"]]
    assert [n for n in names if n not in explained and n.split("-")[0] not in explained] == []


def test_the_program_says_once_that_it_is_no_certified_device():
    assert (REPOSITORY / "README.md").read_text(encoding="utf-8").count("not a certified medical device") == 1
