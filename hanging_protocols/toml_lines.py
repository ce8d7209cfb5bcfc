"""Where in a TOML text a value was written, for error messages that name a line.

`tomllib` keeps no positions. This reader follows headers and keys line by line; inside text in
triple quotes or tables written on one line it answers with the line of the nearest thing it knows.
"""

from __future__ import annotations

from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]


def line_of(text: str, path: Path) -> int:
    """The 1-based line of `path` ("stages", 1, "cells", 0, "plane"), or of its closest parent."""
    lines = _lines(text)
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


def words(path: Path) -> str:
    """`stages[1].cells[0].plane`, counted from 0 as in the parsed data."""
    written = ""
    for step in path:
        written += f"[{step}]" if isinstance(step, int) else f".{step}" if written else step
    return written


def _lines(text: str) -> dict[Path, int]:
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    header: Path = ()
    inside: Path = ()
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("[") and "=" not in line.split("]", maxsplit=1)[0] and line.rstrip("]") != line:
            header = _header(line, counts)
            inside = header
            found.setdefault(header, number)
        elif line.startswith("{"):
            counts[inside] = counts.get(inside, -1) + 1
            found.setdefault((*inside, counts[inside]), number)
        elif "=" in line and not line.startswith("#"):
            inside = (*header, line.split("=", maxsplit=1)[0].strip().strip("\"'"))
            found.setdefault(inside, number)
    return found


def _header(line: str, counts: dict[Path, int]) -> Path:
    """`[[stages.cells]]` to its path with the index of every array of tables on the way."""
    path: Path = ()
    names = [name.strip().strip("\"'") for name in line.strip("[]").split(".")]
    for depth, name in enumerate(names, start=1):
        path = (*path, name)
        if line.startswith("[[") and depth == len(names):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
